package dataset

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// parallel calls do for 0..n-1 on all cores and waits for them. It stops at an error and
// returns it, that of the smallest number if several failed; if ctx ends, ctx.Err().
func parallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		next  atomic.Int64
		wg    sync.WaitGroup
		mu    sync.Mutex
		first error
		at    = n
	)
	for range min(runtime.GOMAXPROCS(0), n) {
		wg.Go(func() {
			for inner.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				if err := guarded(inner, i, do); err != nil {
					mu.Lock()
					if first == nil || i < at && !errors.Is(err, context.Canceled) {
						first, at = err, i
					}
					mu.Unlock()
					cancel()
				}
			}
		})
	}
	wg.Wait()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return first
}

// guarded turns a panic of do into an error: a goroutine that panics would end the process.
func guarded(ctx context.Context, i int, do func(ctx context.Context, i int) error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("dataset: panic: %v", r)
		}
	}()
	return do(ctx, i)
}

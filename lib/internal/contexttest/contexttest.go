// Package contexttest has a context for tests of cancellation that ends at an exact place instead of at a
// time: when work has asked for the n-th time whether it has. What lives here serves tests alone.
//
//	for n := int64(0); n < 100; n++ {
//		err := work(contexttest.EndAfter(n)) // context.Canceled, wherever in the work that is
//	}
package contexttest

import (
	"context"
	"sync/atomic"
)

// Ending is a context that ends after a number of questions. It has no channel: work that waits for Done
// is not told. Its methods may be called by many goroutines at once.
type Ending struct {
	context.Context
	left *atomic.Int64
}

// EndAfter returns a context whose Err is nil so many times, and then context.Canceled.
func EndAfter(polls int64) Ending { return Within(context.Background(), polls) }

// Within is EndAfter for a context with values, whose own end does not count.
func Within(ctx context.Context, polls int64) Ending {
	e := Ending{ctx, new(atomic.Int64)}
	e.left.Store(polls)
	return e
}

// Err counts the question and answers it.
func (e Ending) Err() error {
	if e.left.Add(-1) < 0 {
		return context.Canceled
	}
	return nil
}

// Left returns how many questions are left, below 0 those that came after the end.
func (e Ending) Left() int64 { return e.left.Load() }

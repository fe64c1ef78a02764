package main

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

type Counter struct {
	mu sync.Mutex
	n  map[string]int
}

func (c *Counter) Inc(k string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.n[k]++
}

func producer(n int) <-chan int {
	ch := make(chan int)
	go func() {
		defer close(ch)
		for i := range n {
			ch <- i
		}
	}()
	return ch
}

func square(in <-chan int) <-chan int {
	out := make(chan int, 2)
	go func() {
		for v := range in {
			out <- v * v
		}
		close(out)
	}()
	return out
}

func worker(ctx context.Context, id int, jobs <-chan int, results chan<- [2]int) error {
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case j, ok := <-jobs:
			if !ok {
				return nil
			}
			results <- [2]int{id, j * 2}
		}
	}
}

func deferred() (s string) {
	for i := 0; i < 3; i++ {
		defer func(n int) { s += fmt.Sprint(n, i) }(i * 10)
	}
	return "start "
}

func safe(f func()) (err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case error:
			err = fmt.Errorf("wrapped: %w", r)
		default:
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	f()
	return nil
}

var errBase = errors.New("base")

type coded struct{ code int }

func (c coded) Error() string { return fmt.Sprint("code ", c.code) }

func main() {
	sum := 0
	for v := range square(producer(5)) {
		sum += v
	}
	fmt.Println(sum)
	c := Counter{n: map[string]int{}}
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			c.Inc([]string{"a", "b"}[i%2])
		}()
	}
	wg.Wait()
	fmt.Println(c.n)
	ctx, cancel := context.WithCancel(context.Background())
	jobs, results := make(chan int), make(chan [2]int, 10)
	errs := make(chan error, 3)
	for id := range 3 {
		go func() { errs <- worker(ctx, id, jobs, results) }()
	}
	for i := range 6 {
		jobs <- i
	}
	total := 0
	for range 6 {
		total += (<-results)[1]
	}
	cancel()
	for range 3 {
		fmt.Print(errors.Is(<-errs, context.Canceled), " ")
	}
	fmt.Println(total)
	var once sync.Once
	for range 3 {
		once.Do(func() { fmt.Println("once") })
	}
	var n atomic.Int64
	var fs []func()
	for i := 0; i < 4; i++ {
		fs = append(fs, func() { n.Add(int64(i)) })
	}
	for _, f := range fs {
		wg.Add(1)
		go func() { f(); wg.Done() }()
	}
	wg.Wait()
	fmt.Println(n.Load())
	select {
	case v := <-make(chan int):
		fmt.Println(v)
	case <-time.After(5 * time.Millisecond):
		fmt.Println("timeout")
	}
	done := make(chan struct{})
	ticks := 0
	tick := time.NewTicker(time.Millisecond)
	go func() { time.Sleep(300 * time.Millisecond); close(done) }()
loop:
	for {
		select {
		case <-tick.C:
			ticks++
		case <-done:
			tick.Stop()
			break loop
		}
	}
	fmt.Println(ticks > 2)
	fmt.Println(deferred())
	fmt.Println(safe(func() { panic("x") }))
	fmt.Println(safe(func() { panic(coded{3}) }))
	var m map[string]int
	fmt.Println(safe(func() { m["a"] = 1 }) != nil, safe(func() {}))
	err := fmt.Errorf("outer: %w", errBase)
	var cd coded
	err2 := safe(func() { panic(coded{7}) })
	fmt.Println(errors.Is(err, errBase), cd.code, err2, errors.Unwrap(err) == errBase, errors.Join(err, err2))
	mu := sync.RWMutex{}
	shared := 0
	for i := range 10 {
		wg.Add(1)
		go func(d int) {
			defer wg.Done()
			mu.Lock()
			shared += d
			mu.Unlock()
			mu.RLock()
			_ = shared
			mu.RUnlock()
		}(i)
	}
	wg.Wait()
	fmt.Println(shared)
	cond := sync.NewCond(&sync.Mutex{})
	ready := false
	go func() { cond.L.Lock(); ready = true; cond.L.Unlock(); cond.Broadcast() }()
	cond.L.Lock()
	for !ready {
		cond.Wait()
	}
	cond.L.Unlock()
	fmt.Println(ready)
	get := sync.OnceValue(func() int { shared++; return shared })
	fmt.Println(get(), get())
	var p atomic.Pointer[Counter]
	p.Store(&c)
	fmt.Println(p.Load() == &c, p.Load().n["a"])
	chans := make(chan chan string, 1)
	go func() { r := <-chans; r <- "reply" }()
	r := make(chan string)
	chans <- r
	fmt.Println(<-r)
	var nilch chan int
	select {
	case <-nilch:
	default:
		fmt.Println("nil channel")
	}
}

package ops

import (
	"context"
	"fmt"
	"runtime/debug"
	"sync"
)

// Context is what the operations of one graph share. The operations keep a pointer to it
// and read it on each run, so that Step can count up between runs. The zero value is one
// worker in evaluation.
type Context struct {
	Workers  int    // goroutines an operation may use; 0 means 1. Results do not depend on it
	Training bool   // dropout acts
	Seed     uint64 // of dropout's draws
	Step     uint64 // counts training steps: each has its own dropout masks

	// Stop ends a run early: when it is done, an operation returns its error within the work on a
	// few pictures, or on some of the columns of a fully connected layer. What it and those
	// before it have written then is of no use. nil: runs end by themselves.
	Stop context.Context

	// Inner says that nobody looks at gradients of what lies between the layers, only at those of
	// their parameters and the input: a convolution before a pooling then makes the gradient that
	// comes from it by itself, picture by picture, which stays in the cache, and that of the layer
	// between is left 0. Set it before the gradients are asked for. The parameters' gradients keep
	// their bits.
	Inner bool

	made int // operations so far, to tell them apart
}

// chunks is how many parts a batch is worked on in, whatever the number of workers: sums
// over a batch are made part by part and then over the parts in order, so their bits do
// not depend on who computed what.
const chunks = 4

// chunk returns the part [from, to) of n that chunk i has.
func chunk(i, n int) (from, to int) { return i * n / chunks, (i + 1) * n / chunks }

// multiplyAdds is how many of them may lie between two looks at Stop: some 20 ms at the most.
const multiplyAdds = 1_000_000_000

// stopped reports whether the run is to end.
func (c *Context) stopped() bool { return c.Stop != nil && c.Stop.Err() != nil }

// stopping is the error of a run that is to end, or nil.
func (c *Context) stopping() error {
	if c.Stop == nil {
		return nil
	}
	return c.Stop.Err()
}

// each calls do for every chunk of a batch of n, on up to Workers goroutines, and joins
// them. worker says which of the goroutines it is, in [0, chunks), for scratch memory. When
// the run is stopped it begins no further chunk and returns the error.
func (c *Context) each(n int, do func(worker, chunk, from, to int)) error {
	workers := min(max(c.Workers, 1), chunks, n)
	if workers <= 1 {
		for i := range chunks {
			if from, to := chunk(i, n); from < to && !c.stopped() {
				do(0, i, from, to)
			}
		}
		return c.stopping()
	}
	var wait sync.WaitGroup
	faults := make([]error, workers)
	for w := range workers {
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() {
				if p := recover(); p != nil {
					faults[w] = fmt.Errorf("ops: panic: %v\n%s", p, debug.Stack())
				}
			}()
			for i := w; i < chunks; i += workers {
				if from, to := chunk(i, n); from < to && !c.stopped() {
					do(w, i, from, to)
				}
			}
		}()
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return c.stopping()
}

// scratch is memory for each worker, made when it first asks.
type scratch struct {
	size int
	mem  [chunks][]float32
}

func (s *scratch) of(worker int) []float32 {
	if s.mem[worker] == nil {
		s.mem[worker] = make([]float32, s.size)
	}
	return s.mem[worker]
}

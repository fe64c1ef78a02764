package nn

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"

	"gonverge/lib/ops"
)

// Pictures is what [Accuracy] and [Predictions] read: labelled pictures as bytes, height × width × channels.
// It must be safe for concurrent reading.
type Pictures interface {
	Len() int
	Picture(i int) []uint8
	Label(i int) int
}

// accuracyBatch is how many pictures an evaluator takes at a time: a few milliseconds' work.
const accuracyBatch = 16

// Accuracies are shares of pictures recognised, in [0, 1]; they print as percentages.
type Accuracies []float64

// String returns the accuracies as percentages: "94.5 %, 93.8 %".
func (a Accuracies) String() string {
	s := ""
	for i, v := range a {
		if i > 0 {
			s += ", "
		}
		s += fmt.Sprintf("%.2f %%", 100*v)
	}
	return s
}

// Accuracy returns, for each net, the share of the set's pictures whose largest logit is
// their label's (top-1), in [0, 1]. It uses all cores and ends within some milliseconds of
// ctx, then with the context's error and no result. Pictures or labels that do not fit a
// net are errors.
func Accuracy(ctx context.Context, nets []*Net, set Pictures) (Accuracies, error) {
	if set.Len() == 0 {
		return nil, fmt.Errorf("nn: accuracy of no pictures")
	}
	classes, err := Predictions(ctx, nets, set)
	if err != nil {
		return nil, err
	}
	out := make(Accuracies, len(nets))
	for i, of := range classes {
		correct := 0
		for p, class := range of {
			if class == set.Label(p) {
				correct++
			}
		}
		out[i] = float64(correct) / float64(set.Len())
	}
	return out, nil
}

// Predictions returns the class of the largest logit, nets × pictures; the first of equals.
// Compared with the labels they tell which pictures a net recognises, and compared with
// another net's, where two nets err alike. It uses all cores and ends within some
// milliseconds of ctx, then with the context's error and no result. Pictures or labels that
// do not fit a net are errors.
func Predictions(ctx context.Context, nets []*Net, set Pictures) ([][]int, error) {
	classes := make([][]int, len(nets))
	type job struct{ net, from, to int }
	var jobs []job
	// A worker builds a graph for each job, so jobs are long.
	const share = 64 * accuracyBatch
	for i := range nets {
		classes[i] = make([]int, set.Len())
		for from := 0; from < set.Len(); from += share {
			jobs = append(jobs, job{i, from, min(from+share, set.Len())})
		}
	}
	var (
		mutex sync.Mutex
		next  int
		fault error
		wait  sync.WaitGroup
	)
	take := func() (job, bool) {
		mutex.Lock()
		defer mutex.Unlock()
		if fault != nil || next == len(jobs) {
			return job{}, false
		}
		next++
		return jobs[next-1], true
	}
	for range min(runtime.GOMAXPROCS(0), len(jobs)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var e *Evaluator
			of := -1 // the net that e reads
			defer func() {
				if e != nil {
					_ = e.Close() // it holds memory only
				}
			}()
			for {
				j, ok := take()
				if !ok {
					return
				}
				err := func() (err error) {
					defer func() {
						if p := recover(); p != nil {
							err = fmt.Errorf("nn: predictions: panic: %v\n%s", p, debug.Stack())
						}
					}()
					if of != j.net {
						if e, err = nets[j.net].logitReader(accuracyBatch); err != nil {
							return err
						}
						of = j.net
						e.SetContext(ctx)
					}
					return e.predict(ctx, classes[j.net], set, j.from, j.to)
				}()
				mutex.Lock()
				if err != nil && fault == nil {
					fault = err
				}
				mutex.Unlock()
			}
		}()
	}
	wait.Wait()
	if s, ok := set.(interface{ Settle() }); ok { // it may read ahead
		s.Settle()
	}
	if fault != nil {
		return nil, fault
	}
	return classes, nil
}

// logitReader returns an evaluator of the last layer.
func (n *Net) logitReader(batch int) (*Evaluator, error) {
	return n.Evaluator(batch, n.Arch.Layers[len(n.Arch.Layers)-1].name())
}

// predict writes the classes of the pictures from..to−1 into dst.
func (e *Evaluator) predict(ctx context.Context, dst []int, set Pictures, from, to int) error {
	classes := e.net.Arch.Classes()
	pixels := make([][]uint8, 0, e.batch)
	for ; from < to; from += len(pixels) {
		if err := ctx.Err(); err != nil {
			return err
		}
		pixels = pixels[:0]
		for i := from; i < min(to, from+e.batch); i++ {
			p, err := read(set, i)
			if err != nil {
				return fmt.Errorf("nn: picture %d: %w", i, err)
			}
			if label := set.Label(i); label < 0 || label >= classes {
				return fmt.Errorf("nn: picture %d has label %d (valid: 0..%d)", i, label, classes-1)
			}
			pixels = append(pixels, p)
		}
		if err := e.Run(pixels); err != nil {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return fmt.Errorf("pictures from %d: %w", from, err)
		}
		logits := e.Logits()
		for i := range pixels {
			dst[from+i] = ops.Largest(logits[i*classes : (i+1)*classes])
		}
	}
	return nil
}

// read returns a picture, or an error if the set can tell that the picture is damaged.
func read(set Pictures, i int) ([]uint8, error) {
	if s, ok := set.(interface{ Read(int) ([]uint8, error) }); ok {
		return s.Read(i)
	}
	return set.Picture(i), nil
}

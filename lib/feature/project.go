package feature

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math"
	"runtime"
	"runtime/debug"
	"sync"

	"gonverge/lib/nn"
	"gonverge/lib/progress"
)

// Deconv returns for each patch of a unit the picture that the deconvolution of Zeiler and
// Fergus (ECCV 2014) makes of it: what comes back from the unit at that place through
// transposed filters, with maxima returned to where they were found and negative signals cut
// off at each ReLU. Grey is nothing; each picture has its own scale, on which its largest value
// is 1 or 255. They show what in the patch excites the unit; with a random net they show edges
// as well. What was projected before is at hand. It panics on an unknown layer, net or unit.
func (u *Units) Deconv(ctx context.Context, layer string, net, unit int) (*Patches, error) {
	return u.project(ctx, layer, net, unit, nn.Deconvolution, 0)
}

// Guided is [Units.Deconv] by guided backpropagation (Springenberg et al., ICLR 2015 workshop):
// on the way back a ReLU lets through what is positive and comes to a value that fired.
func (u *Units) Guided(ctx context.Context, layer string, net, unit int) (*Patches, error) {
	return u.project(ctx, layer, net, unit, nn.Guided, 0)
}

// Gradient is [Units.Deconv] by the derivative of the unit's activation with respect to the
// picture as the net takes it (see nn.Arch.Prepare).
func (u *Units) Gradient(ctx context.Context, layer string, net, unit int) (*Patches, error) {
	return u.project(ctx, layer, net, unit, nn.Gradient, 0)
}

// signal is what came back to a patch: rows × columns × channels, 0 outside of the picture.
type signal struct {
	size   image.Point
	depth  int
	values []float32
}

// picture shows a signal: 0 as grey, its largest absolute value as 1 or 255.
func (s *signal) picture() image.Image {
	largest := 0.0
	for _, v := range s.values {
		if a := math.Abs(float64(v)); a > largest && !math.IsInf(a, 0) {
			largest = a
		}
	}
	m := image.NewNRGBA(image.Rectangle{Max: s.size})
	for i := range s.size.X * s.size.Y {
		level := func(k int) uint8 { return brightness(s.values[i*s.depth+k%s.depth], largest) }
		m.SetNRGBA(i%s.size.X, i/s.size.X, color.NRGBA{level(0), level(1), level(2), 255})
	}
	return m
}

// projectionKey is what was projected: a unit's first n patches.
type projectionKey struct {
	layer string
	who
	rule nn.BackRule
	n    int
}

// project returns the projections of a unit's first n patches, of all if n is 0.
func (u *Units) project(ctx context.Context, layer string, net, unit int, rule nn.BackRule, n int) (*Patches, error) {
	p := u.places(layer, net, unit)
	p.What = string(rule)
	if n > 0 && n < p.Len() {
		p.Peaks, p.Boxes = p.Peaks[:n], p.Boxes[:n]
	}
	if err := u.projectAll(ctx, layer, []who{{net, unit}}, []nn.BackRule{rule}, n); err != nil {
		return nil, err
	}
	u.mutex.Lock()
	defer u.mutex.Unlock()
	p.Images = append(p.Images, u.projected[projectionKey{layer, who{net, unit}, rule, n}]...)
	return p, nil
}

// task is the way back from a unit's patches.
type task struct {
	who
	rules []nn.BackRule   // not at hand yet
	found [][]image.Image // of each rule
}

// projectAll sees to it that the projections of units' first n patches are at hand. Pictures
// are worked on one by one, so results do not depend on the number of workers.
func (u *Units) projectAll(ctx context.Context, layer string, units []who, rules []nn.BackRule, n int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	tasks := u.missing(layer, units, rules, n)
	if len(tasks) == 0 {
		return nil
	}
	bar := progress.Start(ctx, "projections of "+layer, len(tasks))
	defer bar.Finish("")
	defer u.set.Settle()
	next, errs := make(chan *task), make([]error, min(len(tasks), runtime.GOMAXPROCS(0)))
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	var wait sync.WaitGroup
	for w := range errs {
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer func() {
				if p := recover(); p != nil {
					errs[w] = fmt.Errorf("feature: panic: %v\n%s", p, debug.Stack())
				}
				if errs[w] != nil {
					cancel()
				}
			}()
			errs[w] = u.work(inner, layer, n, next, bar)
		}()
	}
	for _, t := range tasks {
		select {
		case next <- t:
		case <-inner.Done():
		}
	}
	close(next)
	wait.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	for _, err := range errs {
		if err != nil && !errors.Is(err, context.Canceled) { // others stopped because of this one
			return err
		}
	}
	u.mutex.Lock()
	defer u.mutex.Unlock()
	for _, t := range tasks {
		for i, r := range t.rules {
			u.projected[projectionKey{layer, t.who, r, n}] = t.found[i]
		}
	}
	return nil
}

// missing returns the units that have something to project still, each once.
func (u *Units) missing(layer string, units []who, rules []nn.BackRule, n int) []*task {
	u.mutex.Lock()
	defer u.mutex.Unlock()
	var tasks []*task
	seen := map[who]bool{}
	for _, w := range units {
		if w.unit < 0 || seen[w] {
			continue
		}
		seen[w] = true
		u.Peaks(layer, w.net, w.unit) // panics if there is no such unit
		t := &task{who: w}
		for _, r := range rules {
			if _, ok := u.projected[projectionKey{layer, w, r, n}]; !ok {
				t.rules = append(t.rules, r)
			}
		}
		if t.found = make([][]image.Image, len(t.rules)); len(t.rules) > 0 {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// work does tasks until there are none.
func (u *Units) work(ctx context.Context, layer string, n int, next <-chan *task, bar *progress.Bar) error {
	backs := make([]*nn.Backprop, len(u.nets))
	defer func() {
		for _, b := range backs {
			if b != nil {
				_ = b.Close() // it holds memory only
			}
		}
	}()
	for t := range next {
		if backs[t.net] == nil {
			b, err := u.nets[t.net].Backprop(1, layer)
			if err != nil {
				return fmt.Errorf("feature: net %d: %w", t.net, err)
			}
			b.SetContext(ctx)
			backs[t.net] = b
		}
		if err := u.perform(ctx, backs[t.net], layer, n, t); err != nil {
			return err
		}
		bar.Add(1)
	}
	return nil
}

// perform goes back from a unit's patches, picture by picture.
func (u *Units) perform(ctx context.Context, b *nn.Backprop, layer string, n int, t *task) error {
	p := u.places(layer, t.net, t.unit)
	shape := u.set.Shape()
	back := make([]float32, shape[0]*shape[1]*shape[2])
	for i, q := range p.Peaks {
		if n > 0 && i == n {
			break
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		pixels, err := u.set.Read(q.Picture)
		if err != nil {
			return fmt.Errorf("feature: picture %d: %w", q.Picture, err)
		}
		if err := b.Run([][]uint8{pixels}); err != nil {
			return fmt.Errorf("feature: net %d: %w", t.net, err)
		}
		for k, r := range t.rules {
			if err := ctx.Err(); err != nil { // each way back of a deep layer takes as long as the way there
				return err
			}
			b.Unit(back, 0, q.Row, q.Column, t.unit, r)
			t.found[k] = append(t.found[k], crop(back, shape, p.Boxes[i]).picture())
		}
	}
	return nil
}

// crop returns a box of a signal over the whole picture.
func crop(back []float32, shape [3]int, box image.Rectangle) *signal {
	s := &signal{size: box.Size(), depth: shape[2]}
	s.values = make([]float32, s.size.X*s.size.Y*s.depth)
	in := box.Intersect(image.Rect(0, 0, shape[1], shape[0]))
	for y := in.Min.Y; y < in.Max.Y; y++ {
		from := (y*shape[1] + in.Min.X) * s.depth
		to := ((y-box.Min.Y)*s.size.X + in.Min.X - box.Min.X) * s.depth
		copy(s.values[to:], back[from:from+in.Dx()*s.depth])
	}
	return s
}

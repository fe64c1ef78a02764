package nn

import (
	"errors"
	"fmt"
)

// A step is a layer at its place in the computation. Layers inside a block have steps of
// their own, before that of the block, which is the sum at its end.
type step struct {
	layer    Layer
	name     string // of a layer inside a block: block/layer
	from     int    // the value it reads: 0 is the net's input, i+1 the output of step i
	shortcut int    // the other value, of a block's sum; −1: none
	in, out  [3]int // shapes
}

// paramShape is a block of parameters of a layer.
type paramShape struct {
	name  string
	shape []int
	start float32 // initial value, but for weights, which are drawn
	fixed bool    // not trained
}

// planner lists the steps of an architecture.
type planner struct {
	arch  *Arch
	steps []step
	seen  map[string]bool
}

// steps returns the layers in the order in which they are computed, or says why no net can
// be made of them.
func (a *Arch) steps() ([]step, error) {
	if a == nil {
		return nil, errors.New("nn: no architecture (nil)")
	}
	if err := a.Input.check(); err != nil {
		return nil, fmt.Errorf("nn: %s: %w", a.Name, err)
	}
	if len(a.Layers) == 0 {
		return nil, fmt.Errorf("nn: %s has no layers", a.Name)
	}
	b := &planner{arch: a, seen: map[string]bool{}}
	if _, err := b.list("", a.Layers, 0); err != nil {
		return nil, err
	}
	if last, ok := a.Layers[len(a.Layers)-1].(Dense); !ok || !last.Linear {
		return nil, fmt.Errorf("nn: %s: the last layer %q must be Dense and Linear: its outputs are the classes' logits", a.Name, a.Layers[len(a.Layers)-1].name())
	}
	return b.steps, nil
}

// shape returns the shape of a value; see step.from.
func (b *planner) shape(value int) [3]int {
	if value == 0 {
		return b.arch.Input.Shape
	}
	return b.steps[value-1].out
}

// source names a value for people.
func (b *planner) source(value int) string {
	if value == 0 {
		return "the input"
	}
	return fmt.Sprintf("%q", b.steps[value-1].name)
}

// list appends layers that follow each other from a value on and returns the last one's.
func (b *planner) list(prefix string, layers []Layer, value int) (int, error) {
	for i, l := range layers {
		switch l.(type) {
		case Conv, MaxPool, AvgPool, GlobalAvgPool, Dense, Dropout, Activation, LRN, BatchNorm, Residual, Subsample:
		default:
			return 0, fmt.Errorf("nn: %s: layer %d is a %T (valid: Conv, MaxPool, AvgPool, GlobalAvgPool, Dense, Dropout, Activation, LRN, BatchNorm, Residual, Subsample)", b.arch.Name, i, l)
		}
		name := prefix + l.name()
		if l.name() == "" || b.seen[name] {
			return 0, fmt.Errorf("nn: %s: layer %d has the name %q, empty or used before", b.arch.Name, i, name)
		}
		b.seen[name] = true
		s := step{layer: l, name: name, from: value, shortcut: -1}
		if r, ok := l.(Residual); ok {
			var err error
			if s.from, s.shortcut, err = b.block(name, r, value); err != nil {
				return 0, err
			}
		}
		if err := b.add(s); err != nil {
			return 0, err
		}
		value = len(b.steps)
	}
	return value, nil
}

// block appends what is inside a residual block and returns the two values of its sum.
func (b *planner) block(name string, r Residual, value int) (main, around int, err error) {
	if len(r.Layers) == 0 {
		return 0, 0, fmt.Errorf("nn: %s: layer %q has no layers inside", b.arch.Name, name)
	}
	if main, err = b.list(name+"/", r.Layers, value); err != nil {
		return 0, 0, err
	}
	if around, err = b.list(name+"/shortcut/", r.Shortcut, value); err != nil {
		return 0, 0, err
	}
	if m, s := b.shape(main), b.shape(around); m != s {
		return 0, 0, fmt.Errorf("nn: %s: layer %q: %s makes %s, the shortcut (%s) %s: these cannot be added", b.arch.Name, name, b.source(main), shape3(m), b.source(around), shape3(s))
	}
	return main, around, nil
}

// add appends a step and checks its size.
func (b *planner) add(s step) error {
	s.in = b.shape(s.from)
	var err error
	if s.out, err = s.layer.output(s.in); err != nil {
		return fmt.Errorf("nn: %s: layer %q after %s of %s: %w", b.arch.Name, s.name, b.source(s.from), shape3(s.in), err)
	}
	if n := size64(s.out); n > maxValues {
		return fmt.Errorf("nn: %s: layer %q makes %s = %d values of %s (limit: %d)", b.arch.Name, s.name, shape3(s.out), n, shape3(s.in), int64(maxValues))
	}
	for _, p := range s.layer.params(s.in) {
		if n := product64(p.shape); n > maxValues {
			return fmt.Errorf("nn: %s: layer %q has %d weights for an input of %s (limit: %d)", b.arch.Name, s.name, n, shape3(s.in), int64(maxValues))
		}
	}
	b.steps = append(b.steps, s)
	return nil
}

// stepNames returns the names of steps.
func stepNames(steps []step) []string {
	names := make([]string, len(steps))
	for i, s := range steps {
		names[i] = s.name
	}
	return names
}

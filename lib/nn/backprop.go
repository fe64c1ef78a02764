package nn

import (
	"context"
	"fmt"
	"image"
)

// BackRule says what a ReLU lets through on the way back from a unit to the picture. All else is
// the transpose of the way there: filters are transposed, a maximum returns to the place where
// it was found (Zeiler and Fergus's switches), and normalisations act by their derivative.
type BackRule string

const (
	// Gradient is the derivative: a ReLU lets through what comes to a value that was positive
	// on the way there.
	Gradient BackRule = "gradient"
	// Deconvolution lets through what is positive on the way back (Zeiler and Fergus, ECCV 2014).
	Deconvolution BackRule = "deconvolution"
	// Guided lets through what is positive and comes to a value that was positive on the way
	// there (Springenberg et al., ICLR 2015 workshop).
	Guided BackRule = "guided backpropagation"
)

// Backprop goes back from single units of a layer to the picture. The functions of layers other
// than the ReLU, tanh and sigmoid, act by their derivative under every rule; a leaky ReLU is a
// ReLU but under [Gradient]. It holds an evaluator of its own and a copy of the filters, which
// must not be trained meanwhile. It is not safe for concurrent use; several of them on one net
// are.
type Backprop struct {
	net    *Net
	layer  string
	steps  []step
	params [][]Param   // of each step
	flip   [][]float32 // filters of a convolution with units first; nil else
	eval   *Evaluator
	grads  [][]float32       // of each value (see step.from); 0 outside of spans
	spans  []image.Rectangle // positions of each value that a signal reached
}

// Backprop returns what goes back from a layer's units, for up to batch pictures at a time. An
// unknown name is an error that lists the known ones.
func (n *Net) Backprop(batch int, layer string) (*Backprop, error) {
	last := n.index(layer)
	if last < 0 {
		return nil, unknownLayer(layer, stepNames(n.steps))
	}
	b := &Backprop{net: n, layer: layer, steps: n.steps[:last+1]}
	var err error
	if b.eval, err = n.Evaluator(batch, stepNames(b.steps)...); err != nil {
		return nil, err
	}
	b.grads = append(b.grads, make([]float32, size64(n.Arch.Input.Shape)))
	next := 0
	for _, s := range b.steps {
		params := n.params[next:][:len(s.layer.params(s.in))]
		next += len(params)
		b.params = append(b.params, params)
		var flip []float32
		if _, ok := s.layer.(Conv); ok {
			flip = unitsFirst(params[0].Data, s.out[2])
		}
		b.flip = append(b.flip, flip)
		b.grads = append(b.grads, make([]float32, size64(s.out)))
	}
	b.spans = make([]image.Rectangle, len(b.grads))
	return b, nil
}

// unitsFirst returns weights (… × units) as units × ….
func unitsFirst(w []float32, units int) []float32 {
	out, n := make([]float32, len(w)), len(w)/units
	for i := range n {
		for o := range units {
			out[o*n+i] = w[i*units+o]
		}
	}
	return out
}

// SetContext makes runs end with ctx; see [Evaluator.SetContext].
func (b *Backprop) SetContext(ctx context.Context) { b.eval.SetContext(ctx) }

// Run passes pictures through the net; see [Evaluator.Run].
func (b *Backprop) Run(pixels [][]uint8) error { return b.eval.Run(pixels) }

// RunPrepared passes prepared pictures through the net; see [Evaluator.RunPrepared].
func (b *Backprop) RunPrepared(x []float32) error { return b.eval.RunPrepared(x) }

// Activation returns the layer's output for the last run; see [Evaluator.Activation].
func (b *Backprop) Activation() []float32 { return b.eval.Activation(b.layer) }

// Close releases the evaluator; the Backprop must not be used afterwards.
func (b *Backprop) Close() error { return b.eval.Close() }

// Unit writes to dst (height × width × channels of a prepared picture) what comes back to a
// picture of the last run from a signal of 1 at one position of a unit, before the layer's own
// function: under [Gradient] the derivative of what enters the unit's ReLU, which is that of
// its activation where it fires. Under the other rules the result has the same sign and
// unit, but is no derivative. It panics if dst has another length, or on a picture, position
// or unit that does not exist.
func (b *Backprop) Unit(dst []float32, picture, row, column, unit int, rule BackRule) {
	last := len(b.steps) - 1
	s := b.steps[last].out
	if len(dst) != len(b.grads[0]) {
		panic(fmt.Sprintf("nn: Backprop: %d numbers for pictures of %s", len(dst), shape3(b.net.Arch.Input.Shape)))
	}
	if picture < 0 || picture >= b.eval.run {
		panic(fmt.Sprintf("nn: Backprop: picture %d of a run of %d", picture, b.eval.run))
	}
	if row < 0 || row >= s[0] || column < 0 || column >= s[1] || unit < 0 || unit >= s[2] {
		panic(fmt.Sprintf("nn: Backprop: row %d, column %d, unit %d of %q, which is %s", row, column, unit, b.layer, shape3(s)))
	}
	if rule != Gradient && rule != Deconvolution && rule != Guided {
		panic(fmt.Sprintf("nn: Backprop: rule %q (valid: %q, %q, %q)", rule, Gradient, Deconvolution, Guided))
	}
	for v, g := range b.grads {
		wipe(g, b.spans[v], b.shape(v))
		b.spans[v] = image.Rectangle{}
	}
	b.grads[last+1][(row*s[1]+column)*s[2]+unit] = 1
	b.spans[last+1] = image.Rect(column, row, column+1, row+1)
	for i := last; i >= 0; i-- {
		if b.spans[i+1].Empty() {
			continue
		}
		if i < last {
			b.function(i, picture, rule)
		}
		b.back(i, picture)
	}
	copy(dst, b.grads[0])
}

// shape returns the shape of a value.
func (b *Backprop) shape(value int) [3]int {
	if value == 0 {
		return b.net.Arch.Input.Shape
	}
	return b.steps[value-1].out
}

// value returns a value of the last run.
func (b *Backprop) value(value, picture int) []float32 {
	n := len(b.grads[value])
	if value == 0 {
		return b.eval.graph.input[picture*n:][:n]
	}
	return b.eval.output(value - 1)[picture*n:][:n]
}

// wipe sets the rows of a rectangle of positions to 0.
func wipe(g []float32, r image.Rectangle, s [3]int) {
	for i := r.Min.Y; i < r.Max.Y; i++ {
		clear(g[(i*s[1]+r.Min.X)*s[2] : (i*s[1]+r.Max.X)*s[2]])
	}
}

// function takes the signal at a step's output back through the step's own function.
func (b *Backprop) function(i, picture int, rule BackRule) {
	f, slope := functionOf(b.steps[i].layer)
	if f == "" {
		return
	}
	s, r := b.steps[i].out, b.spans[i+1]
	all := b.value(i+1, picture)
	for row := r.Min.Y; row < r.Max.Y; row++ {
		from, to := (row*s[1]+r.Min.X)*s[2], (row*s[1]+r.Max.X)*s[2]
		g, y := b.grads[i+1][from:to], all[from:to]
		switch {
		case f == Tanh:
			for k, v := range y {
				g[k] *= 1 - v*v
			}
		case f == Sigmoid:
			for k, v := range y {
				g[k] *= v * (1 - v)
			}
		default:
			for k, v := range y {
				switch {
				case rule != Gradient && !(g[k] > 0):
					g[k] = 0
				case rule == Guided && !(v > 0):
					g[k] = 0
				case rule == Gradient && !(v > 0):
					g[k] *= slope
				}
			}
		}
	}
}

// functionOf returns what a layer does to each value at its end, "" for nothing, and the slope
// of a (leaky) ReLU below 0.
func functionOf(l Layer) (f Function, slope float32) {
	switch l := l.(type) {
	case Conv:
		f = behind(l.Linear, l.Activation)
	case Dense:
		f = behind(l.Linear, l.Activation)
	case Activation:
		f = l.function()
		if f == LeakyReLU {
			return f, float32(l.slope())
		}
	case BatchNorm:
		f = behind(!l.ReLU, "")
	case Residual:
		f = behind(l.Linear, "")
	}
	if f == LeakyReLU {
		slope = leakySlope
	}
	return f, slope
}

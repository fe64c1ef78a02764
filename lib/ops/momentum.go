package ops

import (
	"fmt"
	"math"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Momentum is a gorgonia solver: stochastic gradient descent with momentum, weight decay
// and a limit on the gradient's norm, each parameter with its own rate and decay. One step
// on gradients g, for parameter i:
//
//	g ← g · min(1, Clip/‖g‖)                          ‖·‖ over all parameters together
//	v ← Share·v − LR·Rates[i].LR·(g + Rates[i].Decay·w)
//	w ← w + v
type Momentum struct {
	LR    float64 // learning rate, for all parameters
	Share float64 // of the last change that is kept, in [0, 1)
	Clip  float64 // largest Euclidean norm of the gradient; 0: no limit
	Rates []Rate  // one for each parameter in the order of Step's model; nil: LR 1, no decay

	norm     float64
	velocity [][]float32
}

// Rate is a parameter's factor on the learning rate and its weight decay.
type Rate struct{ LR, Decay float64 }

// Step changes the values of the model by one step and shortens their gradients if Clip
// says so. The model must be the same parameters in the same order on every call. A
// gradient that is not finite is an error and changes nothing.
func (m *Momentum) Step(model []gorgonia.ValueGrad) error {
	w, g, err := values("Momentum", model, m.Rates)
	if err != nil {
		return err
	}
	if err := m.state(w); err != nil {
		return err
	}
	m.norm = Norm(g)
	if math.IsNaN(m.norm) || math.IsInf(m.norm, 0) {
		return fmt.Errorf("ops: Momentum: gradient norm is %v", m.norm)
	}
	if m.Clip > 0 && m.norm > m.Clip {
		for _, d := range g {
			simd.Scale(float32(m.Clip/m.norm), d)
		}
	}
	for i := range w {
		r := Rate{LR: 1}
		if m.Rates != nil {
			r = m.Rates[i]
		}
		simd.SGD(w[i], m.velocity[i], g[i], float32(m.LR*r.LR), float32(m.Share), float32(r.Decay))
	}
	return nil
}

// state makes the velocities on the first call.
func (m *Momentum) state(w [][]float32) error {
	if m.velocity == nil {
		for _, p := range w {
			m.velocity = append(m.velocity, make([]float32, len(p)))
		}
	}
	if len(m.velocity) != len(w) {
		return fmt.Errorf("ops: Momentum: %d parameters after %d", len(w), len(m.velocity))
	}
	for i, p := range w {
		if len(m.velocity[i]) != len(p) {
			return fmt.Errorf("ops: Momentum: parameter %d has %d values after %d", i, len(p), len(m.velocity[i]))
		}
	}
	return nil
}

// Start makes the velocities before the first step, 0 for parameters of these lengths, so
// that a checkpoint can be read into them.
func (m *Momentum) Start(lengths ...int) {
	m.velocity = nil
	for _, n := range lengths {
		m.velocity = append(m.velocity, make([]float32, n))
	}
}

// Velocity returns the solver's state v, one slice for each parameter; nil before the first
// step. The slices are the solver's own: writing to them restores a checkpoint.
func (m *Momentum) Velocity() [][]float32 { return m.velocity }

// GradientNorm returns ‖g‖ of the last step, before it was clipped.
func (m *Momentum) GradientNorm() float64 { return m.norm }

// Norm returns the Euclidean norm of all values together, summed in float64.
func Norm(blocks [][]float32) float64 {
	total := 0.0
	for _, x := range blocks {
		// Four sums, because one would wait for each addition.
		var a, b, c, d float64
		for len(x) >= 4 {
			x0, x1, x2, x3 := float64(x[0]), float64(x[1]), float64(x[2]), float64(x[3])
			a += x0 * x0
			b += x1 * x1
			c += x2 * x2
			d += x3 * x3
			x = x[4:]
		}
		for _, v := range x {
			a += float64(v) * float64(v)
		}
		total += (a + b) + (c + d)
	}
	return math.Sqrt(total)
}

// values returns the memory of a model's parameters and gradients and checks that rates, if
// any, are of as many.
func values(solver string, model []gorgonia.ValueGrad, rates []Rate) (w, g [][]float32, err error) {
	if rates != nil && len(rates) != len(model) {
		return nil, nil, fmt.Errorf("ops: %s: %d rates for %d parameters", solver, len(rates), len(model))
	}
	w, g = make([][]float32, len(model)), make([][]float32, len(model))
	for i, p := range model {
		grad, err := p.Grad()
		if err != nil {
			return nil, nil, fmt.Errorf("ops: %s: parameter %d: %w", solver, i, err)
		}
		if w[i], err = dense32(p.Value()); err != nil {
			return nil, nil, fmt.Errorf("ops: %s: parameter %d: %w", solver, i, err)
		}
		if g[i], err = dense32(grad); err != nil {
			return nil, nil, fmt.Errorf("ops: %s: gradient of parameter %d: %w", solver, i, err)
		}
		if len(g[i]) != len(w[i]) {
			return nil, nil, fmt.Errorf("ops: %s: parameter %d has %d values, its gradient %d", solver, i, len(w[i]), len(g[i]))
		}
	}
	return w, g, nil
}

// dense32 returns the memory of a contiguous float32 tensor.
func dense32(v gorgonia.Value) ([]float32, error) {
	d, ok := v.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 || d.RequiresIterator() {
		return nil, fmt.Errorf("%T, needs a contiguous float32 *tensor.Dense", v)
	}
	switch x := d.Data().(type) {
	case []float32:
		return x, nil
	}
	return nil, fmt.Errorf("%v is not a vector, matrix or larger", d.Shape())
}

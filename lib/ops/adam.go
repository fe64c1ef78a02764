package ops

import (
	"fmt"
	"math"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
)

// Adam is a gorgonia solver (Kingma and Ba, ICLR 2015, algorithm 1) with weight decay and a
// limit on the gradient's norm, each parameter with its own rate and decay. Step t = 1, 2, ...
// on gradients g, for parameter i:
//
//	g ← g · min(1, Clip/‖g‖)                          ‖·‖ over all parameters together
//	g' = g + Rates[i].Decay·w
//	m ← Beta1·m + (1−Beta1)·g'      m̂ = m/(1−Beta1ᵗ)
//	v ← Beta2·v + (1−Beta2)·g'²     v̂ = v/(1−Beta2ᵗ)
//	w ← w − LR·Rates[i].LR · m̂/(√v̂ + Epsilon)
//
// Dividing by 1−Betaᵗ corrects the bias of moments that began at 0.
type Adam struct {
	LR      float64 // learning rate, for all parameters; often 0.001
	Beta1   float64 // share of the old first moment, in [0, 1); 0 means 0.9, negative none
	Beta2   float64 // share of the old second moment, in (0, 1); 0 means 0.999
	Epsilon float64 // 0 means 1e-8
	Clip    float64 // largest Euclidean norm of the gradient; 0: no limit
	Rates   []Rate  // one for each parameter in the order of Step's model; nil: LR 1, no decay

	steps         int
	norm          float64
	first, second [][]float32
}

// Step changes the values of the model by one step and shortens their gradients if Clip says
// so. The model must be the same parameters in the same order on every call. A gradient that
// is not finite is an error and changes nothing.
func (a *Adam) Step(model []gorgonia.ValueGrad) error {
	w, g, err := values("Adam", model, a.Rates)
	if err != nil {
		return err
	}
	beta1, beta2, epsilon := a.Beta1, a.Beta2, a.Epsilon
	switch {
	case beta1 == 0:
		beta1 = 0.9
	case beta1 < 0:
		beta1 = 0
	}
	if beta2 == 0 {
		beta2 = 0.999
	}
	if epsilon == 0 {
		epsilon = 1e-8
	}
	if !(beta1 < 1 && beta2 > 0 && beta2 < 1 && epsilon > 0) {
		return fmt.Errorf("ops: Adam: Beta1 %v, Beta2 %v, Epsilon %v (valid: below 1, above 0 and below 1, above 0)", a.Beta1, a.Beta2, a.Epsilon)
	}
	if a.first == nil {
		lengths := make([]int, len(w))
		for i, p := range w {
			lengths[i] = len(p)
		}
		a.Start(lengths...)
	}
	if len(a.first) != len(w) || len(a.second) != len(w) {
		return fmt.Errorf("ops: Adam: %d parameters after %d", len(w), len(a.first))
	}
	for i, p := range w {
		if len(a.first[i]) != len(p) || len(a.second[i]) != len(p) {
			return fmt.Errorf("ops: Adam: parameter %d has %d values after %d", i, len(p), len(a.first[i]))
		}
	}
	a.norm = Norm(g)
	if math.IsNaN(a.norm) || math.IsInf(a.norm, 0) {
		return fmt.Errorf("ops: Adam: gradient norm is %v", a.norm)
	}
	if a.Clip > 0 && a.norm > a.Clip {
		for _, d := range g {
			simd.Scale(float32(a.Clip/a.norm), d)
		}
	}
	a.steps++
	t := float64(a.steps)
	s := simd.AdamStep{
		Beta1: float32(beta1), Beta2: float32(beta2), Epsilon: float32(epsilon),
		Bias1: float32(1 / (1 - math.Pow(beta1, t))), Bias2: float32(1 / (1 - math.Pow(beta2, t))),
	}
	for i := range w {
		r := Rate{LR: 1}
		if a.Rates != nil {
			r = a.Rates[i]
		}
		s.LR, s.Decay = float32(a.LR*r.LR), float32(r.Decay)
		simd.Adam(w[i], a.first[i], a.second[i], g[i], s)
	}
	return nil
}

// Start makes both moments before the first step, 0 for parameters of these lengths.
func (a *Adam) Start(lengths ...int) {
	a.steps, a.first, a.second = 0, nil, nil
	for _, n := range lengths {
		a.first, a.second = append(a.first, make([]float32, n)), append(a.second, make([]float32, n))
	}
}

// Resume makes the slices the solver's moments, as they were after so many steps. They are
// kept, not copied.
func (a *Adam) Resume(steps int, first, second [][]float32) {
	a.steps, a.first, a.second = steps, first, second
}

// Moments returns the solver's state m and v, one slice for each parameter, nil before the
// first step: the solver's own, so that writing to them restores a checkpoint; see Resume.
func (a *Adam) Moments() (first, second [][]float32) { return a.first, a.second }

// Steps returns the number of steps taken, t.
func (a *Adam) Steps() int { return a.steps }

// GradientNorm returns ‖g‖ of the last step, before it was clipped.
func (a *Adam) GradientNorm() float64 { return a.norm }

package train

import (
	"fmt"
	"math"

	"gonverge/lib/nn"
)

// stepper turns the recipe and the step into the rule that nn.Trainer.Update applies.
type stepper struct {
	rule     nn.Rule
	lrFactor []float64 // by parameter, in the order of nn.Net.Params
}

// newStepper gives each weight its layer's factors on learning rate and decay, and
// each bias 1 and 0.
func newStepper(r settings, params []nn.Param) *stepper {
	s := &stepper{lrFactor: make([]float64, len(params))}
	s.rule = nn.Rule{Momentum: r.Momentum, Clip: r.Clip, Adam: r.Adam, Beta2: r.Beta2, LR: make([]float64, len(params)), Decay: make([]float64, len(params))}
	for i, p := range params {
		s.lrFactor[i] = 1
		if p.Name == "bias" {
			continue
		}
		s.rule.Decay[i] = r.Decay
		if l, ok := r.Layers[p.Layer]; ok {
			s.lrFactor[i] = l.LR
			s.rule.Decay[i] = r.Decay * l.Decay
		}
	}
	return s
}

// at returns the rule at a learning rate. It is overwritten by the next call.
func (s *stepper) at(lr float64) nn.Rule {
	for i, f := range s.lrFactor {
		s.rule.LR[i] = lr * f
	}
	return s.rule
}

// steepest names the layer whose gradient is not finite, the last such layer since
// gradients come from behind; if all are finite, the layer with the longest.
func steepest(grads []nn.Param) string {
	longest, layer := -1.0, ""
	for i := len(grads) - 1; i >= 0; i-- {
		n := length(grads[i].Data)
		if math.IsNaN(n) || math.IsInf(n, 0) {
			return fmt.Sprintf("the gradient of layer %q is not finite", grads[i].Layer)
		}
		if n > longest {
			longest, layer = n, grads[i].Layer
		}
	}
	return fmt.Sprintf("the longest gradient, %.3g, is that of layer %q", longest, layer)
}

// largest returns the largest size of a parameter, NaN if one is, and its layer.
func largest(params []nn.Param) (layer string, size float64) {
	for _, p := range params {
		for _, v := range p.Data {
			if a := math.Abs(float64(v)); !(a <= size) {
				layer, size = p.Layer, a
			}
			if math.IsNaN(size) {
				return layer, size
			}
		}
	}
	return layer, size
}

// length returns the Euclidean norm.
func length(x []float32) float64 {
	sum := 0.0
	for _, v := range x {
		sum += float64(v) * float64(v)
	}
	return math.Sqrt(sum)
}

// finite reports whether x is neither NaN nor infinite.
func finite(x float64) bool { return !math.IsNaN(x) && !math.IsInf(x, 0) }

package simd

import "math"

// An AdamStep is what all values have in common in one step of [Adam].
type AdamStep struct {
	LR           float32
	Beta1, Beta2 float32 // shares of the old moments
	Bias1, Bias2 float32 // 1/(1−Beta1ᵗ) and 1/(1−Beta2ᵗ) at step t
	Epsilon      float32
	Decay        float32
}

// Adam takes one step of Adam in place (Kingma and Ba, ICLR 2015, algorithm 1), with weight
// decay as a part of the gradient:
//
//	g' = g + Decay·w
//	m = Beta1·m + (1−Beta1)·g'      v = Beta2·v + (1−Beta2)·g'²
//	w = w − LR · (Bias1·m) / (√(Bias2·v) + Epsilon)
//
// g is only read. It panics unless all have the same length.
func Adam(w, m, v, g []float32, s AdamStep) {
	same("Adam", len(w), len(m))
	same("Adam", len(w), len(v))
	same("Adam", len(w), len(g))
	new1, new2 := 1-s.Beta1, 1-s.Beta2
	for i := range w {
		d := g[i] + s.Decay*w[i]
		m[i] = s.Beta1*m[i] + new1*d
		v[i] = s.Beta2*v[i] + new2*d*d
		w[i] -= s.LR * (s.Bias1 * m[i]) / (float32(math.Sqrt(float64(s.Bias2*v[i]))) + s.Epsilon)
	}
}

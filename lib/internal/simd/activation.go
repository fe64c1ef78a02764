package simd

import "math"

// Leaky replaces negative values by slope times them; NaN stays NaN. slope is in [0, 1].
func Leaky(x []float32, slope float32) {
	for i, v := range x {
		x[i] = max(v, slope*v) // for slopes up to 1
	}
}

// LeakyBack turns dy, the gradient behind a [Leaky] with output y, into the gradient before
// it: dy = slope·dy where not y > 0. It panics unless both have the same length.
func LeakyBack(dy, y []float32, slope float32) {
	same("LeakyBack", len(dy), len(y))
	for i, v := range y {
		if !(v > 0) {
			dy[i] *= slope
		}
	}
}

// Tanh replaces each value by its hyperbolic tangent, in [−1, 1].
func Tanh(x []float32) {
	for i, v := range x {
		x[i] = float32(math.Tanh(float64(v)))
	}
}

// TanhBack turns dy, the gradient behind a [Tanh] with output y, into the gradient before
// it: dy = (1−y²)·dy. It panics unless both have the same length.
func TanhBack(dy, y []float32) {
	same("TanhBack", len(dy), len(y))
	for i, v := range y {
		dy[i] *= 1 - v*v
	}
}

// Sigmoid replaces each value x by 1/(1+e^−x), in [0, 1].
func Sigmoid(x []float32) {
	for i, v := range x {
		x[i] = float32(1 / (1 + math.Exp(-float64(v))))
	}
}

// SigmoidBack turns dy, the gradient behind a [Sigmoid] with output y, into the gradient
// before it: dy = y·(1−y)·dy. It panics unless both have the same length.
func SigmoidBack(dy, y []float32) {
	same("SigmoidBack", len(dy), len(y))
	for i, v := range y {
		dy[i] *= v * (1 - v)
	}
}

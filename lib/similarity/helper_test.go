package similarity

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// normal returns an n×p matrix of standard normal entries.
func normal(r *rand.Rand, n, p int) *mat.Dense {
	m := mat.NewDense(n, p, nil)
	for i := range n {
		for j := range p {
			m.Set(i, j, r.NormFloat64())
		}
	}
	return m
}

// related returns two matrices of n samples, the second in part a map of the first; the units
// of both have unlike deviations.
func related(r *rand.Rand, n, p, q int) (a, b *mat.Dense) {
	a, b = normal(r, n, p), normal(r, n, q)
	for i := range n {
		for j := range p {
			a.Set(i, j, a.At(i, j)*float64(1+j%4))
		}
	}
	var m mat.Dense
	m.Mul(a, normal(r, p, q))
	m.Scale(0.5, &m)
	b.Add(b, &m)
	return a, b
}

// rotation returns a random orthogonal p×p matrix.
func rotation(r *rand.Rand, p int) *mat.Dense {
	var qr mat.QR
	qr.Factorize(normal(r, p, p))
	var q mat.Dense
	qr.QTo(&q)
	return &q
}

// times returns a b.
func times(a, b mat.Matrix) *mat.Dense {
	var m mat.Dense
	m.Mul(a, b)
	return &m
}

// shifted returns a with an offset of its own for each unit.
func shifted(r *rand.Rand, a *mat.Dense) *mat.Dense {
	n, p := a.Dims()
	out := mat.DenseCopyOf(a)
	for j := range p {
		t := 10 * r.NormFloat64()
		for i := range n {
			out.Set(i, j, a.At(i, j)+t)
		}
	}
	return out
}

// reordered returns a with its units in another order.
func reordered(r *rand.Rand, a *mat.Dense) *mat.Dense {
	return mat.DenseCopyOf(gather(mat.DenseCopyOf(a.T()), r.Perm(a.RawMatrix().Cols)).T())
}

// few are options for samples that are few.
func few() Options { return Options{Neighbours: 2, Share: 0.9} }

func near1(got, want, tol float64) bool { return math.Abs(got-want) <= tol }

// wantPanic fails unless do panics with the text.
func wantPanic(t *testing.T, want string, do func()) {
	t.Helper()
	defer func() {
		t.Helper()
		if got := fmt.Sprint(recover()); got != want {
			t.Errorf("panic %q, want %q", got, want)
		}
	}()
	do()
}

// counts are the weights of a resample.
func counts(r *rand.Rand, n int) (w []float64, index []int) {
	w = make([]float64, n)
	for range n {
		k := r.IntN(n)
		w[k]++
		index = append(index, k)
	}
	return w, index
}

// best is the value of equal matrices.
func best(m Measure) float64 {
	if m.Distance() {
		return 0
	}
	return 1
}

package align_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/align"
	"gonverge/lib/corr"
)

// sgdProblem has correlations of 6 predictors and 5 targets over 200 samples.
func sgdProblem() (within *mat.SymDense, between *mat.Dense) {
	rng := rand.New(rand.NewPCG(4, 4))
	a, b := mat.NewDense(200, 6, nil), mat.NewDense(200, 5, nil)
	for r := range 200 {
		common := rng.NormFloat64()
		for c := range 6 {
			a.Set(r, c, common+rng.NormFloat64())
		}
		for c := range 5 {
			b.Set(r, c, a.At(r, c)+0.5*rng.NormFloat64())
		}
	}
	l := corr.FromMatrices(a, b)
	return l.Within(0), l.Between(0, 1)
}

// Without penalty the run is a linear recursion in the eigenvectors of G: a slow twin.
func TestPaperSGDLikeIsTheRecursion(t *testing.T) {
	within, between := sgdProblem()
	config := align.PaperSGDConfig{Units: 96, Length: 0.25}
	got, err := align.PaperSGDLike(context.Background(), within, between, 0, 3, config)
	if err != nil {
		t.Fatal(err)
	}
	start, err := align.PaperSGDLike(context.Background(), within, between, 0, 3, align.PaperSGDConfig{Units: 1e9, Length: 1e-9})
	if err != nil {
		t.Fatal(err)
	}
	w, v := mat.DenseCopyOf(start.Weights), mat.NewDense(6, 5, nil) // after one step of no size
	rate := 0.001
	for step := range 1125 {
		if step > 0 && step%375 == 0 {
			rate /= 2
		}
		var g mat.Dense
		g.Mul(within, w)
		g.Sub(between, &g)
		g.Scale(rate/96, &g)
		v.Scale(0.98, v)
		v.Add(v, &g)
		w.Add(w, v)
	}
	const tol = 1e-9 // rounding, and the one step of size 1e-12 in start
	if !mat.EqualApprox(got.Weights, w, tol) {
		t.Errorf("got\n%v\nwant\n%v", mat.Formatted(got.Weights), mat.Formatted(w))
	}
}

func TestPaperSGDLikeGetsCloserWhenLonger(t *testing.T) {
	within, between := sgdProblem()
	best := align.LeastSquares(within, between).Loss()
	last := math.Inf(1)
	for _, length := range []float64{0.5, 2, 20} {
		fit, err := align.PaperSGDLike(context.Background(), within, between, 0, 1, align.PaperSGDConfig{Units: 384, Length: length})
		if err != nil {
			t.Fatal(err)
		}
		if loss := fit.Loss(); loss >= last || loss < best-1e-12 {
			t.Errorf("length %v: loss %v after %v, least %v", length, loss, last, best)
		}
		last = fit.Loss()
	}
	plain, _ := align.PaperSGD(context.Background(), within, between, 1e-3, 1)
	like, _ := align.PaperSGDLike(context.Background(), within, between, 1e-3, 1, align.PaperSGDConfig{Units: 5, Length: 1})
	if !mat.Equal(plain.Weights, like.Weights) {
		t.Error("Units: 5, Length: 1 is not PaperSGD on five targets")
	}
}

package corr_test

import (
	"context"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/corr"
)

// TestArraysAreMeasuredAsMatrices compares the statistics of a stream of arrays with those of the
// matrices, recovers a planted permutation, and finds the chance level low.
func TestArraysAreMeasuredAsMatrices(t *testing.T) {
	t.Setenv("GONVERGE_CACHE", t.TempDir())
	const pictures, positions, units = 200, 4, 9
	r := rand.New(rand.NewPCG(1, 2))
	order := r.Perm(units)
	a, b := mat.NewDense(pictures*positions, units, nil), mat.NewDense(pictures*positions, units, nil)
	for i := range pictures * positions {
		for j := range units {
			a.Set(i, j, float64(float32(max(0, r.NormFloat64()))))
		}
		for j := range units {
			b.Set(i, order[j], a.At(i, j))
		}
	}
	src := activation.Arrays("conv1", positions, a, b)
	stats, err := corr.Collect(context.Background(), src)
	if err != nil {
		t.Fatal(err)
	}
	got, want := stats.Layer("conv1").Between(0, 1), corr.FromMatrices(a, b).Between(0, 1)
	for i := range units {
		for j := range units {
			if d := math.Abs(got.At(i, j) - want.At(i, j)); d > 1e-6 { // products of float32
				t.Errorf("(%d, %d) is %v, want %v", i, j, got.At(i, j), want.At(i, j))
			}
		}
	}
	for i, j := range align.Match(got).Partner {
		if j != order[i] {
			t.Errorf("unit %d has partner %d, want %d", i, j, order[i])
		}
	}
	chance, err := corr.Collect(context.Background(), src.Shuffled(1))
	if err != nil {
		t.Fatal(err)
	}
	if c := align.Match(chance.Layer("conv1").Between(0, 1)).Mean(); c > 0.2 {
		t.Errorf("chance is %v", c)
	}
}

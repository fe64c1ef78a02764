package similarity

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/internal/contexttest"
)

// TestPiecesOfProductsHaveTheBitsOfTheWhole: products that can be ended are made row by row or stripe by
// stripe; the values of measures, which notebooks keep, do not depend on that.
func TestPiecesOfProductsHaveTheBitsOfTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	h := halt{context.Background()}
	for _, size := range [][3]int{{1, 1, 1}, {5, 70, 3}, {64, 64, 64}, {65, 129, 200}, {300, 100, 70}, {257, 300, 65}, {700, 65, 1}} {
		n, p, q := size[0], size[1], size[2]
		x, y := mat.NewDense(n, p, nil), mat.NewDense(n, q, nil)
		for i := range n {
			for j := range p {
				x.Set(i, j, r.NormFloat64()*float64(r.IntN(2)))
			}
			for j := range q {
				y.Set(i, j, r.NormFloat64())
			}
		}
		var gram mat.Dense
		gram.Mul(x, x.T())
		for name, pair := range map[string][2]*mat.Dense{"xᵀy": {h.cross(x, y), cross(x, y)}, "xᵀx": {h.cross(x, x), cross(x, x)}, "xxᵀ": {h.gram(x), &gram}} {
			if !mat.Equal(pair[0], pair[1]) {
				t.Errorf("%s of %d×%d and %d×%d differs from gonum's", name, n, p, n, q)
			}
		}
	}
}

// TestContextsReachEveryMeasure: a context that ends while a measure is prepared, shuffled or resampled ends that
// at the next row, product or decomposition.
func TestContextsReachEveryMeasure(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	matrix := func() *mat.Dense {
		m := mat.NewDense(40, 7, nil)
		for i := range 40 {
			for j := range 7 {
				m.Set(i, j, r.NormFloat64())
			}
		}
		return m
	}
	a, b, perm, weights := matrix(), matrix(), r.Perm(40), make([]float64, 40)
	for range weights {
		weights[r.IntN(40)]++
	}
	for _, m := range Measures() {
		work := func(h halt) (values []float64, err error) {
			defer func() { err = ended(recover()) }()
			c := h.prepare("test", m, mat.DenseCopyOf(a), mat.DenseCopyOf(b), Options{}.complete("test"), true)
			values = append(values, c.value())
			values = append(values, c.shuffled(perm))
			return append(values, c.resampled(weights)), nil
		}
		want, err := work(halt{})
		if err != nil {
			t.Fatal(err)
		}
		polls := int64(0)
		for ; ; polls++ {
			ctx := contexttest.EndAfter(polls)
			got, err := work(halt{ctx})
			if err == nil {
				if !slices.Equal(got, want) {
					t.Errorf("%v: %v with a context, want %v", m, got, want)
				}
				break
			}
			if after := -ctx.Left(); err != context.Canceled || after != 1 {
				t.Fatalf("%v, ended at poll %d: %v, asked %d times more", m, polls, err, after)
			}
		}
		if polls < 2 {
			t.Errorf("%v: asked %d times whether it shall go on, want before and after each decomposition, or at each row", m, polls)
		}
	}
}

// TestContextsEndWideComparisons: the error of the context is that of the function, wherever it ends.
func TestContextsEndWideComparisons(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 7))
	a, b := mat.NewDense(300, 3, nil), mat.NewDense(300, 2, nil)
	for i := range 300 {
		a.Set(i, i%3, r.NormFloat64())
		b.Set(i, i%2, r.NormFloat64())
	}
	for _, m := range Measures() {
		for polls := int64(0); polls < 5000; polls += 1 + polls/2 {
			if s, err := Compare(contexttest.EndAfter(polls), m, a, b, Options{Draws: 1000}); !errors.Is(err, context.Canceled) && err != nil {
				t.Errorf("%v, ended at poll %d: %v, %v", m, polls, s, err)
			}
			if polls == 0 {
				if s, err := Compare(contexttest.EndAfter(polls), m, a, b, Options{}); err == nil {
					t.Errorf("%v, ended at once: %v", m, s)
				}
			}
		}
	}
}

func TestSmallestIsThatOfTheOrder(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for n := 1; n < 200; n++ {
		values := make([]float64, n)
		for i := range values {
			values[i] = float64(r.IntN(1 + n/(1+r.IntN(3)))) // with ties
		}
		sorted := slices.Sorted(slices.Values(values))
		if got, want := median(halt{}, slices.Clone(values)), sorted[(n-1)/2]/2+sorted[n/2]/2; got != want {
			t.Errorf("median of %d values: %v, want %v", n, got, want)
		}
		k := r.IntN(n)
		if got := smallest(halt{}, values, k); got != sorted[k] {
			t.Errorf("value %d of %d in order: %v, want %v", k, n, got, sorted[k])
		}
	}
}

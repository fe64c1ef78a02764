package similarity

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestUnitsOfRoundingAreDead(t *testing.T) {
	r := rand.New(rand.NewPCG(40, 1))
	a, b := related(r, 30, 3, 4)
	more := mat.NewDense(30, 4, nil)
	more.Slice(0, 30, 0, 3).(*mat.Dense).Copy(a)
	for i := range 30 {
		more.Set(i, 3, 1e9+1.2e-7*float64(i%2)) // the last bit
	}
	if got, want := CCA(more, b), CCA(a, b); !near1(got, want, 1e-12) {
		t.Errorf("CCA %v, without the unit %v", got, want)
	}
}

// rbfNaive is CKA of Gaussian kernels from the distances as they are defined.
func rbfNaive(a, b *mat.Dense) float64 {
	gram := func(m *mat.Dense) *mat.Dense {
		n, p := m.Dims()
		d := mat.NewDense(n, n, nil)
		var all []float64
		for i := range n {
			for j := range n {
				sum := 0.0
				for c := range p {
					sum += (m.At(i, c) - m.At(j, c)) * (m.At(i, c) - m.At(j, c))
				}
				d.Set(i, j, math.Sqrt(sum))
				if j < i && sum > 0 {
					all = append(all, math.Sqrt(sum))
				}
			}
		}
		s := median(halt{}, all)
		d.Apply(func(_, _ int, v float64) float64 { return math.Exp(-v * v / (2 * s * s)) }, d)
		return ofGram(halt{}, d).gram
	}
	k, l := gram(a), gram(b)
	return inner(k, l) / math.Sqrt(inner(k, k)*inner(l, l))
}

func TestRBFOfMostlyCopiesTakesTheMedianOfTheOthers(t *testing.T) {
	r := rand.New(rand.NewPCG(41, 1))
	a, b := related(r, 40, 7, 5)
	for i := range 30 { // 435 of 780 pairs are copies
		a.SetRow(i, a.RawRowView(30))
		b.SetRow(i, b.RawRowView(30))
	}
	if got, want := CKARBF(a, b, 1), rbfNaive(a, b); !near1(got, want, 1e-10) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestEquidistantSamplesHaveNoUnbiasedCKA(t *testing.T) {
	// The corners of a simplex, turned so that their distances agree up to rounding.
	r := rand.New(rand.NewPCG(42, 1))
	for n := 4; n < 30; n++ {
		corners := rotation(r, n)
		if got := CKAUnbiased(corners, normal(r, n, 2)); got != 0 {
			t.Errorf("%d corners: %v", n, got)
		}
	}
}

func TestDrawsOfAnyOneSampleAreConstantData(t *testing.T) {
	// What centring leaves is rounding of either sign; the size makes both forms of kernel.
	r := rand.New(rand.NewPCG(43, 1))
	for _, size := range [][3]int{{60, 2, 3}, {20, 9, 11}} {
		a, b := related(r, size[0], size[1], size[2])
		for _, m := range []Measure{LinearCKA, UnbiasedCKA, MeanCCA, SingularVectorCCA, ProjectionWeightedCCA} {
			c := prepared(m, a, b, few())
			for i := range size[0] {
				w := make([]float64, size[0])
				w[i] = float64(size[0])
				if got := c.resampled(w); got != 0 {
					t.Errorf("%v of %v, sample %d: %v", m, size, i, got)
				}
			}
		}
	}
}

func TestShareIsReachedUpToRounding(t *testing.T) {
	equal := make([]float64, 100)
	for i := range equal {
		equal[i] = 1
	}
	for _, c := range []struct {
		share float64
		want  int
	}{{0.001, 1}, {0.01, 1}, {0.07, 7}, {0.071, 8}, {1, 100}} { // 0.07·100 is above 7 in float64
		if got := keep(equal, c.share); got != c.want {
			t.Errorf("share %v of 100 equal variances: %d, want %d", c.share, got, c.want)
		}
	}
}

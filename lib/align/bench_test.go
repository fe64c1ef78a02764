package align

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// planted returns the correlations within and between two nets of p and q units, whose
// activations are rectified mixtures of the same hidden causes, over n samples: like those
// of trained nets, with a tail of weak correlations.
func planted(seed uint64, n, p, q, causes int) (a, b *mat.SymDense, between *mat.Dense) {
	r := rand.New(rand.NewPCG(seed, 1))
	x := mat.NewDense(n, p+q, nil)
	mix := mat.NewDense(causes, p+q, nil)
	for i := range causes {
		for j := range p {
			mix.Set(i, j, r.NormFloat64()/math.Sqrt(float64(causes)))
		}
		for j := range q {
			mix.Set(i, p+j, mix.At(i, (7*j)%p)+0.5*r.NormFloat64()/math.Sqrt(float64(causes)))
		}
	}
	z := mat.NewDense(n, causes, nil)
	for i := range n {
		for j := range causes {
			z.Set(i, j, r.NormFloat64())
		}
	}
	x.Mul(z, mix)
	for i := range n {
		row := x.RawRowView(i)
		for j, v := range row {
			row[j] = max(0, v+0.3*r.NormFloat64())
		}
	}
	return correlations(x, p)
}

// correlations are those of the first p columns of x and of the others, 0 with a constant.
func correlations(x *mat.Dense, p int) (a, b *mat.SymDense, between *mat.Dense) {
	n, d := x.Dims()
	z := mat.DenseCopyOf(x)
	for j := range d {
		mean, square := 0.0, 0.0
		for i := range n {
			mean += z.At(i, j) / float64(n)
		}
		for i := range n {
			square += (z.At(i, j) - mean) * (z.At(i, j) - mean)
		}
		constant := !(square > 1e-20*float64(n)*mean*mean) // but for rounding
		for i := range n {
			v := 0.0
			if !constant {
				v = (z.At(i, j) - mean) / math.Sqrt(square)
			}
			z.Set(i, j, v)
		}
	}
	var g mat.Dense
	g.Mul(z.T(), z)
	a, b, between = mat.NewSymDense(p, nil), mat.NewSymDense(d-p, nil), mat.NewDense(p, d-p, nil)
	for i := range d {
		for j := i; j < d; j++ {
			v := g.At(i, j)
			if i == j && v != 0 {
				v = 1
			}
			switch {
			case j < p:
				a.SetSym(i, j, v)
			case i >= p:
				b.SetSym(i-p, j-p, v)
			default:
				between.Set(i, j-p, v)
			}
		}
	}
	return a, b, between
}

func BenchmarkLasso(b *testing.B) {
	within, _, between := planted(1, 5000, 384, 384, 200)
	for _, alpha := range []float64{0.05, 0.005} {
		b.Run(fmt.Sprintf("384x384/alpha=%g", alpha), func(b *testing.B) {
			var s *SparseMap
			for b.Loop() {
				s = Lasso(within, between, alpha)
			}
			b.ReportMetric(s.MeanNonZero(0), "predictors")
			b.ReportMetric(s.Violation, "violation")
		})
	}
}

func BenchmarkSpectralClusters(b *testing.B) {
	first, second, between := planted(2, 4000, 384, 384, 60)
	g := CombinedGraph(first, between, second, 0)
	b.Run("768", func(b *testing.B) {
		for b.Loop() {
			SpectralClusters(g, 10, 1)
		}
	})
}

func BenchmarkSoftMatch(b *testing.B) {
	m := random(rand.New(rand.NewPCG(6, 1)), "signed", 384, 256)
	b.Run("384x256", func(b *testing.B) {
		for b.Loop() {
			SoftMatch(m)
		}
	})
}

func BenchmarkAgglomerate(b *testing.B) {
	m := random(rand.New(rand.NewPCG(6, 1)), "uniform", 768, 768)
	d := mat.NewSymDense(768, nil)
	for i := range 768 {
		for j := i; j < 768; j++ {
			d.SetSym(i, j, m.At(i, j))
		}
	}
	b.Run("768", func(b *testing.B) {
		for b.Loop() {
			Agglomerate(d, AverageLinkage)
		}
	})
}

func BenchmarkAgglomerateMaps(b *testing.B) {
	m := random(rand.New(rand.NewPCG(6, 1)), "uniform", 384, 384)
	b.Run("768", func(b *testing.B) {
		for b.Loop() {
			AgglomerateMaps(m, m.T())
		}
	})
}

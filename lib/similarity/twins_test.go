package similarity

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// prepared returns the comparison for draws of copies of a and b.
func prepared(m Measure, a, b *mat.Dense, o Options) comparison {
	return prepare("test", m, mat.DenseCopyOf(a), mat.DenseCopyOf(b), o.complete("test"), true)
}

func TestShufflesAreTheMeasureOfShuffledSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(20, 1))
	for _, size := range [][3]int{{30, 4, 6}, {200, 3, 2}, {10, 20, 15}} {
		a, b := related(r, size[0], size[1], size[2])
		for _, m := range Measures() {
			c := prepared(m, a, b, few())
			if got, want := c.value(), Value(m, a, b, few()); got != want {
				t.Errorf("%v of %v: prepared for draws %v, alone %v", m, size, got, want)
			}
			perm := r.Perm(size[0])
			if got, want := c.shuffled(perm), Value(m, a, gather(b, perm), few()); !near1(got, want, 1e-10) {
				t.Errorf("%v of %v: shuffled %v, want %v", m, size, got, want)
			}
		}
	}
}

func TestResamplesAreTheMeasureOfDrawnSamples(t *testing.T) {
	r := rand.New(rand.NewPCG(21, 1))
	for _, size := range [][3]int{{30, 4, 6}, {200, 3, 2}, {10, 20, 15}} {
		a, b := related(r, size[0], size[1], size[2])
		for _, m := range Measures() {
			c := prepared(m, a, b, few())
			ones := make([]float64, size[0])
			for i := range ones {
				ones[i] = 1
			}
			if got, want := c.resampled(ones), c.value(); !near1(got, want, 1e-10) {
				t.Errorf("%v of %v: each sample once %v, value %v", m, size, got, want)
			}
			switch m {
			case UnbiasedCKA, RBFCKA, SpearmanRSA, PearsonRSA, NeighbourOverlap:
				continue // copies are not compared, or widths kept
			}
			for range 5 {
				w, index := counts(r, size[0])
				if got, want := c.resampled(w), Value(m, gather(a, index), gather(b, index), few()); !near1(got, want, 1e-9) {
					t.Errorf("%v of %v: resampled %v, want %v", m, size, got, want)
				}
			}
		}
	}
}

func TestResampledRBFKeepsItsWidths(t *testing.T) {
	r := rand.New(rand.NewPCG(19, 1))
	a, b := related(r, 25, 3, 4)
	c := prepared(RBFCKA, a, b, Options{Sigma: 0.7}).(*cka)
	w, index := counts(r, 25)
	drawn := func(k *kernel) *mat.Dense {
		g := mat.NewDense(25, 25, nil)
		g.Apply(func(i, j int, _ float64) float64 { return k.gram.At(index[i], index[j]) }, g)
		return ofGram(halt{}, g).gram
	}
	k, l := drawn(c.k), drawn(c.l)
	want := inner(k, l) / math.Sqrt(inner(k, k)*inner(l, l))
	if got := c.resampled(w); !near1(got, want, 1e-12) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDrawsOfOneSampleAreConstantData(t *testing.T) {
	r := rand.New(rand.NewPCG(22, 1))
	for _, size := range [][3]int{{30, 4, 6}, {200, 3, 2}, {10, 20, 15}} {
		a, b := related(r, size[0], size[1], size[2])
		for _, m := range Measures() {
			w := make([]float64, size[0])
			w[3] = float64(size[0])
			want := map[Measure]float64{ProcrustesNormalizedDistance: math.Sqrt2, AngleCKA: math.Pi / 2, ProcrustesAngularDistance: math.Pi / 2}[m]
			if m == NeighbourOverlap {
				continue // that of the sample
			}
			if got := prepared(m, a, b, few()).resampled(w); !near1(got, want, 1e-12) {
				t.Errorf("%v of %v: %v, want %v", m, size, got, want)
			}
		}
	}
}

// hsicNaive is HSIC₁ as a weighted mean over quadruples of different samples.
func hsicNaive(k, l *mat.Dense, w []float64) float64 {
	n := len(w)
	sum, total := 0.0, 0.0
	for i := range n {
		for j := range n {
			for q := range n {
				for s := range n {
					if i == j || i == q || i == s || j == q || j == s || q == s {
						continue
					}
					v := w[i] * w[j] * w[q] * w[s]
					total += v
					sum += v * k.At(i, j) * (l.At(i, j) + l.At(q, s) - 2*l.At(i, q))
				}
			}
		}
	}
	return sum / total
}

func TestUnbiasedCKAIsAMeanOverQuadruples(t *testing.T) {
	r := rand.New(rand.NewPCG(23, 1))
	for _, size := range [][3]int{{9, 3, 2}, {9, 2, 2}, {8, 12, 5}, {20, 1, 2}} { // features and Gram matrices
		a, b := related(r, size[0], size[1], size[2])
		k, l := times(a, a.T()), times(b, b.T())
		c := prepared(UnbiasedCKA, a, b, Options{})
		for trial := range 4 {
			w, _ := counts(r, size[0])
			got := c.resampled(w)
			if trial == 0 {
				for i := range w {
					w[i] = 1
				}
				got = CKAUnbiased(a, b)
			}
			want := hsicNaive(k, l, w) / math.Sqrt(hsicNaive(k, k, w)*hsicNaive(l, l, w))
			if !near1(got, min(want, 1), 1e-9) {
				t.Errorf("%v, weights %v: got %v, want %v", size, w, got, want)
			}
		}
	}
}

// spearmanNaive ranks the dissimilarities of the pairs of drawn samples, copies left out.
func spearmanNaive(d, e []float64, ranks bool) float64 {
	rank := func(x []float64) []float64 {
		if !ranks {
			return x
		}
		out := make([]float64, len(x))
		for i, v := range x {
			for _, u := range x {
				switch cmp.Compare(u, v) {
				case -1:
					out[i]++
				case 0:
					out[i] += 0.5
				}
			}
		}
		return out
	}
	x, y := rank(d), rank(e)
	mx, my := 0.0, 0.0
	for i := range x {
		mx += x[i] / float64(len(x))
		my += y[i] / float64(len(x))
	}
	var xx, yy, xy float64
	for i := range x {
		xx += (x[i] - mx) * (x[i] - mx)
		yy += (y[i] - my) * (y[i] - my)
		xy += (x[i] - mx) * (y[i] - my)
	}
	return xy / math.Sqrt(xx*yy)
}

func TestRSAIsTheCorrelationOfPairs(t *testing.T) {
	r := rand.New(rand.NewPCG(24, 1))
	for _, ties := range []bool{false, true} {
		a, b := related(r, 14, 5, 6)
		if ties {
			for _, m := range []*mat.Dense{a, b} {
				m.Apply(func(i, j int, v float64) float64 { return max(0, math.Round(v)) }, m)
				m.SetRow(3, m.RawRowView(9))
			}
		}
		index := make([]int, 14)
		w := make([]float64, 14)
		for i := range index {
			index[i], w[i] = i, 1
		}
		for range 4 {
			da, db := dissimilarities(halt{}, mat.DenseCopyOf(a)), dissimilarities(halt{}, mat.DenseCopyOf(b))
			var x, y []float64
			for i, p := range index {
				for _, q := range index[:i] {
					if p != q {
						x = append(x, da[p*14+q])
						y = append(y, db[p*14+q])
					}
				}
			}
			for _, m := range []Measure{SpearmanRSA, PearsonRSA} {
				want := spearmanNaive(x, y, m == SpearmanRSA)
				if got := prepared(m, a, b, Options{}).resampled(w); !near1(got, want, 1e-10) {
					t.Errorf("%v, ties %v, weights %v: got %v, want %v", m, ties, w, got, want)
				}
			}
			w, index = counts(r, 14)
		}
	}
}

// neighboursNaive averages the overlap over ways to break ties, drawn at random.
func neighboursNaive(r *rand.Rand, a, b *mat.Dense, k, trials int) float64 {
	n, _ := a.Dims()
	sets := func(m *mat.Dense, i int) []int {
		order := r.Perm(n)
		order = slices.DeleteFunc(order, func(j int) bool { return j == i })
		d := func(j int) float64 {
			sum := 0.0
			for c, v := range m.RawRowView(i) {
				sum += (v - m.At(j, c)) * (v - m.At(j, c))
			}
			return sum
		}
		slices.SortStableFunc(order, func(p, q int) int { return cmp.Compare(d(p), d(q)) })
		return order[:k]
	}
	total := 0.0
	for range trials {
		for i := range n {
			s := sets(a, i)
			for _, j := range sets(b, i) {
				if slices.Contains(s, j) {
					total++
				}
			}
		}
	}
	return total / float64(trials*n*k)
}

func TestNearestNeighboursBreakTiesByLot(t *testing.T) {
	r := rand.New(rand.NewPCG(25, 1))
	a, b := normal(r, 12, 2), normal(r, 12, 3)
	if got, want := NearestNeighbours(a, b, 4), neighboursNaive(r, a, b, 4, 1); !near1(got, want, 1e-12) {
		t.Errorf("no ties: got %v, want %v", got, want)
	}
	for _, m := range []*mat.Dense{a, b} { // integers have exact distances, many equal
		m.Apply(func(_, _ int, v float64) float64 { return math.Round(v) }, m)
	}
	const tol = 0.005 // 20,000 lots of 48 neighbours
	if got, want := NearestNeighbours(a, b, 4), neighboursNaive(r, a, b, 4, 20000); !near1(got, want, tol) {
		t.Errorf("ties: got %v, by lot %v", got, want)
	}
}

// permutations calls do with every order of n samples.
func permutations(n int, do func(perm []int)) {
	perm := make([]int, n)
	for i := range perm {
		perm[i] = i
	}
	var from func(k int)
	from = func(k int) {
		if k == n {
			do(perm)
			return
		}
		for i := k; i < n; i++ {
			perm[k], perm[i] = perm[i], perm[k]
			from(k + 1)
			perm[k], perm[i] = perm[i], perm[k]
		}
	}
	from(0)
}

func TestChanceLevelsHoldOverAllPermutations(t *testing.T) {
	const n = 6
	r := rand.New(rand.NewPCG(26, 1))
	a, b := related(r, n, 2, 3)
	mean := func(m Measure) float64 {
		c := prepared(m, a, b, few())
		sum, count := 0.0, 0
		permutations(n, func(perm []int) { sum += c.shuffled(perm); count++ })
		return sum / float64(count)
	}
	x, y := mat.DenseCopyOf(a), mat.DenseCopyOf(b)
	centre(x)
	centre(y)
	xx, yy := cross(x, x), cross(y, y)
	expect := mat.Trace(xx) * mat.Trace(yy) / (n - 1) / mat.Norm(xx, 2) / mat.Norm(yy, 2)
	for m, want := range map[Measure]float64{LinearCKA: expect, UnbiasedCKA: 0, PearsonRSA: 0, NeighbourOverlap: 2. / (n - 1)} {
		if got := mean(m); !near1(got, want, 1e-12) {
			t.Errorf("%v: mean over permutations %v, want %v", m, got, want)
		}
	}
	u, v := decompose(x).u, decompose(y).u
	sum, count := 0.0, 0
	permutations(n, func(perm []int) {
		for _, rho := range singular(cross(u, gather(v, perm))) {
			sum += rho * rho / 2
		}
		count++
	})
	if got, want := sum/float64(count), 3./(n-1); !near1(got, want, 1e-12) {
		t.Errorf("CCA: mean ρ² %v, want %v", got, want)
	}
}

func TestDecompositionsAgree(t *testing.T) {
	// The way out if the singular value iteration does not converge.
	r := rand.New(rand.NewPCG(27, 1))
	for _, size := range [][2]int{{20, 5}, {5, 20}, {7, 7}} {
		x := normal(r, size[0], size[1])
		for i := range size[0] {
			x.Set(i, 1, 2*x.At(i, 0)) // rank deficient
		}
		f, g := decompose(x), decomposeByGram(x)
		want := min(size[0], size[1]-1)
		if f.rank() != want || g.rank() != want {
			t.Fatalf("%v: ranks %d and %d, want %d", size, f.rank(), g.rank(), want)
		}
		for name, d := range map[string]factors{"SVD": f, "Gram": g} {
			back := times(scaled(d.u, d.s), d.v.T())
			back.Sub(back, x)
			if e := mat.Norm(back, 2); e > 1e-6 {
				t.Errorf("%v, %s: off by %v", size, name, e)
			}
		}
	}
	if f := decomposeByGram(mat.NewDense(3, 2, nil)); f.rank() != 0 {
		t.Errorf("rank %d of zeros", f.rank())
	}
}

func TestMomentsGiveTheSameCKA(t *testing.T) {
	r := rand.New(rand.NewPCG(28, 1))
	a, b := related(r, 50, 5, 7)
	x, y := mat.DenseCopyOf(a), mat.DenseCopyOf(b)
	centre(x)
	centre(y)
	got, want := CKAFromMoments(cross(x, x), cross(y, y), cross(x, y)), CKA(a, b)
	if !near1(got, want, 1e-13) {
		t.Errorf("from covariances %v, want %v", got, want)
	}
	u, v := standardise(x), standardise(y) // XᵀX is then the correlation matrix
	got, want = CKAFromMoments(cross(u, u), cross(v, v), cross(u, v)), CKA(u, v)
	if !near1(got, want, 1e-13) {
		t.Errorf("from correlations %v, want %v", got, want)
	}
	huge := cross(x, y)
	huge.Scale(1e300, huge)
	big, small := cross(x, x), cross(y, y)
	big.Scale(1e305, big)
	small.Scale(1e295, small)
	if got, want := CKAFromMoments(big, small, huge), CKA(a, b); !near1(got, want, 1e-12) {
		t.Errorf("far from 1: %v, want %v", got, want)
	}
	if got := CKAFromMoments(mat.NewDense(2, 2, nil), cross(y, y), mat.NewDense(2, 7, nil)); got != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestMinibatchesEstimateTheWhole(t *testing.T) {
	r := rand.New(rand.NewPCG(29, 1))
	a, b := related(r, 6000, 5, 7)
	whole := CKAUnbiased(a, b)
	for _, scale := range []float64{1, 1e-90} {
		var m MinibatchCKA
		if m.Value() != 0 {
			t.Errorf("no batch: %v", m.Value())
		}
		if err := m.Add(mat.NewDense(10, 5, nil), mat.NewDense(10, 7, nil)); err != nil || m.Value() != 0 {
			t.Errorf("constant batch: %v, %v", m.Value(), err)
		}
		for i := 0; i < 6000; i += 12 {
			x, y := mat.DenseCopyOf(a.Slice(i, i+12, 0, 5)), b.Slice(i, i+12, 0, 7)
			x.Scale(scale, x)
			if err := m.Add(x, y); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.Add(a.Slice(0, 3, 0, 5), b.Slice(0, 3, 0, 7)); err == nil || err.Error() != "similarity: MinibatchCKA: a batch of 3 samples (at least 4)" {
			t.Errorf("small batch: %v", err)
		}
		const tol = 0.02 // sampling, of 500 batches
		if got := m.Value(); !near1(got, whole, tol) {
			t.Errorf("scale %v: %v, whole %v", scale, got, whole)
		}
		if scale == 1 {
			t.Log(&m, "whole", whole)
		}
	}
	var one MinibatchCKA
	if err := one.Add(a, b); err != nil || !near1(one.Value(), whole, 1e-10) {
		t.Errorf("one batch: %v, %v, want %v", one.Value(), err, whole)
	}
}

func BenchmarkMeasures(b *testing.B) {
	x, y := related(rand.New(rand.NewPCG(18, 1)), 500, 64, 64)
	for _, m := range Measures() {
		b.Run(m.String(), func(b *testing.B) {
			for b.Loop() {
				Value(m, x, y, Options{})
			}
		})
		b.Run(m.String()+", shuffle and resample", func(b *testing.B) {
			c := prepared(m, x, y, Options{})
			r := rand.New(rand.NewPCG(17, 1))
			for b.Loop() {
				w, _ := counts(r, 500)
				c.shuffled(r.Perm(500))
				c.resampled(w)
			}
		})
	}
}

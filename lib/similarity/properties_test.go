package similarity

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestEqualMatricesHaveTheBestValue(t *testing.T) {
	const tol = 1e-7 // the arc cosine of CKAAngle; the others are exact to 1e-13
	r := rand.New(rand.NewPCG(1, 1))
	for _, size := range [][2]int{{50, 4}, {20, 19}, {12, 40}, {200, 7}} {
		a := normal(r, size[0], size[1])
		for _, m := range Measures() {
			if got := Value(m, a, a, few()); !near1(got, best(m), tol) {
				t.Errorf("%v of %v with itself: %v", m, size, got)
			}
		}
	}
}

// maps of the units of a matrix, and for each measure whether mapping the first and mapping the
// second matrix leaves it as it is.
func TestInvariance(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	type effect struct{ first, second bool }
	yes, no := effect{true, true}, effect{}
	rotate := func(a *mat.Dense) *mat.Dense { _, p := a.Dims(); return times(a, rotation(r, p)) }
	rotations := func(m Measure) effect {
		switch m {
		case SpearmanRSA, PearsonRSA:
			return no
		case ProjectionWeightedCCA:
			return effect{false, true}
		}
		return yes
	}
	for _, c := range []struct {
		name string
		do   func(a *mat.Dense) *mat.Dense
		want func(m Measure) effect
	}{
		{"order of units", func(a *mat.Dense) *mat.Dense { return reordered(r, a) }, func(Measure) effect { return yes }},
		{"scale", func(a *mat.Dense) *mat.Dense {
			var s mat.Dense
			s.Scale(1e-3, a)
			return &s
		}, func(m Measure) effect { return effect{m != ProcrustesDistance, m != ProcrustesDistance} }},
		{"offsets", func(a *mat.Dense) *mat.Dense { return shifted(r, a) }, func(m Measure) effect {
			return effect{m != SpearmanRSA && m != PearsonRSA, m != SpearmanRSA && m != PearsonRSA}
		}},
		{"rotation", rotate, rotations},
		{"reflection", func(a *mat.Dense) *mat.Dense {
			b := mat.DenseCopyOf(a)
			for i := range b.RawMatrix().Rows {
				b.Set(i, 0, -b.At(i, 0))
			}
			return b
		}, func(m Measure) effect {
			if m == ProjectionWeightedCCA { // a sign of one unit changes no |⟨h, x⟩|
				return yes
			}
			return rotations(m)
		}},
		{"invertible map", func(a *mat.Dense) *mat.Dense {
			_, p := a.Dims()
			m := normal(r, p, p)
			for j := range p {
				m.Set(j, j, m.At(j, j)*8)
			}
			return times(a, m)
		}, func(m Measure) effect { return effect{m == MeanCCA, m == MeanCCA || m == ProjectionWeightedCCA} }},
		{"dead units added", func(a *mat.Dense) *mat.Dense {
			n, p := a.Dims()
			b := mat.NewDense(n, p+2, nil)
			b.Slice(0, n, 1, p+1).(*mat.Dense).Copy(a)
			for i := range n {
				b.Set(i, p+1, 0.1) // has no exact mean
			}
			return b
		}, func(m Measure) effect {
			return effect{m != SpearmanRSA && m != PearsonRSA, m != SpearmanRSA && m != PearsonRSA}
		}},
		{"duplicate unit added", func(a *mat.Dense) *mat.Dense {
			n, p := a.Dims()
			b := mat.NewDense(n, p+1, nil)
			b.Slice(0, n, 0, p).(*mat.Dense).Copy(a)
			for i := range n {
				b.Set(i, p, a.At(i, 0))
			}
			return b
		}, func(m Measure) effect { return effect{m == MeanCCA, m == MeanCCA || m == ProjectionWeightedCCA} }},
		{"scale and offset of each sample", func(a *mat.Dense) *mat.Dense {
			b := mat.DenseCopyOf(a)
			for i := range b.RawMatrix().Rows {
				row := b.RawRowView(i)
				f, t := 1+r.Float64(), r.NormFloat64()
				for j := range row {
					row[j] = f*row[j] + t
				}
			}
			return b
		}, func(m Measure) effect {
			return effect{m == SpearmanRSA || m == PearsonRSA, m == SpearmanRSA || m == PearsonRSA}
		}},
	} {
		a, b := related(r, 60, 6, 9)
		for _, m := range Measures() {
			const same, other = 1e-9, 1e-6 // rounding; an effect on these matrices
			before := Value(m, a, b, few())
			check := func(which string, after float64, invariant bool) {
				if d := math.Abs(after - before); invariant && !(d <= same) || !invariant && !(d > other) {
					t.Errorf("%v, %s of the %s: %v before, %v after, invariant: %v", m, c.name, which, before, after, invariant)
				}
			}
			want := c.want(m)
			if m == NeighbourOverlap && !want.first {
				continue // neighbours may stay the same
			}
			check("first", Value(m, c.do(a), b, few()), want.first)
			check("second", Value(m, a, c.do(b), few()), want.second)
		}
	}
}

func TestWideMatricesAreInvariantToRotation(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	a, b := related(r, 15, 40, 30)
	for _, m := range Measures() {
		switch m {
		case SpearmanRSA, PearsonRSA, ProjectionWeightedCCA:
			continue
		}
		before, after := Value(m, a, b, few()), Value(m, times(a, rotation(r, 40)), times(b, rotation(r, 30)), few())
		if !near1(after, before, 1e-9) {
			t.Errorf("%v: %v, rotated %v", m, before, after)
		}
	}
	// With more units than samples CCA sees the same span in everything.
	if got := CCA(a, normal(r, 15, 30)); !near1(got, 1, 1e-12) {
		t.Errorf("CCA of 15 samples of 40 and 30 independent units: %v, want 1", got)
	}
}

func TestOrderOfSamplesDoesNotMatter(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 1))
	a, b := related(r, 40, 5, 8)
	for i := range 10 { // ties
		b.SetRow(i, b.RawRowView(20))
	}
	perm := r.Perm(40)
	for _, m := range Measures() {
		before, after := Value(m, a, b, few()), Value(m, gather(a, perm), gather(b, perm), few())
		if !near1(after, before, 1e-11) {
			t.Errorf("%v: %v, with samples in another order %v", m, before, after)
		}
	}
}

func TestAllButPWCCAAreSymmetric(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	a, b := related(r, 40, 5, 8)
	for _, m := range Measures() {
		one, other := Value(m, a, b, few()), Value(m, b, a, few())
		if same := near1(one, other, 1e-11); same == (m == ProjectionWeightedCCA) {
			t.Errorf("%v: %v one way, %v the other", m, one, other)
		}
	}
}

func TestDistancesOfRotatedCopiesAreZero(t *testing.T) {
	const tol = 1e-12 // not the 1e-8 of a root of a difference
	r := rand.New(rand.NewPCG(6, 1))
	for _, size := range [][2]int{{50, 6}, {10, 30}} {
		a := normal(r, size[0], size[1])
		b := shifted(r, times(a, rotation(r, size[1])))
		for _, m := range []Measure{ProcrustesDistance, ProcrustesNormalizedDistance, ProcrustesAngularDistance} {
			if got := Value(m, a, b, Options{}); !(got <= tol) {
				t.Errorf("%v of %v: %v", m, size, got)
			}
		}
		c := mat.NewDense(size[0], size[1]+3, nil) // the same in more units
		c.Slice(0, size[0], 0, size[1]).(*mat.Dense).Copy(b)
		if got := Procrustes(times(c, rotation(r, size[1]+3)), a); !(got <= 10*tol) {
			t.Errorf("rotated into more units, %v: %v", size, got)
		}
	}
}

func TestDistancesAreMetric(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 1))
	for trial := range 60 {
		n := 5 + r.IntN(20)
		x, y := related(r, n, 1+r.IntN(12), 1+r.IntN(12))
		_, z := related(r, n, 3, 1+r.IntN(12))
		if trial%3 == 0 {
			z = mat.DenseCopyOf(y)
		}
		if trial%3 == 1 {
			z = times(y, rotation(r, y.RawMatrix().Cols))
			z.Set(0, 0, z.At(0, 0)+0.1)
		}
		for _, m := range Measures() {
			if !m.Distance() {
				continue
			}
			const tol = 1e-7 // of CKAAngle near 0
			d := func(a, b *mat.Dense) float64 { return Value(m, a, b, Options{}) }
			xy, yz, xz := d(x, y), d(y, z), d(x, z)
			if xz > xy+yz+tol || xy > xz+yz+tol || yz > xy+xz+tol {
				t.Fatalf("%v: sides %v, %v, %v", m, xy, yz, xz)
			}
		}
	}
}

func TestValuesStayInRangeOnOddData(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 1))
	top := map[string]float64{"0 to 1": 1, "-1 to 1": 1, "0 to π/2": math.Pi / 2, "0 to √2": math.Sqrt2, "0 up": math.Inf(1)}
	kinds := map[string]func(m *mat.Dense){
		"normal": func(*mat.Dense) {},
		"zero":   func(m *mat.Dense) { m.Zero() },
		"constant": func(m *mat.Dense) {
			m.Apply(func(_, j int, _ float64) float64 { return 0.1 + float64(j) }, m)
		},
		"huge":       func(m *mat.Dense) { m.Scale(1e306, m) },
		"tiny":       func(m *mat.Dense) { m.Scale(1e-307, m) },
		"subnormal":  func(m *mat.Dense) { m.Scale(1e-320, m) },
		"offset":     func(m *mat.Dense) { m.Apply(func(_, _ int, v float64) float64 { return 1e9 + v }, m) },
		"copies":     func(m *mat.Dense) { m.Apply(func(i, j int, _ float64) float64 { return m.At(i%2, j) }, m) },
		"twins":      func(m *mat.Dense) { m.Apply(func(i, j int, _ float64) float64 { return m.At(i, 0) }, m) },
		"one sample": func(m *mat.Dense) { m.Apply(func(i, _ int, v float64) float64 { return v * float64(1/(i+1)) }, m) },
		"dead":       func(m *mat.Dense) { m.Apply(func(_, j int, v float64) float64 { return v * float64(j%2) }, m) },
		"relu":       func(m *mat.Dense) { m.Apply(func(_, _ int, v float64) float64 { return max(0, v-1) }, m) },
		"one-hot": func(m *mat.Dense) {
			m.Apply(func(i, j int, _ float64) float64 {
				if i == j {
					return 1
				}
				return 0
			}, m)
		},
		"scales": func(m *mat.Dense) {
			m.Apply(func(_, j int, v float64) float64 { return v * math.Pow(1e-40, float64(j)) }, m)
		},
	}
	for nameA, a := range kinds {
		for nameB, b := range kinds {
			for _, size := range [][3]int{{1, 1, 1}, {1, 3, 2}, {2, 1, 1}, {2, 3, 5}, {3, 2, 2}, {4, 1, 6}, {5, 9, 5}, {12, 3, 4}} {
				x, y := normal(r, size[0], size[1]), normal(r, size[0], size[2])
				a(x)
				b(y)
				for _, m := range Measures() {
					o := Options{Neighbours: 2, Share: 0.9}
					if m == NeighbourOverlap && size[0] < 3 {
						continue
					}
					w, _ := counts(r, size[0])
					x2, y2 := mat.DenseCopyOf(x), mat.DenseCopyOf(y)
					c := prepare("test", m, x2, y2, o.complete("test"), true)
					for what, got := range map[string]float64{
						"value": Value(m, x, y, o), "shuffled": c.shuffled(r.Perm(size[0])), "resampled": c.resampled(w),
					} {
						low := 0.0
						if m.Range() == "-1 to 1" {
							low = -1
						}
						if math.IsNaN(got) || got < low || got > top[m.Range()] || math.IsInf(got, 0) {
							t.Errorf("%v of %s and %s %v: %s %v", m, nameA, nameB, size, what, got)
						}
					}
				}
			}
		}
	}
}

func TestConstantDataHasTheDocumentedValues(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 1))
	flat := mat.NewDense(10, 3, nil)
	flat.Apply(func(_, j int, _ float64) float64 { return 0.1 * float64(1+j) }, flat)
	a := normal(r, 10, 4)
	length := 0.0
	centred := mat.DenseCopyOf(a)
	scale := math.Ldexp(1, centre(centred))
	length = scale * math.Sqrt(inner(centred, centred))
	want := map[Measure]float64{
		ProcrustesDistance: length, ProcrustesNormalizedDistance: math.Sqrt2, AngleCKA: math.Pi / 2,
		ProcrustesAngularDistance: math.Pi / 2, NeighbourOverlap: 2. / 9,
	}
	for _, m := range Measures() {
		for name, got := range map[string]float64{"constant first": Value(m, flat, a, few()), "constant second": Value(m, a, flat, few())} {
			if !near1(got, want[m], 1e-12) {
				t.Errorf("%v, %s: %v, want %v", m, name, got, want[m])
			}
		}
		both := want[m]
		if m == ProcrustesDistance {
			both = 0
		}
		if got := Value(m, flat, flat, few()); !near1(got, both, 1e-12) {
			t.Errorf("%v, both constant: %v, want %v", m, got, both)
		}
	}
}

func TestFewSamplesHaveTheDocumentedValues(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 1))
	one, two, three := normal(r, 1, 3), normal(r, 2, 3), normal(r, 3, 3)
	for _, c := range []struct {
		name      string
		got, want float64
	}{
		{"CKA, one sample", CKA(one, one), 0},
		{"CKA, two samples", CKA(two, normal(r, 2, 5)), 1},
		{"CKAUnbiased, three samples", CKAUnbiased(three, three), 0},
		{"CKAUnbiased, equidistant samples", CKAUnbiased(mat.NewDiagDense(6, []float64{1, 1, 1, 1, 1, 1}), normal(r, 6, 2)), 0},
		{"CCA, one sample", CCA(one, one), 0},
		{"Procrustes, one sample", Procrustes(one, normal(r, 1, 2)), 0},
		{"RSA, two samples", RSA(two, two), 0},
		{"RSA, one unit", RSA(normal(r, 9, 1), normal(r, 9, 4)), 0},
		{"neighbours, all", NearestNeighbours(three, normal(r, 3, 2), 2), 1},
	} {
		if !near1(c.got, c.want, 1e-12) {
			t.Errorf("%s: %v, want %v", c.name, c.got, c.want)
		}
	}
}

package align

import (
	"encoding/json"
	"math"
	"os"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// splitmix64 returns the stream of uniform numbers that testdata's scripts draw.
func splitmix64(seed uint64) func() float64 {
	s := seed
	return func() float64 {
		s += 0x9E3779B97F4A7C15
		z := s
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		return float64((z^z>>31)>>11) * 0x1p-53
	}
}

// mixed is the sample of testdata/groups.py: 200 × (24+20).
func mixed() *mat.Dense {
	const n, p, q = 200, 24, 20
	u := fill("uniform", n, p+q, splitmix64(7))
	x := mat.NewDense(n, p+q, nil)
	for i := range n {
		for j := range p + q {
			at := func(back int) float64 { return u.At(i, (j-back+p+q)%(p+q)) }
			x.Set(i, j, max(0, at(0)+.7*at(1)+.5*at(p)-.9))
		}
	}
	return x
}

type groupsOracle struct {
	Lasso []struct {
		Alpha   float64
		Weights [][]float64 // targets × predictors
		Loss    float64
	}
	Ridge, Pinv [][]float64
	Trees       []struct {
		Linkage string
		Merges  [][4]float64
		Leaves  []int
		Cut5    []int
	}
	Spectrum []float64
	Labels   []int
	Plans    []struct {
		Rows, Columns int
		Seed          uint64
		Mean          float64
	}
}

func readOracle(t *testing.T) *groupsOracle {
	t.Helper()
	b, err := os.ReadFile("testdata/groups.json")
	if err != nil {
		t.Fatal(err)
	}
	o := new(groupsOracle)
	if err := json.Unmarshal(b, o); err != nil {
		t.Fatal(err)
	}
	return o
}

// checkWeights compares a map with weights by target.
func checkWeights(t *testing.T, name string, s *SparseMap, want [][]float64, tol float64) {
	t.Helper()
	worst := 0.0
	for j, row := range want {
		for i, v := range row {
			worst = max(worst, math.Abs(s.Weights.At(i, j)-v))
		}
	}
	t.Logf("%s: largest difference %.1e", name, worst)
	if !(worst <= tol) {
		t.Errorf("%s: weights differ by %v, tolerance %v", name, worst, tol)
	}
}

func TestMapsAgreeWithScikitLearn(t *testing.T) {
	o := readOracle(t)
	within, _, between := correlations(mixed(), 24)
	const tol = 1e-7 // scikit-learn's duality gap of 1e-14; ridge and pinv are to 1e-9
	for _, c := range o.Lasso {
		s := Lasso(within, between, c.Alpha)
		checkWeights(t, s.String(), s, c.Weights, tol)
		if math.Abs(s.Loss()-c.Loss) > 1e-9 {
			t.Errorf("alpha %v: loss %v, scikit-learn %v", c.Alpha, s.Loss(), c.Loss)
		}
	}
	checkWeights(t, "ridge", Ridge(within, between, .2), o.Ridge, 1e-9)

	// Ten predictors and the mean of them twice: singular.
	g, b := mat.NewSymDense(12, nil), mat.NewDense(12, 20, nil)
	share := func(i, j int) float64 { // of predictor j in column i
		if i >= 10 {
			return .1
		}
		if i == j {
			return 1
		}
		return 0
	}
	for i := range 12 {
		for j := range 12 {
			v := 0.0
			for k := range 10 {
				for l := range 10 {
					v += share(i, k) * share(j, l) * within.At(k, l)
				}
			}
			g.SetSym(i, j, v)
		}
		for j := range 20 {
			for k := range 10 {
				b.Set(i, j, b.At(i, j)+share(i, k)*between.At(k, j))
			}
		}
	}
	checkWeights(t, "pseudo-inverse", LeastSquares(g, b), o.Pinv, 1e-8)
}

func TestTreesAgreeWithScipy(t *testing.T) {
	within, _, _ := correlations(mixed(), 24)
	d := mat.NewSymDense(24, nil)
	for i := range 24 {
		for j := i; j < 24; j++ {
			d.SetSym(i, j, 1-math.Abs(within.At(i, j)))
		}
	}
	for k, c := range readOracle(t).Trees {
		if got := Linkage(k).String(); got != c.Linkage {
			t.Fatalf("linkage %d is %s, want %s", k, got, c.Linkage)
		}
		tree := Agglomerate(d, Linkage(k))
		for m, want := range c.Merges {
			got := tree.Merges[m]
			if got[0] != want[0] || got[1] != want[1] || got[3] != want[3] || math.Abs(got[2]-want[2]) > 1e-11 {
				t.Fatalf("%s: merge %d is %v, scipy %v", c.Linkage, m, got, want)
			}
		}
		if got := tree.Leaves(); !reflect.DeepEqual(got, c.Leaves) {
			t.Errorf("%s: leaves %v, scipy %v", c.Linkage, got, c.Leaves)
		}
		renumber(c.Cut5)
		if got := tree.Cut(5); !reflect.DeepEqual(got, c.Cut5) {
			t.Errorf("%s: cut %v, scipy %v", c.Linkage, got, c.Cut5)
		}
	}
}

func TestSpectralClustersAgreeWithScikitLearn(t *testing.T) {
	o := readOracle(t)
	a, b, between := correlations(mixed(), 24)
	got := SpectralClusters(CombinedGraph(a, between, b, .1), 5, 1).Eigenvalues
	if len(got) != len(o.Spectrum) {
		t.Fatalf("%d eigenvalues, scipy %d", len(got), len(o.Spectrum))
	}
	for i, want := range o.Spectrum {
		if math.Abs(got[i]-want) > 1e-10 {
			t.Errorf("eigenvalue %d is %v, scipy %v", i, got[i], want)
		}
	}

	const m = 60
	x := fill("uniform", m, m, splitmix64(9))
	s := mat.NewSymDense(m, nil)
	for i := range m {
		for j := i; j < m; j++ {
			v := .1 * (x.At(i, j) + x.At(j, i)) / 2
			if i*7%4 == j*7%4 {
				v += .6
			}
			s.SetSym(i, j, v)
		}
		s.SetSym(i, i, 1)
	}
	renumber(o.Labels)
	for _, k := range []int{4, 0} { // 0: the eigengap finds four
		c := SpectralClusters(s, k, 5)
		if !reflect.DeepEqual(c.Labels, o.Labels) {
			t.Errorf("k = %d: labels %v, scikit-learn %v", k, c.Labels, o.Labels)
		}
	}
}

func TestSoftMatchAgreesWithScipy(t *testing.T) {
	for _, c := range readOracle(t).Plans {
		m := fill("signed", c.Rows, c.Columns, splitmix64(c.Seed))
		s := SoftMatch(m)
		checkPlan(t, s.Plan)
		if math.Abs(s.Mean()-c.Mean) > 1e-9 { // the linear program's own tolerance
			t.Errorf("%d×%d: mean %v, scipy %v", c.Rows, c.Columns, s.Mean(), c.Mean)
		}
	}
}

package align

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// Python is Debian's, whose packages scipy and scikit-learn the audits compare with.
const python = "/usr/bin/python3"

// audit runs a script of testdata on given, as JSON, and reads its answer into found. Where the
// packages it imports are missing the test is skipped, naming them.
func audit(t *testing.T, script, packages string, given, found any) {
	t.Helper()
	if out, err := exec.Command(python, "-c", "import "+packages).CombinedOutput(); err != nil {
		if os.Getenv("REQUIRE_JUPYTER") == "1" {
			t.Fatalf("%s: %v %s", python, err, out) // CI installs them
		}
		t.Skipf("no audit: %s cannot import %s: %v %s", python, packages, err, out)
	}
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(python, "testdata/"+script)
	c.Stdin = bytes.NewReader(text)
	var faults bytes.Buffer
	c.Stderr = &faults
	out, err := c.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s", script, err, faults.String())
	}
	if err := json.Unmarshal(out, found); err != nil {
		t.Fatal(err)
	}
}

// rowsOf returns a matrix row by row.
func rowsOf(m mat.Matrix) [][]float64 {
	r, c := m.Dims()
	rows := make([][]float64, r)
	for i := range rows {
		rows[i] = make([]float64, c)
		for j := range c {
			rows[i][j] = m.At(i, j)
		}
	}
	return rows
}

type auditMap struct {
	Z, Y   [][]float64 // samples × predictors and targets, of mean 0 and variance 1 or 0
	Alphas []float64
	Lambda float64
}

type auditClusters struct {
	S             [][]float64
	K             int
	Truth, Labels []int
}

// scored returns z-scores of rectified mixtures, n × p, some units dead or twins.
func scored(r *rand.Rand, n, p int, odd bool) *mat.Dense {
	z := mat.NewDense(n, p, nil)
	for i := range n {
		common := r.NormFloat64()
		for j := range p {
			z.Set(i, j, max(0, r.NormFloat64()+.5*common))
		}
	}
	for j := range p {
		x := mat.Col(nil, j, z)
		if odd && j == p-1 {
			clear(x)
		}
		mean, square := 0.0, 0.0
		for _, v := range x {
			mean += v / float64(n)
		}
		for _, v := range x {
			square += (v - mean) * (v - mean) / float64(n)
		}
		for i, v := range x {
			if square > 0 {
				x[i] = (v - mean) / math.Sqrt(square)
			}
		}
		z.SetCol(j, x)
	}
	return z
}

func TestAuditAgainstScipyAndScikitLearn(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 5))
	var given struct {
		Scores    [][][]float64
		Distances [][][]float64
		Maps      []auditMap
		Clusters  []auditClusters
	}
	var scores []*mat.Dense
	for _, size := range [][2]int{{1, 1}, {1, 5}, {5, 1}, {2, 2}, {7, 4}, {4, 7}, {12, 12}, {9, 6}, {15, 10}, {30, 30}} {
		for _, kind := range []string{"signed", "tied", "constant", "dead"} {
			m := mat.NewDense(size[0], size[1], nil)
			m.Apply(func(i, j int, _ float64) float64 {
				v := 2*r.Float64() - 1
				switch {
				case kind == "tied":
					v = math.Round(3 * v)
				case kind == "constant":
					v = .25
				case kind == "dead" && (i == 0 || j == 0):
					v = 0
				}
				return v
			}, m)
			scores = append(scores, m)
			given.Scores = append(given.Scores, rowsOf(m))
		}
	}
	var distances []*mat.SymDense
	for _, n := range []int{2, 3, 5, 12, 40} {
		for _, levels := range []float64{0, 1, 3, 10} { // ties; 0: none, 1: nearly all equal
			d := mat.NewSymDense(n, nil)
			for i := range n {
				for j := i + 1; j < n; j++ {
					v := r.Float64()
					if levels > 0 {
						v = math.Round(levels*v) / levels
					}
					d.SetSym(i, j, v)
				}
			}
			distances = append(distances, d)
			given.Distances = append(given.Distances, rowsOf(d))
		}
	}
	type problem struct {
		within  *mat.SymDense
		between *mat.Dense
	}
	var problems []problem
	for _, c := range []struct {
		n, p, q int
		odd     bool
	}{{400, 12, 5, false}, {400, 12, 12, true}, {60, 20, 3, false}, {50, 1, 4, false}, {30, 40, 3, false}} {
		// Samples of both nets share their causes through the common mode.
		all := scored(r, c.n, c.p+c.q, c.odd)
		z, y := mat.DenseCopyOf(all.Slice(0, c.n, 0, c.p)), mat.DenseCopyOf(all.Slice(0, c.n, c.p, c.p+c.q))
		g, b := mat.NewSymDense(c.p, nil), new(mat.Dense)
		g.SymOuterK(1/float64(c.n), z.T())
		b.Mul(z.T(), y)
		b.Scale(1/float64(c.n), b)
		problems = append(problems, problem{g, b})
		given.Maps = append(given.Maps, auditMap{rowsOf(z), rowsOf(y), []float64{.3, .1, .02, .002}, .05})
	}
	for _, k := range []int{2, 4, 7} {
		n := 30 * k
		s := mat.NewSymDense(n, nil)
		truth := make([]int, n)
		for i := range truth {
			truth[i] = r.IntN(k)
		}
		for i := range n {
			s.SetSym(i, i, 1)
			for j := i + 1; j < n; j++ {
				v := .1 * r.Float64()
				if truth[i] == truth[j] {
					v += .5
				}
				s.SetSym(i, j, v)
			}
		}
		given.Clusters = append(given.Clusters, auditClusters{rowsOf(s), k, truth, SpectralClusters(s, k, 1).Labels})
		if c := SpectralClusters(s, 0, 1); c.K != k {
			t.Errorf("eigengap of %d planted blocks: %d clusters", k, c.K)
		}
	}
	var found struct {
		Sums []struct {
			Match, Soft, Greedy float64
			Semi                []int
		}
		Trees [][]struct {
			Merges [][4]float64
			Leaves []int
		}
		Maps []struct {
			Lasso        [][][]float64
			Ridge, Least [][]float64
		}
		Rand [][2]float64
	}
	audit(t, "audit.py", "scipy, sklearn", given, &found)

	worst := map[string]float64{}
	compare := func(what string, got, want, tol float64) {
		t.Helper()
		d := math.Abs(got - want)
		worst[what] = max(worst[what], d)
		if !(d <= tol) {
			t.Errorf("%s: %v, want %v (difference %.1e)", what, got, want, d)
		}
	}
	for k, m := range scores {
		p, q := m.Dims()
		w := found.Sums[k]
		compare("matching", sum(Match(m)), w.Match, 1e-12)
		compare("greedy", sum(Greedy(m)), w.Greedy, 1e-12)
		compare("soft matching", SoftMatch(m).Mean(), w.Soft, 1e-8) // the linear program's own tolerance
		if got := SemiMatch(m).Partner; !reflect.DeepEqual(got, w.Semi) {
			t.Errorf("%d×%d: semi-matching %v, numpy %v", p, q, got, w.Semi)
		}
	}
	for k, d := range distances {
		for l, w := range found.Trees[k] {
			tree := Agglomerate(d, Linkage(l))
			if got := tree.Leaves(); !reflect.DeepEqual(got, w.Leaves) {
				t.Errorf("%v linkage, distances %d: leaves %v, scipy %v", Linkage(l), k, got, w.Leaves)
			}
			for i, row := range w.Merges {
				for c, v := range row {
					compare(Linkage(l).String()+" linkage", tree.Merges[i][c], v, 1e-12)
				}
			}
		}
	}
	weights := func(what string, s *SparseMap, want [][]float64, tol float64) {
		t.Helper()
		for j, row := range want {
			for i, v := range row {
				compare(what, s.Weights.At(i, j), v, tol)
			}
		}
	}
	for k, p := range problems {
		alphas := given.Maps[k].Alphas
		path := LassoPath(p.within, p.between, alphas)
		for a, alpha := range alphas {
			// The fit by samples ends at a gap of 1e-14 of the squares; with more predictors than
			// samples and hardly a penalty that leaves the weights more freedom.
			tol := 2e-6
			if alpha < .01 && len(given.Maps[k].Z) < len(given.Maps[k].Z[0]) {
				tol = 1e-3
			}
			weights("lasso", Lasso(p.within, p.between, alpha), found.Maps[k].Lasso[a], tol)
			weights("lasso path", path[a], found.Maps[k].Lasso[a], tol)
		}
		weights("ridge", Ridge(p.within, p.between, given.Maps[k].Lambda), found.Maps[k].Ridge, 1e-9)
		weights("least squares", LeastSquares(p.within, p.between), found.Maps[k].Least, 1e-7)
	}
	for k, w := range found.Rand {
		if w[0] < .99 || w[1] < .99 {
			t.Errorf("spectral clusters %d: adjusted Rand index %v with scikit-learn's, %v with the planted ones", k, w[0], w[1])
		}
	}
	for what, d := range worst { // in any order: for the reader only
		t.Logf("%-16s largest difference %.1e", what, d)
	}
}

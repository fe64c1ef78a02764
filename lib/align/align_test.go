package align

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// random returns a matrix of the kind "signed" in [-1, 1), "ties" of 0..3, "uniform" in [0, 1).
func random(r *rand.Rand, kind string, rows, columns int) *mat.Dense {
	return fill(kind, rows, columns, r.Float64)
}

func fill(kind string, rows, columns int, draw func() float64) *mat.Dense {
	m := mat.NewDense(rows, columns, nil)
	for i := range rows {
		for j := range columns {
			x := draw()
			switch kind {
			case "signed":
				x = 2*x - 1
			case "ties":
				x = math.Floor(4 * x)
			}
			m.Set(i, j, x)
		}
	}
	return m
}

func sum(m *Matching) float64 {
	s := 0.0
	for _, v := range m.Score {
		s += v
	}
	return s
}

// best is the largest sum over all injective choices, by trying them all.
func best(m mat.Matrix) float64 {
	rows, columns := m.Dims()
	if rows > columns {
		return best(m.T())
	}
	used := make([]bool, columns)
	var from func(i int) float64
	from = func(i int) float64 {
		if i == rows {
			return 0
		}
		top := math.Inf(-1)
		for j := range columns {
			if !used[j] {
				used[j] = true
				top = max(top, m.At(i, j)+from(i+1))
				used[j] = false
			}
		}
		return top
	}
	return from(0)
}

// checkOneToOne fails unless match is one-to-one, complete on the smaller side, and its
// scores are m's.
func checkOneToOne(t *testing.T, m mat.Matrix, match *Matching) {
	t.Helper()
	rows, columns := m.Dims()
	if len(match.Partner) != rows || len(match.Score) != rows {
		t.Fatalf("%d partners and %d scores for %d rows", len(match.Partner), len(match.Score), rows)
	}
	used := map[int]int{}
	for i, j := range match.Partner {
		if j == -1 {
			if match.Score[i] != 0 {
				t.Errorf("row %d has no partner but score %v", i, match.Score[i])
			}
			continue
		}
		if k, taken := used[j]; taken {
			t.Errorf("column %d is the partner of rows %d and %d", j, k, i)
		}
		used[j] = i
		if match.Score[i] != m.At(i, j) {
			t.Errorf("row %d: score %v, entry %v", i, match.Score[i], m.At(i, j))
		}
	}
	if len(used) != min(rows, columns) {
		t.Errorf("%d pairs in a matrix of %d×%d", len(used), rows, columns)
	}
}

func TestMatchIsTheBestOfAllChoices(t *testing.T) {
	const tol = 1e-12 // a sum of at most seven terms below 4
	r := rand.New(rand.NewPCG(1, 1))
	for _, kind := range []string{"signed", "ties", "uniform"} {
		for rows := 1; rows <= 7; rows++ {
			for columns := 1; columns <= 7; columns++ {
				for range 6 {
					m := random(r, kind, rows, columns)
					match := Match(m)
					checkOneToOne(t, m, match)
					if got, want := sum(match), best(m); math.Abs(got-want) > tol {
						t.Fatalf("%s %d×%d: sum %v, best %v of\n%v", kind, rows, columns, got, want, mat.Formatted(m))
					}
				}
			}
		}
	}
}

func TestMatchAgreesWithScipy(t *testing.T) {
	b, err := os.ReadFile("testdata/assignment.json")
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct {
		Cases []struct {
			Kind          string
			Rows, Columns int
			Seed          uint64
			Sum           float64
		}
	}
	if err := json.Unmarshal(b, &oracle); err != nil {
		t.Fatal(err)
	}
	const tol = 1e-10 // other order of summation over some hundred terms
	for _, c := range oracle.Cases {
		s := c.Seed
		m := fill(c.Kind, c.Rows, c.Columns, func() float64 { // splitmix64, as in oracle.py
			s += 0x9E3779B97F4A7C15
			z := s
			z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
			z = (z ^ z>>27) * 0x94D049BB133111EB
			return float64((z^z>>31)>>11) * 0x1p-53
		})
		match := Match(m)
		checkOneToOne(t, m, match)
		if got := sum(match); math.Abs(got-c.Sum) > tol {
			t.Errorf("%s %d×%d: sum %v, scipy %v", c.Kind, c.Rows, c.Columns, got, c.Sum)
		}
	}
}

func TestMatchFindsAPlantedPermutation(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 1))
	for _, n := range []int{1, 2, 5, 32, 96, 257} {
		perm := r.Perm(n)
		m := random(r, "signed", n, n)
		m.Scale(0.4, m)
		for i, j := range perm {
			m.Set(i, j, 0.5+r.Float64()/2)
		}
		match, semi := Match(m), SemiMatch(m)
		if !reflect.DeepEqual(match.Partner, perm) || !reflect.DeepEqual(semi.Partner, perm) {
			t.Errorf("n = %d: planted %v, match %v, semi %v", n, perm, match.Partner, semi.Partner)
		}
		if got := Overlap(match, semi); got != 1 {
			t.Errorf("n = %d: overlap %v of equal matchings", n, got)
		}
		p := Permute(m, match)
		for i := range n {
			if p.At(i, i) != match.Score[i] {
				t.Errorf("n = %d: diagonal %d is %v, score %v", n, i, p.At(i, i), match.Score[i])
			}
		}
	}
}

func TestMatchNeverExceedsSemiMatch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 1))
	for k := range 60 {
		kind := []string{"signed", "ties", "uniform"}[k%3]
		rows := 1 + r.IntN(40)
		m := random(r, kind, rows, rows+r.IntN(20))
		match, semi := Match(m), SemiMatch(m)
		checkOneToOne(t, m, match)
		for i := range rows {
			if match.Score[i] > semi.Score[i] {
				t.Fatalf("row %d: match %v above semi-match %v", i, match.Score[i], semi.Score[i])
			}
		}
	}
}

func TestMatchDependsOnDifferencesOnly(t *testing.T) {
	// Adding a number to a row shifts every choice alike.
	r := rand.New(rand.NewPCG(4, 1))
	m := random(r, "signed", 40, 40)
	shifted := mat.DenseCopyOf(m)
	for i := range 40 {
		add := float64(r.IntN(7) - 3)
		for j := range 40 {
			shifted.Set(i, j, m.At(i, j)+add)
		}
	}
	if a, b := Match(m).Partner, Match(shifted).Partner; !reflect.DeepEqual(a, b) {
		t.Errorf("partners %v, after shifting rows %v", a, b)
	}
	if a, b := Match(m), Match(m); !reflect.DeepEqual(a, b) {
		t.Error("two calls differ")
	}
}

func TestMatchTakesExtremeEntries(t *testing.T) {
	h := math.MaxFloat64
	for _, c := range []struct {
		name string
		m    *mat.Dense
		want []int
	}{
		{"one", mat.NewDense(1, 1, []float64{-2}), []int{0}},
		{"row", mat.NewDense(1, 3, []float64{-3, -1, -2}), []int{1}},
		{"column", mat.NewDense(3, 1, []float64{1, 3, 2}), []int{-1, 0, -1}},
		{"huge", mat.NewDense(2, 2, []float64{h, -h, -h, -h}), []int{0, 1}},
		{"tiny", mat.NewDense(2, 2, []float64{0, 1e-300, 1e-300, 0}), []int{1, 0}},
		{"greedy is worse", mat.NewDense(2, 2, []float64{1, .9, .9, 0}), []int{1, 0}},
	} {
		if got := Match(c.m).Partner; !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: partners %v, want %v", c.name, got, c.want)
		}
	}
	zero := Match(mat.NewDense(50, 50, nil))
	checkOneToOne(t, mat.NewDense(50, 50, nil), zero)
}

func TestSemiMatchTakesTheFirstOfEquals(t *testing.T) {
	m := mat.NewDense(3, 4, []float64{
		-1, 2, 2, 0,
		-3, -2, -2, -4,
		0, 0, 0, 0,
	})
	got := SemiMatch(m)
	want := &Matching{Partner: []int{1, 1, 0}, Score: []float64{2, -2, 0}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestMatricesOfAnyKindAreRead(t *testing.T) {
	base := mat.NewDense(3, 4, []float64{1, 5, 2, 3, 9, 1, 1, 1, 0, 0, 4, 7})
	view := base.Slice(0, 3, 1, 4) // leading dimension 4, three columns
	for name, m := range map[string]mat.Matrix{"slice": view, "transposed": mat.DenseCopyOf(view.T()).T()} {
		if got, want := SemiMatch(m).Score, []float64{5, 1, 7}; !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
		if got := sum(Match(m)); got != 13 {
			t.Errorf("%s: sum %v, want 13", name, got)
		}
	}
	empty := &mat.Dense{}
	if s := Match(empty); len(s.Partner) != 0 || s.Mean() != 0 || s.Median() != 0 || s.ShareBelow(1) != 0 {
		t.Errorf("empty: %+v", s)
	}
	if s := SemiMatch(empty); len(s.Partner) != 0 {
		t.Errorf("empty: %+v", s)
	}
	if p := Permute(empty, Match(empty)); !p.IsEmpty() {
		t.Error("empty: permuted is not")
	}
}

func TestSummaries(t *testing.T) {
	m := &Matching{Partner: []int{3, -1, 0, 2, 1}, Score: []float64{.4, 0, .9, .4, -.1}}
	if got, want := m.Order(), []int{2, 0, 3, 4}; !reflect.DeepEqual(got, want) {
		t.Errorf("order %v, want %v", got, want)
	}
	if got, want := m.Sorted(), []float64{.9, .4, .4, -.1}; !reflect.DeepEqual(got, want) {
		t.Errorf("sorted %v, want %v", got, want)
	}
	if got := m.Mean(); math.Abs(got-.4) > 1e-15 {
		t.Errorf("mean %v", got)
	}
	if got := m.Median(); got != .4 {
		t.Errorf("median %v", got)
	}
	if got := m.ShareBelow(.4); got != .25 {
		t.Errorf("share below 0.4: %v", got)
	}
	if got, want := m.String(), "4 of 5 units: mean 0.400, median 0.400, 75 % below 0.5"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b := m.MIMEBundle()
	if b["text/plain"] != m.String() || !strings.Contains(b["text/html"].(string), "<td style=\"text-align:right\">0.400</td>") {
		t.Errorf("bundle %v", b)
	}
	none := &Matching{Partner: []int{-1}, Score: []float64{0}}
	if none.Mean() != 0 || none.Median() != 0 || none.ShareBelow(1) != 0 || Overlap(none, none) != 0 {
		t.Errorf("nothing matched: %v", none)
	}
	other := &Matching{Partner: []int{3, 4, 0, 1, -1}, Score: make([]float64, 5)}
	if got, want := Overlap(m, other), 2./3; got != want {
		t.Errorf("overlap %v, want %v", got, want)
	}
}

func TestPermute(t *testing.T) {
	square := mat.NewDense(3, 3, []float64{0, 1, 2, 10, 11, 12, 20, 21, 22})
	for _, c := range []struct {
		name    string
		m       mat.Matrix
		partner []int
		want    *mat.Dense
	}{
		{"square", square, []int{2, 0, 1}, mat.NewDense(3, 3, []float64{2, 0, 1, 12, 10, 11, 22, 20, 21})},
		{"wide", square.Slice(0, 2, 0, 3), []int{2, 1}, mat.NewDense(2, 3, []float64{2, 1, 0, 12, 11, 10})},
		{"tall", square.Slice(0, 3, 0, 2), []int{1, -1, 0}, mat.NewDense(3, 2, []float64{1, 0, 11, 10, 21, 20})},
		{"repeated", square.Slice(0, 2, 0, 2), []int{1, 1}, mat.NewDense(2, 3, []float64{1, 1, 0, 11, 11, 10})},
	} {
		got := Permute(c.m, &Matching{Partner: c.partner, Score: make([]float64, len(c.partner))})
		if !mat.Equal(got, c.want) {
			t.Errorf("%s:\n%v, want\n%v", c.name, mat.Formatted(got), mat.Formatted(c.want))
		}
	}
}

func TestMisusePanicsWithNumbers(t *testing.T) {
	bad := mat.NewDense(4, 9, nil)
	bad.Set(3, 7, math.NaN())
	inf := mat.NewDense(2, 2, []float64{0, math.Inf(-1), 0, 0})
	huge := mat.NewSymDense(2, []float64{1e308, 1e308, 1e308, 1e308})
	if m := Match(huge); m.Mean() != 1e308 {
		t.Errorf("mean %v", m.Mean())
	}
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"align: Match: entry (3, 7) is NaN", func() { Match(bad) }},
		{"align: SemiMatch: entry (3, 7) is NaN", func() { SemiMatch(bad) }},
		{"align: Match: entry (0, 1) is -Inf", func() { Match(inf) }},
		{"align: SpectralClusters: entry (0, 0) is 1e+308 (valid: up to 1e+150 in magnitude)", func() { SpectralClusters(huge, 2, 1) }},
		{"align: Agglomerate: entry (0, 0) is 1e+308 (valid: up to 1e+150 in magnitude)", func() { Agglomerate(huge, AverageLinkage) }},
		{"align: AgglomerateMaps: entry (0, 0) is 1e+308 (valid: up to 1e+150 in magnitude)", func() { AgglomerateMaps(huge, huge) }},
		{"align: MapSimilarity: entry (0, 0) is 1e+308 (valid: up to 1e+150 in magnitude)", func() { MapSimilarity(huge, huge) }},
		{"align: ClusterQuality: entry (0, 0) is 1e+308 (valid: up to 1e+150 in magnitude)", func() { ClusterQuality(make([]int, 4), huge, huge, huge, 1, 1) }},
		{"align: lasso: target 0 has no finite weights and loss: are within and between correlations?", func() { Lasso(huge, mat.NewDense(2, 2, []float64{1e308, 1e308, 0, 1e308}), 0.1) }},
		{"align: least squares: target 0 has no finite weights and loss: are within and between correlations?", func() { LeastSquares(huge, huge) }},
		{"align: Absolute: entry (0, 1) is -Inf", func() { Absolute(inf) }},
		{"align: Permute: entry (0, 1) is -Inf", func() { Permute(inf, unmatched(2)) }},
		{"align: Overlap: matchings of 1 and of 2 rows", func() { Overlap(unmatched(1), unmatched(2)) }},
		{"align: Permute: a matching of 1 rows for a matrix of 2×2", func() { Permute(inf, unmatched(1)) }},
		{"align: Permute: row 1 has partner 2 in a matrix of 2×2", func() {
			Permute(inf, &Matching{Partner: []int{0, 2}, Score: []float64{0, 0}})
		}},
	} {
		func() {
			defer func() {
				if got := recover(); got != c.want {
					t.Errorf("panic %q, want %q", got, c.want)
				}
			}()
			c.do()
		}()
	}
}

func ExampleMatch() {
	between := mat.NewDense(3, 3, []float64{
		0.9, 0.8, 0.1,
		0.7, 0.1, 0.2,
		0.0, 0.3, 0.4,
	})
	semi, match := SemiMatch(between), Match(between)
	fmt.Println(semi.Partner, semi)
	fmt.Println(match.Partner, match)
	fmt.Printf("overlap %.2f\n", Overlap(semi, match))
	fmt.Println(mat.Formatted(Permute(between, match)))
	// Output:
	// [0 0 2] 3 units: mean 0.667, median 0.700, 33 % below 0.5
	// [1 0 2] 3 units: mean 0.633, median 0.700, 33 % below 0.5
	// overlap 0.67
	// ⎡0.8  0.9  0.1⎤
	// ⎢0.1  0.7  0.2⎥
	// ⎣0.3    0  0.4⎦
}

func BenchmarkMatch(b *testing.B) {
	r := rand.New(rand.NewPCG(6, 1))
	for _, n := range []int{384, 1024} {
		m := random(r, "uniform", n, n)
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			for b.Loop() {
				Match(m)
			}
		})
	}
}

package align

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestGreedyTakesTheLargestFirst(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for k := range 90 {
		m := random(r, []string{"signed", "ties", "uniform"}[k%3], 1+r.IntN(12), 1+r.IntN(12))
		got := Greedy(m)
		checkOneToOne(t, m, got)
		// The slow twin: look through all that is left, in order of rows and columns.
		rows, columns := m.Dims()
		want := unmatched(rows)
		taken := make([]bool, columns)
		for range min(rows, columns) {
			x, y := -1, -1
			for i := range rows {
				for j := range columns {
					if want.Partner[i] < 0 && !taken[j] && (x < 0 || m.At(i, j) > m.At(x, y)) {
						x, y = i, j
					}
				}
			}
			want.Partner[x], want.Score[x], taken[y] = y, m.At(x, y), true
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("got %v, want %v of\n%v", got.Partner, want.Partner, mat.Formatted(m))
		}
		if a, b := sum(got), sum(Match(m)); a > b+1e-12 {
			t.Errorf("greedy sum %v above the best %v", a, b)
		} else if k%3 == 2 && a < b/2 {
			t.Errorf("greedy sum %v below half the best %v", a, b)
		}
	}
	if g := Greedy(&mat.Dense{}); len(g.Partner) != 0 {
		t.Errorf("empty: %v", g)
	}
}

// checkPlan fails unless rows sum to 1/p and columns to 1/q, all at least 0.
func checkPlan(t *testing.T, plan *mat.Dense) {
	t.Helper()
	const tol = 1e-14 // p or q terms of at most 1/p
	p, q := plan.Dims()
	used := 0
	for i := range p {
		if s := mat.Sum(plan.RowView(i)); math.Abs(s-1/float64(p)) > tol {
			t.Errorf("%d×%d: row %d sums to %v", p, q, i, s)
		}
		for j := range q {
			if v := plan.At(i, j); v < 0 {
				t.Errorf("%d×%d: share (%d, %d) is %v", p, q, i, j, v)
			} else if v > 0 {
				used++
			}
		}
	}
	for j := range q {
		if s := mat.Sum(plan.ColView(j)); math.Abs(s-1/float64(q)) > tol {
			t.Errorf("%d×%d: column %d sums to %v", p, q, j, s)
		}
	}
	if used < max(p, q) {
		t.Errorf("%d×%d: %d pairs", p, q, used)
	}
}

func TestSoftMatchIsTheBestOfAllPlans(t *testing.T) {
	// Cut into pieces of 1/lcm, a plan is an assignment of copies of rows to copies of columns.
	r := rand.New(rand.NewPCG(2, 2))
	for p := 1; p <= 9; p++ {
		for q := 1; q <= 9; q++ {
			for _, kind := range []string{"signed", "ties"} {
				m := random(r, kind, p, q)
				n := p * q / gcd(p, q)
				copies := mat.NewDense(n, n, nil)
				for i := range n {
					for j := range n {
						copies.Set(i, j, m.At(i*p/n, j*q/n))
					}
				}
				s := SoftMatch(m)
				checkPlan(t, s.Plan)
				if want := Match(copies).Mean(); math.Abs(s.Mean()-want) > 1e-12 {
					t.Fatalf("%s %d×%d: mean %v, best %v", kind, p, q, s.Mean(), want)
				}
				if back := SoftMatch(m.T()); math.Abs(back.Mean()-s.Mean()) > 1e-12 {
					t.Errorf("%d×%d: mean %v, of the transposed %v", p, q, s.Mean(), back.Mean())
				}
			}
		}
	}
}

func TestSoftMatchFindsDuplicates(t *testing.T) {
	// Every unit of the narrow net is three units of the wide one.
	const p, q = 8, 24
	perm := rand.New(rand.NewPCG(3, 2)).Perm(q)
	m := random(rand.New(rand.NewPCG(4, 2)), "uniform", p, q)
	m.Scale(.5, m)
	for k, j := range perm {
		m.Set(k%p, j, 1)
	}
	s := SoftMatch(m)
	if math.Abs(s.Mean()-1) > 1e-15 {
		t.Errorf("mean %v", s.Mean())
	}
	for k, j := range perm {
		if math.Abs(s.Plan.At(k%p, j)-1./q) > 1e-16 {
			t.Errorf("share (%d, %d) is %v", k%p, j, s.Plan.At(k%p, j))
		}
	}
	if got, want := s.String(), "soft matching of 8 and 24 units: mean 1.000 over 24 pairs"; got != want || s.MIMEBundle()["text/plain"] != want {
		t.Errorf("%q, want %q", got, want)
	}
	square := random(rand.New(rand.NewPCG(5, 2)), "signed", 30, 30)
	if a, b := SoftMatch(square).Mean(), Match(square).Mean(); math.Abs(a-b) > 1e-14 {
		t.Errorf("square: mean %v, matching %v", a, b)
	}
}

func TestSoftMatchOfCoprimeWidths(t *testing.T) {
	m := random(rand.New(rand.NewPCG(6, 2)), "signed", 97, 64)
	s := SoftMatch(m)
	checkPlan(t, s.Plan)
	if s.used > 97+64 { // vertices of the polytope use p + q − 1
		t.Logf("%d pairs", s.used)
	}
}

// blocks is a similarity of vertices in groups: near 1 within a group, low otherwise.
func blocks(r *rand.Rand, of []int, low float64) *mat.SymDense {
	s := mat.NewSymDense(len(of), nil)
	for i := range of {
		for j := i + 1; j < len(of); j++ {
			v := low * r.Float64()
			if of[i] == of[j] {
				v = .8 + .2*r.Float64()
			}
			s.SetSym(i, j, v)
		}
		s.SetSym(i, i, 1)
	}
	return s
}

func TestSpectralClustersFindsPlantedGroups(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 2))
	for _, c := range []struct {
		n, k int
		low  float64
	}{{8, 2, 0}, {60, 5, .1}, {60, 5, 0}, {192, 12, .05}, {260, 8, .1}, {260, 8, 0}, {300, 20, 0}} {
		of := make([]int, c.n)
		for i := range of {
			of[i] = r.IntN(c.k)
		}
		for i, p := range r.Perm(c.n)[:2*c.k] {
			of[p] = i % c.k // no group without two members
		}
		renumber(of)
		s := blocks(r, of, c.low)
		for _, k := range []int{c.k, 0} {
			got := SpectralClusters(s, k, 1)
			if !reflect.DeepEqual(got.Labels, of) || got.K != c.k {
				t.Errorf("n = %d, k = %d (asked %d): found %v", c.n, c.k, k, got)
			}
			if !slices.IsSorted(got.Eigenvalues) || len(got.Eigenvalues) < min(c.n, c.k+1) {
				t.Errorf("n = %d: eigenvalues %v", c.n, got.Eigenvalues)
			}
			if again := SpectralClusters(s, k, 1); !reflect.DeepEqual(got, again) {
				t.Errorf("n = %d: two calls differ", c.n)
			}
		}
		var scaled mat.SymDense
		scaled.ScaleSym(1e-3, s)
		if got := SpectralClusters(&scaled, c.k, 2); !reflect.DeepEqual(got.Labels, of) {
			t.Errorf("n = %d: scaled weights change the clusters", c.n)
		}
	}
}

func TestKrylovAgreesWithAllEigenvalues(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 2))
	for _, c := range []struct {
		name string
		n, k int
		make func(n int) *mat.SymDense
	}{
		{"planted groups", 240, 12, func(n int) *mat.SymDense {
			of := make([]int, n)
			for i := range of {
				of[i] = i % 10
			}
			return blocks(r, of, .2)
		}},
		{"parts not connected: an eigenvalue ten times", 240, 11, func(n int) *mat.SymDense {
			of := make([]int, n)
			for i := range of {
				of[i] = i % 10
			}
			return blocks(r, of, 0)
		}},
		{"random", 210, 20, func(n int) *mat.SymDense {
			of := make([]int, n)
			for i := range of {
				of[i] = i
			}
			return blocks(r, of, 1)
		}},
		{"all alike", 210, 3, func(n int) *mat.SymDense { return blocks(rand.New(rand.NewPCG(1, 1)), make([]int, n), 0) }},
	} {
		linked := make([]int, c.n)
		for i := range linked {
			linked[i] = i
		}
		raw, _, _ := entries("test", c.make(c.n))
		s := normalised(raw, c.n, linked)
		want, _ := allEigen(s)
		got, vectors, ok := krylov(s, c.k, 1)
		if !ok {
			t.Errorf("%s: does not converge", c.name)
			continue
		}
		for a, v := range got {
			if math.Abs(v-want[a]) > 1e-12 {
				t.Errorf("%s: eigenvalue %d is %v, want %v", c.name, a, v, want[a])
			}
		}
		var image, gram mat.Dense
		image.Mul(s, vectors)
		gram.Mul(vectors.T(), vectors)
		for a := range c.k {
			for b := range c.k {
				want := 0.0
				if a == b {
					want = 1
				}
				if math.Abs(gram.At(a, b)-want) > 1e-10 {
					t.Errorf("%s: vectors %d and %d have product %v", c.name, a, b, gram.At(a, b))
				}
			}
			for i := range c.n {
				if math.Abs(image.At(i, a)-got[a]*vectors.At(i, a)) > 2e-7 { // the iteration stops at 1e-7
					t.Fatalf("%s: column %d is no eigenvector", c.name, a)
				}
			}
		}
	}
}

func TestSpectralClustersOfOddGraphs(t *testing.T) {
	none := SpectralClusters(WithinGraph(mat.NewSymDense(3, nil), 0), 2, 1)
	if !reflect.DeepEqual(none.Labels, []int{-1, -1, -1}) || none.K != 0 || none.String() != "no clusters of 3 units: none has an edge" {
		t.Errorf("no edges: %+v", none)
	}
	one := SpectralClusters(mat.NewSymDense(1, []float64{1}), 1, 1)
	if !reflect.DeepEqual(one.Labels, []int{-1}) {
		t.Errorf("one vertex: %+v", one)
	}
	pair := mat.NewSymDense(4, nil) // 1 and 3 alike, 0 and 2 alone
	pair.SetSym(1, 3, .5)
	for k, want := range map[int][]int{0: {-1, 0, -1, 1}, 1: {-1, 0, -1, 0}, 2: {-1, 0, -1, 1}, 4: {-1, 0, -1, 1}} {
		c := SpectralClusters(pair, k, 1)
		if !reflect.DeepEqual(c.Labels, want) {
			t.Errorf("a pair, k = %d: %+v, want %v", k, c, want)
		}
		if got := c.Order(); len(got) != 4 || !reflect.DeepEqual(c.Members(-1), []int{0, 2}) {
			t.Errorf("a pair: order %v, alone %v", got, c.Members(-1))
		}
	}
	c := SpectralClusters(pair, 1, 1)
	if got, want := c.String(), "1 clusters of 4 units: sizes 2 to 2, 2 without an edge"; got != want || c.MIMEBundle()["text/plain"] != want {
		t.Errorf("%q, want %q", got, want)
	}
	if got := c.Sizes(); !reflect.DeepEqual(got, []int{2}) {
		t.Errorf("sizes %v", got)
	}
	same := mat.NewSymDense(5, slices.Repeat([]float64{1}, 25)) // no groups at all: any will do
	if got := SpectralClusters(same, 5, 1); len(got.Sizes()) != got.K || got.K < 1 {
		t.Errorf("all alike: %+v", got)
	}
}

func TestGraphsPutUnitsWhereTheyBelong(t *testing.T) {
	a := mat.NewSymDense(2, []float64{1, .6, .6, 1})
	b := mat.NewSymDense(3, []float64{1, -.9, .2, -.9, 1, .4, .2, .4, 0})
	c := mat.NewDense(2, 3, []float64{.7, .1, -.5, .3, .30001, .9})
	if got, want := CombinedGraph(a, c, b, .3), mat.NewSymDense(5, []float64{
		1, .6, .7, 0, 0,
		0, 1, 0, .30001, .9,
		0, 0, 1, 0, 0,
		0, 0, 0, 1, .4,
		0, 0, 0, 0, 1}); !mat.Equal(got, want) {
		t.Errorf("combined\n%v", mat.Formatted(got))
	}
	if got := BetweenGraph(c, .3); got.At(0, 1) != 0 || got.At(0, 2) != .7 || got.At(3, 4) != 0 || got.At(4, 1) != .9 || got.At(3, 3) != 1 {
		t.Errorf("between\n%v", mat.Formatted(got))
	}
	if got := WithinGraph(b, 0); got.At(0, 1) != 0 || got.At(0, 2) != .2 || got.At(2, 2) != 1 {
		t.Errorf("within\n%v", mat.Formatted(got))
	}
	s := MapSimilarity(c, c.T())
	if s.At(0, 4) != .5 || s.At(2, 0) != .7 || s.At(0, 1) != 0 || s.At(0, 0) != 0 {
		t.Errorf("maps\n%v", mat.Formatted(s))
	}
}

func checkTree(t *testing.T, tree *Tree, n int) {
	t.Helper()
	if tree.Units() != n || len(tree.Merges) != n-1 {
		t.Fatalf("%d units, %d merges, want %d", tree.Units(), len(tree.Merges), n)
	}
	size := make([]int, 2*n-1)
	for i := range n {
		size[i] = 1
	}
	last := math.Inf(-1)
	for k, m := range tree.Merges {
		a, b := int(m[0]), int(m[1])
		if a >= b || b >= n+k || size[a] == 0 || size[b] == 0 || m[2] < last || int(m[3]) != size[a]+size[b] {
			t.Fatalf("merge %d is %v, after a height of %v", k, m, last)
		}
		size[n+k], size[a], size[b], last = size[a]+size[b], 0, 0, m[2]
	}
	leaves := tree.Leaves()
	slices.Sort(leaves)
	for i, l := range leaves {
		if i != l || len(leaves) != n {
			t.Fatalf("leaves %v", tree.Leaves())
		}
	}
	order := tree.Leaves()
	for k := 1; k <= n; k++ {
		labels := tree.Cut(k)
		if got := slices.Max(labels) + 1; got != k {
			t.Fatalf("cut into %d makes %d", k, got)
		}
		runs := 1 // clusters are runs of leaves
		for i := 1; i < n; i++ {
			if labels[order[i]] != labels[order[i-1]] {
				runs++
			}
		}
		if runs != k {
			t.Fatalf("%d clusters are %d runs of leaves", k, runs)
		}
	}
}

func TestAgglomerateEqualsTheSlowTwin(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 2))
	for _, linkage := range []Linkage{SingleLinkage, CompleteLinkage, AverageLinkage} {
		for _, n := range []int{1, 2, 3, 10, 40} {
			d := mat.NewSymDense(n, nil)
			for i := range n {
				for j := i; j < n; j++ {
					d.SetSym(i, j, r.Float64())
				}
			}
			tree := Agglomerate(d, linkage)
			checkTree(t, tree, n)
			// The slow twin keeps lists of members and looks at all pairs of them.
			clusters := make([][]int, n)
			for i := range n {
				clusters[i] = []int{i}
			}
			for k, m := range tree.Merges {
				x, y, least := 0, 0, math.Inf(1)
				for a := range clusters {
					for b := range a {
						total, low, high := 0.0, math.Inf(1), math.Inf(-1)
						for _, i := range clusters[a] {
							for _, j := range clusters[b] {
								v := d.At(i, j)
								total, low, high = total+v, min(low, v), max(high, v)
							}
						}
						v := []float64{low, high, total / float64(len(clusters[a])*len(clusters[b]))}[linkage]
						if v < least {
							x, y, least = a, b, v
						}
					}
				}
				if math.Abs(m[2]-least) > 1e-12 || int(m[3]) != len(clusters[x])+len(clusters[y]) {
					t.Fatalf("%v, n = %d: merge %d is %v, want height %v", linkage, n, k, m, least)
				}
				clusters[y] = append(clusters[y], clusters[x]...)
				clusters = slices.Delete(clusters, x, x+1)
				if k == n/2 {
					labels := tree.CutHeight(m[2])
					for _, c := range clusters {
						for _, i := range c {
							if labels[i] != labels[c[0]] {
								t.Fatalf("%v, n = %d: %v is no cluster of %v", linkage, n, c, labels)
							}
						}
					}
				}
			}
		}
	}
}

func TestAgglomerateWithTies(t *testing.T) {
	r := rand.New(rand.NewPCG(10, 2))
	for _, linkage := range []Linkage{SingleLinkage, CompleteLinkage, AverageLinkage} {
		for range 20 {
			n := 2 + r.IntN(30)
			d := mat.NewSymDense(n, nil)
			for i := range n {
				for j := i + 1; j < n; j++ {
					d.SetSym(i, j, float64(r.IntN(3)))
				}
			}
			checkTree(t, Agglomerate(d, linkage), n)
		}
		checkTree(t, Agglomerate(mat.NewSymDense(9, nil), linkage), 9)
	}
}

func TestAgglomerateGoesAlongWithOrderAndScale(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 2))
	const n = 25
	d, moved := mat.NewSymDense(n, nil), mat.NewSymDense(n, nil)
	perm := r.Perm(n)
	for i := range n {
		for j := i + 1; j < n; j++ {
			d.SetSym(i, j, r.Float64())
		}
	}
	for i := range n {
		for j := i; j < n; j++ {
			moved.SetSym(i, j, 8*d.At(perm[i], perm[j]))
		}
	}
	for _, linkage := range []Linkage{SingleLinkage, CompleteLinkage, AverageLinkage} {
		a, b := Agglomerate(d, linkage), Agglomerate(moved, linkage)
		for k := range a.Merges {
			if math.Abs(8*a.Merges[k][2]-b.Merges[k][2]) > 1e-13 {
				t.Errorf("%v: merge %d at %v and %v", linkage, k, a.Merges[k][2], b.Merges[k][2])
			}
		}
		x, y := a.Cut(6), b.Cut(6)
		back := make([]int, n)
		for i, p := range perm {
			back[p] = y[i]
		}
		renumber(back)
		if !reflect.DeepEqual(x, back) {
			t.Errorf("%v: clusters %v, reordered %v", linkage, x, back)
		}
	}
}

// agglomerateSlowly is the paper's procedure as written, on a matrix that shrinks.
func agglomerateSlowly(b [][]float64) (weights []float64) {
	for len(b) > 1 {
		x, y := -1, -1
		for i := range b {
			for j := range b {
				if i != j && (x < 0 || b[i][j] > b[x][y]) {
					x, y = i, j
				}
			}
		}
		weights = append(weights, b[x][y])
		x, y = min(x, y), max(x, y)
		for j := range b {
			b[x][j] = b[x][j]/2 + b[y][j]/2
		}
		for i := range b {
			b[i][x] = b[i][x]/2 + b[i][y]/2
		}
		b = slices.Delete(b, y, y+1)
		for i := range b {
			b[i] = slices.Delete(b[i], y, y+1)
		}
	}
	return weights
}

func TestAgglomerateMapsFollowsThePaper(t *testing.T) {
	r := rand.New(rand.NewPCG(12, 2))
	for k := range 40 {
		p, q := 1+r.IntN(12), 1+r.IntN(12)
		kind := []string{"signed", "uniform"}[k%2]
		w12, w21 := random(r, kind, p, q), random(r, kind, q, p)
		tree := AgglomerateMaps(w12, w21)
		checkTree(t, tree, p+q)
		b := make([][]float64, p+q)
		for i := range b {
			b[i] = make([]float64, p+q)
			for j := range b[i] {
				if i < p && j >= p {
					b[i][j] = w12.At(i, j-p)
				} else if i >= p && j < p {
					b[i][j] = w21.At(i-p, j)
				}
			}
		}
		if want := agglomerateSlowly(b); !reflect.DeepEqual(tree.Weights, want) {
			t.Fatalf("%d×%d: weights %v, want %v", p, q, tree.Weights, want)
		}
		for i := 1; i < len(tree.Weights); i++ {
			if tree.Weights[i] > tree.Weights[i-1] {
				t.Errorf("weights rise: %v", tree.Weights)
			}
		}
		if labels := tree.CutWeight(tree.Weights[0]); slices.Max(labels) != p+q-1 {
			t.Errorf("nothing lies above the largest weight: %v", labels)
		}
	}
	// Two pairs and a unit that nothing connects.
	tree := AgglomerateMaps(mat.NewDense(2, 3, []float64{0, .9, 0, .5, 0, 0}), mat.NewDense(3, 2, []float64{0, .5, .8, 0, 0, 0}))
	if got, want := tree.CutWeight(0), []int{0, 1, 1, 0, 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("clusters %v, want %v", got, want)
	}
}

func TestClusterQualityOfPlantedGroups(t *testing.T) {
	// 30 and 20 units in five groups: correlation 0.8 within a group, 0.1 otherwise.
	of := make([]int, 50)
	for i := range of {
		of[i] = i % 5
	}
	c := mat.NewSymDense(50, nil)
	for i := range 50 {
		for j := i; j < 50; j++ {
			v := .1
			if of[i] == of[j] {
				v = .8
			}
			if i == j {
				v = 1
			}
			c.SetSym(i, j, v)
		}
	}
	a, b := c.SliceSym(0, 30).(*mat.SymDense), c.SliceSym(30, 50).(*mat.SymDense)
	between := mat.DenseCopyOf(c).Slice(0, 30, 30, 50)
	labels := slices.Clone(of)
	labels[49] = -1
	q := ClusterQuality(labels, a, between, b, 400, 1)
	for l := range 5 {
		if math.Abs(q.Between[l]-.8) > 1e-12 || math.Abs(q.Within[l]-.8) > 1e-12 {
			t.Errorf("cluster %d: between %v, within %v", l, q.Between[l], q.Within[l])
		}
		if want := .1 + .7*.2; math.Abs(q.ChanceBetween[l]-want) > .02 || math.Abs(q.ChanceWithin[l]-want) > .05 {
			t.Errorf("cluster %d by chance: between %v, within %v, want about %v", l, q.ChanceBetween[l], q.ChanceWithin[l], want)
		}
		if q.ShareBetween[l] != 1./401 {
			t.Errorf("cluster %d: share %v", l, q.ShareBetween[l])
		}
	}
	if want := [][2]int{{6, 4}, {6, 4}, {6, 4}, {6, 4}, {6, 3}}; !reflect.DeepEqual(q.Sizes, want) {
		t.Errorf("sizes %v", q.Sizes)
	}
	if again := ClusterQuality(labels, a, between, b, 400, 1); !reflect.DeepEqual(q, again) {
		t.Error("two calls differ")
	}
	if got := q.String(); !strings.HasPrefix(got, "5 clusters, 5 of both nets: mean correlation between nets 0.800, by chance 0.2") {
		t.Errorf("%q", got)
	}
	if html := q.MIMEBundle()["text/html"].(string); strings.Count(html, "<tr>") != 6 {
		t.Errorf("%s", html)
	}
	if got := q.Order(); len(got) != 5 {
		t.Errorf("order %v", got)
	}
	// Clusters of one unit and of one net have no pairs, and no NaN.
	lone := make([]int, 50)
	for i := range lone {
		lone[i] = i
	}
	l := ClusterQuality(lone, a, between, b, 5, 1)
	if l.Both() != 0 || l.MeanBetween() != 0 || l.Within[3] != 0 || l.ShareBetween[3] != 1 {
		t.Errorf("single units: %v", l)
	}
	empty := ClusterQuality(slices.Repeat([]int{-1}, 50), a, between, b, 0, 1)
	if len(empty.Sizes) != 0 || empty.MeanChanceBetween() != 0 {
		t.Errorf("no clusters: %v", empty)
	}
}

func TestMisuseOfGroupsPanicsWithNumbers(t *testing.T) {
	s2, s3 := mat.NewSymDense(2, []float64{1, 0, 0, 1}), mat.NewSymDense(3, []float64{1, -.5, 0, 0, 1, 0, 0, 0, 1})
	d23, d22 := mat.NewDense(2, 3, nil), mat.NewDense(2, 2, nil)
	nan := mat.NewSymDense(2, []float64{1, math.NaN(), 0, 1})
	negative := mat.NewSymDense(2, []float64{1, 0, 0, -1})
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"align: Greedy: entry (0, 1) is NaN", func() { Greedy(nan) }},
		{"align: SoftMatch: matrix of 0×0", func() { SoftMatch(&mat.Dense{}) }},
		{"align: Lasso: alpha -1", func() { Lasso(s2, d23, -1) }},
		{"align: LassoPath: alpha NaN", func() { LassoPath(s2, d23, []float64{1, math.NaN()}) }},
		{"align: Lasso: entry (0, 1) is NaN", func() { Lasso(nan, d23, 1) }},
		{"align: Lasso: 3 predictors within, 2 rows between", func() { Lasso(s3, d23, 1) }},
		{"align: Lasso: predictor 1 has variance -1", func() { Lasso(negative, d23, 1) }},
		{"align: LeastSquares: 0 predictors, 0 targets", func() { LeastSquares(&mat.SymDense{}, &mat.Dense{}) }},
		{"align: Ridge: lambda -2", func() { Ridge(s2, d23, -2) }},
		{"align: PaperSGD: lambda NaN", func() { PaperSGD(t.Context(), s2, d23, math.NaN(), 1) }},
		{"align: SpectralClusters: entry (0, 1) is -0.5, want at least 0", func() { SpectralClusters(s3, 1, 1) }},
		{"align: SpectralClusters: 3 clusters of 2 vertices", func() { SpectralClusters(s2, 3, 1) }},
		{"align: SpectralClusters: -1 clusters of 2 vertices", func() { SpectralClusters(s2, -1, 1) }},
		{"align: cluster 0 of 0 (valid: 0..-1)", func() { SpectralClusters(s2, 1, 1).Members(0) }},
		{"align: WithinGraph: threshold -0.1", func() { WithinGraph(s2, -.1) }},
		{"align: CombinedGraph: nets of 3 and 2 units, 2×3 between", func() { CombinedGraph(s3, d23, s2, 0) }},
		{"align: MapSimilarity: maps of 2×3 and 2×2", func() { MapSimilarity(d23, d22) }},
		{"align: AgglomerateMaps: maps of 2×3 and 2×2", func() { AgglomerateMaps(d23, d22) }},
		{"align: Agglomerate: Linkage(7)", func() { Agglomerate(s2, 7) }},
		{"align: Agglomerate: 0 units", func() { Agglomerate(&mat.SymDense{}, SingleLinkage) }},
		{"align: Cut: 3 clusters of 2 units", func() { Agglomerate(s2, SingleLinkage).Cut(3) }},
		{"align: CutWeight: not a tree of AgglomerateMaps", func() { Agglomerate(s2, SingleLinkage).CutWeight(0) }},
		{"align: ClusterQuality: 4 labels for nets of 2 and 3 units", func() { ClusterQuality(make([]int, 4), s2, d23, s3, 0, 1) }},
		{"align: ClusterQuality: -1 draws", func() { ClusterQuality(make([]int, 5), s2, d23, s3, -1, 1) }},
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); got != c.want {
					t.Errorf("panic %q, want %q", got, c.want)
				}
			}()
			c.do()
		}()
	}
}

package align

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Linkage says how far two clusters are from each other, given the distances of their
// members.
type Linkage int

const (
	SingleLinkage   Linkage = iota // the least distance between members
	CompleteLinkage                // the largest
	AverageLinkage                 // the mean over all pairs (UPGMA)
)

// String returns "single", "complete" or "average".
func (l Linkage) String() string {
	switch l {
	case SingleLinkage:
		return "single"
	case CompleteLinkage:
		return "complete"
	case AverageLinkage:
		return "average"
	}
	return fmt.Sprintf("Linkage(%d)", int(l))
}

// Tree says in which order clusters were merged, from single units up to one cluster of all.
type Tree struct {
	// Merges has a row for each of the n−1 merges, in scipy's layout: the two clusters (the
	// smaller number first), their distance, and the number of units in both. Clusters
	// 0..n-1 are the units, cluster n+t is what row t makes. Distances do not fall from row
	// to row.
	Merges [][4]float64
	// Weights holds, in a tree of [AgglomerateMaps], the entry at which each pair merged;
	// it does not rise from row to row. nil in other trees.
	Weights []float64
	n       int
}

// Agglomerate merges the two nearest clusters, again and again, from n single units to one
// cluster of all. distance is n×n, such as 1 − |correlation|; its diagonal does not count.
// Complete and average linkage prefer compact clusters, single linkage follows chains. The
// tree goes along when units are reordered (where no two distances are equal), and scaling all
// distances scales its heights. Which of equally near pairs merges first is fixed but has no meaning.
//
// It is the nearest-neighbour chain method, and Prim's for single linkage, of order n² steps, both
// with scipy's way with ties: the rows of Merges are those of its linkage. It panics on an unknown
// linkage, without units, and if an entry is NaN or infinite.
func Agglomerate(distance mat.Symmetric, linkage Linkage) *Tree {
	if linkage < SingleLinkage || linkage > AverageLinkage {
		panic(fmt.Sprintf("align: Agglomerate: %v", linkage))
	}
	d, n, _ := bounded("Agglomerate", distance)
	if n == 0 {
		panic("align: Agglomerate: 0 units")
	}
	var merges []merge
	if linkage == SingleLinkage {
		merges = prim(d, n)
	} else {
		merges = chain(d, n, linkage)
	}
	slices.SortStableFunc(merges, func(a, b merge) int {
		switch {
		case a.height < b.height:
			return -1
		case a.height > b.height:
			return 1
		}
		return 0
	})
	return newTree(n, merges)
}

// prim grows a tree from unit 0 by the nearest unit that is not yet in it. Whatever is closer than
// some height lies side by side in that order, so a merge can name the unit before.
func prim(d []float64, n int) []merge {
	near := make([]float64, n) // distance to the tree
	todo := make([]int, 0, n)
	for i := 1; i < n; i++ {
		near[i] = math.Inf(1)
		todo = append(todo, i)
	}
	merges := make([]merge, 0, n-1)
	for last := 0; len(todo) > 0; {
		at := 0
		for k, i := range todo {
			near[i] = min(near[i], d[last*n+i])
			if near[i] < near[todo[at]] {
				at = k
			}
		}
		next := todo[at]
		merges = append(merges, merge{last, next, near[next]})
		todo = slices.Delete(todo, at, at+1)
		last = next
	}
	return merges
}

// chain follows nearest neighbours until two are each other's, which then merge; d is used up.
func chain(d []float64, n int, linkage Linkage) []merge {
	size := make([]int, n) // 0 once merged into another
	for i := range size {
		size[i] = 1
	}
	merges := make([]merge, 0, n-1)
	var chain []int
	for len(merges) < n-1 {
		if len(chain) == 0 {
			chain = append(chain, slices.IndexFunc(size, func(s int) bool { return s > 0 }))
		}
		x := chain[len(chain)-1]
		y, least := -1, math.Inf(1)
		if len(chain) > 1 {
			y = chain[len(chain)-2] // preferred among equals, or a chain might go in circles
			least = d[x*n+y]
		}
		for k, v := range d[x*n:][:n] {
			if k != x && size[k] > 0 && v < least {
				y, least = k, v
			}
		}
		if len(chain) < 2 || y != chain[len(chain)-2] {
			chain = append(chain, y)
			continue
		}
		chain = chain[:len(chain)-2]
		x, y = min(x, y), max(x, y)
		merges = append(merges, merge{x, y, least})
		a, b := float64(size[x]), float64(size[y])
		for k := range n {
			if size[k] == 0 || k == x || k == y {
				continue
			}
			v, w := d[x*n+k], d[y*n+k]
			if linkage == CompleteLinkage {
				v = max(v, w)
			} else {
				v = (float64(a*v) + float64(b*w)) / (a + b)
			}
			d[y*n+k], d[k*n+y] = v, v
		}
		size[y] += size[x]
		size[x] = 0
	}
	return merges
}

// merge joins the clusters that hold the units a and b.
type merge struct {
	a, b   int
	height float64
}

// newTree numbers the clusters in the order of the merges.
func newTree(n int, merges []merge) *Tree {
	t := &Tree{n: n, Merges: make([][4]float64, len(merges))}
	cluster := make([]int, n) // that a unit leads
	size := make([]int, n)
	leader := make([]int, n)
	for i := range n {
		cluster[i], size[i], leader[i] = i, 1, i
	}
	find := func(i int) int {
		for leader[i] != i {
			leader[i] = leader[leader[i]]
			i = leader[i]
		}
		return i
	}
	for k, m := range merges {
		a, b := find(m.a), find(m.b)
		low, high := min(cluster[a], cluster[b]), max(cluster[a], cluster[b])
		leader[b] = a
		size[a] += size[b]
		cluster[a] = n + k
		t.Merges[k] = [4]float64{float64(low), float64(high), m.height, float64(size[a])}
	}
	return t
}

// AgglomerateMaps clusters the units of two nets by two sparse maps, as the paper's Figure 7:
// the p+q units, those of the first net before those of the second, start with the matrix
//
//	B = ⎡ 0    w12 ⎤
//	    ⎣ w21   0  ⎦
//
// with w12 p×q (rows the first net's units, as predictors, as in SparseMap.Weights) and w21 q×p.
// The largest off-diagonal entry, with its sign, says which two clusters merge; their rows and
// their columns are replaced by the mean of both (each counts the same, whatever its size), and so
// on until one cluster is left. Of equal entries the first by row, then column, is taken.
//
// Tree.Weights holds those entries; a merge's height is the first entry minus its own. Once no
// positive entry is left (units that no weight connects) merges mean nothing any more: see
// [Tree.CutWeight]. For the same with linkage by sizes and without direction and sign, pass
// 1 − MapSimilarity to [Agglomerate]. It panics if sizes differ or an entry is NaN or infinite.
func AgglomerateMaps(w12, w21 mat.Matrix) *Tree {
	x, p, q := bounded("AgglomerateMaps", w12)
	y, rows, columns := bounded("AgglomerateMaps", w21)
	checkMaps("AgglomerateMaps", p, q, rows, columns)
	n := p + q
	b := make([]float64, n*n)
	for i := range p {
		for j := range q {
			b[i*n+p+j] = x[i*q+j]
			b[(p+j)*n+i] = y[j*p+i]
		}
	}
	gone := make([]bool, n)
	best := make([]int, n) // column of a row's largest entry, the first on ties
	seek := func(i int) {
		best[i] = -1
		for j, v := range b[i*n:][:n] {
			if j != i && !gone[j] && (best[i] < 0 || v > b[i*n+best[i]]) {
				best[i] = j
			}
		}
	}
	for i := range n {
		seek(i)
	}
	merges := make([]merge, 0, n-1)
	weights := make([]float64, 0, n-1)
	for len(merges) < n-1 {
		i := -1
		for k := range n {
			if !gone[k] && (i < 0 || b[k*n+best[k]] > b[i*n+best[i]]) {
				i = k
			}
		}
		j := best[i]
		weights = append(weights, b[i*n+j])
		merges = append(merges, merge{i, j, weights[0] - b[i*n+j]})
		i, j = min(i, j), max(i, j)
		gone[j] = true
		for k := range n {
			if !gone[k] && k != i {
				b[i*n+k] = b[i*n+k]/2 + b[j*n+k]/2
				b[k*n+i] = b[k*n+i]/2 + b[k*n+j]/2
			}
		}
		if len(merges) == n-1 {
			break
		}
		for k := range n {
			switch {
			case gone[k]:
			case k == i || best[k] == i || best[k] == j:
				seek(k)
			case b[k*n+i] > b[k*n+best[k]] || b[k*n+i] == b[k*n+best[k]] && i < best[k]:
				best[k] = i
			}
		}
	}
	t := newTree(n, merges)
	t.Weights = weights
	return t
}

// Units returns the number of units, n.
func (t *Tree) Units() int { return t.n }

// Cut undoes the last merges so that k clusters are left and returns the cluster of each
// unit, 0..k-1, numbered by their first unit. It panics unless 1 ≤ k ≤ n.
func (t *Tree) Cut(k int) []int {
	if k < 1 || k > t.n {
		panic(fmt.Sprintf("align: Cut: %d clusters of %d units", k, t.n))
	}
	return t.after(t.n - k)
}

// CutHeight undoes the merges above a distance and returns the cluster of each unit,
// numbered by their first unit.
func (t *Tree) CutHeight(height float64) []int {
	k := 0
	for k < len(t.Merges) && t.Merges[k][2] <= height {
		k++
	}
	return t.after(k)
}

// CutWeight undoes, in a tree of [AgglomerateMaps], the merges at an entry of at most weight,
// and returns the cluster of each unit, numbered by their first unit: CutWeight(0) keeps
// together what positive weights connect. It panics for other trees.
func (t *Tree) CutWeight(weight float64) []int {
	if t.Weights == nil && t.n > 1 {
		panic("align: CutWeight: not a tree of AgglomerateMaps")
	}
	k := 0
	for k < len(t.Weights) && t.Weights[k] > weight {
		k++
	}
	return t.after(k)
}

// after returns the clusters after the first merges.
func (t *Tree) after(merges int) []int {
	of := make([]int, t.n+merges)
	for i := range of {
		of[i] = i
	}
	for k := merges - 1; k >= 0; k-- {
		for _, c := range t.Merges[k][:2] {
			of[int(c)] = of[t.n+k]
		}
	}
	labels := of[:t.n:t.n]
	renumber(labels)
	return labels
}

// Leaves returns the units as they stand under the tree, left to right, the cluster of
// smaller number on the left: rows and columns of a matrix in this order show clusters as
// blocks. It is the order of scipy's leaves_list.
func (t *Tree) Leaves() []int {
	leaves := make([]int, 0, t.n)
	open := []int{t.n + len(t.Merges) - 1}
	for len(open) > 0 {
		c := open[len(open)-1]
		open = open[:len(open)-1]
		if c < t.n {
			leaves = append(leaves, c)
			continue
		}
		m := t.Merges[c-t.n]
		open = append(open, int(m[1]), int(m[0]))
	}
	return leaves
}

// String sums the tree up in a line.
func (t *Tree) String() string {
	if len(t.Merges) == 0 {
		return "tree of 1 unit"
	}
	return fmt.Sprintf("tree of %d units: merges at %.3g to %.3g", t.n, t.Merges[0][2], t.Merges[len(t.Merges)-1][2])
}

// MIMEBundle shows the tree's summary as text/plain.
func (t *Tree) MIMEBundle() map[string]any {
	return map[string]any{"text/plain": t.String()}
}

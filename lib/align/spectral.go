package align

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonverge/lib/internal/simd"

	"gonum.org/v1/gonum/mat"
)

// Clusters says which cluster each vertex of a graph belongs to.
type Clusters struct {
	// Labels holds for each vertex its cluster, 0..K-1, or -1 for a vertex without an edge.
	// Clusters are numbered by their first vertex.
	Labels []int
	// K is the number of clusters.
	K int
	// Eigenvalues holds the smallest eigenvalues of the graph's Laplacian, in [0, 2],
	// ascending: at least K+1 of them, or all. There are as many zeros as parts of the graph
	// that no edge connects, vertices without an edge not counted.
	Eigenvalues []float64
}

// mostClusters bounds the number of clusters that the eigengap may choose.
const mostClusters = 50

// SpectralClusters groups the vertices of a graph whose edges weigh similarity_ij ≥ 0, 0 for
// none (see [CombinedGraph]); the diagonal counts as it is, 1 in the graphs made here:
//
//	L = I − D^−½ S D^−½,  D_ii = Σ_j S_ij
//
// The eigenvectors of its k smallest eigenvalues are columns of a matrix whose rows, scaled to
// length 1, are grouped by k-means (k-means++, best of 10 starts drawn from seed): Ng, Jordan
// and Weiss 2002, which the paper follows (section 3.3). k = 0 takes the k, from 2 to 50, after
// which the next eigenvalue is farthest: the eigengap.
//
// The clusters do not change when all weights are scaled, and go along when vertices are
// reordered, up to the luck of the starts. A vertex without an edge to another is in no cluster.
// K is less than k where fewer vertices have edges. Random graphs have clusters too: see
// [Quality]. Same arguments, same result.
//
// It panics if an entry is negative, NaN or infinite, and if k is negative or above the number
// of vertices. Up to 200 vertices all eigenvalues are computed (order n³), beyond only those
// needed, by a block Krylov iteration (order n² for each step).
func SpectralClusters(similarity mat.Symmetric, k int, seed uint64) *Clusters {
	values, n, _ := bounded("SpectralClusters", similarity)
	for at, v := range values {
		if v < 0 {
			panic(fmt.Sprintf("align: SpectralClusters: entry (%d, %d) is %v, want at least 0", at/n, at%n, v))
		}
	}
	if k < 0 || k > n || n == 0 {
		panic(fmt.Sprintf("align: SpectralClusters: %d clusters of %d vertices", k, n))
	}
	c := &Clusters{Labels: make([]int, n)}
	var linked []int
	for i := range n {
		c.Labels[i] = -1
		for j, v := range values[i*n:][:n] {
			if v > 0 && j != i {
				linked = append(linked, i)
				break
			}
		}
	}
	m := len(linked)
	if m == 0 {
		return c
	}
	wanted := min(m, k+1)
	if k == 0 {
		wanted = min(m, mostClusters+1)
	}
	shares, vectors := largest(normalised(values, n, linked), wanted, seed)
	c.Eigenvalues = make([]float64, len(shares))
	for a, v := range shares {
		c.Eigenvalues[a] = min(max(1-v, 0), 2)
	}
	if k == 0 {
		k = eigengap(c.Eigenvalues, wanted)
	}
	c.K = min(k, m)
	points := mat.NewDense(m, c.K, nil)
	for i := range m {
		row := points.RawRowView(i)
		copy(row, vectors.RawRowView(i)[:c.K])
		if length := math.Sqrt(dot(row, row)); length > 0 {
			for a := range row {
				row[a] /= length
			}
		}
	}
	labels := kMeans(points, c.K, seed)
	for a, i := range linked {
		c.Labels[i] = labels[a]
	}
	c.K = renumber(c.Labels)
	return c
}

// normalised returns D^−½ S D^−½ of the linked vertices.
func normalised(values []float64, n int, linked []int) *mat.SymDense {
	m := len(linked)
	scale := make([]float64, m)
	for a, i := range linked {
		row := values[i*n:][:n]
		sum := 0.0
		for _, j := range linked {
			sum += row[j]
		}
		scale[a] = 1 / math.Sqrt(sum)
	}
	data := make([]float64, m*m)
	for a, i := range linked {
		from, to := values[i*n:][:n], data[a*m:][:m]
		for b := a; b < m; b++ {
			to[b] = from[linked[b]] * scale[a] * scale[b]
		}
	}
	return mat.NewSymDense(m, data)
}

// eigengap returns the k ≥ 2 with the largest difference between eigenvalues k+1 and k,
// the first on ties; of two vertices it makes two clusters.
func eigengap(values []float64, wanted int) int {
	best := min(2, wanted)
	for k := 2; k < wanted; k++ {
		if values[k]-values[k-1] > values[best]-values[best-1] {
			best = k
		}
	}
	return best
}

// renumber numbers the labels in use by first occurrence and returns their number.
func renumber(labels []int) int {
	names := map[int]int{}
	for i, l := range labels {
		if l < 0 {
			continue
		}
		if _, known := names[l]; !known {
			names[l] = len(names)
		}
		labels[i] = names[l]
	}
	return len(names)
}

// Members returns the vertices of cluster c, ascending; of -1, those in no cluster.
func (c *Clusters) Members(cluster int) []int {
	if cluster < -1 || cluster >= c.K {
		panic(fmt.Sprintf("align: cluster %d of %d (valid: 0..%d)", cluster, c.K, c.K-1))
	}
	members := []int{}
	for i, l := range c.Labels {
		if l == cluster {
			members = append(members, i)
		}
	}
	return members
}

// Sizes returns the number of vertices of each cluster.
func (c *Clusters) Sizes() []int {
	sizes := make([]int, c.K)
	for _, l := range c.Labels {
		if l >= 0 {
			sizes[l]++
		}
	}
	return sizes
}

// Order returns all vertices cluster by cluster, those in no cluster at the end: rows and
// columns of a similarity in this order show the clusters as blocks on the diagonal.
func (c *Clusters) Order() []int {
	var order []int
	for k := range c.K {
		order = append(order, c.Members(k)...)
	}
	return append(order, c.Members(-1)...)
}

// String sums the clusters up in a line.
func (c *Clusters) String() string {
	if c.K == 0 {
		return fmt.Sprintf("no clusters of %d units: none has an edge", len(c.Labels))
	}
	sizes := c.Sizes()
	alone := ""
	if n := len(c.Members(-1)); n > 0 {
		alone = fmt.Sprintf(", %d without an edge", n)
	}
	return fmt.Sprintf("%d clusters of %d units: sizes %d to %d%s",
		c.K, len(c.Labels), slices.Min(sizes), slices.Max(sizes), alone)
}

// MIMEBundle shows the clusters' summary as text/plain.
func (c *Clusters) MIMEBundle() map[string]any {
	return map[string]any{"text/plain": c.String()}
}

// Streams of random numbers drawn from a seed.
const (
	streamKMeans = iota + 1
	streamKrylov
	streamChance
	streamStart
)

// pointSet has the same points twice: as rows, and coordinate by coordinate, filled up to a multiple of 8.
type pointSet struct {
	rows    *mat.Dense
	columns []float64
	n       int // of columns
	nearest []int
	dist    []float64
}

func newPointSet(rows *mat.Dense) *pointSet {
	n, d := rows.Dims()
	p := &pointSet{rows: rows, n: (n + 7) / 8 * 8}
	p.columns, p.nearest, p.dist = make([]float64, d*p.n), make([]int, p.n), make([]float64, p.n)
	for i := range n {
		for a, v := range rows.RawRowView(i) {
			p.columns[a*p.n+i] = v
		}
	}
	return p
}

// compare finds for each point the nearest of the centres, the first of them, and its squared
// distance, in p.nearest and p.dist.
func (p *pointSet) compare(centres []float64) {
	_, d := p.rows.Dims()
	simd.Nearest64(p.nearest, p.dist, p.columns, centres, d)
}

// kMeans groups the rows of points: 10 k-means++ starts, Lloyd's iteration, least sum of
// squares.
func kMeans(points *mat.Dense, k int, seed uint64) []int {
	const starts = 10 // as DESIGN and common libraries
	r := rand.New(rand.NewPCG(seed, streamKMeans))
	p := newPointSet(points)
	var best []int
	least := math.Inf(1)
	for range starts {
		labels, sum := lloyd(p, plusPlus(p, k, r))
		if sum < least {
			best, least = labels, sum
		}
	}
	return best
}

// plusPlus draws k of the points as centres, each with a chance that grows with the squared
// distance to the nearest one so far (Arthur and Vassilvitskii 2007).
func plusPlus(p *pointSet, k int, r *rand.Rand) *mat.Dense {
	n, d := p.rows.Dims()
	centres := mat.NewDense(k, d, nil)
	centres.SetRow(0, p.rows.RawRowView(r.IntN(n)))
	near := make([]float64, n)
	for i := range near {
		near[i] = math.Inf(1)
	}
	for c := 1; c < k; c++ {
		p.compare(centres.RawRowView(c - 1))
		total := 0.0
		for i := range near {
			near[i] = min(near[i], p.dist[i])
			total += near[i]
		}
		// All points lie on centres when total is 0: any will do.
		chosen := r.IntN(n)
		if total > 0 {
			at := r.Float64() * total
			for i, v := range near {
				if v > 0 {
					chosen = i
				}
				if at -= v; at < 0 {
					break
				}
			}
		}
		centres.SetRow(c, p.rows.RawRowView(chosen))
	}
	return centres
}

// lloyd moves the centres to the means of their points until no point changes over; a centre
// without points takes the point farthest from its own.
func lloyd(p *pointSet, centres *mat.Dense) (labels []int, sum float64) {
	n, _ := p.rows.Dims()
	k, d := centres.Dims()
	raw := centres.RawMatrix().Data
	labels = make([]int, n)
	size := make([]int, k)
	const rounds = 300
	for round := range rounds {
		p.compare(raw)
		if round > 0 && slices.Equal(labels, p.nearest[:n]) {
			break
		}
		copy(labels, p.nearest)
		recentre(p.rows, centres, labels, size)
	}
	for i, l := range labels {
		sum += apart(p.rows.RawRowView(i), raw[l*d:][:d])
	}
	return labels, sum
}

// recentre moves the centres to the means of their points, those without one to the points
// farthest from their own centres.
func recentre(points, centres *mat.Dense, labels, size []int) {
	clear(size)
	for _, l := range labels {
		size[l]++
	}
	var away []float64
	if slices.Contains(size, 0) {
		away = make([]float64, len(labels))
		for i, l := range labels {
			away[i] = apart(points.RawRowView(i), centres.RawRowView(l))
		}
	}
	centres.Zero()
	for i, l := range labels {
		c := centres.RawRowView(l)
		for a, v := range points.RawRowView(i) {
			c[a] += v
		}
	}
	for c, n := range size {
		row := centres.RawRowView(c)
		if n == 0 {
			far := 0
			for i, v := range away {
				if v > away[far] {
					far = i
				}
			}
			away[far] = 0
			copy(row, points.RawRowView(far))
			continue
		}
		for a := range row {
			row[a] /= float64(n)
		}
	}
}

// apart is the squared distance.
func apart(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += (v - y[i]) * (v - y[i])
	}
	return s
}

func dot(x, y []float64) float64 {
	s := 0.0
	for i, v := range x {
		s += v * y[i]
	}
	return s
}

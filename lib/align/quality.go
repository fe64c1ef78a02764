package align

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Quality tells how alike the units in clusters of two nets are, beside random clusters of
// the same sizes. Similarities are means of the correlations given, in [-1, 1], more is more
// alike; they change with every rescaling of the correlations but not with the order of units.
type Quality struct {
	// Sizes holds for each cluster the number of units of the first and of the second net.
	Sizes [][2]int
	// Between holds for each cluster the mean correlation over all its pairs of a unit of the
	// first net and one of the second; 0 for a cluster of one net.
	Between []float64
	// Within holds for each cluster the mean correlation over its pairs of different units
	// of one net, the mean of both nets' values, or the one value there is; 0 for a cluster
	// with at most one unit of each net.
	Within []float64
	// ChanceBetween and ChanceWithin are the same for random clusters with as many units of
	// each net: the mean over the draws.
	ChanceBetween, ChanceWithin []float64
	// ShareBetween and ShareWithin are the shares of draws, in (0, 1], in which a random
	// cluster was at least as alike, the cluster itself counted as one: (1 + count)/(1 +
	// draws). Small means better than chance.
	ShareBetween, ShareWithin []float64
}

// ClusterQuality compares clusters of two nets' units with random ones. labels holds the
// cluster of each of p+q units, those of the first net first, -1 for none, as Clusters.Labels or
// Tree.Cut. first (p×p), between (p×q) and second (q×q) are correlations. Random clusters have
// as many units of each net as the given ones, of the units that are in a cluster; draws of
// them (1000 if 0) come from seed. It panics if the sizes do not fit.
func ClusterQuality(labels []int, first mat.Symmetric, between mat.Matrix, second mat.Symmetric, draws int, seed uint64) *Quality {
	a, p, _ := bounded("ClusterQuality", first)
	c, rows, columns := bounded("ClusterQuality", between)
	b, q, _ := bounded("ClusterQuality", second)
	checkNets("ClusterQuality", p, rows, columns, q)
	if len(labels) != p+q {
		panic(fmt.Sprintf("align: ClusterQuality: %d labels for nets of %d and %d units", len(labels), p, q))
	}
	if draws < 0 {
		panic(fmt.Sprintf("align: ClusterQuality: %d draws", draws))
	}
	if draws == 0 {
		draws = 1000
	}
	k := 0
	for _, l := range labels {
		k = max(k, l+1)
	}
	g := &groups{a: a, b: b, c: c, p: p, q: q, k: k}
	s := &Quality{Sizes: make([][2]int, k), ChanceBetween: make([]float64, k), ChanceWithin: make([]float64, k),
		ShareBetween: make([]float64, k), ShareWithin: make([]float64, k)}
	// The units in a cluster, net by net, and their labels, which the draws shuffle.
	var units [2][]int
	var names [2][]int
	for i, l := range labels {
		if l < 0 {
			continue
		}
		net := 0
		if i >= p {
			net, i = 1, i-p
		}
		units[net] = append(units[net], i)
		names[net] = append(names[net], l)
		s.Sizes[l][net]++
	}
	s.Between, s.Within = g.alike(units, names)
	r := rand.New(rand.NewPCG(seed, streamChance))
	for range draws {
		for net := range names {
			r.Shuffle(len(names[net]), func(i, j int) { names[net][i], names[net][j] = names[net][j], names[net][i] })
		}
		x, y := g.alike(units, names)
		for l := range k {
			s.ChanceBetween[l] += x[l] / float64(draws)
			s.ChanceWithin[l] += y[l] / float64(draws)
			if x[l] >= s.Between[l] {
				s.ShareBetween[l]++
			}
			if y[l] >= s.Within[l] {
				s.ShareWithin[l]++
			}
		}
	}
	for l := range k {
		s.ShareBetween[l] = (1 + s.ShareBetween[l]) / float64(1+draws)
		s.ShareWithin[l] = (1 + s.ShareWithin[l]) / float64(1+draws)
	}
	return s
}

// groups holds the correlations within (a, b) and between (c) two nets of p and q units.
type groups struct {
	a, b, c []float64
	p, q, k int
}

// alike returns the mean similarities of k clusters of units with these labels.
func (g *groups) alike(units, labels [2][]int) (between, within []float64) {
	members := make([][2][]int, g.k)
	for net := range units {
		for i, u := range units[net] {
			l := labels[net][i]
			members[l][net] = append(members[l][net], u)
		}
	}
	between, within = make([]float64, g.k), make([]float64, g.k)
	for l, m := range members {
		for _, i := range m[0] {
			for _, j := range m[1] {
				between[l] += g.c[i*g.q+j]
			}
		}
		if n := len(m[0]) * len(m[1]); n > 0 {
			between[l] /= float64(n)
		}
		x, inX := pairs(g.a, g.p, m[0])
		y, inY := pairs(g.b, g.q, m[1])
		within[l] = x + y
		if inX && inY {
			within[l] /= 2
		}
	}
	return between, within
}

// pairs returns the mean over pairs of different members, and whether there are any.
func pairs(c []float64, n int, members []int) (float64, bool) {
	if len(members) < 2 {
		return 0, false
	}
	sum := 0.0
	for a, i := range members {
		for _, j := range members[a+1:] {
			sum += c[i*n+j]
		}
	}
	return sum / float64(len(members)*(len(members)-1)/2), true
}

// both returns the clusters that hold units of both nets.
func (s *Quality) both() []int {
	var both []int
	for l, n := range s.Sizes {
		if n[0] > 0 && n[1] > 0 {
			both = append(both, l)
		}
	}
	return both
}

// Both returns the number of clusters that hold units of both nets.
func (s *Quality) Both() int { return len(s.both()) }

// MeanBetween returns the mean of Between over the clusters of both nets; 0 without one.
func (s *Quality) MeanBetween() float64 { return meanAt(s.Between, s.both()) }

// MeanChanceBetween returns the mean of ChanceBetween over the clusters of both nets; 0
// without one.
func (s *Quality) MeanChanceBetween() float64 { return meanAt(s.ChanceBetween, s.both()) }

func meanAt(x []float64, at []int) float64 {
	sum := 0.0
	for _, i := range at {
		sum += x[i]
	}
	if len(at) == 0 {
		return 0
	}
	return sum / float64(len(at))
}

// Order returns the clusters by Between, descending, the smaller number first among equals.
func (s *Quality) Order() []int {
	order := make([]int, len(s.Between))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case s.Between[a] > s.Between[b]:
			return -1
		case s.Between[a] < s.Between[b]:
			return 1
		}
		return 0
	})
	return order
}

// String sums the comparison up in a line.
func (s *Quality) String() string {
	return fmt.Sprintf("%d clusters, %d of both nets: mean correlation between nets %.3f, by chance %.3f",
		len(s.Sizes), s.Both(), s.MeanBetween(), s.MeanChanceBetween())
}

// MIMEBundle shows the comparison as text/plain, and as text/html with a row per cluster.
func (s *Quality) MIMEBundle() map[string]any {
	rows := make([][]string, 0, len(s.Sizes))
	for _, l := range s.Order() {
		rows = append(rows, []string{fmt.Sprint(l), fmt.Sprintf("%d + %d", s.Sizes[l][0], s.Sizes[l][1]),
			fmt.Sprintf("%.3f", s.Between[l]), fmt.Sprintf("%.3f", s.ChanceBetween[l]), fmt.Sprintf("%.3f", s.ShareBetween[l]),
			fmt.Sprintf("%.3f", s.Within[l]), fmt.Sprintf("%.3f", s.ChanceWithin[l]), fmt.Sprintf("%.3f", s.ShareWithin[l])})
	}
	return map[string]any{"text/plain": s.String(), "text/html": table([]string{"cluster", "units", "between",
		"by chance", "share of draws as good", "within", "by chance", "share of draws as good"}, rows)}
}

package align

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// WithinGraph returns the graph of one net's units for [SpectralClusters], p×p: an edge of
// weight c_ij between units whose correlation c_ij is above threshold, else 0; 1 on the
// diagonal. Negative correlations are no edges: take absolute values before, if a unit and its
// negative shall count as alike. It panics if threshold is negative or NaN, and if an entry is
// NaN or infinite, as all graphs do.
func WithinGraph(within mat.Symmetric, threshold float64) *mat.SymDense {
	checkThreshold("WithinGraph", threshold)
	values, p, _ := entries("WithinGraph", within)
	g := newGraph(p)
	connect(g, 0, values, p, threshold)
	return g
}

// BetweenGraph returns the graph of two nets' units by their correlations between the nets,
// (p+q)×(p+q), the p units of the first net (rows of between) before the q of the second:
// edges as in [WithinGraph], none within a net.
func BetweenGraph(between mat.Matrix, threshold float64) *mat.SymDense {
	checkThreshold("BetweenGraph", threshold)
	values, p, q := entries("BetweenGraph", between)
	g := newGraph(p + q)
	connectBoth(g, values, p, q, threshold)
	return g
}

// CombinedGraph returns the graph of two nets' units by all their correlations, within the
// first (p×p), between (p×q) and within the second (q×q): (p+q)×(p+q), edges as in
// [WithinGraph]. Its clusters are the paper's many-to-many groups (section 3.3). It panics if
// the sizes do not fit.
func CombinedGraph(first mat.Symmetric, between mat.Matrix, second mat.Symmetric, threshold float64) *mat.SymDense {
	checkThreshold("CombinedGraph", threshold)
	a, p, _ := entries("CombinedGraph", first)
	values, rows, columns := entries("CombinedGraph", between)
	b, q, _ := entries("CombinedGraph", second)
	checkNets("CombinedGraph", p, rows, columns, q)
	g := newGraph(p + q)
	connect(g, 0, a, p, threshold)
	connect(g, p, b, q, threshold)
	connectBoth(g, values, p, q, threshold)
	return g
}

func checkNets(fn string, p, rows, columns, q int) {
	if rows != p || columns != q {
		panic(fmt.Sprintf("align: %s: nets of %d and %d units, %d×%d between", fn, p, q, rows, columns))
	}
}

func checkThreshold(fn string, threshold float64) {
	if !(threshold >= 0) {
		panic(fmt.Sprintf("align: %s: threshold %v", fn, threshold))
	}
}

func newGraph(n int) *mat.SymDense {
	if n == 0 {
		panic("align: graph of 0 units")
	}
	g := mat.NewSymDense(n, nil)
	for i := range n {
		g.SetSym(i, i, 1)
	}
	return g
}

// connect adds the edges of one net, whose first unit is vertex at.
func connect(g *mat.SymDense, at int, within []float64, p int, threshold float64) {
	for i := range p {
		for j := i + 1; j < p; j++ {
			if v := within[i*p+j]; v > threshold {
				g.SetSym(at+i, at+j, v)
			}
		}
	}
}

func connectBoth(g *mat.SymDense, between []float64, p, q int, threshold float64) {
	for i := range p {
		for j := range q {
			if v := between[i*q+j]; v > threshold {
				g.SetSym(i, p+j, v)
			}
		}
	}
}

// MapSimilarity joins two sparse maps to one symmetric similarity of p+q units, the p of the
// first net before the q of the second: (|w12| + |w21|ᵀ)/2 between the nets, 0 within. w12 is
// p×q (rows the first net's units, as predictors, as in SparseMap.Weights), w21 is q×p.
// Unlike in [AgglomerateMaps], direction and sign of a weight do not matter.
func MapSimilarity(w12, w21 mat.Matrix) *mat.SymDense {
	a, p, q := bounded("MapSimilarity", w12)
	b, rows, columns := bounded("MapSimilarity", w21)
	checkMaps("MapSimilarity", p, q, rows, columns)
	s := mat.NewSymDense(p+q, nil)
	for i := range p {
		for j := range q {
			s.SetSym(i, p+j, (math.Abs(a[i*q+j])+math.Abs(b[j*p+i]))/2)
		}
	}
	return s
}

func checkMaps(fn string, p, q, rows, columns int) {
	if p == 0 || q == 0 || rows != q || columns != p {
		panic(fmt.Sprintf("align: %s: maps of %d×%d and %d×%d", fn, p, q, rows, columns))
	}
}

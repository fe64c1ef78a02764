package corr

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Layer has the statistics of one layer: of every unit of every net, and of every pair.
// [Stats.Layer] and [FromMatrices] return it.
type Layer struct {
	name    string
	units   []int // of each net
	offset  []int // of each net: its first column
	d       int   // units of all nets
	samples int

	// One value for each unit, net after net.
	mean, low, high, zero []float64
	// The covariances, d×d, symmetric; 0 in rows and columns of constant units.
	cov []float64

	values [][]float32 // of each net, samples × units: of plain matrices only
}

func newLayer(name string, units []int) *Layer {
	d := 0
	for _, u := range units {
		d += u
	}
	return newLayerIn(name, units, make([]float64, d*d))
}

// newLayerIn is newLayer with memory for the d×d covariances, of which all are to be set.
func newLayerIn(name string, units []int, cov []float64) *Layer {
	l := &Layer{name: name, units: units, cov: cov}
	for _, u := range units {
		l.offset = append(l.offset, l.d)
		l.d += u
	}
	for _, v := range []*[]float64{&l.mean, &l.low, &l.high, &l.zero} {
		*v = make([]float64, l.d)
	}
	return l
}

// settle makes what follows from the upper triangle of cov: constant units have no
// covariance, and the lower triangle is the upper one.
func (l *Layer) settle() {
	constant := make([]bool, l.d)
	for i := range l.d {
		// Rounding may leave a constant unit a variance, or one that hardly varies none.
		if l.low[i] == l.high[i] || !(l.cov[i*l.d+i] > 0) {
			constant[i] = true
			if l.low[i] == l.high[i] {
				l.mean[i] = l.low[i]
			}
		}
	}
	for i := range l.d {
		for j := i; j < l.d; j++ {
			if constant[i] || constant[j] {
				l.cov[i*l.d+j] = 0
			}
			l.cov[j*l.d+i] = l.cov[i*l.d+j]
		}
	}
}

// Name returns the layer's name.
func (l *Layer) Name() string { return l.name }

// Nets returns the number of nets.
func (l *Layer) Nets() int { return len(l.units) }

// Units returns the number of units of a net in this layer.
func (l *Layer) Units(net int) int {
	l.check(net)
	return l.units[net]
}

// Positions returns the number of samples N that each unit was measured at: pictures ×
// positions of the layer (one position a picture in a fully connected layer).
func (l *Layer) Positions() int { return l.samples }

// Mean returns the mean activation of each unit of a net.
func (l *Layer) Mean(net int) []float64 { return l.part(net, l.mean) }

// Std returns the standard deviation of each unit of a net, that of the population
// (divided by N, not N−1).
func (l *Layer) Std(net int) []float64 {
	l.check(net)
	std := make([]float64, l.units[net])
	for k := range std {
		i := l.offset[net] + k
		std[k] = math.Sqrt(l.cov[i*l.d+i])
	}
	return std
}

// Min returns the smallest activation of each unit of a net.
func (l *Layer) Min(net int) []float64 { return l.part(net, l.low) }

// Max returns the largest activation of each unit of a net.
func (l *Layer) Max(net int) []float64 { return l.part(net, l.high) }

// ZeroShare returns for each unit of a net the share of samples, in [0, 1], at which it is
// exactly 0: after a ReLU, at which it does not fire.
func (l *Layer) ZeroShare(net int) []float64 { return l.part(net, l.zero) }

// Dead returns the units of a net that never fire: constant and not above 0. It is empty,
// not nil, if there are none.
func (l *Layer) Dead(net int) []int {
	dead := []int{}
	for _, k := range l.Constant(net) {
		if l.high[l.offset[net]+k] <= 0 {
			dead = append(dead, k)
		}
	}
	return dead
}

// Constant returns the units of a net that have no variance, dead or not, whose
// correlations are therefore set to 0. It is empty, not nil, if there are none.
func (l *Layer) Constant(net int) []int {
	constant := []int{}
	for k, s := range l.Std(net) {
		if s == 0 {
			constant = append(constant, k)
		}
	}
	return constant
}

// Within returns the units × units matrix of Pearson correlations, in [-1, 1], among the
// units of one net. The diagonal is 1, but 0 for a constant unit.
func (l *Layer) Within(net int) *mat.SymDense {
	l.check(net)
	n := l.units[net]
	if n == 0 {
		return &mat.SymDense{}
	}
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, l.correlation(l.offset[net]+i, l.offset[net]+j))
		}
	}
	return s
}

// Between returns the d_a×d_b matrix of Pearson correlations, in [-1, 1], between units of
// two nets; rows are units of net a, columns units of net b. Between(b, a) is its transpose,
// Between(a, a) has the entries of Within(a).
func (l *Layer) Between(a, b int) *mat.Dense {
	dst := &mat.Dense{}
	l.BetweenTo(dst, a, b)
	return dst
}

// BetweenTo writes Between(a, b) to dst, which must be empty or of that size; it panics
// otherwise.
func (l *Layer) BetweenTo(dst *mat.Dense, a, b int) {
	l.check(a)
	l.check(b)
	rows, columns := l.units[a], l.units[b]
	if rows == 0 || columns == 0 {
		return
	}
	if dst.IsEmpty() {
		dst.ReuseAs(rows, columns)
	} else if r, c := dst.Dims(); r != rows || c != columns {
		panic(fmt.Sprintf("corr: BetweenTo: a matrix of %d×%d for %d×%d units", r, c, rows, columns))
	}
	for i := range rows {
		for j := range columns {
			dst.Set(i, j, l.correlation(l.offset[a]+i, l.offset[b]+j))
		}
	}
}

// correlation returns the correlation of two columns.
func (l *Layer) correlation(i, j int) float64 {
	vi, vj := l.cov[i*l.d+i], l.cov[j*l.d+j]
	switch {
	case vi == 0 || vj == 0:
		return 0
	case i == j:
		return 1
	}
	c := l.cov[i*l.d+j]
	// One root of the product is exact where the variances are equal, but may leave the
	// range of float64.
	if p := vi * vj; p > 1e-280 && p < 1e280 {
		c /= math.Sqrt(p)
	} else {
		c = c / math.Sqrt(vi) / math.Sqrt(vj)
	}
	return max(-1, min(1, c))
}

// part returns a copy of a net's part of values.
func (l *Layer) part(net int, values []float64) []float64 {
	l.check(net)
	return append([]float64(nil), values[l.offset[net]:l.offset[net]+l.units[net]]...)
}

func (l *Layer) check(net int) {
	if net < 0 || net >= len(l.units) {
		panic(fmt.Sprintf("corr: net %d of %d nets (valid: 0..%d)", net, len(l.units), len(l.units)-1))
	}
}

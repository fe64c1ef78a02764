package corr

import "gonum.org/v1/gonum/mat"

// WithinCovariance returns the units × units matrix of population covariances among the units
// of one net, E[(x_i−μ_i)(x_j−μ_j)], in squared units of activation. The diagonal has the
// variances; rows and columns of constant units are 0.
func (l *Layer) WithinCovariance(net int) *mat.SymDense {
	l.check(net)
	n := l.units[net]
	if n == 0 {
		return &mat.SymDense{}
	}
	s := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			s.SetSym(i, j, l.cov[(l.offset[net]+i)*l.d+l.offset[net]+j])
		}
	}
	return s
}

// BetweenCovariance returns the d_a×d_b matrix of population covariances between units of two
// nets; rows are units of net a, columns units of net b. BetweenCovariance(b, a) is its
// transpose, BetweenCovariance(a, a) has the entries of WithinCovariance(a).
func (l *Layer) BetweenCovariance(a, b int) *mat.Dense {
	l.check(a)
	l.check(b)
	if l.units[a] == 0 || l.units[b] == 0 {
		return &mat.Dense{}
	}
	m := mat.NewDense(l.units[a], l.units[b], nil)
	for i := range l.units[a] {
		copy(m.RawRowView(i), l.cov[(l.offset[a]+i)*l.d+l.offset[b]:][:l.units[b]])
	}
	return m
}

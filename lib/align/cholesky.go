package align

import (
	"math"

	"gonverge/lib/internal/simd"
)

// cholesky is a lower triangular factor, row-major k×k; the upper triangle is not used.
type cholesky []float64

// factorise turns the lower triangle of a matrix into its factor and returns k, or, if the
// matrix is singular to working precision, the first row that depends on those before:
// the factor is then good up to there, and that row solves L x = row.
func (l cholesky) factorise(k int) int {
	column := make([]float64, k) // products of a row with those below it
	for b := range k {
		row := l[b*k:][:b+1]
		pivot := row[b] - simd.Dot64(row[:b], row[:b])
		if !(pivot > 1e-12*row[b]) {
			return b
		}
		row[b] = math.Sqrt(pivot)
		below := column[:k-b-1]
		if len(below) == 0 {
			break
		}
		simd.Dots64(below, row[:b], l[(b+1)*k:], k)
		for a, v := range below {
			at := (b+1+a)*k + b
			l[at] = (l[at] - v) / row[b]
		}
	}
	return k
}

// solve replaces the right hand side x by the solution; k is the length of a row.
func (l cholesky) solve(x []float64, k int) {
	for a := range x {
		row := l[a*k:][:a+1]
		x[a] = (x[a] - simd.Dot64(row[:a], x[:a])) / row[a]
	}
	l.solveUpper(x, k)
}

// solveUpper solves Lᵀy = x in place.
func (l cholesky) solveUpper(x []float64, k int) {
	for a := len(x) - 1; a >= 0; a-- {
		row := l[a*k:][:a+1]
		x[a] /= row[a]
		simd.Axpy64(-x[a], row[:a], x[:a])
	}
}

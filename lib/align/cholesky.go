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
	b := 0
	for ; b+4 <= k; b += 4 {
		if at := l.columns(b, k); at < b+4 {
			return at
		}
	}
	for ; b < k; b++ {
		row := l[b*k:][:b+1]
		pivot := row[b] - simd.Dot64(row[:b], row[:b])
		if !(pivot > singular*row[b]) {
			return b
		}
		row[b] = math.Sqrt(pivot)
		for a := b + 1; a < k; a++ {
			l[a*k+b] = (l[a*k+b] - simd.Dot64(row[:b], l[a*k:][:b])) / row[b]
		}
	}
	return k
}

// singular is what share of its row's diagonal a pivot exceeds.
const singular = 1e-12

// columns makes four columns of the factor, from b on, whose columns before are done; k is the length of a row. It
// returns b+4, or the first row that depends on those before.
func (l cholesky) columns(b, k int) int {
	var diagonal [4]float64
	for c := range diagonal {
		diagonal[c] = l[(b+c)*k+b+c]
	}
	// What is left of the columns without the products with those before. Of the first rows also entries
	// of the upper triangle change.
	var dots [12]float64
	a := b
	for ; b > 0 && a+3 <= k; a += 3 {
		simd.Dots12(&dots, l[b*k:], l[a*k:], b, k)
		for r := range 3 {
			x := l[(a+r)*k+b:][:4]
			for c := range x {
				x[c] -= dots[4*r+c]
			}
		}
	}
	for ; b > 0 && a < k; a++ {
		simd.Dots64(dots[:4], l[a*k:][:b], l[b*k:], k)
		x := l[a*k+b:][:4]
		for c := range x {
			x[c] -= dots[c]
		}
	}
	var t [4][4]float64 // the triangle within
	var share [4]float64
	for c := range t {
		row := l[(b+c)*k+b:][:4]
		for e := range c {
			v := row[e]
			for f := range e {
				v -= t[c][f] * t[e][f]
			}
			t[c][e] = v * share[e]
			row[e] = t[c][e]
		}
		pivot := row[c]
		for e := range c {
			pivot -= t[c][e] * t[c][e]
		}
		if !(pivot > singular*diagonal[c]) {
			return b + c
		}
		row[c] = math.Sqrt(pivot)
		share[c] = 1 / row[c]
	}
	for a := b + 4; a < k; a++ {
		x := (*[4]float64)(l[a*k+b:])
		x0 := x[0] * share[0]
		x1 := (x[1] - x0*t[1][0]) * share[1]
		x2 := (x[2] - x0*t[2][0] - x1*t[2][1]) * share[2]
		x[0], x[1], x[2] = x0, x1, x2
		x[3] = (x[3] - x0*t[3][0] - x1*t[3][1] - x2*t[3][2]) * share[3]
	}
	return b + 4
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

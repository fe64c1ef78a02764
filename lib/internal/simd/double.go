package simd

import "fmt"

// fours returns how many of n float64 values the assembly takes: whole vectors of four.
func fours(n int) int {
	if useAsm {
		return n &^ 3
	}
	return 0
}

// Axpy64 adds a·x to y, in float64. It panics unless both have the same length.
func Axpy64(a float64, x, y []float64) {
	same("Axpy64", len(x), len(y))
	n := fours(len(x))
	if n > 0 {
		axpy64Asm(a, &x[0], &y[0], n)
	}
	y = y[:len(x)]
	for i := n; i < len(x); i++ {
		y[i] += float64(a * x[i])
	}
}

// Dot64 returns Σ x·y in float64. It panics unless both have the same length.
func Dot64(x, y []float64) float64 {
	same("Dot64", len(x), len(y))
	n := fours(len(x))
	sum := 0.0
	if n > 0 {
		sum = dot64Asm(&x[0], &y[0], n)
	} else if m := len(x) &^ 3; m > 0 {
		var s [4]float64
		for i := 0; i < m; i += 4 {
			a, b := (*[4]float64)(x[i:]), (*[4]float64)(y[i:])
			s[0] += float64(a[0] * b[0])
			s[1] += float64(a[1] * b[1])
			s[2] += float64(a[2] * b[2])
			s[3] += float64(a[3] * b[3])
		}
		sum, n = (s[0]+s[2])+(s[1]+s[3]), m
	}
	y = y[:len(x)]
	for i := n; i < len(x); i++ {
		sum += float64(x[i] * y[i])
	}
	return sum
}

// Dots64 sets dst to the products Σ x·y of x with the rows of y, which are as long as x and lie
// ld ≥ len(x) values apart: one for each of dst. It panics if y is too short.
func Dots64(dst, x, y []float64, ld int) {
	if ld < len(x) {
		panic(fmt.Sprintf("simd: Dots64: rows of %d values %d apart", len(x), ld))
	}
	if len(dst) > 0 {
		need("Dots64", "y", len(y), (len(dst)-1)*ld+len(x))
	}
	n := fours(len(x))
	r := 0
	for ; n > 0 && r+4 <= len(dst); r += 4 {
		dots64Asm(&dst[r], &x[0], &y[r*ld], n, ld)
		for i := n; i < len(x); i++ {
			for k := range 4 {
				dst[r+k] += float64(x[i] * y[(r+k)*ld+i])
			}
		}
	}
	for ; r < len(dst); r++ {
		dst[r] = Dot64(x, y[r*ld:][:len(x)])
	}
}

// Dots12 sets dst[4k+c] to the product Σ x·y, over n values, of row c < 4 of x with row k < 3 of y; rows lie ld ≥ n
// values apart. It panics if x or y is too short.
func Dots12(dst *[12]float64, x, y []float64, n, ld int) {
	if n < 0 || ld < n {
		panic(fmt.Sprintf("simd: Dots12: rows of %d values %d apart", n, ld))
	}
	need("Dots12", "x", len(x), 3*ld+n)
	need("Dots12", "y", len(y), 2*ld+n)
	*dst = [12]float64{}
	m := fours(n)
	if m > 0 {
		dots12Asm(&dst[0], &x[0], &y[0], m, ld)
	}
	for k := range 3 {
		v := y[k*ld:][:n]
		for c := range 4 {
			u := x[c*ld:][:n]
			for i := m; i < n; i++ {
				dst[4*k+c] += float64(u[i] * v[i])
			}
		}
	}
}

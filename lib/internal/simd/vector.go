package simd

import (
	"bytes"
	"fmt"
	"unsafe"
)

// same panics unless two slices of a call are equally long.
func same(fn string, a, b int) {
	if a != b {
		panic(fmt.Sprintf("simd: %s: slices of %d and %d values", fn, a, b))
	}
}

// vectorised returns how many of n values the assembly takes: whole vectors of eight.
func vectorised(n int) int {
	if useAsm {
		return n &^ 7
	}
	return 0
}

// SameBits reports whether x and y have the same length and bits: 0 and −0 differ, a NaN is like itself.
func SameBits(x, y []float32) bool {
	return len(x) == len(y) && bytes.Equal(memory(x), memory(y))
}

// memory returns the bytes of x.
func memory(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

// Relu replaces negative values by 0: x = max(x, 0). NaN stays NaN.
func Relu(x []float32) {
	n := vectorised(len(x))
	if n > 0 {
		reluAsm(&x[0], n)
	}
	reluGo(x[n:])
}

func reluGo(x []float32) {
	for i, v := range x {
		if v < 0 {
			x[i] = 0
		}
	}
}

// ReluBack turns dy, the gradient behind a ReLU with output y, into the gradient before it:
// dy = 0 where not y > 0. It panics unless both have the same length.
func ReluBack(dy, y []float32) {
	same("ReluBack", len(dy), len(y))
	n := vectorised(len(y))
	if n > 0 {
		reluBackAsm(&dy[0], &y[0], n)
	}
	for i, v := range y[n:] {
		if !(v > 0) {
			dy[n+i] = 0
		}
	}
}

// ReluBackTo writes to dst what [ReluBack] makes of dy, which stays as it is. It panics unless
// all have the same length.
func ReluBackTo(dst, dy, y []float32) {
	same("ReluBackTo", len(dst), len(y))
	same("ReluBackTo", len(dy), len(y))
	n := vectorised(len(y))
	if n > 0 {
		reluBackToAsm(&dst[0], &dy[0], &y[0], n)
	}
	for i, v := range y[n:] {
		if v > 0 {
			dst[n+i] = dy[n+i]
		} else {
			dst[n+i] = 0
		}
	}
}

// Axpy adds a·x to y. It panics unless both have the same length.
func Axpy(a float32, x, y []float32) {
	same("Axpy", len(x), len(y))
	n := vectorised(len(x))
	if n > 0 {
		axpyAsm(a, &x[0], &y[0], n)
	}
	for i, v := range x[n:] {
		y[n+i] += a * v
	}
}

// Scale multiplies x by a.
func Scale(a float32, x []float32) {
	n := vectorised(len(x))
	if n > 0 {
		scaleAsm(a, &x[0], n)
	}
	for i := n; i < len(x); i++ {
		x[i] *= a
	}
}

// dotBlock is how many products Dot sums in float32 before it goes on in float64.
const dotBlock = 4096

// Dot returns Σ x·y, in float32 within blocks of 4,096 values and float64 across them. It
// panics unless both have the same length.
func Dot(x, y []float32) float64 {
	same("Dot", len(x), len(y))
	sum := 0.0
	for len(x) > 0 {
		m := min(dotBlock, len(x))
		sum += dotPart(x[:m], y[:m])
		x, y = x[m:], y[m:]
	}
	return sum
}

func dotPart(x, y []float32) float64 {
	n := vectorised(len(x))
	sum := 0.0
	if n > 0 {
		sum = float64(dotAsm(&x[0], &y[0], n))
	}
	x, y = x[n:], y[n:]
	// Four sums: one alone would wait for each addition.
	var s [4]float32
	for len(x) >= 4 {
		p, q := (*[4]float32)(x), (*[4]float32)(y)
		s[0] += p[0] * q[0]
		s[1] += p[1] * q[1]
		s[2] += p[2] * q[2]
		s[3] += p[3] * q[3]
		x, y = x[4:], y[4:]
	}
	for i, v := range x {
		s[0] += v * y[i]
	}
	return sum + float64((s[0]+s[1])+(s[2]+s[3]))
}

// AddRows adds each row of x (len(x)/len(dst) rows of len(dst) values) to dst: the gradient
// of a bias. It panics unless the length of x is a multiple of that of dst.
func AddRows(dst, x []float32) {
	d := len(dst)
	rows := rowsOf("AddRows", d, len(x))
	if rows == 0 {
		return
	}
	n := vectorised(d)
	if n > 0 {
		addRowsAsm(&dst[0], &x[0], n, rows, d)
	}
	if n == d {
		return
	}
	tail := dst[n:]
	for r := range rows {
		row := x[r*d+n:][:len(tail)]
		for c, v := range row {
			tail[c] += v
		}
	}
}

// SubRow writes x with row subtracted from each of its len(x)/len(row) rows to dst: data
// centred by a mean, say. dst may be x. It panics unless the length of x is a multiple of
// that of row and dst is at least as long as x.
func SubRow(dst, x, row []float32) {
	d := len(row)
	rows := rowsOf("SubRow", d, len(x))
	need("SubRow", "dst", len(dst), len(x))
	n := vectorised(d)
	for r := range rows {
		in, out := x[r*d:][:d], dst[r*d:][:d]
		if n > 0 {
			subRowAsm(&out[0], &in[0], &row[0], n)
		}
		for c := n; c < d; c++ {
			out[c] = in[c] - row[c]
		}
	}
}

func rowsOf(fn string, d, n int) int {
	if n == 0 {
		return 0
	}
	if d == 0 || n%d != 0 {
		panic(fmt.Sprintf("simd: %s: %d values are no rows of %d", fn, n, d))
	}
	return n / d
}

// SGD takes one step of gradient descent with momentum and weight decay, in place:
//
//	v = momentum·v − lr·(g + decay·w)
//	w = w + v
//
// for weights w, their velocities v and gradients g. It panics unless all have the same length.
func SGD(w, v, g []float32, lr, momentum, decay float32) {
	same("SGD", len(w), len(v))
	same("SGD", len(w), len(g))
	n := vectorised(len(w))
	if n > 0 {
		sgdAsm(&w[0], &v[0], &g[0], n, lr, momentum, decay)
	}
	for i := n; i < len(w); i++ {
		v[i] = momentum*v[i] - lr*(g[i]+decay*w[i])
		w[i] += v[i]
	}
}

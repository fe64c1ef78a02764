package simd

import (
	"fmt"
	"math"
)

// An LRN is the plan of a local response normalisation of an H×W×C picture:
//
//	s = K + Alpha/n · Σ x²      y = x · s^−Beta
//
// The sum goes over Size channels around a value's own (n = Size), or, if Within, over
// Size×Size positions around it in its own channel (n = Size²); what lies outside counts as
// 0 and n stays. An LRN never changes after NewLRN and may be used by many goroutines at once.
type LRN struct {
	H, W, C        int
	Size           int // odd
	Within         bool
	Alpha, Beta, K float64
}

// NewLRN plans a normalisation of an h×w×c picture. It panics if a size is not positive or
// size is even.
func NewLRN(h, w, c, size int, alpha, beta, k float64, within bool) *LRN {
	if min(h, w, c, size) < 1 || size%2 == 0 {
		panic(fmt.Sprintf("simd: NewLRN: %d×%d×%d picture, size %d (valid: positive, size odd)", h, w, c, size))
	}
	return &LRN{H: h, W: w, C: c, Size: size, Within: within, Alpha: alpha, Beta: beta, K: k}
}

// Len returns the length of a picture: H·W·C.
func (l *LRN) Len() int { return l.H * l.W * l.C }

// ScratchLen returns the length of the scratch of Forward and Back: 3·H·W·C.
func (l *LRN) ScratchLen() int { return 3 * l.Len() }

// Forward writes the normalised picture y (H×W×C) of x. scratch (ScratchLen) is overwritten.
func (l *LRN) Forward(y, x, scratch []float32) {
	n := l.Len()
	need("LRN.Forward", "y", len(y), n)
	need("LRN.Forward", "x", len(x), n)
	need("LRN.Forward", "scratch", len(scratch), l.ScratchLen())
	x, y = x[:n], y[:n]
	s := scratch[n : 2*n]
	l.scales(s, x, scratch[:n])
	l.powers(y, s)
	for i, v := range x {
		y[i] *= v
	}
}

// Back writes to dx (H×W×C) the gradient of the picture x for the gradient dy of its output:
//
//	dx_i = s_i^−Beta · dy_i − 2·Alpha·Beta/n · x_i · Σ_j x_j · s_j^(−Beta−1) · dy_j
//
// where j goes over the values in whose sums i is. scratch (ScratchLen) is overwritten.
func (l *LRN) Back(dx, x, dy, scratch []float32) {
	n := l.Len()
	need("LRN.Back", "dx", len(dx), n)
	need("LRN.Back", "x", len(x), n)
	need("LRN.Back", "dy", len(dy), n)
	need("LRN.Back", "scratch", len(scratch), l.ScratchLen())
	x, dx, dy = x[:n], dx[:n], dy[:n]
	t, s, p := scratch[:n], scratch[n:2*n], scratch[2*n:3*n]
	l.scales(s, x, t)
	l.powers(p, s)
	for i, v := range x {
		t[i] = v * p[i] / s[i] * dy[i]
	}
	l.sums(s, t)
	factor := float32(2 * l.Beta * l.weight())
	for i, v := range x {
		dx[i] = p[i]*dy[i] - factor*v*s[i]
	}
}

// weight returns Alpha/n.
func (l *LRN) weight() float64 {
	if l.Within {
		return l.Alpha / float64(l.Size*l.Size)
	}
	return l.Alpha / float64(l.Size)
}

// scales writes s for each value; squares is overwritten.
func (l *LRN) scales(s, x, squares []float32) {
	for i, v := range x {
		squares[i] = v * v
	}
	l.sums(s, squares)
	k, a := float32(l.K), float32(l.weight())
	for i, v := range s {
		s[i] = k + a*v
	}
}

// sums writes to dst the sum of src over each value's neighbours and itself.
func (l *LRN) sums(dst, src []float32) {
	half := l.Size / 2
	if l.Within {
		for i := range l.H {
			for j := range l.W {
				out := dst[(i*l.W+j)*l.C:][:l.C]
				clear(out)
				from, to := max(0, j-half), min(l.W, j+half+1)
				for r := max(0, i-half); r < min(l.H, i+half+1); r++ {
					AddRows(out, src[(r*l.W+from)*l.C:(r*l.W+to)*l.C])
				}
			}
		}
		return
	}
	copy(dst, src)
	for p := 0; p < len(src); p += l.C {
		in, out := src[p:p+l.C], dst[p:p+l.C]
		for d := 1; d <= min(half, l.C-1); d++ {
			Axpy(1, in[d:], out[:l.C-d])
			Axpy(1, in[:l.C-d], out[d:])
		}
	}
}

// powers writes s^−Beta to dst.
func (l *LRN) powers(dst, s []float32) {
	if l.Beta == 0.75 { // the usual one: two roots cost a tenth of a power
		for i, v := range s {
			root := float32(math.Sqrt(float64(v)))
			dst[i] = 1 / (root * float32(math.Sqrt(float64(root))))
		}
		return
	}
	for i, v := range s {
		dst[i] = float32(math.Pow(float64(v), -l.Beta))
	}
}

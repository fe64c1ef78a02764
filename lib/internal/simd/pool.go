package simd

import "fmt"

// A Pool is the plan of a max pooling of an H×W×C picture with windows of Size×Size cells,
// Stride apart. A window is clipped to the picture: the padding is never the maximum.
// A Pool never changes after NewPool and may be used by many goroutines at once.
type Pool struct {
	H, W, C               int
	Size, Stride, Padding int
	OH, OW                int // output; channels as in the picture
}

// NewPool plans a pooling of an h×w×c picture. The output has (h + 2·pad − size)/stride + 1
// rows, rounded up (Caffe's rule) if ceil, else down; a last window that would begin outside
// the picture is dropped. It panics if a size or the stride is not positive, pad is negative
// or not less than size, or nothing comes out.
func NewPool(h, w, c, size, stride, pad int, ceil bool) *Pool {
	p := &Pool{H: h, W: w, C: c, Size: size, Stride: stride, Padding: pad}
	if min(h, w, c, size, stride) >= 1 && pad >= 0 && pad < size {
		p.OH, p.OW = pooled(h, size, stride, pad, ceil), pooled(w, size, stride, pad, ceil)
	}
	if p.OH < 1 || p.OW < 1 {
		panic(fmt.Sprintf("simd: NewPool: no output for a %d×%d×%d picture, size %d, stride %d, pad %d", h, w, c, size, stride, pad))
	}
	return p
}

func pooled(n, size, stride, pad int, ceil bool) int {
	room := n + 2*pad - size
	if ceil {
		room += stride - 1
	}
	if room < 0 {
		return 0
	}
	out := room/stride + 1
	for out > 1 && (out-1)*stride >= n+pad {
		out--
	}
	return out
}

// InLen returns the length of a picture: H·W·C.
func (p *Pool) InLen() int { return p.H * p.W * p.C }

// OutLen returns the length of an output: OH·OW·C.
func (p *Pool) OutLen() int { return p.OH * p.OW * p.C }

// window returns where output (i, j) begins in the picture and its size in cells.
func (p *Pool) window(i, j int) (at, rows, cols int) {
	r, c := i*p.Stride-p.Padding, j*p.Stride-p.Padding
	rows, cols = min(r+p.Size, p.H), min(c+p.Size, p.W)
	r, c = max(r, 0), max(c, 0)
	return (r*p.W + c) * p.C, rows - r, cols - c
}

// Max writes to y (OH×OW×C) the maximum of each window of x (H×W×C), channel by channel.
// A NaN among numbers may get lost.
func (p *Pool) Max(y, x []float32) {
	need("Pool.Max", "y", len(y), p.OutLen())
	need("Pool.Max", "x", len(x), p.InLen())
	w, n := p.vectors()
	for i := range p.OH {
		for j := range p.OW {
			at, rows, cols := p.window(i, j)
			out := y[(i*p.OW+j)*p.C:][:p.C]
			if w > 0 {
				maxWideAsm(&out[0], &x[at], w, rows, cols, p.W*p.C, p.C)
			}
			if n > w {
				maxAsm(&out[w], &x[at+w], n-w, rows, cols, p.W*p.C, p.C)
			}
			if n < p.C {
				maxGo(out[n:], x[at+n:], rows, cols, p.W*p.C, p.C)
			}
		}
	}
}

// vectors returns how many of the channels, from the first on, go in vectors of 16, and how many
// in these and vectors of 8.
func (p *Pool) vectors() (wide, all int) {
	if useWide {
		wide = p.C &^ 15
	}
	if useAsm {
		all = p.C &^ 7
	}
	return wide, all
}

func maxGo(y, x []float32, rows, cols, rs, cs int) {
	copy(y, x[:len(y)])
	for r := range rows {
		for q := range cols {
			in := x[r*rs+q*cs:][:len(y)]
			for c, v := range in {
				if !(y[c] > v) {
					y[c] = v
				}
			}
		}
	}
}

// MaxBack writes to dx (H×W×C) the gradient of the picture x, for its pooling y (from Max)
// and the gradient dy (OH×OW×C) of that: each window passes its gradient to its first
// maximum, in row order (Caffe's rule). dy is not changed.
func (p *Pool) MaxBack(dx, x, y, dy []float32) {
	need("Pool.MaxBack", "dx", len(dx), p.InLen())
	need("Pool.MaxBack", "x", len(x), p.InLen())
	need("Pool.MaxBack", "y", len(y), p.OutLen())
	need("Pool.MaxBack", "dy", len(dy), p.OutLen())
	w, n := p.vectors()
	clear(dx[:p.InLen()])
	for i := range p.OH {
		for j := range p.OW {
			at, rows, cols := p.window(i, j)
			o := (i*p.OW + j) * p.C
			if w > 0 {
				maxBackWideAsm(&dx[at], &x[at], &y[o], &dy[o], w, rows, cols, p.W*p.C, p.C)
			}
			if n > w {
				maxBackAsm(&dx[at+w], &x[at+w], &y[o+w], &dy[o+w], n-w, rows, cols, p.W*p.C, p.C)
			}
			for c := n; c < p.C; c++ {
				maxBackGo(dx[at+c:], x[at+c:], y[o+c], dy[o+c], rows, cols, p.W*p.C, p.C)
			}
		}
	}
}

func maxBackGo(dx, x []float32, y, dy float32, rows, cols, rs, cs int) {
	for r := range rows {
		for q := range cols {
			if x[r*rs+q*cs] == y {
				dx[r*rs+q*cs] += dy
				return
			}
		}
	}
}

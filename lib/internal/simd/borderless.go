package simd

// A Borderless is a [Conv] on several pictures at once that leaves out what its border is
// multiplied with: on 6×6 cells with filters of 3×3 that is a fifth of all products. A block of
// a product then is made of the same place in up to eight pictures, which all see the same
// cells of the filters, and the pictures are read where they are, without a border. Of fewer than
// four pictures, it is made of places of one that see the same cells.
//
// Every sum has the terms of Conv's in the same order but for products with 0, and so its bits
// (the sign of a 0 apart, and a 0 where Conv multiplies the border with an infinity).
// A Borderless never changes and may be used by many goroutines at once.
type Borderless struct {
	*Conv
	forward, back window
	gradW, gradX  bool
}

const (
	borderlessPictures = 8 // of a block

	borderlessLen   = 1 << 20 // values that so many pictures may have, of which the rows under a filter should stay in the second-level cache
	borderlessPanel = 1 << 18 // values of 32 filters, which should stay there, too
	gradWLen        = 1 << 17 // values of pictures and gradients that GradW goes over for each of its blocks, unless there are more weights
)

// Borderless returns the plan for several pictures, or nil where Conv is the better way: no
// border, dilation or groups, other numbers of filters than multiples of 16, large pictures or
// filters, plain Go.
func (v *Conv) Borderless() *Borderless {
	if !useAsm || v.Groups > 1 || v.Dilation > 1 || v.OC%tileCols != 0 || v.Padding >= min(v.KH, v.KW) ||
		borderlessPictures*max(v.InLen(), v.OutLen()) > borderlessLen || v.KH*v.KW*max(v.C, v.OC)*2*tileCols > borderlessPanel {
		return nil
	}
	p := &Borderless{Conv: v, forward: window{v.H, v.W, v.C, v.OH, v.OW, v.OC, v.KH, v.KW, v.Stride, v.Padding, v.Padding}}
	// Blocks of AVX2 have four rows, which is a little less work for each load than Conv's six.
	if share := p.forward.share(); share > 0.97 || !useWide && share > 0.9 {
		return nil
	}
	p.gradW = v.C%8 == 0
	p.gradX = v.Stride == 1 && v.C%tileCols == 0
	p.back = window{v.OH, v.OW, v.OC, v.H, v.W, v.C, v.KH, v.KW, 1, v.KH - 1 - v.Padding, v.KW - 1 - v.Padding}
	return p
}

// Together returns how many pictures are best worked on in one call, which then takes less than
// 20 ms on an idle core: whole blocks, fewer where the filters are many.
func (p *Borderless) Together() int {
	n := borderlessPictures
	for n > 1 && n*p.OutLen()*p.taps() > 1e9 {
		n /= 2
	}
	return n
}

// HasGradW reports whether the plan has GradW, too: the channels must be a multiple of 8.
func (p *Borderless) HasGradW() bool { return p.gradW }

// HasGradX reports whether the plan has GradX, too: the channels must be a multiple of 16, the
// stride 1.
func (p *Borderless) HasGradX() bool { return p.gradX }

// Share returns the part of Conv's products that are left, in each pass.
func (p *Borderless) Share() float64 { return p.forward.share() }

// A window is a convolution of h×w×c to oh×ow×oc with so many rows and columns of zeros above
// and to the left.
type window struct{ h, w, c, oh, ow, oc, kh, kw, stride, top, left int }

// seen returns the cells [from, to) of k that output i sees of n inputs behind before zeros.
func seen(i, stride, before, k, n int) (from, to int) {
	at := i*stride - before
	return max(0, -at), min(k, n-at)
}

// share returns the part of the products that do not fall on the border.
func (w *window) share() float64 {
	rows, cols := 0, 0
	for i := range w.oh {
		from, to := seen(i, w.stride, w.top, w.kh, w.h)
		rows += to - from
	}
	for j := range w.ow {
		from, to := seen(j, w.stride, w.left, w.kw, w.w)
		cols += to - from
	}
	return float64(rows) * float64(cols) / float64(w.oh*w.ow*w.kh*w.kw)
}

// run writes the outputs y of pictures x for weights in panels of blockCols, and a bias or none.
func (w *window) run(y, x, panels, bias []float32, pictures, relu int) {
	in, out := w.h*w.w*w.c, w.oh*w.ow*w.oc
	v := view{w: w, t: block{aks: 1, init: zeros[:], relu: relu}}
	for n := 0; n < pictures; {
		rows := blockRows(pictures - n)
		if rows < 4 { // too few sums at once: the places of one picture in their stead
			rows = 1
		}
		for o, cols := 0, 0; o < w.oc; o += cols {
			cols = blockCols(w.oc - o)
			if bias != nil {
				v.t.init = bias[o:]
			}
			v.y, v.x, v.panel, v.cols = y[n*out+o:], x[n*in:], panels[o*w.kh*w.kw*w.c:], cols
			if rows == 1 {
				v.single()
				continue
			}
			v.t.ars, v.t.ldc = in, out
			for i := range w.oh {
				for j := range w.ow {
					v.place(i, j)
					v.run(i, j, rows)
				}
			}
		}
		n += rows
	}
}

// A view is a block on its way over a picture, or several from there on, with some columns of the
// filters.
type view struct {
	w           *window
	t           block
	y, x, panel []float32
	cols        int
}

// place sets the block's sums for output (i, j): over the cells of the filters that it sees.
func (v *view) place(i, j int) {
	w, t := v.w, &v.t
	a0, a1 := seen(i, w.stride, w.top, w.kh, w.h)
	b0, b1 := seen(j, w.stride, w.left, w.kw, w.w)
	t.bks = v.cols
	t.steps(1, a1-a0, (b1-b0)*w.c, w.w*w.c, 0, w.kw*w.c*v.cols, 0)
	t.b = v.panel[(a0*w.kw+b0)*w.c*v.cols:]
}

// run computes the block whose first row is output (i, j); place was called for one that sees the
// same cells.
func (v *view) run(i, j, rows int) {
	w, t := v.w, &v.t
	t.a = v.x[(max(i*w.stride-w.top, 0)*w.w+max(j*w.stride-w.left, 0))*w.c:]
	t.c = v.y[(i*w.ow+j)*w.oc:]
	t.run(rows, v.cols)
}

// single makes blocks of places of one picture that see the same cells: the corners are places
// alone, the borders between them lines, and what is left a rectangle.
func (v *view) single() {
	w := v.w
	for i, i1 := 0, 0; i < w.oh; i = i1 {
		i1 = alike(i, w.oh, w.stride, w.top, w.kh, w.h)
		for j, j1 := 0, 0; j < w.ow; j = j1 {
			j1 = alike(j, w.ow, w.stride, w.left, w.kw, w.w)
			v.place(i, j)
			v.rectangle(i, i1, j, j1)
		}
	}
}

// alike returns the end of the outputs from i on that see the same cells.
func alike(i, outputs, stride, before, k, n int) int {
	from, to := seen(i, stride, before, k, n)
	for i++; i < outputs; i++ {
		if f, t := seen(i, stride, before, k, n); f != from || t != to {
			break
		}
	}
	return i
}

// rectangle computes outputs that see the same cells: rows i0 to i1, columns j0 to j1.
func (v *view) rectangle(i0, i1, j0, j1 int) {
	w, t := v.w, &v.t
	// whole blocks along the rows, and what is left of these along the longer side
	whole := (j1 - j0) / blockRows(borderlessPictures) * blockRows(borderlessPictures)
	if j1-j0-whole >= i1-i0 {
		whole = j1 - j0
	}
	t.ars, t.ldc = w.stride*w.c, w.oc
	for i := i0; i < i1; i++ {
		for j, rows := j0, 0; j < j0+whole; j += rows {
			rows = blockRows(j0 + whole - j)
			v.run(i, j, rows)
		}
	}
	t.ars, t.ldc = w.stride*w.w*w.c, w.ow*w.oc
	for j := j0 + whole; j < j1; j++ {
		for i, rows := i0, 0; i < i1; i += rows {
			rows = blockRows(i1 - i)
			v.run(i, j, rows)
		}
	}
}

// WeightLen returns the length of the weights as PackW packs them: KH·KW·C·OC.
func (p *Borderless) WeightLen() int { return p.FilterLen() }

// PackW packs the weights w (KH×KW×C×OC) into dst (WeightLen) for Forward.
func (p *Borderless) PackW(dst, w []float32) {
	need("Borderless.PackW", "dst", len(dst), p.WeightLen())
	need("Borderless.PackW", "w", len(w), p.FilterLen())
	taps := p.taps()
	for o, cols := 0, 0; o < p.OC; o += cols {
		cols = blockCols(p.OC - o)
		d := dst[o*taps:]
		for r := range taps {
			copy(d[r*cols:][:cols], w[r*p.OC+o:])
		}
	}
}

// Forward writes the outputs y (OH×OW×OC each) of as many pictures x (H×W×C each, without a
// border), for the packed weights wp (from PackW) and the bias (OC values, or nil for none);
// max(0, y) if relu. Each picture's bits are the same whatever comes with it.
func (p *Borderless) Forward(y, x, wp, bias []float32, pictures int, relu bool) {
	need("Borderless.Forward", "y", len(y), pictures*p.OutLen())
	need("Borderless.Forward", "x", len(x), pictures*p.InLen())
	need("Borderless.Forward", "wp", len(wp), p.WeightLen())
	cut := 0
	if relu {
		cut = 1
	}
	if bias != nil {
		need("Borderless.Forward", "bias", len(bias), p.OC)
	}
	p.forward.run(y, x, wp, bias, pictures, cut)
}

// PackWBack packs the weights w (KH×KW×C×OC) into dst (WeightLen) for GradX: flipped in both
// directions, input and output channels exchanged.
func (p *Borderless) PackWBack(dst, w []float32) {
	need("Borderless.PackWBack", "dst", len(dst), p.WeightLen())
	need("Borderless.PackWBack", "w", len(w), p.FilterLen())
	cells := p.KH * p.KW
	for c, cols := 0, 0; c < p.C; c += cols {
		cols = blockCols(p.C - c)
		for cell := range cells {
			transpose(dst[(c*cells+cell*cols)*p.OC:], cols, w[((cells-1-cell)*p.C+c)*p.OC:], p.OC, cols, p.OC)
		}
	}
}

// GradX writes the gradients dx (H×W×C each) of as many pictures, for the gradients dy
// (OH×OW×OC each) of the outputs and the weights wback (from PackWBack); see [Borderless.HasGradX].
func (p *Borderless) GradX(dx, dy, wback []float32, pictures int) {
	need("Borderless.GradX", "dx", len(dx), pictures*p.InLen())
	need("Borderless.GradX", "dy", len(dy), pictures*p.OutLen())
	need("Borderless.GradX", "wback", len(wback), p.WeightLen())
	p.back.run(dx, dy, wback, nil, pictures, 0)
}

// GradW adds the gradients of the weights for pictures x (H×W×C each) and the gradients dy
// (OH×OW×OC each) of their outputs to dw (KH×KW×C×OC), picture by picture; see
// [Borderless.HasGradW].
func (p *Borderless) GradW(dw, x, dy []float32, pictures int) {
	need("Borderless.GradW", "dw", len(dw), p.FilterLen())
	need("Borderless.GradW", "x", len(x), pictures*p.InLen())
	need("Borderless.GradW", "dy", len(dy), pictures*p.OutLen())
	in, out := p.InLen(), p.OutLen()
	most := gradWLen
	if p.FilterLen() > most { // then going through the weights is what costs
		most = borderlessLen
	}
	run := max(1, most/(in+out))
	for n := 0; n < pictures; n += run {
		p.gradW8(dw, x[n*in:], dy[n*out:], min(run, pictures-n))
	}
}

func (p *Borderless) gradW8(dw, x, dy []float32, pictures int) {
	// Conv works on six weights of a filter at a time; those that are left over it sums for each
	// dwRows rows of a picture by themselves, and so must we.
	whole := p.taps() / tileRows * tileRows
	t := block{ars: 1, aks: p.Stride * p.C, bks: p.OC, ldc: p.OC}
	for o, cols := 0, 0; o < p.OC; o += cols {
		cols = blockCols(p.OC - o)
		for a := range p.KH {
			i0, i1 := p.seeing(a, p.H, p.OH)
			for b := range p.KW {
				j0, j1 := p.seeing(b, p.W, p.OW)
				if i0 >= i1 || j0 >= j1 {
					continue
				}
				cell := (a*p.KW + b) * p.C
				at, from := ((i0*p.Stride-p.Padding+a)*p.W+j0*p.Stride-p.Padding+b)*p.C, (i0*p.OW+j0)*p.OC+o
				t.steps(pictures, i1-i0, j1-j0, p.Stride*p.W*p.C, p.InLen(), p.OW*p.OC, p.OutLen())
				c, rows := 0, 0
				for ; c < p.C && cell+c < whole; c += rows {
					rows = blockRows(min(p.C, whole-cell) - c)
					t.a, t.b = x[at+c:], dy[from:]
					t.c = dw[(cell+c)*p.OC+o:]
					t.init, t.ldi = t.c, p.OC
					t.run(rows, cols)
				}
				for ; c < p.C; c++ {
					p.gradWRest(dw[(cell+c)*p.OC+o:][:cols], x, dy[o:], a, b, c, pictures)
				}
			}
		}
	}
}

// seeing returns the outputs [from, to) that see an input by cell a of the filter, in one direction.
func (p *Borderless) seeing(a, n, out int) (from, to int) {
	first, last := p.Padding-a, n-1+p.Padding-a // places of an output whose cell a lies on the input
	if last < 0 {
		return 0, 0
	}
	return max(0, (first+p.Stride-1)/p.Stride), min(out, last/p.Stride+1)
}

// gradWRest adds the gradient of one weight of len(dw) filters, whose gradients dy begins with.
func (p *Borderless) gradWRest(dw, x, dy []float32, a, b, c, pictures int) {
	var sum [2 * tileCols]float32
	i0, i1 := p.seeing(a, p.H, p.OH)
	j0, j1 := p.seeing(b, p.W, p.OW)
	t := block{ars: 1, aks: p.Stride * p.C, bks: p.OC, ldc: p.OC, init: zeros[:], c: sum[:]}
	for n := range pictures {
		for i := i0 / p.dwRows * p.dwRows; i < i1; i += p.dwRows {
			from, to := max(i, i0), min(i+p.dwRows, i1)
			t.steps(1, to-from, j1-j0, p.Stride*p.W*p.C, 0, p.OW*p.OC, 0)
			t.a = x[n*p.InLen()+((from*p.Stride-p.Padding+a)*p.W+j0*p.Stride-p.Padding+b)*p.C+c:]
			t.b = dy[n*p.OutLen()+(from*p.OW+j0)*p.OC:]
			t.run(1, len(dw))
			addRowsAsm(&dw[0], &sum[0], len(dw), 1, len(dw))
		}
	}
}

package simd

import "fmt"

// A Conv is the plan of one convolution (cross-correlation, as nets use the word) of an
// H×W×C picture with OC filters of KH×KW×C:
//
//	y[i][j][o] = bias[o] + Σ_{a<KH, b<KW, c<C} x[i·Stride−Padding+a][j·Stride−Padding+b][c] · w[a][b][c][o]
//
// where x is 0 outside the picture. The padded picture is read in place, without im2col.
// A Conv never changes after NewConv and may be used by many goroutines at once.
type Conv struct {
	H, W, C         int // picture
	OC              int // filters
	KH, KW          int // size of a filter
	Stride, Padding int // same in both directions; Padding on all four sides
	OH, OW          int // output: (H + 2·Padding − KH)/Stride + 1 rows, columns alike

	hp, wp int   // padded picture
	out    []int // offset of each output position's window in the padded picture; repeated to full tiles
	tap    []int // offset of each weight's first picture value, in the order of w; repeated to full tiles
	kseg   int   // rows of a filter whose weights (16 filters) stay in the first-level cache
	dwRows int   // rows of the output whose gradient (16 filters) stays in the first-level cache
	back   *Conv // the convolution that turns dy, spread out and padded, into dx
}

// cacheFloats is how many float32 of the operand that all tiles share are worked through
// before the next: 20 KB of a first-level data cache of 32 or more.
const cacheFloats = 5120

// NewConv plans a convolution of an h×w×c picture with oc filters of kh×kw×c. It panics if a
// size or the stride is not positive, pad is negative, or a filter is larger than the padded picture.
func NewConv(h, w, c, oc, kh, kw, stride, pad int) *Conv {
	if min(h, w, c, oc, kh, kw, stride) < 1 || pad < 0 || kh > h+2*pad || kw > w+2*pad {
		panic(fmt.Sprintf("simd: NewConv: no output for a %d×%d×%d picture, %d filters of %d×%d, stride %d, pad %d",
			h, w, c, oc, kh, kw, stride, pad))
	}
	v := newConv(h, w, c, oc, kh, kw, stride, pad)
	// dx[u] = Σ_a dy[(u+pad−a)/stride]·w[a]: with dy spread out by the stride this is a
	// convolution with the flipped filters, over (h+kh−1)×(w+kw−1) cells.
	v.back = newConv(h+kh-1, w+kw-1, oc, c, kh, kw, 1, 0)
	return v
}

func newConv(h, w, c, oc, kh, kw, stride, pad int) *Conv {
	v := &Conv{H: h, W: w, C: c, OC: oc, KH: kh, KW: kw, Stride: stride, Padding: pad, hp: h + 2*pad, wp: w + 2*pad}
	v.OH, v.OW = (v.hp-kh)/stride+1, (v.wp-kw)/stride+1
	for i := range v.OH {
		for j := range v.OW {
			v.out = append(v.out, (i*v.wp+j)*stride*c)
		}
	}
	for a := range kh {
		for b := range kw * c {
			v.tap = append(v.tap, a*v.wp*c+b)
		}
	}
	v.out, v.tap = fullTiles(v.out), fullTiles(v.tap)
	v.kseg = max(1, cacheFloats/(kw*c*tileCols))
	v.dwRows = max(1, cacheFloats/(v.OW*tileCols))
	return v
}

// fullTiles repeats the last offset until their number is a multiple of tileRows, so that a
// short tile reads what is there and nothing else.
func fullTiles(off []int) []int {
	last := off[len(off)-1]
	for len(off)%tileRows != 0 {
		off = append(off, last)
	}
	return off
}

// PaddedLen returns the length of a padded picture: (H+2·Padding)·(W+2·Padding)·C.
func (v *Conv) PaddedLen() int { return v.hp * v.wp * v.C }

// InLen returns the length of a picture: H·W·C.
func (v *Conv) InLen() int { return v.H * v.W * v.C }

// OutLen returns the length of an output: OH·OW·OC.
func (v *Conv) OutLen() int { return v.OH * v.OW * v.OC }

// FilterLen returns the length of the weights as the net holds them: KH·KW·C·OC.
func (v *Conv) FilterLen() int { return v.KH * v.KW * v.C * v.OC }

// WeightLen returns the length of the weights as PackW packs them.
func (v *Conv) WeightLen() int { return v.KH * v.KW * v.C * roundUp(v.OC, tileCols) }

// WeightBackLen returns the length of the weights as PackWBack packs them.
func (v *Conv) WeightBackLen() int { return v.back.WeightLen() }

// BackPaddedLen returns the length of GradX's scratch: (H+KH−1)·(W+KW−1)·OC.
func (v *Conv) BackPaddedLen() int { return v.back.PaddedLen() }

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// Pad copies the picture x (H×W×C) into dst (PaddedLen) and sets the border to 0.
func (v *Conv) Pad(dst, x []float32) {
	need("Conv.Pad", "dst", len(dst), v.PaddedLen())
	need("Conv.Pad", "x", len(x), v.InLen())
	if v.Padding == 0 {
		copy(dst[:v.PaddedLen()], x)
		return
	}
	row, side, n := v.wp*v.C, v.Padding*v.C, v.W*v.C
	clear(dst[:v.Padding*row+side])
	for i := range v.H {
		d := dst[(v.Padding+i)*row+side:]
		copy(d[:n], x[i*n:])
		// the right border of this row and the left one of the next
		if i < v.H-1 {
			clear(d[n:][:2*side])
		}
	}
	clear(dst[(v.Padding+v.H)*row-side : v.PaddedLen()])
}

// PackW packs the weights w (KH×KW×C×OC) into dst (WeightLen) for Forward: panels of 16
// filters, the last one filled up with zeros.
func (v *Conv) PackW(dst, w []float32) {
	need("Conv.PackW", "dst", len(dst), v.WeightLen())
	need("Conv.PackW", "w", len(w), v.FilterLen())
	taps := v.KH * v.KW * v.C
	for o := 0; o < v.OC; o += tileCols {
		packCols(dst[o*taps:], tileCols, w[o:], v.OC, taps, min(tileCols, v.OC-o))
	}
}

// Forward writes the output y (OH×OW×OC) for the padded picture xp (from Pad), the packed
// weights wp (from PackW) and the bias (OC values, or nil for none).
func (v *Conv) Forward(y, xp, wp, bias []float32) {
	need("Conv.Forward", "y", len(y), v.OutLen())
	need("Conv.Forward", "xp", len(xp), v.PaddedLen())
	need("Conv.Forward", "wp", len(wp), v.WeightLen())
	if bias != nil {
		need("Conv.Forward", "bias", len(bias), v.OC)
	}
	positions, taps, seg := v.OH*v.OW, v.KH*v.KW*v.C, v.KW*v.C
	t := tile{k: seg, aks: 1, aro: v.wp * v.C, bks: tileCols, bro: seg * tileCols, ldc: v.OC}
	for o := 0; o < v.OC; o += tileCols {
		cols := min(tileCols, v.OC-o)
		// A few rows of the filters at a time, so that their weights stay in the cache.
		for a := 0; a < v.KH; a += v.kseg {
			t.ko = min(v.kseg, v.KH-a)
			t.a = xp[a*t.aro:]
			t.b = wp[o*taps+a*t.bro:]
			for i := 0; i < positions; i += tileRows {
				t.off = (*[tileRows]int)(v.out[i:])
				t.c = y[i*v.OC+o:]
				switch {
				case a > 0:
					t.init, t.ldi = t.c, v.OC
				case bias != nil:
					t.init, t.ldi = bias[o:], 0
				default:
					t.init, t.ldi = zeros[:], 0
				}
				if rows := min(tileRows, positions-i); rows < tileRows || cols < tileCols {
					t.runPart(rows, cols, false)
				} else {
					t.run()
				}
			}
		}
	}
}

// GradW adds the gradient of the weights to dw (KH×KW×C×OC), for the padded picture xp and
// the gradient dy (OH×OW×OC) of the output:
//
//	dw[a][b][c][o] += Σ_ij xp[i·Stride+a][j·Stride+b][c] · dy[i][j][o]
func (v *Conv) GradW(dw, xp, dy []float32) {
	need("Conv.GradW", "dw", len(dw), v.FilterLen())
	need("Conv.GradW", "xp", len(xp), v.PaddedLen())
	need("Conv.GradW", "dy", len(dy), v.OutLen())
	taps := v.KH * v.KW * v.C
	t := tile{k: v.OW, aks: v.Stride * v.C, aro: v.Stride * v.wp * v.C, ldc: v.OC}
	for o := 0; o < v.OC; o += tileCols {
		cols := min(tileCols, v.OC-o)
		panel, ld := dy[o:], v.OC
		var ws *workspace
		if cols < tileCols { // reading 16 columns would leave dy
			ws = getWorkspace()
			panel, ld = ws.floats(v.OH*v.OW*tileCols), tileCols
			packCols(panel, tileCols, dy[o:], v.OC, v.OH*v.OW, cols)
		}
		t.bks, t.bro = ld, v.OW*ld
		for i0 := 0; i0 < v.OH; i0 += v.dwRows {
			t.ko = min(v.dwRows, v.OH-i0)
			t.a, t.b = xp[i0*t.aro:], panel[i0*t.bro:]
			for i := 0; i < taps; i += tileRows {
				t.off = (*[tileRows]int)(v.tap[i:])
				t.c = dw[i*v.OC+o:]
				t.init, t.ldi = t.c, v.OC
				if rows := min(tileRows, taps-i); rows < tileRows || cols < tileCols {
					t.runPart(rows, cols, true)
				} else {
					t.run()
				}
			}
		}
		ws.put()
	}
}

// PackWBack packs the weights w (KH×KW×C×OC) into dst (WeightBackLen) for GradX: flipped in
// both directions, input and output channels exchanged.
func (v *Conv) PackWBack(dst, w []float32) {
	need("Conv.PackWBack", "dst", len(dst), v.WeightBackLen())
	need("Conv.PackWBack", "w", len(w), v.FilterLen())
	cells := v.KH * v.KW
	for c := 0; c < v.C; c += tileCols {
		cols := min(tileCols, v.C-c)
		for cell := range cells {
			src := w[((cells-1-cell)*v.C+c)*v.OC:]
			d := dst[(c*cells+cell*tileCols)*v.OC:][:tileCols*v.OC]
			if cols < tileCols {
				clear(d)
			}
			transpose(d, tileCols, src, v.OC, cols, v.OC)
		}
	}
}

// GradX writes the gradient dx (H×W×C) of the picture, for the gradient dy (OH×OW×OC) of the
// output and the weights wback (from PackWBack), for any stride and padding. scratch
// (BackPaddedLen) is overwritten.
func (v *Conv) GradX(dx, scratch, dy, wback []float32) {
	need("Conv.GradX", "dx", len(dx), v.InLen())
	need("Conv.GradX", "scratch", len(scratch), v.BackPaddedLen())
	need("Conv.GradX", "dy", len(dy), v.OutLen())
	need("Conv.GradX", "wback", len(wback), v.WeightBackLen())
	v.spread(scratch[:v.BackPaddedLen()], dy)
	v.back.Forward(dx, scratch, wback, nil)
}

// spread writes dy to dst, an (H+KH−1)×(W+KW−1) picture: dy[i][j] goes to row
// i·Stride + KH−1−Padding and column j·Stride + KW−1−Padding, or nowhere if that is outside (it then
// belongs to the border that Pad added); all other cells are 0.
func (v *Conv) spread(dst, dy []float32) {
	b, oc := v.back, v.OC
	row := b.W * oc
	top, left := v.KH-1-v.Padding, v.KW-1-v.Padding
	if v.Stride > 1 {
		clear(dst)
		for i := range v.OH {
			r := i*v.Stride + top
			if r < 0 || r >= b.H {
				continue
			}
			for j := range v.OW {
				if c := j*v.Stride + left; c >= 0 && c < b.W {
					copy(dst[r*row+c*oc:][:oc], dy[(i*v.OW+j)*oc:])
				}
			}
		}
		return
	}
	j0 := max(0, -left) // first column of dy that lies inside
	j1 := min(v.OW, b.W-left)
	from, to := (left+j0)*oc, (left+j1)*oc
	for r := range b.H {
		d := dst[r*row:][:row]
		i := r - top
		if i < 0 || i >= v.OH || j1 <= j0 {
			clear(d)
			continue
		}
		clear(d[:from])
		copy(d[from:to], dy[(i*v.OW+j0)*oc:])
		clear(d[to:])
	}
}

package simd

import "fmt"

// A Conv is the plan of one convolution (cross-correlation, as nets use the word) of an
// H×W×C picture with OC filters of KH×KW×C:
//
//	y[i][j][o] = bias[o] + Σ_{a<KH, b<KW, c<C} x[i·Stride−Padding+a][j·Stride−Padding+b][c] · w[a][b][c][o]
//
// where x is 0 outside the picture. The padded picture is read in place, without im2col.
// With a dilation the filter's cells lie Dilation apart: a and b in the picture's indices are
// multiplied by it. With Groups > 1 the channels and the filters are cut into as many equal
// parts in order, and the filters of a part see the channels of theirs only; the weights then
// are KH×KW×(C/Groups)×OC.
// A Conv never changes after NewConv and may be used by many goroutines at once.
type Conv struct {
	H, W, C         int // picture
	OC              int // filters
	KH, KW          int // size of a filter
	Stride, Padding int // same in both directions; Padding on all four sides
	Dilation        int // step between a filter's cells
	Groups          int // parts of the channels and the filters
	OH, OW          int // output: (H + 2·Padding − (KH−1)·Dilation − 1)/Stride + 1 rows, columns alike

	cg, og int   // channels and filters of a group
	hp, wp int   // padded picture; of each group one with cg channels, one after the other
	out    []int // offset of each output position's window in the padded picture; repeated to full tiles
	tap    []int // offset of each weight's first picture value, in the order of w; repeated to full tiles
	kseg   int   // rows of a filter whose weights (16 filters) stay in the first-level cache
	dwRows int   // rows of the output whose gradient (16 filters) stays in the first-level cache
	back   *Conv // the convolution that turns a group's dy, spread out and padded, into its dx
}

// cacheFloats is how many float32 of the operand that all tiles share are worked through
// before the next: 20 KB of a first-level data cache of 32 or more.
const cacheFloats = 5120

// NewConv plans a convolution of an h×w×c picture with oc filters of kh×kw×c. It panics if a
// size or the stride is not positive, pad is negative, or a filter is larger than the padded picture.
func NewConv(h, w, c, oc, kh, kw, stride, pad int) *Conv {
	return NewConvGroups(h, w, c, oc, kh, kw, stride, pad, 1, 1)
}

// NewConvGroups is [NewConv] with a dilation and groups. It panics, too, if these are not
// positive or the groups divide c or oc with a rest.
func NewConvGroups(h, w, c, oc, kh, kw, stride, pad, dilation, groups int) *Conv {
	if min(h, w, c, oc, kh, kw, stride, dilation, groups) < 1 || pad < 0 || span(kh, dilation) > h+2*pad || span(kw, dilation) > w+2*pad ||
		c%groups != 0 || oc%groups != 0 {
		panic(fmt.Sprintf("simd: NewConv: no output for a %d×%d×%d picture, %d filters of %d×%d, stride %d, pad %d, dilation %d, %d groups",
			h, w, c, oc, kh, kw, stride, pad, dilation, groups))
	}
	v := newConv(h, w, c, oc, kh, kw, stride, pad, dilation, groups)
	// dx[u] = Σ_a dy[(u+pad−a)/stride]·w[a]: with dy spread out by the stride this is a
	// convolution with the flipped filters, over (h+kh−1)×(w+kw−1) cells. Its output is a
	// group's share of the channels of dx.
	v.back = newConv(h+span(kh, dilation)-1, w+span(kw, dilation)-1, v.og, v.cg, kh, kw, 1, 0, dilation, 1)
	return v
}

// span returns the cells from a dilated filter's first to its last.
func span(k, dilation int) int { return (k-1)*dilation + 1 }

func newConv(h, w, c, oc, kh, kw, stride, pad, dilation, groups int) *Conv {
	v := &Conv{H: h, W: w, C: c, OC: oc, KH: kh, KW: kw, Stride: stride, Padding: pad, Dilation: dilation, Groups: groups,
		cg: c / groups, og: oc / groups, hp: h + 2*pad, wp: w + 2*pad}
	v.OH, v.OW = (v.hp-span(kh, dilation))/stride+1, (v.wp-span(kw, dilation))/stride+1
	for i := range v.OH {
		for j := range v.OW {
			v.out = append(v.out, (i*v.wp+j)*stride*v.cg)
		}
	}
	for a := range kh {
		for b := range kw {
			for c := range v.cg {
				v.tap = append(v.tap, (a*v.wp+b)*dilation*v.cg+c)
			}
		}
	}
	v.out, v.tap = fullTiles(v.out), fullTiles(v.tap)
	v.kseg = max(1, cacheFloats/(kw*v.cg*tileCols))
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

// FilterLen returns the length of the weights as the net holds them: KH·KW·(C/Groups)·OC.
func (v *Conv) FilterLen() int { return v.taps() * v.OC }

// taps returns the weights of one filter.
func (v *Conv) taps() int { return v.KH * v.KW * v.cg }

// WeightLen returns the length of the weights as PackW packs them.
func (v *Conv) WeightLen() int { return v.Groups * v.panelsLen() }

// panelsLen returns the length of a group's packed weights.
func (v *Conv) panelsLen() int { return v.taps() * roundUp(v.og, tileCols) }

// WeightBackLen returns the length of the weights as PackWBack packs them.
func (v *Conv) WeightBackLen() int { return v.Groups * v.back.WeightLen() }

// BackPaddedLen returns the length of GradX's scratch:
// (H+(KH−1)·Dilation)·(W+(KW−1)·Dilation)·(OC/Groups).
func (v *Conv) BackPaddedLen() int { return v.back.PaddedLen() }

// InPlace reports whether Forward and GradW may be given the picture itself for the padded
// one: there is no border, and the channels need not be sorted by group.
func (v *Conv) InPlace() bool { return v.Padding == 0 && v.Groups == 1 }

// step returns how many of the columns that are left a tile takes: 32 where it is wide, else 16
// or what is left.
func step(left int) int {
	if useWide && left >= 2*tileCols {
		return 2 * tileCols
	}
	return min(tileCols, left)
}

func roundUp(n, to int) int { return (n + to - 1) / to * to }

// Pad copies the picture x (H×W×C) into dst (PaddedLen) and sets the border to 0. With
// groups, dst holds a padded picture for each.
func (v *Conv) Pad(dst, x []float32) {
	need("Conv.Pad", "dst", len(dst), v.PaddedLen())
	need("Conv.Pad", "x", len(x), v.InLen())
	if v.Groups > 1 {
		size := v.hp * v.wp * v.cg
		for q := range v.Groups {
			v.padGroup(dst[q*size:(q+1)*size], x[q*v.cg:])
		}
		return
	}
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

// padGroup copies every C-th run of cg channels, from x on, and sets the border to 0.
func (v *Conv) padGroup(dst, x []float32) {
	if v.Padding > 0 {
		clear(dst)
	}
	for i := range v.H {
		d := dst[((v.Padding+i)*v.wp+v.Padding)*v.cg:]
		for j := range v.W {
			copy(d[j*v.cg:][:v.cg], x[(i*v.W+j)*v.C:])
		}
	}
}

// PackW packs the weights w (KH×KW×(C/Groups)×OC) into dst (WeightLen) for Forward: panels
// of 16 filters of a group, the last one filled up with zeros.
func (v *Conv) PackW(dst, w []float32) {
	need("Conv.PackW", "dst", len(dst), v.WeightLen())
	need("Conv.PackW", "w", len(w), v.FilterLen())
	taps := v.taps()
	for q := range v.Groups {
		d, src := dst[q*v.panelsLen():], w[q*v.og:]
		for o := 0; o < v.og; o += tileCols {
			packCols(d[o*taps:], tileCols, src[o:], v.OC, taps, min(tileCols, v.og-o))
		}
	}
}

// Forward writes the output y (OH×OW×OC) for the padded picture xp (from Pad), the packed
// weights wp (from PackW) and the bias (OC values, or nil for none).
func (v *Conv) Forward(y, xp, wp, bias []float32) { v.checkedForward(y, xp, wp, bias, 0) }

// ForwardReLU writes max(0, y) for the y of [Conv.Forward].
func (v *Conv) ForwardReLU(y, xp, wp, bias []float32) { v.checkedForward(y, xp, wp, bias, 1) }

func (v *Conv) checkedForward(y, xp, wp, bias []float32, relu int) {
	need("Conv.Forward", "y", len(y), v.OutLen())
	need("Conv.Forward", "xp", len(xp), v.PaddedLen())
	need("Conv.Forward", "wp", len(wp), v.WeightLen())
	if bias != nil {
		need("Conv.Forward", "bias", len(bias), v.OC)
	}
	v.forward(y, v.OC, xp, wp, bias, relu)
}

// forward is Forward with an output whose positions lie ld values apart.
func (v *Conv) forward(y []float32, ld int, xp, wp, bias []float32, relu int) {
	plane := v.hp * v.wp * v.cg
	for q := range v.Groups {
		var b []float32
		if bias != nil {
			b = bias[q*v.og:]
		}
		v.forwardGroup(y[q*v.og:], ld, xp[q*plane:], wp[q*v.panelsLen():], b, relu)
	}
}

func (v *Conv) forwardGroup(y []float32, ld int, xp, wp, bias []float32, relu int) {
	positions, taps, seg := v.OH*v.OW, v.taps(), v.KW*v.cg
	// One run of the tile takes kseg rows of the filters, whose weights stay in the cache; a
	// row's values lie side by side. Dilated, they do so only within a cell, and a run takes
	// one row, cell by cell.
	rows := v.kseg
	if useWide {
		rows *= 4 // a wide tile is content with weights from the second-level cache
	}
	t := tile{k: seg, aks: 1, aro: v.wp * v.cg, bks: tileCols, bro: seg * tileCols, ldc: ld}
	if v.Dilation > 1 {
		rows = 1
		t.k, t.ko, t.aro, t.bro = v.cg, v.KW, v.Dilation*v.cg, v.cg*tileCols
	}
	t.next = taps * tileCols
	for o, cols := 0, 0; o < v.og; o += cols {
		cols = step(v.og - o)
		for a := 0; a < v.KH; a += rows {
			if v.Dilation == 1 {
				t.ko = min(rows, v.KH-a)
			}
			t.relu = 0
			if a+rows >= v.KH {
				t.relu = relu
			}
			t.a = xp[a*v.Dilation*v.wp*v.cg:]
			t.b = wp[o*taps+a*seg*tileCols:]
			for i := 0; i < positions; i += tileRows {
				t.off = (*[tileRows]int)(v.out[i:])
				t.c = y[i*ld+o:]
				switch {
				case a > 0:
					t.init, t.ldi = t.c, ld
				case bias != nil:
					t.init, t.ldi = bias[o:], 0
				default:
					t.init, t.ldi = zeros[:], 0
				}
				switch n := min(tileRows, positions-i); {
				case n == tileRows && cols == 2*tileCols:
					t.runWide()
				case n == tileRows && cols == tileCols:
					t.run()
				case cols == 2*tileCols:
					t.runWidePart(n, false)
				default:
					t.runPart(n, cols, false)
				}
			}
		}
	}
}

// GradW adds the gradient of the weights to dw (KH×KW×(C/Groups)×OC), for the padded picture
// xp and the gradient dy (OH×OW×OC) of the output:
//
//	dw[a][b][c][o] += Σ_ij xp[i·Stride+a·Dilation][j·Stride+b·Dilation][c] · dy[i][j][o]
//
// c counting, with groups, in the channels of o's group.
func (v *Conv) GradW(dw, xp, dy []float32) {
	need("Conv.GradW", "dw", len(dw), v.FilterLen())
	need("Conv.GradW", "xp", len(xp), v.PaddedLen())
	need("Conv.GradW", "dy", len(dy), v.OutLen())
	plane := v.hp * v.wp * v.cg
	for q := range v.Groups {
		v.gradWGroup(dw[q*v.og:], xp[q*plane:], dy[q*v.og:])
	}
}

func (v *Conv) gradWGroup(dw, xp, dy []float32) {
	taps := v.taps()
	t := tile{k: v.OW, aks: v.Stride * v.cg, aro: v.Stride * v.wp * v.cg, ldc: v.OC}
	t.next = tileCols
	for o, cols := 0, 0; o < v.og; o += cols {
		cols = step(v.og - o)
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
				switch rows := min(tileRows, taps-i); {
				case rows == tileRows && cols == 2*tileCols:
					t.runWide()
				case rows == tileRows && cols == tileCols:
					t.run()
				case cols == 2*tileCols:
					t.runWidePart(rows, true)
				default:
					t.runPart(rows, cols, true)
				}
			}
		}
		ws.put()
	}
}

// PackWBack packs the weights w (KH×KW×(C/Groups)×OC) into dst (WeightBackLen) for GradX:
// flipped in both directions, input and output channels exchanged.
func (v *Conv) PackWBack(dst, w []float32) {
	need("Conv.PackWBack", "dst", len(dst), v.WeightBackLen())
	need("Conv.PackWBack", "w", len(w), v.FilterLen())
	cells := v.KH * v.KW
	for q := range v.Groups {
		panels := dst[q*v.back.WeightLen():]
		for c := 0; c < v.cg; c += tileCols {
			cols := min(tileCols, v.cg-c)
			for cell := range cells {
				src := w[((cells-1-cell)*v.cg+c)*v.OC+q*v.og:]
				d := panels[(c*cells+cell*tileCols)*v.og:][:tileCols*v.og]
				if cols < tileCols {
					clear(d)
				}
				transpose(d, tileCols, src, v.OC, cols, v.og)
			}
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
	for q := range v.Groups {
		v.spread(scratch[:v.BackPaddedLen()], dy[q*v.og:])
		v.back.forward(dx[q*v.cg:], v.C, scratch, wback[q*v.back.WeightLen():], nil, 0)
	}
}

// spread writes a group's dy to dst, a picture of the size of back's: dy[i][j] goes to row
// i·Stride + (KH−1)·Dilation − Padding and the column alike, or nowhere if that is outside
// (it then belongs to the border that Pad added); all other cells are 0.
func (v *Conv) spread(dst, dy []float32) {
	b, n := v.back, v.og
	row := b.W * n
	top, left := span(v.KH, v.Dilation)-1-v.Padding, span(v.KW, v.Dilation)-1-v.Padding
	if v.Stride > 1 || v.Groups > 1 {
		clear(dst)
		for i := range v.OH {
			r := i*v.Stride + top
			if r < 0 || r >= b.H {
				continue
			}
			for j := range v.OW {
				if c := j*v.Stride + left; c >= 0 && c < b.W {
					copy(dst[r*row+c*n:][:n], dy[(i*v.OW+j)*v.OC:])
				}
			}
		}
		return
	}
	j0 := max(0, -left) // first column of dy that lies inside
	j1 := min(v.OW, b.W-left)
	from, to := (left+j0)*n, (left+j1)*n
	for r := range b.H {
		d := dst[r*row:][:row]
		i := r - top
		if i < 0 || i >= v.OH || j1 <= j0 {
			clear(d)
			continue
		}
		clear(d[:from])
		copy(d[from:to], dy[(i*v.OW+j0)*n:])
		clear(d[to:])
	}
}

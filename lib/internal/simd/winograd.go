package simd

// A Winograd is the plan of a convolution of stride 1 with fewer multiplications (Winograd,
// 1980; Lavin and Gray, CVPR 2016). A tile of M×M outputs, which sees N×N cells of the
// picture, N = M+K−1, is computed as
//
//	y = Aᵀ·[Σ_c (G·w_c·Gᵀ) ⊙ (Bᵀ·x_c·B)]·A + bias
//
// with the matrices of [toomCook]: N² products for M² outputs in place of M²·K². The sum over
// the channels is, for each of the N² places of a tile, a matrix product tiles × filters.
//
// Tiles have 2×2 outputs: 16 products in place of 36 for filters of 3×3, 36 in place of 100 for
// those of 5×5. Sums and differences of cells cost digits, and larger tiles more of them. Beside
// the same convolution in float64, for 96 to 384 channels behind a ReLU, the error's root mean
// square, in that of [Conv.Forward], is 0.6 to 0.9 for 3×3 (with 3×3 outputs, which save half
// as much again: 2 to 3; with 4×4: 3 to 4) and 2 to 2.6 for 5×5. A NaN or an infinity in a cell
// spoils the whole tiles that see it.
//
// A Winograd never changes and may be used by many goroutines at once.
type Winograd struct {
	*Conv
	M, N       int // outputs and cells of a tile, in each direction
	rows, cols int // tiles of a picture
	input      []blendTerm
	filter     []blendTerm
	output     []blendTerm
}

const (
	winogradChannels = 96  // from so many channels and filters of a group on, Winograd pays
	winogradTiles    = 128 // at most so many tiles are worked on at once
	winogradCols     = 64  // and so many filters
	winogradDepth    = 128 // channels whose cells are transformed at once
)

// Winograd returns the plan that computes the same convolution with fewer multiplications, or
// nil where [Conv.Forward] is the better way: stride or dilation, other filters than 3×3 and
// 5×5, few channels or filters, pictures of hardly more than a tile. It depends on the shapes
// alone.
func (v *Conv) Winograd() *Winograd {
	if v.Stride != 1 || v.Dilation != 1 || v.KH != v.KW || min(v.cg, v.og) < winogradChannels || v.cg%8 != 0 || v.og%8 != 0 {
		return nil
	}
	var w *Winograd
	switch v.KH {
	case 3:
		w = newWinograd(v, 2, 0, 1, -1)
	case 5:
		w = newWinograd(v, 2, 0, 1, -1, 0.5, -2)
	default:
		return nil
	}
	// The transforms, and outputs that the last tiles have too many, take their part.
	if 3*w.rows*w.cols*w.N*w.N > 2*v.OH*v.OW*v.KH*v.KW {
		return nil
	}
	return w
}

func newWinograd(v *Conv, m int, points ...float64) *Winograd {
	w := &Winograd{Conv: v, M: m, N: m + v.KH - 1, rows: (v.OH + m - 1) / m, cols: (v.OW + m - 1) / m}
	at, g, bt := toomCook(m, v.KH, points)
	w.output, w.filter, w.input = blendTerms(at), blendTerms(g), blendTerms(bt)
	return w
}

// toomCook returns the matrices Aᵀ (m×n), G (n×k) and Bᵀ (n×n), n = m+k−1, of the convolution
// of n numbers x with k numbers w to m outputs:
//
//	Σ_j w[j]·x[i+j] = Σ_p Aᵀ[i][p] · (Σ_j G[p][j]·w[j]) · (Σ_q Bᵀ[p][q]·x[q])
//
// They come from the product of polynomials by their values at n−1 points and infinity, read
// backwards (the transposition principle): with f_p(x) = Π_{q≠p} (x−a_q) over the points a,
// rows of G are the powers of a_p, divided by f_p(a_p); rows of Bᵀ the coefficients of f_p, the
// last one those of Π_q (x−a_q); columns of Aᵀ the powers of a_p.
func toomCook(m, k int, points []float64) (at, g, bt [][]float64) {
	n := m + k - 1
	matrix := func(rows, cols int) [][]float64 {
		x := make([][]float64, rows)
		for i := range x {
			x[i] = make([]float64, cols)
		}
		return x
	}
	at, g, bt = matrix(m, n), matrix(n, k), matrix(n, n)
	for p := range n {
		// the product of x−a_q over all points but a_p; over all for infinity
		f, at0 := []float64{1}, 1.0
		for q, a := range points {
			if q == p {
				continue
			}
			f = append([]float64{0}, f...)
			for i := range len(f) - 1 {
				f[i] -= a * f[i+1]
			}
			if p < n-1 {
				at0 *= points[p] - a
			}
		}
		copy(bt[p], f)
		if p == n-1 {
			at[m-1][p], g[p][k-1] = 1, 1
			break
		}
		power := 1.0
		for i := range max(m, k) {
			if i < m {
				at[i][p] = power
			}
			if i < k {
				g[p][i] = power / at0
			}
			power *= points[p]
		}
	}
	return at, g, bt
}

// Together returns how many pictures are best worked on in one call of Forward, where the caller
// wants to look up between: about 20 ms of work on an idle core at the most.
func (p *Winograd) Together() int {
	return max(1, 1_000_000_000/(p.rows*p.cols*p.N*p.N*p.cg*p.OC))
}

// WeightLen returns the length of the weights as PackW packs them: N²·C/Groups·OC, the filters
// of a group filled up to whole panels.
func (p *Winograd) WeightLen() int { return p.Groups * p.groupLen() }

func (p *Winograd) groupLen() int { return p.N * p.N * p.cg * roundUp(p.og, tileCols) }

// PackW transforms the weights w (K×K×(C/Groups)×OC) and packs them into dst (WeightLen) for
// Forward. Of each group, winogradCols filters lie together: for each place of a tile, panels of
// 16 filters × channels.
func (p *Winograd) PackW(dst, w []float32) {
	need("Winograd.PackW", "dst", len(dst), p.WeightLen())
	need("Winograd.PackW", "w", len(w), p.FilterLen())
	k, n := p.KH, p.N
	var half, some [6 * 6 * tileCols]float32
	for q := range p.Groups {
		d, src := dst[q*p.groupLen():], w[q*p.og:]
		for ob := 0; ob < p.og; ob += winogradCols {
			width := min(winogradCols, p.og-ob)
			place := p.cg * roundUp(width, tileCols) // from a place of the tile to the next
			for o := ob; o < ob+width; o += tileCols {
				cols := min(tileCols, p.og-o)
				panel := d[n*n*p.cg*ob+(o-ob)*p.cg:]
				for c := range p.cg {
					columns := blend{terms: p.filter, dst: half[:], dr: cols, di: k * cols, src: src[c*p.OC+o:], sr: p.cg * p.OC, sj: k * p.cg * p.OC,
						count: k, outs: n, n: cols}
					columns.run()
					rows := blend{terms: p.filter, dst: panel[c*tileCols:], dr: n * place, di: place, src: half[:], sr: k * cols, sj: cols,
						count: n, outs: n, n: cols}
					if cols < tileCols {
						rows.dst, rows.dr, rows.di = some[:], n*tileCols, tileCols
					}
					rows.run()
					for i := 0; i < n*n && cols < tileCols; i++ { // with the zeros beside them
						copy(panel[i*place+c*tileCols:][:tileCols], some[i*tileCols:])
					}
				}
			}
		}
	}
}

// Forward writes the outputs y (OH×OW×OC each) of as many pictures x (H×W×C each, without a
// border), for the packed weights wp (from PackW) and the bias (OC values, or nil for none);
// max(0, y) if relu. Each picture's bits are the same whatever comes with it.
func (p *Winograd) Forward(y, x, wp, bias []float32, pictures int, relu bool) {
	need("Winograd.Forward", "y", len(y), pictures*p.OutLen())
	need("Winograd.Forward", "x", len(x), pictures*p.InLen())
	need("Winograd.Forward", "wp", len(wp), p.WeightLen())
	if bias != nil {
		need("Winograd.Forward", "bias", len(bias), p.OC)
	}
	tiles := pictures * p.rows * p.cols
	if tiles == 0 {
		return
	}
	blocks := (tiles + winogradTiles - 1) / winogradTiles
	size := (tiles + blocks - 1) / blocks
	ws := getWorkspace()
	defer ws.put()
	n2 := p.N * p.N
	b := winogradBlock{Winograd: p, size: size, relu: relu}
	buf := ws.floats(n2 * (size*(p.cg+winogradCols) + 2*winogradDepth))
	b.cells, buf = buf[:n2*winogradDepth], buf[n2*winogradDepth:]
	b.half, buf = buf[:n2*winogradDepth], buf[n2*winogradDepth:]
	b.in, b.out = buf[:n2*size*p.cg], buf[n2*size*p.cg:]
	for q := range p.Groups {
		b.group = q
		for b.from = 0; b.from < tiles; b.from += size {
			b.to = min(tiles, b.from+size)
			for t := b.from; t < b.to; t++ {
				b.transform(t, x)
			}
			for o := 0; o < p.og; o += winogradCols {
				width := min(winogradCols, p.og-o)
				b.multiply(width, wp[q*p.groupLen()+n2*p.cg*o:])
				for t := b.from; t < b.to; t++ {
					b.untransform(t, y, bias, o, width)
				}
			}
		}
	}
}

// winogradBlock is the work on tiles from..to of a group of channels. Its parts are cut out of
// one workspace.
type winogradBlock struct {
	*Winograd
	group, from, to int
	size            int // tiles that there is memory for
	relu            bool
	cells, half     []float32 // a tile's cells with their border; a tile transformed in one direction
	in, out         []float32 // places × tiles × channels; places × tiles × winogradCols
}

// tile returns the picture of a tile and its first output.
func (b *winogradBlock) tile(t int) (picture, row, col int) {
	row, col = t/b.cols, t%b.cols
	return row / b.rows, row % b.rows * b.M, col * b.M
}

// transform writes Bᵀ·x·B of a tile to in.
func (b *winogradBlock) transform(t int, x []float32) {
	picture, r0, s0 := b.tile(t)
	r0, s0 = r0-b.Padding, s0-b.Padding
	n := b.N
	x = x[picture*b.InLen():][:b.InLen()]
	inside := r0 >= 0 && s0 >= 0 && r0+n <= b.H && s0+n <= b.W
	for c := 0; c < b.cg; c += winogradDepth {
		depth := min(winogradDepth, b.cg-c)
		across := blend{terms: b.input, dst: b.half, dr: n * depth, di: depth, count: n, outs: n, n: depth}
		if at := b.group*b.cg + c; inside {
			across.src, across.sr, across.sj = x[(r0*b.W+s0)*b.C+at:], b.W*b.C, b.C
		} else {
			b.gather(x, r0, s0, at, depth)
			across.src, across.sr, across.sj = b.cells, n*depth, depth
		}
		across.run()
		place := b.size * b.cg
		down := blend{terms: b.input, dst: b.in[(t-b.from)*b.cg+c:], dr: place, di: n * place, src: b.half, sr: depth, sj: n * depth,
			count: n, outs: n, n: depth}
		down.run()
	}
}

// gather copies a tile's cells from row r0 and column s0 on, 0 outside the picture.
func (b *winogradBlock) gather(x []float32, r0, s0, at, depth int) {
	clear(b.cells[:b.N*b.N*depth])
	for r := max(r0, 0); r < min(r0+b.N, b.H); r++ {
		for s := max(s0, 0); s < min(s0+b.N, b.W); s++ {
			copy(b.cells[((r-r0)*b.N+s-s0)*depth:][:depth], x[(r*b.W+s)*b.C+at:])
		}
	}
}

// multiply makes the products of all places with width filters.
func (b *winogradBlock) multiply(width int, wp []float32) {
	tiles, panels := b.to-b.from, roundUp(width, tileCols)
	var off [tileRows]int
	t := tile{ko: 1, k: b.cg, off: &off, aks: 1, bks: tileCols, next: b.cg * tileCols, init: zeros[:], ldc: winogradCols}
	for place := range b.N * b.N {
		in, out := b.in[place*b.size*b.cg:], b.out[place*b.size*winogradCols:]
		for o, cols := 0, 0; o < width; o += cols {
			cols = step(width - o)
			t.b = wp[(place*panels+o)*b.cg:]
			for i := 0; i < tiles; i += tileRows {
				rows := min(tileRows, tiles-i)
				for r := range off {
					off[r] = min(r, rows-1) * b.cg
				}
				t.a, t.c = in[i*b.cg:], out[i*winogradCols+o:]
				switch {
				case rows == tileRows && cols == 2*tileCols:
					t.runWide()
				case rows == tileRows && cols == tileCols:
					t.run()
				case cols == 2*tileCols:
					t.runWidePart(rows, false)
				default:
					t.runPart(rows, cols, false)
				}
			}
		}
	}
}

// untransform writes Aᵀ·(…)·A of a tile to y, for width filters from o on.
func (b *winogradBlock) untransform(t int, y, bias []float32, o, width int) {
	picture, r, s := b.tile(t)
	place := b.size * winogradCols
	down := blend{terms: b.output, dst: b.half, dr: width, di: b.N * width, src: b.out[(t-b.from)*winogradCols:], sr: place, sj: b.N * place,
		count: b.N, outs: min(b.M, b.OH-r), n: width}
	down.run()
	o += b.group * b.og
	across := blend{terms: b.output, dst: y[picture*b.OutLen()+(r*b.OW+s)*b.OC+o:], dr: b.OW * b.OC, di: b.OC, src: b.half, sr: b.N * width, sj: width,
		count: down.outs, outs: min(b.M, b.OW-s), n: width, relu: b.relu}
	if bias != nil {
		across.init = bias[o:]
	}
	across.run()
}

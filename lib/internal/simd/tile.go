package simd

const (
	tileRows = 6  // rows of a tile: with 16 columns, 12 of the 16 vector registers hold sums
	tileCols = 16 // columns of a tile: two vectors of eight, one cache line
)

// A tile is one 6×16 block of a product, the only arithmetic kernel behind the matrix
// product, the convolution, its gradients, and the Gram matrix:
//
//	C[r][j] = init[r·ldi+j] + Σ_{p<ko} Σ_{q<k} a[off[r] + p·aro + q·aks] · b[p·bro + q·bks + j]
//
// with r < 6, j < 16, written to c[r·ldc+j], or its maximum with 0 if relu. Six offsets instead of one row stride let a tile
// of a convolution run across the rows of the picture, and let a short tile repeat an offset
// instead of reading past the end of a. k and ko are positive. init and c may be the same.
//
// The assembly takes the slices' first pointers from this struct and checks no bounds.
type tile struct {
	ko, k    int
	a        []float32
	off      *[tileRows]int
	aks, aro int
	b        []float32
	bks, bro int
	next     int // of a wide tile: from a row of b to its next 16 columns
	init     []float32
	ldi      int
	c        []float32
	ldc      int
	relu     int // 1: the sums are written as max(0, C)
	stream   int // 1: c, whose rows lie on whole cache lines, is written past the caches; fenceAsm must follow
}

// zeros is the init of a tile that starts from nothing (with ldi 0). It is never written.
var zeros [2 * tileCols]float32

// runWide computes two tiles side by side, 6×32: columns 16 to 31 are of b[next:], init[16:] and
// c[16:]. Each sum is made as in run, so that the bits are the same. Only where useWide; see [step].
func (t *tile) runWide() { tileWideAsm(t) }

// wideRows is how many rows the smaller of the wide kernels has: what is left over of the
// positions of most pictures (1024, 676, 256, 64 of them) in tiles of six.
const wideRows = 4

// runWidePart is runWide for the first rows and all 32 columns; see runPart.
func (t *tile) runWidePart(rows int, add bool) {
	if rows == wideRows && !add {
		tileWide4Asm(t)
		return
	}
	const cols = 2 * tileCols
	var out, init [tileRows * cols]float32
	part := *t
	part.c, part.ldc, part.init, part.ldi = out[:], cols, init[:], cols
	part.stream = 0
	if !add {
		for r := range rows {
			copy(init[r*cols:][:cols], t.init[r*t.ldi:])
		}
	}
	if rows <= wideRows {
		tileWide4Asm(&part)
	} else {
		tileWideAsm(&part)
	}
	for r := range rows {
		dst, src := t.c[r*t.ldc:][:cols], out[r*cols:][:cols]
		if add {
			addRowsAsm(&dst[0], &src[0], cols, 1, cols)
		} else {
			copy(dst, src)
		}
	}
}

// run computes the tile.
func (t *tile) run() {
	if useAsm {
		tileAsm(t)
		return
	}
	tileGo(t)
}

// runPart computes the tile and stores only its first rows and cols: to t.c when add is
// false, added to t.c when true (init is ignored then). init and c need hold no more than
// those rows and columns.
func (t *tile) runPart(rows, cols int, add bool) {
	var out, init [tileRows * tileCols]float32
	part := *t
	part.c, part.ldc, part.init, part.ldi = out[:], tileCols, init[:], tileCols
	part.stream = 0
	if !add {
		for r := range rows {
			copy(init[r*tileCols:][:cols], t.init[r*t.ldi:])
		}
	}
	part.run()
	for r := range rows {
		dst, src := t.c[r*t.ldc:][:cols], out[r*tileCols:][:cols]
		if !add {
			copy(dst, src)
			continue
		}
		for j, v := range src {
			dst[j] += v
		}
	}
}

// tileGo is run in plain Go: blocks of 2×4, whose eight sums stay in registers.
func tileGo(t *tile) {
	var s [8]float32
	for r := 0; r < tileRows; r += 2 {
		a0, a1 := t.a[t.off[r]:], t.a[t.off[r+1]:]
		for j := 0; j < tileCols; j += 4 {
			copy(s[:4], t.init[r*t.ldi+j:])
			copy(s[4:], t.init[(r+1)*t.ldi+j:])
			for p := range t.ko {
				blockGo(&s, a0[p*t.aro:], a1[p*t.aro:], t.b[p*t.bro+j:], t.k, t.aks, t.bks)
			}
			if t.relu != 0 {
				reluGo(s[:])
			}
			copy(t.c[r*t.ldc+j:], s[:4])
			copy(t.c[(r+1)*t.ldc+j:], s[4:])
		}
	}
}

// blockGo adds Σ_q x[q·aks]·b[q·bks+j] to s[j] and Σ_q y[q·aks]·b[q·bks+j] to s[4+j], q < k,
// j < 4. It is a function of its own because the compiler then keeps all in registers.
//
//go:noinline
func blockGo(s *[8]float32, x, y, b []float32, k, aks, bks int) {
	s0, s1, s2, s3, s4, s5, s6, s7 := s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]
	y = y[:(k-1)*aks+1]
	x = x[:len(y)]
	ib := 0
	for ia := 0; ia < len(y); ia += aks {
		w := (*[4]float32)(b[ib:])
		u, v := x[ia], y[ia]
		s0 += u * w[0]
		s4 += v * w[0]
		s1 += u * w[1]
		s5 += v * w[1]
		s2 += u * w[2]
		s6 += v * w[2]
		s3 += u * w[3]
		s7 += v * w[3]
		ib += bks
	}
	s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7] = s0, s1, s2, s3, s4, s5, s6, s7
}

// packCols copies cols of each of rows rows of src (ld apart) to dst, width (tileRows or
// tileCols) wide, filling up with zeros.
func packCols(dst []float32, width int, src []float32, ld, rows, cols int) {
	if rows == 0 {
		return
	}
	switch {
	case useAsm && width == tileCols && cols == tileCols:
		pack16Asm(&dst[0], &src[0], ld, rows)
	case useAsm && width == tileRows:
		pack6Asm(&dst[0], &src[0], ld, rows, &masks[cols])
	default:
		for r := range rows {
			d := dst[r*width:][:width]
			clear(d[copy(d, src[r*ld:][:cols]):])
		}
	}
}

// masks[n] lets the first n of eight values through.
var masks = [tileRows + 1][8]int32{
	{}, {-1}, {-1, -1}, {-1, -1, -1}, {-1, -1, -1, -1}, {-1, -1, -1, -1, -1}, {-1, -1, -1, -1, -1, -1},
}

// transpose writes the transpose of src (rows×cols, rows lds apart) to dst (rows ldd apart).
func transpose(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	r8, c8 := 0, 0
	if useAsm {
		r8, c8 = rows&^7, cols&^7
		for r := 0; r < r8; r += 8 {
			for c := 0; c < c8; c += 8 {
				transpose8Asm(&dst[c*ldd+r], ldd, &src[r*lds+c], lds)
			}
		}
	}
	for r := range rows {
		c := 0
		if r < r8 {
			c = c8
		}
		for ; c < cols; c++ {
			dst[c*ldd+r] = src[r*lds+c]
		}
	}
}

package simd

import "fmt"

const (
	// gramBlock rows are summed in float32, then added to float64: products of centred data
	// lose no more than a few units of the seventh digit over so many.
	gramBlock = 768
	// gramSlice rows are packed at once.
	gramSlice = 128
)

// GramAdd adds the upper triangle (with the diagonal) of XᵀX to that of acc, d×d row-major;
// below the diagonal acc is left as it is. X has rows rows of d values, ld apart. Sums run in
// float32 within blocks of 768 rows and in float64 across them: subtract the mean, or
// something near it, beforehand. It panics if ld < d or a slice is too short.
func GramAdd(acc []float64, x []float32, rows, d, ld int) {
	if rows < 0 || d < 0 || ld < d {
		panic(fmt.Sprintf("simd: GramAdd: %d rows of %d values, leading dimension %d", rows, d, ld))
	}
	if rows == 0 || d == 0 {
		return
	}
	need("GramAdd", "acc", len(acc), d*d)
	need("GramAdd", "x", len(x), (rows-1)*ld+d)
	crossAdd(acc, x, ld, d, x, ld, d, rows, true)
}

// CrossAdd adds XᵀY to acc, dx×dy row-major, for X of rows×dx and Y of rows×dy values.
// Precision as in GramAdd. It panics if a slice is too short.
func CrossAdd(acc []float64, x, y []float32, rows, dx, dy int) {
	if rows < 0 || dx < 0 || dy < 0 {
		panic(fmt.Sprintf("simd: CrossAdd: %d rows of %d and %d values", rows, dx, dy))
	}
	if rows == 0 || dx == 0 || dy == 0 {
		return
	}
	need("CrossAdd", "acc", len(acc), dx*dy)
	need("CrossAdd", "x", len(x), rows*dx)
	need("CrossAdd", "y", len(y), rows*dy)
	crossAdd(acc, x, dx, dx, y, dy, dy, rows, false)
}

// crossAdd adds XᵀY to acc, or if upper (then Y is X) its upper triangle. Slices of rows are
// packed into panels of 6 columns of X and of 16 columns of Y.
func crossAdd(acc []float64, x []float32, ldx, dx int, y []float32, ldy, dy, rows int, upper bool) {
	px, py := roundUp(dx, tileRows), roundUp(dy, tileCols)
	ws := getWorkspace()
	defer ws.put()
	buf := ws.floats(px*py + (px+py)*gramSlice)
	sum, ys, xs := buf[:px*py], buf[px*py:][:py*gramSlice], buf[px*py+py*gramSlice:]
	off := [tileRows]int{0, 1, 2, 3, 4, 5}
	t := tile{ko: 1, off: &off, aks: tileRows, bks: tileCols, next: tileCols * gramSlice, ldc: py}
	for r0 := 0; r0 < rows; r0 += gramBlock {
		r1 := min(r0+gramBlock, rows)
		for r := r0; r < r1; r += gramSlice {
			t.k = min(gramSlice, r1-r)
			for i := 0; i < dx; i += tileRows {
				packCols(xs[i*gramSlice:], tileRows, x[r*ldx+i:], ldx, t.k, min(tileRows, dx-i))
			}
			for j := 0; j < dy; j += tileCols {
				packCols(ys[j*gramSlice:], tileCols, y[r*ldy+j:], ldy, t.k, min(tileCols, dy-j))
			}
			for j, cols := 0, 0; j < dy; j += cols {
				cols = roundUp(step(py-j), tileCols)
				t.b = ys[j*gramSlice:]
				last := dx
				if upper {
					last = min(dx, j+cols)
				}
				for i := 0; i < last; i += tileRows {
					t.a = xs[i*gramSlice:]
					t.c = sum[i*py+j:]
					t.init, t.ldi = t.c, py
					if r == r0 {
						t.init, t.ldi = zeros[:], 0
					}
					if cols == 2*tileCols {
						t.runWide()
					} else {
						t.run()
					}
				}
			}
		}
		for i := range dx {
			from := 0
			if upper {
				from = i
			}
			addWide(acc[i*dy+from:][:dy-from], sum[i*py+from:])
		}
	}
}

// addWide adds x to acc.
func addWide(acc []float64, x []float32) {
	x = x[:len(acc)]
	n := vectorised(len(acc))
	if n > 0 {
		addWideAsm(&acc[0], &x[0], n)
	}
	for i := n; i < len(acc); i++ {
		acc[i] += float64(x[i])
	}
}

package simd

import "fmt"

// gramRows samples are summed in float32, then added to float64: products of centred data lose
// no more than a few units of the seventh digit over so many.
const gramRows = 256

// Panels holds samples × units for products of all pairs of units: sixteen units side by side
// are one run of memory, so that the kernels read what they need in order.
type Panels struct {
	rows, d int
	data    []float32 // d/16 rounded up × rows × 16; 0 beside the last unit
}

// NewPanels makes room for rows samples of d units, all 0.
func NewPanels(rows, d int) *Panels {
	if rows < 1 || d < 0 {
		panic(fmt.Sprintf("simd: NewPanels: %d rows of %d values", rows, d))
	}
	return &Panels{rows, d, make([]float32, roundUp(d, tileCols)*rows)}
}

// Put sets the units from column on of the samples from row on to x: rows × units values.
func (p *Panels) Put(row, column int, x []float32, rows, units int) {
	if row < 0 || rows < 0 || row+rows > p.rows || column < 0 || units < 0 || column+units > p.d {
		panic(fmt.Sprintf("simd: Panels.Put: rows %d+%d of %d, columns %d+%d of %d", row, rows, p.rows, column, units, p.d))
	}
	if rows == 0 || units == 0 {
		return
	}
	need("Panels.Put", "x", len(x), rows*units)
	p.put(row, column, x, units, rows, units)
}

func (p *Panels) put(row, column int, x []float32, ld, rows, units int) {
	for from, n := 0, 0; from < units; from += n {
		at := column + from
		n = min(tileCols-at%tileCols, units-from)
		dst := p.data[(at/tileCols*p.rows+row)*tileCols+at%tileCols:]
		if useAsm && n == tileCols {
			n = (units - from) / tileCols * tileCols
			packPanelsAsm(&dst[0], p.rows*tileCols, &x[from], ld, rows, n/tileCols)
			continue
		}
		for r := range rows {
			copy(dst[r*tileCols:][:n], x[r*ld+from:])
		}
	}
}

// Describe subtracts the shift from the samples from row on, of which there are rows, and updates
// for each unit the smallest and the largest value before that, the number of zeros (of either
// sign) and the sum of values after it, in order. All slices are as long as the units need, in
// whole panels: [Panels.Width]. A NaN is neither smallest nor largest.
func (p *Panels) Describe(row, rows int, shift, low, high []float32, zeros []int32, sum []float64) {
	if row < 0 || rows < 0 || row+rows > p.rows {
		panic(fmt.Sprintf("simd: Panels.Describe: rows %d+%d of %d", row, rows, p.rows))
	}
	p.needWidth("Panels.Describe", shift, low, high, zeros, sum)
	if rows == 0 {
		return
	}
	for j := 0; j < p.Width(); j += tileCols {
		x := p.data[j*p.rows+row*tileCols:][:rows*tileCols]
		describe(x, x, tileCols, rows, shift[j:], low[j:], high[j:], zeros[j:], sum[j:])
	}
}

// Whole reports whether so many units, from such a column on, are whole panels.
func Whole(column, units int) bool { return column%tileCols == 0 && units%tileCols == 0 }

// PutDescribed is [Panels.Put] of whole panels (see [Whole]), and [Panels.Describe] of what was put. The
// values of x are read once.
func (p *Panels) PutDescribed(row, column int, x []float32, rows, units int, shift, low, high []float32, zeros []int32, sum []float64) {
	if row < 0 || rows < 0 || row+rows > p.rows || column < 0 || units < 0 || column+units > p.d || !Whole(column, units) {
		panic(fmt.Sprintf("simd: Panels.PutDescribed: rows %d+%d of %d, columns %d+%d of %d", row, rows, p.rows, column, units, p.d))
	}
	need("Panels.PutDescribed", "x", len(x), rows*units)
	p.needWidth("Panels.PutDescribed", shift, low, high, zeros, sum)
	const together = 16 // rows, as far as the assembly fetches ahead: x is read nearly in order
	for r := 0; r < rows; r += together {
		n := min(together, rows-r)
		for k := 0; k < units; k += tileCols {
			j := column + k
			describe(p.data[j*p.rows+(row+r)*tileCols:], x[r*units+k:], units, n, shift[j:], low[j:], high[j:], zeros[j:], sum[j:])
		}
	}
}

func (p *Panels) needWidth(fn string, shift, low, high []float32, zeros []int32, sum []float64) {
	width := p.Width()
	need(fn, "shift", len(shift), width)
	need(fn, "low", len(low), width)
	need(fn, "high", len(high), width)
	need(fn, "zeros", len(zeros), width)
	need(fn, "sum", len(sum), width)
}

// describe writes rows > 0 samples of a panel, ld apart in x, less shift to dst.
func describe(dst, x []float32, ld, rows int, shift, low, high []float32, zeros []int32, sum []float64) {
	if useAsm {
		describeAsm(&dst[0], &x[0], ld, rows, &shift[0], &low[0], &high[0], &zeros[0], &sum[0])
		return
	}
	for r := range rows {
		for k, v := range x[r*ld:][:tileCols] {
			if v < low[k] {
				low[k] = v
			}
			if v > high[k] {
				high[k] = v
			}
			if v == 0 {
				zeros[k]++
			}
			v -= shift[k]
			dst[r*tileCols+k] = v
			sum[k] += float64(v)
		}
	}
}

// Width returns the number of units, rounded up to whole panels.
func (p *Panels) Width() int { return roundUp(p.d, tileCols) }

// GramAdd adds the upper triangle (with the diagonal) of XᵀX to that of acc, d×d row-major, where X
// is the rows samples from row on; below the diagonal acc is left as it is. Sums run in float32
// within 256 rows and in float64 across them: subtract the mean, or something near it, beforehand.
func (p *Panels) GramAdd(acc []float64, row, rows int) {
	if row < 0 || rows < 0 || row+rows > p.rows {
		panic(fmt.Sprintf("simd: Panels.GramAdd: rows %d+%d of %d", row, rows, p.rows))
	}
	need("Panels.GramAdd", "acc", len(acc), p.d*p.d)
	p.gramAll(acc, row, rows, false)
}

// GramSet is [Panels.GramAdd] to a triangle of zeros, whatever acc holds there. rows must be positive.
func (p *Panels) GramSet(acc []float64, row, rows int) {
	if row < 0 || rows < 1 || row+rows > p.rows {
		panic(fmt.Sprintf("simd: Panels.GramSet: rows %d+%d of %d", row, rows, p.rows))
	}
	need("Panels.GramSet", "acc", len(acc), p.d*p.d)
	p.gramAll(acc, row, rows, true)
}

func (p *Panels) gramAll(acc []float64, row, rows int, set bool) {
	for ; rows > 0; row, rows, set = row+gramRows, rows-gramRows, false {
		p.gram(acc, row, min(rows, gramRows), set)
	}
}

// gram is GramAdd, or GramSet, for at most gramRows rows.
func (p *Panels) gram(acc []float64, row, rows int, set bool) {
	var off [tileRows]int
	var sum [tileRows * 2 * tileCols]float32
	d, panel := p.d, p.rows*tileCols
	x := p.data[row*tileCols:]
	t := tile{ko: 1, k: rows, a: x, off: &off, aks: tileCols, bks: tileCols, next: panel, init: zeros[:], ldc: 2 * tileCols}
	for j := 0; j < d; j += 2 * tileCols {
		left, right := x[j*p.rows:], []float32(nil)
		if j+tileCols < d {
			right = x[(j+tileCols)*p.rows:]
		}
		for i := 0; i < min(d, j+2*tileCols); i += tileRows {
			for r := range off {
				// The last tile repeats the last unit.
				at := min(i+r, d-1)
				off[r] = at/tileCols*panel + at%tileCols
			}
			t.b, t.c = left, sum[:]
			full := useAsm && i+tileRows <= j+1 && j+2*tileCols <= d
			if full && !set {
				fetchTileAsm(&acc[i*d+j], d)
			}
			switch {
			case right == nil:
				t.run()
			case i >= j+tileCols: // all of the left is below the diagonal
				t.b, t.c = right, sum[tileCols:]
				t.run()
			case useWide:
				t.runWide()
			default:
				t.run()
				t.b, t.c = right, sum[tileCols:]
				t.run()
			}
			if full {
				if set {
					setTileAsm(&acc[i*d+j], d, &sum[0])
				} else {
					addTileAsm(&acc[i*d+j], d, &sum[0])
				}
				continue
			}
			for r := range min(tileRows, d-i) {
				from, to := max(i+r-j, 0), min(2*tileCols, d-j)
				if from < to {
					line := acc[(i+r)*d+j+from:][:to-from]
					if set {
						clear(line)
					}
					addWide(line, sum[r*2*tileCols+from:])
				}
			}
		}
	}
}

// GramAdd adds the upper triangle (with the diagonal) of XᵀX to that of acc, d×d row-major; X has
// rows rows of d values, ld apart. Precision as in [Panels.GramAdd]. It panics if ld < d or a slice
// is too short.
func GramAdd(acc []float64, x []float32, rows, d, ld int) {
	if rows < 0 || d < 0 || ld < d {
		panic(fmt.Sprintf("simd: GramAdd: %d rows of %d values, leading dimension %d", rows, d, ld))
	}
	if rows == 0 || d == 0 {
		return
	}
	need("GramAdd", "acc", len(acc), d*d)
	need("GramAdd", "x", len(x), (rows-1)*ld+d)
	ws := getWorkspace()
	defer ws.put()
	p := Panels{gramRows, d, ws.floats(roundUp(d, tileCols) * gramRows)}
	if d%tileCols > 0 {
		clear(p.data[d/tileCols*tileCols*gramRows:])
	}
	for r := 0; r < rows; r += gramRows {
		n := min(gramRows, rows-r)
		p.put(0, 0, x[r*ld:], ld, n, d)
		p.gram(acc, 0, n, false)
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

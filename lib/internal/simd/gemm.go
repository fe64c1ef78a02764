package simd

import (
	"fmt"
	"unsafe"
)

// Blocks of so many rows or columns of C, counted from the first, have the same bits alone as together.
const (
	GemmRows    = tileRows
	GemmColumns = 96
)

// gemmK and gemmN are the block of B that is packed at once: 384×96 values, 147 KB, which
// stay in the second-level cache while all of A goes past them.
const (
	gemmK = 384
	gemmN = GemmColumns

	gemmFew  = 48  // up to so many rows of A, B is not packed
	gemmLong = 128 // from so many columns and half as many rows on, a transposed A is packed

	gemmStream = 1 << 22 // from so many values on, a product of a short sum is written past the caches
)

// Gemm writes the product op(A)·op(B) to C, or adds it to C if add. op(A) is m×k, op(B) is
// k×n, C is m×n, all row-major with rows lda, ldb, ldc values apart; op transposes if transA
// (A is stored k×m) or transB (B is stored n×k). With k = 0 the product is 0. It panics if a
// leading dimension is shorter than a row or a slice does not hold the matrix.
func Gemm(transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool) {
	gemm(nil, transA, transB, m, n, k, a, lda, b, ldb, c, ldc, add)
}

// GemmParts is a [Gemm] of A as it is for the rows before each of ends, which ascend, from the end
// before on, with the same bits: but B is gone through only once. The last end is the number of rows.
func GemmParts(ends []int, transB bool, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool) {
	if len(ends) == 0 {
		return
	}
	gemm(ends, false, transB, ends[len(ends)-1], n, k, a, lda, b, ldb, c, ldc, add)
}

func gemm(ends []int, transA, transB bool, m, n, k int, a []float32, lda int, b []float32, ldb int, c []float32, ldc int, add bool) {
	checkMatrix("a", transA, m, k, len(a), lda)
	checkMatrix("b", transB, k, n, len(b), ldb)
	checkMatrix("c", false, m, n, len(c), ldc)
	if m == 0 || n == 0 {
		return
	}
	if k == 0 {
		for i := 0; i < m && !add; i++ {
			clear(c[i*ldc:][:n])
		}
		return
	}
	// B is read in place if too few rows of A use it to pay for packing; the last columns never.
	inPlace := 0
	if !transB && m <= gemmFew {
		inPlace = n / tileCols * tileCols
	}
	// Rows of Aᵀ lie lda apart: on long ones each value would be a cache line of its own.
	packedA := transA && k >= gemmLong/2 && n >= gemmLong
	rowStep, ak := lda, 1
	switch {
	case packedA:
		rowStep, ak = 1, tileRows
	case transA:
		rowStep, ak = 1, lda
	}

	ws := getWorkspace()
	defer ws.put()
	kMax, mp := min(k, gemmK), 0
	if packedA {
		mp = roundUp(m, tileRows)
	}
	buf := ws.floats((gemmN + mp) * kMax)
	panels, pa := buf[:gemmN*kMax], buf[gemmN*kMax:]
	var off [tileRows]int
	t := tile{ko: 1, aks: ak, off: &off, ldc: ldc}
	// A product much larger than the caches, of sums so short that they do not hide the memory's
	// time: what is written is not read first, as a cache would.
	if useAsm && !add && k <= gemmLong && m*n >= gemmStream && ldc%tileCols == 0 && uintptr(unsafe.Pointer(&c[0]))%64 == 0 {
		t.stream = 1
		defer fenceAsm()
	}
	for p := 0; p < k; p += gemmK {
		t.k = min(gemmK, k-p)
		for i := 0; i < mp; i += tileRows {
			packCols(pa[i*t.k:], tileRows, a[p*lda+i:], lda, t.k, min(tileRows, m-i))
		}
		for j0 := 0; j0 < n; j0 += gemmN {
			nc := min(gemmN, n-j0)
			from := min(nc, max(0, inPlace-j0)) // columns of this block before from are read in place
			packB(panels, b, ldb, transB, p, t.k, j0+from, nc-from)
			part := 0
			for i, rows := 0, 0; i < m; i += rows {
				rows = min(tileRows, m-i)
				if ends != nil {
					for ends[part] <= i {
						part++
					}
					rows = min(rows, ends[part]-i)
				}
				for r := range off {
					off[r] = min(r, rows-1) * rowStep
				}
				if packedA {
					t.a = pa[i*t.k:]
				} else {
					t.a = a[i*rowStep+p*ak:]
				}
				for j, cols := 0, 0; j < nc; j += cols {
					if j < from {
						cols = step(from - j)
						t.b, t.bks, t.next = b[p*ldb+j0+j:], ldb, tileCols
					} else {
						cols = step(nc - j)
						t.b, t.bks, t.next = panels[(j-from)*t.k:], tileCols, tileCols*t.k
					}
					t.c = c[i*ldc+j0+j:]
					t.init, t.ldi = zeros[:], 0
					if add || p > 0 {
						t.init, t.ldi = t.c, ldc
					}
					switch {
					case rows == tileRows && cols == 2*tileCols:
						t.runWide()
					case rows == tileRows && cols == tileCols:
						t.run()
					case cols == 2*tileCols:
						t.runWidePart(rows, add || p > 0)
					default:
						t.runPart(rows, cols, add || p > 0)
					}
				}
			}
		}
	}
}

func checkMatrix(name string, trans bool, rows, cols, have, ld int) {
	if trans {
		rows, cols = cols, rows
	}
	if rows < 0 || cols < 0 || ld < cols {
		panic(fmt.Sprintf("simd: Gemm: %s is %d×%d with leading dimension %d", name, rows, cols, ld))
	}
	if rows > 0 && cols > 0 {
		need("Gemm", name, have, (rows-1)*ld+cols)
	}
}

// packB packs k×n values of op(B), from row p and column j on, into panels of 16 columns.
func packB(dst, b []float32, ldb int, trans bool, p, k, j, n int) {
	for q := 0; q < n; q += tileCols {
		cols := min(tileCols, n-q)
		d := dst[q*k:][:k*tileCols]
		if !trans {
			packCols(d, tileCols, b[p*ldb+j+q:], ldb, k, cols)
			continue
		}
		if cols < tileCols {
			clear(d)
		}
		transpose(d, tileCols, b[(j+q)*ldb+p:], ldb, cols, k)
	}
}

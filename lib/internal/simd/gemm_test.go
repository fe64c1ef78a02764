package simd

import (
	"fmt"
	"slices"
	"testing"
)

func TestGemmEqualsNaive(t *testing.T) {
	sizes := [][3]int{
		{1, 1, 1}, {6, 16, 4}, {7, 17, 5}, {1, 100, 3}, {100, 1, 3}, {3, 5, 0}, {0, 5, 3}, {5, 0, 3},
		{5, 97, 385}, {32, 128, 432}, {32, 10, 128}, {432, 128, 32}, {13, 33, 771}, {2, 3, 4}, {31, 47, 8}, {128, 192, 200},
	}
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range sizes {
			for kind := range 16 {
				m, n, k := s[0], s[1], s[2]
				ta, tb, add, gap := kind&1 != 0, kind&2 != 0, kind&4 != 0, kind>>3*5
				t.Run(fmt.Sprintf("%dx%dx%d,ta=%v,tb=%v,add=%v,gap=%d", m, n, k, ta, tb, add, gap), func(t *testing.T) {
					lda, ldb, ldc := k+gap, n+gap, n+gap
					la, lb := m*lda, k*ldb
					if ta {
						lda = m + gap
						la = k * lda
					}
					if tb {
						ldb = k + gap
						lb = n * ldb
					}
					a, b := random(r, la), random(r, lb)
					// the last row needs no gap behind it
					a, b = a[:max(0, la-gap)], b[:max(0, lb-gap)]
					c := newBuffer(random(r, max(0, m*ldc-gap)))
					want := wide(c.values())
					for i := range m {
						for j := range n {
							sum := 0.0
							if add {
								sum = want[i*ldc+j]
							}
							for p := range k {
								ia, ib := i*lda+p, p*ldb+j
								if ta {
									ia = p*lda + i
								}
								if tb {
									ib = j*ldb + p
								}
								sum += float64(a[ia]) * float64(b[ib])
							}
							want[i*ldc+j] = sum
						}
					}
					Gemm(ta, tb, m, n, k, a, lda, b, ldb, c.values(), ldc, add)
					compare(t, "c", c.values(), want, 2e-5) // float32 sums of up to 10^3 terms below 1/4
					c.check(t, "c")
				})
			}
		}
	})
}

func TestGemmStaysInsideItsSlices(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, s := range [][3]int{{1, 1, 1}, {7, 17, 5}, {6, 16, 8}, {5, 97, 385}, {32, 10, 128}, {50, 100, 9}, {128, 192, 200}} {
			for kind := range 8 {
				m, n, k := s[0], s[1], s[2]
				ta, tb, atEnd := kind&1 != 0, kind&2 != 0, kind&4 != 0
				lda, ldb := k, n
				if ta {
					lda = m
				}
				if tb {
					ldb = k
				}
				Gemm(ta, tb, m, n, k, guarded(t, m*k, atEnd), lda, guarded(t, k*n, atEnd), ldb, guarded(t, m*n, atEnd), n, kind&1 == 0)
			}
		}
	})
}

func TestGemmRefusesWhatCannotBe(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	mustPanic(t, "lda", func() { Gemm(false, false, 2, 2, 3, f(9), 2, f(9), 3, f(9), 3, false) })
	mustPanic(t, "a", func() { Gemm(false, false, 2, 2, 3, f(5), 3, f(9), 3, f(9), 3, false) })
	mustPanic(t, "b", func() { Gemm(false, true, 2, 2, 3, f(6), 3, f(5), 3, f(9), 3, false) })
	mustPanic(t, "c", func() { Gemm(false, false, 2, 2, 3, f(6), 3, f(9), 3, f(4), 3, false) })
	mustPanic(t, "m", func() { Gemm(false, false, -1, 2, 3, f(6), 3, f(9), 3, f(4), 3, false) })
}

// Large products of short sums are written past the caches, where the result's rows lie on whole
// cache lines; tiles at the edges are not.
func TestGemmOfLargeResultsEqualsItsParts(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		const most, n, k = 6*340 + 5, 64*32 + 16, 3
		a, b := random(r, k*most), random(r, k*n)
		for name, transA := range map[string]bool{"AB": false, "AᵀB": true} {
			m := most
			if transA {
				m-- // four rows are left, for which there is a kernel of their own
			}
			if m*n < gemmStream {
				t.Fatal("not large enough")
			}
			lda := k
			if transA {
				lda = m
			}
			whole := make([]float32, m*n)
			Gemm(transA, false, m, n, k, a, lda, b, n, whole, n, false)
			part := make([]float32, n)
			for i := range m { // row by row, each a small product
				at := i * k
				if transA {
					at = i
				}
				Gemm(transA, false, 1, n, k, a[at:], lda, b, n, part, n, false)
				if !slices.Equal(part, whole[i*n:][:n]) {
					t.Fatalf("%s: row %d has other bits than alone", name, i)
				}
			}
		}
	})
}

func TestGemmPartsHasTheBitsOfItsParts(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, ends := range [][]int{{1}, {0, 4, 4, 11}, {8, 16, 24, 32}, {2, 5, 7, 10}, {13, 26, 39, 70}} {
			for _, transB := range []bool{false, true} {
				for _, add := range []bool{false, true} {
					const n, k = 203, 401 // tails of columns, and sums in two blocks
					m := ends[len(ends)-1]
					a, b, c := random(r, m*k), random(r, n*k), random(r, m*n)
					ldb := n
					if transB {
						ldb = k
					}
					want, got := slices.Clone(c), newBuffer(c)
					from := 0
					for _, to := range ends {
						Gemm(false, transB, to-from, n, k, a[from*k:], k, b, ldb, want[from*n:], n, add)
						from = to
					}
					GemmParts(ends, transB, n, k, a, k, b, ldb, got.values(), n, add)
					got.check(t, "c")
					if !slices.Equal(got.values(), want) {
						t.Errorf("%v, transB %v, add %v: other bits", ends, transB, add)
					}
					// and columns in blocks of 96 have the bits of all
					if !transB {
						copy(got.values(), c)
						for j := 0; j < n; j += GemmColumns {
							GemmParts(ends, false, min(GemmColumns, n-j), k, a, k, b[j:], ldb, got.values()[j:], n, add)
						}
						if !slices.Equal(got.values(), want) {
							t.Errorf("%v, add %v: columns by themselves have other bits", ends, add)
						}
					}
				}
			}
		}
	})
}

func TestRowsOfGemmInBlocksHaveTheSameBits(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		const m, n = 101, 140
		for _, k := range []int{7, 401} { // a transposed A read in place; packed, and sums in two blocks
			a, b, want, got := random(r, k*m), random(r, k*n), make([]float32, m*n), make([]float32, m*n)
			Gemm(true, false, m, n, k, a, m, b, n, want, n, false)
			const block = 3 * GemmRows
			for i := 0; i < m; i += block {
				Gemm(true, false, min(block, m-i), n, k, a[i:], m, b, n, got[i*n:], n, false)
			}
			if !slices.Equal(got, want) {
				t.Errorf("sums of %d: other bits", k)
			}
		}
	})
}

//go:build amd64 && !noasm

package simd

import (
	"os"

	"golang.org/x/sys/cpu"
)

func detect() bool {
	return cpu.X86.HasAVX2 && cpu.X86.HasFMA && os.Getenv("GONVERGE_NOASM") != "1"
}

func detectWide() bool { return cpu.X86.HasAVX512F && os.Getenv("GONVERGE_NOAVX512") != "1" }

// The functions below are in the .s files of this folder. Counts n are multiples of 8 and
// positive; the Go callers take care of what is left over.

// tileAsm is [tile.run]; see there.
//
//go:noescape
func tileAsm(t *tile)

// tileWideAsm is [tile.runWide]; see there.
//
//go:noescape
func tileWideAsm(t *tile)

// tileWide4Asm is tileWideAsm for the first four rows; see [tile.runWidePart].
//
//go:noescape
func tileWide4Asm(t *tile)

// fenceAsm ends what was written past the caches; see [tile.stream].
//
//go:noescape
func fenceAsm()

// blendAsm is [blend.run]; see there.
//
//go:noescape
func blendAsm(b *blend)

// transpose8Asm writes the 8×8 block at src, rows lds apart, as its transpose to dst, rows ldd apart.
//
//go:noescape
func transpose8Asm(dst *float32, ldd int, src *float32, lds int)

// pack16Asm copies 16 values of each of rows > 0 rows, ld apart, to dst, side by side.
//
//go:noescape
func pack16Asm(dst, src *float32, ld, rows int)

// pack6Asm does the same with 6 values, of which those that mask (all ones or zero; its last
// two zero) leaves out are not read and become 0.
//
//go:noescape
func pack6Asm(dst, src *float32, ld, rows int, mask *[8]int32)

// reluAsm: x = max(x, 0).
//
//go:noescape
func reluAsm(x *float32, n int)

// reluBackAsm: dy = 0 where not y > 0.
//
//go:noescape
func reluBackAsm(dy, y *float32, n int)

// reluBackToAsm: dst = dy where y > 0, else 0.
//
//go:noescape
func reluBackToAsm(dst, dy, y *float32, n int)

// axpyAsm: y += a·x.
//
//go:noescape
func axpyAsm(a float32, x, y *float32, n int)

// scaleAsm: x *= a.
//
//go:noescape
func scaleAsm(a float32, x *float32, n int)

// dotAsm: Σ x·y in 32 partial sums of float32.
//
//go:noescape
func dotAsm(x, y *float32, n int) float32

// sgdAsm: v = momentum·v − lr·(dw + decay·w); w += v.
//
//go:noescape
func sgdAsm(w, v, dw *float32, n int, lr, momentum, decay float32)

// addRowsAsm: dst[c] += Σ over rows of x[row·ld+c], c < n.
//
//go:noescape
func addRowsAsm(dst, x *float32, n, rows, ld int)

// subRowAsm: dst = x − row, n values.
//
//go:noescape
func subRowAsm(dst, x, row *float32, n int)

// addWideAsm: acc += x, from float32 to float64.
//
//go:noescape
func addWideAsm(acc *float64, x *float32, n int)

// maxAsm: y[c] = max over a window of rows×cols cells of x[r·rs+q·cs+c], c < n.
//
//go:noescape
func maxAsm(y, x *float32, n, rows, cols, rs, cs int)

// maxBackAsm: for each c < n adds dy[c] to dx at the first cell of the window, in row order,
// where x equals y[c].
//
//go:noescape
func maxBackAsm(dx, x, y, dy *float32, n, rows, cols, rs, cs int)

// maxWideAsm and maxBackWideAsm do the same in vectors of AVX-512; n is a multiple of 16.
//
//go:noescape
func maxWideAsm(y, x *float32, n, rows, cols, rs, cs int)

//go:noescape
func maxBackWideAsm(dx, x, y, dy *float32, n, rows, cols, rs, cs int)

// axpy64Asm: y += a·x, float64; n is a positive multiple of 4.
//
//go:noescape
func axpy64Asm(a float64, x, y *float64, n int)

// dot64Asm: Σ x·y, float64; n is a positive multiple of 4.
//
//go:noescape
func dot64Asm(x, y *float64, n int) float64

// dots64Asm: dst[k] = Σ x·y[k·ld:] for k < 4, float64; n is a positive multiple of 4.
//
//go:noescape
func dots64Asm(dst, x, y *float64, n, ld int)

// dots12Asm: dst[4k+c] = Σ x[c·ld:]·y[k·ld:] for c < 4 and k < 3, float64; n is a positive multiple of 4.
//
//go:noescape
func dots12Asm(dst, x, y *float64, n, ld int)

// fmaAsm does n > 0 turns of [fmaFlop] operations on zeros.
//
//go:noescape
func fmaAsm(n int)

// The kernels of [block.run]: rows × columns, 88 for two vectors of eight in AVX2.
//
//go:noescape
func block8x32Asm(t *block)

//go:noescape
func block4x32Asm(t *block)

//go:noescape
func block2x32Asm(t *block)

//go:noescape
func block1x32Asm(t *block)

//go:noescape
func block8x16Asm(t *block)

//go:noescape
func block4x16Asm(t *block)

//go:noescape
func block2x16Asm(t *block)

//go:noescape
func block1x16Asm(t *block)

//go:noescape
func block4x88Asm(t *block)

//go:noescape
func block2x88Asm(t *block)

//go:noescape
func block1x88Asm(t *block)

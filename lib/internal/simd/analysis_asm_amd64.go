//go:build amd64 && !noasm

package simd

// addTileAsm: acc += x for six rows of 32 values, from float32 to float64; rows of acc are ld apart.
//
//go:noescape
func addTileAsm(acc *float64, ld int, x *float32)

// describeAsm is [Panels.Describe] for one panel.
//
//go:noescape
func describeAsm(x *float32, rows int, shift, low, high *float32, zeros *int32, sum *float64)

// exactRowAsm is [ExactProducts] for a positive multiple of 4 sums.
//
//go:noescape
func exactRowAsm(r *exactRow) int

// nearest64Asm is [Nearest64]; n is a positive multiple of 8, k and d are positive.
//
//go:noescape
func nearest64Asm(nearest *int, dist, points *float64, n int, centres *float64, k, d int)

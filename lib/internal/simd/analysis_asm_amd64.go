//go:build amd64 && !noasm

package simd

// addTileAsm: acc += x for six rows of 32 values, from float32 to float64; rows of acc are ld apart.
//
//go:noescape
func addTileAsm(acc *float64, ld int, x *float32)

// setTileAsm: acc = 0 + x in the same way.
//
//go:noescape
func setTileAsm(acc *float64, ld int, x *float32)

// describeAsm is [Panels.PutDescribed] for one panel; rows of x are ld apart, those of dst side by side.
//
//go:noescape
func describeAsm(dst, x *float32, ld, rows int, shift, low, high *float32, zeros *int32, sum *float64)

// exactRowAsm is [ExactProducts] for a positive multiple of 4 sums.
//
//go:noescape
func exactRowAsm(r *exactRow) int

// exactTopsAsm is [ExactTops] for a positive multiple of 4 sums.
//
//go:noescape
func exactTopsAsm(r *exactRow) int

// exactTotalsAsm is [ExactCovariances] for a positive multiple of 4 sums.
//
//go:noescape
func exactTotalsAsm(r *exactTotals) int

// nearest64Asm is [Nearest64]; n is a positive multiple of 8, k and d are positive.
//
//go:noescape
func nearest64Asm(nearest *int, dist, points *float64, n int, centres *float64, k, d int)

// packPanelsAsm copies 16·panels values of each of rows > 0 rows, ld apart, to panels of 16, step apart, row by row.
//
//go:noescape
func packPanelsAsm(dst *float32, step int, src *float32, ld, rows, panels int)

// fetchTileAsm asks for the memory that addTileAsm will change.
//
//go:noescape
func fetchTileAsm(acc *float64, ld int)

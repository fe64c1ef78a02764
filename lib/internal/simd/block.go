package simd

// A block is up to eight rows of a product by 16 or 32 columns:
//
//	C[r][j] = init[r·ldi+j] + Σ_{n<kp} Σ_{p<ko} Σ_{q<k} a[r·ars + n·apo + p·aro + q·aks] · b[n·bpo + p·bro + q·bks + j]
//
// written to c[r·ldc+j], or its maximum with 0 if relu is 1. Beside a [tile] its rows lie evenly
// in A, and the sum runs over one index more; each sum is made in the same order, one product
// after the other, so that the same products give the same bits. The counts are positive.
//
// The assembly takes the slices' first pointers from this struct and checks no bounds.
type block struct {
	kp, ko, k    int
	a            []float32
	ars, aks     int
	anext, ajump int // bytes from the end of a segment of k to the next; from that of the last to the next index n
	b            []float32
	bks          int
	bnext, bjump int
	init         []float32
	ldi          int
	c            []float32
	ldc          int
	relu         int
}

// steps sets the counts, and the steps that depend on them, from the distances in the formula.
func (t *block) steps(kp, ko, k, aro, apo, bro, bpo int) {
	t.kp, t.ko, t.k = kp, ko, k
	t.anext, t.bnext = 4*(aro-k*t.aks), 4*(bro-k*t.bks)
	t.ajump, t.bjump = 4*(apo-(ko-1)*aro-k*t.aks), 4*(bpo-(ko-1)*bro-k*t.bks)
}

// blockCols returns how many of the columns that are left, a multiple of 16, a block takes.
func blockCols(left int) int {
	if useWide && left >= 2*tileCols {
		return 2 * tileCols
	}
	return tileCols
}

// blockRows returns the largest block of no more than left rows.
func blockRows(left int) int {
	switch {
	case left >= 8 && useWide:
		return 8
	case left >= 4:
		return 4
	case left >= 2:
		return 2
	}
	return 1
}

// run computes the block; rows is one that blockRows returns, cols one of blockCols.
func (t *block) run(rows, cols int) {
	switch {
	case !useWide && rows == 4:
		block4x88Asm(t)
	case !useWide && rows == 2:
		block2x88Asm(t)
	case !useWide:
		block1x88Asm(t)
	case cols == 2*tileCols && rows == 8:
		block8x32Asm(t)
	case cols == 2*tileCols && rows == 4:
		block4x32Asm(t)
	case cols == 2*tileCols && rows == 2:
		block2x32Asm(t)
	case cols == 2*tileCols:
		block1x32Asm(t)
	case rows == 8:
		block8x16Asm(t)
	case rows == 4:
		block4x16Asm(t)
	case rows == 2:
		block2x16Asm(t)
	default:
		block1x16Asm(t)
	}
}

package simd

// A blend makes weighted sums of rows of numbers, several from the same rows:
//
//	dst[r·dr + i·di + c] = init[c] + Σ_j weight[i][j] · src[r·sr + j·sj + c]
//
// for r < count, i < outs, c < n, or its maximum with 0 if relu; n is a multiple of 8. Terms are
// added in the order of j.
type blend struct {
	terms  []blendTerm
	dst    []float32
	dr, di int
	src    []float32
	sr, sj int
	init   []float32 // nil: 0
	count  int
	outs   int
	n      int
	relu   bool
}

// blendTerm is an entry of a list that holds, for each output in turn, the number of its terms
// (in at) and then these: a row and its weight.
type blendTerm struct {
	at     int32
	weight float32
}

// blendTerms lists the terms of a matrix, outputs × rows, that are not 0.
func blendTerms(matrix [][]float64) []blendTerm {
	var list []blendTerm
	for _, row := range matrix {
		head := len(list)
		list = append(list, blendTerm{})
		for j, w := range row {
			if w != 0 {
				list = append(list, blendTerm{int32(j), float32(w)})
			}
		}
		list[head].at = int32(len(list) - head - 1)
	}
	return list
}

// run computes the sums. It panics if a slice ends too early; the assembly itself checks nothing.
func (b *blend) run() {
	if b.count < 1 || b.outs < 1 || b.n < 1 {
		return
	}
	_ = b.dst[(b.count-1)*b.dr+(b.outs-1)*b.di+b.n-1]
	if useAsm {
		blendAsm(b)
		return
	}
	blendGo(b)
}

func blendGo(b *blend) {
	for r := range b.count {
		list := b.terms
		for i := range b.outs {
			out := b.dst[r*b.dr+i*b.di:][:b.n]
			if b.init != nil {
				copy(out, b.init[:b.n])
			} else {
				clear(out)
			}
			for _, t := range list[1 : 1+list[0].at] {
				in := b.src[r*b.sr+int(t.at)*b.sj:][:b.n]
				for c, v := range in {
					out[c] += t.weight * v
				}
			}
			if b.relu {
				reluGo(out)
			}
			list = list[1+list[0].at:]
		}
	}
}

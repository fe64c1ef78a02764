package corr

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/mat"
)

// largest is the largest magnitude of an entry whose square float64 can still add up.
const largest = 1e150

// FromMatrices returns the statistics of plain matrices, samples × units, one for each net
// (or whatever the columns belong to): the same object as of a layer, computed in float64 in
// two passes (a deviation below 1e-154 counts as none). Row r of every matrix is the same sample; widths may differ. It panics without
// matrices, if they differ in rows or have none, and if an entry is NaN, infinite or beyond
// 1e150 in magnitude, naming its position.
func FromMatrices(mats ...mat.Matrix) *Layer {
	l := surveyed(mats)
	rows, units := l.samples, l.units

	// Blocks of rows bound the memory for centred values.
	const block = 4096
	z := make([]float64, min(rows, block)*l.d)
	gram := blas64.Symmetric{N: l.d, Stride: l.d, Data: l.cov, Uplo: blas.Upper}
	for from := 0; from < rows; from += block {
		n := min(rows-from, block)
		for k, m := range mats {
			for r := range n {
				row := z[r*l.d+l.offset[k]:][:units[k]]
				rowTo(row, m, from+r)
				for j := range row {
					row[j] -= l.mean[l.offset[k]+j]
				}
			}
		}
		x := blas64.General{Rows: n, Cols: l.d, Stride: l.d, Data: z}
		blas64.Syrk(blas.Trans, 1, x, 1, gram)
	}
	for k := range l.cov {
		l.cov[k] /= float64(rows)
	}
	l.settle()
	return l
}

// surveyed is FromMatrices without the covariances.
func surveyed(mats []mat.Matrix) *Layer {
	if len(mats) == 0 {
		panic("corr: FromMatrices: no matrices")
	}
	rows, _ := mats[0].Dims()
	var units []int
	for k, m := range mats {
		r, c := m.Dims()
		if r != rows || r == 0 || c == 0 {
			panic(fmt.Sprintf("corr: FromMatrices: matrix %d is %d×%d, matrix 0 has %d rows", k, r, c, rows))
		}
		units = append(units, c)
	}
	l := newLayer("matrices", units)
	l.samples = rows
	l.survey(mats)
	l.values = singles(mats)
	return l
}

// singles returns the entries as float32, matrix by matrix.
func singles(mats []mat.Matrix) [][]float32 {
	var all [][]float32
	for _, m := range mats {
		rows, columns := m.Dims()
		v := make([]float32, 0, rows*columns)
		row := make([]float64, columns)
		for r := range rows {
			rowTo(row, m, r)
			for _, x := range row {
				v = append(v, float32(min(max(x, -math.MaxFloat32), math.MaxFloat32)))
			}
		}
		all = append(all, v)
	}
	return all
}

// survey fills in mean, low, high and zero.
func (l *Layer) survey(mats []mat.Matrix) {
	n := float64(l.samples)
	for k, m := range mats {
		at, units := l.offset[k], l.units[k]
		mean, low, high, zero := l.mean[at:][:units], l.low[at:][:units], l.high[at:][:units], l.zero[at:][:units]
		first, row := make([]float64, units), make([]float64, units)
		rowTo(first, m, 0)
		copy(low, first)
		copy(high, first)
		for r := range l.samples {
			rowTo(row, m, r)
			for j, v := range row {
				if !(math.Abs(v) <= largest) {
					panic(fmt.Sprintf("corr: FromMatrices: entry (%d, %d) of matrix %d is %v", r, j, k, v))
				}
				mean[j] += v - first[j]
				low[j], high[j] = min(low[j], v), max(high[j], v)
				if v == 0 {
					zero[j]++
				}
			}
		}
		for j := range units {
			mean[j] = first[j] + mean[j]/n
			zero[j] /= n
		}
		// A second pass takes away what the first one lost to a large mean.
		rest := make([]float64, units)
		for r := range l.samples {
			rowTo(row, m, r)
			for j, v := range row {
				rest[j] += v - mean[j]
			}
		}
		for j := range units {
			mean[j] += rest[j] / n
		}
	}
}

// rowTo writes a row of m to dst.
func rowTo(dst []float64, m mat.Matrix, row int) {
	if d, ok := m.(mat.RawRowViewer); ok {
		copy(dst, d.RawRowView(row))
		return
	}
	for j := range dst {
		dst[j] = m.At(row, j)
	}
}

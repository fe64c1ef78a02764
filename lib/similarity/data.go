package similarity

import (
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// constantTolerance is the range of a unit, relative to its largest magnitude, below which it
// counts as constant: a few roundings of float64 and nothing an activation resolves.
const constantTolerance = 1e-14

// matrices returns float64 copies of a and b. It panics if they differ in the number of
// samples, and returns an error if one is empty or has an entry that is not finite.
func matrices(fn string, a, b mat.Matrix) (x, y *mat.Dense, err error) {
	if x, err = read(a); err != nil {
		return nil, nil, fmt.Errorf("similarity: %s: first matrix: %w", fn, err)
	}
	if y, err = read(b); err != nil {
		return nil, nil, fmt.Errorf("similarity: %s: second matrix: %w", fn, err)
	}
	n, _ := x.Dims()
	if m, _ := y.Dims(); m != n {
		panic(fmt.Sprintf("similarity: %s: %d and %d samples", fn, n, m))
	}
	return x, y, nil
}

// read returns a copy of m.
func read(m mat.Matrix) (*mat.Dense, error) {
	if m == nil {
		return nil, errors.New("is nil")
	}
	n, p := m.Dims()
	if n == 0 || p == 0 {
		return nil, fmt.Errorf("is empty (%d×%d)", n, p)
	}
	x := mat.DenseCopyOf(m)
	for i := range n {
		for j, v := range x.RawRowView(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("entry (%d, %d) is %v", i, j, v)
			}
		}
	}
	return x, nil
}

// centre takes the mean of each column (unit) from x, sets constant columns to exactly 0,
// and divides all of x by a power of two so that its largest magnitude lies in [0.5, 1); then
// no square overflows. It returns the power's exponent, which means nothing if every unit is
// constant.
func centre(x *mat.Dense) int {
	n, p := x.Dims()
	exponent := normalise(x)
	low, high, mean := make([]float64, p), make([]float64, p), make([]float64, p)
	first := append([]float64(nil), x.RawRowView(0)...)
	copy(low, first)
	copy(high, first)
	for i := range n {
		row := x.RawRowView(i)
		for j, v := range row {
			low[j], high[j] = min(low[j], v), max(high[j], v)
			// Differences from a sample are exact where the mean dwarfs the deviation.
			row[j] = v - first[j]
			mean[j] += row[j]
		}
	}
	for j := range mean {
		mean[j] /= float64(n)
	}
	for i := range n {
		row := x.RawRowView(i)
		for j := range row {
			if high[j]-low[j] <= constantTolerance*max(math.Abs(low[j]), math.Abs(high[j])) {
				row[j] = 0
			} else {
				row[j] -= mean[j]
			}
		}
	}
	return exponent + normalise(x)
}

// normalise multiplies x by 2^−e so that its largest magnitude lies in [0.5, 1), and returns
// e; a matrix of zeros stays as it is, with e = 0.
func normalise(x *mat.Dense) int {
	n, _ := x.Dims()
	largest := 0.0
	for i := range n {
		for _, v := range x.RawRowView(i) {
			largest = max(largest, math.Abs(v))
		}
	}
	if largest == 0 {
		return 0
	}
	_, e := math.Frexp(largest)
	e = max(e, -1000) // 2^1000 is finite
	factor := math.Ldexp(1, -e)
	for i := range n {
		row := x.RawRowView(i)
		for j := range row {
			row[j] *= factor
		}
	}
	return e
}

// standardise divides each column of the centred x by its length, so that the rank does not
// depend on the units' scales.
func standardise(x *mat.Dense) *mat.Dense {
	n, p := x.Dims()
	length := make([]float64, p)
	largest := make([]float64, p)
	for i := range n {
		for j, v := range x.RawRowView(i) {
			largest[j] = max(largest[j], math.Abs(v))
		}
	}
	for i := range n {
		for j, v := range x.RawRowView(i) {
			if largest[j] > 0 {
				v /= largest[j]
				length[j] += v * v
			}
		}
	}
	z := mat.NewDense(n, p, nil)
	for i := range n {
		from, to := x.RawRowView(i), z.RawRowView(i)
		for j, v := range from {
			if largest[j] > 0 {
				to[j] = v / largest[j] / math.Sqrt(length[j])
			}
		}
	}
	return z
}

// gather returns the rows of x in the order given.
func gather(x *mat.Dense, order []int) *mat.Dense {
	_, p := x.Dims()
	out := mat.NewDense(len(order), p, nil)
	for i, k := range order {
		out.SetRow(i, x.RawRowView(k))
	}
	return out
}

// weighted returns the rows of x with a weight, less their weighted mean, each times the root
// of its weight: its Gram matrix is n times the covariance of the resampled data.
func weighted(x *mat.Dense, w []float64) *mat.Dense {
	_, p := x.Dims()
	mean := make([]float64, p)
	rows, total := 0, 0.0
	for i, v := range w {
		if v == 0 {
			continue
		}
		rows++
		total += v
		for j, e := range x.RawRowView(i) {
			mean[j] += v * e
		}
	}
	for j := range mean {
		mean[j] /= total
	}
	out := mat.NewDense(rows, p, nil)
	k := 0
	for i, v := range w {
		if v == 0 {
			continue
		}
		root := math.Sqrt(v)
		to := out.RawRowView(k)
		k++
		for j, e := range x.RawRowView(i) {
			to[j] = root * (e - mean[j])
		}
	}
	return out
}

// cross returns xᵀy.
func cross(x, y *mat.Dense) *mat.Dense {
	var m mat.Dense
	m.Mul(x.T(), y)
	return &m
}

// inner returns Σ_ij x_ij y_ij.
func inner(x, y *mat.Dense) float64 {
	n, _ := x.Dims()
	total := 0.0
	for i := range n {
		a, b := x.RawRowView(i), y.RawRowView(i)
		sum := 0.0
		for j, v := range a {
			sum += v * b[j]
		}
		total += sum
	}
	return total
}

// clip returns v within [low, high]; NaN, which no measure should produce, stays visible to
// the tests.
func clip(v, low, high float64) float64 { return min(max(v, low), high) }

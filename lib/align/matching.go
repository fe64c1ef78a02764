package align

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// Matching says which column each row of a matrix belongs to, and with what score.
type Matching struct {
	// Partner holds for each row the index of its column, or -1 for a row without a partner
	// (only in a one-to-one matching of a matrix with more rows than columns).
	Partner []int
	// Score holds for each row its entry in the partner's column, such as a correlation in
	// [-1, 1]; 0 for a row without a partner.
	Score []float64
}

// unmatched returns a matching of n rows none of which has a partner yet.
func unmatched(n int) *Matching {
	m := &Matching{Partner: make([]int, n), Score: make([]float64, n)}
	for i := range m.Partner {
		m.Partner[i] = -1
	}
	return m
}

// Matched returns the number of rows that have a partner.
func (m *Matching) Matched() int { return len(m.Order()) }

// Mean returns the mean score over the rows that have a partner, in the scores' range;
// 0 if no row has one.
func (m *Matching) Mean() float64 {
	sum, n := 0.0, 0
	for i, j := range m.Partner {
		if j >= 0 {
			sum += m.Score[i]
			n++
		}
	}
	if n == 0 {
		return 0
	}
	if math.IsInf(sum, 0) { // of scores near the limit of float64
		sum = 0
		for i, j := range m.Partner {
			if j >= 0 {
				sum += m.Score[i] / float64(n)
			}
		}
		return sum
	}
	return sum / float64(n)
}

// Order returns the rows that have a partner by descending score, the smaller index first
// among equals: the x axis of the paper's Figure 3, for this matching and any other.
func (m *Matching) Order() []int {
	order := make([]int, 0, len(m.Partner))
	for i, j := range m.Partner {
		if j >= 0 {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case m.Score[a] > m.Score[b]:
			return -1
		case m.Score[a] < m.Score[b]:
			return 1
		}
		return 0
	})
	return order
}

// Sorted returns the scores of the rows that have a partner, descending: Score in the order
// of [Matching.Order].
func (m *Matching) Sorted() []float64 {
	order := m.Order()
	sorted := make([]float64, len(order))
	for k, i := range order {
		sorted[k] = m.Score[i]
	}
	return sorted
}

// Median returns the median score over the rows that have a partner; 0 if no row has one.
func (m *Matching) Median() float64 {
	s := m.Sorted()
	n := len(s)
	if n == 0 {
		return 0
	}
	return s[(n-1)/2]/2 + s[n/2]/2
}

// ShareBelow returns the share, in [0, 1], of the rows with a partner whose score is less
// than limit; 0 if no row has a partner. The paper reports ShareBelow(0.5).
func (m *Matching) ShareBelow(limit float64) float64 {
	below, n := 0, 0
	for i, j := range m.Partner {
		if j < 0 {
			continue
		}
		n++
		if m.Score[i] < limit {
			below++
		}
	}
	if n == 0 {
		return 0
	}
	return float64(below) / float64(n)
}

// weak is the correlation below which the paper calls a partner poor.
const weak = 0.5

// String sums the matching up in a line: units, mean, median, share below 0.5.
func (m *Matching) String() string {
	return fmt.Sprintf("%s: mean %.3f, median %.3f, %.0f %% below %.1f",
		m.units(), m.Mean(), m.Median(), 100*m.ShareBelow(weak), weak)
}

// units says how many rows are matched, and of how many if not all are.
func (m *Matching) units() string {
	n, all := m.Matched(), len(m.Partner)
	if n == all {
		return fmt.Sprintf("%d units", n)
	}
	return fmt.Sprintf("%d of %d units", n, all)
}

// MIMEBundle shows the matching as text/plain and as a small table, text/html.
func (m *Matching) MIMEBundle() map[string]any {
	var b strings.Builder
	b.WriteString("<table><thead><tr>")
	for _, h := range []string{"matched", "mean", "median", fmt.Sprintf("below %.1f", weak)} {
		b.WriteString(`<th style="text-align:right">` + h + "</th>")
	}
	b.WriteString("</tr></thead><tbody><tr>")
	for _, v := range []string{
		m.units(),
		fmt.Sprintf("%.3f", m.Mean()),
		fmt.Sprintf("%.3f", m.Median()),
		fmt.Sprintf("%.0f %%", 100*m.ShareBelow(weak)),
	} {
		b.WriteString(`<td style="text-align:right">` + v + "</td>")
	}
	b.WriteString("</tr></tbody></table>")
	return map[string]any{"text/plain": m.String(), "text/html": b.String()}
}

// Overlap returns the share, in [0, 1], of rows with the same partner in a and b, among the
// rows that have a partner in both; 1 means the matchings agree. It is symmetric, and 0 if
// no row has a partner in both. Between a semi-matching and a matching it is the paper's
// share of units that get the same value by both. It panics if a and b differ in length.
func Overlap(a, b *Matching) float64 {
	if len(a.Partner) != len(b.Partner) {
		panic(fmt.Sprintf("align: Overlap: matchings of %d and of %d rows", len(a.Partner), len(b.Partner)))
	}
	same, n := 0, 0
	for i, j := range a.Partner {
		if j < 0 || b.Partner[i] < 0 {
			continue
		}
		n++
		if j == b.Partner[i] {
			same++
		}
	}
	if n == 0 {
		return 0
	}
	return float64(same) / float64(n)
}

// Permute returns m with its columns reordered so that matched pairs lie on the diagonal:
// first, row by row, the partner of each row that has one, then the columns that are nobody's
// partner, in their order. Rows stay where they are, so where rows without a partner lie in
// between, the pairs after them move off the diagonal to the left. A column that is the
// partner of several rows (in a semi-matching) appears once for each, and the result is then
// wider than m. It panics if the matching has another number of rows than m, or a partner
// that m does not have, and if an entry is NaN or infinite.
func Permute(m mat.Matrix, match *Matching) *mat.Dense {
	rows, columns := m.Dims()
	if len(match.Partner) != rows {
		panic(fmt.Sprintf("align: Permute: a matching of %d rows for a matrix of %d×%d", len(match.Partner), rows, columns))
	}
	if rows == 0 || columns == 0 {
		return &mat.Dense{}
	}
	order := make([]int, 0, columns)
	used := make([]bool, columns)
	for i, j := range match.Partner {
		if j >= columns || j < -1 {
			panic(fmt.Sprintf("align: Permute: row %d has partner %d in a matrix of %d×%d", i, j, rows, columns))
		}
		if j >= 0 {
			order = append(order, j)
			used[j] = true
		}
	}
	for j, u := range used {
		if !u {
			order = append(order, j)
		}
	}
	values, _, _ := entries("Permute", m)
	out := mat.NewDense(rows, len(order), nil)
	for i := range rows {
		for k, j := range order {
			out.Set(i, k, values[i*columns+j])
		}
	}
	return out
}

// largestEntry is the largest magnitude of which sums and products stay finite.
const largestEntry = 1e150

// bounded is entries where those are added up: it panics beyond largestEntry too.
func bounded(fn string, m mat.Matrix) (values []float64, rows, columns int) {
	values, rows, columns = entries(fn, m)
	for k, v := range values {
		if math.Abs(v) > largestEntry {
			panic(fmt.Sprintf("align: %s: entry (%d, %d) is %v (valid: up to %g in magnitude)", fn, k/columns, k%columns, v, float64(largestEntry)))
		}
	}
	return values, rows, columns
}

// entries returns a copy of m, row-major, and its size; fn names the caller in the panic
// about an entry that is not finite.
func entries(fn string, m mat.Matrix) (values []float64, rows, columns int) {
	rows, columns = m.Dims()
	values = make([]float64, rows*columns)
	if d, ok := m.(mat.RawMatrixer); ok {
		raw := d.RawMatrix()
		for i := range rows {
			copy(values[i*columns:][:columns], raw.Data[i*raw.Stride:])
		}
	} else if d, ok := m.(mat.RawSymmetricer); ok {
		raw := d.RawSymmetric() // its upper triangle
		const block = 32        // of which both halves stay in the cache
		for top := 0; top < rows; top += block {
			for left := top; left < columns; left += block {
				for i := top; i < min(top+block, rows); i++ {
					for j := max(i, left); j < min(left+block, columns); j++ {
						v := raw.Data[i*raw.Stride+j]
						values[i*columns+j], values[j*columns+i] = v, v
					}
				}
			}
		}
	} else {
		for i := range rows {
			for j := range columns {
				values[i*columns+j] = m.At(i, j)
			}
		}
	}
	finite(fn, values, columns)
	return values, rows, columns
}

// view is [entries] for reading alone: without a copy where the entries lie together.
func view(fn string, m mat.Matrix) (values []float64, rows, columns int) {
	if d, ok := m.(mat.RawMatrixer); ok {
		if raw := d.RawMatrix(); raw.Stride == raw.Cols && raw.Rows > 0 {
			values = raw.Data[:raw.Rows*raw.Cols]
			finite(fn, values, raw.Cols)
			return values, raw.Rows, raw.Cols
		}
	}
	return entries(fn, m)
}

// finite panics if an entry is NaN or infinite.
func finite(fn string, values []float64, columns int) {
	var odd [4]float64 // NaN where a value is NaN or infinite
	for k := 0; k+4 <= len(values); k += 4 {
		v := (*[4]float64)(values[k:])
		odd[0] += v[0] - v[0]
		odd[1] += v[1] - v[1]
		odd[2] += v[2] - v[2]
		odd[3] += v[3] - v[3]
	}
	from := len(values) &^ 3
	if odd != [4]float64{} {
		from = 0
	}
	for k := from; k < len(values); k++ {
		if v := values[k]; v-v != 0 {
			panic(fmt.Sprintf("align: %s: entry (%d, %d) is %v", fn, k/columns, k%columns, v))
		}
	}
}

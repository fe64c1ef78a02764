package display

import (
	"fmt"
	"html"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/gonum/mat"
)

// Of a large matrix the first and last rows and columns are shown.
const (
	edgeRows = 5
	edgeCols = 5
)

// matrix adds a matrix as text and as an HTML table, both cut in the middle, with
// its shape and the name of its type.
func matrix(b *Bundle, m mat.Matrix, name string) {
	if isNil(m) {
		b.Data["text/plain"] = name + " (nil)"
		return
	}
	rows, cols := m.Dims()
	head := fmt.Sprintf("%s %d×%d", name, rows, cols)
	if rows == 0 || cols == 0 {
		b.Data["text/plain"] = head
		return
	}
	ri, ci := shown(rows, edgeRows), shown(cols, edgeCols)
	cells := make([][]string, len(ri))
	exponent := needsExponent(m, ri, ci)
	for y, i := range ri {
		cells[y] = make([]string, len(ci))
		for x, j := range ci {
			switch {
			case i < 0 && j < 0:
				cells[y][x] = "⋱"
			case i < 0:
				cells[y][x] = "⋮"
			case j < 0:
				cells[y][x] = "…"
			default:
				cells[y][x] = entry(m.At(i, j), exponent)
			}
		}
	}
	b.Data["text/plain"] = head + "\n" + matrixText(cells)
	b.Data["text/html"] = matrixHTML(head, cells, ri, ci)
}

// typeName is the name of a matrix's type, for its head.
func typeName(m mat.Matrix) string { return strings.TrimPrefix(fmt.Sprintf("%T", m), "*") }

// OfMatrix returns what to show of a matrix whose type has that name.
func OfMatrix(m mat.Matrix, name string) Bundle {
	b := Bundle{Data: map[string]any{}}
	trouble := guard(func() { matrix(&b, m, name) })
	return b.finished("", trouble, func() string { return name })
}

// isNil reports whether the interface holds a nil pointer, whose methods would panic.
func isNil(m mat.Matrix) (none bool) {
	return guard(func() { m.Dims() }) != ""
}

// shown lists the indices to show of n: all, or the first and last with -1, a
// gap, between them.
func shown(n, edge int) []int {
	var out []int
	for i := range n {
		switch {
		case n <= 2*edge+1 || i < edge || i >= n-edge:
			out = append(out, i)
		case i == edge:
			out = append(out, -1)
		}
	}
	return out
}

// needsExponent reports whether the shown numbers are too large or too small for
// four decimals.
func needsExponent(m mat.Matrix, ri, ci []int) bool {
	most := 0.0
	for _, i := range ri {
		for _, j := range ci {
			if i >= 0 && j >= 0 {
				if a := math.Abs(m.At(i, j)); !math.IsInf(a, 0) && a > most {
					most = a
				}
			}
		}
	}
	return most >= 1e6 || most > 0 && most < 1e-2
}

func entry(v float64, exponent bool) string {
	switch {
	case math.IsNaN(v) || math.IsInf(v, 0):
		return fmt.Sprint(v)
	case v == 0:
		return "0"
	case v == math.Trunc(v) && math.Abs(v) < 1e6:
		return strconv.FormatFloat(v, 'f', 0, 64)
	case exponent:
		return strconv.FormatFloat(v, 'e', 3, 64)
	}
	return strconv.FormatFloat(v, 'f', 4, 64)
}

// matrixText lays the cells out in columns, right-aligned.
func matrixText(cells [][]string) string {
	width := make([]int, len(cells[0]))
	for _, row := range cells {
		for x, c := range row {
			width[x] = max(width[x], utf8.RuneCountInString(c))
		}
	}
	var s strings.Builder
	for y, row := range cells {
		if y > 0 {
			s.WriteByte('\n')
		}
		for x, c := range row {
			if x > 0 {
				s.WriteString("  ")
			}
			s.WriteString(strings.Repeat(" ", width[x]-utf8.RuneCountInString(c)) + c)
		}
	}
	return s.String()
}

// matrixHTML writes the cells as a table with indices at its sides.
func matrixHTML(head string, cells [][]string, ri, ci []int) string {
	var s strings.Builder
	index := func(i int) string {
		if i < 0 {
			return ""
		}
		return strconv.Itoa(i)
	}
	s.WriteString(`<table style="font-variant-numeric:tabular-nums"><caption style="text-align:left">` + html.EscapeString(head) + `</caption><thead><tr><th></th>`)
	for _, j := range ci {
		s.WriteString(`<th style="text-align:right">` + index(j) + `</th>`)
	}
	s.WriteString(`</tr></thead><tbody>`)
	for y, row := range cells {
		s.WriteString(`<tr><th>` + index(ri[y]) + `</th>`)
		for _, c := range row {
			s.WriteString(`<td style="text-align:right">` + html.EscapeString(c) + `</td>`)
		}
		s.WriteString(`</tr>`)
	}
	s.WriteString(`</tbody></table>`)
	return s.String()
}

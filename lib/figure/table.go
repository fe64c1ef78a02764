package figure

import (
	"fmt"
	"html"
	"math"
	"strings"
	"unicode/utf8"
)

// Table is a small table of results: a caption, column titles and rows of values.
// It shows itself as text everywhere and as HTML in a notebook.
//
//	t := figure.NewTable("layer", "paper", "here")
//	t.Row("conv1", 0.703, semi.Mean())
//	t
//
// Numbers are right-aligned; a float64 is shown with three decimals, a NaN as a
// dash (a value that does not exist, such as the paper's for a layer it lacks).
type Table struct {
	Caption string
	Columns []string
	rows    [][]cell
}

// cell is one formatted value of a table.
type cell struct {
	text   string
	number bool
}

// NewTable starts a table with the given column titles and no rows.
func NewTable(columns ...string) *Table {
	return &Table{Columns: append([]string(nil), columns...)}
}

// Row adds a row, one value a column, and returns the table so that rows can be
// chained. It panics if the number of values is not the number of columns.
func (t *Table) Row(values ...any) *Table {
	if len(values) != len(t.Columns) {
		panic(fmt.Sprintf("figure: Table.Row: %d values for %d columns", len(values), len(t.Columns)))
	}
	row := make([]cell, len(values))
	for i, v := range values {
		row[i] = format(v)
	}
	t.rows = append(t.rows, row)
	return t
}

// Len returns the number of rows.
func (t *Table) Len() int { return len(t.rows) }

// format turns a value into its text; numbers are marked for right alignment.
func format(v any) cell {
	switch x := v.(type) {
	case nil:
		return cell{"", false}
	case string:
		return cell{x, false}
	case float64:
		return cell{float(x), true}
	case float32:
		return cell{float(float64(x)), true}
	case int, int64, int32, uint64, uint32, uint:
		return cell{fmt.Sprint(x), true}
	case fmt.Stringer:
		return cell{x.String(), false}
	}
	return cell{fmt.Sprint(v), false}
}

func float(x float64) string {
	switch {
	case math.IsNaN(x):
		return "–"
	case math.IsInf(x, 0):
		return fmt.Sprint(x)
	}
	return fmt.Sprintf("%.3f", x)
}

// String lays the table out in columns of equal width.
func (t *Table) String() string {
	width := make([]int, len(t.Columns))
	for i, c := range t.Columns {
		width[i] = utf8.RuneCountInString(c)
	}
	for _, r := range t.rows {
		for i, c := range r {
			width[i] = max(width[i], utf8.RuneCountInString(c.text))
		}
	}
	var b strings.Builder
	if t.Caption != "" {
		b.WriteString(t.Caption + "\n")
	}
	line := func(row []cell) {
		var s strings.Builder
		for i, c := range row {
			if i > 0 {
				s.WriteString("  ")
			}
			gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c.text))
			if c.number {
				s.WriteString(gap + c.text)
			} else {
				s.WriteString(c.text + gap)
			}
		}
		b.WriteString(strings.TrimRight(s.String(), " ") + "\n")
	}
	head := make([]cell, len(t.Columns))
	for i, c := range t.Columns {
		head[i] = cell{c, t.numeric(i)}
	}
	line(head)
	for _, r := range t.rows {
		line(r)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// numeric reports whether every filled value of a column is a number.
func (t *Table) numeric(column int) bool {
	seen := false
	for _, r := range t.rows {
		if c := r[column]; c.text != "" {
			if !c.number {
				return false
			}
			seen = true
		}
	}
	return seen
}

// MIMEBundle returns the table as text/plain and text/html.
func (t *Table) MIMEBundle() map[string]any {
	var b strings.Builder
	b.WriteString("<table>")
	if t.Caption != "" {
		b.WriteString("<caption>" + html.EscapeString(t.Caption) + "</caption>")
	}
	b.WriteString("<thead><tr>")
	for i, c := range t.Columns {
		b.WriteString(`<th style="text-align:` + side(t.numeric(i)) + `">` + html.EscapeString(c) + "</th>")
	}
	b.WriteString("</tr></thead><tbody>")
	for _, r := range t.rows {
		b.WriteString("<tr>")
		for _, c := range r {
			b.WriteString(`<td style="text-align:` + side(c.number) + `">` + html.EscapeString(c.text) + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return map[string]any{"text/plain": t.String(), "text/html": b.String()}
}

func side(number bool) string {
	if number {
		return "right"
	}
	return "left"
}

package nn

import (
	"fmt"
	"html"
	"strings"
)

var tableHead = [5]string{"layer", "definition", "output", "parameters", "MFLOP"}

// cost returns the trained parameters of a layer and its floating-point operations for one
// picture forward; a multiplication with its addition counts as two. Only products with
// weights are counted, not poolings, normalisations, functions, sums and biases.
func (s step) cost() (params int, flop int64) {
	for _, p := range s.layer.params(s.in) {
		n := product64(p.shape)
		if !p.fixed {
			params += int(n)
		}
		if p.name == "weight" {
			flop += 2 * n * int64(s.out[0]*s.out[1])
		}
	}
	return params, flop
}

// Parameters returns the number of parameters that are trained, 0 if the architecture fails
// its check.
func (a *Arch) Parameters() int {
	p, _ := a.totals()
	return p
}

// FLOP returns the floating-point operations of one picture forward, a multiplication with
// its addition counted as two; only products with weights are counted. It is 0 if the
// architecture fails its check.
func (a *Arch) FLOP() int64 {
	_, f := a.totals()
	return f
}

func (a *Arch) totals() (params int, flop int64) {
	steps, err := a.steps()
	if err != nil {
		return 0, 0
	}
	for _, s := range steps {
		p, f := s.cost()
		params += p
		flop += f
	}
	return params, flop
}

// table returns the rows of the table, the sum as the last.
func (a *Arch) table() ([][5]string, error) {
	steps, err := a.steps()
	if err != nil {
		return nil, err
	}
	var rows [][5]string
	for _, s := range steps {
		where := shape3(s.out)
		if _, ok := s.layer.(Dense); ok {
			where = fmt.Sprint(s.out[2])
		}
		row := [5]string{s.name, s.layer.definition(), where, "", ""}
		p, f := s.cost()
		if p > 0 {
			row[3] = thousands(p)
		}
		if f > 0 {
			row[4] = mflop(f)
		}
		rows = append(rows, row)
	}
	p, f := a.totals()
	return append(rows, [5]string{"all", "", "", thousands(p), fmt.Sprintf("%.1f", float64(f)/1e6)}), nil
}

// String returns the architecture as a table: layer, definition, output, parameters and
// millions of floating-point operations for one picture forward. What is inside a residual
// block stands before the block's own line, the sum.
func (a *Arch) String() string {
	if a == nil {
		return "no architecture"
	}
	rows, err := a.table()
	if err != nil {
		return err.Error()
	}
	all := append([][5]string{tableHead}, rows...)
	var width [5]int
	for _, r := range all {
		for c, s := range r {
			width[c] = max(width[c], len([]rune(s)))
		}
	}
	var b strings.Builder
	b.WriteString(a.title())
	for _, r := range all {
		b.WriteString("\n")
		var line strings.Builder
		for c, s := range r {
			pad := strings.Repeat(" ", width[c]-len([]rune(s)))
			if c < 2 {
				line.WriteString(s + pad + "  ")
			} else {
				line.WriteString(pad + s + "  ")
			}
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
	}
	return b.String()
}

// MIMEBundle returns the table as text and as HTML.
func (a *Arch) MIMEBundle() map[string]any {
	bundle := map[string]any{"text/plain": a.String()}
	if a == nil {
		return bundle
	}
	rows, err := a.table()
	if err != nil {
		return bundle
	}
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption>%s</caption>\n<tr>", html.EscapeString(a.title()))
	for _, h := range tableHead {
		fmt.Fprintf(&b, "<th>%s</th>", h)
	}
	b.WriteString("</tr>\n")
	for _, r := range rows {
		b.WriteString("<tr>")
		for c, s := range r {
			align := "right"
			if c < 2 {
				align = "left"
			}
			fmt.Fprintf(&b, `<td style="text-align:%s">%s</td>`, align, html.EscapeString(s))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>")
	bundle["text/html"] = b.String()
	return bundle
}

// mflop prints operations in millions with three digits' worth of precision.
func mflop(f int64) string {
	m := float64(f) / 1e6
	if m < 0.01 {
		return fmt.Sprintf("%.3f", m)
	}
	return fmt.Sprintf("%.2f", m)
}

// thousands prints an integer with commas: 186,714.
func thousands(n int) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

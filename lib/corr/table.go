package corr

import (
	"fmt"
	"html"
	"strconv"
	"strings"
	"unicode/utf8"
)

// String says what the statistics are of, and lists the layers: units and dead units of
// each net, samples.
func (s *Stats) String() string {
	text := s.origin + "\n" + textTable(s.table())
	if s.note != "" {
		text += "\n(" + s.note + ")"
	}
	return text
}

// MIMEBundle shows the statistics as text/plain and as a table, text/html.
func (s *Stats) MIMEBundle() map[string]any {
	text := "<p>" + html.EscapeString(s.origin) + "</p>" + htmlTable(s.table())
	if s.note != "" {
		text += "<p>" + html.EscapeString(s.note) + "</p>"
	}
	return map[string]any{"text/plain": s.String(), "text/html": text}
}

func (s *Stats) table() [][]string {
	rows := [][]string{{"layer", "units", "samples", "dead units"}}
	for _, l := range s.layers {
		var dead []int
		for net := range l.units {
			dead = append(dead, len(l.Dead(net)))
		}
		rows = append(rows, []string{l.name, list(l.units), thousands(l.samples), list(dead)})
	}
	return rows
}

// String lists the nets with their units, dead units and averages over units.
func (l *Layer) String() string {
	return fmt.Sprintf("%s, %s samples\n%s", l.name, thousands(l.samples), textTable(l.table()))
}

// MIMEBundle shows the layer as text/plain and as a table, text/html.
func (l *Layer) MIMEBundle() map[string]any {
	text := fmt.Sprintf("<p>%s, %s samples</p>%s", html.EscapeString(l.name), thousands(l.samples), htmlTable(l.table()))
	return map[string]any{"text/plain": l.String(), "text/html": text}
}

func (l *Layer) table() [][]string {
	rows := [][]string{{"net", "units", "dead", "mean", "deviation", "zeros"}}
	for net, units := range l.units {
		rows = append(rows, []string{
			strconv.Itoa(net), strconv.Itoa(units), strconv.Itoa(len(l.Dead(net))),
			fmt.Sprintf("%.4g", average(l.Mean(net))),
			fmt.Sprintf("%.4g", average(l.Std(net))),
			fmt.Sprintf("%.0f %%", 100*average(l.ZeroShare(net))),
		})
	}
	return rows
}

func average(x []float64) float64 {
	if len(x) == 0 {
		return 0
	}
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// list writes numbers side by side, and equal ones as "4 × 32".
func list(numbers []int) string {
	same := true
	var text []string
	for _, n := range numbers {
		same = same && n == numbers[0]
		text = append(text, strconv.Itoa(n))
	}
	if same && len(numbers) > 1 {
		return fmt.Sprintf("%d × %d", len(numbers), numbers[0])
	}
	return strings.Join(text, " ")
}

// thousands writes 1352000 as "1,352,000".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// textTable lays rows out in columns, the first to the left and the others to the right.
func textTable(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, c := range row {
			width[i] = max(width[i], utf8.RuneCountInString(c))
		}
	}
	var lines []string
	for _, row := range rows {
		line := ""
		for i, c := range row {
			gap := strings.Repeat(" ", width[i]-utf8.RuneCountInString(c))
			if i == 0 {
				line = c + gap
			} else {
				line += "  " + gap + c
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.Join(lines, "\n")
}

func htmlTable(rows [][]string) string {
	var b strings.Builder
	b.WriteString("<table>")
	for r, row := range rows {
		b.WriteString("<tr>")
		for i, c := range row {
			tag, side := "td", "right"
			if r == 0 {
				tag = "th"
			}
			if i == 0 {
				side = "left"
			}
			fmt.Fprintf(&b, `<%s style="text-align:%s">%s</%s>`, tag, side, html.EscapeString(c), tag)
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</table>")
	return b.String()
}

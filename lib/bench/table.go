package bench

import (
	"fmt"
	"html"
	"math"
	"runtime"
	"slices"
	"strings"
	"time"

	"gonverge/lib/internal/simd"
)

// A Table is what was measured: rows of ours beside a peer's.
type Table struct {
	Name    string
	Machine string   // processor, system, compiler, kernels
	Peers   []string // "torch 1.13.0"
	Rows    []Row
	Notes   []string // how it was measured
}

// A Row is one task.
type Row struct {
	Task   string
	Unit   string // of both values: "ms", "GFLOP/s", "MB"
	Ours   Value
	Peer   string // who the other is; "" if there is none
	Theirs Value
	Ratio  float64 // what the goal is about, mostly ours by theirs; 0 if not measured
	Goal   Goal
	Note   string
}

// Value is the best and the median of several rounds; a number that was measured once has both.
type Value struct{ Best, Median float64 }

// Goal is a bound on a ratio; the zero value is none.
type Goal struct{ AtMost, AtLeast float64 }

// Met reports whether a ratio keeps the bounds.
func (g Goal) Met(ratio float64) bool {
	return (g.AtMost == 0 || ratio <= g.AtMost) && (g.AtLeast == 0 || ratio >= g.AtLeast)
}

// String returns "≤ 0.90", "≥ 0.95" or nothing.
func (g Goal) String() string {
	var s []string
	if g.AtMost != 0 {
		s = append(s, "≤ "+goalText(g.AtMost))
	}
	if g.AtLeast != 0 {
		s = append(s, "≥ "+goalText(g.AtLeast))
	}
	return strings.Join(s, ", ")
}

// goalText prints a ratio, or what takes its place, with two digits behind the point while it is small.
func goalText(v float64) string {
	if v >= 10 {
		return fmt.Sprintf("%.0f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// newTable returns a table without rows.
func newTable(name string, o Options) *Table {
	return &Table{Name: name, Machine: machine(), Notes: []string{fmt.Sprintf(
		"Times are user+system CPU time of a call, best and median of %d rounds of %v that take turns; ratios are best by best.", o.rounds(), o.round())}}
}

// Add appends rows.
func (t *Table) Add(rows ...Row) { t.Rows = append(t.Rows, rows...) }

// Note appends a remark, once.
func (t *Table) Note(text string) {
	if !slices.Contains(t.Notes, text) {
		t.Notes = append(t.Notes, text)
	}
}

// Compare makes a row of times in ms: ours is the first series, the peer's the one of the
// others whose best is smallest.
func Compare(task string, all []Series, g Goal) Row { return compare(task, all, g, cpu) }

// CompareWall is [Compare] by wall time.
func CompareWall(task string, all []Series, g Goal) Row { return compare(task, all, g, wall) }

func compare(task string, all []Series, g Goal, of func(Time) time.Duration) Row {
	r := Row{Task: task, Unit: "ms", Goal: g}
	if len(all) == 0 {
		return r
	}
	ms := func(s Series) Value {
		return Value{Best: s.smallest(of).Seconds() * 1e3, Median: s.middle(of).Seconds() * 1e3}
	}
	r.Ours = ms(all[0])
	for _, s := range all[1:] {
		if v := ms(s); r.Peer == "" || v.Best < r.Theirs.Best {
			r.Peer, r.Theirs = s.Name, v
		}
	}
	if r.Peer != "" && r.Theirs.Best > 0 {
		r.Ratio = r.Ours.Best / r.Theirs.Best
	}
	return r
}

// Rate turns a row of times in ms into one of a rate, such as GFLOP/s: work is what a call does,
// in what the unit counts (GFLOP). The ratio turns with it.
func (r Row) Rate(unit string, work float64) Row {
	turn := func(v Value) Value {
		if v.Best == 0 || v.Median == 0 {
			return v
		}
		return Value{Best: work / v.Best * 1e3, Median: work / v.Median * 1e3}
	}
	r.Unit, r.Ours, r.Theirs = unit, turn(r.Ours), turn(r.Theirs)
	if r.Ratio != 0 {
		r.Ratio = 1 / r.Ratio
	}
	return r
}

var head = [...]string{"task", "ours", "median", "unit", "peer", "theirs", "median", "ratio", "goal", ""}

// cells returns the rows as text.
func (t *Table) cells() [][len(head)]string {
	var rows [][len(head)]string
	for _, r := range t.Rows {
		c := [len(head)]string{r.Task, number(r.Ours.Best), number(r.Ours.Median), r.Unit, r.Peer, "", "", "", r.Goal.String(), r.Note}
		if r.Peer != "" {
			c[5], c[6] = number(r.Theirs.Best), number(r.Theirs.Median)
		}
		if r.Ratio != 0 {
			c[7] = goalText(r.Ratio)
			if c[8] != "" && !r.Goal.Met(r.Ratio) {
				c[8] += " missed"
			}
		}
		rows = append(rows, c)
	}
	return rows
}

// number prints a value with three digits or more.
func number(v float64) string {
	switch {
	case v == 0:
		return ""
	case math.Abs(v) >= 100:
		return fmt.Sprintf("%.0f", v)
	case math.Abs(v) >= 10:
		return fmt.Sprintf("%.1f", v)
	case math.Abs(v) >= 1:
		return fmt.Sprintf("%.2f", v)
	}
	return fmt.Sprintf("%.3g", v)
}

// title returns what stands above the rows.
func (t *Table) title() string {
	s := "bench " + t.Name + ": " + t.Machine
	if len(t.Peers) > 0 {
		s += "; " + strings.Join(t.Peers, ", ")
	}
	return s
}

// String returns the table as text.
func (t *Table) String() string {
	all := append([][len(head)]string{head}, t.cells()...)
	var width [len(head)]int
	for _, r := range all {
		for c, s := range r {
			width[c] = max(width[c], len([]rune(s)))
		}
	}
	var b strings.Builder
	b.WriteString(t.title())
	for _, r := range all {
		var line strings.Builder
		for c, s := range r {
			if width[c] == 0 {
				continue
			}
			pad := strings.Repeat(" ", width[c]-len([]rune(s)))
			if left(c) {
				line.WriteString(s + pad + "  ")
			} else {
				line.WriteString(pad + s + "  ")
			}
		}
		b.WriteString("\n" + strings.TrimRight(line.String(), " "))
	}
	for _, n := range t.Notes {
		b.WriteString("\n" + n)
	}
	return b.String()
}

// left reports whether a column is of words.
func left(column int) bool { return column == 0 || column == 3 || column == 4 || column >= 8 }

// MIMEBundle returns the table as text and as HTML.
func (t *Table) MIMEBundle() map[string]any {
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption>%s</caption>\n<tr>", html.EscapeString(t.title()))
	for _, h := range head {
		fmt.Fprintf(&b, "<th>%s</th>", h)
	}
	b.WriteString("</tr>\n")
	for _, r := range t.cells() {
		b.WriteString("<tr>")
		for c, s := range r {
			align := "right"
			if left(c) {
				align = "left"
			}
			fmt.Fprintf(&b, `<td style="text-align:%s">%s</td>`, align, html.EscapeString(s))
		}
		b.WriteString("</tr>\n")
	}
	b.WriteString("</table>")
	for _, n := range t.Notes {
		fmt.Fprintf(&b, "\n<p>%s</p>", html.EscapeString(n))
	}
	return map[string]any{"text/plain": t.String(), "text/html": b.String()}
}

// machine describes where it was measured.
func machine() string {
	s := fmt.Sprintf("%s/%s, %d cores, %s, kernels %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), runtime.Version(), simd.Name())
	if simd.Wide() {
		s += " with tiles of AVX-512"
	}
	if name := processor(); name != "" {
		return name + ", " + s
	}
	return s
}

package findings

import (
	"fmt"
	"html"
	"math"
	"strings"
	"unicode/utf8"
)

// Verdict is what the numbers say of a claim.
type Verdict int

// Verdicts.
const (
	Undecided   Verdict = iota // the interval holds the limit
	Holds                      // all of the interval is on the claim's side of the limit
	DoesNotHold                // all of it is on the other side
)

// String returns "holds", "does not hold" or "cannot be decided at this size".
func (v Verdict) String() string {
	switch v {
	case Holds:
		return "holds"
	case DoesNotHold:
		return "does not hold"
	}
	return "cannot be decided at this size"
}

// Value is a mean and the range of the values that it is of.
type Value struct {
	Mean, Low, High float64
}

// None is a value that does not exist, such as chance where there is none; it shows as a dash.
func None() Value { return Value{math.NaN(), math.NaN(), math.NaN()} }

// Over returns the mean of values with their lowest and highest; None without values.
func Over(values ...float64) Value {
	if len(values) == 0 {
		return None()
	}
	v := Value{0, math.Inf(1), math.Inf(-1)}
	for _, x := range values {
		v.Mean += x / float64(len(values))
		v.Low, v.High = math.Min(v.Low, x), math.Max(v.High, x)
	}
	return v
}

// exists reports whether there is a value.
func (v Value) exists() bool { return !math.IsNaN(v.Mean) }

// String shows the mean, and the range where it has an extent.
func (v Value) String() string {
	if !v.exists() {
		return "–"
	}
	if v.Low == v.High {
		return number(v.Mean)
	}
	return fmt.Sprintf("%s [%s, %s]", number(v.Mean), number(v.Low), number(v.High))
}

// number writes three significant digits, and no minus before zero.
func number(x float64) string {
	s := ""
	switch a := math.Abs(x); {
	case a >= 100:
		s = fmt.Sprintf("%.0f", x)
	case a >= 10:
		s = fmt.Sprintf("%.1f", x)
	default:
		s = fmt.Sprintf("%.2f", x)
	}
	if strings.Trim(s, "-0.") == "" {
		s = strings.TrimPrefix(s, "-")
	}
	return strings.Replace(s, "-", "−", 1)
}

// Claim is one claim of the paper, tested.
type Claim struct {
	Number   int
	Text     string // the claim
	Quantity string // what decides it
	// Here, Untrained and Chance are the quantity for the trained nets, for the same nets
	// before training, and where there is nothing to find.
	Here, Untrained, Chance Value
	Paper                   float64 // the paper's value; NaN if it gives none
	// Limit divides the values; Above says that the claim is on its upper side.
	Limit   float64
	Above   bool
	Verdict Verdict
	Note    string // what else to know, computed
}

// judge returns what a value says of a claim.
func judge(v Value, limit float64, above bool) Verdict {
	switch {
	case !v.exists():
		return Undecided
	case above && v.Low >= limit, !above && v.High <= limit:
		return Holds
	case above && v.High < limit, !above && v.Low > limit:
		return DoesNotHold
	}
	return Undecided
}

// decided fills in the verdict, and says if it is the same without learning.
func (c Claim) decided() Claim {
	c.Verdict = judge(c.Here, c.Limit, c.Above)
	if c.Verdict == Holds && judge(c.Untrained, c.Limit, c.Above) == Holds {
		c.Note = strings.TrimPrefix(c.Note+"; untrained nets show it, too", "; ")
	}
	return c
}

// criterion writes the limit, as "≥ 0.5".
func (c Claim) criterion() string {
	return map[bool]string{true: "≥ ", false: "≤ "}[c.Above] + number(c.Limit)
}

func (c Claim) paper() string {
	if math.IsNaN(c.Paper) {
		return "–"
	}
	return number(c.Paper)
}

// Findings are all claims, tested.
type Findings struct {
	Claims []Claim
	Origin string // nets, pictures, intervals
}

// Count returns how many claims have a verdict.
func (f *Findings) Count(v Verdict) int {
	n := 0
	for _, c := range f.Claims {
		if c.Verdict == v {
			n++
		}
	}
	return n
}

// summary is the last line.
func (f *Findings) summary() string {
	return fmt.Sprintf("of %d claims %d hold, %d do not hold, %d cannot be decided at this size", len(f.Claims), f.Count(Holds), f.Count(DoesNotHold), f.Count(Undecided))
}

// String lays the claims out for a terminal: a claim a paragraph, and its numbers.
func (f *Findings) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-62s %22s %22s %8s %8s  %s\n", "", "here", "untrained", "chance", "paper", "holds if")
	for _, c := range f.Claims {
		fmt.Fprintf(&b, "%2d  %s: %s\n", c.Number, c.Text, strings.ToUpper(c.Verdict.String()))
		quantity := c.Quantity
		for pad := 58; utf8.RuneCountInString(quantity) > pad; {
			cut := strings.LastIndex(string([]rune(quantity)[:pad]), " ")
			fmt.Fprintf(&b, "    %s\n", quantity[:cut])
			quantity = quantity[cut+1:]
		}
		fmt.Fprintf(&b, "    %s %s %s %s %s  %s\n", left(quantity, 58), right(c.Here.String(), 22), right(c.Untrained.String(), 22), right(short(c.Chance), 8), right(c.paper(), 8), c.criterion())
		if c.Note != "" {
			fmt.Fprintf(&b, "    %s\n", c.Note)
		}
	}
	b.WriteString(f.summary() + "\n" + f.Origin)
	return b.String()
}

// short shows a value without its range.
func short(v Value) string {
	if !v.exists() {
		return "–"
	}
	return number(v.Mean)
}

func left(s string, n int) string {
	return s + strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s)))
}
func right(s string, n int) string {
	return strings.Repeat(" ", max(0, n-utf8.RuneCountInString(s))) + s
}

// MIMEBundle returns the claims as text and as an HTML table.
func (f *Findings) MIMEBundle() map[string]any {
	var b strings.Builder
	b.WriteString("<table><thead><tr>")
	for _, h := range []string{"", "claim", "quantity", "paper", "here", "untrained", "chance", "holds if", "verdict"} {
		b.WriteString(`<th style="text-align:left">` + h + "</th>")
	}
	b.WriteString("</tr></thead><tbody>")
	// Middle tones, to be read on white and in a dark theme.
	colors := map[Verdict]string{Holds: "#1f8f5a", DoesNotHold: "#d9483b", Undecided: "#7d7d7d"}
	for _, c := range f.Claims {
		cells := []string{fmt.Sprint(c.Number), c.Text, c.Quantity, c.paper(), c.Here.String(), c.Untrained.String(), short(c.Chance), c.criterion()}
		b.WriteString("<tr>")
		for _, s := range cells {
			b.WriteString(`<td style="text-align:left">` + html.EscapeString(s) + "</td>")
		}
		fmt.Fprintf(&b, `<td style="text-align:left"><b style="color:%s">%s</b>`, colors[c.Verdict], c.Verdict)
		if c.Note != "" {
			b.WriteString("<br>" + html.EscapeString(c.Note))
		}
		b.WriteString("</td></tr>")
	}
	b.WriteString("</tbody></table><p>" + html.EscapeString(f.summary()) + ".<br>" + html.EscapeString(f.Origin) + "</p>")
	return map[string]any{"text/plain": f.String(), "text/html": b.String()}
}

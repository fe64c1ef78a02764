package similarity

import (
	"fmt"
	"html"
	"strconv"
	"strings"
)

// Score is a measure of two matrices with its chance level and its confidence interval: what
// [Compare] returns. It shows itself in a line, or as a table.
type Score struct {
	Measure   Measure
	Value     float64 // of all samples
	Low, High float64 // percentiles of the measure over resampled samples
	Bias      float64 // mean over resamples less Value; see Compare
	Null      float64 // mean over shuffled samples: the level by chance
	NullSD    float64 // population standard deviation over shuffles
	P         float64 // share of shuffles at least as alike, in (0, 1]
	Samples   int     // not rows, where Options.Rows are one sample
	Units     [2]int  // of the first and of the second matrix
	Shuffles  int     // draws that Null, NullSD and P are from
	Resamples int     // draws that Low, High and Bias are from
	Options   Options // with defaults filled in
}

// AboveChance returns the value on a scale that is 0 by chance and 1 for equal matrices:
// (Value − Null)/(best − Null), with best 1 for a similarity and 0 for a distance; 0 where
// chance is the best already. Below 0 is less alike than by chance. Measures and numbers of
// units that differ in their level by chance can be compared on it.
func (s Score) AboveChance() float64 {
	best := 1.0
	if s.Measure.Distance() {
		best = 0
	}
	if s.Null == best || s.Shuffles == 0 {
		return 0
	}
	return (s.Value - s.Null) / (best - s.Null)
}

// direction says what equal matrices have.
func direction(m Measure) string {
	if m.Distance() {
		return "0 is equal"
	}
	return "1 is equal"
}

// String tells everything in a line; also the bias of the resamples, where they leave the value
// outside of their interval.
func (s Score) String() string {
	text := fmt.Sprintf("%v %s", s.Measure, number(s.Value))
	if s.Resamples > 0 {
		text += fmt.Sprintf(" [%s, %s]", number(s.Low), number(s.High))
		if s.Value < s.Low || s.Value > s.High {
			text += fmt.Sprintf(" with a bias of %s", number(s.Bias))
		}
	}
	if s.Shuffles > 0 {
		text += fmt.Sprintf(", by chance %s ± %s, p = %s", number(s.Null), number(s.NullSD), number(s.P))
	}
	return text + " (" + direction(s.Measure) + "; " + s.origin() + ")"
}

// origin says what the score is from.
func (s Score) origin() string {
	text := fmt.Sprintf("%s samples, %d and %d units", thousands(s.Samples), s.Units[0], s.Units[1])
	if s.Options.Rows > 1 {
		text = fmt.Sprintf("%s samples of %d rows, %d and %d units", thousands(s.Samples), s.Options.Rows, s.Units[0], s.Units[1])
	}
	switch s.Measure {
	case SingularVectorCCA:
		text += fmt.Sprintf(", %g %% of the variance", percent(s.Options.Share))
	case RBFCKA:
		text += fmt.Sprintf(", sigma %g", s.Options.Sigma)
	case NeighbourOverlap:
		text += fmt.Sprintf(", %d neighbours", s.Options.Neighbours)
	}
	return text + fmt.Sprintf(", %s shuffles, %s resamples, seed %d", thousands(s.Shuffles), thousands(s.Resamples), s.Options.Seed)
}

// MIMEBundle shows the score as text/plain and as a table, text/html.
func (s Score) MIMEBundle() map[string]any {
	low, chance, p, above := "", "", "", ""
	if s.Resamples > 0 {
		low = number(s.Low) + " to " + number(s.High)
		if s.Value < s.Low || s.Value > s.High {
			low += " (bias " + number(s.Bias) + ")"
		}
	}
	if s.Shuffles > 0 {
		chance = number(s.Null) + " ± " + number(s.NullSD)
		p, above = number(s.P), number(s.AboveChance())
	}
	return map[string]any{"text/plain": s.String(), "text/html": table([][]string{
		{"measure", "value", percentText(s.Options.Confidence) + " interval", "by chance", "p", "above chance"},
		{fmt.Sprintf("%v (%s)", s.Measure, direction(s.Measure)), number(s.Value), low, chance, p, above},
	}) + "<p>" + html.EscapeString(s.origin()) + "</p>"}
}

// Chance is a measure and what shuffled samples give: what [Null] returns.
type Chance struct {
	Measure  Measure
	Value    float64
	Mean, SD float64 // of the draws; population standard deviation
	P        float64 // share of draws at least as alike, (1 + number)/(1 + draws)
	Draws    []float64
}

// String tells the chance level in a line.
func (c Chance) String() string {
	return fmt.Sprintf("%v %s, by chance %s ± %s, p = %s (%s; %s shuffles)", c.Measure, number(c.Value),
		number(c.Mean), number(c.SD), number(c.P), direction(c.Measure), thousands(len(c.Draws)))
}

// MIMEBundle shows the chance level as text/plain and as a table, text/html.
func (c Chance) MIMEBundle() map[string]any {
	return map[string]any{"text/plain": c.String(), "text/html": table([][]string{
		{"measure", "value", "by chance", "p", "shuffles"},
		{fmt.Sprintf("%v (%s)", c.Measure, direction(c.Measure)), number(c.Value),
			number(c.Mean) + " ± " + number(c.SD), number(c.P), thousands(len(c.Draws))},
	})}
}

// Interval is a measure and its confidence interval: what [Bootstrap] returns.
type Interval struct {
	Measure    Measure
	Value      float64
	Low, High  float64 // percentiles of the draws
	Mean, SD   float64 // of the draws; SD is the standard error of Value
	Confidence float64
	Draws      []float64
}

// String tells the interval in a line.
func (i Interval) String() string {
	return fmt.Sprintf("%v %s [%s, %s], standard error %s (%s; %s interval, %s resamples)", i.Measure, number(i.Value),
		number(i.Low), number(i.High), number(i.SD), direction(i.Measure), percentText(i.Confidence), thousands(len(i.Draws)))
}

// MIMEBundle shows the interval as text/plain and as a table, text/html.
func (i Interval) MIMEBundle() map[string]any {
	return map[string]any{"text/plain": i.String(), "text/html": table([][]string{
		{"measure", "value", percentText(i.Confidence) + " interval", "standard error", "resamples"},
		{fmt.Sprintf("%v (%s)", i.Measure, direction(i.Measure)), number(i.Value),
			number(i.Low) + " to " + number(i.High), number(i.SD), thousands(len(i.Draws))},
	})}
}

// number writes v with three decimals, or three digits where that would hide it.
func number(v float64) string {
	if a := max(v, -v); a != 0 && (a < 0.0995 || a >= 1e6) {
		return fmt.Sprintf("%.3g", v)
	}
	return fmt.Sprintf("%.3f", v)
}

func percentText(share float64) string { return fmt.Sprintf("%g %%", percent(share)) }

// thousands writes 12000 as "12,000".
func thousands(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// table lays rows out in HTML, the first as head; text to the left, numbers to the right.
func table(rows [][]string) string {
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

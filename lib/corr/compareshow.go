package corr

import (
	"encoding/base64"
	"fmt"
	"html"
	"image/color"

	"gonverge/lib/figure"
)

// How a [Comparison] shows itself: a table, a picture of the pairs with chance and untrained nets, and both as a MIME bundle.

func (c *Comparison) table() [][]string {
	head := []string{"layer", "units", "dead units", "semi-matching", "interval", "pairs", "chance"}
	if c.config.Untrained != nil {
		head = append(head, "untrained")
	}
	head = append(head, "matching", "interval", "pairs", "chance")
	if c.config.Untrained != nil {
		head = append(head, "untrained")
	}
	if c.config.Information {
		for _, how := range []string{"semi", "matched"} {
			head = append(head, "nats, "+how, "interval", "pairs", "chance")
			if c.config.Untrained != nil {
				head = append(head, "untrained")
			}
		}
	}
	rows := [][]string{head}
	for _, l := range c.Layers {
		row := []string{l.Name, list(l.Units), list(l.Dead)}
		cells := func(a Agreement, of func(PairComparison) float64, interval ...string) {
			low, high := a.Value, a.Value
			for i, p := range l.Pairs {
				if i == 0 {
					low, high = of(p), of(p)
				}
				low, high = min(low, of(p)), max(high, of(p))
			}
			row = append(append(row, fmt.Sprintf("%.3f", a.Value)), interval...)
			row = append(row, fmt.Sprintf("%.3f to %.3f", low, high), fmt.Sprintf("%.3f", a.Chance))
			if c.config.Untrained != nil {
				row = append(row, fmt.Sprintf("%.3f", a.Untrained))
			}
		}
		interval := func(a Agreement) string {
			if c.config.Draws > 0 {
				return a.Interval.String()
			}
			return ""
		}
		cells(l.Semi, func(p PairComparison) float64 { return p.Semi.Value }, interval(l.Semi))
		cells(l.Match, func(p PairComparison) float64 { return p.Match.Value }, interval(l.Match))
		if c.config.Information {
			cells(l.SemiInformation, func(p PairComparison) float64 { return p.SemiInformation.Value }, interval(l.SemiInformation))
			cells(l.MatchInformation, func(p PairComparison) float64 { return p.MatchInformation.Value }, interval(l.MatchInformation))
		}
		rows = append(rows, row)
	}
	return rows
}

// caption says what the table shows.
func (c *Comparison) caption() string {
	n := 0
	if len(c.Layers) > 0 {
		n = len(c.Layers[0].Pairs)
	}
	pairs := fmt.Sprintf("mean over %d pairs of nets", n)
	if n == 1 {
		pairs = "one pair of nets"
	}
	return fmt.Sprintf("%s of assigned units, %s%s", c.config.score(), pairs, c.config.drawing())
}

// Origin says what was compared, in a line.
func (c *Comparison) Origin() string { return c.origin }

// String is the table as text, a row for each layer: semi-matching and matching, each with the
// interval over pictures, the lowest and highest pair of nets, chance and untrained nets.
func (c *Comparison) String() string {
	text := c.origin + "\n" + c.caption() + "\n" + textTable(c.table())
	if c.note != "" {
		text += "\n(" + c.note + ")"
	}
	return text
}

// Figure draws the table, over the layers: semi-matching and matching side by side, and below
// them, where it was measured, mutual information. The mean over all pairs of nets has its interval
// as bars (none without draws), each pair is a point where there are several; chance is dotted,
// untrained nets are dashed. It panics without layers.
func (c *Comparison) Figure() *figure.Figure {
	score, without := "correlation", c.config.without()
	if c.config.Absolute {
		score = "|correlation|"
	}
	bars := c.config.Draws > 0
	semi := c.panel("semi-matching"+without, score, bars,
		func(l LayerComparison) Agreement { return l.Semi }, func(p PairComparison) Agreement { return p.Semi })
	match := c.panel("matching"+without, score, bars,
		func(l LayerComparison) Agreement { return l.Match }, func(p PairComparison) Agreement { return p.Match })
	level(&semi, &match)
	unnamed(&semi) // one legend is enough
	if !c.config.Information {
		return figure.Row(semi, match)
	}
	semiNats := c.panel("semi-matching by information", "nats", bars,
		func(l LayerComparison) Agreement { return l.SemiInformation }, func(p PairComparison) Agreement { return p.SemiInformation })
	matchNats := c.panel("matching by information", "nats", bars,
		func(l LayerComparison) Agreement { return l.MatchInformation }, func(p PairComparison) Agreement { return p.MatchInformation })
	level(&semiNats, &matchNats)
	unnamed(&semiNats)
	unnamed(&matchNats)
	return figure.Grid(2, semi, match, semiNats, matchNats)
}

// level gives two panels one y axis.
func level(a, b *figure.Curves) {
	low, high := 0.0, 0.0
	for _, cv := range []*figure.Curves{a, b} {
		for _, l := range cv.Lines {
			for _, values := range [][]float64{l.Y, l.Low, l.High} {
				for _, v := range values {
					low, high = min(low, v), max(high, v)
				}
			}
		}
	}
	if low == high {
		return
	}
	room := 0.04 * (high - low)
	if low < 0 {
		low -= room
	}
	for _, cv := range []*figure.Curves{a, b} {
		cv.YMin, cv.YMax = low, high+room
	}
}

// unnamed takes the legend away.
func unnamed(cv *figure.Curves) {
	for i := range cv.Lines {
		cv.Lines[i].Name = ""
	}
}

func (c *Comparison) panel(title, label string, bars bool, of func(LayerComparison) Agreement, pair func(PairComparison) Agreement) figure.Curves {
	blue, orange := color.NRGBA{0x00, 0x72, 0xb2, 0xff}, color.NRGBA{0xd5, 0x5e, 0x00, 0xff}
	pale, grey := color.NRGBA{0x56, 0xb4, 0xe9, 0xff}, color.NRGBA{0x77, 0x77, 0x77, 0xff}
	mean := figure.Line{Name: "mean of pairs", Color: blue, Marker: 3}
	chance := figure.Line{Name: "chance", Color: grey, Dotted: true}
	untrained := figure.Line{Name: "untrained", Color: orange, Dashed: true}
	cv := figure.Curves{Title: title, YLabel: label}
	pairs := 0
	for _, l := range c.Layers {
		a := of(l)
		cv.Names = append(cv.Names, l.Name)
		mean.Y, chance.Y, untrained.Y = append(mean.Y, a.Value), append(chance.Y, a.Chance), append(untrained.Y, a.Untrained)
		if bars {
			mean.Low, mean.High = append(mean.Low, a.Interval.Low), append(mean.High, a.Interval.High)
		}
		pairs = max(pairs, len(l.Pairs))
	}
	if pairs == 1 {
		mean.Name = "the pair"
	}
	if bars {
		mean.Name += fmt.Sprintf(", %g %% interval", 100*c.config.Level)
	}
	for k := 0; pairs > 1 && k < pairs; k++ {
		points := figure.Line{Color: pale, Marker: 2, NoLine: true}
		if k == 0 {
			points.Name = "each pair"
		}
		for _, l := range c.Layers {
			points.Y = append(points.Y, pair(l.Pairs[k]).Value)
		}
		cv.Lines = append(cv.Lines, points)
	}
	cv.Lines = append(cv.Lines, mean, chance)
	if c.config.Untrained != nil {
		cv.Lines = append(cv.Lines, untrained)
	}
	return cv
}

// MIMEBundle shows the comparison as text/plain, as a table with its picture, text/html, and as
// the picture alone, image/png and image/svg+xml.
func (c *Comparison) MIMEBundle() map[string]any {
	text := "<p>" + html.EscapeString(c.origin) + "<br>" + html.EscapeString(c.caption()) + "</p>" + htmlTable(c.table())
	bundle := map[string]any{"text/plain": c.String()}
	if len(c.Layers) > 0 {
		f := c.Figure()
		for kind, data := range f.MIMEBundle() { // kind by kind: the order does not matter
			if kind != "text/plain" {
				bundle[kind] = data
			}
		}
		// Front ends show the table where there is one, and then nothing else.
		if data, ok := bundle["image/png"].([]byte); ok {
			text += fmt.Sprintf(`<img alt="%s" width="%d" src="data:image/png;base64,%s">`,
				html.EscapeString(f.String()), f.Size()[0], base64.StdEncoding.EncodeToString(data))
		}
	}
	if c.note != "" {
		text += "<p>" + html.EscapeString(c.note) + "</p>"
	}
	bundle["text/html"] = text
	return bundle
}

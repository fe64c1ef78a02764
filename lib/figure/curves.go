package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Curves are lines over a common x axis.
type Curves struct {
	Title, XLabel, YLabel string
	// X are the places of the points, ascending; nil: 0, 1, 2, ...
	X []float64
	// Names name the points, such as layers: point i stands at Names[i]. X must be nil then.
	Names []string
	Lines []Line
	// YMin and YMax bound the y axis; both 0: from 0, or the smallest value if that
	// is below, to a little above the largest.
	YMin, YMax float64
}

// Line is one curve. A value that is NaN leaves a gap.
type Line struct {
	Name string // in the legend; "" stays out of it
	Y    []float64
	// Low and High bound the uncertainty of each point: error bars over named
	// points, a band otherwise. Both nil: none.
	Low, High []float64
	Color     color.Color // nil: the next of a fixed list
	Marker    float64     // radius of the points in CSS pixels; 0: no points
	Dashed    bool
	Dotted    bool
	Width     float64 // of the line in CSS pixels; 0: 1.6
	NoLine    bool    // points only
}

// curves is a Curves that owns its values.
type curves struct {
	axes
	x      []float64
	named  bool
	lines  []Line
	xs, ys span
	legend legend
	bad    int
}

func (cv Curves) prepare() panel {
	points := 0
	for _, l := range cv.Lines {
		points = max(points, len(l.Y))
	}
	if cv.X != nil && cv.Names != nil {
		panic(fmt.Sprintf("figure: Curves %q has both X and Names", cv.Title))
	}
	if cv.X != nil && points > len(cv.X) || cv.Names != nil && points > len(cv.Names) {
		panic(fmt.Sprintf("figure: Curves %q has %d values in a line for %d places on the x axis", cv.Title, points, max(len(cv.X), len(cv.Names))))
	}
	if (cv.YMin != 0 || cv.YMax != 0) && !(cv.YMin < cv.YMax) {
		panic(fmt.Sprintf("figure: Curves %q has YMin %g and YMax %g (want YMin < YMax)", cv.Title, cv.YMin, cv.YMax))
	}
	p := &curves{x: slices.Clone(cv.X), named: cv.Names != nil, xs: nothing()}
	if p.x == nil {
		p.x = make([]float64, max(points, len(cv.Names)))
		for i := range p.x {
			p.x[i] = float64(i)
		}
	}
	for i, v := range p.x {
		if !finite(v) {
			panic(fmt.Sprintf("figure: Curves %q: X[%d] is %g", cv.Title, i, v))
		}
		p.xs.grow(v)
	}
	p.copyLines(cv)
	p.axes = axes{title: cv.Title, xLabel: cv.XLabel, yLabel: cv.YLabel}
	p.scale(cv)
	return p
}

// copyLines copies the lines and settles their colours.
func (p *curves) copyLines(cv Curves) {
	next := 0
	for _, l := range cv.Lines {
		if l.Low != nil || l.High != nil {
			if len(l.Low) != len(l.Y) || len(l.High) != len(l.Y) {
				panic(fmt.Sprintf("figure: line %q has %d values, %d Low and %d High", l.Name, len(l.Y), len(l.Low), len(l.High)))
			}
		}
		l.Y, l.Low, l.High = slices.Clone(l.Y), slices.Clone(l.Low), slices.Clone(l.High)
		if l.Color == nil {
			l.Color = lineColors[next%len(lineColors)]
			next++
		}
		if l.Width <= 0 {
			l.Width = 1.6
		}
		for _, v := range l.Y {
			if !finite(v) {
				p.bad++
			}
		}
		p.lines = append(p.lines, l)
		if l.Name != "" {
			p.legend.add(l)
		}
	}
}

// scale settles the ranges of both axes and their ticks.
func (p *curves) scale(cv Curves) {
	p.xs = p.xs.settled()
	pad := 0.015 * (p.xs.max - p.xs.min)
	if p.named {
		pad = 0.4
		if len(cv.Names) == 1 {
			p.xs = span{0, 0}
		}
	}
	ticks := p.xs.ticks(10)
	inner := p.xs
	p.xs = span{p.xs.min - pad, p.xs.max + pad}
	for i := range ticks { // from the inner range to the padded one
		ticks[i].Value = p.xs.at(inner.min + ticks[i].Value*(inner.max-inner.min))
	}
	if p.named {
		ticks = nil
		for i, name := range cv.Names {
			ticks = append(ticks, plot.Tick{Value: p.xs.at(float64(i)), Label: name})
		}
	}
	p.xTicks = ticks

	p.ys = nothing()
	for _, l := range p.lines {
		for _, part := range [...][]float64{l.Y, l.Low, l.High} {
			for _, v := range part {
				p.ys.grow(v)
			}
		}
	}
	if cv.YMin != 0 || cv.YMax != 0 {
		p.ys = span{cv.YMin, cv.YMax}
	} else {
		p.ys.grow(0)
		p.ys = p.ys.settled()
		room := 0.04 * (p.ys.max - p.ys.min)
		if p.ys.min < 0 {
			p.ys.min -= room
		}
		if p.ys.max > 0 {
			p.ys.max += room
		}
	}
	p.yTicks = p.ys.ticks(6)
}

func (p *curves) measure(width vg.Length) shape {
	s := shape{aspect: 0.4, weight: 1.8, max: 900 * px} // 15 by 6 inches in the paper
	if width < 500*px {
		s.aspect = 0.62
	}
	s.left, s.right, s.top, s.bottom = p.axes.measure(width)
	data := vg.Rectangle{Max: vg.Point{X: width, Y: vg.Length(s.aspect) * width}}
	if _, free := p.place(data); !free {
		s.right = max(s.right, p.legend.size().X+12*px)
	}
	return s
}

// at returns the place of a point in the data area.
func (p *curves) at(data vg.Rectangle, x, y float64) vg.Point {
	size := data.Size()
	return vg.Point{X: data.Min.X + vg.Length(p.xs.at(x))*size.X, Y: data.Min.Y + vg.Length(p.ys.at(y))*size.Y}
}

// runs returns the unbroken parts of a line.
func (p *curves) runs(data vg.Rectangle, l Line, values []float64) [][]vg.Point {
	var out [][]vg.Point
	open := false
	for i, v := range values {
		if !finite(v) {
			open = false
			continue
		}
		if !open {
			out, open = append(out, nil), true
		}
		out[len(out)-1] = append(out[len(out)-1], p.at(data, p.x[i], v))
	}
	return out
}

func (p *curves) draw(c draw.Canvas, data vg.Rectangle) {
	p.axes.grid(c, data)
	clip := draw.Canvas{Canvas: c.Canvas, Rectangle: data}
	for _, l := range p.lines {
		p.drawSpread(clip, data, l)
	}
	for _, l := range p.lines {
		p.drawLine(clip, data, l)
	}
	p.axes.lines(c, data)
	p.axes.draw(c, data)
	at, free := p.place(data)
	if !free {
		at = vg.Point{X: data.Max.X + 12*px, Y: data.Max.Y}
	}
	p.legend.draw(c, at, free)
}

// drawSpread draws the error bars or the band of a line.
func (p *curves) drawSpread(c draw.Canvas, data vg.Rectangle, l Line) {
	if l.Low == nil {
		return
	}
	if p.named {
		line := draw.LineStyle{Color: faded(l.Color, 0.75), Width: 1.2 * px}
		for i := range l.Y {
			if !finite(l.Low[i]) || !finite(l.High[i]) {
				continue
			}
			a, b := p.at(data, p.x[i], l.Low[i]), p.at(data, p.x[i], l.High[i])
			parts := [][]vg.Point{
				{a, b},
				{{X: a.X - 4*px, Y: a.Y}, {X: a.X + 4*px, Y: a.Y}},
				{{X: b.X - 4*px, Y: b.Y}, {X: b.X + 4*px, Y: b.Y}},
			}
			c.StrokeLines(line, c.ClipLinesXY(parts...)...)
		}
		return
	}
	lows, highs := p.runs(data, l, l.Low), p.runs(data, l, l.High)
	if len(lows) != len(highs) {
		return // gaps that do not agree: the line alone is honest
	}
	for i, low := range lows {
		high := slices.Clone(highs[i])
		slices.Reverse(high)
		c.FillPolygon(faded(l.Color, 0.25), c.ClipPolygonXY(append(slices.Clone(low), high...)))
	}
}

// stroke is the style of a line.
func (l Line) stroke() draw.LineStyle {
	s := draw.LineStyle{Color: l.Color, Width: vg.Length(l.Width) * px}
	switch {
	case l.Dotted:
		s.Dashes = []vg.Length{1.6 * px, 3.2 * px}
	case l.Dashed:
		s.Dashes = []vg.Length{6 * px, 4 * px}
	}
	return s
}

// drawLine draws a line and its markers; a gap gets a red mark on the x axis.
func (p *curves) drawLine(c draw.Canvas, data vg.Rectangle, l Line) {
	if !l.NoLine {
		for _, run := range p.runs(data, l, l.Y) {
			if len(run) > 1 {
				c.StrokeLines(l.stroke(), c.ClipLinesXY(run)...)
			} else if l.Marker == 0 && c.Contains(run[0]) {
				drawMarker(c, run[0], 1.5, l.Color) // a lone point would be invisible
			}
		}
	}
	for i, v := range l.Y {
		if !finite(v) {
			at := vg.Point{X: p.at(data, p.x[i], 0).X, Y: data.Min.Y}
			c.StrokeLine2(draw.LineStyle{Color: badRed, Width: 2 * px}, at.X, at.Y, at.X, at.Y+7*px)
			continue
		}
		if at := p.at(data, p.x[i], v); l.Marker > 0 && at.Y >= data.Min.Y-px && at.Y <= data.Max.Y+px {
			drawMarker(c, at, l.Marker, l.Color)
		}
	}
}

// drawMarker draws a disc with a fine dark rim, so that light colours hold on white.
func drawMarker(c draw.Canvas, at vg.Point, radius float64, col color.Color) {
	r := vg.Length(radius) * px
	var disc vg.Path
	disc.Move(vg.Point{X: at.X + r, Y: at.Y})
	disc.Arc(at, r, 0, 2*math.Pi)
	disc.Close()
	c.SetColor(col)
	c.Fill(disc)
	if radius >= 2 {
		c.SetLineStyle(draw.LineStyle{Color: darker(col), Width: 0.6 * px})
		c.Stroke(disc)
	}
}

// faded returns the colour with the given opacity.
func faded(col color.Color, opacity float64) color.Color {
	n := color.NRGBAModel.Convert(col).(color.NRGBA)
	n.A = uint8(math.Round(float64(n.A) * opacity))
	return n
}

// darker returns the colour at 60 % of its lightness.
func darker(col color.Color) color.Color {
	n := color.NRGBAModel.Convert(col).(color.NRGBA)
	n.R, n.G, n.B = n.R/5*3, n.G/5*3, n.B/5*3
	return n
}

func (p *curves) describe() string {
	var parts []string
	for _, l := range p.lines {
		own := nothing()
		for _, v := range l.Y {
			own.grow(v)
		}
		what := fmt.Sprintf("%d points", len(l.Y))
		if own.min <= own.max {
			what += fmt.Sprintf(" [%s, %s]", ascii(own.min), ascii(own.max))
		}
		parts = append(parts, titled(l.Name, what))
	}
	what := fmt.Sprintf("%s: %s", count(len(p.lines), "curve"), strings.Join(parts, ", "))
	if p.bad > 0 {
		what += fmt.Sprintf(" (%d not finite, left out)", p.bad)
	}
	return titled(p.title, what)
}

// count writes a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

package figure

import (
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// axes are what surrounds a data area: title, tick marks with labels, axis labels.
type axes struct {
	title, xLabel, yLabel string
	xTicks, yTicks        []plot.Tick // values in [0, 1] along the side, from its left or lower end
}

// measure returns the room round a data area of the given width.
func (a *axes) measure(width vg.Length) (left, right, top, bottom vg.Length) {
	tick := style(tickSize, draw.XCenter, draw.YTop)
	var wide vg.Length
	for _, t := range a.yTicks {
		wide = max(wide, tick.Width(t.Label))
	}
	if len(a.yTicks) > 0 {
		left = tickLength + textGap + wide
	}
	if a.yLabel != "" {
		left += lineHeight(labelSize) + textGap
	}
	if n := len(a.xTicks); n > 0 {
		bottom = tickLength + textGap + tickSize
		// Labels near the ends stick out.
		right = max(right, tick.Width(a.xTicks[n-1].Label)/2-vg.Length(1-a.xTicks[n-1].Value)*width)
		left = max(left, tick.Width(a.xTicks[0].Label)/2-vg.Length(a.xTicks[0].Value)*width)
	}
	if a.xLabel != "" {
		bottom += textGap + lineHeight(labelSize)*vg.Length(len(wrap(style(labelSize, draw.XCenter, draw.YTop), a.xLabel, width)))
	}
	if a.title != "" {
		top = titleGap + lineHeight(titleSize)*vg.Length(len(wrap(titleStyle(), a.title, width)))
	} else {
		top = tickSize / 2
	}
	return left, right, top, bottom
}

// draw draws ticks and texts round the data area, but no lines along it, and
// returns the lower end of what it drew.
func (a *axes) draw(c draw.Canvas, data vg.Rectangle) vg.Length {
	line := draw.LineStyle{Color: axisGrey, Width: px}
	size := data.Size()

	tick := style(tickSize, draw.XRight, draw.YCenter)
	var wide vg.Length
	for _, t := range a.yTicks {
		y := data.Min.Y + vg.Length(t.Value)*size.Y
		c.StrokeLine2(line, data.Min.X-tickLength, y, data.Min.X, y)
		c.FillText(tick, vg.Point{X: data.Min.X - tickLength - textGap, Y: y + middle}, t.Label)
		wide = max(wide, tick.Width(t.Label))
	}
	tick.XAlign, tick.YAlign = draw.XCenter, draw.YTop
	bottom := data.Min.Y
	for _, t := range a.xTicks {
		x := data.Min.X + vg.Length(t.Value)*size.X
		c.StrokeLine2(line, x, data.Min.Y-tickLength, x, data.Min.Y)
		c.FillText(tick, vg.Point{X: x, Y: data.Min.Y - tickLength - textGap + tickSize*0.1}, t.Label)
		bottom = data.Min.Y - tickLength - textGap - tickSize
	}

	if a.xLabel != "" {
		s := style(labelSize, draw.XCenter, draw.YTop)
		bottom -= textGap
		for _, l := range wrap(s, a.xLabel, size.X) {
			c.FillText(s, vg.Point{X: data.Min.X + size.X/2, Y: bottom}, l)
			bottom -= lineHeight(labelSize)
		}
	}
	if a.yLabel != "" {
		s := style(labelSize, draw.XCenter, draw.YBottom)
		s.Rotation = math.Pi / 2
		x := data.Min.X - tickLength - textGap - wide - textGap
		c.FillText(s, vg.Point{X: x, Y: data.Min.Y + size.Y/2}, a.yLabel)
	}
	s := titleStyle()
	lines := wrap(s, a.title, size.X)
	for i, l := range lines {
		y := data.Max.Y + titleGap + lineHeight(titleSize)*vg.Length(len(lines)-1-i)
		c.FillText(s, vg.Point{X: data.Min.X + size.X/2, Y: y}, l)
	}
	return bottom
}

// lines draws the left and lower side of the data area.
func (a *axes) lines(c draw.Canvas, data vg.Rectangle) {
	c.StrokeLines(draw.LineStyle{Color: axisGrey, Width: px}, []vg.Point{
		{X: data.Min.X, Y: data.Max.Y}, data.Min, {X: data.Max.X, Y: data.Min.Y},
	})
}

// frame draws all four sides of the data area.
func frame(c draw.Canvas, data vg.Rectangle) {
	c.StrokeLines(draw.LineStyle{Color: axisGrey, Width: px}, []vg.Point{
		data.Min, {X: data.Max.X, Y: data.Min.Y}, data.Max, {X: data.Min.X, Y: data.Max.Y}, data.Min,
	})
}

// grid draws a faint line at each tick of the y axis.
func (a *axes) grid(c draw.Canvas, data vg.Rectangle) {
	for _, t := range a.yTicks {
		y := data.Min.Y + vg.Length(t.Value)*data.Size().Y
		c.StrokeLine2(draw.LineStyle{Color: gridGrey, Width: px}, data.Min.X, y, data.Max.X, y)
	}
}

// fillBox fills a rectangle.
func fillBox(c draw.Canvas, r vg.Rectangle, col color.Color) {
	c.SetColor(col)
	c.Fill(r.Path())
}

// span is a range of data values along an axis.
type span struct{ min, max float64 }

// at returns the place of a value along the span, 0 at its start and 1 at its end.
func (s span) at(v float64) float64 { return (v - s.min) / (s.max - s.min) }

// grow widens the span to hold a value; values that are no numbers are ignored.
func (s *span) grow(v float64) {
	if !finite(v) {
		return
	}
	s.min, s.max = math.Min(s.min, v), math.Max(s.max, v)
}

// nothing is the span that holds no value yet.
func nothing() span { return span{math.Inf(1), math.Inf(-1)} }

// settled returns a span of positive length: [0, 1] in place of nothing, and one
// unit (or a tenth of the value) either side of a single value.
func (s span) settled() span {
	if s.min > s.max {
		return span{0, 1}
	}
	if s.max-s.min < 1e-12*math.Max(1, math.Abs(s.max)) {
		r := math.Max(math.Abs(s.max)/10, 1e-9)
		if s.max == 0 {
			r = 1
		}
		return span{s.min - r, s.max + r}
	}
	return s
}

// finite reports whether a value can be drawn: a number, and none whose difference from another would overflow.
func finite(v float64) bool { return math.Abs(v) < 1e307 }

// step returns the round number (1, 2 or 5 times a power of ten) that divides a
// length into at most n parts.
func step(length float64, n int) float64 {
	raw := length / float64(n)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	for _, m := range [...]float64{1, 2, 5} {
		if m*power >= raw*(1-1e-9) {
			return m * power
		}
	}
	return 10 * power
}

// ticks returns marks at round numbers, at most n+1 of them.
func (s span) ticks(n int) []plot.Tick {
	d := step(s.max-s.min, n)
	decimals := max(0, -int(math.Floor(math.Log10(d)+1e-9)))
	format := byte('f')
	if d >= 1e6 || decimals > 5 {
		format, decimals = 'g', -1
	}
	var out []plot.Tick
	first, last := math.Ceil(s.min/d-1e-9), math.Floor(s.max/d+1e-9)
	for i := 0; i <= n+1 && first+float64(i) <= last; i++ {
		v := (first + float64(i)) * d
		if math.Abs(v) < d/2 {
			v = 0 // no minus sign
		}
		out = append(out, plot.Tick{Value: s.at(v), Label: minus(strconv.FormatFloat(v, format, decimals, 64))})
	}
	return out
}

// minus writes a negative number with the proper sign.
func minus(number string) string {
	if number != "" && number[0] == '-' {
		return "−" + number[1:]
	}
	return number
}

package figure

import (
	"fmt"
	"image/color"
	"math"
	"slices"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Scatter is a cloud of points, such as the activations of a pair of units.
type Scatter struct {
	Title, XLabel, YLabel string
	X, Y                  []float64
	Color                 color.Color // nil: blue
	Marker                float64     // radius in CSS pixels; 0: 2
	Diagonal              bool        // draw the line y = x
}

// scatter is a Scatter that owns its values.
type scatter struct {
	axes
	s      Scatter
	xs, ys span
	bad    int
}

func (s Scatter) prepare() panel {
	if len(s.X) != len(s.Y) {
		panic(fmt.Sprintf("figure: Scatter %q has %d X and %d Y", s.Title, len(s.X), len(s.Y)))
	}
	s.X, s.Y = slices.Clone(s.X), slices.Clone(s.Y)
	if s.Color == nil {
		s.Color = lineColors[0]
	}
	if s.Marker <= 0 {
		s.Marker = 2
	}
	p := &scatter{s: s, xs: nothing(), ys: nothing()}
	for i := range s.X {
		if !finite(s.X[i]) || !finite(s.Y[i]) {
			p.bad++
			continue
		}
		p.xs.grow(s.X[i])
		p.ys.grow(s.Y[i])
	}
	p.xs, p.ys = p.xs.settled(), p.ys.settled()
	for _, r := range [...]*span{&p.xs, &p.ys} {
		room := 0.03 * (r.max - r.min)
		r.min, r.max = r.min-room, r.max+room
	}
	p.axes = axes{title: s.Title, xLabel: s.XLabel, yLabel: s.YLabel, xTicks: p.xs.ticks(6), yTicks: p.ys.ticks(6)}
	return p
}

func (p *scatter) measure(width vg.Length) shape {
	s := shape{aspect: 1, weight: 1, max: 400 * px}
	s.left, s.right, s.top, s.bottom = p.axes.measure(width)
	return s
}

func (p *scatter) draw(c draw.Canvas, data vg.Rectangle) {
	p.axes.grid(c, data)
	size := data.Size()
	at := func(x, y float64) vg.Point {
		return vg.Point{X: data.Min.X + vg.Length(p.xs.at(x))*size.X, Y: data.Min.Y + vg.Length(p.ys.at(y))*size.Y}
	}
	if p.s.Diagonal {
		low, high := math.Min(p.xs.min, p.ys.min), math.Max(p.xs.max, p.ys.max)
		clip := draw.Canvas{Canvas: c.Canvas, Rectangle: data}
		c.StrokeLines(draw.LineStyle{Color: axisGrey, Width: px, Dashes: []vg.Length{4 * px, 3 * px}},
			clip.ClipLinesXY([]vg.Point{at(low, low), at(high, high)})...)
	}
	for i := range p.s.X {
		if finite(p.s.X[i]) && finite(p.s.Y[i]) {
			r := vg.Length(p.s.Marker) * px
			pt := at(p.s.X[i], p.s.Y[i])
			var disc vg.Path
			disc.Move(vg.Point{X: pt.X + r, Y: pt.Y})
			disc.Arc(pt, r, 0, 2*math.Pi)
			disc.Close()
			c.SetColor(faded(p.s.Color, 0.55))
			c.Fill(disc)
		}
	}
	p.axes.lines(c, data)
	p.axes.draw(c, data)
}

func (p *scatter) describe() string {
	what := count(len(p.s.X), "point")
	if p.bad > 0 {
		what += fmt.Sprintf(" (%d not finite, left out)", p.bad)
	}
	return titled(p.s.Title, what)
}

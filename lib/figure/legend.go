package figure

import (
	"image/color"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// legend names the lines of a panel.
type legend struct{ lines []Line }

func (g *legend) add(l Line) { g.lines = append(g.lines, l) }

const (
	legendEdge   = 7 * px
	legendSample = 28 * px
	legendRow    = 18 * px
)

// size is the size of the legend with its edge; zero without lines.
func (g *legend) size() vg.Point {
	if len(g.lines) == 0 {
		return vg.Point{}
	}
	s := style(tickSize, draw.XLeft, draw.YCenter)
	var wide vg.Length
	for _, l := range g.lines {
		wide = max(wide, s.Width(l.Name))
	}
	return vg.Point{
		X: 2*legendEdge + legendSample + 7*px + wide,
		Y: 2*legendEdge + legendRow*vg.Length(len(g.lines)) - 4*px,
	}
}

// draw draws the legend with its upper left corner at a point.
func (g *legend) draw(c draw.Canvas, at vg.Point, boxed bool) {
	if len(g.lines) == 0 {
		return
	}
	size := g.size()
	if boxed {
		box := vg.Rectangle{Min: vg.Point{X: at.X, Y: at.Y - size.Y}, Max: vg.Point{X: at.X + size.X, Y: at.Y}}
		fillBox(c, box, color.NRGBA{R: 255, G: 255, B: 255, A: 225})
		c.StrokeLines(draw.LineStyle{Color: color.Gray{Y: 0xcc}, Width: px}, []vg.Point{
			box.Min, {X: box.Max.X, Y: box.Min.Y}, box.Max, {X: box.Min.X, Y: box.Max.Y}, box.Min,
		})
	}
	text := style(tickSize, draw.XLeft, draw.YCenter)
	y := at.Y - legendEdge - legendRow/2 + 2*px
	for _, l := range g.lines {
		x := at.X + legendEdge
		if !l.NoLine {
			c.StrokeLine2(l.stroke(), x, y, x+legendSample, y)
		}
		if l.Marker > 0 {
			drawMarker(c, vg.Point{X: x + legendSample/2, Y: y}, min(l.Marker, 5), l.Color)
		}
		c.FillText(text, vg.Point{X: x + legendSample + 7*px, Y: y + middle}, l.Name)
		y -= legendRow
	}
}

// place returns the upper left corner of the legend inside the data area where it
// covers nothing, lower left first as in the paper; false if there is no such place.
func (p *curves) place(data vg.Rectangle) (vg.Point, bool) {
	size := p.legend.size()
	const off = 10 * px
	left, right := data.Min.X+off, data.Max.X-off-size.X
	low, high := data.Min.Y+off+size.Y, data.Max.Y-off/2
	if right < left || low > high {
		return vg.Point{}, false
	}
	for _, at := range [...]vg.Point{{X: left, Y: low}, {X: right, Y: high}, {X: right, Y: low}, {X: left, Y: high}} {
		box := vg.Rectangle{
			Min: vg.Point{X: at.X - 4*px, Y: at.Y - size.Y - 4*px},
			Max: vg.Point{X: at.X + size.X + 4*px, Y: at.Y + 4*px},
		}
		if !p.touches(data, box) {
			return at, true
		}
	}
	return vg.Point{}, false
}

// touches reports whether a line, marker or spread comes into the box.
func (p *curves) touches(data, box vg.Rectangle) bool {
	for _, l := range p.lines {
		grown := box
		r := vg.Length(l.Marker) * px
		grown.Min.X, grown.Min.Y, grown.Max.X, grown.Max.Y = box.Min.X-r, box.Min.Y-r, box.Max.X+r, box.Max.Y+r
		for _, part := range [...][]float64{l.Y, l.Low, l.High} {
			for _, run := range p.runs(data, l, part) {
				for i, b := range run {
					a := b
					if i > 0 && !l.NoLine {
						a = run[i-1]
					}
					if crosses(a, b, grown) {
						return true
					}
				}
			}
		}
		if l.Low == nil {
			continue
		}
		for i := range l.Low {
			if finite(l.Low[i]) && finite(l.High[i]) && crosses(p.at(data, p.x[i], l.Low[i]), p.at(data, p.x[i], l.High[i]), grown) {
				return true
			}
		}
	}
	return false
}

// crosses reports whether the line from a to b meets the box: what is left of it
// after cutting it at each side in turn (Liang and Barsky, 1984).
func crosses(a, b vg.Point, box vg.Rectangle) bool {
	t0, t1 := 0.0, 1.0
	d := vg.Point{X: b.X - a.X, Y: b.Y - a.Y}
	for _, side := range [...][2]vg.Length{
		{-d.X, a.X - box.Min.X}, {d.X, box.Max.X - a.X}, {-d.Y, a.Y - box.Min.Y}, {d.Y, box.Max.Y - a.Y},
	} {
		p, q := float64(side[0]), float64(side[1])
		switch {
		case p == 0 && q < 0:
			return false
		case p < 0:
			t0 = max(t0, q/p)
		case p > 0:
			t1 = min(t1, q/p)
		}
	}
	return t0 <= t1
}

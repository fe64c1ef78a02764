package svg

import (
	"image/color"
	"math"
	"strings"
)

// gradient is a colour at every pixel: a gg.Pattern.
type gradient struct {
	toUser  matrix // from pixels to the gradient's coordinates
	radial  bool
	from    point // the start, or the focus
	to      point // the end, or the centre
	r       float64
	spread  string
	stops   []stop
	opacity float64
}

type stop struct {
	at    float64
	color color.NRGBA
}

// mostStops of a gradient.
const mostStops = 256

// gradient is the one with an id, for an element with a box; nil where there is none.
func (d *drawing) gradient(id string, s state, box rect, opacity float64) *gradient {
	n := d.ids[id]
	if n == nil {
		return nil
	}
	if n.name != "linearGradient" && n.name != "radialGradient" {
		refuse("paint from a %s", n.name)
	}
	attr := func(name string) (string, bool) { // it may be that of the gradient that this one refers to
		at := n
		for range mostDepth {
			if v, ok := at.attrs[name]; ok {
				return v, true
			}
			if at = d.ids[at.target()]; at == nil {
				break
			}
		}
		return "", false
	}
	g := &gradient{radial: n.name == "radialGradient", opacity: opacity}
	g.spread, _ = attr("spreadMethod")
	m, view := s.matrix, s.viewport
	if units, _ := attr("gradientUnits"); units != "userSpaceOnUse" {
		if box.w == 0 || box.h == 0 {
			return nil
		}
		m, view = m.times(translation(box.x, box.y)).times(scaling(box.w, box.h)), rect{0, 0, 1, 1}
	}
	if t, ok := attr("gradientTransform"); ok {
		m = m.times(transform(t))
	}
	var ok bool
	if g.toUser, ok = m.inverse(); !ok {
		return nil
	}
	place := func(name, otherwise string, whole float64) float64 {
		v, ok := attr(name)
		if !ok {
			v = otherwise
		}
		return s.along(v, whole)
	}
	if g.radial {
		g.to = point{place("cx", "50%", view.w), place("cy", "50%", view.h)}
		g.r = place("r", "50%", math.Hypot(view.w, view.h)/math.Sqrt2)
		g.from = g.to
		if _, ok := attr("fx"); ok {
			g.from.x = place("fx", "50%", view.w)
		}
		if _, ok := attr("fy"); ok {
			g.from.y = place("fy", "50%", view.h)
		}
		if away := g.from.minus(g.to); away.norm() > 0.99*g.r { // the focus is kept inside
			g.from = g.to.plus(away.scaled(0.99 * g.r / away.norm()))
		}
	} else {
		g.from = point{place("x1", "0%", view.w), place("y1", "0%", view.h)}
		g.to = point{place("x2", "100%", view.w), place("y2", "0%", view.h)}
	}
	at := n
	for range mostDepth {
		for _, c := range at.children {
			if c.name != "stop" || len(g.stops) == mostStops {
				continue
			}
			style := s.with(d, c)
			offset, _ := length(c.attrs["offset"], 1, 0)
			offset = max(0, min(1, offset))
			if k := len(g.stops); k > 0 {
				offset = max(offset, g.stops[k-1].at)
			}
			g.stops = append(g.stops, stop{offset, faded(style.stop, style.stopOpacity)})
		}
		if len(g.stops) > 0 {
			break
		}
		if at = d.ids[at.target()]; at == nil {
			break
		}
	}
	if len(g.stops) == 0 {
		return nil
	}
	return g
}

// ColorAt is the colour of a pixel.
func (g *gradient) ColorAt(x, y int) color.Color {
	p := g.toUser.apply(point{float64(x) + 0.5, float64(y) + 0.5})
	t := 1.0
	if g.radial {
		t = g.along(p)
	} else if v := g.to.minus(g.from); v != (point{}) {
		w := p.minus(g.from)
		t = (w.x*v.x + w.y*v.y) / (v.x*v.x + v.y*v.y)
	}
	switch {
	case strings.EqualFold(g.spread, "repeat"):
		t -= math.Floor(t)
	case strings.EqualFold(g.spread, "reflect"):
		t = math.Abs(t - 2*math.Round(t/2))
	}
	return g.color(t)
}

// along is the t for which p lies on the circle around the point t of the way from the focus to the centre, of radius t·r.
func (g *gradient) along(p point) float64 {
	if g.r <= 0 {
		return 1
	}
	c, q := g.to.minus(g.from), p.minus(g.from)
	a := c.x*c.x + c.y*c.y - g.r*g.r // below 0, for the focus is inside
	b := c.x*q.x + c.y*q.y
	e := q.x*q.x + q.y*q.y
	return (b - math.Sqrt(max(0, b*b-a*e))) / a
}

func (g *gradient) color(t float64) color.NRGBA {
	if !(t > g.stops[0].at) {
		return faded(g.stops[0].color, g.opacity)
	}
	for i, s := range g.stops[1:] {
		if t < s.at {
			before := g.stops[i]
			f := (t - before.at) / (s.at - before.at)
			mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-f) + float64(b)*f)) }
			return faded(color.NRGBA{mix(before.color.R, s.color.R), mix(before.color.G, s.color.G), mix(before.color.B, s.color.B), mix(before.color.A, s.color.A)}, g.opacity)
		}
	}
	return faded(g.stops[len(g.stops)-1].color, g.opacity)
}

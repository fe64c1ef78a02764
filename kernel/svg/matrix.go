package svg

import (
	"math"
	"strings"
)

type point struct{ x, y float64 }

func (p point) plus(q point) point           { return point{p.x + q.x, p.y + q.y} }
func (p point) minus(q point) point          { return point{p.x - q.x, p.y - q.y} }
func (p point) scaled(f float64) point       { return point{p.x * f, p.y * f} }
func (p point) norm() float64                { return math.Hypot(p.x, p.y) }
func (p point) mid(q point, t float64) point { return p.scaled(1 - t).plus(q.scaled(t)) }

type rect struct{ x, y, w, h float64 }

// matrix maps (x, y) to (a·x + c·y + e, b·x + d·y + f).
type matrix struct{ a, b, c, d, e, f float64 }

var identity = matrix{1, 0, 0, 1, 0, 0}

func scaling(x, y float64) matrix     { return matrix{x, 0, 0, y, 0, 0} }
func translation(x, y float64) matrix { return matrix{1, 0, 0, 1, x, y} }

// times is the map that applies n first.
func (m matrix) times(n matrix) matrix {
	return matrix{
		m.a*n.a + m.c*n.b, m.b*n.a + m.d*n.b,
		m.a*n.c + m.c*n.d, m.b*n.c + m.d*n.d,
		m.a*n.e + m.c*n.f + m.e, m.b*n.e + m.d*n.f + m.f,
	}
}

func (m matrix) apply(p point) point {
	return point{m.a*p.x + m.c*p.y + m.e, m.b*p.x + m.d*p.y + m.f}
}

func (m matrix) det() float64 { return m.a*m.d - m.b*m.c }

// scale is the factor of lengths, on average over the directions.
func (m matrix) scale() float64 { return math.Sqrt(math.Abs(m.det())) }

// inverse is false for a map that flattens the plane.
func (m matrix) inverse() (matrix, bool) {
	d := m.det()
	if d == 0 || math.IsNaN(d) || math.IsInf(d, 0) {
		return m, false
	}
	return matrix{m.d / d, -m.b / d, -m.c / d, m.a / d, (m.c*m.f - m.d*m.e) / d, (m.b*m.e - m.a*m.f) / d}, true
}

// transform reads a list of transformations.
func transform(text string) matrix {
	m := identity
	for rest := strings.Trim(text, " \t\r\n,"); rest != "" && rest != "none"; rest = strings.TrimLeft(rest, " \t\r\n,") {
		name, after, ok := strings.Cut(rest, "(")
		inner, after, closed := strings.Cut(after, ")")
		if !ok || !closed {
			refuse("transform %q", text)
		}
		v := numbers(inner)
		at := func(i int, otherwise float64) float64 {
			if i < len(v) {
				return v[i]
			}
			return otherwise
		}
		if strings.Contains(inner, "%") || len(v) == 0 {
			refuse("transform %q", text)
		}
		switch name = strings.TrimSpace(name); name {
		case "matrix":
			if len(v) != 6 {
				refuse("transform %q", text)
			}
			m = m.times(matrix{v[0], v[1], v[2], v[3], v[4], v[5]})
		case "translate":
			m = m.times(translation(v[0], at(1, 0)))
		case "scale":
			m = m.times(scaling(v[0], at(1, v[0])))
		case "rotate":
			sin, cos := math.Sincos(v[0] * math.Pi / 180)
			x, y := at(1, 0), at(2, 0)
			m = m.times(translation(x, y)).times(matrix{cos, sin, -sin, cos, 0, 0}).times(translation(-x, -y))
		case "skewX":
			m = m.times(matrix{1, 0, math.Tan(v[0] * math.Pi / 180), 1, 0, 0})
		case "skewY":
			m = m.times(matrix{1, math.Tan(v[0] * math.Pi / 180), 0, 1, 0, 0})
		default:
			refuse("transform %q", name)
		}
		rest = after
	}
	return m
}

// viewBox is that of an element, if it has a good one.
func viewBox(n *node) (rect, bool) {
	v := numbers(n.attrs["viewBox"])
	if len(v) != 4 || !(v[2] > 0 && v[3] > 0) {
		return rect{}, false
	}
	return rect{v[0], v[1], v[2], v[3]}, true
}

// fit maps a box to a viewport of w×h as the element's preserveAspectRatio says.
func fit(n *node, box rect, w, h float64) matrix {
	sx, sy := w/box.w, h/box.h
	mode := n.attrs["preserveAspectRatio"]
	if strings.Contains(mode, "none") {
		return scaling(sx, sy).times(translation(-box.x, -box.y))
	}
	s := min(sx, sy)
	if strings.Contains(mode, "slice") {
		s = max(sx, sy)
	}
	share := func(axis string) float64 {
		switch {
		case strings.Contains(mode, axis+"Min"):
			return 0
		case strings.Contains(mode, axis+"Max"):
			return 1
		}
		return 0.5
	}
	dx, dy := (w-box.w*s)*share("x"), (h-box.h*s)*share("Y")
	return translation(dx, dy).times(scaling(s, s)).times(translation(-box.x, -box.y))
}

package svg

import "math"

// outline is lines in user coordinates; curves have become lines short enough for the pixels.
type outline []line

// line is one piece of an outline.
type line struct {
	points []point
	closed bool
}

// builder makes an outline.
type builder struct {
	d     *drawing
	scale float64 // pixels for a unit
	lines outline
	open  bool
	at    point
}

func (d *drawing) builder(m matrix) *builder { return &builder{d: d, scale: m.scale()} }

func (b *builder) moveTo(p point) {
	b.d.spend(1)
	b.lines = append(b.lines, line{points: []point{p}})
	b.open, b.at = true, p
}

func (b *builder) lineTo(p point) {
	if !b.open {
		b.moveTo(b.at)
	}
	b.d.spend(1)
	last := &b.lines[len(b.lines)-1]
	last.points = append(last.points, p)
	b.at = p
}

func (b *builder) close() {
	if b.open {
		last := &b.lines[len(b.lines)-1]
		last.closed = true
		b.at, b.open = last.points[0], false
	}
}

// steps is how many lines make a curve whose control points are so far apart.
func (b *builder) steps(extent float64) int {
	return int(max(2, min(200, 2*math.Sqrt(extent*b.scale))))
}

func (b *builder) cubicTo(c1, c2, p point) {
	from := b.at
	n := b.steps(c1.minus(from).norm() + c2.minus(c1).norm() + p.minus(c2).norm())
	for i := 1; i < n; i++ {
		t := float64(i) / float64(n)
		x, y, z := from.mid(c1, t), c1.mid(c2, t), c2.mid(p, t)
		b.lineTo(x.mid(y, t).mid(y.mid(z, t), t))
	}
	b.lineTo(p)
}

func (b *builder) quadTo(c, p point) {
	b.cubicTo(b.at.mid(c, 2.0/3), p.mid(c, 2.0/3), p)
}

// arcTo goes along an ellipse with radii rx and ry, turned by angle, as W3C's SVG 1.1, F.6 has it.
func (b *builder) arcTo(rx, ry, angle float64, large, sweep bool, p point) {
	from := b.at
	rx, ry = math.Abs(rx), math.Abs(ry)
	if rx == 0 || ry == 0 || from == p {
		b.lineTo(p)
		return
	}
	sin, cos := math.Sincos(angle * math.Pi / 180)
	half := from.minus(p).scaled(0.5)
	x, y := cos*half.x+sin*half.y, -sin*half.x+cos*half.y
	if over := x*x/(rx*rx) + y*y/(ry*ry); over > 1 {
		rx, ry = rx*math.Sqrt(over), ry*math.Sqrt(over)
	}
	q := x*x*ry*ry + y*y*rx*rx
	f := math.Sqrt(max(0, (rx*rx*ry*ry-q)/q))
	if large == sweep {
		f = -f
	}
	cx, cy := f*rx*y/ry, -f*ry*x/rx
	center := point{cos*cx - sin*cy, sin*cx + cos*cy}.plus(from.mid(p, 0.5))
	start := math.Atan2((y-cy)/ry, (x-cx)/rx)
	turn := math.Atan2((-y-cy)/ry, (-x-cx)/rx) - start
	if sweep && turn < 0 {
		turn += 2 * math.Pi
	} else if !sweep && turn > 0 {
		turn -= 2 * math.Pi
	}
	n := b.steps(math.Abs(turn) * max(rx, ry))
	for i := 1; i < n; i++ {
		s, c := math.Sincos(start + turn*float64(i)/float64(n))
		b.lineTo(center.plus(point{cos*rx*c - sin*ry*s, sin*rx*c + cos*ry*s}))
	}
	b.lineTo(p)
}

func (b *builder) ellipse(center point, rx, ry float64) {
	right, left := center.plus(point{rx, 0}), center.minus(point{rx, 0})
	b.moveTo(right)
	b.arcTo(rx, ry, 0, false, true, left)
	b.arcTo(rx, ry, 0, false, true, right)
	b.close()
}

func (b *builder) rect(r rect, rx, ry float64) {
	rx, ry = min(rx, r.w/2), min(ry, r.h/2)
	right, bottom := r.x+r.w, r.y+r.h
	b.moveTo(point{r.x + rx, r.y})
	for _, corner := range [4][2]point{
		{{right - rx, r.y}, {right, r.y + ry}}, {{right, bottom - ry}, {right - rx, bottom}},
		{{r.x + rx, bottom}, {r.x, bottom - ry}}, {{r.x, r.y + ry}, {r.x + rx, r.y}},
	} {
		b.lineTo(corner[0])
		if rx > 0 && ry > 0 {
			b.arcTo(rx, ry, 0, false, true, corner[1])
		}
	}
	b.close()
}

// path reads path data. Where they are wrong the path ends, as in browsers.
func (b *builder) path(text string) {
	p := scanner{text: text}
	var command byte
	var control point // of the curve before, for smooth ones
	before := byte(0) // the command that control belongs to
	for first := true; ; first = false {
		p.blanks()
		if p.at >= len(text) {
			return
		}
		if c := text[p.at]; c >= 'A' && c <= 'z' && c != 'e' && c != 'E' {
			command = c
			p.at++
		} else if command|0x20 == 'z' || first {
			return // numbers that belong to nothing
		}
		if first && command|0x20 != 'm' {
			return
		}
		relative := command >= 'a'
		var v [7]float64
		read := func(n int) bool {
			for i := range n {
				var ok bool
				if v[i], ok = p.number(); !ok {
					return false
				}
			}
			return true
		}
		to := func(i int) point {
			q := point{v[i], v[i+1]}
			if relative {
				q = q.plus(b.at)
			}
			return q
		}
		reflected := func(of string) point {
			if before == of[0] || before == of[1] {
				return b.at.scaled(2).minus(control)
			}
			return b.at
		}
		kind := command | 0x20
		switch kind {
		case 'm':
			if !read(2) {
				return
			}
			b.moveTo(to(0))
			command-- // more points are lines
		case 'l':
			if !read(2) {
				return
			}
			b.lineTo(to(0))
		case 'h', 'v':
			if !read(1) {
				return
			}
			q := b.at
			axis := &q.x
			if kind == 'v' {
				axis = &q.y
			}
			if relative {
				v[0] += *axis
			}
			*axis = v[0]
			b.lineTo(q)
		case 'c':
			if !read(6) {
				return
			}
			c1, c2, q := to(0), to(2), to(4)
			b.cubicTo(c1, c2, q)
			control = c2
		case 's':
			if !read(4) {
				return
			}
			c1, c2, q := reflected("cs"), to(0), to(2)
			b.cubicTo(c1, c2, q)
			control = c2
		case 'q':
			if !read(4) {
				return
			}
			c, q := to(0), to(2)
			b.quadTo(c, q)
			control = c
		case 't':
			if !read(2) {
				return
			}
			c, q := reflected("qt"), to(0)
			b.quadTo(c, q)
			control = c
		case 'a':
			if !read(3) {
				return
			}
			rx, ry, angle := v[0], v[1], v[2]
			large, ok := p.flag()
			sweep, ok2 := p.flag()
			if !ok || !ok2 || !read(2) {
				return
			}
			b.arcTo(rx, ry, angle, large, sweep, to(0))
		case 'z':
			b.close()
		default:
			return
		}
		before = kind
	}
}

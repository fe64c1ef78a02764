package svg

import "math"

// stroked is the outline of a stroke: pieces that all turn the same way and overlap, to be filled together.
func (b *builder) stroked(path outline, s *state, width float64) outline {
	if dashes := b.dashes(s, width); dashes != nil {
		path = b.dashed(path, dashes, s.dashOffset)
	}
	h := width / 2
	var out outline
	add := func(points ...point) {
		b.d.spend(20 * len(points))
		area := 0.0
		for i, p := range points {
			q := points[(i+1)%len(points)]
			area += p.x*q.y - q.x*p.y
		}
		if area < 0 {
			for i, j := 0, len(points)-1; i < j; i, j = i+1, j-1 {
				points[i], points[j] = points[j], points[i]
			}
		}
		out = append(out, line{points: points, closed: true})
	}
	round := func(center point) {
		n := max(8, b.steps(2*math.Pi*h))
		points := make([]point, n)
		for i := range points {
			sin, cos := math.Sincos(2 * math.Pi * float64(i) / float64(n))
			points[i] = center.plus(point{h * cos, h * sin})
		}
		add(points...)
	}
	join := func(at, d0, d1 point) {
		cross, dot := d0.x*d1.y-d0.y*d1.x, d0.x*d1.x+d0.y*d1.y
		if cross == 0 && dot > 0 {
			return
		}
		if s.join == "round" && dot < 0.95 {
			round(at)
			return
		}
		side := -h // the outer one
		if cross < 0 {
			side = h
		}
		n0, n1 := point{-d0.y, d0.x}.scaled(side), point{-d1.y, d1.x}.scaled(side)
		// The ratio of the miter's length to the width is 1/sin(θ/2), and sin(θ/2) = cos of half the turn.
		half := math.Sqrt(max(0, (1+dot)/2))
		if (s.join != "bevel" || dot > 0.95) && half > 0 && 1/half <= max(1, s.miter) {
			tip := n0.plus(n1)
			add(at, at.plus(n0), at.plus(tip.scaled(h/half/tip.norm())), at.plus(n1))
			return
		}
		add(at, at.plus(n0), at.plus(n1))
	}
	for _, l := range path {
		points := distinct(l.points, l.closed)
		n := len(points)
		if n == 1 {
			p := points[0]
			if len(l.points) < 2 && !l.closed { // a move alone draws nothing
				continue
			}
			switch s.cap {
			case "round":
				round(p)
			case "square":
				add(p.plus(point{-h, -h}), p.plus(point{h, -h}), p.plus(point{h, h}), p.plus(point{-h, h}))
			}
			continue
		}
		segments := n - 1
		if l.closed {
			segments = n
		}
		direction := func(i int) point {
			v := points[(i+1)%n].minus(points[i%n])
			return v.scaled(1 / v.norm())
		}
		for i := range segments {
			p, q, d := points[i], points[(i+1)%n], direction(i)
			if !l.closed && s.cap == "square" {
				if i == 0 {
					p = p.minus(d.scaled(h))
				}
				if i == segments-1 {
					q = q.plus(d.scaled(h))
				}
			}
			side := point{-d.y, d.x}.scaled(h)
			add(p.plus(side), q.plus(side), q.minus(side), p.minus(side))
			if i > 0 || l.closed {
				join(points[i], direction((i+segments-1)%segments), d)
			}
		}
		if !l.closed && s.cap == "round" {
			round(points[0])
			round(points[n-1])
		}
	}
	return out
}

// distinct leaves out points equal to the one before.
func distinct(points []point, closed bool) []point {
	var out []point
	for _, p := range points {
		if len(out) == 0 || p.minus(out[len(out)-1]).norm() > 1e-9 {
			out = append(out, p)
		}
	}
	for closed && len(out) > 1 && out[0].minus(out[len(out)-1]).norm() <= 1e-9 {
		out = out[:len(out)-1]
	}
	return out
}

// dashes are those of the stroke, nil if it has none that can be seen.
func (b *builder) dashes(s *state, width float64) []float64 {
	sum := 0.0
	for _, x := range s.dashes {
		sum += x
	}
	if sum*b.scale < 0.2 {
		return nil
	}
	return s.dashes
}

// dashed cuts lines into dashes.
func (b *builder) dashed(path outline, dashes []float64, offset float64) outline {
	sum := 0.0
	for _, x := range dashes {
		sum += x
	}
	offset = math.Mod(math.Mod(offset, sum)+sum, sum)
	first := 0
	for offset >= dashes[first] {
		offset -= dashes[first]
		first = (first + 1) % len(dashes)
	}
	var out outline
	for _, l := range path {
		points := l.points
		if l.closed {
			points = append(points[:len(points):len(points)], points[0])
		}
		i, left, on := first, dashes[first]-offset, first%2 == 0
		if on {
			out = append(out, line{points: []point{points[0]}})
		}
		for k := 1; k < len(points); k++ {
			p, q := points[k-1], points[k]
			length, done := q.minus(p).norm(), 0.0
			for length-done > left {
				b.d.spend(200)
				done += left
				at := p.mid(q, done/length)
				if on {
					last := &out[len(out)-1]
					last.points = append(last.points, at)
				} else {
					out = append(out, line{points: []point{at}})
				}
				on = !on
				i = (i + 1) % len(dashes)
				left = dashes[i]
			}
			left -= length - done
			if on {
				last := &out[len(out)-1]
				last.points = append(last.points, q)
			}
		}
	}
	return out
}

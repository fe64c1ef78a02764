package svg

import (
	"image"
	"image/color"
	"math"
	"strings"

	"git.sr.ht/~sbinet/gg"
)

// drawing is the picture in the making.
type drawing struct {
	canvas        *gg.Context
	width, height int
	pixels        float64 // for a CSS pixel
	effort        int     // what is left of it
	ids           map[string]*node
	clips         map[clipKey]*image.Alpha
	uses          int // uses within each other
}

// spend counts effort.
func (d *drawing) spend(n int) {
	if d.effort -= n; d.effort < 0 {
		panic(refusal{errEffort})
	}
}

// index notes the ids.
func (d *drawing) index(n *node) {
	if id := n.attrs["id"]; id != "" && d.ids[id] == nil {
		d.ids[id] = n
	}
	for _, c := range n.children {
		d.index(c)
	}
}

func (d *drawing) children(n *node, s state) {
	for _, c := range n.children {
		if c.name != "" {
			d.element(c, s)
		}
	}
}

// element draws one element and what is in it.
func (d *drawing) element(n *node, around state) {
	d.spend(400)
	switch n.name {
	case "defs", "symbol", "clipPath", "linearGradient", "radialGradient", "mask", "pattern", "filter", "marker", "style", "title", "desc",
		"metadata", "script", "view", "animate", "animateTransform", "animateMotion", "set", "font", "font-face", "cursor":
		return // drawn where something refers to them, or never
	}
	s := around.with(d, n)
	if !s.shown {
		return
	}
	switch n.name {
	case "g", "a":
		d.children(n, s)
	case "svg":
		d.nested(n, s, n.attrs["width"], n.attrs["height"])
	case "use":
		d.use(n, s)
	case "text":
		d.text(n, s)
	case "path", "rect", "circle", "ellipse", "line", "polyline", "polygon":
		if !s.hidden {
			d.shape(d.outline(n, s), s)
		}
	default:
		refuse("the element %s", n.name)
	}
}

// nested draws an svg or symbol element within its viewport.
func (d *drawing) nested(n *node, s state, width, height string) {
	x, y := s.along(n.attrs["x"], s.viewport.w), s.along(n.attrs["y"], s.viewport.h)
	w, ok := length(width, s.viewport.w, s.size)
	if !ok {
		w = s.viewport.w
	}
	h, ok := length(height, s.viewport.h, s.size)
	if !ok {
		h = s.viewport.h
	}
	if !(w > 0 && h > 0) {
		return
	}
	s.matrix = s.matrix.times(translation(x, y))
	if n.attrs["overflow"] != "visible" {
		b := d.builder(s.matrix)
		b.rect(rect{0, 0, w, h}, 0, 0)
		s.clip = d.intersect(s.clip, d.mask(b.lines, s.matrix, false))
	}
	s.viewport = rect{0, 0, w, h}
	if box, ok := viewBox(n); ok {
		s.matrix = s.matrix.times(fit(n, box, w, h))
		s.viewport = box
	}
	d.children(n, s)
}

// use draws another element here.
func (d *drawing) use(n *node, s state) {
	of := d.ids[n.target()]
	if of == nil {
		return
	}
	for up := n; up != nil; up = up.parent {
		if up == of {
			refuse("a use of what it is part of")
		}
	}
	if d.uses++; d.uses > mostDepth {
		refuse("more than %d uses within each other", mostDepth)
	}
	defer func() { d.uses-- }()
	s.matrix = s.matrix.times(translation(s.along(n.attrs["x"], s.viewport.w), s.along(n.attrs["y"], s.viewport.h)))
	if of.name != "symbol" && of.name != "svg" {
		d.element(of, s)
		return
	}
	size := func(name string) string {
		if v := n.attrs[name]; v != "" {
			return v
		}
		return of.attrs[name]
	}
	inner := s.with(d, of)
	if inner.shown {
		d.nested(of, inner, size("width"), size("height"))
	}
}

// along reads a length or place; whole is what 100 % are.
func (s state) along(text string, whole float64) float64 {
	x, _ := length(text, whole, s.size)
	return x
}

// outline is that of a basic shape or path.
func (d *drawing) outline(n *node, s state) outline {
	b := d.builder(s.matrix)
	w, h := s.viewport.w, s.viewport.h
	diagonal := math.Hypot(w, h) / math.Sqrt2
	get := func(name string, whole float64) float64 { return s.along(n.attrs[name], whole) }
	switch n.name {
	case "path":
		text := n.attrs["d"]
		b.path(text)
	case "rect":
		r := rect{get("x", w), get("y", h), get("width", w), get("height", h)}
		rx, okX := length(n.attrs["rx"], w, s.size)
		ry, okY := length(n.attrs["ry"], h, s.size)
		if !okX {
			rx = ry
		}
		if !okY {
			ry = rx
		}
		if r.w > 0 && r.h > 0 {
			b.rect(r, max(0, rx), max(0, ry))
		}
	case "circle":
		if r := get("r", diagonal); r > 0 {
			b.ellipse(point{get("cx", w), get("cy", h)}, r, r)
		}
	case "ellipse":
		rx, okX := length(n.attrs["rx"], w, s.size)
		ry, okY := length(n.attrs["ry"], h, s.size)
		if !okX {
			rx = ry
		}
		if !okY {
			ry = rx
		}
		if rx > 0 && ry > 0 {
			b.ellipse(point{get("cx", w), get("cy", h)}, rx, ry)
		}
	case "line":
		b.moveTo(point{get("x1", w), get("y1", h)})
		b.lineTo(point{get("x2", w), get("y2", h)})
	case "polyline", "polygon":
		v := numbers(n.attrs["points"])
		for i := 0; i+1 < len(v); i += 2 {
			if i == 0 {
				b.moveTo(point{v[0], v[1]})
			} else {
				b.lineTo(point{v[i], v[i+1]})
			}
		}
		if n.name == "polygon" {
			b.close()
		}
	}
	return b.lines
}

// shape fills and strokes an outline.
func (d *drawing) shape(path outline, s state) {
	box := bounds(path)
	if slow := d.prepare(s.fill, s.opacity*s.fillOpacity, s, box); slow > 0 {
		d.fill(d.canvas, path, s.matrix, s.evenOdd, s.clip, slow)
	}
	m, width := s.matrix, s.width
	if s.fixedWidth && m.scale() > 0 {
		width *= d.pixels / m.scale()
	}
	if !(width > 0) {
		return
	}
	if slow := d.prepare(s.stroke, s.opacity*s.strokeOpacity, s, box); slow > 0 {
		d.fill(d.canvas, d.builder(m).stroked(path, &s, width), m, false, s.clip, slow)
	}
}

// bounds is the box around an outline.
func bounds(path outline) rect {
	lo, hi := point{math.Inf(1), math.Inf(1)}, point{math.Inf(-1), math.Inf(-1)}
	for _, l := range path {
		for _, p := range l.points {
			lo, hi = point{min(lo.x, p.x), min(lo.y, p.y)}, point{max(hi.x, p.x), max(hi.y, p.y)}
		}
	}
	if lo.x > hi.x {
		return rect{}
	}
	return rect{lo.x, lo.y, hi.x - lo.x, hi.y - lo.y}
}

// far is how many pixels beyond the picture outlines are followed.
const far = 20_000

// fill paints the inside of an outline on a canvas whose style is set, all of it in one go: where its pieces overlap
// nothing is painted twice. slow is how many times longer a pixel takes than one of a plain colour.
func (d *drawing) fill(canvas *gg.Context, path outline, m matrix, evenOdd bool, c clip, slow int) {
	canvas.ClearPath()
	area, edges := 0.0, 0.0
	for _, l := range path {
		if len(l.points) < 2 {
			continue
		}
		var box rect // with its far corner in place of its size
		for i, p := range l.points {
			q := m.apply(p)
			if math.IsNaN(q.x) || math.IsNaN(q.y) {
				refuse("a point that is not a number")
			}
			q = point{max(-far, min(far, q.x)), max(-far, min(far, q.y))}
			if i == 0 {
				canvas.MoveTo(q.x, q.y)
				box = rect{q.x, q.y, q.x, q.y}
			} else {
				canvas.LineTo(q.x, q.y)
				box = rect{min(box.x, q.x), min(box.y, q.y), max(box.w, q.x), max(box.h, q.y)}
			}
		}
		canvas.ClosePath()
		w, h := min(box.w, float64(d.width))-max(box.x, 0), min(box.h, float64(d.height))-max(box.y, 0)
		area += max(0, w) * max(0, h)
		edges += 4*(box.h-box.y+box.w-box.x) + 20*float64(len(l.points))
	}
	if edges == 0 {
		return
	}
	canvas.ResetClip()
	if c.mask != nil {
		slow = max(slow, 5)
		if err := canvas.SetMask(c.mask); err != nil {
			refuse("%v", err)
		}
	}
	d.spend(int(edges) + slow*int(min(area, float64(d.width*d.height))))
	canvas.SetFillRule(gg.FillRuleWinding)
	if evenOdd {
		canvas.SetFillRule(gg.FillRuleEvenOdd)
	}
	canvas.Fill()
}

// prepare sets the style of the canvas and returns how slow it is to paint with, 0 if there is nothing to paint.
func (d *drawing) prepare(p paint, opacity float64, s state, box rect) int {
	if p.id != "" {
		if g := d.gradient(p.id, s, box, opacity); g != nil {
			d.canvas.SetFillStyle(g)
			return 20
		}
	}
	c := faded(p.color, opacity)
	if p.none || c.A == 0 {
		return 0
	}
	d.canvas.SetFillStyle(gg.NewSolidPattern(c))
	return 1
}

func faded(c color.NRGBA, opacity float64) color.NRGBA {
	c.A = uint8(math.Round(float64(c.A) * max(0, min(1, opacity))))
	return c
}

// clip is where something may be painted; the zero value is everywhere.
type clip struct{ mask *image.Alpha }

// clipKey is what a clip path depends on.
type clipKey struct {
	id     string
	matrix matrix
	box    rect
}

// mask is the inside of an outline as pixels.
func (d *drawing) mask(path outline, m matrix, evenOdd bool) *image.Alpha {
	d.spend(8 * d.width * d.height)
	canvas := gg.NewContext(d.width, d.height)
	canvas.SetFillStyle(gg.NewSolidPattern(color.White))
	d.fill(canvas, path, m, evenOdd, clip{}, 1)
	return canvas.AsMask()
}

// intersect is a new clip; masks are never changed.
func (d *drawing) intersect(c clip, mask *image.Alpha) clip {
	if c.mask == nil {
		return clip{mask}
	}
	d.spend(4 * d.width * d.height)
	both := image.NewAlpha(mask.Rect)
	for i, a := range mask.Pix {
		both.Pix[i] = uint8(int(a) * int(c.mask.Pix[i]) / 255)
	}
	return clip{both}
}

// clipTo restricts what a state draws to a clip path.
func (d *drawing) clipTo(s *state, id string) {
	n := d.ids[id]
	if n == nil || n.name != "clipPath" {
		return
	}
	if strings.Contains(n.attrs["clipPathUnits"], "objectBoundingBox") {
		refuse("a clip path in units of what it clips")
	}
	key := clipKey{id, s.matrix, s.viewport}
	mask := d.clips[key]
	if mask == nil {
		if d.uses++; d.uses > mostDepth {
			refuse("more than %d clip paths within each other", mostDepth)
		}
		mask = d.clipMask(n, *s)
		d.uses--
		d.clips[key] = mask
	}
	s.clip = d.intersect(s.clip, mask)
}

// clipMask is the union of the shapes in a clip path.
func (d *drawing) clipMask(n *node, s state) *image.Alpha {
	around := initial(s.viewport)
	around.matrix = s.matrix
	around = around.with(d, n)
	d.spend(8 * d.width * d.height)
	all := image.NewAlpha(image.Rect(0, 0, d.width, d.height))
	for _, c := range n.children {
		switch c.name {
		case "", "title", "desc":
			continue
		case "path", "rect", "circle", "ellipse", "line", "polyline", "polygon":
		default:
			refuse("the element %s in a clip path", c.name)
		}
		inner := around.with(d, c)
		mask := d.mask(d.outline(c, inner), inner.matrix, inner.clipEvenOdd)
		mask = d.intersect(inner.clip, mask).mask
		for i, a := range mask.Pix {
			all.Pix[i] = max(all.Pix[i], a)
		}
	}
	return all
}

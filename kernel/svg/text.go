package svg

import (
	"strings"
	"sync"
	"unicode/utf8"

	"codeberg.org/go-fonts/liberation/liberationmonobold"
	"codeberg.org/go-fonts/liberation/liberationmonobolditalic"
	"codeberg.org/go-fonts/liberation/liberationmonoitalic"
	"codeberg.org/go-fonts/liberation/liberationmonoregular"
	"codeberg.org/go-fonts/liberation/liberationsansbold"
	"codeberg.org/go-fonts/liberation/liberationsansbolditalic"
	"codeberg.org/go-fonts/liberation/liberationsansitalic"
	"codeberg.org/go-fonts/liberation/liberationsansregular"
	"codeberg.org/go-fonts/liberation/liberationserifbold"
	"codeberg.org/go-fonts/liberation/liberationserifbolditalic"
	"codeberg.org/go-fonts/liberation/liberationserifitalic"
	"codeberg.org/go-fonts/liberation/liberationserifregular"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// family is one of the typefaces, by bold and italic.
type family [2][2]func() (*sfnt.Font, error)

func face(ttf []byte) func() (*sfnt.Font, error) {
	return sync.OnceValues(func() (*sfnt.Font, error) { return sfnt.Parse(ttf) })
}

// The typefaces have the widths of Arial, Times and Courier, which most pictures name.
var (
	sans  = family{{face(liberationsansregular.TTF), face(liberationsansitalic.TTF)}, {face(liberationsansbold.TTF), face(liberationsansbolditalic.TTF)}}
	serif = family{{face(liberationserifregular.TTF), face(liberationserifitalic.TTF)}, {face(liberationserifbold.TTF), face(liberationserifbolditalic.TTF)}}
	mono  = family{{face(liberationmonoregular.TTF), face(liberationmonoitalic.TTF)}, {face(liberationmonobold.TTF), face(liberationmonobolditalic.TTF)}}
)

// font is the one that comes nearest to what a state names.
func (s state) face() *sfnt.Font {
	names := strings.ToLower(s.family)
	has := func(list ...string) bool {
		for _, name := range list {
			if strings.Contains(names, name) {
				return true
			}
		}
		return false
	}
	f := sans
	switch {
	case has("mono", "courier", "consolas", "menlo"):
		f = mono
	case has("sans", "arial", "helvetica"):
	case names == "" || has("serif", "times", "georgia", "roman"): // browsers take the latter where none is named
		f = serif
	}
	index := func(b bool) int {
		if b {
			return 1
		}
		return 0
	}
	parsed, err := f[index(s.bold)][index(s.italic)]()
	if err != nil {
		refuse("%v", err)
	}
	return parsed
}

// letter is one glyph in its place.
type letter struct {
	s        state
	glyph    sfnt.GlyphIndex
	font     *sfnt.Font
	at       point
	advance  float64
	newChunk bool // begins a piece of text that is anchored for itself
}

// setting is a text element in the making.
type setting struct {
	d       *drawing
	letters []letter
	at      point
	fresh   bool // the next letter begins a chunk
	blank   bool // the last letter is a blank, or there is none yet
	buffer  sfnt.Buffer
}

// unit is the size in which glyphs are measured, in pixels.
const unit = 1000

// text draws a text element.
func (d *drawing) text(n *node, s state) {
	t := &setting{d: d, fresh: true, blank: true}
	t.add(n, s, n.attrs["xml:space"] == "preserve")
	for i := 0; i < len(t.letters); {
		end, width := i, 0.0
		for ; end < len(t.letters) && (end == i || !t.letters[end].newChunk); end++ {
			width = t.letters[end].at.x + t.letters[end].advance - t.letters[i].at.x
		}
		shift := 0.0
		switch t.letters[i].s.anchor {
		case "middle":
			shift = -width / 2
		case "end":
			shift = -width
		}
		for ; i < end; i++ {
			t.letters[i].at.x += shift
			t.draw(&t.letters[i])
		}
	}
}

// add sets an element's text and that of the elements in it.
func (t *setting) add(n *node, s state, preserve bool) {
	list := func(name string, whole float64) []float64 {
		var values []float64
		for _, part := range strings.FieldsFunc(n.attrs[name], func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' }) {
			values = append(values, s.along(part, whole))
		}
		return values
	}
	if n.attrs["rotate"] != "" || n.attrs["textLength"] != "" {
		refuse("text with rotate or textLength")
	}
	xs, ys := list("x", s.viewport.w), list("y", s.viewport.h)
	dxs, dys := list("dx", s.viewport.w), list("dy", s.viewport.h)
	next := func(values *[]float64) (float64, bool) {
		if len(*values) == 0 {
			return 0, false
		}
		v := (*values)[0]
		*values = (*values)[1:]
		return v, true
	}
	f := s.face()
	for _, c := range n.children {
		switch c.name {
		case "":
		case "tspan", "a":
			if inner := s.with(t.d, c); inner.shown {
				t.take(&xs, &ys, &dxs, &dys, c)
				t.add(c, inner, preserve || c.attrs["xml:space"] == "preserve")
			}
			continue
		case "title", "desc", "animate", "set", "animateTransform":
			continue
		default:
			refuse("the element %s in a text", c.name)
		}
		for _, r := range c.text {
			if r == '\n' || r == '\r' || r == '\t' {
				r = ' '
			}
			if r == ' ' && !preserve && t.blank {
				continue
			}
			t.blank = r == ' '
			if x, ok := next(&xs); ok {
				t.at.x, t.fresh = x, true
			}
			if y, ok := next(&ys); ok {
				t.at.y, t.fresh = y, true
			}
			dx, _ := next(&dxs)
			dy, _ := next(&dys)
			t.at = t.at.plus(point{dx, dy})
			t.letter(f, r, s)
		}
	}
}

// take uses up the places of a text element that its first tspan, which stands before any letter, has not of its own.
func (t *setting) take(xs, ys, dxs, dys *[]float64, child *node) {
	if len(*xs) > 0 && child.attrs["x"] == "" {
		t.at.x, t.fresh = (*xs)[0], true
	}
	if len(*ys) > 0 && child.attrs["y"] == "" {
		t.at.y, t.fresh = (*ys)[0], true
	}
	for _, move := range []struct {
		values *[]float64
		to     *float64
	}{{dxs, &t.at.x}, {dys, &t.at.y}} {
		if len(*move.values) > 0 {
			*move.to += (*move.values)[0]
		}
	}
	*xs, *ys, *dxs, *dys = nil, nil, nil, nil
}

func (t *setting) letter(f *sfnt.Font, r rune, s state) {
	t.d.spend(200)
	glyph, err := f.GlyphIndex(&t.buffer, r)
	if err != nil || glyph == 0 || r == utf8.RuneError {
		refuse("no glyph for %q", r)
	}
	wide, err := f.GlyphAdvance(&t.buffer, glyph, fixed.I(unit), font.HintingNone)
	if err != nil {
		refuse("%v", err)
	}
	l := letter{s: s, glyph: glyph, font: f, at: t.at, advance: float64(wide) / 64 / unit * s.size, newChunk: t.fresh}
	t.letters = append(t.letters, l)
	t.at.x += l.advance
	t.fresh = false
}

// rises of the baseline below a line, in sizes of the font.
var rises = map[string]float64{
	"middle": 0.26, "central": 0.35, "mathematical": 0.35, "hanging": 0.73, "text-before-edge": 0.9, "text-top": 0.9,
	"before-edge": 0.9, "text-after-edge": -0.21, "text-bottom": -0.21, "after-edge": -0.21, "ideographic": -0.21,
}

func (t *setting) draw(l *letter) {
	if l.s.hidden {
		return
	}
	segments, err := l.font.LoadGlyph(&t.buffer, l.glyph, fixed.I(unit), nil)
	if err != nil {
		refuse("%v", err)
	}
	b := t.d.builder(l.s.matrix)
	size, origin := l.s.size/unit, l.at.plus(point{0, rises[l.s.baseline] * l.s.size})
	at := func(p fixed.Point26_6) point {
		return origin.plus(point{float64(p.X) / 64 * size, float64(p.Y) / 64 * size})
	}
	for _, segment := range segments {
		a := segment.Args
		switch segment.Op {
		case sfnt.SegmentOpMoveTo:
			b.close()
			b.moveTo(at(a[0]))
		case sfnt.SegmentOpLineTo:
			b.lineTo(at(a[0]))
		case sfnt.SegmentOpQuadTo:
			b.quadTo(at(a[0]), at(a[1]))
		case sfnt.SegmentOpCubeTo:
			b.cubicTo(at(a[0]), at(a[1]), at(a[2]))
		}
	}
	b.close()
	s := l.s
	s.evenOdd = false
	t.d.shape(b.lines, s)
}

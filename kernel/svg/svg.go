package svg

import (
	"errors"
	"fmt"
	"image"
	"math"

	"git.sr.ht/~sbinet/gg"
)

// Limits of a picture. The effort counts pixels that are painted and points of outlines: what is allowed takes about half
// a second.
const (
	mostBytes  = 4 << 20
	mostNodes  = 100_000
	mostDepth  = 64
	mostPixels = 1_500_000
	mostEffort = 20_000_000
	mostSide   = 1e5 // CSS pixels
	sharpness  = 2   // pixels for a CSS pixel, on a side: screens have up to twice as many
)

// errEffort is why a picture is refused that would take too long.
var errEffort = errors.New("svg: too much to draw")

// refusal carries an error out of the depth of a drawing.
type refusal struct{ error }

// refuse ends the drawing.
func refuse(format string, args ...any) { panic(refusal{fmt.Errorf("svg: "+format, args...)}) }

// Render draws an SVG document. size is its width and height in CSS pixels; the image has at most twice as many on a side.
// The error says what it is that cannot be drawn.
func Render(source string) (img image.Image, size image.Point, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case refusal:
			img, err = nil, p.error
		default: // of the packages below, on input that nobody thought of
			img, err = nil, fmt.Errorf("svg: %v", p)
		}
	}()
	root, err := parse(source)
	if err != nil {
		return nil, image.Point{}, err
	}
	w, h, box := dimensions(root)
	if !(w >= 1 && h >= 1 && w <= mostSide && h <= mostSide) {
		return nil, image.Point{}, fmt.Errorf("svg: a picture of %.4g×%.4g pixels (drawn: 1 to %.0f)", w, h, mostSide)
	}
	size = image.Pt(int(math.Round(w)), int(math.Round(h)))
	scale := min(sharpness, math.Sqrt(mostPixels/(w*h)))
	pw, ph := max(1, int(math.Round(w*scale))), max(1, int(math.Round(h*scale)))
	d := &drawing{
		canvas: gg.NewContext(pw, ph), width: pw, height: ph, pixels: scale, effort: mostEffort,
		ids: map[string]*node{}, clips: map[clipKey]*image.Alpha{},
	}
	d.index(root)
	s := initial(box)
	s.matrix = scaling(float64(pw)/w, float64(ph)/h)
	s = s.with(d, root)
	s.matrix = s.matrix.times(fit(root, box, w, h))
	d.children(root, s)
	return d.canvas.Image(), size, nil
}

// dimensions returns the size of the picture in CSS pixels and the box of user coordinates that it shows.
func dimensions(root *node) (w, h float64, box rect) {
	box, hasBox := viewBox(root)
	known := func(name string) (float64, bool) {
		text := root.attrs[name]
		if text == "" || text == "auto" || text[len(text)-1] == '%' { // of a page that we do not have
			return 0, false
		}
		return length(text, 0, 16)
	}
	w, hasW := known("width")
	h, hasH := known("height")
	switch {
	case hasW && hasH:
	case hasBox && hasW:
		h = w * box.h / box.w
	case hasBox && hasH:
		w = h * box.w / box.h
	case hasBox:
		w, h = box.w, box.h
	default: // what browsers take
		if !hasW {
			w = 300
		}
		if !hasH {
			h = 150
		}
	}
	if !hasBox {
		box = rect{0, 0, w, h}
	}
	return w, h, box
}

package main

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
)

// The logo: the units of two nets, left and right, joined pair by pair across the middle. Coordinates are in [0, 1].
var (
	logoBack  = color.NRGBA{R: 0x16, G: 0x3a, B: 0x4a, A: 0xff}
	logoLeft  = color.NRGBA{R: 0x7f, G: 0xff, B: 0xad, A: 0xff}
	logoRight = color.NRGBA{R: 0x00, G: 0xad, B: 0xd8, A: 0xff}
	logoLine  = color.NRGBA{R: 0xd8, G: 0xe6, B: 0xea, A: 0xff}
)

type point struct{ x, y float64 }

// logoPairs are the centres of matched units.
func logoPairs() [][2]point {
	return [][2]point{{{.27, .25}, {.73, .5}}, {{.27, .5}, {.73, .75}}, {{.27, .75}, {.73, .25}}}
}

const (
	logoCorner = .18
	logoRadius = .1
	logoWidth  = .045
)

// logoPNG draws the logo with edges smoothed by 16 samples a pixel.
func logoPNG(size int) ([]byte, error) {
	m := image.NewNRGBA(image.Rect(0, 0, size, size))
	const n = 4
	for y := range size {
		for x := range size {
			var r, g, b, a int
			for i := range n * n {
				c := logoAt(point{(float64(x) + (float64(i%n)+.5)/n) / float64(size), (float64(y) + (float64(i/n)+.5)/n) / float64(size)})
				if c.A > 0 {
					r, g, b, a = r+int(c.R), g+int(c.G), b+int(c.B), a+1
				}
			}
			if a > 0 {
				m.SetNRGBA(x, y, color.NRGBA{R: uint8(r / a), G: uint8(g / a), B: uint8(b / a), A: uint8(255 * a / (n * n))})
			}
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, m)
	return out.Bytes(), err
}

// logoAt is the colour at a point.
func logoAt(p point) color.NRGBA {
	// Outside the rounded square: beyond the corner circles.
	dx, dy := max(logoCorner-p.x, p.x-(1-logoCorner), 0), max(logoCorner-p.y, p.y-(1-logoCorner), 0)
	if math.Hypot(dx, dy) > logoCorner {
		return color.NRGBA{}
	}
	for _, pair := range logoPairs() {
		for i, c := range []color.NRGBA{logoLeft, logoRight} {
			if math.Hypot(p.x-pair[i].x, p.y-pair[i].y) < logoRadius {
				return c
			}
		}
	}
	for _, pair := range logoPairs() {
		if distance(p, pair[0], pair[1]) < logoWidth/2 {
			return logoLine
		}
	}
	return logoBack
}

// distance is that of p from the segment ab.
func distance(p, a, b point) float64 {
	vx, vy := b.x-a.x, b.y-a.y
	t := min(max(((p.x-a.x)*vx+(p.y-a.y)*vy)/(vx*vx+vy*vy), 0), 1)
	return math.Hypot(p.x-a.x-t*vx, p.y-a.y-t*vy)
}

func logoSVG() string {
	hex := func(c color.NRGBA) string { return fmt.Sprintf("#%02x%02x%02x", c.R, c.G, c.B) }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1" width="64" height="64"><rect width="1" height="1" rx="%g" fill="%s"/>`, logoCorner, hex(logoBack))
	for _, pair := range logoPairs() {
		fmt.Fprintf(&b, `<path d="M%g %gL%g %g" stroke="%s" stroke-width="%g"/>`, pair[0].x, pair[0].y, pair[1].x, pair[1].y, hex(logoLine), logoWidth)
	}
	for _, pair := range logoPairs() {
		for i, c := range []color.NRGBA{logoLeft, logoRight} {
			fmt.Fprintf(&b, `<circle cx="%g" cy="%g" r="%g" fill="%s"/>`, pair[i].x, pair[i].y, logoRadius, hex(c))
		}
	}
	b.WriteString("</svg>\n")
	return b.String()
}

package svg

import (
	"image"
	"image/color"
	"strings"
	"testing"
)

// at is the colour of the picture at a place in CSS pixels, with its alpha.
func at(img image.Image, size image.Point, x, y float64) color.NRGBA {
	f := float64(img.Bounds().Dx()) / float64(size.X)
	return color.NRGBAModel.Convert(img.At(int(x*f), int(y*f))).(color.NRGBA)
}

func TestRender(t *testing.T) {
	red, blue, green, none := color.NRGBA{255, 0, 0, 255}, color.NRGBA{0, 0, 255, 255}, color.NRGBA{0, 128, 0, 255}, color.NRGBA{}
	type probe struct {
		x, y float64
		want color.NRGBA
	}
	for _, test := range []struct {
		name, body string // body: within a picture of 100×100
		probes     []probe
	}{
		{"rectangle", `<rect x="10" y="20" width="30" height="40" fill="red"/>`, []probe{{11, 21, red}, {39, 59, red}, {9, 40, none}, {25, 61, none}}},
		{"round corners", `<rect width="100" height="100" rx="50" fill="red"/>`, []probe{{50, 50, red}, {5, 5, none}, {95, 95, none}, {50, 2, red}}},
		{"circle", `<circle cx="50" cy="50" r="30" fill="#00f"/>`, []probe{{50, 50, blue}, {78, 50, blue}, {72, 72, none}}},
		{"ellipse", `<ellipse cx="50" cy="50" rx="40" ry="10" fill="rgb(0,0,255)"/>`, []probe{{85, 50, blue}, {50, 62, none}}},
		{"line", `<line x1="0" y1="50" x2="100" y2="50" stroke="red" stroke-width="10"/>`, []probe{{50, 46, red}, {50, 54, red}, {50, 40, none}}},
		{"polygon", `<polygon points="0,0 100,0 0,100" fill="blue"/>`, []probe{{20, 20, blue}, {80, 80, none}}},
		{"polyline", `<polyline points="10,10 90,10 90,90" fill="none" stroke="red" stroke-width="6"/>`, []probe{{50, 10, red}, {90, 50, red}, {92, 8, red}, {50, 50, none}}},
		{"miter", `<path d="M20,80 L50,20 L80,80" fill="none" stroke="red" stroke-width="10"/>`, []probe{{50, 12, red}}},
		{"miter beyond its limit", `<path d="M20,80 L50,20 L80,80" fill="none" stroke="red" stroke-width="10" stroke-miterlimit="1"/>`, []probe{{50, 12, none}, {50, 20, red}}},
		{"bevel", `<path d="M20,80 L50,20 L80,80" fill="none" stroke="red" stroke-width="10" stroke-linejoin="bevel"/>`, []probe{{50, 12, none}, {50, 20, red}}},
		{"square caps", `<path d="M50,50 h20" stroke="red" stroke-width="20" stroke-linecap="square"/>`, []probe{{42, 42, red}, {78, 58, red}}},
		{"round caps", `<path d="M50,50 h20" stroke="red" stroke-width="20" stroke-linecap="round"/>`, []probe{{42, 50, red}, {42, 42, none}}},
		{"butt caps", `<path d="M50,50 h20" stroke="red" stroke-width="20"/>`, []probe{{48, 50, none}, {52, 58, red}}},
		{"dashes", `<path d="M0,50 H100" stroke="red" stroke-width="10" stroke-dasharray="20 10"/>`, []probe{{10, 50, red}, {25, 50, none}, {40, 50, red}, {55, 50, none}}},
		{"dashes from an offset", `<path d="M0,50 H100" stroke="red" stroke-width="10" stroke-dasharray="20 10" stroke-dashoffset="20"/>`, []probe{{5, 50, none}, {20, 50, red}, {35, 50, none}}},
		{"path", `<path fill="red" d="m10 10h80v80h-80z"/>`, []probe{{50, 50, red}, {12, 12, red}, {95, 95, none}}},
		{"numbers run together", `<path fill="red" d="M10.5.5L90-10 90,50.5.5 50z"/>`, []probe{{50, 30, red}}},
		{"cubic", `<path fill="blue" d="M0 100C0 0 100 0 100 100"/>`, []probe{{50, 30, blue}, {50, 20, none}}},
		{"smooth cubic", `<path fill="blue" d="M0 50C0 0 50 0 50 50S100 100 100 50"/>`, []probe{{25, 30, blue}, {75, 70, blue}}},
		{"quadratic", `<path fill="blue" d="M0 100Q50 0 100 100"/>`, []probe{{50, 60, blue}, {50, 40, none}}},
		{"smooth quadratic", `<path fill="blue" d="M0 50Q25 0 50 50T100 50"/>`, []probe{{25, 40, blue}, {75, 60, blue}, {75, 40, none}}},
		{"arcs", `<path fill="blue" d="M20 50A30 30 0 0 1 80 50"/>`, []probe{{50, 30, blue}, {50, 60, none}}},
		{"arcs with flags run together", `<path fill="blue" d="M20 50a30 30 0 0160 0"/>`, []probe{{50, 30, blue}, {50, 60, none}}},
		{"hole by even-odd", `<path fill="red" fill-rule="evenodd" d="M0 0H100V100H0zM25 25H75V75H25z"/>`, []probe{{10, 10, red}, {50, 50, none}}},
		{"no hole by winding", `<path fill="red" d="M0 0H100V100H0zM25 25H75V75H25z"/>`, []probe{{10, 10, red}, {50, 50, red}}},
		{"group and transformation", `<g fill="red" transform="translate(50 50) rotate(45)"><rect x="-10" y="-30" width="20" height="60"/></g>`, []probe{{50, 50, red}, {65, 35, red}, {50, 75, none}}},
		{"matrix", `<rect width="10" height="10" fill="red" transform="matrix(5 0 0 5 20 20)"/>`, []probe{{68, 68, red}, {15, 15, none}}},
		{"style wins", `<rect width="100" height="100" fill="red" style="fill: blue; stroke: none"/>`, []probe{{50, 50, blue}}},
		{"style sheet", `<style>/* c */ rect.a, .b { fill: blue } * { fill: green } #x { fill: red }</style><rect class="a" width="30" height="30"/><rect id="x" class="b" x="40" width="30" height="30"/><circle cx="85" cy="50" r="10"/>`,
			[]probe{{10, 10, blue}, {50, 10, red}, {85, 50, green}}},
		{"opacity", `<g opacity=".5"><rect width="100" height="100" fill="red" fill-opacity="0.5"/></g>`, []probe{{50, 50, color.NRGBA{255, 0, 0, 64}}}},
		{"use", `<defs><rect id="r" width="20" height="20"/></defs><use xlink:href="#r" x="40" y="40" fill="blue"/><use href="#r" fill="red"/>`, []probe{{50, 50, blue}, {10, 10, red}, {30, 30, none}}},
		{"symbol", `<symbol id="s" viewBox="0 0 1 1"><rect width="1" height="1" fill="blue"/></symbol><use href="#s" x="50" y="50" width="50" height="50"/>`, []probe{{75, 75, blue}, {25, 25, none}}},
		{"clip path", `<clipPath id="c"><circle cx="50" cy="50" r="20"/></clipPath><rect width="100" height="100" fill="red" clip-path="url(#c)"/>`, []probe{{50, 50, red}, {10, 10, none}, {66, 66, none}}},
		{"linear gradient", `<linearGradient id="g"><stop stop-color="red"/><stop offset="1" stop-color="blue"/></linearGradient><rect width="100" height="100" fill="url(#g)"/>`,
			[]probe{{0.4, 50, color.NRGBA{254, 0, 1, 255}}, {50, 50, color.NRGBA{127, 0, 128, 255}}}},
		{"radial gradient", `<radialGradient id="g"><stop stop-color="red"/><stop offset="50%" stop-color="red"/><stop offset="50%" style="stop-color:blue"/></radialGradient><rect width="100" height="100" fill="url(#g)"/>`,
			[]probe{{50, 50, red}, {70, 50, red}, {80, 50, blue}, {2, 2, blue}}},
		{"gradient from another", `<linearGradient id="a"><stop stop-color="blue"/></linearGradient><linearGradient id="g" href="#a" gradientUnits="userSpaceOnUse" x2="9"/><path stroke="url(#g)" stroke-width="9" d="M0 50H100"/>`, []probe{{50, 50, blue}}},
		{"hidden", `<rect width="100" height="100" fill="red" display="none"/><rect width="100" height="100" fill="red" visibility="hidden"/>`, []probe{{50, 50, none}}},
		{"nested picture", `<svg x="50" y="50" width="50" height="50" viewBox="0 0 10 10"><rect x="-99" y="-99" width="199" height="199" fill="red"/></svg>`, []probe{{75, 75, red}, {40, 40, none}}},
		{"letter", `<text x="50" y="90" font-size="100" text-anchor="middle" font-family="Helvetica">I</text>`, []probe{{50, 50, color.NRGBA{0, 0, 0, 255}}, {30, 50, none}, {50, 95, none}}},
		{"letters at places", `<text font-size="40" y="50 50" font-family="monospace" fill="red"><tspan x="10">I</tspan><tspan x="60">I</tspan></text>`, []probe{{21.5, 40, red}, {71.5, 40, red}, {46, 40, none}}},
		{"other namespaces", `<x:y xmlns:x="urn:x"><rect width="100" height="100"/></x:y><metadata>a</metadata>`, []probe{{50, 50, none}}},
		{"hsl", `<rect width="100" height="100" fill="hsl(240, 100%, 50%)"/>`, []probe{{50, 50, blue}}},
		{"far away", `<path d="M-1e9 50H1e9" stroke="red" stroke-width="10"/>`, []probe{{50, 50, red}}},
	} {
		img, size, err := Render(`<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="100" height="100">` + test.body + `</svg>`)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if size != image.Pt(100, 100) || img.Bounds().Size() != image.Pt(200, 200) {
			t.Errorf("%s: %v pixels for %v", test.name, img.Bounds(), size)
		}
		for _, p := range test.probes {
			got := at(img, size, p.x, p.y)
			for i, d := range [4]int{int(got.R) - int(p.want.R), int(got.G) - int(p.want.G), int(got.B) - int(p.want.B), int(got.A) - int(p.want.A)} {
				if (d < -2 || d > 2) && (i == 3 || p.want.A > 0) {
					t.Errorf("%s at %v, %v: got %v, want %v", test.name, p.x, p.y, got, p.want)
					break
				}
			}
		}
	}
}

func TestSizes(t *testing.T) {
	for head, want := range map[string]image.Point{
		`width="30" height="20"`:                        {30, 20},
		`width="1in" height="72pt"`:                     {96, 96},
		`viewBox="0 0 40 10"`:                           {40, 10},
		`viewBox="0 0 40 10" width="80"`:                {80, 20},
		`viewBox="0 0 40 10" width="100%" height="5px"`: {20, 5},
		``:                             {300, 150},
		`width="20000" height="20000"`: {20000, 20000},
	} {
		img, size, err := Render(`<?xml version="1.0"?><svg ` + head + `/>`)
		if err != nil || size != want {
			t.Errorf("%s: got %v, %v; want %v", head, size, err, want)
		} else if b := img.Bounds(); b.Dx()*b.Dy() > mostPixels*11/10 {
			t.Errorf("%s: %v pixels", head, b)
		}
	}
}

func TestRefusals(t *testing.T) {
	many := strings.Repeat(`<rect width="1000" height="1000" fill="red"/>`, 1000)
	for name, test := range map[string]struct{ source, want string }{
		"not XML":         {"<svg", "XML"},
		"not a picture":   {"<html/>", "html"},
		"empty":           {"", "no svg"},
		"no size":         {`<svg width="0" height="1"/>`, "0×1"},
		"filter":          {`<svg><rect filter="url(#f)"/></svg>`, "filter"},
		"embedded":        {`<svg><image href="x.png"/></svg>`, "image"},
		"HTML inside":     {`<svg><foreignObject/></svg>`, "foreignObject"},
		"pattern":         {`<svg><pattern id="p"/><rect width="9" height="9" fill="url(#p)"/></svg>`, "pattern"},
		"marker":          {`<svg><path d="M0 0H9" marker-end="url(#m)"/></svg>`, "marker"},
		"other document":  {`<svg><use href="x.svg#a"/></svg>`, "another document"},
		"glyph":           {`<svg><text>漢</text></svg>`, "glyph"},
		"selector":        {`<svg><style>a > b { fill: red }</style></svg>`, "selector"},
		"variable":        {`<svg><rect fill="var(--x)"/></svg>`, "var"},
		"use of itself":   {`<svg><g id="a"><use href="#a"/></g></svg>`, "part of"},
		"use in a circle": {`<svg><g id="a"><use href="#b"/></g><g id="b"><use href="#a"/></g></svg>`, "uses within"},
		"doubling uses":   {`<svg>` + doubling(30) + `</svg>`, "too much"},
		"too deep":        {strings.Repeat("<svg>", 100), "within each other"},
		"too long":        {`<svg width="1000" height="1000">` + many + `</svg>`, "too much"},
		"too many dashes": {`<svg><path d="M0 0H1e6" stroke="red" stroke-dasharray="1e-3 1"/><path d="M0 0H1e9" stroke="red" stroke-dasharray="1"/></svg>`, "too much"},
		"huge number":     {`<svg><path d="M0 0H1e999"/></svg>`, "number"},
	} {
		if _, _, err := Render(test.source); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q in it", name, err, test.want)
		}
	}
}

// doubling is a chain of n groups each of which uses the next twice.
func doubling(n int) string {
	var b strings.Builder
	for i := range n {
		next := "x" + strings.Repeat("x", i+1)
		b.WriteString(`<g id="x` + strings.Repeat("x", i) + `"><use href="#` + next + `"/><use href="#` + next + `"/></g>`)
	}
	return b.String() + `<rect id="x` + strings.Repeat("x", n) + `" width="9" height="9"/>`
}

func FuzzRender(f *testing.F) {
	for _, seed := range []string{
		`<svg width="9" height="9"><path d="M0 0L9 9a1 2 3 0 1 4 5zq1 2 3 4t5 6" stroke="red" stroke-dasharray="1 2" stroke-linejoin="round"/></svg>`,
		`<svg viewBox="0 0 9 9"><style>.a{fill:url(#g) none}</style><radialGradient id="g" fx="1"><stop offset="1"/></radialGradient><circle class="a" r="5"/></svg>`,
		`<svg><clipPath id="c"><rect width="3" height="3"/></clipPath><g clip-path="url(#c)" transform="rotate(3) skewX(9)"><text x="1 2" dy="1em">ab<tspan>c</tspan></text></g></svg>`,
		`<svg><symbol id="s" viewBox="0 0 1 1"><use href="#t"/></symbol><use href="#s" width="5" height="5"/><polygon id="t" points="1,2 3,4 5,0"/></svg>`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, source string) {
		img, _, err := Render(source)
		if err == nil && img.Bounds().Dx()*img.Bounds().Dy() > mostPixels*11/10 {
			t.Error(img.Bounds())
		}
		if err != nil && img != nil {
			t.Error("a picture and an error")
		}
	})
}

package figure_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/figure"
)

func ExampleRow() {
	m := mat.NewDense(2, 2, []float64{1, -0.25, 0.5, 1})
	f := figure.Row(
		figure.Heatmap{Title: "between", Values: m},
		figure.Curves{Title: "best", Lines: []figure.Line{{Name: "semi-matching", Y: []float64{1, 0.5}}}},
	)
	fmt.Println(f)
	// Output: figure: 2 panels: "between" 2x2 [-0.25, 1.00], "best" 1 curve: "semi-matching" 2 points [0.50, 1.00]
}

// draw returns the pixels of a figure.
func draw(t *testing.T, f *figure.Figure) image.Image {
	t.Helper()
	b, err := f.PNG()
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, b)
}

// dataArea finds the frame of the first heat map: the box of grey lines (0x55) of
// two pixels that is farthest up and left. It returns the inside.
func dataArea(t *testing.T, img image.Image) image.Rectangle {
	t.Helper()
	is := func(x, y int) bool { return color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y == 0x55 }
	b := img.Bounds()
	for y := range b.Dy() {
		for x := range b.Dx() {
			run := 0
			for x+run < b.Dx() && is(x+run, y) {
				run++
			}
			if run > 100 {
				low := y
				for low < b.Dy() && is(x, low) {
					low++
				}
				return image.Rect(x+2, y+2, x+run-2, low-2)
			}
		}
	}
	t.Fatal("no frame found")
	return image.Rectangle{}
}

// cell returns the colour in the middle of cell (i, j) of n by n.
func cell(img image.Image, area image.Rectangle, n, i, j int) color.NRGBA {
	x := area.Min.X + (2*j+1)*area.Dx()/(2*n)
	y := area.Min.Y + (2*i+1)*area.Dy()/(2*n)
	return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)
}

func TestHeatmapHasRowZeroAtTheTopAndItsOwnBlackAndWhite(t *testing.T) {
	const n = 8
	m := mat.NewDense(n, n, nil)
	for i := range n {
		for j := range n {
			m.Set(i, j, 5)
		}
		m.Set(i, i, 15)
	}
	m.Set(0, n-1, -5)
	img := draw(t, figure.Row(figure.Heatmap{Values: m}))
	area := dataArea(t, img)
	for _, c := range []struct {
		i, j int
		want uint8
	}{{0, 0, 255}, {3, 3, 255}, {7, 7, 255}, {0, 7, 0}, {7, 0, 128}, {2, 5, 128}} {
		if got := cell(img, area, n, c.i, c.j); got != (color.NRGBA{c.want, c.want, c.want, 255}) {
			t.Errorf("cell (%d, %d) is %v, want grey %d", c.i, c.j, got, c.want)
		}
	}
	// The white of the diagonal ends sharply at its neighbours.
	edge := area.Min.X + area.Dx()*4/n
	y := area.Min.Y + area.Dy()*7/(2*n)
	for dx := -3; dx <= 3; dx++ {
		if g := color.GrayModel.Convert(img.At(edge+dx, y)).(color.Gray).Y; g != 255 && g != 128 {
			t.Errorf("a mixed grey %d at the border of cells", g)
		}
	}
}

func TestHeatmapClipsToMinAndMax(t *testing.T) {
	m := mat.NewDense(2, 2, []float64{-9, 9, 0, 0.5})
	img := draw(t, figure.Row(figure.Heatmap{Values: m, Min: -1, Max: 1}))
	area := dataArea(t, img)
	for i, want := range []uint8{0, 255, 128, 191} {
		if got := cell(img, area, 2, i/2, i%2).R; got != want {
			t.Errorf("value %g is grey %d, want %d", m.At(i/2, i%2), got, want)
		}
	}
}

func TestValuesThatAreNoNumbersAreRedAndCounted(t *testing.T) {
	m := mat.NewDense(3, 3, []float64{0, 1, 2, 3, math.NaN(), 5, 6, 7, math.Inf(1)})
	f := figure.Row(figure.Heatmap{Title: "m", Values: m})
	img := draw(t, f)
	area := dataArea(t, img)
	for _, at := range []int{1, 2} {
		if c := cell(img, area, 3, at, at); c.R < 180 || c.G > 80 {
			t.Errorf("cell (%d, %d) is %v, want red", at, at, c)
		}
	}
	if want := `figure: "m" 3x3 [0.00, 7.00] (2 not finite, red)`; f.String() != want {
		t.Errorf("got  %s\nwant %s", f, want)
	}
	all := figure.Row(figure.Heatmap{Values: mat.NewDense(1, 1, []float64{math.NaN()})})
	draw(t, all)
	if want := `figure: 1x1 (1 not finite, red)`; all.String() != want {
		t.Errorf("got  %s\nwant %s", all, want)
	}
}

func TestFiguresKeepTheirOwnCopy(t *testing.T) {
	m := mat.NewDense(4, 4, []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16})
	y := []float64{1, 2, 3}
	img := image.NewGray(image.Rect(0, 0, 3, 3))
	x := []float64{1, 2}
	f := figure.Grid(2,
		figure.Heatmap{Values: m}, figure.Curves{Lines: []figure.Line{{Y: y, Low: y, High: y}}},
		figure.Pictures{Images: []image.Image{img}}, figure.Scatter{X: x, Y: x})
	before, err := f.PNG()
	if err != nil {
		t.Fatal(err)
	}
	m.Zero()
	y[0], x[0] = 100, 100
	img.Pix[0] = 255
	after, err := f.PNG()
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, after) {
		t.Error("the figure changed with the values it was made of")
	}
}

func TestDrawingIsDeterministicAndConcurrent(t *testing.T) {
	f := figure4()
	want := f.MIMEBundle()
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			got := f.MIMEBundle()
			if !bytes.Equal(got["image/png"].([]byte), want["image/png"].([]byte)) || got["image/svg+xml"] != want["image/svg+xml"] {
				t.Error("two drawings of one figure differ")
			}
		})
	}
	group.Wait()
}

func TestSVGIsWellFormedWithSharpPixelsAndFittedText(t *testing.T) {
	for _, g := range golden {
		s, err := g.draw().SVG()
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(strings.NewReader(s))
		images, texts := 0, 0
		for {
			tok, err := d.Token()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", g.name, err)
			}
			e, ok := tok.(xml.StartElement)
			if !ok {
				continue
			}
			attr := map[string]string{}
			for _, a := range e.Attr {
				attr[a.Name.Local] = a.Value
			}
			switch e.Name.Local {
			case "image":
				images++
				if !strings.Contains(attr["style"], "pixelated") || !strings.HasPrefix(attr["href"], "data:image/png;base64,") {
					t.Errorf("%s: image with style %q and %.30s", g.name, attr["style"], attr["href"])
				}
			case "text":
				texts++
				if attr["textLength"] == "" || !strings.Contains(attr["style"], "sans-serif") {
					t.Errorf("%s: text with attributes %v", g.name, attr)
				}
			}
		}
		if texts == 0 {
			t.Errorf("%s: no text", g.name)
		}
		if want := map[string]int{"figure-1": 8, "pictures": 32, "figure-3": 0, "dendrogram": 2}; want[g.name] != images && g.name != "mixed" && g.name != "single" {
			t.Errorf("%s: %d images, want %d", g.name, images, want[g.name])
		}
	}
}

func TestTitlesAreEscapedInSVG(t *testing.T) {
	s, err := figure.Row(figure.Histogram{Title: "a < b & \"c\"", Values: []float64{1, 2}}).SVG()
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(s, "a &lt; b &amp; &#34;c&#34;") {
		t.Error("the title is not escaped")
	}
}

func TestPNGHasTwoPixelsForEachOfTheStatedSize(t *testing.T) {
	for _, g := range golden {
		f := g.draw()
		size, got := f.Size(), draw(t, f).Bounds().Size()
		if got.X != 2*size[0] || got.Y != 2*size[1] || size[0] > 960 {
			t.Errorf("%s: %v pixels for %v", g.name, got, size)
		}
		meta := f.MIMEMetadata()["image/png"].(map[string]any)
		if meta["width"] != size[0] || meta["height"] != size[1] {
			t.Errorf("%s: metadata %v for %v", g.name, meta, size)
		}
	}
}

// hasColor reports whether a colour occurs.
func hasColor(img image.Image, want color.Color) bool {
	R, G, B, _ := want.RGBA()
	for y := range img.Bounds().Dy() {
		for x := range img.Bounds().Dx() {
			if r, g, b, _ := img.At(x, y).RGBA(); r == R && g == G && b == B {
				return true
			}
		}
	}
	return false
}

func TestFigure3HasThePapersColours(t *testing.T) {
	img := draw(t, figure3(96))
	for _, c := range []color.Color{figure.LightGreen(), figure.DarkGreen()} {
		if !hasColor(img, c) {
			t.Errorf("colour %v is not in the picture", c)
		}
	}
	if r, g, b, _ := figure.LightGreen().RGBA(); math.Abs(float64(r)/65535-.25) > .003 || g != 65535 || math.Abs(float64(b)/65535-.68) > .003 {
		t.Errorf("light green is %v, want RGB (.25, 1, .68)", figure.LightGreen())
	}
}

func TestSavePicksTheFormatByName(t *testing.T) {
	dir := t.TempDir()
	f := figure.Row(figure.Scatter{X: []float64{1}, Y: []float64{2}})
	for name, start := range map[string]string{"a.png": "\x89PNG", "b.SVG": "<?xml"} {
		path := filepath.Join(dir, name)
		if err := f.Save(path); err != nil {
			t.Fatal(err)
		}
		if b, err := os.ReadFile(path); err != nil || !strings.HasPrefix(string(b), start) {
			t.Errorf("%s starts with %.5q (%v)", name, b, err)
		}
	}
	if err := f.Save(filepath.Join(dir, "c.gif")); err == nil || !strings.Contains(err.Error(), "known: .png, .svg") {
		t.Errorf("err = %v", err)
	}
	if err := f.Save(filepath.Join(dir, "none", "d.png")); err == nil || !strings.Contains(err.Error(), "d.png") {
		t.Errorf("err = %v", err)
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 2 {
		t.Errorf("%d files, want 2", len(entries))
	}
}

func TestOddDataIsDrawn(t *testing.T) {
	nan := math.NaN()
	for name, p := range map[string]figure.Panel{
		"equal values":       figure.Heatmap{Values: mat.NewDense(3, 3, nil)},
		"one value":          figure.Heatmap{Values: mat.NewDense(1, 1, []float64{3})},
		"long and thin":      figure.Heatmap{Values: mat.NewDense(200, 3, nil)},
		"more than pixels":   figure.Heatmap{Values: mat.NewDense(1500, 1100, nil)},
		"no lines":           figure.Curves{Title: "empty"},
		"empty line":         figure.Curves{Lines: []figure.Line{{Name: "a"}}},
		"one point":          figure.Curves{Lines: []figure.Line{{Name: "a", Y: []float64{2}}}},
		"one name":           figure.Curves{Names: []string{"conv1"}, Lines: []figure.Line{{Name: "a", Y: []float64{2}}}},
		"only NaN":           figure.Curves{Lines: []figure.Line{{Name: "a", Y: []float64{nan, nan}}}},
		"shorter than X":     figure.Curves{X: []float64{1, 2, 3}, Lines: []figure.Line{{Y: []float64{1}}}},
		"negative":           figure.Curves{Lines: []figure.Line{{Y: []float64{-1e-9, -2e-9}}}},
		"huge":               figure.Curves{Lines: []figure.Line{{Y: []float64{1e300, -1e300, math.Inf(1)}}}},
		"spread with NaN":    figure.Curves{Lines: []figure.Line{{Y: []float64{1, 2}, Low: []float64{nan, 1}, High: []float64{2, nan}}}},
		"no points":          figure.Scatter{},
		"equal points":       figure.Scatter{X: []float64{1, 1, nan}, Y: []float64{0, 0, 0}, Diagonal: true},
		"no values":          figure.Histogram{},
		"one value of all":   figure.Histogram{Values: []float64{2, 2, nan}, Bins: 3},
		"large picture":      figure.Pictures{Images: []image.Image{image.NewGray(image.Rect(5, 5, 1200, 300))}},
		"pictures of sizes":  figure.Pictures{Images: []image.Image{image.NewGray(image.Rect(0, 0, 3, 9)), image.NewGray(image.Rect(0, 0, 8, 2))}, Columns: 1, Captions: []string{"", "b"}},
		"very long title":    figure.Heatmap{Title: strings.Repeat("long ", 40), XLabel: strings.Repeat("label ", 40), Values: mat.NewDense(3, 3, nil)},
		"letters of no font": figure.Heatmap{Title: "日本 \U0001F600", Values: mat.NewDense(3, 3, nil)},
	} {
		t.Run(name, func(t *testing.T) {
			b := figure.Row(p).MIMEBundle()
			if b["image/png"] == nil || b["image/svg+xml"] == nil {
				t.Errorf("not drawn: %v", b["text/plain"])
			}
		})
	}
}

func TestWideFiguresFitANotebook(t *testing.T) {
	small := figure.Heatmap{Values: mat.NewDense(3, 3, nil)}
	for _, c := range []struct {
		name string
		f    *figure.Figure
		wide float64 // in points
	}{
		{"one", figure.Row(small), 0},
		{"four", figure.Row(small, small, small, small), 630},
	} {
		doc, err := c.f.SVG()
		if err != nil {
			t.Fatal(err)
		}
		var full, shown struct{ w, h, vw, vh float64 }
		scan := func(doc string, s *struct{ w, h, vw, vh float64 }) {
			numbers := strings.NewReplacer(`pt"`, "", `"`, "").Replace(doc[strings.Index(doc, "<svg"):])
			if _, err := fmt.Sscanf(numbers, "<svg width=%g height=%g viewBox=0 0 %g %g", &s.w, &s.h, &s.vw, &s.vh); err != nil {
				t.Fatalf("%s: %v in %.200s", c.name, err, doc)
			}
		}
		scan(doc, &full)
		scan(c.f.MIMEBundle()["image/svg+xml"].(string), &shown)
		if c.wide == 0 {
			c.wide = full.w
		}
		if shown.w != c.wide || math.Abs(shown.h/shown.w-full.h/full.w) > 1e-3 || shown.vw != full.vw || shown.vh != full.vh {
			t.Errorf("%s: shown as %v, drawn as %v, want a width of %g", c.name, shown, full, c.wide)
		}
	}
}

func TestMisusePanicsWithTheNumbers(t *testing.T) {
	three := []float64{1, 2, 3}
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"figure: no panels", func() { figure.Row() }},
		{"0 columns", func() { figure.Grid(0, figure.Scatter{}) }},
		{"panel 1 of 2 is nil", func() { figure.Row(figure.Scatter{}, nil) }},
		{`Heatmap "h" has no Values`, func() { figure.Row(figure.Heatmap{Title: "h"}) }},
		{`has 0x0 values`, func() { figure.Row(figure.Heatmap{Values: &mat.Dense{}}) }},
		{`Min 2 and Max 1`, func() { figure.Row(figure.Heatmap{Values: mat.NewDense(1, 1, nil), Min: 2, Max: 1}) }},
		{`both X and Names`, func() { figure.Row(figure.Curves{X: three, Names: []string{"a"}}) }},
		{`3 values in a line for 1 places`, func() { figure.Row(figure.Curves{Names: []string{"a"}, Lines: []figure.Line{{Y: three}}}) }},
		{`"l" has 3 values, 1 Low and 0 High`, func() { figure.Row(figure.Curves{Lines: []figure.Line{{Name: "l", Y: three, Low: three[:1]}}}) }},
		{`X[1] is NaN`, func() { figure.Row(figure.Curves{X: []float64{0, math.NaN()}}) }},
		{`has no Images`, func() { figure.Row(figure.Pictures{}) }},
		{`2 captions for 1 pictures`, func() {
			figure.Row(figure.Pictures{Images: []image.Image{image.NewGray(image.Rect(0, 0, 1, 1))}, Captions: []string{"", ""}})
		}},
		{`picture 0 is empty`, func() { figure.Row(figure.Pictures{Images: []image.Image{nil}}) }},
		{`3 X and 0 Y`, func() { figure.Row(figure.Scatter{X: three}) }},
		{`-1 Bins`, func() { figure.Row(figure.Histogram{Bins: -1}) }},
	} {
		t.Run(c.want, func(t *testing.T) {
			defer func() {
				if r := recover(); !strings.Contains(fmt.Sprint(r), c.want) || !strings.HasPrefix(fmt.Sprint(r), "figure: ") {
					t.Errorf("panic = %v, want one that says %q", r, c.want)
				}
			}()
			c.do()
		})
	}
}

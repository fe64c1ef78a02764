package display_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"

	"gonverge/kernel/display"
)

func ExampleOf() {
	b := display.Of(mat.NewDense(2, 2, []float64{1, 0.25, -0.5, 1}), "")
	fmt.Println(b.Plain())
	// Output:
	// mat.Dense 2×2
	//       1  0.2500
	// -0.5000       1
}

func ExampleBar_Text() {
	bar := display.Bar{ID: 1, Label: "net 2 of 4", Done: 30, Total: 60, Note: "loss 0.52"}
	fmt.Println(bar.Text())
	// Output: net 2 of 4 ━━━━━━━━━━━━────────────  50 %  loss 0.52
}

type bundled struct{}

func (bundled) MIMEBundle() map[string]any {
	return map[string]any{"image/png": []byte{1, 2}, "text/html": "<b>x</b>", "text/plain": "own"}
}
func (bundled) MIMEMetadata() map[string]any { return map[string]any{"image/png": 3} }

type point struct {
	Name string
	N    int
	x    float64
}

type html struct{}

func (html) HTML() string   { return "<i>h</i>" }
func (html) String() string { return "h" }

type drawn struct{ err error }

func (d drawn) SVG() (string, error) { return "<svg/>", d.err }

type (
	panics     struct{}
	panicsMIME struct{}
	panicsErr  struct{}
	nilPointer struct{ n int }
)

func (panics) String() string                 { panic("no text") }
func (panicsMIME) MIMEBundle() map[string]any { panic(errors.New("no bundle")) }
func (panicsErr) Error() string               { panic(panics{}) }
func (p *nilPointer) String() string          { return fmt.Sprint(p.n) }
func (p *nilPointer) PNG() []byte             { return []byte{byte(p.n)} }
func grey(w, h int) image.Image               { return image.NewGray(image.Rect(0, 0, w, h)) }
func keys(b display.Bundle) (names []string)  { return slices.Sorted(mapKeys(b.Data)) }
func mapKeys(m map[string]any) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

func TestOfShowsAValueByItsAbilities(t *testing.T) {
	for _, c := range []struct {
		name  string
		value any
		text  string
		plain string // what the plain text must contain
		mimes string
	}{
		{"nil", nil, "", "<nil>", "text/plain"},
		{"string", "abc", "", "abc", "text/plain"},
		{"text of the caller", 3, "int 3", "int 3", "text/plain"},
		{"bundle", bundled{}, "caller's", "own", "image/png text/html text/plain"},
		{"HTML and String", html{}, "", "h", "text/html text/plain"},
		{"SVG", drawn{}, "", "{err:<nil>}", "image/svg+xml text/plain"},
		{"SVG that fails", drawn{errors.New("no ink")}, "", "image/svg+xml: no ink", "text/plain"},
		{"error", fmt.Errorf("outer: %w", errors.New("inner")), "", "outer: inner", "text/plain"},
		{"duration", 1234567 * time.Microsecond, "", "1.23s", "text/plain"},
		{"duration of milliseconds", 3456789 * time.Nanosecond, "", "3.46ms", "text/plain"},
		{"symmetric matrix", mat.NewSymDense(1, []float64{2}), "", "mat.SymDense 1×1", "text/html text/plain"},
		{"nil matrix", (*mat.Dense)(nil), "", "mat.Dense (nil)", "text/plain"},
		{"empty matrix", &mat.Dense{}, "", "mat.Dense 0×0", "text/plain"},
		{"picture", grey(3, 2), "", "*image.Gray 3×2", "image/png text/plain"},
		{"nil picture", (*image.Gray)(nil), "", "*image.Gray (nil)", "text/plain"},
		{"pictures", []image.Image{grey(3, 2), nil, grey(5, 5)}, "", "3 images of up to 5×5", "image/png text/plain"},
		{"no pictures", []image.Image{}, "", "0 images", "text/plain"},
		{"String panics", panics{}, "", "PANIC", "text/plain"},
		{"MIMEBundle panics", panicsMIME{}, "x", "panic while displaying: no bundle", "text/plain"},
		{"Error panics with a panicking value", panicsErr{}, "", "panic while displaying", "text/plain"},
		{"method on a nil pointer", (*nilPointer)(nil), "", "panic while displaying: runtime error", "text/plain"},
		{"long slice", make([]int, 5000), "", "0 ...] (1000 of 5000 elements)", "text/html text/plain"},
		{"numbers", []float64{1, 2.5}, "", "[1 2.5]", "text/html text/plain"},
		{"rows of numbers", [][]float64{{1, 2}, {3, 4}}, "", "[[1 2] [3 4]]", "text/html text/plain"},
		{"ragged rows", [][]int{{1, 2}, {3}}, "", "[[1 2] [3]]", "text/html text/plain"},
		{"structs", []point{{"a", 1, 0}}, "", "[{Name:a N:1 x:0}]", "text/html text/plain"},
		{"pointers to structs", []*point{nil, {"a", 1, 0}}, "", "", "text/html text/plain"},
		{"structs without exported fields", []struct{ x int }{{1}}, "", "[{x:1}]", "text/plain"},
		{"map", map[string]int{"b": 1, "a": 2}, "", "map[a:2 b:1]", "text/html text/plain"},
		{"map of structs", map[int]point{2: {"a", 1, 0}}, "", "map[2:{Name:a", "text/html text/plain"},
		{"values that tell", []time.Duration{time.Second}, "", "[1s]", "text/html text/plain"},
		{"bytes", []byte("ab"), "", "[97 98]", "text/plain"},
		{"texts", []string{"a", "b"}, "", "[a b]", "text/plain"},
		{"empty", []float64{}, "", "[]", "text/plain"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := display.Of(c.value, c.text)
			if !strings.Contains(b.Plain(), c.plain) {
				t.Errorf("text/plain = %q, want it to contain %q", b.Plain(), c.plain)
			}
			if got := strings.Join(keys(b), " "); got != c.mimes {
				t.Errorf("formats = %s, want %s", got, c.mimes)
			}
		})
	}
}

func TestOfCarriesMetadata(t *testing.T) {
	if got := display.Of(bundled{}, "").Metadata["image/png"]; got != 3 {
		t.Errorf("metadata of image/png = %v, want 3", got)
	}
}

func TestLongTextIsCut(t *testing.T) {
	got := display.Of(strings.Repeat("ä", 1<<20), "").Plain()
	if len(got) > 70_000 || !strings.Contains(got, "of 2097152 bytes") {
		t.Errorf("%d bytes of text, ending in %q", len(got), got[len(got)-60:])
	}
}

func TestLargeMatrixShowsItsCorners(t *testing.T) {
	m := mat.NewDense(96, 96, nil)
	m.Set(0, 0, 1)
	m.Set(95, 95, 0.123456)
	b := display.Of(m, "")
	if lines := strings.Split(b.Plain(), "\n"); len(lines) != 12 {
		t.Errorf("%d lines of text, want 12", len(lines))
	}
	page := b.Data["text/html"].(string)
	for _, want := range []string{"mat.Dense 96×96", "0.1235", "⋮", "⋱", "<th style=\"text-align:right\">95</th>"} {
		if !strings.Contains(page, want) {
			t.Errorf("HTML lacks %q", want)
		}
	}
}

func TestSmallPicturesAreEnlargedWithoutSmoothing(t *testing.T) {
	img := image.NewNRGBA(image.Rect(0, 0, 2, 1))
	img.Set(0, 0, color.White)
	img.Set(1, 0, color.Black)
	big, err := png.Decode(bytes.NewReader(display.Of(img, "").Data["image/png"].([]byte)))
	if err != nil {
		t.Fatal(err)
	}
	if big.Bounds().Dx() != 160 {
		t.Fatalf("width %d, want 160", big.Bounds().Dx())
	}
	for _, c := range []struct {
		x    int
		want uint32
	}{{0, 0xffff}, {79, 0xffff}, {80, 0}, {159, 0}} {
		if r, _, _, _ := big.At(c.x, 40).RGBA(); r != c.want {
			t.Errorf("pixel %d is %x, want %x", c.x, r, c.want)
		}
	}
}

func TestJSONEncodesBinaryFormats(t *testing.T) {
	b := display.Bundle{Data: map[string]any{
		"image/png": []byte{1, 2, 3}, "text/plain": "t", "image/svg+xml": []byte("<svg/>"),
		"application/json": map[string]any{"a": 1}, "application/vnd.x+json": []byte(`{"b":2}`),
	}}
	got, err := json.Marshal(b.JSON())
	if err != nil {
		t.Fatal(err)
	}
	want := `{"application/json":{"a":1},"application/vnd.x+json":{"b":2},"image/png":"` +
		base64.StdEncoding.EncodeToString([]byte{1, 2, 3}) + `","image/svg+xml":"\u003csvg/\u003e","text/plain":"t"}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestBarsShowTheirState(t *testing.T) {
	for _, c := range []struct {
		bar        display.Bar
		text, html string
	}{
		{display.Bar{Label: "data", Total: 10}, "data ────────────────────────   0 %", `value="0" max="10"`},
		{display.Bar{Label: "data", Done: 12, Total: 10}, "data ━━━━━━━━━━━━━━━━━━━━━━━━ 100 %", `value="10" max="10"`},
		{display.Bar{Label: "search", Done: 7}, "search 7", `<progress style`},
		{display.Bar{Label: "search", Finished: true, Note: "a<b"}, "search done  a<b", `a&lt;b`},
		{display.Bar{}, "...", `<progress`},
	} {
		if got := c.bar.Text(); got != c.text {
			t.Errorf("text %q, want %q", got, c.text)
		}
		if got := c.bar.HTML(); !strings.Contains(got, c.html) {
			t.Errorf("HTML %s lacks %s", got, c.html)
		}
	}
}

func TestSVGInABundleHasNoXMLDeclaration(t *testing.T) {
	for _, c := range []struct{ name, svg, want string }{
		{"none", "<svg/>", "<svg/>"},
		{"declaration", "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg/>\n", "<svg/>\n"},
		{"byte order mark", "\ufeff<?xml version=\"1.0\"?><svg/>", "<svg/>"},
		{"torn", "<?xml version", "<?xml version"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := display.Of(svgOf(c.svg), "").Data["image/svg+xml"]; got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Notebooks that are not trusted show no SVG: there is a PNG beside it, where it can be drawn.
func TestSVGHasPixelsBesideIt(t *testing.T) {
	red := `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><rect width="40" height="20" fill="red"/></svg>`
	b := display.Of(svgOf(red), "")
	data, _ := b.Data["image/png"].([]byte)
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	if got := img.Bounds().Size(); got != image.Pt(80, 40) {
		t.Errorf("%v pixels", got)
	}
	if r, g, _, a := img.At(20, 20).RGBA(); r != 0xffff || g != 0 || a != 0xffff {
		t.Errorf("got %v", img.At(20, 20))
	}
	if got := fmt.Sprint(b.Metadata); got != "map[image/png:map[height:20 width:40]]" {
		t.Errorf("got %s", got)
	}
	for name, v := range map[string]any{
		"what cannot be drawn": svgOf(strings.Replace(red, "<rect", `<rect filter="url(#f)"`, 1)),
		"what is empty":        svgOf("<svg/>"),
		"what is not SVG":      svgOf("<svg"),
	} {
		if b := display.Of(v, ""); b.Data["image/png"] != nil || b.Data["image/svg+xml"] == nil {
			t.Errorf("%s: got %v", name, b.Data)
		}
	}
	own := map[string]any{"image/svg+xml": red, "image/png": []byte("own")}
	if b := display.Of(bundleOf(own), ""); string(b.Data["image/png"].([]byte)) != "own" {
		t.Errorf("got %v", b.Data)
	}
}

type bundleOf map[string]any

func (b bundleOf) MIMEBundle() map[string]any { return b }

type svgOf string

func (s svgOf) SVG() string { return string(s) }

func TestTablesAreCutAndSayWhatTheyAre(t *testing.T) {
	long := make([]point, 100)
	for i := range long {
		long[i] = point{strings.Repeat("<x>", i), i, 0}
	}
	for _, c := range []struct {
		name  string
		value any
		want  []string
		not   string
	}{
		{"structs", long, []string{"[]display_test.point, 100 rows", "<th style=\"text-align:left\">Name</th>", "⋮", ">99</td>", "&lt;x&gt;", "…"}, ">50</td>"},
		{"numbers", make([]float64, 40), []string{"[]float64, 40 elements", "…", ">39</th>"}, ">20</th>"},
		{"one", []int{7}, []string{"[]int, 1 element<", ">7</td>"}, "elements"},
		{"matrix", [][]float64{{1, 0.25}, {3, 4}}, []string{"[][]float64 2×2", ">0.2500</td>"}, "rowMatrix"},
		{"map in order of its keys", map[int]string{10: "ten", 9: "nine"}, []string{"map[int]string, 2 entries", ">9</td><td style=\"text-align:left\">nine</td></tr><tr><th>1</th><td style=\"text-align:left\">10<"}, "⋮"},
	} {
		t.Run(c.name, func(t *testing.T) {
			page, _ := display.Of(c.value, "").Data["text/html"].(string)
			for _, want := range c.want {
				if !strings.Contains(page, want) {
					t.Errorf("no %q in\n%s", want, page)
				}
			}
			if strings.Contains(page, c.not) {
				t.Errorf("%q is in\n%s", c.not, page)
			}
		})
	}
}

func TestPreviewIsShort(t *testing.T) {
	for _, v := range []any{nil, 1, "a", strings.Repeat("ä", 1<<20), make([]int, 1<<20), make([]point, 1<<20), map[int]int{}, mat.NewDense(1000, 1000, nil), grey(9, 9),
		[]image.Image{}, errors.New(strings.Repeat("x\n", 1000)), panics{}, (*nilPointer)(nil), time.Second, [1 << 16]int{}, struct{}{}, func() {}, make(chan int)} {
		got := display.Preview(v)
		if lines := strings.Count(got, "\n"); lines > 12 || len([]rune(got)) > 13*121 {
			t.Errorf("%T: %d lines, %d bytes", v, lines, len(got))
		}
	}
}

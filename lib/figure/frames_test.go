package figure_test

import (
	"image/color"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/figure"
)

func TestDiagonalAndFramesAreDrawn(t *testing.T) {
	green, blue := color.NRGBA{G: 160, A: 255}, color.NRGBA{B: 255, A: 255}
	values := mat.NewDense(10, 10, nil)
	values.Set(0, 9, 1)
	draw := func(h figure.Heatmap) map[color.NRGBA]int {
		b, err := figure.Row(h).PNG()
		if err != nil {
			t.Fatal(err)
		}
		img, count := decode(t, b), map[color.NRGBA]int{}
		for y := range img.Bounds().Dy() {
			for x := range img.Bounds().Dx() {
				count[color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA)]++
			}
		}
		return count
	}
	if plain := draw(figure.Heatmap{Values: values}); plain[green] != 0 || plain[blue] != 0 {
		t.Fatal("a plain heat map has the colours of the test")
	}
	marked := draw(figure.Heatmap{Values: values, Diagonal: []color.Color{green, nil, green}, Frames: []figure.Frame{{Row: 5, Column: 5, Rows: 5, Columns: 5, Color: blue}}})
	// Two cells of 80×80 pixels (two a CSS pixel), and a square of half the side in lines of 4 pixels.
	if marked[green] < 2*70*70 || marked[green] > 2*80*80 {
		t.Errorf("%d green pixels, want two cells", marked[green])
	}
	if marked[blue] < 4*390*2 || marked[blue] > 4*410*5 {
		t.Errorf("%d blue pixels, want the lines of a frame", marked[blue])
	}
	defer func() {
		if r := recover(); r == nil || !strings.Contains(r.(string), "rows 8..12") {
			t.Errorf("a frame outside: %v", r)
		}
	}()
	figure.Row(figure.Heatmap{Values: values, Frames: []figure.Frame{{Row: 8, Rows: 5}}})
}

func TestSchemeSaysWhatItDraws(t *testing.T) {
	f := figure.Row(figure.Scheme{Title: "maps", Layers: []figure.SchemeLayer{
		{Name: "conv1", Units: [2]int{32, 32}, Mapped: true}, {Name: "fc6", Units: [2]int{128, 64}},
	}})
	if got, want := f.String(), `figure: "maps" scheme of 2 layers, 1 mapped`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	svg, err := f.SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"32×32", "conv1", "fc6", "128", "64", "Net1", "Net2", "pictures"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the drawing lacks %s", want)
		}
	}
}

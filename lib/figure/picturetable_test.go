package figure_test

import (
	"fmt"
	"image"
	"image/color"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonverge/lib/figure"
)

// tile is a picture with a gradient whose hue says which one it is.
func tile(w, h, k int) image.Image {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(40 * k), uint8(255 * x / w), uint8(255 * y / h), 255})
		}
	}
	return m
}

// A table like Figure 2, with a gap between groups, an empty place and a short row.
func table() *figure.Figure {
	t := figure.PictureTable{Title: "conv1", RowLabels: []string{"Net1", "Net2"}, Groups: []int{3, 2}, Heads: []string{"best 3", "worst 2"},
		Captions: [][]string{{"1.00", "0.98", "0.97", "0.33", "−0.18"}}}
	for r := range 2 {
		var row []image.Image
		for c := range 5 - r {
			row = append(row, tile(7, 7+7*(c%2), r+c))
		}
		t.Rows = append(t.Rows, row)
	}
	t.Rows[1][1] = nil
	return figure.Grid(1, t, figure.PictureTable{Rows: t.Rows[:1], Gap: 12})
}

func TestPictureTableLooksAsBefore(t *testing.T) {
	b, err := table().PNG()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "picture-table.png")
	if *update {
		if err := os.WriteFile(file, b, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	comparePictures(t, "picture-table", decode(t, b), decode(t, want))
}

func TestPictureTableSaysWhatItShows(t *testing.T) {
	if got := table().String(); !strings.Contains(got, `"conv1" 8 pictures of up to 7x14 in 2 rows of 5`) {
		t.Errorf("%s", got)
	}
	svg, err := table().SVG()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{">best 3</text>", ">Net2</text>", ">0.33</text>"} {
		if !strings.Contains(svg, want) {
			t.Errorf("the SVG lacks %s", want)
		}
	}
	if n := strings.Count(svg, "<image"); n != 13 {
		t.Errorf("%d pictures in the SVG, want 13", n)
	}
}

func TestPictureTableMisuse(t *testing.T) {
	one := [][]image.Image{{tile(2, 2, 1)}}
	for want, s := range map[string]figure.PictureTable{
		"has no pictures":    {Rows: [][]image.Image{{nil}}},
		"groups of [2]":      {Rows: one, Groups: []int{2}},
		"groups of [0 1]":    {Rows: one, Groups: []int{0, 1}},
		"2 heads":            {Rows: one, Heads: []string{"a", "b"}},
		"2 labels":           {Rows: one, RowLabels: []string{"a", "b"}},
		"2 captions":         {Rows: one, Captions: [][]string{{"a", "b"}}},
		"2 rows of captions": {Rows: one, Captions: [][]string{{"a"}, {"b"}}},
		"has a Gap of -1":    {Rows: one, Gap: -1},
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, want) || !strings.HasPrefix(r, "figure: PictureTable") {
					t.Errorf("%q, want %q", r, want)
				}
			}()
			figure.Row(s)
		}()
	}
}

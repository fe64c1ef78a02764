package figure

import (
	"fmt"
	"image"
	"image/color"

	xdraw "golang.org/x/image/draw"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Frame is a coloured rectangle around cells of a [Heatmap]: rows Row to
// Row+Rows−1, columns Column to Column+Columns−1.
type Frame struct {
	Row, Column   int
	Rows, Columns int         // 0: one
	Color         color.Color // nil: red
}

// checkFrames panics if a frame leaves the matrix.
func checkFrames(h Heatmap, rows, cols int) []Frame {
	frames := append([]Frame(nil), h.Frames...)
	for i := range frames {
		f := &frames[i]
		f.Rows, f.Columns = max(f.Rows, 1), max(f.Columns, 1)
		if f.Row < 0 || f.Column < 0 || f.Row+f.Rows > rows || f.Column+f.Columns > cols {
			panic(fmt.Sprintf("figure: Heatmap %q: frame %d covers rows %d..%d, columns %d..%d of %dx%d values",
				h.Title, i, f.Row, f.Row+f.Rows-1, f.Column, f.Column+f.Columns-1, rows, cols))
		}
		if f.Color == nil {
			f.Color = badRed
		}
	}
	return frames
}

// drawFrames draws the frames over the cells in data.
func (h *heatmap) drawFrames(c draw.Canvas, data vg.Rectangle) {
	size := data.Size()
	for _, f := range h.frames {
		x0 := data.Min.X + size.X*vg.Length(f.Column)/vg.Length(h.cols)
		x1 := data.Min.X + size.X*vg.Length(f.Column+f.Columns)/vg.Length(h.cols)
		y1 := data.Max.Y - size.Y*vg.Length(f.Row)/vg.Length(h.rows)
		y0 := data.Max.Y - size.Y*vg.Length(f.Row+f.Rows)/vg.Length(h.rows)
		c.StrokeLines(draw.LineStyle{Color: f.Color, Width: 2 * px}, []vg.Point{
			{X: x0, Y: y0}, {X: x1, Y: y0}, {X: x1, Y: y1}, {X: x0, Y: y1}, {X: x0, Y: y0},
		})
	}
}

// colorDiagonal paints the cells (i, i) in the given colours. A picture whose
// cells are means of several values stays as it is.
func colorDiagonal(img image.Image, colors []color.Color, rows, cols int) image.Image {
	if len(colors) == 0 || img.Bounds().Dx() != cols || img.Bounds().Dy() != rows {
		return img
	}
	out := image.NewNRGBA(img.Bounds())
	xdraw.Draw(out, out.Bounds(), img, img.Bounds().Min, xdraw.Src)
	for i := range min(rows, cols, len(colors)) {
		if colors[i] != nil {
			out.Set(i, i, colors[i])
		}
	}
	return out
}

package figure

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"strconv"

	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Heatmap is a matrix as a grey picture: one square a value, row 0 at the top,
// column 0 at the left, black the smallest and white the largest value, with a
// bar below that says which numbers they are. Matrices of more than 1024 rows or
// columns are reduced by averaging neighbours.
type Heatmap struct {
	Title  string
	Values mat.Matrix
	// Min is drawn black and Max white, what lies outside like the nearer one;
	// both 0: the panel's own minimum and maximum, as in the paper.
	Min, Max       float64
	XLabel, YLabel string
	// Diagonal colours the cells (i, i), such as by the net of unit i; nil entries
	// and those that are missing stay grey.
	Diagonal []color.Color
	// Frames are drawn around blocks of cells.
	Frames []Frame
}

// heatmap is a Heatmap that owns its values.
type heatmap struct {
	axes
	rows, cols int
	img        image.Image
	span       span // values of black and white
	own        span // values that occur
	bad        int  // values that are no numbers
	frames     []Frame
}

// mostCells is the number of rows or columns above which neighbours are averaged:
// more than a figure has pixels for.
const mostCells = 1024

func (h Heatmap) prepare() panel {
	if h.Values == nil {
		panic(fmt.Sprintf("figure: Heatmap %q has no Values", h.Title))
	}
	rows, cols := h.Values.Dims()
	if rows == 0 || cols == 0 {
		panic(fmt.Sprintf("figure: Heatmap %q has %dx%d values", h.Title, rows, cols))
	}
	if (h.Min != 0 || h.Max != 0) && !(h.Min < h.Max) {
		panic(fmt.Sprintf("figure: Heatmap %q has Min %g and Max %g (want Min < Max)", h.Title, h.Min, h.Max))
	}
	p := &heatmap{rows: rows, cols: cols, own: nothing()}
	for i := range rows {
		for j := range cols {
			v := h.Values.At(i, j)
			p.own.grow(v)
			if !finite(v) {
				p.bad++
			}
		}
	}
	p.span = p.own
	if h.Min != 0 || h.Max != 0 {
		p.span = span{h.Min, h.Max}
	}
	p.img = colorDiagonal(p.paint(h.Values), h.Diagonal, rows, cols)
	p.frames = checkFrames(h, rows, cols)
	p.axes = axes{title: h.Title, xLabel: h.XLabel, yLabel: h.YLabel, xTicks: cellTicks(cols), yTicks: cellTicks(rows)}
	for i := range p.yTicks {
		p.yTicks[i].Value = 1 - p.yTicks[i].Value // row 0 is at the top
	}
	return p
}

// paint turns values into grey levels, and into red where they are no numbers.
func (h *heatmap) paint(m mat.Matrix) image.Image {
	by, bx := (h.rows+mostCells-1)/mostCells, (h.cols+mostCells-1)/mostCells
	box := image.Rect(0, 0, (h.cols+bx-1)/bx, (h.rows+by-1)/by)
	grey, colored := image.NewGray(box), (*image.NRGBA)(nil)
	if h.bad > 0 {
		colored = image.NewNRGBA(box)
	}
	for y := range box.Max.Y {
		for x := range box.Max.X {
			var sum float64
			n := 0
			for i := y * by; i < min((y+1)*by, h.rows); i++ {
				for j := x * bx; j < min((x+1)*bx, h.cols); j++ {
					sum += m.At(i, j)
					n++
				}
			}
			v := sum / float64(n)
			level := color.Gray{Y: h.level(v)}
			switch {
			case colored == nil:
				grey.SetGray(x, y, level)
			case finite(v):
				colored.Set(x, y, level)
			default:
				colored.Set(x, y, badRed)
			}
		}
	}
	if colored != nil {
		return colored
	}
	return grey
}

// level returns the grey of a value; a matrix of equal values is middle grey.
func (h *heatmap) level(v float64) uint8 {
	if h.span.max <= h.span.min {
		return 128
	}
	return uint8(math.Round(255 * math.Max(0, math.Min(1, h.span.at(v)))))
}

// cellTicks marks the middle of every 20th cell, as the paper does for 96 units;
// for other sizes a round step that gives at most six marks.
func cellTicks(n int) []plot.Tick {
	d := 1
	switch {
	case n > 40 && n <= 160:
		d = 20
	case n > 5:
		d = max(1, int(step(float64(n), 5)))
	}
	var out []plot.Tick
	for i := 0; i < n; i += d {
		out = append(out, plot.Tick{Value: (float64(i) + 0.5) / float64(n), Label: strconv.Itoa(i)})
	}
	return out
}

const (
	barHeight = 6 * px
	barGap    = 9 * px // between what is above the bar and its line of text
)

func (h *heatmap) measure(width vg.Length) shape {
	s := shape{aspect: float64(h.rows) / float64(h.cols), weight: 1}
	s.left, s.right, s.top, s.bottom = h.axes.measure(width)
	s.bottom += barGap + tickSize
	s.max = 400 * px
	if s.aspect > 1.4 { // tall matrices would leave the page
		s.max = 560 * px / vg.Length(s.aspect)
	}
	return s
}

func (h *heatmap) draw(c draw.Canvas, data vg.Rectangle) {
	c.DrawImage(data, h.img)
	frame(c, data)
	h.drawFrames(c, data)
	bottom := h.axes.draw(c, data)

	// The bar, with its numbers left and right of it.
	text := style(tickSize, draw.XLeft, draw.YCenter)
	y := bottom - barGap - tickSize/2
	low, high := number(h.span.min), number(h.span.max)
	if h.span.min > h.span.max {
		low, high = "no numbers", ""
	}
	c.FillText(text, vg.Point{X: data.Min.X, Y: y + middle}, low)
	text.XAlign = draw.XRight
	c.FillText(text, vg.Point{X: data.Max.X, Y: y + middle}, high)
	bar := vg.Rectangle{
		Min: vg.Point{X: whole(data.Min.X + text.Width(low) + 6*px), Y: whole(y - barHeight/2)},
		Max: vg.Point{X: whole(data.Max.X - text.Width(high) - 6*px), Y: whole(y - barHeight/2 + barHeight)},
	}
	if bar.Size().X < 20*px {
		return
	}
	ramp := image.NewGray(image.Rect(0, 0, 256, 1))
	for i := range ramp.Pix {
		ramp.Pix[i] = uint8(i)
		if h.span.max <= h.span.min {
			ramp.Pix[i] = 128
		}
	}
	c.DrawImage(bar, smooth(ramp, bar))
	frame(c, bar)
}

// smooth resamples a one-line ramp so that it has a pixel for each one it covers.
func smooth(ramp *image.Gray, bar vg.Rectangle) *image.Gray {
	n := max(2, int(bar.Size().X/px*pixelRatio+0.5))
	out := image.NewGray(image.Rect(0, 0, n, 1))
	for i := range n {
		out.Pix[i] = ramp.Pix[i*255/(n-1)]
	}
	return out
}

func (h *heatmap) describe() string {
	what := fmt.Sprintf("%dx%d", h.rows, h.cols)
	if h.own.min <= h.own.max {
		what += fmt.Sprintf(" [%s, %s]", ascii(h.own.min), ascii(h.own.max))
	}
	if h.span != h.own {
		what += fmt.Sprintf(" (black %s, white %s)", ascii(h.span.min), ascii(h.span.max))
	}
	if h.bad > 0 {
		what += fmt.Sprintf(" (%d not finite, red)", h.bad)
	}
	return titled(h.title, what)
}

// ascii writes a number shortly, with about three digits.
func ascii(v float64) string {
	switch a := math.Abs(v); {
	case a != 0 && a < 0.1 || a >= 1e5:
		return strconv.FormatFloat(v, 'g', 3, 64)
	case a < 10:
		return strconv.FormatFloat(v, 'f', 2, 64)
	case a < 100:
		return strconv.FormatFloat(v, 'f', 1, 64)
	}
	return strconv.FormatFloat(v, 'f', 0, 64)
}

// number is ascii for a drawing, with the proper minus sign.
func number(v float64) string { return minus(ascii(v)) }

package figure

import (
	"fmt"
	"image/color"
	"math"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Histogram shows how many values fall into each of a number of equal bins.
type Histogram struct {
	Title, XLabel, YLabel string
	Values                []float64
	Bins                  int // 0: the square root of the number of values, 5 to 50
	// Min and Max bound the bins; both 0: the range of the values. Values outside are left out and counted in the text.
	Min, Max float64
	Color    color.Color // nil: blue
}

// histogram is a Histogram as its counts.
type histogram struct {
	axes
	counts     []int
	xs, ys     span
	color      color.Color
	total, bad int
	outside    int
}

func (h Histogram) prepare() panel {
	if h.Bins < 0 || (h.Min != 0 || h.Max != 0) && !(h.Min < h.Max) {
		panic(fmt.Sprintf("figure: Histogram %q has %d Bins from %g to %g", h.Title, h.Bins, h.Min, h.Max))
	}
	p := &histogram{color: h.Color, total: len(h.Values), xs: nothing()}
	if p.color == nil {
		p.color = lineColors[0]
	}
	for _, v := range h.Values {
		p.xs.grow(v)
	}
	p.xs = p.xs.settled()
	if h.Min != 0 || h.Max != 0 {
		p.xs = span{h.Min, h.Max}
	}
	bins := h.Bins
	if bins == 0 {
		bins = min(50, max(5, int(math.Sqrt(float64(len(h.Values))))))
	}
	p.counts = make([]int, bins)
	most := 1
	for _, v := range h.Values {
		if !finite(v) {
			p.bad++
			continue
		}
		if v < p.xs.min || v > p.xs.max {
			p.outside++
			continue
		}
		b := min(int(p.xs.at(v)*float64(bins)), bins-1) // the last bin holds its upper end
		p.counts[b]++
		most = max(most, p.counts[b])
	}
	p.ys = span{0, 1.05 * float64(most)}
	p.axes = axes{title: h.Title, xLabel: h.XLabel, yLabel: h.YLabel, xTicks: p.xs.ticks(6), yTicks: p.ys.ticks(min(6, most))}
	return p
}

func (p *histogram) measure(width vg.Length) shape {
	s := shape{aspect: 0.62, weight: 1.2, max: 560 * px}
	s.left, s.right, s.top, s.bottom = p.axes.measure(width)
	return s
}

func (p *histogram) draw(c draw.Canvas, data vg.Rectangle) {
	p.axes.grid(c, data)
	size := data.Size()
	bin := size.X / vg.Length(len(p.counts))
	for i, n := range p.counts {
		if n == 0 {
			continue
		}
		bar := vg.Rectangle{
			Min: vg.Point{X: data.Min.X + bin*vg.Length(i), Y: data.Min.Y},
			Max: vg.Point{X: data.Min.X + bin*vg.Length(i+1) - min(px, bin/4), Y: data.Min.Y + vg.Length(p.ys.at(float64(n)))*size.Y},
		}
		fillBox(c, bar, p.color)
	}
	p.axes.lines(c, data)
	p.axes.draw(c, data)
}

func (p *histogram) describe() string {
	what := fmt.Sprintf("%s in %s [%s, %s]", count(p.total, "value"), count(len(p.counts), "bin"), ascii(p.xs.min), ascii(p.xs.max))
	if p.bad > 0 {
		what += fmt.Sprintf(" (%d not finite, left out)", p.bad)
	}
	if p.outside > 0 {
		what += fmt.Sprintf(" (%d outside)", p.outside)
	}
	return titled(p.title, what)
}

package figure

import (
	"fmt"
	"image/color"
	"slices"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// Dendrogram shows a tree of clusters lying on its side: leaves below each other at the left,
// each merge as a line at its height, which runs to the right.
type Dendrogram struct {
	Title, XLabel string // of the heights, such as "1 − mean correlation"
	// Merges has a row for each of n−1 merges in scipy's layout, as align.Tree has: two clusters,
	// their height, the number of leaves in both. Clusters 0..n-1 are the leaves, n+t is row t's.
	Merges [][4]float64
	// Names name the leaves; nil: their numbers.
	Names []string
	Color color.Color // nil: dark green
}

// dendrogram is a Dendrogram as places of its clusters.
type dendrogram struct {
	axes
	leaves int
	merges [][4]float64
	y      []float64 // of each cluster, in [0, 1] from the lower end
	height []float64 // of each cluster; 0 for leaves
	order  []string  // names from the top
	xs     span
	color  color.Color
}

func (d Dendrogram) prepare() panel {
	n := len(d.Merges) + 1
	if d.Names != nil && len(d.Names) != n {
		panic(fmt.Sprintf("figure: Dendrogram %q has %d Names for %d leaves", d.Title, len(d.Names), n))
	}
	p := &dendrogram{leaves: n, merges: slices.Clone(d.Merges), color: d.Color, xs: span{0, 0}}
	if p.color == nil {
		p.color = DarkGreen()
	}
	used := make([]bool, 2*n-1)
	for t, m := range p.merges {
		for _, c := range m[:2] {
			if !(c >= 0 && c < float64(n+t)) || c != float64(int(c)) || used[int(c)] {
				panic(fmt.Sprintf("figure: Dendrogram %q: merge %d joins cluster %g (want one of 0..%d that is in no other merge)", d.Title, t, c, n+t-1))
			}
			used[int(c)] = true
		}
		if !finite(m[2]) {
			panic(fmt.Sprintf("figure: Dendrogram %q: merge %d has the height %g", d.Title, t, m[2]))
		}
		p.xs.grow(m[2])
	}
	p.place(d.Names)
	p.xs = p.xs.settled()
	if p.xs.min > 0 {
		p.xs.min = 0
	}
	p.xs.max += 0.04 * (p.xs.max - p.xs.min)
	p.axes = axes{title: d.Title, xLabel: d.XLabel, xTicks: p.xs.ticks(6), yTicks: p.names()}
	return p
}

// place puts the leaves below each other and every cluster in the middle of its two.
func (p *dendrogram) place(names []string) {
	n := p.leaves
	p.y, p.height = make([]float64, n+len(p.merges)), make([]float64, n+len(p.merges))
	open := []int{len(p.y) - 1}
	row := 0
	for len(open) > 0 {
		c := open[len(open)-1]
		open = open[:len(open)-1]
		if c >= n {
			m := p.merges[c-n]
			open = append(open, int(m[1]), int(m[0]))
			continue
		}
		p.y[c] = 1 - (float64(row)+0.5)/float64(n)
		name := fmt.Sprint(c)
		if names != nil {
			name = names[c]
		}
		p.order = append(p.order, name)
		row++
	}
	for t, m := range p.merges {
		p.y[n+t] = (p.y[int(m[0])] + p.y[int(m[1])]) / 2
		p.height[n+t] = m[2]
	}
}

// names returns the labels of the leaves.
func (p *dendrogram) names() []plot.Tick {
	var out []plot.Tick
	for row, name := range p.order {
		out = append(out, plot.Tick{Value: 1 - (float64(row)+0.5)/float64(p.leaves), Label: name})
	}
	return out
}

func (p *dendrogram) measure(width vg.Length) shape {
	height := vg.Length(p.leaves) * 22 * px
	s := shape{aspect: min(2, float64(height/max(width, px))), weight: 1.2, max: 560 * px}
	s.left, s.right, s.top, s.bottom = p.axes.measure(width)
	return s
}

func (p *dendrogram) draw(c draw.Canvas, data vg.Rectangle) {
	size := data.Size()
	at := func(cluster int, height float64) vg.Point {
		return vg.Point{X: data.Min.X + vg.Length(p.xs.at(height))*size.X, Y: data.Min.Y + vg.Length(p.y[cluster])*size.Y}
	}
	line := draw.LineStyle{Color: p.color, Width: 1.6 * px}
	for t, m := range p.merges {
		a, b := int(m[0]), int(m[1])
		h := p.height[p.leaves+t]
		c.StrokeLines(line, []vg.Point{at(a, p.height[a]), at(a, h), at(b, h), at(b, p.height[b])})
	}
	c.StrokeLine2(draw.LineStyle{Color: axisGrey, Width: px}, data.Min.X, data.Min.Y, data.Max.X, data.Min.Y)
	p.axes.draw(c, data)
}

func (p *dendrogram) describe() string {
	what := fmt.Sprintf("tree of %s", count(p.leaves, "leaf"))
	if p.leaves != 1 {
		what = fmt.Sprintf("tree of %d leaves", p.leaves)
	}
	if n := len(p.merges); n > 0 {
		what += fmt.Sprintf(", merges at [%s, %s]", ascii(p.merges[0][2]), ascii(p.merges[n-1][2]))
	}
	return titled(p.title, what)
}

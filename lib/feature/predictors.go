package feature

import (
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/figure"
)

// Predictors returns the right side of the paper's Figure 6: a row for each target unit of net
// to, with the three units of net from that weigh most in its prediction, the largest absolute
// weight first and the weight above each; predictors of weight 0 are left out. weights is
// predictors × targets, as align.SparseMap has them; View.Columns is the number of predictors,
// 3 unless set. It panics if weights has another size than the layers, and on a target, net or
// layer that does not exist.
func (u *Units) Predictors(ctx context.Context, layer string, from, to int, weights mat.Matrix, targets []int, v View) (*figure.Figure, error) {
	return row(u.predictorTable(ctx, layer, from, to, weights, targets, v))
}

func (u *Units) predictorTable(ctx context.Context, layer string, from, to int, weights mat.Matrix, targets []int, v View) (*figure.PictureTable, error) {
	p, q := weights.Dims()
	if p != u.Units(layer, from) || q != u.Units(layer, to) {
		panic(fmt.Sprintf("feature: Predictors: weights of %d×%d for %d units of %s in net %d and %d in net %d", p, q, u.Units(layer, from), layer, from, u.Units(layer, to), to))
	}
	if len(targets) == 0 {
		panic("feature: Predictors: no targets")
	}
	if v.Columns == 0 {
		v.Columns = 3
	}
	n := v.columns()
	t := &figure.PictureTable{Title: layer, Gap: v.gap(), Heads: []string{"target in " + netName(to), "predictors in " + netName(from) + ", with weights"}, Groups: []int{1, n}}
	var units []who
	for _, j := range targets {
		if j < 0 || j >= q {
			panic(fmt.Sprintf("feature: Predictors: target %d of %d (valid: 0..%d)", j, q, q-1))
		}
		units = append(units, who{to, j})
		captions := []string{fmt.Sprintf("unit %d", j)}
		best := heaviest(weights, j, n)
		for k := range n {
			if k < len(best) {
				units = append(units, who{from, best[k]})
				captions = append(captions, fmt.Sprintf("%d: %s", best[k], score(weights.At(best[k], j))))
			} else {
				units = append(units, who{from, -1})
				captions = append(captions, "")
			}
		}
		t.Captions = append(t.Captions, captions)
	}
	pictures, err := u.pictures(ctx, layer, units, v)
	if err != nil {
		return nil, err
	}
	for row := range slices.Chunk(pictures, n+1) {
		t.Rows = append(t.Rows, append([]image.Image(nil), row...))
	}
	return t, nil
}

// heaviest returns the up to n predictors of largest absolute weight, the first one on ties.
func heaviest(weights mat.Matrix, target, n int) []int {
	p, _ := weights.Dims()
	var order []int
	for i := range p {
		if w := weights.At(i, target); w != 0 && w == w {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := math.Abs(weights.At(a, target)), math.Abs(weights.At(b, target))
		switch {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	return order[:min(n, len(order))]
}

// Correlations has what units of different nets have in common in a layer: a corr.Layer does.
type Correlations interface {
	Name() string
	Nets() int
	Between(a, b int) *mat.Dense
}

// Partner is a unit of another net that behaves much like one at hand.
type Partner struct {
	Net, Unit   int
	Correlation float64 // in [−1, 1]
}

// partners returns the n units of each other net that correlate most with a unit, the first one
// on ties; a constant unit, whose correlations are all 0, has none.
func partners(c Correlations, net, unit, n int) [][]Partner {
	out := make([][]Partner, c.Nets())
	for other := range out {
		if other == net {
			continue
		}
		row := mat.Row(nil, unit, c.Between(net, other))
		var all []Partner
		for i, r := range row {
			if r != 0 && r == r {
				all = append(all, Partner{other, i, r})
			}
		}
		slices.SortStableFunc(all, func(a, b Partner) int {
			switch {
			case a.Correlation > b.Correlation:
				return -1
			case a.Correlation < b.Correlation:
				return 1
			}
			return 0
		})
		out[other] = all[:min(n, len(all))]
	}
	return out
}

// text lists partners of one net: "unit 7 (0.93), 12 (0.51)".
func partnersText(list []Partner) string {
	if len(list) == 0 {
		return "none"
	}
	var parts []string
	for _, p := range list {
		parts = append(parts, fmt.Sprintf("%d (%s)", p.Unit, score(p.Correlation)))
	}
	return "unit " + strings.Join(parts, ", ")
}

package feature

import (
	"context"
	"fmt"
	"image"
	"strings"

	"gonverge/lib/align"
	"gonverge/lib/figure"
)

// Pairs returns the paper's Figure 2 of a layer: the eight pairs of best and the eight of worst
// score among those that a matching makes of the units of net a (its rows) and net b (its
// columns). Above is the unit of net a, below its partner in net b, and over each pair stands
// its score with two decimals. With fewer than sixteen pairs the best come first and none
// twice. Only projections take time. It panics if the matching has another number of units
// than the layer, and on an unknown layer or net.
func (u *Units) Pairs(ctx context.Context, layer string, a, b int, m *align.Matching, v View) (*figure.Figure, error) {
	return row(u.pairTable(ctx, layer, a, b, m, v))
}

// row shows a table, unless there is an error.
func row(t *figure.PictureTable, err error) (*figure.Figure, error) {
	if err != nil {
		return nil, err
	}
	return figure.Row(*t), nil
}

func (u *Units) pairTable(ctx context.Context, layer string, a, b int, m *align.Matching, v View) (*figure.PictureTable, error) {
	if rows := u.Units(layer, a); rows != len(m.Partner) {
		panic(fmt.Sprintf("feature: Pairs: a matching of %d units for %d units of %s in net %d", len(m.Partner), rows, layer, a))
	}
	order := m.Order()
	n := v.columns()
	best := order[:min(n, len(order))]
	worst := order[max(len(best), len(order)-n):]
	t := &figure.PictureTable{Title: layer, RowLabels: []string{netName(a), netName(b)}, Gap: v.gap() / 2}
	var units []who
	var captions []string
	for _, i := range append(append([]int(nil), best...), worst...) {
		units = append(units, who{a, i}, who{b, m.Partner[i]})
		captions = append(captions, score(m.Score[i]))
	}
	t.Captions = [][]string{captions}
	if len(units) == 0 {
		return nil, fmt.Errorf("feature: no pairs of %s of net %d and net %d", layer, a, b)
	}
	pictures, err := u.pictures(ctx, layer, units, v)
	if err != nil {
		return nil, err
	}
	t.Rows = make([][]image.Image, 2)
	for i, p := range pictures {
		t.Rows[i%2] = append(t.Rows[i%2], p)
	}
	for _, g := range []struct {
		name  string
		units []int
	}{{"best", best}, {"worst", worst}} {
		if len(g.units) > 0 {
			t.Groups = append(t.Groups, len(g.units))
			t.Heads = append(t.Heads, fmt.Sprintf("%s %d", g.name, len(g.units)))
		}
	}
	return t, nil
}

// netName is what people call a net: Net1 is the first.
func netName(net int) string { return fmt.Sprintf("Net%d", net+1) }

// score writes a correlation with two decimals and a proper minus.
func score(v float64) string { return strings.Replace(fmt.Sprintf("%.2f", v), "-", "−", 1) }

package feature

import (
	"context"
	"fmt"
	"image"
	"slices"

	"gonverge/lib/figure"
)

// Means has the mean activation of each unit of each net of a layer: a corr.Layer does.
type Means interface {
	Name() string
	Nets() int
	Mean(net int) []float64
}

// MostActive returns the paper's Figures S11 and S12: for each net the eight units of largest
// mean activation, the largest first, with the mean above each (one decimal, more where one
// would show 0.0). means is the layer of the statistics of the same nets, corr.Stats.Layer.
// Only projections take time. It panics if means has other nets or units, and on an unknown
// layer.
func (u *Units) MostActive(ctx context.Context, means Means, v View) (*figure.Figure, error) {
	return row(u.active(ctx, "most active units of ", means, v, false))
}

// LeastActive is [Units.MostActive] for the eight units of smallest mean activation, in falling
// order too, among those that fire at all; dead units are left out and counted beside the net.
func (u *Units) LeastActive(ctx context.Context, means Means, v View) (*figure.Figure, error) {
	return row(u.active(ctx, "least active units of ", means, v, true))
}

func (u *Units) active(ctx context.Context, title string, means Means, v View, least bool) (*figure.PictureTable, error) {
	layer, n := means.Name(), v.columns()
	if means.Nets() != len(u.nets) {
		panic(fmt.Sprintf("feature: means of %d nets for %d nets", means.Nets(), len(u.nets)))
	}
	t := &figure.PictureTable{Title: title + layer, Gap: v.gap()}
	for net := range u.nets {
		mean := means.Mean(net)
		if len(mean) != u.Units(layer, net) {
			panic(fmt.Sprintf("feature: means of %d units for %d units of %s in net %d", len(mean), u.Units(layer, net), layer, net))
		}
		var order []int
		for i := range mean {
			if len(u.Peaks(layer, net, i)) > 0 {
				order = append(order, i)
			}
		}
		label := netName(net)
		if dead := len(mean) - len(order); dead > 0 {
			label += fmt.Sprintf(" (%d dead)", dead)
		}
		slices.SortStableFunc(order, func(a, b int) int {
			switch {
			case mean[a] > mean[b]:
				return -1
			case mean[a] < mean[b]:
				return 1
			}
			return 0
		})
		if least {
			order = order[max(0, len(order)-n):]
		} else {
			order = order[:min(n, len(order))]
		}
		var units []who
		var captions []string
		for _, i := range order {
			units = append(units, who{net, i})
			captions = append(captions, level(mean[i]))
		}
		row, err := u.pictures(ctx, layer, units, v)
		if err != nil {
			return nil, err
		}
		t.Rows, t.RowLabels, t.Captions = append(t.Rows, row), append(t.RowLabels, label), append(t.Captions, captions)
	}
	if !slices.ContainsFunc(t.Rows, func(row []image.Image) bool { return len(row) > 0 }) {
		return nil, fmt.Errorf("feature: no unit of %s fires in any net", layer)
	}
	return t, nil
}

// level writes a mean activation with one decimal, and small ones with one digit that counts.
func level(v float64) string {
	if v < 0.05 && v > -0.05 && v != 0 {
		return fmt.Sprintf("%.1g", v)
	}
	return fmt.Sprintf("%.1f", v)
}

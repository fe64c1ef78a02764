package feature

import (
	"context"
	"fmt"
	"image"

	"gonverge/lib/figure"
)

// Clusters shows groups of units of net a and net b, a row for each, the units of net a on the
// left: the right side of the paper's Figure 7 and its examples of clusters. The members of a
// group are numbered as in a graph of both nets (align.CombinedGraph, align.MapSimilarity):
// those of net a from 0, then those of net b; align.Clusters.Members returns them. Of each net a
// group shows up to View.Columns members, in their order, with their units' numbers above; the
// label says how many there are. It panics if there are no groups, on an empty one, and on
// members, a layer or a net that do not exist.
func (u *Units) Clusters(ctx context.Context, layer string, a, b int, groups [][]int, v View) (*figure.Figure, error) {
	return row(u.clusterTable(ctx, layer, a, b, groups, v))
}

func (u *Units) clusterTable(ctx context.Context, layer string, a, b int, groups [][]int, v View) (*figure.PictureTable, error) {
	first, all := u.Units(layer, a), u.Units(layer, a)+u.Units(layer, b)
	t := &figure.PictureTable{Title: layer, Gap: v.gap()}
	var rows [][2][]who // of each group and net
	var widths [2]int
	for g, members := range groups {
		if len(members) == 0 {
			panic(fmt.Sprintf("feature: Clusters: group %d of %d is empty", g, len(groups)))
		}
		var row [2][]who
		var sizes [2]int
		for _, m := range members {
			if m < 0 || m >= all {
				panic(fmt.Sprintf("feature: Clusters: member %d of %d units of %s in nets %d and %d (valid: 0..%d)", m, all, layer, a, b, all-1))
			}
			side, w := 0, who{a, m}
			if m >= first {
				side, w = 1, who{b, m - first}
			}
			if sizes[side]++; len(row[side]) < v.columns() {
				row[side] = append(row[side], w)
			}
		}
		for side := range row {
			widths[side] = max(widths[side], len(row[side]))
		}
		rows = append(rows, row)
		t.RowLabels = append(t.RowLabels, fmt.Sprintf("%d + %d", sizes[0], sizes[1]))
	}
	if len(groups) == 0 {
		panic("feature: Clusters: no groups")
	}
	var units []who
	for _, row := range rows {
		var captions []string
		for side, list := range row {
			for k := range widths[side] {
				w, caption := who{a, -1}, ""
				if k < len(list) {
					w, caption = list[k], fmt.Sprint(list[k].unit)
				}
				units, captions = append(units, w), append(captions, caption)
			}
		}
		t.Captions = append(t.Captions, captions)
	}
	for side, net := range []int{a, b} {
		if widths[side] > 0 {
			t.Groups, t.Heads = append(t.Groups, widths[side]), append(t.Heads, netName(net))
		}
	}
	pictures, err := u.pictures(ctx, layer, units, v)
	if err != nil {
		return nil, err
	}
	wide := widths[0] + widths[1]
	for i := range rows {
		t.Rows = append(t.Rows, append([]image.Image(nil), pictures[i*wide:(i+1)*wide]...))
	}
	return t, nil
}

package figure_test

import (
	"fmt"
	"strings"
	"testing"

	"gonverge/lib/figure"
)

func TestDendrogramRefusesWhatIsNoTree(t *testing.T) {
	for _, c := range []struct {
		d    figure.Dendrogram
		want string
	}{
		{figure.Dendrogram{Merges: [][4]float64{{0, 1, 1, 2}}, Names: []string{"a"}}, "1 Names for 2 leaves"},
		{figure.Dendrogram{Merges: [][4]float64{{0, 2, 1, 2}}}, "joins cluster 2 (want one of 0..1"},
		{figure.Dendrogram{Merges: [][4]float64{{0, 0, 1, 2}}}, "joins cluster 0"},
		{figure.Dendrogram{Merges: [][4]float64{{0, 1, 1, 2}, {0, 2, 2, 3}}}, "merge 1 joins cluster 0"},
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, c.want) {
					t.Errorf("%v, want %q", p, c.want)
				}
			}()
			figure.Row(c.d)
		}()
	}
	if s := figure.Row(figure.Dendrogram{Title: "one"}).String(); !strings.Contains(s, "tree of 1 leaf") {
		t.Error(s)
	}
	if s := figure.Row(figure.Dendrogram{Merges: [][4]float64{{0, 1, 0.25, 2}}}).String(); !strings.Contains(s, "tree of 2 leaves, merges at [0.25, 0.25]") {
		t.Error(s)
	}
}

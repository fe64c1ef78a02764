package align

import (
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Greedy pairs rows and columns of m one-to-one by taking the largest entry of the rows and
// columns that are still free, again and again; among equal entries the one of the lowest row,
// then of the lowest column. Entries count with their sign.
//
// As with [Match] every unit of the smaller side gets a partner, and with more rows than
// columns the rows left over have partner -1 and score 0. Its sum is at most that of Match
// and, where no entry of m is negative, at least half of it. Its strong pairs are as in
// [SemiMatch]; who comes late takes what is left. It panics if an entry is NaN or infinite,
// naming its position. It sorts all entries: of order n² log n steps for n×n.
func Greedy(m mat.Matrix) *Matching {
	values, rows, columns := entries("Greedy", m)
	s := unmatched(rows)
	if rows == 0 || columns == 0 {
		return s
	}
	type entry struct {
		value float64
		place int
	}
	order := make([]entry, len(values))
	for k, v := range values {
		order[k] = entry{v, k}
	}
	slices.SortFunc(order, func(a, b entry) int {
		switch {
		case a.value > b.value:
			return -1
		case a.value < b.value:
			return 1
		}
		return a.place - b.place
	})
	taken := make([]bool, columns)
	left := min(rows, columns)
	for _, e := range order {
		i, j := e.place/columns, e.place%columns
		if s.Partner[i] >= 0 || taken[j] {
			continue
		}
		s.Partner[i], s.Score[i], taken[j] = j, e.value, true
		if left--; left == 0 {
			break
		}
	}
	return s
}

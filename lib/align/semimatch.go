package align

import "gonum.org/v1/gonum/mat"

// SemiMatch gives each row of m the column of its largest entry, the first one on ties:
//
//	partner(i) = argmax_j m_ij
//
// Columns can be used several times, or not at all. This is the paper's bipartite
// semi-matching; rows and columns are not interchangeable. It panics if an entry is NaN or
// infinite, naming its position.
func SemiMatch(m mat.Matrix) *Matching {
	values, rows, columns := entries("SemiMatch", m)
	s := unmatched(rows)
	if columns == 0 {
		return s
	}
	for i := range rows {
		row := values[i*columns:][:columns]
		best := 0
		for j, v := range row {
			if v > row[best] {
				best = j
			}
		}
		s.Partner[i], s.Score[i] = best, row[best]
	}
	return s
}

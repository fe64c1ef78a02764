package simd

import (
	"math"
	"testing"
)

func TestNearestEqualsNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range [][3]int{{8, 1, 1}, {16, 3, 5}, {64, 10, 10}, {24, 50, 2}} {
			n, k, d := s[0], s[1], s[2]
			points, centres := make([]float64, n*d), make([]float64, k*d)
			for i := range points {
				points[i] = float64(r.IntN(4)) // ties
			}
			for i := range centres {
				centres[i] = float64(r.IntN(4)) + r.Float64()*float64(i%2)
			}
			got, dist := make([]int, n), make([]float64, n)
			Nearest64(got, dist, points, centres, d)
			for i := range n {
				best, least := 0, math.Inf(1)
				for c := range k {
					s := 0.0
					for a := range d {
						e := points[a*n+i] - centres[c*d+a]
						s += float64(e * e)
					}
					if s < least {
						best, least = c, s
					}
				}
				if got[i] != best || dist[i] != least {
					t.Fatalf("%v: point %d: got %d at %v, want %d at %v", s, i, got[i], dist[i], best, least)
				}
			}
		}
	})
	x := make([]float64, 16)
	mustPanic(t, "n", func() { Nearest64(make([]int, 7), x[:7], x, x, 2) })
	mustPanic(t, "points", func() { Nearest64(make([]int, 8), x[:8], x[:15], x, 2) })
	mustPanic(t, "dist", func() { Nearest64(make([]int, 8), x[:7], x, x, 2) })
	mustPanic(t, "centres", func() { Nearest64(make([]int, 8), x[:8], x, x[:3], 2) })
}

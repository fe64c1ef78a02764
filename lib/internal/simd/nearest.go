package simd

import (
	"fmt"
	"math"
)

// nearestStep is how many points the assembly takes at a time.
const nearestStep = 8

// Nearest64 sets for each point the nearest of some centres, the first of them, and the squared
// distance to it. Points lie coordinate by coordinate: value a of point i is points[a·n+i], where n, the
// length of nearest and dist, is a multiple of 8. Centres lie one after the other, d values each.
// Squares are added coordinate after coordinate, each rounded. It panics if lengths do not fit.
func Nearest64(nearest []int, dist, points, centres []float64, d int) {
	n := len(nearest)
	if n%nearestStep != 0 || d < 1 || len(centres)%d != 0 || len(centres) == 0 {
		panic(fmt.Sprintf("simd: Nearest64: %d points of %d values, %d values of centres", n, d, len(centres)))
	}
	same("Nearest64", n, len(dist))
	need("Nearest64", "points", len(points), n*d)
	if n == 0 {
		return
	}
	if useAsm {
		nearest64Asm(&nearest[0], &dist[0], &points[0], n, &centres[0], len(centres)/d, d)
		return
	}
	for i := range dist {
		dist[i] = math.Inf(1)
	}
	for c := 0; c < len(centres); c += d {
		for i := range n {
			s := 0.0
			for a, v := range centres[c : c+d] {
				e := points[a*n+i] - v
				s += float64(e * e)
			}
			if s < dist[i] {
				dist[i], nearest[i] = s, c/d
			}
		}
	}
}

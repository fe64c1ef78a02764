package align

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestFactorsGiveTheMatrixBack: of every size about the blocks of four columns, and up to the first row that
// depends on those before.
func TestFactorsGiveTheMatrixBack(t *testing.T) {
	r := rand.New(rand.NewPCG(4, 2))
	for k := 1; k < 40; k++ {
		for _, twin := range []int{-1, k / 2, k - 1} { // a row that is the sum of the first two
			if twin >= 0 && twin < 2 {
				continue
			}
			x := make([]float64, k*(k+5)) // rows whose products are the matrix
			for i := range x {
				x[i] = r.NormFloat64()
			}
			w := k + 5
			if twin >= 0 {
				for c := range w {
					x[twin*w+c] = x[c] + x[w+c]
				}
			}
			a := make([]float64, k*k)
			for i := range k {
				for j := range k {
					for c := range w {
						a[i*k+j] += x[i*w+c] * x[j*w+c]
					}
				}
			}
			l := cholesky(append([]float64(nil), a...))
			got, want := l.factorise(k), k
			if twin >= 0 {
				want = twin
			}
			if got != want {
				t.Fatalf("%d rows, number %d a sum: %d", k, twin, got)
			}
			for i := range min(got+1, k) { // the row that depends solves L x = row
				for j := range min(i+1, got) {
					sum := 0.0
					for c := range j + 1 {
						sum += l[i*k+c] * l[j*k+c]
					}
					if math.Abs(sum-a[i*k+j]) > 1e-11*float64(w) {
						t.Fatalf("%d rows, number %d a sum: (%d, %d) is %v, want %v", k, twin, i, j, sum, a[i*k+j])
					}
				}
			}
		}
	}
}

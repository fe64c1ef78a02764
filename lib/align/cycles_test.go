package align

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestCyclesHoldEveryUnitOnce(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 3))
	for n := range 30 {
		p := r.Perm(n)
		m := &Matching{Partner: p, Score: make([]float64, n)}
		next := make([]int, n)
		for _, cycle := range m.Cycles() {
			for k, i := range cycle {
				next[i] = cycle[(k+1)%len(cycle)]
			}
		}
		if !reflect.DeepEqual(next, p) || !reflect.DeepEqual(m.Permutation(), p) {
			t.Errorf("permutation %v comes back as %v", p, next)
		}
	}
	for _, p := range [][]int{{0, 0}, {-1, 0}, {0, 2}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("partners %v: no panic", p)
				}
			}()
			(&Matching{Partner: p, Score: make([]float64, 2)}).Cycles()
		}()
	}
}

func ExampleMatching_Cycles() {
	between := mat.NewDense(4, 4, []float64{
		.1, .9, .0, .2,
		.8, .1, .1, .0,
		.0, .1, .7, .1,
		.2, .0, .1, .6,
	})
	m := Match(between)
	fmt.Println(m.Permutation(), m.Cycles())
	fmt.Println(Match(Absolute(mat.NewDense(2, 2, []float64{-.9, .1, .2, -.3}))).Partner)
	// Output:
	// [1 0 2 3] [[0 1] [2] [3]]
	// [0 1]
}

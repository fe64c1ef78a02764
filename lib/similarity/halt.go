package similarity

import (
	"context"

	"gonum.org/v1/gonum/mat"
)

// halt ends a computation early: check, which stands in the long loops, panics with the error of the
// context when that has ended, and ended takes the panic up again where the work was begun. The zero
// value lets everything run to its end.
type halt struct{ ctx context.Context }

// halted is what check panics with.
type halted struct{ err error }

func (h halt) check() {
	if h.ctx == nil {
		return
	}
	if err := h.ctx.Err(); err != nil {
		panic(halted{err})
	}
}

// ended returns the error of what recover returned; a panic of another kind goes on.
func ended(recovered any) error {
	if recovered == nil {
		return nil
	}
	h, ok := recovered.(halted)
	if !ok {
		panic(recovered)
	}
	return h.err
}

// often is a number of groups of equal pairs, a millisecond's work, between two looks.
const often = 1 << 14

// stripe is a number of rows of a product that is worked on at a time: one of gonum's blocks, so that
// the sums are those of the whole product.
const stripe = 64

// cross returns xᵀy.
func (h halt) cross(x, y *mat.Dense) *mat.Dense {
	n, p := x.Dims()
	_, q := y.Dims()
	if h.ctx == nil || p <= stripe || n == 0 || q == 0 {
		return cross(x, y)
	}
	m := mat.NewDense(p, q, nil)
	for from := 0; from < p; from += stripe {
		h.check()
		to := min(from+stripe, p)
		rows := m.Slice(from, to, 0, q).(*mat.Dense)
		rows.Mul(x.Slice(0, n, from, to).T(), y)
	}
	return m
}

// gram returns xxᵀ.
func (h halt) gram(x *mat.Dense) *mat.Dense {
	n, p := x.Dims()
	if h.ctx == nil || n <= 4*stripe { // which gonum does not cut into blocks in the same way
		var g mat.Dense
		g.Mul(x, x.T())
		return &g
	}
	g := mat.NewDense(n, n, nil)
	for from := 0; from < n; from += stripe {
		h.check()
		to := min(from+stripe, n)
		rows := g.Slice(from, to, 0, n).(*mat.Dense)
		rows.Mul(x.Slice(from, to, 0, p), x.T())
	}
	return g
}

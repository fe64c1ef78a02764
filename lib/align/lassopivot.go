package align

import (
	"math"
	"slices"
	"sync"

	"gonverge/lib/internal/simd"
)

// pivot solves targets most of whose predictors are in use, by way of the few idle ones I.
// With H = G⁻¹ and b = c − α sign(w), zero at I, the weights of these signs are H(b + e) for the e
// that lives in I and makes them zero there, H_II e = −(Hb)_I; the gradient at I is then c − e.
// Predictors whose weight has the other sign become idle, idle ones whose gradient exceeds α
// come into use, all at once, and so on until none is left: the optimum. That mostly takes
// two or three rounds, but may go in circles; a target that does not get there goes towards the weights
// of its first round, by which the objective does not rise.
func pivot(targets []*descent, alpha float64) {
	const rounds = 6
	first := true
	for round := 0; round < rounds && len(targets) > 0; round++ {
		targets = solveIdle(targets, alpha)
		targets = slices.DeleteFunc(targets, func(d *descent) bool {
			if first {
				d.keep()
			}
			return d.exchange(alpha)
		})
		first = false
	}
	for _, d := range targets {
		if d.own {
			d.towards(d.first)
		}
	}
}

// dualPasses sets sign for targets most of whose predictors are in use. The first time it is what
// some passes of coordinate descent on the dual problem find,
//
//	minimise ½ (c − u)'H(c − u)   where |u_j| ≤ α,   w = H(c − u)
//
// in which the predictors in use, with u_j = ±α, cost nothing; later it is the sign of w.
func dualPasses(targets []*descent, alpha float64) {
	const passes = 7 // most often enough, as measured on correlations of rectified mixtures
	if len(targets) == 0 {
		return
	}
	inverse, alive := targets[0].inverse(), targets[0].alive
	n := len(alive)
	var fresh []*descent
	for _, d := range targets {
		d.sign = slices.Grow(d.sign[:0], n)[:n]
		if d.own = d.patience > patience; !d.own {
			fresh = append(fresh, d)
		}
		d.patience *= 2
		for a, j := range alive {
			d.sign[a] = min(max(d.rest[j]/alpha, -1), 1)
			if w := d.w[j]; w != 0 {
				d.sign[a] = math.Copysign(1, w)
			} else if d.own {
				d.sign[a] = 0
			}
		}
	}
	for _, d := range fresh {
		for a, j := range alive {
			d.part[a] = d.c[j] - alpha*d.sign[a]
		}
	}
	multiply(fresh, inverse.h, n)
	// The signs are only where pivot starts: float32 will do, of u and of w/α.
	for _, d := range fresh {
		space := slices.Grow(d.near[:0], 2*n)[:2*n]
		d.near = space
		for a := range n {
			space[a], space[n+a] = float32(d.sign[a]), float32(d.target[a]/alpha)
		}
	}
	for range passes {
		for a := range n {
			row := inverse.near[a*n:][:n]
			share := 1 / row[a]
			for _, d := range fresh {
				u, w := &d.near[a], d.near[n:]
				v := *u + w[a]*share
				if v > 1 {
					v = 1
				} else if v < -1 {
					v = -1
				}
				if v != *u {
					simd.Axpy(*u-v, row, w)
					*u = v
				}
			}
		}
	}
	for _, d := range fresh {
		for a, u := range d.near[:n] {
			if d.sign[a] = float64(u); u > -1 && u < 1 {
				d.sign[a] = 0
			}
		}
	}
}

// keep keeps the weights found for the predictors in use.
func (d *descent) keep() {
	d.first = d.first[:0]
	for a, j := range d.alive {
		if d.w[j] != 0 {
			d.first = append(d.first, d.target[a])
		}
	}
}

// exchange takes the weights found if they are the optimum; else it changes the signs that
// are wrong.
func (d *descent) exchange(alpha float64) bool {
	changed := false
	for _, a := range d.idle {
		if g := d.c[d.alive[a]] - d.part[a]; math.Abs(g) > alpha+d.tol {
			d.sign[a] = math.Copysign(1, g)
			changed = true
		}
		d.target[a] = 0
	}
	for a, w := range d.target[:len(d.alive)] {
		if s := d.sign[a]; s != 0 && w != 0 && s*w < 0 {
			d.sign[a] = 0
			changed = true
		}
	}
	if changed {
		return false
	}
	for a, j := range d.alive {
		d.w[j] = d.target[a]
	}
	return true
}

// solveIdle sets target to the weights of the signs, and part at the idle predictors to e; see
// [pivot]. It returns the targets for which it could.
func solveIdle(targets []*descent, alpha float64) []*descent {
	if len(targets) == 0 {
		return nil
	}
	h, alive := targets[0].inverse().h, targets[0].alive
	n := len(alive)
	for _, d := range targets {
		d.idle = d.idle[:0]
		for a, j := range alive {
			if s := d.sign[a]; s != 0 {
				d.part[a] = d.c[j] - alpha*s
			} else {
				d.part[a] = 0
				d.idle = append(d.idle, a)
			}
		}
	}
	multiply(targets, h, n)
	targets = slices.DeleteFunc(targets, func(d *descent) bool {
		m := len(d.idle)
		space := d.space(m*m + m)
		l, e := cholesky(space[:m*m]), space[m*m:]
		for a, i := range d.idle {
			row := h[i*n:][:n]
			for b, j := range d.idle[:a+1] {
				l[a*m+b] = row[j]
			}
			e[a] = -d.target[i]
		}
		if l.factorise(m) < m { // a part of a regular inverse is regular, but for rounding
			return true
		}
		l.solve(e, m)
		clear(d.part)
		for a, i := range d.idle {
			d.part[i] = e[a]
		}
		return false
	})
	addRows(targets, h, n)
	return targets
}

// addRows adds to target the rows of h times part; a row is fetched once for all targets.
func addRows(targets []*descent, h []float64, n int) {
	for a := range n {
		row := h[a*n:][:n]
		for _, d := range targets {
			if v := d.part[a]; v != 0 {
				simd.Axpy64(v, row, d.target[:n])
			}
		}
	}
}

// multiply sets target to h times part; h is symmetric. Some rows are fetched once for all targets.
func multiply(targets []*descent, h []float64, n int) {
	const rows = 4
	for a := 0; a < n; a += rows {
		end := min(a+rows, n)
		for _, d := range targets {
			simd.Dots64(d.target[a:end], d.part[:n], h[a*n:end*n], n)
		}
	}
}

// inverse is that of the correlations within the predictors that have a variance, symmetric.
type inverse struct {
	h    []float64
	near []float32 // h rounded
}

// inverse returns a function that returns the inverse of the correlations, or nil if they are nearly
// singular; the first call computes it.
func (r *problem) inverse() func() *inverse {
	return sync.OnceValue(func() *inverse {
		n := len(r.alive)
		l := cholesky(r.reduced(0))
		if l.factorise(n) < n {
			return nil
		}
		// Diagonal entries of the factor bound the condition from below.
		least, most := math.Inf(1), 0.0
		for a := range n {
			least, most = min(least, l[a*n+a]), max(most, l[a*n+a])
		}
		if least < 1e-4*most {
			return nil
		}
		h := make([]float64, n*n)
		for a := range n {
			// Column a from entry a on takes the factor from row and column a on; what is
			// before it is known by symmetry.
			row := h[a*n:][:n]
			row[a] = 1
			cholesky(l[a*n+a:]).solve(row[a:], n)
			for b := range a {
				row[b] = h[b*n+a]
			}
		}
		near := make([]float32, n*n)
		for i, v := range h {
			near[i] = float32(v)
		}
		return &inverse{h, near}
	})
}

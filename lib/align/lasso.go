package align

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gonverge/lib/internal/simd"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Lasso finds the exact sparse map from its correlations: for each target, whose
// correlations with the predictors are a column c of between,
//
//	minimise ½ w'Gw − w'c + α Σ|w_i|        G = within
//
// which is least squares on units of unit variance with an L1 penalty: the optimum that the
// paper's mapping layers (section 3.2) approach by stochastic gradient, for the α that
// [PaperPenalty] gives. within is the p×p correlation of the predictors, between p×q:
// rows predictors, columns targets, as corr's Within(0) and Between(0, 1). A predictor of
// variance 0 gets weight 0. From α = max|c| on a target's weights are all 0.
//
// Coordinate descent on the correlations, whose result is then made exact on the predictors
// in use by a Cholesky factor; it stops when the conditions of an optimum hold to 1e-10
// (relative to the largest |c|; see SparseMap.Violation). Targets are solved side by side,
// each by itself: the bits do not depend on the number of cores. With duplicate predictors
// the weights are not unique; the first of them gets the weight.
//
// α = 0 gives [LeastSquares]. It panics if α is negative or NaN, if sizes differ, and if an
// entry is NaN or infinite.
func Lasso(within mat.Symmetric, between mat.Matrix, alpha float64) *SparseMap {
	return lassoPath("Lasso", within, between, []float64{alpha})[0]
}

// LassoPath is [Lasso] for each of alphas, in their order, but faster than one by one: each
// solution starts at that of the next larger alpha. Weights are those of Lasso to about 1e-7.
func LassoPath(within mat.Symmetric, between mat.Matrix, alphas []float64) []*SparseMap {
	return lassoPath("LassoPath", within, between, alphas)
}

func lassoPath(fn string, within mat.Symmetric, between mat.Matrix, alphas []float64) []*SparseMap {
	for _, a := range alphas {
		if !(a >= 0) || math.IsInf(a, 1) {
			panic(fmt.Sprintf("align: %s: alpha %v", fn, a))
		}
	}
	r := newProblem(fn, within, between)
	order := make([]int, len(alphas))
	weights := make([][]float64, len(alphas))
	violation := make([][]float64, len(alphas))
	for k := range order {
		order[k] = k
		weights[k] = make([]float64, r.p*r.q)
		violation[k] = make([]float64, r.q)
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case alphas[a] > alphas[b]:
			return -1
		case alphas[a] < alphas[b]:
			return 1
		}
		return 0
	})
	inverse := r.inverse()
	r.each(func(first, end int) {
		block, memory := make([]*descent, end-first), new(memory)
		for t := range block {
			block[t] = newDescent(r, first+t, memory, inverse)
		}
		for _, k := range order {
			if alphas[k] == 0 {
				continue
			}
			descend(block, alphas[k])
			for t, d := range block {
				violation[k][first+t] = d.missed
				copy(weights[k][(first+t)*r.p:][:r.p], d.w)
			}
		}
	})
	maps := make([]*SparseMap, len(alphas))
	for k, a := range alphas {
		if a == 0 {
			maps[k] = r.leastSquares("lasso")
			continue
		}
		maps[k] = r.finish("lasso", a, weights[k])
		maps[k].Violation = slices.Max(violation[k])
	}
	return maps
}

// together is the number of targets that a core solves side by side: a row of correlations
// is fetched once for all of them, and their residuals stay in the first-level cache.
const together = 8

// each calls do for blocks of targets, on all cores.
func (r *problem) each(do func(first, end int)) {
	var next atomic.Int64
	var wait sync.WaitGroup
	take := func() int { return int(next.Add(together)) - together }
	for range min(runtime.GOMAXPROCS(0), (r.q+together-1)/together) {
		wait.Go(func() {
			for first := take(); first < r.q; first = take() {
				do(first, min(first+together, r.q))
			}
		})
	}
	wait.Wait()
}

// residual sets dst to c − Gw.
func (r *problem) residual(dst, c, w []float64) {
	copy(dst, c)
	for i, v := range w {
		if v != 0 {
			simd.Axpy64(-v, r.g[i*r.p:][:r.p], dst)
		}
	}
}

// descent is the state of one target; w is where it starts and what it finds.
type descent struct {
	*problem
	c        []float64
	w        []float64
	rest     []float64 // c − Gw
	active   []int     // predictors in use
	moved    float64   // in this pass: largest change of a gradient by a step at its predictor
	switched bool      // in this pass a weight became zero, ceased to be, or changed its sign
	since    int       // passes since the last exact solution
	patience int       // passes before the next one where most predictors are in use
	tol      float64
	missed   float64 // the violation when last judged
	solved   bool
	inverse  func() []float64
	memory   *memory
	factor   []float64 // of exact
	target   []float64
	part     []float64
	idle     []int
	sign     []float64 // in pivot
	first    []float64
	own      bool // sign began as that of the weights
	all      bool // this pass is over all predictors
}

func newDescent(r *problem, target int, memory *memory, inverse func() []float64) *descent {
	return &descent{problem: r, memory: memory, inverse: inverse, c: r.c[target*r.p:][:r.p],
		w: make([]float64, r.p), rest: make([]float64, r.p), active: make([]int, 0, r.p), target: make([]float64, r.p), part: make([]float64, r.p)}
}

// space returns n numbers of memory, without regard to what is in it.
func (d *descent) space(n int) []float64 {
	if cap(d.memory.data) < n {
		d.memory.data = make([]float64, n+n/4)
	}
	return d.memory.data[:n]
}

// memory is a core's, for factors, one target after the other.
type memory struct{ data []float64 }

// optimal is how closely the conditions of an optimum are met, relative to the largest |c|.
const optimal = 1e-10

// mostPasses ends a descent that does not converge (predictors that are nearly copies of
// each other, and a tiny penalty); SparseMap.Violation tells.
const mostPasses = 20000

// fullPass is how often a pass is over all predictors.
const fullPass = 4

// descend solves all targets of a block, each from its weights. No target sees another's
// numbers, only their memory traffic is shared.
func descend(block []*descent, alpha float64) {
	open := make([]*descent, 0, len(block))
	for _, d := range block {
		if !d.begin(alpha) {
			open = append(open, d)
		}
	}
	for pass := 1; len(open) > 0 && pass <= mostPasses; pass++ {
		// Most passes are over the predictors in use alone; every few, and after such a pass that
		// settled on what is not yet the optimum, one is over all.
		for _, d := range open {
			d.moved, d.switched = 0, false
			if d.all = d.all || pass%fullPass == 1; d.all {
				d.active = d.active[:0]
				continue
			}
			known := d.active
			d.active = d.active[:0] // rewritten behind the place where it is read
			for _, j := range known {
				d.step(j, alpha)
			}
		}
		for _, j := range block[0].alive {
			for _, d := range open {
				if d.all {
					d.step(j, alpha)
				}
			}
		}
		var exact, settled []*descent
		for _, d := range open {
			d.since++
			if d.moved <= d.tol {
				settled = append(settled, d)
			} else if d.ready() {
				exact = append(exact, d)
			}
		}
		solveExactly(exact, alpha)
		judge(append(settled, exact...), alpha)
		for _, d := range open {
			d.all = false
		}
		for _, d := range settled {
			d.all = true
		}
		open = slices.DeleteFunc(open, func(d *descent) bool { return d.solved })
	}
	for _, d := range open {
		d.missed = d.violation(alpha)
	}
}

// patience is the number of passes before an exact solution is tried where most predictors are in
// use; it doubles with each.
const patience = 1

// ready reports whether an exact solution is worth trying: once about as much was spent on
// passes, and while the predictors in use stay the same, unless most are in use.
func (d *descent) ready() bool {
	if d.dense() && d.since >= d.patience && d.inverse() != nil {
		return true
	}
	return !d.switched && 2*d.since*len(d.active)*d.p >= d.price()
}

// solveExactly is exact for some targets, which share the rows of the inverse.
func solveExactly(targets []*descent, alpha float64) {
	var dense []*descent
	for _, d := range targets {
		d.since = 0
		if d.dense() && d.inverse() != nil {
			dense = append(dense, d)
		} else if !d.switched {
			d.exact(alpha)
		}
	}
	dualPasses(dense, alpha)
	pivot(dense, alpha)
}

// judge finds the targets for which the conditions of an optimum hold, by residuals without the
// rounding of many updates.
func judge(targets []*descent, alpha float64) {
	for _, d := range targets {
		copy(d.rest, d.c)
	}
	if len(targets) == 0 {
		return
	}
	r := targets[0].problem
	for _, i := range r.alive {
		row := r.g[i*r.p:][:r.p]
		for _, d := range targets {
			if w := d.w[i]; w != 0 {
				simd.Axpy64(-w, row, d.rest)
			}
		}
	}
	for _, d := range targets {
		d.missed = d.violation(alpha)
		d.solved = d.missed <= d.tol
	}
}

// begin reports whether the target is solved by weights of 0.
func (d *descent) begin(alpha float64) bool {
	largest := 0.0
	for _, j := range d.alive {
		largest = max(largest, math.Abs(d.c[j]))
	}
	d.missed, d.since, d.patience, d.solved, d.all = 0, 0, patience, false, true
	if largest <= alpha {
		clear(d.w)
		return true
	}
	d.tol = optimal * largest
	d.residual(d.rest, d.c, d.w)
	return false
}

// step finds the best weight of predictor j, the others staying.
func (d *descent) step(j int, alpha float64) {
	old, rest := d.w[j], d.rest[j]
	if old == 0 && math.Abs(rest) <= alpha {
		return
	}
	row := d.g[j*d.p:][:d.p]
	b := rest + row[j]*old
	best := 0.0
	if b > alpha {
		best = (b - alpha) / row[j]
	} else if b < -alpha {
		best = (b + alpha) / row[j]
	}
	if best != 0 {
		d.active = append(d.active, j)
	}
	if best == old {
		return
	}
	if (best > 0) != (old > 0) || (best < 0) != (old < 0) {
		d.switched = true
	}
	d.w[j] = best
	d.moved = max(d.moved, math.Abs(best-old)*row[j])
	simd.Axpy64(old-best, row, d.rest)
}

// violation is by how much rest misses the conditions of an optimum.
func (d *descent) violation(alpha float64) float64 {
	worst := 0.0
	for _, j := range d.alive {
		switch w, g := d.w[j], d.rest[j]; {
		case w > 0:
			worst = max(worst, math.Abs(g-alpha))
		case w < 0:
			worst = max(worst, math.Abs(g+alpha))
		default:
			worst = max(worst, math.Abs(g)-alpha)
		}
	}
	return worst
}

// dense reports whether fewer predictors are idle than in use, by far.
func (d *descent) dense() bool { return 3*(len(d.alive)-len(d.active)) < 2*len(d.active) }

// price is about the number of multiplications of exact.
func (d *descent) price() int {
	n, k := len(d.alive), len(d.active)
	if d.dense() {
		return n*n + (n-k)*(n-k)*(n-k)/6
	}
	return k * k * k / 6
}

// exact moves the weights in use to the best ones of their signs, G_AA w_A = c_A − α sign(w_A),
// or towards them as far as the first weight that would change its sign, which becomes zero.
// Where G_AA is singular it first moves along directions that change no prediction, until so many
// weights are zero that it is not. The objective does not rise.
func (d *descent) exact(alpha float64) {
	for len(d.active) > 0 {
		x := d.target[:len(d.active)]
		singular := d.solveActive(x, alpha)
		stopped := d.towards(x)
		if !singular || !stopped {
			break
		}
		d.active = slices.DeleteFunc(d.active, func(j int) bool { return d.w[j] == 0 })
	}
}

// towards moves the weights in use to x, or as far as the first that would change its sign,
// which becomes zero; it reports whether there was one.
func (d *descent) towards(x []float64) bool {
	step, stop := 1.0, -1
	for a, j := range d.active {
		if w := d.w[j]; w*x[a] <= 0 {
			if t := w / (w - x[a]); t < step {
				step, stop = t, j
			}
		}
	}
	for a, j := range d.active {
		if step == 1 {
			d.w[j] = x[a]
		} else {
			d.w[j] += step * (x[a] - d.w[j])
		}
	}
	if stop >= 0 {
		d.w[stop] = 0
	}
	return stop >= 0
}

// solveActive sets x to the best weights by a factor of the correlations within the predictors
// in use. If those are singular, it reports so and sets x to weights that predict the same
// as now, at no larger penalty, some of which have the other sign.
func (d *descent) solveActive(x []float64, alpha float64) (singular bool) {
	k := len(d.active)
	d.factor = d.space(k * k)
	for a, i := range d.active {
		row := d.g[i*d.p:][:d.p]
		for b, j := range d.active[:a+1] {
			d.factor[a*k+b] = row[j]
		}
		x[a] = d.c[i] - math.Copysign(alpha, d.w[i])
	}
	l := cholesky(d.factor)
	at := l.factorise(k)
	if at == k {
		l.solve(x, k)
		return false
	}
	// Predictor number at is a sum of those before it: x is the direction that takes it
	// and gives them back.
	clear(x)
	copy(x, l[at*k:][:at])
	l.solveUpper(x[:at], k)
	floats.Scale(-1, x)
	x[at] = 1
	slope := 0.0 // of the penalty, which may not rise
	for a, j := range d.active {
		slope += math.Copysign(x[a], x[a]*d.w[j])
	}
	if slope > 0 {
		floats.Scale(-1, x)
	}
	far := math.Inf(1) // twice the way to the first weight of 0; some weight shrinks
	for a, j := range d.active {
		if x[a]*d.w[j] < 0 {
			far = min(far, -2*d.w[j]/x[a])
		}
	}
	if math.IsInf(far, 1) {
		far = 0
	}
	for a, j := range d.active {
		x[a] = d.w[j] + far*x[a]
	}
	return true
}

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
	h, alive := targets[0].inverse(), targets[0].alive
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
	multiply(fresh, h, n)
	for range passes {
		for a := range n {
			row := h[a*n:][:n]
			for _, d := range fresh {
				u := d.sign[a]
				if v := min(max(u+d.target[a]/(alpha*row[a]), -1), 1); v != u {
					d.sign[a] = v
					simd.Axpy64(alpha*(u-v), row, d.target[:n])
				}
			}
		}
	}
	for _, d := range fresh {
		for a, u := range d.sign {
			if math.Abs(u) < 1 {
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
	h, alive := targets[0].inverse(), targets[0].alive
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

// inverse returns a function that returns the inverse of the correlations within the
// predictors that have a variance, or nil if they are nearly singular; the first call
// computes it.
func (r *problem) inverse() func() []float64 {
	return sync.OnceValue(func() []float64 {
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
		return h
	})
}

// cholesky is a lower triangular factor, row-major k×k; the upper triangle is not used.
type cholesky []float64

// factorise turns the lower triangle of a matrix into its factor and returns k, or, if the
// matrix is singular to working precision, the first row that depends on those before:
// the factor is then good up to there, and that row solves L x = row.
func (l cholesky) factorise(k int) int {
	column := make([]float64, k) // products of a row with those below it
	for b := range k {
		row := l[b*k:][:b+1]
		pivot := row[b] - simd.Dot64(row[:b], row[:b])
		if !(pivot > 1e-12*row[b]) {
			return b
		}
		row[b] = math.Sqrt(pivot)
		below := column[:k-b-1]
		if len(below) == 0 {
			break
		}
		simd.Dots64(below, row[:b], l[(b+1)*k:], k)
		for a, v := range below {
			at := (b+1+a)*k + b
			l[at] = (l[at] - v) / row[b]
		}
	}
	return k
}

// solve replaces the right hand side x by the solution; k is the length of a row.
func (l cholesky) solve(x []float64, k int) {
	for a := range x {
		row := l[a*k:][:a+1]
		x[a] = (x[a] - simd.Dot64(row[:a], x[:a])) / row[a]
	}
	l.solveUpper(x, k)
}

// solveUpper solves Lᵀy = x in place.
func (l cholesky) solveUpper(x []float64, k int) {
	for a := len(x) - 1; a >= 0; a-- {
		row := l[a*k:][:a+1]
		x[a] /= row[a]
		simd.Axpy64(-x[a], row[:a], x[:a])
	}
}

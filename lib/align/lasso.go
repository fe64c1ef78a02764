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
	explained := make([][]float64, len(alphas))
	for k := range order {
		order[k] = k
		weights[k] = make([]float64, r.p*r.q)
		violation[k], explained[k] = make([]float64, r.q), make([]float64, r.q)
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
	// Memory of a core, for one block after the other.
	blocks := sync.Pool{New: func() any {
		block, memory := new([together]*descent), new(memory)
		for t := range block {
			block[t] = newDescent(r, memory, inverse)
		}
		return block
	}}
	r.each(func(first, end int) {
		whole := blocks.Get().(*[together]*descent)
		defer blocks.Put(whole)
		block := whole[:end-first]
		for t, d := range block {
			d.c = r.c[(first+t)*r.p:][:r.p]
			clear(d.w)
		}
		for _, k := range order {
			if alphas[k] == 0 {
				continue
			}
			descend(block, alphas[k])
			for t, d := range block {
				violation[k][first+t], explained[k][first+t] = d.missed, d.explained()
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
		maps[k] = r.finishWith("lasso", a, weights[k], explained[k])
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
	idleOnly bool      // this pass is over the predictors that are not in use
	moved    float64   // in this pass: largest change of a gradient by a step at its predictor
	switched bool      // in this pass a weight became zero, ceased to be, or changed its sign
	since    int       // passes since the last exact solution
	patience int       // passes before the next one where most predictors are in use
	tol      float64
	missed   float64 // the violation when last judged
	solved   bool
	inverse  func() *inverse
	memory   *memory
	factor   []float64 // of exact
	target   []float64
	part     []float64
	idle     []int
	sign     []float64 // in pivot
	near     []float32 // in dualPasses
	first    []float64
	own      bool // sign began as that of the weights
}

func newDescent(r *problem, memory *memory, inverse func() *inverse) *descent {
	x := make([]float64, 4*r.p)
	return &descent{problem: r, memory: memory, inverse: inverse, active: make([]int, 0, r.p),
		w: x[:r.p:r.p], rest: x[r.p : 2*r.p : 2*r.p], target: x[2*r.p : 3*r.p : 3*r.p], part: x[3*r.p:]}
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
		for _, d := range open {
			// Where few predictors are in use this pass is over those that are not: the others are for within.
			if d.idleOnly = len(d.active) > 0 && !d.dense(); !d.idleOnly {
				d.active = d.active[:0]
			}
			d.moved, d.switched = 0, false
		}
		for _, j := range block[0].alive {
			for _, d := range open {
				if old, rest := d.w[j], d.rest[j]; old == 0 && math.Abs(rest) <= alpha || old != 0 && d.idleOnly {
					continue
				}
				d.step(j, alpha)
			}
		}
		var exact []*descent
		for _, d := range open {
			d.since++
			if !d.dense() && (d.idleOnly || d.moved > d.tol && !d.ready()) {
				d.within(alpha)
			}
			if d.moved > d.tol && d.ready() {
				exact = append(exact, d)
			}
		}
		solveExactly(exact, alpha)
		judge(open, alpha)
		open = slices.DeleteFunc(open, func(d *descent) bool { return d.solved })
	}
}

// mostWithin is the number of passes within the predictors in use after one over all.
const mostWithin = 15

// within makes passes over the predictors in use alone, of which it takes the correlations aside, until their
// signs stay; what the steps do to the residuals of the others is left to [judge].
func (d *descent) within(alpha float64) {
	k := len(d.active)
	space := d.space(k*k + 2*k)
	g, rest, w := space[:k*k], space[k*k:k*k+k], space[k*k+k:]
	for a, i := range d.active {
		row, to := d.g[i*d.p:][:d.p], g[a*k:][:k]
		for b, j := range d.active {
			to[b] = row[j]
		}
		rest[a], w[a] = d.rest[i], d.w[i]
	}
	for range mostWithin {
		d.since++
		d.moved, d.switched = 0, false
		for a, old := range w {
			row := g[a*k:][:k]
			best := d.best(rest[a]+row[a]*old, row[a], alpha)
			if best != old {
				d.note(old, best, row[a])
				w[a] = best
				simd.Axpy64(old-best, row, rest)
			}
		}
		if d.moved <= d.tol || d.ready() {
			break
		}
	}
	n := 0
	for a, j := range d.active {
		if d.w[j] = w[a]; w[a] != 0 {
			d.active[n] = j
			n++
		}
	}
	d.active = d.active[:n]
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
	d.missed, d.since, d.patience, d.solved = 0, 0, patience, false
	d.active = d.active[:0]
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
	old, row := d.w[j], d.g[j*d.p:][:d.p]
	best := d.best(d.rest[j]+row[j]*old, row[j], alpha)
	if best != 0 {
		d.active = append(d.active, j)
	}
	if best != old {
		d.note(old, best, row[j])
		d.w[j] = best
		simd.Axpy64(old-best, row, d.rest)
	}
}

// best returns the weight of a predictor of that variance whose gradient is b at a weight of 0.
func (d *descent) best(b, variance, alpha float64) float64 {
	if b > alpha {
		return (b - alpha) / variance
	} else if b < -alpha {
		return (b + alpha) / variance
	}
	return 0
}

// note keeps what a step says about the pass.
func (d *descent) note(old, best, variance float64) {
	if (best > 0) != (old > 0) || (best < 0) != (old < 0) {
		d.switched = true
	}
	d.moved = max(d.moved, math.Abs(best-old)*variance)
}

// explained returns 2w'c − w'Gw, of the residuals that were judged.
func (d *descent) explained() float64 {
	sum := 0.0
	for i, w := range d.w {
		if w != 0 {
			sum += w * (d.c[i] + d.rest[i])
		}
	}
	return sum
}

// violation is by how much rest misses the conditions of an optimum.
func (d *descent) violation(alpha float64) float64 {
	worst := 0.0
	weights, rest := d.w, d.rest[:len(d.w)]
	for _, j := range d.alive {
		switch w, g := weights[j], rest[j]; {
		case w > 0:
			worst = max(worst, math.Abs(g-alpha))
		case w < 0:
			worst = max(worst, math.Abs(g+alpha))
		default:
			if v := math.Abs(g) - alpha; !(v <= worst) { // NaN stays
				worst = max(worst, v)
			}
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

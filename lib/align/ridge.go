package align

import (
	"fmt"
	"math"

	"gonverge/lib/internal/simd"

	"gonum.org/v1/gonum/mat"
)

// LeastSquares finds the map of least error from its correlations, without a penalty: for
// each target w = G⁺c, with G = within (p×p) and c its column of between (p×q, rows
// predictors). Where predictors are linearly dependent, G⁺ is the pseudo-inverse: of all the
// best weights those of least Σw². A predictor of variance 0 gets weight 0. It is the bound
// below which no penalised map's [SparseMap.Loss] can fall. It panics as [Lasso] does.
func LeastSquares(within mat.Symmetric, between mat.Matrix) *SparseMap {
	return newProblem("LeastSquares", within, between).leastSquares("least squares")
}

// Ridge finds the map with a quadratic penalty from its correlations: for each target
//
//	minimise ½ w'Gw − w'c + ½ λ Σw_i²,   so   w = (G + λI)⁻¹ c
//
// with shapes as in [Lasso]. All weights shrink, none becomes zero. λ = 0 gives
// [LeastSquares]. A predictor of variance 0 gets weight 0. It panics as Lasso does.
func Ridge(within mat.Symmetric, between mat.Matrix, lambda float64) *SparseMap {
	if !(lambda >= 0) || math.IsInf(lambda, 1) {
		panic(fmt.Sprintf("align: Ridge: lambda %v", lambda))
	}
	r := newProblem("Ridge", within, between)
	if lambda == 0 {
		return r.leastSquares("ridge")
	}
	k := len(r.alive)
	l := cholesky(r.reduced(lambda))
	if l.factorise(k) < k {
		// λ is below the rounding of G: no better than none.
		s := r.leastSquares("ridge")
		s.Penalty = lambda
		return s
	}
	return r.finish("ridge", lambda, r.solveAll(func(x []float64) { l.solve(x, k) }))
}

// reduced returns G + λI of the predictors that have a variance.
func (r *problem) reduced(lambda float64) []float64 {
	k := len(r.alive)
	g := make([]float64, k*k)
	for a, i := range r.alive {
		for b, j := range r.alive {
			g[a*k+b] = r.g[i*r.p+j]
		}
		g[a*k+a] += lambda
	}
	return g
}

// solveAll returns the weights of all targets, q×p; solve turns correlations into weights,
// both of the predictors that have a variance.
func (r *problem) solveAll(solve func(x []float64)) []float64 {
	weights := make([]float64, r.p*r.q)
	r.each(func(first, end int) {
		x := make([]float64, len(r.alive))
		for j := first; j < end; j++ {
			for a, i := range r.alive {
				x[a] = r.c[j*r.p+i]
			}
			solve(x)
			for a, i := range r.alive {
				weights[j*r.p+i] = x[a]
			}
		}
	})
	return weights
}

func (r *problem) leastSquares(method string) *SparseMap {
	k := len(r.alive)
	if k == 0 {
		return r.finish(method, 0, make([]float64, r.p*r.q))
	}
	l := cholesky(r.reduced(0))
	if l.factorise(k) == k {
		return r.finish(method, 0, r.solveAll(func(x []float64) { l.solve(x, k) }))
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(mat.NewSymDense(k, r.reduced(0)), true) {
		panic(fmt.Sprintf("align: LeastSquares: the eigenvalues of %d×%d correlations did not converge", k, k))
	}
	values := eigen.Values(nil)
	var vectors mat.Dense
	eigen.VectorsTo(&vectors)
	// Eigenvalues of a singular G are zero up to the rounding of the correlations.
	limit := values[k-1] * float64(k) * 1e-14
	return r.finish(method, 0, r.solveAll(func(x []float64) {
		y := make([]float64, k)
		for i, v := range x {
			for a, e := range vectors.RawRowView(i) {
				y[a] += e * v
			}
		}
		for a := range y {
			if values[a] > limit {
				y[a] /= values[a]
			} else {
				y[a] = 0
			}
		}
		for i := range x {
			x[i] = simd.Dot64(vectors.RawRowView(i), y)
		}
	}))
}

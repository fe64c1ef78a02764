package align

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"

	"gonverge/lib/internal/simd"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// The paper's solver (its published settings): 4,501 steps of rate 0.001, halved every
// 1,500, momentum 0.98; start weights of deviation 0.01, then scaled as a whole.
const (
	sgdSteps    = 4501
	sgdRate     = 0.001
	sgdMomentum = 0.98
	sgdHalved   = 1500
	sgdStart    = 0.01
)

// PaperSGD trains the paper's mapping layer without the noise of its batches: the same
// start, rate, momentum, schedule and number of steps (Li et al., section 3.2, and the
// settings published with it), but each step takes the expected gradient, which the
// correlations give exactly:
//
//	V ← 0.98 V − η [ (G W − C)/q + λ sign(W) ],   W ← W + V
//
// with G = within (p×p), C = between (p×q, rows predictors), q targets, lambda the paper's
// penalty. Weights start normal with deviation 0.01, drawn from seed, all scaled by the one
// factor that gives the predictions the targets' mean square. The bias stays 0, since all
// units have mean 0. These runs stop far from the optimum: progress is 131/q e-folds per unit
// eigenvalue of G, about 1.4 for 96 targets and 0.3 for 384; compare [Lasso] with [PaperPenalty].
// Weights near zero dither by about η·λ/(1−0.98) and are rarely exactly zero.
//
// It costs 4,501·p²·q multiplications, some seconds for 96×96 and minutes for 384×384: on
// cancel it returns nil and the context's error. Targets are independent but for the common
// start, and the bits do not depend on the number of cores. It panics as Lasso does.
func PaperSGD(ctx context.Context, within mat.Symmetric, between mat.Matrix, lambda float64, seed uint64) (*SparseMap, error) {
	return PaperSGDLike(ctx, within, between, lambda, seed, PaperSGDConfig{})
}

// PaperSGDConfig changes what decides how far the paper's training gets; the zero value is
// [PaperSGD].
type PaperSGDConfig struct {
	// Units divides the gradient of the prediction error, as the number of targets does in
	// the paper's loss; 0: the number of targets. With the paper's number of units a narrow
	// layer makes the progress of the paper's, 131/Units e-folds per unit eigenvalue, and
	// each target feels the paper's alpha = lambda·Units.
	Units int
	// Length is a factor on the number of steps at each learning rate; 0: 1.
	Length float64
}

// PaperSGDLike is [PaperSGD] with another progress: as in a layer of another width, or
// with more or fewer steps. Its cost grows with Length. It panics as Lasso does, and if
// Units or Length is negative or not finite.
func PaperSGDLike(ctx context.Context, within mat.Symmetric, between mat.Matrix, lambda float64, seed uint64, config PaperSGDConfig) (*SparseMap, error) {
	if !(lambda >= 0) || math.IsInf(lambda, 1) {
		panic(fmt.Sprintf("align: PaperSGD: lambda %v", lambda))
	}
	if config.Units < 0 || !(config.Length >= 0) || math.IsInf(config.Length, 1) {
		panic(fmt.Sprintf("align: PaperSGD: Units %d, Length %v", config.Units, config.Length))
	}
	r := newProblem("PaperSGD", within, between)
	p := r.p
	run := sgdRun{lambda: lambda, divisor: float64(r.q), steps: sgdSteps, halved: sgdHalved}
	if config.Units > 0 {
		run.divisor = float64(config.Units)
	}
	if config.Length > 0 {
		run.halved = max(1, int(math.Round(config.Length*sgdHalved)))
		run.steps = max(1, int(math.Round(config.Length*sgdSteps)))
	}
	w := r.sgdStart(seed)
	r.each(func(first, end int) {
		r.sgd(ctx, w[first*p:end*p], r.c[first*p:], run)
	})
	if err := ctx.Err(); err != nil {
		return nil, fmt.Errorf("align: paper SGD: %w", err)
	}
	return r.finish("paper SGD", lambda, w), nil
}

// sgdRun is what a run is made with.
type sgdRun struct {
	lambda, divisor float64
	steps, halved   int
}

// sgdStart draws the start weights, q×p.
func (r *problem) sgdStart(seed uint64) []float64 {
	draw := rand.New(rand.NewPCG(seed, streamStart))
	w := make([]float64, r.p*r.q)
	for k := range w {
		w[k] = sgdStart * draw.NormFloat64()
	}
	square := 0.0
	rest := make([]float64, r.p)
	none := make([]float64, r.p)
	for j := range r.q {
		row := w[j*r.p:][:r.p]
		for i := range row {
			if r.g[i*r.p+i] == 0 {
				row[i] = 0
			}
		}
		r.residual(rest, none, row)
		square -= simd.Dot64(rest, row)
	}
	if square > 0 {
		floats.Scale(math.Sqrt(float64(r.q)/square), w)
	}
	return w
}

// sgd makes all steps for some targets, whose weights lie one after the other in w.
func (r *problem) sgd(ctx context.Context, w, c []float64, run sgdRun) {
	p := r.p
	v := make([]float64, len(w))
	down := make([]float64, len(w)) // c − Gw of each target
	rate := sgdRate
	for step := range run.steps {
		if ctx.Err() != nil {
			return
		}
		if step > 0 && step%run.halved == 0 {
			rate /= 2
		}
		copy(down, c[:len(w)])
		for i := range p {
			row := r.g[i*p:][:p]
			for t := 0; t < len(w); t += p {
				simd.Axpy64(-w[t+i], row, down[t:t+p])
			}
		}
		for k, x := range w {
			pull := 0.0
			if x > 0 {
				pull = run.lambda
			} else if x < 0 {
				pull = -run.lambda
			}
			v[k] = sgdMomentum*v[k] + rate*(down[k]/run.divisor-pull)
			w[k] = x + v[k]
		}
	}
}

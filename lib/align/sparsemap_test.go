package align

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// checkOptimal fails unless the weights meet the conditions of an optimum of the lasso:
// g = c − Gw is at most alpha in size, and alpha·sign(w) at weights other than 0.
func checkOptimal(t *testing.T, s *SparseMap, within mat.Symmetric, between mat.Matrix) {
	t.Helper()
	const tol = 1e-8
	var g mat.Dense
	g.Mul(within, s.Weights)
	g.Sub(between, &g)
	p, q := g.Dims()
	for i := range p {
		for j := range q {
			w, v := s.Weights.At(i, j), g.At(i, j)
			switch {
			case within.At(i, i) == 0:
				if w != 0 {
					t.Errorf("weight (%d, %d) of a dead predictor is %v", i, j, w)
				}
			case w == 0:
				if math.Abs(v) > s.Penalty+tol {
					t.Errorf("gradient (%d, %d) is %v at a weight of 0, alpha %v", i, j, v, s.Penalty)
				}
			case math.Abs(v-math.Copysign(s.Penalty, w)) > tol:
				t.Errorf("gradient (%d, %d) is %v at a weight of %v, alpha %v", i, j, v, w, s.Penalty)
			}
		}
	}
	if s.Violation > tol {
		t.Errorf("violation %v", s.Violation)
	}
}

func objective(s *SparseMap, alpha float64) float64 {
	w := 0.0
	p, q := s.Weights.Dims()
	for i := range p {
		for j := range q {
			w += math.Abs(s.Weights.At(i, j))
		}
	}
	return s.Loss()*float64(q) + alpha*w
}

func TestLassoMeetsTheConditionsOfAnOptimum(t *testing.T) {
	for _, c := range []struct {
		name            string
		n, p, q, causes int
	}{
		{"one", 50, 1, 1, 1}, {"few samples", 20, 40, 9, 10}, {"tall", 400, 60, 7, 20}, {"wide", 400, 7, 60, 20},
		{"few causes", 300, 50, 50, 3}, {"square", 1000, 80, 80, 40},
	} {
		within, _, between := planted(3, c.n, c.p, c.q, c.causes)
		for _, alpha := range []float64{1, .5, .1, .02, .003, 1e-4} {
			s := Lasso(within, between, alpha)
			checkOptimal(t, s, within, between)
			if t.Failed() {
				t.Fatalf("%s, alpha %v: %v", c.name, alpha, s)
			}
		}
	}
}

func TestLassoOnIndependentPredictorsThresholds(t *testing.T) {
	// For G = I the solution is known: w = sign(c)·max(|c| − α, 0).
	c := mat.NewDense(3, 2, []float64{.9, -.3, .2, .1, -.5, 0})
	i3 := mat.NewSymDense(3, []float64{1, 0, 0, 0, 1, 0, 0, 0, 1})
	s := Lasso(i3, c, .25)
	want := mat.NewDense(3, 2, []float64{.65, -.05, 0, 0, -.25, 0})
	if !mat.EqualApprox(s.Weights, want, 1e-15) {
		t.Errorf("weights\n%v", mat.Formatted(s.Weights))
	}
	if got, want := s.LossPer[0], (1-2*(.65*.9+.25*.5)+.65*.65+.25*.25)/2; math.Abs(got-want) > 1e-15 {
		t.Errorf("loss %v, want %v", got, want)
	}
	if got := s.NonZero(0); !reflect.DeepEqual(got, []int{2, 1}) {
		t.Errorf("non-zero %v", got)
	}
	if got := s.NonZero(.1); !reflect.DeepEqual(got, []int{2, 0}) {
		t.Errorf("above 0.1 %v", got)
	}
	if got, want := s.R2(), 1-2*s.Loss(); got != want || s.MeanNonZero(0) != 1.5 {
		t.Errorf("R² %v, want %v; mean non-zero %v", got, want, s.MeanNonZero(0))
	}
	if got, want := s.String(), "lasso 0.25, 3 predictors, 2 targets: loss 0.259, R² 0.481, 1.5 predictors a target"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	b := s.MIMEBundle()
	if b["text/plain"] != s.String() || !strings.Contains(b["text/html"].(string), ">0.259<") {
		t.Errorf("bundle %v", b)
	}
}

func TestEmptyMapScoresOneHalf(t *testing.T) {
	within, _, between := planted(4, 200, 10, 6, 5)
	s := Lasso(within, between, 1)
	if s.Loss() != .5 || s.R2() != 0 || s.MeanNonZero(0) != 0 {
		t.Errorf("%v", s)
	}
	if p := PaperPenalty(0.001, 96); math.Abs(p-.096) > 1e-15 {
		t.Errorf("penalty %v", p)
	}
}

func TestDeadPredictorsAndTargets(t *testing.T) {
	x := mixed()
	rows, _ := x.Dims()
	for i := range rows {
		x.Set(i, 0, 5)
		x.Set(i, 11, 0)
		x.Set(i, 30, 1)
	}
	within, _, between := correlations(x, 24)
	ctx := context.Background()
	sgd, err := PaperSGD(ctx, within, between, 1e-3, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range []*SparseMap{Lasso(within, between, .05), Lasso(within, between, 0), Ridge(within, between, .1),
		LeastSquares(within, between), sgd} {
		for _, i := range []int{0, 11} {
			for _, w := range s.Weights.RawRowView(i) {
				if w != 0 {
					t.Errorf("%v: dead predictor %d has weight %v", s, i, w)
				}
			}
		}
		if s.LossPer[30-24] != .5 && s.Method != "paper SGD" {
			t.Errorf("%v: dead target has loss %v", s, s.LossPer[6])
		}
		for j, v := range s.LossPer {
			if math.IsNaN(v) || v < 0 {
				t.Errorf("%v: target %d has loss %v", s, j, v)
			}
		}
	}
	dead := mat.NewSymDense(2, nil)
	if s := LeastSquares(dead, mat.NewDense(2, 3, nil)); s.Loss() != .5 {
		t.Errorf("all dead: %v", s)
	}
	if s := Lasso(dead, mat.NewDense(2, 3, nil), .1); s.Loss() != .5 {
		t.Errorf("all dead: %v", s)
	}
}

func TestDuplicatePredictors(t *testing.T) {
	x := mixed()
	rows, _ := x.Dims()
	for i := range rows { // three copies of one predictor and a mirrored one
		x.Set(i, 5, x.At(i, 3))
		x.Set(i, 9, 2*x.At(i, 3)+1)
		x.Set(i, 12, -x.At(i, 4))
	}
	within, _, between := correlations(x, 24)
	for _, alpha := range []float64{.3, .05, .001} {
		s := Lasso(within, between, alpha)
		checkOptimal(t, s, within, between)
	}
	// Without a penalty the pseudo-inverse shares the weight evenly.
	s := LeastSquares(within, between)
	for j := range 20 {
		if a, b, c := s.Weights.At(3, j), s.Weights.At(5, j), s.Weights.At(4, j)+s.Weights.At(12, j); math.Abs(a-b) > 1e-9 || math.Abs(c) > 1e-9 {
			t.Errorf("target %d: copies weigh %v and %v, mirrored differ by %v", j, a, b, c)
		}
	}
	if few := Lasso(within, between, 1e-7).Loss(); few < s.Loss()-1e-12 || few > s.Loss()+1e-5 {
		t.Errorf("loss %v at a tiny penalty, %v without", few, s.Loss())
	}
}

func TestTargetAmongPredictorsIsFound(t *testing.T) {
	// A target that is a copy of a predictor takes just that one, with weight 1 − α.
	x := mixed()
	rows, _ := x.Dims()
	for i := range rows {
		x.Set(i, 24+3, 4*x.At(i, 7))
	}
	within, _, between := correlations(x, 24)
	s := Lasso(within, between, .4)
	if got := s.Weights.At(7, 3); math.Abs(got-.6) > 1e-9 || s.NonZero(0)[3] != 1 {
		t.Errorf("weight %v of %d, want 0.6 of 1", got, s.NonZero(0)[3])
	}
	if l := LeastSquares(within, between); math.Abs(l.Weights.At(7, 3)-1) > 1e-9 || math.Abs(l.LossPer[3]) > 1e-12 {
		t.Errorf("least squares: weight %v, loss %v", l.Weights.At(7, 3), l.LossPer[3])
	}
}

func TestPathIsContinuousAndEqualsSingleSolutions(t *testing.T) {
	within, _, between := planted(5, 600, 40, 30, 15)
	var alphas []float64
	for a := 1.0; a > 1e-4; a *= .8 {
		alphas = append(alphas, a)
	}
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(alphas), func(i, j int) { alphas[i], alphas[j] = alphas[j], alphas[i] })
	alphas = append(alphas, 0)
	path := LassoPath(within, between, alphas)
	for k, s := range path {
		one := Lasso(within, between, alphas[k])
		if s.Penalty != alphas[k] || !mat.EqualApprox(s.Weights, one.Weights, 1e-7) {
			t.Fatalf("alpha %v: path and single solution differ", alphas[k])
		}
		if alphas[k] > 0 {
			checkOptimal(t, s, within, between)
		}
	}
	near := LassoPath(within, between, []float64{.05, .05 * (1 + 1e-6)})
	if !mat.EqualApprox(near[0].Weights, near[1].Weights, 1e-4) {
		t.Error("a small step of alpha makes a large step of weights")
	}
	// The loss rises with alpha, and no other solution has a smaller objective.
	for k, s := range path {
		for l, o := range path {
			if alphas[k] < alphas[l] && s.Loss() > o.Loss()+1e-12 {
				t.Errorf("loss %v at alpha %v, %v at %v", s.Loss(), alphas[k], o.Loss(), alphas[l])
			}
			if objective(o, alphas[k]) < objective(s, alphas[k])-1e-9 {
				t.Errorf("alpha %v: objective %v, that of another solution %v", alphas[k], objective(s, alphas[k]), objective(o, alphas[k]))
			}
		}
	}
	if len(LassoPath(within, between, nil)) != 0 {
		t.Error("a path of nothing")
	}
}

func TestLassoDoesNotDependOnOrderScaleOrCores(t *testing.T) {
	within, _, between := planted(6, 500, 30, 30, 12)
	s := Lasso(within, between, .03)
	before := runtime.GOMAXPROCS(1)
	one := Lasso(within, between, .03)
	runtime.GOMAXPROCS(before)
	if !mat.Equal(s.Weights, one.Weights) || !reflect.DeepEqual(s.LossPer, one.LossPer) {
		t.Error("bits depend on the number of cores")
	}
	if last := Lasso(within, between.Slice(0, 30, 29, 30), .03); !mat.Equal(last.Weights.ColView(0), s.Weights.ColView(29)) {
		t.Error("bits of a target depend on the others")
	}
	perm := rand.New(rand.NewPCG(2, 1)).Perm(30)
	g, b := mat.NewSymDense(30, nil), mat.NewDense(30, 30, nil)
	for i := range 30 {
		for j := range 30 {
			g.SetSym(i, j, within.At(perm[i], perm[j]))
			b.Set(i, j, between.At(perm[i], j))
		}
	}
	moved := Lasso(g, b, .03)
	for i := range 30 {
		for j := range 30 {
			if math.Abs(moved.Weights.At(i, j)-s.Weights.At(perm[i], j)) > 1e-8 {
				t.Fatalf("weight (%d, %d) changes with the order of predictors", i, j)
			}
		}
	}
	// Covariances k times as large with a penalty k times as large: the same weights.
	var c mat.Dense
	g.CopySym(within)
	g.ScaleSym(1e6, g)
	c.Scale(1e6, between)
	if scaled := Lasso(g, &c, .03e6); !mat.EqualApprox(scaled.Weights, s.Weights, 1e-9) {
		t.Error("weights change with the scale")
	}
}

func TestRidgeSolvesItsEquation(t *testing.T) {
	within, _, between := planted(7, 300, 33, 20, 10)
	for _, lambda := range []float64{1e-6, .01, 1, 100} {
		s := Ridge(within, between, lambda)
		var left mat.Dense
		g := mat.NewSymDense(33, nil)
		g.CopySym(within)
		for i := range 33 {
			g.SetSym(i, i, g.At(i, i)+lambda)
		}
		left.Mul(g, s.Weights)
		if !mat.EqualApprox(&left, between, 1e-10) {
			t.Errorf("lambda %v: (G + λI)w is not c", lambda)
		}
	}
	none, least := Ridge(within, between, 0), LeastSquares(within, between)
	if !mat.Equal(none.Weights, least.Weights) {
		t.Error("no penalty is not least squares")
	}
	if a := Lasso(within, between, 0); !mat.Equal(a.Weights, least.Weights) || a.Method != "lasso" {
		t.Error("lasso without penalty is not least squares")
	}
	tiny := Ridge(within, between, 1e-300)
	if !mat.EqualApprox(tiny.Weights, least.Weights, 1e-9) {
		t.Error("a penalty below rounding is not least squares")
	}
}

func TestPaperSGDNearsTheOptimum(t *testing.T) {
	ctx := context.Background()
	// With two targets progress is 65 e-folds per unit eigenvalue: the run ends at the optimum.
	within, _, between := planted(8, 500, 6, 2, 4)
	s, err := PaperSGD(ctx, within, between, .05, 3)
	if err != nil {
		t.Fatal(err)
	}
	want := Lasso(within, between, PaperPenalty(.05, 2))
	if math.Abs(s.Loss()-want.Loss()) > 1e-3 {
		t.Errorf("SGD %v, exact %v", s, want)
	}
	// With many targets it does not arrive, as in the paper.
	within, _, between = planted(8, 500, 24, 24, 12)
	a, err := PaperSGD(ctx, within, between, 0, 3)
	if err != nil {
		t.Fatal(err)
	}
	if least := LeastSquares(within, between); a.Loss() < least.Loss() {
		t.Errorf("SGD %v below least squares %v", a, least)
	}
	before := runtime.GOMAXPROCS(1)
	b, _ := PaperSGD(ctx, within, between, 0, 3)
	runtime.GOMAXPROCS(before)
	if !mat.Equal(a.Weights, b.Weights) {
		t.Error("bits depend on the number of cores")
	}
	if c, _ := PaperSGD(ctx, within, between, 0, 4); mat.Equal(a.Weights, c.Weights) {
		t.Error("the seed does not matter")
	}
}

func TestPaperSGDStartsAtTheTargetsSize(t *testing.T) {
	within, _, between := planted(9, 500, 30, 25, 20)
	r := newProblem("test", within, between)
	s := r.finish("start", 0, r.sgdStart(1))
	var g mat.Dense
	g.Mul(within, s.Weights)
	g.MulElem(&g, s.Weights)
	if got := mat.Sum(&g); math.Abs(got-25) > 1e-9 {
		t.Errorf("predictions have a mean square of %v", got/25)
	}
}

func TestPaperSGDEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	within, _, between := planted(8, 100, 40, 40, 20)
	if s, err := PaperSGD(ctx, within, between, 0, 3); s != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v", s, err)
	}
}

package ops

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
)

var _ gorgonia.Solver = (*Adam)(nil)
var _ gorgonia.Solver = (*Momentum)(nil)

func TestAdamFollowsItsFormula(t *testing.T) {
	for _, c := range []struct {
		name                string
		a                   Adam
		beta1, beta2, small float64 // what the zero values stand for
	}{
		{"usual values", Adam{LR: 0.1}, 0.9, 0.999, 1e-8},
		{"all terms", Adam{LR: 0.1, Beta1: 0.8, Beta2: 0.95, Epsilon: 1e-3, Clip: 1.5, Rates: []Rate{{2, 0.01}, {1, 0}}}, 0.8, 0.95, 1e-3},
		{"no first moment", Adam{LR: 0.01, Beta1: -1}, 0, 0.999, 1e-8},
		{"frozen", Adam{LR: 0.1, Rates: []Rate{{0, 0.01}, {1, 0}}}, 0.9, 0.999, 1e-8},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := [][]float32{{1, -2, 3, 0.5, 7, 1, 1, 1, 9}, {0.25, 4}}
			g := [][]float32{make([]float32, 9), make([]float32, 2)}
			var ref, m, v [2][]float64
			for i := range w {
				ref[i], m[i], v[i] = wide(w[i]), make([]float64, len(w[i])), make([]float64, len(w[i]))
			}
			model := []gorgonia.ValueGrad{newPair(w[0], g[0]), newPair(w[1], g[1])}
			for step := 1; step <= 6; step++ {
				norm := 0.0
				for i := range g {
					for j := range g[i] {
						g[i][j] = float32(math.Sin(float64(7*step + 3*i + j)))
						norm += float64(g[i][j]) * float64(g[i][j])
					}
				}
				norm = math.Sqrt(norm)
				factor := 1.0
				if c.a.Clip > 0 && norm > c.a.Clip {
					factor = c.a.Clip / norm
				}
				for i := range ref {
					r := Rate{LR: 1}
					if c.a.Rates != nil {
						r = c.a.Rates[i]
					}
					for j := range ref[i] {
						d := factor*float64(g[i][j]) + r.Decay*ref[i][j]
						m[i][j] = c.beta1*m[i][j] + (1-c.beta1)*d
						v[i][j] = c.beta2*v[i][j] + (1-c.beta2)*d*d
						mh, vh := m[i][j]/(1-math.Pow(c.beta1, float64(step))), v[i][j]/(1-math.Pow(c.beta2, float64(step)))
						ref[i][j] -= c.a.LR * r.LR * mh / (math.Sqrt(vh) + c.small)
					}
				}
				if err := c.a.Step(model); err != nil {
					t.Fatal(err)
				}
				if math.Abs(c.a.GradientNorm()-norm) > 1e-6 || c.a.Steps() != step {
					t.Errorf("norm %v after %d steps, want %v after %d", c.a.GradientNorm(), c.a.Steps(), norm, step)
				}
			}
			first, second := c.a.Moments()
			for i := range ref {
				for j := range ref[i] {
					if math.Abs(float64(w[i][j])-ref[i][j]) > 1e-5 || math.Abs(float64(first[i][j])-m[i][j]) > 1e-5 || math.Abs(float64(second[i][j])-v[i][j]) > 1e-5 {
						t.Errorf("parameter %d[%d] is %v (m %v, v %v), want %v (m %v, v %v)", i, j, w[i][j], first[i][j], second[i][j], ref[i][j], m[i][j], v[i][j])
					}
				}
			}
		})
	}
}

func TestTheFirstStepOfAdamHasTheLengthOfItsRate(t *testing.T) {
	// m̂/√v̂ is ±1 whatever the size of the gradient: without the correction it would be 0.1/√0.001
	w := []float32{1, 1, 1}
	a := Adam{LR: 0.25}
	if err := a.Step([]gorgonia.ValueGrad{newPair(w, []float32{1e-3, -7, 1e4})}); err != nil {
		t.Fatal(err)
	}
	for i, want := range []float64{0.75, 1.25, 0.75} {
		if math.Abs(float64(w[i])-want) > 1e-5 {
			t.Errorf("value %d is %v, want %v", i, w[i], want)
		}
	}
}

func TestAdamGoesOnFromItsState(t *testing.T) {
	run := func(a *Adam, w []float32, from, to int) {
		for s := from; s < to; s++ {
			g := []float32{float32(s), float32(math.Cos(float64(s)))}
			if err := a.Step([]gorgonia.ValueGrad{newPair(w, g)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole := []float32{1, 2}
	run(&Adam{LR: 0.01}, whole, 0, 8)
	parts := []float32{1, 2}
	a := &Adam{LR: 0.01}
	run(a, parts, 0, 3)
	first, second := a.Moments()
	b := &Adam{LR: 0.01}
	b.Resume(a.Steps(), first, second)
	run(b, parts, 3, 8)
	same(t, "resumed", parts, whole)
}

func TestAdamRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name  string
		a     Adam
		model []gorgonia.ValueGrad
		want  string
	}{
		{"a gradient of NaN", Adam{LR: 1}, []gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, nan})}, "norm is NaN"},
		{"rates for other parameters", Adam{LR: 1, Rates: []Rate{{}, {}}}, []gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, 0})}, "2 rates for 1"},
		{"a gradient of another length", Adam{LR: 1}, []gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, 0, 0})}, "2 values"},
		{"a share of 1", Adam{LR: 1, Beta2: 1}, []gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, 0})}, "Beta2 1"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.a.Step(c.model)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one that says %q", err, c.want)
			}
			same(t, "parameters", c.model[0].Value().Data().([]float32), []float32{1, 2})
		})
	}
	a := Adam{LR: 1}
	if err := a.Step([]gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, 0})}); err != nil {
		t.Fatal(err)
	}
	if err := a.Step([]gorgonia.ValueGrad{newPair([]float32{1}, []float32{0})}); err == nil {
		t.Error("another model gives no error")
	}
}

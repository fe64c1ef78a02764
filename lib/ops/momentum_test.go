package ops

import (
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// pair is a parameter with its gradient.
type pair struct{ w, g *tensor.Dense }

func (p pair) Value() gorgonia.Value         { return p.w }
func (p pair) Grad() (gorgonia.Value, error) { return p.g, nil }

func newPair(w, g []float32) pair {
	return pair{tensor.New(tensor.WithShape(len(w)), tensor.WithBacking(w)), tensor.New(tensor.WithShape(len(g)), tensor.WithBacking(g))}
}

func TestMomentumFollowsItsFormula(t *testing.T) {
	for _, c := range []struct {
		name string
		m    Momentum
	}{
		{"zero momentum, no rates", Momentum{LR: 0.1}},
		{"all terms", Momentum{LR: 0.1, Share: 0.9, Clip: 1.5, Rates: []Rate{{2, 0.01}, {1, 0}}}},
		{"frozen", Momentum{LR: 0.1, Share: 0.9, Rates: []Rate{{0, 0.01}, {1, 0}}}},
		{"large clip", Momentum{LR: 0.1, Share: 0.5, Clip: 1e9}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := [][]float32{{1, -2, 3, 0.5, 7, 1, 1, 1, 9}, {0.25, 4}}
			g := [][]float32{make([]float32, 9), make([]float32, 2)}
			var ref, v [2][]float64
			for i := range w {
				ref[i], v[i] = wide(w[i]), make([]float64, len(w[i]))
			}
			model := []gorgonia.ValueGrad{newPair(w[0], g[0]), newPair(w[1], g[1])}
			for step := range 5 {
				norm := 0.0
				for i := range g {
					for j := range g[i] {
						g[i][j] = float32(math.Sin(float64(7*step + 3*i + j)))
						norm += float64(g[i][j]) * float64(g[i][j])
					}
				}
				norm = math.Sqrt(norm)
				factor := 1.0
				if c.m.Clip > 0 && norm > c.m.Clip {
					factor = c.m.Clip / norm
				}
				for i := range ref {
					r := Rate{LR: 1}
					if c.m.Rates != nil {
						r = c.m.Rates[i]
					}
					for j := range ref[i] {
						v[i][j] = c.m.Share*v[i][j] - c.m.LR*r.LR*(factor*float64(g[i][j])+r.Decay*ref[i][j])
						ref[i][j] += v[i][j]
					}
				}
				if err := c.m.Step(model); err != nil {
					t.Fatal(err)
				}
				if math.Abs(c.m.GradientNorm()-norm) > 1e-6 {
					t.Errorf("norm %v, want %v", c.m.GradientNorm(), norm)
				}
			}
			for i := range ref {
				for j := range ref[i] {
					if math.Abs(float64(w[i][j])-ref[i][j]) > 1e-5 || math.Abs(float64(c.m.Velocity()[i][j])-v[i][j]) > 1e-5 {
						t.Errorf("parameter %d[%d] is %v (v %v), want %v (v %v)", i, j, w[i][j], c.m.Velocity()[i][j], ref[i][j], v[i][j])
					}
				}
			}
		})
	}
}

func TestMomentumGoesOnFromItsState(t *testing.T) {
	run := func(m *Momentum, w []float32, from, to int) {
		for s := from; s < to; s++ {
			g := []float32{float32(s), float32(math.Cos(float64(s)))}
			if err := m.Step([]gorgonia.ValueGrad{newPair(w, g)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	whole := []float32{1, 2}
	run(&Momentum{LR: 0.01, Share: 0.9}, whole, 0, 8)
	parts := []float32{1, 2}
	a := &Momentum{LR: 0.01, Share: 0.9}
	run(a, parts, 0, 3)
	b := &Momentum{LR: 0.01, Share: 0.9}
	b.Start(2)
	copy(b.Velocity()[0], a.Velocity()[0])
	run(b, parts, 3, 8)
	same(t, "resumed", parts, whole)
}

func TestMomentumRefuses(t *testing.T) {
	nan := float32(math.NaN())
	for _, c := range []struct {
		name  string
		m     Momentum
		model []gorgonia.ValueGrad
		want  string
	}{
		{"a gradient of NaN", Momentum{LR: 1}, []gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, nan})}, "norm is NaN"},
		{"rates for other parameters", Momentum{LR: 1, Rates: []Rate{{}, {}}}, []gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, 0})}, "2 rates for 1"},
		{"a gradient of another length", Momentum{LR: 1}, []gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, 0, 0})}, "2 values"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.m.Step(c.model)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Fatalf("error %v, want one that says %q", err, c.want)
			}
			same(t, "parameters", c.model[0].Value().Data().([]float32), []float32{1, 2})
		})
	}
	m := Momentum{LR: 1}
	if err := m.Step([]gorgonia.ValueGrad{newPair([]float32{1, 2}, []float32{0, 0})}); err != nil {
		t.Fatal(err)
	}
	if err := m.Step([]gorgonia.ValueGrad{newPair([]float32{1}, []float32{0})}); err == nil {
		t.Error("another model gives no error")
	}
}

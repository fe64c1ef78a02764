package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

var rules = []BackRule{Gradient, Deconvolution, Guided}

// withBiases gives a net biases and statistics that matter.
func withBiases(n *Net) *Net {
	r := rand.New(rand.NewPCG(9, 9))
	for _, p := range n.Params() {
		for i := range p.Data {
			switch p.Name {
			case "bias", "mean":
				p.Data[i] = 0.2 * float32(r.NormFloat64())
			case "scale", "variance":
				p.Data[i] = 0.5 + r.Float32()
			}
		}
	}
	return n
}

// Without functions and poolings all rules are the derivative, and that is a difference,
// however long the step.
func TestLinearNetsGoBackByTheirDifferences(t *testing.T) {
	a := Sequential("linear", Input{Shape: [3]int{10, 9, 2}},
		Conv{Units: 4, Kernel: 3, Pad: 1, Stride: 2, Linear: true}, AvgPool{Size: 2, Pad: 1}, BatchNorm{},
		Conv{Units: 6, Kernel: 2, Dilation: 2, Pad: 1, Groups: 2, Linear: true},
		Residual{Layers: []Layer{Conv{Units: 8, Kernel: 1, Stride: 2, Linear: true}}, Shortcut: []Layer{Subsample{Stride: 2, Units: 8, Before: 1}}, Linear: true},
		Dropout{Rate: 0.5}, GlobalAvgPool{}, Dense{Units: 5, Linear: true}, end)
	n := withBiases(New(a, 1))
	x, _ := noise(a, 1, 1)
	for _, name := range a.layerNames() {
		b := must(n.Backprop(1, name))(t)
		s, _ := n.LayerShape(name)
		row, col, unit := s[0]/2, s[1]/2, s[2]-1
		at := (row*s[1]+col)*s[2] + unit
		if err := b.RunPrepared(x); err != nil {
			t.Fatal(err)
		}
		base := b.Activation()[at]
		var back [3][]float32
		for i, r := range rules {
			back[i] = make([]float32, len(x))
			b.Unit(back[i], 0, row, col, unit, r)
		}
		for k := range x {
			y := append([]float32(nil), x...)
			y[k] += 4
			if err := b.RunPrepared(y); err != nil {
				t.Fatal(err)
			}
			want := float64(b.Activation()[at]-base) / 4
			if math.Abs(float64(back[0][k])-want) > 2e-5 {
				t.Fatalf("%s: input %d: %v, difference %v", name, k, back[0][k], want)
			}
		}
		sameBits(t, name+" by deconvolution", back[1], back[0])
		sameBits(t, name+" guided", back[2], back[0])
		_ = b.Close()
	}
}

// TestGradientAgreesWithFiniteDifferences covers every kind of layer.
func TestGradientAgreesWithFiniteDifferences(t *testing.T) {
	archs := []*Arch{
		tiny(),
		Sequential("normalised", Input{Shape: [3]int{9, 8, 3}},
			Conv{Units: 6, Kernel: 3, Linear: true, NoBias: true}, BatchNorm{ReLU: true}, LRN{Size: 3, Alpha: 0.5, Beta: 0.6, K: 2},
			MaxPool{Size: 3, Stride: 2}, LRN{Size: 3, Alpha: 0.8, Within: true},
			Residual{Layers: []Layer{Conv{Units: 6, Kernel: 3, Pad: 1}, Conv{Units: 6, Kernel: 3, Pad: 1, Linear: true}}},
			Dense{Units: 5, Activation: Tanh}, end),
		Sequential("functions", Input{Shape: [3]int{8, 8, 2}},
			Conv{Units: 5, Kernel: 3, Activation: LeakyReLU}, Conv{Units: 5, Kernel: 3, Activation: Sigmoid}, AvgPool{Size: 2, Inside: true, Pad: 1},
			Conv{Units: 5, Kernel: 1, Linear: true}, Activation{Function: LeakyReLU, Slope: 0.3}, Activation{Function: Tanh}, GlobalAvgPool{}, end),
	}
	for _, a := range archs {
		t.Run(a.Name, func(t *testing.T) {
			n := withBiases(New(a, 4))
			x, _ := noise(a, 1, 2)
			last := a.Layers[len(a.Layers)-1].name() // linear: nothing between signal and value
			b := must(n.Backprop(1, last))(t)
			defer b.Close()
			back := make([]float32, len(x))
			value := func(k int, h float32) float64 {
				y := append([]float32(nil), x...)
				y[k] += h
				if err := b.RunPrepared(y); err != nil {
					t.Fatal(err)
				}
				return float64(b.Activation()[1])
			}
			wrong, largest := 0, 0.0
			var diffs []string
			for k := range x {
				const h = 2e-3
				want := (value(k, h) - value(k, -h)) / (2 * h)
				value(k, 0)
				b.Unit(back, 0, 0, 0, 1, Gradient)
				largest = max(largest, math.Abs(want))
				// float32 rounding over the step, and steps over the kink of a ReLU or a maximum
				if d := math.Abs(float64(back[k]) - want); d > 3e-3*math.Max(1, math.Abs(want)) {
					wrong++
					diffs = append(diffs, fmt.Sprintf("input %d: %v, difference %v", k, back[k], want))
				}
			}
			if wrong > len(x)/50 || largest < 1e-3 {
				t.Errorf("%d of %d differ (largest gradient %v): %s", wrong, len(x), largest, strings.Join(diffs[:min(5, len(diffs))], "; "))
			}
		})
	}
}

// reverse is the slow twin of the way back in float64 for tiny(): for each value of a layer's
// input it gathers over the outputs, where Backprop scatters from them.
func reverse(n *Net, x []float32, e *Evaluator, last int, at int, rule BackRule) []float64 {
	g := make([]float64, size64(n.steps[last].out))
	g[at] = 1
	for i := last; i >= 0; i-- {
		s := n.steps[i]
		in := x
		if i > 0 {
			in = e.Activation(n.steps[i-1].name)
		}
		out := e.Activation(s.name)
		if f, _ := functionOf(s.layer); f == ReLU && i < last {
			for k := range g {
				if rule != Gradient && g[k] < 0 || rule != Deconvolution && out[k] <= 0 {
					g[k] = 0
				}
			}
		}
		w := func(index int) float64 { return float64(n.weightsOf(s.name)[index]) }
		to := make([]float64, size64(s.in))
		switch l := s.layer.(type) {
		case Conv:
			for k := range to {
				y, xx, c := k/s.in[2]/s.in[1], k/s.in[2]%s.in[1], k%s.in[2]
				for o := range g {
					p, q, u := y-(o/s.out[2]/s.out[1]*l.stride()-l.Pad), xx-(o/s.out[2]%s.out[1]*l.stride()-l.Pad), o%s.out[2]
					if p >= 0 && p < l.Kernel && q >= 0 && q < l.Kernel {
						to[k] += g[o] * w(((p*l.Kernel+q)*s.in[2]+c)*l.Units+u)
					}
				}
			}
		case MaxPool:
			for o := range g {
				best := -1
				for k := range to {
					y, xx := k/s.in[2]/s.in[1]-o/s.out[2]/s.out[1]*l.stride(), k/s.in[2]%s.in[1]-o/s.out[2]%s.out[1]*l.stride()
					if k%s.in[2] == o%s.out[2] && y >= 0 && y < l.Size && xx >= 0 && xx < l.Size && (best < 0 || in[k] > in[best]) {
						best = k
					}
				}
				to[best] += g[o]
			}
		case Dense:
			for k := range to {
				for o := range g {
					to[k] += g[o] * w(k*l.Units+o)
				}
			}
		default:
			copy(to, g)
		}
		g = to
	}
	return g
}

func (n *Net) weightsOf(layer string) []float32 {
	for _, p := range n.params {
		if p.Layer == layer && p.Name == "weight" {
			return p.Data
		}
	}
	return nil
}

func TestEveryRuleAgreesWithASlowTwin(t *testing.T) {
	a := tiny()
	n := withBiases(New(a, 6))
	x, _ := noise(a, 2, 3)
	size := len(x) / 2
	e := must(n.Evaluator(1, a.layerNames()...))(t)
	defer e.Close()
	for last, s := range n.steps {
		b := must(n.Backprop(2, s.name))(t)
		if err := b.RunPrepared(x); err != nil {
			t.Fatal(err)
		}
		back := make([]float32, size)
		for picture := range 2 {
			if err := e.RunPrepared(x[picture*size:][:size]); err != nil {
				t.Fatal(err)
			}
			for at := range int(size64(s.out)) {
				for _, rule := range rules {
					want := reverse(n, x[picture*size:][:size], e, last, at, rule)
					b.Unit(back, picture, at/s.out[2]/s.out[1], at/s.out[2]%s.out[1], at%s.out[2], rule)
					for k := range want {
						if math.Abs(float64(back[k])-want[k]) > 1e-5*math.Max(1, math.Abs(want[k])) {
							t.Fatalf("%s, value %d by %s: input %d: %v, want %v", s.name, at, rule, k, back[k], want[k])
						}
					}
				}
			}
		}
		_ = b.Close()
	}
}

func TestBackpropMisuse(t *testing.T) {
	n := New(tiny(), 1)
	if _, err := n.Backprop(1, "conv7"); err == nil || !strings.Contains(err.Error(), "conv2") {
		t.Errorf("unknown layer: %v", err)
	}
	b := must(n.Backprop(1, "conv2"))(t)
	defer b.Close()
	dst := make([]float32, 8*7*3)
	panics := func(what string, f func()) {
		t.Helper()
		defer func() {
			if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "nn: ") {
				t.Errorf("%s: %v", what, r)
			}
		}()
		f()
	}
	panics("before a run", func() { b.Unit(dst, 0, 0, 0, 0, Gradient) })
	if err := b.Run(bytesOf(n.Arch, 1, 1)); err != nil {
		t.Fatal(err)
	}
	panics("length", func() { b.Unit(dst[1:], 0, 0, 0, 0, Gradient) })
	panics("picture", func() { b.Unit(dst, 1, 0, 0, 0, Gradient) })
	panics("position", func() { b.Unit(dst, 0, 9, 0, 0, Gradient) })
	panics("unit", func() { b.Unit(dst, 0, 0, 0, 4, Gradient) })
	panics("rule", func() { b.Unit(dst, 0, 0, 0, 0, "backwards") })
}

package nn

import (
	"context"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// labelled is pictures with random bytes.
type labelled struct {
	size, count int
}

func (l labelled) Len() int { return l.count }

func (l labelled) Label(i int) int { return i % 3 }

func (l labelled) Picture(i int) []uint8 {
	r := rand.New(rand.NewPCG(uint64(i), 9))
	p := make([]uint8, l.size)
	for k := range p {
		p[k] = uint8(r.IntN(256))
	}
	return p
}

// varied returns a net all of whose parameters are drawn, running statistics too.
func varied(arch *Arch, seed uint64) *Net {
	n := New(arch, seed)
	r := rand.New(rand.NewPCG(seed, 77))
	for _, p := range n.params {
		if p.Name == "weight" {
			continue
		}
		for i := range p.Data {
			p.Data[i] = 0.5 + r.Float32()
		}
	}
	return n
}

func TestAPermutedNetIsTheSameFunction(t *testing.T) {
	in := Input{Shape: [3]int{13, 11, 3}, MeanOfImage: true}
	last := Dense{Name: "last", Units: 3, Linear: true}
	for _, arch := range []*Arch{
		Sequential("plain", in, Conv{Units: 6, Kernel: 3}, MaxPool{Size: 3, Stride: 2}, Conv{Units: 5, Kernel: 3, Linear: true}, LRN{Within: true, Size: 3}, AvgPool{Size: 2}, Dense{Units: 7}, Dropout{Rate: .5}, last),
		Sequential("normalised", in, Conv{Units: 6, Kernel: 3, Linear: true, NoBias: true}, BatchNorm{ReLU: true}, LRN{Size: 11}, Conv{Units: 4, Kernel: 2, Activation: Tanh}, Activation{Function: LeakyReLU}, GlobalAvgPool{}, last),
		Sequential("residual", in, Conv{Name: "stem", Units: 4, Kernel: 3}, Residual{Name: "block", Layers: []Layer{Conv{Units: 5, Kernel: 3, Pad: 1}, BatchNorm{}, Conv{Units: 4, Kernel: 3, Pad: 1}}}, last),
	} {
		net := varied(arch, 3)
		set := labelled{13 * 11 * 3, 40}
		before, err := Accuracy(context.Background(), []*Net{net}, set)
		if err != nil {
			t.Fatal(err)
		}
		tried := 0
		for _, s := range net.steps {
			order := rand.New(rand.NewPCG(5, 5)).Perm(s.out[2])
			got, err := Permute(net, s.name, order)
			if err != nil {
				if s.name != "last" && s.name != "stem" && s.name != "block" && s.name != "block/conv2" && !strings.HasPrefix(s.name, "pool0") {
					t.Errorf("%s: %v", arch.Name, err)
				}
				continue
			}
			tried++
			a, err := net.Evaluator(4, s.name, "last")
			if err != nil {
				t.Fatal(err)
			}
			b, err := got.Evaluator(4, s.name, "last")
			if err != nil {
				t.Fatal(err)
			}
			pictures := [][]uint8{set.Picture(0), set.Picture(1), set.Picture(2), set.Picture(3)}
			for _, e := range []*Evaluator{a, b} {
				if err := e.Run(pictures); err != nil {
					t.Fatal(err)
				}
			}
			// The layer's own units are moved to the bit.
			units := s.out[2]
			x, y := a.Activation(s.name), b.Activation(s.name)
			for i := range y {
				want := x[i/units*units+order[i%units]]
				if math.Abs(float64(y[i]-want)) > 1e-5*max(1, math.Abs(float64(want))) { // float32, sums in another order
					t.Fatalf("%s %s: value %d is %v, want %v", arch.Name, s.name, i, y[i], want)
				}
			}
			for i, v := range b.Logits() {
				if want := a.Logits()[i]; math.Abs(float64(v-want)) > 1e-4*max(1, math.Abs(float64(want))) {
					t.Fatalf("%s %s: logit %d is %v, want %v", arch.Name, s.name, i, v, want)
				}
			}
			after, err := Accuracy(context.Background(), []*Net{got}, set)
			if err != nil || !slices.Equal(after, before) {
				t.Errorf("%s %s: accuracy %v, want %v (%v)", arch.Name, s.name, after, before, err)
			}
			if got.Fingerprint() == net.Fingerprint() {
				t.Errorf("%s %s: nothing changed", arch.Name, s.name)
			}
			// The inverse order restores the bits.
			inverse := make([]int, units)
			for j, u := range order {
				inverse[u] = j
			}
			if back, err := Permute(got, s.name, inverse); err != nil || back.Fingerprint() != net.Fingerprint() {
				t.Errorf("%s %s: the inverse order does not restore the net: %v", arch.Name, s.name, err)
			}
		}
		if tried < 2 {
			t.Errorf("%s: %d layers permuted", arch.Name, tried)
		}
	}
}

func TestGroupsArePermutedWithinThemselves(t *testing.T) {
	net := varied(Sequential("grouped", Input{Shape: [3]int{9, 9, 2}}, Conv{Units: 6, Kernel: 3}, Conv{Units: 8, Kernel: 3, Groups: 2}, Dense{Units: 3, Linear: true}), 1)
	set := labelled{9 * 9 * 2, 2}
	for layer, order := range map[string][]int{"conv1": {2, 0, 1, 4, 5, 3}, "conv2": {3, 1, 0, 2, 7, 6, 4, 5}} {
		got, err := Permute(net, layer, order)
		if err != nil {
			t.Errorf("%s: %v", layer, err)
			continue
		}
		var logits [2][]float32
		for k, n := range []*Net{net, got} {
			e, err := n.Evaluator(2)
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Run([][]uint8{set.Picture(0), set.Picture(1)}); err != nil {
				t.Fatal(err)
			}
			logits[k] = e.Logits()
		}
		for i, v := range logits[1] {
			if want := logits[0][i]; math.Abs(float64(v-want)) > 1e-4*max(1, math.Abs(float64(want))) {
				t.Errorf("%s: logit %d is %v, want %v", layer, i, v, want)
			}
		}
	}
	for layer, order := range map[string][]int{"conv1": {5, 1, 2, 3, 4, 0}, "conv2": {4, 1, 2, 3, 0, 5, 6, 7}} {
		if _, err := Permute(net, layer, order); err == nil || !strings.Contains(err.Error(), "moves units between groups") {
			t.Errorf("%s across groups: %v", layer, err)
		}
	}
}

func TestWhereAnotherOrderIsAnotherFunction(t *testing.T) {
	net := varied(Sequential("n", Input{Shape: [3]int{9, 9, 4}}, MaxPool{Size: 1}, Conv{Units: 4, Kernel: 3, Pad: 1}, LRN{Size: 3},
		Residual{Layers: []Layer{Conv{Units: 5, Kernel: 3, Pad: 1}, Conv{Units: 8, Kernel: 3, Pad: 1}}, Shortcut: []Layer{Subsample{Units: 8}}}, Dense{Units: 3, Linear: true}), 1)
	eight := []int{7, 6, 5, 4, 3, 2, 1, 0}
	for _, c := range []struct {
		layer string
		order []int
		want  string
	}{
		{"conv9", nil, `no layer "conv9"; have pool0, conv1`},
		{"conv1", []int{0, 1, 2}, "order of 3 units, it has 4"},
		{"conv1", []int{0, 1, 2, 4}, "order[3] is 4 (valid: 0..3)"},
		{"conv1", []int{0, 1, 2, 2}, "unit 2 stands in the order twice"},
		{"conv1", []int{1, 0, 3, 2}, `"norm1" normalises over 3 neighbouring units`},
		{"pool0", []int{1, 0, 3, 2}, "channels are those of the pictures"},
		{"res1/conv2", eight, `added to those of another layer in "res1"`},
		{"res1", eight, "sums of those of two layers"},
		{"res1/shortcut/subsample1", eight, "no units of its own"},
		{"fc2", []int{2, 0, 1}, "its units are the classes"},
	} {
		if got, err := Permute(net, c.layer, c.order); err == nil || got != nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want %q", c.layer, err, c.want)
		}
	}
}

package nn

import (
	"context"
	"errors"
	"math"
	"reflect"
	"strings"
	"sync"
	"testing"
)

// forward is the slow twin of a whole net in float64, one picture; it returns each layer's
// output.
func forward(n *Net, pixels []uint8) map[string][]float64 {
	x32 := make([]float32, len(pixels))
	n.Arch.Prepare(x32, pixels)
	x := make([]float64, len(x32))
	for i, v := range x32 {
		x[i] = float64(v)
	}
	out := map[string][]float64{}
	next := 0
	for _, st := range n.steps {
		l, in, to := st.layer, st.in, st.out
		y := make([]float64, size64(to))
		switch l := l.(type) {
		case Conv:
			w, b := n.params[next].Data, n.params[next+1].Data
			next += 2
			for i := range to[0] {
				for j := range to[1] {
					for o := range to[2] {
						s := float64(b[o])
						for p := range l.Kernel {
							for q := range l.Kernel {
								r, c := i*l.stride()-l.Pad+p, j*l.stride()-l.Pad+q
								if r < 0 || c < 0 || r >= in[0] || c >= in[1] {
									continue
								}
								for k := range in[2] {
									s += x[(r*in[1]+c)*in[2]+k] * float64(w[((p*l.Kernel+q)*in[2]+k)*l.Units+o])
								}
							}
						}
						if !l.Linear {
							s = math.Max(0, s)
						}
						y[(i*to[1]+j)*to[2]+o] = s
					}
				}
			}
		case MaxPool:
			for i := range to[0] {
				for j := range to[1] {
					for k := range to[2] {
						m := math.Inf(-1)
						for r := i * l.stride(); r < min(i*l.stride()+l.Size, in[0]); r++ {
							for c := j * l.stride(); c < min(j*l.stride()+l.Size, in[1]); c++ {
								m = math.Max(m, x[(r*in[1]+c)*in[2]+k])
							}
						}
						y[(i*to[1]+j)*to[2]+k] = m
					}
				}
			}
		case Dense:
			w, b := n.params[next].Data, n.params[next+1].Data
			next += 2
			for o := range l.Units {
				s := float64(b[o])
				for i, v := range x {
					s += v * float64(w[i*l.Units+o])
				}
				if !l.Linear {
					s = math.Max(0, s)
				}
				y[o] = s
			}
		case Dropout:
			copy(y, x)
		}
		out[l.name()], x = y, y
	}
	return out
}

func TestEvaluatorAgreesWithASlowTwin(t *testing.T) {
	for _, a := range []*Arch{tiny(), SmallAlexNet([3]int{32, 32, 3}, 10)} {
		n := New(a, 3)
		for _, p := range n.Params() { // biases that matter
			if p.Name == "bias" {
				for i := range p.Data {
					p.Data[i] = 0.1 * float32(i%3)
				}
			}
		}
		pictures := bytesOf(a, 5, 1)
		e := must(n.Evaluator(3, a.layerNames()...))(t)
		defer e.Close()
		for _, part := range [][][]uint8{pictures[:3], pictures[3:]} { // a full batch and a part of one
			if err := e.Run(part); err != nil {
				t.Fatal(err)
			}
			for i, p := range part {
				want := forward(n, p)
				for _, name := range a.layerNames() {
					all := e.Activation(name)
					size := len(want[name])
					if len(all) != size*len(part) {
						t.Fatalf("%s: %d values for %d pictures of %d", name, len(all), len(part), size)
					}
					for j, v := range want[name] {
						if got := float64(all[i*size+j]); math.Abs(got-v) > 1e-4*math.Max(1, math.Abs(v)) {
							t.Fatalf("%s of %s, picture %d, value %d: %v, want %v", name, a.Name, i, j, got, v)
						}
					}
				}
			}
		}
	}
}

func TestEvaluatorEndsAtTheDeepestLayer(t *testing.T) {
	n := New(tiny(), 1)
	e := must(n.Evaluator(2, "conv2", "conv1"))(t)
	defer e.Close()
	if got := e.Activation("conv1"); len(got) != 0 {
		t.Errorf("%d values before the first run", len(got))
	}
	if err := e.Run(bytesOf(n.Arch, 2, 1)); err != nil {
		t.Fatal(err)
	}
	if e.Logits() != nil || len(e.graph.outputs) != 3 {
		t.Errorf("computes %d layers, logits %v", len(e.graph.outputs), e.Logits())
	}
	func() {
		defer func() {
			if s, _ := recover().(string); !strings.Contains(s, `"fc3"`) {
				t.Errorf("panic %q", s)
			}
		}()
		e.Activation("fc3")
	}()
	all := must(n.Evaluator(2))(t)
	defer all.Close()
	if got := strings.Join(all.Layers(), " "); got != "conv1 conv2 fc3" {
		t.Errorf("reads %s", got)
	}
}

func TestEvaluatorRefuses(t *testing.T) {
	n := New(tiny(), 1)
	e := must(n.Evaluator(2))(t)
	defer e.Close()
	p := bytesOf(n.Arch, 3, 1)
	for _, c := range []struct {
		name   string
		pixels [][]uint8
		want   string
	}{
		{"too many", p, "3 pictures (valid: 1..2)"},
		{"none", nil, "0 pictures"},
		{"another size", [][]uint8{p[0], p[1][:9]}, "picture 1 has 9 bytes, tiny takes 8×7×3 = 168"},
	} {
		if err := e.Run(c.pixels); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v", c.name, err)
		}
	}
	if err := e.RunPrepared(make([]float32, 10)); err == nil {
		t.Error("a part of a picture gives no error")
	}
}

func TestEvaluatorsOfOneNetRunAtOnce(t *testing.T) {
	n := New(tiny(), 1)
	pictures := bytesOf(n.Arch, 4, 1)
	want := must(n.Evaluator(4))(t)
	if err := want.Run(pictures); err != nil {
		t.Fatal(err)
	}
	var wait sync.WaitGroup
	for w := range 4 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			e, err := n.Evaluator(4)
			if err != nil {
				t.Error(err)
				return
			}
			e.SetWorkers(w)
			for range 5 {
				if err := e.Run(pictures); err != nil {
					t.Error(err)
					return
				}
				for i, v := range want.Logits() {
					if e.Logits()[i] != v {
						t.Errorf("logit %d is %v, want %v", i, e.Logits()[i], v)
						return
					}
				}
			}
		}()
	}
	wait.Wait()
}

// set is pictures in memory.
type set struct {
	pixels [][]uint8
	labels []int
}

func (s set) Len() int              { return len(s.labels) }
func (s set) Picture(i int) []uint8 { return s.pixels[i] }
func (s set) Label(i int) int       { return s.labels[i] }

func TestAccuracyCountsLargestLogits(t *testing.T) {
	a := tiny()
	nets := []*Net{New(a, 1), New(a, 2)}
	s := set{pixels: bytesOf(a, 37, 1), labels: make([]int, 37)}
	want := []float64{0, 0}
	classes := [][]int{nil, nil}
	for i, p := range s.pixels {
		s.labels[i] = i % 3
		for k, n := range nets {
			z := forward(n, p)["fc4"]
			best := 0
			for j, v := range z {
				if v > z[best] {
					best = j
				}
			}
			classes[k] = append(classes[k], best)
			if best == s.labels[i] {
				want[k] += 1. / 37
			}
		}
	}
	got, err := Accuracy(context.Background(), nets, s)
	if err != nil {
		t.Fatal(err)
	}
	for k := range want {
		if math.Abs(got[k]-want[k]) > 1e-9 {
			t.Errorf("net %d: %v, want %v", k, got[k], want[k])
		}
	}
	if got, err := Predictions(context.Background(), nets, s); err != nil || !reflect.DeepEqual(got, classes) {
		t.Errorf("predictions %v, %v, want %v", got, err, classes)
	}
	if text := (Accuracies{0.9455, 1}).String(); text != "94.55 %, 100.00 %" {
		t.Errorf("prints as %q", text)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Accuracy(ctx, nets, s); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	s.labels[20] = 3
	if _, err := Accuracy(context.Background(), nets, s); err == nil || !strings.Contains(err.Error(), "picture 20 has label 3") {
		t.Errorf("label out of range: %v", err)
	}
	s.labels[20], s.pixels[5] = 0, nil
	if _, err := Accuracy(context.Background(), nets, s); err == nil {
		t.Error("an empty picture gives no error")
	}
	if _, err := Accuracy(context.Background(), nets, set{}); err == nil {
		t.Error("an empty set gives no error")
	}
}

package nn

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// rich is a net with every kind of layer that tiny has not.
func rich() *Arch {
	return Sequential("rich", Input{Shape: [3]int{9, 8, 4}, Scale: 2, MeanOfImage: true},
		Conv{Units: 6, Kernel: 3, Pad: 2, Dilation: 2, Groups: 2, Activation: Tanh, Bias: 0.25},
		AvgPool{Size: 3, Stride: 2, Pad: 1},
		LRN{Size: 3, Alpha: 2},
		Residual{Layers: []Layer{Conv{Units: 8, Kernel: 3, Pad: 1, Stride: 2, Linear: true, NoBias: true}, BatchNorm{ReLU: true}}, Shortcut: []Layer{Conv{Units: 8, Kernel: 1, Stride: 2, Linear: true}}},
		Residual{Layers: []Layer{Conv{Units: 10, Kernel: 3, Pad: 1, Linear: true}, BatchNorm{}}, Shortcut: []Layer{Subsample{Units: 10}}, Linear: true},
		LRN{Size: 3, Alpha: 1, Within: true},
		Activation{Function: LeakyReLU, Slope: 0.1},
		MaxPool{Size: 2, Stride: 2, Pad: 1},
		GlobalAvgPool{},
		Dense{Units: 5, Activation: Sigmoid},
		BatchNorm{},
		Dense{Units: 3, Linear: true},
	)
}

func TestArchitecturesHaveThePublishedSizes(t *testing.T) {
	cifar, big := [3]int{32, 32, 3}, [3]int{227, 227, 3}
	for _, c := range []struct {
		arch   *Arch
		params int
		mflop  float64
		shapes map[string][3]int
	}{
		{LeNet([3]int{28, 28, 1}, 10), 431080, 4.6, map[string][3]int{"conv1": {24, 24, 20}, "pool1": {12, 12, 20}, "conv2": {8, 8, 50}, "pool2": {4, 4, 50}}},
		{CIFAR10Quick(cifar, 10), 145578, 24.7, map[string][3]int{"pool1": {16, 16, 32}, "pool2": {8, 8, 32}, "pool3": {4, 4, 64}, "ip1": {1, 1, 64}}},
		{CIFAR10Full(cifar, 10), 89578, 24.6, map[string][3]int{"norm1": {16, 16, 32}, "norm2": {8, 8, 32}, "pool3": {4, 4, 64}}},
		{CaffeNet(big, 1000), 60965224, 1448.8, map[string][3]int{"conv1": {55, 55, 96}, "norm1": {27, 27, 96}, "conv2": {27, 27, 256}, "norm2": {13, 13, 256}, "conv4": {13, 13, 384}, "pool5": {6, 6, 256}}},
		{CaffeNetUngrouped(big, 1000), 62378344, 2270.5, map[string][3]int{"conv5": {13, 13, 256}, "fc6": {1, 1, 4096}}},
		{AlexNet([3]int{224, 224, 3}, 1000), 61100840, 1428.3, map[string][3]int{"conv1": {55, 55, 64}, "conv2": {27, 27, 192}, "pool5": {6, 6, 256}}},
		{VGG11([3]int{224, 224, 3}, 1000), 132863336, 15218.2, map[string][3]int{"conv1": {224, 224, 64}, "conv8": {14, 14, 512}, "pool8": {7, 7, 512}}},
		{VGG16([3]int{224, 224, 3}, 1000), 138357544, 30940.5, map[string][3]int{"conv13": {14, 14, 512}, "fc15": {1, 1, 4096}}},
		{ResNet20(cifar, 10), 269722, 81.1, map[string][3]int{"res1c": {32, 32, 16}, "res2a": {16, 16, 32}, "res3c": {8, 8, 64}, "res2a/shortcut/subsample1": {16, 16, 32}, "pool": {1, 1, 64}}},
		{ResNet32(cifar, 10), 464154, 137.8, map[string][3]int{"res3e": {8, 8, 64}}},
	} {
		t.Run(c.arch.Name, func(t *testing.T) {
			if err := c.arch.Check(); err != nil {
				t.Fatal(err)
			}
			if got := c.arch.Parameters(); got != c.params {
				t.Errorf("%d parameters, want %d", got, c.params)
			}
			if got := float64(c.arch.FLOP()) / 1e6; math.Abs(got-c.mflop) > 0.1 {
				t.Errorf("%v MFLOP, want %v", got, c.mflop)
			}
			steps, err := c.arch.steps()
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range steps {
				if want, ok := c.shapes[s.name]; ok && s.out != want {
					t.Errorf("%s is %v, want %v", s.name, s.out, want)
				}
				delete(c.shapes, s.name)
			}
			if len(c.shapes) > 0 {
				t.Errorf("no layers %v", c.shapes)
			}
			var back Arch
			text, err := json.Marshal(c.arch)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(text, &back); err != nil || back.Fingerprint() != c.arch.Fingerprint() || back.String() != c.arch.String() {
				t.Errorf("through JSON came back as\n%v (%v)", &back, err)
			}
		})
	}
}

func TestRichNetsThroughTheCodec(t *testing.T) {
	n := New(rich(), 3)
	n.Params()[0].Data[0] = 7
	b, err := Encode(n)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Encode(m)
	if err != nil || !bytes.Equal(again, b) || m.Fingerprint() != n.Fingerprint() {
		t.Errorf("comes back as another net (%v)", err)
	}
	want := "conv1.weight conv1.bias res1/conv1.weight res1/bn1.scale res1/bn1.bias res1/bn1.mean res1/bn1.variance res1/shortcut/conv1.weight res1/shortcut/conv1.bias " +
		"res2/conv1.weight res2/conv1.bias res2/bn1.scale res2/bn1.bias res2/bn1.mean res2/bn1.variance fc2.weight fc2.bias bn2.scale bn2.bias bn2.mean bn2.variance fc3.weight fc3.bias"
	var got []string
	for _, p := range m.Params() {
		got = append(got, p.Layer+"."+p.Name)
		if p.Fixed != (p.Name == "mean" || p.Name == "variance") {
			t.Errorf("%s.%s: fixed %v", p.Layer, p.Name, p.Fixed)
		}
	}
	if strings.Join(got, " ") != want {
		t.Errorf("parameters %v, want %v", got, want)
	}
	if got := strings.Join(n.Layers(), " "); got != "conv1 res1/bn1 res1 leaky1 fc2" {
		t.Errorf("layers %s", got)
	}
	if p := n.Params(); p[1].Data[0] != 0.25 || p[3].Data[1] != 1 || p[5].Data[1] != 0 || p[6].Data[1] != 1 {
		t.Error("biases and normalisations do not begin as they should")
	}
}

func TestRichGradientsAgreeWithFiniteDifferences(t *testing.T) {
	a := rich()
	n := New(a, 1)
	tr := must(n.Trainer(6))(t)
	defer tr.Close()
	x, labels := noise(a, 6, 1)
	loss := func() float64 {
		l, _, err := tr.Step(x, labels)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	loss()
	var grads [][]float32
	for _, g := range tr.Grads() {
		grads = append(grads, append([]float32(nil), g.Data...))
	}
	for i, p := range n.Params() {
		if p.Fixed {
			for _, v := range grads[i] {
				if v != 0 {
					t.Errorf("%s.%s has a gradient", p.Layer, p.Name)
				}
			}
			continue
		}
		worst, length := 0.0, 0.0
		for j := range p.Data {
			const e = 2e-3
			old := p.Data[j]
			p.Data[j] = old + e
			up := loss()
			p.Data[j] = old - e
			down := loss()
			p.Data[j] = old
			d := (up-down)/(2*e) - float64(grads[i][j])
			worst += d * d
			length += float64(grads[i][j]) * float64(grads[i][j])
		}
		// A bias before a normalisation has no say: then there is only the loss's rounding.
		if math.Sqrt(worst) > 0.05*math.Sqrt(length)+5e-4 {
			t.Errorf("%s.%s: gradients differ by %v of a length of %v", p.Layer, p.Name, math.Sqrt(worst), math.Sqrt(length))
		}
	}
}

func TestRunningStatisticsFollowTrainingOnly(t *testing.T) {
	a := rich()
	n := New(a, 1)
	fresh := n.Fingerprint()
	tr := must(n.Trainer(6))(t)
	defer tr.Close()
	if n.Fingerprint() != fresh {
		t.Error("making a trainer changed the net")
	}
	e := must(n.Evaluator(6))(t)
	defer e.Close()
	x, labels := noise(a, 6, 1)
	if err := e.RunPrepared(x); err != nil {
		t.Fatal(err)
	}
	if n.Fingerprint() != fresh {
		t.Error("reading changed the net")
	}
	before := append([]float32(nil), e.Logits()...)
	for range 200 {
		if _, _, err := tr.Step(x, labels); err != nil {
			t.Fatal(err)
		}
	}
	trained := append([]float32(nil), data(tr.graph.outputs[len(tr.graph.outputs)-1])...)
	if err := e.RunPrepared(x); err != nil {
		t.Fatal(err)
	}
	far, moved, largest := 0.0, 0.0, 0.0
	for i, v := range e.Logits() {
		far = math.Max(far, math.Abs(float64(v-trained[i])))
		largest = math.Max(largest, math.Abs(float64(v)))
		moved = math.Max(moved, math.Abs(float64(v-before[i])))
	}
	// Running variances are those of m−1: for bn2, of six values, deviations are a tenth larger.
	if far > 0.12*largest || moved < 1e-3 {
		t.Errorf("after many steps on one batch evaluation differs by %v of %v from training, moved by %v", far, largest, moved)
	}
	// One picture alone gives the same logits as in its batch.
	one := must(n.Evaluator(1))(t)
	defer one.Close()
	size := len(x) / 6
	if err := one.RunPrepared(x[2*size : 3*size]); err != nil {
		t.Fatal(err)
	}
	sameBits(t, "picture 2 alone", one.Logits(), e.Logits()[6:9])
}

func TestAdamTrainsWithTheSameBitsForAnyWorkersAndResumed(t *testing.T) {
	a := rich()
	count := len(New(a, 5).Params())
	rule := Rule{Adam: true, Momentum: 0.9, Clip: 5, LR: make([]float64, count), Decay: make([]float64, count)}
	for i := range rule.LR {
		rule.LR[i], rule.Decay[i] = 0.01, 1e-4
	}
	step := func(tr *Trainer, s int) float64 {
		x, labels := noise(a, 7, uint64(s%2))
		loss, _, err := tr.Step(x, labels)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Update(rule); err != nil {
			t.Fatal(err)
		}
		return loss
	}
	run := func(workers, steps int) (*Net, *Trainer, float64) {
		n := New(a, 5)
		tr := must(n.Trainer(7))(t)
		tr.SetWorkers(workers)
		last := 0.0
		for s := range steps {
			last = step(tr, s)
		}
		return n, tr, last
	}
	whole, _, last := run(1, 80)
	if last > 0.5 {
		t.Errorf("loss %v after 80 steps on two batches", last)
	}
	if parallel, _, _ := run(3, 80); parallel.Fingerprint() != whole.Fingerprint() {
		t.Error("three workers give other bits")
	}
	half, tr, _ := run(1, 31)
	resumed := half.Clone()
	next := must(resumed.Trainer(7))(t)
	for i, v := range tr.Velocity() {
		copy(next.Velocity()[i].Data, v.Data)
	}
	for i, v := range tr.SecondMoments() {
		copy(next.SecondMoments()[i].Data, v.Data)
	}
	next.Seek(31)
	for s := 31; s < 80; s++ {
		step(next, s)
	}
	if resumed.Fingerprint() != whole.Fingerprint() {
		t.Error("resumed training gives other bits")
	}
}

func TestNewLayersThatDoNotFitAreNamed(t *testing.T) {
	in := Input{Shape: [3]int{8, 8, 6}}
	end := Dense{Units: 2, Linear: true}
	for _, c := range []struct {
		name  string
		layer Layer
		want  []string
	}{
		{"groups", Conv{Units: 4, Kernel: 3, Groups: 4}, []string{`"conv1"`, "4 groups", "8×8×6"}},
		{"dilation", Conv{Units: 4, Kernel: 3, Dilation: 5}, []string{"dilated by 5", "8×8×6"}},
		{"function", Conv{Units: 4, Kernel: 3, Activation: "cosine"}, []string{"cosine", "tanh"}},
		{"linear and not", Dense{Units: 4, Linear: true, Activation: Tanh}, []string{"Linear", "tanh"}},
		{"bias", Conv{Units: 4, Kernel: 3, Bias: math.NaN()}, []string{"Bias NaN"}},
		{"no bias", Conv{Units: 4, Kernel: 3, NoBias: true, Bias: 1}, []string{"NoBias"}},
		{"pool pad", MaxPool{Size: 2, Pad: 2}, []string{"Pad 2"}},
		{"average", AvgPool{Size: 9, Floor: true}, []string{`"pool0"`, "9×9", "8×8×6"}},
		{"slope", Activation{Slope: 0.1}, []string{"Slope 0.1"}},
		{"even", LRN{Size: 4}, []string{`"norm0"`, "Size 4"}},
		{"momentum", BatchNorm{Momentum: 2}, []string{`"bn0"`, "Momentum 2"}},
		{"fewer units", Subsample{Units: 5}, []string{"Units 5"}},
		{"zeros before the first", Subsample{Units: 9, Before: 9}, []string{"Before 9"}},
		{"sum", Residual{Layers: []Layer{Conv{Units: 5, Kernel: 3, Pad: 1}}}, []string{`"res1"`, "8×8×5", "8×8×6", "cannot be added"}},
		{"inside", Residual{Layers: []Layer{Conv{Units: 5, Kernel: 9}}}, []string{`"res1/conv1"`, "9×9", "8×8×6"}},
		{"empty block", Residual{}, []string{`"res1"`, "no layers"}},
		{"pointer inside", Residual{Layers: []Layer{&Dropout{Name: "x"}}}, []string{"*nn.Dropout"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := Sequential("n", in, c.layer, end).Check()
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
}

func TestScalesReachIntoBlocks(t *testing.T) {
	a := rich()
	b, err := a.WithScales(map[string]float64{"res1/shortcut/conv1": 3, "res2/conv1": 2})
	if err != nil {
		t.Fatal(err)
	}
	r1, r2 := b.Layers[3].(Residual), b.Layers[4].(Residual)
	if r1.Shortcut[0].(Conv).Scale != 3 || r2.Layers[0].(Conv).Scale != 2 || a.Layers[4].(Residual).Layers[0].(Conv).Scale != 0 {
		t.Error("scales did not arrive, or changed the original")
	}
}

func TestCaffeNetTrainsAStepAndReadsOut(t *testing.T) {
	if testing.Short() || os.Getenv("GONVERGE_LONG") == "" {
		t.Skip("a gigabyte of parameters, gradients and velocities: set GONVERGE_LONG=1")
	}
	a := CaffeNetUngrouped([3]int{227, 227, 3}, 1000)
	n := New(a, 1)
	func() {
		tr := must(n.Trainer(2))(t)
		defer tr.Close()
		x, labels := noise(a, 2, 1)
		rule := Rule{Momentum: 0.9, LR: make([]float64, len(n.Params()))}
		for i := range rule.LR {
			rule.LR[i] = 1e-4
		}
		loss, _, err := tr.Step(x, labels)
		if err != nil {
			t.Fatal(err)
		}
		if math.Abs(loss-math.Log(1000)) > 1.5 {
			t.Errorf("loss %v, want about ln 1000", loss)
		}
		if norm, err := tr.Update(rule); err != nil || norm == 0 {
			t.Errorf("norm %v, error %v", norm, err)
		}
	}()
	e := must(n.Evaluator(1, "conv1", "conv5"))(t)
	defer e.Close()
	if err := e.Run(bytesOf(a, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if got := len(e.Activation("conv5")); got != 13*13*256 {
		t.Errorf("conv5 has %d values", got)
	}
}

func TestNamedNetsTrainAStep(t *testing.T) {
	for _, a := range []*Arch{LeNet([3]int{28, 28, 1}, 10), CIFAR10Quick([3]int{16, 16, 3}, 10), CIFAR10Full([3]int{16, 16, 3}, 10), ResNet20([3]int{16, 16, 3}, 10)} {
		n := New(a, 1)
		tr := must(n.Trainer(4))(t)
		x, labels := noise(a, 4, 1)
		loss, _, err := tr.Step(x, labels)
		if err != nil || loss > 10 {
			t.Errorf("%s: loss %v, %v", a.Name, loss, err)
		}
		tr.Close()
	}
}

func TestGroupedCaffeNetReadsOutSmallPictures(t *testing.T) {
	if testing.Short() {
		t.Skip("twenty million parameters")
	}
	a := CaffeNet([3]int{67, 67, 3}, 10)
	e := must(New(a, 1).Evaluator(1, "conv5"))(t)
	defer e.Close()
	if err := e.Run(bytesOf(a, 1, 1)); err != nil {
		t.Fatal(err)
	}
	if got := e.Activation("conv5"); len(got) != 3*3*256 || notFinite(got) >= 0 {
		t.Errorf("conv5 has %d values", len(got))
	}
}

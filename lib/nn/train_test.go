package nn

import (
	"math"
	"strings"
	"sync"
	"testing"
)

func TestTrainerGradientsAgreeWithFiniteDifferences(t *testing.T) {
	a := tiny()
	n := New(a, 1)
	tr := must(n.Trainer(6))(t)
	defer tr.Close()
	x, labels := noise(a, 6, 1)
	loss := func() float64 {
		tr.Seek(3) // the same dropout masks each time
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
		worst, length := 0.0, 0.0
		for j := range p.Data {
			const e = 2e-3 // the loss is a float32: its error of 1e-7 / 4e-3 is 2.5e-5
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
		// Some steps cross the kink of a ReLU or a maximum, so the whole block is compared.
		if worst > 0.05*0.05*length || length == 0 {
			t.Errorf("%s.%s: gradients differ by %v of a length of %v", p.Layer, p.Name, math.Sqrt(worst), math.Sqrt(length))
		}
	}
}

func TestTrainingLowersTheLossOfABatch(t *testing.T) {
	a := SmallAlexNet([3]int{32, 32, 3}, 10)
	n := New(a, 1)
	tr := must(n.Trainer(16))(t)
	defer tr.Close()
	ev := must(n.Evaluator(16))(t)
	defer ev.Close()
	x, labels := noise(a, 16, 1)
	count := len(n.Params())
	rule := Rule{Momentum: 0.9, Clip: 5, LR: make([]float64, count), Decay: make([]float64, count)}
	for i := range rule.LR {
		rule.LR[i] = 0.01
	}
	var first, last float64
	correct := 0
	for i := range 50 {
		var err error
		if last, correct, err = tr.Step(x, labels); err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = last
		}
		if _, err := tr.Update(rule); err != nil {
			t.Fatal(err)
		}
	}
	if math.Abs(first-math.Log(10)) > 0.3 {
		t.Errorf("first loss %v, want about ln 10", first)
	}
	if last > 0.3 || correct != 16 {
		t.Errorf("after 50 steps on one batch: loss %v, %d of 16 recognised", last, correct)
	}
	// The evaluator reads the parameters that the trainer changed.
	if err := ev.RunPrepared(x); err != nil {
		t.Fatal(err)
	}
	for i, l := range labels {
		row := ev.Logits()[i*10 : (i+1)*10]
		for j, v := range row {
			if v > row[l] {
				t.Errorf("picture %d: logit %d is above the label's %d", i, j, l)
			}
		}
	}
}

func TestTrainingHasTheSameBitsForAnyWorkersAndResumed(t *testing.T) {
	a := tiny()
	rule := Rule{Momentum: 0.9, Clip: 1, LR: make([]float64, 8), Decay: make([]float64, 8)}
	for i := range rule.LR {
		rule.LR[i], rule.Decay[i] = 0.05, 0.01
	}
	step := func(tr *Trainer, s int) {
		x, labels := noise(a, 7, uint64(s))
		if _, _, err := tr.Step(x, labels); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Update(rule); err != nil {
			t.Fatal(err)
		}
	}
	whole := New(a, 5)
	tr := must(whole.Trainer(7))(t)
	for s := range 6 {
		step(tr, s)
	}
	parallel := New(a, 5)
	tr = must(parallel.Trainer(7))(t)
	tr.SetWorkers(3)
	for s := range 6 {
		step(tr, s)
	}
	half := New(a, 5)
	tr = must(half.Trainer(7))(t)
	for s := range 3 {
		step(tr, s)
	}
	resumed := half.Clone()
	next := must(resumed.Trainer(7))(t)
	for i, v := range tr.Velocity() {
		copy(next.Velocity()[i].Data, v.Data)
	}
	next.Seek(3)
	for s := 3; s < 6; s++ {
		step(next, s)
	}
	for i, p := range whole.Params() {
		sameBits(t, "three workers, "+p.Layer, parallel.Params()[i].Data, p.Data)
		sameBits(t, "resumed, "+p.Layer, resumed.Params()[i].Data, p.Data)
	}
}

func TestALossThatIsNotFiniteNamesTheLayer(t *testing.T) {
	a := tiny()
	x, labels := noise(a, 4, 1)
	for _, c := range []struct {
		name   string
		damage func(n *Net, x []float32)
		want   string
	}{
		{"weight", func(n *Net, _ []float32) { n.Params()[2].Data[1] = float32(math.NaN()) }, `layer "conv2" is the first that is not finite: its weight`},
		{"overflow", func(n *Net, _ []float32) {
			for i := range n.Params()[4].Data {
				n.Params()[4].Data[i] = 3e38
			}
			n.Params()[3].Data[0] = 1e10
		}, `layer "fc3" is the first whose activations are not finite`},
		{"input", func(_ *Net, x []float32) { x[len(x)-1] = float32(math.Inf(1)) }, "the input is not finite in picture 3"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n := New(a, 1)
			tr := must(n.Trainer(4))(t)
			defer tr.Close()
			y := append([]float32(nil), x...)
			c.damage(n, y)
			_, _, err := tr.Step(y, labels)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one that says %q", err, c.want)
			}
		})
	}
}

func TestTrainerRefuses(t *testing.T) {
	a := tiny()
	n := New(a, 1)
	tr := must(n.Trainer(4))(t)
	defer tr.Close()
	x, labels := noise(a, 4, 1)
	if _, _, err := tr.Step(x[:9], labels); err == nil || !strings.Contains(err.Error(), "8×7×3") {
		t.Errorf("short pictures: %v", err)
	}
	if _, _, err := tr.Step(x, []int{0, 1, 3, 0}); err == nil || !strings.Contains(err.Error(), "picture 2 of the batch has label 3 (valid: 0..2)") {
		t.Errorf("label out of range: %v", err)
	}
	if _, err := tr.Update(Rule{LR: []float64{1}}); err == nil {
		t.Error("too few rates give no error")
	}
	if _, err := n.Trainer(0); err == nil {
		t.Error("a batch of 0 gives no error")
	}
	before := n.Fingerprint()
	if _, _, err := tr.Step(x, labels); err != nil {
		t.Fatal(err)
	}
	if n.Fingerprint() != before {
		t.Error("Step changed the parameters")
	}
	tr.Grads()[0].Data[0] = float32(math.NaN())
	if _, err := tr.Update(Rule{LR: make([]float64, 8)}); err == nil || n.Fingerprint() != before {
		t.Errorf("a gradient of NaN: %v", err)
	}
}

func TestTrainersAreMadeAndRunAtOnce(t *testing.T) {
	a := tiny()
	train := func(seed uint64) (*Net, error) {
		n := New(a, seed)
		tr, err := n.Trainer(4)
		if err != nil {
			return nil, err
		}
		defer tr.Close()
		rule := Rule{LR: []float64{.1, .1, .1, .1, .1, .1, .1, .1}}
		for s := range 5 {
			x, labels := noise(a, 4, uint64(s))
			if _, _, err := tr.Step(x, labels); err != nil {
				return nil, err
			}
			if _, err := tr.Update(rule); err != nil {
				return nil, err
			}
		}
		return n, nil
	}
	const count = 6
	var nets [count]*Net
	var wait sync.WaitGroup
	for i := range count {
		wait.Add(1)
		go func() {
			defer wait.Done()
			var err error
			if nets[i], err = train(uint64(i / 2)); err != nil {
				t.Error(err)
			}
		}()
	}
	wait.Wait()
	for i := 0; i < count && !t.Failed(); i += 2 {
		if nets[i].Fingerprint() != nets[i+1].Fingerprint() {
			t.Errorf("two nets of seed %d differ", i/2)
		}
	}
}

func TestAStepAllocatesLittle(t *testing.T) {
	a := tiny()
	tr := must(New(a, 1).Trainer(8))(t)
	defer tr.Close()
	x, labels := noise(a, 8, 1)
	rule := Rule{LR: make([]float64, 8)}
	// gorgonia's registers and goroutine: some objects for each of its instructions
	const limit = 1000
	if got := testing.AllocsPerRun(10, func() {
		if _, _, err := tr.Step(x, labels); err != nil {
			t.Fatal(err)
		}
		if _, err := tr.Update(rule); err != nil {
			t.Fatal(err)
		}
	}); got > limit {
		t.Errorf("%v allocations a step, want at most %d", got, limit)
	}
}

func BenchmarkStep(b *testing.B) {
	arch := MiniAlexNet([3]int{32, 32, 3}, 10)
	const batch = 32
	t := must(New(arch, 1).Trainer(batch))(b)
	x, labels := noise(arch, batch, 1)
	rule := Rule{Momentum: 0.9, Clip: 5, LR: make([]float64, 16), Decay: make([]float64, 16)}
	for i := range rule.LR {
		rule.LR[i], rule.Decay[i] = 0.001, 1e-3
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := t.Step(x, labels); err != nil {
			b.Fatal(err)
		}
		if _, err := t.Update(rule); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*batch)/1000, "ms/image")
}

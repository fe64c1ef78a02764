package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"

	"gonverge/lib/internal/simd"
	"gonverge/lib/nn"
	"gonverge/lib/train"
)

// training returns a rule with one learning rate for all parameters, and decay for weights.
func training(n *nn.Net, lr, momentum, decay float64) nn.Rule {
	r := nn.Rule{Momentum: momentum}
	for _, p := range n.Params() {
		d := decay
		if p.Name == "bias" {
			d = 0
		}
		r.LR, r.Decay = append(r.LR, lr), append(r.Decay, d)
	}
	return r
}

// stepper returns a function that trains a new net by one step on a batch of noise. The learning
// rate is so small that the net hardly changes: the work does not depend on it.
func stepper(arch *nn.Arch, batch int, seed uint64) (func() error, error) {
	net := nn.New(arch, seed)
	t, err := net.Trainer(batch)
	if err != nil {
		return nil, err
	}
	shape := arch.Input.Shape
	x := random(rand.New(rand.NewPCG(seed, 2)), batch*shape[0]*shape[1]*shape[2])
	labels := make([]int, batch)
	for i := range labels {
		labels[i] = i % arch.Classes()
	}
	rule := training(net, 1e-6, 0.9, 1e-3)
	return func() error {
		if _, _, err := t.Step(x, labels); err != nil {
			return err
		}
		_, err := t.Update(rule)
		return err
	}, nil
}

// trainingFLOP returns the operations of a training step by definition, with products that fall on a
// border: forward, the gradient of the weights and, but for the first layer, that of the input. done
// are those that are left, without the border's zeros that kernels leave out.
func trainingFLOP(arch *nn.Arch, batch int) (defined, done float64) {
	in := arch.Input.Shape
	for i, l := range arch.Layers {
		passes := 3.0
		if i == 0 {
			passes--
		}
		switch l := l.(type) {
		case nn.Conv:
			v := simd.NewConv(in[0], in[1], in[2], l.Units, l.Kernel, l.Kernel, max(l.Stride, 1), l.Pad)
			one := 2 * float64(v.OutLen()*l.Kernel*l.Kernel*in[2])
			defined += passes * one
			if p := v.Borderless(); p != nil {
				skipped := 1 // passes
				for _, has := range []bool{p.HasGradW(), p.HasGradX() && i > 0} {
					if has {
						skipped++
					}
				}
				passes -= float64(skipped) * (1 - p.Share())
			}
			done += passes * one
			in = [3]int{v.OH, v.OW, v.OC}
		case nn.MaxPool:
			p := simd.NewPool(in[0], in[1], in[2], l.Size, l.Stride, l.Pad, !l.Floor)
			in[0], in[1] = p.OH, p.OW
		case nn.AvgPool:
			p := simd.NewPool(in[0], in[1], in[2], l.Size, l.Stride, l.Pad, !l.Floor)
			in[0], in[1] = p.OH, p.OW
		case nn.Dense:
			one := 2 * float64(in[0]*in[1]*in[2]*l.Units)
			defined, done = defined+passes*one, done+passes*one
			in = [3]int{1, 1, l.Units}
		default:
			panic(fmt.Sprintf("bench: no operations of a %T", l))
		}
	}
	return defined * float64(batch), done * float64(batch)
}

// training adds the rows of training steps.
func (e *engineTable) training(ctx context.Context) error {
	shape := [3]int{32, 32, 3}
	for _, n := range []struct {
		name  string
		arch  *nn.Arch
		batch int
		peer  string
	}{
		{"cifar10_quick", nn.CIFAR10Quick(shape, 10), 64, "quick"},
		{"MiniAlexNet", nn.MiniAlexNet(shape, 10), 32, "mini"},
	} {
		task := fmt.Sprintf("%s, training step, batch %d, one thread", n.name, n.batch)
		if !e.o.Wants(task) {
			continue
		}
		peak, err := e.core(ctx)
		if err != nil {
			return err
		}
		step, err := stepper(n.arch, n.batch, 1)
		if err != nil {
			return err
		}
		bare := newBare(nn.New(n.arch, 1), n.batch)
		copy(bare.x, random(rand.New(rand.NewPCG(1, 2)), len(bare.x)))
		labels := make([]int, n.batch)
		times, err := e.o.Alternate(ctx,
			GoErr("gonverge", step),
			Go("kernels alone", func() { bare.step(labels, 1e-6, 0.9, 1e-3) }),
			e.peer.Case("PyTorch NCHW", n.peer+" nchw"), e.peer.Case("PyTorch NHWC", n.peer+" nhwc"))
		if err != nil {
			return err
		}
		ours, alone := times[0], times[1]
		row := Compare(task, append([]Series{ours}, times[2:]...), Goal{AtMost: 0.90})
		e.Add(row)
		defined, done := trainingFLOP(n.arch, n.batch)
		for _, f := range []struct {
			task, note string
			flop       float64
			goal       Goal
		}{
			{"  of it, products with weights", fmt.Sprintf("%.2f GFLOP a step by definition", defined/1e9), defined, Goal{AtLeast: 0.80}},
			{"  of these, those that are done", fmt.Sprintf("%.2f GFLOP: kernels leave out what falls on a border", done/1e9), done, Goal{}},
		} {
			rate := Row{Task: f.task, Unit: "GFLOP/s", Ours: Value{f.flop / row.Ours.Best / 1e6, f.flop / row.Ours.Median / 1e6}, Note: f.note}
			if peak > 0 {
				rate.Peer, rate.Theirs, rate.Ratio = "peak of a core", Value{peak, peak}, rate.Ours.Best/peak
			}
			if n.batch == 64 {
				rate.Goal = f.goal
			}
			e.Add(rate)
		}
		e.Add(Compare("  the same with kernels alone, without gorgonia", []Series{ours, alone}, Goal{AtMost: 1.08}))
		if n.peer == "mini" {
			e.recipes(row.Ours, n.batch)
		}
	}
	return nil
}

// recipes adds what the recipes take for four nets on two cores, computed from a step of
// MiniAlexNet: augmentation and checkpoints, a few parts in a hundred, come on top.
func (e *engineTable) recipes(step Value, batch int) {
	for _, r := range []struct {
		task     string
		recipe   train.Recipe
		pictures int
		most     float64 // seconds
	}{
		{"  four nets of the leaves recipe on two cores", train.Leaves(), 12000, 150},
		{"  four nets of the CIFAR-10 recipe on two cores", train.CIFAR10(), 50000, 1200},
	} {
		seconds := func(ms float64) float64 {
			return ms / 1e3 / float64(batch) * float64(r.recipe.Steps(r.pictures)*r.recipe.Batch) * 4 / 2
		}
		v := Value{seconds(step.Best), seconds(step.Median)}
		e.Add(Row{Task: r.task, Unit: "s", Ours: v, Ratio: v.Best, Goal: Goal{AtMost: r.most}, Note: "computed from the step"})
	}
}

// readOut adds the row of CaffeNet's convolutions.
func (e *engineTable) readOut(ctx context.Context) error {
	const batch = 16
	task := "five convolutions of CaffeNet, forward, batch 16, one thread"
	if !e.o.Wants(task) {
		return nil
	}
	peak, err := e.core(ctx)
	if err != nil {
		return err
	}
	arch := nn.Sequential("CaffeNetConvolutions", nn.Input{Shape: [3]int{227, 227, 3}},
		nn.Conv{Units: 96, Kernel: 11, Stride: 4}, nn.MaxPool{Size: 3, Stride: 2, Floor: true},
		nn.Conv{Units: 256, Kernel: 5, Pad: 2}, nn.MaxPool{Size: 3, Stride: 2, Floor: true},
		nn.Conv{Units: 384, Kernel: 3, Pad: 1}, nn.Conv{Units: 384, Kernel: 3, Pad: 1}, nn.Conv{Units: 256, Kernel: 3, Pad: 1},
		nn.MaxPool{Size: 3, Stride: 2, Floor: true}, nn.Dense{Name: "end", Units: 1, Linear: true})
	read, err := nn.New(arch, 1).Evaluator(batch, "pool5")
	if err != nil {
		return err
	}
	defer func() { _ = read.Close() }() // it holds memory only
	x := random(rand.New(rand.NewPCG(1, 3)), batch*227*227*3)
	times, err := e.o.Alternate(ctx, GoErr("gonverge", func() error { return read.RunPrepared(x) }),
		e.peer.Case("PyTorch NCHW", "convs nchw"), e.peer.Case("PyTorch NHWC", "convs nhwc"))
	if err != nil {
		return err
	}
	row := Compare(task, times, Goal{AtMost: 0.85})
	e.Add(row)
	flop := float64(batch) * float64(arch.FLOP())
	rate := Row{Task: "  of it, products with weights", Unit: "GFLOP/s",
		Ours: Value{flop / row.Ours.Best / 1e6, flop / row.Ours.Median / 1e6}, Note: fmt.Sprintf("%.2f GFLOP a picture", flop/batch/1e9)}
	if peak > 0 {
		rate.Peer, rate.Theirs, rate.Ratio = "peak of a core", Value{peak, peak}, rate.Ours.Best/peak
	}
	e.Add(rate)
	return nil
}

// cores adds the row of two nets on two cores beside one on one, by wall time.
func (e *engineTable) cores(ctx context.Context) error {
	task := "MiniAlexNet, steps a second, two nets on two cores beside one"
	if !e.o.Wants(task) || runtime.GOMAXPROCS(0) < 2 {
		return nil
	}
	arch := nn.MiniAlexNet([3]int{32, 32, 3}, 10)
	var steps [2]func() error
	for i := range steps {
		var err error
		if steps[i], err = stepper(arch, 32, uint64(i+1)); err != nil {
			return err
		}
	}
	// A call is so long that waiting for the slower of both hardly counts.
	const calls = 8
	several := func(step func() error) error {
		for range calls {
			if err := step(); err != nil {
				return err
			}
		}
		return nil
	}
	times, err := e.o.Alternate(ctx,
		GoErr("one", func() error { return several(steps[0]) }),
		GoErr("two", func() error {
			var wait sync.WaitGroup
			var faults [2]error
			for i, step := range steps {
				wait.Go(func() { faults[i] = several(step) })
			}
			wait.Wait()
			for _, err := range faults {
				if err != nil {
					return err
				}
			}
			return nil
		}))
	if err != nil {
		return err
	}
	rate := func(d time.Duration, nets float64) float64 { return nets * calls / d.Seconds() }
	one := Value{rate(times[0].smallest(wall), 1), rate(times[0].middle(wall), 1)}
	two := Value{rate(times[1].smallest(wall), 2), rate(times[1].middle(wall), 2)}
	e.Add(Row{Task: task, Unit: "steps/s", Ours: two, Peer: "one core", Theirs: one, Ratio: two.Best / one.Best, Goal: Goal{AtLeast: 1.9}, Note: "wall time"})
	return nil
}

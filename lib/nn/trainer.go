package nn

import (
	"fmt"
	"math"

	"gonverge/lib/ops"
	"gorgonia.org/gorgonia"
)

// Trainer computes losses and gradients of a net for batches of one size, and updates the
// net's parameters. It holds a gorgonia graph with its derivative and a tape machine. It
// is not safe for concurrent use.
type Trainer struct {
	net     *Net
	batch   int
	graph   *graph
	labels  []float32
	loss    *gorgonia.Node
	correct *gorgonia.Node
	machine gorgonia.VM
	model   []gorgonia.ValueGrad
	grads   []Param // views
	solver  ops.Momentum
}

// Trainer returns a trainer for batches of the given number of pictures.
func (n *Net) Trainer(batch int) (*Trainer, error) {
	building.Lock()
	defer building.Unlock()
	t := &Trainer{net: n, batch: batch}
	ctx := &ops.Context{Workers: 1, Training: true, Seed: n.Seed}
	var err error
	if t.graph, err = n.newGraph(ctx, batch, len(n.Arch.Layers)); err != nil {
		return nil, err
	}
	t.labels = make([]float32, batch)
	labels := bind(t.graph.g, "labels", t.labels, batch)
	logits := t.graph.outputs[len(t.graph.outputs)-1]
	if t.loss, err = ops.CrossEntropy(ctx, logits, labels); err != nil {
		return nil, fmt.Errorf("nn: %s: %w", n.Arch.Name, err)
	}
	if t.correct, err = ops.Correct(ctx, logits, labels); err != nil {
		return nil, fmt.Errorf("nn: %s: %w", n.Arch.Name, err)
	}
	if _, err = gorgonia.Grad(t.loss, t.graph.params...); err != nil {
		return nil, fmt.Errorf("nn: %s: gradients: %w", n.Arch.Name, err)
	}
	// No BindDualValues: with it gradients add up over runs until a solver clears them.
	t.machine = gorgonia.NewTapeMachine(t.graph.g)
	t.model = gorgonia.NodesToValueGrads(t.graph.params)
	var lengths []int
	for _, p := range n.params {
		lengths = append(lengths, len(p.Data))
	}
	t.solver.Start(lengths...)
	// A first run on black pictures makes all memory, that of the gradients included.
	if err := t.machine.RunAll(); err != nil {
		return nil, fmt.Errorf("nn: %s: %w", n.Arch.Name, err)
	}
	t.views()
	for _, g := range t.grads {
		clear(g.Data)
	}
	return t, nil
}

// SetWorkers sets how many goroutines a step may use; results do not depend on it. The
// default is 1: several nets, one for each core, train faster than one net on several.
func (t *Trainer) SetWorkers(n int) { t.graph.ctx.Workers = n }

// Seek says which step, counted from 0, comes next, for dropout's draws; a new trainer
// begins at 0 and each Step counts on. A training that is resumed calls it once.
func (t *Trainer) Seek(step int) { t.graph.ctx.Step = uint64(step) }

// Step computes the mean cross-entropy of a batch, in nats, the number of its pictures that
// are recognised, and the gradients, which [Trainer.Grads] returns. It does not change the
// parameters. x holds the prepared pictures (see [Arch.Prepare]) one after the other;
// labels are in 0..classes−1. A loss that is not finite is an error that names where it
// began.
func (t *Trainer) Step(x []float32, labels []int) (loss float64, correct int, err error) {
	if len(x) != len(t.graph.input) || len(labels) != t.batch {
		return 0, 0, fmt.Errorf("nn: step: %d numbers and %d labels for %d pictures of %s = %d numbers", len(x), len(labels), t.batch, shape3(t.net.Arch.Input.Shape), len(t.graph.input))
	}
	classes := t.net.Arch.Classes()
	for i, l := range labels {
		if l < 0 || l >= classes {
			return 0, 0, fmt.Errorf("nn: step: picture %d of the batch has label %d (valid: 0..%d)", i, l, classes-1)
		}
		t.labels[i] = float32(l)
	}
	copy(t.graph.input, x)
	t.machine.Reset()
	if err := t.machine.RunAll(); err != nil {
		return 0, 0, fmt.Errorf("nn: step: %w", err)
	}
	t.graph.ctx.Step++
	loss, correct = scalar(t.loss), int(scalar(t.correct))
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, correct, fmt.Errorf("nn: loss is %v: %s", loss, t.culprit())
	}
	return loss, correct, nil
}

// views finds the memory of the gradients, which stays where it is.
func (t *Trainer) views() {
	for i, p := range t.net.params {
		g, err := t.model[i].Grad()
		if err != nil || g == nil {
			panic(fmt.Sprintf("nn: no gradient of %s.%s: %v", p.Layer, p.Name, err))
		}
		t.grads = append(t.grads, Param{p.Layer, p.Name, p.Shape, g.Data().([]float32)})
	}
}

// culprit names the first place, on the way from pictures to logits, where a number is not
// finite.
func (t *Trainer) culprit() string {
	if i := notFinite(t.graph.input); i >= 0 {
		return fmt.Sprintf("the input is not finite in picture %d of the batch", i*t.batch/len(t.graph.input))
	}
	for i, node := range t.graph.outputs {
		name := t.graph.names[i]
		for _, p := range t.net.params {
			if p.Layer == name && notFinite(p.Data) >= 0 {
				return fmt.Sprintf("layer %q is the first that is not finite: its %s is not", name, p.Name)
			}
		}
		d := data(node)
		if k := notFinite(d); k >= 0 {
			return fmt.Sprintf("layer %q is the first whose activations are not finite (%v, picture %d of the batch)", name, d[k], k*t.batch/len(d))
		}
	}
	return "all activations are finite"
}

func notFinite(x []float32) int {
	for i, v := range x {
		if v-v != 0 { // NaN and infinities
			return i
		}
	}
	return -1
}

// Grads returns the gradients of the last step's mean loss, in the order of [Net.Params],
// zeros before the first step. The slices are views and stay the same ones: each Step
// overwrites them. Writing to them changes what [Trainer.Update] applies.
func (t *Trainer) Grads() []Param { return append([]Param(nil), t.grads...) }

// Rule says how [Trainer.Update] changes the parameters. For parameter i, with gradient g:
//
//	g ← g · min(1, Clip/‖g‖)                   ‖·‖ over all parameters together
//	v ← Momentum·v − LR[i]·(g + Decay[i]·w)
//	w ← w + v
type Rule struct {
	Momentum float64   // share of the last change that is kept, in [0, 1)
	Clip     float64   // largest Euclidean norm of the gradient; 0: no limit
	LR       []float64 // learning rate of each parameter in the order of Params
	Decay    []float64 // weight decay of each; nil: none
}

// Update changes the net's parameters by the gradients of the last Step and returns the
// gradient's norm before clipping. A gradient that is not finite is an error and changes
// nothing.
func (t *Trainer) Update(r Rule) (norm float64, err error) {
	n := len(t.net.params)
	if len(r.LR) != n || r.Decay != nil && len(r.Decay) != n {
		return 0, fmt.Errorf("nn: update: %d learning rates and %d decays for %d parameters", len(r.LR), len(r.Decay), n)
	}
	s := &t.solver
	s.LR, s.Share, s.Clip = 1, r.Momentum, r.Clip
	s.Rates = s.Rates[:0]
	for i, lr := range r.LR {
		rate := ops.Rate{LR: lr}
		if r.Decay != nil {
			rate.Decay = r.Decay[i]
		}
		s.Rates = append(s.Rates, rate)
	}
	if err := s.Step(t.model); err != nil {
		return s.GradientNorm(), fmt.Errorf("nn: update: %w", err)
	}
	return s.GradientNorm(), nil
}

// Velocity returns the momentum v of each parameter, in the order of [Net.Params]: with the
// parameters and the number of the step, all that a checkpoint needs. The slices are views;
// writing to them restores one.
func (t *Trainer) Velocity() []Param {
	out := t.net.Params()
	for i, v := range t.solver.Velocity() {
		out[i].Data = v
	}
	return out
}

// Close releases the machine; the trainer must not be used afterwards.
func (t *Trainer) Close() error { return t.machine.Close() }

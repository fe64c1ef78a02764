package nn

import (
	"context"
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
	trained []int                // places of the parameters that are not fixed, in Net.params
	model   []gorgonia.ValueGrad // these
	grads   []Param              // views; zeros for the fixed
	solver  ops.Momentum
	adam    ops.Adam
	updates int         // taken, for Adam
	first   []Param     // velocity, or first moment; zeros for the fixed
	second  []Param     // second moment of Adam; nil before it is asked for
	before  [][]float32 // the parameters that are not trained, as they were before the step
}

// Trainer returns a trainer for batches of the given number of pictures.
func (n *Net) Trainer(batch int) (*Trainer, error) {
	return n.TrainerContext(context.Background(), batch)
}

// TrainerContext is [Net.Trainer], which takes as long as a step, with the context that ends it and
// the steps that follow (see [Trainer.SetContext]).
func (n *Net) TrainerContext(end context.Context, batch int) (*Trainer, error) {
	building.Lock()
	defer building.Unlock()
	t := &Trainer{net: n, batch: batch}
	ctx := &ops.Context{Workers: 1, Seed: n.Seed, Inner: true, Stop: end}
	var err error
	if t.graph, err = n.newGraph(ctx, batch, len(n.steps)); err != nil {
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
	for i, p := range n.params {
		if !p.Fixed {
			t.trained = append(t.trained, i)
			lengths = append(lengths, len(p.Data))
		}
	}
	t.solver.Start(lengths...)
	t.first = t.withFixed(t.solver.Velocity())
	// A first run on black pictures makes all memory, that of the gradients included. It is
	// none of training: running statistics must not see it.
	if err := t.machine.RunAll(); err != nil {
		if stop := t.graph.stopped(); stop != nil {
			return nil, stop
		}
		return nil, fmt.Errorf("nn: %s: %w", n.Arch.Name, err)
	}
	ctx.Training = true
	t.views()
	for _, g := range t.grads {
		clear(g.Data)
	}
	return t, nil
}

// SetWorkers sets how many goroutines a step may use; results do not depend on it. The
// default is 1: several nets, one for each core, train faster than one net on several.
func (t *Trainer) SetWorkers(n int) { t.graph.ctx.Workers = n }

// Seek says which step, counted from 0, comes next, for dropout's draws and Adam's
// correction; a new trainer begins at 0 and each Step and Update counts on. A training that
// is resumed calls it once.
func (t *Trainer) Seek(step int) {
	t.graph.ctx.Step = uint64(step)
	t.updates = step
}

// SetContext makes the steps that follow end with ctx's error soon after it ends, within a layer
// of the net. Such a step leaves the parameters, running statistics included, as they were, and no
// gradients; it can be taken again to the same bits. The next context takes its place.
func (t *Trainer) SetContext(ctx context.Context) { t.graph.ctx.Stop = ctx }

// Step computes the mean cross-entropy of a batch, in nats, the number of its pictures that
// are recognised, and the gradients, which [Trainer.Grads] returns. It does not change the
// parameters, but for the running statistics of batch normalisations. x holds the prepared pictures (see [Arch.Prepare]) one after the other;
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
	t.remember()
	if err := t.machine.RunAll(); err != nil {
		if stop := t.graph.stopped(); stop != nil {
			t.recall()
			return 0, 0, stop
		}
		return 0, 0, fmt.Errorf("nn: step: %w", err)
	}
	t.graph.ctx.Step++
	loss, correct = scalar(t.loss), int(scalar(t.correct))
	if math.IsNaN(loss) || math.IsInf(loss, 0) {
		return loss, correct, fmt.Errorf("nn: loss is %v: %s", loss, t.culprit())
	}
	return loss, correct, nil
}

// remember keeps the parameters that are not trained, which are what a step itself changes.
func (t *Trainer) remember() {
	if t.graph.ctx.Stop == nil {
		return
	}
	next := 0
	for _, p := range t.net.params {
		if !p.Fixed {
			continue
		}
		if next == len(t.before) {
			t.before = append(t.before, make([]float32, len(p.Data)))
		}
		copy(t.before[next], p.Data)
		next++
	}
}

// recall makes them what they were.
func (t *Trainer) recall() {
	next := 0
	for _, p := range t.net.params {
		if p.Fixed {
			copy(p.Data, t.before[next])
			next++
		}
	}
}

// views finds the memory of the gradients, which stays where it is.
func (t *Trainer) views() {
	var data [][]float32
	for i, k := range t.trained {
		g, err := t.model[i].Grad()
		if err != nil || g == nil {
			p := t.net.params[k]
			panic(fmt.Sprintf("nn: no gradient of %s.%s: %v", p.Layer, p.Name, err))
		}
		data = append(data, g.Data().([]float32))
	}
	t.grads = t.withFixed(data)
}

// withFixed returns blocks for all parameters of the net: data for those that are trained,
// zeros for the others.
func (t *Trainer) withFixed(data [][]float32) []Param {
	out := t.net.Params()
	next := 0
	for i, p := range out {
		if p.Fixed {
			out[i].Data = make([]float32, len(p.Data))
			continue
		}
		out[i].Data = data[next]
		next++
	}
	return out
}

// culprit names the first place, on the way from pictures to logits, where a number is not
// finite.
func (t *Trainer) culprit() string {
	if i := notFinite(t.graph.input); i >= 0 {
		return fmt.Sprintf("the input is not finite in picture %d of the batch", i*t.batch/len(t.graph.input))
	}
	for i, node := range t.graph.outputs {
		name := t.net.steps[i].name
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
// zeros before the first step and for parameters that are not trained. The slices are views
// and stay the same ones: each Step overwrites them. Writing to them changes what
// [Trainer.Update] applies.
func (t *Trainer) Grads() []Param { return append([]Param(nil), t.grads...) }

// Rule says how [Trainer.Update] changes the parameters. For parameter i, with gradient g:
//
//	g ← g · min(1, Clip/‖g‖)                   ‖·‖ over all parameters together
//	v ← Momentum·v − LR[i]·(g + Decay[i]·w)
//	w ← w + v
//
// or, if Adam, at update t = 1, 2, ... (Kingma and Ba, ICLR 2015):
//
//	g' = g + Decay[i]·w
//	m ← Momentum·m + (1−Momentum)·g'           m̂ = m/(1−Momentumᵗ)
//	v ← Beta2·v + (1−Beta2)·g'²                v̂ = v/(1−Beta2ᵗ)
//	w ← w − LR[i] · m̂/(√v̂ + Epsilon)
type Rule struct {
	Momentum float64   // share of the last change, or first moment, that is kept, in [0, 1)
	Clip     float64   // largest Euclidean norm of the gradient; 0: no limit
	LR       []float64 // learning rate of each parameter in the order of Params
	Decay    []float64 // weight decay of each; nil: none
	Adam     bool      // Adam in place of momentum
	Beta2    float64   // of Adam, in (0, 1); 0 means 0.999
	Epsilon  float64   // of Adam; 0 means 1e-8
}

// Update changes the net's parameters by the gradients of the last Step and returns the
// gradient's norm before clipping. Parameters that are not trained have their place in the
// rule's lists, where it does not matter what stands. A gradient that is not finite is an
// error and changes nothing.
func (t *Trainer) Update(r Rule) (norm float64, err error) {
	n := len(t.net.params)
	if len(r.LR) != n || r.Decay != nil && len(r.Decay) != n {
		return 0, fmt.Errorf("nn: update: %d learning rates and %d decays for %d parameters", len(r.LR), len(r.Decay), n)
	}
	rates := t.solver.Rates[:0]
	for _, i := range t.trained {
		rate := ops.Rate{LR: r.LR[i]}
		if r.Decay != nil {
			rate.Decay = r.Decay[i]
		}
		rates = append(rates, rate)
	}
	t.solver.Rates = rates
	if r.Adam {
		norm, err = t.byAdam(r, rates)
	} else {
		s := &t.solver
		s.LR, s.Share, s.Clip = 1, r.Momentum, r.Clip
		err = s.Step(t.model)
		norm = s.GradientNorm()
	}
	if err != nil {
		return norm, fmt.Errorf("nn: update: %w", err)
	}
	t.updates++
	return norm, nil
}

func (t *Trainer) byAdam(r Rule, rates []ops.Rate) (norm float64, err error) {
	a := &t.adam
	a.LR, a.Beta1, a.Beta2, a.Epsilon, a.Clip, a.Rates = 1, r.Momentum, r.Beta2, r.Epsilon, r.Clip, rates
	if r.Momentum == 0 {
		a.Beta1 = -1 // none: for the solver 0 is the usual value
	}
	var second [][]float32
	for _, p := range t.SecondMoments() {
		if !p.Fixed {
			second = append(second, p.Data)
		}
	}
	a.Resume(t.updates, t.solver.Velocity(), second)
	err = a.Step(t.model)
	return a.GradientNorm(), err
}

// Velocity returns the momentum v of each parameter, for Adam its first moment m, in the
// order of [Net.Params], zeros for those that are not trained: with the parameters and the
// number of the step (see Seek), all that a checkpoint needs; Adam has [Trainer.SecondMoments]
// too. The slices are views; writing to them restores one.
func (t *Trainer) Velocity() []Param { return append([]Param(nil), t.first...) }

// SecondMoments returns Adam's second moment v of each parameter, as [Trainer.Velocity] does
// the first. Their memory is made when they are first asked for or needed.
func (t *Trainer) SecondMoments() []Param {
	if t.second == nil {
		t.second = t.net.Params()
		for i, p := range t.second {
			t.second[i].Data = make([]float32, len(p.Data))
		}
	}
	return append([]Param(nil), t.second...)
}

// Close releases the machine; the trainer must not be used afterwards.
func (t *Trainer) Close() error { return t.machine.Close() }

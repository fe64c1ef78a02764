package nn

import (
	"context"
	"fmt"

	"gonverge/lib/ops"
	"gorgonia.org/gorgonia"
)

// Evaluator reads out a net's activations for batches of pictures. It holds a gorgonia
// graph and a tape machine of its own, without dropout and with running statistics, up to the
// deepest layer that is asked for. It is not safe for concurrent use.
type Evaluator struct {
	net     *Net
	batch   int
	layers  []string
	graph   *graph
	machine gorgonia.VM
	nodes   map[string]int // place in graph.outputs
	logits  int            // place of the last layer; −1 if the graph ends before
	run     int            // pictures of the last run
}

// Evaluator returns an evaluator for up to batch pictures at a time and the named layers;
// without names, the layers of [Net.Layers] and the logits. Any layer may be named. An
// unknown name is an error that lists the known ones.
func (n *Net) Evaluator(batch int, layers ...string) (*Evaluator, error) {
	e := &Evaluator{net: n, batch: batch, layers: append([]string(nil), layers...), nodes: map[string]int{}, logits: -1}
	count := 0
	if len(layers) == 0 {
		e.layers = n.Layers()
		count = len(n.steps)
	}
	for _, name := range e.layers {
		i := n.index(name)
		if i < 0 {
			return nil, unknownLayer(name, stepNames(n.steps))
		}
		e.nodes[name] = i
		count = max(count, i+1)
	}
	if count == len(n.steps) {
		e.logits = count - 1
	}
	building.Lock()
	defer building.Unlock()
	var err error
	if e.graph, err = n.newGraph(&ops.Context{Workers: 1}, batch, count); err != nil {
		return nil, err
	}
	e.machine = gorgonia.NewTapeMachine(e.graph.g)
	return e, nil
}

// SetWorkers sets how many goroutines a run may use; results do not depend on it. The
// default is 1.
func (e *Evaluator) SetWorkers(n int) { e.graph.ctx.Workers = n }

// SetContext makes the runs that follow end with ctx's error soon after it ends, within a layer of
// the net; a run that ended so has no activations. The next context takes its place.
func (e *Evaluator) SetContext(ctx context.Context) { e.graph.ctx.Stop = ctx }

// Run computes the activations of pictures given as bytes, height × width × channels each,
// at most the evaluator's batch. Fewer pictures take as long as a full batch.
func (e *Evaluator) Run(pixels [][]uint8) error {
	size := len(e.graph.input) / e.batch
	if len(pixels) < 1 || len(pixels) > e.batch {
		return fmt.Errorf("nn: run: %d pictures (valid: 1..%d)", len(pixels), e.batch)
	}
	for i, p := range pixels {
		if len(p) != size {
			return fmt.Errorf("nn: run: picture %d has %d bytes, %s takes %s = %d", i, len(p), e.net.Arch.Name, shape3(e.net.Arch.Input.Shape), size)
		}
		e.net.Arch.Prepare(e.graph.input[i*size:(i+1)*size], p)
	}
	return e.compute(len(pixels))
}

// RunPrepared computes the activations of pictures that are prepared already (see
// [Arch.Prepare]), one after the other in x.
func (e *Evaluator) RunPrepared(x []float32) error {
	size := len(e.graph.input) / e.batch
	if len(x) < size || len(x) > len(e.graph.input) || len(x)%size != 0 {
		return fmt.Errorf("nn: run: %d numbers (valid: 1..%d pictures of %s = %d)", len(x), e.batch, shape3(e.net.Arch.Input.Shape), size)
	}
	copy(e.graph.input, x)
	return e.compute(len(x) / size)
}

func (e *Evaluator) compute(pictures int) error {
	e.run = 0
	e.machine.Reset()
	if err := e.machine.RunAll(); err != nil {
		if stop := e.graph.stopped(); stop != nil {
			return stop
		}
		return fmt.Errorf("nn: run: %w", err)
	}
	e.run = pictures
	return nil
}

// Activation returns a layer's output for the last run: pictures × height × width rows,
// picture by picture, of units columns (see [Net.LayerShape]). It is a view, valid until
// the next run; empty before the first. It panics on a layer that the evaluator was not
// made for.
func (e *Evaluator) Activation(layer string) []float32 {
	i, ok := e.nodes[layer]
	if !ok {
		panic(fmt.Sprintf("nn: evaluator does not read layer %q; it reads %v", layer, e.layers))
	}
	return e.output(i)
}

// Logits returns pictures × classes logits of the last run, a view valid until the next
// run; nil if the evaluator ends before the last layer.
func (e *Evaluator) Logits() []float32 {
	if e.logits < 0 {
		return nil
	}
	return e.output(e.logits)
}

func (e *Evaluator) output(i int) []float32 {
	if e.run == 0 {
		return nil
	}
	s := e.net.steps[i].out
	n := e.run * s[0] * s[1] * s[2]
	return data(e.graph.outputs[i])[:n:n]
}

// Layers returns the layers that the evaluator reads.
func (e *Evaluator) Layers() []string { return append([]string(nil), e.layers...) }

// Close releases the machine; the evaluator must not be used afterwards.
func (e *Evaluator) Close() error { return e.machine.Close() }

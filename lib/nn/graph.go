package nn

import (
	"fmt"
	"sync"

	"gonverge/lib/ops"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// building guards the making of graphs: gorgonia keeps constants that all graphs share and
// computes their hashes when they are first used. Running needs no guard.
var building sync.Mutex

// graph is a net, or its first layers, as a gorgonia expression for a fixed batch.
type graph struct {
	ctx     *ops.Context
	g       *gorgonia.ExprGraph
	x       *gorgonia.Node
	input   []float32      // memory of x
	params  gorgonia.Nodes // in the order of Net.Params, as far as layers reach
	names   []string       // of the layers
	outputs gorgonia.Nodes // of the layers
}

// bind returns an input node of the graph whose value is data itself, not a copy.
func bind(g *gorgonia.ExprGraph, name string, data []float32, shape ...int) *gorgonia.Node {
	t := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(t))
}

// newGraph builds the first count layers for a batch. The parameters are the net's own
// memory.
func (n *Net) newGraph(ctx *ops.Context, batch, count int) (*graph, error) {
	in := n.Arch.Input.Shape
	if batch < 1 || batch > maxSide {
		return nil, fmt.Errorf("nn: batch of %d pictures (valid: 1..%d)", batch, maxSide)
	}
	g := &graph{ctx: ctx, g: gorgonia.NewGraph()}
	g.input = make([]float32, batch*in[0]*in[1]*in[2])
	g.x = bind(g.g, "pictures", g.input, batch, in[0], in[1], in[2])
	h := g.x
	next := 0
	// param returns the node of the next block of parameters.
	param := func() *gorgonia.Node {
		p := n.params[next]
		next++
		node := bind(g.g, p.Layer+"."+p.Name, p.Data, p.Shape...)
		g.params = append(g.params, node)
		return node
	}
	for i, l := range n.Arch.Layers[:count] {
		var err error
		switch l := l.(type) {
		case Conv:
			f := ops.ConvReLU
			if l.Linear {
				f = ops.Conv2D
			}
			deep := next > 0 // before the first weights nothing asks for a gradient
			h, err = f(ctx, h, param(), param(), l.stride(), l.Pad, deep)
		case Dense:
			f := ops.DenseReLU
			if l.Linear {
				f = ops.Dense
			}
			deep := next > 0 // before the first weights nothing asks for a gradient
			h, err = f(ctx, h, param(), param(), deep)
		case MaxPool:
			h, err = ops.MaxPool(ctx, h, l.Size, l.stride(), 0, !l.Floor)
		case Dropout:
			h, err = ops.Dropout(ctx, h, l.Rate)
		}
		if err != nil {
			return nil, fmt.Errorf("nn: layer %q (layer %d of %s): %w", l.name(), i+1, n.Arch.Name, err)
		}
		g.names = append(g.names, l.name())
		g.outputs = append(g.outputs, h)
	}
	return g, nil
}

// data returns the memory of a node's value after a run.
func data(n *gorgonia.Node) []float32 {
	v := n.Value()
	if v == nil {
		return nil
	}
	d, _ := v.Data().([]float32)
	return d
}

// scalar returns the value of a scalar node after a run.
func scalar(n *gorgonia.Node) float64 {
	if v, ok := n.Value().(*gorgonia.F32); ok {
		return float64(*v)
	}
	return 0
}

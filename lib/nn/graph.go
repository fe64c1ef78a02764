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
	params  gorgonia.Nodes // in the order of Net.Params, as far as steps reach, without the fixed
	outputs gorgonia.Nodes // of the steps
}

// bind returns an input node of the graph whose value is data itself, not a copy.
func bind(g *gorgonia.ExprGraph, name string, data []float32, shape ...int) *gorgonia.Node {
	t := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(t))
}

// newGraph builds the first count steps for a batch. The parameters are the net's own
// memory.
func (n *Net) newGraph(ctx *ops.Context, batch, count int) (*graph, error) {
	in := n.Arch.Input.Shape
	if batch < 1 || batch > maxSide {
		return nil, fmt.Errorf("nn: batch of %d pictures (valid: 1..%d)", batch, maxSide)
	}
	g := &graph{ctx: ctx, g: gorgonia.NewGraph()}
	g.input = make([]float32, batch*in[0]*in[1]*in[2])
	g.x = bind(g.g, "pictures", g.input, batch, in[0], in[1], in[2])
	values := gorgonia.Nodes{g.x} // see step.from
	deep := []bool{false}         // whether a gradient is asked for: there are parameters before
	next := 0
	for i, s := range n.steps[:count] {
		params := n.params[next:][:len(s.layer.params(s.in))]
		next += len(params)
		way := deep[s.from]
		other := g.x
		if s.shortcut >= 0 {
			other = values[s.shortcut]
			way = way || deep[s.shortcut]
		}
		h, err := g.layer(s.layer, values[s.from], other, params, way)
		if err != nil {
			return nil, fmt.Errorf("nn: layer %q (layer %d of %s): %w", s.name, i+1, n.Arch.Name, err)
		}
		values, deep = append(values, h), append(deep, way || len(params) > 0)
	}
	g.outputs = values[1:]
	return g, nil
}

// param adds a block of parameters, unless it is empty.
func (g *graph) param(params []Param, i int) *gorgonia.Node {
	if i >= len(params) {
		return nil
	}
	p := params[i]
	node := bind(g.g, p.Layer+"."+p.Name, p.Data, p.Shape...)
	g.params = append(g.params, node)
	return node
}

// layer adds a layer to the graph that reads h, and other if it is a block's sum. deep says
// that a gradient is asked for before it.
func (g *graph) layer(l Layer, h, other *gorgonia.Node, params []Param, deep bool) (*gorgonia.Node, error) {
	switch l := l.(type) {
	case Conv:
		f := behind(l.Linear, l.Activation)
		h, err := ops.Conv(g.ctx, h, g.param(params, 0), g.param(params, 1), ops.Filters{
			Stride: l.stride(), Pad: l.Pad, Dilation: l.dilation(), Groups: l.groups(), ReLU: f == ReLU, Constant: !deep})
		return g.behind(f, h, err)
	case Dense:
		f := behind(l.Linear, l.Activation)
		dense := ops.Dense
		if f == ReLU {
			dense = ops.DenseReLU
		}
		h, err := dense(g.ctx, h, g.param(params, 0), g.param(params, 1), deep)
		return g.behind(f, h, err)
	case MaxPool:
		return ops.MaxPool(g.ctx, h, l.Size, l.stride(), l.Pad, !l.Floor)
	case AvgPool:
		return ops.AvgPool(g.ctx, h, ops.Windows{Size: l.Size, Stride: l.stride(), Pad: l.Pad, Ceil: !l.Floor, Inside: l.Inside})
	case GlobalAvgPool:
		return ops.GlobalAvgPool(g.ctx, h)
	case Dropout:
		return ops.Dropout(g.ctx, h, l.Rate)
	case Activation:
		return l.function().apply(g.ctx, h, l.slope())
	case LRN:
		return ops.LRN(g.ctx, h, ops.Response{Size: l.size(), Alpha: l.alpha(), Beta: l.beta(), K: l.k(), Within: l.Within})
	case BatchNorm:
		return ops.BatchNorm(g.ctx, h, g.param(params, 0), g.param(params, 1), &ops.Statistics{
			Mean: params[2].Data, Variance: params[3].Data, Momentum: l.share(), Epsilon: l.epsilon(), ReLU: l.ReLU})
	case Subsample:
		return ops.SubsampleAt(g.ctx, h, l.stride(), l.Units, l.Before)
	case Residual:
		if l.Linear {
			return ops.Add(g.ctx, h, other)
		}
		return ops.AddReLU(g.ctx, h, other)
	}
	return nil, fmt.Errorf("%T is no layer", l)
}

// behind adds the function behind a layer with weights; ReLU is part of the layer's operation.
func (g *graph) behind(f Function, h *gorgonia.Node, err error) (*gorgonia.Node, error) {
	if err != nil || f == "" || f == ReLU {
		return h, err
	}
	return f.apply(g.ctx, h, leakySlope)
}

// stopped is the error of the context that ends runs early, or nil.
func (g *graph) stopped() error {
	if g.ctx.Stop == nil {
		return nil
	}
	return g.ctx.Stop.Err()
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

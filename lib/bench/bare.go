package bench

import (
	"fmt"
	"math"

	"gonverge/lib/internal/simd"
	"gonverge/lib/nn"
)

// bareNet trains a net of convolutions, poolings and dense layers with nothing but the kernels:
// no graph, no tensors, one batch at a time in memory that is made once. What a [nn.Trainer]
// takes longer is the price of its framework.
type bareNet struct {
	batch   int
	layers  []bareLayer
	x       []float32 // batch pictures
	logits  []float32
	dlogits []float32
	classes int
}

// bareLayer computes a batch. The gradient dx is nil in a first layer, whose pictures need none.
type bareLayer interface {
	forward(x []float32) []float32
	backward(dx, x, dy []float32)
	update(lr, momentum, decay float32)
	inLen() int // of a picture
}

// newBare copies a net. It panics on a layer that it does not know.
func newBare(n *nn.Net, batch int) *bareNet {
	in := n.Arch.Input.Shape
	b := &bareNet{batch: batch, x: make([]float32, batch*in[0]*in[1]*in[2]), classes: n.Arch.Classes()}
	params := map[string][]float32{}
	for _, p := range n.Params() {
		params[p.Layer+"."+p.Name] = append([]float32(nil), p.Data...)
	}
	for _, l := range n.Arch.Layers {
		var name string
		switch l := l.(type) {
		case nn.Conv:
			name = l.Name
			c := &bareConv{v: simd.NewConv(in[0], in[1], in[2], l.Units, l.Kernel, l.Kernel, max(l.Stride, 1), l.Pad), batch: batch, relu: !l.Linear}
			c.weights = newBareWeights(params[l.Name+".weight"], params[l.Name+".bias"])
			c.make()
			b.layers = append(b.layers, c)
		case nn.MaxPool:
			name = l.Name
			b.layers = append(b.layers, newBarePool(simd.NewPool(in[0], in[1], in[2], l.Size, l.Stride, l.Pad, !l.Floor), batch, false))
		case nn.AvgPool:
			name = l.Name
			b.layers = append(b.layers, newBarePool(simd.NewPool(in[0], in[1], in[2], l.Size, l.Stride, l.Pad, !l.Floor), batch, true))
		case nn.Dense:
			name = l.Name
			d := &bareDense{inputs: in[0] * in[1] * in[2], units: l.Units, batch: batch, relu: !l.Linear, y: make([]float32, batch*l.Units)}
			d.weights = newBareWeights(params[l.Name+".weight"], params[l.Name+".bias"])
			b.layers = append(b.layers, d)
		default:
			panic(fmt.Sprintf("bench: no bare %T", l))
		}
		in, _ = n.LayerShape(name) // the layer is one of the net's
	}
	b.dlogits = make([]float32, batch*b.classes)
	return b
}

// step trains on the batch in b.x and returns its mean loss.
func (b *bareNet) step(labels []int, lr, momentum, decay float32) float64 {
	inputs := [][]float32{b.x}
	for _, l := range b.layers {
		inputs = append(inputs, l.forward(inputs[len(inputs)-1]))
	}
	b.logits = inputs[len(b.layers)]
	loss := b.loss(labels)
	dy := b.dlogits
	for i := len(b.layers) - 1; i >= 0; i-- {
		var dx []float32
		if i > 0 {
			dx = gradientOf(b.layers[i], b.batch)
		}
		b.layers[i].backward(dx, inputs[i], dy)
		dy = dx
	}
	for _, l := range b.layers {
		l.update(lr, momentum, decay)
	}
	return loss
}

// gradientOf returns the memory for the gradient of a layer's input.
func gradientOf(l bareLayer, batch int) []float32 {
	var dx *[]float32
	switch l := l.(type) {
	case *bareConv:
		dx = &l.dx
	case *barePool:
		dx = &l.dx
	case *bareDense:
		dx = &l.dx
	}
	if *dx == nil {
		*dx = make([]float32, batch*l.inLen())
	}
	return *dx
}

// loss returns the mean cross-entropy and sets its gradient.
func (b *bareNet) loss(labels []int) float64 {
	total := 0.0
	for i, label := range labels {
		row, d := b.logits[i*b.classes:][:b.classes], b.dlogits[i*b.classes:][:b.classes]
		top, sum := float64(row[0]), 0.0
		for _, v := range row {
			top = max(top, float64(v))
		}
		for j, v := range row {
			e := math.Exp(float64(v) - top)
			d[j] = float32(e)
			sum += e
		}
		for j := range d {
			d[j] /= float32(sum * float64(b.batch))
		}
		d[label] -= 1 / float32(b.batch)
		total += math.Log(sum) + top - float64(row[label])
	}
	return total / float64(b.batch)
}

// bareWeights are weights and biases with what training keeps of them.
type bareWeights struct{ w, b, dw, db, vw, vb []float32 }

func newBareWeights(w, b []float32) bareWeights {
	return bareWeights{w, b, make([]float32, len(w)), make([]float32, len(b)), make([]float32, len(w)), make([]float32, len(b))}
}

func (p *bareWeights) update(lr, momentum, decay float32) {
	simd.SGD(p.w, p.vw, p.dw, lr, momentum, decay)
	simd.SGD(p.b, p.vb, p.db, lr, momentum, 0)
}

type bareConv struct {
	weights                             bareWeights
	v                                   *simd.Conv
	p                                   *simd.Borderless // as the operations use it; nil: none
	gradW, gradX                        bool             // p has them
	batch                               int
	relu                                bool
	y, packed, padded, back, spread, dx []float32
}

func (c *bareConv) make() {
	c.y = make([]float32, c.batch*c.v.OutLen())
	c.packed, c.back = make([]float32, c.v.WeightLen()), make([]float32, c.v.WeightBackLen())
	c.padded, c.spread = make([]float32, c.v.PaddedLen()), make([]float32, c.v.BackPaddedLen())
	if c.p = c.v.Borderless(); c.p != nil {
		c.gradW, c.gradX = c.p.HasGradW(), c.p.HasGradX()
	}
}

func (c *bareConv) inLen() int { return c.v.InLen() }

func (c *bareConv) pad(x []float32, i int) []float32 {
	n := c.v.InLen()
	if c.v.InPlace() {
		return x[i*n:][:n]
	}
	c.v.Pad(c.padded, x[i*n:][:n])
	return c.padded
}

func (c *bareConv) forward(x []float32) []float32 {
	if c.p != nil {
		c.p.PackW(c.packed, c.weights.w)
		c.p.Forward(c.y, x, c.packed, c.weights.b, c.batch, c.relu)
		return c.y
	}
	c.v.PackW(c.packed, c.weights.w)
	n := c.v.OutLen()
	for i := range c.batch {
		out := c.y[i*n:][:n]
		if c.relu {
			c.v.ForwardReLU(out, c.pad(x, i), c.packed, c.weights.b)
		} else {
			c.v.Forward(out, c.pad(x, i), c.packed, c.weights.b)
		}
	}
	return c.y
}

func (c *bareConv) backward(dx, x, dy []float32) {
	clear(c.weights.dw)
	clear(c.weights.db)
	switch {
	case dx == nil:
	case c.gradX:
		c.p.PackWBack(c.back, c.weights.w)
	default:
		c.v.PackWBack(c.back, c.weights.w)
	}
	together := 1
	if c.gradW || c.gradX {
		together = c.p.Together()
	}
	for i := 0; i < c.batch; i += together {
		c.some(dx, x, dy, i, min(together, c.batch-i))
	}
}

// some adds the gradients of count pictures from the first on.
func (c *bareConv) some(dx, x, dy []float32, first, count int) {
	n, in := c.v.OutLen(), c.v.InLen()
	d := dy[first*n:][:count*n]
	if c.relu {
		simd.ReluBack(d, c.y[first*n:][:len(d)])
	}
	simd.AddRows(c.weights.db, d)
	if c.gradW {
		c.p.GradW(c.weights.dw, x[first*in:], d, count)
	}
	if c.gradX && dx != nil {
		c.p.GradX(dx[first*in:], d, c.back, count)
	}
	for i := range count {
		if !c.gradW {
			c.v.GradW(c.weights.dw, c.pad(x, first+i), d[i*n:])
		}
		if dx != nil && !c.gradX {
			c.v.GradX(dx[(first+i)*in:], c.spread, d[i*n:], c.back)
		}
	}
}

func (c *bareConv) update(lr, momentum, decay float32) { c.weights.update(lr, momentum, decay) }

type barePool struct {
	p       *simd.Pool
	batch   int
	average bool
	y, dx   []float32
}

func newBarePool(p *simd.Pool, batch int, average bool) *barePool {
	return &barePool{p: p, batch: batch, average: average, y: make([]float32, batch*p.OutLen())}
}

func (l *barePool) inLen() int { return l.p.InLen() }

func (l *barePool) forward(x []float32) []float32 {
	n, in := l.p.OutLen(), l.p.InLen()
	for i := range l.batch {
		if l.average {
			l.p.Mean(l.y[i*n:][:n], x[i*in:][:in], false)
		} else {
			l.p.Max(l.y[i*n:][:n], x[i*in:][:in])
		}
	}
	return l.y
}

func (l *barePool) backward(dx, x, dy []float32) {
	n, in := l.p.OutLen(), l.p.InLen()
	for i := range l.batch {
		if l.average {
			l.p.MeanBack(dx[i*in:][:in], dy[i*n:][:n], false)
		} else {
			l.p.MaxBack(dx[i*in:][:in], x[i*in:][:in], l.y[i*n:][:n], dy[i*n:][:n])
		}
	}
}

func (l *barePool) update(lr, momentum, decay float32) {}

type bareDense struct {
	weights              bareWeights
	inputs, units, batch int
	relu                 bool
	y, dx                []float32
}

func (l *bareDense) inLen() int { return l.inputs }

func (l *bareDense) forward(x []float32) []float32 {
	for i := range l.batch {
		copy(l.y[i*l.units:], l.weights.b)
	}
	simd.Gemm(false, false, l.batch, l.units, l.inputs, x, l.inputs, l.weights.w, l.units, l.y, l.units, true)
	if l.relu {
		simd.Relu(l.y)
	}
	return l.y
}

func (l *bareDense) backward(dx, x, dy []float32) {
	if l.relu {
		simd.ReluBack(dy, l.y)
	}
	clear(l.weights.db)
	simd.AddRows(l.weights.db, dy)
	simd.Gemm(true, false, l.inputs, l.units, l.batch, x, l.inputs, dy, l.units, l.weights.dw, l.units, false)
	if dx != nil {
		simd.Gemm(false, true, l.batch, l.inputs, l.units, dy, l.units, l.weights.w, l.units, dx, l.inputs, false)
	}
}

func (l *bareDense) update(lr, momentum, decay float32) { l.weights.update(lr, momentum, decay) }

package ops

import (
	"fmt"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
)

// ReLU adds y = max(0, x) for any shape. At 0 the gradient is 0.
func ReLU(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) {
	return pointwise(c, "ReLU", x, simd.Relu, simd.ReluBack)
}

// LeakyReLU adds y = x where x > 0 and y = slope·x elsewhere, for any shape; slope is in
// [0, 1], often 0.01 (Maas et al., ICML 2013). At 0 the gradient is slope.
func LeakyReLU(c *Context, x *gorgonia.Node, slope float64) (*gorgonia.Node, error) {
	if !(slope >= 0 && slope <= 1) {
		return nil, fmt.Errorf("ops: LeakyReLU: slope %v (valid: 0..1)", slope)
	}
	s := float32(slope)
	return pointwise(c, "LeakyReLU", x,
		func(x []float32) { simd.Leaky(x, s) },
		func(dy, y []float32) { simd.LeakyBack(dy, y, s) })
}

// Tanh adds y = (e^x − e^−x)/(e^x + e^−x), in [−1, 1], for any shape. Its gradient is 1 − y².
func Tanh(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) {
	return pointwise(c, "Tanh", x, simd.Tanh, simd.TanhBack)
}

// Sigmoid adds y = 1/(1 + e^−x), in [0, 1], for any shape. Its gradient is y·(1 − y).
func Sigmoid(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) {
	return pointwise(c, "Sigmoid", x, simd.Sigmoid, simd.SigmoidBack)
}

// pointwise adds a function of each value by itself whose gradient can be told from its
// result: forward works in place, back turns dy into dx with the result y.
func pointwise(c *Context, name string, x *gorgonia.Node, forward func(x []float32), back func(dy, y []float32)) (*gorgonia.Node, error) {
	c = or(c)
	if err := someShape(x, name); err != nil {
		return nil, err
	}
	shape := x.Shape().Clone()
	o := newOp(c, name, shape, x)
	o.wrt = []bool{true}
	o.run = func(y []float32, in [][]float32) error {
		return c.each(len(y), func(_, _, from, to int) {
			copy(y[from:to], in[0][from:to])
			forward(y[from:to])
		})
	}
	o.diff = func(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, name+"Grad", shape, out, grad)
		d.run = func(dx []float32, in [][]float32) error {
			return c.each(len(dx), func(_, _, from, to int) {
				copy(dx[from:to], in[1][from:to])
				back(dx[from:to], in[0][from:to])
			})
		}
		n, err := d.apply(out, grad)
		return gorgonia.Nodes{n}, err
	}
	return o.apply(x)
}

package ops

import (
	"fmt"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Add adds y = a + b, value by value, for two nodes of the same shape: the end of a residual
// block (He et al., CVPR 2016). Both get the gradient of y.
func Add(c *Context, a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return add(c, "Add", a, b, false)
}

// AddReLU is [Add] followed by max(0, y), in one operation. At 0 the gradient is 0.
func AddReLU(c *Context, a, b *gorgonia.Node) (*gorgonia.Node, error) {
	return add(c, "AddReLU", a, b, true)
}

func add(c *Context, name string, a, b *gorgonia.Node, relu bool) (*gorgonia.Node, error) {
	c = or(c)
	for _, n := range []*gorgonia.Node{a, b} {
		if err := someShape(n, name); err != nil {
			return nil, err
		}
	}
	shape := a.Shape().Clone()
	if !shape.Eq(b.Shape()) {
		return nil, fmt.Errorf("ops: %s: a is %v, b is %v", name, shape, b.Shape())
	}
	o := newOp(c, name, shape, a, b)
	o.wrt = []bool{true, true}
	o.run = func(y []float32, in [][]float32) error {
		return c.each(len(y), func(_, _, from, to int) {
			copy(y[from:to], in[0][from:to])
			simd.Axpy(1, in[1][from:to], y[from:to])
			if relu {
				simd.Relu(y[from:to])
			}
		})
	}
	o.diff = func(_ gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		if !relu {
			return gorgonia.Nodes{grad, grad}, nil
		}
		d := newOp(c, name+"Grad", shape, out, grad)
		d.run = func(dx []float32, in [][]float32) error {
			return c.each(len(dx), func(_, _, from, to int) {
				simd.ReluBackTo(dx[from:to], in[1][from:to], in[0][from:to])
			})
		}
		n, err := d.apply(out, grad)
		return gorgonia.Nodes{n, n}, err
	}
	return o.apply(a, b)
}

// Subsample adds the way around a residual block that has no parameters: every stride-th
// position, and behind the channels new ones that are 0:
//
//	y[n][i][j][k] = x[n][i·stride][j·stride][k] for k < channels, else 0
//
// x is pictures × height × width × channels, y pictures × ⌈height/stride⌉ × ⌈width/stride⌉ ×
// units; units is at least channels. (He et al., CVPR 2016, option A.)
func Subsample(c *Context, x *gorgonia.Node, stride, units int) (*gorgonia.Node, error) {
	return SubsampleAt(c, x, stride, units, 0)
}

// SubsampleAt is [Subsample] with the first so many of the new channels before the old ones, as
// many nets for CIFAR that were trained with PyTorch have half of them:
//
//	y[n][i][j][before+k] = x[n][i·stride][j·stride][k] for k < channels, else 0
func SubsampleAt(c *Context, x *gorgonia.Node, stride, units, before int) (*gorgonia.Node, error) {
	c = or(c)
	if err := dims(x, 4, "Subsample", "x", "pictures × height × width × channels"); err != nil {
		return nil, err
	}
	s := x.Shape().Clone()
	if stride < 1 || units < s[3] {
		return nil, fmt.Errorf("ops: Subsample: x is %v, stride %d, %d units (valid: stride 1 or more, units %d or more)", s, stride, units, s[3])
	}
	if before < 0 || before > units-s[3] {
		return nil, fmt.Errorf("ops: Subsample: x is %v, %d units, %d of them before (valid: 0..%d)", s, units, before, units-s[3])
	}
	h, w := (s[1]-1)/stride+1, (s[2]-1)/stride+1
	// each calls do with the places of a position's channels in x and y.
	each := func(do func(x, y int)) error {
		return c.each(s[0], func(_, _, from, to int) {
			for n := from; n < to; n++ {
				for i := range h {
					for j := range w {
						do(((n*s[1]+i*stride)*s[2]+j*stride)*s[3], ((n*h+i)*w+j)*units+before)
					}
				}
			}
		})
	}
	o := newOp(c, "Subsample", tensor.Shape{s[0], h, w, units}, x)
	o.wrt = []bool{true}
	o.run = func(y []float32, in [][]float32) error {
		clear(y)
		return each(func(a, b int) { copy(y[b:b+s[3]], in[0][a:]) })
	}
	o.diff = func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, "SubsampleGrad", s, grad)
		d.run = func(dx []float32, in [][]float32) error {
			clear(dx)
			return each(func(a, b int) { copy(dx[a:a+s[3]], in[0][b:]) })
		}
		n, err := d.apply(grad)
		return gorgonia.Nodes{n}, err
	}
	return o.apply(x)
}

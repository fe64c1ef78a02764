package ops

import (
	"fmt"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// MaxPool adds the maximum over windows of size × size positions, stride apart, channel by
// channel:
//
//	y[n][i][j][c] = max_{a<size, b<size} x[n][i·stride−pad+a][j·stride−pad+b][c]
//
// x is pictures × height × width × channels. Windows are clipped to the picture: padding is
// never the maximum. y has (height + 2·pad − size)/stride + 1 rows, rounded up if ceil, as
// Caffe does, else down; windows that would begin outside are dropped. A window's gradient
// goes to its first maximum in row order.
func MaxPool(c *Context, x *gorgonia.Node, size, stride, pad int, ceil bool) (*gorgonia.Node, error) {
	c = or(c)
	if err := dims(x, 4, "MaxPool", "x", "pictures × height × width × channels"); err != nil {
		return nil, err
	}
	xs := x.Shape()
	if size < 1 || stride < 1 || pad < 0 || pad >= size {
		return nil, fmt.Errorf("ops: MaxPool: size %d, stride %d, pad %d (valid: size and stride 1 or more, pad 0..size−1)", size, stride, pad)
	}
	if round := (stride - 1) * btoi(ceil); xs[1]+2*pad-size+round < 0 || xs[2]+2*pad-size+round < 0 {
		return nil, fmt.Errorf("ops: MaxPool: x is %v with pad %d, smaller than windows of %d×%d", xs, pad, size, size)
	}
	p := simd.NewPool(xs[1], xs[2], xs[3], size, stride, pad, ceil)
	pictures, nx, ny := xs[0], p.InLen(), p.OutLen()
	o := newOp(c, "MaxPool", tensor.Shape{pictures, p.OH, p.OW, p.C}, x)
	o.wrt = []bool{true}
	o.run = func(y []float32, in [][]float32) error {
		return c.each(pictures, func(_, _, from, to int) {
			for i := from; i < to && !c.stopped(); i++ {
				p.Max(y[i*ny:(i+1)*ny], in[0][i*nx:(i+1)*nx])
			}
		})
	}
	o.diff = func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, "MaxPoolGrad", xs.Clone(), in[0], out, grad)
		back := &poolBack{of: in[0], reads: gorgonia.Nodes{in[0], out, grad}, cuts: true}
		masked := &scratch{size: ny}
		back.do = func(worker int, dx []float32, in [][]float32, i int) {
			y, dy := in[1][i*ny:(i+1)*ny], in[2][i*ny:(i+1)*ny]
			if back.cut {
				m := masked.of(worker)
				simd.ReluBackTo(m, dy, y)
				dy = m
			}
			p.MaxBack(dx, in[0][i*nx:(i+1)*nx], y, dy)
		}
		back.attach(d, pictures, nx)
		n, err := d.apply(in[0], out, grad)
		return gorgonia.Nodes{n}, err
	}
	return o.apply(x)
}

// poolBack is the gradient of a pooling, picture by picture.
type poolBack struct {
	of    *gorgonia.Node                                        // the pooling's input, whose gradient it is
	reads gorgonia.Nodes                                        // inputs of the operation
	do    func(worker int, dx []float32, in [][]float32, i int) // writes picture i's, from the inputs' memory
	cuts  bool                                                  // a maximum's: it can leave out what a ReLU before it cuts off
	cut   bool                                                  // set by its reader: it does so; windows whose maximum is not above 0 pass nothing
	taken bool                                                  // its only reader makes it; the operation does nothing
}

// attach makes it what the operation runs, on pictures of size values.
func (b *poolBack) attach(d *op, pictures, size int) {
	d.back = b
	d.run = func(dx []float32, in [][]float32) error {
		if b.taken {
			return nil
		}
		return d.ctx.each(pictures, func(worker, _, from, to int) {
			for i := from; i < to && !d.ctx.stopped(); i++ {
				b.do(worker, dx[i*size:(i+1)*size], in, i)
			}
		})
	}
}

func btoi(b bool) int {
	if b {
		return 1
	}
	return 0
}

package ops

import (
	"fmt"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Windows says where a pooling looks. The zero value is not valid: Size is needed.
type Windows struct {
	Size   int  // rows and columns of a window
	Stride int  // step between windows; 0 means Size
	Pad    int  // border around the picture, on all four sides, less than Size
	Ceil   bool // round the number of windows up, as Caffe does, else down
	Inside bool // averages: divide by the cells inside the picture only; see AvgPool
}

// AvgPool adds the mean over windows of Size × Size positions, Stride apart, channel by
// channel:
//
//	y[n][i][j][c] = 1/m · Σ_{a<Size, b<Size} x[n][i·Stride−Pad+a][j·Stride−Pad+b][c]
//
// x is pictures × height × width × channels and counts as 0 outside. y has (height + 2·Pad −
// Size)/Stride + 1 rows, rounded up if Ceil, else down, columns alike; windows that would
// begin outside the picture are dropped. For a window over the edge there are two rules:
//
//   - Caffe's, also PyTorch's default: m is the number of the window's cells in the padded
//     picture; cells of the border count, cells that only rounding up adds do not;
//   - Inside, PyTorch's count_include_pad=False: m is the number of cells in the picture.
//
// Without Pad both are the same.
func AvgPool(c *Context, x *gorgonia.Node, w Windows) (*gorgonia.Node, error) {
	p, err := w.plan("AvgPool", x)
	if err != nil {
		return nil, err
	}
	return average(c, "AvgPool", x, p, w.Inside)
}

// GlobalAvgPool adds the mean over all positions, channel by channel:
//
//	y[n][0][0][c] = 1/(height·width) · Σ_ij x[n][i][j][c]
//
// x is pictures × height × width × channels, y pictures × 1 × 1 × channels.
func GlobalAvgPool(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) {
	if err := dims(x, 4, "GlobalAvgPool", "x", "pictures × height × width × channels"); err != nil {
		return nil, err
	}
	// One window over the longer side, clipped to the picture.
	s := x.Shape()
	side := max(s[1], s[2])
	return average(c, "GlobalAvgPool", x, simd.NewPool(s[1], s[2], s[3], side, side, 0, true), true)
}

// plan checks the windows against x.
func (w Windows) plan(name string, x *gorgonia.Node) (*simd.Pool, error) {
	if err := dims(x, 4, name, "x", "pictures × height × width × channels"); err != nil {
		return nil, err
	}
	size, stride, pad := w.Size, w.Stride, w.Pad
	if stride == 0 {
		stride = size
	}
	xs := x.Shape()
	if size < 1 || stride < 1 || pad < 0 || pad >= size {
		return nil, fmt.Errorf("ops: %s: size %d, stride %d, pad %d (valid: size and stride 1 or more, pad 0..size−1)", name, size, stride, pad)
	}
	if round := (stride - 1) * btoi(w.Ceil); xs[1]+2*pad-size+round < 0 || xs[2]+2*pad-size+round < 0 {
		return nil, fmt.Errorf("ops: %s: x is %v with pad %d, smaller than windows of %d×%d", name, xs, pad, size, size)
	}
	return simd.NewPool(xs[1], xs[2], xs[3], size, stride, pad, w.Ceil), nil
}

func average(c *Context, name string, x *gorgonia.Node, p *simd.Pool, inside bool) (*gorgonia.Node, error) {
	c = or(c)
	shape := x.Shape().Clone()
	pictures, nx, ny := shape[0], p.InLen(), p.OutLen()
	o := newOp(c, name, tensor.Shape{pictures, p.OH, p.OW, p.C}, x)
	o.wrt = []bool{true}
	o.run = func(y []float32, in [][]float32) error {
		return c.each(pictures, func(_, _, from, to int) {
			for i := from; i < to && !c.stopped(); i++ {
				p.Mean(y[i*ny:(i+1)*ny], in[0][i*nx:(i+1)*nx], inside)
			}
		})
	}
	o.diff = func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, name+"Grad", shape, grad)
		back := &poolBack{of: in[0], reads: gorgonia.Nodes{grad}}
		back.do = func(_ int, dx []float32, in [][]float32, i int) { p.MeanBack(dx, in[0][i*ny:(i+1)*ny], inside) }
		back.attach(d, pictures, nx)
		n, err := d.apply(grad)
		return gorgonia.Nodes{n}, err
	}
	return o.apply(x)
}

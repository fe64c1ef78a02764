package ops

import (
	"fmt"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Conv2D adds a convolution (cross-correlation) with bias:
//
//	y[n][i][j][o] = b[o] + Σ_{a,b,c} x[n][i·stride−pad+a][j·stride−pad+b][c] · w[a][b][c][o]
//
// x is pictures × height × width × channels, w kernel rows × kernel columns × channels ×
// units, b units; y is pictures × ((height + 2·pad − rows)/stride + 1) × (columns alike) ×
// units. Gradients reach w, b and, if inputGrad, x; without it x counts as a constant,
// which saves a third of the backward work in a first layer. Shapes that do not fit are
// errors.
func Conv2D(c *Context, x, w, b *gorgonia.Node, stride, pad int, inputGrad bool) (*gorgonia.Node, error) {
	return conv(c, "Conv2D", x, w, b, stride, pad, inputGrad, false)
}

// ConvReLU is [Conv2D] followed by max(0, y), in one operation. At 0 the gradient is 0.
func ConvReLU(c *Context, x, w, b *gorgonia.Node, stride, pad int, inputGrad bool) (*gorgonia.Node, error) {
	return conv(c, "ConvReLU", x, w, b, stride, pad, inputGrad, true)
}

func conv(c *Context, name string, x, w, b *gorgonia.Node, stride, pad int, inputGrad, relu bool) (*gorgonia.Node, error) {
	c = or(c)
	if err := dims(x, 4, name, "x", "pictures × height × width × channels"); err != nil {
		return nil, err
	}
	if err := dims(w, 4, name, "w", "rows × columns × channels × units"); err != nil {
		return nil, err
	}
	if err := dims(b, 1, name, "b", "units"); err != nil {
		return nil, err
	}
	xs, ws := x.Shape(), w.Shape()
	switch {
	case stride < 1 || pad < 0:
		return nil, fmt.Errorf("ops: %s: stride %d, pad %d (valid: stride 1 or more, pad 0 or more)", name, stride, pad)
	case xs[3] != ws[2]:
		return nil, fmt.Errorf("ops: %s: x is %v with %d channels, w is %v for %d", name, xs, xs[3], ws, ws[2])
	case b.Shape()[0] != ws[3]:
		return nil, fmt.Errorf("ops: %s: b is %v, w is %v with %d units", name, b.Shape(), ws, ws[3])
	case ws[0] > xs[1]+2*pad || ws[1] > xs[2]+2*pad:
		return nil, fmt.Errorf("ops: %s: x is %v with pad %d, smaller than the filters of w %v", name, xs, pad, ws)
	}
	v := simd.NewConv(xs[1], xs[2], xs[3], ws[3], ws[0], ws[1], stride, pad)
	f := &convolution{Context: c, Conv: v, name: name, pictures: xs[0], relu: relu, inputGrad: inputGrad}
	o := newOp(c, name, tensor.Shape{xs[0], v.OH, v.OW, v.OC}, x, w, b)
	o.wrt = []bool{inputGrad, true, true}
	packed := make([]float32, v.WeightLen())
	padded := f.padding()
	o.run = func(y []float32, in [][]float32) error { return f.forward(y, in[0], in[1], in[2], packed, padded) }
	o.diff = f.diff
	return o.apply(x, w, b)
}

// convolution is what forward and gradient share.
type convolution struct {
	*Context
	*simd.Conv
	name            string
	pictures        int
	relu, inputGrad bool
}

// padding returns scratch for padded pictures.
func (f *convolution) padding() *scratch { return &scratch{size: f.PaddedLen()} }

// padded returns picture i with its border; without a border it is read where it is.
func (f *convolution) padded(s *scratch, worker int, x []float32, i int) []float32 {
	n := f.InLen()
	picture := x[i*n : (i+1)*n]
	if f.Padding == 0 {
		return picture
	}
	p := s.of(worker)
	f.Pad(p, picture)
	return p
}

func (f *convolution) forward(y, x, w, b, packed []float32, padded *scratch) error {
	f.PackW(packed, w)
	n := f.OutLen()
	return f.each(f.pictures, func(worker, _, from, to int) {
		for i := from; i < to; i++ {
			out := y[i*n : (i+1)*n]
			f.Forward(out, f.padded(padded, worker, x, i), packed, b)
			if f.relu {
				simd.Relu(out)
			}
		}
	})
}

// diff makes one operation that computes all gradients, so that a picture's dy is still in
// the cache for each of them, and views of its result.
func (f *convolution) diff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	c := f.Context
	nw, nb, nx := f.FilterLen(), f.OC, 0
	if f.inputGrad {
		nx = f.pictures * f.InLen()
	}
	o := newOp(c, f.name+"Grad", tensor.Shape{nw + nb + nx}, in[0], in[1], out, grad)
	g := &convGrad{convolution: f, padded: f.padding(), masked: &scratch{size: f.OutLen()}, spread: &scratch{size: f.BackPaddedLen()}}
	for i := range g.parts {
		if i > 0 { // the first chunk adds straight to the result
			g.parts[i] = make([]float32, nw+nb)
		}
	}
	if f.inputGrad {
		g.back = make([]float32, f.WeightBackLen())
	}
	o.run = func(res []float32, in [][]float32) error {
		return g.run(res[:nw], res[nw:nw+nb], res[nw+nb:], in[0], in[1], in[2], in[3])
	}
	all, err := o.apply(in[0], in[1], out, grad)
	if err != nil {
		return nil, err
	}
	nodes := make(gorgonia.Nodes, 3)
	if f.inputGrad {
		if nodes[0], err = piece(c, f.name+"GradX", all, nw+nb, in[0].Shape()); err != nil {
			return nil, err
		}
	}
	if nodes[1], err = piece(c, f.name+"GradW", all, 0, in[1].Shape()); err != nil {
		return nil, err
	}
	if nodes[2], err = piece(c, f.name+"GradB", all, nw, in[2].Shape()); err != nil {
		return nil, err
	}
	return nodes, nil
}

type convGrad struct {
	*convolution
	padded, masked, spread *scratch
	parts                  [chunks][]float32 // gradients of w and b of each chunk
	back                   []float32         // packed weights
}

func (g *convGrad) run(dw, db, dx, x, w, y, dy []float32) error {
	if g.inputGrad {
		g.PackWBack(g.back, w)
	}
	n := g.OutLen()
	err := g.each(g.pictures, func(worker, part, from, to int) {
		pw, pb := dw, db
		if p := g.parts[part]; p != nil {
			pw, pb = p[:len(dw)], p[len(dw):]
		}
		clear(pw)
		clear(pb)
		for i := from; i < to; i++ {
			d := dy[i*n : (i+1)*n]
			if g.relu {
				m := g.masked.of(worker)
				copy(m, d)
				simd.ReluBack(m, y[i*n:(i+1)*n])
				d = m
			}
			simd.AddRows(pb, d)
			g.GradW(pw, g.convolution.padded(g.padded, worker, x, i), d)
			if g.inputGrad {
				g.GradX(dx[i*g.InLen():(i+1)*g.InLen()], g.spread.of(worker), d, g.back)
			}
		}
	})
	if err != nil {
		return err
	}
	g.sum(dw, db)
	return nil
}

// sum adds the chunks' gradients in order.
func (g *convGrad) sum(dw, db []float32) {
	started := false
	for i, p := range g.parts {
		from, to := chunk(i, g.pictures)
		switch {
		case p == nil: // chunk 0 is in dw, db already, unless it was empty
			if from < to {
				started = true
			}
		case from == to:
		case !started:
			copy(dw, p)
			copy(db, p[len(dw):])
			started = true
		default:
			simd.Axpy(1, p[:len(dw)], dw)
			simd.Axpy(1, p[len(dw):], db)
		}
	}
}

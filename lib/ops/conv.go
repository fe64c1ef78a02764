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
	return conv(c, "Conv2D", x, w, b, Filters{Stride: stride, Pad: pad, Dilation: 1, Groups: 1, Constant: !inputGrad})
}

// ConvReLU is [Conv2D] followed by max(0, y), in one operation. At 0 the gradient is 0.
func ConvReLU(c *Context, x, w, b *gorgonia.Node, stride, pad int, inputGrad bool) (*gorgonia.Node, error) {
	return conv(c, "ConvReLU", x, w, b, Filters{Stride: stride, Pad: pad, Dilation: 1, Groups: 1, Constant: !inputGrad, ReLU: true})
}

// Filters says how [Conv] moves its filters. The zero value is stride 1 without a border,
// dilation, groups or ReLU, and with gradients for the input.
type Filters struct {
	Stride   int  // step between positions; 0 means 1
	Pad      int  // zeros around the picture, on all four sides
	Dilation int  // step between a filter's cells in the picture; 0 means 1
	Groups   int  // parts of channels and units that see only each other; 0 means 1
	ReLU     bool // max(0, y), in the same operation; at 0 its gradient is 0
	Constant bool // x gets no gradient
}

// Conv adds a convolution (cross-correlation), dilated and in groups:
//
//	y[n][i][j][o] = b[o] + Σ_{p,q,k} x[n][i·Stride−Pad+p·Dilation][j·Stride−Pad+q·Dilation][g(o)+k] · w[p][q][k][o]
//
// Channels and units are cut into Groups equal parts in order; g(o) is the first channel of
// unit o's part (0 with one group, where it is the convolution of [Conv2D]). x is pictures ×
// height × width × channels, w kernel rows × kernel columns × channels/Groups × units, b
// units, or nil for no bias; y is pictures × ((height + 2·Pad − (rows−1)·Dilation − 1)/Stride
// + 1) × (columns alike) × units. Gradients reach w, b and, unless Constant, x. Shapes that do
// not fit are errors.
func Conv(c *Context, x, w, b *gorgonia.Node, f Filters) (*gorgonia.Node, error) {
	f.Stride, f.Dilation, f.Groups = orOne(f.Stride), orOne(f.Dilation), orOne(f.Groups)
	return conv(c, "Conv", x, w, b, f)
}

func orOne(n int) int {
	if n == 0 {
		return 1
	}
	return n
}

func conv(c *Context, name string, x, w, b *gorgonia.Node, o Filters) (*gorgonia.Node, error) {
	c = or(c)
	if err := dims(x, 4, name, "x", "pictures × height × width × channels"); err != nil {
		return nil, err
	}
	if err := dims(w, 4, name, "w", "rows × columns × channels × units"); err != nil {
		return nil, err
	}
	if b != nil || name != "Conv" {
		if err := dims(b, 1, name, "b", "units"); err != nil {
			return nil, err
		}
	}
	xs, ws := x.Shape(), w.Shape()
	switch {
	case o.Stride < 1 || o.Pad < 0:
		return nil, fmt.Errorf("ops: %s: stride %d, pad %d (valid: stride 1 or more, pad 0 or more)", name, o.Stride, o.Pad)
	case o.Dilation < 1 || o.Groups < 1:
		return nil, fmt.Errorf("ops: %s: dilation %d, %d groups (valid: 1 or more)", name, o.Dilation, o.Groups)
	case xs[3]%o.Groups != 0 || ws[3]%o.Groups != 0:
		return nil, fmt.Errorf("ops: %s: %d groups do not divide the %d channels of x %v and the %d units of w %v", name, o.Groups, xs[3], xs, ws[3], ws)
	case xs[3]/o.Groups != ws[2]:
		if o.Groups > 1 {
			return nil, fmt.Errorf("ops: %s: x is %v with %d channels in %d groups, w is %v for %d a group", name, xs, xs[3], o.Groups, ws, ws[2])
		}
		return nil, fmt.Errorf("ops: %s: x is %v with %d channels, w is %v for %d", name, xs, xs[3], ws, ws[2])
	case b != nil && b.Shape()[0] != ws[3]:
		return nil, fmt.Errorf("ops: %s: b is %v, w is %v with %d units", name, b.Shape(), ws, ws[3])
	case (ws[0]-1)*o.Dilation+1 > xs[1]+2*o.Pad || (ws[1]-1)*o.Dilation+1 > xs[2]+2*o.Pad:
		if o.Dilation > 1 {
			return nil, fmt.Errorf("ops: %s: x is %v with pad %d, smaller than the filters of w %v with dilation %d", name, xs, o.Pad, ws, o.Dilation)
		}
		return nil, fmt.Errorf("ops: %s: x is %v with pad %d, smaller than the filters of w %v", name, xs, o.Pad, ws)
	}
	v := simd.NewConvGroups(xs[1], xs[2], xs[3], ws[3], ws[0], ws[1], o.Stride, o.Pad, o.Dilation, o.Groups)
	f := &convolution{Context: c, Conv: v, name: name, pictures: xs[0], relu: o.ReLU, bias: b != nil, inputGrad: !o.Constant}
	in := gorgonia.Nodes{x, w}
	if f.bias {
		in = append(in, b)
	}
	op := newOp(c, name, tensor.Shape{xs[0], v.OH, v.OW, v.OC}, in...)
	op.wrt = []bool{f.inputGrad, true, true}[:len(in)]
	k := newConvKernel(f)
	op.run = func(y []float32, in [][]float32) error {
		var b []float32
		if f.bias {
			b = in[2]
		}
		return k.forward(y, in[0], in[1], b)
	}
	op.diff = f.diff
	return op.apply(in...)
}

// convolution is what forward and gradient share.
type convolution struct {
	*Context
	*simd.Conv
	name       string
	pictures   int
	relu, bias bool
	inputGrad  bool
}

// padding returns scratch for padded pictures.
func (f *convolution) padding() *scratch { return &scratch{size: f.PaddedLen()} }

// padded returns picture i with its border, or the picture itself where that will do.
func (f *convolution) padded(s *scratch, worker int, x []float32, i int) []float32 {
	n := f.InLen()
	picture := x[i*n : (i+1)*n]
	if f.InPlace() {
		return picture
	}
	p := s.of(worker)
	f.Pad(p, picture)
	return p
}

// convKernel is what the forward pass runs on: the direct convolution, the same on several
// pictures without their border or, for large layers, one with fewer multiplications.
type convKernel struct {
	*convolution
	padded *scratch
	fast   *simd.Winograd   // nil: one of the others
	bare   *simd.Borderless // nil: direct
	packed []float32        // weights as the kernel wants them
	of     []float32        // fast, in evaluation: the weights that packed was made of
}

func newConvKernel(f *convolution) *convKernel {
	k := &convKernel{convolution: f, padded: f.padding(), fast: f.Winograd(), bare: f.Borderless()}
	switch {
	case k.fast != nil:
		k.packed = make([]float32, k.fast.WeightLen())
	case k.bare != nil:
		k.packed = make([]float32, k.bare.WeightLen())
	default:
		k.packed = make([]float32, f.WeightLen())
	}
	return k
}

func (k *convKernel) forward(y, x, w, b []float32) error {
	n, in := k.OutLen(), k.InLen()
	switch {
	case k.fast != nil:
	case k.bare != nil:
		k.bare.PackW(k.packed, w)
		return k.each(k.pictures, func(_, _, from, to int) {
			together := k.bare.Together()
			for i := from; i < to && !k.stopped(); i += together {
				k.bare.Forward(y[i*n:], x[i*in:], k.packed, b, min(together, to-i), k.relu)
			}
		})
	default:
		k.PackW(k.packed, w)
		return k.each(k.pictures, func(worker, _, from, to int) {
			for i := from; i < to && !k.stopped(); i++ {
				out := y[i*n : (i+1)*n]
				if k.relu {
					k.ForwardReLU(out, k.convolution.padded(k.padded, worker, x, i), k.packed, b)
				} else {
					k.Forward(out, k.convolution.padded(k.padded, worker, x, i), k.packed, b)
				}
			}
		})
	}
	// The transform of the weights is as much work as a picture or two. An evaluator's weights
	// seldom change between runs; those in training always do.
	if k.Training || !simd.SameBits(k.of, w) {
		k.fast.PackW(k.packed, w)
		k.of = k.of[:0]
		if !k.Training {
			k.of = append(k.of, w...)
		}
	}
	return k.each(k.pictures, func(_, _, from, to int) {
		calls := (to - from + k.fast.Together() - 1) / k.fast.Together()
		for c := 0; c < calls && !k.stopped(); c++ {
			i, end := from+c*(to-from)/calls, from+(c+1)*(to-from)/calls
			k.fast.Forward(y[i*n:end*n], x[i*in:end*in], k.packed, b, end-i, k.relu)
		}
	})
}

// diff makes one operation that computes all gradients, so that a picture's dy is still in
// the cache for each of them, and views of its result.
func (f *convolution) diff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	c := f.Context
	nw, nb, nx := f.FilterLen(), 0, 0
	if f.bias {
		nb = f.OC
	}
	if f.inputGrad {
		nx = f.pictures * f.InLen()
	}
	g := &convGrad{convolution: f, padded: f.padding(), spread: &scratch{size: f.BackPaddedLen()}, together: 1}
	if p := f.Borderless(); p != nil {
		if p.HasGradW() {
			g.bareW, g.together = p, p.Together()
		}
		if p.HasGradX() && f.inputGrad {
			g.bareX, g.together = p, p.Together()
		}
	}
	g.dy = &scratch{size: min(g.together, f.pictures) * f.OutLen()}
	reads := gorgonia.Nodes{in[0], in[1], out, grad}
	if o, ok := grad.Op().(*op); ok && c.Inner && o.back != nil && o.back.of == out {
		// A window's maximum is one of y: where that is not above 0 the ReLU cuts the window's
		// gradient off, which the pooling can do as well, on fewer values.
		g.pool, o.back.taken, o.back.cut = o.back, true, f.relu && o.back.cuts
		reads = append(reads[:3], o.back.reads...)
	}
	o := newOp(c, f.name+"Grad", tensor.Shape{nw + nb + nx}, reads...)
	for i := range g.parts {
		if i > 0 { // the first chunk adds straight to the result
			g.parts[i] = make([]float32, nw+nb)
		}
	}
	if f.inputGrad && g.bareX != nil {
		g.back = make([]float32, g.bareX.WeightLen())
	} else if f.inputGrad {
		g.back = make([]float32, f.WeightBackLen())
	}
	o.run = func(res []float32, in [][]float32) error {
		return g.run(res[:nw], res[nw:nw+nb], res[nw+nb:], in)
	}
	all, err := o.apply(reads...)
	if err != nil {
		return nil, err
	}
	nodes := make(gorgonia.Nodes, len(in))
	if f.inputGrad {
		if nodes[0], err = piece(c, f.name+"GradX", all, nw+nb, in[0].Shape()); err != nil {
			return nil, err
		}
	}
	if nodes[1], err = piece(c, f.name+"GradW", all, 0, in[1].Shape()); err != nil {
		return nil, err
	}
	if !f.bias {
		return nodes, nil
	}
	if nodes[2], err = piece(c, f.name+"GradB", all, nw, in[2].Shape()); err != nil {
		return nil, err
	}
	return nodes, nil
}

type convGrad struct {
	*convolution
	padded, dy, spread *scratch
	pool               *poolBack         // what dy is made by, if the operation reads that one's inputs in place of dy
	together           int               // pictures that are worked on at once
	bareW, bareX       *simd.Borderless  // for the gradients of w and x; nil: direct
	parts              [chunks][]float32 // gradients of w and b of each chunk
	back               []float32         // packed weights
}

// run computes the gradients from x, w, y and dy, or what dy is made of.
func (g *convGrad) run(dw, db, dx []float32, in [][]float32) error {
	w := in[1]
	switch {
	case !g.inputGrad:
	case g.bareX != nil:
		g.bareX.PackWBack(g.back, w)
	default:
		g.PackWBack(g.back, w)
	}
	err := g.each(g.pictures, func(worker, part, from, to int) {
		pw, pb := dw, db
		if p := g.parts[part]; p != nil {
			pw, pb = p[:len(dw)], p[len(dw):]
		}
		clear(pw)
		clear(pb)
		for i := from; i < to && !g.stopped(); i += g.together {
			g.some(worker, i, min(g.together, to-i), pw, pb, dx, in)
		}
	})
	if err != nil {
		return err
	}
	g.sum(dw, db)
	return nil
}

// some adds the gradients of w and b for count pictures from the first on to dw and db, and
// writes their gradients to dx, if that is asked for.
func (g *convGrad) some(worker, first, count int, dw, db, dx []float32, inputs [][]float32) {
	x, n, in := inputs[0], g.OutLen(), g.InLen()
	d := g.gradient(worker, first, count, inputs[2], inputs[3:])
	if g.bias {
		simd.AddRows(db, d)
	}
	if g.bareW != nil {
		g.bareW.GradW(dw, x[first*in:], d, count)
	} else {
		for i := range count {
			g.GradW(dw, g.convolution.padded(g.padded, worker, x, first+i), d[i*n:])
		}
	}
	switch {
	case !g.inputGrad || g.stopped():
	case g.bareX != nil:
		g.bareX.GradX(dx[first*in:], d, g.back, count)
	default:
		for i := range count {
			g.GradX(dx[(first+i)*in:], g.spread.of(worker), d[i*n:], g.back)
		}
	}
}

// gradient returns dy of count pictures from the first on, before the ReLU.
func (g *convGrad) gradient(worker, first, count int, y []float32, from [][]float32) []float32 {
	n := g.OutLen()
	y = y[first*n : (first+count)*n]
	if g.pool == nil {
		d := from[0][first*n : (first+count)*n]
		if !g.relu {
			return d
		}
		cut := g.dy.of(worker)[:len(d)]
		simd.ReluBackTo(cut, d, y)
		return cut
	}
	d := g.dy.of(worker)[:len(y)]
	for i := range count {
		g.pool.do(worker, d[i*n:(i+1)*n], from, first+i)
	}
	if g.relu && !g.pool.cuts {
		simd.ReluBack(d, y)
	}
	return d
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

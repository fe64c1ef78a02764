package ops

import (
	"fmt"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Dense adds a fully connected layer:
//
//	y[n][o] = b[o] + Σ_i x[n][i] · w[i][o]
//
// x is pictures × anything, whose values after the first dimension are taken as one row of
// inputs in their order; w is inputs × units, b units, y pictures × units. Gradients reach
// w, b and, if inputGrad, x. Shapes that do not fit are errors.
func Dense(c *Context, x, w, b *gorgonia.Node, inputGrad bool) (*gorgonia.Node, error) {
	return dense(c, "Dense", x, w, b, inputGrad, false)
}

// DenseReLU is [Dense] followed by max(0, y), in one operation. At 0 the gradient is 0.
func DenseReLU(c *Context, x, w, b *gorgonia.Node, inputGrad bool) (*gorgonia.Node, error) {
	return dense(c, "DenseReLU", x, w, b, inputGrad, true)
}

func dense(c *Context, name string, x, w, b *gorgonia.Node, inputGrad, relu bool) (*gorgonia.Node, error) {
	c = or(c)
	if x == nil || x.Shape().Dims() < 2 {
		return nil, fmt.Errorf("ops: %s: x is %v, needs pictures × inputs", name, shapeOf(x))
	}
	if err := dims(x, x.Shape().Dims(), name, "x", "pictures × inputs"); err != nil {
		return nil, err
	}
	if err := dims(w, 2, name, "w", "inputs × units"); err != nil {
		return nil, err
	}
	if err := dims(b, 1, name, "b", "units"); err != nil {
		return nil, err
	}
	xs, ws := x.Shape(), w.Shape()
	inputs := xs.TotalSize() / xs[0]
	if inputs != ws[0] {
		return nil, fmt.Errorf("ops: %s: x is %v with %d inputs a picture, w is %v for %d", name, xs, inputs, ws, ws[0])
	}
	if b.Shape()[0] != ws[1] {
		return nil, fmt.Errorf("ops: %s: b is %v, w is %v with %d units", name, b.Shape(), ws, ws[1])
	}
	f := &connection{Context: c, name: name, pictures: xs[0], inputs: inputs, units: ws[1], relu: relu, inputGrad: inputGrad}
	o := newOp(c, name, tensor.Shape{xs[0], ws[1]}, x, w, b)
	o.wrt = []bool{inputGrad, true, true}
	o.run = func(y []float32, in [][]float32) error { return f.forward(y, in[0], in[1], in[2]) }
	o.diff = f.diff
	return o.apply(x, w, b)
}

type connection struct {
	*Context
	name                    string
	pictures, inputs, units int
	relu, inputGrad         bool
}

func (f *connection) forward(y, x, w, b []float32) error {
	for i := 0; i < len(y); i += f.units {
		copy(y[i:], b)
	}
	err := f.product(f.units, f.inputs, func(ends []int, from, j, n int) {
		simd.GemmParts(ends, false, n, f.inputs, x[from*f.inputs:], f.inputs, w[j:], f.units, y[from*f.units+j:], f.units, true)
	})
	if f.relu {
		simd.Relu(y)
	}
	return err
}

// largeWeights is how many weights are so many that going through them for each part of a batch
// costs more than the products: 4 MB.
const largeWeights = 1 << 20

// product calls do for the pictures from one on, in parts that end so many pictures later, and
// columns j to j+n of the result: chunk by chunk, or, with many weights and one worker, for all chunks
// at once, which has the same bits and reads the weights once.
func (f *connection) product(columns, depth int, do func(ends []int, from, j, n int)) error {
	some := func(ends []int, from int) {
		block := simd.GemmColumns * max(1, min(8, multiplyAdds/(ends[len(ends)-1]*depth*simd.GemmColumns)))
		for j := 0; j < columns && !f.stopped(); j += block {
			do(ends, from, j, min(block, columns-j))
		}
	}
	if f.Workers > 1 || columns*depth < largeWeights {
		return f.each(f.pictures, func(_, _, from, to int) { some([]int{to - from}, from) })
	}
	var ends []int
	for i := range chunks {
		_, to := chunk(i, f.pictures)
		ends = append(ends, to)
	}
	some(ends, 0)
	return f.stopping()
}

func (f *connection) diff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	c := f.Context
	nw, nb, nx := f.inputs*f.units, f.units, 0
	if f.inputGrad {
		nx = f.pictures * f.inputs
	}
	o := newOp(c, f.name+"Grad", tensor.Shape{nw + nb + nx}, in[0], in[1], out, grad)
	var masked []float32
	if f.relu {
		masked = make([]float32, f.pictures*f.units)
	}
	o.run = func(res []float32, in [][]float32) error {
		x, w, dy := in[0], in[1], in[3]
		if f.relu {
			simd.ReluBackTo(masked, dy, in[2])
			dy = masked
		}
		return f.backward(res[:nw], res[nw:nw+nb], res[nw+nb:], x, w, dy)
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

// backward splits the gradient of w by its rows, not by pictures: each chunk then sums
// over the whole batch and no partial sums are needed.
func (f *connection) backward(dw, db, dx, x, w, dy []float32) error {
	clear(db)
	simd.AddRows(db, dy)
	block := simd.GemmRows * max(1, multiplyAdds/(f.pictures*f.units*simd.GemmRows))
	err := f.each(f.inputs, func(_, _, from, to int) {
		for i := from; i < to && !f.stopped(); i += block {
			simd.Gemm(true, false, min(block, to-i), f.units, f.pictures, x[i:], f.inputs, dy, f.units, dw[i*f.units:], f.units, false)
		}
	})
	if err != nil || !f.inputGrad {
		return err
	}
	return f.product(f.inputs, f.units, func(ends []int, from, j, n int) {
		simd.GemmParts(ends, true, n, f.units, dy[from*f.units:], f.units, w[j*f.units:], f.units, dx[from*f.inputs+j:], f.inputs, false)
	})
}

func shapeOf(n *gorgonia.Node) any {
	if n == nil {
		return nil
	}
	return n.Shape()
}

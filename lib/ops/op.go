package ops

import (
	"fmt"
	"hash"
	"hash/fnv"

	"github.com/chewxy/hm"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// op is a gorgonia operation on float32 tensors of fixed shapes.
//
// It owns the memory of its result and returns the same tensor on every run: gorgonia's
// tape machine forgets its registers between runs, and preallocating there would allocate
// and clear each result each time. A result is therefore valid until the operation runs
// again, and an op belongs to one graph, which one machine runs at a time. UsePreallocDo
// serves whoever brings memory.
type op struct {
	ctx   *Context
	name  string
	id    int
	in    []tensor.Shape
	out   tensor.Shape // no dimensions: a scalar
	wrt   []bool       // differentiable inputs
	run   func(out []float32, in [][]float32) error
	diff  func(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error)
	back  *poolBack     // of a pooling's gradient
	value *tensor.Dense // result; nil until the first run
	data  []float32     // memory of value
	one   *gorgonia.F32 // result of a scalar op
	args  [][]float32   // the inputs' memory, kept to save an allocation
}

// newOp makes an operation that can be told from all others.
func newOp(c *Context, name string, out tensor.Shape, in ...*gorgonia.Node) *op {
	c.made++
	o := &op{ctx: c, name: name, id: c.made, out: out, wrt: make([]bool, len(in)), args: make([][]float32, len(in))}
	for _, n := range in {
		o.in = append(o.in, n.Shape().Clone())
	}
	return o
}

// apply adds the operation to the graph of its inputs.
func (o *op) apply(in ...*gorgonia.Node) (*gorgonia.Node, error) {
	n, err := gorgonia.ApplyOp(o, in...)
	if err != nil {
		return nil, fmt.Errorf("ops: %s: %w", o.name, err)
	}
	return n, nil
}

// Arity returns the number of inputs.
func (o *op) Arity() int { return len(o.in) }

// Type returns concrete types: a type variable can collide with one that gorgonia's
// inference makes up, which then yields wrong ranks.
func (o *op) Type() hm.Type {
	t := make([]hm.Type, 0, len(o.in)+1)
	for _, s := range o.in {
		t = append(t, typeOf(s))
	}
	return hm.NewFnType(append(t, typeOf(o.out))...)
}

func typeOf(s tensor.Shape) hm.Type {
	if s.Dims() == 0 {
		return tensor.Float32
	}
	return gorgonia.TensorType{Dims: s.Dims(), Of: tensor.Float32}
}

// InferShape returns the shape of the result and refuses other inputs than the op was made for.
func (o *op) InferShape(in ...gorgonia.DimSizer) (tensor.Shape, error) {
	if len(in) != len(o.in) {
		return nil, fmt.Errorf("ops: %s: %d inputs, needs %d", o.name, len(in), len(o.in))
	}
	for i, d := range in {
		if s, ok := d.(tensor.Shape); ok && !s.Eq(o.in[i]) {
			return nil, fmt.Errorf("ops: %s: input %d is %v, needs %v", o.name, i, s, o.in[i])
		}
	}
	return o.out.Clone(), nil
}

// ReturnsPtr is false: no other operation may write over the result, which is kept.
func (o *op) ReturnsPtr() bool { return false }

// CallsExtern is false: no foreign code.
func (o *op) CallsExtern() bool { return false }

// OverwritesInput is -1: inputs are only read.
func (o *op) OverwritesInput() int { return -1 }

// WriteHash writes what makes the op unique; gorgonia merges nodes of equal hash.
func (o *op) WriteHash(h hash.Hash) {
	fmt.Fprintf(h, "gonverge %s #%d of %p %v", o.name, o.id, o.ctx, o.out)
}

// Hashcode returns a hash of WriteHash's bytes.
func (o *op) Hashcode() uint32 {
	h := fnv.New32a()
	o.WriteHash(h)
	return h.Sum32()
}

// String returns the op's name.
func (o *op) String() string { return o.name }

// Do computes the result in the op's own memory.
func (o *op) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if o.data == nil {
		o.data = make([]float32, o.out.TotalSize())
	}
	if err := o.compute(o.data, in); err != nil {
		return nil, err
	}
	if o.out.Dims() == 0 {
		if o.one == nil {
			o.one = gorgonia.NewF32(0)
		}
		*o.one = gorgonia.F32(o.data[0])
		return o.one, nil
	}
	if o.value == nil {
		o.value = tensor.New(tensor.WithShape(o.out...), tensor.WithBacking(o.data))
	}
	return o.value, nil
}

// UsePreallocDo computes the result in the memory of to, which must have its shape.
func (o *op) UsePreallocDo(to gorgonia.Value, in ...gorgonia.Value) (gorgonia.Value, error) {
	if o.out.Dims() == 0 {
		one, ok := to.(*gorgonia.F32)
		if !ok {
			return nil, fmt.Errorf("ops: %s: result in a %T, needs *gorgonia.F32", o.name, to)
		}
		var v [1]float32
		if err := o.compute(v[:], in); err != nil {
			return nil, err
		}
		*one = gorgonia.F32(v[0])
		return one, nil
	}
	d, ok := to.(*tensor.Dense)
	if !ok || d.Dtype() != tensor.Float32 || !d.Shape().Eq(o.out) || d.RequiresIterator() {
		return nil, fmt.Errorf("ops: %s: result in a %T of %v, needs a contiguous float32 *tensor.Dense of %v", o.name, to, to.Shape(), o.out)
	}
	if err := o.compute(d.Data().([]float32), in); err != nil {
		return nil, err
	}
	return d, nil
}

func (o *op) compute(out []float32, in []gorgonia.Value) error {
	if len(in) != len(o.in) {
		return fmt.Errorf("ops: %s: %d inputs, needs %d", o.name, len(in), len(o.in))
	}
	for i, v := range in {
		d, err := floats(v, o.in[i])
		if err != nil {
			return fmt.Errorf("ops: %s: input %d: %w", o.name, i, err)
		}
		o.args[i] = d
	}
	if err := o.ctx.stopping(); err != nil {
		return err
	}
	return o.run(out, o.args)
}

// floats returns the memory of a value in row-major order; a copy if the value is a view
// with gaps.
func floats(v gorgonia.Value, shape tensor.Shape) ([]float32, error) {
	switch v := v.(type) {
	case *gorgonia.F32:
		if shape.Dims() == 0 {
			return []float32{float32(*v)}, nil
		}
	case *tensor.Dense:
		if v.Dtype() != tensor.Float32 || v.Shape().TotalSize() != shape.TotalSize() {
			break
		}
		if v.RequiresIterator() || v.DataOrder().IsColMajor() {
			it := v.Iterator()
			data := v.Data().([]float32)
			out := make([]float32, 0, shape.TotalSize())
			for i, err := it.Start(); err == nil; i, err = it.Next() {
				out = append(out, data[i])
			}
			if len(out) == shape.TotalSize() {
				return out, nil
			}
			break
		}
		switch d := v.Data().(type) {
		case []float32:
			return d, nil
		case float32:
			return []float32{d}, nil
		}
	}
	if v == nil {
		return nil, fmt.Errorf("no value, needs float32 of %v", shape)
	}
	return nil, fmt.Errorf("%T of %v and %v, needs float32 of %v", v, v.Dtype(), v.Shape(), shape)
}

// DiffWRT says which inputs can be differentiated by.
func (o *op) DiffWRT(int) []bool { return append([]bool(nil), o.wrt...) }

// SymDiff returns the gradient's nodes, nil for inputs that DiffWRT excludes.
func (o *op) SymDiff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	if o.diff == nil {
		return nil, fmt.Errorf("ops: %s has no derivative", o.name)
	}
	return o.diff(in, out, grad)
}

// piece returns a node for a part of a gradient operation's result, which is one vector
// with all gradients side by side: memory from at on, seen as shape. Nothing is copied.
func piece(c *Context, name string, of *gorgonia.Node, at int, shape tensor.Shape) (*gorgonia.Node, error) {
	p := &view{op: newOp(c, name, shape.Clone(), of), at: at}
	p.run = func(out []float32, in [][]float32) error {
		copy(out, in[0][at:])
		return nil
	}
	n, err := gorgonia.ApplyOp(p, of)
	if err != nil {
		return nil, fmt.Errorf("ops: %s: %w", name, err)
	}
	return n, nil
}

// view is an op whose result is part of its input's memory. It is used only on results of
// gradient operations, whose parts do not overlap and which nothing else reads.
type view struct {
	*op
	at int
}

// Do returns the part of the input.
func (p *view) Do(in ...gorgonia.Value) (gorgonia.Value, error) {
	if len(in) != 1 {
		return nil, fmt.Errorf("ops: %s: %d inputs, needs 1", p.name, len(in))
	}
	all, err := floats(in[0], p.in[0])
	if err != nil {
		return nil, fmt.Errorf("ops: %s: %w", p.name, err)
	}
	n := p.out.TotalSize()
	part := all[p.at : p.at+n : p.at+n]
	if p.value == nil || &p.data[0] != &part[0] {
		p.data = part
		p.value = tensor.New(tensor.WithShape(p.out...), tensor.WithBacking(part))
	}
	return p.value, nil
}

// dims checks that a node is float32 with the wanted number of dimensions, none of them empty.
func dims(n *gorgonia.Node, want int, fn, arg, layout string) error {
	if n == nil {
		return fmt.Errorf("ops: %s: %s is nil", fn, arg)
	}
	if n.Dims() != want || n.Shape().Dims() != want {
		return fmt.Errorf("ops: %s: %s is %v, needs %s", fn, arg, n.Shape(), layout)
	}
	if n.Dtype() != tensor.Float32 {
		return fmt.Errorf("ops: %s: %s is of %v, needs float32", fn, arg, n.Dtype())
	}
	for _, d := range n.Shape() {
		if d < 1 {
			return fmt.Errorf("ops: %s: %s is %v, has an empty dimension", fn, arg, n.Shape())
		}
	}
	return nil
}

// or returns c, or an evaluation context for a nil one.
func or(c *Context) *Context {
	if c == nil {
		return &Context{}
	}
	return c
}

package ops

import (
	"fmt"
	"math/bits"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Flatten adds a reshape of pictures × anything to pictures × values, in the same order.
func Flatten(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) {
	if x == nil || x.Shape().Dims() < 2 {
		return nil, fmt.Errorf("ops: Flatten: x is %v, needs pictures × values", shapeOf(x))
	}
	s := x.Shape()
	return Reshape(c, x, s[0], s.TotalSize()/s[0])
}

// Reshape adds another shape for the same values in the same order.
func Reshape(c *Context, x *gorgonia.Node, shape ...int) (*gorgonia.Node, error) {
	c = or(c)
	if err := someShape(x, "Reshape"); err != nil {
		return nil, err
	}
	to, from := tensor.Shape(append([]int(nil), shape...)), x.Shape().Clone()
	for _, d := range to {
		if d < 1 {
			return nil, fmt.Errorf("ops: Reshape: x is %v, cannot become %v", from, to)
		}
	}
	if len(to) == 0 || to.TotalSize() != from.TotalSize() {
		return nil, fmt.Errorf("ops: Reshape: x is %v with %d values, cannot become %v", from, from.TotalSize(), to)
	}
	// The values are copied: gorgonia's own operations may write over what they are given
	// when they are its last reader, and x may have other readers of the same memory.
	copied := func(out []float32, in [][]float32) error {
		copy(out, in[0])
		return nil
	}
	o := newOp(c, "Reshape", to, x)
	o.wrt = []bool{true}
	o.run = copied
	o.diff = func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, "ReshapeGrad", from, grad)
		d.run = copied
		n, err := d.apply(grad)
		return gorgonia.Nodes{n}, err
	}
	return o.apply(x)
}

// Dropout adds, while c.Training,
//
//	y = m · x / (1−rate)      m = 0 with probability rate, else 1
//
// for any shape, and y = x otherwise. The draws are a function of c.Seed, c.Step, the
// operation's place in the graph and the value's index, so a run can be repeated; c.Step
// must count up from step to step. rate is in [0, 1).
func Dropout(c *Context, x *gorgonia.Node, rate float64) (*gorgonia.Node, error) {
	c = or(c)
	if err := someShape(x, "Dropout"); err != nil {
		return nil, err
	}
	if !(rate >= 0 && rate < 1) {
		return nil, fmt.Errorf("ops: Dropout: rate %v (valid: 0 or more, below 1)", rate)
	}
	shape := x.Shape().Clone()
	o := newOp(c, "Dropout", shape, x)
	o.wrt = []bool{true}
	place := uint64(o.id)
	// The gradient is the same map as the function: it is linear.
	masked := func(y []float32, in [][]float32) error {
		x := in[0]
		if !c.Training || rate == 0 {
			copy(y, x)
			return nil
		}
		key := mix(mix(mix(c.Seed^dropStream)+c.Step) + place)
		keep := float32(1 / (1 - rate))
		return c.each(len(y), func(_, _, from, to int) {
			for i := from; i < to; i++ {
				y[i] = 0
				if unit(mix(key+uint64(i))) >= rate {
					y[i] = keep * x[i]
				}
			}
		})
	}
	o.run = masked
	o.diff = func(_ gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, "DropoutGrad", shape, grad)
		d.run = masked
		n, err := d.apply(grad)
		return gorgonia.Nodes{n}, err
	}
	return o.apply(x)
}

const dropStream = 0x64726f70 // "drop"

// mix is the finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a hash, so that a
// value's draw does not depend on who draws the others.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// unit turns 64 bits into a number in [0, 1).
func unit(b uint64) float64 { return float64(bits.RotateLeft64(b, 32)>>11) * 0x1p-53 }

// someShape checks a float32 node of any shape but a scalar's.
func someShape(x *gorgonia.Node, fn string) error {
	if x == nil || x.Shape().Dims() < 1 {
		return fmt.Errorf("ops: %s: x is %v, needs one dimension or more", fn, shapeOf(x))
	}
	return dims(x, x.Shape().Dims(), fn, "x", "one dimension or more")
}

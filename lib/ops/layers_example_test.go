package ops_test

import (
	"fmt"

	"gonverge/lib/ops"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// constant returns a node with a value.
func constant(g *gorgonia.ExprGraph, name string, data []float32, shape ...int) *gorgonia.Node {
	t := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
	return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(t))
}

// show runs the graph of a node and prints its value with two digits.
func show(name string, y *gorgonia.Node, err error) {
	if err != nil {
		fmt.Println(err)
		return
	}
	m := gorgonia.NewTapeMachine(y.Graph())
	defer m.Close()
	if err := m.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s %v %.2f\n", name, y.Shape(), y.Value().Data())
}

// Two groups of one channel and one filter each, the filter's cells two apart.
func ExampleConv() {
	g := gorgonia.NewGraph()
	x := constant(g, "x", []float32{1, 10, 2, 20, 3, 30, 4, 40}, 1, 1, 4, 2)
	w := constant(g, "w", []float32{1, 1, 1, -1}, 1, 2, 1, 2)
	y, err := ops.Conv(nil, x, w, nil, ops.Filters{Dilation: 2, Groups: 2})
	show("y", y, err)
	// Output:
	// y (1, 1, 2, 2) [4.00 -20.00 6.00 -20.00]
}

// Averages at the border: Caffe's rule counts the border's zeros, the other one does not.
func ExampleAvgPool() {
	for _, inside := range []bool{false, true} {
		x := constant(gorgonia.NewGraph(), "x", []float32{4, 4, 4, 4}, 1, 2, 2, 1)
		y, err := ops.AvgPool(nil, x, ops.Windows{Size: 2, Stride: 2, Pad: 1, Inside: inside})
		show(fmt.Sprint("inside ", inside), y, err)
	}
	x := constant(gorgonia.NewGraph(), "x", []float32{1, 10, 2, 20, 3, 30, 6, 60}, 1, 2, 2, 2)
	y, err := ops.GlobalAvgPool(nil, x)
	show("global", y, err)
	// Output:
	// inside false (1, 2, 2, 1) [1.00 1.00 1.00 1.00]
	// inside true (1, 2, 2, 1) [4.00 4.00 4.00 4.00]
	// global (1, 1, 1, 2) [3.00 30.00]
}

func ExampleLeakyReLU() {
	x := func() *gorgonia.Node { return constant(gorgonia.NewGraph(), "x", []float32{-2, 0, 2}, 3) }
	y, err := ops.LeakyReLU(nil, x(), 0.1)
	show("leaky", y, err)
	y, err = ops.Tanh(nil, x())
	show("tanh", y, err)
	y, err = ops.Sigmoid(nil, x())
	show("sigmoid", y, err)
	// Output:
	// leaky (3) [-0.20 0.00 2.00]
	// tanh (3) [-0.96 0.00 0.96]
	// sigmoid (3) [0.12 0.50 0.88]
}

// The middle channel has both others in its neighbourhood: 2/√(1 + 3/3·(1+4+4)) = 2/√10.
func ExampleLRN() {
	x := constant(gorgonia.NewGraph(), "x", []float32{1, 2, 2}, 1, 1, 1, 3)
	y, err := ops.LRN(nil, x, ops.Response{Size: 3, Alpha: 3, Beta: 0.5, K: 1})
	show("y", y, err)
	// Output:
	// y (1, 1, 1, 3) [0.41 0.63 0.67]
}

// Three pictures of one channel; in training the batch's own mean and deviation are taken
// off, and the running ones move.
func ExampleBatchNorm() {
	g := gorgonia.NewGraph()
	x := constant(g, "x", []float32{2, 4, 6}, 3, 1)
	scale, shift := constant(g, "scale", []float32{1}, 1), constant(g, "shift", []float32{10}, 1)
	s := &ops.Statistics{Mean: []float32{0}, Variance: []float32{1}, Momentum: 0.1, Epsilon: 1e-5}
	y, err := ops.BatchNorm(&ops.Context{Training: true}, x, scale, shift, s)
	show("y", y, err)
	fmt.Printf("running mean %.1f, variance %.1f\n", s.Mean, s.Variance)
	// Output:
	// y (3, 1) [8.78 10.00 11.22]
	// running mean [0.4], variance [1.3]
}

// The two ways of a residual block, one of them at half the resolution with a new channel.
func ExampleAdd() {
	g := gorgonia.NewGraph()
	a := constant(g, "a", []float32{10, 20}, 1, 1, 1, 2)
	x := constant(g, "x", []float32{1, 2, 3, 4}, 1, 2, 2, 1)
	way, err := ops.Subsample(nil, x, 2, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	y, err := ops.Add(nil, a, way)
	show("y", y, err)
	// Output:
	// y (1, 1, 1, 2) [11.00 20.00]
}

// One step of Adam on two parameters: each moves by the learning rate against its gradient.
func ExampleAdam() {
	g := gorgonia.NewGraph()
	w := constant(g, "w", []float32{1, 1}, 2)
	x := constant(g, "x", []float32{3, -0.5}, 2)
	loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(w, x))))
	if _, err := gorgonia.Grad(loss, w); err != nil {
		fmt.Println(err)
		return
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	solver := &ops.Adam{LR: 0.1}
	if err := solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w})); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.3f\n", w.Value().Data())
	// Output:
	// [0.900 1.100]
}

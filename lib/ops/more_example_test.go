package ops_test

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonverge/lib/ops"
	"gorgonia.org/gorgonia"
)

// Windows of 2×2, two apart, on a row of five values: the last window is cut off, or left out.
func ExampleMaxPool() {
	for _, ceil := range []bool{true, false} {
		x := constant(gorgonia.NewGraph(), "x", []float32{1, 5, 2, 3, 4, 0, 0, 0, 9, 0}, 1, 2, 5, 1)
		y, err := ops.MaxPool(nil, x, 2, 2, 0, ceil)
		show(fmt.Sprint("ceil ", ceil), y, err)
	}
	// Output:
	// ceil true (1, 1, 3, 1) [5.00 9.00 4.00]
	// ceil false (1, 1, 2, 1) [5.00 9.00]
}

// A convolution with its ReLU in one operation.
func ExampleConvReLU() {
	g := gorgonia.NewGraph()
	x := constant(g, "x", []float32{1, 3, 2}, 1, 1, 3, 1)
	w := constant(g, "w", []float32{-1, 1}, 1, 2, 1, 1)
	y, err := ops.ConvReLU(nil, x, w, constant(g, "b", []float32{0}, 1), 1, 0, false)
	show("y", y, err)
	// Output:
	// y (1, 1, 2, 1) [2.00 0.00]
}

// Two pictures of 1×1×2 are rows of two inputs.
func ExampleDense() {
	g := gorgonia.NewGraph()
	x := constant(g, "x", []float32{1, 2, 3, 4}, 2, 1, 1, 2)
	w := constant(g, "w", []float32{1, 0, -1, 0, 1, 1}, 2, 3)
	y, err := ops.Dense(nil, x, w, constant(g, "b", []float32{0, 0, 0.5}, 3), false)
	show("y", y, err)
	// Output:
	// y (2, 3) [1.00 2.00 1.50 3.00 4.00 1.50]
}

func ExampleReLU() {
	y, err := ops.ReLU(nil, constant(gorgonia.NewGraph(), "x", []float32{-2, 0, 2}, 3))
	show("y", y, err)
	// Output:
	// y (3) [0.00 0.00 2.00]
}

func ExampleTanh() {
	y, err := ops.Tanh(nil, constant(gorgonia.NewGraph(), "x", []float32{-100, 0, 1}, 3))
	show("y", y, err)
	// Output:
	// y (3) [-1.00 0.00 0.76]
}

func ExampleSigmoid() {
	y, err := ops.Sigmoid(nil, constant(gorgonia.NewGraph(), "x", []float32{-100, 0, 1}, 3))
	show("y", y, err)
	// Output:
	// y (3) [0.00 0.50 0.73]
}

func ExampleGlobalAvgPool() {
	x := constant(gorgonia.NewGraph(), "x", []float32{1, 10, 2, 20, 3, 30, 6, 60}, 1, 2, 2, 2)
	y, err := ops.GlobalAvgPool(nil, x)
	show("y", y, err)
	// Output:
	// y (1, 1, 1, 2) [3.00 30.00]
}

func ExampleFlatten() {
	y, err := ops.Flatten(nil, constant(gorgonia.NewGraph(), "x", []float32{1, 2, 3, 4, 5, 6}, 1, 1, 3, 2))
	show("y", y, err)
	// Output:
	// y (1, 6) [1.00 2.00 3.00 4.00 5.00 6.00]
}

// In training some values become 0 and the others 1/(1−rate) of what they were; the same seed
// and step draw the same ones. In evaluation nothing changes.
func ExampleDropout() {
	for _, training := range []bool{true, false} {
		x := constant(gorgonia.NewGraph(), "x", []float32{1, 1, 1, 1, 1, 1}, 6)
		y, err := ops.Dropout(&ops.Context{Training: training, Seed: 1}, x, 0.5)
		show(fmt.Sprint("training ", training), y, err)
	}
	// Output:
	// training true (6) [0.00 0.00 2.00 2.00 2.00 0.00]
	// training false (6) [1.00 1.00 1.00 1.00 1.00 1.00]
}

// Three pictures and four classes: equal logits cost log 4 = 1.386 nats, a sure and right answer
// nothing, a sure and wrong one as much as it was sure. Their mean, how many are recognised, and
// the gradient of the first picture's logits: (softmax − onehot)/3.
func ExampleCrossEntropy() {
	g := gorgonia.NewGraph()
	logits := constant(g, "logits", []float32{0, 0, 0, 0, 50, 0, 0, 0, 0, 50, 0, 0}, 3, 4)
	labels := constant(g, "labels", []float32{1, 0, 0}, 3)
	loss, err := ops.CrossEntropy(nil, logits, labels)
	if err != nil {
		fmt.Println(err)
		return
	}
	correct, err := ops.Correct(nil, logits, labels)
	if err != nil {
		fmt.Println(err)
		return
	}
	if _, err := gorgonia.Grad(loss, logits); err != nil {
		fmt.Println(err)
		return
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	grad, _ := logits.Grad() // it was asked for above
	fmt.Printf("loss %.3f, %v recognised\n", loss.Value().Data(), correct.Value())
	fmt.Printf("%.3f\n", grad.Data().([]float32)[:4])
	// Output:
	// loss 17.129, 1 recognised
	// [0.083 -0.250 0.083 0.083]
}

// Every other position, and a channel of zeros beside: the shortcut of a ResNet for CIFAR.
func ExampleSubsample() {
	x := constant(gorgonia.NewGraph(), "x", []float32{1, 2, 3, 4}, 1, 2, 2, 1)
	y, err := ops.Subsample(nil, x, 2, 2)
	show("y", y, err)
	// Output:
	// y (1, 1, 1, 2) [1.00 0.00]
}

// Two steps on a constant gradient of 1: the second one keeps half of the first.
func ExampleMomentum() {
	g := gorgonia.NewGraph()
	w := constant(g, "w", []float32{1}, 1)
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(w)), w); err != nil {
		fmt.Println(err)
		return
	}
	solver := &ops.Momentum{LR: 0.1, Share: 0.5}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	for range 2 {
		if err := m.RunAll(); err != nil {
			fmt.Println(err)
			return
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(gorgonia.Nodes{w})); err != nil {
			fmt.Println(err)
			return
		}
		m.Reset()
		fmt.Printf("%.2f\n", w.Value().Data())
	}
	// Output:
	// [0.90]
	// [0.75]
}

// gonum's float32 products, and those of gorgonia.Mul, then run on this project's kernel.
func ExampleUseFastBLAS() {
	ops.UseFastBLAS()
	a := blas32.General{Rows: 1, Cols: 2, Stride: 2, Data: []float32{3, 4}}
	c := blas32.General{Rows: 1, Cols: 1, Stride: 1, Data: []float32{0}}
	blas32.Gemm(blas.NoTrans, blas.Trans, 1, a, a, 0, c)
	fmt.Println(c.Data)
	// Output:
	// [25]
}

// The same values in the same order, as three rows of two.
func ExampleReshape() {
	x := constant(gorgonia.NewGraph(), "x", []float32{1, 2, 3, 4, 5, 6}, 1, 2, 3)
	y, err := ops.Reshape(nil, x, 3, 2)
	show("y", y, err)
	_, err = ops.Reshape(nil, x, 4, 2)
	fmt.Println(err)
	// Output:
	// y (3, 2) [1.00 2.00 3.00 4.00 5.00 6.00]
	// ops: Reshape: x is (1, 2, 3) with 6 values, cannot become (4, 2)
}

// A fully connected layer with its ReLU in one operation.
func ExampleDenseReLU() {
	g := gorgonia.NewGraph()
	x := constant(g, "x", []float32{1, 2}, 1, 2)
	w := constant(g, "w", []float32{1, -1, 1, -1}, 2, 2)
	y, err := ops.DenseReLU(nil, x, w, constant(g, "b", []float32{0.5, 0.5}, 2), false)
	show("y", y, err)
	// Output:
	// y (1, 2) [3.50 0.00]
}

// The end of a residual block.
func ExampleAddReLU() {
	g := gorgonia.NewGraph()
	y, err := ops.AddReLU(nil, constant(g, "a", []float32{1, 2, 3}, 1, 3), constant(g, "b", []float32{1, -2, -4}, 1, 3))
	show("y", y, err)
	// Output:
	// y (1, 3) [2.00 0.00 0.00]
}

// Every second position; of two new channels one before the old one.
func ExampleSubsampleAt() {
	x := constant(gorgonia.NewGraph(), "x", []float32{1, 2, 3}, 1, 1, 3, 1)
	y, err := ops.SubsampleAt(nil, x, 2, 3, 1)
	show("y", y, err)
	// Output:
	// y (1, 1, 2, 3) [0.00 1.00 0.00 0.00 3.00 0.00]
}

// How many pictures are recognised; of equal scores the first counts.
func ExampleCorrect() {
	g := gorgonia.NewGraph()
	z := constant(g, "z", []float32{1, 2, 3, 3, 0, 1}, 3, 2)
	y, err := ops.Correct(nil, z, constant(g, "labels", []float32{1, 0, 0}, 3))
	if err != nil {
		fmt.Println(err)
		return
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	fmt.Println(m.RunAll(), y.Value())
	// Output:
	// <nil> 2
}

func ExampleLargest() {
	nan := float32(math.NaN())
	fmt.Println(ops.Largest([]float32{1, 3, 3}), ops.Largest([]float32{nan, 1}), ops.Largest([]float32{nan}))
	// Output:
	// 1 1 -1
}

func ExampleNorm() {
	fmt.Println(ops.Norm([][]float32{{3}, {0, 4}}))
	// Output:
	// 5
}

package ops_test

import (
	"fmt"

	"gonverge/lib/ops"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// One picture of 3×3 with one channel, one filter of 2×2 that subtracts the lower right
// value from the upper left, and the gradient of the sum of its outputs.
func ExampleConv2D() {
	g := gorgonia.NewGraph()
	bind := func(name string, data []float32, shape ...int) *gorgonia.Node {
		t := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))
		return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(t))
	}
	x := bind("x", []float32{1, 2, 3, 4, 5, 6, 7, 8, 10}, 1, 3, 3, 1)
	w := bind("w", []float32{1, 0, 0, -1}, 2, 2, 1, 1)
	b := bind("b", []float32{0.5}, 1)
	y, err := ops.Conv2D(&ops.Context{}, x, w, b, 1, 0, false)
	if err != nil {
		fmt.Println(err)
		return
	}
	loss := gorgonia.Must(gorgonia.Sum(y))
	if _, err := gorgonia.Grad(loss, w, b); err != nil {
		fmt.Println(err)
		return
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		fmt.Println(err)
		return
	}
	dw, _ := w.Grad()
	db, _ := b.Grad()
	fmt.Println("y ", y.Value().Data())
	fmt.Println("dw", dw.Data())
	fmt.Println("db", db.Data())
	// Output:
	// y  [-3.5 -3.5 -3.5 -4.5]
	// dw [12 16 24 29]
	// db [4]
}

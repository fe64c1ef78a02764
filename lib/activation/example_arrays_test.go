package activation_test

import (
	"context"
	"fmt"

	"gonverge/lib/activation"
	"gonverge/lib/corr"

	"gonum.org/v1/gonum/mat"
)

// Activations that another program computed: two pictures of 1×2 positions, two units a net.
func ExampleArrays() {
	ours := mat.NewDense(4, 2, []float64{1, 0, 2, 0, 3, 1, 4, 1})
	theirs := mat.NewDense(4, 2, []float64{0, 2, 0, 4, 1, 6, 1, 8})
	acts := activation.Arrays("conv1", 2, ours, theirs)
	fmt.Println(acts)
	stats, err := corr.Measure(context.Background(), acts)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.2f\n", mat.Formatted(stats.Layer("conv1").Between(0, 1)))
	// Output:
	// 2 arrays over 2 pictures × 2 positions; layers conv1
	// ⎡0.89  1.00⎤
	// ⎣1.00  0.89⎦
}

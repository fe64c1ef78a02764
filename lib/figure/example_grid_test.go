package figure_test

import (
	"fmt"

	"gonverge/lib/figure"

	"gonum.org/v1/gonum/mat"
)

// Four matrices in two rows.
func ExampleGrid() {
	var panels []figure.Panel
	for _, name := range []string{"within Net1", "within Net2", "between", "matched"} {
		panels = append(panels, figure.Heatmap{Title: name, Values: mat.NewDense(2, 2, []float64{1, 0, 0, 1})})
	}
	fmt.Println(figure.Grid(2, panels...))
	// Output:
	// figure: 4 panels: "within Net1" 2x2 [0.00, 1.00], "within Net2" 2x2 [0.00, 1.00], "between" 2x2 [0.00, 1.00], "matched" 2x2 [0.00, 1.00]
}

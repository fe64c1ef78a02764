package symbols_test

import (
	"fmt"
	"slices"

	"gonverge/kernel/symbols"
)

func Example() {
	exports := symbols.Exports()
	fmt.Println(exports["gonum.org/v1/gonum/mat/mat"]["NewDense"].Type())
	fmt.Println(slices.Contains(symbols.Preload(), "gonum.org/v1/gonum/mat"))
	// Output:
	// func(int, int, []float64) *mat.Dense
	// true
}

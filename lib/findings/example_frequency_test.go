package findings_test

import (
	"fmt"

	"gonverge/lib/findings"
	"gonverge/lib/nn"
)

// Filters drawn at random are white noise: their mean frequency lies in the middle.
func ExampleFilterFrequencies() {
	net := nn.New(nn.MiniAlexNet([3]int{32, 32, 3}, 10), 1)
	f := findings.FilterFrequencies(net, "conv1")
	sum := 0.0
	for _, v := range f {
		sum += v
	}
	fmt.Printf("%d filters, mean %.2f cycles a pixel\n", len(f), sum/float64(len(f)))
	// Output:
	// 32 filters, mean 0.37 cycles a pixel
}

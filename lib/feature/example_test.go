package feature_test

import (
	"context"
	"fmt"

	"gonverge/lib/activation"
	"gonverge/lib/dataset"
	"gonverge/lib/feature"
	"gonverge/lib/nn"
)

// bright is a net whose only filter is a dark-to-light edge, and pictures with one such edge.
func bright() (*nn.Net, *dataset.Set) {
	net := nn.New(nn.Sequential("edge", nn.Input{Shape: [3]int{5, 5, 1}}, nn.Conv{Units: 1, Kernel: 2}, nn.Dense{Units: 2, Linear: true}), 1)
	copy(net.Params()[0].Data, []float32{-1, 1, -1, 1}) // columns: left −, right +
	pixels := make([]uint8, 3*25)
	pixels[25+2*5+3] = 255 // picture 1: a dot at (2, 3)
	for i := range 5 {
		pixels[50+i*5+4] = 200 // picture 2: the last column is light
	}
	set, _ := dataset.NewSet("edges", [3]int{5, 5, 1}, pixels, make([]int, 3))
	return net, set
}

func ExampleTopPatches() {
	net, set := bright()
	acts := activation.Stream([]*nn.Net{net}, set, "conv1")
	patches, err := feature.TopPatches(context.Background(), acts, "conv1", 0, 9)
	fmt.Println(patches, err)
	// Picture 0 is black and does not excite the unit.
	// Output:
	// conv1, unit 0 of Net1 (edge, seed 1; edges): 2 patches of 2×2 pixels
	//      1.569  picture 2, position (0, 3)
	//          1  picture 1, position (1, 2) <nil>
}

func ExampleCollect() {
	net, set := bright()
	seen, err := feature.Collect(context.Background(), activation.Stream([]*nn.Net{net}, set, "conv1"), 9)
	if err != nil {
		fmt.Println(err)
		return
	}
	best := seen.Peaks("conv1", 0, 0)[0]
	fmt.Printf("picture %d at row %d, column %d: %.3f\n", best.Picture, best.Row, best.Column, best.Value)
	fmt.Println(seen.Patches("conv1", 0, 0).Boxes[0])
	// Output:
	// picture 2 at row 0, column 3: 1.569
	// (3,0)-(5,2)
}

func ExampleFilters() {
	net, _ := bright()
	filters, err := feature.Filters(net, "conv1")
	fmt.Println(filters, err)
	fmt.Println(filters.Image(0).At(0, 0), filters.Image(0).At(1, 0))
	// Output:
	// conv1 of edge, seed 1: 1 filter of 2×2, each on its own scale; grey is weight 0 <nil>
	// {1 1 1 255} {255 255 255 255}
}

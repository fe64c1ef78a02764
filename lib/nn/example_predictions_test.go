package nn_test

import (
	"context"
	"fmt"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// Nets that have not learned: they are right about as often as a guess, and agree with each
// other no more than with the labels.
func ExamplePredictions() {
	ctx := context.Background()
	data, err := dataset.Leaves(ctx, dataset.LeavesConfig{Train: 1, Validation: 200})
	if err != nil {
		fmt.Println(err)
		return
	}
	arch := nn.MiniAlexNet(data.Shape, data.Classes)
	nets := []*nn.Net{nn.New(arch, 1), nn.New(arch, 2)}
	classes, err := nn.Predictions(ctx, nets, data.Validation)
	if err != nil {
		fmt.Println(err)
		return
	}
	same := 0
	for p := range classes[0] {
		if classes[0][p] == classes[1][p] {
			same++
		}
	}
	fmt.Println(len(classes), "nets,", len(classes[0]), "pictures; agree on less than a third:", same < 67)
	// Output: 2 nets, 200 pictures; agree on less than a third: true
}

package feature_test

import (
	"context"
	"fmt"

	"gonverge/lib/feature"
	"gonverge/lib/nn"
)

// The picture that a unit of an untrained net wants.
func ExampleMaximise() {
	net := nn.New(nn.SmallAlexNet([3]int{32, 32, 3}, 10), 1)
	m, err := feature.Maximise(context.Background(), net, "conv1", 3, feature.Ascent{Seed: 1, Steps: 50})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Layer, m.Unit, m.Image.Bounds().Size(), "rises:", m.Value > 2*m.Start)
	// Output:
	// conv1 3 (7,7) rises: true
}

package experiment_test

import (
	"fmt"

	"gonverge/lib/experiment"
)

// A setup written down instead of read from the environment.
func ExampleSetup() {
	setup := experiment.Setup{RecipeName: "smoke", Seeds: []uint64{1, 2}}
	fmt.Println(setup)
	fmt.Println(setup.Origin())
	// Output:
	// data    leaves, the first 2,000 training and 500 validation pictures
	// net     SmallAlexNet
	// recipe  smoke: a trial of everything in seconds, not the experiment (5 epochs, batch 16, learning rate 0.01)
	// seeds   1, 2
	// leaves, SmallAlexNet, recipe smoke, seeds 1, 2
}

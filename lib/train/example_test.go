package train_test

import (
	"fmt"

	"gonverge/lib/nn"
	"gonverge/lib/train"
)

// A recipe prints itself, with the defaults that its zero fields stand for.
func ExampleRecipe() {
	fmt.Println(train.Recipe{Name: "mine", Epochs: 15, Batch: 64, LR: 0.02, Shift: 2})
	// Output:
	// recipe mine
	//   epochs         15
	//   batch          64
	//   learning rate  0.02, cosine to 0
	//   warm-up        first 5 % of the steps
	//   momentum       0.9
	//   weight decay   0.001, biases 0
	//   gradient norm  at most 5
	//   flips          half of the pictures
	//   shifts         −2..2 pixels, each picture its own
}

// The learning rate rises over the first 5 % of the steps and falls to 0 by half a
// cosine.
func ExampleRecipe_Rate() {
	for _, step := range []int{0, 74, 149, 1575, 2999} {
		fmt.Printf("step %4d: %.6f\n", step, train.Leaves().Rate(step, 3000))
	}
	// Output:
	// step    0: 0.000067
	// step   74: 0.005000
	// step  149: 0.010000
	// step 1575: 0.005000
	// step 2999: 0.000000
}

// The control of every claim about what training does: the same nets before it.
func ExampleRecipe_Untrained() {
	arch := nn.MiniAlexNet([3]int{32, 32, 3}, 10)
	for _, net := range train.Leaves().Untrained(arch, 1, 2) {
		fmt.Println(net)
	}
	// Output:
	// MiniAlexNet, seed 1, 186,714 parameters, untrained
	// MiniAlexNet, seed 2, 186,714 parameters, untrained
}

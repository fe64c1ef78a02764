package dataset_test

import (
	"fmt"

	"gonverge/lib/dataset"
)

// Two grey pictures of 2×2 pixels that are in memory already.
func ExampleNewSet() {
	pixels := []uint8{
		0, 255, 255, 0,
		10, 20, 30, 40}
	set, err := dataset.NewSet("mine", [3]int{2, 2, 1}, pixels, []int{0, 1})
	fmt.Println(set, err)
	_, err = dataset.NewSet("mine", [3]int{2, 2, 3}, pixels, []int{0, 1})
	fmt.Println(err)
	// Output:
	// mine: 2 pictures of 2×2×1 <nil>
	// dataset: set "mine": 8 bytes of pixels, expected 2 labels × 2×2×3 = 24 bytes
}

package corr_test

import (
	"context"
	"fmt"
	"os"

	"gonverge/lib/activation"
	"gonverge/lib/corr"
	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// Two nets that have not learned: their convolutions agree far above chance all the same, which
// is why the untrained column stands beside every score.
func ExampleCompare() {
	cache, err := os.MkdirTemp("", "cache")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(cache)
	if err := os.Setenv("GONVERGE_CACHE", cache); err != nil {
		fmt.Println(err)
		return
	}
	ctx := context.Background()
	data, err := dataset.Leaves(ctx, dataset.LeavesConfig{Train: 1, Validation: 100})
	if err != nil {
		fmt.Println(err)
		return
	}
	arch := nn.SmallAlexNet(data.Shape, data.Classes)
	acts := activation.Stream([]*nn.Net{nn.New(arch, 1), nn.New(arch, 2)}, data.Validation, "conv1")
	found, err := corr.Compare(ctx, acts, corr.CompareConfig{Seed: 1, Draws: 100, NoUntrained: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(found)
	// Output:
	// 2 nets SmallAlexNet, seeds 1, 2, untrained over leaves, validation (seed 2): 100 pictures of 32×32×3; layers conv1
	// correlation of assigned units, one pair of nets; 95 % intervals from 100 draws of pictures; seed 1
	// layer   units  dead units  semi-matching        interval           pairs  chance  matching        interval           pairs  chance
	// conv1  2 × 16       2 × 0          0.486  0.460 to 0.510  0.486 to 0.486   0.028     0.390  0.373 to 0.410  0.390 to 0.390   0.023
}

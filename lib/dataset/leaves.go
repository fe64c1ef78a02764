package dataset

import (
	"context"
	"fmt"

	"gonverge/lib/progress"
)

// LeavesConfig says how many pictures of the generated set to make. The zero value is
// the default set.
type LeavesConfig struct {
	Train      int    // training pictures; 0 = 12,000
	Validation int    // validation pictures; 0 = 2,000
	Seed       uint64 // of the training pictures; 0 = 1. The validation pictures are those of Seed+1
}

// Leaves generates pictures of 32×32 RGB pixels in ten classes: one object with soft
// edges in front of dead leaves (shapes of all sizes that cover each other, which gives
// the scale-free statistics of photographs). The class is the object's surface (plain,
// horizontally, vertically, blue-yellow or red-green striped) and its outline (round:
// disk or ring; angular: triangle or cross).
//
// Every picture is a function of the seed and its number alone; class = number mod 10.
// Default: 12,000 + 2,000 pictures, 43 MB, about a second. Leaves panics for negative
// counts; the only error is that of ctx.
func Leaves(ctx context.Context, c LeavesConfig) (*Data, error) {
	if c.Train < 0 || c.Validation < 0 {
		panic(fmt.Sprintf("dataset: Leaves: %d training and %d validation pictures", c.Train, c.Validation))
	}
	if c.Train == 0 {
		c.Train = 12000
	}
	if c.Validation == 0 {
		c.Validation = 2000
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	bar := progress.Start(ctx, "generate leaves", c.Train+c.Validation)
	train, err := leavesSet(ctx, bar, "leaves, training", c.Seed, c.Train)
	if err != nil {
		bar.Finish("stopped")
		return nil, err
	}
	validation, err := leavesSet(ctx, bar, "leaves, validation", c.Seed+1, c.Validation)
	if err != nil {
		bar.Finish("stopped")
		return nil, err
	}
	bar.Finish("")
	return &Data{
		Name: "leaves", Origin: fmt.Sprintf("generated, seeds %d and %d", c.Seed, c.Seed+1),
		Shape: leavesShape(), Classes: 10, ClassNames: leavesClasses(),
		Train: train, Validation: validation,
	}, nil
}

func leavesShape() [3]int { return [3]int{leavesSide, leavesSide, 3} }

// leavesClasses names the classes: class = 2*surface + family.
func leavesClasses() []string {
	var names []string
	for _, surface := range []string{"plain", "horizontally striped", "vertically striped", "blue-yellow striped", "red-green striped"} {
		for _, family := range []string{"round", "angular"} {
			names = append(names, surface+" "+family)
		}
	}
	return names
}

// leavesSet draws pictures 0..n-1 of a seed on all cores.
func leavesSet(ctx context.Context, bar *progress.Bar, name string, seed uint64, n int) (*Set, error) {
	const block = 10 // pictures between two looks at ctx: about 1 ms
	pixels, err := bytesFor(ctx, n*leavesBytes)
	if err != nil {
		return nil, err
	}
	labels := make([]int, n)
	err = parallel(ctx, (n+block-1)/block, func(_ context.Context, b int) error {
		var canvas leavesCanvas
		end := min(n, (b+1)*block)
		for i := b * block; i < end; i++ {
			labels[i] = canvas.draw(pixels[i*leavesBytes:(i+1)*leavesBytes], seed, i)
		}
		bar.Add(end - b*block)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return newSet(fmt.Sprintf("%s (seed %d)", name, seed), leavesShape(), pixels, labels), nil
}

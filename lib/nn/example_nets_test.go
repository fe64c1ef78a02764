package nn_test

import (
	"context"
	"fmt"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// A net as bytes and back: parameters keep their bits.
func ExampleEncode() {
	net := nn.New(nn.MiniAlexNet([3]int{32, 32, 3}, 10), 1)
	b, err := nn.Encode(net)
	if err != nil {
		fmt.Println(err)
		return
	}
	again, err := nn.Decode(b)
	fmt.Println(again.Fingerprint() == net.Fingerprint(), err)
	_, err = nn.Decode(b[:100])
	fmt.Println(err)
	// Output:
	// true <nil>
	// nn: decode: header of 1226 bytes, but 84 follow
}

// Nets that have not learned are right about as often as a guess among ten classes.
func ExampleAccuracy() {
	ctx := context.Background()
	data, err := dataset.Leaves(ctx, dataset.LeavesConfig{Train: 1, Validation: 200})
	if err != nil {
		fmt.Println(err)
		return
	}
	arch := nn.MiniAlexNet(data.Shape, data.Classes)
	accuracies, err := nn.Accuracy(ctx, []*nn.Net{nn.New(arch, 1), nn.New(arch, 2)}, data.Validation)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data.Classes, "classes;", accuracies[0] < 0.3, accuracies[1] < 0.3)
	// Output:
	// 10 classes; true true
}

// The first layer starts at half of He's deviation instead of the tenth that this architecture
// gives it, the others as they were.
func ExampleNewScaled() {
	arch := nn.MiniAlexNet([3]int{32, 32, 3}, 10)
	plain, scaled := nn.New(arch, 1), nn.NewScaled(arch, 1, map[string]float64{"conv1": 0.5})
	for i, p := range plain.Params()[:4] {
		if p.Name == "weight" {
			fmt.Printf("%s: %.2f\n", p.Layer, scaled.Params()[i].Data[0]/p.Data[0])
		}
	}
	// Output:
	// conv1: 5.00
	// conv2: 1.00
}

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

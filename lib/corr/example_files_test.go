package corr_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"gonverge/lib/activation"
	"gonverge/lib/corr"

	"gonum.org/v1/gonum/mat"
)

// Statistics of half of the pictures each, on two machines, joined from their files.
func ExampleLoad() {
	dir, err := os.MkdirTemp("", "stats")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	a := mat.NewDense(6, 1, []float64{1, 2, 3, 4, 5, 6})
	b := mat.NewDense(6, 1, []float64{2, 4, 6, 8, 10, 13})
	acts := activation.Arrays("fc1", 1, a, b)
	var parts []*corr.Stats
	for i := range 2 {
		stats, err := corr.Measure(context.Background(), acts.Range(3*i, 3*i+3))
		if err != nil {
			fmt.Println(err)
			return
		}
		path := filepath.Join(dir, fmt.Sprint("part", i, ".npz"))
		if err := stats.Save(path); err != nil {
			fmt.Println(err)
			return
		}
		part, err := corr.Load(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		parts = append(parts, part)
	}
	whole, err := corr.Merge(parts...)
	if err != nil {
		fmt.Println(err)
		return
	}
	direct, err := corr.Measure(context.Background(), acts)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.6f, the same as in one run: %v\n", whole.Layer("fc1").Between(0, 1).At(0, 0),
		mat.Equal(whole.Layer("fc1").Between(0, 1), direct.Layer("fc1").Between(0, 1)))
	// Output:
	// 0.997050, the same as in one run: true
}

// The square of a unit's deviation has no correlation with it, but much of its information.
func ExampleInformationFromMatrices() {
	var x, y []float64
	for i := range 1000 {
		v := float64(i)/999*2 + 1
		x, y = append(x, v), append(y, (v-2)*(v-2))
	}
	a, b := mat.NewDense(1000, 1, x), mat.NewDense(1000, 1, y)
	fmt.Printf("correlation %.2f\n", corr.FromMatrices(a, b).Between(0, 1).At(0, 0))
	info := corr.InformationFromMatrices(corr.InformationConfig{}, a, b)
	fmt.Printf("mutual information %.2f nats of %.2f\n", info.MutualInformation(0, 1).At(0, 0), info.Entropy(1)[0])
	// Output:
	// correlation 0.00
	// mutual information 1.56 nats of 2.20
}

// The limits between which the middle nine tenths of the values lie.
func ExampleInterval() {
	fmt.Println(corr.Interval([]float64{5, 3, 1, 2, 4}, 0.9))
	// Output:
	// 1.200 to 4.800
}

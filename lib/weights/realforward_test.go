package weights_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/weights"
)

// TestRealNetsComputeAsPyTorch compares logits of ten pictures with those that PyTorch computes
// from the same files (testdata/forward.py).
func TestRealNetsComputeAsPyTorch(t *testing.T) {
	shared := os.Getenv("GONVERGE_SHARED")
	if shared == "" {
		t.Skip("GONVERGE_SHARED is not set: no real models to read")
	}
	ctx := context.Background()
	data := filepath.Join(shared, "data")
	photos, err := dataset.CIFAR10(ctx, dataset.CIFAR10Config{Dir: filepath.Join(data, "cifar10-binary-4000"), Validation: 2000})
	if err != nil {
		t.Fatal(err)
	}
	digits, err := dataset.MNIST(ctx, dataset.MNISTConfig{Dir: filepath.Join(data, "mnist"), TestOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	table, err := os.ReadFile(filepath.Join("testdata", "forward.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	archs := map[string]func([3]int, int) *nn.Arch{"caffe-lenet-mnist": nn.LeNet, "caffe-cifar10-quick": nn.CIFAR10Quick, "caffe-cifar10-full": nn.CIFAR10Full, "torch": nn.ResNet20}
	worst, largest := map[string]float64{}, map[string]float64{}
	var names []string
	got := map[string][]float32{}
	for line := range strings.Lines(string(table)) {
		columns := strings.Split(strings.TrimSpace(line), "\t")
		name := columns[0]
		if got[name] == nil {
			names = append(names, name)
			nets, err := weights.LoadAll(filepath.Join(data, "models", filepath.FromSlash(name)), archs[path.Dir(name)])
			if err != nil {
				t.Fatal(err)
			}
			set := photos.Train
			if nets[0].Arch.Name == "LeNet" {
				set = digits.Validation
			}
			e, err := nets[0].Evaluator(10)
			if err != nil {
				t.Fatal(err)
			}
			var pixels [][]uint8
			for i := range 10 {
				pixels = append(pixels, set.Picture(i))
			}
			if err := e.Run(pixels); err != nil {
				t.Fatal(err)
			}
			got[name] = append([]float32(nil), e.Logits()...)
		}
		var picture int
		fmt.Sscan(columns[1], &picture)
		for k, text := range columns[2:] {
			var want float64
			fmt.Sscan(text, &want)
			worst[name] = max(worst[name], math.Abs(float64(got[name][picture*10+k])-want))
			largest[name] = max(largest[name], math.Abs(want))
		}
	}
	for _, name := range names {
		t.Logf("%-50s largest difference %.2g, largest logit %.3g", name, worst[name], largest[name])
		// Sums of 10³ float32 terms, layer upon layer.
		if !(worst[name] <= 2e-5*largest[name]) || largest[name] == 0 {
			t.Errorf("%s: largest difference %v of logits up to %v", name, worst[name], largest[name])
		}
	}
}

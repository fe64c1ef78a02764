package weights_test

import (
	"context"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/weights"
)

// TestRealNetsAreAsAccurateAsPublished measures nets of other people: on whole sets with
// GONVERGE_LONG=1 (a minute), else on the first thousand pictures.
func TestRealNetsAreAsAccurateAsPublished(t *testing.T) {
	shared := os.Getenv("GONVERGE_SHARED")
	if shared == "" {
		t.Skip("GONVERGE_SHARED is not set: no real models to read")
	}
	if testing.Short() {
		t.Skip("seconds of work")
	}
	ctx := context.Background()
	data := filepath.Join(shared, "data")
	cifar, err := dataset.CIFAR10(ctx, dataset.CIFAR10Config{Dir: filepath.Join(data, "cifar10-jpeg"), Train: 1})
	if err != nil {
		t.Fatal(err)
	}
	lossless, err := dataset.CIFAR10(ctx, dataset.CIFAR10Config{Dir: filepath.Join(data, "cifar10-binary-4000"), Validation: 3000})
	if err != nil {
		t.Fatal(err)
	}
	mnist, err := dataset.MNIST(ctx, dataset.MNISTConfig{Dir: filepath.Join(data, "mnist"), TestOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	pictures, tolerance := 1000, 0.055 // four deviations of the accuracy of 1,000 pictures at 75 %
	if os.Getenv("GONVERGE_LONG") != "" {
		pictures, tolerance = 10000, 0.005
	}
	for _, c := range []struct {
		pattern string
		arch    func([3]int, int) *nn.Arch
		set     *dataset.Set
		want    []float64 // in the order of the names: what the models' own notes say
	}{
		{"caffe-lenet-mnist/*", nn.LeNet, mnist.Validation, []float64{.9905, .9905, .9904, .9833}},
		{"caffe-cifar10-quick/*", nn.CIFAR10Quick, cifar.Validation, []float64{.7393, .7384, .7387, .7347, .7446, .7037}},
		{"caffe-cifar10-full/*", nn.CIFAR10Full, cifar.Validation, []float64{.7531, .7942, .7961, .7886}},
		// Published: 91.78 % of the lossless pictures; the JPEG copies here cost it eleven points, with
		// PyTorch too.
		{"torch/resnet20*", nn.ResNet20, cifar.Validation, []float64{.808}},
		// The same net on pictures as it was given them; they are of its training.
		{"torch/resnet20*", nn.ResNet20, lossless.Validation, []float64{.998}},
	} {
		nets, err := weights.LoadAll(filepath.Join(data, "models", filepath.FromSlash(c.pattern)), c.arch)
		if err != nil {
			t.Error(err)
			continue
		}
		got, err := nn.Accuracy(ctx, nets, c.set.Head(pictures))
		if err != nil || len(got) != len(c.want) {
			t.Errorf("%s: %v, %v", c.pattern, got, err)
			continue
		}
		for i, a := range got {
			t.Logf("%-60s %.2f %%, noted %.2f %%", nets[i].Origin, 100*a, 100*c.want[i])
			if math.Abs(a-c.want[i]) > tolerance {
				t.Errorf("%s: %.4f, want %.4f within %v", nets[i].Origin, a, c.want[i], tolerance)
			}
		}
	}
}

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
		// These three come without a published figure: the numbers are PyTorch's, of the same weights on
		// the same pictures.
		{"safetensors/dfdx*", multilayer(512, 128, 32), mnist.Validation, []float64{.9849}},
		{"torch/yliess86*", multilayer(512, 512), mnist.Validation, []float64{.9643}},
		{"onnx/wuhanstudio*", nil, mnist.Validation, []float64{.8321}},
		{"caffe-cifar10-quick/*", nn.CIFAR10Quick, cifar.Validation, []float64{.7393, .7384, .7387, .7347, .7446, .7037}},
		{"caffe-cifar10-full/*", nn.CIFAR10Full, cifar.Validation, []float64{.7531, .7942, .7961, .7886}},
		// Published: 91.78 % of the lossless pictures; the JPEG copies here cost it eleven points, with
		// PyTorch too.
		{"torch/resnet20*", nn.ResNet20, cifar.Validation, []float64{.808}},
		// The same net on pictures as it was given them; they are of its training.
		{"torch/resnet20*", nn.ResNet20, lossless.Validation, []float64{.998}},
	} {
		path := filepath.Join(data, "models", filepath.FromSlash(c.pattern))
		var nets []*nn.Net
		if c.arch != nil {
			nets, err = weights.LoadAll(path, c.arch)
		} else if paths, _ := filepath.Glob(path); len(paths) == 1 {
			nets = make([]*nn.Net, 1)
			nets[0], err = weights.Open(paths[0])
		}
		if err != nil || len(nets) == 0 {
			t.Errorf("%s: %d nets, %v", c.pattern, len(nets), err)
			continue
		}
		got, err := nn.Accuracy(ctx, nets, c.set.Head(min(pictures, c.set.Len())))
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

// multilayer returns a perceptron with hidden layers of so many units.
func multilayer(hidden ...int) func([3]int, int) *nn.Arch {
	return func(shape [3]int, classes int) *nn.Arch {
		var layers []nn.Layer
		for _, units := range hidden {
			layers = append(layers, nn.Dense{Units: units})
		}
		return nn.Sequential("perceptron", nn.Input{Shape: shape, Scale: 1}, append(layers, nn.Dense{Units: classes, Linear: true})...)
	}
}

package bench

import (
	"math"
	"math/rand/v2"
	"testing"

	"gonverge/lib/internal/simd"
	"gonverge/lib/nn"
)

// The bare net is worth comparing with only if it computes the same.
func TestBareNetTrainsAsTheTrainerDoes(t *testing.T) {
	const batch = 6
	for _, arch := range []*nn.Arch{nn.MiniAlexNet([3]int{32, 32, 3}, 10), nn.CIFAR10Quick([3]int{32, 32, 3}, 10)} {
		net := nn.New(arch, 3)
		bare := newBare(net, batch)
		trainer, err := net.Trainer(batch)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = trainer.Close() }()
		copy(bare.x, random(rand.New(rand.NewPCG(5, 5)), len(bare.x)))
		labels := make([]int, batch)
		for i := range labels {
			labels[i] = i
		}
		rule := training(net, 0.01, 0.9, 1e-3)
		for step := range 3 {
			want, _, err := trainer.Step(bare.x, labels)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := trainer.Update(rule); err != nil {
				t.Fatal(err)
			}
			// float32 sums in another order
			if got := bare.step(labels, 0.01, 0.9, 1e-3); math.Abs(got-want) > 1e-4 {
				t.Errorf("%s, step %d: loss %v, want %v", arch.Name, step, got, want)
			}
		}
	}
}

// The operations that are counted are those of the definition less those on a border.
func TestTrainingOperationsOfANet(t *testing.T) {
	shape := [3]int{32, 32, 3}
	for _, c := range []struct {
		arch  *nn.Arch
		first int64 // operations of the first layer, which has no gradient of its input
	}{
		{nn.CIFAR10Quick(shape, 10), 2 * 32 * 32 * 32 * 75},
		{nn.MiniAlexNet(shape, 10), 2 * 26 * 26 * 32 * 147},
	} {
		all := float64(3*c.arch.FLOP() - c.first)
		defined, got := trainingFLOP(c.arch, 2)
		got /= 2
		if defined/2 != all {
			t.Errorf("%s: %v operations a picture by definition, the architecture says %v", c.arch.Name, defined/2, all)
		}
		least := all * 0.8 // the borders of these nets are a fifth at most
		if simd.Wide() {
			if !(got > least && got < 0.9*all) {
				t.Errorf("%s: %v operations a picture, of %v with borders", c.arch.Name, got, all)
			}
		} else if !(got > least && got <= 1.001*all) {
			t.Errorf("%s: %v operations a picture, of %v with borders", c.arch.Name, got, all)
		}
	}
}

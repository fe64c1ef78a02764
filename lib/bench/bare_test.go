package bench

import (
	"math"
	"math/rand/v2"
	"testing"

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

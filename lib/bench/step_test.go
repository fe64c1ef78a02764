package bench

import (
	"testing"

	"gonverge/lib/nn"
)

func BenchmarkTrainingStep(b *testing.B) {
	shape := [3]int{32, 32, 3}
	for _, c := range []struct {
		arch  *nn.Arch
		batch int
	}{{nn.CIFAR10Quick(shape, 10), 64}, {nn.MiniAlexNet(shape, 10), 32}} {
		b.Run(c.arch.Name, func(b *testing.B) {
			step, err := stepper(c.arch, c.batch, 1)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if err := step(); err != nil {
					b.Fatal(err)
				}
			}
			_, done := trainingFLOP(c.arch, c.batch)
			b.ReportMetric(done*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
		})
	}
}

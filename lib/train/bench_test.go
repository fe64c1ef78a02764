package train

import (
	"testing"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// A batch must cost little beside the step that it feeds, about a millisecond a
// picture.
func BenchmarkBatch(b *testing.B) {
	const n = 64
	shape := [3]int{32, 32, 3}
	set, err := dataset.NewSet("black", shape, make([]uint8, n*32*32*3), make([]int, n))
	if err != nil {
		b.Fatal(err)
	}
	batch := newBatcher(nn.MiniAlexNet(shape, 10), set, Recipe{Batch: n, Shift: 2}.filled(), 1)
	step := 0
	for b.Loop() {
		if err := batch.load(b.Context(), step); err != nil {
			b.Fatal(err)
		}
		step++
	}
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N*n), "µs/picture")
}

package activation

import (
	"math/rand/v2"
	"testing"
)

// A layer like MiniAlexNet's conv1, after the ReLU: what a picture costs beside its forward pass.
func BenchmarkTopPeaksOfAPicture(b *testing.B) {
	shape := [3]int{26, 26, 32}
	l := LayerPeaks{Name: "conv1", Shapes: [][3]int{shape}, Top: [][][]Peak{make([][]Peak, shape[2])}}
	const pictures = 32
	values := make([]float32, pictures*26*26*32)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range values {
		values[i] = max(0, float32(r.NormFloat64()))
	}
	var s seeker
	first := 0
	for b.Loop() {
		if err := s.add(&l, 9, 0, values, first, pictures, nil); err != nil {
			b.Fatal(err)
		}
		first += pictures
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(values)), "ns/value")
}

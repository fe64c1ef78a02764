package nn

import (
	"math"
	"math/rand/v2"
	"testing"
)

// noise returns prepared pictures of noise with labels.
func noise(a *Arch, n int, seed uint64) ([]float32, []int) {
	r := rand.New(rand.NewPCG(seed, 1))
	x := make([]float32, n*int(size64(a.Input.Shape)))
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	labels := make([]int, n)
	for i := range labels {
		labels[i] = r.IntN(a.Classes())
	}
	return x, labels
}

// bytesOf returns pictures of random bytes.
func bytesOf(a *Arch, n int, seed uint64) [][]uint8 {
	r := rand.New(rand.NewPCG(seed, 2))
	out := make([][]uint8, n)
	for i := range out {
		out[i] = make([]uint8, size64(a.Input.Shape))
		for j := range out[i] {
			out[i][j] = uint8(r.Uint32())
		}
	}
	return out
}

// tiny is a net with every kind of layer, small enough for finite differences.
func tiny() *Arch {
	return Sequential("tiny", Input{Shape: [3]int{8, 7, 3}, Scale: 2, MeanOfImage: true},
		Conv{Units: 5, Kernel: 3},
		MaxPool{Size: 3, Stride: 2},
		Conv{Units: 4, Kernel: 3, Pad: 1, Stride: 2},
		Dense{Units: 6},
		Dropout{Rate: 0.25},
		Dense{Units: 3, Linear: true},
	)
}

func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func sameBits(t *testing.T, what string, got, want []float32) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d values, want %d", what, len(got), len(want))
	}
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

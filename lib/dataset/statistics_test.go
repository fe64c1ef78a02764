package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestMomentsFollowTheirFormulas(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, shape := range [][3]int{{1, 1, 1}, {3, 5, 3}, {4, 2, 1}} {
		const n = 7
		size := shape[0] * shape[1] * shape[2]
		pixels := make([]uint8, n*size)
		for i := range pixels {
			pixels[i] = uint8(r.Uint32())
		}
		s, err := NewSet("noise", shape, pixels, make([]int, n))
		if err != nil {
			t.Fatal(err)
		}
		c := shape[2]
		mean, deviation, picture := s.Mean(), s.Deviation(), s.MeanPicture()
		for k := range c {
			var sum, square float64
			count := float64(len(pixels) / c)
			for i := k; i < len(pixels); i += c {
				sum += float64(pixels[i]) / 255
			}
			for i := k; i < len(pixels); i += c {
				d := float64(pixels[i])/255 - sum/count
				square += d * d
			}
			if math.Abs(sum/count-float64(mean[k])) > 1e-6 || math.Abs(math.Sqrt(square/count)-float64(deviation[k])) > 1e-6 {
				t.Errorf("%v, channel %d: got %v ± %v, want %v ± %v", shape, k, mean[k], deviation[k], sum/count, math.Sqrt(square/count))
			}
		}
		for i, v := range picture {
			sum := 0.0
			for p := range n {
				sum += float64(pixels[p*size+i]) / 255
			}
			if math.Abs(sum/n-float64(v)) > 1e-6 {
				t.Errorf("%v: value %d is %v, want %v", shape, i, v, sum/n)
			}
		}
	}
}

func TestMomentsOfOneValueAndOfNothing(t *testing.T) {
	flat, err := NewSet("flat", [3]int{2, 2, 3}, slices.Repeat([]uint8{10, 77, 255}, 8), make([]int, 2))
	if err != nil {
		t.Fatal(err)
	}
	if got := flat.Deviation(); !slices.Equal(got, []float32{1, 1, 1}) {
		t.Errorf("deviation of one value: %v", got)
	}
	if got := flat.Mean(); got[2] != 1 {
		t.Errorf("mean: %v", got)
	}
	none := flat.Head(0)
	if none.Mean() != nil || none.Deviation() != nil || none.MeanPicture() != nil {
		t.Error("no pictures have moments")
	}
}

func TestMiddleIsTheMiddle(t *testing.T) {
	pixels := make([]uint8, 2*4*5)
	for i := range pixels {
		pixels[i] = uint8(i)
	}
	s, err := NewSet("places", [3]int{4, 5, 1}, pixels, []int{3, 4})
	if err != nil {
		t.Fatal(err)
	}
	m := s.Middle(2, 2)
	if got := fmt.Sprint(m.Shape(), m.Picture(0), m.Picture(1), m.Label(1), " ", m.Name()); got != "[2 2 1] [6 7 11 12] [26 27 31 32] 4 places, middle 2×2" {
		t.Errorf("got %s", got)
	}
	if s.Middle(4, 5) != s {
		t.Error("all of it is a copy")
	}
	defer func() {
		if recover() == nil {
			t.Error("a larger middle does not panic")
		}
	}()
	s.Middle(5, 5)
}

// The numbers that a net's input takes to see pictures of mean 0 and deviation 1.
func ExampleSet_Mean() {
	set, err := NewSet("two", [3]int{1, 1, 3}, []uint8{0, 51, 255, 255, 51, 0}, []int{0, 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(set.Mean(), set.Deviation())
	// Output: [0.5 0.2 0.5] [0.5 1 0.5]
}

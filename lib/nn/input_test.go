package nn

import (
	"math"
	"strings"
	"testing"
)

func TestPrepareWithMeanAndDeviation(t *testing.T) {
	pixels := []uint8{0, 10, 20, 30, 40, 50, 255, 128, 7, 1, 2, 3} // 2×2 positions of 3 channels
	shape := [3]int{2, 2, 3}
	picture := make([]float32, 12)
	for i := range picture {
		picture[i] = float32(i) / 12
	}
	for _, c := range []struct {
		name string
		in   Input
		want func(i int) float64
	}{
		{"channels", Input{Shape: shape, Mean: []float32{.1, .2, .3}}, func(i int) float64 { return float64(pixels[i])/255 - .1*float64(i%3+1) }},
		{"picture", Input{Shape: shape, Scale: 255, Mean: picture}, func(i int) float64 { return float64(pixels[i]) - 255*float64(i)/12 }},
		{"deviation", Input{Shape: shape, Scale: 2, Mean: []float32{.1, .2, .3}, Deviation: []float32{.5, .25, 4}},
			func(i int) float64 {
				return 2 * (float64(pixels[i])/255 - .1*float64(i%3+1)) / []float64{.5, .25, 4}[i%3]
			}},
		{"own mean and deviation", Input{Shape: shape, MeanOfImage: true, Deviation: []float32{.5, .25, 4}},
			func(i int) float64 {
				k := i % 3
				mean := float64(int(pixels[k])+int(pixels[k+3])+int(pixels[k+6])+int(pixels[k+9])) / 4
				return (float64(pixels[i]) - mean) / 255 / []float64{.5, .25, 4}[k]
			}},
	} {
		a := Sequential("a", c.in, Dense{Units: 2, Linear: true})
		if err := a.Check(); err != nil {
			t.Fatal(err)
		}
		got := make([]float32, 12)
		a.Prepare(got, pixels)
		for i, v := range got {
			if want := c.want(i); math.Abs(float64(v)-want) > 2e-5*math.Max(1, math.Abs(want)) { // float32
				t.Errorf("%s: value %d is %v, want %v", c.name, i, v, want)
			}
		}
		// What is said comes back from a file.
		n := New(a, 1)
		b, err := Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := Decode(b); err != nil || back.Fingerprint() != n.Fingerprint() {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	for _, c := range []struct {
		in   Input
		want string
	}{
		{Input{Shape: shape, Mean: []float32{1}}, "mean of 1 values (valid: 3"},
		{Input{Shape: shape, Mean: picture, MeanOfImage: true}, "both Mean and MeanOfImage"},
		{Input{Shape: shape, Deviation: []float32{1, 0, 1}}, "deviation: value 1 is 0"},
		{Input{Shape: shape, Deviation: []float32{1}}, "deviation of 1 values"},
		{Input{Shape: shape, Mean: []float32{1, 2, float32(math.NaN())}}, "mean: value 2 is NaN"},
	} {
		err := Sequential("a", c.in, Dense{Units: 2, Linear: true}).Check()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

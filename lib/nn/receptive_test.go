package nn

import (
	"image"
	"math/rand/v2"
	"strings"
	"testing"
)

// positive makes all weights positive, so that more of a pixel is more everywhere it reaches.
func positive(n *Net, seed uint64) *Net {
	r := rand.New(rand.NewPCG(seed, 3))
	for _, p := range n.Params() {
		if p.Name == "weight" {
			for i := range p.Data {
				p.Data[i] = 0.1 + r.Float32()
			}
		}
	}
	return n
}

// end closes an architecture.
var end = Dense{Name: "end", Units: 2, Linear: true}

var fieldCases = []struct {
	name   string
	shape  [3]int
	layers []Layer
}{
	{"one filter", [3]int{9, 8, 3}, []Layer{Conv{Units: 2, Kernel: 3}}},
	{"stride leaves pixels out, pooling rounds up", [3]int{16, 15, 1}, []Layer{Conv{Units: 2, Kernel: 4, Stride: 3}, MaxPool{Size: 3, Stride: 2}}},
	{"as MiniAlexNet", [3]int{20, 20, 1}, []Layer{Conv{Units: 2, Kernel: 5}, MaxPool{Size: 3, Stride: 2}, Conv{Units: 2, Kernel: 5, Pad: 2}, MaxPool{Size: 3, Stride: 2}, Conv{Units: 2, Kernel: 3, Pad: 1}}},
	{"pooling rounds down", [3]int{12, 13, 1}, []Layer{Conv{Units: 2, Kernel: 3, Pad: 1}, MaxPool{Size: 2, Floor: true}, Conv{Units: 2, Kernel: 3}}},
	{"dilation", [3]int{15, 14, 2}, []Layer{Conv{Units: 2, Kernel: 3, Dilation: 2, Pad: 2}, Conv{Units: 2, Kernel: 3, Stride: 2, Dilation: 3, Pad: 1}}},
	{"average with a border", [3]int{11, 12, 1}, []Layer{Conv{Units: 2, Kernel: 2}, AvgPool{Size: 3, Stride: 2, Pad: 1}, AvgPool{Size: 2, Inside: true}}},
	{"normalisation across and within", [3]int{12, 12, 1}, []Layer{Conv{Units: 3, Kernel: 3}, LRN{Size: 3, Alpha: 1}, LRN{Size: 3, Alpha: 1, Within: true}, Conv{Units: 2, Kernel: 2, Stride: 2}}},
	{"residual", [3]int{12, 11, 2}, []Layer{Conv{Units: 2, Kernel: 3, Pad: 1}, Residual{
		Layers: []Layer{Conv{Units: 4, Kernel: 3, Stride: 2, Pad: 1}, Conv{Units: 4, Kernel: 3, Pad: 1}}, Shortcut: []Layer{Subsample{Stride: 2, Units: 4}}}}},
	{"whole picture", [3]int{6, 7, 1}, []Layer{Conv{Units: 2, Kernel: 3, Stride: 2}, GlobalAvgPool{}}},
	{"groups", [3]int{9, 9, 2}, []Layer{Conv{Units: 4, Kernel: 3, Groups: 2}, MaxPool{Size: 3, Stride: 3}}},
}

// TestReceptiveFieldIsWhatAPixelReaches changes every pixel and sees which positions change.
func TestReceptiveFieldIsWhatAPixelReaches(t *testing.T) {
	for _, c := range fieldCases {
		t.Run(c.name, func(t *testing.T) {
			a := Sequential(c.name, Input{Shape: c.shape}, append(append([]Layer(nil), c.layers...), end)...)
			n := positive(New(a, 1), 1)
			names := a.layerNames()
			e := must(n.Evaluator(1, names...))(t)
			defer e.Close()
			h, w, depth := c.shape[0], c.shape[1], c.shape[2]
			r := rand.New(rand.NewPCG(5, 5))
			x := make([]float32, h*w*depth)
			for i := range x {
				x[i] = 0.5 + r.Float32()
			}
			before := map[string][]float32{}
			if err := e.RunPrepared(x); err != nil {
				t.Fatal(err)
			}
			for _, name := range names {
				before[name] = append([]float32(nil), e.Activation(name)...)
			}
			seen := map[string][]image.Rectangle{}
			for _, name := range names {
				s, _ := n.LayerShape(name)
				seen[name] = make([]image.Rectangle, s[0]*s[1])
			}
			for i := range h * w {
				y := append([]float32(nil), x...)
				for k := range depth {
					y[i*depth+k] += 50
				}
				if err := e.RunPrepared(y); err != nil {
					t.Fatal(err)
				}
				for _, name := range names {
					s, _ := n.LayerShape(name)
					for k, v := range e.Activation(name) {
						if v != before[name][k] {
							p := &seen[name][k/s[2]]
							*p = p.Union(image.Rect(i%w, i/w, i%w+1, i/w+1))
						}
					}
				}
			}
			for _, name := range names {
				f := must(n.ReceptiveField(name))(t)
				s, _ := n.LayerShape(name)
				for p, want := range seen[name] {
					got, box := f.Pixels(p/s[1], p%s[1]), f.Box(p/s[1], p%s[1])
					if got != want {
						t.Errorf("%s at (%d, %d) depends on %v, found %v", name, p/s[1], p%s[1], got, want)
					}
					if !want.In(box) {
						t.Errorf("%s at (%d, %d): box %v does not hold %v", name, p/s[1], p%s[1], box, want)
					}
					if box.Dy() != f.Size[0] || box.Dx() != f.Size[1] {
						t.Errorf("%s: box %v, size %v", name, box, f.Size)
					}
				}
			}
		})
	}
}

func TestReceptiveFieldsOfAlexNet(t *testing.T) {
	// The sizes that everybody quotes for AlexNet: 11, 51, 99, 131, 163 pixels.
	n := New(Sequential("AlexNet's geometry", Input{Shape: [3]int{227, 227, 1}},
		Conv{Units: 1, Kernel: 11, Stride: 4}, MaxPool{Size: 3, Stride: 2}, LRN{}, Conv{Units: 1, Kernel: 5, Pad: 2}, MaxPool{Size: 3, Stride: 2}, LRN{},
		Conv{Units: 1, Kernel: 3, Pad: 1}, Conv{Units: 1, Kernel: 3, Pad: 1}, Conv{Units: 1, Kernel: 3, Pad: 1}, end), 1)
	for name, want := range map[string][3]int{"conv1": {11, 0, 4}, "conv2": {51, -16, 8}, "conv3": {99, -32, 16}, "conv4": {131, -48, 16}, "conv5": {163, -64, 16}} {
		f := must(n.ReceptiveField(name))(t)
		if got := [3]int{f.Size[0], f.Start[0], f.Step[0]}; got != want || f.Size[0] != f.Size[1] || f.Whole {
			t.Errorf("%s: %v, want size, start, step %v", name, f, want)
		}
	}
	f := must(n.ReceptiveField("end"))(t)
	if !f.Whole || f.Box(0, 0) != image.Rect(0, 0, 227, 227) || !strings.Contains(f.String(), "whole") {
		t.Errorf("end: %v, box %v", f, f.Box(0, 0))
	}
	if _, err := n.ReceptiveField("conv9"); err == nil || !strings.Contains(err.Error(), "conv5") {
		t.Errorf("unknown layer: %v", err)
	}
}

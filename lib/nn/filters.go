package nn

import (
	"fmt"
	"image"
	"image/color"
	"math"
)

// Filters returns a picture of each filter of a convolution that looks at 1 or 3 channels,
// so usually the first: kernel × kernel pixels, weight 0 as grey 128 and the filter's
// largest absolute weight as 1 or 255, all channels alike. Filters of one channel are grey.
func (n *Net) Filters(layer string) ([]image.Image, error) {
	var readable []string
	for _, s := range n.steps {
		c, ok := s.layer.(Conv)
		depth := s.in[2] / c.groups()
		if !ok || depth != 1 && depth != 3 {
			continue
		}
		if s.name == layer {
			return n.filters(s.name, c, depth), nil
		}
		readable = append(readable, s.name)
	}
	if i := n.index(layer); i >= 0 {
		return nil, fmt.Errorf("nn: layer %q has no filters of 1 or 3 channels to show: it takes %s; such are in %v", layer, shape3(n.steps[i].in), readable)
	}
	return nil, unknownLayer(layer, stepNames(n.steps))
}

func (n *Net) filters(name string, c Conv, depth int) []image.Image {
	var w []float32
	for _, p := range n.params {
		if p.Layer == name && p.Name == "weight" {
			w = p.Data
		}
	}
	pictures := make([]image.Image, c.Units)
	for u := range pictures {
		largest := 0.0
		for i := u; i < len(w); i += c.Units {
			if v := math.Abs(float64(w[i])); v > largest { // NaN is passed over
				largest = v
			}
		}
		if largest == 0 || math.IsInf(largest, 0) {
			largest = 1 // an empty filter is grey
		}
		level := func(y, x, k int) uint8 {
			v := float64(w[((y*c.Kernel+x)*depth+k%depth)*c.Units+u]) / largest
			if math.IsNaN(v) {
				v = 0
			}
			return uint8(math.Round(128 + 127*max(-1, min(1, v))))
		}
		m := image.NewRGBA(image.Rect(0, 0, c.Kernel, c.Kernel))
		for y := range c.Kernel {
			for x := range c.Kernel {
				m.SetRGBA(x, y, color.RGBA{level(y, x, 0), level(y, x, 1), level(y, x, 2), 255})
			}
		}
		pictures[u] = m
	}
	return pictures
}

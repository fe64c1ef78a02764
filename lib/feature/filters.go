package feature

import (
	"fmt"
	"image"
	"image/color"
	"math"

	"gonverge/lib/figure"
	"gonverge/lib/nn"
)

// FilterPictures are the filters of a convolution that looks at colours (or grey): the weights
// of each unit as a picture of kernel × kernel pixels. Grey 128 is weight 0. [Filters] returns
// them.
type FilterPictures struct {
	Layer string
	// Common says how weights become brightness: if false, each filter has its own scale, on
	// which its largest absolute weight is 1 or 255, so that weak filters can be seen; if true,
	// all have the same one, set by the largest absolute weight of all, so that they can be
	// compared.
	Common bool
	// Images has the picture of each unit.
	Images []image.Image
	// Largest has the largest absolute weight of each unit.
	Largest []float64

	net *nn.Net
}

// Filters returns the filters of a convolution that looks at 1 or 3 channels, usually the
// first, as pictures, each on its own scale; see [FilterPictures.CommonScale]. Other layers and
// unknown names are errors that list what there is. It panics if net is nil.
func Filters(net *nn.Net, layer string) (*FilterPictures, error) {
	if net == nil {
		panic("feature: Filters: no net (nil)")
	}
	images, err := net.Filters(layer)
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	f := &FilterPictures{Layer: layer, Images: images, Largest: make([]float64, len(images)), net: net}
	w, _ := weights(net, layer)
	for i, v := range w.Data {
		if a := math.Abs(float64(v)); a > f.Largest[i%len(images)] { // NaN is passed over
			f.Largest[i%len(images)] = a
		}
	}
	return f, nil
}

// weights returns the weights of a layer, units last.
func weights(net *nn.Net, layer string) (nn.Param, bool) {
	for _, p := range net.Params() {
		if p.Layer == layer && p.Name == "weight" {
			return p, true
		}
	}
	return nn.Param{}, false
}

// CommonScale returns the same filters, all on one scale.
func (f *FilterPictures) CommonScale() *FilterPictures {
	g := &FilterPictures{Layer: f.Layer, Common: true, Largest: f.Largest, net: f.net}
	w, _ := weights(f.net, f.Layer)
	kernel, depth, units := w.Shape[0], w.Shape[2], w.Shape[3]
	largest := 0.0
	for _, v := range f.Largest {
		if !math.IsInf(v, 0) {
			largest = max(largest, v)
		}
	}
	for u := range units {
		m := image.NewNRGBA(image.Rect(0, 0, kernel, kernel))
		for i := range kernel * kernel {
			level := func(k int) uint8 { return brightness(w.Data[(i*depth+k%depth)*units+u], largest) }
			m.SetNRGBA(i%kernel, i/kernel, color.NRGBA{level(0), level(1), level(2), 255})
		}
		g.Images = append(g.Images, m)
	}
	return g
}

// brightness returns 128 for 0 (and what is no number), 255 and 1 for ±largest.
func brightness(v float32, largest float64) uint8 {
	x := float64(v) / largest
	if largest == 0 || x != x {
		return background.R
	}
	return uint8(math.Round(128 + 127*max(-1, min(1, x))))
}

// Image returns the picture of a unit. It panics if there is no such unit.
func (f *FilterPictures) Image(unit int) image.Image {
	if unit < 0 || unit >= len(f.Images) {
		panic(fmt.Sprintf("feature: filter %d of %d (valid: 0..%d)", unit, len(f.Images), len(f.Images)-1))
	}
	return f.Images[unit]
}

// scale says in words how weights become brightness.
func (f *FilterPictures) scale() string {
	if f.Common {
		return "all on one scale"
	}
	return "each on its own scale"
}

// String says what the pictures are of, in a line, and how they are scaled.
func (f *FilterPictures) String() string {
	size := f.Images[0].Bounds().Size()
	word := "filters"
	if len(f.Images) == 1 {
		word = "filter"
	}
	return fmt.Sprintf("%s of %s, seed %d: %d %s of %d×%d, %s; grey is weight 0", f.Layer, f.net.Arch.Name, f.net.Seed, len(f.Images), word, size.Y, size.X, f.scale())
}

// Figure returns the filters as a contact sheet, with their units' numbers.
func (f *FilterPictures) Figure() *figure.Figure {
	s := figure.Pictures{Title: fmt.Sprintf("%s of %s, seed %d; %s", f.Layer, f.net.Arch.Name, f.net.Seed, f.scale()), Images: f.Images, Columns: 16}
	for u := range f.Images {
		s.Captions = append(s.Captions, fmt.Sprint(u))
	}
	return figure.Row(s)
}

// MIMEBundle shows the filters as text/plain, image/png and image/svg+xml.
func (f *FilterPictures) MIMEBundle() map[string]any { return bundle(f.Figure(), f.String()) }

// MIMEMetadata tells a front end the size of the PNG in CSS pixels.
func (f *FilterPictures) MIMEMetadata() map[string]any { return f.Figure().MIMEMetadata() }

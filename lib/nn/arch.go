package nn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// Input says what a net is given and how a picture's bytes become numbers:
//
//	x' = Scale · (x/255 − mean)
//
// where mean is the picture's own mean of that channel if MeanOfImage, else 0.
type Input struct {
	Shape       [3]int  // height, width, channels
	Scale       float32 // 0 means 1
	MeanOfImage bool    // subtract the picture's own mean, channel by channel
}

// Arch is an architecture: what a net is made of, without its parameters. Layers holds
// values of [Conv], [MaxPool], [Dense] and [Dropout], never pointers. An Arch that nets
// were made from must not be changed.
type Arch struct {
	Name   string
	Input  Input
	Layers []Layer
}

// Sequential returns an architecture of the given layers, one after the other. A layer
// without a name gets one: conv1, conv2, ... and, in the same count, fc6, fc7, ...; a
// pooling has the number of the convolution before it. Whether shapes fit is told by
// [Arch.Check].
func Sequential(name string, input Input, layers ...Layer) *Arch {
	a := &Arch{Name: name, Input: input, Layers: make([]Layer, len(layers))}
	weighted, drops := 0, 0
	for i, l := range layers {
		auto := ""
		switch l.(type) {
		case Conv:
			weighted++
			auto = fmt.Sprint("conv", weighted)
		case Dense:
			weighted++
			auto = fmt.Sprint("fc", weighted)
		case MaxPool:
			auto = fmt.Sprint("pool", weighted)
		case Dropout:
			drops++
			auto = fmt.Sprint("drop", drops)
		case nil:
			panic(fmt.Sprintf("nn: layer %d of %d of %s is nil", i, len(layers), name))
		}
		if l.name() == "" {
			l = l.named(auto)
		}
		a.Layers[i] = l
	}
	return a
}

// MiniAlexNet returns the net that this project trains: AlexNet's five convolutions and
// three fully connected layers at the size of 32×32 pictures (186,714 parameters and
// 21.1 MFLOP forward for 32×32×3 and 10 classes). conv1 starts at a tenth of He's
// deviation and conv2 at three times it: no noise is then left in the first filters.
func MiniAlexNet(shape [3]int, classes int) *Arch {
	return alexNet("MiniAlexNet", shape, classes, [5]int{32, 32, 64, 64, 48}, 128)
}

// SmallAlexNet returns a smaller MiniAlexNet for quick trials, with 16, 16, 32, 32, 32
// filters and 64 units in fc6 and fc7.
func SmallAlexNet(shape [3]int, classes int) *Arch {
	return alexNet("SmallAlexNet", shape, classes, [5]int{16, 16, 32, 32, 32}, 64)
}

func alexNet(name string, shape [3]int, classes int, units [5]int, fc int) *Arch {
	return Sequential(name, Input{Shape: shape, Scale: 4, MeanOfImage: true},
		Conv{Units: units[0], Kernel: 7, Scale: 0.1},
		MaxPool{Size: 3, Stride: 2},
		Conv{Units: units[1], Kernel: 5, Pad: 2, Scale: 3},
		MaxPool{Size: 3, Stride: 2},
		Conv{Units: units[2], Kernel: 3, Pad: 1},
		Conv{Units: units[3], Kernel: 3, Pad: 1},
		Conv{Units: units[4], Kernel: 3, Pad: 1},
		MaxPool{Size: 3, Stride: 2},
		Dense{Units: fc},
		Dense{Units: fc},
		// A deviation of .3/√fan-in: small logits at the start.
		Dense{Units: classes, Scale: 0.3 / math.Sqrt2, Linear: true},
	)
}

// Check says why no net can be made of the architecture, naming the layer and the shapes
// that do not fit; nil if one can. The last layer must be a [Dense]: its outputs are the
// logits of the classes.
func (a *Arch) Check() error {
	_, err := a.shapes()
	return err
}

// shapes returns the input's shape and then each layer's output.
func (a *Arch) shapes() ([][3]int, error) {
	if a == nil {
		return nil, errors.New("nn: no architecture (nil)")
	}
	s := a.Input.Shape
	if min(s[0], s[1], s[2]) < 1 || max(s[0], s[1], s[2]) > maxSide {
		return nil, fmt.Errorf("nn: %s: input shape %s (valid: height, width, channels of 1..%d)", a.Name, shape3(s), maxSide)
	}
	if v := float64(a.Input.Scale); math.IsNaN(v) || math.IsInf(v, 0) {
		return nil, fmt.Errorf("nn: %s: input scale is %v", a.Name, v)
	}
	if len(a.Layers) == 0 {
		return nil, fmt.Errorf("nn: %s has no layers", a.Name)
	}
	shapes := [][3]int{s}
	seen := map[string]bool{}
	before := "the input"
	for i, l := range a.Layers {
		switch l.(type) {
		case Conv, MaxPool, Dense, Dropout:
		default:
			return nil, fmt.Errorf("nn: %s: layer %d is a %T (valid: Conv, MaxPool, Dense, Dropout)", a.Name, i, l)
		}
		if l.name() == "" || seen[l.name()] {
			return nil, fmt.Errorf("nn: %s: layer %d has the name %q, empty or used before", a.Name, i, l.name())
		}
		seen[l.name()] = true
		in := shapes[i]
		out, err := l.output(in)
		if err != nil {
			return nil, fmt.Errorf("nn: %s: layer %q after %s of %s: %w", a.Name, l.name(), before, shape3(in), err)
		}
		if n := size64(out); n > maxValues {
			return nil, fmt.Errorf("nn: %s: layer %q makes %s = %d values of %s (limit: %d)", a.Name, l.name(), shape3(out), n, shape3(in), int64(maxValues))
		}
		if n := product64(l.weights(in)); n > maxValues {
			return nil, fmt.Errorf("nn: %s: layer %q has %d weights for an input of %s (limit: %d)", a.Name, l.name(), n, shape3(in), int64(maxValues))
		}
		shapes = append(shapes, out)
		before = fmt.Sprintf("%q", l.name())
	}
	if last, ok := a.Layers[len(a.Layers)-1].(Dense); !ok || !last.Linear {
		return nil, fmt.Errorf("nn: %s: the last layer %q must be Dense and Linear: its outputs are the classes' logits", a.Name, a.Layers[len(a.Layers)-1].name())
	}
	return shapes, nil
}

// maxValues bounds one layer's weights and outputs: 2 GB of float32.
const maxValues = 1 << 29

func size64(s [3]int) int64 { return int64(s[0]) * int64(s[1]) * int64(s[2]) }

func product64(dims []int) int64 {
	n := int64(1)
	for _, d := range dims {
		if n *= int64(d); n > maxValues {
			return n
		}
	}
	return n
}

// Classes returns the number of outputs of the last layer, 0 if it is not Dense.
func (a *Arch) Classes() int {
	if len(a.Layers) > 0 {
		if d, ok := a.Layers[len(a.Layers)-1].(Dense); ok {
			return d.Units
		}
	}
	return 0
}

// Prepare writes a picture's bytes as the net takes them: dst and pixels have
// height·width·channels values, channels side by side; see [Input]. It panics on other
// lengths.
func (a *Arch) Prepare(dst []float32, pixels []uint8) {
	c := a.Input.Shape[2]
	n := a.Input.Shape[0] * a.Input.Shape[1] * c
	if len(dst) != n || len(pixels) != n {
		panic(fmt.Sprintf("nn: Prepare: %d numbers of %d bytes for pictures of %s = %d", len(dst), len(pixels), shape3(a.Input.Shape), n))
	}
	scale := a.Input.Scale
	if scale == 0 {
		scale = 1
	}
	scale /= 255
	if !a.Input.MeanOfImage {
		for i, p := range pixels {
			dst[i] = scale * float32(p)
		}
		return
	}
	if c == 3 { // no inner loop for pictures with colours
		var r, g, b int
		for i := 0; i+2 < n; i += 3 {
			r += int(pixels[i])
			g += int(pixels[i+1])
			b += int(pixels[i+2])
		}
		count := float64(n / 3)
		mr, mg, mb := float32(float64(r)/count), float32(float64(g)/count), float32(float64(b)/count)
		for i := 0; i+2 < n; i += 3 {
			dst[i] = scale * (float32(pixels[i]) - mr)
			dst[i+1] = scale * (float32(pixels[i+1]) - mg)
			dst[i+2] = scale * (float32(pixels[i+2]) - mb)
		}
		return
	}
	for k := range c {
		sum := 0
		for i := k; i < n; i += c {
			sum += int(pixels[i])
		}
		mean := float32(float64(sum) / float64(n/c))
		for i := k; i < n; i += c {
			dst[i] = scale * (float32(pixels[i]) - mean)
		}
	}
}

// Fingerprint returns a SHA-256 in hexadecimal of all that the architecture says, its name
// and initial scales included.
func (a *Arch) Fingerprint() string {
	b, err := json.Marshal(a)
	if err != nil {
		b = []byte(err.Error()) // an architecture that Check refuses
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// WithScales returns a copy with other initial deviations, by layer name, as factors on
// He's √(2/fan-in). An unknown name is an error that lists the layers with weights.
func (a *Arch) WithScales(scales map[string]float64) (*Arch, error) {
	b := &Arch{Name: a.Name, Input: a.Input, Layers: append([]Layer(nil), a.Layers...)}
	var known []string
	used := 0
	for i, l := range b.Layers {
		s, ok := scales[l.name()]
		switch l := l.(type) {
		case Conv:
			known = append(known, l.Name)
			if ok {
				l.Scale = s
				b.Layers[i] = l
				used++
			}
		case Dense:
			known = append(known, l.Name)
			if ok {
				l.Scale = s
				b.Layers[i] = l
				used++
			}
		}
	}
	if used == len(scales) {
		return b, nil
	}
	for _, name := range sortedKeys(scales) {
		if !contains(known, name) {
			return nil, unknownLayer(name, known)
		}
	}
	return b, nil
}

type archJSON struct {
	Name   string
	Input  Input
	Layers []layerJSON
}

type layerJSON struct {
	Kind string
	Spec json.RawMessage
}

// MarshalJSON writes the architecture with the kind of each layer.
func (a *Arch) MarshalJSON() ([]byte, error) {
	out := archJSON{Name: a.Name, Input: a.Input, Layers: []layerJSON{}}
	for i, l := range a.Layers {
		if l == nil {
			return nil, fmt.Errorf("nn: layer %d of %s is nil", i, a.Name)
		}
		spec, err := json.Marshal(l)
		if err != nil {
			return nil, fmt.Errorf("nn: layer %q: %w", l.name(), err)
		}
		out.Layers = append(out.Layers, layerJSON{l.kind(), spec})
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote and checks it.
func (a *Arch) UnmarshalJSON(b []byte) error {
	var in archJSON
	if err := strict(b, &in); err != nil {
		return fmt.Errorf("nn: architecture: %w", err)
	}
	out := Arch{Name: in.Name, Input: in.Input}
	for i, l := range in.Layers {
		var layer Layer
		var err error
		switch l.Kind {
		case "conv":
			var c Conv
			err = strict(l.Spec, &c)
			layer = c
		case "maxpool":
			var p MaxPool
			err = strict(l.Spec, &p)
			layer = p
		case "dense":
			var d Dense
			err = strict(l.Spec, &d)
			layer = d
		case "dropout":
			var d Dropout
			err = strict(l.Spec, &d)
			layer = d
		default:
			err = fmt.Errorf("kind %q (valid: conv, maxpool, dense, dropout)", l.Kind)
		}
		if err != nil {
			return fmt.Errorf("nn: architecture %q: layer %d: %w", in.Name, i, err)
		}
		out.Layers = append(out.Layers, layer)
	}
	if err := out.Check(); err != nil {
		return err
	}
	*a = out
	return nil
}

// strict decodes JSON that must not hold unknown fields.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// layerNames returns the names of all layers, in order.
func (a *Arch) layerNames() []string {
	names := make([]string, len(a.Layers))
	for i, l := range a.Layers {
		names[i] = l.name()
	}
	return names
}

func contains(list []string, s string) bool {
	for _, v := range list {
		if v == s {
			return true
		}
	}
	return false
}

// title names the architecture in tables.
func (a *Arch) title() string {
	return strings.TrimSpace(a.Name + ", input " + shape3(a.Input.Shape))
}

package nn

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math"
	"strings"
)

// Input says what a net is given and how a picture's bytes become numbers:
//
//	x' = Scale · (x/255 − mean) / deviation
//
// where mean is the picture's own mean of that channel if MeanOfImage, else Mean, or 0
// without one.
type Input struct {
	Shape       [3]int  // height, width, channels
	Scale       float32 // 0 means 1
	MeanOfImage bool    // subtract the picture's own mean, channel by channel

	// Mean is what was subtracted when the net was trained, in [0, 1]: a value for each channel
	// or for each value of a picture (height × width × channels). Deviation is what each channel
	// is divided by; nil means 1. Both belong to nets from elsewhere (lib/weights).
	Mean      []float32 `json:",omitempty"`
	Deviation []float32 `json:",omitempty"`
}

// check says why no picture can be prepared like this.
func (in Input) check() error {
	s := in.Shape
	if min(s[0], s[1], s[2]) < 1 || max(s[0], s[1], s[2]) > maxSide {
		return fmt.Errorf("input shape %s (valid: height, width, channels of 1..%d)", shape3(s), maxSide)
	}
	finite := func(v float32) bool { return !math.IsNaN(float64(v)) && !math.IsInf(float64(v), 0) }
	if !finite(in.Scale) {
		return fmt.Errorf("input scale is %v", in.Scale)
	}
	if n := len(in.Mean); n > 0 && n != s[2] && int64(n) != size64(s) {
		return fmt.Errorf("input mean of %d values (valid: %d, one for each channel, or %s = %d)", n, s[2], shape3(s), size64(s))
	}
	if len(in.Mean) > 0 && in.MeanOfImage {
		return fmt.Errorf("input has both Mean and MeanOfImage")
	}
	if n := len(in.Deviation); n > 0 && n != s[2] {
		return fmt.Errorf("input deviation of %d values (valid: %d, one for each channel)", n, s[2])
	}
	for i, v := range in.Mean {
		if !finite(v) {
			return fmt.Errorf("input mean: value %d is %v", i, v)
		}
	}
	for i, v := range in.Deviation {
		if !finite(v) || v == 0 {
			return fmt.Errorf("input deviation: value %d is %v (valid: not 0)", i, v)
		}
	}
	return nil
}

// Arch is an architecture: what a net is made of, without its parameters. Layers holds
// values of the types that [Layer] lists, never pointers. An Arch that nets were made from
// must not be changed.
type Arch struct {
	Name   string
	Input  Input
	Layers []Layer
}

// Sequential returns an architecture of the given layers, one after the other. A layer
// without a name gets one: conv1, conv2, ... and, in the same count, fc6, fc7, ...; poolings,
// normalisations and activations have the number of the convolution before them, dropouts
// and residual blocks a count of their own; a second one is norm1b. Whether shapes fit is told by [Arch.Check].
func Sequential(name string, input Input, layers ...Layer) *Arch {
	return &Arch{Name: name, Input: input, Layers: autoNames(name, layers)}
}

// autoNames returns the layers with names for those that have none.
func autoNames(owner string, layers []Layer) []Layer {
	if len(layers) == 0 {
		return nil
	}
	out := make([]Layer, len(layers))
	weighted, drops, blocks, subs := 0, 0, 0, 0
	used := map[string]bool{}
	for i, l := range layers {
		auto := ""
		switch l := l.(type) {
		case Conv:
			weighted++
			auto = fmt.Sprint("conv", weighted)
		case Dense:
			weighted++
			auto = fmt.Sprint("fc", weighted)
		case MaxPool, AvgPool, GlobalAvgPool:
			auto = fmt.Sprint("pool", weighted)
		case LRN:
			auto = fmt.Sprint("norm", weighted)
		case BatchNorm:
			auto = fmt.Sprint("bn", weighted)
		case Activation:
			auto = fmt.Sprint(l.function(), weighted)
		case Dropout:
			drops++
			auto = fmt.Sprint("drop", drops)
		case Residual:
			blocks++
			auto = fmt.Sprint("res", blocks)
		case Subsample:
			subs++
			auto = fmt.Sprint("subsample", subs)
		case nil:
			panic(fmt.Sprintf("nn: layer %d of %d of %s is nil", i, len(layers), owner))
		}
		if l.name() == "" {
			name := auto
			for next := 'b'; used[name] && next <= 'z'; next++ {
				name = auto + string(next)
			}
			l = l.named(name)
		}
		used[l.name()] = true
		if r, ok := l.(Residual); ok {
			r.Layers, r.Shortcut = autoNames(r.Name, r.Layers), autoNames(r.Name, r.Shortcut)
			l = r
		}
		out[i] = l
	}
	return out
}

// Check says why no net can be made of the architecture, naming the layer and the shapes
// that do not fit; nil if one can. The last layer must be a [Dense]: its outputs are the
// logits of the classes.
func (a *Arch) Check() error {
	_, err := a.steps()
	return err
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
	if len(a.Input.Mean) > 0 || len(a.Input.Deviation) > 0 {
		a.Input.prepare(dst, pixels, scale)
		return
	}
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

// prepare is Prepare with a mean or a deviation of the input.
func (in Input) prepare(dst []float32, pixels []uint8, scale float32) {
	c := in.Shape[2]
	factor, offset := make([]float32, c), make([]float32, c) // of a channel
	for k := range c {
		factor[k] = scale
		if len(in.Deviation) > 0 {
			factor[k] /= in.Deviation[k]
		}
		switch {
		case in.MeanOfImage:
			sum := 0
			for i := k; i < len(pixels); i += c {
				sum += int(pixels[i])
			}
			offset[k] = float32(float64(sum) / float64(len(pixels)/c))
		case len(in.Mean) == c:
			offset[k] = 255 * in.Mean[k]
		}
	}
	if len(in.Mean) > c {
		for i := 0; i < len(pixels); i += c {
			for k := range c {
				dst[i+k] = factor[k] * (float32(pixels[i+k]) - 255*in.Mean[i+k])
			}
		}
		return
	}
	for i := 0; i < len(pixels); i += c {
		for k := range c {
			dst[i+k] = factor[k] * (float32(pixels[i+k]) - offset[k])
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
	b := &Arch{Name: a.Name, Input: a.Input}
	var known []string
	used := 0
	var scaled func(prefix string, layers []Layer) []Layer
	scaled = func(prefix string, layers []Layer) []Layer {
		out := append([]Layer(nil), layers...)
		for i, l := range out {
			name := prefix + l.name()
			s, ok := scales[name]
			switch l := l.(type) {
			case Conv:
				known = append(known, name)
				if ok {
					l.Scale = s
					out[i] = l
					used++
				}
			case Dense:
				known = append(known, name)
				if ok {
					l.Scale = s
					out[i] = l
					used++
				}
			case Residual:
				l.Layers, l.Shortcut = scaled(name+"/", l.Layers), scaled(name+"/shortcut/", l.Shortcut)
				out[i] = l
			}
		}
		return out
	}
	b.Layers = scaled("", a.Layers)
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
	out := archJSON{Name: a.Name, Input: a.Input}
	var err error
	if out.Layers, err = encodeLayers(a.Name, a.Layers); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

func encodeLayers(owner string, layers []Layer) ([]layerJSON, error) {
	out := []layerJSON{}
	for i, l := range layers {
		if l == nil {
			return nil, fmt.Errorf("nn: layer %d of %s is nil", i, owner)
		}
		spec, err := json.Marshal(l)
		if err != nil {
			return nil, fmt.Errorf("nn: layer %q: %w", l.name(), err)
		}
		out = append(out, layerJSON{l.kind(), spec})
	}
	return out, nil
}

// UnmarshalJSON reads what MarshalJSON wrote and checks it.
func (a *Arch) UnmarshalJSON(b []byte) error {
	var in archJSON
	if err := strict(b, &in); err != nil {
		return fmt.Errorf("nn: architecture: %w", err)
	}
	out := Arch{Name: in.Name, Input: in.Input}
	var err error
	if out.Layers, err = decodeLayers(in.Layers); err != nil {
		return fmt.Errorf("nn: architecture %q: %w", in.Name, err)
	}
	if err := out.Check(); err != nil {
		return err
	}
	*a = out
	return nil
}

func decodeLayers(specs []layerJSON) ([]Layer, error) {
	var out []Layer
	for i, l := range specs {
		layer, err := decodeLayer(l)
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		out = append(out, layer)
	}
	return out, nil
}

func decodeLayer(l layerJSON) (Layer, error) {
	switch l.Kind {
	case "conv":
		return specOf[Conv](l.Spec)
	case "maxpool":
		return specOf[MaxPool](l.Spec)
	case "avgpool":
		return specOf[AvgPool](l.Spec)
	case "globalavgpool":
		return specOf[GlobalAvgPool](l.Spec)
	case "dense":
		return specOf[Dense](l.Spec)
	case "dropout":
		return specOf[Dropout](l.Spec)
	case "activation":
		return specOf[Activation](l.Spec)
	case "lrn":
		return specOf[LRN](l.Spec)
	case "batchnorm":
		return specOf[BatchNorm](l.Spec)
	case "residual":
		return specOf[Residual](l.Spec)
	case "subsample":
		return specOf[Subsample](l.Spec)
	}
	return nil, fmt.Errorf("kind %q (valid: conv, maxpool, avgpool, globalavgpool, dense, dropout, activation, lrn, batchnorm, residual, subsample)", l.Kind)
}

func specOf[T Layer](spec json.RawMessage) (Layer, error) {
	var l T
	err := strict(spec, &l)
	return l, err
}

// strict decodes JSON that must not hold unknown fields.
func strict(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// layerNames returns the names of all layers in the order of their computation, those
// inside blocks included.
func (a *Arch) layerNames() []string {
	steps, _ := a.steps() // none where Check fails
	return stepNames(steps)
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

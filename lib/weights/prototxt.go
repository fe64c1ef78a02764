package weights

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"gonverge/lib/nn"
)

// protoStage is a layer of a prototxt that takes part in the test phase.
type protoStage struct {
	name, op string
	in, out  []string
	at       place
	body     *textMessage
}

// protoNet is what a prototxt says.
type protoNet struct {
	reader *textReader // for errors with a place
	name   string
	shape  [3]int // of the pictures; what is not said is 0
	stages []protoStage
	input  string // blob of the pictures

	transformed bool // a layer of data says how pictures are prepared
	scale       float64
	means       []float64
	meanFile    string
}

// Architecture reads the architecture of a Caffe net from its prototxt (deploy or train_val; the
// test phase counts), in the current or the V1 form. ReLU, TanH and Sigmoid become part of the
// layer before them, a BatchNorm and its Scale one layer, and an Eltwise sum with the two ways
// to it a residual block; data, loss and accuracy layers are left out. A ReLU behind the maximum
// pooling of a convolution is moved before it, which changes nothing. Layers that lib/nn does not
// have are errors with line and column, as are a text that is damaged and pictures whose size
// the file does not say.
func Architecture(prototxt string) (*nn.Arch, error) {
	c, err := readPrototxt(prototxt)
	if err != nil {
		return nil, err
	}
	layers, err := c.layers()
	if err != nil {
		return nil, err
	}
	if c.shape[0] == 0 || c.shape[2] == 0 {
		return nil, fmt.Errorf("weights: %s: found no size of the pictures, expected input_shape, input_dim, or crop_size", prototxt)
	}
	a := nn.Sequential(c.name, c.trained(), layers...)
	if err := a.Check(); err != nil {
		return nil, fmt.Errorf("weights: %s: %w", prototxt, err)
	}
	return a, nil
}

// trained is the preparation of a net that is yet to be trained: means lie in other files.
func (c *protoNet) trained() nn.Input {
	return nn.Input{Shape: c.shape, Scale: float32(255 * c.scale), MeanOfImage: c.meanFile != "" || len(c.means) > 0}
}

// Load opens a net of Caffe: its architecture from a prototxt, see [Architecture], its
// parameters from a .caffemodel or .caffemodel.h5, or from any other file that [Read] opens.
//
//	net, err := weights.Load("lenet_train_test.prototxt", "lenet_iter_10000.caffemodel")
//
// Pictures are prepared as the prototxt says (transform_param: scale, mean_value, mean_file, which
// is looked for by its name in the folders of both files and above them); a deploy.prototxt does not, and
// then the mean is found as by [LoadAll]; grey pictures are then given as x/256, as Caffe's LeNet
// has them. If the prototxt says no size, it is found from the weights.
func Load(prototxt, file string) (*nn.Net, error) {
	c, err := readPrototxt(prototxt)
	if err != nil {
		return nil, err
	}
	layers, err := c.layers()
	if err != nil {
		return nil, err
	}
	f, err := Read(file)
	if err != nil {
		return nil, err
	}
	m, err := fit(f, func(shape [3]int, _ int) *nn.Arch {
		for i, s := range c.shape {
			if s != 0 {
				shape[i] = s
			}
		}
		return nn.Sequential(c.name, nn.Input{Shape: shape, Scale: 255, MeanOfImage: true}, layers...)
	})
	if err != nil {
		return nil, err
	}
	return finish(m, func() (nn.Input, string, error) { return c.preparation(f, m) })
}

// preparation returns how pictures are prepared for a net from the prototxt.
func (c *protoNet) preparation(f *File, m *mapping) (nn.Input, string, error) {
	in := m.arch.Input
	if !c.transformed {
		if in.Shape[2] == 1 {
			in.Scale, in.MeanOfImage = 255./256, false
			return in, "", nil
		}
		return preparation(f, m.arch)
	}
	in.Scale, in.MeanOfImage = float32(255*c.scale), false
	channels := in.Shape[2]
	switch {
	case len(c.means) == 1 || len(c.means) == channels && channels > 0:
		for k := range channels {
			from := k
			if m.bgr {
				from = channels - 1 - k
			}
			in.Mean = append(in.Mean, float32(c.means[min(from, len(c.means)-1)]/255))
		}
		return in, "", nil
	case len(c.means) > 0:
		return in, "", fmt.Errorf("weights: %s: found %d mean_value for pictures of %d channels", c.reader.path, len(c.means), channels)
	case c.meanFile == "":
		return in, "", nil
	}
	name := filepath.Base(filepath.FromSlash(c.meanFile))
	for _, p := range []string{c.reader.path, f.Path} {
		for _, up := range []string{"", ".."} {
			path := filepath.Join(filepath.Dir(p), up, name)
			if _, err := os.Stat(path); err != nil {
				continue // looked for elsewhere
			}
			mf, err := Read(path)
			if err != nil {
				return in, "", err
			}
			if in.Mean, _ = meanOf(&mf.Tensors[0], in.Shape, m.bgr); in.Mean == nil {
				return in, "", fmt.Errorf("weights: %s: found a mean picture of %s, expected %d × %d × %d or up to a quarter more",
					path, shapeText(mf.Tensors[0].Shape), channels, in.Shape[0], in.Shape[1])
			}
			return in, "mean " + name, nil
		}
	}
	scale := in.Scale
	in, note, err := preparation(f, m.arch)
	in.Scale = scale
	return in, note, err
}

// readPrototxt reads a prototxt up to its layers.
func readPrototxt(path string) (*protoNet, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxPrototxt {
		return nil, fmt.Errorf("weights: %s: %d bytes, expected a text file of up to %d", path, info.Size(), maxPrototxt)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return decodePrototxt(path, string(text))
}

func decodePrototxt(path, text string) (*protoNet, error) {
	root, err := parseText(path, text)
	if err != nil {
		return nil, err
	}
	c := &protoNet{reader: &textReader{path: path}, scale: 1}
	c.name = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	if f := root.get("name"); f != nil && f.value != "" {
		c.name = f.value
	}
	if f := root.get("input"); f != nil {
		c.input = f.value
	}
	if err := c.sizes(root.all("input_dim"), root.get("input_shape")); err != nil {
		return nil, err
	}
	for _, f := range root.all("layer", "layers") {
		if f.body == nil {
			return nil, c.bad(f.at, "%s is %q, expected a message in braces", f.name, f.value)
		}
		if err := c.layer(f); err != nil {
			return nil, err
		}
	}
	if len(c.stages) == 0 {
		return nil, c.bad(place{1, 1}, "found no layers for the test phase, expected layer { ... }")
	}
	return c, nil
}

func (c *protoNet) bad(at place, format string, args ...any) error {
	return c.reader.bad(at, format, args...)
}

// sizes takes the size of the pictures from input_dim or a shape: pictures, channels, height,
// width.
func (c *protoNet) sizes(dims []*textField, shape *textField) error {
	if len(dims) == 0 && shape != nil && shape.body != nil {
		dims = shape.body.all("dim")
	}
	if len(dims) == 0 {
		return nil
	}
	if len(dims) != 4 {
		return c.bad(dims[0].at, "an input of %d sizes, expected 4: pictures, channels, height, width", len(dims))
	}
	for i, axis := range []int{2, 0, 1} {
		v, err := c.whole(dims[i+1], 1, 1<<16)
		if err != nil {
			return err
		}
		c.shape[axis] = v
	}
	return nil
}

// whole returns a whole number within bounds.
func (c *protoNet) whole(f *textField, low, high int) (int, error) {
	v, err := c.reader.number(f, nil)
	if err != nil {
		return 0, err
	}
	if v != math.Trunc(v) || v < float64(low) || v > float64(high) {
		return 0, c.bad(f.at, "%s is %v, expected a whole number of %d to %d", f.name, v, low, high)
	}
	return int(v), nil
}

// Layers that do not take part in computing the logits.
var caffeLeftOut = []string{"Accuracy", "ArgMax", "EuclideanLoss", "HingeLoss", "InfogainLoss", "MultinomialLogisticLoss",
	"SigmoidCrossEntropyLoss", "Silence", "Softmax", "SoftmaxWithLoss", "HDF5Output"}

// Layers that bring the pictures.
var caffeSources = []string{"Data", "DummyData", "HDF5Data", "ImageData", "Input", "MemoryData", "WindowData"}

// layer takes a layer in, if it belongs to the test phase.
func (c *protoNet) layer(f *textField) error {
	s := protoStage{at: f.at, body: f.body}
	for _, g := range f.body.fields {
		switch g.name {
		case "name":
			s.name = g.value
		case "type":
			s.op, s.at = g.value, g.at
		case "bottom":
			s.in = append(s.in, g.value)
		case "top":
			s.out = append(s.out, g.value)
		}
	}
	if f.name == "layers" { // V1: enumerations in capitals
		op := s.op
		s.op = ""
		for _, name := range caffeV1Kinds {
			if strings.EqualFold(strings.ReplaceAll(op, "_", ""), name) {
				s.op = name
			}
		}
		switch op {
		case "SOFTMAX_LOSS":
			s.op = "SoftmaxWithLoss"
		case "IMAGE_DATA":
			s.op = "ImageData"
		}
		if s.op == "" {
			return c.bad(s.at, "layer %q: type %q is none of the V1 form", s.name, op)
		}
	}
	if s.op == "" {
		return c.bad(f.at, "layer %q has no type", s.name)
	}
	in, err := c.included(f.body)
	if err != nil || !in {
		return err
	}
	if slices.Contains(caffeLeftOut, s.op) {
		return nil
	}
	if slices.Contains(caffeSources, s.op) {
		return c.data(s)
	}
	if len(s.in) == 0 || len(s.out) != 1 {
		return c.bad(s.at, "layer %q (%s) has %d bottoms and %d tops, expected one of each", s.name, s.op, len(s.in), len(s.out))
	}
	c.stages = append(c.stages, s)
	return nil
}

// included tells whether a layer's rules let it into the test phase, at level 0 and without
// stages.
func (c *protoNet) included(m *textMessage) (bool, error) {
	meets := func(rule *textField) (bool, error) {
		if rule.body == nil {
			return false, c.bad(rule.at, "%s is %q, expected a rule in braces", rule.name, rule.value)
		}
		for _, f := range rule.body.fields {
			switch f.name {
			case "phase":
				if f.value != "TRAIN" && f.value != "TEST" {
					return false, c.bad(f.at, "phase is %q, expected TRAIN or TEST", f.value)
				}
				if f.value != "TEST" {
					return false, nil
				}
			case "stage":
				return false, nil // none is set
			case "not_stage":
			case "min_level", "max_level":
				v, err := c.reader.number(&f, nil)
				if err != nil {
					return false, err
				}
				if f.name == "min_level" && v > 0 || f.name == "max_level" && v < 0 {
					return false, nil
				}
			default:
				return false, c.bad(f.at, "%s in a rule, expected phase, stage, not_stage, min_level or max_level", f.name)
			}
		}
		return true, nil
	}
	rules := m.all("include")
	for _, r := range rules {
		if ok, err := meets(r); err != nil || ok {
			return ok, err
		}
	}
	if len(rules) > 0 {
		return false, nil
	}
	for _, r := range m.all("exclude") {
		if ok, err := meets(r); err != nil || ok {
			return false, err
		}
	}
	return true, nil
}

// data takes in a layer that brings the pictures.
func (c *protoNet) data(s protoStage) error {
	if len(s.out) == 0 {
		return c.bad(s.at, "layer %q (%s) has no top", s.name, s.op)
	}
	if c.input != "" && c.input != s.out[0] {
		return nil // another source, such as that of labels
	}
	c.input = s.out[0]
	if p := s.body.get("input_param"); p != nil && p.body != nil {
		if err := c.sizes(nil, p.body.get("shape")); err != nil {
			return err
		}
	}
	if p := s.body.get("memory_data_param"); p != nil {
		for axis, name := range []string{"height", "width", "channels"} {
			if f := p.body.get(name); f != nil {
				v, err := c.whole(f, 1, 1<<16)
				if err != nil {
					return err
				}
				c.shape[axis] = v
			}
		}
	}
	// Old files have the settings of transform_param in those of the data.
	for _, name := range []string{"transform_param", "data_param", "image_data_param"} {
		p := s.body.get(name)
		if p == nil || p.body == nil {
			continue
		}
		c.transformed = true
		for _, f := range p.body.fields {
			var err error
			switch f.name {
			case "scale":
				c.scale, err = c.reader.number(&f, nil)
			case "mean_value":
				var v float64
				v, err = c.reader.number(&f, nil)
				c.means = append(c.means, v)
			case "mean_file":
				c.meanFile = f.value
			case "crop_size":
				var v int
				if v, err = c.whole(&f, 0, 1<<16); v > 0 {
					c.shape[0], c.shape[1] = v, v
				}
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

package weights

import (
	"fmt"
	"math"
)

// readBinaryproto reads a single BlobProto, as Caffe keeps the mean of its training pictures:
// 1 × channels × height × width.
func readBinaryproto(s *source) (*File, error) {
	m := s.message()
	t, _, err := caffeBlob(&m, "blob")
	if err != nil {
		return nil, err
	}
	t.Name = "mean"
	return &File{Tensors: []Tensor{*t}}, nil
}

// readCaffe reads a NetParameter: name 1, V1 layers 2, inputs 3, input sizes 4, input shapes
// 8, layers 100.
func readCaffe(s *source) (*File, error) {
	f := &File{Graph: &Graph{}}
	var dims []int64
	names := map[string]int{}
	m := s.message()
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return nil, err
		}
		switch fd.number {
		case 1:
			if f.Graph.Name, err = m.text(fd, "name of the net"); err != nil {
				return nil, err
			}
		case 2, 100:
			if err := m.want(fd, wireBytes, "layer"); err != nil {
				return nil, err
			}
			if err := caffeLayer(f, fd.body, fd.number == 2, names); err != nil {
				return nil, err
			}
		case 3:
			name, err := m.text(fd, "name of an input")
			if err != nil {
				return nil, err
			}
			f.Graph.Inputs = append(f.Graph.Inputs, Port{Name: name})
		case 4:
			if dims, err = m.integers(dims, fd, "input sizes"); err != nil {
				return nil, err
			}
		case 8:
			if err := m.want(fd, wireBytes, "shape of an input"); err != nil {
				return nil, err
			}
			shape, err := caffeShape(fd.body)
			if err != nil {
				return nil, err
			}
			for _, d := range shape {
				dims = append(dims, int64(d))
			}
		}
	}
	// Both forms of input sizes come in the order of the inputs, four to each.
	if n := len(f.Graph.Inputs); n > 0 && len(dims) == 4*n {
		for i := range f.Graph.Inputs {
			for _, d := range dims[4*i : 4*i+4] {
				f.Graph.Inputs[i].Shape = append(f.Graph.Inputs[i].Shape, int(d))
			}
		}
	}
	return f, nil
}

// caffeNumbers are the numbers of the fields of a layer that are read.
type caffeNumbers struct {
	bottom, top, name, kind, blobs int
	params                         map[int]caffeParam
}

// caffeParam is a message with a layer's settings: which are read, by number of field.
type caffeParam struct {
	names  map[int]string
	floats map[int]bool
}

var (
	caffeConvolution = caffeParam{names: map[int]string{1: "num_output", 2: "bias_term", 3: "pad", 4: "kernel_size", 5: "group", 6: "stride",
		9: "pad_h", 10: "pad_w", 11: "kernel_h", 12: "kernel_w", 13: "stride_h", 14: "stride_w", 18: "dilation"}}
	caffePooling = caffeParam{names: map[int]string{1: "pool", 2: "kernel_size", 3: "stride", 4: "pad", 5: "kernel_h", 6: "kernel_w",
		7: "stride_h", 8: "stride_w", 9: "pad_h", 10: "pad_w", 12: "global_pooling", 13: "round_mode"}}
	caffeInnerProduct = caffeParam{names: map[int]string{1: "num_output", 2: "bias_term", 5: "axis", 6: "transpose"}}
	caffeLRN          = caffeParam{names: map[int]string{1: "local_size", 2: "alpha", 3: "beta", 4: "norm_region", 5: "k"},
		floats: map[int]bool{2: true, 3: true, 5: true}}
	caffeReLU    = caffeParam{names: map[int]string{1: "negative_slope"}, floats: map[int]bool{1: true}}
	caffeDropout = caffeParam{names: map[int]string{1: "dropout_ratio"}, floats: map[int]bool{1: true}}

	caffeNew = caffeNumbers{3, 4, 1, 2, 7, map[int]caffeParam{106: caffeConvolution, 121: caffePooling, 117: caffeInnerProduct,
		118: caffeLRN, 123: caffeReLU, 108: caffeDropout}}
	caffeV1 = caffeNumbers{2, 3, 4, 5, 6, map[int]caffeParam{10: caffeConvolution, 19: caffePooling, 17: caffeInnerProduct,
		18: caffeLRN, 30: caffeReLU, 12: caffeDropout}}
)

// caffeV1Kinds are the kinds of layers in the V1 layout, by today's names.
var caffeV1Kinds = map[int64]string{
	1: "Accuracy", 2: "BNLL", 3: "Concat", 4: "Convolution", 5: "Data", 6: "Dropout", 7: "EuclideanLoss", 8: "Flatten",
	9: "HDF5Data", 10: "HDF5Output", 11: "Im2col", 12: "ImageData", 13: "InfogainLoss", 14: "InnerProduct", 15: "LRN",
	16: "MultinomialLogisticLoss", 17: "Pooling", 18: "ReLU", 19: "Sigmoid", 20: "Softmax", 21: "SoftmaxWithLoss",
	22: "Split", 23: "TanH", 24: "WindowData", 25: "Eltwise", 26: "Power", 27: "SigmoidCrossEntropyLoss", 28: "HingeLoss",
	29: "MemoryData", 30: "ArgMax", 31: "Threshold", 32: "DummyData", 33: "Slice", 34: "MVN", 35: "AbsVal", 36: "Silence",
	37: "ContrastiveLoss", 38: "Exp", 39: "Deconvolution",
}

// caffeLayer reads a layer: its place in the graph, its settings and its blobs. names counts
// the layers of each name, since nothing forbids two.
func caffeLayer(f *File, m message, v1 bool, names map[string]int) error {
	start := m.at
	number := &caffeNew
	if v1 {
		number = &caffeV1
	}
	var node Node
	var blobs []*Tensor
	var legacy []bool
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return err
		}
		switch fd.number {
		case number.name:
			node.Name, err = m.text(fd, "name of a layer")
		case number.bottom:
			err = m.texts(&node.Inputs, fd, "input of a layer")
		case number.top:
			err = m.texts(&node.Outputs, fd, "output of a layer")
		case number.kind:
			if !v1 {
				node.Op, err = m.text(fd, "type of a layer")
			} else if err = m.want(fd, wireVarint, "type of a layer"); err == nil {
				node.Op = caffeV1Kinds[int64(fd.value)]
				if node.Op == "" {
					node.Op = fmt.Sprintf("V1 type %d", fd.value)
				}
			}
		case number.blobs:
			if err = m.want(fd, wireBytes, "blob"); err != nil {
				return err
			}
			var t *Tensor
			var old bool
			t, old, err = caffeBlob(&fd.body, fmt.Sprintf("blob %d of layer %q", len(blobs), node.Name))
			blobs, legacy = append(blobs, t), append(legacy, old)
		case 1:
			// With the V1 numbers, since a name has the number 1 in the others.
			return m.s.bad(m.fieldsAt, "a layer in the V0 layout of 2013, want V1 or newer")
		default:
			if p, ok := number.params[fd.number]; ok {
				if err = m.want(fd, wireBytes, "settings of a layer"); err == nil {
					node.Attributes, err = caffeSettings(node.Attributes, fd.body, p)
				}
			}
		}
		if err != nil {
			return err
		}
	}
	if len(f.Graph.Nodes) == maxTensors {
		return m.s.bad(start, "more than %d layers", maxTensors)
	}
	f.Graph.Nodes = append(f.Graph.Nodes, node)
	if len(blobs) == 0 {
		return nil
	}
	names[node.Name]++
	if names[node.Name] > 1 {
		return m.s.bad(start, "a second layer %q with blobs", node.Name)
	}
	for i, t := range blobs {
		t.Name = fmt.Sprintf("%s/%d", node.Name, i)
		if legacy[i] {
			t.Shape = caffeLegacyShape(t.Shape, node.Op, i)
		}
		f.Tensors = append(f.Tensors, *t)
	}
	return nil
}

// texts appends a string field to a list.
func (m *message) texts(dst *[]string, f field, what string) error {
	s, err := m.text(f, what)
	*dst = append(*dst, s)
	return err
}

// caffeLegacyShape gives a blob that has four sizes, as all had once, the shape that it has
// today: 1 × 1 × 1 × units for a bias, 1 × 1 × units × inputs for a dense layer's weights.
func caffeLegacyShape(shape []int, op string, blob int) []int {
	switch {
	case blob > 0 && shape[0] == 1 && shape[1] == 1 && shape[2] == 1:
		return shape[3:]
	case op == "InnerProduct" && blob == 0 && shape[0] == 1 && shape[1] == 1:
		return shape[2:]
	}
	return shape
}

// caffeSettings appends a layer's settings as attributes.
func caffeSettings(attributes []Attribute, m message, p caffeParam) ([]Attribute, error) {
	at := map[string]int{} // sizes may be repeated, one for each axis
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return nil, err
		}
		name := p.names[fd.number]
		if name == "" {
			continue
		}
		i, ok := at[name]
		if !ok {
			i = len(attributes)
			at[name] = i
			attributes = append(attributes, Attribute{Name: name})
		}
		a := &attributes[i]
		if p.floats[fd.number] {
			a.Floats, err = m.floats(a.Floats, fd, name)
		} else {
			a.Ints, err = m.integers(a.Ints, fd, name)
		}
		if err != nil {
			return nil, err
		}
	}
	return attributes, nil
}

// caffeBlob reads a BlobProto: num, channels, height, width 1 to 4, data 5, shape 7, doubles
// 8. legacy tells that it has the four sizes instead of a shape.
func caffeBlob(m *message, what string) (t *Tensor, legacy bool, err error) {
	start := m.at
	t = &Tensor{Type: f32.name}
	var sizes [4]int
	var shape []int
	shaped := false
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return nil, false, err
		}
		switch fd.number {
		case 1, 2, 3, 4:
			if err := m.want(fd, wireVarint, what+": size"); err != nil {
				return nil, false, err
			}
			if fd.value > math.MaxInt32 {
				return nil, false, m.s.bad(m.fieldsAt, "%s: size %d", what, fd.value)
			}
			sizes[fd.number-1], legacy = int(fd.value), true
		case 5:
			t.Data, err = m.floats(t.Data, fd, what+": numbers")
		case 7:
			if err := m.want(fd, wireBytes, what+": shape"); err != nil {
				return nil, false, err
			}
			shape, err = caffeShape(fd.body)
			shaped = true
		case 8:
			t.Type = f64.name
			t.Data, err = m.doubles(t.Data, fd, what+": numbers")
		}
		if err != nil {
			return nil, false, err
		}
	}
	t.Shape = shape
	if shaped {
		legacy = false
	} else if legacy {
		t.Shape = append([]int(nil), sizes[:]...)
	}
	if t.Shape == nil {
		t.Shape = []int{}
	}
	n, err := m.s.count(start, t.Shape, what)
	if err != nil {
		return nil, false, err
	}
	if n != len(t.Data) {
		return nil, false, m.s.bad(start, "%s of shape %v has %d values, want %d", what, t.Shape, len(t.Data), n)
	}
	return t, legacy, nil
}

// caffeShape reads a BlobShape: sizes 1.
func caffeShape(m message) ([]int, error) {
	shape := []int{}
	for m.more() {
		fd, err := m.next()
		if err != nil {
			return nil, err
		}
		if fd.number != 1 {
			continue
		}
		sizes, err := m.integers(nil, fd, "shape")
		if err != nil {
			return nil, err
		}
		for _, d := range sizes {
			if d < 0 || d > math.MaxInt32 || len(shape) == maxRank {
				return nil, m.s.bad(m.fieldsAt, "shape %v, want at most %d sizes up to %d", sizes[:min(len(sizes), maxRank)], maxRank, math.MaxInt32)
			}
			shape = append(shape, int(d))
		}
	}
	return shape, nil
}

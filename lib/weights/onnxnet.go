package weights

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"gonverge/lib/nn"
)

// Open opens a file that holds a whole net: ONNX, or what nn.Encode wrote.
//
//	net, err := weights.Open("model.onnx")
//
// Of ONNX, float nets are read that are made of Conv, Gemm, MatMul with Add, Relu, LeakyRelu, Tanh,
// Sigmoid, MaxPool, AveragePool, GlobalAveragePool, BatchNormalization, LRN, Dropout, Flatten,
// Reshape before a dense layer, Transpose between NCHW and NHWC, Identity, and the Add of a residual
// block; a Softmax at the end is left out. Other operators are errors that name node and
// operator. Layers get the names conv1, conv2, ..., fc3, as nn.Sequential gives them. Pictures are
// given as x/255; those of a net with three channels that PyTorch exported less ImageNet's mean,
// by its deviation. Vectors of 784 and 3,072 values are taken for pictures of 28×28×1 and 32×32×3.
func Open(path string) (*nn.Net, error) {
	f, err := Read(path)
	if err != nil {
		return nil, err
	}
	switch f.Format {
	case "net":
		b, err := os.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("weights: %w", err)
		}
		return nn.Decode(b)
	case "ONNX":
		n, err := onnxNet(f)
		if err != nil {
			return nil, fmt.Errorf("weights: %s: %w", path, err)
		}
		return n, nil
	}
	return nil, fmt.Errorf("weights: %s: %s holds no architecture, expected ONNX or a net of this library; take LoadAll with one, or Load with a prototxt", path, f.Format)
}

// onnxParams are the parameters of a layer that is being built.
type onnxParams struct {
	of      map[string]*Tensor // by the names of nn.Param
	inUnits bool               // dense weights are units × inputs
	chw     bool               // the input was flattened channel by channel
}

// onnxBuilder follows the graph from its input.
type onnxBuilder struct {
	tensors map[string]*Tensor
	readers map[string][]*Node
	params  []*onnxParams // in the order of nn.Arch.Outline
	steps   int
}

// onnxState is how a value's axes stand.
type onnxState struct {
	value string
	last  bool // channels last: NHWC
}

func onnxNet(f *File) (*nn.Net, error) {
	b := &onnxBuilder{tensors: map[string]*Tensor{}, readers: map[string][]*Node{}}
	for i := range f.Tensors {
		b.tensors[f.Tensors[i].Name] = &f.Tensors[i]
	}
	for i := range f.Graph.Nodes {
		n := &f.Graph.Nodes[i]
		if n.Op == "Constant" && len(n.Outputs) == 1 {
			if a := n.Attribute("value"); a != nil && a.Tensor != nil {
				b.tensors[n.Outputs[0]] = a.Tensor
			}
			continue
		}
		for _, in := range n.Inputs {
			if !slices.Contains(b.readers[in], n) {
				b.readers[in] = append(b.readers[in], n)
			}
		}
	}
	input, shape, last, err := b.input(f.Graph)
	if err != nil {
		return nil, err
	}
	layers, end, err := b.chain(onnxState{input, last}, nil, 0)
	if err != nil {
		return nil, err
	}
	if end != nil {
		return nil, fmt.Errorf("node %q: Add joins ways that do not begin at one node", end.Name)
	}
	in := nn.Input{Shape: shape}
	if strings.HasPrefix(f.Metadata["producer_name"], "pytorch") && shape[2] == 3 {
		in.Mean, in.Deviation = torchMean, torchScale
	}
	name := f.Graph.Name
	if name == "" {
		name = "ONNX net"
	}
	arch := nn.Sequential(name, in, layers...)
	if err := arch.Check(); err != nil {
		return nil, err
	}
	return b.net(f, arch)
}

// input returns the graph's input that is no initialiser, and the pictures that it takes.
func (b *onnxBuilder) input(g *Graph) (name string, shape [3]int, last bool, err error) {
	var port *Port
	for i := range g.Inputs {
		if p := &g.Inputs[i]; b.tensors[p.Name] == nil {
			if port != nil {
				return "", shape, false, fmt.Errorf("found inputs %q and %q, expected one", port.Name, p.Name)
			}
			port = p
		}
	}
	if port == nil {
		return "", shape, false, fmt.Errorf("found no input")
	}
	s := port.Shape
	if len(s) == 2 {
		switch s[1] {
		case 784:
			return port.Name, [3]int{28, 28, 1}, false, nil
		case 3072:
			return port.Name, [3]int{32, 32, 3}, false, nil
		}
		s = []int{s[0], s[1], 1, 1}
	}
	if len(s) != 4 || min(s[1], s[2], s[3]) < 1 {
		return "", shape, false, fmt.Errorf("input %q of shape %v, expected pictures × channels × height × width with sizes that are said", port.Name, s)
	}
	for _, n := range b.readers[port.Name] {
		if a := n.Attribute("perm"); n.Op == "Transpose" && a != nil && slices.Equal(a.Ints, []int64{0, 3, 1, 2}) {
			return port.Name, [3]int{s[1], s[2], s[3]}, true, nil
		}
	}
	return port.Name, [3]int{s[2], s[3], s[1]}, false, nil
}

// chain follows a value to the end of the net, or to the Add of two ways, which it returns. It
// begins with a node if there is one.
func (b *onnxBuilder) chain(at onnxState, node *Node, depth int) (layers []nn.Layer, end *Node, err error) {
	for {
		if b.steps++; b.steps > 1<<16 || depth > maxNesting {
			return nil, nil, fmt.Errorf("the graph goes in circles or has ways within ways, deeper than %d", maxNesting)
		}
		if node == nil {
			switch next := b.readers[at.value]; len(next) {
			case 0:
				return layers, nil, nil
			case 1:
				node = next[0]
			case 2:
				var block nn.Layer
				if block, at, err = b.block(at, next, depth); err != nil {
					return nil, nil, err
				}
				layers = append(layers, block)
				continue
			default:
				return nil, nil, fmt.Errorf("node %q is the third that reads %q, expected at most two ways", next[2].Name, at.value)
			}
		}
		if node.Op == "Add" && b.constant(node) == nil {
			return layers, node, nil
		}
		if len(node.Outputs) == 0 {
			return nil, nil, fmt.Errorf("node %q (%s) has no output", node.Name, node.Op)
		}
		l, err := b.layer(node, &at, layers)
		if err != nil {
			return nil, nil, fmt.Errorf("node %q (%s): %w", node.Name, node.Op, err)
		}
		layers = behindLayer(layers, l)
		at.value, node = node.Outputs[0], nil
	}
}

// block returns the residual block that two nodes begin, and where it ends.
func (b *onnxBuilder) block(at onnxState, next []*Node, depth int) (nn.Layer, onnxState, error) {
	before := len(b.params)
	one, endOne, err := b.chain(at, next[0], depth+1)
	if err != nil {
		return nil, at, err
	}
	between := len(b.params)
	two, endTwo, err := b.chain(at, next[1], depth+1)
	if err != nil {
		return nil, at, err
	}
	if endOne == nil || endOne != endTwo || len(endOne.Outputs) == 0 {
		return nil, at, fmt.Errorf("node %q begins a second way from %q, expected both ways to meet in one Add", next[1].Name, at.value)
	}
	if len(one) < len(two) {
		one, two = two, one
		b.params = slices.Concat(b.params[:before:before], b.params[between:], b.params[before:between])
	}
	return nn.Residual{Layers: one, Shortcut: two, Linear: true}, onnxState{endOne.Outputs[0], at.last}, nil
}

// constant returns the tensor among a node's inputs, nil if there is none.
func (b *onnxBuilder) constant(n *Node) *Tensor {
	for _, in := range n.Inputs {
		if t := b.tensors[in]; t != nil {
			return t
		}
	}
	return nil
}

// tensor returns an input that must be a tensor of the file; nil if the node has not so many.
func (b *onnxBuilder) tensor(n *Node, i int, rank int) (*Tensor, error) {
	if i >= len(n.Inputs) || n.Inputs[i] == "" {
		return nil, nil
	}
	t := b.tensors[n.Inputs[i]]
	if t == nil {
		return nil, fmt.Errorf("input %d (%q) is computed, expected a tensor of the file", i, n.Inputs[i])
	}
	if len(t.Shape) != rank {
		return nil, fmt.Errorf("tensor %q of shape %v, expected %d axes", t.Name, t.Shape, rank)
	}
	return t, nil
}

// layer returns the layer of a node, nil if it does nothing here.
func (b *onnxBuilder) layer(n *Node, at *onnxState, before []nn.Layer) (nn.Layer, error) {
	whole := func(name string, otherwise int64) int64 {
		if a := n.Attribute(name); a != nil && len(a.Ints) > 0 {
			return a.Ints[0]
		}
		return otherwise
	}
	number := func(name string, otherwise float64) float64 {
		if a := n.Attribute(name); a != nil && len(a.Floats) > 0 {
			return float64(a.Floats[0])
		}
		return otherwise
	}
	switch n.Op {
	case "Identity", "Softmax", "LogSoftmax", "Flatten", "Reshape", "Squeeze":
		return nil, nil
	case "Dropout":
		return nn.Dropout{Rate: number("ratio", 0.5)}, nil
	case "Transpose":
		a := n.Attribute("perm")
		switch {
		case a != nil && slices.Equal(a.Ints, []int64{0, 3, 1, 2}) && at.last, a != nil && slices.Equal(a.Ints, []int64{0, 2, 3, 1}) && !at.last:
			at.last = !at.last
			return nil, nil
		}
		return nil, fmt.Errorf("expected a change between NCHW and NHWC")
	case "Relu":
		return nn.Activation{Function: nn.ReLU}, nil
	case "Tanh":
		return nn.Activation{Function: nn.Tanh}, nil
	case "Sigmoid":
		return nn.Activation{Function: nn.Sigmoid}, nil
	case "LeakyRelu":
		a := nn.Activation{Function: nn.LeakyReLU, Slope: number("alpha", 0.01)}
		if float32(a.Slope) == 0.01 {
			a.Slope = 0.01 // as written, not as a float32 has it
		}
		return a, nil
	case "LRN":
		return nn.LRN{Size: int(whole("size", 0)), Alpha: number("alpha", 1e-4), Beta: number("beta", 0.75), K: number("bias", 1)}, nil
	case "GlobalAveragePool":
		return nn.GlobalAvgPool{}, nil
	case "MaxPool", "AveragePool":
		w, err := onnxWindow(n)
		if err != nil {
			return nil, err
		}
		if n.Op == "MaxPool" {
			return nn.MaxPool{Size: w.size, Stride: w.stride, Pad: w.pad, Floor: !w.ceil}, nil
		}
		return nn.AvgPool{Size: w.size, Stride: w.stride, Pad: w.pad, Floor: !w.ceil, Inside: whole("count_include_pad", 0) == 0}, nil
	case "BatchNormalization":
		p := &onnxParams{of: map[string]*Tensor{}}
		for i, name := range []string{"scale", "bias", "mean", "variance"} {
			t, err := b.tensor(n, i+1, 1)
			if err != nil {
				return nil, err
			}
			if t == nil {
				return nil, fmt.Errorf("%d inputs, expected 5", len(n.Inputs))
			}
			p.of[name] = t
		}
		b.params = append(b.params, p)
		return nn.BatchNorm{Epsilon: number("epsilon", 1e-5)}, nil
	case "Conv":
		return b.conv(n, int(whole("group", 1)))
	case "Gemm":
		if number("alpha", 1) != 1 || number("beta", 1) != 1 || whole("transA", 0) != 0 {
			return nil, fmt.Errorf("alpha %v, beta %v, transA %d, expected 1, 1, 0", number("alpha", 1), number("beta", 1), whole("transA", 0))
		}
		return b.dense(n, *at, whole("transB", 0) == 1)
	case "MatMul":
		return b.dense(n, *at, false)
	case "Add": // of a tensor: the bias of the layer before it
		t := b.constant(n)
		if d := len(before) - 1; d >= 0 && len(t.Shape) == 1 {
			if l, ok := before[d].(nn.Dense); ok && l.Linear && b.params[len(b.params)-1].of["bias"] == nil {
				b.params[len(b.params)-1].of["bias"] = t
				return nil, nil
			}
		}
		return nil, fmt.Errorf("of tensor %q of shape %v, expected the bias of a MatMul", t.Name, t.Shape)
	}
	return nil, fmt.Errorf("is no operator of this library; see weights.Open for those that are")
}

func (b *onnxBuilder) conv(n *Node, groups int) (nn.Layer, error) {
	w, err := b.tensor(n, 1, 4)
	if err != nil {
		return nil, err
	}
	bias, err := b.tensor(n, 2, 1)
	if err != nil {
		return nil, err
	}
	if w == nil || w.Shape[2] != w.Shape[3] {
		return nil, fmt.Errorf("expected square filters of four axes")
	}
	if n.Attribute("kernel_shape") == nil {
		n.Attributes = append(n.Attributes, Attribute{Name: "kernel_shape", Ints: []int64{int64(w.Shape[2]), int64(w.Shape[3])}})
	}
	win, err := onnxWindow(n)
	if err != nil {
		return nil, err
	}
	b.params = append(b.params, &onnxParams{of: map[string]*Tensor{"weight": w, "bias": bias}})
	l := nn.Conv{Units: w.Shape[0], Kernel: win.size, Stride: win.stride, Pad: win.pad, Dilation: win.dilation, Groups: groups, Linear: true, NoBias: bias == nil}
	return l, nil
}

func (b *onnxBuilder) dense(n *Node, at onnxState, inUnits bool) (nn.Layer, error) {
	w, err := b.tensor(n, 1, 2)
	if err != nil {
		return nil, err
	}
	if w == nil {
		return nil, fmt.Errorf("%d inputs, expected weights", len(n.Inputs))
	}
	p := &onnxParams{of: map[string]*Tensor{"weight": w}, inUnits: inUnits, chw: !at.last}
	if n.Op == "Gemm" {
		if p.of["bias"], err = b.tensor(n, 2, 1); err != nil {
			return nil, err
		}
	}
	b.params = append(b.params, p)
	units := w.Shape[1]
	if inUnits {
		units = w.Shape[0]
	}
	return nn.Dense{Units: units, Linear: true}, nil
}

// window is the geometry of a convolution or pooling.
type window struct {
	size, stride, pad, dilation int
	ceil                        bool
}

func onnxWindow(n *Node) (window, error) {
	w := window{stride: 1, dilation: 1}
	var pads int
	for _, s := range []struct {
		name string
		to   *int
	}{{"kernel_shape", &w.size}, {"strides", &w.stride}, {"dilations", &w.dilation}, {"pads", &pads}} {
		a := n.Attribute(s.name)
		if a == nil {
			continue
		}
		for _, v := range a.Ints {
			if v != a.Ints[0] || v < 0 || v > 1<<16 {
				return w, fmt.Errorf("%s %v, expected the same for rows and columns and both sides", s.name, a.Ints)
			}
			*s.to = int(v)
		}
	}
	w.pad = pads
	if a := n.Attribute("ceil_mode"); a != nil && len(a.Ints) > 0 {
		w.ceil = a.Ints[0] == 1
	}
	a := n.Attribute("auto_pad")
	if a == nil || len(a.Texts) == 0 {
		return w, nil
	}
	switch mode := a.Texts[0]; {
	case mode == "NOTSET":
	case mode == "VALID":
		w.pad = 0
	case strings.HasPrefix(mode, "SAME") && w.stride == 1 && w.size%2 == 1:
		w.pad = w.dilation * (w.size - 1) / 2
	case mode == "SAME_UPPER" && n.Op == "MaxPool" && w.size == 2 && w.stride == 2:
		w.pad, w.ceil = 0, true // one row more at the end, where windows are clipped here
	default:
		return w, fmt.Errorf("auto_pad %s of windows of %d, stride %d, expected sizes that need the same border on both sides", mode, w.size, w.stride)
	}
	return w, nil
}

// net fills a net of the architecture with what was found on the way.
func (b *onnxBuilder) net(f *File, arch *nn.Arch) (*nn.Net, error) {
	outline, err := arch.Outline()
	if err != nil {
		return nil, err
	}
	own := &File{Path: f.Path, Format: "net"}
	at, layer := -1, ""
	for _, p := range outline {
		if p.Layer != layer {
			at, layer = at+1, p.Layer
		}
		if at >= len(b.params) {
			return nil, fmt.Errorf("found parameters of %d layers, expected more", len(b.params))
		}
		t := b.params[at].of[p.Name]
		switch {
		case t == nil && p.Name == "bias": // a dense layer without one
			t = &Tensor{Shape: p.Shape, Data: make([]float32, p.Shape[0])}
		case t == nil:
			return nil, fmt.Errorf("layer %q: found no %s", p.Layer, p.Name)
		case p.Name == "weight" && len(p.Shape) == 4:
			t, err = HWIO(t)
		case p.Name == "weight":
			if b.params[at].inUnits {
				t, err = Transpose(t)
			}
			var in [3]int
			if err == nil {
				in, err = arch.LayerInput(p.Layer)
			}
			if err == nil && b.params[at].chw && in[0]*in[1] > 1 {
				t, err = RowsHWC(t, in[2], in[0], in[1])
			}
		}
		if err != nil {
			return nil, err
		}
		own.Tensors = append(own.Tensors, Tensor{Name: p.Layer + "." + p.Name, Shape: t.Shape, Data: t.Data})
	}
	return ToNet(own, arch)
}

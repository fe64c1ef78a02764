package weights

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"gonverge/lib/nn"
)

// ToNet makes a net of an architecture and the parameters of a file. Layers belong together by
// their names where the file has those of the architecture, as Caffe's nets and what this
// package writes do; otherwise convolutions, dense layers and batch normalisations belong
// together in their order, each kind for itself, as in torch, Keras and ONNX files.
//
// Layouts are converted: filters from units × inputs × rows × columns, dense weights from
// units × inputs, and the inputs of a dense layer that reads a picture from the order channel,
// height, width. Keras and this library's own files have the layout of lib/nn already; safetensors
// and npz files that do not say theirs are judged by their shapes. Caffe's pictures are blue,
// green, red where its net was made for photographs: the first filters are turned, unless the
// architecture's name says CIFAR. The preparation of pictures stays arch.Input; [LoadAll] finds
// the published one.
//
// A dense layer or normalisation for which the file has no bias gets 0, a normalisation without a
// scale 1. A layer that the file lacks or has too many, a shape that does not fit and a value that is
// no number are errors with file, layer, what was found and what was expected.
func ToNet(f *File, arch *nn.Arch) (*nn.Net, error) {
	m, err := newMapping(f, arch)
	if err != nil {
		return nil, err
	}
	return m.net()
}

// layout is how a file keeps the axes of its weights.
type layout int

const (
	unitsFirst layout = iota // OIHW, units × inputs, flattened as CHW
	unitsLast                // HWIO, inputs × units, flattened as HWC
	unitsOpen                // not said
)

// layoutOf returns the layout of a file as far as its format says it.
func layoutOf(f *File) layout {
	switch {
	case f.Format == "net" || f.Metadata["format"] == "gonverge":
		return unitsLast
	case f.isCaffe() || strings.HasPrefix(f.Format, "torch") || f.Metadata["format"] == "pt" || f.Format == "ONNX":
		return unitsFirst
	case f.Format == "HDF5":
		return unitsLast // Keras
	}
	return unitsOpen
}

// isCaffe reports whether a file is a net of Caffe, in either of its forms.
func (f *File) isCaffe() bool { return f.Format == "Caffe" || f.Format == "Caffe HDF5" }

// group is the tensors of one layer of a file.
type group struct {
	name                                string
	weight, bias, scale, mean, variance *Tensor
}

func (g *group) isNorm() bool { return g.mean != nil }

// rank returns the number of axes of the weights, 0 without any.
func (g *group) rank() int {
	if g.weight == nil {
		return 0
	}
	return len(g.weight.Shape)
}

// splitName cuts a tensor's name into that of its layer and its role.
func splitName(name string) (layer, role string, ok bool) {
	i := strings.LastIndexAny(name, "./")
	if i < 0 {
		return "", name, false
	}
	return name[:i], name[i+1:], true
}

// groups returns the layers of a file that have parameters, in the file's order, or, where
// that order says nothing, sorted with numbers in order of size.
func groups(f *File) ([]*group, error) {
	var list []*group
	at := map[string]*group{}
	caffe := f.isCaffe()
	for i := range f.Tensors {
		t := &f.Tensors[i]
		layer, role, ok := splitName(t.Name)
		if !ok || role == "num_batches_tracked" || strings.HasPrefix(t.Name, "optimizer_weights/") {
			continue // counters of torch, and what Keras needs to go on training
		}
		g := at[layer]
		if g == nil {
			g = &group{name: layer}
			at[layer] = g
			list = append(list, g)
		}
		var slot **Tensor
		switch strings.TrimSuffix(role, ":0") {
		case "weight", "kernel", "W", "gamma", "scale":
			slot = &g.weight
		case "bias", "B", "beta":
			slot = &g.bias
		case "mean", "running_mean", "moving_mean":
			slot = &g.mean
		case "variance", "running_var", "moving_variance":
			slot = &g.variance
		case "0":
			slot = &g.weight
		case "1":
			slot = &g.bias
		case "2":
			slot = &g.scale
		}
		if slot == nil || caffe != (role >= "0" && role <= "9") {
			return nil, fmt.Errorf("weights: %s: tensor %q of shape %v: %q is none of weight, bias, mean, variance", f.Path, t.Name, t.Shape, role)
		}
		if *slot != nil {
			return nil, fmt.Errorf("weights: %s: layer %q has two tensors for %s", f.Path, layer, role)
		}
		*slot = t
	}
	if caffe {
		var err error
		if list, err = caffeNorms(f, list); err != nil {
			return nil, err
		}
		if f.Format == "Caffe HDF5" { // sorted by name: a BatchNorm and its Scale need not stand together
			if list, err = pairScales(f, list); err != nil {
				return nil, err
			}
		}
	}
	for _, g := range list {
		if g.isNorm() {
			g.scale, g.weight = g.weight, nil
		}
	}
	if f.Format == "HDF5" || f.Format == "Caffe HDF5" || f.Format == "safetensors" {
		slices.SortStableFunc(list, func(a, b *group) int { return naturalCompare(a.name, b.name) })
	}
	return list, nil
}

// caffeNorms turns the three blobs of Caffe's BatchNorm, sums of means and variances and the
// number of their terms, into mean and variance. In a .caffemodel, which keeps the order of the
// net, it also joins each with the Scale behind it.
func caffeNorms(f *File, list []*group) ([]*group, error) {
	var out []*group
	for _, g := range list {
		if g.scale != nil { // three blobs
			n := g.scale
			if len(n.Data) != 1 || g.weight == nil || g.bias == nil || g.rank() != 1 || len(g.bias.Shape) != 1 {
				return nil, fmt.Errorf("weights: %s: layer %q has three blobs that are not mean, variance and 1 factor", f.Path, g.name)
			}
			factor := float32(0)
			if n.Data[0] != 0 {
				factor = 1 / n.Data[0]
			}
			out = append(out, &group{name: g.name, mean: scaledBy(g.weight, factor), variance: scaledBy(g.bias, factor)})
			continue
		}
		if f.Format == "Caffe" && g.rank() == 1 && len(out) > 0 && out[len(out)-1].isNorm() {
			last := out[len(out)-1]
			last.weight, last.bias = g.weight, g.bias
			continue
		}
		out = append(out, g)
	}
	return out, nil
}

// pairScales joins the BatchNorms and Scales of a file that does not keep the order of the net, by
// their names: bn_conv1 and scale_conv1, conv1/bn and conv1/scale, bn2a_branch1 and scale2a_branch1.
func pairScales(f *File, list []*group) ([]*group, error) {
	norms := map[string]*group{}
	var known []string
	for _, g := range list {
		if !g.isNorm() {
			continue
		}
		stem := normStem.Replace(strings.ToLower(g.name))
		if other := norms[stem]; other != nil {
			return nil, fmt.Errorf("weights: %s: layers %q and %q: the names of two BatchNorms differ in no more than what tells them from their Scales, expected names that pair", f.Path, other.name, g.name)
		}
		norms[stem] = g
		known = append(known, g.name)
	}
	if len(norms) == 0 {
		return list, nil
	}
	var out []*group
	for _, g := range list {
		if g.isNorm() || g.rank() != 1 {
			out = append(out, g)
			continue
		}
		norm := norms[normStem.Replace(strings.ToLower(g.name))]
		if norm == nil && len(norms) == 1 {
			for _, norm = range norms {
			}
		}
		switch {
		case norm == nil:
			return nil, fmt.Errorf("weights: %s: layer %q: found a Scale, expected a name that pairs with one of the BatchNorms %s", f.Path, g.name, list20(known))
		case norm.weight != nil:
			return nil, fmt.Errorf("weights: %s: layer %q: found a second Scale for the BatchNorm %q, expected one", f.Path, g.name, norm.name)
		}
		norm.weight, norm.bias = g.weight, g.bias
	}
	return out, nil
}

// normStem takes from the name of a BatchNorm or a Scale what tells the one from the other.
var normStem = strings.NewReplacer("batch_norm", "", "batchnorm", "", "batch-norm", "", "scale", "", "norm", "", "bn", "", "_", "", "-", "", "/", "")

func scaledBy(t *Tensor, factor float32) *Tensor {
	out := *t
	out.Data = make([]float32, len(t.Data))
	for i, v := range t.Data {
		out.Data[i] = v * factor
	}
	return &out
}

// naturalCompare compares names with numbers in order of size: features.2 before features.10,
// and torchvision's features before its classifier.
func naturalCompare(a, b string) int {
	front := func(s string) int {
		if strings.Contains(s, "classifier") {
			return 1
		}
		return 0
	}
	if d := front(a) - front(b); d != 0 {
		return d
	}
	for a != "" && b != "" {
		na, nb := digits(a), digits(b)
		if na > 0 && nb > 0 {
			x, y := strings.TrimLeft(a[:na], "0"), strings.TrimLeft(b[:nb], "0")
			if len(x) != len(y) {
				return len(x) - len(y)
			}
			if c := strings.Compare(x, y); c != 0 {
				return c
			}
			a, b = a[na:], b[nb:]
			continue
		}
		if a[0] != b[0] {
			return int(a[0]) - int(b[0])
		}
		a, b = a[1:], b[1:]
	}
	return len(a) - len(b)
}

// digits returns how many digits a text begins with.
func digits(s string) int {
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	return n
}

// mapping is a file and an architecture whose layers have been brought together.
type mapping struct {
	file   *File
	arch   *nn.Arch
	layout layout
	params []nn.Param        // of the architecture, without data
	of     map[string]*group // by layer of the architecture
	bgr    bool
	first  string // layer that reads the picture
}

func newMapping(f *File, arch *nn.Arch) (*mapping, error) {
	params, err := arch.Outline()
	if err != nil {
		return nil, err
	}
	list, err := groups(f)
	if err != nil {
		return nil, err
	}
	m := &mapping{file: f, arch: arch, params: params, of: map[string]*group{}}
	if err := m.match(list); err != nil {
		return nil, err
	}
	m.settleLayout()
	if len(params) > 0 {
		m.first = params[0].Layer
	}
	m.bgr = f.isCaffe() && arch.Input.Shape[2] == 3 && !strings.Contains(strings.ToLower(arch.Name), "cifar")
	for i := range params {
		if _, err := m.source(&params[i]); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// kindOf names what belongs together.
func kindOf(rank int, norm bool) string {
	switch {
	case norm:
		return "batch normalisation"
	case rank == 4:
		return "convolution"
	case rank == 2:
		return "dense layer"
	}
	return "layer of another kind"
}

// match finds the file's layer for each layer of the architecture.
func (m *mapping) match(list []*group) error {
	type layer struct{ name, kind string }
	var layers []layer
	for _, p := range m.params {
		if n := len(layers); n > 0 && layers[n-1].name == p.Layer {
			continue
		}
		layers = append(layers, layer{p.Layer, kindOf(len(p.Shape), p.Name == "scale")})
	}
	byName := map[string]*group{}
	for _, g := range list {
		byName[g.name] = g
	}
	// Caffe's names are the last part of those of layers in blocks.
	for _, l := range layers {
		if i := strings.LastIndexByte(l.name, '/'); i >= 0 && byName[l.name] == nil && m.file.isCaffe() {
			byName[l.name] = byName[l.name[i+1:]]
		}
	}
	known := 0
	for _, l := range layers {
		if byName[l.name] != nil {
			known++
		}
	}
	if 2*known >= len(layers) {
		for _, l := range layers {
			g := byName[l.name]
			if g == nil {
				return fmt.Errorf("weights: %s: layer %q: found %s, expected a %s of that name", m.file.Path, l.name, names(list), l.kind)
			}
			m.of[l.name] = g
		}
		if len(list) > len(layers) {
			for _, g := range list {
				if !slices.ContainsFunc(layers, func(l layer) bool { return m.of[l.name] == g }) {
					return fmt.Errorf("weights: %s: layer %q: found, but %s has no such layer", m.file.Path, g.name, m.arch.Name)
				}
			}
		}
		return nil
	}
	for _, kind := range []string{"convolution", "dense layer", "batch normalisation", "layer of another kind"} {
		var have []*group
		var want []string
		for _, g := range list {
			if kindOf(g.rank(), g.isNorm()) == kind {
				have = append(have, g)
			}
		}
		for _, l := range layers {
			if l.kind == kind {
				want = append(want, l.name)
			}
		}
		if len(have) != len(want) {
			return fmt.Errorf("weights: %s: found %d of kind %s (%s), expected %d for %s (%s)",
				m.file.Path, len(have), kind, names(have), len(want), m.arch.Name, list20(want))
		}
		for i, name := range want {
			m.of[name] = have[i]
		}
	}
	return nil
}

func list20(s []string) string { return list(s, 20) }

func names(groups []*group) string {
	var s []string
	for _, g := range groups {
		s = append(s, g.name)
	}
	return list20(s)
}

// settleLayout judges a layout that the file does not say by the first weights whose shape
// fits one of the two only.
func (m *mapping) settleLayout() {
	m.layout = layoutOf(m.file)
	if m.layout != unitsOpen {
		return
	}
	m.layout = unitsFirst
	if m.file.Format == "npz" {
		m.layout = unitsLast
	}
	for _, p := range m.params {
		g := m.of[p.Layer]
		if p.Name != "weight" || g == nil || g.weight == nil {
			continue
		}
		last := slices.Equal(g.weight.Shape, p.Shape)
		first := slices.Equal(g.weight.Shape, foreign(p.Shape))
		if first != last {
			m.layout = unitsFirst
			if last {
				m.layout = unitsLast
			}
			return
		}
	}
}

// foreign returns a shape of weights as Caffe and torch have it.
func foreign(shape []int) []int {
	switch len(shape) {
	case 4:
		return []int{shape[3], shape[2], shape[0], shape[1]}
	case 2:
		return []int{shape[1], shape[0]}
	}
	return shape
}

// source returns the file's tensor for a block of parameters, nil if the block keeps its
// beginning.
func (m *mapping) source(p *nn.Param) (*Tensor, error) {
	g := m.of[p.Layer]
	var t *Tensor
	switch p.Name {
	case "weight":
		t = g.weight
	case "bias":
		t = g.bias
	case "scale":
		t = g.scale
	case "mean":
		t = g.mean
	case "variance":
		t = g.variance
	}
	want := p.Shape
	if m.layout == unitsFirst {
		want = foreign(want)
	}
	if t == nil {
		if g.isNorm() && (p.Name == "scale" || p.Name == "bias") {
			return nil, nil // a normalisation without them has 1 and 0
		}
		if g.rank() == 2 && p.Name == "bias" {
			return nil, nil // a dense layer without one has 0
		}
		return nil, fmt.Errorf("weights: %s: layer %q (%s of %s): found no %s, expected %s", m.file.Path, g.name, p.Layer, m.arch.Name, p.Name, shapeText(want))
	}
	if !slices.Equal(t.Shape, want) {
		return nil, fmt.Errorf("weights: %s: layer %q (%s of %s): found %s of %s, expected %s", m.file.Path, g.name, p.Layer, m.arch.Name, p.Name, shapeText(t.Shape), shapeText(want))
	}
	if p.Name == "weight" && g.bias != nil && !m.has(p.Layer, "bias") {
		return nil, fmt.Errorf("weights: %s: layer %q (%s of %s): found a bias of %s, expected none", m.file.Path, g.name, p.Layer, m.arch.Name, shapeText(g.bias.Shape))
	}
	for i, v := range t.Data {
		if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("weights: %s: layer %q: found %v as value %d of %s, expected a number", m.file.Path, g.name, v, i, t.Name)
		}
	}
	return t, nil
}

func (m *mapping) has(layer, name string) bool {
	return slices.ContainsFunc(m.params, func(p nn.Param) bool { return p.Layer == layer && p.Name == name })
}

// net makes the net.
func (m *mapping) net() (*nn.Net, error) {
	n, err := nn.Blank(m.arch)
	if err != nil {
		return nil, err
	}
	for _, p := range n.Params() {
		t, err := m.source(&p)
		if err != nil {
			return nil, err
		}
		if t == nil {
			if p.Name == "bias" {
				clear(p.Data)
			}
			continue
		}
		if p.Name == "weight" {
			if t, err = m.converted(t, &p); err != nil {
				return nil, err
			}
		}
		copy(p.Data, t.Data)
	}
	n.Origin = originOf(m.file)
	return n, nil
}

// converted returns weights in the layout of lib/nn.
func (m *mapping) converted(t *Tensor, p *nn.Param) (*Tensor, error) {
	var err error
	if m.layout == unitsFirst {
		if len(t.Shape) == 4 {
			t, err = HWIO(t)
		} else if t, err = Transpose(t); err == nil {
			var in [3]int
			if in, err = m.arch.LayerInput(p.Layer); err == nil && in[0]*in[1] > 1 {
				t, err = RowsHWC(t, in[2], in[0], in[1])
			}
		}
	}
	if err == nil && m.bgr && p.Layer == m.first && len(t.Shape) == 4 {
		t, err = ReverseInputs(t)
	}
	return t, err
}

package weights

import (
	"math"
	"slices"
	"strings"

	"gonverge/lib/nn"
)

// settings are the fields of a layer's parameters, as numbers.
type settings struct {
	net   *protoNet
	stage *protoStage
	of    map[string][]float64
	at    map[string]place
}

// Words of Caffe's enumerations.
var (
	poolWords   = map[string]float64{"MAX": 0, "AVE": 1, "STOCHASTIC": 2}
	regionWords = map[string]float64{"ACROSS_CHANNELS": 0, "WITHIN_CHANNEL": 1}
	roundWords  = map[string]float64{"CEIL": 0, "FLOOR": 1}
	sumWords    = map[string]float64{"PROD": 0, "SUM": 1, "MAX": 2}
	truthWords  = map[string]float64{"true": 1, "false": 0}
)

// caffeFields are the settings that are read of a layer's message, with the words of their
// values. What caffeIgnored has says nothing about the function.
var caffeFields = map[string]map[string]map[string]float64{
	"convolution_param": {"num_output": nil, "bias_term": truthWords, "pad": nil, "kernel_size": nil, "group": nil, "stride": nil, "dilation": nil, "axis": nil,
		"pad_h": nil, "pad_w": nil, "kernel_h": nil, "kernel_w": nil, "stride_h": nil, "stride_w": nil},
	"pooling_param": {"pool": poolWords, "kernel_size": nil, "stride": nil, "pad": nil, "kernel_h": nil, "kernel_w": nil, "stride_h": nil, "stride_w": nil,
		"pad_h": nil, "pad_w": nil, "global_pooling": truthWords, "round_mode": roundWords},
	"inner_product_param": {"num_output": nil, "bias_term": truthWords, "axis": nil, "transpose": truthWords},
	"lrn_param":           {"local_size": nil, "alpha": nil, "beta": nil, "norm_region": regionWords, "k": nil},
	"relu_param":          {"negative_slope": nil},
	"dropout_param":       {"dropout_ratio": nil},
	"batch_norm_param":    {"use_global_stats": truthWords, "moving_average_fraction": nil, "eps": nil},
	"scale_param":         {"bias_term": truthWords, "axis": nil, "num_axes": nil},
	"eltwise_param":       {"operation": sumWords, "coeff": nil},
}

var caffeIgnored = []string{"weight_filler", "bias_filler", "filler", "engine", "force_nd_im2col", "scale_train", "stable_prod_grad"}

// settings reads a layer's message of a name.
func (c *protoNet) settings(s *protoStage, name string) (*settings, error) {
	out := &settings{c, s, map[string][]float64{}, map[string]place{}}
	known := caffeFields[name]
	for _, p := range s.body.all(name) {
		if p.body == nil {
			return nil, c.bad(p.at, "%s is %q, expected settings in braces", name, p.value)
		}
		for _, f := range p.body.fields {
			words, ok := known[f.name]
			if !ok {
				if slices.Contains(caffeIgnored, f.name) {
					continue
				}
				return nil, c.bad(f.nameAt, "layer %q: %s in %s is not read here", s.name, f.name, name)
			}
			v, err := c.reader.number(&f, words)
			if err != nil {
				return nil, err
			}
			out.of[f.name], out.at[f.name] = append(out.of[f.name], v), f.at
		}
	}
	return out, nil
}

// number returns a setting, or what it is without being set.
func (s *settings) number(name string, otherwise float64) float64 {
	if v := s.of[name]; len(v) > 0 {
		return v[0]
	}
	return otherwise
}

// whole returns a setting that is a whole number and equal for rows and columns: set once, or twice,
// or as name_h and name_w.
func (s *settings) whole(name, short string, otherwise int) (int, error) {
	v := slices.Clone(s.of[name])
	at, ok := s.at[name]
	if h, w := s.of[short+"_h"], s.of[short+"_w"]; len(h)+len(w) > 0 {
		at, ok = s.at[short+"_h"], true
		if len(h) == 0 {
			at = s.at[short+"_w"]
			h = []float64{float64(otherwise)}
		}
		if len(w) == 0 {
			w = []float64{float64(otherwise)}
		}
		v = append(v, h[0], w[0])
	}
	if !ok {
		return otherwise, nil
	}
	for _, x := range v {
		if x != v[0] {
			return 0, s.net.bad(at, "layer %q: %s is %v and %v, expected the same for rows and columns", s.stage.name, name, v[0], x)
		}
	}
	if v[0] != math.Trunc(v[0]) || v[0] < 0 || v[0] > 1<<16 {
		return 0, s.net.bad(at, "layer %q: %s is %v, expected a whole number of 0 to %d", s.stage.name, name, v[0], 1<<16)
	}
	return int(v[0]), nil
}

// wholes reads several settings, each with its value where it is not set.
func (s *settings) wholes(dst []*int, names []string, otherwise []int) error {
	for i, name := range names {
		short := strings.TrimSuffix(name, "_size")
		v, err := s.whole(name, short, otherwise[i])
		if err != nil {
			return err
		}
		*dst[i] = v
	}
	return nil
}

// only refuses a setting that has another value.
func (s *settings) only(name string, want float64) error {
	if v := s.number(name, want); v != want {
		return s.net.bad(s.at[name], "layer %q: %s is %v, expected %v", s.stage.name, name, v, want)
	}
	return nil
}

// convert returns the layer of a stage; functions are still layers of their own. nil is a
// layer that does nothing here.
func (c *protoNet) convert(s *protoStage) (nn.Layer, error) {
	if len(s.in) != 1 {
		return nil, c.bad(s.at, "layer %q (%s) has %d bottoms, expected one", s.name, s.op, len(s.in))
	}
	switch s.op {
	case "Convolution":
		return c.convolution(s)
	case "InnerProduct":
		p, err := c.settings(s, "inner_product_param")
		if err != nil {
			return nil, err
		}
		l := nn.Dense{Name: s.name, Linear: true}
		for _, o := range []struct {
			name string
			want float64
		}{{"axis", 1}, {"transpose", 0}} {
			if err := p.only(o.name, o.want); err != nil {
				return nil, err
			}
		}
		if l.Units, err = p.whole("num_output", "num_output", 0); err == nil && l.Units == 0 {
			err = c.bad(s.at, "layer %q has no num_output", s.name)
		}
		return l, err
	case "Pooling":
		return c.pooling(s)
	case "LRN":
		p, err := c.settings(s, "lrn_param")
		if err != nil {
			return nil, err
		}
		size, err := p.whole("local_size", "local", 5)
		return nn.LRN{Name: s.name, Size: size, Alpha: p.number("alpha", 1), Beta: p.number("beta", 0.75), K: p.number("k", 1), Within: p.number("norm_region", 0) == 1}, err
	case "Dropout":
		p, err := c.settings(s, "dropout_param")
		if err != nil {
			return nil, err
		}
		return nn.Dropout{Name: s.name, Rate: p.number("dropout_ratio", 0.5)}, nil
	case "ReLU":
		p, err := c.settings(s, "relu_param")
		if err != nil {
			return nil, err
		}
		if slope := p.number("negative_slope", 0); slope != 0 {
			return nn.Activation{Name: s.name, Function: nn.LeakyReLU, Slope: slope}, nil
		}
		return nn.Activation{Name: s.name, Function: nn.ReLU}, nil
	case "TanH":
		return nn.Activation{Name: s.name, Function: nn.Tanh}, nil
	case "Sigmoid":
		return nn.Activation{Name: s.name, Function: nn.Sigmoid}, nil
	case "BatchNorm":
		p, err := c.settings(s, "batch_norm_param")
		if err != nil {
			return nil, err
		}
		return nn.BatchNorm{Name: s.name, Epsilon: p.number("eps", 1e-5)}, nil
	case "Flatten", "Split":
		return nil, nil
	}
	return nil, c.bad(s.at, "layer %q: %s is no layer of this library, which has Convolution, InnerProduct, Pooling, LRN, ReLU, TanH, Sigmoid, Dropout, BatchNorm with Scale, Eltwise sums of two, Flatten", s.name, s.op)
}

func (c *protoNet) convolution(s *protoStage) (nn.Layer, error) {
	p, err := c.settings(s, "convolution_param")
	if err != nil {
		return nil, err
	}
	if err := p.only("axis", 1); err != nil {
		return nil, err
	}
	l := nn.Conv{Name: s.name, Linear: true, NoBias: p.number("bias_term", 1) == 0}
	err = p.wholes([]*int{&l.Units, &l.Kernel, &l.Stride, &l.Pad, &l.Dilation, &l.Groups},
		[]string{"num_output", "kernel_size", "stride", "pad", "dilation", "group"}, []int{0, 0, 1, 0, 1, 1})
	if err == nil && (l.Units == 0 || l.Kernel == 0 || l.Stride == 0) {
		err = c.bad(s.at, "layer %q has num_output %d, kernel_size %d, stride %d, expected 1 or more", s.name, l.Units, l.Kernel, l.Stride)
	}
	// 1 is written as lib/nn does.
	for _, v := range []*int{&l.Stride, &l.Dilation, &l.Groups} {
		if *v == 1 {
			*v = 0
		}
	}
	return l, err
}

func (c *protoNet) pooling(s *protoStage) (nn.Layer, error) {
	p, err := c.settings(s, "pooling_param")
	if err != nil {
		return nil, err
	}
	kind := p.number("pool", 0)
	if kind != 0 && kind != 1 {
		return nil, c.bad(p.at["pool"], "layer %q: pool is STOCHASTIC or unknown, expected MAX or AVE", s.name)
	}
	if p.number("global_pooling", 0) == 1 {
		if kind != 1 {
			return nil, c.bad(p.at["global_pooling"], "layer %q: global_pooling of the maximum, expected AVE", s.name)
		}
		return nn.GlobalAvgPool{Name: s.name}, nil
	}
	var size, stride, pad int
	if err := p.wholes([]*int{&size, &stride, &pad}, []string{"kernel_size", "stride", "pad"}, []int{0, 1, 0}); err != nil {
		return nil, err
	}
	if size == 0 || stride == 0 {
		return nil, c.bad(s.at, "layer %q has kernel_size %d, stride %d, expected 1 or more", s.name, size, stride)
	}
	floor := p.number("round_mode", 0) == 1
	if kind == 0 {
		return nn.MaxPool{Name: s.name, Size: size, Stride: stride, Pad: pad, Floor: floor}, nil
	}
	return nn.AvgPool{Name: s.name, Size: size, Stride: stride, Pad: pad, Floor: floor}, nil
}

// layers returns the net's layers in order: the stages as a chain, with blocks where it
// divides and joins.
func (c *protoNet) layers() ([]nn.Layer, error) {
	if c.input == "" {
		c.input = c.stages[0].in[0]
	}
	g := &protoGraph{c: c, readers: map[int][]int{}}
	latest := map[string]int{c.input: 0} // blob to value: 0 the pictures, i+1 what stage i makes
	for i := range c.stages {
		s := &c.stages[i]
		for _, blob := range s.in {
			v, ok := latest[blob]
			if !ok {
				return nil, c.bad(s.at, "layer %q reads %q, which no layer before it makes", s.name, blob)
			}
			g.readers[v] = append(g.readers[v], i)
		}
		latest[s.out[0]] = i + 1
	}
	layers, end, err := g.chain(0, -1, 0)
	if err != nil {
		return nil, err
	}
	if end >= 0 {
		s := &c.stages[end]
		return nil, c.bad(s.at, "layer %q (%s) joins ways that do not begin at one layer", s.name, s.op)
	}
	if len(layers) == 0 {
		return nil, c.bad(c.stages[0].at, "no layer reads the pictures %q", c.input)
	}
	return layers, nil
}

// protoGraph is the stages with who reads what.
type protoGraph struct {
	c       *protoNet
	readers map[int][]int // of a value, the stages
}

// chain follows a value, beginning with a stage if there is one, up to the end of the net or to
// a sum that another way leads to, which it returns.
func (g *protoGraph) chain(value, stage, depth int) (layers []nn.Layer, end int, err error) {
	for steps := 0; ; steps++ {
		if depth > maxNesting || steps > len(g.c.stages) {
			return nil, -1, g.c.bad(g.c.stages[0].at, "ways within ways, deeper than %d", maxNesting)
		}
		if stage < 0 {
			switch next := g.readers[value]; len(next) {
			case 0:
				return layers, -1, nil
			case 1:
				stage = next[0]
			case 2:
				block, sum, err := g.block(value, next, depth)
				if err != nil {
					return nil, -1, err
				}
				layers, value = append(layers, block), sum+1
				continue
			default:
				s := &g.c.stages[next[2]]
				return nil, -1, g.c.bad(s.at, "layer %q is the third that reads %q, expected at most two ways", s.name, s.in[0])
			}
		}
		s := &g.c.stages[stage]
		if s.op == "Eltwise" {
			return layers, stage, nil
		}
		if s.op == "Scale" {
			if err := g.scale(s, layers); err != nil {
				return nil, -1, err
			}
		} else {
			l, err := g.c.convert(s)
			if err != nil {
				return nil, -1, err
			}
			layers = behindLayer(layers, l)
		}
		value, stage = stage+1, -1
	}
}

// block returns the residual block whose two ways begin with two stages, and its sum.
func (g *protoGraph) block(value int, next []int, depth int) (nn.Layer, int, error) {
	one, endOne, err := g.chain(value, next[0], depth+1)
	if err != nil {
		return nil, 0, err
	}
	two, endTwo, err := g.chain(value, next[1], depth+1)
	if err != nil {
		return nil, 0, err
	}
	s := &g.c.stages[next[1]]
	if endOne < 0 || endOne != endTwo {
		return nil, 0, g.c.bad(s.at, "layer %q begins a second way from %q, expected both ways to meet in one Eltwise sum", s.name, s.in[0])
	}
	sum := &g.c.stages[endOne]
	p, err := g.c.settings(sum, "eltwise_param")
	if err != nil {
		return nil, 0, err
	}
	if err := p.only("operation", 1); err != nil {
		return nil, 0, err
	}
	if len(p.of["coeff"]) > 0 || len(sum.in) != 2 {
		return nil, 0, g.c.bad(sum.at, "layer %q has %d bottoms and %d coeff, expected a plain sum of two", sum.name, len(sum.in), len(p.of["coeff"]))
	}
	if len(one) < len(two) {
		one, two = two, one
	}
	return nn.Residual{Name: sum.name, Layers: one, Shortcut: two, Linear: true}, endOne, nil
}

// scale checks that a Scale stands behind a BatchNorm, with which it is one layer here.
func (g *protoGraph) scale(s *protoStage, layers []nn.Layer) error {
	p, err := g.c.settings(s, "scale_param")
	if err != nil {
		return err
	}
	if err := p.only("axis", 1); err != nil {
		return err
	}
	if len(layers) > 0 && len(s.in) == 1 {
		if b, ok := layers[len(layers)-1].(nn.BatchNorm); ok && !b.ReLU {
			return nil
		}
	}
	return g.c.bad(s.at, "layer %q: Scale is read behind a BatchNorm only", s.name)
}

// behindLayer appends a layer; a function becomes part of the layer that it follows where
// that one can have it.
func behindLayer(layers []nn.Layer, l nn.Layer) []nn.Layer {
	if l == nil {
		return layers
	}
	a, ok := l.(nn.Activation)
	if !ok || len(layers) == 0 || a.Slope != 0 && a.Slope != 0.01 {
		return append(layers, l)
	}
	f := a.Function
	if f == nn.ReLU {
		f = "" // is meant where nothing is said
	}
	last := len(layers) - 1
	switch b := layers[last].(type) {
	case nn.Conv:
		if b.Linear {
			b.Linear, b.Activation = false, f
			layers[last] = b
			return layers
		}
	case nn.Dense:
		if b.Linear {
			b.Linear, b.Activation = false, f
			layers[last] = b
			return layers
		}
	case nn.BatchNorm:
		if !b.ReLU && f == "" {
			b.ReLU = true
			layers[last] = b
			return layers
		}
	case nn.Residual:
		if b.Linear && f == "" {
			b.Linear = false
			layers[last] = b
			return layers
		}
	case nn.MaxPool:
		// The maximum of what is cut off at 0 is the maximum cut off at 0.
		if last > 0 && f == "" {
			if conv, ok := layers[last-1].(nn.Conv); ok && conv.Linear {
				conv.Linear = false
				layers[last-1] = conv
				return layers
			}
		}
	}
	return append(layers, l)
}

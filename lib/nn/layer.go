package nn

import (
	"fmt"
	"strings"
)

// A Layer is one step of an architecture: [Conv], [Dense], [MaxPool], [AvgPool],
// [GlobalAvgPool], [Activation], [LRN], [BatchNorm], [Dropout], [Residual] or [Subsample].
type Layer interface {
	name() string
	named(string) Layer
	// output returns the shape that the layer makes of an in = height × width × channels.
	output(in [3]int) ([3]int, error)
	// definition says in words what the layer does.
	definition() string
	// params returns the layer's blocks of parameters for this input, nil if it has none. The
	// last dimension of weights is units.
	params(in [3]int) []paramShape
	kind() string
}

// Conv is a convolution (cross-correlation) with one bias per unit, followed by ReLU unless
// Linear or another Activation:
//
//	y[i][j][o] = max(0, bias[o] + Σ_abc x[i·Stride−Pad+a·Dilation][j·Stride−Pad+b·Dilation][c] · w[a][b][c][o])
//
// Its output has (height + 2·Pad − (Kernel−1)·Dilation − 1)/Stride + 1 rows, columns alike.
// With Groups > 1, channels and units are cut into as many equal parts in order, and units
// see the channels of their part only: c counts in these, and weights are Kernel × Kernel ×
// channels/Groups × Units.
type Conv struct {
	Name   string  // unique in the architecture; [Sequential] fills in conv1, conv2, ...
	Units  int     // filters, the channels of the output
	Kernel int     // rows and columns of a filter
	Stride int     // step between positions; 0 means 1
	Pad    int     // zeros around the picture, on all four sides
	Scale  float64 // factor on the initial deviation √(2/fan-in) of the weights; 0 means 1
	Linear bool    // no ReLU

	Dilation   int      `json:",omitempty"` // step between a filter's cells; 0 means 1
	Groups     int      `json:",omitempty"` // parts of channels and units; 0 means 1
	Activation Function `json:",omitempty"` // "" means ReLU unless Linear
	NoBias     bool     `json:",omitempty"` // for a convolution before a BatchNorm
	Bias       float64  `json:",omitempty"` // initial value of the biases
}

// Dense is a fully connected layer y = max(0, x·w + bias), without the maximum if Linear.
// Its input is flattened in the order height, width, channel.
type Dense struct {
	Name   string  // unique in the architecture; [Sequential] fills in fc6 after five convolutions
	Units  int     // outputs
	Scale  float64 // factor on the initial deviation √(2/fan-in) of the weights; 0 means 1
	Linear bool    // no ReLU; the last layer, whose outputs are the classes' logits, has none

	Activation Function `json:",omitempty"` // "" means ReLU unless Linear
	Bias       float64  `json:",omitempty"` // initial value of the biases
}

// Dropout sets each value to 0 with probability Rate in training and multiplies the others
// by 1/(1−Rate); in evaluation it does nothing.
type Dropout struct {
	Name string  // unique in the architecture; [Sequential] fills in drop1, drop2, ...
	Rate float64 // in [0, 1)
}

func (l Conv) name() string    { return l.Name }
func (l Dense) name() string   { return l.Name }
func (l Dropout) name() string { return l.Name }

func (l Conv) named(s string) Layer    { l.Name = s; return l }
func (l Dense) named(s string) Layer   { l.Name = s; return l }
func (l Dropout) named(s string) Layer { l.Name = s; return l }

func (l Conv) kind() string    { return "conv" }
func (l Dense) kind() string   { return "dense" }
func (l Dropout) kind() string { return "dropout" }

func (l Conv) stride() int   { return max(l.Stride, 1) }
func (l Conv) dilation() int { return max(l.Dilation, 1) }
func (l Conv) groups() int   { return max(l.Groups, 1) }

func orInt(v, otherwise int) int {
	if v == 0 {
		return otherwise
	}
	return v
}

// maxSide bounds every size in an architecture, so that products of three fit in an int
// and a damaged file cannot ask for absurd memory.
const maxSide = 1 << 16

func (l Conv) output(in [3]int) ([3]int, error) {
	if l.Units < 1 || l.Kernel < 1 || l.Stride < 0 || l.Pad < 0 || max(l.Units, l.Kernel, l.Stride, l.Pad) > maxSide {
		return in, fmt.Errorf("has Units %d, Kernel %d, Stride %d, Pad %d (valid: Units and Kernel 1..%d, Stride and Pad 0..%d)", l.Units, l.Kernel, l.Stride, l.Pad, maxSide, maxSide)
	}
	if l.Dilation < 0 || l.Groups < 0 || max(l.Dilation, l.Groups) > maxSide {
		return in, fmt.Errorf("has Dilation %d, Groups %d (valid: 0..%d)", l.Dilation, l.Groups, maxSide)
	}
	if in[2]%l.groups() != 0 || l.Units%l.groups() != 0 {
		return in, fmt.Errorf("%d groups do not divide the %d channels of the input %s and %d units", l.Groups, in[2], shape3(in), l.Units)
	}
	if err := checkStart(l.Scale, l.Bias); err != nil {
		return in, err
	}
	if l.NoBias && l.Bias != 0 {
		return in, fmt.Errorf("has NoBias, but Bias %v", l.Bias)
	}
	if err := checkBehind(l.Linear, l.Activation); err != nil {
		return in, err
	}
	s := l.stride()
	span := (l.Kernel-1)*l.dilation() + 1
	h, w := in[0]+2*l.Pad-span, in[1]+2*l.Pad-span
	if (h < 0 || w < 0) && l.dilation() > 1 {
		return in, fmt.Errorf("filters of %d×%d, dilated by %d, are larger than the input %s with a border of %d", l.Kernel, l.Kernel, l.Dilation, shape3(in), l.Pad)
	}
	if h < 0 || w < 0 {
		return in, fmt.Errorf("filters of %d×%d are larger than the input %s with a border of %d", l.Kernel, l.Kernel, shape3(in), l.Pad)
	}
	return [3]int{h/s + 1, w/s + 1, l.Units}, nil
}

func (l Dense) output(in [3]int) ([3]int, error) {
	if l.Units < 1 || l.Units > maxSide {
		return in, fmt.Errorf("has Units %d (valid: 1..%d)", l.Units, maxSide)
	}
	if err := checkBehind(l.Linear, l.Activation); err != nil {
		return in, err
	}
	return [3]int{1, 1, l.Units}, checkStart(l.Scale, l.Bias)
}

func (l Dropout) output(in [3]int) ([3]int, error) {
	if !(l.Rate >= 0 && l.Rate < 1) {
		return in, fmt.Errorf("has Rate %v (valid: 0 or more, below 1)", l.Rate)
	}
	return in, nil
}

func checkStart(scale, bias float64) error {
	if !(scale >= 0 && scale < 1e6) {
		return fmt.Errorf("has Scale %v (valid: 0 or more)", scale)
	}
	if !(bias > -1e6 && bias < 1e6) {
		return fmt.Errorf("has Bias %v (valid: a number)", bias)
	}
	return nil
}

func (l Conv) params(in [3]int) []paramShape {
	p := []paramShape{{name: "weight", shape: []int{l.Kernel, l.Kernel, in[2] / l.groups(), l.Units}}}
	if !l.NoBias {
		p = append(p, paramShape{name: "bias", shape: []int{l.Units}, start: float32(l.Bias)})
	}
	return p
}

func (l Dense) params(in [3]int) []paramShape {
	return []paramShape{
		{name: "weight", shape: []int{in[0] * in[1] * in[2], l.Units}},
		{name: "bias", shape: []int{l.Units}, start: float32(l.Bias)},
	}
}

func (l Dropout) params([3]int) []paramShape { return nil }

func (l Conv) definition() string {
	s := fmt.Sprintf("%d of %d×%d", l.Units, l.Kernel, l.Kernel)
	if l.stride() > 1 {
		s += fmt.Sprintf(", stride %d", l.stride())
	}
	if l.Pad > 0 {
		s += fmt.Sprintf(", pad %d", l.Pad)
	}
	if l.dilation() > 1 {
		s += fmt.Sprintf(", dilation %d", l.Dilation)
	}
	if l.groups() > 1 {
		s += fmt.Sprintf(", %d groups", l.Groups)
	}
	if l.NoBias {
		s += ", no bias"
	}
	return s + described(behind(l.Linear, l.Activation)) + scaled(l.Scale)
}

func (l Dense) definition() string {
	return fmt.Sprintf("%d", l.Units) + described(behind(l.Linear, l.Activation)) + scaled(l.Scale)
}

func (l Dropout) definition() string { return fmt.Sprintf("drop %g in training", l.Rate) }

func relu(linear bool) string {
	if linear {
		return ""
	}
	return ", ReLU"
}

func scaled(s float64) string {
	if s == 0 || s == 1 {
		return ""
	}
	return fmt.Sprintf(", start %.3g × He", s)
}

// scaleOf returns the factor on He's deviation of a layer with weights.
func scaleOf(l Layer) float64 {
	s := 0.0
	switch l := l.(type) {
	case Conv:
		s = l.Scale
	case Dense:
		s = l.Scale
	}
	if s == 0 {
		return 1
	}
	return s
}

// shape3 prints height × width × channels.
func shape3(s [3]int) string { return fmt.Sprintf("%d×%d×%d", s[0], s[1], s[2]) }

// unknownLayer is the error for a name that is not among the known.
func unknownLayer(name string, known []string) error {
	return fmt.Errorf("nn: no layer %q; have %s", name, strings.Join(known, ", "))
}

package nn

import (
	"fmt"
	"strings"
)

// A Layer is one step of an architecture: [Conv], [MaxPool], [Dense] or [Dropout].
type Layer interface {
	name() string
	named(string) Layer
	// output returns the shape that the layer makes of an in = height × width × channels.
	output(in [3]int) ([3]int, error)
	// definition says in words what the layer does.
	definition() string
	// weights returns the shape of the weights for this input, the last dimension being
	// units; nil if the layer has none.
	weights(in [3]int) []int
	kind() string
}

// Conv is a convolution (cross-correlation) with one bias per unit, followed by ReLU unless
// Linear:
//
//	y[i][j][o] = max(0, bias[o] + Σ_abc x[i·Stride−Pad+a][j·Stride−Pad+b][c] · w[a][b][c][o])
//
// Its output has (height + 2·Pad − Kernel)/Stride + 1 rows, columns alike.
type Conv struct {
	Name   string  // unique in the architecture; [Sequential] fills in conv1, conv2, ...
	Units  int     // filters, the channels of the output
	Kernel int     // rows and columns of a filter
	Stride int     // step between positions; 0 means 1
	Pad    int     // zeros around the picture, on all four sides
	Scale  float64 // factor on the initial deviation √(2/fan-in) of the weights; 0 means 1
	Linear bool    // no ReLU
}

// MaxPool takes the maximum over windows of Size × Size positions, Stride apart, each
// channel by itself. The output has (height − Size)/Stride + 1 rows, rounded up as Caffe
// does unless Floor; a window that sticks out is clipped.
type MaxPool struct {
	Name   string // unique in the architecture; [Sequential] fills in pool1, pool2, ...
	Size   int    // rows and columns of a window
	Stride int    // step between windows; 0 means Size
	Floor  bool   // round the number of windows down
}

// Dense is a fully connected layer y = max(0, x·w + bias), without the maximum if Linear.
// Its input is flattened in the order height, width, channel.
type Dense struct {
	Name   string  // unique in the architecture; [Sequential] fills in fc6 after five convolutions
	Units  int     // outputs
	Scale  float64 // factor on the initial deviation √(2/fan-in) of the weights; 0 means 1
	Linear bool    // no ReLU; the last layer, whose outputs are the classes' logits, has none
}

// Dropout sets each value to 0 with probability Rate in training and multiplies the others
// by 1/(1−Rate); in evaluation it does nothing.
type Dropout struct {
	Name string  // unique in the architecture; [Sequential] fills in drop1, drop2, ...
	Rate float64 // in [0, 1)
}

func (l Conv) name() string    { return l.Name }
func (l MaxPool) name() string { return l.Name }
func (l Dense) name() string   { return l.Name }
func (l Dropout) name() string { return l.Name }

func (l Conv) named(s string) Layer    { l.Name = s; return l }
func (l MaxPool) named(s string) Layer { l.Name = s; return l }
func (l Dense) named(s string) Layer   { l.Name = s; return l }
func (l Dropout) named(s string) Layer { l.Name = s; return l }

func (l Conv) kind() string    { return "conv" }
func (l MaxPool) kind() string { return "maxpool" }
func (l Dense) kind() string   { return "dense" }
func (l Dropout) kind() string { return "dropout" }

func (l Conv) stride() int    { return max(l.Stride, 1) }
func (l MaxPool) stride() int { return orInt(l.Stride, l.Size) }

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
	if err := checkScale(l.Scale); err != nil {
		return in, err
	}
	s := l.stride()
	h, w := in[0]+2*l.Pad-l.Kernel, in[1]+2*l.Pad-l.Kernel
	if h < 0 || w < 0 {
		return in, fmt.Errorf("filters of %d×%d are larger than the input %s with a border of %d", l.Kernel, l.Kernel, shape3(in), l.Pad)
	}
	return [3]int{h/s + 1, w/s + 1, l.Units}, nil
}

func (l MaxPool) output(in [3]int) ([3]int, error) {
	if l.Size < 1 || l.Stride < 0 || max(l.Size, l.Stride) > maxSide {
		return in, fmt.Errorf("has Size %d, Stride %d (valid: Size 1..%d, Stride 0..%d)", l.Size, l.Stride, maxSide, maxSide)
	}
	out := [3]int{pooled(in[0], l.Size, l.stride(), l.Floor), pooled(in[1], l.Size, l.stride(), l.Floor), in[2]}
	if out[0] < 1 || out[1] < 1 {
		return in, fmt.Errorf("windows of %d×%d are larger than the input %s", l.Size, l.Size, shape3(in))
	}
	return out, nil
}

// pooled returns the number of windows along a side of n positions; no window begins
// outside.
func pooled(n, size, stride int, floor bool) int {
	room := n - size
	if !floor {
		room += stride - 1
	}
	if room < 0 {
		return 0
	}
	out := room/stride + 1
	for out > 1 && (out-1)*stride >= n {
		out--
	}
	return out
}

func (l Dense) output(in [3]int) ([3]int, error) {
	if l.Units < 1 || l.Units > maxSide {
		return in, fmt.Errorf("has Units %d (valid: 1..%d)", l.Units, maxSide)
	}
	return [3]int{1, 1, l.Units}, checkScale(l.Scale)
}

func (l Dropout) output(in [3]int) ([3]int, error) {
	if !(l.Rate >= 0 && l.Rate < 1) {
		return in, fmt.Errorf("has Rate %v (valid: 0 or more, below 1)", l.Rate)
	}
	return in, nil
}

func checkScale(s float64) error {
	if !(s >= 0 && s < 1e6) {
		return fmt.Errorf("has Scale %v (valid: 0 or more)", s)
	}
	return nil
}

func (l Conv) weights(in [3]int) []int  { return []int{l.Kernel, l.Kernel, in[2], l.Units} }
func (l MaxPool) weights([3]int) []int  { return nil }
func (l Dense) weights(in [3]int) []int { return []int{in[0] * in[1] * in[2], l.Units} }
func (l Dropout) weights([3]int) []int  { return nil }

func (l Conv) definition() string {
	s := fmt.Sprintf("%d of %d×%d", l.Units, l.Kernel, l.Kernel)
	if l.stride() > 1 {
		s += fmt.Sprintf(", stride %d", l.stride())
	}
	if l.Pad > 0 {
		s += fmt.Sprintf(", pad %d", l.Pad)
	}
	return s + relu(l.Linear) + scaled(l.Scale)
}

func (l MaxPool) definition() string {
	s := fmt.Sprintf("max %d×%d", l.Size, l.Size)
	if l.stride() != 1 {
		s += fmt.Sprintf(", stride %d", l.stride())
	}
	if l.Floor {
		return s + ", floor"
	}
	return s + ", ceil"
}

func (l Dense) definition() string {
	return fmt.Sprintf("%d", l.Units) + relu(l.Linear) + scaled(l.Scale)
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

// isLinear reports whether a layer with weights has no ReLU.
func isLinear(l Layer) bool {
	switch l := l.(type) {
	case Conv:
		return l.Linear
	case Dense:
		return l.Linear
	}
	return false
}

// shape3 prints height × width × channels.
func shape3(s [3]int) string { return fmt.Sprintf("%d×%d×%d", s[0], s[1], s[2]) }

// unknownLayer is the error for a name that is not among the known.
func unknownLayer(name string, known []string) error {
	return fmt.Errorf("nn: no layer %q; have %s", name, strings.Join(known, ", "))
}

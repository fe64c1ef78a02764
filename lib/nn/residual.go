package nn

import (
	"encoding/json"
	"fmt"
)

// Residual is a block with a way around it (He et al., CVPR 2016):
//
//	y = max(0, F(x) + S(x))
//
// without the maximum if Linear. F is Layers, one after the other, and S is Shortcut, or x
// itself if that is empty; both must end with the same shape. Parameters and layers inside
// are called by the block's name and their own: "res1/conv1", "res1/shortcut/conv1".
type Residual struct {
	Name     string  // unique in the architecture; [Sequential] fills in res1, res2, ...
	Layers   []Layer // names are unique among them; [Sequential] fills in conv1, bn1, ...
	Shortcut []Layer // the way around, such as a 1×1 convolution or a Subsample; none: x itself
	Linear   bool    // no ReLU
}

// Subsample is a way around a [Residual] block without parameters: every Stride-th position,
// and zeros as new channels up to Units (option A of He et al.), Before of them before the
// others and the rest behind.
type Subsample struct {
	Name   string // unique in its list; [Sequential] fills in subsample1, ...
	Stride int    // step between positions; 0 means 1
	Units  int    // channels of the output, at least the input's
	Before int    `json:",omitempty"` // new channels before the input's, up to Units less those
}

func (l Residual) name() string  { return l.Name }
func (l Subsample) name() string { return l.Name }

func (l Residual) named(s string) Layer  { l.Name = s; return l }
func (l Subsample) named(s string) Layer { l.Name = s; return l }

func (l Residual) kind() string  { return "residual" }
func (l Subsample) kind() string { return "subsample" }

func (l Residual) params([3]int) []paramShape  { return nil }
func (l Subsample) params([3]int) []paramShape { return nil }

func (l Subsample) stride() int { return max(l.Stride, 1) }

// output is the end of the block; what is inside has been checked on the way.
func (l Residual) output(in [3]int) ([3]int, error) { return in, nil }

func (l Subsample) output(in [3]int) ([3]int, error) {
	if l.Stride < 0 || l.Stride > maxSide || l.Units < in[2] || l.Units > maxSide {
		return in, fmt.Errorf("has Stride %d, Units %d (valid: Stride 0..%d, Units %d..%d)", l.Stride, l.Units, maxSide, in[2], maxSide)
	}
	if l.Before < 0 || l.Before > l.Units-in[2] {
		return in, fmt.Errorf("has Units %d, Before %d (valid: Before 0..%d)", l.Units, l.Before, l.Units-in[2])
	}
	s := l.stride()
	return [3]int{(in[0]-1)/s + 1, (in[1]-1)/s + 1, l.Units}, nil
}

func (l Residual) definition() string { return "sum with the shortcut" + relu(l.Linear) }

func (l Subsample) definition() string {
	if l.Before > 0 {
		return fmt.Sprintf("every %s position, %d zeros, then others up to %d", ordinal(l.stride()), l.Before, l.Units)
	}
	return fmt.Sprintf("every %s position, zeros up to %d", ordinal(l.stride()), l.Units)
}

func ordinal(n int) string {
	switch n {
	case 1:
		return "1st"
	case 2:
		return "2nd"
	case 3:
		return "3rd"
	}
	return fmt.Sprintf("%dth", n)
}

// residualJSON is a block in a file: the kinds of the layers inside are written with them.
type residualJSON struct {
	Name             string
	Layers, Shortcut []layerJSON
	Linear           bool
}

// MarshalJSON writes the block with the kind of each layer inside.
func (l Residual) MarshalJSON() ([]byte, error) {
	out := residualJSON{Name: l.Name, Linear: l.Linear}
	var err error
	if out.Layers, err = encodeLayers(l.Name, l.Layers); err != nil {
		return nil, err
	}
	if out.Shortcut, err = encodeLayers(l.Name, l.Shortcut); err != nil {
		return nil, err
	}
	return json.Marshal(out)
}

// UnmarshalJSON reads what MarshalJSON wrote.
func (l *Residual) UnmarshalJSON(b []byte) error {
	var in residualJSON
	if err := strict(b, &in); err != nil {
		return err
	}
	out := Residual{Name: in.Name, Linear: in.Linear}
	var err error
	if out.Layers, err = decodeLayers(in.Layers); err != nil {
		return err
	}
	if out.Shortcut, err = decodeLayers(in.Shortcut); err != nil {
		return err
	}
	*l = out
	return nil
}

package nn

import "fmt"

// MaxPool takes the maximum over windows of Size × Size positions, Stride apart, each
// channel by itself. The output has (height + 2·Pad − Size)/Stride + 1 rows, rounded up as
// Caffe does unless Floor; a window that sticks out is clipped, so that the border is never
// the maximum.
type MaxPool struct {
	Name   string // unique in the architecture; [Sequential] fills in pool1, pool2, ...
	Size   int    // rows and columns of a window
	Stride int    // step between windows; 0 means Size
	Floor  bool   // round the number of windows down
	Pad    int    `json:",omitempty"` // border around the picture, on all four sides, less than Size
}

// AvgPool takes the mean over windows as [MaxPool] has them. A window over the edge is
// divided by the number of its cells in the picture with its border of zeros, as Caffe and,
// by default, PyTorch do, or, if Inside, in the picture itself; without Pad both are the same.
type AvgPool struct {
	Name   string // unique in the architecture; [Sequential] fills in pool1, pool2, ...
	Size   int    // rows and columns of a window
	Stride int    // step between windows; 0 means Size
	Floor  bool   // round the number of windows down
	Pad    int    // border of zeros around the picture, on all four sides, less than Size
	Inside bool   // the border does not count in the mean
}

// GlobalAvgPool takes the mean over all positions, each channel by itself; its output is
// 1 × 1 × channels.
type GlobalAvgPool struct {
	Name string // unique in the architecture; [Sequential] fills in pool1, pool2, ...
}

func (l MaxPool) name() string       { return l.Name }
func (l AvgPool) name() string       { return l.Name }
func (l GlobalAvgPool) name() string { return l.Name }

func (l MaxPool) named(s string) Layer       { l.Name = s; return l }
func (l AvgPool) named(s string) Layer       { l.Name = s; return l }
func (l GlobalAvgPool) named(s string) Layer { l.Name = s; return l }

func (l MaxPool) kind() string       { return "maxpool" }
func (l AvgPool) kind() string       { return "avgpool" }
func (l GlobalAvgPool) kind() string { return "globalavgpool" }

func (l MaxPool) params([3]int) []paramShape       { return nil }
func (l AvgPool) params([3]int) []paramShape       { return nil }
func (l GlobalAvgPool) params([3]int) []paramShape { return nil }

func (l MaxPool) stride() int { return orInt(l.Stride, l.Size) }
func (l AvgPool) stride() int { return orInt(l.Stride, l.Size) }

func (l MaxPool) output(in [3]int) ([3]int, error) {
	return windows(in, l.Size, l.Stride, l.Pad, l.Floor)
}

func (l AvgPool) output(in [3]int) ([3]int, error) {
	return windows(in, l.Size, l.Stride, l.Pad, l.Floor)
}

func (l GlobalAvgPool) output(in [3]int) ([3]int, error) { return [3]int{1, 1, in[2]}, nil }

// windows returns what a pooling makes of an input.
func windows(in [3]int, size, stride, pad int, floor bool) ([3]int, error) {
	if size < 1 || stride < 0 || max(size, stride) > maxSide {
		return in, fmt.Errorf("has Size %d, Stride %d (valid: Size 1..%d, Stride 0..%d)", size, stride, maxSide, maxSide)
	}
	if pad < 0 || pad >= size {
		return in, fmt.Errorf("has Size %d, Pad %d (valid: Pad 0..Size−1)", size, pad)
	}
	stride = orInt(stride, size)
	out := [3]int{pooled(in[0], size, stride, pad, floor), pooled(in[1], size, stride, pad, floor), in[2]}
	if out[0] < 1 || out[1] < 1 {
		if pad > 0 {
			return in, fmt.Errorf("windows of %d×%d are larger than the input %s with a border of %d", size, size, shape3(in), pad)
		}
		return in, fmt.Errorf("windows of %d×%d are larger than the input %s", size, size, shape3(in))
	}
	return out, nil
}

// pooled returns the number of windows along a side of n positions; no window begins
// outside.
func pooled(n, size, stride, pad int, floor bool) int {
	room := n + 2*pad - size
	if !floor {
		room += stride - 1
	}
	if room < 0 {
		return 0
	}
	out := room/stride + 1
	for out > 1 && (out-1)*stride >= n+pad {
		out--
	}
	return out
}

func (l MaxPool) definition() string {
	return windowed("max", l.Size, l.stride(), l.Pad, l.Floor)
}

func (l AvgPool) definition() string {
	s := windowed("average", l.Size, l.stride(), l.Pad, l.Floor)
	if l.Inside {
		s += ", inside"
	}
	return s
}

func (l GlobalAvgPool) definition() string { return "average of all positions" }

func windowed(what string, size, stride, pad int, floor bool) string {
	s := fmt.Sprintf("%s %d×%d", what, size, size)
	if stride != 1 {
		s += fmt.Sprintf(", stride %d", stride)
	}
	if pad > 0 {
		s += fmt.Sprintf(", pad %d", pad)
	}
	if floor {
		return s + ", floor"
	}
	return s + ", ceil"
}

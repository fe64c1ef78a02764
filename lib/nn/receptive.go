package nn

import (
	"fmt"
	"image"
)

// ReceptiveField says which pixels of the picture a unit of a layer can see. Of the unit at
// row i and column j it is the rectangle of Size that begins at Start + (i, j)·Step, in
// pixels; it may stick out of the picture where layers have a border. Rows come first in all
// of them. A fully connected layer, and any layer behind one, sees the whole picture.
type ReceptiveField struct {
	Layer       string
	Size        [2]int // rows, columns; the whole picture if Whole
	Start, Step [2]int // of position (0, 0), which may lie outside; from one position to the next
	Whole       bool   // every position sees the whole picture

	net  *Net
	last int // step of the layer
}

// ReceptiveField returns the receptive field of a layer's units, computed from the kernels,
// strides, borders and dilations of all layers before it. The mean that [Input] may take off
// each picture is not counted. An unknown name is an error that lists the known ones.
func (n *Net) ReceptiveField(layer string) (*ReceptiveField, error) {
	at := n.index(layer)
	if at < 0 {
		return nil, unknownLayer(layer, stepNames(n.steps))
	}
	in := n.Arch.Input.Shape
	fields := []ReceptiveField{{Size: [2]int{1, 1}, Step: [2]int{1, 1}}} // see step.from
	for _, s := range n.steps[:at+1] {
		f := fields[s.from]
		if s.shortcut >= 0 {
			f = f.union(fields[s.shortcut])
		}
		if w, local := windowOf(s.layer); local {
			for a := range 2 {
				f.Size[a] += (w.span - 1) * f.Step[a]
				f.Start[a] -= w.pad * f.Step[a]
				f.Step[a] *= w.stride
			}
		} else {
			f.Whole = true
		}
		if f.Whole {
			f.Size, f.Start, f.Step = [2]int{in[0], in[1]}, [2]int{}, [2]int{}
		}
		fields = append(fields, f)
	}
	f := fields[at+1]
	f.Layer, f.net, f.last = layer, n, at
	return &f, nil
}

// union returns the field of a unit that sees what both see.
func (f ReceptiveField) union(g ReceptiveField) ReceptiveField {
	if f.Whole || g.Whole {
		return ReceptiveField{Whole: true}
	}
	for a := range 2 {
		start := min(f.Start[a], g.Start[a])
		f.Size[a] = max(f.Start[a]+f.Size[a], g.Start[a]+g.Size[a]) - start
		f.Start[a] = start
	}
	return f
}

// reach is how a layer's position looks at the positions of its input, along either side:
// span positions from i·stride − pad on, or every tap-th of them.
type reach struct{ span, stride, pad, tap int }

// windowOf returns the reach of a layer; local is false where it looks at all positions.
func windowOf(l Layer) (w reach, local bool) {
	switch l := l.(type) {
	case Conv:
		return reach{(l.Kernel-1)*l.dilation() + 1, l.stride(), l.Pad, l.dilation()}, true
	case MaxPool:
		return reach{l.Size, l.stride(), l.Pad, 1}, true
	case AvgPool:
		return reach{l.Size, l.stride(), l.Pad, 1}, true
	case LRN:
		if l.Within {
			return reach{l.size(), 1, l.size() / 2, 1}, true
		}
	case Subsample:
		return reach{1, l.stride(), 0, 1}, true
	case Dense, GlobalAvgPool:
		return reach{}, false
	}
	return reach{1, 1, 0, 1}, true
}

// Box returns the field of the position, which may stick out of the picture: x counts
// columns and y rows, from the picture's upper left pixel. It panics on a position that the
// layer does not have.
func (f *ReceptiveField) Box(row, column int) image.Rectangle {
	f.check(row, column)
	y, x := f.Start[0]+row*f.Step[0], f.Start[1]+column*f.Step[1]
	return image.Rect(x, y, x+f.Size[1], y+f.Size[0])
}

// Pixels returns the smallest rectangle of the picture that holds all pixels on which the unit
// at the position depends. It is what is in the picture of [ReceptiveField.Box], and less
// where a window over the edge is cut off: of a pooling that is rounded up, behind strides that
// leave pixels out, and of dilated filters. It panics on a position that the layer does not
// have.
func (f *ReceptiveField) Pixels(row, column int) image.Rectangle {
	f.check(row, column)
	y0, y1 := f.reaches(0, row)
	x0, x1 := f.reaches(1, column)
	if y0 == y1 || x0 == x1 {
		return image.Rectangle{}
	}
	return image.Rect(x0, y0, x1, y1)
}

// reaches returns the first of the rows (axis 0) or columns (1) of the picture on which those at
// a place of the layer depend, and the one after the last.
func (f *ReceptiveField) reaches(axis, place int) (from, to int) {
	steps := f.net.steps[:f.last+1]
	needed := make([][]bool, len(steps)+1) // places of each value (see step.from)
	need := func(value, place int) {
		if needed[value] == nil {
			side := f.net.Arch.Input.Shape[axis]
			if value > 0 {
				side = steps[value-1].out[axis]
			}
			needed[value] = make([]bool, side)
		}
		if place >= 0 && place < len(needed[value]) {
			needed[value][place] = true
		}
	}
	need(len(steps), place)
	for i := len(steps) - 1; i >= 0; i-- {
		s := steps[i]
		w, local := windowOf(s.layer)
		for p, yes := range needed[i+1] {
			switch {
			case !yes:
			case !local:
				for k := range s.in[axis] {
					need(s.from, k)
				}
			default:
				for k := 0; k < w.span; k += w.tap {
					need(s.from, p*w.stride-w.pad+k)
					if s.shortcut >= 0 {
						need(s.shortcut, p)
					}
				}
			}
		}
	}
	for p, yes := range needed[0] {
		if yes {
			if to == 0 {
				from = p
			}
			to = p + 1
		}
	}
	return from, to
}

func (f *ReceptiveField) check(row, column int) {
	s := f.net.steps[f.last].out
	if row < 0 || row >= s[0] || column < 0 || column >= s[1] {
		panic(fmt.Sprintf("nn: position (%d, %d) of %q, which has %d×%d", row, column, f.Layer, s[0], s[1]))
	}
}

// String says the field in a line.
func (f *ReceptiveField) String() string {
	if f.Whole {
		return fmt.Sprintf("%s sees the whole picture of %d×%d", f.Layer, f.Size[0], f.Size[1])
	}
	return fmt.Sprintf("%s sees %d×%d pixels, %d apart, the first from (%d, %d)", f.Layer, f.Size[0], f.Size[1], f.Step[0], f.Start[0], f.Start[1])
}

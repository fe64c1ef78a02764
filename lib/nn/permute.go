package nn

import (
	"fmt"
	"slices"
)

// Permute returns a copy of a net in which the units of a layer stand in another order: unit j
// of the copy is unit order[j] of the net, and every weight that reads them goes along, through
// poolings, functions, normalisations and dropout up to the next layers with weights. So it
// computes the same function, up to the rounding of sums in another order; the units of all other
// layers stay. A layer without weights of its own, such as a pooling or a normalisation, stands
// for the convolution or dense layer before it.
//
//	match := align.Match(layer.Between(0, 1))            // partner of each unit of net 0 in net 1
//	aligned, err := nn.Permute(nets[1], "conv1", match.Partner)
//
// It is refused where another order is another function, with the reason: for the last layer,
// whose units are the classes; where the units are added to those of another layer (the end of
// a residual block and what goes around it; layers inside a block are free); where a
// normalisation across channels counts neighbours; and where grouped convolutions would have to
// exchange units between groups. An unknown layer and an order that is none of its units are
// errors as well.
func Permute(net *Net, layer string, order []int) (*Net, error) {
	i := net.index(layer)
	if i < 0 {
		return nil, unknownLayer(layer, stepNames(net.steps))
	}
	refuse := func(format string, args ...any) (*Net, error) {
		return nil, fmt.Errorf("nn: permute %q of %s: %s", layer, net.Arch.Name, fmt.Sprintf(format, args...))
	}
	from, err := net.origin(i)
	if err != nil {
		return refuse("%v", err)
	}
	units := net.steps[from].out[2]
	if err := checkOrder(order, units); err != nil {
		return refuse("%v", err)
	}
	if from == len(net.steps)-1 {
		return refuse("its units are the classes, whose order has a meaning")
	}
	if c, ok := net.steps[from].layer.(Conv); ok && !keepsParts(order, c.groups()) {
		return refuse("its %d groups of units read different channels, and the order moves units between groups", c.groups())
	}
	out := net.Clone()
	for _, p := range out.params {
		if p.Layer == net.steps[from].name {
			permuteUnits(p.Data, order)
		}
	}
	moved := map[int]bool{from + 1: true} // values whose channels stand in the new order
	for j := from + 1; j < len(net.steps); j++ {
		s := net.steps[j]
		if _, ok := s.layer.(Residual); ok && (moved[s.from] || moved[s.shortcut]) {
			return refuse("its units are added to those of another layer in %q", s.name)
		}
		if !moved[s.from] {
			continue
		}
		goesOn, err := out.follow(s, order)
		if err != nil {
			return refuse("%v", err)
		}
		moved[j+1] = goesOn
	}
	return out, nil
}

// origin returns the step with weights whose units a step's channels are.
func (n *Net) origin(i int) (int, error) {
	for {
		s := n.steps[i]
		switch s.layer.(type) {
		case Conv, Dense:
			return i, nil
		case Residual:
			return 0, fmt.Errorf("its units are sums of those of two layers")
		case Subsample:
			return 0, fmt.Errorf("it has no units of its own, and what it reads is added to another layer's")
		}
		if s.from == 0 {
			return 0, fmt.Errorf("its channels are those of the pictures")
		}
		i = s.from - 1
	}
}

func checkOrder(order []int, units int) error {
	if len(order) != units {
		return fmt.Errorf("order of %d units, it has %d", len(order), units)
	}
	seen := make([]bool, units)
	for j, u := range order {
		if u < 0 || u >= units {
			return fmt.Errorf("order[%d] is %d (valid: 0..%d)", j, u, units-1)
		}
		if seen[u] {
			return fmt.Errorf("unit %d stands in the order twice", u)
		}
		seen[u] = true
	}
	return nil
}

// keepsParts reports whether an order leaves every unit in its part of so many equal ones.
func keepsParts(order []int, parts int) bool {
	size := len(order) / parts
	for j, u := range order {
		if j/size != u/size {
			return false
		}
	}
	return true
}

// follow changes what a layer has for its input's channels, and tells whether its output's
// channels are the same units.
func (n *Net) follow(s step, order []int) (goesOn bool, err error) {
	params := func(name string) []float32 {
		for _, p := range n.params {
			if p.Layer == s.name && p.Name == name {
				return p.Data
			}
		}
		return nil
	}
	switch l := s.layer.(type) {
	case MaxPool, AvgPool, GlobalAvgPool, Dropout, Activation:
		return true, nil
	case LRN:
		// A window over all channels from each of them has no neighbours.
		if !l.Within && l.size() < 2*len(order)-1 {
			return false, fmt.Errorf("%q normalises over %d neighbouring units", s.name, l.size())
		}
		return true, nil
	case BatchNorm:
		for _, name := range []string{"scale", "bias", "mean", "variance"} {
			permuteUnits(params(name), order)
		}
		return true, nil
	case Conv:
		if !keepsParts(order, l.groups()) {
			return false, fmt.Errorf("%q reads them in %d groups, and the order moves units between groups", s.name, l.groups())
		}
		permuteGroupedInputs(params("weight"), order, l.groups(), l.Units)
		return false, nil
	case Dense:
		permuteInputs(params("weight"), order, l.Units)
		return false, nil
	}
	return false, fmt.Errorf("%q adds them to units of another layer", s.name)
}

// permuteUnits reorders the last axis of a block of parameters.
func permuteUnits(data []float32, order []int) {
	row := make([]float32, len(order))
	for at := 0; at < len(data); at += len(order) {
		copy(row, data[at:])
		for j, u := range order {
			data[at+j] = row[u]
		}
	}
}

// permuteInputs reorders the rows of weights, position by position: rows are positions ×
// channels.
func permuteInputs(w []float32, order []int, units int) {
	size := len(order) * units
	for at := 0; at < len(w); at += size {
		old := slices.Clone(w[at : at+size])
		for j, u := range order {
			copy(w[at+j*units:][:units], old[u*units:])
		}
	}
}

// permuteGroupedInputs is permuteInputs for a convolution: the units of a group read the
// channels of their part.
func permuteGroupedInputs(w []float32, order []int, groups, units int) {
	channels, part := len(order)/groups, units/groups
	size := channels * units
	for at := 0; at < len(w); at += size {
		old := slices.Clone(w[at : at+size])
		for g := range groups {
			for j := range channels {
				u := order[g*channels+j] - g*channels
				copy(w[at+j*units+g*part:][:part], old[u*units+g*part:])
			}
		}
	}
}

package nn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
)

// Net is an architecture with parameters. Seed is what its initial parameters were drawn
// from.
type Net struct {
	Arch    *Arch
	Seed    uint64
	Origin  string  // what made the net, for people: recipe, pictures; may be empty
	History []Epoch // of its training, oldest first; empty for an untrained net and one from elsewhere, which has an Origin

	params []Param
	steps  []step
	known  *fingerprints // what was computed, shared with clones
}

// Epoch is one pass over the training pictures: its number, from 1, the mean loss
// (cross-entropy in nats) and the share of pictures recognised, in [0, 1], both as they
// were when each batch was seen.
type Epoch struct {
	Epoch          int
	Loss, Accuracy float64
}

// Param is one block of parameters of a layer. Data is a view: writing to it changes the
// net. Weights of a convolution have the shape kernel × kernel × input channels/groups ×
// units, of a dense layer inputs × units; a bias has units values. A batch normalisation has
// a scale, a bias, a mean and a variance of channels values each; the last two are Fixed.
type Param struct {
	Layer string // a layer inside a residual block is block/layer
	Name  string // "weight", "bias", "scale", "mean" or "variance"
	Shape []int
	Data  []float32
	Fixed bool // not trained: a running statistic, which has no gradient
}

// streamInit is the random stream of initial parameters.
const streamInit = 0x696e6974 // "init"

// New returns a net before training. Weights are normal with mean 0 and deviation
//
//	σ = Scale · √(2/fan-in)      fan-in: inputs of a unit (He et al., ICCV 2015)
//
// biases are 0 or what the layer says, normalisations begin with scale 1, mean 0 and variance
// 1. The draws are rand.New(rand.NewPCG(seed, 0x696e6974)).NormFloat64(),
// layer after layer, each in the order of its weights. New panics if arch fails its check.
func New(arch *Arch, seed uint64) *Net {
	n, err := blank(arch)
	if err != nil {
		panic(err.Error())
	}
	n.Seed = seed
	r := rand.New(rand.NewPCG(seed, streamInit))
	for i := range n.params {
		p := &n.params[i]
		if p.Name != "weight" {
			continue
		}
		units := p.Shape[len(p.Shape)-1]
		fanIn := len(p.Data) / units
		sigma := scaleOf(n.steps[n.index(p.Layer)].layer) * math.Sqrt(2/float64(fanIn))
		for j := range p.Data {
			p.Data[j] = float32(sigma * r.NormFloat64())
		}
	}
	return n
}

// NewScaled is [New] with other initial deviations for some layers, by name, as factors on
// He's. The net's Arch says them. It panics on a name that is not of a layer with weights.
func NewScaled(arch *Arch, seed uint64, scales map[string]float64) *Net {
	a, err := arch.WithScales(scales)
	if err != nil {
		panic(err.Error())
	}
	return New(a, seed)
}

// blank returns a net whose weights are 0 and whose other parameters are as they begin.
func blank(arch *Arch) (*Net, error) {
	steps, err := arch.steps()
	if err != nil {
		return nil, err
	}
	n := &Net{Arch: arch, steps: steps, known: newFingerprints()}
	for _, s := range steps {
		for _, p := range s.layer.params(s.in) {
			data := make([]float32, product64(p.shape))
			if p.start != 0 {
				for i := range data {
					data[i] = p.start
				}
			}
			n.params = append(n.params, Param{s.name, p.name, p.shape, data, p.fixed})
		}
	}
	return n, nil
}

// index returns the place of a layer among the steps, −1 if there is none of that name.
func (n *Net) index(name string) int {
	for i, s := range n.steps {
		if s.name == name {
			return i
		}
	}
	return -1
}

// Params returns the parameters, layer after layer, weights before bias, those that are not
// trained included. The slices are views of the net's own.
func (n *Net) Params() []Param { return append([]Param(nil), n.params...) }

// Layers returns the layers whose units are read by default, in order: convolutions and dense
// layers after their ReLU or other function, or, if they are Linear, where a pooling follows;
// activations, normalisations with ReLU, and residual blocks. The linear last layer, poolings
// and all others can be read by name too.
func (n *Net) Layers() []string {
	var names []string
	for i, s := range n.steps {
		read := false
		switch l := s.layer.(type) {
		case Conv:
			read = !l.Linear || n.isPooled(i)
		case Dense:
			read = !l.Linear
		case Activation:
			read = true
		case BatchNorm:
			read = l.ReLU
		case Residual:
			read = !l.Linear
		}
		if read {
			names = append(names, s.name)
		}
	}
	return names
}

// isPooled reports whether a pooling comes after a step.
func (n *Net) isPooled(i int) bool {
	if i+1 >= len(n.steps) || n.steps[i+1].from != i+1 {
		return false
	}
	switch n.steps[i+1].layer.(type) {
	case MaxPool, AvgPool, GlobalAvgPool:
		return true
	}
	return false
}

// LayerShape returns a layer's output as height, width, units; a dense layer has 1, 1,
// units. An unknown name is an error that lists the known ones.
func (n *Net) LayerShape(name string) ([3]int, error) {
	i := n.index(name)
	if i < 0 {
		return [3]int{}, unknownLayer(name, stepNames(n.steps))
	}
	return n.steps[i].out, nil
}

// Clone returns a copy that shares nothing but the architecture.
func (n *Net) Clone() *Net {
	c := *n
	c.History = append([]Epoch(nil), n.History...)
	c.params = append([]Param(nil), n.params...)
	for i, p := range c.params {
		c.params[i].Data = append([]float32(nil), p.Data...)
	}
	return &c
}

// String says which net it is, in a line.
func (n *Net) String() string {
	total := 0
	for _, p := range n.params {
		if !p.Fixed {
			total += len(p.Data)
		}
	}
	s := fmt.Sprintf("%s, seed %d, %s parameters", n.Arch.Name, n.Seed, thousands(total))
	if len(n.History) == 0 && n.Origin != "" {
		s = fmt.Sprintf("%s, %s parameters", n.Arch.Name, thousands(total)) // a net from elsewhere has no seed
	}
	switch {
	case len(n.History) > 0:
		e := n.History[len(n.History)-1]
		s += fmt.Sprintf(", %d epochs, loss %.3f, training accuracy %.3f", e.Epoch, e.Loss, e.Accuracy)
	case n.Origin == "":
		s += ", untrained"
	}
	if n.Origin != "" {
		s += ", " + n.Origin
	}
	return s
}

func sortedKeys(m map[string]float64) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
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
	History []Epoch // of its training, oldest first; empty for an untrained net

	params []Param
	shapes [][3]int // the input's and each layer's
}

// Epoch is one pass over the training pictures: its number, from 1, the mean loss
// (cross-entropy in nats) and the share of pictures recognised, in [0, 1], both as they
// were when each batch was seen.
type Epoch struct {
	Epoch          int
	Loss, Accuracy float64
}

// Param is one block of parameters of a layer. Data is a view: writing to it changes the
// net. Weights of a convolution have the shape kernel × kernel × input channels × units,
// of a dense layer inputs × units; a bias has units values.
type Param struct {
	Layer string
	Name  string // "weight" or "bias"
	Shape []int
	Data  []float32
}

// streamInit is the random stream of initial parameters.
const streamInit = 0x696e6974 // "init"

// New returns a net before training. Weights are normal with mean 0 and deviation
//
//	σ = Scale · √(2/fan-in)      fan-in: inputs of a unit (He et al., ICCV 2015)
//
// and biases are 0. The draws are rand.New(rand.NewPCG(seed, 0x696e6974)).NormFloat64(),
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
		sigma := scaleOf(n.Arch.Layers[n.Arch.index(p.Layer)]) * math.Sqrt(2/float64(fanIn))
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

// blank returns a net whose parameters are 0.
func blank(arch *Arch) (*Net, error) {
	shapes, err := arch.shapes()
	if err != nil {
		return nil, err
	}
	n := &Net{Arch: arch, shapes: shapes}
	for i, l := range arch.Layers {
		w := l.weights(shapes[i])
		if w == nil {
			continue
		}
		units := w[len(w)-1]
		n.params = append(n.params,
			Param{l.name(), "weight", w, make([]float32, product64(w))},
			Param{l.name(), "bias", []int{units}, make([]float32, units)})
	}
	return n, nil
}

// index returns the place of a layer, −1 if there is none of that name.
func (a *Arch) index(name string) int {
	for i, l := range a.Layers {
		if l.name() == name {
			return i
		}
	}
	return -1
}

// Params returns the parameters, layer after layer, weights before bias. The slices are
// views of the net's own.
func (n *Net) Params() []Param { return append([]Param(nil), n.params...) }

// Layers returns the layers whose units are read by default: convolutions and dense layers
// after their ReLU, in order. The linear last layer and poolings can be read by name too.
func (n *Net) Layers() []string {
	var names []string
	for _, l := range n.Arch.Layers {
		switch l.(type) {
		case Conv, Dense:
			if !isLinear(l) {
				names = append(names, l.name())
			}
		}
	}
	return names
}

// LayerShape returns a layer's output as height, width, units; a dense layer has 1, 1,
// units. An unknown name is an error that lists the known ones.
func (n *Net) LayerShape(name string) ([3]int, error) {
	i := n.Arch.index(name)
	if i < 0 {
		return [3]int{}, unknownLayer(name, n.Arch.layerNames())
	}
	return n.shapes[i+1], nil
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

// Fingerprint returns a SHA-256 in hexadecimal of the architecture and the parameters'
// bits. Seed, origin and history do not enter.
func (n *Net) Fingerprint() string {
	h := sha256.New()
	fmt.Fprintln(h, n.Arch.Fingerprint())
	var buf [4096]byte
	for _, p := range n.params {
		for d := p.Data; len(d) > 0; {
			k := min(len(d), len(buf)/4)
			for i, v := range d[:k] {
				binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
			}
			h.Write(buf[:4*k])
			d = d[k:]
		}
	}
	return hex.EncodeToString(h.Sum(nil))
}

// String says which net it is, in a line.
func (n *Net) String() string {
	total := 0
	for _, p := range n.params {
		total += len(p.Data)
	}
	s := fmt.Sprintf("%s, seed %d, %s parameters", n.Arch.Name, n.Seed, thousands(total))
	if len(n.History) == 0 {
		s += ", untrained"
	} else {
		e := n.History[len(n.History)-1]
		s += fmt.Sprintf(", %d epochs, loss %.3f, training accuracy %.3f", e.Epoch, e.Loss, e.Accuracy)
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

package findings

import (
	"context"
	"fmt"
	"math"
	"slices"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/corr"
	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// convolutions are the layers of the paper's Figure 4.
var convolutions = []string{"conv1", "conv2", "conv3", "conv4", "conv5"}

// What the paper's tests fix.
const (
	paperUnits1  = 96  // units of the paper's conv1
	paperUnits2  = 256 // of its conv2
	bestPairs    = 8   // pairs in its figures of best pairs
	infoPictures = 500 // mutual information is counted over so many
	clusterDraws = 500 // random clusters for each found one
)

// evidence is what the claims are decided on, for one kind of nets.
type evidence struct {
	stats      *corr.Stats
	info       *corr.InformationLayer // of conv1
	accuracies []float64
	recognised [][]bool    // nets × pictures
	frequency  [][]float64 // of conv1's filters, for each net
	pictures   int
}

// Test measures trained nets, the same nets before training, and the trained nets with
// the pictures of each in another order, and tests the claims. Statistics and nothing
// else are taken from the cache; the rest takes about a minute of processor time for 10,000 pictures.
func Test(ctx context.Context, trained, untrained []*nn.Net, set *dataset.Set) (*Findings, error) {
	if len(trained) < 2 || len(trained) != len(untrained) {
		return nil, fmt.Errorf("findings: %d trained and %d untrained nets (want the same number, 2 or more)", len(trained), len(untrained))
	}
	for _, net := range append(slices.Clone(trained), untrained...) {
		for _, name := range convolutions {
			shape, err := net.LayerShape(name)
			if err != nil {
				return nil, fmt.Errorf("findings: %w", err)
			}
			first, _ := trained[0].LayerShape(name) // found above
			if shape != first {
				return nil, fmt.Errorf("findings: %s is %v in one net and %v in another", name, first, shape)
			}
		}
	}
	here, err := measure(ctx, trained, set, false)
	if err != nil {
		return nil, err
	}
	before, err := measure(ctx, untrained, set, false)
	if err != nil {
		return nil, err
	}
	chance, err := measure(ctx, trained, set, true)
	if err != nil {
		return nil, err
	}
	f := &Findings{Origin: fmt.Sprintf("%d nets of %s, %s; ranges from the lowest to the highest of all pairs of nets, or of the nets", len(trained), trained[0].Arch.Name, set)}
	for i, test := range tests {
		c := test.claim
		c.Number = i + 1
		c.Here, c.Untrained, c.Chance = test.value(here), test.value(before), test.value(chance)
		if test.chance != nil {
			c.Chance = test.chance(here)
		}
		if test.note != nil {
			c.Note = test.note(here)
		}
		if err := c.check(); err != nil {
			return nil, err
		}
		f.Claims = append(f.Claims, c.decided())
	}
	return f, ctx.Err()
}

// check refuses a quantity that is no number where one must be.
func (c Claim) check() error {
	for _, v := range []Value{c.Here, c.Untrained} {
		if math.IsNaN(v.Mean) || math.IsInf(v.Low, 0) || math.IsInf(v.High, 0) {
			return fmt.Errorf("findings: claim %d has the value %v", c.Number, v)
		}
	}
	return nil
}

// measure runs the nets over the pictures.
func measure(ctx context.Context, nets []*nn.Net, set *dataset.Set, shuffled bool) (*evidence, error) {
	source := activation.Stream(nets, set)
	some := activation.Stream(nets, set.Head(min(infoPictures, set.Len())), "conv1")
	if shuffled {
		source, some = source.Shuffled(1), some.Shuffled(1)
	}
	e := &evidence{pictures: set.Len()}
	stats, err := corr.Collect(ctx, source)
	if err != nil {
		return nil, err
	}
	info, err := corr.CollectInformation(ctx, some, corr.InformationConfig{})
	if err != nil {
		return nil, err
	}
	classes, err := nn.Predictions(ctx, nets, set)
	if err != nil {
		return nil, err
	}
	e.stats, e.info = stats, info.Layer("conv1")
	for _, of := range classes {
		right, count := make([]bool, len(of)), 0
		for p, class := range of {
			if right[p] = class == set.Label(p); right[p] {
				count++
			}
		}
		e.recognised = append(e.recognised, right)
		e.accuracies = append(e.accuracies, float64(count)/float64(len(of)))
	}
	for _, net := range nets {
		e.frequency = append(e.frequency, FilterFrequencies(net, "conv1"))
	}
	return e, nil
}

// pairs returns a quantity over all pairs of nets.
func (e *evidence) pairs(value func(a, b int) float64) Value {
	var values []float64
	for a := range e.stats.Nets() {
		for b := a + 1; b < e.stats.Nets(); b++ {
			values = append(values, value(a, b))
		}
	}
	return Over(values...)
}

// nets returns a quantity over all nets.
func (e *evidence) nets(value func(net int) float64) Value {
	var values []float64
	for n := range e.stats.Nets() {
		values = append(values, value(n))
	}
	return Over(values...)
}

// assigned returns both assignments of a layer.
func (e *evidence) assigned(layer string, a, b int) (semi, match *align.Matching) {
	between := e.stats.Layer(layer).Between(a, b)
	return align.SemiMatch(between), align.Match(between)
}

// sparse returns the exact map of a layer at an α.
func (e *evidence) sparse(layer string, a, b int, alpha float64) *align.SparseMap {
	l := e.stats.Layer(layer)
	return align.Lasso(l.Within(a), l.Between(a, b), alpha)
}

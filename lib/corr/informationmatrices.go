package corr

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// InformationFromMatrices returns the mutual information of plain matrices, samples × units, one
// for each net, as [CollectInformation] does of activations: bins as in [Information], of the
// entries rounded to float32. It panics as [FromMatrices] does, and if the options are out of
// range.
func InformationFromMatrices(config InformationConfig, mats ...mat.Matrix) *InformationLayer {
	return surveyed(mats).information(config)
}

// MutualInformation returns the d_a×d_b matrix of mutual information between units of two nets, in
// nats, with the default bins (see [Information]); rows are units of net a. It takes the samples
// themselves, which only a layer of [FromMatrices] has, and counts anew with every call: of
// activations, and for more than one pair or other bins, see [CollectInformation] and
// [InformationFromMatrices]. It panics for other layers, and on a net that does not exist.
func (l *Layer) MutualInformation(a, b int) *mat.Dense {
	l.check(a)
	l.check(b)
	return l.information(InformationConfig{Within: a == b}).MutualInformation(a, b)
}

func (l *Layer) information(config InformationConfig) *InformationLayer {
	if l.values == nil {
		panic(fmt.Sprintf("corr: layer %q holds moments only, of one pass; mutual information takes two: corr.CollectInformation(ctx, acts, corr.InformationConfig{})", l.name))
	}
	whole := context.Background()
	c := newCounting(l.name, l.units, config.filled())
	if err := c.gather(l.values, l.samples); err != nil {
		panic(err.Error()) // entries are finite
	}
	if c.kept() > c.config.Memory {
		c.sketch(whole)
	}
	var info *InformationLayer
	err := c.cut(whole)
	if err == nil {
		err = c.add(whole, l.values, l.samples)
	}
	if err == nil {
		info, err = c.layer(whole)
	}
	if err != nil {
		panic(err.Error())
	}
	return info
}

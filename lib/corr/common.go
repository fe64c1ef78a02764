package corr

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// WithoutLeading returns the layer with the k leading principal components of each net's
// within-correlation taken out of its units: what many units of a net do together, such as
// following the brightness of the picture. From the matrices alone, with z the z-scores of a
// net's units and V the eigenvectors of its k largest eigenvalues,
//
//	x'_i = μ_i + σ_i (z − V Vᵀ z)_i
//
// Each net loses its own components, whether or not other nets have them. Mean is unchanged, Std
// is what is left of each unit's deviation, and Within and Between are correlations of x',
// renormalised; Min, Max and ZeroShare stay those of the activations as measured. A unit of
// which less than 10^−10 of the variance is left counts as constant. Constant units stay
// constant. With k of a net's units or more nothing is left of it. k = 0 returns the layer as it is. It
// panics if k is negative, and where eigenvalues cannot be found. Cost: an
// eigendecomposition for each net, of third order in its units.
func (l *Layer) WithoutLeading(k int) *Layer { return l.withoutLeading(context.Background(), k) }

// withoutLeading is WithoutLeading, or nil if ctx ends before it.
func (l *Layer) withoutLeading(ctx context.Context, k int) *Layer {
	if k < 0 {
		panic(fmt.Sprintf("corr: WithoutLeading: %d components", k))
	}
	if k == 0 {
		return l
	}
	return l.without(ctx, func(net int) *mat.Dense {
		n := l.units[net]
		live := l.live(net)
		k := min(k, len(live))
		if k == 0 {
			return nil
		}
		c := mat.NewSymDense(len(live), nil)
		for i, u := range live {
			for j := i; j < len(live); j++ {
				c.SetSym(i, j, l.correlation(l.offset[net]+u, l.offset[net]+live[j]))
			}
		}
		var e mat.EigenSym
		if !e.Factorize(c, true) {
			panic(fmt.Sprintf("corr: WithoutLeading: no eigenvalues of net %d's %d×%d correlations", net, n, n))
		}
		var vectors mat.Dense
		e.VectorsTo(&vectors) // of rising eigenvalues
		v := mat.NewDense(n, k, nil)
		for i, u := range live {
			for j := range k {
				v.Set(u, j, vectors.At(i, len(live)-1-j))
			}
		}
		return v
	})
}

// WithoutMean returns the layer with the common mode of each net taken out: at every sample
// the mean over the net's units of their z-scores,
//
//	x'_i = μ_i + σ_i (z_i − (1/d) Σ_j z_j)
//
// over the d units that are not constant. It is WithoutLeading(1) with equal weights in place of the first
// eigenvector's; what that says of Mean, Std and constant units holds here.
func (l *Layer) WithoutMean() *Layer { return l.withoutMean(context.Background()) }

// withoutMean is WithoutMean, or nil if ctx ends before it.
func (l *Layer) withoutMean(ctx context.Context) *Layer {
	return l.without(ctx, func(net int) *mat.Dense {
		live := l.live(net)
		if len(live) == 0 {
			return nil
		}
		v := mat.NewDense(l.units[net], 1, nil)
		for _, u := range live {
			v.Set(u, 0, 1)
		}
		v.Scale(1/mat.Norm(v, 2), v)
		return v
	})
}

// live lists the units of a net that are not constant.
func (l *Layer) live(net int) []int {
	var live []int
	for u := range l.units[net] {
		if i := l.offset[net] + u; l.cov[i*l.d+i] > 0 {
			live = append(live, u)
		}
	}
	return live
}

// least is the share of a unit's variance that rounding may leave where nothing is left.
const least = 1e-10

// without takes the directions out of each net's z-scores: orthonormal columns, units × k, or nil.
// It looks at ctx between the nets, and returns nil when that has ended.
func (l *Layer) without(ctx context.Context, directions func(net int) *mat.Dense) *Layer {
	r := newLayer(l.name, l.units)
	r.samples = l.samples
	copy(r.mean, l.mean)
	copy(r.low, l.low)
	copy(r.high, l.high)
	copy(r.zero, l.zero)
	if l.d == 0 {
		return r
	}
	c := mat.NewDense(l.d, l.d, nil)
	for i := range l.d {
		for j := i; j < l.d; j++ {
			x := l.correlation(i, j)
			c.Set(i, j, x)
			c.Set(j, i, x)
		}
	}
	// C ← P C Pᵀ, one net's rows and columns after the other's: (I − V Vᵀ) C.
	for net, n := range l.units {
		if n == 0 {
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		v := directions(net)
		if v == nil {
			continue
		}
		at := l.offset[net]
		var part, shadow mat.Dense
		rows := c.Slice(at, at+n, 0, l.d).(*mat.Dense)
		part.Mul(v.T(), rows)
		shadow.Mul(v, &part)
		rows.Sub(rows, &shadow)
		columns := c.Slice(0, l.d, at, at+n).(*mat.Dense)
		var side, shade mat.Dense
		side.Mul(columns, v)
		shade.Mul(&side, v.T())
		columns.Sub(columns, &shade)
	}
	std := make([]float64, 0, l.d)
	for net := range l.units {
		std = append(std, l.Std(net)...)
	}
	for i := range l.d {
		for j := i; j < l.d; j++ {
			x := (c.At(i, j) + c.At(j, i)) / 2
			if c.At(i, i) < least || c.At(j, j) < least {
				x = 0
			}
			r.cov[i*l.d+j] = x * std[i] * std[j]
		}
	}
	r.settle()
	return r
}

package similarity

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// CCA returns the mean canonical correlation of a and b (samples × units): with orthonormal
// bases U and V of what their centred units span,
//
//	ρ_1 ≥ ρ_2 ≥ … are the singular values of UᵀV,   CCA = mean of ρ_1..ρ_c,   c = min(rank a, rank b)
//
//	range       [0, 1]
//	direction   1: the smaller span lies within the other
//	invariant   to any invertible linear map of the units of a, and of b, and to offsets
//	by chance   far above 0: over shuffled samples the mean of ρ² is exactly
//	            max(rank a, rank b)/(n−1); some ρ are always 1 where rank a + rank b ≥ n
//
// Directions whose singular value is below 1e-10 of the largest, units scaled to equal
// deviation, do not count, so dead and duplicate units change nothing. If every unit of a or
// of b is constant it is 0. It panics if the numbers of samples differ, or an entry is not
// finite. Take many more samples than units: with n ≤ units it is 1 whatever the data.
func CCA(a, b mat.Matrix) float64 { return once(MeanCCA, "CCA", a, b, Options{}) }

// SVCCA returns the mean canonical correlation, as [CCA], of the leading principal components
// of a and b (Raghu et al., NeurIPS 2017): of each the fewest whose VARIANCE (squared singular
// values, not the values themselves as in some code) adds up to the share, such as 0.99.
//
//	range       [0, 1]
//	direction   1: the smaller of the kept spaces lies within the other
//	invariant   to rotations and reflections, to one factor for a whole matrix, to offsets per
//	            unit; of the kept spaces, to any invertible linear map
//	by chance   as CCA, with the numbers of components kept for the ranks
//
// It is 0 if every unit of a or of b is constant, and panics if the share is not in (0, 1],
// and as CCA does. Share 1 is CCA.
func SVCCA(a, b mat.Matrix, share float64) float64 {
	return once(SingularVectorCCA, "SVCCA", a, b, Options{Share: checkShare("SVCCA", share)})
}

// PWCCA returns the projection-weighted canonical correlation of a and b: the mean of the ρ_i
// of [CCA] in which ρ_i counts as much as the units of a project on its canonical variate,
//
//	PWCCA = Σ α_i ρ_i / Σ α_i,   α_i = Σ_j |⟨h_i, x_j⟩|      Morcos et al., NeurIPS 2018
//
// with h_i of length 1 and x_j the centred units of a.
//
//	range       [0, 1]
//	direction   1: what a represents lies within the span of b. Not symmetric: the weights are
//	            those of a
//	invariant   to any invertible linear map of the units of b, to one factor and offsets for
//	            a; not to rotations of a, whose units give the weights
//	by chance   far above 0, as CCA
//
// It is 0 if every unit of a or of b is constant, and panics as CCA does.
func PWCCA(a, b mat.Matrix) float64 { return once(ProjectionWeightedCCA, "PWCCA", a, b, Options{}) }

func checkShare(fn string, share float64) float64 {
	if !(share > 0 && share <= 1) {
		panic(fmt.Sprintf("similarity: %s: share %v of the variance (valid: above 0, at most 1)", fn, share))
	}
	return share
}

// cca is the comparison by canonical correlations.
type cca struct {
	halt
	share  float64    // of the variance that counts, of coordinates x and y; 1 is all
	ux, uy *mat.Dense // n×r, orthonormal bases of what counts; nil at rank 0
	x, y   *mat.Dense // coordinates that a resample starts from
	loads  *mat.Dense // of PWCCA: ⟨u_k, x_j⟩, rank × units of a
}

func newCCA(h halt, m Measure, a, b *mat.Dense, o Options) *cca {
	centre(a)
	centre(b)
	c := &cca{halt: h, share: 1}
	if m == SingularVectorCCA && o.Share < 1 {
		c.share = o.Share
		c.ux, c.x = components(a, c.share)
		h.check()
		c.uy, c.y = components(b, c.share)
		h.check()
		return c
	}
	c.ux = decompose(standardise(a)).u
	h.check()
	c.uy = decompose(standardise(b)).u
	h.check()
	c.x, c.y = c.ux, c.uy
	if m == ProjectionWeightedCCA && c.ux != nil {
		c.loads = h.cross(c.ux, a)
	}
	return c
}

// components returns an orthonormal basis of the principal components that make up the share
// of the variance, and all of the components with their variance.
func components(x *mat.Dense, share float64) (basis, all *mat.Dense) {
	f := decompose(x)
	if f.rank() == 0 {
		return nil, nil
	}
	variance := make([]float64, f.rank())
	for k, s := range f.s {
		variance[k] = s * s
	}
	return columns(f.u, keep(variance, share)), scaled(f.u, f.s)
}

// keep returns how many leading variances make up the share of their sum.
func keep(variance []float64, share float64) int {
	total := 0.0
	for _, v := range variance {
		total += v
	}
	sum := 0.0
	for k, v := range variance {
		sum += v
		if sum >= share*total*(1-1e-12) { // equal up to rounding is enough
			return k + 1
		}
	}
	return len(variance)
}

func (c *cca) value() float64 {
	if c.ux == nil || c.uy == nil {
		return 0
	}
	return c.average(c.cross(c.ux, c.uy), c.loads)
}

func (c *cca) shuffled(perm []int) float64 {
	if c.ux == nil || c.uy == nil {
		return 0
	}
	return c.average(c.cross(c.ux, gather(c.uy, perm)), c.loads)
}

// average returns the mean of the singular values of m = UᵀV, weighted by the loads of U's
// columns on the units unless that is nil.
func (h halt) average(m, loads *mat.Dense) float64 {
	h.check()
	r, s := m.Dims()
	c := min(r, s)
	if loads == nil {
		return clip(nuclear(m)/float64(c), 0, 1)
	}
	var svd mat.SVD
	var rho []float64
	var u mat.Dense
	if svd.Factorize(m, mat.SVDThin) {
		rho = svd.Values(nil)
		svd.UTo(&u)
	} else {
		f := decomposeByGram(m)
		if f.rank() == 0 {
			return 0
		}
		rho, u = f.s, *f.u
	}
	h.check()
	onto := cross(&u, loads)
	sum, total := 0.0, 0.0
	for k, v := range rho {
		alpha := 0.0
		for _, h := range onto.RawRowView(k) {
			alpha += math.Abs(h)
		}
		sum += alpha * min(v, 1)
		total += alpha
	}
	if total == 0 {
		return 0
	}
	return clip(sum/total, 0, 1)
}

func (c *cca) resampled(w []float64) float64 {
	if c.x == nil || c.y == nil {
		return 0
	}
	x, y := weighted(c.x, w), weighted(c.y, w)
	wx, vx := whiten(c.cross(x, x), c.share, energy(c.x, w))
	c.check()
	wy, _ := whiten(c.cross(y, y), c.share, energy(c.y, w))
	c.check()
	if wx == nil || wy == nil {
		return 0
	}
	var half, m mat.Dense
	half.Mul(wx.T(), c.cross(x, y))
	c.check()
	m.Mul(&half, wy)
	var loads *mat.Dense
	if c.loads != nil {
		// ⟨u_k, x_j⟩ of the resampled units, whose basis is x wx.
		loads = &mat.Dense{}
		loads.Mul(vx.T(), c.loads)
	}
	return c.average(&m, loads)
}

// energy returns Σ w_i ‖x_i‖².
func energy(x *mat.Dense, w []float64) float64 {
	sum := 0.0
	for i, v := range w {
		if v == 0 {
			continue
		}
		for _, e := range x.RawRowView(i) {
			sum += v * e * e
		}
	}
	return sum
}

// whiten returns w with wᵀgw = 1 for the leading part of the symmetric g that makes up the
// share of its trace, and v = g w; nil if g is 0 or, beside the energy of the samples that were
// drawn before they were centred, rounding. Coordinates of a resample start out nearly white
// or with their variance, so that squaring them in g loses nothing that counts.
func whiten(g *mat.Dense, share, energy float64) (w, v *mat.Dense) {
	if share == 1 {
		if w, v = whitenByCholesky(g, energy); w != nil {
			return w, v
		}
	}
	values, vectors := eigen(g)
	const lost = 1e-12 // a direction that the draw left out has rounding only
	r := rankOf(values, lost)
	if r == 0 || values[0] <= 1e-26*energy {
		return nil, nil
	}
	if share < 1 {
		r = keep(values[:r], share)
	}
	down, up := make([]float64, r), make([]float64, r)
	for k := range r {
		up[k] = math.Sqrt(values[k])
		down[k] = 1 / up[k]
	}
	e := columns(vectors, r)
	return scaled(e, down), scaled(e, up)
}

// whitenByCholesky is whiten for all of a g that is far from singular, at a tenth of the cost:
// g = LLᵀ, w = L⁻ᵀ, v = L. It returns nil for any other.
func whitenByCholesky(g *mat.Dense, energy float64) (w, v *mat.Dense) {
	n, _ := g.Dims()
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			sym.SetSym(i, j, g.At(i, j))
		}
	}
	var c mat.Cholesky
	if !c.Factorize(sym) || c.Cond() > 1e8 || mat.Trace(g) <= 1e-20*energy {
		return nil, nil
	}
	var l, inverse mat.TriDense
	c.LTo(&l)
	if inverse.InverseTri(&l) != nil {
		return nil, nil
	}
	return mat.DenseCopyOf(inverse.T()), mat.DenseCopyOf(&l)
}

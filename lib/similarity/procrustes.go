package similarity

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// Procrustes returns the size-and-shape distance of a and b (samples × units): what remains
// between the centred X and Y after the best rotation or reflection Q,
//
//	d = min_Q ‖XQ − Y‖_F = √(‖X‖²_F + ‖Y‖²_F − 2‖XᵀY‖_*)      Williams et al., NeurIPS 2021
//
// with ‖·‖_* the sum of singular values; the smaller number of units is filled up with zeros.
//
//	range       [0, √(‖X‖²_F + ‖Y‖²_F)], in the activations' unit; grows as √n with the samples
//	direction   0 is equal; a metric
//	invariant   to rotations and reflections and to offsets per unit; not to scale
//	by chance   from [Compare] or [Null]: it has no simple formula
//
// A matrix of constant units lies at the origin, at ‖Y‖_F from Y. It panics if the numbers of
// samples differ, or an entry is not finite.
func Procrustes(a, b mat.Matrix) float64 {
	return once(ProcrustesDistance, "Procrustes", a, b, Options{})
}

// ProcrustesNormalized returns the [Procrustes] distance of a and b after each is centred and
// divided by its Frobenius norm: d = √(2 − 2‖XᵀY‖_*). Some authors call its square the
// Procrustes distance (Ding et al., NeurIPS 2021).
//
//	range       [0, √2]
//	direction   0 is equal; a metric
//	invariant   to rotations and reflections, to one factor for a whole matrix, to offsets per
//	            unit
//	by chance   below √2, the more so the more units there are for the samples: see Null
//
// If every unit of a or of b is constant there is nothing to normalise, and it is √2. It
// panics as Procrustes does.
func ProcrustesNormalized(a, b mat.Matrix) float64 {
	return once(ProcrustesNormalizedDistance, "ProcrustesNormalized", a, b, Options{})
}

// ProcrustesAngle returns the angle between the shapes of a and b, in radians:
// arccos ‖XᵀY‖_* for X and Y as in [ProcrustesNormalized], the geodesic form of that distance.
//
//	range       [0, π/2]
//	direction   0 is equal; a metric
//	invariant   as ProcrustesNormalized
//	by chance   below π/2: see Null
//
// If every unit of a or of b is constant it is π/2. It panics as Procrustes does.
func ProcrustesAngle(a, b mat.Matrix) float64 {
	return once(ProcrustesAngularDistance, "ProcrustesAngle", a, b, Options{})
}

// procrustes is the comparison by rotation.
type procrustes struct {
	halt
	measure Measure
	x, y    *mat.Dense // centred, over a common power of two
	scale   int        // the exponent of that power
}

func newProcrustes(h halt, m Measure, x, y *mat.Dense) *procrustes {
	p := &procrustes{halt: h, measure: m}
	ex, ey := centre(x), centre(y)
	if m == ProcrustesDistance {
		if isZero(x) {
			ex = ey
		} else if isZero(y) {
			ey = ex
		}
		p.scale = max(ex, ey)
		x.Scale(math.Ldexp(1, ex-p.scale), x)
		y.Scale(math.Ldexp(1, ey-p.scale), y)
	}
	p.x = narrow(x)
	h.check()
	p.y = narrow(y)
	h.check()
	return p
}

func isZero(x *mat.Dense) bool { return mat.Max(x) == 0 && mat.Min(x) == 0 }

// narrow rotates x with more units than samples into at most as many; the distance does not
// see rotations.
func narrow(x *mat.Dense) *mat.Dense {
	n, p := x.Dims()
	if p <= n {
		return x
	}
	f := decompose(x)
	if f.rank() == 0 {
		return mat.NewDense(n, 1, nil)
	}
	return scaled(f.u, f.s)
}

func (p *procrustes) value() float64 { return p.distance(p.x, p.y) }

func (p *procrustes) shuffled(perm []int) float64 { return p.distance(p.x, gather(p.y, perm)) }

func (p *procrustes) resampled(w []float64) float64 {
	return p.distance(weighted(p.x, w), weighted(p.y, w))
}

// distance returns the measure for centred x and y.
func (p *procrustes) distance(x, y *mat.Dense) float64 {
	lx, ly := math.Sqrt(inner(x, x)), math.Sqrt(inner(y, y))
	if p.measure == ProcrustesDistance {
		return math.Ldexp(apart(p.halt, x, y, lx, ly), p.scale)
	}
	d := math.Sqrt2
	// What centring leaves of draws of equal samples is rounding, and no shape.
	if lx > 1e-13 && ly > 1e-13 {
		var u, v mat.Dense
		u.Scale(1/lx, x)
		v.Scale(1/ly, y)
		d = min(apart(p.halt, &u, &v, 1, 1), math.Sqrt2)
	}
	if p.measure == ProcrustesAngularDistance {
		return 2 * math.Asin(min(d/2, math.Sqrt2/2))
	}
	return d
}

// apart returns min_Q ‖xQ − y‖_F, given the lengths of x and y.
func apart(h halt, x, y *mat.Dense, lx, ly float64) float64 {
	m := h.cross(x, y)
	h.check()
	square := lx*lx + ly*ly - 2*nuclear(m)
	if square > 1e-4*(lx*lx+ly*ly) {
		return math.Sqrt(square)
	}
	h.check()
	// The difference of large numbers has lost its digits; rotate and measure what remains.
	var svd mat.SVD
	if !svd.Factorize(m, mat.SVDFull) {
		return math.Sqrt(max(0, square))
	}
	var u, v, xu, yv mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	xu.Mul(x, &u)
	yv.Mul(y, &v)
	n, p := xu.Dims()
	_, q := yv.Dims()
	sum := 0.0
	for i := range n {
		a, b := xu.RawRowView(i), yv.RawRowView(i)
		for j := range max(p, q) {
			t := 0.0
			if j < p {
				t = a[j]
			}
			if j < q {
				t -= b[j]
			}
			sum += t * t
		}
	}
	return math.Sqrt(sum)
}

package similarity

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// CKAFromMoments returns linear [CKA] from second moments, so that it can be had from
// statistics of any number of samples that nobody keeps:
//
//	CKA = ‖S_ab‖²_F / (‖S_aa‖_F ‖S_bb‖_F)
//
// withinA and withinB are the covariances of the units of a (p×p) and of b (q×q), between those
// of the units of a (rows) with the units of b (columns), p×q; all over the same samples and
// divided by the same number. Correlations, as from corr.Layer.Within and Between, give the
// CKA of units of unit variance: every unit that varies then counts the same, and the result
// is invariant to a factor for each unit but no longer to rotations.
//
// Range, direction and chance are as for CKA; it is 0 if withinA or withinB is 0. It panics if
// the shapes do not fit or an entry is not finite.
func CKAFromMoments(withinA, withinB, between mat.Matrix) float64 {
	const fn = "CKAFromMoments"
	p, p2 := withinA.Dims()
	q, q2 := withinB.Dims()
	r, c := between.Dims()
	if p != p2 || q != q2 || r != p || c != q {
		panic(fmt.Sprintf("similarity: %s: within %d×%d and %d×%d, between %d×%d (want p×p, q×q, p×q)", fn, p, p2, q, q2, r, c))
	}
	length := func(name string, m mat.Matrix) (float64, int) {
		x, err := read(m)
		if err != nil {
			panic(fmt.Sprintf("similarity: %s: %s: %v", fn, name, err))
		}
		e := normalise(x)
		return math.Sqrt(inner(x, x)), e
	}
	a, ea := length("withinA", withinA)
	b, eb := length("withinB", withinB)
	ab, eab := length("between", between)
	if a == 0 || b == 0 || ab == 0 {
		return 0
	}
	// ‖S_ab‖ is at most √(‖S_aa‖ ‖S_bb‖), so the exponents cannot overflow in valid moments.
	return clip(math.Ldexp(ab/a*ab/b, 2*eab-ea-eb), 0, 1)
}

// MinibatchCKA estimates linear CKA from batches of samples of which none is kept: the
// unbiased HSIC₁ of [CKAUnbiased] is averaged over batches before the division (Nguyen et
// al., ICLR 2021). The zero value is ready to use.
//
//	var m similarity.MinibatchCKA
//	for … { err := m.Add(a, b) }   // the same samples in both
//	m.Value()
//
// Range, direction, invariance and chance are as for CKAUnbiased; the value estimates that of
// all samples at once, whatever the size of the batches. [CKAFromMoments] is exact where the
// covariances are at hand.
type MinibatchCKA struct {
	kl, kk, ll, square2K, square2L float64
	ex, ey                         int // exponents of the scale of the sums
	batches, samples               int
}

// Add takes a batch, samples × units, into account with the weight of its samples. A batch of
// fewer than 4 samples, for which HSIC₁ is not defined, is an error and changes nothing, as
// does an entry that is not finite. It panics if the numbers of samples differ.
func (m *MinibatchCKA) Add(a, b mat.Matrix) error {
	x, y, err := matrices("MinibatchCKA", a, b)
	if err != nil {
		return err
	}
	n, _ := x.Dims()
	if n < 4 {
		return fmt.Errorf("similarity: MinibatchCKA: a batch of %d samples (at least 4)", n)
	}
	ex, ey := centre(x), centre(y)
	k, l := linear(halt{}, x), linear(halt{}, y)
	share(k, l, false)
	w := make([]float64, n)
	for i := range w {
		w[i] = 1
	}
	r := newResample(w)
	c := &cka{k: k, l: l}
	kl, kk, ll, k2, l2 := c.hsics(r)
	// Sums are on the scale of the first batch in which something varies.
	if m.square2K == 0 {
		m.ex = ex
	}
	if m.square2L == 0 {
		m.ey = ey
	}
	fx, fy := math.Ldexp(1, 2*(ex-m.ex)), math.Ldexp(1, 2*(ey-m.ey))
	terms := [5]float64{kl * fx * fy, kk * fx * fx, ll * fy * fy, k2 * fx * fx, l2 * fy * fy}
	for _, v := range terms {
		if math.IsInf(v, 0) || math.IsNaN(v) {
			return fmt.Errorf("similarity: MinibatchCKA: batch %d is out of scale: 2^%d and 2^%d times the first", m.batches, ex-m.ex, ey-m.ey)
		}
	}
	weight := float64(n)
	m.kl += weight * terms[0]
	m.kk += weight * terms[1]
	m.ll += weight * terms[2]
	m.square2K += weight * terms[3]
	m.square2L += weight * terms[4]
	m.batches++
	m.samples += n
	return nil
}

// Value returns the estimate, in [−1, 1]; 0 before the first batch, and where the HSIC₁ of one
// side with itself vanishes.
func (m *MinibatchCKA) Value() float64 {
	if m.kk <= vanishing*m.square2K || m.ll <= vanishing*m.square2L {
		return 0
	}
	return clip(m.kl/(math.Sqrt(m.kk)*math.Sqrt(m.ll)), -1, 1)
}

// String tells the estimate and what it is from.
func (m *MinibatchCKA) String() string {
	return fmt.Sprintf("minibatch CKA %.3f (%s samples in %s batches)", m.Value(), thousands(m.samples), thousands(m.batches))
}

package similarity

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// CKA returns the linear centred kernel alignment of a and b (samples × units):
//
//	CKA = ‖XᵀY‖²_F / (‖XᵀX‖_F ‖YᵀY‖_F)      Kornblith et al., ICML 2019
//
// with X and Y centred per unit.
//
//	range       [0, 1]
//	direction   1 is equal
//	invariant   to rotations and reflections, to one factor for a whole matrix, to offsets per
//	            unit; not to other linear maps: directions of large variance count most
//	by chance   above 0: over shuffled samples the mean is exactly
//	            tr(XXᵀ) tr(YYᵀ) / ((n−1) ‖XᵀX‖_F ‖YᵀY‖_F), near 1 for units ≫ samples
//
// It is the biased estimate; see [CKAUnbiased] for few samples. If every unit of a or of b is
// constant it is 0, as with one sample; with two samples it is 0 or 1. The work is done in the
// smaller of the space of units and that of samples. It panics if the numbers of samples
// differ, or an entry is not finite.
func CKA(a, b mat.Matrix) float64 { return once(LinearCKA, "CKA", a, b, Options{}) }

// CKAAngle returns the angle between the centred Gram matrices of a and b, in radians:
// arccos of [CKA].
//
//	range       [0, π/2]
//	direction   0 is equal; a metric (Williams et al., NeurIPS 2021)
//	invariant   as CKA
//	by chance   below π/2: see CKA
//
// It resolves angles down to about 1e-8, since the arc cosine loses half the digits there. If
// every unit of a or of b is constant it is π/2. It panics as CKA does.
func CKAAngle(a, b mat.Matrix) float64 { return once(AngleCKA, "CKAAngle", a, b, Options{}) }

// CKAUnbiased returns linear [CKA] from the unbiased estimate of HSIC, in which no sample is
// compared with itself:
//
//	HSIC₁(K, L) = (tr(K̃L̃) + 1ᵀK̃1·1ᵀL̃1/((n−1)(n−2)) − 2·1ᵀK̃L̃1/(n−2)) / (n(n−3))
//	CKA₁ = HSIC₁(K, L) / √(HSIC₁(K, K) HSIC₁(L, L))      Song et al., JMLR 2012; Nguyen et al., ICLR 2021
//
// where K̃ and L̃ are XXᵀ and YYᵀ with a zero diagonal.
//
//	range       [−1, 1]; below 0 is less alike than by chance
//	direction   1 is equal
//	invariant   as CKA
//	by chance   0: exactly so on average over shuffled samples, for any number of units
//
// It needs 4 samples and is 0 with fewer; it is 0 also where HSIC₁ of a or of b with itself
// vanishes (constant units, or samples all equally far apart). It panics as CKA does.
func CKAUnbiased(a, b mat.Matrix) float64 { return once(UnbiasedCKA, "CKAUnbiased", a, b, Options{}) }

// CKARBF returns the centred kernel alignment (biased, as [CKA]) of Gaussian kernels
//
//	K_ij = exp(−‖x_i−x_j‖² / 2s²),   s = sigma · median of ‖x_i−x_j‖ over i < j
//
// each matrix with its own s (Kornblith et al., ICML 2019, who use 0.2 to 0.8). If the median
// is 0, which takes half of the pairs to be copies, it is that of the pairs which differ.
//
//	range       [0, 1]
//	direction   1 is equal
//	invariant   as CKA; a small sigma looks at near neighbours only, a large one approaches CKA
//	by chance   above 0: the formula of CKA with the centred kernels; a small sigma makes every
//	            two matrices alike
//
// It holds two n×n matrices. If all samples of a or of b are equal it is 0. It panics if sigma
// is not above 0 and finite, and as CKA does.
func CKARBF(a, b mat.Matrix, sigma float64) float64 {
	return once(RBFCKA, "CKARBF", a, b, Options{Sigma: checkSigma("CKARBF", sigma)})
}

func checkSigma(fn string, sigma float64) float64 {
	if !(sigma > 0) || math.IsInf(sigma, 1) {
		panic(fmt.Sprintf("similarity: %s: sigma %v (valid: above 0)", fn, sigma))
	}
	return sigma
}

// cka is the comparison by kernels: linear, unbiased, RBF or as an angle.
type cka struct {
	measure Measure
	k, l    *kernel
	kl      float64 // the product, biased
	kk, ll  float64 // those with themselves
}

func newCKA(h halt, m Measure, x, y *mat.Dense, o Options, draws bool) *cka {
	centre(x)
	centre(y)
	c := &cka{measure: m}
	if m == RBFCKA {
		c.k, c.l = rbf(h, x, o.Sigma), rbf(h, y, o.Sigma)
	} else {
		c.k, c.l = linear(h, x), linear(h, y)
		share(c.k, c.l, false)
	}
	c.kl, c.kk, c.ll = product(c.k, c.l), product(c.k, c.k), product(c.l, c.l)
	if draws { // after the products: the value has the same bits either way
		share(c.k, c.l, true)
	}
	return c
}

// alignment divides the product of two kernels by their lengths.
func (c *cka) alignment(kl, kk, ll float64) float64 {
	v := 0.0
	if kk > 0 && ll > 0 {
		v = clip(kl/(math.Sqrt(kk)*math.Sqrt(ll)), 0, 1)
	}
	if c.measure == AngleCKA {
		return math.Acos(v)
	}
	return v
}

func (c *cka) value() float64 {
	if c.measure == UnbiasedCKA {
		return c.debiased(c.kl, nil)
	}
	return c.alignment(c.kl, c.kk, c.ll)
}

func (c *cka) shuffled(perm []int) float64 {
	kl := productShuffled(c.k, c.l, perm)
	if c.measure != UnbiasedCKA {
		return c.alignment(kl, c.kk, c.ll)
	}
	return c.debiased(kl, perm)
}

// vanishing is the unbiased HSIC of a kernel with itself, relative to its mean square, that
// counts as 0.
const vanishing = 1e-10

// debiased returns CKA₁ from Σ K_ij L_ij; perm tells the diagonal of L, nil for as it is.
func (c *cka) debiased(kl float64, perm []int) float64 {
	n := float64(c.k.n)
	if n < 4 {
		return 0
	}
	// The rows of a centred kernel sum to 0, so those of K̃ sum to −K_ii. Centring adds to K_ij
	// a number of i and one of j only, which the estimate does not see.
	hsic := func(s float64, k, l []float64, perm []int) float64 {
		both, trK, trL := 0.0, 0.0, 0.0
		for i, v := range k {
			u := l[i]
			if perm != nil {
				u = l[perm[i]]
			}
			both += v * u
			trK += v
			trL += u
		}
		return (s - n/(n-2)*both + trK*trL/((n-1)*(n-2))) / (n * (n - 3))
	}
	kk := hsic(c.kk, c.k.diag, c.k.diag, nil)
	ll := hsic(c.ll, c.l.diag, c.l.diag, nil)
	scale := vanishing / (n * (n - 3))
	if kk <= scale*c.kk || ll <= scale*c.ll {
		return 0
	}
	return clip(hsic(kl, c.k.diag, c.l.diag, perm)/(math.Sqrt(kk)*math.Sqrt(ll)), -1, 1)
}

func (c *cka) resampled(w []float64) float64 {
	r := newResample(w)
	if c.measure == UnbiasedCKA {
		return c.debiasedResampled(r)
	}
	n := r.total(1)
	kw, lw := c.k.times(r), c.l.times(r)
	// Σ w_i w_j K'_ij L'_ij for K' and L' centred anew with the weights.
	biased := func(x, y *kernel, k, l []float64) float64 {
		s := productBiased(x, y, r)
		both, mk, ml := 0.0, 0.0, 0.0
		for a, v := range r.weight {
			both += v * k[a] * l[a]
			mk += v * k[a]
			ml += v * l[a]
		}
		v := s - 2*both/n + mk*ml/(n*n)
		if v <= 1e-13*s {
			return 0 // of drawn samples that are all equal centring leaves rounding
		}
		return v
	}
	kk, ll := biased(c.k, c.k, kw, kw), biased(c.l, c.l, lw, lw)
	return c.alignment(biased(c.k, c.l, kw, lw), kk, ll)
}

// debiasedResampled returns CKA₁ with weights. A sample drawn twice must not be compared with
// itself, or the estimate would be biased again: so it is a weighted mean over quadruples of
// different samples,
//
//	HSIC₁ = Σ w_i w_j w_q w_r (K_ij L_ij + K_ij L_qr − 2 K_ij L_iq) / Σ w_i w_j w_q w_r
//
// which is unbiased for any weights, and the estimate of value for equal ones.
func (c *cka) debiasedResampled(r resample) float64 {
	if len(r.index) < 4 {
		return 0
	}
	kl, kk, ll, k2, l2 := c.hsics(r)
	if kk <= vanishing*k2 || ll <= vanishing*l2 {
		return 0
	}
	return clip(kl/(math.Sqrt(kk)*math.Sqrt(ll)), -1, 1)
}

// hsics returns HSIC₁ of K with L, of K and of L with themselves, and the mean squares of K̃ and
// of L̃; at least 4 samples have a weight.
func (c *cka) hsics(r resample) (kl, kk, ll, k2, l2 float64) {
	p1, p2, p3, p4 := r.total(1), r.total(2), r.total(3), r.total(4)
	// Σ w_i w_j w_q w_r over quadruples of different samples, by Newton's identities.
	quadruples := p1*p1*p1*p1 - 6*p1*p1*p2 + 3*p2*p2 + 8*p1*p3 - 6*p4
	kw, kww := c.k.hollow(r)
	lw, lww := c.l.hollow(r)
	hsic := func(k, l *kernel, kw, kww, lw, lww []float64) (h, square float64) {
		s := productWeighted(k, l, r)
		var k1, l1, t1, t2, t3 float64
		for a, i := range r.index {
			w, d := r.weight[a], k.diag[i]*l.diag[i]
			s.s11 -= w * w * d
			s.s12 -= w * w * w * d
			s.s22 -= w * w * w * w * d
			s.s13 -= w * w * w * w * d
			k1 += w * kw[a]
			l1 += w * lw[a]
			t1 += w * kw[a] * lw[a]
			t2 += w * w * kw[a] * lw[a]
			t3 += w * (kww[a]*lw[a] + kw[a]*lww[a])
		}
		// Each sum runs over all indices; what has two of them equal is taken out again.
		same := (p1*p1-p2)*s.s11 - 4*p1*s.s12 + 2*s.s22 + 4*s.s13
		apart := k1*l1 - 4*t2 + 2*s.s22
		joint := p1*(t1-s.s12) - (t2 - s.s22) - (t3 - 2*s.s13)
		return (same + apart - 2*joint) / quadruples, same / quadruples
	}
	kl, _ = hsic(c.k, c.l, kw, kww, lw, lww)
	kk, k2 = hsic(c.k, c.k, kw, kww, kw, kww)
	ll, l2 = hsic(c.l, c.l, lw, lww, lw, lww)
	return kl, kk, ll, k2, l2
}

// hollow returns the products of K̃, the kernel with a zero diagonal, with the weights and with
// their squares.
func (k *kernel) hollow(r resample) (w, ww []float64) {
	w, ww = k.times(r), k.times(r.squared())
	for a, i := range r.index {
		w[a] -= r.weight[a] * k.diag[i]
		ww[a] -= r.weight[a] * r.weight[a] * k.diag[i]
	}
	return w, ww
}

// rbf returns the Gaussian kernel of the centred x.
func rbf(h halt, x *mat.Dense, sigma float64) *kernel {
	d := squaredDistances(h, x)
	n, _ := d.Dims()
	var distances []float64
	for i := range n {
		h.check()
		for _, v := range d.RawRowView(i)[:i] {
			distances = append(distances, math.Sqrt(v))
		}
	}
	m := median(h, distances)
	if m == 0 {
		m = median(h, slices.DeleteFunc(distances, func(v float64) bool { return v == 0 }))
	}
	if m == 0 {
		return ofGram(h, mat.NewDense(n, n, nil)) // all samples are equal
	}
	s := sigma * m
	for i := range n {
		h.check()
		row := d.RawRowView(i)
		for j, v := range row {
			t := math.Sqrt(v) / s // s² could underflow
			row[j] = math.Exp(-t * t / 2)
		}
	}
	return ofGram(h, d)
}

// median returns the median of values, which it reorders; 0 if there are none.
func median(h halt, values []float64) float64 {
	n := len(values)
	if n == 0 {
		return 0
	}
	high := smallest(h, values, n/2)
	if n%2 == 1 {
		return high/2 + high/2
	}
	return slices.Max(values[:n/2])/2 + high/2
}

// smallest returns the value that has k values before it in order, and leaves none that is larger
// before its place (Hoare's selection). Values must not be NaN.
func smallest(h halt, values []float64, k int) float64 {
	for low, high := 0, len(values)-1; low < high; {
		h.check()
		a, b, c := values[low], values[low+(high-low)/2], values[high]
		pivot := max(min(a, b), min(max(a, b), c)) // the middle one of three
		i, j := low, high
		for i <= j {
			for values[i] < pivot {
				i++
			}
			for values[j] > pivot {
				j--
			}
			if i <= j {
				values[i], values[j] = values[j], values[i]
				i++
				j--
			}
		}
		switch {
		case k <= j:
			high = j
		case k >= i:
			low = i
		default:
			return values[k]
		}
	}
	return values[k]
}

// copyTolerance is the squared distance, relative to the squared lengths, below which two
// samples are copies of each other.
const copyTolerance = 1e-13

// squaredDistances returns ‖x_i−x_j‖² of the rows of the centred x, n×n.
func squaredDistances(h halt, x *mat.Dense) *mat.Dense {
	n, _ := x.Dims()
	k := linear(h, x)
	k.expand()
	d := k.gram
	for i := range n {
		h.check()
		row := d.RawRowView(i)
		for j := range i {
			both := k.diag[i] + k.diag[j]
			v := both - 2*row[j]
			if v <= copyTolerance*both {
				v = 0
			}
			row[j] = v
			d.Set(j, i, v)
		}
		row[i] = 0
	}
	return d
}

package corr

import (
	"math"

	"gonverge/lib/internal/simd"
)

// exactSums are sums of float64 numbers whose outcome does not depend on the order of
// summation, nor on how it was divided. A number is cut into digits of 32 bits at fixed
// places, bin b holding the bits from 2^(32b); each sum keeps, as integers, the four bins from
// the highest that any of its numbers reached. Which bins those are, and what enters them,
// depends on the set of numbers alone; what falls below is less than 2^−96 of the largest
// number. (The idea of binned summation: Demmel and Nguyen, Parallel Reproducible Summation,
// 2015.) Integers overflow after 2^31 numbers.
type exactSums struct {
	top  []int32        // of each sum: its highest bin
	limb [limbs][]int64 // of each sum what is in that bin, and in the ones below
}

const (
	limbs = simd.Digits
	noTop = simd.NoDigits
)

func newExactSums(n int) *exactSums {
	s := &exactSums{top: make([]int32, n)}
	for k := range s.limb {
		s.limb[k] = make([]int64, n)
	}
	for i := range s.top {
		s.top[i] = noTop
	}
	return s
}

// add adds the finite v to sum i.
func (s *exactSums) add(i int, v float64) {
	b := math.Float64bits(v)
	mantissa, exp := b&(1<<52-1), int(b>>52)&0x7ff
	if exp > 0 {
		mantissa |= 1 << 52
	} else if mantissa == 0 {
		return
	} else {
		exp = 1
	}
	exp -= 1075 // |v| = mantissa · 2^exp
	bin, shift := int32(exp>>5), uint(exp&31)
	low, high := mantissa<<shift, mantissa>>(64-shift)
	digits := [3]int64{int64(low & (1<<32 - 1)), int64(low >> 32), int64(high)}
	reach := bin
	if high != 0 {
		reach += 2
	} else if digits[1] != 0 {
		reach++
	}
	if reach > s.top[i] {
		s.raise(i, reach)
	}
	if b>>63 != 0 {
		digits[0], digits[1], digits[2] = -digits[0], -digits[1], -digits[2]
	}
	at := s.top[i] - bin // the limb of digits[0]
	for k := range int32(3) {
		if p := at - k; p >= 0 && p < limbs {
			s.limb[p][i] += digits[k]
		}
	}
}

// addMoments adds to the sums from i on, for j = 0, 1, …, the numbers
//
//	n·mean·means[j] + gram[j] − sum·sums[j]/n
//
// without loss of the product: its rounding errors join the centred moment, which is smaller by far.
func (s *exactSums) addMoments(i int, n, mean, sum float64, means, sums, gram []float64) {
	numbers := func(j int) (product, rest float64) {
		mm := float64(mean * means[j])
		r := math.FMA(mean, means[j], -mm)
		product = float64(n * mm)
		rest = float64(math.FMA(n, mm, -product) + float64(n*r))
		centred := float64(gram[j] - float64(float64(sum*sums[j])/n))
		return product, float64(centred + rest)
	}
	for j := 0; j < len(means); {
		at, end := i+j, i+len(means)
		var limb [limbs][]int64
		for k := range limb {
			limb[k] = s.limb[k][at:end]
		}
		done := simd.ExactProducts(s.top[at:end], &limb, n, mean, sum, means[j:], sums[j:], gram[j:])
		if done == 0 {
			// Sums without numbers, as all are at first.
			if simd.ExactTops(s.top[at:end], n, mean, sum, means[j:], sums[j:], gram[j:]) > 0 {
				continue
			}
		}
		// A number is too large for what its sum holds, or these are the last.
		j += done
		for stop := min(j+4, len(means)); j < stop; j++ {
			product, rest := numbers(j)
			s.add(i+j, product)
			s.add(i+j, rest)
		}
	}
}

// raise makes top the highest bin of sum i.
func (s *exactSums) raise(i int, top int32) {
	up := int(top) - int(s.top[i])
	for k := limbs - 1; k >= 0; k-- {
		var v int64
		if k >= up {
			v = s.limb[k-up][i]
		}
		s.limb[k][i] = v
	}
	s.top[i] = top
}

// merge adds the sums of t.
func (s *exactSums) merge(t *exactSums) {
	for i, top := range t.top {
		if top > s.top[i] {
			s.raise(i, top)
		}
		for k := range limbs {
			if p := int(s.top[i]) - int(top) + k; p < limbs {
				s.limb[p][i] += t.limb[k][i]
			}
		}
	}
}

// value returns sum i to about 100 bits.
func (s *exactSums) value(i int) double {
	var d double
	if s.top[i] == noTop {
		return d
	}
	for k := range limbs {
		l := s.limb[k][i]
		exp := 32 * (int(s.top[i]) - k)
		if -1<<53 < l && l < 1<<53 { // as nearly always
			d = d.add(scaled(float64(l), exp))
			continue
		}
		d = d.add(scaled(float64(l>>32), exp+32)).add(scaled(float64(l&(1<<32-1)), exp))
	}
	return d
}

// covariances sets dst[j] to (sum i+j − s·sums[j]/n)/n; lo holds what hi, the sums, lost by rounding.
func (s *exactSums) covariances(dst []float64, i int, n float64, sum double, his, los []float64) {
	for j := 0; j < len(dst); {
		at, end := i+j, i+len(dst)
		var limb [limbs][]int64
		for k := range limb {
			limb[k] = s.limb[k][at:end]
		}
		j += simd.ExactCovariances(dst[j:], s.top[at:end], &limb, n, sum.hi, sum.lo, his[j:], los[j:])
		for stop := min(j+4, len(dst)); j < stop; j++ {
			dst[j] = s.value(i + j).sub(sum.mul(double{his[j], los[j]}).div(n)).div(n).hi
		}
	}
}

// scaled returns x·2^exp.
func scaled(x float64, exp int) float64 {
	if exp < -900 || exp > 900 {
		return math.Ldexp(x, exp)
	}
	return x * math.Float64frombits(uint64(1023+exp)<<52)
}

// double is hi + lo, |lo| at most half a unit in the last place of hi.
type double struct{ hi, lo float64 }

// Explicit conversions keep the compiler from fusing steps, which some processors do.

func (d double) add(x float64) double {
	hi, e := twoSum(d.hi, x)
	return renormalised(hi, float64(d.lo+e))
}

func (d double) sub(x double) double {
	hi, e := twoSum(d.hi, -x.hi)
	return renormalised(hi, float64(float64(e+d.lo)-x.lo))
}

func (d double) mul(x double) double {
	hi := float64(d.hi * x.hi)
	lo := math.FMA(d.hi, x.hi, -hi)
	lo = math.FMA(d.hi, x.lo, lo)
	lo = math.FMA(d.lo, x.hi, lo)
	return renormalised(hi, lo)
}

func (d double) div(n float64) double {
	hi := d.hi / n
	return renormalised(hi, float64(math.FMA(-hi, n, d.hi)+d.lo)/n)
}

func twoSum(a, b float64) (s, e float64) {
	s = float64(a + b)
	t := float64(s - a)
	return s, float64(float64(a-float64(s-t)) + float64(b-t))
}

func renormalised(hi, lo float64) double {
	s := float64(hi + lo)
	return double{s, float64(lo - float64(s-hi))}
}

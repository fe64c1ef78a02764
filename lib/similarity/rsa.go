package similarity

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// RSA returns the representational similarity of a and b (samples × units), by ranks:
//
//	D_ij = 1 − Pearson correlation of samples i and j over the units
//	RSA  = Spearman correlation of D_a and D_b over i < j      Kriegeskorte et al., 2008
//
//	range       [−1, 1]
//	direction   1: the dissimilarities have the same order
//	invariant   to the order of units; to a positive factor and an offset for each sample; to
//	            increasing maps of D. Not to rotations nor to offsets per unit, since the
//	            correlation takes the mean over units from each sample
//	by chance   0 on average over shuffled samples
//
// Ties have their mean rank; dissimilarities are tied if they agree to 12 decimals. A sample
// that is the same over all units correlates 0 with every other. If all dissimilarities of a
// or of b are equal (one unit, fewer than three samples, constant data) it is 0; with two
// units D is 0 or 2 only. Time and memory grow as n²: take at most some thousand samples. It
// panics if the numbers of samples differ, there are more than 46,340, or an entry is not
// finite.
func RSA(a, b mat.Matrix) float64 { return once(SpearmanRSA, "RSA", a, b, Options{}) }

// RSAPearson returns [RSA] with the Pearson instead of the Spearman correlation of the
// dissimilarities: not their order but their values have to agree.
//
//	range       [−1, 1]
//	direction   1: the dissimilarities agree up to a positive factor and an offset
//	invariant   to the order of units; to a positive factor and an offset for each sample
//	by chance   0: exactly so on average over shuffled samples
//
// Degenerate data and panics are as for RSA.
func RSAPearson(a, b mat.Matrix) float64 { return once(PearsonRSA, "RSAPearson", a, b, Options{}) }

// rsa is the comparison of dissimilarities.
type rsa struct {
	halt
	n      int
	a, b   []float64 // n×n dissimilarities or ranks, over pairs of mean 0 and length 1; or zeros
	ra, rb ordered   // pairs by dissimilarity, for Spearman with weights
}

// decimals is the reciprocal of the difference below which dissimilarities are tied.
const decimals = 1e12

// maxSamples keeps the index of a pair within 31 bits.
const maxSamples = 46340

func newRSA(h halt, fn string, m Measure, x, y *mat.Dense, draws bool) *rsa {
	n, _ := x.Dims()
	if n > maxSamples {
		panic(fmt.Sprintf("similarity: %s: %d samples (at most %d)", fn, n, maxSamples))
	}
	r := &rsa{halt: h, n: n, a: dissimilarities(h, x), b: dissimilarities(h, y)}
	if m == SpearmanRSA {
		oa, ob := order(h, r.a, n), order(h, r.b, n)
		if draws {
			r.ra, r.rb = oa, ob
		}
		r.rank(oa, r.a)
		r.rank(ob, r.b)
	}
	r.standardise(r.a)
	r.standardise(r.b)
	return r
}

// dissimilarities returns 1 − correlation between the rows of x, n×n, rounded to 12 decimals.
func dissimilarities(h halt, x *mat.Dense) []float64 {
	normalise(x)
	n, p := x.Dims()
	z := mat.NewDense(n, p, nil)
	for i := range n {
		from, to := x.RawRowView(i), z.RawRowView(i)
		low, high := slices.Min(from), slices.Max(from)
		if high-low <= constantTolerance*max(math.Abs(low), math.Abs(high)) {
			continue
		}
		mean := 0.0
		for _, v := range from {
			mean += v - from[0]
		}
		mean /= float64(p)
		for j, v := range from {
			to[j] = (v - from[0] - mean) / (high - low) // no square underflows
		}
		length := 0.0
		for _, v := range to {
			length += v * v
		}
		length = math.Sqrt(length)
		for j := range to {
			to[j] /= length
		}
	}
	g := h.gram(z)
	d := make([]float64, n*n)
	for i := range n {
		h.check()
		row := g.RawRowView(i)
		for j := range i {
			v := 1 - clip(row[j], -1, 1)
			v = math.Round(v*decimals) / decimals
			d[i*n+j], d[j*n+i] = v, v
		}
	}
	return d
}

// ordered lists the pairs i > j as i·n + j by ascending dissimilarity; ends holds where each
// group of ties ends.
type ordered struct{ pair, ends []int32 }

func order(h halt, d []float64, n int) ordered {
	pairs := n * (n - 1) / 2
	o := ordered{pair: make([]int32, 0, pairs)}
	key := make([]uint64, 0, pairs) // multiples of 1e-12 up to 2: 41 bits
	for i := range n {
		h.check()
		for j := range i {
			o.pair = append(o.pair, int32(i*n+j))
			key = append(key, uint64(math.Round(d[i*n+j]*decimals)))
		}
	}
	// By digits of 11 bits, the last first: comparing two million pairs takes ten times as long.
	const bits = 11
	nextPair, nextKey := make([]int32, pairs), make([]uint64, pairs)
	for shift := 0; shift < 44; shift += bits {
		h.check()
		var start [1<<bits + 1]int
		for _, k := range key {
			start[k>>shift&(1<<bits-1)+1]++
		}
		for digit := range 1 << bits {
			start[digit+1] += start[digit]
		}
		for i, k := range key {
			to := &start[k>>shift&(1<<bits-1)]
			nextPair[*to], nextKey[*to] = o.pair[i], k
			*to++
		}
		o.pair, nextPair = nextPair, o.pair
		key, nextKey = nextKey, key
	}
	for i, k := range key {
		if i+1 == pairs || key[i+1] != k {
			o.ends = append(o.ends, int32(i+1))
		}
	}
	return o
}

// rank replaces the dissimilarities by their ranks, the mean rank among ties.
func (r *rsa) rank(o ordered, d []float64) {
	start := 0
	for g, end := range o.ends {
		if g%often == 0 {
			r.check()
		}
		mid := float64(start+int(end)) / 2
		for _, p := range o.pair[start:end] {
			i, j := int(p)/r.n, int(p)%r.n
			d[i*r.n+j], d[j*r.n+i] = mid, mid
		}
		start = int(end)
	}
}

// standardise gives the pairs mean 0 and length 1, or all 0 if they are equal.
func (r *rsa) standardise(d []float64) {
	low, high, mean := math.Inf(1), math.Inf(-1), 0.0
	for i := range r.n {
		r.check()
		sum := 0.0
		for _, v := range d[i*r.n:][:i] {
			low, high = min(low, v), max(high, v)
			sum += v
		}
		mean += sum
	}
	// Dissimilarities are rounded to 1e-12, so those that agree do so exactly.
	if !(high > low) {
		clear(d)
		return
	}
	mean /= float64(r.n) * float64(r.n-1) / 2
	square := 0.0
	for i := range r.n {
		r.check()
		sum := 0.0
		for _, v := range d[i*r.n:][:i] {
			sum += (v - mean) * (v - mean)
		}
		square += sum
	}
	length := math.Sqrt(square)
	for i := range r.n {
		r.check()
		d[i*r.n+i] = 0
		for j := range i {
			v := (d[i*r.n+j] - mean) / length
			d[i*r.n+j], d[j*r.n+i] = v, v
		}
	}
}

func (r *rsa) value() float64 {
	total := 0.0
	for i := range r.n {
		r.check()
		sum := 0.0
		b := r.b[i*r.n:]
		for j, v := range r.a[i*r.n:][:i] {
			sum += v * b[j]
		}
		total += sum
	}
	return clip(total, -1, 1)
}

func (r *rsa) shuffled(perm []int) float64 {
	total := 0.0
	for i, pi := range perm {
		r.check()
		sum := 0.0
		b := r.b[pi*r.n:][:r.n]
		for j, v := range r.a[i*r.n:][:i] {
			sum += v * b[perm[j]]
		}
		total += sum
	}
	return clip(total, -1, 1)
}

// resampled leaves out the pairs of two copies of one sample, whose dissimilarity of 0 is no
// observation; a pair of different samples counts as often as it was drawn.
func (r *rsa) resampled(w []float64) float64 {
	a, b := r.a, r.b
	if r.ra.pair != nil {
		a, b = r.weightedRanks(r.ra, w), r.weightedRanks(r.rb, w)
	}
	var weight, sa, sb float64
	each := func(do func(w, x, y float64)) {
		for i := range r.n {
			if w[i] == 0 {
				continue
			}
			r.check()
			x, y := a[i*r.n:], b[i*r.n:]
			for j := range i {
				if w[j] != 0 {
					do(w[i]*w[j], x[j], y[j])
				}
			}
		}
	}
	each(func(w, x, y float64) { weight += w; sa += w * x; sb += w * y })
	if weight == 0 {
		return 0
	}
	ma, mb := sa/weight, sb/weight
	var aa, bb, ab float64
	each(func(w, x, y float64) {
		x, y = x-ma, y-mb
		aa += w * x * x
		bb += w * y * y
		ab += w * x * y
	})
	// Equal dissimilarities leave rounding of their mean.
	if aa <= 1e-24*weight*ma*ma || bb <= 1e-24*weight*mb*mb {
		return 0
	}
	return clip(ab/(math.Sqrt(aa)*math.Sqrt(bb)), -1, 1)
}

// weightedRanks returns the mean ranks of the pairs when each pair counts w_i·w_j times.
func (r *rsa) weightedRanks(o ordered, w []float64) []float64 {
	out := make([]float64, r.n*r.n)
	below, start := 0.0, 0
	for g, end := range o.ends {
		if g%often == 0 {
			r.check()
		}
		group := 0.0
		for _, p := range o.pair[start:end] {
			group += w[int(p)/r.n] * w[int(p)%r.n]
		}
		if group > 0 {
			for _, p := range o.pair[start:end] {
				out[p] = below + group/2
			}
		}
		below += group
		start = int(end)
	}
	return out
}

package corr

import (
	"math"
	"math/bits"
)

// quantiles finds the percentiles of one unit's positive activations: exactly as long as it
// keeps them all, and after sketch from counts by size.
type quantiles struct {
	values []uint32 // the bits of the positive values: they order like the values
	// After sketch: counts of values whose bits share the upper 18, by exponent.
	pages [256]*[1 << sketchBits]uint32
	dense bool // sketched
	count int  // positive values
}

// A value's bucket is its exponent and the first sketchBits bits of its fraction: buckets are
// 2^−10 of the value wide at most, for normal numbers.
const sketchBits = 10

const sketchShift = 23 - sketchBits

// add takes a positive value.
func (q *quantiles) add(v float32) {
	b := math.Float32bits(v)
	q.count++
	if q.dense {
		q.tally(b)
	} else {
		q.values = append(q.values, b)
	}
}

func (q *quantiles) tally(b uint32) {
	page := q.pages[b>>23]
	if page == nil {
		page = new([1 << sketchBits]uint32)
		q.pages[b>>23] = page
	}
	page[b>>sketchShift&(1<<sketchBits-1)]++
}

// sketch gives up the values for counts.
func (q *quantiles) sketch() {
	q.dense = true
	for _, b := range q.values {
		q.tally(b)
	}
	q.values = nil
}

// edges returns the 100k/K percentiles for k = 1..K−1, by linear interpolation between the
// neighbours in order, as numpy.percentile does; nil without values. It may reorder what q
// keeps.
func (q *quantiles) edges(k int) []float64 {
	if q.count == 0 {
		return nil
	}
	if !q.dense {
		sortBits(q.values)
	}
	edges := make([]float64, k-1)
	for i := range edges {
		share := 100 * float64(i+1) / float64(k) / 100
		at := share * float64(q.count-1)
		low := math.Floor(at)
		a, b := q.rank(int(low)), q.rank(min(int(low)+1, q.count-1))
		// The form of interpolation that is exact at both ends.
		t := at - low
		if t < 0.5 {
			edges[i] = a + float64((b-a)*t)
		} else {
			edges[i] = b - float64((b-a)*(1-t))
		}
	}
	return edges
}

// rank returns the value with r values before it in order.
func (q *quantiles) rank(r int) float64 {
	if !q.dense {
		return float64(math.Float32frombits(q.values[r]))
	}
	for e, page := range q.pages {
		if page == nil {
			continue
		}
		for i, n := range page {
			if r < int(n) {
				low := uint32(e)<<23 | uint32(i)<<sketchShift
				a, b := float64(math.Float32frombits(low)), float64(math.Float32frombits(low+1<<sketchShift))
				if math.IsInf(b, 0) {
					b = math.MaxFloat32
				}
				return a + (b-a)*(float64(r)+0.5)/float64(n)
			}
			r -= int(n)
		}
	}
	panic("corr: quantile beyond the values")
}

// sortBits sorts numbers below 2^31, by 11 bits at a time from the lowest.
func sortBits(x []uint32) {
	if len(x) < 2 {
		return
	}
	y := make([]uint32, len(x))
	for shift := 0; shift < 33; shift += 11 {
		var at [1 << 11]int
		for _, v := range x {
			at[v>>shift&(1<<11-1)]++
		}
		sum := 0
		for i, n := range at {
			at[i] = sum
			sum += n
		}
		for _, v := range x {
			d := v >> shift & (1<<11 - 1)
			y[at[d]] = v
			at[d]++
		}
		x, y = y, x
	}
	copy(y, x) // three passes end in the other slice: x is it, y the caller's
}

// cuts are a unit's edges made ready for float32 values: the bits of the smallest positive
// number and of the edges, rising, filled up to a length of 2^steps − 1. Bits of numbers that
// are not negative order like the numbers.
type cuts struct {
	bits []int32
	half int // (len+1)/2
}

func newCuts(edges []float64) cuts {
	n := 1<<bits.Len(uint(len(edges)+1)) - 1
	c := cuts{bits: make([]int32, n), half: (n + 1) / 2}
	for i := range c.bits {
		switch {
		case i == 0:
			c.bits[i] = 1
		case i <= len(edges):
			// edge ≤ v for a float32 v just if the next float32 from the edge up is.
			e := float32(edges[i-1])
			if float64(e) < edges[i-1] {
				e = math.Nextafter32(e, float32(math.Inf(1)))
			}
			c.bits[i] = int32(math.Float32bits(e))
		default:
			c.bits[i] = math.MaxInt32
		}
	}
	return c
}

// bin returns 0 for a value that is not positive, else 1 + the number of edges ≤ v. It has no
// branch that depends on v: half of all values are zeros, in no order.
func (c *cuts) bin(v float32) uint8 {
	b := max(int32(math.Float32bits(v)), 0)
	i := 0
	for step := c.half; step > 0; step >>= 1 {
		less := int(b-c.bits[i+step-1]) >> 31 // −1 or 0: neither is negative
		i += step &^ less
	}
	return uint8(i)
}

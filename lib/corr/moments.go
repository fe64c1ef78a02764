package corr

import (
	"fmt"
	"math"

	"gonverge/lib/internal/simd"
)

const (
	// chunk is how many samples are taken together.
	chunk = 768
	// products of so many samples are summed in float32, and those sums in float64.
	products = 256
)

// moments accumulates the joint first and second moments of one layer's units, those of all
// nets side by side. What it yields depends on the sequence of samples alone, not on how
// they were handed over.
type moments struct {
	name  string
	units []int // of each net
	d     int   // of all nets
	rows  int   // samples flushed

	// Samples enter as z = x − shift, where shift is the mean of the first chunk: products
	// of z keep their digits where products of x would lose them to a large mean.
	shift []float32
	sum   []float64 // Σ z
	gram  []float64 // Σ z zᵀ, d×d, upper triangle
	low   []float32
	high  []float32
	zeros []int

	buffer []float32 // chunk × d
	fill   int       // samples in it
}

func newMoments(name string, units []int) *moments {
	m := &moments{name: name, units: units}
	for _, u := range units {
		m.d += u
	}
	m.sum = make([]float64, m.d)
	m.gram = make([]float64, m.d*m.d)
	m.zeros = make([]int, m.d)
	m.low, m.high = make([]float32, m.d), make([]float32, m.d)
	for j := range m.d {
		m.low[j], m.high[j] = float32(math.Inf(1)), float32(math.Inf(-1))
	}
	m.buffer = make([]float32, chunk*m.d)
	return m
}

// add takes rows samples: values has rows × units activations of each net.
func (m *moments) add(values [][]float32, rows int) error {
	for from := 0; from < rows; {
		n := min(rows-from, chunk-m.fill)
		at := m.fill * m.d
		for net, u := range m.units {
			src := values[net][from*u : (from+n)*u]
			for r := range n {
				copy(m.buffer[at+r*m.d:][:u], src[r*u:])
			}
			at += u
		}
		m.fill += n
		from += n
		if m.fill == chunk {
			if err := m.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// flush adds what the buffer holds to the sums.
func (m *moments) flush() error {
	if m.fill == 0 {
		return nil
	}
	x := m.buffer[:m.fill*m.d]
	if m.shift == nil {
		m.shift = columnMeans(x, m.d)
	}
	m.describe(x)
	for r := 0; r < m.fill; r += products {
		simd.GramAdd(m.gram, x[r*m.d:], min(products, m.fill-r), m.d, m.d)
	}
	m.rows += m.fill
	m.fill = 0
	for j := range m.d {
		if s := m.sum[j] + m.gram[j*m.d+j]; math.IsNaN(s) || math.IsInf(s, 0) {
			net, unit := m.where(j)
			return fmt.Errorf("corr: layer %q: unit %d of net %d has activations from %v to %v among samples %d to %d: no finite moments",
				m.name, unit, net, m.low[j], m.high[j], m.rows-len(x)/m.d, m.rows-1)
		}
	}
	return nil
}

// describe updates low, high and zeros, subtracts the shift from x and adds it to sum.
func (m *moments) describe(x []float32) {
	j := 0
	for ; j+strip <= m.d; j += strip {
		m.describeStrip(x[j:], j)
	}
	for ; j < m.d; j++ {
		m.describeColumn(x[j:], j)
	}
}

// strip is how many columns are described at a time: their running values fit in registers.
const strip = 4

// describeStrip is describe for the columns j..j+3; x begins at column j.
func (m *moments) describeStrip(x []float32, j int) {
	h, low, high := (*[strip]float32)(m.shift[j:]), (*[strip]float32)(m.low[j:]), (*[strip]float32)(m.high[j:])
	s, n := (*[strip]float64)(m.sum[j:]), (*[strip]int)(m.zeros[j:])
	h0, h1, h2, h3 := h[0], h[1], h[2], h[3]
	s0, s1, s2, s3 := s[0], s[1], s[2], s[3]
	n0, n1, n2, n3 := n[0], n[1], n[2], n[3]
	for r := 0; r < len(x); r += m.d {
		v := (*[strip]float32)(x[r:])
		v0, v1, v2, v3 := v[0], v[1], v[2], v[3]
		// Extremes change rarely: one test for most rows.
		if v0 < low[0] || v0 > high[0] || v1 < low[1] || v1 > high[1] || v2 < low[2] || v2 > high[2] || v3 < low[3] || v3 > high[3] {
			for k, w := range v {
				if w < low[k] {
					low[k] = w
				}
				if w > high[k] {
					high[k] = w
				}
			}
		}
		n0 += isZero(v0)
		n1 += isZero(v1)
		n2 += isZero(v2)
		n3 += isZero(v3)
		v0, v1, v2, v3 = v0-h0, v1-h1, v2-h2, v3-h3
		v[0], v[1], v[2], v[3] = v0, v1, v2, v3
		s0 += float64(v0)
		s1 += float64(v1)
		s2 += float64(v2)
		s3 += float64(v3)
	}
	*s = [strip]float64{s0, s1, s2, s3}
	*n = [strip]int{n0, n1, n2, n3}
}

// describeColumn is describe for column j; x begins at it.
func (m *moments) describeColumn(x []float32, j int) {
	for r := 0; r < len(x); r += m.d {
		v := x[r]
		if v < m.low[j] {
			m.low[j] = v
		}
		if v > m.high[j] {
			m.high[j] = v
		}
		m.zeros[j] += isZero(v)
		x[r] = v - m.shift[j]
		m.sum[j] += float64(x[r])
	}
}

// isZero returns 1 for +0 and −0 and 0 for all else, without a branch: after a ReLU half of
// all values are zeros, in no order.
func isZero(v float32) int {
	return int((uint64(math.Float32bits(v)<<1) - 1) >> 63)
}

// columnMeans returns the mean of each column of x, d values a row, rounded to float32. The
// mean of a constant column is that constant.
func columnMeans(x []float32, d int) []float32 {
	sum := make([]float64, d)
	for r := 0; r < len(x); r += d {
		for j, v := range x[r:][:d] {
			sum[j] += float64(v)
		}
	}
	mean := make([]float32, d)
	for j, s := range sum {
		mean[j] = float32(s / float64(len(x)/d))
	}
	return mean
}

// where returns the net and the unit in it of a column.
func (m *moments) where(column int) (net, unit int) {
	for net, u := range m.units {
		if column < u {
			return net, column
		}
		column -= u
	}
	panic(fmt.Sprintf("corr: column %d of %d", column, m.d))
}

// layer returns the finished statistics.
func (m *moments) layer() (*Layer, error) {
	if err := m.flush(); err != nil {
		return nil, err
	}
	l := newLayer(m.name, m.units)
	l.samples = m.rows
	if m.rows == 0 {
		return l, nil
	}
	n := float64(m.rows)
	drift := make([]float64, m.d) // mean of z
	for j := range m.d {
		drift[j] = m.sum[j] / n
		l.mean[j] = float64(m.shift[j]) + drift[j]
		l.low[j], l.high[j] = float64(m.low[j]), float64(m.high[j])
		l.zero[j] = float64(m.zeros[j]) / n
	}
	for i := range m.d {
		for j := i; j < m.d; j++ {
			l.cov[i*m.d+j] = m.gram[i*m.d+j]/n - drift[i]*drift[j]
		}
	}
	l.settle()
	return l, nil
}

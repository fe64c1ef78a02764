package corr

import (
	"fmt"
	"math"

	"gonverge/lib/internal/simd"
)

const (
	// chunk samples give the shift.
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
	gram  []float64 // Σ z zᵀ, d×d, upper triangle; what was there before if blank
	low   []float32
	high  []float32
	zeros []int32 // of the samples since they were last counted
	count []int

	// Samples wait in panels of products samples each: until one is full, or for the shift until all are.
	panels [chunk / products]*simd.Panels
	fill   int // samples that wait
	whole  bool
	blank  bool // no sample was flushed since the last reset
}

// The slices of moments, but count and gram, are as long as the panels are wide.

func newMoments(name string, units []int) *moments {
	m := &moments{name: name, units: units, whole: true}
	for _, u := range units {
		m.whole = m.whole && simd.Whole(m.d, u)
		m.d += u
	}
	for i := range m.panels {
		m.panels[i] = simd.NewPanels(products, m.d)
	}
	width := m.panels[0].Width()
	m.sum = make([]float64, width)
	m.gram = make([]float64, m.d*m.d)
	m.zeros, m.count = make([]int32, width), make([]int, m.d)
	m.low, m.high = make([]float32, width), make([]float32, width)
	m.reset()
	return m
}

// reset forgets all samples.
func (m *moments) reset() {
	m.shift, m.rows, m.fill, m.blank = nil, 0, 0, true
	clear(m.sum)
	clear(m.count)
	for j := range m.low {
		m.low[j], m.high[j] = float32(math.Inf(1)), float32(math.Inf(-1))
	}
}

// add takes rows samples: values has rows × units activations of each net.
func (m *moments) add(values [][]float32, rows int) error {
	for from := 0; from < rows; {
		at := m.fill % products
		n := min(rows-from, products-at)
		column := 0
		for net, u := range m.units {
			p, x := m.panels[m.fill/products], values[net][from*u:(from+n)*u]
			if m.described() {
				p.PutDescribed(at, column, x, n, u, m.shift, m.low, m.high, m.zeros, m.sum)
			} else {
				p.Put(at, column, x, n, u)
			}
			column += u
		}
		m.fill += n
		from += n
		if m.fill == chunk || m.shift != nil && m.fill == products {
			if err := m.flush(); err != nil {
				return err
			}
		}
	}
	return nil
}

// described reports whether samples are described as they come, as where the shift is known and every
// net's units are whole panels.
func (m *moments) described() bool { return m.shift != nil && m.whole }

// flush adds the samples that wait to the sums.
func (m *moments) flush() error {
	if m.fill == 0 {
		return nil
	}
	described := m.described()
	if m.shift == nil {
		m.shift = m.waitingMeans()
	}
	for i, p := range m.panels[:(m.fill+products-1)/products] {
		n := min(products, m.fill-i*products)
		if !described {
			p.Describe(0, n, m.shift, m.low, m.high, m.zeros, m.sum)
		}
		if m.blank {
			p.GramSet(m.gram, 0, n)
			m.blank = false
		} else {
			p.GramAdd(m.gram, 0, n)
		}
	}
	m.rows += m.fill
	for j := range m.d {
		m.count[j] += int(m.zeros[j])
		if s := m.sum[j] + m.gram[j*m.d+j]; math.IsNaN(s) || math.IsInf(s, 0) {
			net, unit := m.where(j)
			return fmt.Errorf("corr: layer %q: unit %d of net %d has activations from %v to %v among samples %d to %d: no finite moments",
				m.name, unit, net, m.low[j], m.high[j], m.rows-m.fill, m.rows-1)
		}
	}
	clear(m.zeros)
	m.fill = 0
	return nil
}

// waitingMeans returns the mean of each unit over the samples that wait, as [columnMeans].
func (m *moments) waitingMeans() []float32 {
	width := len(m.sum)
	none, ignored, zeros, sum := make([]float32, width), make([]float32, width), make([]int32, width), make([]float64, width)
	for i, p := range m.panels[:(m.fill+products-1)/products] {
		// Less 0 every value is itself.
		p.Describe(0, min(products, m.fill-i*products), none, ignored, ignored, zeros, sum)
	}
	mean := make([]float32, width)
	for j, s := range sum {
		mean[j] = float32(s / float64(m.fill))
	}
	return mean
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
		l.zero[j] = float64(m.count[j]) / n
	}
	for i := range m.d {
		for j := i; j < m.d; j++ {
			l.cov[i*m.d+j] = m.gram[i*m.d+j]/n - drift[i]*drift[j]
		}
	}
	l.settle()
	return l, nil
}

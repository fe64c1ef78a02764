package corr

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"gonverge/lib/activation"
)

// part is what statistics of a range of pictures keep so that they can be merged: of every
// block of the stream its float64 moments around its own mean, summed exactly.
type part struct {
	key    string // stands for nets and layers
	spans  []span // sorted, no two that touch
	layers []*partLayer
}

// span is a range of pictures of a stream.
type span struct {
	stream   string // fingerprint of the whole stream
	text     string // what it is of
	from, to int
}

// partLayer has the sums of one layer. With n samples, mean m and centred moments C of a
// block: Σ x = Σ n·m, Σ x xᵀ = Σ (C + n·m mᵀ).
type partLayer struct {
	name      string
	units     []int
	d         int
	rows      int
	low, high []float64
	zeros     []int
	sum       *exactSums // d
	products  *exactSums // upper triangle, row by row
}

func newPartLayer(name string, units []int) *partLayer {
	p := &partLayer{name: name, units: slices.Clone(units)}
	for _, u := range units {
		p.d += u
	}
	p.low, p.high, p.zeros = make([]float64, p.d), make([]float64, p.d), make([]int, p.d)
	for j := range p.d {
		p.low[j], p.high[j] = math.Inf(1), math.Inf(-1)
	}
	p.sum, p.products = newExactSums(p.d), newExactSums(p.d*(p.d+1)/2)
	return p
}

// add adds the moments of a block.
func (p *partLayer) add(m *moments) {
	n := float64(m.rows)
	p.rows += m.rows
	mean := make([]float64, p.d)
	for j := range mean {
		mean[j] = float64(m.shift[j]) + float64(m.sum[j]/n)
		s := float64(n * mean[j])
		p.sum.add(j, s)
		p.sum.add(j, math.FMA(n, mean[j], -s))
		p.low[j] = min(p.low[j], float64(m.low[j]))
		p.high[j] = max(p.high[j], float64(m.high[j]))
		p.zeros[j] += m.zeros[j]
	}
	at := 0
	for i := range p.d {
		for j := i; j < p.d; j++ {
			// n·m_i·m_j without loss: its rounding errors join the centred moment, which is
			// smaller by far.
			mm := float64(mean[i] * mean[j])
			r := math.FMA(mean[i], mean[j], -mm)
			large := float64(n * mm)
			rest := float64(math.FMA(n, mm, -large) + float64(n*r))
			centred := float64(m.gram[i*p.d+j] - float64(float64(m.sum[i]*m.sum[j])/n))
			p.products.add(at, large)
			p.products.add(at, float64(centred+rest))
			at++
		}
	}
}

// merge adds the sums of q, a layer of the same name and units.
func (p *partLayer) merge(q *partLayer) {
	p.rows += q.rows
	for j := range p.d {
		p.low[j], p.high[j] = min(p.low[j], q.low[j]), max(p.high[j], q.high[j])
		p.zeros[j] += q.zeros[j]
	}
	p.sum.merge(q.sum)
	p.products.merge(q.products)
}

// layer returns the finished statistics.
func (p *partLayer) layer() *Layer {
	l := newLayer(p.name, p.units)
	l.samples = p.rows
	if p.rows == 0 {
		return l
	}
	n := float64(p.rows)
	copy(l.low, p.low)
	copy(l.high, p.high)
	sum := make([]double, p.d)
	for j := range sum {
		sum[j] = p.sum.value(j)
		l.mean[j] = sum[j].div(n).hi
		l.zero[j] = float64(p.zeros[j]) / n
	}
	at := 0
	for i := range p.d {
		for j := i; j < p.d; j++ {
			l.cov[i*p.d+j] = p.products.value(at).sub(sum[i].mul(sum[j]).div(n)).div(n).hi
			at++
		}
	}
	l.settle()
	return l
}

// stats returns the statistics of the part.
func (p *part) stats() *Stats {
	s := &Stats{part: p}
	var texts []string
	for _, v := range p.spans {
		s.pictures += v.to - v.from
		texts = append(texts, fmt.Sprintf("%s; pictures %d to %d", v.text, v.from, v.to-1))
	}
	s.origin = strings.Join(texts, "\n")
	for _, l := range p.layers {
		s.layers = append(s.layers, l.layer())
	}
	return s
}

// collectPart is collect for a range of pictures.
func collectPart(ctx context.Context, src *activation.Source) (*Stats, error) {
	p := &part{key: src.NetsFingerprint()}
	var blocks []*moments
	end := src.First()
	err := src.Each(ctx, func(b *activation.Block) error {
		if blocks == nil {
			for _, l := range b.Layers {
				blocks = append(blocks, newMoments(l.Name, l.Units))
				p.layers = append(p.layers, newPartLayer(l.Name, l.Units))
			}
		}
		end = b.First + b.Pictures
		return parallel(len(blocks), func(i int) error {
			m := blocks[i]
			m.reset()
			if err := m.add(b.Layers[i].Values, b.Layers[i].Rows); err != nil {
				return err
			}
			if err := m.flush(); err != nil {
				return err
			}
			if m.rows > 0 {
				p.layers[i].add(m)
			}
			return nil
		})
	})
	if err != nil {
		return nil, err
	}
	p.spans = []span{{src.Whole().Fingerprint(), src.Whole().String(), src.First(), end}}
	return p.stats(), nil
}

// reset forgets all samples.
func (m *moments) reset() {
	m.shift, m.rows, m.fill = nil, 0, 0
	clear(m.sum)
	clear(m.gram)
	clear(m.zeros)
	for j := range m.d {
		m.low[j], m.high[j] = float32(math.Inf(1)), float32(math.Inf(-1))
	}
}

// Merge joins statistics of ranges of pictures, each from [Collect] over a source that
// activation.Source.Range or Part made, or from Merge itself, into the statistics of all of
// them. The work may be split over runs and machines in any way whose ranges meet at multiples
// of 32 pictures (as the ranges of Part do), and joined in any order and grouping: the result
// has the same bits, those of a single range over all of it. (Ranges that meet elsewhere agree
// with it to rounding, and so does Collect over the plain source, which adds block after
// block.) The parts stay as they are.
//
// It is an error if there is nothing to merge, if statistics were not of a range, if two are of
// other nets or layers, or if a picture is in two of them. Pictures may lie in different sets,
// as on machines that have only their own; that a picture is in two sets is not noticed.
func Merge(parts ...*Stats) (*Stats, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("corr: merge: no statistics")
	}
	all := &part{}
	for i, s := range parts {
		if s == nil || s.part == nil {
			return nil, fmt.Errorf("corr: merge: part %d is not of a range of pictures; collect it from a source made by Range or Part", i)
		}
		p := s.part
		if i == 0 {
			all.key = p.key
			for _, l := range p.layers {
				all.layers = append(all.layers, newPartLayer(l.name, l.units))
			}
		}
		if p.key != all.key || !alike(p.layers, all.layers) {
			return nil, fmt.Errorf("corr: merge: part %d is of other nets, layers or shuffling than part 0:\n%s\n%s", i, s.origin, parts[0].origin)
		}
		all.spans = append(all.spans, p.spans...)
	}
	slices.SortStableFunc(all.spans, func(a, b span) int {
		return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to))
	})
	joined := all.spans[:1:1]
	for _, v := range all.spans[1:] {
		last := &joined[len(joined)-1]
		switch {
		case v.stream != last.stream || v.from > last.to:
			joined = append(joined, v)
		case v.from < last.to:
			return nil, fmt.Errorf("corr: merge: picture %d is in two parts", v.from)
		default:
			last.to = v.to
		}
	}
	all.spans = joined
	for i, l := range all.layers {
		for _, s := range parts {
			l.merge(s.part.layers[i])
		}
	}
	return all.stats(), nil
}

// alike reports whether layers have the same names and units.
func alike(a, b []*partLayer) bool {
	return slices.EqualFunc(a, b, func(a, b *partLayer) bool { return a.name == b.name && slices.Equal(a.units, b.units) })
}

// Mergeable reports whether [Merge] takes the statistics: whether they are of ranges of
// pictures.
func (s *Stats) Mergeable() bool { return s.part != nil }

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
//
// A block of which the part has only some pictures waits, with its activations, for the part
// that has the others: what enters the sums, and so the bits of the result, does not depend on
// where the parts were cut.
type part struct {
	key     string // stands for nets and layers
	spans   []span // sorted, no two that touch
	layers  []*partLayer
	pending []*pending // sorted by stream and first picture
}

// pending is the activations of some pictures of a block.
type pending struct {
	stream   string // fingerprint of the whole stream
	from, to int    // pictures of the block in the stream
	first, n int    // pictures that are here
	values   [][][]float32
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

// stats returns the statistics of the part, blocks that are not whole included as they are.
func (p *part) stats() (*Stats, error) {
	s := &Stats{part: p}
	var texts []string
	for _, v := range p.spans {
		s.pictures += v.to - v.from
		texts = append(texts, fmt.Sprintf("%s; pictures %d to %d", v.text, v.from, v.to-1))
	}
	s.origin = strings.Join(texts, "\n")
	layers := p.layers
	if len(p.pending) > 0 {
		layers = make([]*partLayer, len(p.layers))
		for i, l := range p.layers {
			layers[i] = newPartLayer(l.name, l.units)
			layers[i].merge(l)
			for _, w := range p.pending {
				if err := layers[i].block(newMoments(l.name, l.units), w.values[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	for _, l := range layers {
		s.layers = append(s.layers, l.layer())
	}
	return s, nil
}

// block adds a block's activations, of each net; m is memory for its moments.
func (p *partLayer) block(m *moments, values [][]float32) error {
	m.reset()
	rows := 0
	for net, u := range p.units {
		if u > 0 {
			rows = len(values[net]) / u
		}
	}
	if err := m.add(values, rows); err != nil {
		return err
	}
	if err := m.flush(); err != nil {
		return err
	}
	if m.rows > 0 {
		p.add(m)
	}
	return nil
}

// join adds the activations of some pictures of a block, and the block once it is whole. Its
// order among the blocks does not matter.
func (p *part) join(w *pending) error {
	at, _ := slices.BinarySearchFunc(p.pending, w, func(a, b *pending) int {
		return cmp.Or(cmp.Compare(a.stream, b.stream), cmp.Compare(a.first, b.first))
	})
	p.pending = slices.Insert(p.pending, at, w)
	if at > 0 && p.pending[at-1].meets(w) {
		at--
	}
	for at+1 < len(p.pending) && p.pending[at].meets(p.pending[at+1]) {
		p.pending[at] = p.pending[at].and(p.pending[at+1])
		p.pending = slices.Delete(p.pending, at+1, at+2)
	}
	w = p.pending[at]
	if w.n < w.to-w.from {
		return nil
	}
	p.pending = slices.Delete(p.pending, at, at+1)
	return parallel(len(p.layers), func(i int) error {
		return p.layers[i].block(newMoments(p.layers[i].name, p.layers[i].units), w.values[i])
	})
}

// meets reports whether v goes on in the same block where w ends.
func (w *pending) meets(v *pending) bool {
	return w.stream == v.stream && w.from == v.from && w.first+w.n == v.first
}

// and returns both one after the other.
func (w *pending) and(v *pending) *pending {
	all := &pending{stream: w.stream, from: w.from, to: w.to, first: w.first, n: w.n + v.n}
	for i := range w.values {
		var nets [][]float32
		for net := range w.values[i] {
			nets = append(nets, slices.Concat(w.values[i][net], v.values[i][net]))
		}
		all.values = append(all.values, nets)
	}
	return all
}

// collectPart is collect for a range of pictures. It goes on from p, a part over the first of
// them, unless that is nil; after every block it calls keep.
func collectPart(ctx context.Context, src *activation.Source, p *part, keep func(*part)) (*part, error) {
	stream, text := src.Whole().Fingerprint(), src.Whole().String()
	from, to := src.First(), src.First()+src.Pictures()
	if p == nil {
		p = &part{key: src.NetsFingerprint(), spans: []span{{stream, text, from, from}}}
	} else {
		src = src.Range(p.spans[0].to, to)
	}
	var blocks []*moments
	err := src.Each(ctx, func(b *activation.Block) error {
		if p.layers == nil {
			for _, l := range b.Layers {
				p.layers = append(p.layers, newPartLayer(l.Name, l.Units))
			}
		}
		if blocks == nil {
			for _, l := range p.layers {
				blocks = append(blocks, newMoments(l.name, l.units))
			}
		}
		var err error
		if b.Pictures == b.To-b.From {
			err = parallel(len(blocks), func(i int) error { return p.layers[i].block(blocks[i], b.Layers[i].Values) })
		} else {
			w := &pending{stream: stream, from: b.From, to: b.To, first: b.First, n: b.Pictures}
			for _, l := range b.Layers {
				var nets [][]float32
				for _, v := range l.Values {
					nets = append(nets, slices.Clone(v)) // the block's memory is lent
				}
				w.values = append(w.values, nets)
			}
			err = p.join(w)
		}
		if err != nil {
			return err
		}
		p.spans[0].to = b.First + b.Pictures
		keep(p)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return p, nil
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
// activation.Source.Range or Part has made, or over whole sets. Wherever the ranges were cut and
// in whatever order and grouping they are merged, the result has the same bits: those of Collect over
// all of it at once. The parts stay as they are.
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
			return nil, fmt.Errorf("corr: merge: part %d has no exact sums, as statistics from plain matrices or of very wide layers; collect it from a source made by Range or Part", i)
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
	for _, s := range parts {
		for _, w := range s.part.pending {
			if err := all.join(w); err != nil {
				return nil, err
			}
		}
	}
	return all.stats()
}

// alike reports whether layers have the same names and units.
func alike(a, b []*partLayer) bool {
	return slices.EqualFunc(a, b, func(a, b *partLayer) bool { return a.name == b.name && slices.Equal(a.units, b.units) })
}

// Mergeable reports whether [Merge] takes the statistics: [Collect]'s are unless a layer has more
// than 4,000 units in all nets together, and even then over a range of pictures.
func (s *Stats) Mergeable() bool { return s.part != nil }

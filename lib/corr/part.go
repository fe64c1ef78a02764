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
// cell of the stream, one or several of its blocks, the float64 moments around a mean of its own,
// summed exactly.
//
// A cell of which the part has only some pictures waits, with its activations, for the part
// that has the others: what enters the sums, and so the bits of the result, does not depend on
// where the parts were cut.
type part struct {
	key     string // stands for nets and layers
	spans   []span // sorted, no two that touch
	layers  []*partLayer
	pending []*pending // sorted by stream and first picture
}

const (
	// A cell has whole blocks of the stream, as many as come to cellPictures, unless its activations are
	// more than cellValues (96 MB): exact sums take long, one for each pair of units.
	cellPictures = 16
	cellValues   = 24 << 20
	// Cells end where blocks do, at the multiples of shard.
	shard = 32
)

// cell returns the number of pictures of the cells of a block's stream.
func cell(b *activation.Block) int {
	values := 0
	for _, l := range b.Layers {
		for _, u := range l.Units {
			values += u * l.Rows / b.Pictures
		}
	}
	blocks := min(cellPictures/b.Grid, cellValues/max(values*b.Grid, 1))
	return b.Grid * max(blocks, 1)
}

// pending is the activations of some pictures of a cell.
type pending struct {
	stream   string // fingerprint of the pictures
	from, to int    // pictures of the cell in the stream
	first, n int    // pictures that are here
	values   [][][]float32
}

// span is a range of pictures of a stream.
type span struct {
	stream   string // fingerprint of its pictures
	text     string // what it is of
	from, to int
}

// partLayer has the sums of one layer. With n samples, mean m and centred moments C of a
// cell: Σ x = Σ n·m, Σ x xᵀ = Σ (C + n·m mᵀ).
type partLayer struct {
	name      string
	units     []int
	d         int
	rows      int
	low, high []float64
	zeros     []int
	sum       *exactSums // d
	products  *exactSums // upper triangle, row by row
	spare     []float64  // d×d values that nobody needs any more, for the covariances; may be nil
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

// add adds the moments of a cell. It looks at ctx between the units; when that has ended it returns its error, and the sums are
// of no use.
func (p *partLayer) add(ctx context.Context, m *moments) error {
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
		p.zeros[j] += m.count[j]
	}
	at := 0
	for i := range p.d {
		if err := ctx.Err(); err != nil {
			return err
		}
		p.products.addMoments(at, n, mean[i], m.sum[i], mean[i:], m.sum[i:p.d], m.gram[i*p.d+i:(i+1)*p.d])
		at += p.d - i
	}
	return nil
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
	memory := p.spare
	p.spare = nil
	if p.rows == 0 {
		return newLayer(p.name, p.units)
	}
	if memory == nil {
		memory = make([]float64, p.d*p.d)
	}
	l := newLayerIn(p.name, p.units, memory)
	l.samples = p.rows
	n := float64(p.rows)
	copy(l.low, p.low)
	copy(l.high, p.high)
	hi, lo := make([]float64, p.d), make([]float64, p.d)
	for j := range hi {
		sum := p.sum.value(j)
		hi[j], lo[j] = sum.hi, sum.lo
		l.mean[j] = sum.div(n).hi
		l.zero[j] = float64(p.zeros[j]) / n
	}
	at := 0
	for i := range p.d {
		p.products.covariances(l.cov[i*p.d+i:(i+1)*p.d], at, n, double{hi[i], lo[i]}, hi[i:], lo[i:])
		at += p.d - i
	}
	l.settle()
	return l
}

// stats returns the statistics of the part, cells that are not whole included as they are.
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
				if err := layers[i].cell(w.values[i]); err != nil {
					return nil, err
				}
			}
		}
	}
	for i, l := range layers {
		s.layers = append(s.layers, l.layer())
		p.layers[i].spare = nil
	}
	return s, nil
}

// cell adds a cell's activations, of each net.
func (p *partLayer) cell(values [][]float32) error {
	m := newMoments(p.name, p.units)
	rows := 0
	for net, u := range p.units {
		if u > 0 {
			rows = len(values[net]) / u
		}
	}
	if err := m.add(values, rows); err != nil {
		return err
	}
	return p.end(context.Background(), m)
}

// end adds the moments of a cell that has all its samples, and makes them ready for the next.
func (p *partLayer) end(ctx context.Context, m *moments) error {
	if err := m.flush(); err != nil {
		return err
	}
	if m.rows > 0 {
		if err := p.add(ctx, m); err != nil {
			return err
		}
	}
	m.reset()
	return nil
}

// join adds the activations of some pictures of a cell, and the cell once it is whole. Its
// order among the cells does not matter.
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
		return p.layers[i].cell(w.values[i])
	})
}

// meets reports whether v goes on in the same cell where w ends.
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

// collector makes a part of a stream.
type collector struct {
	*part
	ctx      context.Context
	stream   string
	size     int // pictures of the whole stream
	from, to int // of this run
	cell     int // pictures
	moments  []*moments
	loose    *pending // of a cell that is not wholly within the run
	keep     func(*part)
}

// collectPart is collect for a range of pictures. It goes on from p, a part over the first of
// them, unless that is nil; after every cell it calls keep. It makes the fingerprints where id is empty.
func collectPart(ctx context.Context, src *activation.Source, id fingerprints, p *part, keep func(*part)) (*part, error) {
	if id == (fingerprints{}) {
		var err error
		if id, err = fingerprintsOf(ctx, src); err != nil {
			return nil, err
		}
	}
	c := &collector{ctx: ctx, part: p, stream: id.pictures, size: src.Whole().Pictures(), from: src.First(), to: src.First() + src.Pictures(), keep: keep}
	if p == nil {
		c.part = &part{key: id.nets, spans: []span{{id.pictures, src.Whole().String(), c.from, c.from}}}
	} else {
		c.from = p.spans[0].to
		src = src.Range(c.from, c.to)
	}
	if err := src.Each(ctx, c.block); err != nil {
		return nil, err
	}
	for i, m := range c.moments {
		c.layers[i].spare = m.gram
	}
	return c.part, nil
}

// block takes a block, cell by cell.
func (c *collector) block(b *activation.Block) error {
	if c.layers == nil {
		for _, l := range b.Layers {
			c.layers = append(c.layers, newPartLayer(l.Name, l.Units))
		}
	}
	if c.moments == nil {
		c.cell = cell(b)
		for _, l := range c.layers {
			c.moments = append(c.moments, newMoments(l.name, l.units))
		}
	}
	adding := context.Background() // is not cut short in a part that is kept when ctx ends
	if c.pairs() > quickPairs {
		adding = c.ctx
	}
	for at, end := b.First, b.First+b.Pictures; at < end; {
		start := at - at%shard%c.cell
		stop := min(start+c.cell, at-at%shard+shard, c.size)
		whole := start >= c.from && stop <= c.to
		next := min(stop, end)
		if !whole && c.loose == nil {
			c.loose = &pending{stream: c.stream, from: start, to: stop, first: at, values: make([][][]float32, len(c.layers))}
		}
		err := parallel(len(c.layers), func(i int) error {
			l := b.Layers[i]
			positions := l.Rows / b.Pictures
			values := make([][]float32, len(l.Values))
			for net, u := range l.Units {
				values[net] = l.Values[net][(at-b.First)*positions*u : (next-b.First)*positions*u]
			}
			if !whole {
				c.loose.values[i] = appendAll(c.loose.values[i], values) // the block's memory is lent
				return nil
			}
			if err := c.moments[i].add(values, (next-at)*positions); err != nil {
				return err
			}
			if next == stop {
				return c.layers[i].end(adding, c.moments[i])
			}
			return nil
		})
		if err != nil {
			return err
		}
		at = next
		if !whole {
			c.loose.n = at - c.loose.first
		}
		if at < min(stop, c.to) {
			continue // more of the cell is to come
		}
		if !whole {
			if err := c.join(c.loose); err != nil {
				return err
			}
			c.loose = nil
		}
		c.spans[0].to = at
		c.keep(c.part)
	}
	return nil
}

// appendAll appends the values of each net.
func appendAll(nets, values [][]float32) [][]float32 {
	if nets == nil {
		nets = make([][]float32, len(values))
	}
	for net, v := range values {
		nets[net] = append(nets[net], v...)
	}
	return nets
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

package corr

import (
	"context"
	"fmt"
	"math"
	"strings"

	"gonverge/lib/activation"

	"gonum.org/v1/gonum/mat"
)

// InformationConfig says how mutual information is measured; the zero value is the default.
type InformationConfig struct {
	// Bins is the number K of bins for positive activations, 1 to 255; 0 means 9, which with the
	// bin of zeros makes the ten of the paper's code.
	Bins int
	// Within also measures the pairs of units of the same net.
	Within bool
	// Memory bounds the bytes for positive activations from which exact percentiles are taken;
	// beyond, they come from counts (see [Information]). 0 means 256 MiB.
	Memory int
}

func (c InformationConfig) String() string {
	c = c.filled()
	text := fmt.Sprintf("%d bins of positive activations and one of zeros", c.Bins)
	if c.Within {
		text += ", within nets too"
	}
	return text
}

func (c InformationConfig) filled() InformationConfig {
	if c.Bins == 0 {
		c.Bins = 9
	}
	if c.Memory == 0 {
		c.Memory = 256 << 20
	}
	if c.Bins < 1 || c.Bins > 255 {
		panic(fmt.Sprintf("corr: %d bins (valid: 1..255)", c.Bins))
	}
	return c
}

// Information has the mutual information of units, layer by layer. [CollectInformation]
// returns it.
//
// Activations are put in bins: bin 0 holds those that are 0 or below; the positive ones are
// cut at their 100k/K percentiles, k = 1..K−1, by linear interpolation over the unit's
// positive values: bin = 1 + number of edges ≤ value. With p the shares of samples in bins,
//
//	I(a;b) = Σ p_ij ln(p_ij / (p_i p_j))      Li et al., ICLR 2016, supplement S.4
//
// the plug-in estimate, in nats: 0 for independent units, at most the smaller of the two
// entropies. It does not change when a unit is transformed by a rising function that keeps 0.
// By chance it is not 0 but about (r_a−1)(r_b−1)/2N for N independent samples and r bins in use
// ([InformationLayer.MillerMadow] takes that off), and more where samples depend on each other,
// as positions of a picture do: activation.Source.Shuffled gives the level by chance.
//
// The percentiles are exact as long as all positive activations fit in InformationConfig.Memory.
// Where they do not, they come from counts in buckets of less than 0.1 % of the value: an edge
// then is off by less than 0.1 % of its value. Everything else is exact counting.
type Information struct {
	origin string
	config InformationConfig
	layers []*InformationLayer
}

// InformationLayer has the mutual information of one layer.
type InformationLayer struct {
	name    string
	units   []int
	samples int
	exact   bool
	edges   [][][]float64 // of each net and unit
	entropy [][]float64   // of each net and unit
	used    [][]int       // bins that are not empty
	pairs   map[[2]int]*pairInformation
}

// pairInformation has the results of two nets: units of a × units of b.
type pairInformation struct {
	nats  []float64
	cells []int // of the joint table that are not empty
}

// CollectInformation runs a stream of activations twice, once for the edges of bins and once
// to count, and returns the mutual information of all pairs of units between nets, for all
// layers. Counting takes 4·(K·units)² bytes for two nets, and more in proportion to the pairs
// of nets. It is an error if an activation is not finite, and when ctx ends. It panics if the
// options are out of range.
func CollectInformation(ctx context.Context, src *activation.Source, config InformationConfig) (*Information, error) {
	config = config.filled()
	var all []*counting
	memory := 0
	err := src.Each(ctx, func(b *activation.Block) error {
		if all == nil {
			for _, l := range b.Layers {
				all = append(all, newCounting(l.Name, l.Units, config))
			}
		}
		err := parallel(len(all), func(i int) error {
			return all[i].gather(b.Layers[i].Values, b.Layers[i].Rows)
		})
		if memory <= config.Memory {
			memory = 0
			for _, c := range all {
				memory += c.kept()
			}
			if memory > config.Memory {
				for _, c := range all {
					c.sketch(ctx)
				}
			}
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if err := parallel(len(all), func(i int) error { return all[i].cut(ctx) }); err != nil {
		return nil, err
	}
	err = src.Each(ctx, func(b *activation.Block) error {
		for i, c := range all {
			if err := c.add(ctx, b.Layers[i].Values, b.Layers[i].Rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	info := &Information{origin: src.String(), config: config}
	for _, c := range all {
		l, err := c.layer(ctx)
		if err != nil {
			return nil, err
		}
		info.layers = append(info.layers, l)
	}
	return info, nil
}

// counting is the state of one layer's two passes.
type counting struct {
	name    string
	units   []int
	config  InformationConfig
	samples int
	values  [][]quantiles // of each net and unit
	exact   bool
	edges   [][][]float64
	cuts    [][]cuts
	nets    []*binned
	pairs   [][2]int
	joints  []*joint
}

func newCounting(name string, units []int, config InformationConfig) *counting {
	c := &counting{name: name, units: units, config: config, exact: true}
	for a, u := range units {
		c.values = append(c.values, make([]quantiles, u))
		for b := a; b < len(units); b++ {
			if a != b || config.Within {
				c.pairs = append(c.pairs, [2]int{a, b})
			}
		}
	}
	return c
}

// gather takes rows samples of the first pass.
func (c *counting) gather(values [][]float32, rows int) error {
	for net, u := range c.units {
		q := c.values[net]
		for r := range rows {
			for i, v := range values[net][r*u:][:u] {
				if v > 0 && v <= math.MaxFloat32 {
					q[i].add(v)
				} else if v-v != 0 { // NaN or infinite
					return fmt.Errorf("corr: layer %q: unit %d of net %d is %v at sample %d", c.name, i, net, v, c.samples+r)
				}
			}
		}
	}
	c.samples += rows
	if uint64(c.samples) > math.MaxUint32 {
		return fmt.Errorf("corr: layer %q: more than %d samples", c.name, uint32(math.MaxUint32))
	}
	return nil
}

func (c *counting) kept() int {
	n := 0
	for _, q := range c.values {
		for i := range q {
			n += 4 * len(q[i].values)
		}
	}
	return n
}

// sketch gives up the values for counts; when ctx has ended not of all units.
func (c *counting) sketch(ctx context.Context) {
	c.exact = false
	for _, q := range c.values {
		for i := range q {
			if ctx.Err() != nil {
				return
			}
			q[i].sketch()
		}
	}
}

// cut ends the first pass and makes ready for the second.
func (c *counting) cut(ctx context.Context) error {
	c.edges, c.cuts = make([][][]float64, len(c.units)), make([][]cuts, len(c.units))
	for net := range c.units {
		q := c.values[net]
		for i := range q {
			if err := ctx.Err(); err != nil {
				return err
			}
			edges := q[i].edges(c.config.Bins)
			c.edges[net] = append(c.edges[net], edges)
			c.cuts[net] = append(c.cuts[net], newCuts(edges))
			q[i] = quantiles{}
		}
		c.nets = append(c.nets, newBinned(c.units[net], c.config.Bins))
	}
	c.values = nil
	for _, p := range c.pairs {
		c.joints = append(c.joints, newJoint(c.nets[p[0]], c.nets[p[1]]))
	}
	return nil
}

// add takes rows samples of the second pass.
func (c *counting) add(ctx context.Context, values [][]float32, rows int) error {
	for from := 0; from < rows; {
		n := min(rows-from, rowsAtOnce-c.nets[0].fill)
		err := parallel(len(c.nets), func(i int) error {
			b := c.nets[i]
			b.add(values[i][from*b.units:(from+n)*b.units], n, c.cuts[i])
			if b.fill == rowsAtOnce {
				b.prepare()
			}
			return nil
		})
		if err != nil {
			return err
		}
		from += n
		if c.nets[0].fill == rowsAtOnce {
			if err := c.count(ctx); err != nil {
				return err
			}
		}
	}
	return nil
}

// stripe is how many units of the first net are counted at a time.
const stripe = 16

// stripes calls do for ranges of units of the first net of each pair, in parallel, until ctx ends.
func (c *counting) stripes(ctx context.Context, do func(pair, from, to int)) error {
	var tasks [][3]int
	for p := range c.joints {
		units := c.joints[p].a.units
		for from := 0; from < units; from += stripe {
			tasks = append(tasks, [3]int{p, from, min(from+stripe, units)})
		}
	}
	return parallel(len(tasks), func(i int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		do(tasks[i][0], tasks[i][1], tasks[i][2])
		return nil
	})
}

// count counts the prepared samples.
func (c *counting) count(ctx context.Context) error {
	err := c.stripes(ctx, func(pair, from, to int) { c.joints[pair].count(from, to) })
	for _, b := range c.nets {
		b.fill = 0
	}
	return err
}

// layer ends the second pass.
func (c *counting) layer(ctx context.Context) (*InformationLayer, error) {
	if c.nets[0].fill > 0 {
		for _, b := range c.nets {
			b.prepare()
		}
		if err := c.count(ctx); err != nil {
			return nil, err
		}
	}
	l := &InformationLayer{name: c.name, units: c.units, samples: c.samples, exact: c.exact,
		edges: c.edges, pairs: map[[2]int]*pairInformation{}}
	n := c.config.Bins + 1
	logs := smallLogs()
	for _, b := range c.nets {
		h, used := make([]float64, b.units), make([]int, b.units)
		for u := range h {
			h[u], used[u] = entropy(b.marginal[u*n:][:n], c.samples, logs)
		}
		l.entropy, l.used = append(l.entropy, h), append(l.used, used)
	}
	for _, p := range c.pairs {
		size := c.units[p[0]] * c.units[p[1]]
		l.pairs[p] = &pairInformation{make([]float64, size), make([]int, size)}
	}
	err := c.stripes(ctx, func(pair, from, to int) {
		j, p := c.joints[pair], c.pairs[pair]
		j.finish(from, to)
		out, columns := l.pairs[p], c.units[p[1]]
		table := make([]int, n*n)
		for i := from; i < to; i++ {
			first := 0
			if p[0] == p[1] {
				first = i // the other half is the same, mirrored below
			}
			for k := first; k < columns; k++ {
				j.table(table, i, k)
				h, cells := entropy(table, c.samples, logs)
				ha, hb := l.entropy[p[0]][i], l.entropy[p[1]][k]
				out.nats[i*columns+k] = max(0, min(ha+hb-h, ha, hb))
				out.cells[i*columns+k] = cells
			}
		}
	})
	if err != nil {
		return nil, err
	}
	for p, x := range l.pairs { // each on its own: the order does not matter
		if n := c.units[p[0]]; p[0] == p[1] {
			for i := range n {
				for k := range i {
					x.nats[i*n+k], x.cells[i*n+k] = x.nats[k*n+i], x.cells[k*n+i]
				}
			}
		}
	}
	return l, nil
}

// smallLogs returns c·ln c for small counts c, which most cells of a joint table have.
func smallLogs() []float64 {
	logs := make([]float64, 2048)
	for c := 2; c < len(logs); c++ {
		logs[c] = float64(float64(c) * math.Log(float64(c)))
	}
	return logs
}

// entropy returns the entropy in nats of counts that sum to n, and how many are not 0; logs
// are c·ln c for the first few c.
func entropy(counts []int, n int, logs []float64) (h float64, used int) {
	sum := 0.0
	for _, c := range counts {
		if c > 0 {
			used++
			if c < len(logs) {
				sum += logs[c]
			} else {
				sum += float64(float64(c) * math.Log(float64(c)))
			}
		}
	}
	if used < 2 {
		return 0, used
	}
	return max(0, math.Log(float64(n))-sum/float64(n)), used
}

// Layers returns the names of the layers, in the order of the stream.
func (s *Information) Layers() []string {
	names := make([]string, len(s.layers))
	for i, l := range s.layers {
		names[i] = l.name
	}
	return names
}

// Layer returns a layer. It panics on an unknown name, listing the known ones.
func (s *Information) Layer(name string) *InformationLayer {
	for _, l := range s.layers {
		if l.name == name {
			return l
		}
	}
	panic(fmt.Sprintf("corr: no layer %q; have %s", name, strings.Join(s.Layers(), ", ")))
}

// Origin says what was measured, in a line.
func (s *Information) Origin() string { return s.origin }

// String says what was measured, and lists the layers.
func (s *Information) String() string {
	rows := [][]string{{"layer", "units", "samples", "percentiles"}}
	for _, l := range s.layers {
		how := "exact"
		if !l.exact {
			how = "within 0.1 %"
		}
		rows = append(rows, []string{l.name, list(l.units), thousands(l.samples), how})
	}
	return fmt.Sprintf("%s; %v\n%s", s.origin, s.config, textTable(rows))
}

// Name returns the layer's name.
func (l *InformationLayer) Name() string { return l.name }

// Nets returns the number of nets.
func (l *InformationLayer) Nets() int { return len(l.units) }

// Positions returns the number of samples.
func (l *InformationLayer) Positions() int { return l.samples }

// Exact reports whether the edges of bins are the exact percentiles.
func (l *InformationLayer) Exact() bool { return l.exact }

// Edges returns the edges between the positive bins of a unit of a net, rising; none for a unit
// that is never positive.
func (l *InformationLayer) Edges(net, unit int) []float64 {
	l.check(net)
	if unit < 0 || unit >= l.units[net] {
		panic(fmt.Sprintf("corr: unit %d of %d units (valid: 0..%d)", unit, l.units[net], l.units[net]-1))
	}
	return append([]float64(nil), l.edges[net][unit]...)
}

// Entropy returns the entropy of each unit's bins in nats, from 0 (constant) to ln(K+1).
func (l *InformationLayer) Entropy(net int) []float64 {
	l.check(net)
	return append([]float64(nil), l.entropy[net]...)
}

// MutualInformation returns the d_a×d_b matrix of mutual information in nats, by the plug-in
// estimate (see [Information]); rows are units of net a, columns units of net b. It panics for
// a = b unless InformationConfig.Within was set.
func (l *InformationLayer) MutualInformation(a, b int) *mat.Dense {
	return l.matrix(a, b, func(i, k int, nats float64, cells int) float64 { return nats })
}

// MillerMadow returns the mutual information in nats less its bias to first order,
//
//	I − (m_ab − m_a − m_b + 1) / 2N
//
// where m counts the bins (of the pair, of either unit) that are not empty and N the samples as
// if they were independent. It scatters around 0 for independent units and can be negative.
func (l *InformationLayer) MillerMadow(a, b int) *mat.Dense {
	return l.matrix(a, b, func(i, k int, nats float64, cells int) float64 {
		return nats - float64(cells-l.used[a][i]-l.used[b][k]+1)/(2*float64(l.samples))
	})
}

// Normalised returns the mutual information divided by √(H(a) H(b)), in [0, 1]: 1 if either
// unit's bin says the other's; 0 where an entropy is 0.
func (l *InformationLayer) Normalised(a, b int) *mat.Dense {
	return l.matrix(a, b, func(i, k int, nats float64, cells int) float64 {
		ha, hb := l.entropy[a][i], l.entropy[b][k]
		if ha == 0 || hb == 0 {
			return 0
		}
		return min(1, nats/math.Sqrt(ha*hb))
	})
}

// matrix fills a matrix from the results of the pairs.
func (l *InformationLayer) matrix(a, b int, value func(i, k int, nats float64, cells int) float64) *mat.Dense {
	l.check(a)
	l.check(b)
	p, turned := l.pairs[[2]int{a, b}], false
	if p == nil {
		p, turned = l.pairs[[2]int{b, a}], true
	}
	if p == nil {
		panic(fmt.Sprintf("corr: mutual information within net %d was not collected: set InformationConfig.Within", a))
	}
	rows, columns := l.units[a], l.units[b]
	if rows == 0 || columns == 0 {
		return &mat.Dense{}
	}
	m := mat.NewDense(rows, columns, nil)
	for i := range rows {
		for k := range columns {
			at := i*columns + k
			if turned {
				at = k*rows + i
			}
			m.Set(i, k, value(i, k, p.nats[at], p.cells[at]))
		}
	}
	return m
}

func (l *InformationLayer) check(net int) {
	if net < 0 || net >= len(l.units) {
		panic(fmt.Sprintf("corr: net %d of %d nets (valid: 0..%d)", net, len(l.units), len(l.units)-1))
	}
}

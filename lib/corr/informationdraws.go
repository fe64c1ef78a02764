package corr

import (
	"context"
	"math/rand/v2"
	"sync"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/internal/simd"
	"gonverge/lib/progress"
)

// Intervals of the mutual information of assigned units. Joint counts of all pairs of units for each group
// of pictures would not fit in memory (48 MB a group for two nets of 384 units), those of the pairs that
// were assigned over all pictures do: a draw weights their counts by group, with bins and assignment as
// they were found.

// informationDraws has the joint counts of the assigned pairs of units of one layer, by group of pictures.
type informationDraws struct {
	name   string
	states int // bins, that of zeros included
	groups int
	pairs  []assignedPairs // of each pair of nets, a < b
	nets   []*binned
	cuts   [][]cuts
}

// assignedPairs are those of two nets.
type assignedPairs struct {
	a, b        int
	units       [][2]int // each pair of units that occurs, once
	semi, match []int    // places in units
	counts      []uint32 // of each of units and group: states × states
}

// newInformationDraws settles what is counted.
func newInformationDraws(l *InformationLayer, bins int) *informationDraws {
	d := &informationDraws{name: l.name, states: bins + 1}
	for net, units := range l.units {
		d.nets = append(d.nets, newBinned(units, bins))
		c := make([]cuts, units)
		for i := range c {
			c[i] = newCuts(l.edges[net][i])
		}
		d.cuts = append(d.cuts, c)
	}
	for a := range l.units {
		for b := a + 1; b < len(l.units); b++ {
			p := assignedPairs{a: a, b: b}
			places := map[[2]int]int{}
			take := func(m *align.Matching) (at []int) {
				for i, k := range m.Partner {
					if k < 0 {
						continue
					}
					units := [2]int{i, k}
					if _, ok := places[units]; !ok {
						places[units] = len(p.units)
						p.units = append(p.units, units)
					}
					at = append(at, places[units])
				}
				return at
			}
			m := l.MutualInformation(a, b)
			p.semi, p.match = take(align.SemiMatch(m)), take(align.Match(m))
			d.pairs = append(d.pairs, p)
		}
	}
	return d
}

// size is the number of bytes of the counts of a group.
func (d *informationDraws) size() int {
	n := 0
	for _, p := range d.pairs {
		n += 4 * len(p.units) * d.states * d.states
	}
	return n
}

// room makes place for groups.
func (d *informationDraws) room(groups int) {
	d.groups = groups
	for i := range d.pairs {
		p := &d.pairs[i]
		p.counts = make([]uint32, len(p.units)*groups*d.states*d.states)
	}
}

// add counts the rows samples of pictures, which belong to the groups named.
func (d *informationDraws) add(values [][]float32, pictures, rows int, group []int) {
	positions := rows / pictures
	for p := range pictures {
		for from := 0; from < positions; {
			n := min(positions-from, rowsAtOnce)
			for net, b := range d.nets {
				b.add(values[net][(p*positions+from)*b.units:][:n*b.units], n, d.cuts[net])
				b.fill = 0
			}
			for i := range d.pairs {
				d.pairs[i].count(d, group[p], n)
			}
			from += n
		}
	}
}

// count counts the first n rows of the bins.
func (p *assignedPairs) count(d *informationDraws, group, n int) {
	cells := d.states * d.states
	for at, u := range p.units {
		x := d.nets[p.a].columns[u[0]*rowsAtOnce:][:n]
		y := d.nets[p.b].columns[u[1]*rowsAtOnce:][:n]
		counts := p.counts[(at*d.groups+group)*cells:][:cells]
		for r, v := range x {
			counts[int(v)*d.states+int(y[r])]++
		}
	}
}

// scores returns the mean information of the semi-matched and of the matched units of each pair of nets,
// one after the other as [informationScores] does, for each row of weights, one of each group. It is nil when ctx has ended.
func (d *informationDraws) scores(ctx context.Context, weights [][]float64) [][]float64 {
	out := make([][]float64, len(weights))
	for i := range out {
		out[i] = make([]float64, 2*len(d.pairs))
	}
	total := 0
	for _, p := range d.pairs {
		total += len(p.units)
	}
	bar := progress.Start(ctx, "bootstrap "+d.name+", information", total)
	defer bar.Finish("")
	logs := smallLogs()
	for k, p := range d.pairs {
		nats := make([][]float64, len(p.units)) // of each of units and draw
		var done sync.Mutex
		err := parallel(len(p.units), func(at int) error {
			var err error
			nats[at], err = d.draw(ctx, p, at, weights, logs)
			done.Lock()
			bar.Add(1)
			done.Unlock()
			return err
		})
		if err != nil {
			return nil
		}
		mean := func(draw int, of []int) float64 {
			if len(of) == 0 {
				return 0
			}
			sum := 0.0
			for _, at := range of {
				sum += nats[at][draw]
			}
			return sum / float64(len(of))
		}
		for i := range out {
			out[i][2*k], out[i][2*k+1] = mean(i, p.semi), mean(i, p.match)
		}
	}
	return out
}

// draw returns the information of one pair of units for each row of weights.
func (d *informationDraws) draw(ctx context.Context, p assignedPairs, at int, weights [][]float64, logs []float64) ([]float64, error) {
	cells := d.states * d.states
	groups := make([]float64, d.groups*cells)
	for i, c := range p.counts[at*d.groups*cells:][:len(groups)] {
		groups[i] = float64(c)
	}
	nats := make([]float64, len(weights))
	sum, table := make([]float64, cells), make([]int, cells)
	first, second := make([]int, d.states), make([]int, d.states)
	for i, w := range weights {
		if i%16 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		clear(sum)
		for g, n := range w {
			if n != 0 {
				simd.Axpy64(n, groups[g*cells:][:cells], sum)
			}
		}
		clear(first)
		clear(second)
		samples := 0
		for c, v := range sum { // whole numbers
			n := int(v)
			table[c] = n
			first[c/d.states] += n
			second[c%d.states] += n
			samples += n
		}
		if samples == 0 {
			continue
		}
		ha, _ := entropy(first, samples, logs)
		hb, _ := entropy(second, samples, logs)
		h, _ := entropy(table, samples, logs)
		nats[i] = max(0, min(ha+hb-h, ha, hb))
	}
	return nats, nil
}

// drawInformation runs the source once more and returns for each layer of info the scores of so many draws
// of pictures. Groups and draws are those of [Bootstrap] with the same seed, where as many groups fit.
func drawInformation(ctx context.Context, src *activation.Source, info *Information, seed uint64, draws int) ([][][]float64, error) {
	layers := make([]*informationDraws, len(info.layers))
	bytes := 0
	for i, l := range info.layers {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		layers[i] = newInformationDraws(l, info.config.Bins)
		bytes += layers[i].size()
	}
	groups := groupCount(BootstrapConfig{}, bytes, src.Pictures())
	for _, d := range layers {
		d.room(groups)
	}
	group := deal(src.Pictures(), groups, seed)
	err := src.Each(ctx, func(b *activation.Block) error {
		return parallel(len(layers), func(i int) error {
			layers[i].add(b.Layers[i].Values, b.Pictures, b.Layers[i].Rows, group[b.First-src.First():])
			return ctx.Err()
		})
	})
	if err != nil {
		return nil, err
	}
	weights := make([][]float64, draws)
	for i := range weights {
		weights[i] = make([]float64, groups)
		for g, n := range drawn(seed, i, groups) {
			weights[i][g] = float64(n)
		}
	}
	out := make([][][]float64, len(layers))
	for i, d := range layers {
		if out[i] = d.scores(ctx, weights); out[i] == nil {
			return nil, ctx.Err()
		}
		layers[i] = nil
	}
	return out, nil
}

// drawn returns how often the i-th draw takes each of so many groups.
func drawn(seed uint64, i, groups int) []int {
	weights := make([]int, groups)
	r := rand.New(rand.NewPCG(seed, streamDraw+uint64(i)))
	for range weights {
		weights[r.IntN(groups)]++
	}
	return weights
}

// groupCount is how many groups a bootstrap has whose groups take so many bytes each.
func groupCount(config BootstrapConfig, bytes, pictures int) int {
	groups, memory := config.Groups, config.Memory
	if groups == 0 {
		groups = 200
	}
	if memory == 0 {
		memory = 256 << 20
	}
	if bytes > 0 {
		groups = min(groups, max(2, memory/bytes))
	}
	return min(groups, pictures)
}

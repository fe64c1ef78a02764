package corr

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"strings"

	"gonverge/lib/activation"
)

const (
	streamGroups = 0x67726f75 // "grou": which picture is in which group
	streamDraw   = 0x64726177 // "draw": draw i has the i-th stream from here
)

// BootstrapConfig says how pictures are drawn again; the zero value is the default.
type BootstrapConfig struct {
	Seed uint64
	// Groups is the number of groups of pictures that are drawn; 0 means 200. There are never
	// more than pictures, and fewer where Memory does not hold them.
	Groups int
	// Memory bounds the bytes of the groups' moments, 4·(units of all nets)² for each layer and
	// group; 0 means 256 MiB. At least two groups are kept whatever they need.
	Memory int
}

// Resamples has the moments of groups of pictures, from which statistics of pictures drawn
// again are computed. [Bootstrap] returns it.
type Resamples struct {
	origin string
	seed   uint64
	groups int
	layers []*ResampledLayer
}

// ResampledLayer is one layer of Resamples.
type ResampledLayer struct {
	name  string
	units []int
	d     int
	seed  uint64
	parts []groupMoments
	shift []float32
}

// groupMoments are the sums over one group's samples, less the common shift.
type groupMoments struct {
	rows  int
	sum   []float64
	zeros []int
	low   []float32 // with high, tells which units are constant in the groups drawn
	high  []float32
	gram  []float64 // upper triangle, row by row
}

// Bootstrap runs the source once and keeps what it takes to compute the correlations of any
// layer again and again with other pictures drawn: confidence over pictures, not over
// positions, which depend on each other within a picture.
//
// The pictures are dealt at random (by seed) into groups of equal size, give or take one, and
// each draw takes as many groups as there are, with replacement; a group's positions and nets
// stay together, and all layers draw the same groups. With as many groups as pictures this is
// the plain bootstrap over pictures. With fewer it has the same expected variance for averages
// over pictures, to a factor 1−1/groups, itself known to a relative deviation of about
// √(2/groups): 10 % for 200. A source shuffled between nets draws by the pictures of net 0.
//
// What does not fit, activations that are not finite, and the end of ctx are errors. It panics
// if Groups is negative or 1.
func Bootstrap(ctx context.Context, src *activation.Source, config BootstrapConfig) (*Resamples, error) {
	if config.Groups < 0 || config.Groups == 1 {
		panic(fmt.Sprintf("corr: Bootstrap: %d groups (valid: 2 or more; 0 for 200)", config.Groups))
	}
	var r *Resamples
	var group []int
	var work []*moments
	err := src.Each(ctx, func(b *activation.Block) error {
		if r == nil {
			r = newResamples(src, config, b)
			group = deal(src.Pictures(), r.groups, config.Seed)
			for _, l := range b.Layers {
				work = append(work, newMoments(l.Name, l.Units))
			}
		}
		return parallel(len(work), func(i int) error {
			l := b.Layers[i]
			positions := l.Rows / b.Pictures
			return r.layers[i].add(work[i], l.Values, b.Pictures, positions, group[b.First-src.First():])
		})
	})
	if err != nil {
		return nil, err
	}
	return r, nil
}

func newResamples(src *activation.Source, config BootstrapConfig, b *activation.Block) *Resamples {
	r := &Resamples{origin: src.String(), seed: config.Seed}
	bytes := 0
	for _, l := range b.Layers {
		d := 0
		for _, u := range l.Units {
			d += u
		}
		bytes += 8 * d * (d + 1) / 2
	}
	r.groups = groupCount(config, bytes, src.Pictures())
	for _, l := range b.Layers {
		x := &ResampledLayer{name: l.Name, units: slices.Clone(l.Units), seed: config.Seed}
		for _, u := range l.Units {
			x.d += u
		}
		for range r.groups {
			g := groupMoments{sum: make([]float64, x.d), zeros: make([]int, x.d), gram: make([]float64, x.d*(x.d+1)/2)}
			for range x.d {
				g.low, g.high = append(g.low, float32(math.Inf(1))), append(g.high, float32(math.Inf(-1)))
			}
			x.parts = append(x.parts, g)
		}
		r.layers = append(r.layers, x)
	}
	return r
}

// deal returns the group of each of n pictures.
func deal(n, groups int, seed uint64) []int {
	group := make([]int, n)
	for i, p := range rand.New(rand.NewPCG(seed, streamGroups)).Perm(n) {
		group[p] = i % groups
	}
	return group
}

// add adds pictures to their groups. m is scratch.
func (l *ResampledLayer) add(m *moments, values [][]float32, pictures, positions int, group []int) error {
	if l.shift == nil {
		rows := pictures * positions
		x := make([]float32, 0, rows*l.d)
		for r := range rows {
			for net, u := range l.units {
				x = append(x, values[net][r*u:][:u]...)
			}
		}
		if rows > 0 {
			l.shift = append(columnMeans(x, l.d), make([]float32, len(m.sum)-l.d)...)
		}
	}
	for p := range pictures {
		g := &l.parts[group[p]]
		before := m.rows
		m.reset()
		m.rows, m.shift = before, l.shift // as long as the panels are wide
		part := make([][]float32, len(values))
		for net, u := range l.units {
			part[net] = values[net][p*positions*u:][:positions*u]
		}
		if err := m.add(part, positions); err != nil {
			return err
		}
		if err := m.flush(); err != nil {
			return err
		}
		if m.blank {
			continue // no positions
		}
		g.rows += m.rows - before
		at := 0
		for i := range l.d {
			g.sum[i] += m.sum[i]
			g.zeros[i] += m.count[i]
			g.low[i], g.high[i] = min(g.low[i], m.low[i]), max(g.high[i], m.high[i])
			row := g.gram[at:][:l.d-i]
			for j, v := range m.gram[i*l.d+i : (i+1)*l.d] {
				row[j] += v
			}
			at += l.d - i
		}
	}
	return nil
}

// Origin says what was measured, in a line.
func (r *Resamples) Origin() string { return r.origin }

// Groups returns the number of groups of pictures.
func (r *Resamples) Groups() int { return r.groups }

// Layers returns the names of the layers, in the order of the stream.
func (r *Resamples) Layers() []string {
	names := make([]string, len(r.layers))
	for i, l := range r.layers {
		names[i] = l.name
	}
	return names
}

// Layer returns a layer. It panics on an unknown name, listing the known ones.
func (r *Resamples) Layer(name string) *ResampledLayer {
	for _, l := range r.layers {
		if l.name == name {
			return l
		}
	}
	panic(fmt.Sprintf("corr: no layer %q; have %s", name, strings.Join(r.Layers(), ", ")))
}

// String says what was measured and in how many groups.
func (r *Resamples) String() string {
	return fmt.Sprintf("%s; drawn again in %d groups of pictures, seed %d", r.origin, r.groups, r.seed)
}

// Draw returns the statistics of the layer for the i-th draw of pictures, i from 0: the same
// ones whenever it is called, the same pictures in all layers. It may be called from several
// goroutines. Cost: about (units of all nets)² ×
// groups operations. It panics if i is negative.
func (l *ResampledLayer) Draw(i int) *Layer {
	if i < 0 {
		panic(fmt.Sprintf("corr: draw %d (valid: 0 and up)", i))
	}
	return l.draw(context.Background(), i)
}

// draw is Draw, or nil if ctx ends before it.
func (l *ResampledLayer) draw(ctx context.Context, i int) *Layer {
	return l.weighted(ctx, drawn(l.seed, i, len(l.parts)))
}

// Whole returns the statistics of the layer with every picture once, as [Collect] would to
// rounding.
func (l *ResampledLayer) Whole() *Layer {
	weights := make([]int, len(l.parts))
	for g := range weights {
		weights[g] = 1
	}
	return l.weighted(context.Background(), weights)
}

// weighted sums up the groups, each as many times as its weight. It looks at ctx between the groups, and
// returns nil when that has ended.
func (l *ResampledLayer) weighted(ctx context.Context, weights []int) *Layer {
	out := newLayer(l.name, l.units)
	for g, w := range weights {
		out.samples += w * l.parts[g].rows
	}
	if out.samples == 0 {
		return out
	}
	n := float64(out.samples)
	drift := make([]float64, l.d)
	for j := range l.d {
		out.low[j], out.high[j] = math.Inf(1), math.Inf(-1)
	}
	gram := make([]float64, l.d*(l.d+1)/2)
	for g, w := range weights {
		if w == 0 {
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		f, part := float64(w), &l.parts[g]
		for j, v := range part.sum {
			drift[j] += float64(f * v)
			out.zero[j] += float64(w * part.zeros[j])
			out.low[j], out.high[j] = min(out.low[j], float64(part.low[j])), max(out.high[j], float64(part.high[j]))
		}
		for k, v := range part.gram {
			gram[k] += float64(f * v)
		}
	}
	for j := range drift {
		drift[j] /= n
		out.mean[j] = float64(l.shift[j]) + drift[j]
		out.zero[j] /= n
	}
	at := 0
	for i := range l.d {
		for j := i; j < l.d; j++ {
			out.cov[i*l.d+j] = gram[at]/n - float64(drift[i]*drift[j])
			at++
		}
	}
	out.settle()
	return out
}

// Limits is an interval of confidence.
type Limits struct {
	Low, High float64
	Level     float64 // share of the values between them
}

// String shows the limits with three digits after the point.
func (l Limits) String() string { return fmt.Sprintf("%.3f to %.3f", l.Low, l.High) }

// Interval returns the limits between which the middle level of the values lies, such as 0.95:
// the percentile interval of bootstrap draws, by linear interpolation between values in order.
// Values are left as they are. It panics without values, if one is NaN or infinite, and unless 0 < level < 1.
func Interval(values []float64, level float64) Limits {
	if len(values) == 0 || !(level > 0 && level < 1) {
		panic(fmt.Sprintf("corr: Interval: level %v of %d values (valid: between 0 and 1, of one or more)", level, len(values)))
	}
	v := slices.Clone(values)
	sort.Float64s(v)
	for _, x := range []float64{v[0], v[len(v)-1]} { // NaN sorts to the front
		if x-x != 0 {
			panic(fmt.Sprintf("corr: Interval: a value is %v", x))
		}
	}
	at := func(share float64) float64 {
		x := share * float64(len(v)-1)
		i := min(int(x), len(v)-1)
		next := v[min(i+1, len(v)-1)]
		if d := next - v[i]; !math.IsInf(d, 0) {
			return v[i] + d*(x-float64(i))
		}
		return v[i]*(1-x+float64(i)) + next*(x-float64(i))
	}
	return Limits{at((1 - level) / 2), at((1 + level) / 2), level}
}

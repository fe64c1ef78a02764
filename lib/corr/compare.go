package corr

import (
	"context"
	"fmt"
	"html"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/progress"

	"gonum.org/v1/gonum/mat"
)

// CompareConfig says how [Compare] compares nets; the zero value is the default.
type CompareConfig struct {
	// Untrained is the stream of the same architectures before training, over the same pictures; nil
	// leaves its columns out.
	Untrained *activation.Source
	// Seed is that of the shuffle by chance and of the bootstrap.
	Seed uint64
	// Draws is the number of bootstrap draws of pictures; 0 means 1,000, −1 none.
	Draws int
	// Level is the share of draws within an interval; 0 means 0.95.
	Level float64
	// Leading takes so many leading principal components out of each net before its units are
	// paired ([Layer.WithoutLeading]), Mean their common mode ([Layer.WithoutMean]): agreement
	// then is in what is left. With Leading every draw costs an eigendecomposition a net.
	Leading int
	Mean    bool
	// Absolute pairs by |correlation| instead of the signed one.
	Absolute bool
}

func (c CompareConfig) filled() CompareConfig {
	if c.Draws == 0 {
		c.Draws = 1000
	}
	if c.Level == 0 {
		c.Level = 0.95
	}
	if c.Draws < -1 || c.Leading < 0 || !(c.Level > 0 && c.Level < 1) || c.Leading > 0 && c.Mean {
		panic(fmt.Sprintf("corr: Compare: draws %d (valid: −1 and up), level %v (valid: between 0 and 1), leading %d with mean %v (valid: one of them)",
			c.Draws, c.Level, c.Leading, c.Mean))
	}
	return c
}

// String says what is compared and how.
func (c CompareConfig) String() string { return c.score() + c.drawing() }

// score names the score.
func (c CompareConfig) score() string {
	text := "correlation"
	if c.Absolute {
		text = "|correlation|"
	}
	if c.Leading > 0 {
		text += fmt.Sprintf(" without %d leading components of each net", c.Leading)
	}
	if c.Mean {
		text += " without the common mode of each net"
	}
	return text
}

// drawing says how pictures are drawn.
func (c CompareConfig) drawing() string {
	c = c.filled()
	text := ""
	if c.Draws > 0 {
		text = fmt.Sprintf("; %g %% intervals from %s draws of pictures", 100*c.Level, thousands(c.Draws))
	}
	return text + fmt.Sprintf("; seed %d", c.Seed)
}

// Comparison is how well the units of nets pair, layer by layer and for all pairs of nets, beside
// what chance and untrained nets give. [Compare] returns it.
type Comparison struct {
	origin string
	config CompareConfig
	note   string
	// Layers are in the order of the stream.
	Layers []LayerComparison
}

// LayerComparison is one layer of a [Comparison].
type LayerComparison struct {
	Name  string
	Units []int // of each net
	Dead  []int // number of dead units of each net; their correlations are 0 and count
	// Semi and Match are the means over all pairs of nets.
	Semi, Match Agreement
	// Pairs are those of each pair of nets, a < b.
	Pairs []PairComparison
}

// PairComparison is one pair of nets.
type PairComparison struct {
	A, B        int
	Semi, Match Agreement
}

// Agreement is the mean score of assigned units, in [−1, 1], more being more alike.
type Agreement struct {
	Value    float64
	Interval Limits // of Value, over pictures; around it without draws
	// Chance is the same with the pictures of every net but the first shuffled: what pairing
	// finds among units that see different pictures. It grows with the number of units, and in
	// padded layers, where positions keep their place.
	Chance float64
	// Untrained is the same for the nets before training; 0 without them.
	Untrained float64
}

// Compare pairs the units of all pairs of nets, each row's best column (align.SemiMatch) and
// one-to-one (align.Match), and returns the mean scores with their bootstrap intervals over
// pictures, their level by chance, and that of untrained nets:
//
//	corr.Compare(ctx, acts, corr.CompareConfig{Untrained: activation.Stream(start, set, "conv1")})
//
// Semi-matching of a pair is from net a to net b, a < b; with nets of unequal width, matching
// pairs every unit of the narrower one. Intervals are percentiles of [Bootstrap]'s draws. A draw
// has some pictures twice and others not, which lifts the largest of many weak correlations a
// little: in layers with few samples the interval can lie above the value.
//
// It runs the stream three times (the values, by chance, the draws), and that of untrained nets
// once; the first two and the last come from the cache where they can. Same arguments, same bits,
// for any number of cores. What does not fit is an error, as is the end of ctx. It panics if the
// options are out of range.
func Compare(ctx context.Context, acts *activation.Source, config CompareConfig) (*Comparison, error) {
	config = config.filled()
	values, err := Collect(ctx, acts)
	if err != nil {
		return nil, err
	}
	chance, err := Collect(ctx, acts.Shuffled(config.Seed))
	if err != nil {
		return nil, err
	}
	var untrained *Stats
	if config.Untrained != nil {
		if untrained, err = Collect(ctx, config.Untrained); err != nil {
			return nil, err
		}
		if n := untrained.Nets(); n != values.Nets() {
			return nil, fmt.Errorf("corr: Compare: %d untrained nets for %d", n, values.Nets())
		}
	}
	var draws *Resamples
	if config.Draws > 0 {
		if draws, err = Bootstrap(ctx, acts, BootstrapConfig{Seed: config.Seed}); err != nil {
			return nil, err
		}
	}
	c := &Comparison{origin: acts.String(), config: config, note: values.note}
	for _, name := range values.Layers() {
		var before *Layer
		if untrained != nil {
			for _, l := range untrained.layers {
				if l.name == name {
					before = l
				}
			}
			if before == nil {
				return nil, fmt.Errorf("corr: Compare: the untrained nets' stream has no layer %q; it has %s", name, strings.Join(untrained.Layers(), ", "))
			}
		}
		l, err := config.layer(ctx, values.Layer(name), chance.Layer(name), before, draws)
		if err != nil {
			return nil, err
		}
		c.Layers = append(c.Layers, *l)
	}
	return c, nil
}

// scores are the means of all pairs of nets of a layer: semi-matching and matching of each.
func (c CompareConfig) scores(l *Layer) []float64 {
	switch {
	case c.Leading > 0:
		l = l.WithoutLeading(c.Leading)
	case c.Mean:
		l = l.WithoutMean()
	}
	var out []float64
	between := &mat.Dense{}
	for a := range l.Nets() {
		for b := a + 1; b < l.Nets(); b++ {
			between.Reset()
			l.BetweenTo(between, a, b)
			m := between
			if c.Absolute {
				m = align.Absolute(m)
			}
			out = append(out, align.SemiMatch(m).Mean(), align.Match(m).Mean())
		}
	}
	return out
}

func (c CompareConfig) layer(ctx context.Context, value, chance, before *Layer, draws *Resamples) (*LayerComparison, error) {
	l := &LayerComparison{Name: value.name, Units: append([]int{}, value.units...)}
	for net := range value.units {
		l.Dead = append(l.Dead, len(value.Dead(net)))
	}
	found, shuffled := c.scores(value), c.scores(chance)
	start := make([]float64, len(found))
	if before != nil {
		start = c.scores(before)
	}
	var drawn [][]float64
	if draws != nil {
		var err error
		if drawn, err = c.draw(ctx, draws.Layer(value.name)); err != nil {
			return nil, err
		}
	}
	// of pairs from, from+2, …: one pair for step > number of scores.
	over := func(from, step int) Agreement {
		mean := func(x []float64) float64 {
			sum, n := 0.0, 0
			for k := from; k < len(x); k += step {
				sum += x[k]
				n++
			}
			if n == 0 {
				return 0
			}
			return sum / float64(n)
		}
		a := Agreement{Value: mean(found), Chance: mean(shuffled), Untrained: mean(start)}
		a.Interval = Limits{a.Value, a.Value, c.Level}
		if len(drawn) > 0 {
			var means []float64
			for _, d := range drawn {
				means = append(means, mean(d))
			}
			a.Interval = Interval(means, c.Level)
		}
		return a
	}
	at := 0
	for a := range value.Nets() {
		for b := a + 1; b < value.Nets(); b++ {
			l.Pairs = append(l.Pairs, PairComparison{A: a, B: b, Semi: over(at, len(found)), Match: over(at+1, len(found))})
			at += 2
		}
	}
	l.Semi, l.Match = over(0, 2), over(1, 2)
	return l, nil
}

// draw returns the scores of all draws, computed on all cores.
func (c CompareConfig) draw(ctx context.Context, l *ResampledLayer) ([][]float64, error) {
	bar := progress.Start(ctx, "bootstrap "+l.name, c.Draws)
	defer bar.Finish("")
	drawn := make([][]float64, c.Draws)
	workers := min(runtime.GOMAXPROCS(0), c.Draws)
	var next atomic.Int64
	var done sync.Mutex
	count := 0
	err := parallel(workers, func(int) error {
		for ctx.Err() == nil {
			i := int(next.Add(1)) - 1
			if i >= c.Draws {
				return nil
			}
			drawn[i] = c.scores(l.Draw(i))
			done.Lock()
			count++
			bar.Set(count, "")
			done.Unlock()
		}
		return ctx.Err()
	})
	if err != nil {
		return nil, err
	}
	return drawn, nil
}

// Layer returns the comparison of a layer. It panics on an unknown name, listing the known ones.
func (c *Comparison) Layer(name string) *LayerComparison {
	var names []string
	for i := range c.Layers {
		if c.Layers[i].Name == name {
			return &c.Layers[i]
		}
		names = append(names, c.Layers[i].Name)
	}
	panic(fmt.Sprintf("corr: no layer %q; have %s", name, strings.Join(names, ", ")))
}

func (c *Comparison) table() [][]string {
	head := []string{"layer", "units", "dead units", "semi-matching", "interval", "pairs", "chance"}
	if c.config.Untrained != nil {
		head = append(head, "untrained")
	}
	head = append(head, "matching", "interval", "pairs", "chance")
	if c.config.Untrained != nil {
		head = append(head, "untrained")
	}
	rows := [][]string{head}
	for _, l := range c.Layers {
		row := []string{l.Name, list(l.Units), list(l.Dead)}
		cells := func(a Agreement, of func(PairComparison) float64) {
			text := ""
			if c.config.Draws > 0 {
				text = a.Interval.String()
			}
			low, high := a.Value, a.Value
			for i, p := range l.Pairs {
				if i == 0 {
					low, high = of(p), of(p)
				}
				low, high = min(low, of(p)), max(high, of(p))
			}
			row = append(row, fmt.Sprintf("%.3f", a.Value), text, fmt.Sprintf("%.3f to %.3f", low, high), fmt.Sprintf("%.3f", a.Chance))
			if c.config.Untrained != nil {
				row = append(row, fmt.Sprintf("%.3f", a.Untrained))
			}
		}
		cells(l.Semi, func(p PairComparison) float64 { return p.Semi.Value })
		cells(l.Match, func(p PairComparison) float64 { return p.Match.Value })
		rows = append(rows, row)
	}
	return rows
}

// caption says what the table shows.
func (c *Comparison) caption() string {
	n := 0
	if len(c.Layers) > 0 {
		n = len(c.Layers[0].Pairs)
	}
	pairs := fmt.Sprintf("mean over %d pairs of nets", n)
	if n == 1 {
		pairs = "one pair of nets"
	}
	return fmt.Sprintf("%s of assigned units, %s%s", c.config.score(), pairs, c.config.drawing())
}

// Origin says what was compared, in a line.
func (c *Comparison) Origin() string { return c.origin }

// String is the table as text, a row for each layer: semi-matching and matching, each with the
// interval over pictures, the lowest and highest pair of nets, chance and untrained nets.
func (c *Comparison) String() string {
	text := c.origin + "\n" + c.caption() + "\n" + textTable(c.table())
	if c.note != "" {
		text += "\n(" + c.note + ")"
	}
	return text
}

// MIMEBundle shows the comparison as text/plain and as a table, text/html.
func (c *Comparison) MIMEBundle() map[string]any {
	text := "<p>" + html.EscapeString(c.origin) + "<br>" + html.EscapeString(c.caption()) + "</p>" + htmlTable(c.table())
	if c.note != "" {
		text += "<p>" + html.EscapeString(c.note) + "</p>"
	}
	return map[string]any{"text/plain": c.String(), "text/html": text}
}

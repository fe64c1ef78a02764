package corr

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/progress"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// CompareConfig says how [Compare] compares nets; the zero value is the default.
type CompareConfig struct {
	// Untrained is the stream of the same architectures before training, over the same pictures; nil
	// means the nets as their seeds start them (activation.Source.Untrained), which plain arrays
	// do not have. NoUntrained leaves them out.
	Untrained   *activation.Source
	NoUntrained bool
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
	// Information also pairs by mutual information ([CollectInformation] with its defaults), of the
	// activations as they are whatever Leading, Mean and Absolute say: its means with chance, untrained
	// nets and intervals. A draw counts the pairs of units that were assigned over all pictures, in the
	// bins of all pictures: to assign anew in each would take the joint counts of all pairs for every group
	// of pictures. What the draws exceed the value by on average is taken off their percentiles: the bias of
	// the plug-in estimate, which a draw of fewer different pictures has twice. It runs each of those streams twice more, past the cache, and for the draws the first
	// one once more.
	Information bool
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
	return text + c.without()
}

// without says what was taken out of the nets.
func (c CompareConfig) without() string {
	switch {
	case c.Leading == 1:
		return " without the leading component of each net"
	case c.Leading > 1:
		return fmt.Sprintf(" without the %d leading components of each net", c.Leading)
	case c.Mean:
		return " without the common mode of each net"
	}
	return ""
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
	// SemiInformation and MatchInformation are the same by mutual information, in nats; 0 without
	// CompareConfig.Information.
	SemiInformation, MatchInformation Agreement
	// Pairs are those of each pair of nets, a < b.
	Pairs []PairComparison
}

// PairComparison is one pair of nets.
type PairComparison struct {
	A, B                              int
	Semi, Match                       Agreement
	SemiInformation, MatchInformation Agreement // as in LayerComparison
}

// Agreement is the mean score of assigned units, more being more alike: correlations in [−1, 1],
// or nats of at least 0.
type Agreement struct {
	Value    float64
	Interval Limits // of Value, over pictures; from Value to Value without draws
	// Chance is the same with the pictures of every net but the first shuffled: what pairing
	// finds among units that see different pictures. It grows with the number of units, and in
	// padded layers, where positions keep their place.
	Chance float64
	// Untrained is the same for the nets before training; 0 where there are none.
	Untrained float64
}

// Compare pairs the units of all pairs of nets, each row's best column (align.SemiMatch) and
// one-to-one (align.Match), and returns the mean scores with their bootstrap intervals over
// pictures, their level by chance, and that of untrained nets:
//
//	corr.Compare(ctx, acts, corr.CompareConfig{Seed: 1})
//
// Semi-matching of a pair is from net a to net b, a < b; with nets of unequal width, matching
// pairs every unit of the narrower one. Intervals are percentiles of [Bootstrap]'s draws. A draw
// has some pictures twice and others not, which lifts the largest of many weak correlations a
// little: in layers with few samples the interval can lie above the value. (For mutual information see
// CompareConfig.)
//
// It runs the stream three times (the values, by chance, the draws), and that of untrained nets
// once; the first two and the last come from the cache where they can. Same arguments, same bits,
// for any number of cores. What does not fit is an error, as are fewer than two nets and the end
// of ctx. It panics if the options are out of range.
func Compare(ctx context.Context, acts *activation.Source, config CompareConfig) (*Comparison, error) {
	config = config.filled()
	values, err := Collect(ctx, acts)
	if err != nil {
		return nil, err
	}
	if n := values.Nets(); n < 2 {
		return nil, fmt.Errorf("corr: Compare: %d nets, want two or more", n)
	}
	chance, err := Collect(ctx, acts.Shuffled(config.Seed))
	if err != nil {
		return nil, err
	}
	if config.NoUntrained {
		config.Untrained = nil
	} else if config.Untrained == nil {
		config.Untrained = acts.Untrained()
	}
	var untrained *Stats
	if config.Untrained != nil {
		if untrained, err = Collect(ctx, config.Untrained); err != nil {
			return nil, fmt.Errorf("corr: Compare: untrained nets (NoUntrained leaves them out): %w", err)
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
	if config.Information {
		if err := c.inform(ctx, acts); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// inform adds what pairs of units tell of each other.
func (c *Comparison) inform(ctx context.Context, acts *activation.Source) error {
	var all [3]*Information // as it is, by chance, untrained
	for i, src := range []*activation.Source{acts, acts.Shuffled(c.config.Seed), c.config.Untrained} {
		if src == nil {
			continue
		}
		var err error
		if all[i], err = CollectInformation(ctx, src, InformationConfig{}); err != nil {
			return err
		}
	}
	var draws [][][]float64
	if c.config.Draws > 0 {
		var err error
		if draws, err = drawInformation(ctx, acts, all[0], c.config.Seed, c.config.Draws); err != nil {
			return err
		}
	}
	for k := range c.Layers {
		l := &c.Layers[k]
		s := scored{level: c.config.Level, centred: true}
		if draws != nil {
			s.drawn = draws[k]
		}
		s.found = informationScores(all[0].Layer(l.Name))
		s.chance = informationScores(all[1].Layer(l.Name))
		s.start = make([]float64, len(s.found))
		if all[2] != nil {
			s.start = informationScores(all[2].Layer(l.Name))
		}
		for i := range l.Pairs {
			p := &l.Pairs[i]
			p.SemiInformation, p.MatchInformation = s.over(2*i, len(s.found)), s.over(2*i+1, len(s.found))
		}
		l.SemiInformation, l.MatchInformation = s.over(0, 2), s.over(1, 2)
	}
	return nil
}

// informationScores is scores by mutual information.
func informationScores(l *InformationLayer) []float64 {
	var out []float64
	for a := range l.Nets() {
		for b := a + 1; b < l.Nets(); b++ {
			m := l.MutualInformation(a, b)
			out = append(out, align.SemiMatch(m).Mean(), align.Match(m).Mean())
		}
	}
	return out
}

// scored are scores of all pairs of nets, semi-matching and matching of each.
type scored struct {
	found, chance, start []float64
	drawn                [][]float64
	centred              bool // the mean of the draws becomes the value
	level                float64
}

// over averages the scores from, from+step, …: those of one pair where step is their number.
func (s scored) over(from, step int) Agreement {
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
	a := Agreement{Value: mean(s.found), Chance: mean(s.chance), Untrained: mean(s.start)}
	a.Interval = Limits{a.Value, a.Value, s.level}
	if len(s.drawn) > 0 {
		var means []float64
		for _, d := range s.drawn {
			means = append(means, mean(d))
		}
		if s.centred {
			floats.AddConst(a.Value-floats.Sum(means)/float64(len(means)), means)
		}
		a.Interval = Interval(means, s.level)
	}
	return a
}

// scores are the means of all pairs of nets of a layer: semi-matching and matching of each. It looks at
// ctx between the nets and the pairs; when that has ended, and for a nil layer, it returns nil.
func (c CompareConfig) scores(ctx context.Context, l *Layer) []float64 {
	switch {
	case l == nil:
	case c.Leading > 0:
		l = l.withoutLeading(ctx, c.Leading)
	case c.Mean:
		l = l.withoutMean(ctx)
	}
	if l == nil {
		return nil
	}
	var out []float64
	between := &mat.Dense{}
	for a := range l.Nets() {
		for b := a + 1; b < l.Nets(); b++ {
			if ctx.Err() != nil {
				return nil
			}
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
	s := scored{found: c.scores(ctx, value), chance: c.scores(ctx, chance), level: c.Level}
	s.start = make([]float64, len(s.found))
	if before != nil {
		s.start = c.scores(ctx, before)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if draws != nil {
		var err error
		if s.drawn, err = c.draw(ctx, draws.Layer(value.name)); err != nil {
			return nil, err
		}
	}
	at := 0
	for a := range value.Nets() {
		for b := a + 1; b < value.Nets(); b++ {
			l.Pairs = append(l.Pairs, PairComparison{A: a, B: b, Semi: s.over(at, len(s.found)), Match: s.over(at+1, len(s.found))})
			at += 2
		}
	}
	l.Semi, l.Match = s.over(0, 2), s.over(1, 2)
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
			drawn[i] = c.scores(ctx, l.draw(ctx, i))
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

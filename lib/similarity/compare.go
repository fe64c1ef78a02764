package similarity

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"gonum.org/v1/gonum/mat"
)

// Options say how [Compare], [Null] and [Bootstrap] draw, and what the measures are told. The
// zero value is the default given at each field.
type Options struct {
	Draws      int     // shuffles, and resamples; 0 = 1,000
	Seed       uint64  // of all draws; the same seed gives the same bits
	Confidence float64 // of the interval; 0 = 0.95
	// Rows is the number of consecutive rows that are one sample, such as the positions of a
	// picture: they are shuffled and drawn together. 0 = 1.
	Rows       int
	Share      float64 // of the variance, for SingularVectorCCA; 0 = 0.99
	Sigma      float64 // over the median distance, for RBFCKA; 0 = 1
	Neighbours int     // for NeighbourOverlap; 0 = 10
}

// String lists the options with their defaults filled in.
func (o Options) String() string {
	o = o.complete("Options")
	return fmt.Sprintf("%s draws, seed %d, %g %% interval, %d rows a sample; SVCCA of %g %% of the variance, RBF sigma %g, %d neighbours",
		thousands(o.Draws), o.Seed, percent(o.Confidence), o.Rows, percent(o.Share), o.Sigma, o.Neighbours)
}

func percent(share float64) float64 { return math.Round(share*1e8) / 1e6 }

// complete fills in the defaults, and panics at a value that makes no sense.
func (o Options) complete(fn string) Options {
	number := func(v *int, def int, name string) {
		if *v < 0 {
			panic(fmt.Sprintf("similarity: %s: %s %d (valid: above 0)", fn, name, *v))
		}
		if *v == 0 {
			*v = def
		}
	}
	number(&o.Draws, 1000, "Draws")
	number(&o.Rows, 1, "Rows")
	number(&o.Neighbours, 10, "Neighbours")
	if o.Confidence == 0 {
		o.Confidence = 0.95
	}
	if !(o.Confidence > 0 && o.Confidence < 1) {
		panic(fmt.Sprintf("similarity: %s: Confidence %v (valid: above 0, below 1)", fn, o.Confidence))
	}
	if o.Share == 0 {
		o.Share = 0.99
	}
	if o.Sigma == 0 {
		o.Sigma = 1
	}
	checkShare(fn, o.Share)
	checkSigma(fn, o.Sigma)
	return o
}

// fewest is the smallest number of samples from which an interval or a p-value is offered.
const fewest = 4

// Compare returns the measure of a and b (samples × units), its level by chance and its
// confidence interval.
//
// Chance: the samples of b are shuffled Draws times; Null and NullSD are the mean and the
// standard deviation of the measure over the shuffles, and P the share of shuffles that are at
// least as alike as a and b, (1 + number)/(1 + Draws), so never 0.
//
// Interval: Draws times as many samples are drawn as there are, with replacement, the same
// from a and b (a bootstrap over samples); Low and High are percentiles of the measure, with
// linear interpolation. A draw contains some samples twice and about a third not at all. Where
// there are not many more samples than units that alone makes most measures look more alike,
// and the interval lies beside the value: Bias, the mean of the draws less the value, tells
// how far. Pairs of copies of one sample are left out in UnbiasedCKA and RSA; NeighbourOverlap
// keeps the neighbours found among all samples; RBFCKA keeps its widths.
//
// The result is the same for any number of workers. When ctx ends Compare returns what stands,
// from the draws done in order, with ctx's error: within some milliseconds, or, where a decomposition of
// gonum runs, at its end (0.2 s for 2,000 samples × 300 units). What stands is nothing, without the value,
// when it ends while matrices of more than 256 samples or some thousand entries are made ready.
//
// It panics on misuse: an unknown measure, an option out of range, matrices with different
// numbers of samples. It is an error if there are fewer than 4 samples, no more than
// Neighbours of them (for NeighbourOverlap), rows that are no multiple of Rows, an empty
// matrix, or an entry that is not finite.
func Compare(ctx context.Context, m Measure, a, b mat.Matrix, o Options) (Score, error) {
	d, err := newDrawing(ctx, "Compare", m, a, b, o)
	if err != nil {
		return Score{}, err
	}
	null, err := d.null(ctx)
	if err != nil {
		return d.score(null, nil), err
	}
	boot, err := d.bootstrap(ctx)
	return d.score(null, boot), err
}

// Null returns the chance level alone, as of [Compare], with every draw.
func Null(ctx context.Context, m Measure, a, b mat.Matrix, o Options) (Chance, error) {
	d, err := newDrawing(ctx, "Null", m, a, b, o)
	if err != nil {
		return Chance{}, err
	}
	values, err := d.null(ctx)
	c := Chance{Measure: m, Value: d.value, Draws: values}
	c.Mean, c.SD = meanSD(values)
	c.P = pValue(m, d.value, values)
	return c, err
}

// Bootstrap returns the confidence interval alone, as of [Compare], with every draw.
func Bootstrap(ctx context.Context, m Measure, a, b mat.Matrix, o Options) (Interval, error) {
	d, err := newDrawing(ctx, "Bootstrap", m, a, b, o)
	if err != nil {
		return Interval{}, err
	}
	values, err := d.bootstrap(ctx)
	i := Interval{Measure: m, Value: d.value, Confidence: d.o.Confidence, Draws: values}
	i.Low, i.High = interval(values, d.value, d.o.Confidence)
	i.Mean, i.SD = meanSD(values)
	if len(values) == 0 {
		i.Mean = d.value
	}
	return i, err
}

// drawing is a comparison and all that its draws need.
type drawing struct {
	measure Measure
	o       Options
	c       comparison
	value   float64
	samples int // of o.Rows rows each
	units   [2]int
}

// Matrices of so many samples and entries are compared within milliseconds.
const (
	quickSamples = 256
	quickEntries = 1 << 14
)

func newDrawing(ctx context.Context, fn string, m Measure, a, b mat.Matrix, o Options) (d *drawing, err error) {
	m.check(fn)
	o = o.complete(fn)
	x, y, err := matrices(fn, a, b)
	if err != nil {
		return nil, err
	}
	n, p := x.Dims()
	_, q := y.Dims()
	if n%o.Rows != 0 {
		return nil, fmt.Errorf("similarity: %s: %d rows are no multiple of %d rows a sample", fn, n, o.Rows)
	}
	samples := n / o.Rows
	if samples < fewest {
		return nil, fmt.Errorf("similarity: %s: %d samples (at least %d)", fn, samples, fewest)
	}
	if m == NeighbourOverlap && o.Neighbours > n-1 {
		return nil, fmt.Errorf("similarity: %s: %d neighbours among %d samples (at most %d)", fn, o.Neighbours, n, n-1)
	}
	if (m == SpearmanRSA || m == PearsonRSA) && n > maxSamples {
		return nil, fmt.Errorf("similarity: %s: %d samples for RSA (at most %d)", fn, n, maxSamples)
	}
	defer func() {
		if end := ended(recover()); end != nil {
			d, err = nil, end
		}
	}()
	h := halt{ctx}
	if n <= quickSamples && n*(p+q) <= quickEntries {
		h = halt{} // the value stands even if ctx has ended already
	}
	c := h.prepare(fn, m, x, y, o, true)
	return &drawing{measure: m, o: o, c: c, value: c.value(), samples: samples, units: [2]int{p, q}}, nil
}

// Streams of random numbers, one for each kind of draw.
const (
	streamShuffle = 1 + iota
	streamResample
)

// null returns the measure of shuffles.
func (d *drawing) null(ctx context.Context) ([]float64, error) {
	rows := d.o.Rows
	return d.draw(ctx, streamShuffle, func(r *rand.Rand) float64 {
		perm := make([]int, 0, d.samples*rows)
		for _, s := range r.Perm(d.samples) {
			for k := range rows {
				perm = append(perm, s*rows+k)
			}
		}
		return d.c.shuffled(perm)
	})
}

// bootstrap returns the measure of resamples.
func (d *drawing) bootstrap(ctx context.Context) ([]float64, error) {
	rows := d.o.Rows
	return d.draw(ctx, streamResample, func(r *rand.Rand) float64 {
		w := make([]float64, d.samples*rows)
		for range d.samples {
			s := r.IntN(d.samples) * rows
			for k := range rows {
				w[s+k]++
			}
		}
		return d.c.resampled(w)
	})
}

// draw calls do once a draw, each with its own source, on all processors, and returns the
// results in order; cut short by ctx, those before the first that is missing.
func (d *drawing) draw(ctx context.Context, stream uint64, do func(*rand.Rand) float64) ([]float64, error) {
	n := d.o.Draws
	seeds := rand.New(rand.NewPCG(d.o.Seed, stream))
	sources := make([]*rand.PCG, n)
	for i := range sources {
		sources[i] = rand.NewPCG(seeds.Uint64(), seeds.Uint64())
	}
	values, done := make([]float64, n), make([]bool, n)
	workers := min(runtime.GOMAXPROCS(0), n)
	failed := make([]error, workers)
	var next atomic.Int64
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() {
			defer func() {
				r := recover()
				if _, early := r.(halted); r != nil && !early { // a draw that ended early is missing
					failed[w] = fmt.Errorf("similarity: %v: a draw failed: %v", d.measure, r)
				}
			}()
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				values[i] = do(rand.New(sources[i]))
				done[i] = true
			}
		})
	}
	wait.Wait()
	if k := slices.Index(done, false); k >= 0 {
		values = values[:k]
	}
	for _, err := range failed {
		if err != nil {
			return values, err
		}
	}
	if len(values) < n {
		return values, ctx.Err()
	}
	return values, nil
}

func (d *drawing) score(null, boot []float64) Score {
	s := Score{Measure: d.measure, Value: d.value, Samples: d.samples, Units: d.units, Options: d.o,
		Shuffles: len(null), Resamples: len(boot)}
	s.Null, s.NullSD = meanSD(null)
	s.P = pValue(d.measure, d.value, null)
	s.Low, s.High = interval(boot, d.value, d.o.Confidence)
	if len(boot) > 0 {
		mean, _ := meanSD(boot)
		s.Bias = mean - d.value
	}
	return s
}

// meanSD returns the mean and the population standard deviation, 0 of no values.
func meanSD(values []float64) (mean, sd float64) {
	if len(values) == 0 {
		return 0, 0
	}
	n := float64(len(values))
	for _, v := range values {
		mean += v / n
	}
	scale := 0.0
	for _, v := range values {
		scale = max(scale, math.Abs(v-mean))
	}
	if scale == 0 {
		return mean, 0
	}
	for _, v := range values {
		t := (v - mean) / scale
		sd += t * t / n
	}
	return mean, scale * math.Sqrt(sd)
}

// pValue returns (1 + number of draws as alike as the value)/(1 + draws); 1 without draws.
func pValue(m Measure, value float64, draws []float64) float64 {
	// A shuffle that leaves everything in place differs by rounding only.
	slack := 1e-12 * math.Abs(value)
	count := 1
	for _, v := range draws {
		if m.Distance() && v <= value+slack || !m.Distance() && v >= value-slack {
			count++
		}
	}
	return float64(count) / float64(1+len(draws))
}

// interval returns the percentiles that hold the confidence between them; the value itself
// without draws.
func interval(draws []float64, value, confidence float64) (low, high float64) {
	if len(draws) == 0 {
		return value, value
	}
	sorted := slices.Sorted(slices.Values(draws))
	tail := (1 - confidence) / 2
	return quantile(sorted, tail), quantile(sorted, 1-tail)
}

// quantile interpolates linearly between the sorted values.
func quantile(sorted []float64, q float64) float64 {
	at := q * float64(len(sorted)-1)
	k := min(int(at), len(sorted)-1)
	v := sorted[k]
	if k+1 < len(sorted) {
		v += (at - float64(k)) * (sorted[k+1] - v)
	}
	return v
}

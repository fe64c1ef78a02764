package similarity

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"gonum.org/v1/gonum/mat"
)

func compare(t *testing.T, m Measure, a, b mat.Matrix, o Options) Score {
	t.Helper()
	s, err := Compare(context.Background(), m, a, b, o)
	if err != nil {
		t.Fatalf("%v: %v", m, err)
	}
	return s
}

func TestRelatedMatricesStandOutFromChance(t *testing.T) {
	r := rand.New(rand.NewPCG(30, 1))
	a, b := related(r, 150, 5, 6)
	for _, m := range Measures() {
		s := compare(t, m, a, b, Options{Draws: 200, Seed: 1})
		if s.Value != Value(m, a, b, Options{}) {
			t.Errorf("%v: value %v, alone %v", m, s.Value, Value(m, a, b, Options{}))
		}
		if s.P != 1./201 {
			t.Errorf("%v: p = %v of related matrices", m, s.P)
		}
		if !(s.Low < s.High) || !(s.NullSD > 0) || s.Shuffles != 200 || s.Resamples != 200 || s.Samples != 150 || s.Units != [2]int{5, 6} {
			t.Errorf("%v: %+v", m, s)
		}
		if s.Low-s.Bias > s.Value || s.High-s.Bias < s.Value {
			t.Errorf("%v: value %v outside of [%v, %v] less the bias %v", m, s.Value, s.Low, s.High, s.Bias)
		}
		if v := s.AboveChance(); !(v > 0 && v <= 1) {
			t.Errorf("%v: %v above chance", m, v)
		}
	}
}

func TestUnrelatedMatricesAreAtChance(t *testing.T) {
	// p-values of independent matrices are uniform; 40 of them have a mean near 1/2.
	const trials = 40
	for _, m := range []Measure{LinearCKA, MeanCCA, ProcrustesNormalizedDistance, SpearmanRSA, NeighbourOverlap} {
		r := rand.New(rand.NewPCG(31, 1))
		sum, above := 0.0, 0.0
		for range trials {
			a, b := normal(r, 25, 4), normal(r, 25, 6)
			c, err := Null(context.Background(), m, a, b, Options{Draws: 60, Seed: 1, Neighbours: 5})
			if err != nil {
				t.Fatal(err)
			}
			sum += c.P / trials
			above += (c.Value - c.Mean) / c.SD / trials
		}
		if sum < 0.35 || sum > 0.65 || math.Abs(above) > 0.6 { // three standard errors: 0.14, 0.47
			t.Errorf("%v: mean p %v, mean deviation from chance %v", m, sum, above)
		}
	}
}

func TestUnbiasedMeasuresStayUnbiasedWhenResampled(t *testing.T) {
	// Plain resampling compares copies of samples and finds them alike in both matrices.
	r := rand.New(rand.NewPCG(32, 1))
	for _, m := range []Measure{UnbiasedCKA, PearsonRSA, SpearmanRSA, NeighbourOverlap} {
		bias := 0.0
		for range 10 {
			i, err := Bootstrap(context.Background(), m, normal(r, 30, 20), normal(r, 30, 20), Options{Draws: 60})
			if err != nil {
				t.Fatal(err)
			}
			bias += (i.Mean - i.Value) / 10
		}
		if math.Abs(bias) > 0.02 { // plain: 0.1 and more
			t.Errorf("%v: resampling adds %v", m, bias)
		}
	}
	s := compare(t, LinearCKA, normal(r, 30, 20), normal(r, 30, 20), Options{Draws: 100})
	if s.Bias < 0.05 {
		t.Errorf("biased CKA of few samples has bias %v; the documentation says otherwise", s.Bias)
	}
}

func TestIntervalsCoverTheTrueValue(t *testing.T) {
	// CKA of the population: x standard normal in 3 units, y = x + noise in 3 units. With
	// covariances Σxx = Σxy = I and Σyy = (1+v)I it is ‖Σxy‖²/(‖Σxx‖ ‖Σyy‖) = 1/(1+v).
	const v, trials = 0.5, 60
	r := rand.New(rand.NewPCG(33, 1))
	covered := 0
	for range trials {
		x := normal(r, 150, 3)
		y := normal(r, 150, 3)
		y.Scale(math.Sqrt(v), y)
		y.Add(y, x)
		i, err := Bootstrap(context.Background(), UnbiasedCKA, x, y, Options{Draws: 200, Confidence: 0.9})
		if err != nil {
			t.Fatal(err)
		}
		if i.Low <= 1/(1+v) && 1/(1+v) <= i.High {
			covered++
		}
	}
	t.Logf("%d of %d intervals of 90 %% cover", covered, trials)
	if covered < 46 { // 54 expected, standard deviation 2.3
		t.Errorf("%d of %d intervals of 90 %% cover", covered, trials)
	}
}

func TestResultsDoNotDependOnWorkers(t *testing.T) {
	r := rand.New(rand.NewPCG(34, 1))
	a, b := related(r, 90, 5, 6)
	before := runtime.GOMAXPROCS(1)
	defer runtime.GOMAXPROCS(before)
	for _, m := range Measures() {
		o := Options{Draws: 40, Seed: 7}
		runtime.GOMAXPROCS(1)
		one := compare(t, m, a, b, o)
		runtime.GOMAXPROCS(5)
		if five := compare(t, m, a, b, o); !reflect.DeepEqual(one, five) {
			t.Errorf("%v: one worker %+v, five %+v", m, one, five)
		}
		if again := compare(t, m, a, b, Options{Draws: 40, Seed: 8}); again.Null == one.Null || again.Value != one.Value {
			t.Errorf("%v: another seed gives %+v, before %+v", m, again, one)
		}
	}
}

func TestNullAndBootstrapAreThoseOfCompare(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 1))
	a, b := related(r, 40, 5, 6)
	o := Options{Draws: 50, Seed: 3}
	s := compare(t, LinearCKA, a, b, o)
	c, err := Null(context.Background(), LinearCKA, a, b, o)
	if err != nil || c.Value != s.Value || c.Mean != s.Null || c.SD != s.NullSD || c.P != s.P || len(c.Draws) != 50 {
		t.Errorf("null %v, %v; score %v", c, err, s)
	}
	i, err := Bootstrap(context.Background(), LinearCKA, a, b, o)
	if err != nil || i.Value != s.Value || i.Low != s.Low || i.High != s.High || i.Mean-i.Value != s.Bias || len(i.Draws) != 50 {
		t.Errorf("interval %v, %v; score %v", i, err, s)
	}
}

func TestRowsOfASampleStayTogether(t *testing.T) {
	r := rand.New(rand.NewPCG(36, 1))
	a, b := related(r, 30, 3, 4)
	// Three equal rows a sample change neither linear CKA nor its draws.
	index := make([]int, 0, 90)
	for i := range 30 {
		index = append(index, i, i, i)
	}
	o := Options{Draws: 30, Seed: 2}
	one := compare(t, LinearCKA, a, b, o)
	o.Rows = 3
	three := compare(t, LinearCKA, gather(a, index), gather(b, index), o)
	for name, pair := range map[string][2]float64{"value": {one.Value, three.Value}, "null": {one.Null, three.Null},
		"deviation": {one.NullSD, three.NullSD}, "low": {one.Low, three.Low}, "high": {one.High, three.High}} {
		if !near1(pair[0], pair[1], 1e-12) {
			t.Errorf("%s: %v of samples, %v of three rows each", name, pair[0], pair[1])
		}
	}
	if three.Samples != 30 || !strings.Contains(three.String(), "30 samples of 3 rows") {
		t.Errorf("%v", three)
	}
	o.Rows = 4
	if _, err := Compare(context.Background(), LinearCKA, a, b, o); err == nil || err.Error() != "similarity: Compare: 30 rows are no multiple of 4 rows a sample" {
		t.Errorf("error %v", err)
	}
}

func TestConstantDataIsAtChance(t *testing.T) {
	r := rand.New(rand.NewPCG(37, 1))
	for _, m := range Measures() {
		s := compare(t, m, mat.NewDense(12, 3, nil), normal(r, 12, 2), Options{Draws: 20, Neighbours: 3})
		if s.P != 1 || !near1(s.Null, s.Value, 1e-12) {
			t.Errorf("%v of constant data: %v", m, s)
		}
		for _, v := range []float64{s.Value, s.Low, s.High, s.Bias, s.Null, s.NullSD, s.P, s.AboveChance()} {
			if math.IsNaN(v) {
				t.Errorf("%v of constant data: %+v", m, s)
			}
		}
	}
}

func TestCancelledComparisonReturnsWhatStands(t *testing.T) {
	r := rand.New(rand.NewPCG(38, 1))
	a, b := related(r, 200, 20, 20)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	s, err := Compare(ctx, LinearCKA, a, b, Options{})
	if !errors.Is(err, context.Canceled) || s.Value != CKA(a, b) || s.Shuffles != 0 || s.P != 1 || s.Low != s.Value {
		t.Errorf("%v, %+v", err, s)
	}
	ctx, cancel = context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	start := time.Now()
	s, err = Compare(ctx, MeanCCA, a, b, Options{Draws: 1e6, Seed: 4})
	if !errors.Is(err, context.DeadlineExceeded) || s.Resamples != 0 || s.Shuffles >= 1e6 {
		t.Errorf("%v, %v", err, s)
	}
	if d := time.Since(start); d > 10*time.Second { // mostly the million seeds; machines are shared
		t.Errorf("stopped after %v", d)
	}
	if s.Shuffles > 0 { // the draws that stand are the first of the full run
		whole := compare(t, MeanCCA, a, b, Options{Draws: s.Shuffles, Seed: 4})
		if whole.Null != s.Null || whole.P != s.P {
			t.Errorf("cut short %v, whole %v", s, whole)
		}
	}
}

func TestBadDataIsAnError(t *testing.T) {
	bad := mat.NewDense(8, 2, nil)
	bad.Set(3, 1, math.NaN())
	inf := mat.NewDense(8, 2, nil)
	inf.Set(7, 0, math.Inf(1))
	good := mat.NewDense(8, 2, nil)
	for _, c := range []struct {
		m    Measure
		a, b mat.Matrix
		want string
	}{
		{LinearCKA, bad, good, "similarity: Compare: first matrix: entry (3, 1) is NaN"},
		{LinearCKA, good, inf, "similarity: Compare: second matrix: entry (7, 0) is +Inf"},
		{LinearCKA, good, nil, "similarity: Compare: second matrix: is nil"},
		{LinearCKA, &mat.Dense{}, good, "similarity: Compare: first matrix: is empty (0×0)"},
		{MeanCCA, good.Slice(0, 3, 0, 2), good.Slice(0, 3, 0, 1), "similarity: Compare: 3 samples (at least 4)"},
		{NeighbourOverlap, good, good, "similarity: Compare: 10 neighbours among 8 samples (at most 7)"},
	} {
		if _, err := Compare(context.Background(), c.m, c.a, c.b, Options{}); err == nil || err.Error() != c.want {
			t.Errorf("error %q, want %q", err, c.want)
		}
	}
}

func TestMisusePanicsWithNumbers(t *testing.T) {
	a, b := mat.NewDense(8, 2, nil), mat.NewDense(7, 3, nil)
	bad := mat.NewDense(8, 2, nil)
	bad.Set(3, 1, math.NaN())
	ctx := context.Background()
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"similarity: CKA: 8 and 7 samples", func() { CKA(a, b) }},
		{"similarity: Compare: 8 and 7 samples", func() { _, _ = Compare(ctx, MeanCCA, a, b, Options{}) }},
		{"similarity: MinibatchCKA: 8 and 7 samples", func() { _ = new(MinibatchCKA).Add(a, b) }},
		{"similarity: RSA: second matrix: entry (3, 1) is NaN", func() { RSA(a, bad) }},
		{"similarity: SVCCA: share 0 of the variance (valid: above 0, at most 1)", func() { SVCCA(a, a, 0) }},
		{"similarity: SVCCA: share 99 of the variance (valid: above 0, at most 1)", func() { SVCCA(a, a, 99) }},
		{"similarity: CKARBF: sigma -1 (valid: above 0)", func() { CKARBF(a, a, -1) }},
		{"similarity: NearestNeighbours: 0 neighbours (valid: 1 to samples−1)", func() { NearestNeighbours(a, a, 0) }},
		{"similarity: NearestNeighbours: 8 neighbours among 8 samples (valid: 1..7)", func() { NearestNeighbours(a, a, 8) }},
		{"similarity: Value: measure 13 of 13 (valid: 0..12)", func() { Value(13, a, a, Options{}) }},
		{"similarity: Null: Draws -1 (valid: above 0)", func() { _, _ = Null(ctx, 0, a, a, Options{Draws: -1}) }},
		{"similarity: Bootstrap: Confidence 95 (valid: above 0, below 1)", func() { _, _ = Bootstrap(ctx, 0, a, a, Options{Confidence: 95}) }},
		{"similarity: CKAFromMoments: within 2×2 and 3×3, between 3×2 (want p×p, q×q, p×q)", func() {
			CKAFromMoments(mat.NewDense(2, 2, nil), mat.NewDense(3, 3, nil), mat.NewDense(3, 2, nil))
		}},
	} {
		wantPanic(t, c.want, c.do)
	}
}

func TestResultsShowThemselves(t *testing.T) {
	s := Score{Measure: SingularVectorCCA, Value: 0.731, Low: 0.702, High: 0.758, Null: 0.1213, NullSD: 0.00412, P: 0.000999,
		Samples: 12000, Units: [2]int{96, 32}, Shuffles: 1000, Resamples: 1000, Options: Options{}.complete("test")}
	want := "SVCCA 0.731 [0.702, 0.758], by chance 0.121 ± 0.00412, p = 0.000999 (1 is equal; 12,000 samples, 96 and 32 units, 99 % of the variance, 1,000 shuffles, 1,000 resamples, seed 0)"
	if got := s.String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	b := s.MIMEBundle()
	if b["text/plain"] != want || !strings.Contains(b["text/html"].(string), `<td style="text-align:right">0.702 to 0.758</td>`) {
		t.Errorf("bundle %v", b)
	}
	c := Chance{Measure: ProcrustesDistance, Value: 12, Mean: 20, SD: 1, P: 0.5, Draws: []float64{20}}
	if got, want := c.String(), "Procrustes distance 12.000, by chance 20.000 ± 1.000, p = 0.500 (0 is equal; 1 shuffles)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	i := Interval{Measure: LinearCKA, Value: 0.5, Low: 0.4, High: 0.6, SD: 0.05, Confidence: 0.95, Draws: make([]float64, 1000)}
	if got, want := i.String(), "linear CKA 0.500 [0.400, 0.600], standard error 0.05 (1 is equal; 95 % interval, 1,000 resamples)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	for _, v := range []map[string]any{c.MIMEBundle(), i.MIMEBundle()} {
		if !strings.HasPrefix(v["text/html"].(string), "<table>") {
			t.Errorf("bundle %v", v)
		}
	}
	if got, want := (Options{}).String(), "1,000 draws, seed 0, 95 % interval, 1 rows a sample; SVCCA of 99 % of the variance, RBF sigma 1, 10 neighbours"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Measure(99).String(); got != "Measure(99)" {
		t.Error(got)
	}
}

func TestQuantilesInterpolate(t *testing.T) {
	for _, c := range []struct{ q, want float64 }{{0, 1}, {1, 4}, {0.5, 2.5}, {0.025, 1.075}, {0.975, 3.925}} { // numpy.percentile
		if got := quantile([]float64{1, 2, 3, 4}, c.q); !near1(got, c.want, 1e-15*4) {
			t.Errorf("quantile %v: %v, want %v", c.q, got, c.want)
		}
	}
}

package corr

import (
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"runtime"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/nn"

	"gonum.org/v1/gonum/mat"
)

func TestDrawsAreThePicturesDrawnAgain(t *testing.T) {
	ctx := context.Background()
	const n = 40
	nets := []*nn.Net{tiny(1, 6), tiny(2, 5)}
	src := activation.Stream(nets, pictures("noise", n), "conv1", "fc3")
	r, err := Bootstrap(ctx, src, BootstrapConfig{Seed: 3, Groups: 500})
	if err != nil {
		t.Fatal(err)
	}
	if r.Groups() != n {
		t.Fatalf("%d groups of %d pictures", r.Groups(), n)
	}
	all := map[string]*data{}
	err = src.Each(ctx, func(b *activation.Block) error {
		for _, l := range b.Layers {
			if all[l.Name] == nil {
				all[l.Name] = &data{units: l.Units, values: make([][]float32, 2)}
			}
			all[l.Name].rows += l.Rows
			for i, v := range l.Values {
				all[l.Name].values[i] = append(all[l.Name].values[i], v...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	group := deal(n, n, 3)
	for _, name := range r.Layers() {
		d := all[name]
		agree(t, name+" whole", *d, r.Layer(name).Whole(), 3e-6)
		for i := range 3 {
			weights := make([]int, n)
			pcg := rand.New(rand.NewPCG(3, streamDraw+uint64(i)))
			for range weights {
				weights[pcg.IntN(n)]++
			}
			drawn := data{units: d.units, values: make([][]float32, 2)}
			positions := d.rows / n
			for p := range n {
				for range weights[group[p]] {
					drawn.rows += positions
					for net, u := range d.units {
						drawn.values[net] = append(drawn.values[net], d.values[net][p*positions*u:(p+1)*positions*u]...)
					}
				}
			}
			agree(t, fmt.Sprint(name, " draw ", i), drawn, r.Layer(name).Draw(i), 3e-6)
		}
	}
	old := runtime.GOMAXPROCS(4)
	again, err := Bootstrap(ctx, src, BootstrapConfig{Seed: 3, Groups: 500})
	runtime.GOMAXPROCS(old)
	if err != nil || !reflect.DeepEqual(again, r) {
		t.Error("other workers give other bits")
	}
	few, err := Bootstrap(ctx, src, BootstrapConfig{Memory: 1})
	if err != nil || few.Groups() != 2 {
		t.Errorf("no memory: %v, %v", few, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Bootstrap(cancelled, src, BootstrapConfig{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestBootstrapDeviationIsThatOfTheMean(t *testing.T) {
	// One unit, one position, values known: the deviation of the mean is σ/√n.
	const n, groups = 4000, 200
	r := rand.New(rand.NewPCG(1, 8))
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(r.NormFloat64())
	}
	l := &ResampledLayer{name: "x", units: []int{1}, d: 1}
	for range groups {
		l.parts = append(l.parts, groupMoments{sum: make([]float64, 1), zeros: make([]int, 1), low: make([]float32, 1), high: make([]float32, 1), gram: make([]float64, 1)})
	}
	if err := l.add(newMoments("x", []int{1}), [][]float32{v}, n, 1, deal(n, groups, 1)); err != nil {
		t.Fatal(err)
	}
	var sum, square float64
	const draws = 2000
	for i := range draws {
		m := l.Draw(i).Mean(0)[0]
		sum += m
		square += m * m
	}
	got := math.Sqrt(square/draws - sum/draws*sum/draws)
	if want := 1 / math.Sqrt(n); math.Abs(got/want-1) > 0.2 { // two deviations: 10 % of 200 groups, 1.6 % of draws
		t.Errorf("deviation %v, want %v", got, want)
	}
}

func TestIntervalIsThePercentileInterval(t *testing.T) {
	v := []float64{5, 1, 2, 3, 4}
	if got := Interval(v, 0.5); got != (Limits{2, 4, 0.5}) || v[0] != 5 || got.String() != "2.000 to 4.000" {
		t.Errorf("%v", got)
	}
	if got := Interval([]float64{1e308, -1e308}, 0.5); !(got.Low < 0 && got.High > 0 && got.High-got.Low < 1.01e308) {
		t.Errorf("near the limit of float64: %v %v", got.Low, got.High)
	}
	if got := Interval([]float64{7}, 0.95); got.Low != 7 || got.High != 7 {
		t.Errorf("one value: %v", got)
	}
	for _, do := range []func(){
		func() { Interval(nil, 0.5) }, func() { Interval(v, 1) }, func() { Interval([]float64{math.NaN()}, 0.5) }, func() { Interval([]float64{1, math.Inf(1)}, 0.5) },
		func() { (&ResampledLayer{}).Draw(-1) }, func() { mixed(1, 5, 2).layer(t, 5).WithoutLeading(-1) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			do()
		}()
	}
}

func TestWithoutLeadingTakesAPlantedCommonModeAway(t *testing.T) {
	// Two nets of independent units, all of which follow one brightness.
	const rows, units = 20000, 8
	r := rand.New(rand.NewPCG(4, 4))
	a, b := mat.NewDense(rows, units, nil), mat.NewDense(rows, units, nil)
	pure := mat.NewDense(rows, 2*units, nil)
	for i := range rows {
		bright := 3 * r.NormFloat64()
		for j := range units {
			x, y := r.NormFloat64(), r.NormFloat64()
			if j == 0 {
				y = x // the one pair that agrees
			}
			a.Set(i, j, bright+x)
			b.Set(i, j, bright+y)
			pure.Set(i, j, x)
			pure.Set(i, units+j, y)
		}
	}
	l := FromMatrices(a, b)
	for name, rest := range map[string]*Layer{"leading": l.WithoutLeading(1), "mean": l.WithoutMean()} {
		before, after := l.Between(0, 1), rest.Between(0, 1)
		for i := range units {
			for j := range units {
				if before.At(i, j) < 0.85 {
					t.Errorf("%s: %v before", name, before.At(i, j))
				}
				// Taking the mean of 8 units away leaves −1/7 among them.
				want := 0.0
				if i == 0 && j == 0 {
					want = 1
				}
				if math.Abs(after.At(i, j)-want) > 0.15 {
					t.Errorf("%s: units %d %d: %v after, want %v", name, i, j, after.At(i, j), want)
				}
			}
		}
		for k, s := range rest.Std(0) {
			if s >= l.Std(0)[k]/2 || math.Abs(rest.Mean(0)[k]-l.Mean(0)[k]) > 0 {
				t.Errorf("%s: deviation %v of %v", name, s, l.Std(0)[k])
			}
		}
	}
	// The naive twin: z-scores less their mean.
	twin := []*mat.Dense{mat.NewDense(rows, units, nil), mat.NewDense(rows, units, nil)}
	for net, m := range []*mat.Dense{a, b} {
		mean, std := l.Mean(net), l.Std(net)
		for i := range rows {
			common := 0.0
			for j := range units {
				common += (m.At(i, j) - mean[j]) / std[j] / units
			}
			for j := range units {
				twin[net].Set(i, j, mean[j]+std[j]*((m.At(i, j)-mean[j])/std[j]-common))
			}
		}
	}
	want, got := FromMatrices(twin[0], twin[1]), l.WithoutMean()
	for net := range 2 {
		if !mat.EqualApprox(want.WithinCovariance(net), got.WithinCovariance(net), 1e-9) {
			t.Errorf("net %d: not what the samples give", net)
		}
	}
	if !mat.EqualApprox(want.Between(0, 1), got.Between(0, 1), 1e-9) {
		t.Error("between: not what the samples give")
	}
}

func TestWithoutLeadingAtTheEdges(t *testing.T) {
	l := mixed(6, 400, 5, 3).change(0, 2, func(int, float32) float32 { return 0 }).layer(t, 100)
	if l.WithoutLeading(0) != l {
		t.Error("nothing taken away gives another layer")
	}
	rest := l.WithoutLeading(2)
	if got := rest.Dead(0); len(got) != 1 || got[0] != 2 || rest.Within(0).At(2, 3) != 0 {
		t.Errorf("dead units %v", got)
	}
	for _, k := range []int{4, 100} { // all that net 0's four live units have
		for net := range 2 {
			if got := l.WithoutLeading(k).Constant(net); len(got) != l.Units(net) {
				t.Errorf("k = %d: net %d: constant %v", k, net, got)
			}
		}
	}
	one := mixed(6, 50, 1, 1).layer(t, 100)
	if got := one.WithoutMean().Constant(0); len(got) != 1 {
		t.Errorf("one unit less its own mean: %v", got)
	}
	// The eigenvalues that are left are the ones that were not taken.
	var before, after mat.EigenSym
	full := mixed(6, 400, 5).layer(t, 100)
	before.Factorize(full.Within(0), false)
	cov := full.WithoutLeading(2).WithinCovariance(0)
	for i := range 5 {
		for j := range 5 {
			if i <= j {
				cov.SetSym(i, j, cov.At(i, j)/full.Std(0)[i]/full.Std(0)[j])
			}
		}
	}
	after.Factorize(cov, false)
	b, a := before.Values(nil), after.Values(nil)
	for i := range 3 {
		if math.Abs(a[i+2]-b[i]) > 1e-9 || math.Abs(a[min(i, 1)]) > 1e-9 {
			t.Errorf("eigenvalues %v before, %v after", b, a)
		}
	}
}

func ExampleBootstrap() {
	nets := []*nn.Net{tiny(1, 6), tiny(2, 6)}
	acts := activation.Stream(nets, pictures("noise", 60), "conv1")
	again, err := Bootstrap(context.Background(), acts, BootstrapConfig{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	var best []float64
	for i := range 200 {
		best = append(best, mat.Max(again.Layer("conv1").Draw(i).Between(0, 1)))
	}
	fmt.Printf("largest correlation %.2f, 95 %%: %v\n", mat.Max(again.Layer("conv1").Whole().Between(0, 1)), Interval(best, 0.95))
	// Output:
	// largest correlation 0.39, 95 %: 0.358 to 0.424
}

// BenchmarkDraw is one draw of 200 groups of four nets of 32 units.
func BenchmarkDraw(b *testing.B) {
	d := mixed(1, 400, 32, 32, 32, 32)
	l := &ResampledLayer{name: "x", units: d.units, d: 128}
	for range 200 {
		l.parts = append(l.parts, groupMoments{sum: make([]float64, 128), zeros: make([]int, 128), low: make([]float32, 128),
			high: make([]float32, 128), gram: make([]float64, 128*129/2)})
	}
	if err := l.add(newMoments("x", d.units), d.values, 400, 1, deal(400, 200, 1)); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		l.Draw(1)
	}
}

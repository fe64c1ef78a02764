package corr

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/nn"
)

// informed measures data handed over in blocks.
func informed(t testing.TB, d data, config InformationConfig, block int) *InformationLayer {
	t.Helper()
	c := newCounting("test", d.units, config.filled())
	each := func(do func(values [][]float32, rows int) error) {
		for from := 0; from < d.rows; from += block {
			n := min(block, d.rows-from)
			var part [][]float32
			for net, u := range d.units {
				part = append(part, d.values[net][from*u:(from+n)*u])
			}
			if err := do(part, n); err != nil {
				t.Fatal(err)
			}
		}
	}
	each(c.gather)
	if config.Memory == 1 {
		c.sketch(t.Context())
	}
	if err := c.cut(t.Context()); err != nil {
		t.Fatal(err)
	}
	each(func(values [][]float32, rows int) error { return c.add(t.Context(), values, rows) })
	l, err := c.layer(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// naiveBins are the edges and bins of a column, straight from the definition.
func naiveBins(x []float64, k int) (edges []float64, bins []int) {
	var pos []float64
	for _, v := range x {
		if v > 0 {
			pos = append(pos, v)
		}
	}
	slices.Sort(pos)
	for i := 1; i < k && len(pos) > 0; i++ {
		at := 100 * float64(i) / float64(k) / 100 * float64(len(pos)-1)
		low := int(at)
		high := min(low+1, len(pos)-1)
		edges = append(edges, pos[low]+(pos[high]-pos[low])*(at-float64(low)))
	}
	for _, v := range x {
		bin := 0
		if v > 0 {
			bin = 1
			for _, e := range edges {
				if e <= v {
					bin++
				}
			}
		}
		bins = append(bins, bin)
	}
	return edges, bins
}

// naiveInformation is Σ p ln(p/(p p)) over a joint histogram, and the counts of its cells.
func naiveInformation(x, y []int, k int) (nats float64, joint, a, b int) {
	h := make([]float64, (k+1)*(k+1))
	px, py := make([]float64, k+1), make([]float64, k+1)
	n := float64(len(x))
	for i := range x {
		h[x[i]*(k+1)+y[i]]++
		px[x[i]]++
		py[y[i]]++
	}
	for i := range px {
		if px[i] > 0 {
			a++
		}
		if py[i] > 0 {
			b++
		}
		for j := range py {
			if c := h[i*(k+1)+j]; c > 0 {
				joint++
				nats += c / n * math.Log(c*n/(px[i]*py[j]))
			}
		}
	}
	return nats, joint, a, b
}

func TestInformationAgreesWithTheDefinition(t *testing.T) {
	for _, c := range []struct {
		rows, bins int
		units      []int
	}{
		{1, 9, []int{2, 3}}, {2, 9, []int{1, 1}}, {1023, 9, []int{5, 7}}, {1025, 4, []int{33, 40}}, {3000, 9, []int{20, 35, 3}},
		{700, 1, []int{4, 4}}, {900, 19, []int{17, 18}}, {2000, 30, []int{3, 12}},
	} {
		d := mixed(uint64(c.rows), c.rows, c.units...)
		d.change(0, 0, func(r int, x float32) float32 { return 0 })                          // dead
		d.change(1, 0, func(r int, x float32) float32 { return 2 })                          // constant
		d.change(len(c.units)-1, c.units[len(c.units)-1]-1, func(r int, x float32) float32 { // few values: ties
			return float32(math.Floor(float64(x)))
		})
		l := informed(t, d, InformationConfig{Bins: c.bins, Within: true}, 100)
		at := make([]int, len(c.units))
		for net := 1; net < len(at); net++ {
			at[net] = at[net-1] + c.units[net-1]
		}
		for a, ua := range c.units {
			for b, ub := range c.units {
				got, corrected, shares := l.MutualInformation(a, b), l.MillerMadow(a, b), l.Normalised(a, b)
				ha, hb := l.Entropy(a), l.Entropy(b)
				for i := range ua {
					ei, bi := naiveBins(d.column(at[a]+i), c.bins)
					for k, e := range l.Edges(a, i) {
						if math.Abs(e-ei[k]) > 1e-12*math.Abs(e) {
							t.Fatalf("%v: edges %v, want %v", c, l.Edges(a, i), ei)
						}
					}
					for j := range ub {
						_, bj := naiveBins(d.column(at[b]+j), c.bins)
						want, m, ma, mb := naiveInformation(bi, bj, c.bins)
						if diff := math.Abs(got.At(i, j) - want); !(diff < 1e-12) {
							t.Fatalf("%v: nets %d %d units %d %d: %v, want %v", c, a, b, i, j, got.At(i, j), want)
						}
						mm := want - float64(m-ma-mb+1)/(2*float64(c.rows))
						if diff := math.Abs(corrected.At(i, j) - mm); !(diff < 1e-12) {
							t.Fatalf("%v: Miller-Madow %v, want %v", c, corrected.At(i, j), mm)
						}
						share := 0.0
						if ha[i] > 0 && hb[j] > 0 {
							share = want / math.Sqrt(ha[i]*hb[j])
						}
						if diff := math.Abs(shares.At(i, j) - share); !(diff < 1e-12) {
							t.Fatalf("%v: normalised %v, want %v", c, shares.At(i, j), share)
						}
						if a == b && i == j && got.At(i, j) != ha[i] {
							t.Errorf("%v: I(x;x) = %v, entropy %v", c, got.At(i, j), ha[i])
						}
						if l.MutualInformation(b, a).At(j, i) != got.At(i, j) {
							t.Errorf("%v: not symmetric", c)
						}
						if (ha[i] == 0 || hb[j] == 0) && got.At(i, j) != 0 {
							t.Errorf("%v: a constant unit has information %v", c, got.At(i, j))
						}
					}
				}
				if c.rows > 500 {
					break // the naive way is slow; the first net with all is enough
				}
			}
		}
	}
}

func TestInformationAgreesWithNumpy(t *testing.T) {
	f, err := os.Open("testdata/information.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	// Lines of the file: a name, then numbers.
	numbers := map[string][]float64{}
	in := bufio.NewScanner(f)
	in.Buffer(nil, 1<<20)
	for in.Scan() {
		words := strings.Fields(in.Text())
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		for _, w := range words[1:] {
			v, err := strconv.ParseFloat(w, 64)
			if err != nil {
				t.Fatal(err)
			}
			numbers[words[0]] = append(numbers[words[0]], v)
		}
	}
	const rows, units = 300, 4
	d := data{units: []int{units, units}, rows: rows}
	for _, name := range []string{"x", "y"} {
		var v []float32
		for _, x := range numbers[name] {
			v = append(v, float32(x))
		}
		if len(v) != rows*units {
			t.Fatalf("%d numbers of %s", len(v), name)
		}
		d.values = append(d.values, v)
	}
	l := informed(t, d, InformationConfig{}, 64)
	for i := range units {
		for k, e := range l.Edges(0, i) {
			if want := numbers["edges"][i*8+k]; math.Abs(e-want) > 1e-15*math.Abs(want) {
				t.Errorf("edge %d of unit %d: %v, numpy %v", k, i, e, want)
			}
		}
		if got, want := l.Entropy(0)[i], numbers["entropy"][i]; math.Abs(got-want) > 1e-12 {
			t.Errorf("entropy of unit %d: %v, numpy %v", i, got, want)
		}
		for j := range units {
			if got, want := l.MutualInformation(0, 1).At(i, j), numbers["information"][i*units+j]; math.Abs(got-want) > 1e-12 {
				t.Errorf("units %d, %d: %v, numpy %v", i, j, got, want)
			}
		}
	}
}

func TestSketchedPercentilesAreWithinTheirBound(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for _, scale := range []float64{1, 1e-30, 1e30} {
		var exact, rough quantiles
		for range 20000 {
			v := float32(scale * math.Exp(3*r.NormFloat64()))
			exact.add(v)
			rough.add(v)
			if exact.count == 5000 {
				rough.sketch()
			}
		}
		a, b := exact.edges(9), rough.edges(9)
		for i := range a {
			if !(math.Abs(a[i]-b[i]) <= 1e-3*a[i]) {
				t.Errorf("scale %v: percentile %d is %v, sketched %v", scale, i+1, a[i], b[i])
			}
		}
	}
	d := mixed(5, 3000, 4, 5)
	l, rough := informed(t, d, InformationConfig{}, 50), informed(t, d, InformationConfig{Memory: 1}, 50)
	if !l.Exact() || rough.Exact() {
		t.Error("which is exact?")
	}
	for i := range 4 {
		for j := range 5 {
			// A thousandth of a bin's samples changes bins.
			if diff := math.Abs(l.MutualInformation(0, 1).At(i, j) - rough.MutualInformation(0, 1).At(i, j)); diff > 0.01 {
				t.Errorf("units %d, %d: sketch changes the information by %v", i, j, diff)
			}
		}
	}
}

func TestCountsSpreadBeforeTheyOverflow(t *testing.T) {
	// All samples in one bin for thousands of rows, at once and one by one.
	const rows = 4000
	d := data{units: []int{1, 1}, rows: rows, values: [][]float32{make([]float32, rows), make([]float32, rows)}}
	for i := range rows {
		d.values[0][i] = float32(1 + i%2)
		d.values[1][i] = float32(1 + i%2)
	}
	for _, block := range []int{1, 127, 128, 1024, 1025, rows} {
		if got := informed(t, d, InformationConfig{}, block).MutualInformation(0, 1).At(0, 0); math.Abs(got-math.Ln2) > 1e-15 {
			t.Errorf("blocks of %d: %v, want ln 2", block, got)
		}
	}
}

func TestCollectInformationOfNets(t *testing.T) {
	ctx := context.Background()
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9), tiny(1, 6)}
	src := activation.Stream(nets, pictures("noise", 70))
	info, err := CollectInformation(ctx, src, InformationConfig{})
	if err != nil {
		t.Fatal(err)
	}
	l := info.Layer("conv1")
	if fmt.Sprint(info.Layers()) != "[conv1 conv2 fc3]" || l.Nets() != 3 || l.Positions() != 70*36 || l.Name() != "conv1" {
		t.Errorf("layers %v of %d nets, %d samples", info.Layers(), l.Nets(), l.Positions())
	}
	twins := l.MutualInformation(0, 2)
	for i, h := range l.Entropy(0) {
		if twins.At(i, i) != h {
			t.Errorf("unit %d and its twin: %v, entropy %v", i, twins.At(i, i), h)
		}
	}
	old := runtime.GOMAXPROCS(4)
	again, err := CollectInformation(ctx, src, InformationConfig{})
	runtime.GOMAXPROCS(old)
	if err != nil || fmt.Sprint(again.Layer("conv2").pairs[[2]int{0, 1}]) != fmt.Sprint(info.Layer("conv2").pairs[[2]int{0, 1}]) {
		t.Errorf("other workers give other numbers, error %v", err)
	}
	small, err := CollectInformation(ctx, src, InformationConfig{Memory: 1000})
	if err != nil || small.Layer("conv1").Exact() || !strings.Contains(small.String(), "within 0.1 %") {
		t.Errorf("little memory: %v, error %v", small, err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := CollectInformation(cancelled, src, InformationConfig{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	nets[1].Params()[1].Data[4] = float32(math.NaN())
	if _, err := CollectInformation(ctx, activation.Stream(nets, pictures("noise", 4), "conv1"), InformationConfig{}); err == nil || !strings.Contains(err.Error(), "unit 4 of net 1") {
		t.Errorf("NaN: %v", err)
	}
}

func TestInformationMisusePanics(t *testing.T) {
	l := informed(t, mixed(1, 20, 2, 3), InformationConfig{}, 20)
	for want, do := range map[string]func(){
		"corr: net 2 of 2 nets (valid: 0..1)":                                                   func() { l.MutualInformation(0, 2) },
		"corr: mutual information within net 1 was not collected: set InformationConfig.Within": func() { l.MillerMadow(1, 1) },
		"corr: unit 2 of 2 units (valid: 0..1)":                                                 func() { l.Edges(0, 2) },
		"corr: 256 bins (valid: 1..255)":                                                        func() { InformationConfig{Bins: 256}.filled() },
		`corr: no layer "conv9"; have `:                                                         func() { (&Information{}).Layer("conv9") },
		"corr: net -1 of 2 nets (valid: 0..1)":                                                  func() { l.Entropy(-1) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %q, want %q", got, want)
				}
			}()
			do()
		}()
	}
}

func ExampleCollectInformation() {
	nets := []*nn.Net{tiny(1, 6), tiny(1, 6)} // twins
	acts := activation.Stream(nets, pictures("noise", 100), "conv1")
	info, err := CollectInformation(context.Background(), acts, InformationConfig{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(info)
	conv1 := info.Layer("conv1")
	fmt.Printf("%.3f nats, entropy %.3f\n", conv1.MutualInformation(0, 1).At(0, 0), conv1.Entropy(0)[0])
	fmt.Printf("normalised %.3f\n", conv1.Normalised(0, 1).At(0, 0))
	// Output:
	// 2 nets tiny, seeds 1, 1, untrained over noise: 100 pictures of 8×8×3; layers conv1; 9 bins of positive activations and one of zeros
	// layer  units  samples  percentiles
	// conv1  2 × 6    3,600        exact
	// 2.211 nats, entropy 2.211
	// normalised 1.000
}

// BenchmarkInformation is the case of the engine's notes: 384 × 384 pairs, 50,000 samples, 10
// bins, half of them zeros; both passes, edges and counts.
func BenchmarkInformation(b *testing.B) {
	if testing.Short() {
		b.Skip("needs some seconds")
	}
	const rows, units = 50000, 384
	d := data{units: []int{units, units}, rows: rows}
	r := rand.New(rand.NewPCG(1, 1))
	for range d.units {
		v := make([]float32, rows*units)
		for i := range v {
			v[i] = float32(max(0, r.NormFloat64()))
		}
		d.values = append(d.values, v)
	}
	for b.Loop() {
		informed(b, d, InformationConfig{}, 2048)
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N)/units/units/rows*1e9, "ns/pair-sample")
}

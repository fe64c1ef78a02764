package corr

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// data are samples of several nets' units, rows × units each, as float32.
type data struct {
	units  []int
	rows   int
	values [][]float32
}

// mixed returns samples whose units are rectified mixtures of common causes, so that
// correlations of all sizes and signs appear.
func mixed(seed uint64, rows int, units ...int) data {
	r := rand.New(rand.NewPCG(seed, 77))
	const causes = 6
	d := data{units: units, rows: rows}
	for _, u := range units {
		weights := make([]float64, u*causes)
		for k := range weights {
			weights[k] = r.NormFloat64()
		}
		v := make([]float32, rows*u)
		d.values = append(d.values, v)
		cause := rand.New(rand.NewPCG(seed, 78)) // the same for all nets
		for i := range rows {
			var c [causes]float64
			for k := range c {
				c[k] = cause.NormFloat64()
			}
			for j := range u {
				x := 0.5 * r.NormFloat64()
				for k := range c {
					x += weights[j*causes+k] * c[k]
				}
				v[i*u+j] = float32(max(0, x))
			}
		}
	}
	return d
}

// change applies f to one unit of one net.
func (d data) change(net, unit int, f func(row int, x float32) float32) data {
	u := d.units[net]
	for r := range d.rows {
		d.values[net][r*u+unit] = f(r, d.values[net][r*u+unit])
	}
	return d
}

// column returns a unit's samples, units counted over all nets.
func (d data) column(j int) []float64 {
	for net, u := range d.units {
		if j < u {
			out := make([]float64, d.rows)
			for r := range out {
				out[r] = float64(d.values[net][r*u+j])
			}
			return out
		}
		j -= u
	}
	panic("no such column")
}

// layer accumulates the data, handed over in blocks of the given number of rows.
func (d data) layer(t testing.TB, block int) *Layer {
	t.Helper()
	m := newMoments("test", d.units)
	for from := 0; from < d.rows; from += block {
		n := min(block, d.rows-from)
		var part [][]float32
		for net, u := range d.units {
			part = append(part, d.values[net][from*u:(from+n)*u])
		}
		if err := m.add(part, n); err != nil {
			t.Fatal(err)
		}
	}
	l, err := m.layer()
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (d data) matrices() []mat.Matrix {
	var out []mat.Matrix
	for net, u := range d.units {
		m := mat.NewDense(d.rows, u, nil)
		for r := range d.rows {
			for j := range u {
				m.Set(r, j, float64(d.values[net][r*u+j]))
			}
		}
		out = append(out, m)
	}
	return out
}

// naive are mean, deviation and correlation of two columns by two passes in float64.
func naive(x, y []float64) (mx, sx, c float64) {
	mean := func(v []float64) float64 {
		s := 0.0
		for _, a := range v {
			s += a - v[0]
		}
		return v[0] + s/float64(len(v))
	}
	mx, my := mean(x), mean(y)
	var xx, yy, xy float64
	for i := range x {
		a, b := x[i]-mx, y[i]-my
		xx += a * a
		yy += b * b
		xy += a * b
	}
	n := float64(len(x))
	sx = math.Sqrt(xx / n)
	if slices.Min(x) == slices.Max(x) || slices.Min(y) == slices.Max(y) {
		return mx, sx, 0
	}
	return mx, sx, xy / math.Sqrt(xx*yy)
}

// agree compares everything a layer says with the naive computation: means within
// tol·(deviation + 1e-9·|mean|), deviations relative to tol, correlations to tol.
func agree(t *testing.T, name string, d data, l *Layer, tol float64) {
	t.Helper()
	if l.Positions() != d.rows || l.Nets() != len(d.units) {
		t.Errorf("%s: %d samples of %d nets", name, l.Positions(), l.Nets())
	}
	columns := make([][]float64, l.d)
	for j := range columns {
		columns[j] = d.column(j)
	}
	worst := 0.0
	at := 0
	for a, ua := range d.units {
		mean, std, low, high, zero := l.Mean(a), l.Std(a), l.Min(a), l.Max(a), l.ZeroShare(a)
		within := l.Within(a)
		for i := range ua {
			x := columns[at+i]
			m, s, _ := naive(x, x)
			if math.Abs(mean[i]-m) > tol*(s+1e-9*math.Abs(m)) {
				t.Errorf("%s: net %d unit %d: mean %v, want %v", name, a, i, mean[i], m)
			}
			if math.Abs(std[i]-s) > tol*s {
				t.Errorf("%s: net %d unit %d: deviation %v, want %v", name, a, i, std[i], s)
			}
			zeros := 0
			for _, v := range x {
				if v == 0 {
					zeros++
				}
			}
			if low[i] != slices.Min(x) || high[i] != slices.Max(x) || zero[i] != float64(zeros)/float64(d.rows) {
				t.Errorf("%s: net %d unit %d: min %v, max %v, zeros %v", name, a, i, low[i], high[i], zero[i])
			}
			bt := 0
			for b, ub := range d.units {
				between := l.Between(a, b)
				for j := range ub {
					_, _, want := naive(x, columns[bt+j])
					got := between.At(i, j)
					if diff := math.Abs(got - want); !(diff <= tol) {
						t.Fatalf("%s: nets %d, %d, units %d, %d: correlation %v, want %v", name, a, b, i, j, got, want)
					} else {
						worst = max(worst, diff)
					}
					if math.Abs(got) > 1 {
						t.Errorf("%s: correlation %v", name, got)
					}
					if a == b && got != within.At(i, j) {
						t.Errorf("%s: within %v, between a net and itself %v", name, within.At(i, j), got)
					}
					if l.Between(b, a).At(j, i) != got {
						t.Errorf("%s: between (%d, %d) is not the transpose of its reverse", name, a, b)
					}
				}
				bt += ub
			}
		}
		at += ua
	}
	t.Logf("%s: worst correlation off by %.1e", name, worst)
}

func TestMomentsAgreeWithTwoPassesInFloat64(t *testing.T) {
	// float32 products in sums of 256; errors of the blocks average out.
	const tol = 3e-6
	for _, c := range []struct {
		rows  int
		units []int
	}{
		{2, []int{3}}, {7, []int{1, 1}}, {chunk - 1, []int{4, 3}}, {chunk, []int{4, 3}}, {chunk + 1, []int{4, 3}},
		{5000, []int{7, 16, 9}}, {4000, []int{1}}, {3000, []int{33, 2, 1, 17}},
	} {
		d := mixed(uint64(c.rows), c.rows, c.units...)
		name := fmt.Sprintf("%d samples of %v units", c.rows, c.units)
		agree(t, name, d, d.layer(t, 100), tol)
		agree(t, "matrices, "+name, d, FromMatrices(d.matrices()...), 1e-12)
	}
}

func TestALargeMeanCostsNoDigits(t *testing.T) {
	const tol = 3e-6
	d := mixed(1, 6000, 5, 6)
	for net, u := range d.units {
		for j := range u {
			// A million deviations, and the smallest steps that float32 has there.
			d.change(net, j, func(_ int, x float32) float32 { return x + float32(1e6*(1+float64(j))) })
		}
	}
	agree(t, "mean 1e6 deviations", d, d.layer(t, 512), tol)
	agree(t, "mean 1e6 deviations, matrices", d, FromMatrices(d.matrices()...), 1e-9)

	// The same without what float32 takes away: steps of an eighth on both sides.
	e, f := mixed(2, 6000, 4, 4), mixed(2, 6000, 4, 4)
	for net := range e.units {
		for j := range 4 {
			eighth := func(_ int, x float32) float32 { return float32(math.Round(float64(x)*8) / 8) }
			e.change(net, j, eighth)
			f.change(net, j, func(r int, x float32) float32 { return 1e6 + eighth(r, x) })
		}
	}
	a, b := e.layer(t, 512).Between(0, 1), f.layer(t, 512).Between(0, 1)
	if !mat.EqualApprox(a, b, tol) {
		t.Errorf("a shift of 1e6 changes correlations:\n%v\n%v", mat.Formatted(a), mat.Formatted(b))
	}
}

func TestAnUnusualStartCostsFewDigits(t *testing.T) {
	// The shift comes from the first chunk; here that chunk is all zeros or far away.
	for name, start := range map[string]float32{"silent": 0, "far": 50} {
		d := mixed(3, 20000, 6, 5)
		for net, u := range d.units {
			for j := range u {
				d.change(net, j, func(r int, x float32) float32 {
					if r < chunk {
						return start
					}
					return x
				})
			}
		}
		agree(t, name, d, d.layer(t, 1000), 1e-5)
	}
}

func TestBitsDoNotDependOnHowSamplesAreHandedOver(t *testing.T) {
	d := mixed(4, 4000, 5, 8)
	want := Encode(&Stats{layers: []*Layer{d.layer(t, 4000)}})
	for _, block := range []int{1, 31, 768, 1000, 3999} {
		if got := Encode(&Stats{layers: []*Layer{d.layer(t, block)}}); !bytes.Equal(got, want) {
			t.Errorf("blocks of %d give other bits", block)
		}
	}
}

func TestConstantUnitsHaveNoCorrelation(t *testing.T) {
	d := mixed(5, 2000, 5, 4)
	d.change(0, 1, func(int, float32) float32 { return 0 })
	d.change(0, 3, func(int, float32) float32 { return 0.1 })
	d.change(1, 2, func(int, float32) float32 { return -2.7 })
	d.change(1, 0, func(r int, _ float32) float32 { // fires once
		if r == 1500 {
			return 1e-3
		}
		return 0
	})
	for name, l := range map[string]*Layer{"stream": d.layer(t, 64), "matrices": FromMatrices(d.matrices()...)} {
		agree(t, name, d, l, 3e-6)
		if got := [][]int{l.Dead(0), l.Dead(1), l.Constant(0), l.Constant(1)}; !reflect.DeepEqual(got, [][]int{{1}, {2}, {1, 3}, {2}}) {
			t.Errorf("%s: dead and constant units %v", name, got)
		}
		if m := l.Mean(0)[3]; m != float64(float32(0.1)) {
			t.Errorf("%s: the mean of a constant is %v", name, m)
		}
		if l.Within(0).At(1, 1) != 0 || l.Within(0).At(3, 3) != 0 || l.Within(0).At(0, 0) != 1 {
			t.Errorf("%s: diagonal of\n%v", name, mat.Formatted(l.Within(0)))
		}
		for k, s := range l.Std(1) {
			if (s == 0) != (k == 2) {
				t.Errorf("%s: deviations %v", name, l.Std(1))
			}
		}
	}
}

func TestOneSampleIsAllConstant(t *testing.T) {
	d := mixed(6, 1, 3, 2)
	for name, l := range map[string]*Layer{"stream": d.layer(t, 1), "matrices": FromMatrices(d.matrices()...)} {
		agree(t, name, d, l, 1e-12)
		if len(l.Constant(0)) != 3 || mat.Norm(l.Between(0, 1), 1) != 0 {
			t.Errorf("%s: constant %v, between %v", name, l.Constant(0), mat.Formatted(l.Between(0, 1)))
		}
	}
}

func TestEqualAndOppositeUnitsReachOneExactly(t *testing.T) {
	d := mixed(7, 3000, 2, 3)
	copyOf := func(sign float32) func(int, float32) float32 {
		return func(r int, _ float32) float32 { return sign * d.values[0][r*2] }
	}
	d.change(1, 0, copyOf(1))
	d.change(1, 1, copyOf(-1))
	d.change(1, 2, copyOf(4))
	b := d.layer(t, 100).Between(0, 1)
	if got := []float64{b.At(0, 0), b.At(0, 1), b.At(0, 2)}; !reflect.DeepEqual(got, []float64{1, -1, 1}) {
		t.Errorf("correlations %v, want 1, -1, 1", got)
	}
}

func TestFiniteMomentsOrAnError(t *testing.T) {
	for name, bad := range map[string]float32{
		"nan": float32(math.NaN()), "inf": float32(math.Inf(1)), "-inf": float32(math.Inf(-1)), "square beyond float32": 1e30,
	} {
		for _, row := range []int{0, 900} {
			d := mixed(8, 1000, 3, 4)
			d.change(1, 2, func(r int, x float32) float32 {
				if r == row {
					return bad
				}
				return x
			})
			m := newMoments("conv1", d.units)
			err := m.add(d.values, d.rows)
			if err == nil {
				_, err = m.layer()
			}
			if err == nil || !strings.Contains(err.Error(), `corr: layer "conv1": unit 2 of net 1`) {
				t.Errorf("%s in row %d: error %v", name, row, err)
			}
		}
	}
}

func TestMatricesOfAnyKindAreRead(t *testing.T) {
	d := mixed(9, 5000, 4, 7)
	m := d.matrices()
	want := Encode(&Stats{layers: []*Layer{FromMatrices(m...)}})
	turned := mat.DenseCopyOf(m[0].T()).T() // not a RawRowViewer
	if got := Encode(&Stats{layers: []*Layer{FromMatrices(turned, m[1])}}); !bytes.Equal(got, want) {
		t.Error("a transposed matrix gives other bits")
	}
	tiny := mat.NewDense(3, 2, []float64{1e-150, 2e100, 3e-150, -1e100, 2e-150, 5e100})
	if c := FromMatrices(tiny).Within(0).At(0, 1); !(math.Abs(c+0.5) < 1e-12) {
		t.Errorf("correlation %v of very small and very large numbers", c)
	}
}

func TestEncodedStatsComeBack(t *testing.T) {
	s := &Stats{origin: "two nets", pictures: 17, layers: []*Layer{
		mixed(10, 1000, 3, 4).layer(t, 100), mixed(11, 20, 1, 1).layer(t, 100)}}
	s.layers[0].name, s.layers[1].name = "conv1", "fc2"
	b := Encode(s)
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, s) {
		t.Errorf("got %v, want %v", got, s)
	}
	path := filepath.Join(t.TempDir(), "stats.bin")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	if got, err := Load(path); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("loaded %v, error %v", got, err)
	}
	if err := s.Save(filepath.Join(t.TempDir(), "no", "such", "folder")); err == nil {
		t.Error("saved to a folder that does not exist")
	}
	if _, err := Load(filepath.Join(t.TempDir(), "none")); !os.IsNotExist(err) && !strings.Contains(fmt.Sprint(err), "none") {
		t.Errorf("load of nothing: %v", err)
	}
	if err := os.WriteFile(path, b[:len(b)/2], 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "cut off") {
		t.Errorf("load of half a file: %v", err)
	}
	for n := range b {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("%d of %d bytes decode", n, len(b))
		}
	}
	future := slices.Clone(b)
	future[len(magic)] = 9
	if _, err := Decode(future); err == nil || !strings.Contains(err.Error(), "format 9, expected 1") {
		t.Errorf("another format: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(Encode(&Stats{origin: "x", layers: []*Layer{mixed(1, 3, 2, 1).layer(f, 2)}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := Decode(b)
		if (s == nil) == (err == nil) {
			t.Fatalf("stats %v, error %v", s, err)
		}
	})
}

func TestMisusePanicsWithNumbers(t *testing.T) {
	l := mixed(1, 20, 2, 3).layer(t, 20)
	s := &Stats{layers: []*Layer{l}}
	nan := mat.NewDense(2, 2, []float64{0, 1, math.NaN(), 0})
	for _, c := range []struct {
		want string
		do   func()
	}{
		{"corr: net 2 of 2 nets (valid: 0..1)", func() { l.Within(2) }},
		{"corr: net -1 of 2 nets (valid: 0..1)", func() { l.Between(0, -1) }},
		{"corr: net 4 of 2 nets (valid: 0..1)", func() { l.Mean(4) }},
		{`corr: no layer "conv9"; have test`, func() { s.Layer("conv9") }},
		{"corr: BetweenTo: a matrix of 3×3 for 2×3 units", func() { l.BetweenTo(mat.NewDense(3, 3, nil), 0, 1) }},
		{"corr: FromMatrices: no matrices", func() { FromMatrices() }},
		{"corr: FromMatrices: matrix 1 is 3×1, matrix 0 has 2 rows", func() { FromMatrices(nan, mat.NewDense(3, 1, nil)) }},
		{"corr: FromMatrices: matrix 0 is 0×0, matrix 0 has 0 rows", func() { FromMatrices(&mat.Dense{}) }},
		{"corr: FromMatrices: entry (1, 0) of matrix 1 is NaN", func() { FromMatrices(mat.NewDense(2, 1, nil), nan) }},
	} {
		func() {
			defer func() {
				if got := recover(); got != c.want {
					t.Errorf("panic %q, want %q", got, c.want)
				}
			}()
			c.do()
		}()
	}
}

func ExampleFromMatrices() {
	a := mat.NewDense(4, 2, []float64{
		0, 1,
		1, 0,
		2, 3,
		3, 2,
	})
	b := mat.NewDense(4, 3, []float64{
		6, 0, 5,
		4, 0, 0,
		2, 0, 5,
		0, 0, 0,
	})
	layer := FromMatrices(a, b)
	fmt.Println(layer.Mean(0), layer.Dead(1))
	fmt.Printf("%.2f\n", mat.Formatted(layer.Between(0, 1)))
	fmt.Println(layer)
	// Output:
	// [1.5 1.5] [1]
	// ⎡-1.00   0.00  -0.45⎤
	// ⎣-0.60   0.00   0.45⎦
	// matrices, 4 samples
	// net  units  dead   mean  deviation  zeros
	// 0        2     0    1.5      1.118   25 %
	// 1        3     1  1.833      1.579   58 %
}

func BenchmarkMoments(b *testing.B) {
	d := mixed(1, 7680, 32, 32, 32, 32)
	m := newMoments("bench", d.units)
	b.SetBytes(int64(4 * d.rows * m.d))
	for b.Loop() {
		if err := m.add(d.values, d.rows); err != nil {
			b.Fatal(err)
		}
	}
	flops := float64(d.rows) * float64(m.d) * float64(m.d+1)
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

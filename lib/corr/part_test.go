package corr

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/nn"

	"gonum.org/v1/gonum/mat"
)

func TestExactSumsDoNotDependOnOrderOrGrouping(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, spread := range []float64{1, 20, 200} {
		values := make([]float64, 500)
		for i := range values {
			values[i] = r.NormFloat64() * math.Exp2(spread*(r.Float64()-0.5))
		}
		values[7], values[8] = 0, 5e-324
		exact := new(big.Float).SetPrec(2000)
		largest := 0.0
		for _, v := range values {
			exact.Add(exact, new(big.Float).SetFloat64(v))
			largest = max(largest, math.Abs(v))
		}
		want, _ := exact.Float64()
		one := newExactSums(1)
		for _, v := range values {
			one.add(0, v)
		}
		if got := one.value(0); math.Abs(got.hi-want) > 1e-15*math.Abs(want) {
			t.Errorf("spread %v: %v, want %v", spread, got, want)
		}
		for range 20 {
			r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
			total := newExactSums(1)
			for from := 0; from < len(values); {
				n := min(1+r.IntN(100), len(values)-from)
				part := newExactSums(1)
				for _, v := range values[from : from+n] {
					part.add(0, v)
				}
				total.merge(part)
				from += n
			}
			if !reflect.DeepEqual(total, one) {
				t.Fatalf("spread %v: another order gives %v, not %v", spread, total, one)
			}
		}
	}
	s := newExactSums(1)
	for _, v := range []float64{1e30, 1, -1e30} {
		s.add(0, v)
	}
	if got := s.value(0).hi; got != 1 {
		t.Errorf("1e30 + 1 − 1e30 = %v", got)
	}
}

// partOf are statistics of data in blocks of pictures of 10 rows.
func partOf(t *testing.T, d data, block int) *Layer {
	t.Helper()
	p := newPartLayer("test", d.units)
	for from := 0; from < d.rows; from += block {
		n := min(block, d.rows-from)
		m := newMoments("test", d.units)
		var part [][]float32
		for net, u := range d.units {
			part = append(part, d.values[net][from*u:(from+n)*u])
		}
		if err := m.add(part, n); err != nil {
			t.Fatal(err)
		}
		if err := m.flush(); err != nil {
			t.Fatal(err)
		}
		if err := p.add(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	return p.layer()
}

func TestPartsAgreeWithTwoPassesInFloat64(t *testing.T) {
	d := mixed(3, 3000, 5, 6)
	agree(t, "parts", d, partOf(t, d, 700), 3e-6)
	for _, scale := range []float32{1e-12, 1e12} {
		d := mixed(3, 3000, 3, 2)
		for i := range 3 {
			d.change(0, i, func(r int, x float32) float32 { return x * scale })
		}
		agree(t, fmt.Sprint("scale ", scale), d, partOf(t, d, 64), 3e-6)
	}
	// A mean a million times the deviation, as far as float32 resolves it.
	big := mixed(4, 3000, 3, 2)
	for i := range 3 {
		big.change(0, i, func(r int, x float32) float32 { return 1<<20 + float32(math.Round(float64(x)*8)/8) })
	}
	big.change(1, 1, func(r int, x float32) float32 { return 3 })
	agree(t, "large mean", big, partOf(t, big, 64), 3e-6)
	one := mixed(4, 1, 3, 2)
	agree(t, "one sample", one, partOf(t, one, 64), 1e-6)
}

func TestMergeGivesTheSameBitsForEverySplit(t *testing.T) {
	inTempCache(t)
	ctx := context.Background()
	src := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9)}, pictures("noise", 150))
	get := func(s *activation.Source) *Stats {
		t.Helper()
		x, err := collect(ctx, s, &cache{})
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	merge := func(parts ...*Stats) *Stats {
		t.Helper()
		m, err := Merge(parts...)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	whole := get(src.Range(0, 150))
	want := Encode(whole)
	for n := 1; n <= 5; n++ {
		var parts []*Stats
		for i := range n {
			old := runtime.GOMAXPROCS(1 + 3*(i%2))
			parts = append([]*Stats{get(src.Part(i, n))}, parts...) // last first
			runtime.GOMAXPROCS(old)
		}
		if got := Encode(merge(parts...)); !bytes.Equal(got, want) {
			t.Errorf("%d parts give other bits", n)
		}
	}
	a, b, c := get(src.Range(0, 64)), get(src.Range(64, 96)), get(src.Range(96, 150))
	if !bytes.Equal(Encode(merge(merge(a, b), c)), want) || !bytes.Equal(Encode(merge(c, merge(b, a))), want) {
		t.Error("another grouping gives other bits")
	}
	// Through a file, and through the cache.
	path := filepath.Join(t.TempDir(), "a.npz")
	if err := a.Save(path); err != nil {
		t.Fatal(err)
	}
	loaded, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	first, err := Collect(ctx, src.Range(64, 96))
	if err != nil {
		t.Fatal(err)
	}
	cancelled, cancel := context.WithCancel(ctx)
	cancel()
	again, err := Collect(cancelled, src.Range(64, 96))
	if err != nil || !first.Mergeable() || !bytes.Equal(Encode(first), Encode(again)) {
		t.Fatal("not from the cache: ", err)
	}
	if !bytes.Equal(Encode(merge(loaded, again, c)), want) {
		t.Error("parts from files give other bits")
	}

	plain := get(src)
	for _, name := range plain.Layers() {
		for net := range 2 {
			if p, q := plain.Layer(name).Within(net), whole.Layer(name).Within(net); !mat.EqualApprox(p, q, 3e-6) {
				t.Errorf("%s: parts and plain differ", name)
			}
		}
	}
	if !sameNumbers(plain, whole) {
		t.Error("Collect over the whole stream gives other bits than its parts")
	}
	if whole.Pictures() != 150 || !strings.HasSuffix(whole.Origin(), "; pictures 0 to 149") {
		t.Errorf("%d pictures of %q", whole.Pictures(), whole.Origin())
	}

	other := get(activation.Stream([]*nn.Net{tiny(1, 6), tiny(3, 9)}, pictures("noise", 150)).Range(64, 150))
	elsewhere := get(activation.Stream(src.Nets(), pictures("others", 40)).Range(0, 40))
	if got := merge(whole, elsewhere); got.Pictures() != 190 || !bytes.Equal(Encode(got), Encode(merge(elsewhere, whole))) {
		t.Errorf("two sets: %v", got)
	}
	for _, c := range []struct {
		want  string
		parts []*Stats
	}{
		{"no statistics", nil},
		{"part 1 has no exact sums", []*Stats{a, {}}},
		{"part 1 is of other nets", []*Stats{a, other}},
		{"part 1 is of other nets", []*Stats{a, get(src.Shuffled(1).Range(64, 150))}},
		{"picture 64 is in two parts", []*Stats{b, whole}},
		{"picture 0 is in two parts", []*Stats{a, a}},
	} {
		if _, err := Merge(c.parts...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("error %v, want %q", err, c.want)
		}
	}
}

// sameNumbers reports whether the statistics have the same bits, whatever they say they are of.
func sameNumbers(a, b *Stats) bool {
	return a.pictures == b.pictures && reflect.DeepEqual(a.layers, b.layers)
}

func TestMergeGivesTheSameBitsWhereverItIsCut(t *testing.T) {
	inTempCache(t)
	ctx := context.Background()
	for _, shuffled := range []bool{false, true} {
		src := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9)}, pictures("noise", 107))
		if shuffled {
			src = src.Shuffled(3)
		}
		whole, err := collect(ctx, src, &cache{})
		if err != nil {
			t.Fatal(err)
		}
		r := rand.New(rand.NewPCG(4, 4))
		for round := range 6 {
			cuts := []int{0, 107}
			for range []int{1, 2, 3, 5, 30, 106}[round] {
				cuts = append(cuts, r.IntN(108))
			}
			slices.Sort(cuts)
			var parts []*Stats
			for i, from := range cuts[1:] {
				if cuts[i] == from {
					continue
				}
				s, err := collect(ctx, src.Range(cuts[i], from), &cache{})
				if err != nil {
					t.Fatal(err)
				}
				if i%2 == 1 { // through a file
					if s, err = Decode(Encode(s)); err != nil {
						t.Fatal(err)
					}
				}
				parts = append(parts, s)
			}
			// Merged in any order and grouping.
			for len(parts) > 1 {
				r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
				n := 1 + r.IntN(len(parts)-1)
				m, err := Merge(parts[:n+1]...)
				if err != nil {
					t.Fatal(err)
				}
				parts = append(parts[n+1:], m)
			}
			if !sameNumbers(parts[0], whole) {
				t.Errorf("cuts %v give other bits", cuts)
			}
		}
	}
}

func TestCollectGoesOnAfterAKill(t *testing.T) {
	inTempCache(t)
	ctx := context.Background()
	src := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9)}, pictures("noise", 150))
	want, err := collect(ctx, src, &cache{})
	if err != nil {
		t.Fatal(err)
	}
	// A run that ends in the third block, as a kill after its checkpoint would.
	c := cacheOf(t, src)
	ranged := src.Range(0, 150)
	stopped, cancel := context.WithCancel(ctx)
	defer cancel()
	_, err = collectPart(stopped, ranged, fingerprints{}, nil, func(p *part) {
		if p.spans[0].to >= 64 {
			c.keep(p)
			cancel()
		}
	})
	if err == nil {
		t.Fatal("the run did not end")
	}
	p := cacheOf(t, src).resume(src)
	if p == nil || p.spans[0].to < 64 || p.spans[0].to >= 150 {
		t.Fatalf("kept: %+v", p)
	}
	counted := 0
	rest, err := collectPart(ctx, ranged, c.id, p, func(*part) { counted++ })
	if err != nil {
		t.Fatal(err)
	}
	s, err := rest.stats()
	if err != nil || !sameNumbers(s, want) || counted > 3 {
		t.Errorf("after %d blocks more: other bits (%v)", counted, err)
	}
	got, err := Collect(ctx, src)
	if err != nil || !sameNumbers(got, want) {
		t.Errorf("Collect goes on to other bits (%v)", err)
	}
	if cacheOf(t, src).resume(src) != nil {
		t.Error("the unfinished part is still there")
	}
}

func TestNPZComesBack(t *testing.T) {
	s := &Stats{origin: "two nets, 8×8", pictures: 17, layers: []*Layer{
		mixed(10, 1000, 3, 4).layer(t, 100), mixed(11, 20, 1, 1).layer(t, 100)}}
	s.layers[0].name, s.layers[1].name = "conv1", "block/fc2"
	path := filepath.Join(t.TempDir(), "stats.NPZ")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	got, err := Load(path)
	if err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("loaded %v, error %v", got, err)
	}
	b := encodeNPZ(s)
	for n := 4; n < len(b); n += 97 {
		if _, err := Decode(b[:n]); err == nil {
			t.Fatalf("%d of %d bytes decode", n, len(b))
		}
	}
}

func TestNumpyReadsNPZ(t *testing.T) {
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import numpy").Run() == nil {
			python = name
		}
	}
	if python == "" {
		if os.Getenv("REQUIRE_JUPYTER") != "" {
			t.Fatal("no python3 with numpy at hand")
		}
		t.Skip("no python3 with numpy at hand")
	}
	l := mixed(10, 1000, 3, 4).layer(t, 100)
	l.name = "conv1"
	s := &Stats{origin: "two nets", pictures: 17, layers: []*Layer{l}}
	path := filepath.Join(t.TempDir(), "stats.npz")
	if err := s.Save(path); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(python, "-c", `
import sys, numpy as np
f = np.load(sys.argv[1])
print(f["layers"], f["pictures"], f["origin"], f["conv1.units"], f["conv1.samples"], f["conv1.covariance"].shape)
print(repr(float(f["conv1.mean"][2])), repr(float(f["conv1.covariance"][1, 4])))
np.savez(sys.argv[1] + ".again.npz", **f)
`, path).CombinedOutput()
	want := fmt.Sprintf("['conv1'] [17] ['two nets'] [3 4] [1000] (7, 7)\n%v %v\n", l.mean[2], l.cov[1*7+4])
	if err != nil || string(out) != want {
		t.Errorf("numpy: %v\n%s\nwant\n%s", err, out, want)
	}
	if got, err := Load(path + ".again.npz"); err != nil || !reflect.DeepEqual(got, s) {
		t.Errorf("numpy's own file: %v, error %v", got, err)
	}
}

func FuzzDecodeNPZ(f *testing.F) {
	f.Add(encodeNPZ(&Stats{origin: "x", layers: []*Layer{mixed(1, 3, 2, 1).layer(f, 2)}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, err := decodeNPZ(b)
		if (s == nil) == (err == nil) {
			t.Fatalf("stats %v, error %v", s, err)
		}
	})
}

func TestCovariancesAreCorrelationsTimesDeviations(t *testing.T) {
	l := mixed(2, 500, 4, 3).change(0, 1, func(int, float32) float32 { return 2 }).layer(t, 100)
	for a := range 2 {
		for b := range 2 {
			cov, cor, sa, sb := l.BetweenCovariance(a, b), l.Between(a, b), l.Std(a), l.Std(b)
			for i := range sa {
				for j := range sb {
					if diff := math.Abs(cov.At(i, j) - cor.At(i, j)*sa[i]*sb[j]); diff > 1e-12 {
						t.Errorf("nets %d %d units %d %d: covariance off by %v", a, b, i, j, diff)
					}
					if a == b && l.WithinCovariance(a).At(i, j) != cov.At(i, j) {
						t.Error("within and between itself differ")
					}
				}
			}
		}
	}
}

func ExampleMerge() {
	dir, err := os.MkdirTemp("", "cache")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	acts := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 6)}, pictures("noise", 100), "conv1")
	var parts []*Stats
	for i := range 3 { // on one machine after another, or on three
		s, err := collect(ctx, acts.Part(i, 3), &cache{}) // in a program: corr.Collect
		if err != nil {
			fmt.Println(err)
			return
		}
		parts = append(parts, s)
	}
	all, err := Merge(parts...)
	fmt.Println(all, err)
	// Output:
	// 2 nets tiny, seeds 1, 2, untrained over noise: 100 pictures of 8×8×3; layers conv1; pictures 0 to 99
	// layer  units  samples  dead units
	// conv1  2 × 6    3,600       2 × 0 <nil>
}

// BenchmarkParts is BenchmarkMoments in blocks of their own, as of 32 pictures at 8×8 positions.
func BenchmarkParts(b *testing.B) {
	d := mixed(1, 2048, 32, 32, 32, 32)
	m, p := newMoments("bench", d.units), newPartLayer("bench", d.units)
	for b.Loop() {
		m.reset()
		if err := m.add(d.values, d.rows); err != nil {
			b.Fatal(err)
		}
		if err := m.flush(); err != nil {
			b.Fatal(err)
		}
		if err := p.add(b.Context(), m); err != nil {
			b.Fatal(err)
		}
	}
	flops := float64(d.rows) * float64(m.d) * float64(m.d+1)
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

// blocksOf are the blocks that a stream with a grid of pictures gives of a range of pictures.
func blocksOf(d data, positions, grid, from, to int) []*activation.Block {
	var blocks []*activation.Block
	pictures := d.rows / positions
	for at, end := from, 0; at < to; at = end {
		start := at - at%shard%grid
		stop := min(start+grid, start-start%shard+shard, pictures)
		end = min(stop, to)
		b := &activation.Block{Pictures: end - at, First: at, From: start, To: stop, Grid: grid}
		l := activation.LayerBlock{Name: "test", Rows: (end - at) * positions, Units: d.units}
		for net, u := range d.units {
			l.Values = append(l.Values, d.values[net][at*positions*u:end*positions*u])
		}
		b.Layers = []activation.LayerBlock{l}
		blocks = append(blocks, b)
	}
	return blocks
}

// TestCellsOfSeveralBlocks: where blocks are small, cells hold several, and may end within one.
func TestCellsOfSeveralBlocks(t *testing.T) {
	const pictures, positions = 75, 13
	d := mixed(12, pictures*positions, 5, 6)
	collected := func(grid, from, to int) *Stats {
		c := &collector{part: &part{key: "k", spans: []span{{"s", "", from, from}}}, stream: "s", size: pictures, from: from, to: to, keep: func(*part) {}}
		for _, b := range blocksOf(d, positions, grid, from, to) {
			if err := c.block(b); err != nil {
				t.Fatal(err)
			}
		}
		if c.loose != nil || c.spans[0].to != to {
			t.Fatalf("grid %d, pictures %d to %d: ended at %d", grid, from, to, c.spans[0].to)
		}
		s, err := c.part.stats()
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	for grid, want := range map[int]int{1: 16, 2: 16, 3: 15, 5: 15, 9: 9, 32: 32} {
		if got := cell(blocksOf(d, positions, grid, 0, pictures)[0]); got != want {
			t.Errorf("grid %d: cells of %d pictures, want %d", grid, got, want)
		}
		whole := collected(grid, 0, pictures)
		agree(t, fmt.Sprint("grid ", grid), d, whole.layers[0], 3e-6)
		for cut := 1; cut < pictures; cut++ {
			next := min(cut+1+cut%9, pictures)
			parts := []*Stats{collected(grid, 0, cut), collected(grid, cut, next)}
			if next < pictures {
				parts = append(parts, collected(grid, next, pictures))
			}
			slices.Reverse(parts)
			all, err := Merge(parts...)
			if err != nil {
				t.Fatal(err)
			}
			if !sameNumbers(all, whole) {
				t.Fatalf("grid %d, cut at %d and %d: other bits", grid, cut, next)
			}
		}
	}
	// Wide layers at many positions: a cell is a block, so that little has to wait.
	large := &activation.Block{Pictures: 2, Grid: 2, Layers: []activation.LayerBlock{{Rows: 2 * 100, Units: []int{40000, 40000}}}}
	if got := cell(large); got != 2 {
		t.Errorf("cells of %d pictures of 8,000,000 values each", got)
	}
}

// TestProductsAreSummedAsOneByOne: vectors, raises in between, numbers far apart, tails.
func TestProductsAreSummedAsOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	for _, spread := range []float64{0, 30, 300, 900} {
		for _, width := range []int{1, 3, 4, 9, 300} {
			got, want := newExactSums(width+2), newExactSums(width+2)
			for range 20 {
				draw := func() float64 {
					if r.IntN(10) == 0 {
						return 0
					}
					return r.NormFloat64() * math.Exp2(spread*(r.Float64()-0.5))
				}
				n, mean, sum := float64(1+r.IntN(9000)), draw(), draw()
				var means, sums, gram []float64
				for range width {
					means, sums, gram = append(means, draw()), append(sums, draw()), append(gram, draw())
				}
				got.addMoments(1, n, mean, sum, means, sums, gram)
				for j := range width {
					mm := mean * means[j]
					e := math.FMA(mean, means[j], -mm)
					product := n * mm
					rest := math.FMA(n, mm, -product) + float64(n*e)
					want.add(1+j, product)
					want.add(1+j, float64(gram[j]-float64(sum*sums[j])/n)+rest)
				}
			}
			if !reflect.DeepEqual(got, want) {
				t.Fatalf("spread %v, %d sums: other sums than one by one", spread, width)
			}
		}
	}
}

func cacheOf(t *testing.T, src *activation.Source) *cache {
	t.Helper()
	c, err := openCache(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// TestCovariancesInVectorsAreThoseOneByOne: to the bit, tails and sums that vectors leave alone included.
func TestCovariancesInVectorsAreThoseOneByOne(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 8))
	for _, spread := range []float64{0, 30, 300, 1500} {
		for _, width := range []int{1, 4, 7, 300} {
			s := newExactSums(width + 3)
			for range 40 {
				for j := range width {
					if r.IntN(8) > 0 && j != 5 {
						s.add(2+j, math.Ldexp(r.NormFloat64(), int(spread*(r.Float64()-0.5))))
					}
				}
			}
			if width > 200 {
				s.limb[1][150], s.limb[0][170] = 1<<60, -1<<52
			}
			draw := func() double { return double{}.add(r.NormFloat64()).add(1e-18 * r.NormFloat64()) }
			n, sum := float64(1+r.IntN(1e6)), draw()
			got, his, los := make([]float64, width), make([]float64, width), make([]float64, width)
			for j := range width {
				d := draw()
				his[j], los[j] = d.hi, d.lo
			}
			s.covariances(got, 2, n, sum, his, los)
			for j := range width {
				if want := s.value(2 + j).sub(sum.mul(double{his[j], los[j]}).div(n)).div(n).hi; got[j] != want {
					t.Fatalf("spread %v, %d of %d: got %v, want %v", spread, j, width, got[j], want)
				}
			}
		}
	}
}

package corr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strings"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/store"

	"gonum.org/v1/gonum/mat"
)

func tiny(seed uint64, units int) *nn.Net {
	return nn.New(nn.Sequential("tiny", nn.Input{Shape: [3]int{8, 8, 3}},
		nn.Conv{Units: units, Kernel: 3},
		nn.MaxPool{Size: 2},
		nn.Conv{Units: 5, Kernel: 3, Pad: 1},
		nn.Dense{Units: 12},
		nn.Dense{Units: 4, Linear: true},
	), seed)
}

func pictures(name string, n int) *dataset.Set {
	r := rand.New(rand.NewPCG(uint64(n), 9))
	pixels := make([]uint8, n*8*8*3)
	for i := range pixels {
		pixels[i] = uint8(r.UintN(256))
	}
	s, err := dataset.NewSet(name, [3]int{8, 8, 3}, pixels, make([]int, n))
	if err != nil {
		panic(err)
	}
	return s
}

// inTempCache points the cache of a test at a folder of its own and returns its store.
func inTempCache(t testing.TB) *store.Store {
	t.Helper()
	t.Setenv("GONVERGE_CACHE", t.TempDir())
	s, err := store.Default()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestCollectAgreesWithAllActivationsAtOnce(t *testing.T) {
	inTempCache(t)
	ctx := context.Background()
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9), tiny(3, 6)}
	for name, src := range map[string]*activation.Source{
		"aligned":  activation.Stream(nets, pictures("noise", 70)),
		"shuffled": activation.Stream(nets, pictures("noise", 70)).Shuffled(3),
	} {
		stats, err := Collect(ctx, src)
		if err != nil {
			t.Fatal(err)
		}
		all := map[string]*data{}
		err = src.Each(ctx, func(b *activation.Block) error {
			for _, l := range b.Layers {
				d := all[l.Name]
				if d == nil {
					d = &data{units: l.Units, values: make([][]float32, len(l.Units))}
					all[l.Name] = d
				}
				d.rows += l.Rows
				for i, v := range l.Values {
					d.values[i] = append(d.values[i], v...)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if got := stats.Layers(); fmt.Sprint(got) != "[conv1 conv2 fc3]" || stats.Nets() != 3 || stats.Pictures() != 70 {
			t.Fatalf("%s: layers %v, %d nets, %d pictures", name, got, stats.Nets(), stats.Pictures())
		}
		for layer, d := range all {
			agree(t, name+" "+layer, *d, stats.Layer(layer), 3e-6)
		}
	}
}

func TestCollectFindsAPlantedPermutation(t *testing.T) {
	inTempCache(t)
	a := tiny(1, 6)
	b := a.Clone()
	perm := []int{3, 1, 5, 0, 2, 4} // unit k of b is unit perm[k] of a
	pa, pb := a.Params(), b.Params()
	for w := range len(pa[0].Data) / 6 {
		for k, from := range perm {
			pb[0].Data[w*6+k] = pa[0].Data[w*6+from]
		}
	}
	stats, err := Collect(context.Background(), activation.Stream([]*nn.Net{a, b}, pictures("noise", 40), "conv1"))
	if err != nil {
		t.Fatal(err)
	}
	between := stats.Layer("conv1").Between(0, 1)
	for k, from := range perm {
		if got := between.At(from, k); math.Abs(got-1) > 1e-6 {
			t.Errorf("units %d and %d are equal, correlation %v", from, k, got)
		}
	}
}

func TestCollectDoesNotDependOnWorkers(t *testing.T) {
	src := activation.Stream([]*nn.Net{tiny(1, 6), tiny(2, 9)}, pictures("noise", 150))
	var bits [][]byte
	for _, workers := range []int{1, 4} {
		old := runtime.GOMAXPROCS(workers)
		s, err := collect(context.Background(), src, &cache{})
		runtime.GOMAXPROCS(old)
		if err != nil {
			t.Fatal(err)
		}
		bits = append(bits, Encode(s))
	}
	if !bytes.Equal(bits[0], bits[1]) {
		t.Error("one worker and four give other bits")
	}
}

func TestCollectIsCached(t *testing.T) {
	cache := inTempCache(t)
	ctx := context.Background()
	nets := []*nn.Net{tiny(1, 6), tiny(2, 6)}
	src := activation.Stream(nets, pictures("noise", 40), "conv1")
	first, err := Collect(ctx, src)
	if err != nil || first.Note() != "" {
		t.Fatal(err, first.Note())
	}
	path := cache.Path(kind, cacheOf(t, src).key)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	// The same bits under other names come from the cache, with the new names.
	named := activation.Stream(nets, pictures("renamed", 40), "conv1")
	cancelled, cancel := context.WithCancel(ctx)
	cancel() // nothing can be computed now
	again, err := Collect(cancelled, named)
	if err != nil {
		t.Fatal("not from the cache: ", err)
	}
	if !strings.Contains(again.Origin(), "renamed") || !mat.Equal(again.Layer("conv1").Between(0, 1), first.Layer("conv1").Between(0, 1)) {
		t.Errorf("from the cache: %v", again)
	}
	if _, err := Collect(cancelled, src.Shuffled(1)); !errors.Is(err, context.Canceled) {
		t.Errorf("another source came from the cache: %v", err)
	}

	// A damaged file is moved aside, and the note says so.
	if err := os.WriteFile(path, before[:len(before)-7], 0o666); err != nil {
		t.Fatal(err)
	}
	repaired, err := Collect(ctx, src)
	if err != nil || !strings.Contains(repaired.Note(), "measured again") || !strings.Contains(repaired.String(), "corrupt") {
		t.Errorf("after damage: %v, error %v", repaired, err)
	}
	if after, err := os.ReadFile(path); err != nil || !bytes.Equal(after, before) {
		t.Errorf("after damage: the file is not what it was, error %v", err)
	}

	// So is one that is whole but holds something else.
	if err := cache.Put(kind, cacheOf(t, src).key, []byte("something else")); err != nil {
		t.Fatal(err)
	}
	repaired, err = Collect(ctx, src)
	if err != nil || !strings.Contains(repaired.Note(), "kept aside as") {
		t.Errorf("after a foreign file: %v, error %v", repaired, err)
	}
}

func TestCollectWithoutACacheStillMeasures(t *testing.T) {
	file := t.TempDir() + "/file"
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GONVERGE_CACHE", file) // a file where the folder should be
	stats, err := Collect(context.Background(), activation.Stream([]*nn.Net{tiny(1, 6)}, pictures("noise", 4)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(stats.String(), "not kept: ") {
		t.Errorf("no word of the cache in\n%v", stats)
	}
}

func TestCollectReportsWhatDoesNotFit(t *testing.T) {
	inTempCache(t)
	_, err := Collect(context.Background(), activation.Stream([]*nn.Net{tiny(1, 6)}, pictures("noise", 4), "conv9"))
	if err == nil || !strings.Contains(err.Error(), "conv9") || !strings.Contains(err.Error(), "conv1") {
		t.Errorf("unknown layer: %v", err)
	}
	net := tiny(1, 6)
	net.Params()[1].Data[4] = float32(math.Inf(1)) // a bias of conv1
	_, err = Collect(context.Background(), activation.Stream([]*nn.Net{tiny(2, 6), net}, pictures("noise", 4), "conv1"))
	if err == nil || !strings.Contains(err.Error(), `layer "conv1": unit 4 of net 1`) {
		t.Errorf("a net of infinite bias: %v", err)
	}
}

func TestStatsShowThemselves(t *testing.T) {
	inTempCache(t)
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9)}
	dead := nets[0].Params()
	for w := 2; w < len(dead[0].Data); w += 6 {
		dead[0].Data[w] = 0 // unit 2 of conv1 is silent
	}
	stats, err := Collect(context.Background(), activation.Stream(nets, pictures("noise", 100), "conv1", "conv2"))
	if err != nil {
		t.Fatal(err)
	}
	want := `2 nets tiny, seeds 1, 2, untrained over noise: 100 pictures of 8×8×3; layers conv1, conv2
layer  units  samples  dead units
conv1    6 9    3,600         1 0
conv2  2 × 5      900       2 × 0`
	if got := stats.String(); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	b := stats.MIMEBundle()
	if b["text/plain"] != want || !strings.Contains(b["text/html"].(string), `<td style="text-align:left">conv1</td>`) {
		t.Errorf("bundle %v", b)
	}
	l := stats.Layer("conv1")
	if got := l.Dead(0); len(got) != 1 || got[0] != 2 {
		t.Errorf("dead units %v", got)
	}
	if b := l.MIMEBundle(); b["text/plain"] != l.String() || !strings.Contains(b["text/html"].(string), "conv1, 3,600 samples") {
		t.Errorf("bundle %v", b)
	}
}

func ExampleCollect() {
	dir, err := os.MkdirTemp("", "cache")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	old, had := os.LookupEnv("GONVERGE_CACHE")
	os.Setenv("GONVERGE_CACHE", dir)
	defer func() {
		if os.Setenv("GONVERGE_CACHE", old); !had {
			os.Unsetenv("GONVERGE_CACHE")
		}
	}()

	nets := []*nn.Net{tiny(1, 6), tiny(1, 6)} // twins
	acts := activation.Stream(nets, pictures("noise", 100), "conv1")
	stats, err := Collect(context.Background(), acts)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(stats)
	fmt.Println(stats.Layer("conv1").Between(0, 1).At(3, 3))
	// Output:
	// 2 nets tiny, seeds 1, 1, untrained over noise: 100 pictures of 8×8×3; layers conv1
	// layer  units  samples  dead units
	// conv1  2 × 6    3,600       2 × 0
	// 1
}

func BenchmarkCollect(b *testing.B) {
	if testing.Short() {
		b.Skip("needs some seconds")
	}
	nets := []*nn.Net{}
	for seed := range 4 {
		nets = append(nets, nn.New(nn.MiniAlexNet([3]int{32, 32, 3}, 10), uint64(seed+1)))
	}
	const n = 2000
	r := rand.New(rand.NewPCG(1, 1))
	pixels := make([]uint8, n*32*32*3)
	for i := range pixels {
		pixels[i] = uint8(r.UintN(256))
	}
	set, err := dataset.NewSet("noise", [3]int{32, 32, 3}, pixels, make([]int, n))
	if err != nil {
		b.Fatal(err)
	}
	src := activation.Stream(nets, set)
	for b.Loop() {
		if _, err := collect(context.Background(), src, &cache{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(b.Elapsed().Seconds()*1e3/float64(b.N)/n, "ms/picture")
}

package activation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/progress"

	"gonum.org/v1/gonum/mat"
)

// tiny is a net of two convolutions and two dense layers on 8×8×3 pictures.
func tiny(seed uint64, units int) *nn.Net {
	return nn.New(nn.Sequential("tiny", nn.Input{Shape: [3]int{8, 8, 3}},
		nn.Conv{Units: units, Kernel: 3},
		nn.MaxPool{Size: 2},
		nn.Conv{Units: 5, Kernel: 3, Pad: 1},
		nn.Dense{Units: 7},
		nn.Dense{Units: 4, Linear: true},
	), seed)
}

func pictures(n int) *dataset.Set { return picturesOf(n, [3]int{8, 8, 3}) }

func picturesOf(n int, shape [3]int) *dataset.Set {
	r := rand.New(rand.NewPCG(uint64(n), 9))
	pixels := make([]uint8, n*shape[0]*shape[1]*shape[2])
	for i := range pixels {
		pixels[i] = uint8(r.UintN(256))
	}
	s, err := dataset.NewSet("noise", shape, pixels, make([]int, n))
	if err != nil {
		panic(err)
	}
	return s
}

// gathered is everything a source yields: for each layer and net, all values.
func gathered(t *testing.T, s *Source) (values map[string][][]float32, blocks []int) {
	t.Helper()
	values = map[string][][]float32{}
	next := 0
	err := s.Each(context.Background(), func(b *Block) error {
		if b.First != next {
			t.Fatalf("block from picture %d, expected %d", b.First, next)
		}
		next += b.Pictures
		blocks = append(blocks, b.Pictures)
		for _, l := range b.Layers {
			if values[l.Name] == nil {
				values[l.Name] = make([][]float32, len(l.Values))
			}
			for i, v := range l.Values {
				if len(v) != l.Rows*l.Units[i] {
					t.Fatalf("%s, net %d: %d values for %d rows of %d units", l.Name, i, len(v), l.Rows, l.Units[i])
				}
				values[l.Name][i] = append(values[l.Name][i], v...)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return values, blocks
}

// direct are one net's activations of one layer, by an evaluator over the given pictures.
func direct(t *testing.T, net *nn.Net, set *dataset.Set, layer string, order []int) []float32 {
	t.Helper()
	e, err := net.Evaluator(1, layer)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	var out []float32
	for i := range set.Len() {
		if order != nil {
			i = order[i]
		}
		if err := e.Run([][]uint8{set.Picture(i)}); err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Activation(layer)...)
	}
	return out
}

func TestEachYieldsEveryActivationInOrder(t *testing.T) {
	nets := []*nn.Net{tiny(1, 6), tiny(2, 9), tiny(3, 6)}
	for _, n := range []int{1, 31, 32, 33, 75} { // below, at and above a block
		set := pictures(n)
		values, blocks := gathered(t, Stream(nets, set, "conv1", "fc3", "pool1"))
		if len(values) != 3 {
			t.Fatalf("layers %v", values)
		}
		for _, b := range blocks[:len(blocks)-1] {
			if b != blockPictures {
				t.Errorf("%d pictures: blocks of %v", n, blocks)
			}
		}
		for layer, of := range values {
			for i, got := range of {
				if want := direct(t, nets[i], set, layer, nil); !slices.Equal(got, want) {
					t.Errorf("%d pictures, %s, net %d: not what an evaluator gives", n, layer, i)
				}
			}
		}
	}
}

func TestWithoutNamesTheCommonReadableLayersAreStreamed(t *testing.T) {
	other := nn.New(nn.Sequential("other", nn.Input{Shape: [3]int{8, 8, 3}},
		nn.Conv{Units: 3, Kernel: 3}, nn.Dense{Name: "last", Units: 4, Linear: true}), 1)
	for _, c := range []struct {
		nets []*nn.Net
		want []string
	}{
		{[]*nn.Net{tiny(1, 4)}, []string{"conv1", "conv2", "fc3"}},
		{[]*nn.Net{tiny(1, 4), other}, []string{"conv1"}},
		{nil, nil},
	} {
		if got := Stream(c.nets, pictures(2)).Layers(); !slices.Equal(got, c.want) {
			t.Errorf("layers %v, want %v", got, c.want)
		}
	}
	if got := Stream(nil, pictures(2), "b", "a", "b").Layers(); !slices.Equal(got, []string{"b", "a"}) {
		t.Errorf("a layer named twice: %v", got)
	}
}

func TestShuffledGivesEachNetButTheFirstAnOrderOfItsOwn(t *testing.T) {
	nets := []*nn.Net{tiny(1, 6), tiny(1, 6), tiny(1, 6)}
	set := pictures(50)
	s := Stream(nets, set, "conv2").Shuffled(5)
	values, _ := gathered(t, s)
	plain := direct(t, nets[0], set, "conv2", nil)
	if !slices.Equal(values["conv2"][0], plain) {
		t.Error("net 0 lost its order")
	}
	for i := 1; i < 3; i++ {
		order := s.order(i)
		if slices.IsSorted(order) {
			t.Errorf("net %d keeps its order", i)
		}
		if !slices.Equal(values["conv2"][i], direct(t, nets[i], set, "conv2", order)) {
			t.Errorf("net %d does not follow its order", i)
		}
		sorted := slices.Sorted(slices.Values(order))
		for k, v := range sorted {
			if k != v {
				t.Fatalf("net %d: order is no permutation: %v", i, order)
			}
		}
	}
	if slices.Equal(s.order(1), s.order(2)) {
		t.Error("nets 1 and 2 share an order")
	}
	again, _ := gathered(t, Stream(nets, set, "conv2").Shuffled(5))
	if !reflect.DeepEqual(again, values) {
		t.Error("the same seed gave other values")
	}
}

func TestBlocksDoNotDependOnWorkers(t *testing.T) {
	nets := []*nn.Net{tiny(1, 6), tiny(2, 6)}
	set := pictures(150)
	var values []map[string][][]float32
	var blocks [][]int
	for _, workers := range []int{1, 4} {
		old := runtime.GOMAXPROCS(workers)
		v, b := gathered(t, Stream(nets, set))
		runtime.GOMAXPROCS(old)
		values, blocks = append(values, v), append(blocks, b)
	}
	if !reflect.DeepEqual(values[0], values[1]) || !slices.Equal(blocks[0], blocks[1]) {
		t.Error("one worker and four differ")
	}
}

func TestLargeNetsGetSmallBlocks(t *testing.T) {
	nets := []*nn.Net{tiny(1, 4)}
	p, err := Stream(nets, pictures(3)).plan()
	if err != nil || p.pictures != blockPictures {
		t.Fatalf("tiny: %v, %v", p, err)
	}
	large := nn.New(nn.Sequential("large", nn.Input{Shape: [3]int{128, 128, 1}},
		nn.Conv{Units: 64, Kernel: 1}, nn.Dense{Units: 2, Linear: true}), 1)
	set := picturesOf(1, [3]int{128, 128, 1})
	p, err = Stream([]*nn.Net{large, large}, set).plan()
	if err != nil {
		t.Fatal(err)
	}
	if want := blockValues / (2 * 128 * 128 * 64); p.pictures != want {
		t.Errorf("blocks of %d pictures, want %d", p.pictures, want)
	}
}

func TestFingerprintStandsForAllThatMatters(t *testing.T) {
	nets := []*nn.Net{tiny(1, 4), tiny(2, 4)}
	set := pictures(5)
	base := Stream(nets, set, "conv1")
	if got := Stream([]*nn.Net{tiny(1, 4), tiny(2, 4)}, pictures(5), "conv1").Fingerprint(); got != base.Fingerprint() {
		t.Error("equal sources differ")
	}
	seen := map[string]string{base.Fingerprint(): "base"}
	for name, s := range map[string]*Source{
		"net order":  Stream([]*nn.Net{nets[1], nets[0]}, set, "conv1"),
		"fewer nets": Stream(nets[:1], set, "conv1"),
		"other net":  Stream([]*nn.Net{nets[0], tiny(3, 4)}, set, "conv1"),
		"pictures":   Stream(nets, pictures(6), "conv1"),
		"layer":      Stream(nets, set, "conv2"),
		"layers":     Stream(nets, set, "conv1", "conv2"),
		"shuffled":   base.Shuffled(0),
		"shuffled 1": base.Shuffled(1),
	} {
		f := s.Fingerprint()
		if len(f) != 64 {
			t.Errorf("%s: fingerprint %q", name, f)
		}
		if twin, ok := seen[f]; ok {
			t.Errorf("%s has the fingerprint of %s", name, twin)
		}
		seen[f] = name
	}
	changed := nets[1].Clone()
	before := Stream([]*nn.Net{changed}, set).Fingerprint()
	changed.Params()[0].Data[0]++
	if Stream([]*nn.Net{changed}, set).Fingerprint() == before {
		t.Error("a changed parameter left the fingerprint")
	}
}

func TestWhatDoesNotFitIsAnError(t *testing.T) {
	nets := []*nn.Net{tiny(1, 4)}
	strided := nn.New(nn.Sequential("strided", nn.Input{Shape: [3]int{8, 8, 3}},
		nn.Conv{Units: 4, Kernel: 3, Stride: 2}, nn.Dense{Units: 4, Linear: true}), 1)
	empty, err := dataset.NewSet("nothing", [3]int{8, 8, 3}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	noCommon := nn.New(nn.Sequential("flat", nn.Input{Shape: [3]int{8, 8, 3}}, nn.Dense{Name: "only", Units: 4, Linear: true}), 1)
	for _, c := range []struct {
		name string
		s    *Source
		want []string
	}{
		{"unknown layer", Stream(nets, pictures(2), "conv9"), []string{"conv9", "conv1", "conv2", "fc3"}},
		{"shape", Stream(nets, picturesOf(2, [3]int{9, 8, 3})), []string{"net 0 (tiny)", "8×8×3", "9×8×3"}},
		{"positions", Stream([]*nn.Net{nets[0], strided}, pictures(2), "conv1"), []string{"6×6", "3×3", "net 1"}},
		{"no nets", Stream(nil, pictures(2)), []string{"no nets"}},
		{"no pictures", Stream(nets, empty), []string{"no pictures in nothing"}},
		{"nothing in common", Stream([]*nn.Net{nets[0], noCommon}, pictures(2)), []string{"no layer in common"}},
	} {
		err := c.s.Each(context.Background(), func(*Block) error { return nil })
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, w := range append(c.want, "activation: ") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q lacks %q", c.name, err, w)
			}
		}
	}
}

// A picture that turns out to be damaged when it is decoded is an error that names its file.
func TestADamagedPictureOnDemandIsNamed(t *testing.T) {
	dir := t.TempDir()
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 8, 8))); err != nil {
		t.Fatal(err)
	}
	for i := range 40 {
		content := b.Bytes()
		if i == 33 {
			content = content[:len(content)-20]
		}
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("%d.png", i)), content, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	data, err := dataset.Folder(context.Background(), dataset.FolderConfig{Dir: dir, Size: 8, OnDemand: true})
	if err != nil {
		t.Fatal(err)
	}
	err = Stream([]*nn.Net{tiny(1, 3), tiny(2, 3)}, data.Train, "conv1").Each(context.Background(), func(*Block) error { return nil })
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, "33.png")) || strings.Contains(err.Error(), "panic") {
		t.Errorf("got %v, want an error with 33.png", err)
	}
}

func TestNilNetsAndSetsPanic(t *testing.T) {
	for want, do := range map[string]func(){
		"activation: Stream: net 1 of 2 is nil": func() { Stream([]*nn.Net{tiny(1, 4), nil}, pictures(1)) },
		"activation: Stream: no set (nil)":      func() { Stream(nil, nil) },
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

func TestStoppingJoinsAllGoroutines(t *testing.T) {
	s := Stream([]*nn.Net{tiny(1, 6), tiny(2, 6)}, pictures(400))
	before := runtime.NumGoroutine()
	fault := errors.New("enough")
	calls := 0
	if err := s.Each(context.Background(), func(*Block) error { calls++; return fault }); err != fault || calls != 1 {
		t.Errorf("error %v after %d calls", err, calls)
	}
	ctx, cancel := context.WithCancel(context.Background())
	calls = 0
	err := s.Each(ctx, func(*Block) error { calls++; cancel(); return nil })
	if !errors.Is(err, context.Canceled) || calls != 1 {
		t.Errorf("cancelled: error %v after %d calls", err, calls)
	}
	if err := s.Each(ctx, func(*Block) error { t.Error("called"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled before: %v", err)
	}
	func() {
		defer func() {
			if p := recover(); p != "oh" {
				t.Errorf("panic %v", p)
			}
		}()
		_ = s.Each(context.Background(), func(*Block) error { panic("oh") })
	}()
	for range 100 {
		if runtime.NumGoroutine() <= before {
			return
		}
		time.Sleep(time.Millisecond)
	}
	t.Errorf("%d goroutines before, %d after", before, runtime.NumGoroutine())
}

// recorder keeps the events of bars.
type recorder struct{ events chan progress.Event }

func (r recorder) Report(e progress.Event) { r.events <- e }

func TestProgressCountsPictures(t *testing.T) {
	r := recorder{make(chan progress.Event, 1000)}
	ctx := progress.With(context.Background(), r)
	if err := Stream([]*nn.Net{tiny(1, 4)}, pictures(70)).Each(ctx, func(*Block) error { return nil }); err != nil {
		t.Fatal(err)
	}
	close(r.events)
	var last progress.Event
	for e := range r.events {
		last = e
	}
	if last.Label != "activations" || last.Total != 70 || last.Done != 70 || !last.Finished {
		t.Errorf("last event %+v", last)
	}
}

func TestStringSaysWhatIsStreamed(t *testing.T) {
	a, b, c := tiny(1, 4), tiny(2, 4), tiny(7, 4)
	c.Origin = "somewhere"
	c.History = []nn.Epoch{{Epoch: 1}}
	got := Stream([]*nn.Net{a, b, c}, pictures(3), "conv1", "fc3").Shuffled(4).String()
	want := "2 nets tiny, seeds 1, 2, untrained; tiny, seed 7 (somewhere) over noise: 3 pictures of 8×8×3; " +
		"layers conv1, fc3; pictures shuffled with seed 4"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func ExampleStream() {
	arch := nn.Sequential("tiny", nn.Input{Shape: [3]int{4, 4, 1}},
		nn.Conv{Units: 3, Kernel: 3}, nn.Dense{Units: 2, Linear: true})
	set, err := dataset.NewSet("squares", [3]int{4, 4, 1}, make([]uint8, 5*16), make([]int, 5))
	if err != nil {
		fmt.Println(err)
		return
	}
	acts := Stream([]*nn.Net{nn.New(arch, 1), nn.New(arch, 2)}, set, "conv1")
	fmt.Println(acts)
	err = acts.Each(context.Background(), func(b *Block) error {
		conv1 := b.Layers[0]
		fmt.Println(b.Pictures, "pictures,", conv1.Rows, "rows,", conv1.Units, "units")
		return nil
	})
	fmt.Println(err)
	// Output:
	// 2 nets tiny, seeds 1, 2, untrained over squares: 5 pictures of 4×4×1; layers conv1
	// 5 pictures, 20 rows, [3 3] units
	// <nil>
}

func TestUntrainedIsHowTheNetsBegan(t *testing.T) {
	arch := nn.Sequential("small", nn.Input{Shape: [3]int{8, 8, 3}}, nn.Conv{Units: 4, Kernel: 3}, nn.Dense{Units: 2, Linear: true})
	set, err := dataset.NewSet("two", [3]int{8, 8, 3}, make([]uint8, 2*8*8*3), make([]int, 2))
	if err != nil {
		t.Fatal(err)
	}
	trained, stranger := nn.New(arch, 5), nn.New(arch, 9)
	trained.History = []nn.Epoch{{Epoch: 1}}
	trained.Params()[0].Data[0]++
	stranger.Origin = "a file"
	src := Stream([]*nn.Net{trained, stranger}, set, "conv1").Range(0, 1)
	got := src.Untrained()
	for i, seed := range []uint64{5, 2} {
		if n := got.Nets()[i]; n.Fingerprint() != nn.New(arch, seed).Fingerprint() || n.Seed != seed {
			t.Errorf("net %d is %v, want that of seed %d", i, n, seed)
		}
	}
	if got.First() != src.First() || got.Pictures() != 1 || len(got.Layers()) != 1 {
		t.Errorf("%v", got)
	}
	if Arrays("x", 1, mat.NewDense(2, 1, nil)).Untrained() != nil {
		t.Error("arrays have untrained nets")
	}
}

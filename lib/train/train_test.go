package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"gonverge/lib/dataset"
	"gonverge/lib/internal/contexttest"
	"gonverge/lib/nn"
	"gonverge/lib/progress"
	"gonverge/lib/store"
)

// tinySet returns n pictures of 12×12×3 in four classes: stripes across or down,
// fine or coarse, each with its own phase and noise.
func tinySet(t testing.TB, n int) *dataset.Set {
	t.Helper()
	draw := rand.New(rand.NewPCG(7, 7))
	pixels := make([]uint8, 0, n*12*12*3)
	labels := make([]int, n)
	for i := range labels {
		labels[i] = i % 4
		period, phase := 3+3*(i%4/2), draw.IntN(6)
		for y := range 12 {
			for x := range 12 {
				along := y
				if i%2 == 1 {
					along = x
				}
				for range 3 {
					v := 60 + draw.IntN(40)
					if (along+phase)%period < period/2 {
						v += 100
					}
					pixels = append(pixels, uint8(v))
				}
			}
		}
	}
	set, err := dataset.NewSet("tiny", [3]int{12, 12, 3}, pixels, labels)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func tinyArch() *nn.Arch {
	return nn.Sequential("tiny net", nn.Input{Shape: [3]int{12, 12, 3}, Scale: 4, MeanOfImage: true},
		nn.Conv{Units: 8, Kernel: 5},
		nn.MaxPool{Size: 3, Stride: 2},
		nn.Conv{Units: 8, Kernel: 3, Pad: 1},
		nn.MaxPool{Size: 3, Stride: 2},
		nn.Dense{Units: 4, Scale: 0.2, Linear: true},
	)
}

func tinyRecipe() Recipe {
	return Recipe{Epochs: 4, Batch: 8, LR: 0.02, Shift: 1, Layers: map[string]LayerRecipe{"conv1": {Start: 0.5, LR: 2, Decay: 4}}}
}

// freshCache gives the test a cache of its own and returns it.
func freshCache(t testing.TB) *store.Store {
	t.Helper()
	t.Setenv("GONVERGE_CACHE", t.TempDir())
	cache, err := store.Default()
	if err != nil {
		t.Fatal(err)
	}
	return cache
}

func mustTrain(t testing.TB, r Recipe, set *dataset.Set, seeds ...uint64) []*nn.Net {
	t.Helper()
	nets, err := r.Ensemble(context.Background(), tinyArch(), set, seeds...)
	if err != nil {
		t.Fatal(err)
	}
	return nets
}

// encoded returns all that a net is, for comparison bit by bit.
func encoded(t testing.TB, net *nn.Net) []byte {
	t.Helper()
	b, err := nn.Encode(net)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// recorder keeps events, and may do something at each.
type recorder struct {
	mu     sync.Mutex
	events []progress.Event
	at     func(progress.Event)
}

func (r *recorder) Report(e progress.Event) {
	r.mu.Lock()
	r.events = append(r.events, e)
	r.mu.Unlock()
	if r.at != nil {
		r.at(e)
	}
}

func (r *recorder) finished() (notes []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, e := range r.events {
		if e.Finished {
			notes = append(notes, e.Label+": "+e.Note)
		}
	}
	return notes
}

func TestLossFallsAndHistoryTellsIt(t *testing.T) {
	freshCache(t)
	r := tinyRecipe()
	r.Epochs = 12
	net := mustTrain(t, r, tinySet(t, 64), 1)[0]
	if len(net.History) != 12 {
		t.Fatalf("history has %d epochs, want 12", len(net.History))
	}
	first, last := net.History[0], net.History[11]
	if first.Epoch != 1 || last.Epoch != 12 {
		t.Errorf("epochs are numbered %d..%d, want 1..12", first.Epoch, last.Epoch)
	}
	// Guessing among four classes costs ln 4 = 1.386.
	if !(first.Loss > 0.9 && last.Loss < 0.3 && last.Accuracy > 0.9) {
		t.Errorf("loss %.3f to %.3f, accuracy at the end %.3f; want from near 1.386 to under 0.3, over 0.9", first.Loss, last.Loss, last.Accuracy)
	}
	if net.Seed != 1 || !strings.Contains(net.Origin, "tiny") {
		t.Errorf("net says seed %d, origin %q", net.Seed, net.Origin)
	}
}

func TestSameBitsForAnyNumberOfCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	set := tinySet(t, 64)
	var want [][]byte
	for _, cores := range []int{1, 2, 3} {
		runtime.GOMAXPROCS(cores)
		freshCache(t)
		nets := mustTrain(t, tinyRecipe(), set, 1, 2, 3)
		for i, net := range nets {
			if cores == 1 {
				want = append(want, encoded(t, net))
			} else if !bytes.Equal(encoded(t, net), want[i]) {
				t.Errorf("net %d trained on %d cores differs from the one trained on one", i, cores)
			}
		}
	}
	// One net on three cores: each step is shared out.
	freshCache(t)
	if net := mustTrain(t, tinyRecipe(), set, 2)[0]; !bytes.Equal(encoded(t, net), want[1]) {
		t.Error("one net trained on three cores differs from the one trained on one")
	}
	if bytes.Equal(want[0], want[1]) {
		t.Error("seeds 1 and 2 gave the same net")
	}
}

// testRun is the run that Ensemble would make for one seed.
func testRun(t testing.TB, cache *store.Store, r Recipe, set *dataset.Set, seed uint64) *run {
	t.Helper()
	f := r.filled()
	arch, err := f.start(tinyArch())
	if err != nil {
		t.Fatal(err)
	}
	return newRun(f, arch, set, seed, cache)
}

func TestResumeGivesTheSameBits(t *testing.T) {
	set := tinySet(t, 70) // six pictures are left over each epoch
	ctx := context.Background()
	freshCache(t)
	want := encoded(t, mustTrain(t, tinyRecipe(), set, 5)[0])
	total := tinyRecipe().Steps(70)
	tests := []struct {
		name string
		stop int  // the step after which the run ends
		kill bool // without a last checkpoint, as kill -9 does
	}{
		{"cancelled at the first step", 1, false},
		{"cancelled inside an epoch", 13, false},
		{"cancelled at an epoch's end", 16, false},
		{"cancelled before the last step", total - 1, false},
		{"killed before any checkpoint", 3, true},
		{"killed inside an epoch", 21, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cache := freshCache(t)
			r := testRun(t, cache, tinyRecipe(), set, 5)
			r.every = time.Hour // only epochs' ends
			stopped, stop := context.WithCancel(ctx)
			r.afterStep = func(step int) {
				if step == test.stop {
					if test.kill {
						r.cache = nil
					}
					stop()
				}
			}
			if err := r.guarded(stopped); !errors.Is(err, context.Canceled) {
				t.Fatalf("stopped run returned %v", err)
			}
			if _, err := cache.Get(kindCheckpoint, r.key); err != nil && test.stop > 8 {
				t.Errorf("no checkpoint: %v", err)
			}
			again := testRun(t, cache, tinyRecipe(), set, 5)
			if err := again.guarded(ctx); err != nil {
				t.Fatal(err)
			}
			again.done.Origin = "" // Ensemble names recipe and pictures
			if got := encoded(t, again.done); !bytes.Equal(got, withoutOrigin(t, want)) {
				t.Error("the resumed net differs from the one trained straight")
			}
			if _, err := os.Stat(cache.Path(kindCheckpoint, r.key)); err == nil {
				t.Error("the checkpoint of a finished net stays")
			}
		})
	}
}

// TestResumeAfterAnEndWithinAStep: the context can end while a batch is loaded, between the layers of a
// step or behind it; what goes on from there has the same bits. Running statistics change within a step.
func TestResumeAfterAnEndWithinAStep(t *testing.T) {
	set := tinySet(t, 70)
	r := tinyRecipe()
	r.Epochs = 4
	f := r.filled()
	arch, err := f.start(nn.Sequential("tiny net", nn.Input{Shape: [3]int{12, 12, 3}, Scale: 4},
		nn.Conv{Units: 8, Kernel: 5, Linear: true}, nn.BatchNorm{ReLU: true}, nn.MaxPool{Size: 3, Stride: 2}, nn.Dropout{Rate: 0.3}, nn.Dense{Units: 4, Scale: 0.2, Linear: true}))
	if err != nil {
		t.Fatal(err)
	}
	straight := newRun(f, arch, set, 5, freshCache(t))
	if err := straight.guarded(t.Context()); err != nil {
		t.Fatal(err)
	}
	want := encoded(t, straight.done)
	cache := freshCache(t)
	ends := 0
	for {
		// Enough to come a step further each time, and to end at other places of it.
		ending := contexttest.Within(t.Context(), int64(150+29*ends%200))
		part := newRun(f, arch, set, 5, cache)
		part.every = time.Hour
		err := part.guarded(ending)
		if err == nil {
			if got := encoded(t, part.done); !bytes.Equal(got, want) {
				t.Error("the net that was interrupted within steps differs from the one trained straight")
			}
			break
		}
		if err != context.Canceled {
			t.Fatalf("interruption %d: %v", ends, err)
		}
		if ends++; ends > 200 {
			t.Fatal("interrupted trainings come no further")
		}
	}
	if ends < 5 {
		t.Errorf("interrupted %d times, want 5 or more: too few to say anything", ends)
	}
}

func withoutOrigin(t testing.TB, b []byte) []byte {
	t.Helper()
	net, err := nn.Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	net.Origin = ""
	return encoded(t, net)
}

func TestCheckpointEveryInterval(t *testing.T) {
	cache := freshCache(t)
	r := testRun(t, cache, tinyRecipe(), tinySet(t, 64), 1)
	r.every = 0
	r.afterStep = func(step int) {
		if step != 5 {
			return
		}
		if _, err := cache.Get(kindCheckpoint, r.key); err != nil {
			t.Errorf("no checkpoint after step 5 inside an epoch: %v", err)
		}
	}
	if err := r.guarded(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestCancelledEnsembleReturnsFinishedNets(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1)) // nets one after the other
	freshCache(t)
	set := tinySet(t, 64)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	finished := 0
	rec := &recorder{}
	rec.at = func(e progress.Event) {
		if e.Finished {
			if finished++; finished == 2 {
				cancel()
			}
		}
	}
	nets, err := tinyRecipe().Ensemble(progress.With(ctx, rec), tinyArch(), set, 1, 2, 3, 4)
	if err != context.Canceled {
		t.Errorf("error is %v, want context.Canceled itself", err)
	}
	if len(nets) != 2 || nets[0].Seed != 1 || nets[1].Seed != 2 {
		t.Fatalf("cancelled after two nets, got %d", len(nets))
	}
	begun := time.Now()
	nets, err = tinyRecipe().Ensemble(ctx, tinyArch(), set, 1, 2, 3, 4)
	if len(nets) != 0 || err != context.Canceled || time.Since(begun) > time.Second {
		t.Errorf("a cancelled context gave %d nets, %v after %v", len(nets), err, time.Since(begun))
	}
}

func TestTrainedNetsAreFoundAgain(t *testing.T) {
	freshCache(t)
	set := tinySet(t, 64)
	want := mustTrain(t, tinyRecipe(), set, 1, 2)
	rec := &recorder{}
	ctx := progress.With(context.Background(), rec)
	named := tinyRecipe()
	named.Name, named.Momentum = "mine", 0.9 // a name and a default written out are the same recipe
	got, err := named.Ensemble(ctx, tinyArch(), set, 2, 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	for i, w := range []*nn.Net{want[1], want[0], want[1]} {
		if got[i].Fingerprint() != w.Fingerprint() || len(got[i].History) != len(w.History) {
			t.Errorf("net %d from the cache differs", i)
		}
	}
	if got[0] == got[2] {
		t.Error("the same seed twice gave one net twice, want a copy")
	}
	notes := rec.finished()
	if len(notes) != 2 || !strings.Contains(notes[0], "from the cache") {
		t.Errorf("bars ended with %q, want two from the cache", notes)
	}
	other := tinyRecipe()
	other.Decay = 2e-3
	if n := mustTrain(t, other, set, 1)[0]; n.Fingerprint() == want[0].Fingerprint() {
		t.Error("another decay found the same net")
	}
}

func TestProgressNamesNetEpochAndLoss(t *testing.T) {
	freshCache(t)
	rec := &recorder{}
	_, err := tinyRecipe().Ensemble(progress.With(context.Background(), rec), tinyArch(), tinySet(t, 64), 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	last := rec.events[len(rec.events)-1]
	if last.Total != 32 || last.Done != 32 || !strings.Contains(last.Note, "epoch 4, loss ") || !strings.Contains(last.Note, "training accuracy") {
		t.Errorf("last event is %+v", last)
	}
	if l := rec.events[0].Label; l != "net 1 of 2" && l != "net 2 of 2" {
		t.Errorf("first bar is %q", l)
	}
}

func TestCorruptCheckpointIsKeptAsideAndSaid(t *testing.T) {
	set := tinySet(t, 64)
	freshCache(t)
	want := mustTrain(t, tinyRecipe(), set, 1)[0].Fingerprint()
	tests := []struct {
		name   string
		damage func(t *testing.T, cache *store.Store, key string)
	}{
		{"a flipped bit", func(t *testing.T, cache *store.Store, key string) {
			path := cache.Path(kindCheckpoint, key)
			b, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			b[len(b)/2] ^= 4
			if err := os.WriteFile(path, b, 0o666); err != nil {
				t.Fatal(err)
			}
		}},
		{"cut off", func(t *testing.T, cache *store.Store, key string) {
			if err := os.Truncate(cache.Path(kindCheckpoint, key), 700); err != nil {
				t.Fatal(err)
			}
		}},
		{"of another kind", func(t *testing.T, cache *store.Store, key string) {
			if err := cache.Put(kindCheckpoint, key, []byte("something else entirely")); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			cache := freshCache(t)
			rec := &recorder{}
			ctx, cancel := context.WithCancel(progress.With(context.Background(), rec))
			r := testRun(t, cache, tinyRecipe(), set, 1)
			r.afterStep = func(step int) {
				if step == 12 {
					cancel()
				}
			}
			if err := r.guarded(ctx); !errors.Is(err, context.Canceled) {
				t.Fatal(err)
			}
			test.damage(t, cache, r.key)
			again := testRun(t, cache, tinyRecipe(), set, 1)
			if err := again.guarded(progress.With(context.Background(), rec)); err != nil {
				t.Fatal(err)
			}
			if again.done.Fingerprint() != want {
				t.Error("the net differs from one trained straight")
			}
			notes := rec.finished()
			if n := notes[len(notes)-1]; !strings.Contains(n, "began again") || !strings.Contains(n, ".corrupt") {
				t.Errorf("progress ended with %q", n)
			}
			if kept, _ := filepath.Glob(cache.Path(kindCheckpoint, r.key) + "*.corrupt"); len(kept) != 1 {
				t.Errorf("kept aside: %v", kept)
			}
		})
	}
}

func TestCorruptNetIsTrainedAgain(t *testing.T) {
	freshCache(t)
	cache, err := store.Default()
	if err != nil {
		t.Fatal(err)
	}
	set := tinySet(t, 64)
	want := mustTrain(t, tinyRecipe(), set, 1)[0].Fingerprint()
	key := testRun(t, cache, tinyRecipe(), set, 1).key
	if err := cache.Put(kindNet, key, []byte("no net")); err != nil {
		t.Fatal(err)
	}
	if got := mustTrain(t, tinyRecipe(), set, 1)[0].Fingerprint(); got != want {
		t.Error("trained again, the net differs")
	}
	if got := mustTrain(t, tinyRecipe(), set, 1)[0].Fingerprint(); got != want {
		t.Error("the net was not kept again")
	}
}

func TestTrainsWithoutAWritableCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv("GONVERGE_CACHE", filepath.Join(file, "cache")) // below a file: cannot be made
	rec := &recorder{}
	nets, err := tinyRecipe().Ensemble(progress.With(context.Background(), rec), tinyArch(), tinySet(t, 64), 1)
	if err != nil || len(nets) != 1 {
		t.Fatalf("%d nets, %v", len(nets), err)
	}
	if notes := rec.finished(); !strings.Contains(notes[0], "could not be kept") {
		t.Errorf("progress ended with %q", notes)
	}
}

func TestDivergenceSaysWhere(t *testing.T) {
	cache := freshCache(t)
	set := tinySet(t, 64)
	r := tinyRecipe()
	r.LR, r.Clip, r.Decay = 1e6, -1, -1
	nets, err := r.Ensemble(context.Background(), tinyArch(), set, 3)
	if err == nil || len(nets) != 0 {
		t.Fatalf("learning rate 1e6 gave %d nets and no error", len(nets))
	}
	for _, want := range []string{"seed 3", "diverged", "epoch 1", "step ", "of 32", "learning rate", "smaller"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error lacks %q: %v", want, err)
		}
	}
	if _, err := cache.Get(kindCheckpoint, testRun(t, cache, r, set, 3).key); err == nil {
		t.Error("a diverged training left a checkpoint")
	}
}

// No loss follows the last update.
func TestALastUpdateThatGoesTooFarIsADivergence(t *testing.T) {
	freshCache(t)
	set := tinySet(t, 64)
	for _, lr := range []float64{1e30, 1e39} {
		r := Recipe{Epochs: 1, Batch: 64, LR: lr, Clip: -1}
		nets, err := r.Ensemble(context.Background(), tinyArch(), set, 3)
		if err == nil || len(nets) != 0 {
			t.Errorf("learning rate %v gave %d nets and no error", lr, len(nets))
			continue
		}
		for _, want := range []string{"seed 3", "diverged", "epoch 1, step 1 of 1", "learning rate", "weights of layer"} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("error lacks %q: %v", want, err)
			}
		}
	}
}

// A picture, a class, a batch of one: small, but no mistakes.
func TestTheSmallestTrainings(t *testing.T) {
	freshCache(t)
	for name, c := range map[string]struct {
		pictures, batch, classes int
	}{"one picture": {1, 1, 4}, "one class": {8, 4, 1}} {
		set, err := dataset.NewSet("small", [3]int{12, 12, 3}, make([]uint8, c.pictures*12*12*3), make([]int, c.pictures))
		if err != nil {
			t.Fatal(err)
		}
		arch := nn.Sequential("small", nn.Input{Shape: [3]int{12, 12, 3}}, nn.Conv{Units: 16, Kernel: 3, Pad: 1}, nn.Dense{Units: c.classes, Linear: true})
		nets, err := Recipe{Epochs: 3, Batch: c.batch, LR: 0.1}.Ensemble(context.Background(), arch, set, 1)
		if err != nil || len(nets) != 1 || len(nets[0].History) != 3 {
			t.Errorf("%s: %v, %v", name, nets, err)
			continue
		}
		if h := nets[0].History; c.classes == 1 && h[2] != (nn.Epoch{Epoch: 3, Loss: 0, Accuracy: 1}) || !finite(h[2].Loss) {
			t.Errorf("%s: history %v", name, h)
		}
	}
}

// Each byte of a small checkpoint in turn: whatever is damaged, nothing of it is used.
func TestEveryDamagedByteOfACheckpointIsNoticed(t *testing.T) {
	cache := freshCache(t)
	s := &state{Step: 3, LossSum: 1.5, params: [][]float32{{1, 2}, {3}}, velocity: [][]float32{{4, 5}, {6}}, History: []nn.Epoch{{Epoch: 1, Loss: 2, Accuracy: 0.5}}}
	data, err := s.encode()
	if err != nil {
		t.Fatal(err)
	}
	if err := cache.Put(kindCheckpoint, "small", data); err != nil {
		t.Fatal(err)
	}
	path := cache.Path(kindCheckpoint, "small")
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	load := func(b []byte) (*state, error) {
		if err := os.WriteFile(path, b, 0o666); err != nil {
			t.Fatal(err)
		}
		got := &state{params: [][]float32{{0, 0}, {0}}, velocity: [][]float32{{0, 0}, {0}}}
		return got, cache.Load(kindCheckpoint, "small", func(b []byte) error { return got.decode(b, 10) })
	}
	if got, err := load(file); err != nil || got.Step != 3 {
		t.Fatalf("whole: step %d, %v", got.Step, err)
	}
	for i := range file {
		for _, flip := range []byte{1, 0x80, 0xff} {
			b := bytes.Clone(file)
			b[i] ^= flip
			if got, err := load(b); err == nil || got.Step != 0 {
				t.Errorf("byte %d of %d, flipped by %#x: step %d, %v", i, len(file), flip, got.Step, err)
			}
		}
	}
	for n := range file {
		if _, err := load(file[:n]); err == nil {
			t.Errorf("cut off after %d of %d bytes: no error", n, len(file))
		}
	}
}

func TestUntrainedIsWhereEnsembleStarts(t *testing.T) {
	nets := tinyRecipe().Untrained(tinyArch(), 1, 2)
	own := nn.New(tinyArch(), 1)
	if len(nets) != 2 || nets[1].Seed != 2 || len(nets[0].History) != 0 {
		t.Fatalf("got %v", nets)
	}
	dev := func(n *nn.Net, layer string) float64 {
		for _, p := range n.Params() {
			if p.Layer == layer && p.Name == "weight" {
				return length(p.Data) / math.Sqrt(float64(len(p.Data)))
			}
		}
		return math.NaN()
	}
	// conv1 has no scale of its own, the recipe says 0.5; fc3 keeps the architecture's.
	if got := dev(nets[0], "conv1") / dev(own, "conv1"); math.Abs(got-0.5) > 1e-6 {
		t.Errorf("conv1 starts at %g of the architecture's deviation, want 0.5", got)
	}
	if got := dev(nets[0], "fc3") / dev(own, "fc3"); math.Abs(got-1) > 1e-6 {
		t.Errorf("fc3 starts at %g of the architecture's deviation, want 1", got)
	}
}

package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"strings"
	"testing"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// The keys of nets that people have: fields that were added since must not change them.
func TestKeysOfKeptNetsStay(t *testing.T) {
	shape := [3]int{32, 32, 3}
	set, err := dataset.NewSet("black", shape, make([]uint8, 64*32*32*3), make([]int, 64))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name   string
		recipe Recipe
		want   string
	}{
		{"defaults", Recipe{}, "f8daf520226dc9a5eaf52f2f8a1238514fdd0b24ac7e67dc82629b5c82f8bfed"},
		{"cosine by name", Recipe{Schedule: Cosine}, "f8daf520226dc9a5eaf52f2f8a1238514fdd0b24ac7e67dc82629b5c82f8bfed"},
		{"leaves", Leaves(), "23bc0ce33565ed1770c6ae477067dd11d1b85544346b779de68c86db6095e38a"},
		{"cifar10", CIFAR10(), "b9041c8f9e9b3db551b22d1e1565e8946537d67125e82d43954ce05c733687af"},
		{"smoke", Smoke(), "b5ef5fd8668cba48d0116d4b6d785f56944cba6bb1226b0938d5f07728ebd4ca"},
		{"terms off", Recipe{Momentum: -1, Warmup: -1, Clip: -1, Decay: -1, NoFlip: true, Layers: map[string]LayerRecipe{"conv1": {LR: -1}}},
			"1ab24eeb6ec90e878a75a791d7dc356f3cd3d27a1e571c656548c8498b913e86"},
	} {
		f := c.recipe.filled()
		arch, err := f.start(nn.MiniAlexNet(shape, 10))
		if err != nil {
			t.Fatal(err)
		}
		if got := newRun(f, arch, set, 1, nil).key; got != c.want {
			t.Errorf("%s: key %s, was %s", c.name, got, c.want)
		}
	}
}

func TestRateOfOtherSchedules(t *testing.T) {
	drops := Recipe{Epochs: 10, LR: 1, Warmup: -1, Schedule: Step, Drops: []int{4, 8}}
	half := drops
	half.Drop, half.Warmup = 0.5, 0.1
	cycle := Recipe{LR: 0.2, Schedule: OneCycle}
	quarter := Recipe{LR: 0.2, Schedule: OneCycle, Warmup: 0.25}
	for _, c := range []struct {
		name        string
		recipe      Recipe
		step, total int
		want        float64
	}{
		{"before the first drop", drops, 39, 100, 1},
		{"first drop", drops, 40, 100, 0.1},
		{"before the second", drops, 79, 100, 0.1},
		{"second drop", drops, 80, 100, 0.01},
		{"drop by half, in the warm-up", half, 4, 100, 0.5},
		{"drop by half", half, 99, 100, 0.25},
		{"constant, in the warm-up", Recipe{LR: 1, Schedule: Constant}, 1, 100, 0.4},
		{"constant, last", Recipe{LR: 1, Schedule: Constant}, 99, 100, 1},
		// torch.optim.lr_scheduler.OneCycleLR(max_lr=0.2, total_steps, pct_start), PyTorch 1.13
		{"one cycle, 0", cycle, 0, 100, 0.008000000000000007},
		{"one cycle, 1", cycle, 1, 100, 0.008562756113181497},
		{"one cycle, 10", cycle, 10, 100, 0.059032789692820165},
		{"one cycle, top", cycle, 29, 100, 0.2},
		{"one cycle, after", cycle, 30, 100, 0.19989930705690487},
		{"one cycle, 50", cycle, 50, 100, 0.1587786901151464},
		{"one cycle, 98", cycle, 98, 100, 0.0001014929430951576},
		{"one cycle, last", cycle, 99, 100, 8e-07},
		{"one cycle of a quarter", quarter, 100, 1000, 0.07479551848516225},
		{"one cycle of a quarter, down", quarter, 500, 1000, 0.14963700399232754},
		{"one cycle of seven steps", cycle, 1, 7, 0.19611132546699175},
		{"one cycle of seven steps, 5", cycle, 5, 7, 0.01985935837865312},
		{"one cycle of a step", cycle, 0, 1, 0.2},
	} {
		// Formulas in float64; the schedule's own rounding differs from PyTorch's in the last digits.
		if got := c.recipe.Rate(c.step, c.total); !(math.Abs(got-c.want) <= 1e-12) {
			t.Errorf("%s: got %.16g, want %.16g", c.name, got, c.want)
		}
	}
	for total := 1; total < 12; total++ {
		for step := range total {
			if lr := cycle.Rate(step, total); !(lr > 0 && lr <= 0.2) {
				t.Errorf("one cycle, step %d of %d: %v", step, total, lr)
			}
		}
	}
}

func TestOptionsThatCannotBeAreNamed(t *testing.T) {
	freshCache(t)
	larger, err := dataset.NewSet("larger", [3]int{14, 13, 3}, make([]uint8, 8*14*13*3), make([]int, 8))
	if err != nil {
		t.Fatal(err)
	}
	grey, err := dataset.NewSet("grey", [3]int{14, 14, 1}, make([]uint8, 8*14*14), make([]int, 8))
	if err != nil {
		t.Fatal(err)
	}
	good := tinySet(t, 64)
	for _, c := range []struct {
		name   string
		recipe Recipe
		set    *dataset.Set
		want   []string
	}{
		{"schedule", Recipe{Schedule: "linear"}, good, []string{`"linear"`, `"cosine"`, `"step"`, `"onecycle"`, `"constant"`}},
		{"no drops", Recipe{Schedule: Step}, good, []string{"Drops"}},
		{"drops fall", Recipe{Schedule: Step, Drops: []int{3, 2}}, good, []string{"Drops", "[3 2]", "1..7"}},
		{"drop at the end", Recipe{Schedule: Step, Drops: []int{8}}, good, []string{"Drops", "[8]", "1..7"}},
		{"drop up", Recipe{Schedule: Step, Drops: []int{2}, Drop: 2}, good, []string{"Drop is 2"}},
		{"drops of a cosine", Recipe{Drops: []int{2}}, good, []string{"Drops", `"step" only`}},
		{"beta2 without Adam", Recipe{Beta2: 0.9}, good, []string{"Beta2", "Adam only"}},
		{"beta2", Recipe{Adam: true, Beta2: 1}, good, []string{"Beta2 is 1"}},
		{"crop not asked for", Recipe{Batch: 8}, larger, []string{"larger", "14×13×3", "12×12×3"}},
		{"crop of other channels", Recipe{Batch: 8, Crop: true}, grey, []string{"14×14×1", "12×12×3"}},
	} {
		_, err := c.recipe.Ensemble(context.Background(), tinyArch(), c.set, 1)
		if err == nil {
			t.Errorf("%s: no error", c.name)
			continue
		}
		for _, want := range c.want {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error lacks %q: %v", c.name, want, err)
			}
		}
	}
}

func TestOptionsPrintThemselves(t *testing.T) {
	r := Recipe{Epochs: 9, LR: 0.001, Schedule: Step, Drops: []int{3, 6}, Adam: true, Crop: true}
	for _, want := range []string{"0.001, times 0.1 after epochs [3 6]", "Adam, second moment 0.999", "crops"} {
		if !strings.Contains(r.String(), want) {
			t.Errorf("lacks %q:\n%s", want, r)
		}
	}
	if s := (Recipe{Schedule: OneCycle}).String(); !strings.Contains(s, "one cycle, 0.0004 to 0.01 to 4e-08") || !strings.Contains(s, "first 30 %") {
		t.Errorf("got\n%s", s)
	}
}

// Adam's second moments are part of a checkpoint.
func TestAdamResumesToTheSameBits(t *testing.T) {
	r := Recipe{Epochs: 3, Batch: 8, LR: 0.003, Adam: true, Schedule: OneCycle, Shift: 1}
	set := tinySet(t, 64)
	freshCache(t)
	want := mustTrain(t, r, set, 1)[0]
	if h := want.History; !(h[2].Loss < h[0].Loss) {
		t.Errorf("the loss does not fall: %v", h)
	}
	cache := freshCache(t)
	f := r.filled()
	arch, err := f.start(tinyArch())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	job := newRun(f, arch, set, 1, cache)
	job.afterStep = func(step int) {
		if step == 13 {
			cancel()
		}
	}
	if err := job.guarded(ctx); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	got := mustTrain(t, r, set, 1)[0]
	got.Origin = want.Origin
	if !bytes.Equal(encoded(t, got), encoded(t, want)) {
		t.Error("a resumed training with Adam has other bits")
	}
}

func TestCropsAreWindowsOfThePicture(t *testing.T) {
	// A picture whose pixels say where they are.
	const h, w = 9, 12
	pixels := make([]uint8, h*w)
	for i := range pixels {
		pixels[i] = uint8(i)
	}
	set, err := dataset.NewSet("places", [3]int{h, w, 1}, pixels, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	arch := nn.Sequential("small", nn.Input{Shape: [3]int{7, 8, 1}, Scale: 255}, nn.Dense{Units: 2, Linear: true})
	b := newBatcher(arch, set, Recipe{Batch: 1, NoFlip: true, Crop: true}.filled(), 3)
	const n = 6000
	seen := map[[2]int]int{}
	for step := range n {
		if err := b.load(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		first := int(math.Round(float64(b.x[0])))
		y, x := first/w, first%w
		seen[[2]int{y, x}]++
		for i := range 7 {
			for j := range 8 {
				if got, want := b.x[i*8+j], float32((y+i)*w+x+j); math.Abs(float64(got-want)) > 1e-3 {
					t.Fatalf("step %d: (%d, %d) is %v, want %v", step, i, j, got, want)
				}
			}
		}
	}
	if len(seen) != 3*5 {
		t.Errorf("%d places, want 15: %v", len(seen), seen)
	}
	for place, count := range seen {
		// five deviations of a count of n draws of probability 1/15
		if p := 1. / 15; math.Abs(float64(count)-n*p) > 5*math.Sqrt(n*p*(1-p)) {
			t.Errorf("%v: %d of %d", place, count, n)
		}
	}
}

func TestCroppedPicturesTrain(t *testing.T) {
	freshCache(t)
	arch := nn.Sequential("cropped", nn.Input{Shape: [3]int{10, 10, 3}, Scale: 4, MeanOfImage: true}, nn.Conv{Units: 8, Kernel: 5}, nn.Dense{Units: 4, Linear: true})
	set := tinySet(t, 64)
	nets, err := Recipe{Epochs: 4, Batch: 8, LR: 0.02, Crop: true}.Ensemble(context.Background(), arch, set, 1)
	if err != nil {
		t.Fatal(err)
	}
	if h := nets[0].History; !(h[3].Loss < h[0].Loss) {
		t.Errorf("the loss does not fall: %v", h)
	}
	if _, err := nn.Accuracy(context.Background(), nets, set.Middle(10, 10)); err != nil {
		t.Error(err)
	}
}

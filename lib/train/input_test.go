package train

import (
	"context"
	"math"
	"strings"
	"testing"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

func TestBadInputIsNamed(t *testing.T) {
	freshCache(t)
	good := tinySet(t, 64)
	pixels := make([]uint8, 40*12*12*3)
	labels := make([]int, 40)
	labels[17] = 4
	outside, err := dataset.NewSet("mine", [3]int{12, 12, 3}, pixels, labels)
	if err != nil {
		t.Fatal(err)
	}
	larger, err := dataset.NewSet("mine", [3]int{6, 24, 3}, pixels, make([]int, 40))
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name   string
		recipe Recipe
		set    *dataset.Set
		seeds  []uint64
		want   []string
	}{
		{"label", Recipe{}, outside, []uint64{1}, []string{"picture 17", "mine", "label 4", "0..3", "tiny net"}},
		{"shape", Recipe{}, larger, []uint64{1}, []string{"mine", "6×24×3", "tiny net", "12×12×3"}},
		{"too few", Recipe{Batch: 65}, good, []uint64{1}, []string{"tiny", "64 pictures", "batch of 65"}},
		{"no set", Recipe{}, nil, []uint64{1}, []string{"no pictures"}},
		{"no seeds", Recipe{}, good, nil, []string{"no seeds"}},
		{"unknown layer", Recipe{Layers: map[string]LayerRecipe{"conv9": {LR: 2}}}, good, []uint64{1}, []string{`"conv9"`, "conv1, conv2, fc3"}},
		{"epochs", Recipe{Epochs: -1}, good, []uint64{1}, []string{"Epochs", "-1"}},
		{"learning rate", Recipe{LR: -0.1}, good, []uint64{1}, []string{"LR", "-0.1"}},
		{"momentum", Recipe{Momentum: 1}, good, []uint64{1}, []string{"Momentum"}},
		{"momentum not a number", Recipe{Momentum: math.NaN()}, good, []uint64{1}, []string{"Momentum"}},
		{"warm-up", Recipe{Warmup: 1}, good, []uint64{1}, []string{"Warmup"}},
		{"shift", Recipe{Shift: -1}, good, []uint64{1}, []string{"Shift"}},
		{"start", Recipe{Layers: map[string]LayerRecipe{"conv1": {Start: -1}}}, good, []uint64{1}, []string{`Layers["conv1"].Start`}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			nets, err := test.recipe.Ensemble(context.Background(), tinyArch(), test.set, test.seeds...)
			if err == nil {
				t.Fatalf("no error, %d nets", len(nets))
			}
			for _, want := range test.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error lacks %q: %v", want, err)
				}
			}
		})
	}
}

func TestRateFollowsWarmUpAndCosine(t *testing.T) {
	tests := []struct {
		name        string
		recipe      Recipe
		step, total int
		want        float64
	}{
		// 3,000 steps, 150 of warm-up: the default on leaves.
		{"first step", Leaves(), 0, 3000, 0.01 / 150},
		{"middle of warm-up", Leaves(), 74, 3000, 0.005},
		{"last of warm-up", Leaves(), 149, 3000, 0.01},
		{"first of the cosine", Leaves(), 150, 3000, 0.01},
		{"half of the cosine", Leaves(), 1575, 3000, 0.005},
		{"a quarter", Leaves(), 150 + 950, 3000, 0.0075}, // a third of 2,850: cos 60°
		{"last step", Leaves(), 2999, 3000, 0.01 * 0.5 * (1 - math.Cos(math.Pi/2850))},
		{"recipe A, half", CIFAR10(), 5740, 10934, 0.02 * 0.5 * (1 + math.Cos(math.Pi*(5740-546.7)/(10934-546.7)))},
		{"no warm-up", Recipe{LR: 1, Warmup: -1}, 0, 10, 1},
		{"warm-up shorter than a step", Recipe{LR: 1, Warmup: 0.05}, 0, 10, 1},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			// The formulas are in float64; 1e-12 allows for the order of operations.
			if got := test.recipe.Rate(test.step, test.total); math.Abs(got-test.want) > 1e-12 {
				t.Errorf("Rate(%d, %d) = %.15g, want %.15g", test.step, test.total, got, test.want)
			}
		})
	}
}

func TestOrderIsAPermutationOfItsOwnEachEpochAndSeed(t *testing.T) {
	seen := map[string]bool{}
	for _, seed := range []uint64{1, 2, 3} {
		for epoch := range 3 {
			p := make([]int, 100)
			order(p, seed, epoch)
			var key strings.Builder
			found := make([]bool, 100)
			for _, v := range p {
				found[v] = true
				key.WriteByte(byte(v))
			}
			for v, ok := range found {
				if !ok {
					t.Fatalf("seed %d, epoch %d: %d is missing", seed, epoch, v)
				}
			}
			if seen[key.String()] {
				t.Errorf("seed %d, epoch %d repeats an order", seed, epoch)
			}
			seen[key.String()] = true
		}
	}
}

// The draws are part of every kept net: a change of these numbers needs a new
// version in ensemble.go.
func TestDrawsAreThoseOfVersion1(t *testing.T) {
	p := make([]int, 10)
	order(p, 1, 0)
	src := source(1, streamAugment, 0)
	got := [6]int{p[0], p[1], p[2], below(src, 1000), below(src, 1000), below(src, 1000)}
	want := [6]int{1, 6, 3, 211, 423, 779}
	if got != want {
		t.Errorf("draws are %v, were %v", got, want)
	}
}

func TestMoveMirrorsAndShifts(t *testing.T) {
	shape := [3]int{2, 3, 2}
	src := []float32{1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6}
	tests := []struct {
		name   string
		flip   bool
		dy, dx int
		want   []float32
	}{
		{"nothing", false, 0, 0, src},
		{"mirrored", true, 0, 0, []float32{3, -3, 2, -2, 1, -1, 6, -6, 5, -5, 4, -4}},
		{"down", false, 1, 0, []float32{0, 0, 0, 0, 0, 0, 1, -1, 2, -2, 3, -3}},
		{"up", false, -1, 0, []float32{4, -4, 5, -5, 6, -6, 0, 0, 0, 0, 0, 0}},
		{"right", false, 0, 1, []float32{0, 0, 1, -1, 2, -2, 0, 0, 4, -4, 5, -5}},
		{"left", false, 0, -2, []float32{3, -3, 0, 0, 0, 0, 6, -6, 0, 0, 0, 0}},
		{"mirrored, right and up", true, -1, 1, []float32{0, 0, 6, -6, 5, -5, 0, 0, 0, 0, 0, 0}},
		{"mirrored, left", true, 0, -1, []float32{2, -2, 1, -1, 0, 0, 5, -5, 4, -4, 0, 0}},
		{"out of view", false, 0, 5, make([]float32, 12)},
		{"out of view to the left", true, 0, -3, make([]float32, 12)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dst := make([]float32, 12)
			for i := range dst {
				dst[i] = 99 // what was there must not show
			}
			move(dst, src, shape, test.flip, test.dy, test.dx)
			for i := range dst {
				if dst[i] != test.want[i] {
					t.Fatalf("got %v, want %v", dst, test.want)
				}
			}
		})
	}
}

func TestBatchDependsOnTheStepAlone(t *testing.T) {
	set, arch := tinySet(t, 70), tinyArch()
	f := tinyRecipe().filled()
	straight, direct := newBatcher(arch, set, f, 1), newBatcher(arch, set, f, 1)
	for step := range 20 {
		straight.load(t.Context(), step)
	}
	direct.load(t.Context(), 19)
	for i := range direct.x {
		if direct.x[i] != straight.x[i] {
			t.Fatal("step 19 loaded alone differs from step 19 after 0..18")
		}
	}
	used := map[int]int{}
	for _, p := range straight.perm[:64] {
		used[p]++
	}
	if len(used) != 64 {
		t.Errorf("an epoch shows %d different pictures in 64 places", len(used))
	}
}

func TestFlipsAndShiftsAreAsOftenAsTheyShould(t *testing.T) {
	// A picture with one bright pixel tells where it went.
	pixels := make([]uint8, 11*11)
	pixels[5*11+4] = 255
	set, err := dataset.NewSet("dot", [3]int{11, 11, 1}, pixels, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	arch := nn.Sequential("dot", nn.Input{Shape: [3]int{11, 11, 1}}, nn.Dense{Units: 2, Linear: true})
	b := newBatcher(arch, set, Recipe{Batch: 1, Shift: 2}.filled(), 3)
	const n = 20000
	rows, columns := map[int]int{}, map[int]int{}
	for step := range n {
		if err := b.load(t.Context(), step); err != nil {
			t.Fatal(err)
		}
		for i, v := range b.x {
			if v != 0 {
				rows[i/11-5]++
				columns[i%11]++
			}
		}
	}
	// Deviation of a count of n draws of probability p: √(n p (1−p)); five of them.
	near := func(what string, got int, p float64) {
		if tol := 5 * math.Sqrt(n*p*(1-p)); math.Abs(float64(got)-n*p) > tol {
			t.Errorf("%s: %d of %d, want %g ± %.0f", what, got, n, n*p, tol)
		}
	}
	for dy := -2; dy <= 2; dy++ {
		near("rows", rows[dy], 0.2)
	}
	// Column 4 + dx, or mirrored 6 + dx.
	for x, p := range map[int]float64{2: .1, 3: .1, 4: .2, 5: .2, 6: .2, 7: .1, 8: .1} {
		near("columns", columns[x], p)
	}
}

func TestFactorsAndDecayAreForWeightsOnly(t *testing.T) {
	params := nn.New(tinyArch(), 1).Params()
	r := Recipe{Momentum: 0.5, Decay: 0.1, Clip: -1, Layers: map[string]LayerRecipe{"conv1": {LR: 2, Decay: 4}, "conv2": {LR: -1, Decay: -1}}}
	rule := newStepper(r.filled(), params).at(0.01)
	want := map[string][2]float64{
		"conv1.weight": {0.02, 0.4}, "conv1.bias": {0.01, 0},
		"conv2.weight": {0, 0}, "conv2.bias": {0.01, 0},
		"fc3.weight": {0.01, 0.1}, "fc3.bias": {0.01, 0},
	}
	if rule.Momentum != 0.5 || rule.Clip != 0 || len(params) != len(want) {
		t.Errorf("momentum %g, clip %g, %d parameters", rule.Momentum, rule.Clip, len(params))
	}
	for i, p := range params {
		name := p.Layer + "." + p.Name
		if got := [2]float64{rule.LR[i], rule.Decay[i]}; got != want[name] {
			t.Errorf("%s has learning rate and decay %v, want %v", name, got, want[name])
		}
	}
}

func TestUpdateFollowsTheRecipesFormula(t *testing.T) {
	net := nn.New(tinyArch(), 1)
	trainer, err := net.Trainer(8)
	if err != nil {
		t.Fatal(err)
	}
	defer trainer.Close()
	r := Recipe{Batch: 8, Momentum: 0.5, Decay: 0.1, Clip: 0.05, Layers: map[string]LayerRecipe{"conv1": {LR: 2, Decay: 4}}}.filled()
	batch, step := newBatcher(net.Arch, tinySet(t, 64), r, 1), newStepper(r, net.Params())
	old := net.Clone().Params()
	velocity := make([][]float64, len(old))
	for i := range velocity {
		velocity[i] = make([]float64, len(old[i].Data))
	}
	for s := range 2 {
		if err := batch.load(t.Context(), s); err != nil {
			t.Fatal(err)
		}
		if _, _, err := trainer.Step(batch.x, batch.labels); err != nil {
			t.Fatal(err)
		}
		sum := 0.0
		grads := make([][]float64, len(old))
		for i, g := range trainer.Grads() {
			for _, v := range g.Data {
				grads[i] = append(grads[i], float64(v))
				sum += float64(v) * float64(v)
			}
		}
		if math.Sqrt(sum) < 0.05 {
			t.Fatalf("gradient of %g is not clipped at 0.05", math.Sqrt(sum))
		}
		rule := step.at(0.01)
		norm, err := trainer.Update(rule)
		if err != nil || math.Abs(norm-math.Sqrt(sum)) > 1e-5*norm {
			t.Fatalf("norm %g, want %g; %v", norm, math.Sqrt(sum), err)
		}
		for i, p := range net.Params() {
			for j, got := range p.Data {
				w := float64(old[i].Data[j])
				velocity[i][j] = 0.5*velocity[i][j] - rule.LR[i]*(grads[i][j]*0.05/norm+rule.Decay[i]*w)
				if want := w + velocity[i][j]; math.Abs(float64(got)-want) > 1e-6 { // float32 of numbers near 1
					t.Fatalf("step %d: %s %s[%d] = %g, want %g", s, p.Layer, p.Name, j, got, want)
				}
			}
		}
		old = net.Clone().Params()
	}
}

func TestSteepestNamesALayer(t *testing.T) {
	nan := float32(math.NaN())
	tests := []struct {
		name  string
		grads []nn.Param
		want  string
	}{
		{"finite", []nn.Param{{Layer: "conv1", Data: []float32{3, 4}}, {Layer: "fc2", Data: []float32{1}}}, `longest gradient, 5, is that of layer "conv1"`},
		{"not a number", []nn.Param{{Layer: "conv1", Data: []float32{nan}}, {Layer: "fc2", Data: []float32{nan}}, {Layer: "fc3", Data: []float32{1}}}, `gradient of layer "fc2" is not finite`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := steepest(test.grads); !strings.Contains(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestRecipePrintsItself(t *testing.T) {
	bundle := Leaves().MIMEBundle()
	for _, kind := range []string{"text/plain", "text/html"} {
		text, ok := bundle[kind].(string)
		for _, want := range []string{"recipe leaves", "batch", "conv1", "start 0.1 × He, learning rate × 2, decay × 4", "at most 5"} {
			if !ok || !strings.Contains(text, want) {
				t.Errorf("%s lacks %q:\n%s", kind, want, text)
			}
		}
	}
	if text := CIFAR10().String(); !strings.Contains(text, "gradient norm  none") || !strings.Contains(text, "−2..2 pixels") {
		t.Errorf("recipe prints\n%s", text)
	}
}

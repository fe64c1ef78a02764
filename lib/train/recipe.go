package train

import (
	"fmt"
	"html"
	"sort"
	"strings"
)

// Recipe says how a net is trained: stochastic gradient descent with momentum, or
// Adam, on the mean softmax cross-entropy. The zero value is a usable recipe; a field left
// 0 has the default named beside it, a negative number switches the term off
// where that makes sense.
//
// One step on the batch's mean gradient g, at learning rate lr(step) (see Rate):
//
//	g ← g · min(1, Clip/‖g‖)                       ‖·‖ over all parameters together
//	v ← Momentum·v − lr·f_LR·(g + Decay·f_Decay·w)   weights
//	v ← Momentum·v − lr·g                            biases: no decay, no factors
//	w ← w + v
//
// or, with Adam, at step t = 1, 2, ... (Kingma and Ba, ICLR 2015; decay and factors as
// above, the decay as part of the gradient):
//
//	m ← Momentum·m + (1−Momentum)·g                m̂ = m/(1−Momentumᵗ)
//	v ← Beta2·v + (1−Beta2)·g²                      v̂ = v/(1−Beta2ᵗ)
//	w ← w − lr·m̂/(√v̂ + 1e-8)
type Recipe struct {
	// Name is for people; it changes nothing that is computed.
	Name string `json:"-"`

	// Epochs is the number of passes over the set. Default 8.
	Epochs int
	// Batch is the number of pictures in a step. Default 32. The pictures left over
	// at an epoch's end, fewer than a batch, wait for another epoch's order.
	Batch int
	// LR is the largest learning rate, reached when the warm-up ends. Default 0.01.
	LR float64
	// Momentum is the share of the last step's change that is kept, in [0, 1).
	// Default 0.9; negative: none.
	Momentum float64
	// Decay is the weight decay (L2 penalty's gradient factor) of weights; biases
	// have none. Default 1e-3; negative: none.
	Decay float64
	// Warmup is the share of all steps, in [0, 1), over which the learning rate
	// rises linearly from 0. Default 0.05; negative: none. With OneCycle it is the
	// share of the rise; default then 0.3.
	Warmup float64
	// Clip is the largest Euclidean norm of the gradient of all parameters taken
	// together; a longer gradient is shortened to it. Default 5; negative: none.
	Clip float64
	// NoFlip switches off the mirroring of half of the pictures, left to right.
	NoFlip bool
	// Shift is how far, in pixels, each picture may be moved, drawn uniformly from
	// −Shift..Shift in x and in y for each picture and epoch; what comes into view
	// is 0 after input preparation, the picture's mean. Default 0: none.
	Shift int
	// Layers holds what differs for single layers, by layer name.
	Layers map[string]LayerRecipe

	// What follows has been added since nets were first kept. Left 0, it does not
	// enter the key of a net.

	// Schedule is the course of the learning rate: Cosine (also ""), Step, OneCycle
	// or Constant; see Rate.
	Schedule Schedule `json:",omitempty"`
	// Drops are the epochs, counted from 1, after which the schedule Step multiplies
	// the learning rate by Drop.
	Drops []int `json:",omitempty"`
	// Drop is the factor of each of Drops. Default 0.1.
	Drop float64 `json:",omitempty"`
	// Adam replaces momentum's step by Adam's. Its usual LR is 0.001; LR's default
	// does not change with it.
	Adam bool `json:",omitempty"`
	// Beta2 is the share of Adam's mean square that is kept, in (0, 1). Default 0.999.
	Beta2 float64 `json:",omitempty"`
	// Crop cuts from pictures that are larger than the architecture's input a window
	// of its size, at a place drawn uniformly for each picture and epoch. Without it
	// such pictures are an error. (dataset.Set.Middle cuts those to validate with.)
	Crop bool `json:",omitempty"`
}

// Schedule is a course of the learning rate over the steps.
type Schedule string

// The courses; see [Recipe.Rate].
const (
	Cosine   Schedule = "cosine"   // the default: a warm-up, then half a cosine to 0
	Step     Schedule = "step"     // a warm-up, then LR, a tenth of it after each of Drops
	OneCycle Schedule = "onecycle" // up and down by half cosines
	Constant Schedule = "constant" // a warm-up, then LR
)

// LayerRecipe is what a recipe does differently for one layer's weights. Its
// biases follow the recipe.
type LayerRecipe struct {
	// Start is the standard deviation of the initial weights as a factor on He's
	// √(2/fan-in). It REPLACES the Scale that the architecture gives this layer;
	// 0 leaves the architecture's.
	Start float64
	// LR is a factor on the learning rate. 0 means 1; negative freezes the weights.
	LR float64
	// Decay is a factor on the weight decay. 0 means 1; negative: none.
	Decay float64
}

// Leaves returns the recipe for the generated set leaves (12,000 pictures) and
// MiniAlexNet: 8 epochs in batches of 32 at 0.01. conv1 starts at a tenth of He
// and learns faster and under more decay, which leaves no noise in its filters;
// conv2 starts at three times He, which makes up for the slow start.
func Leaves() Recipe {
	return Recipe{
		Name: "leaves", Epochs: 8, Batch: 32, LR: 0.01, Momentum: 0.9, Decay: 1e-3, Warmup: 0.05, Clip: 5,
		Layers: map[string]LayerRecipe{
			"conv1": {Start: 0.1, LR: 2, Decay: 4},
			"conv2": {Start: 3},
		},
	}
}

// CIFAR10 returns the recipe for the 50,000 pictures of CIFAR-10 and
// MiniAlexNet: 14 epochs in batches of 64 at 0.02, with pictures moved by up to
// two pixels and no clipping.
func CIFAR10() Recipe {
	return Recipe{
		Name: "cifar10", Epochs: 14, Batch: 64, LR: 0.02, Momentum: 0.9, Decay: 1e-3, Warmup: 0.05, Clip: -1, Shift: 2,
		Layers: map[string]LayerRecipe{
			"conv1": {Start: 0.3},
			"conv2": {Start: 1},
			"fc8":   {Start: 0.5},
		},
	}
}

// Smoke returns the recipe for a trial of everything in seconds, on the first
// 2,000 pictures with SmallAlexNet: 5 epochs in batches of 16, otherwise as Leaves.
func Smoke() Recipe {
	r := Leaves()
	r.Name, r.Epochs, r.Batch = "smoke", 5, 16
	return r
}

// settings is a recipe with its defaults written out and the switched-off terms at
// 0: the form that is printed, that is trained with, and that decides under which
// key a net is kept. It is a type of its own because a 0 means something else.
type settings Recipe

func (r Recipe) filled() settings {
	if r.Epochs == 0 {
		r.Epochs = 8
	}
	if r.Batch == 0 {
		r.Batch = 32
	}
	if r.LR == 0 {
		r.LR = 0.01
	}
	r.Momentum = orDefault(r.Momentum, 0.9)
	r.Decay = orDefault(r.Decay, 1e-3)
	if r.Schedule == OneCycle {
		r.Warmup = orDefault(r.Warmup, 0.3)
	} else {
		r.Warmup = orDefault(r.Warmup, 0.05)
	}
	if r.Schedule == Cosine {
		r.Schedule = "" // the same recipe, the same key
	}
	if r.Schedule == Step && r.Drop == 0 {
		r.Drop = 0.1
	}
	if r.Adam && r.Beta2 == 0 {
		r.Beta2 = 0.999
	}
	r.Clip = orDefault(r.Clip, 5)
	layers := make(map[string]LayerRecipe, len(r.Layers))
	for name, l := range r.Layers {
		l.LR = orDefault(l.LR, 1)
		l.Decay = orDefault(l.Decay, 1)
		layers[name] = l
	}
	r.Layers = layers
	return settings(r)
}

// orDefault returns def for 0, 0 for a negative number, and any other as it is.
func orDefault(x, def float64) float64 {
	switch {
	case x == 0:
		return def
	case x < 0:
		return 0
	}
	return x
}

// check says what cannot be trained with.
func (r settings) check() error {
	bad := func(field string, value any, valid string) error {
		return fmt.Errorf("train: recipe %s is %v (valid: %s)", field, value, valid)
	}
	switch {
	case r.Epochs < 1:
		return bad("Epochs", r.Epochs, "1 or more")
	case r.Batch < 1:
		return bad("Batch", r.Batch, "1 or more")
	case !finite(r.LR) || r.LR <= 0:
		return bad("LR", r.LR, "finite, above 0")
	case !(r.Momentum < 1):
		return bad("Momentum", r.Momentum, "below 1; negative: none")
	case !finite(r.Decay):
		return bad("Decay", r.Decay, "finite; negative: none")
	case !(r.Warmup < 1):
		return bad("Warmup", r.Warmup, "below 1; negative: none")
	case !finite(r.Clip):
		return bad("Clip", r.Clip, "finite; negative: none")
	case r.Shift < 0:
		return bad("Shift", r.Shift, "0 or more")
	}
	if err := r.checkSchedule(); err != nil {
		return err
	}
	switch {
	case r.Adam && !(r.Beta2 > 0 && r.Beta2 < 1):
		return bad("Beta2", r.Beta2, "above 0, below 1")
	case !r.Adam && r.Beta2 != 0:
		return bad("Beta2", r.Beta2, "with Adam only")
	}
	for _, name := range r.layerNames() {
		l := r.Layers[name]
		switch {
		case !finite(l.Start) || l.Start < 0:
			return bad(fmt.Sprintf("Layers[%q].Start", name), l.Start, "finite, 0 or more")
		case !finite(l.LR):
			return bad(fmt.Sprintf("Layers[%q].LR", name), l.LR, "finite")
		case !finite(l.Decay):
			return bad(fmt.Sprintf("Layers[%q].Decay", name), l.Decay, "finite")
		}
	}
	return nil
}

// layerNames returns the names in Layers, sorted.
func (r settings) layerNames() []string {
	names := make([]string, 0, len(r.Layers))
	for name := range r.Layers {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// rows returns what the recipe says, defaults included, as setting and value.
func (r Recipe) rows() [][2]string {
	f := r.filled()
	off := func(x float64, text string) string {
		if x == 0 {
			return "none"
		}
		return text
	}
	flips, shifts := "half of the pictures", "none"
	if f.NoFlip {
		flips = "none"
	}
	if f.Shift > 0 {
		shifts = fmt.Sprintf("−%d..%d pixels, each picture its own", f.Shift, f.Shift)
	}
	rows := [][2]string{
		{"epochs", fmt.Sprint(f.Epochs)},
		{"batch", fmt.Sprint(f.Batch)},
		{"learning rate", f.course()},
		{"warm-up", off(f.Warmup, fmt.Sprintf("first %g %% of the steps", 100*f.Warmup))},
		{"momentum", off(f.Momentum, fmt.Sprintf("%g", f.Momentum))},
		{"weight decay", off(f.Decay, fmt.Sprintf("%g, biases 0", f.Decay))},
		{"gradient norm", off(f.Clip, fmt.Sprintf("at most %g", f.Clip))},
		{"flips", flips},
		{"shifts", shifts},
	}
	if f.Adam {
		rows = append(rows, [2]string{"solver", fmt.Sprintf("Adam, second moment %g", f.Beta2)})
	}
	if f.Crop {
		rows = append(rows, [2]string{"crops", "of the input's size, each picture its own place"})
	}
	for _, name := range f.layerNames() {
		l := f.Layers[name]
		var parts []string
		if l.Start != 0 {
			parts = append(parts, fmt.Sprintf("start %g × He", l.Start))
		}
		if l.LR != 1 {
			parts = append(parts, fmt.Sprintf("learning rate × %g", l.LR))
		}
		if l.Decay != 1 {
			parts = append(parts, fmt.Sprintf("decay × %g", l.Decay))
		}
		if len(parts) == 0 {
			parts = []string{"as the rest"}
		}
		rows = append(rows, [2]string{name, strings.Join(parts, ", ")})
	}
	return rows
}

// String returns the recipe as a table, defaults written out.
func (r Recipe) String() string {
	var b strings.Builder
	b.WriteString(r.title())
	b.WriteByte('\n')
	rows := r.rows()
	width := 0
	for _, row := range rows {
		width = max(width, len([]rune(row[0])))
	}
	for _, row := range rows {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, row[0], row[1])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// MIMEBundle returns the recipe as text and as an HTML table.
func (r Recipe) MIMEBundle() map[string]any {
	var b strings.Builder
	fmt.Fprintf(&b, "<table><caption>%s</caption>\n", html.EscapeString(r.title()))
	for _, row := range r.rows() {
		fmt.Fprintf(&b, "<tr><th style=\"text-align:left\">%s</th><td style=\"text-align:left\">%s</td></tr>\n", html.EscapeString(row[0]), html.EscapeString(row[1]))
	}
	b.WriteString("</table>")
	return map[string]any{"text/plain": r.String(), "text/html": b.String()}
}

func (r Recipe) title() string {
	if r.Name == "" {
		return "recipe"
	}
	return "recipe " + r.Name
}

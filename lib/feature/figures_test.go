package feature

import (
	"context"
	"errors"
	"fmt"
	"image"
	"math"
	"reflect"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/nn"
)

// layerOf has means and correlations that the test chose.
type layerOf struct {
	name    string
	means   [][]float64
	between map[[2]int]*mat.Dense
}

func (l layerOf) Name() string                { return l.name }
func (l layerOf) Nets() int                   { return len(l.means) }
func (l layerOf) Mean(net int) []float64      { return l.means[net] }
func (l layerOf) Between(a, b int) *mat.Dense { return l.between[[2]int{a, b}] }

func twoNets(t *testing.T) *Units {
	t.Helper()
	return collect(t, activation.Stream([]*nn.Net{small(1), small(2)}, noise(30, [3]int{12, 11, 3}, 8)), 9)
}

func TestPairsAreTheBestAndTheWorst(t *testing.T) {
	u := twoNets(t)
	m := &align.Matching{Partner: []int{3, 1, 1, 0, -1}, Score: []float64{0.5, -0.25, 0.999, 0.1, 0}}
	for _, c := range []struct {
		columns  int
		captions []string
		rows     []int // units of net 0
		heads    []string
		groups   []int
	}{
		{2, []string{"1.00", "0.50", "0.10", "−0.25"}, []int{2, 0, 3, 1}, []string{"best 2", "worst 2"}, []int{2, 2}},
		{3, []string{"1.00", "0.50", "0.10", "−0.25"}, []int{2, 0, 3, 1}, []string{"best 3", "worst 1"}, []int{3, 1}},
		{0, []string{"1.00", "0.50", "0.10", "−0.25"}, []int{2, 0, 3, 1}, []string{"best 4"}, []int{4}},
		{1, []string{"1.00", "−0.25"}, []int{2, 1}, []string{"best 1", "worst 1"}, []int{1, 1}},
	} {
		got, err := u.pairTable(ctx, "conv2", 0, 1, m, View{Columns: c.columns, Patches: 4, Deconv: true})
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Captions[0], c.captions) || !reflect.DeepEqual(got.Heads, c.heads) || !reflect.DeepEqual(got.Groups, c.groups) {
			t.Errorf("%d columns: %q under %q in %v", c.columns, got.Captions, got.Heads, got.Groups)
		}
		for i, unit := range c.rows {
			for row, w := range []who{{0, unit}, {1, m.Partner[unit]}} {
				d, err := u.project(ctx, "conv2", w.net, w.unit, nn.Deconvolution, 4)
				if err != nil {
					t.Fatal(err)
				}
				if !samePicture(got.Rows[row][i], stack(u.Patches("conv2", w.net, w.unit).Montage(4), d.Montage(4))) {
					t.Errorf("%d columns: row %d, column %d is not unit %d of net %d", c.columns, row, i, w.unit, w.net)
				}
			}
		}
	}
	f, err := u.Pairs(ctx, "conv2", 0, 1, m, View{})
	if err != nil || !strings.Contains(f.String(), "8 pictures") {
		t.Errorf("%v, %v", f, err)
	}
	if _, err := u.Pairs(ctx, "conv2", 0, 1, &align.Matching{Partner: []int{-1, -1, -1, -1, -1}, Score: make([]float64, 5)}, View{}); err == nil {
		t.Error("a matching without pairs is no error")
	}
}

func TestActiveUnitsComeInOrderWithoutTheDead(t *testing.T) {
	net := small(1)
	for _, p := range net.Params() {
		if p.Layer == "conv2" && p.Name == "bias" {
			p.Data[1] = -1e6
		}
	}
	u := collect(t, activation.Stream([]*nn.Net{net, small(2)}, noise(30, [3]int{12, 11, 3}, 8), "conv2"), 9)
	means := layerOf{name: "conv2", means: [][]float64{{2, 0, 7.25, 0.004, 1}, {1, 2, 3, 4, 4}}}
	for _, c := range []struct {
		least bool
		want  [][]string
		first []int
	}{
		{false, [][]string{{"7.2", "2.0", "1.0"}, {"4.0", "4.0", "3.0"}}, []int{2, 3}},
		{true, [][]string{{"2.0", "1.0", "0.004"}, {"3.0", "2.0", "1.0"}}, []int{0, 2}},
	} {
		got, err := u.active(ctx, "units of ", means, View{Columns: 3, Patches: 1}, c.least)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got.Captions, c.want) || !reflect.DeepEqual(got.RowLabels, []string{"Net1 (1 dead)", "Net2"}) {
			t.Errorf("least %v: %q beside %q", c.least, got.Captions, got.RowLabels)
		}
		for net, unit := range c.first {
			if !samePicture(got.Rows[net][0], u.Patches("conv2", net, unit).Images[0]) {
				t.Errorf("least %v: net %d does not begin with unit %d", c.least, net, unit)
			}
		}
	}
}

func TestPredictorsAreTheHeaviest(t *testing.T) {
	u := twoNets(t)
	w := mat.NewDense(5, 5, nil)
	w.SetCol(1, []float64{0.2, -0.5, 0, 0.1, 0.2})
	w.SetCol(4, []float64{0, 0, 0.3, 0, 0})
	got, err := u.predictorTable(ctx, "conv2", 0, 1, w, []int{1, 4, 0}, View{Guided: true})
	if err != nil {
		t.Fatal(err)
	}
	want := [][]string{{"unit 1", "1: −0.50", "0: 0.20", "4: 0.20"}, {"unit 4", "2: 0.30", "", ""}, {"unit 0", "", "", ""}}
	if !reflect.DeepEqual(got.Captions, want) || !reflect.DeepEqual(got.Groups, []int{1, 3}) {
		t.Errorf("%q", got.Captions)
	}
	for r, row := range got.Rows {
		for c, m := range row {
			if (m == nil) != (want[r][c] == "") {
				t.Errorf("row %d, column %d: picture %v under %q", r, c, m != nil, want[r][c])
			}
		}
	}
	if f, err := u.Predictors(ctx, "conv2", 0, 1, w, []int{1}, View{}); err != nil || f == nil {
		t.Error(err)
	}
}

func TestPageShowsAUnitAndItsPartners(t *testing.T) {
	u := twoNets(t)
	between := mat.NewDense(4, 4, nil)
	between.SetRow(2, []float64{0.1, 0.9, -0.4, 0.9})
	c := layerOf{name: "conv1", means: make([][]float64, 2), between: map[[2]int]*mat.Dense{{0, 1}: between}}
	p, err := u.Page(ctx, c, 0, 2)
	if err != nil {
		t.Fatal(err)
	}
	if want := [][]Partner{nil, {{1, 1, 0.9}, {1, 3, 0.9}, {1, 0, 0.1}}}; !reflect.DeepEqual(p.Partners, want) {
		t.Errorf("%v, want %v", p.Partners, want)
	}
	text := p.String()
	for _, want := range []string{"conv1 sees 3×3 pixels", "conv1, unit 2 of Net1", "partners in Net2: unit 1 (0.90), 3 (0.90), 0 (0.10)", "maximised: activation"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page does not say %q:\n%s", want, text)
		}
	}
	b := p.MIMEBundle()
	if b["text/plain"] != text || len(b["image/png"].([]byte)) == 0 || p.Filter == nil {
		t.Error("the page does not show itself")
	}
	// A constant unit correlates with nothing.
	p, err = u.Page(ctx, c, 0, 1)
	if err != nil || !strings.Contains(p.String(), "partners in Net2: none") {
		t.Errorf("%v, %v", p, err)
	}
}

// One filter on grey pictures: what excites it most within 0..255 is white where it is positive
// and black where it is negative.
func TestMaximiseReachesTheKnownBest(t *testing.T) {
	a := nn.Sequential("one", nn.Input{Shape: [3]int{6, 6, 1}}, nn.Conv{Units: 2, Kernel: 3, Pad: 1}, nn.Dense{Name: "end", Units: 2, Linear: true})
	net := nn.New(a, 3)
	m, err := Maximise(ctx, net, "conv1", 1, Ascent{Seed: 5, Rate: 30, Decay: -1, Blur: -1})
	if err != nil {
		t.Fatal(err)
	}
	w, _ := weights(net, "conv1")
	for i := range 9 {
		want := uint8(0)
		if w.Data[i*2+1] > 0 {
			want = 255
		}
		if got := m.Image.(*image.NRGBA).NRGBAAt(i%3, i/3).R; got != want {
			t.Errorf("pixel %d: %d, want %d", i, got, want)
		}
	}
	if m.Row != 3 || m.Column != 3 || m.Whole.(*image.NRGBA).NRGBAAt(0, 0) != background {
		t.Errorf("%v: beside the field it is not grey", m)
	}
}

func TestMaximiseClimbsAndRepeats(t *testing.T) {
	a := nn.Sequential("deep", nn.Input{Shape: [3]int{16, 16, 3}, Scale: 4, MeanOfImage: true},
		nn.Conv{Units: 6, Kernel: 5}, nn.MaxPool{Size: 3, Stride: 2}, nn.Conv{Units: 6, Kernel: 3, Pad: 1}, nn.Dense{Units: 5}, nn.Dense{Name: "end", Units: 2, Linear: true})
	net := nn.New(a, 2)
	set := noise(200, [3]int{16, 16, 3}, 1)
	u := collect(t, activation.Stream([]*nn.Net{net}, set), 1)
	for _, layer := range []string{"conv1", "conv2", "fc3"} {
		for unit := range 4 {
			m, err := Maximise(ctx, net, layer, unit, Ascent{Seed: 9})
			if err != nil {
				t.Fatal(err)
			}
			if top := u.Peaks(layer, 0, unit); len(top) > 0 && !(m.Value > top[0].Value) {
				t.Errorf("%v: no more than the best of 200 pictures of noise, %v", m, top[0].Value)
			}
			again, err := Maximise(ctx, net, layer, unit, Ascent{Seed: 9})
			if err != nil || !samePicture(m.Whole, again.Whole) || math.Float32bits(m.Value) != math.Float32bits(again.Value) {
				t.Errorf("%v, again %v: one seed, two pictures", m, again)
			}
			other, err := Maximise(ctx, net, layer, unit, Ascent{Seed: 10})
			if err != nil || samePicture(m.Whole, other.Whole) {
				t.Errorf("%v: two seeds, one picture", m)
			}
		}
	}
	if _, err := Maximise(ctx, net, "conv8", 0, Ascent{}); err == nil || !strings.Contains(err.Error(), "conv2") {
		t.Errorf("unknown layer: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Maximise(ended, net, "conv1", 0, Ascent{}); !errors.Is(err, context.Canceled) {
		t.Errorf("after the end of ctx: %v", err)
	}
	if _, err := u.Deconv(ended, "conv2", 0, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("projection after the end of ctx: %v", err)
	}
	defer func() {
		if r := fmt.Sprint(recover()); !strings.Contains(r, "unit 6 of 6") {
			t.Errorf("unit 6: %s", r)
		}
	}()
	_, _ = Maximise(ctx, net, "conv1", 6, Ascent{})
}

func TestAscentsPrepareAsTheNetDoes(t *testing.T) {
	shape := [3]int{5, 4, 3}
	all := make([]float32, 60)
	for i := range all {
		all[i] = float32(i) / 60
	}
	for i, in := range []nn.Input{{}, {Scale: 4, MeanOfImage: true}, {Mean: []float32{0.5, 0.25, 0.1}, Deviation: []float32{0.2, -0.3, 2}}, {Scale: -255, Mean: all},
		{MeanOfImage: true, Deviation: []float32{1, 2, 3}}} {
		in.Shape = shape
		net := nn.New(nn.Sequential("one", in, nn.Dense{Name: "fc", Units: 3}, nn.Dense{Name: "end", Units: 2, Linear: true}), 1)
		field, err := net.ReceptiveField("fc")
		if err != nil {
			t.Fatal(err)
		}
		c := newClimber(net, field, &Maximised{Ascent: Ascent{Seed: 4}, net: net}, nil)
		for k, v := range c.bytes() {
			c.pixels[k] = float64(v)
		}
		c.prepare()
		want := make([]float32, 60)
		net.Arch.Prepare(want, c.bytes())
		for k := range want {
			if math.Abs(float64(c.x[k]-want[k])) > 1e-5*math.Max(1, math.Abs(float64(want[k]))) {
				t.Fatalf("input %d, value %d: %v, want %v", i, k, c.x[k], want[k])
			}
		}
		m, err := Maximise(ctx, net, "fc", 0, Ascent{Decay: -1, Blur: -1, Rate: 40})
		if err != nil || !(m.Value > m.Start) {
			t.Errorf("input %d: %v, %v", i, m, err)
		}
	}
}

func TestClustersShowBothNets(t *testing.T) {
	u := twoNets(t) // conv2 has 5 units in each
	got, err := u.clusterTable(ctx, "conv2", 0, 1, [][]int{{1, 3, 4, 5, 9}, {6}}, View{Columns: 2, Patches: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got.Captions, [][]string{{"1", "3", "0", "4"}, {"", "", "1", ""}}) || !reflect.DeepEqual(got.RowLabels, []string{"3 + 2", "0 + 1"}) ||
		!reflect.DeepEqual(got.Groups, []int{2, 2}) || !reflect.DeepEqual(got.Heads, []string{"Net1", "Net2"}) {
		t.Errorf("%q beside %q in %v", got.Captions, got.RowLabels, got.Groups)
	}
	if !samePicture(got.Rows[0][3], u.Patches("conv2", 1, 4).Images[0]) || got.Rows[1][0] != nil {
		t.Error("pictures are not those of the captions")
	}
	if f, err := u.Clusters(ctx, "conv2", 0, 1, [][]int{{0}}, View{}); err != nil || !strings.Contains(f.String(), "1 picture") {
		t.Errorf("%v, %v", f, err)
	}
	for name, groups := range map[string][][]int{"no groups": nil, "is empty": {{}}, "member 10 of 10": {{10}}} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.Contains(r, name) {
					t.Errorf("%q, want %q", r, name)
				}
			}()
			_, _ = u.Clusters(ctx, "conv2", 0, 1, groups, View{})
		}()
	}
}

// One Units serves several goroutines.
func TestUnitsMayBeShared(t *testing.T) {
	u := twoNets(t)
	want, err := twoNets(t).Deconv(ctx, "conv2", 1, 2)
	if err != nil {
		t.Fatal(err)
	}
	errs := make(chan error, 6)
	for i := range cap(errs) {
		go func() {
			got, err := u.Deconv(ctx, "conv2", 1, 2)
			if err == nil && !reflect.DeepEqual(got.Images, want.Images) {
				err = fmt.Errorf("caller %d gets other pictures", i)
			}
			errs <- err
		}()
	}
	for range cap(errs) {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
}

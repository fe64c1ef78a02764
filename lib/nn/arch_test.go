package nn

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
)

func TestMiniAlexNetHasThePublishedSize(t *testing.T) {
	a := MiniAlexNet([3]int{32, 32, 3}, 10)
	if err := a.Check(); err != nil {
		t.Fatal(err)
	}
	if got := a.Parameters(); got != 186714 {
		t.Errorf("%d parameters, want 186714", got)
	}
	if got := float64(a.FLOP()) / 1e6; math.Abs(got-21.1) > 0.05 {
		t.Errorf("%v MFLOP, want 21.1", got)
	}
	n := New(a, 1)
	total := 0
	for _, p := range n.Params() {
		total += len(p.Data)
	}
	if total != 186714 {
		t.Errorf("the net has %d parameters", total)
	}
	for layer, want := range map[string][3]int{
		"conv1": {26, 26, 32}, "pool1": {13, 13, 32}, "conv2": {13, 13, 32}, "pool2": {6, 6, 32},
		"conv3": {6, 6, 64}, "conv4": {6, 6, 64}, "conv5": {6, 6, 48}, "pool5": {3, 3, 48},
		"fc6": {1, 1, 128}, "fc7": {1, 1, 128}, "fc8": {1, 1, 10},
	} {
		if got, err := n.LayerShape(layer); err != nil || got != want {
			t.Errorf("%s is %v (%v), want %v", layer, got, err, want)
		}
	}
	if got := strings.Join(n.Layers(), " "); got != "conv1 conv2 conv3 conv4 conv5 fc6 fc7" {
		t.Errorf("layers %s", got)
	}
	// deviations of recipes: .1·√(2/147), 3·√(2/800), ..., .3/√128
	for layer, want := range map[string]float64{"conv1": 0.1 * math.Sqrt(2./147), "conv2": 3 * math.Sqrt(2./800), "conv4": math.Sqrt(2. / 576), "fc6": math.Sqrt(2. / 432), "fc8": 0.3 / math.Sqrt(128)} {
		for _, p := range n.Params() {
			if p.Layer != layer || p.Name != "weight" {
				continue
			}
			s := 0.0
			for _, v := range p.Data {
				s += float64(v) * float64(v)
			}
			sd := math.Sqrt(s / float64(len(p.Data)))
			if math.Abs(sd/want-1) > 4/math.Sqrt(2*float64(len(p.Data))) { // four deviations
				t.Errorf("%s starts with deviation %v, want %v", layer, sd, want)
			}
		}
	}
	if err := SmallAlexNet([3]int{32, 32, 3}, 10).Check(); err != nil {
		t.Error(err)
	}
}

func TestArchShowsItselfAsATable(t *testing.T) {
	a := MiniAlexNet([3]int{32, 32, 3}, 10)
	text := a.String()
	if !strings.HasPrefix(text, "MiniAlexNet, input 32×32×3\nlayer") || !strings.Contains(text, "186,714") || !strings.Contains(text, "21.1") {
		t.Errorf("table:\n%s", text)
	}
	b := a.MIMEBundle()
	if b["text/plain"] != text || strings.Count(b["text/html"].(string), "<tr>") != 13 {
		t.Errorf("bundle: %v", b)
	}
	bad := Sequential("bad<i>", Input{Shape: [3]int{4, 4, 3}}, Conv{Units: 1, Kernel: 9})
	if s := bad.String(); !strings.Contains(s, "conv1") {
		t.Errorf("an architecture that does not fit prints as %q", s)
	}
}

func TestCheckNamesTheLayerAndTheShapes(t *testing.T) {
	in := Input{Shape: [3]int{8, 8, 3}}
	end := Dense{Units: 2, Linear: true}
	for _, c := range []struct {
		name string
		arch *Arch
		want []string
	}{
		{"filter too large", Sequential("n", in, Conv{Units: 4, Kernel: 3}, Conv{Name: "second", Units: 4, Kernel: 7}, end), []string{`"second"`, "7×7", "6×6×4", `"conv1"`}},
		{"pool too large", Sequential("n", in, MaxPool{Size: 20, Floor: true}, end), []string{`"pool0"`, "20×20", "8×8×3"}},
		{"no units", Sequential("n", in, Conv{Kernel: 3}, end), []string{`"conv1"`, "Units 0"}},
		{"negative pad", Sequential("n", in, Conv{Units: 1, Kernel: 3, Pad: -1}, end), []string{"Pad -1"}},
		{"scale NaN", Sequential("n", in, Conv{Units: 1, Kernel: 3, Scale: math.NaN()}, end), []string{"Scale NaN"}},
		{"same name", Sequential("n", in, Dense{Name: "a", Units: 1}, Dense{Name: "a", Units: 1, Linear: true}), []string{`"a"`, "used before"}},
		{"rate", Sequential("n", in, Dropout{Rate: 1}, end), []string{`"drop1"`, "Rate 1"}},
		{"no layers", Sequential("n", in), []string{"no layers"}},
		{"not linear", Sequential("n", in, Dense{Units: 2}), []string{`"fc1"`, "Linear"}},
		{"input", Sequential("n", Input{Shape: [3]int{8, 0, 3}}, end), []string{"8×0×3"}},
		{"absurd", Sequential("n", Input{Shape: [3]int{60000, 60000, 3}}, Conv{Units: 60000, Kernel: 1}, end), []string{`"conv1"`, "limit"}},
		{"nil layer", &Arch{Name: "n", Input: in, Layers: []Layer{nil}}, []string{"layer 0"}},
		{"pointer", &Arch{Name: "n", Input: in, Layers: []Layer{&Dense{Name: "x", Units: 2}}}, []string{"*nn.Dense"}},
		{"nil", nil, []string{"nil"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.arch.Check()
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
}

func TestSequentialNamesLayersInOneCount(t *testing.T) {
	a := Sequential("n", Input{Shape: [3]int{8, 8, 3}}, Conv{Units: 1, Kernel: 3}, MaxPool{Size: 2}, Conv{Name: "mine", Units: 1, Kernel: 1}, Dropout{}, Dense{Units: 2}, Dropout{}, Dense{Units: 2, Linear: true})
	if got := strings.Join(a.layerNames(), " "); got != "conv1 pool1 mine drop1 fc3 drop2 fc4" {
		t.Errorf("names %s", got)
	}
}

func TestArchThroughJSON(t *testing.T) {
	for _, a := range []*Arch{tiny(), MiniAlexNet([3]int{28, 28, 1}, 7)} {
		text, err := json.Marshal(a)
		if err != nil {
			t.Fatal(err)
		}
		var b Arch
		if err := json.Unmarshal(text, &b); err != nil {
			t.Fatal(err)
		}
		if b.String() != a.String() || b.Fingerprint() != a.Fingerprint() {
			t.Errorf("came back as\n%v\nwant\n%v", &b, a)
		}
	}
	for _, bad := range []string{`{`, `{"Name":"x"}`, `{"Layers":[{"Kind":"lstm","Spec":{}}]}`, `{"Layers":[{"Kind":"conv","Spec":{"Colour":1}}]}`} {
		var b Arch
		if err := json.Unmarshal([]byte(bad), &b); err == nil {
			t.Errorf("%s gives no error", bad)
		}
	}
}

func TestFingerprintKnowsWhatMatters(t *testing.T) {
	a := MiniAlexNet([3]int{32, 32, 3}, 10)
	b, err := a.WithScales(map[string]float64{"conv1": 0.3, "fc8": 0.5})
	if err != nil {
		t.Fatal(err)
	}
	if a.Fingerprint() == b.Fingerprint() {
		t.Error("another start has the same fingerprint")
	}
	if a.Fingerprint() != MiniAlexNet([3]int{32, 32, 3}, 10).Fingerprint() {
		t.Error("the same architecture has two fingerprints")
	}
	if _, err := a.WithScales(map[string]float64{"conv9": 1}); err == nil || !strings.Contains(err.Error(), "conv1, conv2") {
		t.Errorf("unknown layer: %v", err)
	}
}

func TestPrepare(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     Input
		pixels []uint8
		want   []float32
	}{
		{"three channels, own means", Input{Shape: [3]int{1, 2, 3}, Scale: 4, MeanOfImage: true}, []uint8{0, 10, 255, 255, 30, 255}, []float32{-2, -40. / 255, 0, 2, 40. / 255, 0}},
		{"one channel, own mean", Input{Shape: [3]int{2, 2, 1}, Scale: 1, MeanOfImage: true}, []uint8{0, 0, 0, 255}, []float32{-.25, -.25, -.25, .75}},
		{"two channels, own means", Input{Shape: [3]int{1, 2, 2}, Scale: 255, MeanOfImage: true}, []uint8{1, 10, 3, 20}, []float32{-1, -5, 1, 5}},
		{"no means, no scale", Input{Shape: [3]int{1, 1, 3}}, []uint8{0, 51, 255}, []float32{0, .2, 1}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dst := make([]float32, len(c.want))
			(&Arch{Input: c.in}).Prepare(dst, c.pixels)
			for i, v := range c.want {
				if math.Abs(float64(dst[i]-v)) > 1e-6 {
					t.Errorf("value %d is %v, want %v", i, dst[i], v)
				}
			}
		})
	}
	defer func() {
		if recover() == nil {
			t.Error("another length does not panic")
		}
	}()
	tiny().Prepare(make([]float32, 3), make([]uint8, 3))
}

package nn

import (
	"bytes"
	"encoding/binary"
	"image/color"
	"math"
	"reflect"
	"strings"
	"testing"
)

func TestNewDrawsAreFixedBySeed(t *testing.T) {
	a := tiny()
	n, again, other := New(a, 1), New(a, 1), New(a, 2)
	for i, p := range n.Params() {
		sameBits(t, p.Layer+"."+p.Name, again.Params()[i].Data, p.Data)
		if p.Name == "bias" {
			for _, v := range p.Data {
				if v != 0 {
					t.Errorf("%s starts with bias %v", p.Layer, v)
				}
			}
		}
	}
	if n.Fingerprint() != again.Fingerprint() || n.Fingerprint() == other.Fingerprint() {
		t.Error("fingerprints do not follow the seed")
	}
	// The stream must not change between versions: trained nets are kept under their seed.
	want := []float32{0.021629779, -0.017067257, -0.008370815}
	got := New(MiniAlexNet([3]int{32, 32, 3}, 10), 1).Params()[0].Data[:3]
	sameBits(t, "first draws of seed 1", got, want)
}

func TestScalesOverrideTheArchitecture(t *testing.T) {
	a := MiniAlexNet([3]int{32, 32, 3}, 10)
	n, scaled := New(a, 1), NewScaled(a, 1, map[string]float64{"conv1": 0.3})
	for i, p := range n.Params() {
		factor := float32(1)
		if p.Layer == "conv1" {
			factor = 3
		}
		for j, v := range p.Data {
			if got := scaled.Params()[i].Data[j]; math.Abs(float64(got-factor*v)) > 1e-6*math.Abs(float64(v)) {
				t.Fatalf("%s.%s[%d] is %v, want %v × %v", p.Layer, p.Name, j, got, factor, v)
			}
		}
	}
	if !strings.Contains(scaled.Arch.String(), "start 0.3 × He") {
		t.Errorf("the net's architecture does not say its start:\n%v", scaled.Arch)
	}
	if got := a.Layers[0].(Conv).Scale; got != 0.1 {
		t.Errorf("the given architecture changed: %v", got)
	}
}

func TestParamsAreViewsAndClonesAreNot(t *testing.T) {
	n := New(tiny(), 1)
	c := n.Clone()
	n.Params()[1].Data[2] = 7
	if n.Params()[1].Data[2] != 7 {
		t.Error("writing to Params does not change the net")
	}
	if c.Params()[1].Data[2] != 0 {
		t.Error("a clone changed with its original")
	}
	if c.Fingerprint() == n.Fingerprint() {
		t.Error("fingerprint does not see the change")
	}
}

func TestUnknownLayersListTheKnown(t *testing.T) {
	n := New(tiny(), 1)
	_, errShape := n.LayerShape("conv9")
	_, errRead := n.Evaluator(4, "conv1", "conv9")
	_, errFilters := n.Filters("conv9")
	for _, err := range []error{errShape, errRead, errFilters} {
		if err == nil || !strings.Contains(err.Error(), `no layer "conv9"; have conv1, pool1, conv2, fc3, drop1, fc4`) {
			t.Errorf("error %v", err)
		}
	}
}

func TestFiltersAreScaledAroundGrey(t *testing.T) {
	n := New(tiny(), 1)
	w := n.Params()[0].Data // 3×3×3×5
	clear(w)
	w[0*5+1] = -2                // filter 1, upper left, red
	w[(4*3+2)*5+1] = 1           // filter 1, middle, blue
	w[5+2] = float32(math.NaN()) // filter 2, upper left, green
	pictures, err := n.Filters("conv1")
	if err != nil {
		t.Fatal(err)
	}
	if len(pictures) != 5 || pictures[0].Bounds().Dx() != 3 || pictures[0].Bounds().Dy() != 3 {
		t.Fatalf("%d pictures of %v", len(pictures), pictures[0].Bounds())
	}
	for _, c := range []struct {
		filter, x, y int
		want         color.RGBA
	}{
		{0, 0, 0, color.RGBA{128, 128, 128, 255}},
		{1, 0, 0, color.RGBA{1, 128, 128, 255}},
		{1, 1, 1, color.RGBA{128, 128, 192, 255}},
		{2, 0, 0, color.RGBA{128, 128, 128, 255}},
	} {
		if got := pictures[c.filter].At(c.x, c.y); got != color.Color(c.want) {
			t.Errorf("filter %d at %d,%d is %v, want %v", c.filter, c.x, c.y, got, c.want)
		}
	}
	if _, err := n.Filters("conv2"); err == nil || !strings.Contains(err.Error(), "conv1") {
		t.Errorf("filters of five channels: %v", err)
	}
}

func TestEncodedNetsComeBack(t *testing.T) {
	n := New(tiny(), 42)
	n.Origin = "recipe tiny on noise"
	n.History = []Epoch{{1, 2.25, 0.125}, {2, math.Inf(1), math.NaN()}}
	n.Params()[0].Data[3] = float32(math.NaN())
	b, err := Encode(n)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if m.Seed != 42 || m.Origin != n.Origin || m.Arch.String() != n.Arch.String() || m.Fingerprint() != n.Fingerprint() {
		t.Errorf("came back as %v", m)
	}
	if len(m.History) != 2 || m.History[0] != n.History[0] || !math.IsInf(m.History[1].Loss, 1) || !math.IsNaN(m.History[1].Accuracy) {
		t.Errorf("history %v", m.History)
	}
	for i, p := range n.Params() {
		q := m.Params()[i]
		sameBits(t, p.Layer, q.Data, p.Data)
		if q.Layer != p.Layer || q.Name != p.Name || !reflect.DeepEqual(q.Shape, p.Shape) {
			t.Errorf("parameter %d is %v, want %v", i, q, p)
		}
	}
	again, err := Encode(m)
	if err != nil || !bytes.Equal(again, b) {
		t.Errorf("encoding again differs (%v)", err)
	}
}

func TestDecodeRefusesWithAReason(t *testing.T) {
	good, err := Encode(New(tiny(), 1))
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func([]byte) []byte) []byte { return f(append([]byte(nil), good...)) }
	for _, c := range []struct {
		name string
		b    []byte
		want string
	}{
		{"nothing", nil, "0 bytes"},
		{"a PNG", append([]byte("\x89PNG\r\n\x1a\n"), make([]byte, 50)...), "not a net"},
		{"a later version", change(func(b []byte) []byte { b[8] = 9; return b }), "version 9"},
		{"truncated", good[:len(good)-4], "bytes of parameters"},
		{"too long", change(func(b []byte) []byte { return append(b, 0) }), "bytes of parameters"},
		{"header longer than the file", change(func(b []byte) []byte { binary.LittleEndian.PutUint32(b[12:], 1<<23); return b }), "header of"},
		{"damaged header", change(func(b []byte) []byte { b[20] ^= 0x40; return b }), "header"},
		{"header without architecture", change(func(b []byte) []byte {
			return append(append(append([]byte(nil), b[:12]...), 2, 0, 0, 0), "{}"...)
		}), "without an architecture"},
		{"absurd architecture", change(func(b []byte) []byte {
			h := `{"Arch":{"Name":"x","Input":{"Shape":[60000,60000,3]},"Layers":[{"Kind":"dense","Spec":{"Name":"d","Units":60000,"Linear":true}}]}}`
			out := append([]byte(nil), b[:12]...)
			out = binary.LittleEndian.AppendUint32(out, uint32(len(h)))
			return append(out, h...)
		}), "limit"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := Decode(c.b)
			if err == nil || !strings.Contains(err.Error(), c.want) || n != nil {
				t.Errorf("%v, error %v; want an error that says %q", n, err, c.want)
			}
		})
	}
	if _, err := Encode(nil); err == nil {
		t.Error("encoding nil gives no error")
	}
}

func FuzzDecode(f *testing.F) {
	for _, a := range []*Arch{tiny(), Sequential("one", Input{Shape: [3]int{1, 1, 1}}, Dense{Units: 1, Linear: true})} {
		b, err := Encode(New(a, 1))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		n, err := Decode(b)
		if err != nil {
			return
		}
		c, err := Encode(n)
		if err != nil {
			t.Fatal(err)
		}
		m, err := Decode(c)
		if err != nil {
			t.Fatal(err)
		}
		if m.Fingerprint() != n.Fingerprint() {
			t.Error("a decoded net changes when encoded again")
		}
	})
}

func TestNetSaysWhatItIs(t *testing.T) {
	n := New(MiniAlexNet([3]int{32, 32, 3}, 10), 3)
	if got := n.String(); got != "MiniAlexNet, seed 3, 186,714 parameters, untrained" {
		t.Errorf("%q", got)
	}
	n.History = []Epoch{{8, 0.089, 0.97}}
	if got := n.String(); got != "MiniAlexNet, seed 3, 186,714 parameters, 8 epochs, loss 0.089, training accuracy 0.970" {
		t.Errorf("%q", got)
	}
}

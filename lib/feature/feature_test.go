package feature

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"math/rand/v2"
	"os"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/store"
)

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "feature")
	if err != nil {
		panic(err)
	}
	os.Setenv("GONVERGE_CACHE", dir) // nothing of this is kept
	code := m.Run()
	os.RemoveAll(dir)
	os.Exit(code)
}

var ctx = context.Background()

// noise is a set of random pictures.
func noise(n int, shape [3]int, seed uint64) *dataset.Set {
	r := rand.New(rand.NewPCG(seed, 1))
	pixels := make([]uint8, n*shape[0]*shape[1]*shape[2])
	for i := range pixels {
		pixels[i] = uint8(r.Uint32())
	}
	set, err := dataset.NewSet("noise", shape, pixels, make([]int, n))
	if err != nil {
		panic(err)
	}
	return set
}

func arch(shape [3]int, layers ...nn.Layer) *nn.Arch {
	return nn.Sequential("small", nn.Input{Shape: shape}, append(layers, nn.Dense{Name: "end", Units: 2, Linear: true})...)
}

func small(seed uint64) *nn.Net {
	return nn.New(arch([3]int{12, 11, 3}, nn.Conv{Units: 4, Kernel: 3}, nn.MaxPool{Size: 3, Stride: 2}, nn.Conv{Units: 5, Kernel: 3, Pad: 1}, nn.Dense{Units: 6}), seed)
}

func collect(t *testing.T, src *activation.Source, k int) *Units {
	t.Helper()
	u, err := Collect(ctx, src, k)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A filter that equals a patch finds it: unit u's filter is the u-th patch less its mean, of
// length 1, so no other patch of the same length gives as much.
func TestPlantedPatchesAreFound(t *testing.T) {
	set := noise(40, [3]int{9, 10, 3}, 1)
	const kernel, units = 4, 6
	net := nn.New(arch(set.Shape(), nn.Conv{Units: units, Kernel: kernel, Stride: 2, Pad: 1}), 1)
	r := rand.New(rand.NewPCG(7, 7))
	type place struct{ picture, row, column int }
	var planted []place
	for range units {
		planted = append(planted, place{r.IntN(40), r.IntN(4), r.IntN(5)})
	}
	planted[5] = place{17, 0, 0} // leaves the picture
	for _, p := range net.Params() {
		if p.Layer != "conv1" || p.Name != "weight" {
			continue
		}
		clear(p.Data)
		for u, at := range planted {
			box := image.Rect(at.column*2-1, at.row*2-1, at.column*2-1+kernel, at.row*2-1+kernel)
			sum, n := 0.0, 0.0
			inside(box, set, func(i, j, c int) { sum += float64(set.Picture(at.picture)[(i*10+j)*3+c]); n++ })
			length := 0.0
			inside(box, set, func(i, j, c int) {
				v := float64(set.Picture(at.picture)[(i*10+j)*3+c]) - sum/n
				p.Data[(((i-box.Min.Y)*kernel+j-box.Min.X)*3+c)*units+u] = float32(v)
				length += v * v
			})
		}
	}
	got := collect(t, activation.Stream([]*nn.Net{net}, set, "conv1"), 9)
	for u, at := range planted {
		p := got.Patches("conv1", 0, u)
		if q := p.Peaks[0]; (place{q.Picture, q.Row, q.Column}) != at {
			t.Errorf("unit %d: %+v, planted %+v", u, q, at)
		}
		// The picture is that patch, grey outside.
		m := p.Images[0]
		if m.Bounds() != image.Rect(0, 0, kernel, kernel) {
			t.Fatalf("a patch of %v", m.Bounds())
		}
		whole := set.Image(at.picture)
		for y := range kernel {
			for x := range kernel {
				want := color.Color(background)
				if q := image.Pt(at.column*2-1+x, at.row*2-1+y); q.In(whole.Bounds()) {
					want = whole.At(q.X, q.Y)
				}
				if color.NRGBAModel.Convert(m.At(x, y)) != color.NRGBAModel.Convert(want) {
					t.Fatalf("unit %d, pixel (%d, %d): %v, want %v", u, x, y, m.At(x, y), want)
				}
			}
		}
		seen := map[int]bool{}
		for i, q := range p.Peaks {
			if seen[q.Picture] {
				t.Errorf("unit %d: picture %d twice", u, q.Picture)
			}
			seen[q.Picture] = true
			if i > 0 && q.Value > p.Peaks[i-1].Value {
				t.Errorf("unit %d: not in order: %v", u, p.Peaks)
			}
		}
		// The way back from one filter, wherever it is, is the filter.
		d, err := got.Deconv(ctx, "conv1", 0, u)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Filters(net, "conv1")
		if err != nil {
			t.Fatal(err)
		}
		if u != 5 && !samePicture(d.Images[0], f.Image(u)) {
			t.Errorf("unit %d: the deconvolution picture of one layer is not its filter", u)
		}
	}
}

// inside calls do with each value of a box that is in the pictures.
func inside(box image.Rectangle, set *dataset.Set, do func(i, j, c int)) {
	s := set.Shape()
	b := box.Intersect(image.Rect(0, 0, s[1], s[0]))
	for i := b.Min.Y; i < b.Max.Y; i++ {
		for j := b.Min.X; j < b.Max.X; j++ {
			for c := range s[2] {
				do(i, j, c)
			}
		}
	}
}

func samePicture(a, b image.Image) bool {
	if a.Bounds().Size() != b.Bounds().Size() {
		return false
	}
	for y := range a.Bounds().Dy() {
		for x := range a.Bounds().Dx() {
			p := color.NRGBAModel.Convert(a.At(a.Bounds().Min.X+x, a.Bounds().Min.Y+y))
			if p != color.NRGBAModel.Convert(b.At(b.Bounds().Min.X+x, b.Bounds().Min.Y+y)) {
				return false
			}
		}
	}
	return true
}

func TestTopPatchesAreThoseOfCollect(t *testing.T) {
	nets := []*nn.Net{small(1), small(2)}
	src := activation.Stream(nets, noise(50, [3]int{12, 11, 3}, 2))
	all := collect(t, src, 9)
	for _, layer := range []string{"conv1", "conv2", "fc3"} {
		for unit := range 4 {
			p, err := TopPatches(ctx, src.Shuffled(4), layer, unit, 9)
			if err != nil {
				t.Fatal(err)
			}
			if want := all.Patches(layer, 0, unit); !reflect.DeepEqual(p.Peaks, want.Peaks) || !reflect.DeepEqual(p.Images, want.Images) {
				t.Errorf("%s, unit %d: %v, want %v", layer, unit, p, want)
			}
		}
	}
	if _, err := TopPatches(ctx, src, "conv8", 0, 9); err == nil || !strings.Contains(err.Error(), "conv2") {
		t.Errorf("unknown layer: %v", err)
	}
	p, err := TopPatches(ctx, src.Range(10, 14), "conv2", 1, 9)
	if err != nil || p.Len() > 4 {
		t.Errorf("of four pictures: %v, %v", p, err)
	}
}

func TestWholePicturesFewPicturesAndDeadUnits(t *testing.T) {
	net := small(3)
	for _, p := range net.Params() {
		if p.Layer == "conv2" && p.Name == "bias" {
			p.Data[2] = -1e6
		}
		if p.Layer == "fc3" && p.Name == "bias" {
			p.Data[0] = 10
		}
	}
	set := noise(4, [3]int{12, 11, 3}, 5)
	u := collect(t, activation.Stream([]*nn.Net{net}, set), 9)
	fc := u.Patches("fc3", 0, 0)
	if fc.Len() != 4 {
		t.Fatalf("%d patches of four pictures", fc.Len())
	}
	for i, q := range fc.Peaks {
		if !samePicture(fc.Images[i], set.Image(q.Picture)) {
			t.Errorf("patch %d of a fully connected layer is not the whole picture %d", i, q.Picture)
		}
	}
	dead := u.Patches("conv2", 0, 2)
	if dead.Len() != 0 || !strings.Contains(dead.String(), "never fires") {
		t.Errorf("a dead unit: %v", dead)
	}
	if m := dead.Montage(9); m.Bounds().Size() != sizeOf(u.Patches("conv2", 0, 1).Montage(0)) {
		t.Errorf("the montage of a dead unit has another size: %v", m.Bounds())
	}
	for _, p := range []*Patches{fc, dead} {
		b := p.MIMEBundle()
		if len(b["image/png"].([]byte)) == 0 || !strings.Contains(b["image/svg+xml"].(string), "<svg") || b["text/plain"] != p.String() {
			t.Errorf("%v shows %d formats, text %v", p, len(b), b["text/plain"])
		}
	}
	d, err := u.Deconv(ctx, "conv2", 0, 2)
	if err != nil || d.Len() != 0 || len(d.Images) != 0 {
		t.Errorf("deconvolution of a dead unit: %v, %v", d, err)
	}
	if !strings.Contains(u.String(), "1 of them never fire") {
		t.Errorf("%v does not say that a unit never fires", u)
	}
}

func sizeOf(m image.Image) image.Point { return m.Bounds().Size() }

func TestResultsDoNotDependOnWorkers(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	nets := []*nn.Net{small(1), small(2)}
	set := noise(60, [3]int{12, 11, 3}, 2)
	var want []any
	for workers := 1; workers <= 3; workers++ {
		runtime.GOMAXPROCS(workers)
		t.Setenv("GONVERGE_CACHE", t.TempDir())
		u := collect(t, activation.Stream(nets, set), 9)
		var units []who
		for unit := range 5 {
			units = append(units, who{0, unit}, who{1, unit}, who{-1, -1}, who{1, unit})
		}
		pictures, err := u.pictures(ctx, "conv2", units, View{Deconv: true, Guided: true})
		if err != nil {
			t.Fatal(err)
		}
		got := []any{u.peaks, pictures}
		if want == nil {
			want = got
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%d workers give another result than one", workers)
		}
	}
}

func TestPeaksAreKept(t *testing.T) {
	t.Setenv("GONVERGE_CACHE", t.TempDir())
	src := activation.Stream([]*nn.Net{small(1)}, noise(30, [3]int{12, 11, 3}, 2))
	first := collect(t, src, 5)
	ended, cancel := context.WithCancel(ctx)
	cancel()
	kept, err := Collect(ended, src, 5) // needs no run
	if err != nil || !reflect.DeepEqual(kept.peaks, first.peaks) || kept.Note() != "" {
		t.Fatalf("from the cache: %v, %v", kept, err)
	}
	if _, err := Collect(ended, src, 6); !errors.Is(err, context.Canceled) {
		t.Errorf("another k after the end of ctx: %v", err)
	}
	c, err := openCache(t.Context(), src, 5)
	if err != nil {
		t.Fatal(err)
	}
	good := encode(first.peaks)
	for i, bad := range [][]byte{nil, good[:len(good)-1], append(append([]byte(nil), good...), 0), mangled(good, 0, 200), mangled(good, 8, 31), mangled(good, 7, 0x7f, 0xc0)} {
		s, err := store.Default()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Put(kind, c.key, bad); err != nil {
			t.Fatal(err)
		}
		u := collect(t, src, 5)
		if !reflect.DeepEqual(u.peaks, first.peaks) || !strings.Contains(u.Note(), "measured again") {
			t.Errorf("damage %d: %v, note %q", i, reflect.DeepEqual(u.peaks, first.peaks), u.Note())
		}
	}
}

func mangled(b []byte, at int, to ...byte) []byte {
	c := append([]byte(nil), b...)
	for i, v := range to {
		c[at-i] = v
	}
	return c
}

func TestMisusePanics(t *testing.T) {
	u := collect(t, activation.Stream([]*nn.Net{small(1)}, noise(9, [3]int{12, 11, 3}, 2)), 3)
	for name, f := range map[string]func(){
		"feature: Collect: 0 pictures a unit":               func() { _, _ = Collect(ctx, activation.Stream(u.Nets(), u.Set()), 0) },
		"feature: net 1 of 1 nets (valid: 0..0)":            func() { u.Patches("conv1", 1, 0) },
		`feature: no layer "conv9"; have conv1, conv2, fc3`: func() { u.Patches("conv9", 0, 0) },
		"feature: unit 4 of 4 units of conv1 in net 0":      func() { _, _ = u.Deconv(ctx, "conv1", 0, 4) },
		"feature: Filters: no net (nil)":                    func() { _, _ = Filters(nil, "conv1") },
		"feature: View{Patches: 0, Columns: -1}":            func() { View{Columns: -1}.columns() },
	} {
		func() {
			defer func() {
				if r := fmt.Sprint(recover()); !strings.HasPrefix(r, name) {
					t.Errorf("%q, want %q", r, name)
				}
			}()
			f()
		}()
	}
}

func TestFiltersAreScaledAsTheySay(t *testing.T) {
	net := small(1)
	for _, p := range net.Params() {
		if p.Layer == "conv1" && p.Name == "weight" {
			for i := range p.Data {
				p.Data[i] = 0
			}
			p.Data[0*4+0] = 2  // unit 0, first pixel, red
			p.Data[1*4+1] = -1 // unit 1, first pixel, green
		}
	}
	f, err := Filters(net, "conv1")
	if err != nil {
		t.Fatal(err)
	}
	g := f.CommonScale()
	grey := uint8(128)
	for _, c := range []struct {
		f    *FilterPictures
		unit int
		want color.NRGBA
	}{
		{f, 0, color.NRGBA{255, grey, grey, 255}}, {f, 1, color.NRGBA{grey, 1, grey, 255}}, {f, 2, background},
		{g, 0, color.NRGBA{255, grey, grey, 255}}, {g, 1, color.NRGBA{grey, 65, grey, 255}}, {g, 2, background},
	} {
		if got := color.NRGBAModel.Convert(c.f.Image(c.unit).At(0, 0)); got != c.want {
			t.Errorf("%s, unit %d: %v, want %v", c.f, c.unit, got, c.want)
		}
	}
	if !reflect.DeepEqual(f.Largest, []float64{2, 1, 0, 0}) || !strings.Contains(f.String(), "own scale") || !strings.Contains(g.String(), "one scale") {
		t.Errorf("%v: %v; %v", f, f.Largest, g)
	}
	if _, err := Filters(net, "conv2"); err == nil || !strings.Contains(err.Error(), "conv1") {
		t.Errorf("filters of four channels: %v", err)
	}
}

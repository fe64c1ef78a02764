package dataset

import (
	"bytes"
	"context"
	"image/color"
	"image/png"
	"strings"
	"testing"
)

// grey returns a set of n pictures of 2×3×1 whose first byte is their number.
func grey(t *testing.T, n int) *Set {
	t.Helper()
	pixels, labels := make([]uint8, n*6), make([]int, n)
	for i := range n {
		pixels[i*6], labels[i] = uint8(i), i%3
	}
	s, err := NewSet("grey", [3]int{2, 3, 1}, pixels, labels)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestNewSetRefusesWhatDoesNotFit(t *testing.T) {
	tests := []struct {
		name   string
		shape  [3]int
		pixels int
		labels []int
		want   string
	}{
		{"no height", [3]int{0, 3, 1}, 0, nil, "pictures of 0×3"},
		{"negative width", [3]int{3, -1, 1}, 0, nil, "pictures of 3×-1"},
		{"overflow", [3]int{1 << 31, 1 << 31, 3}, 0, nil, "pictures of 2147483648×2147483648"},
		{"two channels", [3]int{2, 2, 2}, 8, []int{0}, "2 channels (expected 1 or 3)"},
		{"half a picture", [3]int{2, 2, 1}, 6, []int{0}, "6 bytes of pixels, expected 1 labels × 2×2×1 = 4 bytes"},
		{"a label too many", [3]int{2, 2, 1}, 8, []int{0, 0, 0}, "expected 3 labels"},
		{"negative label", [3]int{2, 2, 1}, 8, []int{0, -1}, "label -1 of picture 1"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewSet("mine", test.shape, make([]uint8, test.pixels), test.labels)
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), `"mine"`) {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
	if s, err := NewSet("empty", [3]int{2, 2, 3}, nil, nil); err != nil || s.Len() != 0 {
		t.Errorf("empty set: %v, %v", s, err)
	}
}

func TestHeadIsAViewOfTheFirst(t *testing.T) {
	s := grey(t, 7)
	h := s.Head(3)
	if h.Len() != 3 || h.Picture(2)[0] != 2 || h.Label(2) != 2 {
		t.Errorf("head %v", h)
	}
	if &h.Picture(0)[0] != &s.Picture(0)[0] {
		t.Error("Head copies the pictures")
	}
	if got, want := h.String(), "grey, first 3: 3 pictures of 2×3×1"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if s.Head(7) != s || s.Head(0).Len() != 0 {
		t.Error("heads of all and of none")
	}
}

func TestMisuseOfASetPanicsWithNumbers(t *testing.T) {
	s := grey(t, 2)
	for want, do := range map[string]func(){
		"dataset: picture 2 of 2 in grey (valid: 0..1)":  func() { s.Picture(2) },
		"dataset: picture -1 of 2 in grey (valid: 0..1)": func() { s.Label(-1) },
		"dataset: picture 9 of 2 in grey (valid: 0..1)":  func() { s.Image(9) },
		"dataset: Head(3) of 2 pictures in grey":         func() { s.Head(3) },
	} {
		func() {
			defer func() {
				if got := recover(); got != want {
					t.Errorf("panic %v, want %q", got, want)
				}
			}()
			do()
		}()
	}
}

func TestFingerprintIsOfContentsAlone(t *testing.T) {
	s := grey(t, 4)
	f := s.Fingerprint()
	if len(f) != 64 || f != s.Fingerprint() || f != grey(t, 4).renamed("other").Fingerprint() {
		t.Error("fingerprint depends on something else")
	}
	wide, err := NewSet("grey", [3]int{3, 2, 1}, s.pixels, s.labels)
	if err != nil {
		t.Fatal(err)
	}
	pixel, label := grey(t, 4), grey(t, 4)
	pixel.pixels[5]++
	label.labels[3]++
	for name, other := range map[string]*Set{"shape": wide, "pixel": pixel, "label": label, "length": s.Head(3)} {
		if other.Fingerprint() == f {
			t.Errorf("same fingerprint with another %s", name)
		}
	}
}

func TestImageShowsThePixels(t *testing.T) {
	if got := grey(t, 5).Image(4); got.At(0, 0) != (color.Gray{Y: 4}) || got.Bounds().Dx() != 3 || got.Bounds().Dy() != 2 {
		t.Errorf("grey image: %v of %v", got.At(0, 0), got.Bounds())
	}
	s, err := NewSet("colour", [3]int{1, 2, 3}, []uint8{1, 2, 3, 4, 5, 6}, []int{0})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := s.Image(0).At(1, 0), (color.NRGBA{4, 5, 6, 255}); got != want {
		t.Errorf("pixel %v, want %v", got, want)
	}
}

func TestSetsShowThemselves(t *testing.T) {
	s := grey(t, 50)
	bundle := s.MIMEBundle()
	if bundle["text/plain"] != "grey: 50 pictures of 2×3×1" {
		t.Errorf("text %q", bundle["text/plain"])
	}
	sheet, err := png.Decode(bytes.NewReader(bundle["image/png"].([]byte)))
	if err != nil {
		t.Fatal(err)
	}
	// Enlarged 64/3 = 21 times, eight in a row and five rows with gaps of 2.
	if got := sheet.Bounds().Size(); got.X != 8*(3*21+2)-2 || got.Y != 5*(2*21+2)-2 {
		t.Errorf("sheet of %v", got)
	}
	if got := color.GrayModel.Convert(sheet.At(3*21+2, 0)); got != (color.Gray{Y: 1}) {
		t.Errorf("picture 1 begins with %v", got)
	}
	if _, ok := s.Head(0).MIMEBundle()["image/png"]; ok {
		t.Error("an empty set has a sheet")
	}
}

func TestDataShowsItself(t *testing.T) {
	s := grey(t, 5)
	d := &Data{Name: "tiny", Origin: "made here", Shape: s.Shape(), Classes: 4,
		ClassNames: []string{"a<b", "b", "c", "none of these"}, Train: s, Validation: s.Head(2)}
	want := "tiny (made here)\n5 training and 2 validation pictures of 2×3×1\n4 classes: a<b, b, c, none of these"
	bundle := d.MIMEBundle()
	if d.String() != want || bundle["text/plain"] != want {
		t.Errorf("text %q, want %q", d, want)
	}
	page := bundle["text/html"].(string)
	for text, n := range map[string]int{"<th>": 4, "<img ": 3, "<th>a&lt;b</th>": 1, "data:image/png;base64,": 3} {
		if got := strings.Count(page, text); got != n {
			t.Errorf("%q %d times in the HTML, want %d", text, got, n)
		}
	}
	if got := (&Data{Name: "no sets", ClassNames: []string{"x"}}).MIMEBundle(); got == nil {
		t.Error("data without sets does not show itself")
	}
}

func TestCountHasCommas(t *testing.T) {
	for n, want := range map[int]string{0: "0", 999: "999", 1000: "1,000", 12000: "12,000", 1234567: "1,234,567", -500: "-500", -1500: "-1,500"} {
		if got := count(n); got != want {
			t.Errorf("count(%d) = %q, want %q", n, got, want)
		}
	}
}

// TestFingerprintEndsWithTheContext: that of a large set ends between pieces of it, is not kept then, and
// is what it would have been when it is asked for again.
func TestFingerprintEndsWithTheContext(t *testing.T) {
	large := func() *Set {
		s, err := NewSet("large", [3]int{32, 32, 1}, make([]uint8, 5000*32*32), make([]int, 5000))
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	s := large()
	if f, err := s.FingerprintContext(ended); f != "" || err != context.Canceled {
		t.Errorf("after the end: %q, %v", f, err)
	}
	want := large().Fingerprint()
	if f, err := s.FingerprintContext(t.Context()); f != want || err != nil {
		t.Errorf("asked again: %q, %v, want %q", f, err, want)
	}
	if f, err := s.FingerprintContext(ended); f != want || err != nil {
		t.Errorf("kept: %q, %v, want %q", f, err, want)
	}
}

package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"gonverge/lib/progress"
)

// encoded returns a picture as PNG.
func encoded(t testing.TB, m image.Image) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// red is a small picture that is known by its red value.
func red(t *testing.T, v int) []byte { return plain(t, 6, 4, color.NRGBA{uint8(v), 10, 20, 255}) }

// cmykJPEG is a picture of 8×8 equal pixels with four components that are stored as given
// (Adobe stores ink inverted: 255 is none). The encoder of the library makes no such files.
func cmykJPEG(stored [4]uint8) []byte {
	b := []byte{0xff, 0xd8, 0xff, 0xee, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0} // no transform
	b = append(append(b, 0xff, 0xdb, 0, 67, 0), bytes.Repeat([]byte{8}, 64)...)                // all coefficients in units of 8
	b = append(b, 0xff, 0xc0, 0, 20, 8, 0, 8, 0, 8, 4, 1, 0x11, 0, 2, 0x11, 0, 3, 0x11, 0, 4, 0x11, 0)
	b = append(b, 0xff, 0xc4, 0, 19+12, 0, 0, 0, 0, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // DC: twelve codes of 4 bits
	b = append(b, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
	b = append(b, 0xff, 0xc4, 0, 19+1, 0x10, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) // AC: the code 0 is "no more"
	b = append(b, 0xff, 0xda, 0, 14, 4, 1, 0, 2, 0, 3, 0, 4, 0, 0, 63, 0)
	bits := ""
	for _, v := range stored {
		d := int(v) - 128 // the mean of a block, in units of 8/8
		size := 0
		for m := max(d, -d); m > 0; m >>= 1 {
			size++
		}
		bits += fmt.Sprintf("%04b", size)
		if d < 0 {
			d += 1<<size - 1
		}
		if size > 0 {
			bits += fmt.Sprintf("%0*b", size, d)
		}
		bits += "0"
	}
	for len(bits)%8 != 0 {
		bits += "1"
	}
	for i := 0; i < len(bits); i += 8 {
		var v byte
		_, _ = fmt.Sscanf(bits[i:i+8], "%b", &v) // eight digits
		if b = append(b, v); v == 0xff {
			b = append(b, 0)
		}
	}
	return append(b, 0xff, 0xd9)
}

func TestFolderReadsEveryKindOfPicture(t *testing.T) {
	at := image.Rect(0, 0, 9, 7)
	fill := func(m interface {
		image.Image
		Set(x, y int, c color.Color)
	}, c color.Color) image.Image {
		for y := range 7 {
			for x := range 9 {
				m.Set(x, y, c)
			}
		}
		return m
	}
	asJPEG := func(m image.Image) []byte {
		var b bytes.Buffer
		if err := jpeg.Encode(&b, m, &jpeg.Options{Quality: 100}); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	orange := color.NRGBA{200, 100, 50, 255}
	tests := []struct {
		name string
		data []byte
		want [3]int
		tol  int
	}{
		{"colour.png", encoded(t, fill(image.NewNRGBA(at), orange)), [3]int{200, 100, 50}, 0},
		{"palette.png", encoded(t, fill(image.NewPaletted(at, color.Palette{color.Black, orange}), orange)), [3]int{200, 100, 50}, 0},
		{"grey.png", encoded(t, fill(image.NewGray(at), color.Gray{77})), [3]int{77, 77, 77}, 0},
		{"deep.png", encoded(t, fill(image.NewNRGBA64(at), color.NRGBA64{200 * 257, 100 * 257, 50 * 257, 65535})), [3]int{200, 100, 50}, 0},
		{"half.png", encoded(t, fill(image.NewNRGBA(at), color.NRGBA{200, 100, 50, 127})), [3]int{228, 178, 153}, 1}, // over white
		{"clear.png", encoded(t, fill(image.NewNRGBA(at), color.NRGBA{200, 100, 50, 0})), [3]int{255, 255, 255}, 0},
		{"colour.jpg", asJPEG(fill(image.NewNRGBA(at), orange)), [3]int{200, 100, 50}, 2},
		{"grey.JPEG", asJPEG(fill(image.NewGray(at), color.Gray{77})), [3]int{77, 77, 77}, 1},
		{"inks.jpeg", cmykJPEG([4]uint8{200, 100, 50, 255}), [3]int{200, 100, 50}, 1},
		{"black ink.jpeg", cmykJPEG([4]uint8{255, 128, 255, 128}), [3]int{128, 64, 128}, 1},
		{"a PNG by another name.jpg", encoded(t, fill(image.NewNRGBA(at), orange)), [3]int{200, 100, 50}, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data, err := Folder(context.Background(), FolderConfig{Dir: folder(t, file{test.name, test.data}), Size: 5, Resize: 6})
			if err != nil {
				t.Fatal(err)
			}
			p := data.Train.Picture(0)
			if len(p) != 5*5*3 {
				t.Fatalf("%d bytes", len(p))
			}
			for i, v := range p {
				if d := int(v) - test.want[i%3]; d < -test.tol || d > test.tol {
					t.Fatalf("pixel %d is %v, want %v within %d", i/3, p[i/3*3:][:3], test.want, test.tol)
				}
			}
		})
	}
}

// ramp is a picture whose red grows along x and green along y, both linearly to 255.
func ramp(w, h int) *image.NRGBA {
	m := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			m.SetNRGBA(x, y, color.NRGBA{uint8(math.Round(255 * (float64(x) + 0.5) / float64(w))), uint8(math.Round(255 * (float64(y) + 0.5) / float64(h))), 0, 255})
		}
	}
	return m
}

func TestFolderTakesTheMiddleOfTheScaledPicture(t *testing.T) {
	tests := []struct {
		name    string
		w, h    int
		stretch bool
		shareX  float64 // of the picture's width that the cut shows
		shareY  float64
	}{
		{"landscape", 200, 100, false, 0.5 * 0.8, 0.8},
		{"portrait", 90, 120, false, 0.8, 0.75 * 0.8},
		{"square", 100, 100, false, 0.8, 0.8},
		{"enlarged", 20, 30, false, 0.8, 0.8 * 2 / 3},
		{"stretched", 200, 100, true, 0.8, 0.8},
		{"panorama", 1000, 50, false, 0.05 * 0.8, 0.8},
		{"strip", 40, 1000, false, 0.8, 0.04 * 0.8},
	}
	const size, tol = 40, 3.5 // two roundings to 8 bits, and steep ramps by half a pixel
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := folder(t, file{"x.png", encoded(t, ramp(test.w, test.h))})
			data, err := Folder(context.Background(), FolderConfig{Dir: dir, Size: size, Resize: 50, Stretch: test.stretch})
			if err != nil {
				t.Fatal(err)
			}
			p := data.Train.Picture(0)
			for y := range size {
				for x := range size {
					// The ramps of the middle, by the centre of the pixel.
					gotX, gotY := float64(p[(y*size+x)*3]), float64(p[(y*size+x)*3+1])
					wantX := 255 * (0.5 + test.shareX*((float64(x)+0.5)/size-0.5))
					wantY := 255 * (0.5 + test.shareY*((float64(y)+0.5)/size-0.5))
					if math.Abs(gotX-wantX) > tol || math.Abs(gotY-wantY) > tol {
						t.Fatalf("row %d, column %d: ramps %v, %v, want %.1f, %.1f", y, x, gotX, gotY, wantX, wantY)
					}
				}
			}
		})
	}
}

func TestLongPicturesAreCutWithoutAShift(t *testing.T) {
	// The middle of a picture does not change when more is put on its ends.
	noise := image.NewNRGBA(image.Rect(0, 0, 37*20, 37))
	state := uint32(1)
	for i := range noise.Pix {
		state = state*1664525 + 1013904223
		noise.Pix[i] = uint8(state>>24) | 255*uint8(i&3/3)
	}
	c := FolderConfig{Size: 20, Resize: 24}
	long, short := make([]uint8, 1200), make([]uint8, 1200)
	c.crop(context.Background(), long, noise)
	c.crop(context.Background(), short, noise.SubImage(image.Rect(37*8, 0, 37*12, 37)))
	for i := range long {
		if d := int(long[i]) - int(short[i]); d < -1 || d > 1 {
			t.Fatalf("value %d: %d and %d", i, long[i], short[i])
		}
	}
	for _, r := range []image.Rectangle{image.Rect(3, 4, 3+1, 4+65535), image.Rect(0, 0, 500, 100), image.Rect(0, 0, 7, 7)} {
		m := middle(r)
		if a := float64(max(m.Dx(), m.Dy())) / float64(min(m.Dx(), m.Dy())); a > 5 || m.Min.Add(m.Max) != r.Min.Add(r.Max) {
			t.Errorf("middle of %v is %v", r, m)
		}
	}
}

func TestPicturesOfTheRightSizeKeepTheirBytes(t *testing.T) {
	m := image.NewNRGBA(image.Rect(0, 0, 30, 30))
	for i := range m.Pix {
		m.Pix[i] = uint8(i*i*7) | 255*uint8(i&3/3)
	}
	dst := make([]uint8, 30*30*3)
	FolderConfig{Size: 30, Resize: 30}.crop(context.Background(), dst, m)
	for i := range 900 {
		if [3]uint8(dst[3*i:]) != [3]uint8(m.Pix[4*i:]) {
			t.Fatalf("pixel %d is %v, was %v", i, dst[3*i:][:3], m.Pix[4*i:][:3])
		}
	}
}

func TestFolderReadsClassFoldersInTurns(t *testing.T) {
	dir := folder(t,
		file{"dog/2.png", red(t, 102)}, file{"dog/10.png", red(t, 110)}, file{"dog/1.png", red(t, 101)},
		file{"cat10/a.png", red(t, 50)}, file{"cat9/x/b.png", red(t, 92)}, file{"cat9/x/a.png", red(t, 91)},
		file{"dog/notes.txt", nil}, file{"dog/.hidden.png", nil}, file{".git/x.png", nil}, file{"readme.md", nil}, file{"dog/.x/1.png", nil})
	var want string
	for _, cores := range []int{1, 3} {
		before := runtime.GOMAXPROCS(cores)
		data, err := Folder(context.Background(), FolderConfig{Dir: dir, Size: 4})
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		var labels []int
		for i := range data.Train.Len() {
			labels = append(labels, data.Train.Label(i))
		}
		got := fmt.Sprint(firsts(data.Train), labels, data.ClassNames, data.Classes, data.Validation.Len(), data.Shape, data.Name == filepath.Base(dir))
		if got != "[91 50 101 92 102 110] [0 1 2 0 2 2] [cat9 cat10 dog] 3 0 [4 4 3] true" {
			t.Errorf("%d cores: %s", cores, got)
		}
		if want == "" {
			want = data.Train.Fingerprint()
		}
		if data.Train.Fingerprint() != want {
			t.Errorf("%d cores: other pictures", cores)
		}
	}
	data, err := Folder(context.Background(), FolderConfig{Dir: dir, Size: 4, Pictures: 4, ClassNames: []string{"dog", "cow", "cat9", "cat10"}})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(firsts(data.Train), data.Train.Label(1), data.ClassNames); got != "[101 91 50 102] 2 [dog cow cat9 cat10]" {
		t.Errorf("with class names: %s", got)
	}
}

func TestFolderWithoutClassesIsOneClass(t *testing.T) {
	dir := folder(t, file{"img10.png", red(t, 10)}, file{"img2.png", red(t, 2)}, file{"img1.PNG", red(t, 1)})
	data, err := Folder(context.Background(), FolderConfig{Dir: dir, Size: 2})
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(firsts(data.Train)); got != "[1 2 10]" || data.Classes != 1 || data.ClassNames[0] != filepath.Base(dir) || data.Train.Label(2) != 0 {
		t.Errorf("pictures %s, %v", got, data)
	}
}

func TestFolderDrawsValidationPicturesBySeed(t *testing.T) {
	var files []file
	for i := range 40 {
		files = append(files, file{fmt.Sprintf("%d.png", i), red(t, i)})
	}
	dir := folder(t, files...)
	load := func(c FolderConfig) string {
		t.Helper()
		c.Dir, c.Size = dir, 2
		data, err := Folder(context.Background(), c)
		if err != nil {
			t.Fatal(err)
		}
		train, validation := firsts(data.Train), firsts(data.Validation)
		if !slices.IsSorted(train) || !slices.IsSorted(validation) {
			t.Errorf("%+v: order is lost", c)
		}
		all := append(train, validation...)
		slices.Sort(all)
		if len(slices.Compact(all)) != 40 {
			t.Errorf("%+v: %v, %v", c, train, validation)
		}
		return fmt.Sprint(validation)
	}
	first := load(FolderConfig{Validation: 10})
	if n := len(strings.Fields(first)); n != 10 || first == "[0 1 2 3 4 5 6 7 8 9]" {
		t.Errorf("drawn: %s", first)
	}
	if got := load(FolderConfig{ValidationShare: 0.25, Seed: 1}); got != first {
		t.Errorf("a share of 0.25 of 40 and seed 1: %s, want %s", got, first)
	}
	if got := load(FolderConfig{Validation: 10, Seed: 2}); got == first {
		t.Errorf("seed 2 draws the same")
	}
}

func TestFolderReadsFilesOfLabels(t *testing.T) {
	var files []file
	for i := 1; i <= 11; i++ {
		files = append(files, file{fmt.Sprintf("val/ILSVRC2012_val_%08d.JPEG", i), red(t, i)})
	}
	files = append(files, file{"val/sub/a b.png", red(t, 99)},
		file{"ground_truth.txt", []byte("490\n361\n171\n822\n297\n482\n13\n704\n599\n164\n649\n")},
		file{"val.txt", []byte("ILSVRC2012_val_00000003.JPEG 2\r\nsub/a b.png\t0\n\nILSVRC2012_val_00000001.JPEG 7")},
		file{"names.txt", []byte("ILSVRC2012_val_00000002.JPEG n10\nILSVRC2012_val_00000001.JPEG n9\nsub/a b.png n10\n")})
	dir := folder(t, files...)
	thousand := make([]string, 1000)
	thousand[489] = "the 490th"
	tests := []struct {
		name   string
		config FolderConfig
		want   string
	}{
		{"numbers from 1", FolderConfig{Labels: "ground_truth.txt"}, "[1 2 3 4 5 6 7 8 9 10 11] [489 360 170 821 296 481 12 703 598 163 648] 822 1 822"},
		{"numbers, first pictures, class names", FolderConfig{Labels: "ground_truth.txt", Pictures: 2, ClassNames: thousand}, "[1 2] [489 360] 1000  "},
		{"names and numbers from 0", FolderConfig{Labels: "val.txt"}, "[3 99 1] [2 0 7] 8 0 7"},
		{"names and classes", FolderConfig{Labels: "names.txt"}, "[2 1 99] [1 0 1] 2 n9 n10"},
		{"names and classes in a given order", FolderConfig{Labels: "names.txt", ClassNames: []string{"n10", "n9"}}, "[2 1 99] [0 1 0] 2 n10 n9"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.Dir, test.config.Labels, test.config.Size = filepath.Join(dir, "val"), filepath.Join(dir, test.config.Labels), 2
			data, err := Folder(context.Background(), test.config)
			if err != nil {
				t.Fatal(err)
			}
			var labels []int
			for i := range data.Train.Len() {
				labels = append(labels, data.Train.Label(i))
			}
			names := data.ClassNames
			if got := fmt.Sprint(firsts(data.Train), " ", labels, " ", data.Classes, " ", names[0], " ", names[len(names)-1]); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestFolderSaysWhatIsWrong(t *testing.T) {
	good := file{"a.png", red(t, 1)}
	huge := encoded(t, image.NewGray(image.Rect(0, 0, 65536, 1)))
	many := bytes.Clone(encoded(t, image.NewGray(image.Rect(0, 0, 1, 1))))
	copy(many[16:], []byte{0, 0, 0xff, 0xff, 0, 0, 0xff, 0xff}) // the header's size; its checksum then fails, or the size does
	labels := func(text string) []file { return []file{good, {"b.png", red(t, 2)}, {"labels", []byte(text)}} }
	tests := []struct {
		name   string
		files  []file
		config FolderConfig
		want   string
	}{
		{"empty", []file{{"x.txt", nil}}, FolderConfig{}, "no pictures (.jpg, .jpeg or .png) and no class folders"},
		{"mixed", []file{good, {"cat/b.png", red(t, 2)}}, FolderConfig{}, "both pictures (a.png) and folders (cat)"},
		{"empty class", []file{{"cat/b.png", red(t, 2)}, {"dog/x.txt", nil}}, FolderConfig{}, "dog: no pictures"},
		{"unknown class", []file{{"cat/b.png", red(t, 2)}}, FolderConfig{ClassNames: []string{"dog"}}, `folder "cat" is none of the 1 ClassNames`},
		{"no picture", []file{good, {"b.jpg", []byte("hello")}}, FolderConfig{}, "b.jpg (5 bytes) is no whole JPEG or PNG picture"},
		{"broken off", []file{good, {"b.png", red(t, 3)[:60]}}, FolderConfig{}, "b.png (60 bytes) is no whole JPEG or PNG picture"},
		{"too long", []file{{"b.png", huge}}, FolderConfig{}, "b.png: picture of 65536×1 pixels, expected sides of 1 to 65535"},
		{"bad header", []file{{"b.png", many}}, FolderConfig{}, "b.png"},
		{"too many wanted", []file{good}, FolderConfig{Pictures: 2}, "1 pictures found, 2 asked for"},
		{"none left", []file{good}, FolderConfig{Validation: 1}, "1 pictures, none left with 1 of them for validation"},
		{"label file is empty", labels("\n"), FolderConfig{Labels: "labels"}, "labels: no labels (1 bytes)"},
		{"label file is missing", labels(""), FolderConfig{Labels: "other"}, "other"},
		{"too few labels", labels("1\n"), FolderConfig{Labels: "labels"}, "labels: 1 labels, expected 2, the number of pictures in"},
		{"number 0", labels("1\n0\n"), FolderConfig{Labels: "labels"}, `labels: line 2 (picture 1): label "0", expected 1 to 65536`},
		{"no number", labels("1\ncat\n"), FolderConfig{Labels: "labels"}, `labels: line 2 (picture 1): label "cat", expected 1 to 65536`},
		{"beyond the names", labels("1\n3\n"), FolderConfig{Labels: "labels", ClassNames: []string{"x", "y"}}, `labels: line 2 (picture 1): label "3", expected 1 to 2`},
		{"beyond the names, from 0", labels("a.png 0\n\nb.png 2\n"), FolderConfig{Labels: "labels", ClassNames: []string{"x", "y"}}, `labels: line 3 (picture 1): label "2", expected 0 to 1`},
		{"negative", labels("a.png -1\n"), FolderConfig{Labels: "labels"}, `labels: line 1 (picture 0): label "-1", expected 0 to 65535`},
		{"both forms", labels("a.png 0\n7\n"), FolderConfig{Labels: "labels"}, `labels: line 2 is "7", but line 1 "a.png 0"`},
		{"unknown name", labels("a.png 0\nc.png 1\n"), FolderConfig{Labels: "labels"}, "labels: line 2: no picture"},
		{"twice", labels("a.png 0\nb.png 1\na.png 0\n"), FolderConfig{Labels: "labels"}, "labels: line 3: a.png again, first in line 1"},
		{"elsewhere", labels("../a.png 0\n"), FolderConfig{Labels: "labels"}, `labels: line 1: "../a.png" is not below`},
		{"class of no name", labels("a.png x\n"), FolderConfig{Labels: "labels", ClassNames: []string{"y"}}, `labels: line 1 (picture 0): class "x" is none of the 1 ClassNames`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := test.config
			c.Dir, c.Size = folder(t, test.files...), 2
			if c.Labels != "" {
				c.Labels = filepath.Join(c.Dir, c.Labels)
			}
			data, err := Folder(context.Background(), c)
			if err == nil {
				t.Fatalf("no error, data %v", data)
			}
			if !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), c.Dir) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
			if !strings.HasPrefix(err.Error(), "dataset: ") || strings.Count(err.Error(), "dataset: ") > 1 {
				t.Errorf("error %q: prefix", err)
			}
		})
	}
	if _, err := Folder(context.Background(), FolderConfig{Dir: filepath.Join(t.TempDir(), "no")}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want fs.ErrNotExist", err)
	}
}

func TestFolderPanicsForMisuse(t *testing.T) {
	for _, c := range []FolderConfig{
		{}, {Dir: "x", Size: -1}, {Dir: "x", Size: 10, Resize: 9}, {Dir: "x", Resize: 16385}, {Dir: "x", Pictures: -1}, {Dir: "x", Validation: -1},
		{Dir: "x", ValidationShare: 1}, {Dir: "x", ValidationShare: math.NaN()}, {Dir: "x", Validation: 1, ValidationShare: 0.5},
	} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "dataset: Folder: ") {
					t.Errorf("%+v: panic %v", c, r)
				}
			}()
			_, _ = Folder(context.Background(), c)
		}()
	}
}

func TestFolderStopsWithTheContextInOnePicture(t *testing.T) {
	dir := folder(t, file{"large.png", encoded(t, image.NewGray(image.Rect(0, 0, 9000, 9000)))})
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(5*time.Millisecond, cancel)
	if data, err := Folder(ctx, FolderConfig{Dir: dir, Size: 2}); err != context.Canceled {
		t.Errorf("%v, error %v, want context.Canceled", data, err)
	}
}

func TestFolderReportsItsProgress(t *testing.T) {
	var got events
	before := runtime.GOMAXPROCS(1) // events is not for several goroutines
	defer runtime.GOMAXPROCS(before)
	dir := folder(t, file{"a.png", red(t, 1)}, file{"b.png", red(t, 2)}, file{"c.png", red(t, 3)})
	if _, err := Folder(progress.With(context.Background(), &got), FolderConfig{Dir: dir, Size: 2, Validation: 1}); err != nil {
		t.Fatal(err)
	}
	if last := got[len(got)-1]; !last.Finished || last.Done != 3 || last.Total != 3 {
		t.Errorf("last event %+v, want 3 of 3", last)
	}
}

func BenchmarkCrop(b *testing.B) {
	m := image.NewYCbCr(image.Rect(0, 0, 500, 375), image.YCbCrSubsampleRatio420)
	c := FolderConfig{Size: 227, Resize: 256}
	dst := make([]uint8, 227*227*3)
	for b.Loop() {
		c.crop(context.Background(), dst, m)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
}

func ExampleFolder() {
	dir, err := os.MkdirTemp("", "photos")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	for i, class := range []string{"day", "night"} {
		m := image.NewGray(image.Rect(0, 0, 40, 30))
		for j := range m.Pix {
			m.Pix[j] = uint8(200 - 150*i)
		}
		var b bytes.Buffer
		if err := png.Encode(&b, m); err != nil {
			fmt.Println(err)
			return
		}
		if err := os.MkdirAll(filepath.Join(dir, "photos", class), 0o777); err != nil {
			fmt.Println(err)
			return
		}
		if err := os.WriteFile(filepath.Join(dir, "photos", class, "1.png"), b.Bytes(), 0o666); err != nil {
			fmt.Println(err)
			return
		}
	}
	data, err := Folder(context.Background(), FolderConfig{Dir: filepath.Join(dir, "photos"), Size: 24, Resize: 28})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data)
	fmt.Println(data.Train.Label(1), data.Train.Picture(1)[:3])
	// Output:
	// photos (pictures in class folders)
	// 2 training and 0 validation pictures of 24×24×3
	// 2 classes: day, night
	// 1 [50 50 50]
}

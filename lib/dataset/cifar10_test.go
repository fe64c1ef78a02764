package dataset

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"gonverge/lib/progress"
)

// batch returns n records of the official form; record i has label (first+i) mod 10, and
// its red, green and blue at row y, column x are first+i, y and x.
func batch(first, n int) []byte {
	var b []byte
	for i := range n {
		b = append(b, byte((first+i)%10))
		for plane := range 3 {
			for y := range 32 {
				for x := range 32 {
					b = append(b, [3]byte{byte(first + i), byte(y), byte(x)}[plane])
				}
			}
		}
	}
	return b
}

// squeeze returns b as gzip.
func squeeze(t *testing.T, b []byte) []byte {
	t.Helper()
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return z.Bytes()
}

// file is one of a test's folder or archive; the name uses slashes.
type file struct {
	name string
	data []byte
}

// archive returns the files as tar.gz.
func archive(t *testing.T, files ...file) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Name: f.name, Mode: 0o644, Size: int64(len(f.data))}); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(f.data); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return squeeze(t, b.Bytes())
}

// folder writes the files to a new folder.
func folder(t *testing.T, files ...file) string {
	t.Helper()
	dir := t.TempDir()
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, f.data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// plain is a picture of one colour as PNG.
func plain(t *testing.T, width, height int, c color.NRGBA) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, width, height))
	for i := range width * height {
		m.Pix[4*i], m.Pix[4*i+1], m.Pix[4*i+2], m.Pix[4*i+3] = c.R, c.G, c.B, c.A
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// classPictures is n pictures of every class in a part, at dir/<class>/<i>.png; the red
// value is the class, the green value the number, the blue value says which part.
func classPictures(t *testing.T, dir string, n int, part uint8) []file {
	t.Helper()
	var files []file
	for label, class := range cifarClasses() {
		for i := range n {
			files = append(files, file{fmt.Sprintf("%s/%s/%d.png", dir, class, i), plain(t, 32, 32, color.NRGBA{uint8(label), uint8(i), part, 255})})
		}
	}
	return files
}

// firsts returns the first byte of each picture.
func firsts(s *Set) []int {
	var all []int
	for i := range s.Len() {
		all = append(all, int(s.Picture(i)[0]))
	}
	return all
}

func TestCIFAR10FindsEveryForm(t *testing.T) {
	whole := []file{
		{"data_batch_1.bin", batch(0, 3)}, {"data_batch_2.bin", batch(3, 2)},
		{"data_batch_10.bin", batch(5, 1)}, {"test_batch.bin", batch(100, 4)}, {"batches.meta.txt", []byte("airplane\n")},
	}
	packed := func(files []file) []file {
		var all []file
		for _, f := range files {
			all = append(all, file{f.name + ".gz", squeeze(t, f.data)})
		}
		return all
	}
	within := func(dir string, files []file) []file {
		var all []file
		for _, f := range files {
			all = append(all, file{dir + f.name, f.data})
		}
		return all
	}
	// The official archive has its files in disorder.
	disorder := []file{whole[2], whole[4], whole[0], whole[3], whole[1]}
	tests := []struct {
		name  string
		files []file
	}{
		{"binary", whole},
		{"binary packed", packed(whole)},
		{"binary, plain before packed", append(packed([]file{{"data_batch_1.bin", batch(50, 9)}}), whole...)},
		{"binary in its own folder", within("cifar-10-batches-bin/", whole)},
		{"archive", []file{{cifarArchive, archive(t, within("cifar-10-batches-bin/", disorder)...)}}},
		{"archive of packed files", []file{{cifarArchive, archive(t, packed(disorder)...)}}},
		{"binary before archive", append([]file{{cifarArchive, []byte("junk")}}, whole...)},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data, err := CIFAR10(context.Background(), CIFAR10Config{Dir: folder(t, test.files...)})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(firsts(data.Train), firsts(data.Validation)); got != "[0 1 2 3 4 5] [100 101 102 103]" {
				t.Errorf("pictures %s", got)
			}
			if got := data.Train.Label(5); got != 5 {
				t.Errorf("label of the last training picture %d, want 5", got)
			}
			p := data.Validation.Picture(1)
			if got := [3]uint8(p[(7*32+9)*3:]); got != [3]uint8{101, 7, 9} {
				t.Errorf("row 7, column 9 of the second test picture %v, want [101 7 9]: planes became pixels", got)
			}
			if data.Name != "cifar10" || data.Classes != 10 || data.Shape != [3]int{32, 32, 3} || data.ClassNames[3] != "cat" {
				t.Errorf("data %v", data)
			}
		})
	}
}

func TestCIFAR10ReadsClassFoldersAndArchives(t *testing.T) {
	train, test := classPictures(t, "train", 2, 7), classPictures(t, "test", 1, 8)
	// A third cat; the rest of train as archives, entries in reverse order.
	train = append(train, file{"train/cat/10.png", plain(t, 32, 32, color.NRGBA{3, 10, 7, 255})})
	archives := append([]file(nil), test...)
	for _, class := range cifarClasses() {
		var entries []file
		for i := len(train) - 1; i >= 0; i-- {
			if strings.HasPrefix(train[i].name, "train/"+class+"/") {
				entries = append(entries, train[i])
			}
		}
		archives = append(archives, file{"train-" + class + ".tar.gz", archive(t, entries...)})
	}
	folders := append(append([]file(nil), train...), test...)
	folders = append(folders, file{"train/cat/notes.txt", nil}, file{"train/cat/.hidden.png", nil})

	var want string
	for name, files := range map[string][]file{"folders": folders, "archives": archives} {
		dir := folder(t, files...)
		for _, cores := range []int{1, 4} {
			before := runtime.GOMAXPROCS(cores)
			data, err := CIFAR10(context.Background(), CIFAR10Config{Dir: dir})
			runtime.GOMAXPROCS(before)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if data.Train.Len() != 21 || data.Validation.Len() != 10 {
				t.Fatalf("%s: %d and %d pictures, want 21 and 10", name, data.Train.Len(), data.Validation.Len())
			}
			for i := range data.Train.Len() {
				label, number := i%10, uint8(i/10)
				if i == 20 {
					label, number = 3, 10 // the third cat comes when the other classes have none left
				}
				if p := data.Train.Picture(i); data.Train.Label(i) != label || [3]uint8(p) != [3]uint8{uint8(label), number, 7} {
					t.Errorf("%s: picture %d of class %d: %v", name, i, data.Train.Label(i), p[:3])
				}
			}
			f := data.Train.Fingerprint() + data.Validation.Fingerprint()
			if want == "" {
				want = f
			}
			if f != want {
				t.Errorf("%s with %d cores: other pictures", name, cores)
			}
		}
	}
}

func TestCIFAR10DecodesJPEGAndGrey(t *testing.T) {
	m := image.NewGray(image.Rect(0, 0, 32, 32))
	for i := range m.Pix {
		m.Pix[i] = 200
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		t.Fatal(err)
	}
	pixels, err := decodePicture(&b, "grey.jpg")
	if err != nil {
		t.Fatal(err)
	}
	if len(pixels) != cifarBytes || [3]uint8(pixels) != [3]uint8{200, 200, 200} {
		t.Errorf("%d bytes beginning with %v", len(pixels), pixels[:3])
	}
}

func TestCIFAR10TakesTheFirst(t *testing.T) {
	both := folder(t, file{"data_batch_1.bin", batch(0, 8)}, file{"test_batch.bin", batch(100, 5)})
	trainOnly := folder(t, file{"data_batch_1.bin", batch(0, 8)})
	archived := folder(t, file{cifarArchive, archive(t, file{"data_batch_1.bin", batch(0, 8)})})
	tests := []struct {
		name   string
		config CIFAR10Config
		want   string
	}{
		{"all", CIFAR10Config{Dir: both}, "[0 1 2 3 4 5 6 7] [100 101 102 103 104]"},
		{"some", CIFAR10Config{Dir: both, Train: 2, Validation: 3}, "[0 1] [100 101 102]"},
		{"cut from the end", CIFAR10Config{Dir: trainOnly, Validation: 3}, "[0 1 2 3 4] [5 6 7]"},
		{"cut from the end, some", CIFAR10Config{Dir: trainOnly, Train: 1, Validation: 3}, "[0] [5 6 7]"},
		{"cut from an archive", CIFAR10Config{Dir: archived, Validation: 1}, "[0 1 2 3 4 5 6] [7]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data, err := CIFAR10(context.Background(), test.config)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(firsts(data.Train), firsts(data.Validation)); got != test.want {
				t.Errorf("pictures %s, want %s", got, test.want)
			}
		})
	}
}

func TestCIFAR10SaysWhatIsWrong(t *testing.T) {
	good := file{"data_batch_1.bin", batch(0, 3)}
	goodTest := file{"test_batch.bin", batch(0, 1)}
	badLabel := batch(0, 3)
	badLabel[2*3073] = 12
	flipped := squeeze(t, batch(0, 3))
	flipped[len(flipped)-6] ^= 1 // in the checksum
	whole := archive(t, good, goodTest)
	badSum := bytes.Clone(whole)
	badSum[len(badSum)-6] ^= 1
	classes := classPictures(t, "train", 1, 0)
	replaced := func(name string, data []byte) []file {
		all := append(classPictures(t, "test", 1, 0), classes...)
		for i := range all {
			if all[i].name == name {
				all[i].data = data
			}
		}
		return all
	}
	tests := []struct {
		name   string
		files  []file
		config CIFAR10Config
		want   []string
	}{
		{"truncated", []file{{"data_batch_1.bin", good.data[:5000]}, goodTest}, CIFAR10Config{},
			[]string{"data_batch_1.bin: 5000 bytes found, expected a multiple of 3073 (1 whole pictures and 1927 bytes more)"}},
		{"truncated in an archive", []file{{cifarArchive, archive(t, good, file{"test_batch.bin", good.data[:3000]})}}, CIFAR10Config{},
			[]string{cifarArchive + ": test_batch.bin: 3000 bytes found, expected a multiple of 3073"}},
		{"empty", []file{{"data_batch_1.bin", nil}, goodTest}, CIFAR10Config{}, []string{"data_batch_1.bin: 0 bytes found"}},
		{"label", []file{{"data_batch_1.bin", badLabel}, goodTest}, CIFAR10Config{}, []string{"data_batch_1.bin: picture 2 has label 12, expected 0 to 9"}},
		{"packed file breaks off", []file{{"data_batch_1.bin.gz", squeeze(t, good.data)[:40]}, goodTest}, CIFAR10Config{},
			[]string{"data_batch_1.bin.gz is truncated"}},
		{"packed file is empty", []file{{"data_batch_1.bin.gz", nil}, goodTest}, CIFAR10Config{}, []string{"data_batch_1.bin.gz is truncated"}},
		{"packed file is damaged", []file{{"data_batch_1.bin.gz", flipped}, goodTest}, CIFAR10Config{},
			[]string{"data_batch_1.bin.gz is damaged", "checksum"}},
		{"packed file is none", []file{{"data_batch_1.bin.gz", []byte("no gzip, for sure")}, goodTest}, CIFAR10Config{},
			[]string{"data_batch_1.bin.gz is damaged"}},
		{"archive breaks off", []file{{cifarArchive, whole[:len(whole)-30]}}, CIFAR10Config{}, []string{cifarArchive + ": test_batch.bin is truncated"}},
		{"archive is damaged", []file{{cifarArchive, badSum}}, CIFAR10Config{}, []string{cifarArchive + " is damaged"}},
		{"archive of something else", []file{{cifarArchive, archive(t, file{"readme.txt", []byte("hello")})}}, CIFAR10Config{},
			[]string{"no pictures to train on", "data_batch_*.bin"}},
		{"no test pictures", []file{good}, CIFAR10Config{}, []string{"none to test with", "test_batch.bin", "CIFAR10Config.Validation"}},
		{"no test pictures in the archive", []file{{cifarArchive, archive(t, good)}}, CIFAR10Config{}, []string{"none to test with"}},
		{"no training pictures", []file{goodTest}, CIFAR10Config{}, []string{"no pictures to train on", "data_batch_*.bin"}},
		{"all cut off", []file{good}, CIFAR10Config{Validation: 3}, []string{"3 training pictures, none left with 3"}},
		{"too many wanted", []file{good, goodTest}, CIFAR10Config{Train: 4}, []string{"3 pictures found for CIFAR-10, training, 4 asked for"}},
		{"a class is missing", append(classes[:len(classes)-1:len(classes)-1], file{"test-cat.tar.gz", nil}), CIFAR10Config{},
			[]string{"no pictures of class truck", filepath.Join("train", "truck"), "train-truck.tar.gz"}},
		{"picture of another size", replaced("train/dog/0.png", plain(t, 48, 32, color.NRGBA{0, 0, 0, 255})), CIFAR10Config{},
			[]string{filepath.Join("train", "dog", "0.png") + ": picture of 48×32 pixels, expected 32×32"}},
		{"picture is truncated", replaced("train/dog/0.png", plain(t, 32, 32, color.NRGBA{1, 2, 3, 255})[:60]), CIFAR10Config{},
			[]string{filepath.Join("train", "dog", "0.png") + " (60 bytes) is no whole JPEG or PNG picture"}},
		{"picture is empty", replaced("test/ship/0.png", nil), CIFAR10Config{}, []string{filepath.Join("test", "ship", "0.png") + " (0 bytes) is no whole"}},
		{"picture is huge", replaced("test/ship/0.png", make([]byte, largestPicture+1)), CIFAR10Config{}, []string{"more than 1048576 bytes"}},
		{"picture is transparent", replaced("test/ship/0.png", plain(t, 32, 32, color.NRGBA{1, 2, 3, 9})), CIFAR10Config{}, []string{"transparent at row 0"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.Dir = folder(t, test.files...)
			data, err := CIFAR10(context.Background(), test.config)
			if err == nil {
				t.Fatalf("no error, data %v", data)
			}
			for _, want := range append(test.want, test.config.Dir) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
			if !strings.HasPrefix(err.Error(), "dataset: ") || strings.Count(err.Error(), "dataset: ") > 1 {
				t.Errorf("error %q: prefix", err)
			}
		})
	}
}

func TestCIFAR10SaysHowToGetIt(t *testing.T) {
	for name, dir := range map[string]string{"empty folder": t.TempDir(), "no folder": filepath.Join(t.TempDir(), "no")} {
		_, err := CIFAR10(context.Background(), CIFAR10Config{Dir: dir})
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: error %v, want fs.ErrNotExist", name, err)
		}
		for _, want := range []string{dir, "data_batch_*.bin", "cifar-10-binary.tar.gz", "train-<class>.tar.gz", "Download: true", cifarURL} {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q does not say %q", name, err, want)
			}
		}
	}
}

func TestCIFAR10LooksInTheDownloadsOfTheStore(t *testing.T) {
	t.Setenv("GONVERGE_CACHE", folder(t, file{"downloads/data_batch_1.bin", batch(0, 3)}, file{"downloads/test_batch.bin", batch(0, 2)}))
	data, err := CIFAR10(context.Background(), CIFAR10Config{})
	if err != nil || data.Train.Len() != 3 {
		t.Errorf("%v, %v", data, err)
	}
}

func TestCIFAR10StopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	files := append(classPictures(t, "train", 1, 0), classPictures(t, "test", 1, 0)...)
	for name, dir := range map[string]string{
		"binary":  folder(t, file{"data_batch_1.bin.gz", squeeze(t, batch(0, 3))}, file{"test_batch.bin", batch(0, 2)}),
		"archive": folder(t, file{cifarArchive, archive(t, file{"data_batch_1.bin", batch(0, 8)})}),
		"classes": folder(t, files...),
	} {
		if data, err := CIFAR10(ctx, CIFAR10Config{Dir: dir}); data != nil || err != context.Canceled {
			t.Errorf("%s: %v, %v, want context.Canceled", name, data, err)
		}
	}
}

func TestCIFAR10ReportsItsProgress(t *testing.T) {
	var got events
	ctx := progress.With(context.Background(), &got)
	dir := folder(t, file{"data_batch_1.bin", batch(0, 30)}, file{"test_batch.bin", batch(0, 20)})
	if _, err := CIFAR10(ctx, CIFAR10Config{Dir: dir}); err != nil {
		t.Fatal(err)
	}
	if last := got[len(got)-1]; !last.Finished || last.Done != 100 || last.Total != 100 || last.Note != "50 pictures" {
		t.Errorf("last event %+v, want 100 of 100", last)
	}
}

func TestNamesAreOrderedByTheirNumbers(t *testing.T) {
	sorted := []string{"", "a", "a1", "a01", "a2", "a10", "a10b", "ab", "b1x2", "b1x11", "b2"}
	for i, a := range sorted {
		for j, b := range sorted {
			if got, want := before(a, b), i < j; got != want {
				t.Errorf("before(%q, %q) = %v", a, b, got)
			}
		}
	}
}

func FuzzReadRecords(f *testing.F) {
	f.Add(batch(3, 2))
	f.Add(batch(0, 1)[:100])
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{10}, 3073))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := cifar10().readRecords(bytes.NewReader(b), "x.bin")
		if err != nil {
			return
		}
		if len(b)%3073 != 0 || len(got.labels) != len(b)/3073 {
			t.Fatalf("%d pictures of %d bytes", len(got.labels), len(b))
		}
		s := got.set("x")
		for i := range s.Len() {
			p, r := s.Picture(i), b[i*3073:]
			for c := range 3 {
				if s.Label(i) != int(r[0]) || p[3*77+c] != r[1+1024*c+77] {
					t.Fatalf("picture %d, channel %d is not what the file holds", i, c)
				}
			}
		}
	})
}

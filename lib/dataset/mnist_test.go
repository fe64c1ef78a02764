package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// idxHead is the header of an IDX file.
func idxHead(magic uint32, dims ...uint32) []byte {
	b := binary.BigEndian.AppendUint32(nil, magic)
	for _, d := range dims {
		b = binary.BigEndian.AppendUint32(b, d)
	}
	return b
}

// idxPart is a file of n pictures and one of their labels; picture i begins with first+i,
// at row y and column x it is 2y+x, and its label is (first+i) mod 10.
func idxPart(first, n int) (images, labels []byte) {
	images, labels = idxHead(2051, uint32(n), 28, 28), idxHead(2049, uint32(n))
	for i := range n {
		for y := range 28 {
			for x := range 28 {
				images = append(images, byte(2*y+x))
			}
		}
		images[len(images)-784] = byte(first + i)
		labels = append(labels, byte((first+i)%10))
	}
	return images, labels
}

// idxFiles is the four files of a set.
func idxFiles(train, test int) []file {
	names := idxNames()
	files := make([]file, 4)
	for part, n := range []int{train, test} {
		images, labels := idxPart(100*part, n)
		files[2*part], files[2*part+1] = file{names[part][0], images}, file{names[part][1], labels}
	}
	return files
}

func TestMNISTFindsEveryForm(t *testing.T) {
	whole := idxFiles(5, 3)
	var packed, dotted, inFolder []file
	for _, f := range whole {
		packed = append(packed, file{f.name + ".gz", squeeze(t, f.data)})
		dotted = append(dotted, file{strings.Replace(f.name, "-idx", ".idx", 1), f.data})
		inFolder = append(inFolder, file{"mnist/" + f.name, f.data})
	}
	for name, files := range map[string][]file{
		"plain": whole, "packed": packed, "dotted": dotted, "in its own folder": inFolder,
		"plain before packed": append([]file{{whole[0].name + ".gz", []byte("junk")}}, whole...),
	} {
		t.Run(name, func(t *testing.T) {
			dir := folder(t, files...)
			var prints []string
			for _, cores := range []int{1, 4} {
				before := runtime.GOMAXPROCS(cores)
				data, err := MNIST(context.Background(), MNISTConfig{Dir: dir})
				runtime.GOMAXPROCS(before)
				if err != nil {
					t.Fatal(err)
				}
				if got := fmt.Sprint(firsts(data.Train), firsts(data.Validation)); got != "[0 1 2 3 4] [100 101 102]" {
					t.Errorf("pictures %s", got)
				}
				if got := data.Validation.Label(2); got != 2 {
					t.Errorf("label of the last test picture %d, want 2", got)
				}
				if got := data.Train.Picture(1)[3*28+5]; got != 11 {
					t.Errorf("row 3, column 5 is %d, want 11", got)
				}
				if data.Name != "mnist" || data.Classes != 10 || data.Shape != [3]int{28, 28, 1} || data.ClassNames[7] != "7" {
					t.Errorf("data %v", data)
				}
				prints = append(prints, data.Train.Fingerprint())
			}
			if prints[0] != prints[1] {
				t.Error("other pictures with more cores")
			}
		})
	}
}

func TestFashionMNISTHasItsNames(t *testing.T) {
	data, err := FashionMNIST(context.Background(), MNISTConfig{Dir: folder(t, idxFiles(2, 1)...)})
	if err != nil {
		t.Fatal(err)
	}
	if data.Name != "fashion-mnist" || data.ClassNames[9] != "Ankle boot" || data.Train.Name() != "Fashion-MNIST, training" {
		t.Errorf("data %v", data)
	}
}

func TestMNISTTakesTheFirst(t *testing.T) {
	all := idxFiles(8, 5)
	both, trainOnly, testOnly := folder(t, all...), folder(t, all[:2]...), folder(t, all[2:]...)
	tests := []struct {
		name   string
		config MNISTConfig
		want   string
	}{
		{"all", MNISTConfig{Dir: both}, "[0 1 2 3 4 5 6 7] [100 101 102 103 104]"},
		{"some", MNISTConfig{Dir: both, Train: 2, Validation: 3}, "[0 1] [100 101 102]"},
		{"cut from the end", MNISTConfig{Dir: trainOnly, Validation: 3}, "[0 1 2 3 4] [5 6 7]"},
		{"test alone", MNISTConfig{Dir: testOnly, TestOnly: true}, "[] [100 101 102 103 104]"},
		{"test alone of both, some", MNISTConfig{Dir: both, TestOnly: true, Validation: 2}, "[] [100 101]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data, err := MNIST(context.Background(), test.config)
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(firsts(data.Train), firsts(data.Validation)); got != test.want {
				t.Errorf("pictures %s, want %s", got, test.want)
			}
			if bundle := data.MIMEBundle(); !strings.Contains(bundle["text/html"].(string), "<img ") {
				t.Error("no pictures are shown")
			}
		})
	}
}

func TestMNISTSaysWhatIsWrong(t *testing.T) {
	images, labels := idxPart(0, 3)
	changed := func(b []byte, at int, v byte) []byte {
		b = bytes.Clone(b)
		b[at] = v
		return b
	}
	packed := squeeze(t, images)
	tests := []struct {
		name           string
		images, labels []byte
		gz             bool
		want           string
	}{
		{"magic", changed(images, 3, 2), labels, false, "images-idx3-ubyte: offset 0: magic number 2050 (0x00000802), expected 2051 (0x00000803) of pictures"},
		{"labels for pictures", labels, labels, false, "images-idx3-ubyte: offset 0: magic number 2049 (0x00000801, a file of labels), expected 2051"},
		{"pictures for labels", images, images, false, "labels-idx1-ubyte: offset 0: magic number 2051 (0x00000803, a file of pictures), expected 2049"},
		{"rows", changed(images, 11, 32), labels, false, "images-idx3-ubyte: offset 8: 32 rows, expected 28"},
		{"columns", changed(images, 15, 27), labels, false, "images-idx3-ubyte: offset 12: 27 columns, expected 28"},
		{"counts", changed(images, 7, 4), labels, false, "images-idx3-ubyte: offset 4: 4 pictures, expected 3, the number of labels in"},
		{"huge count", changed(images, 4, 255), labels, false, "images-idx3-ubyte: offset 4: size 4278190083 of dimension 0"},
		{"label", images, changed(labels, 9, 10), false, "labels-idx1-ubyte: offset 9: label 10 of picture 1, expected 0 to 9"},
		{"labels end", images, labels[:10], false, "labels-idx1-ubyte: 10 bytes found, expected 11 (header of 8 bytes and 3 labels)"},
		{"promises of labels", images, changed(labels, 4, 100), false, "labels-idx1-ubyte: 11 bytes found, expected 1677721611"},
		{"labels go on", images, append(bytes.Clone(labels), 0), false, "labels-idx1-ubyte: offset 11: more bytes, expected the end"},
		{"pictures end", images[:2000], labels, false, "images-idx3-ubyte: 2000 bytes found, expected 2368 (header of 16 bytes and 3 pictures of 784; it ends in picture 2)"},
		{"pictures end between two", images[:16+784], labels, false, "images-idx3-ubyte: 800 bytes found, expected 2368"},
		{"pictures go on", append(bytes.Clone(images), 7), labels, false, "images-idx3-ubyte: offset 2368: more bytes, expected the end"},
		{"header ends", images[:10], labels, false, "images-idx3-ubyte: 10 bytes found, expected a header of 16 bytes"},
		{"empty", nil, labels, false, "images-idx3-ubyte: 0 bytes found, expected an IDX file of pictures"},
		{"no pictures", idxHead(2051, 0, 28, 28), idxHead(2049, 0), false, "images-idx3-ubyte: 0 pictures"},
		{"packed file breaks off", packed[:len(packed)-9], labels, true, "images-idx3-ubyte.gz is truncated"},
		{"packed header breaks off", packed[:11], labels, true, "images-idx3-ubyte.gz is truncated"},
		{"packed file of short contents", squeeze(t, images[:2000]), labels, true, "images-idx3-ubyte.gz: 2000 bytes found, expected 2368"},
		{"checksum", changed(packed, len(packed)-6, packed[len(packed)-6]^1), labels, true, "images-idx3-ubyte.gz is damaged"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			files := idxFiles(3, 3)
			files[2].data, files[3].data = test.images, test.labels
			if test.gz {
				files[2].name += ".gz"
			}
			dir := folder(t, files...)
			data, err := MNIST(context.Background(), MNISTConfig{Dir: dir})
			if err == nil {
				t.Fatalf("no error, data %v", data)
			}
			for _, want := range []string{dir, "t10k-" + test.want} {
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

func TestMNISTSaysWhatIsMissing(t *testing.T) {
	all := idxFiles(3, 2)
	tests := []struct {
		name   string
		files  []file
		config MNISTConfig
		want   []string
	}{
		{"all", nil, MNISTConfig{}, []string{"no MNIST in", "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (or .gz)", "12 MB", "Download: true", mnist().url}},
		{"training", all[2:], MNISTConfig{}, []string{"not complete", "train-images-idx3-ubyte, train-labels-idx1-ubyte (or .gz)", "MNISTConfig.TestOnly"}},
		{"test", all[:2], MNISTConfig{}, []string{"t10k-images-idx3-ubyte, t10k-labels-idx1-ubyte (or .gz)", "MNISTConfig.Validation"}},
		{"labels", all[:3], MNISTConfig{}, []string{"Looked for t10k-labels-idx1-ubyte (or .gz)"}},
		{"test, of which alone", all[:2], MNISTConfig{TestOnly: true}, []string{"t10k-images-idx3-ubyte"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			test.config.Dir = folder(t, test.files...)
			_, err := MNIST(context.Background(), test.config)
			if !errors.Is(err, fs.ErrNotExist) {
				t.Fatalf("error %v, want fs.ErrNotExist", err)
			}
			for _, want := range append(test.want, test.config.Dir) {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("error %q does not say %q", err, want)
				}
			}
		})
	}
	dir := folder(t, all...)
	for _, config := range []MNISTConfig{{Dir: dir, Train: 4}, {Dir: dir, Validation: 3}} {
		if _, err := MNIST(context.Background(), config); err == nil || !strings.Contains(err.Error(), "asked for") {
			t.Errorf("%+v: error %v", config, err)
		}
	}
}

func TestMNISTPanicsForMisuse(t *testing.T) {
	for _, config := range []MNISTConfig{{Train: -1}, {Validation: -1}, {TestOnly: true, Train: 5}} {
		func() {
			defer func() {
				if r := recover(); r == nil || !strings.HasPrefix(fmt.Sprint(r), "dataset: MNIST: ") {
					t.Errorf("%+v: panic %v", config, r)
				}
			}()
			_, _ = MNIST(context.Background(), config)
		}()
	}
}

func TestMNISTStopsWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := MNIST(ctx, MNISTConfig{Dir: folder(t, idxFiles(2, 2)...)}); err != context.Canceled {
		t.Errorf("error %v, want context.Canceled", err)
	}
}

func TestMissingFilesOfMNISTAreDownloaded(t *testing.T) {
	files := idxFiles(4, 2)
	served := map[string][]byte{}
	kind := mnist()
	for i, f := range files {
		z := squeeze(t, f.data)
		served["/x/"+f.name+".gz"] = z
		kind.sha256[i/2][i%2] = fmt.Sprintf("%x", sha256.Sum256(z))
	}
	var asked []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, strings.TrimPrefix(r.URL.Path, "/x/"))
		_, _ = w.Write(served[r.URL.Path])
	}))
	defer server.Close()

	dir := folder(t, files[0]) // training pictures are there already
	config := MNISTConfig{Dir: dir, Download: true, URL: server.URL + "/x/"}
	for range 2 {
		data, err := kind.load(context.Background(), config)
		if err != nil || data.Train.Len() != 4 || data.Validation.Len() != 2 {
			t.Fatalf("%v, %v", data, err)
		}
	}
	if got := fmt.Sprint(asked); got != "[train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz]" {
		t.Errorf("asked for %s", got)
	}
	asked = nil
	if _, err := kind.load(context.Background(), MNISTConfig{Dir: t.TempDir(), TestOnly: true, Download: true, URL: server.URL + "/x"}); err != nil || len(asked) != 2 {
		t.Errorf("test alone: asked for %v, %v", asked, err)
	}
	wrong := t.TempDir()
	_, err := MNIST(context.Background(), MNISTConfig{Dir: wrong, Download: true, URL: server.URL + "/x"})
	if err == nil || !strings.Contains(err.Error(), mnist().sha256[0][0]) {
		t.Errorf("error %v, want the official SHA-256", err)
	}
	if _, err := os.Stat(filepath.Join(wrong, "train-images-idx3-ubyte.gz.corrupt")); err != nil {
		t.Error(err)
	}
}

func TestMNISTLooksInTheDownloadsOfTheStore(t *testing.T) {
	var files []file
	for _, f := range idxFiles(3, 2) {
		files = append(files, file{"downloads/fashion-mnist/" + f.name, f.data})
	}
	t.Setenv("GONVERGE_CACHE", folder(t, files...))
	if data, err := FashionMNIST(context.Background(), MNISTConfig{}); err != nil || data.Train.Len() != 3 {
		t.Errorf("%v, %v", data, err)
	}
}

func FuzzReadIDX(f *testing.F) {
	images, labels := idxPart(3, 2)
	f.Add(images, labels)
	f.Add(images[:900], labels)
	f.Add(images, labels[:9])
	f.Add(idxHead(2051, 0, 28, 28), idxHead(2049, 0))
	f.Add(idxHead(2051, 1<<31-1, 28, 28), idxHead(2049, 1<<31-1))
	f.Add([]byte{}, []byte{0})
	f.Fuzz(func(t *testing.T, images, labels []byte) {
		l, err := readIDXLabels(bytes.NewReader(labels), "labels", 10)
		if err != nil {
			return
		}
		if len(labels) != 8+len(l) {
			t.Fatalf("%d labels of %d bytes", len(l), len(labels))
		}
		got, err := readIDXImages(bytes.NewReader(images), "images", 28, 28, l, "labels")
		if err != nil {
			return
		}
		s := got.set("x")
		if len(images) != 16+784*len(l) || s.Len() != len(l) || !bytes.Equal(s.pixels, images[16:]) {
			t.Fatalf("%d pictures of %d bytes", s.Len(), len(images))
		}
		for i, label := range l {
			if label != int(labels[8+i]) || label > 9 || s.Label(i) != label {
				t.Fatalf("label %d is %d", i, label)
			}
		}
	})
}

func ExampleMNIST() {
	// Two pictures in the form of the official files.
	dir, err := os.MkdirTemp("", "mnist")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = os.RemoveAll(dir) }()
	images := append([]byte{0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 28, 0, 0, 0, 28}, make([]byte, 2*28*28)...)
	labels := []byte{0, 0, 8, 1, 0, 0, 0, 2, 7, 4}
	for name, b := range map[string][]byte{"t10k-images-idx3-ubyte": images, "t10k-labels-idx1-ubyte": labels} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o666); err != nil {
			fmt.Println(err)
			return
		}
	}
	data, err := MNIST(context.Background(), MNISTConfig{Dir: dir, TestOnly: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data)
	fmt.Println(data.Validation.Label(0), data.Validation.Label(1))
	// Output:
	// mnist (IDX files)
	// 0 training and 2 validation pictures of 28×28×1
	// 10 classes: 0, 1, 2, 3, 4, 5, 6, 7, 8, 9
	// 7 4
}

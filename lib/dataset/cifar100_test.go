package dataset

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// batch100 is n records of CIFAR-100: coarse label 19, fine label first+i, pixels as in batch.
func batch100(first, n int) []byte {
	var b []byte
	for i := range n {
		record := batch(first+i, 1)
		b = append(append(b, 19, byte(first+i)), record[1:]...)
	}
	return b
}

func TestCIFAR100FindsEveryForm(t *testing.T) {
	train, test := batch100(0, 5), batch100(97, 3)
	tests := []struct {
		name  string
		files []file
	}{
		{"binary", []file{{"train.bin", train}, {"test.bin", test}, {"train.bin.txt", nil}}},
		{"binary packed", []file{{"train.bin.gz", squeeze(t, train)}, {"test.bin.gz", squeeze(t, test)}}},
		{"binary in its own folder", []file{{"cifar-100-binary/train.bin", train}, {"cifar-100-binary/test.bin", test}}},
		{"archive", []file{{"cifar-100-binary.tar.gz", archive(t, file{"cifar-100-binary/test.bin", test},
			file{"cifar-100-binary/fine_label_names.txt", []byte("apple\n")}, file{"cifar-100-binary/train.bin", train})}}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			data, err := CIFAR100(context.Background(), CIFAR100Config{Dir: folder(t, test.files...)})
			if err != nil {
				t.Fatal(err)
			}
			if got := fmt.Sprint(firsts(data.Train), firsts(data.Validation)); got != "[0 1 2 3 4] [97 98 99]" {
				t.Errorf("pictures %s", got)
			}
			if got := data.Validation.Label(2); got != 99 {
				t.Errorf("label of the last test picture %d, want the fine one, 99", got)
			}
			if p := data.Train.Picture(1); [3]uint8(p[(7*32+9)*3:]) != [3]uint8{1, 7, 9} {
				t.Errorf("row 7, column 9 of the second picture %v, want [1 7 9]", p[(7*32+9)*3:][:3])
			}
			if data.Name != "cifar100" || data.Classes != 100 || len(data.ClassNames) != 100 {
				t.Errorf("data %v", data)
			}
		})
	}
}

func TestCIFAR100ClassesAreInTheOrderOfTheAlphabet(t *testing.T) {
	names := cifar100Classes()
	if !slices.IsSorted(names) || len(slices.Compact(slices.Clone(names))) != 100 {
		t.Errorf("classes %v", names)
	}
}

func TestCIFAR100SaysWhatIsWrong(t *testing.T) {
	fine, coarse := batch100(0, 3), batch100(0, 3)
	fine[2*3074+1], coarse[3074] = 100, 20
	good := file{"test.bin", batch100(0, 1)}
	tests := []struct {
		name  string
		files []file
		want  string
	}{
		{"fine label", []file{{"train.bin", fine}, good}, "train.bin: picture 2 has fine label 100, expected 0 to 99"},
		{"coarse label", []file{{"train.bin", coarse}, good}, "train.bin: picture 1 has coarse label 20, expected 0 to 19"},
		{"records of CIFAR-10", []file{{"train.bin", batch(0, 2)}, good}, "train.bin: 6146 bytes found, expected a multiple of 3074"},
		{"no test pictures", []file{{"train.bin", batch100(0, 2)}}, "CIFAR100Config.Validation"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := folder(t, test.files...)
			_, err := CIFAR100(context.Background(), CIFAR100Config{Dir: dir})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), dir) {
				t.Errorf("error %v does not say %q", err, test.want)
			}
		})
	}
	_, err := CIFAR100(context.Background(), CIFAR100Config{Dir: t.TempDir()})
	for _, want := range []string{"no CIFAR-100 in", "train.bin and test.bin", "161 MB", "dataset.CIFAR100(ctx, dataset.CIFAR100Config", "cifar-100-binary.tar.gz"} {
		if !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}

func TestCIFAR100IsDownloaded(t *testing.T) {
	b := archive(t, file{"cifar-100-binary/train.bin", batch100(0, 4)}, file{"cifar-100-binary/test.bin", batch100(0, 2)})
	m, dir := serve(t, b, true), t.TempDir()
	data, err := CIFAR100(context.Background(), CIFAR100Config{Dir: dir, Download: true, URL: m.URL, SHA256: fmt.Sprintf("%x", sha256.Sum256(b))})
	if err != nil || data.Train.Len() != 4 || data.Validation.Len() != 2 {
		t.Errorf("%v, %v", data, err)
	}
	if !isFile(filepath.Join(dir, "cifar-100-binary.tar.gz")) {
		t.Error("the archive is not in the folder")
	}
	_, err = CIFAR100(context.Background(), CIFAR100Config{Dir: t.TempDir(), Download: true, URL: m.URL})
	if err == nil || !strings.Contains(err.Error(), cifar100().sha256) {
		t.Errorf("error %v, want the official SHA-256", err)
	}
}

func TestManyClassesAreShownInPart(t *testing.T) {
	s := newSet("x", cifarShape(), bytes.Repeat([]byte{1}, cifarBytes), []int{99})
	d := &Data{Name: "cifar100", Origin: "here", Shape: cifarShape(), Classes: 100, ClassNames: cifar100Classes(), Train: s, Validation: s}
	if text := d.String(); !strings.HasSuffix(text, "castle, caterpillar, cattle and 80 more") {
		t.Errorf("text %q", text)
	}
	if page := d.MIMEBundle()["text/html"].(string); strings.Count(page, "<th>") != 20 {
		t.Errorf("%d columns, want 20", strings.Count(page, "<th>"))
	}
}

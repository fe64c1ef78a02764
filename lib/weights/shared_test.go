package weights

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// sharedModels returns the folder of real models, or skips. GONVERGE_SHARED is the folder that
// holds data/models.
func sharedModels(t *testing.T) string {
	t.Helper()
	dir := os.Getenv("GONVERGE_SHARED")
	if dir == "" {
		t.Skip("GONVERGE_SHARED is not set: no real models to read")
	}
	return filepath.Join(dir, "data", "models")
}

func TestRealModelsOpen(t *testing.T) {
	root := sharedModels(t)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(path, ".md") || strings.HasSuffix(path, ".tsv") {
			return err
		}
		rel, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		f, err := Read(path)
		if err != nil {
			t.Error(err)
			return nil
		}
		f.Path = rel
		t.Logf("%v", f)
		if f.Parameters() == 0 {
			t.Errorf("%s: no values", rel)
		}
		for _, tensor := range f.Tensors {
			for i, v := range tensor.Data {
				if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
					t.Fatalf("%s: %s: value %d is %v", rel, tensor.Name, i, v)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestRealModelsAgainstOtherReaders(t *testing.T) {
	root := sharedModels(t)
	table, err := os.ReadFile(filepath.Join("testdata", "real.tsv"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(table)) {
		var tensors, count int
		var want float64
		name, rest, _ := strings.Cut(line, "\t")
		if _, err := fmt.Sscan(rest, &tensors, &count, &want); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		f, err := Read(filepath.Join(root, filepath.FromSlash(name)))
		if err != nil {
			t.Error(err)
			continue
		}
		got, size := 0.0, 0.0
		for _, x := range f.Tensors {
			for i, v := range x.Data {
				got += float64(v) * float64(i%97+1)
				size += math.Abs(float64(v)) * float64(i%97+1)
			}
		}
		if len(f.Tensors) != tensors || f.Parameters() != count {
			t.Errorf("%s: %d tensors with %d values, want %d with %d", name, len(f.Tensors), f.Parameters(), tensors, count)
		}
		// The table has nine digits; the order of the float64 sum is another one.
		if math.Abs(got-want) > 1e-8*math.Abs(want)+1e-12*size {
			t.Errorf("%s: sum %.9g, want %.9g", name, got, want)
		}
	}
}

// TestRealCaffeFamily checks that nets of one family have equal names and shapes whichever of
// the three layouts they came in.
func TestRealCaffeFamily(t *testing.T) {
	root := sharedModels(t)
	for _, family := range []string{"caffe-lenet-mnist", "caffe-cifar10-quick", "caffe-cifar10-full"} {
		files, err := filepath.Glob(filepath.Join(root, family, "*.caffemodel*"))
		if err != nil || len(files) < 2 {
			t.Fatalf("%s: %d files, %v", family, len(files), err)
		}
		first := ""
		for _, path := range files {
			f, err := Read(path)
			if err != nil {
				t.Error(err)
				continue
			}
			shapes := ""
			for i := range f.Tensors {
				shapes += f.Tensors[i].String() + "\n"
			}
			if first == "" {
				first = shapes
			}
			if shapes != first {
				t.Errorf("%s: got\n%swant\n%s", path, shapes, first)
			}
		}
	}
}

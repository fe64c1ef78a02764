package weights

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"
)

func TestMatricesFromText(t *testing.T) {
	want := mat.NewDense(2, 3, []float64{1, -2.5, 3e-2, 4, 5, 6})
	for name, text := range map[string]string{
		"commas":     "1,-2.5,0.03\n4,5,6\n",
		"no end":     "1, -2.5, 0.03\r\n4,5,6",
		"names":      "\ufeffu0,u1,u2\n1,-2.5,.03\n4,5,6\n",
		"semicolons": "1;-2.5;3e-2\n4;5;6\n",
		"tabs":       "a\tb\tc\n1\t-2.5\t0.03\n4\t5\t6\n",
		"comment":    "# of conv1\n1,-2.5,0.03\n\n4,\"5\",6\n",
	} {
		got, err := decodeCSV("a.csv", []byte(text))
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if !mat.Equal(got, want) {
			t.Errorf("%s: %v", name, mat.Formatted(got))
		}
	}
	for _, c := range []struct {
		name, text string
		line, col  int
		want       string
	}{
		{"ragged", "1,2\n3,4\n5\n", 3, 1, "found 1 values, expected 2"},
		{"word", "1,2\n3,four\n", 2, 3, `found "four"`},
		{"not finite", "1,2\n3,NaN\n", 2, 3, `found "NaN"`},
		{"empty field", "1,2\n,4\n", 2, 1, `found ""`},
		{"names only", "a,b\n", 1, 1, "no rows"},
		{"empty", "", 1, 1, "no rows"},
		{"quote", "1,2\n3,\"4\n", 2, 3, "quote"},
	} {
		_, err := decodeCSV("bad.csv", []byte(c.text))
		var bad *TextError
		if !errors.As(err, &bad) || bad.Line != c.line || !strings.Contains(bad.Problem, c.want) {
			t.Errorf("%s: %v, want line %d and %q", c.name, err, c.line, c.want)
		} else if c.name != "quote" && bad.Column != c.col {
			t.Errorf("%s: column %d, want %d", c.name, bad.Column, c.col)
		}
	}
}

func TestMatricesFromArrays(t *testing.T) {
	dir := t.TempDir()
	maps := Tensor{Name: "a", Shape: []int{2, 2, 1, 3}, Data: values(12)} // images × height × width × channels
	path := filepath.Join(dir, "a.npz")
	if err := Write(path, &File{Tensors: []Tensor{maps}}); err != nil {
		t.Fatal(err)
	}
	m, err := ReadMatrix(path)
	if err != nil {
		t.Fatal(err)
	}
	if r, c := m.Dims(); r != 4 || c != 3 || m.At(2, 1) != float64(maps.Data[7]) {
		t.Errorf("%d×%d, %v", r, c, mat.Formatted(m))
	}
	if err := os.WriteFile(filepath.Join(dir, "a.CSV"), []byte("1,2\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if m, err = ReadMatrix(filepath.Join(dir, "a.CSV")); err != nil || m.At(0, 1) != 2 {
		t.Errorf("csv: %v, %v", m, err)
	}
	if err := Write(path, &File{Tensors: []Tensor{maps, {Name: "b", Shape: []int{1}, Data: []float32{1}}}}); err != nil {
		t.Fatal(err)
	}
	if _, err = ReadMatrix(path); err == nil || !strings.Contains(err.Error(), "found 2 arrays (a, b), expected one") {
		t.Errorf("two arrays: %v", err)
	}
	if m, err = Matrix(&Tensor{Shape: []int{3}, Data: []float32{1, 2, 3}}); err != nil || m.At(2, 0) != 3 {
		t.Errorf("one axis: %v", err)
	}
	for _, bad := range []*Tensor{nil, {Shape: []int{0, 3}}, {Shape: []int{}}, {Shape: []int{2, 2}, Data: []float32{1}}} {
		if _, err := Matrix(bad); err == nil {
			t.Errorf("%v: no error", bad)
		}
	}
}

func FuzzCSV(f *testing.F) {
	f.Add([]byte("a;b\n1;2\n3;4\n"))
	f.Add([]byte("1,2\n3,\"4\"\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		m, err := decodeCSV("fuzz", data)
		if err != nil {
			var bad *TextError
			if !errors.As(err, &bad) || bad.Line < 1 || bad.Column < 1 {
				t.Fatalf("error without a place: %#v", err)
			}
			return
		}
		if r, c := m.Dims(); r == 0 || c == 0 || mat.Norm(m, 1) != mat.Norm(m, 1) {
			t.Fatalf("%d×%d", r, c)
		}
	})
}

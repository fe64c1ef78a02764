package weights

import (
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// values returns what testdata/make.py puts in arrays: (7i mod 23 − 11)/4.
func values(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(7*i%23-11) / 4
	}
	return v
}

// wholeValues returns 7i mod 23.
func wholeValues(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(7 * i % 23)
	}
	return v
}

func readTestdata(t testing.TB, name string) *File {
	t.Helper()
	f, err := Read(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// wantTensor compares a tensor of a file with a shape, a type and values.
func wantTensor(t *testing.T, f *File, name, kind string, want []float32, shape ...int) {
	t.Helper()
	got, err := f.Lookup(name)
	if err != nil {
		t.Error(err)
		return
	}
	if got.Type != kind || !slices.Equal(got.Shape, shape) {
		t.Errorf("%s: got %s %v, want %s %v", name, got.Type, got.Shape, kind, shape)
	}
	if !slices.Equal(got.Data, want) {
		t.Errorf("%s: got %v, want %v", name, got.Data, want)
	}
}

// wantBad checks that data are refused with a FormatError that names the path and holds texts.
func wantBad(t *testing.T, data []byte, texts ...string) {
	t.Helper()
	_, err := Decode("bad.file", data)
	if err == nil {
		t.Errorf("no error, want one with %q", texts)
		return
	}
	var bad *FormatError
	if !errors.As(err, &bad) || bad.Path != "bad.file" || bad.Offset < 0 {
		t.Errorf("error %v is no FormatError with path and offset", err)
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("error %q, want it to say %q", err, text)
		}
	}
}

// Writers of protocol buffers: a field is a function's result, a message their concatenation.

func pb(fields ...[]byte) []byte { return slices.Concat(fields...) }

func pbTag(number, wire int) []byte {
	return binary.AppendUvarint(nil, uint64(number)<<3|uint64(wire))
}

func pbInt(number int, v int64) []byte {
	return binary.AppendUvarint(pbTag(number, wireVarint), uint64(v))
}

func pbBytes(number int, body ...[]byte) []byte {
	b := pb(body...)
	return append(binary.AppendUvarint(pbTag(number, wireBytes), uint64(len(b))), b...)
}

func pbText(number int, s string) []byte { return pbBytes(number, []byte(s)) }

func pbInts(number int, vs ...int64) []byte {
	var b []byte
	for _, v := range vs {
		b = binary.AppendUvarint(b, uint64(v))
	}
	return pbBytes(number, b)
}

func pbFloat(number int, v float32) []byte {
	return binary.LittleEndian.AppendUint32(pbTag(number, wireFixed32), math.Float32bits(v))
}

func pbFloats(number int, vs []float32) []byte { return pbBytes(number, appendFloats(nil, vs)) }

func pbDoubles(number int, vs []float32) []byte {
	var b []byte
	for _, v := range vs {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(float64(v)))
	}
	return pbBytes(number, b)
}

// seeds are the files that fuzzing of every format begins with.
func seeds(f *testing.F, names ...string) {
	f.Helper()
	for _, name := range names {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
}

// fuzz gives data to a reader: it must not panic, its errors have a place, and what it reads
// holds together. Run with -fuzzminimizetime 5x: otherwise minimising takes all of the time and
// nearly nothing is tried.
func fuzz(t *testing.T, data []byte, format string, read func(*source) (*File, error)) {
	if len(data) > 1<<16 {
		return // more bytes only cost time
	}
	f, err := read(&source{path: "fuzz", format: format, data: data, budget: newBudget(len(data))})
	if err != nil {
		var bad *FormatError
		if !errors.As(err, &bad) {
			t.Fatalf("error %v is no FormatError", err)
		}
		if bad.Path != "fuzz" || bad.Offset < 0 || bad.Problem == "" {
			t.Fatalf("error without path, offset or problem: %#v", bad)
		}
		return
	}
	for i := range f.Tensors {
		if x := &f.Tensors[i]; x.Shape == nil || x.Len() != len(x.Data) {
			t.Fatalf("tensor %q of shape %v has %d values", x.Name, x.Shape, len(x.Data))
		}
	}
	_ = f.MIMEBundle() // must not panic either
}

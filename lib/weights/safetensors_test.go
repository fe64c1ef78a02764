package weights

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// safetensorsFile joins a header and numbers.
func safetensorsFile(header string, numbers ...byte) []byte {
	b := binary.LittleEndian.AppendUint64(nil, uint64(len(header)))
	return append(append(b, header...), numbers...)
}

func TestSafetensorsReadsEveryType(t *testing.T) {
	numbers := []byte{
		0, 0, 0, 0, 0, 0, 0xf8, 0xbf, // F64 −1.5
		0, 0, 0xc0, 0xbf, // F32 −1.5
		0x00, 0xbe, 0xff, 0x7b, 0x01, 0x00, // F16 −1.5, 65504, 2⁻²⁴
		0xc0, 0xbf, // BF16 −1.5
		0xff, 0x80, // I8 −1, −128
		0xff, 1, // U8 255, BOOL true
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, // I64 −1
		1, 2, // F8, not read
	}
	f, err := Decode("types", safetensorsFile(`{
		"f8":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[32,34]},
		"f64":{"dtype":"F64","shape":[],"data_offsets":[0,8]},
		"__metadata__":{"format":"pt"},
		"f32":{"dtype":"F32","shape":[1,1],"data_offsets":[8,12]},
		"f16":{"dtype":"F16","shape":[3],"data_offsets":[12,18]},
		"bf16":{"dtype":"BF16","shape":[1],"data_offsets":[18,20]},
		"i8":{"dtype":"I8","shape":[2],"data_offsets":[20,22]},
		"u8":{"dtype":"U8","shape":[1],"data_offsets":[22,23]},
		"bool":{"dtype":"BOOL","shape":[1],"data_offsets":[23,24]},
		"i64":{"dtype":"I64","shape":[1],"data_offsets":[24,32]},
		"none":{"dtype":"F32","shape":[0,3],"data_offsets":[34,34]}}   `, numbers...))
	if err != nil {
		t.Fatal(err)
	}
	wantTensor(t, f, "f64", "F64", []float32{-1.5})
	wantTensor(t, f, "f32", "F32", []float32{-1.5}, 1, 1)
	wantTensor(t, f, "f16", "F16", []float32{-1.5, 65504, 1.0 / (1 << 24)}, 3)
	wantTensor(t, f, "bf16", "BF16", []float32{-1.5}, 1)
	wantTensor(t, f, "i8", "I8", []float32{-1, -128}, 2)
	wantTensor(t, f, "u8", "U8", []float32{255}, 1)
	wantTensor(t, f, "bool", "BOOL", []float32{1}, 1)
	wantTensor(t, f, "i64", "I64", []float32{-1}, 1)
	wantTensor(t, f, "none", "F32", []float32{}, 0, 3)
	if f.Format != "safetensors" || f.Metadata["format"] != "pt" {
		t.Errorf("format %q, metadata %v", f.Format, f.Metadata)
	}
	if len(f.Skipped) != 1 || !strings.Contains(f.Skipped[0], "F8_E4M3") {
		t.Errorf("skipped %q, want the F8 tensor", f.Skipped)
	}
}

func TestHalfPrecisionAgainstAllValues(t *testing.T) {
	// An own definition in float64: (−1)^s · 2^(e−15) · (1 + f/1024), 2⁻¹⁴ · f/1024 for e = 0.
	for h := range 1 << 16 {
		s, e, frac := h>>15, h>>10&31, h&1023
		want := math.Ldexp(1+float64(frac)/1024, e-15)
		switch {
		case e == 0:
			want = math.Ldexp(float64(frac)/1024, -14)
		case e == 31 && frac == 0:
			want = math.Inf(1)
		case e == 31:
			want = math.NaN()
		}
		if s == 1 {
			want = -want
		}
		got := float64(half(uint16(h)))
		if got != want && !(math.IsNaN(got) && math.IsNaN(want)) || math.Signbit(got) != math.Signbit(want) && !math.IsNaN(want) {
			t.Fatalf("half %#04x: got %v, want %v", h, got, want)
		}
	}
}

func TestSafetensorsRefusesBadFiles(t *testing.T) {
	const one = `{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}`
	for _, c := range []struct {
		name string
		data []byte
		say  string
	}{
		{"header cut", safetensorsFile(one + "}")[:30], "want 54 bytes"},
		{"numbers cut", safetensorsFile(one+"}", 0, 0, 0), "byte 62: tensor \"a\": want 4 bytes"},
		{"hole", safetensorsFile(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[5,9]}}`, make([]byte, 9)...), "want them to begin at 4"},
		{"overlap", safetensorsFile(one+`,"b":{"dtype":"F32","shape":[1],"data_offsets":[2,6]}}`, make([]byte, 6)...), "want them to begin at 4"},
		{"backwards", safetensorsFile(`{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,-4]}}`), "want dtype"},
		{"shape against bytes", safetensorsFile(`{"a":{"dtype":"F32","shape":[3],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "has 4 bytes, want 12"},
		{"shape overflows", safetensorsFile(`{"a":{"dtype":"F32","shape":[4294967296,4294967296,4],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "impossible"},
		{"huge shape", safetensorsFile(`{"a":{"dtype":"F32","shape":[4294967296],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "more values than a file of this size"},
		{"negative size", safetensorsFile(`{"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}`, 0, 0, 0, 0), "impossible"},
		{"same name", safetensorsFile(one + `,"a":{"dtype":"F32","shape":[0],"data_offsets":[4,4]}}`), "two tensors named \"a\""},
		{"tail", safetensorsFile(one+"}", make([]byte, 9)...), "5 bytes after the last tensor"},
		{"no JSON", safetensorsFile(`{"a":[}`), "header:"},
		{"text after header", safetensorsFile(one+"} x", 0, 0, 0, 0), "goes on after its end"},
		{"no offsets", safetensorsFile(`{"a":{"dtype":"F32","shape":[1]}}`), "want dtype, shape and data_offsets"},
	} {
		t.Run(c.name, func(t *testing.T) { wantBad(t, c.data, "safetensors", c.say) })
	}
}

// sample is a file with names and shapes of all kinds.
func sample() *File {
	return &File{
		Format:   "made",
		Metadata: map[string]string{"b": "2", "a": "1"},
		Tensors: []Tensor{
			{Name: "z/0", Shape: []int{2, 3, 2}, Data: values(12)},
			{Name: "a \"quoted\" ü", Shape: []int{3}, Data: []float32{float32(math.Inf(-1)), 1e-45, -0.5}},
			{Name: "scalar", Shape: []int{}, Data: []float32{7}},
			{Name: "empty", Shape: []int{0, 5}, Data: []float32{}},
		},
	}
}

func TestWrittenFilesReadBack(t *testing.T) {
	for _, ext := range []string{".safetensors", ".npz"} {
		t.Run(ext, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "sample"+ext)
			want := sample()
			if err := Write(path, want); err != nil {
				t.Fatal(err)
			}
			first, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			got, err := Read(path)
			if err != nil {
				t.Fatal(err)
			}
			if got.Path != path || !slices.Equal(got.Names(), want.Names()) {
				t.Errorf("got %q with %q, want %q", got.Path, got.Names(), want.Names())
			}
			for _, x := range want.Tensors {
				wantTensor(t, got, x.Name, "F32", x.Data, x.Shape...)
			}
			if err := Write(path, got); err != nil {
				t.Fatal(err)
			}
			second, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(first, second) {
				t.Error("the same tensors gave other bytes")
			}
		})
	}
}

func TestWritersRefuseWhatCannotBeRead(t *testing.T) {
	dir := t.TempDir()
	for _, c := range []struct {
		name string
		file string
		f    *File
		say  string
	}{
		{"short data", "x.npz", &File{Tensors: []Tensor{{Name: "a", Shape: []int{2}, Data: values(1)}}}, `tensor "a" of shape [2] has 1 values`},
		{"same name", "x.npz", &File{Tensors: []Tensor{{Name: "a", Shape: []int{0}}, {Name: "a", Shape: []int{0}}}}, "two tensors named"},
		{"no name", "x.npz", &File{Tensors: []Tensor{{Shape: []int{0}}}}, "without a name"},
		{"reserved name", "x.safetensors", &File{Tensors: []Tensor{{Name: "__metadata__", Shape: []int{0}}}}, "__metadata__"},
		{"no UTF-8", "x.safetensors", &File{Tensors: []Tensor{{Name: "\xff", Shape: []int{0}}}}, "UTF-8"},
		{"other extension", "x.pt", sample(), "want .safetensors or .npz"},
		{"nil", "x.npz", nil, "nil"},
	} {
		t.Run(c.name, func(t *testing.T) {
			path := filepath.Join(dir, c.file)
			err := Write(path, c.f)
			if err == nil || !strings.Contains(err.Error(), c.say) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want it to say %q and the path", err, c.say)
			}
			if _, err := os.Stat(path); err == nil {
				t.Error("a file was written")
			}
		})
	}
}

func FuzzSafetensors(f *testing.F) {
	b, err := encodeSafetensors(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(safetensorsFile(`{"a":{"dtype":"BF16","shape":[1],"data_offsets":[0,2]}}`, 1, 2))
	f.Add(safetensorsFile(`{}`))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, "safetensors", readSafetensors) })
}

package weights

import (
	"fmt"
	"os"
	"strings"
	"testing"
)

// npyFile joins a header of version 1 and numbers.
func npyFile(header string, numbers ...byte) []byte {
	b := append([]byte(npyMagic+"\x01\x00"), byte(len(header)), byte(len(header)>>8))
	return append(append(b, header...), numbers...)
}

func TestNPZReadsWhatNumPyWrites(t *testing.T) {
	for _, name := range []string{"stored.npz", "deflated.npz"} {
		t.Run(name, func(t *testing.T) {
			f := readTestdata(t, name)
			if f.Format != "npz" {
				t.Errorf("format %q", f.Format)
			}
			for _, c := range []struct{ name, kind string }{
				{"f2", "F16"}, {"f4", "F32"}, {"f8", "F64"}, {"f4_big", "F32"}, {"f8_big", "F64"},
			} {
				wantTensor(t, f, c.name, c.kind, values(12), 3, 4)
			}
			for _, c := range []struct{ name, kind string }{
				{"i1", "I8"}, {"i2_big", "I16"}, {"i4", "I32"}, {"i8", "I64"}, {"u1", "U8"}, {"u2", "U16"},
			} {
				wantTensor(t, f, c.name, c.kind, wholeValues(12), 3, 4)
			}
			truth := wholeValues(12)
			for i, v := range truth {
				truth[i] = min(v, 1)
			}
			wantTensor(t, f, "b1", "BOOL", truth, 3, 4)
			wantTensor(t, f, "fortran", "F32", values(24), 2, 3, 4)
			wantTensor(t, f, "scalar", "F32", []float32{-2.75})
			wantTensor(t, f, "empty", "F32", []float32{}, 0, 3)
			if len(f.Skipped) != 1 || !strings.HasPrefix(f.Skipped[0], "text: ") {
				t.Errorf("skipped %q, want the array of texts", f.Skipped)
			}
		})
	}
}

func TestNPYHeaders(t *testing.T) {
	for _, c := range []struct {
		name, header string
		n            int
		shape        []int
	}{
		{"usual", "{'descr': '<u1', 'fortran_order': False, 'shape': (2, 3), }      \n", 6, []int{2, 3}},
		{"other order, no last comma", "{'shape':(2,),'fortran_order':False,'descr':'|u1'}", 2, []int{2}},
		{"Python 2 numbers", "{'descr': '|u1', 'fortran_order': False, 'shape': (2L, 1L), }\n", 2, []int{2, 1}},
		{"scalar", "{'descr': '|u1', 'fortran_order': True, 'shape': (), }\n", 1, []int{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := make([]float32, c.n)
			raw := make([]byte, c.n)
			for i := range raw {
				raw[i], want[i] = byte(i+200), float32(i+200)
			}
			f, err := Decode("x", npyFile(c.header, raw...))
			if err != nil {
				t.Fatal(err)
			}
			wantTensor(t, f, "", "U8", want, c.shape...)
		})
	}
}

func TestNPYRefusesBadFiles(t *testing.T) {
	header := func(descr, order, shape string) string {
		return fmt.Sprintf("{'descr': %s, 'fortran_order': %s, 'shape': %s, }\n", descr, order, shape)
	}
	for _, c := range []struct {
		name string
		data []byte
		say  string
	}{
		{"cut in the header", npyFile(header("'<f4'", "False", "(1,)"))[:40], "header"},
		{"numbers cut", npyFile(header("'<f4'", "False", "(2,)"), 0, 0, 0, 0), "4 bytes follow the header, want 8"},
		{"too many numbers", npyFile(header("'<f4'", "False", "()"), 0, 0, 0, 0, 0), "5 bytes follow the header, want 4"},
		{"version", []byte(npyMagic + "\x09\x00\x00\x00"), "byte 6: version 9.0"},
		{"objects", npyFile(header("'|O'", "False", "(1,)")), "'|O'"},
		{"structure", npyFile(header("[('a', '<f4'), ('b', '<i4')]", "False", "(1,)")), "want floats"},
		{"size of a float", npyFile(header("'<f1'", "False", "(1,)"), 0), "want floats"},
		{"negative size", npyFile(header("'<f4'", "False", "(-1,)")), "shape is"},
		{"huge", npyFile(header("'<f4'", "False", "(1000000000000,)")), "more values than a file of this size"},
		{"order", npyFile(header("'<f4'", "Maybe", "(1,)")), "want True or False"},
		{"key missing", npyFile("{'descr': '<f4', 'shape': ()}"), "want descr, fortran_order and shape"},
		{"other key", npyFile("{'x': 1}"), "key \"x\""},
		{"no dict", npyFile("descr"), "want '{'"},
	} {
		t.Run(c.name, func(t *testing.T) { wantBad(t, c.data, "npy", c.say) })
	}
}

func TestZipRefusesBadFiles(t *testing.T) {
	good, err := os.ReadFile("testdata/deflated.npz")
	if err != nil {
		t.Fatal(err)
	}
	damaged := append([]byte(nil), good...)
	damaged[60] ^= 0x55
	wantBad(t, damaged, ".npy")
	wantBad(t, good[:len(good)-30], "directory of the zip archive")
	empty, err := Decode("x", []byte("PK\x05\x06"+strings.Repeat("\x00", 18)))
	if err != nil || empty.Format != "npz" || len(empty.Tensors) != 0 {
		t.Errorf("empty archive: %v, %v", empty, err)
	}
}

func FuzzNPY(f *testing.F) {
	f.Add(encodeNPY(&Tensor{Shape: []int{2, 3}, Data: values(6)}))
	f.Add(npyFile("{'shape':(2,1),'fortran_order':True,'descr':'>i2'}", 1, 2, 3, 4))
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, "npy", readNPY) })
}

func FuzzZip(f *testing.F) {
	seeds(f, "stored.npz", "deflated.npz", "zip.pt")
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, "zip", readZip) })
}

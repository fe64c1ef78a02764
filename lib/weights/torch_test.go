package weights

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestTorchStateDicts(t *testing.T) {
	for _, c := range []struct{ file, format string }{
		{"zip.pt", "torch (zip)"}, {"zip4.pt", "torch (zip)"}, {"legacy.pth", "torch (legacy)"},
	} {
		t.Run(c.file, func(t *testing.T) {
			f := readTestdata(t, c.file)
			if f.Format != c.format {
				t.Errorf("format %q, want %q", f.Format, c.format)
			}
			v := values(24)
			pick := func(places ...int) []float32 {
				out := make([]float32, len(places))
				for i, p := range places {
					out[i] = v[p]
				}
				return out
			}
			wantTensor(t, f, "conv.weight", "F32", v, 2, 3, 2, 2)
			var columns []int
			for r := range 4 {
				for c := range 6 {
					columns = append(columns, r+4*c)
				}
			}
			wantTensor(t, f, "transposed", "F32", pick(columns...), 4, 6)
			wantTensor(t, f, "part", "F32", pick(5, 7, 11, 13), 2, 2)
			wantTensor(t, f, "expanded", "F32", pick(3, 4, 5, 3, 4, 5), 2, 3)
			wantTensor(t, f, "half", "F16", values(6), 6)
			wantTensor(t, f, "double", "F64", values(4), 2, 2)
			wantTensor(t, f, "brain", "BF16", values(5), 5)
			wantTensor(t, f, "num_batches_tracked", "I64", []float32{1234})
			if len(f.Tensors) != 8 {
				t.Errorf("tensors %q, want 8", f.Names())
			}
			skipped := strings.Join(f.Skipped, "; ")
			if !strings.Contains(skipped, "optimizer") || !strings.Contains(skipped, "complex: numbers of torch.ComplexFloatStorage") {
				t.Errorf("skipped %q, want the optimizer and the complex tensor", skipped)
			}
			if f.Metadata["epoch"] != "12" || f.Metadata["best"] != "0.75" || f.Metadata["arch"] != "tiny" {
				t.Errorf("metadata %v", f.Metadata)
			}
		})
	}
}

func TestTorchRunsNoCode(t *testing.T) {
	_, err := Read("testdata/evil.pt")
	if err == nil || !strings.Contains(err.Error(), "posix.system") || !strings.Contains(err.Error(), "state_dict") {
		t.Errorf("got %v, want an error that names posix.system", err)
	}
}

func TestTorchRefusesBadFiles(t *testing.T) {
	if _, err := Read("testdata/beyond.pt"); err == nil || !strings.Contains(err.Error(), "reaches beyond the 4 values") {
		t.Errorf("got %v, want a tensor beyond its storage refused", err)
	}
	good, err := os.ReadFile("testdata/legacy.pth")
	if err != nil {
		t.Fatal(err)
	}
	wantBad(t, good[:len(good)-3], "torch (legacy)", "storage")
	wantBad(t, good[:700], "torch (legacy)")
	wantBad(t, []byte("\x80\x02K\x01."), "not torch's")
	// Any place of the file may be damaged: an error or other values, but an end.
	for i := range good {
		bad := slices.Clone(good)
		bad[i] ^= 0xff
		if f, err := Decode("x", bad); err == nil && f == nil {
			t.Fatal("neither file nor error")
		}
	}
}

// TestPickleOpcodes runs single opcodes that the files do not have.
func TestPickleOpcodes(t *testing.T) {
	for _, c := range []struct {
		name, program string
		want          any
	}{
		{"text numbers", "(I5\nI01\nL-7L\nF2.5\nt.", pyTuple{int64(5), true, int64(-7), 2.5}},
		{"negative long", "\x8a\x02\x00\x80.", int64(-32768)},
		{"empty long", "\x8a\x00.", int64(0)},
		{"binint", "J\xff\xff\xff\xff.", int64(-1)},
		{"memo by text", "K\x07p12\n0g12\n.", int64(7)},
		{"memoize", "\x8c\x01a\x940h\x00.", "a"},
		{"strings", "(S'x'\nVy\nU\x01zt.", pyTuple{"x", "y", "z"}},
		{"dup", "K\x012\x86.", pyTuple{int64(1), int64(1)}},
		{"tuples do not share", "K\x01K\x02\x86K\x03K\x04\x86\x86.", pyTuple{pyTuple{int64(1), int64(2)}, pyTuple{int64(3), int64(4)}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPickle(&source{data: []byte(c.program), budget: newBudget(len(c.program))})
			got, err := p.run()
			if err != nil {
				t.Fatal(err)
			}
			if !equalPickle(got, c.want) {
				t.Errorf("got %#v, want %#v", got, c.want)
			}
		})
	}
	for _, program := range []string{"", ".", "(.", "K", "t.", "h\x05.", "a.", "}K\x01s.", "(K\x01d.", "\x80\x09.", "Q.", "cos\nsystem\n.", "Iabc\n.", "i", "0", "ctorch\nload\n)R.", "K\x01)R.", "X\xff\xff\xff\xffabc"} {
		p := newPickle(&source{data: []byte(program), budget: newBudget(len(program))})
		if v, err := p.run(); err == nil {
			t.Errorf("program %q gave %v, want an error", program, v)
		}
	}
}

func equalPickle(a, b any) bool {
	x, ok1 := a.(pyTuple)
	y, ok2 := b.(pyTuple)
	if ok1 && ok2 {
		return slices.EqualFunc(x, y, equalPickle)
	}
	return !ok1 && !ok2 && a == b
}

func TestEndlessObjectsEnd(t *testing.T) {
	// A list that contains itself, and dicts of which each holds the next one twice.
	self := "\x80\x02]q\x00h\x00a."
	twice := "\x80\x02}q\x00"
	for i := range 40 {
		twice += "}(K\x01h" + string(rune(i)) + "K\x02h" + string(rune(i)) + "uq" + string(rune(i+1))
	}
	for _, program := range []string{self, twice + "."} {
		p := newPickle(&source{data: []byte(program), budget: newBudget(len(program))})
		root, err := p.run()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := p.file(root, false); err == nil || !strings.Contains(err.Error(), "endless") {
			t.Errorf("got %v, want an error", err)
		}
	}
}

func FuzzTorchLegacy(f *testing.F) {
	seeds(f, "legacy.pth")
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, "torch (legacy)", readTorchLegacy) })
}

// FuzzPickle puts the program of a zip file beside storages that are always there: damage
// inside of an archive would only meet its checksums.
func FuzzPickle(f *testing.F) {
	for _, name := range []string{"zip.pt", "zip4.pt"} {
		s := openTestArchive(f, name)
		p, err := s.read(s.find("archive/data.pkl"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(p.data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzz(t, data, "torch (zip)", func(s *source) (*File, error) {
			p := newPickle(s)
			root, err := p.run()
			if err != nil {
				return nil, err
			}
			for _, st := range p.storages {
				if st.known && st.values < 1<<12 {
					st.raw, st.from = make([]byte, st.values*int64(st.el.size)), s
				}
			}
			return p.file(root, false)
		})
	})
}

func openTestArchive(f *testing.F, name string) *archive {
	f.Helper()
	path := filepath.Join("testdata", name)
	b, err := os.ReadFile(path)
	if err != nil {
		f.Fatal(err)
	}
	a, err := openArchive(&source{path: path, data: b, budget: newBudget(len(b))})
	if err != nil {
		f.Fatal(err)
	}
	return a
}

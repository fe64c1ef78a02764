package weights

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"sort"
	"unicode/utf8"

	"gonverge/lib/store"
)

// A safetensors file is a uint64 with the length of the header, the header in JSON
// {"name": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, ...} and the numbers,
// row-major, little-endian, without holes.

// maxSafetensorsHeader is the limit of the reference implementation.
const maxSafetensorsHeader = 100_000_000

type safetensorsEntry struct {
	DType   string   `json:"dtype"`
	Shape   []int    `json:"shape"`
	Offsets [2]int64 `json:"data_offsets"`
	name    string
}

func readSafetensors(s *source) (*File, error) {
	b, err := s.bytes(0, 8, "length of the header")
	if err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint64(b)
	if n > maxSafetensorsHeader {
		return nil, s.bad(0, "header of %d bytes (limit: %d)", n, maxSafetensorsHeader)
	}
	text, err := s.bytes(8, int64(n), "header")
	if err != nil {
		return nil, err
	}
	entries, metadata, err := safetensorsHeader(s, text)
	if err != nil {
		return nil, err
	}
	// The order of the numbers is the order of the file; JSON objects have none. Empty
	// tensors come before what begins where they do.
	sort.SliceStable(entries, func(i, j int) bool {
		a, b := entries[i].Offsets, entries[j].Offsets
		return a[0] < b[0] || a[0] == b[0] && a[1] < b[1]
	})
	f := &File{Metadata: metadata}
	start := 8 + int64(n)
	end := int64(0)
	for _, e := range entries {
		from, to := e.Offsets[0], e.Offsets[1]
		if from != end || to < from {
			return nil, s.bad(start+end, "tensor %q has the offsets %d to %d, want them to begin at %d, where the last one ended", e.name, from, to, end)
		}
		end = to
		raw, err := s.bytes(start+from, to-from, fmt.Sprintf("tensor %q", e.name))
		if err != nil {
			return nil, err
		}
		el, ok := elementNamed(e.DType)
		if !ok {
			f.Skipped = append(f.Skipped, fmt.Sprintf("%s: numbers of type %q", e.name, e.DType))
			continue
		}
		values, err := s.count(start+from, e.Shape, fmt.Sprintf("tensor %q", e.name))
		if err != nil {
			return nil, err
		}
		if int64(values)*int64(el.size) != to-from {
			return nil, s.bad(start+from, "tensor %q of shape %v and type %s has %d bytes, want %d", e.name, e.Shape, e.DType, to-from, int64(values)*int64(el.size))
		}
		t := Tensor{Name: e.name, Shape: append([]int{}, e.Shape...), Data: make([]float32, values), Type: el.name}
		el.decode(t.Data, raw, false)
		f.Tensors = append(f.Tensors, t)
	}
	if left := int64(len(s.data)) - start - end; left != 0 {
		return nil, s.bad(start+end, "%d bytes after the last tensor, want the end of the file", left)
	}
	return f, nil
}

// safetensorsHeader reads the header, whose names must be different.
func safetensorsHeader(s *source, text []byte) ([]safetensorsEntry, map[string]string, error) {
	var entries []safetensorsEntry
	var metadata map[string]string
	seen := map[string]bool{}
	d := json.NewDecoder(bytes.NewReader(text))
	fail := func(err error) error {
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return s.bad(8+d.InputOffset(), "header: %v", err)
	}
	if t, err := d.Token(); err != nil {
		return nil, nil, fail(err)
	} else if t != json.Delim('{') {
		return nil, nil, s.bad(8, "header begins with %v, want {", t)
	}
	for d.More() {
		at := 8 + d.InputOffset()
		t, err := d.Token()
		if err != nil {
			return nil, nil, fail(err)
		}
		name, _ := t.(string) // keys are strings, or the decoder complains
		if seen[name] {
			return nil, nil, s.bad(at, "two tensors named %q", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			if err := d.Decode(&metadata); err != nil {
				return nil, nil, fail(err)
			}
			continue
		}
		e := safetensorsEntry{name: name, Offsets: [2]int64{-1, -1}}
		if err := d.Decode(&e); err != nil {
			return nil, nil, fail(fmt.Errorf("tensor %q: %w", name, err))
		}
		if e.Offsets[0] < 0 || e.Offsets[1] < 0 || e.DType == "" {
			return nil, nil, s.bad(at, "tensor %q: want dtype, shape and data_offsets", name)
		}
		entries = append(entries, e)
	}
	if _, err := d.Token(); err != nil {
		return nil, nil, fail(err)
	}
	if rest := bytes.TrimLeft(text[d.InputOffset():], " \t\r\n\x00"); len(rest) > 0 {
		return nil, nil, s.bad(8+d.InputOffset(), "header goes on after its end with %q", rest[:min(len(rest), 16)])
	}
	return entries, metadata, nil
}

// WriteSafetensors writes the tensors as float32, and the metadata, so that path holds the old
// file or the whole new one. Tensors whose Data do not fill their Shape, and names used twice,
// are errors.
func WriteSafetensors(path string, f *File) error {
	data, err := encodeSafetensors(f)
	if err != nil {
		return fmt.Errorf("weights: %s: %w", path, err)
	}
	if err := store.WriteFile(path, data); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

func encodeSafetensors(f *File) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	var head bytes.Buffer
	comma := "{"
	put := func(name string, v any) error {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		value, err := json.Marshal(v)
		if err != nil {
			return err
		}
		head.WriteString(comma)
		head.Write(key)
		head.WriteByte(':')
		head.Write(value)
		comma = ","
		return nil
	}
	if len(f.Metadata) > 0 {
		if err := put("__metadata__", f.Metadata); err != nil { // keys are sorted by json
			return nil, err
		}
	}
	end := int64(0)
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if t.Name == "__metadata__" {
			return nil, errors.New(`a tensor must not be named "__metadata__"`)
		}
		next := end + 4*int64(len(t.Data))
		if err := put(t.Name, safetensorsEntry{DType: f32.name, Shape: append([]int{}, t.Shape...), Offsets: [2]int64{end, next}}); err != nil {
			return nil, err
		}
		end = next
	}
	if len(f.Tensors) == 0 && len(f.Metadata) == 0 {
		head.WriteByte('{')
	}
	head.WriteByte('}')
	for head.Len()%8 != 0 { // numbers begin at a multiple of 8, as in the reference implementation
		head.WriteByte(' ')
	}
	if head.Len() > maxSafetensorsHeader {
		return nil, fmt.Errorf("header of %d bytes (limit: %d)", head.Len(), maxSafetensorsHeader)
	}
	b := make([]byte, 0, 8+int64(head.Len())+end)
	b = binary.LittleEndian.AppendUint64(b, uint64(head.Len()))
	b = append(b, head.Bytes()...)
	for i := range f.Tensors {
		b = appendFloats(b, f.Tensors[i].Data)
	}
	return b, nil
}

// appendFloats appends numbers as little-endian float32.
func appendFloats(b []byte, values []float32) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return b
}

// check returns an error if the tensors cannot be written.
func (f *File) check() error {
	if f == nil {
		return errors.New("no file (nil)")
	}
	seen := map[string]bool{}
	for i := range f.Tensors {
		t := &f.Tensors[i]
		switch {
		case seen[t.Name]:
			return fmt.Errorf("two tensors named %q", t.Name)
		case !utf8.ValidString(t.Name):
			return fmt.Errorf("name %q is not UTF-8", t.Name)
		case len(t.Shape) > maxRank || t.Len() != len(t.Data):
			return fmt.Errorf("tensor %q of shape %v has %d values", t.Name, t.Shape, len(t.Data))
		}
		seen[t.Name] = true
	}
	return nil
}

package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"

	"gonverge/lib/store"
)

// An npy file is the magic, a version, the length of the header, the header as a Python dict
// {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), } and the numbers. An npz file is
// a zip archive of them.
const npyMagic = "\x93NUMPY"

// npyHeader is what a header says.
type npyHeader struct {
	descr   string
	fortran bool
	shape   []int
}

func readNPY(s *source) (*File, error) {
	t, why, err := npyTensor(s)
	if err != nil {
		return nil, err
	}
	if why != "" {
		return nil, s.bad(10, "%s", why)
	}
	return &File{Tensors: []Tensor{*t}}, nil
}

// readNPZ reads the .npy entries of an archive. Arrays of what are not numbers are skipped.
func readNPZ(a *archive) (*File, error) {
	f := &File{}
	for _, e := range a.files {
		if !strings.HasSuffix(e.Name, ".npy") {
			f.Skipped = append(f.Skipped, e.Name+": not an .npy entry")
			continue
		}
		s, err := a.read(e)
		if err != nil {
			return nil, err
		}
		t, why, err := npyTensor(s)
		if err != nil {
			return nil, err
		}
		name := strings.TrimSuffix(e.Name, ".npy")
		if why != "" {
			f.Skipped = append(f.Skipped, name+": "+why)
			continue
		}
		t.Name = name
		f.Tensors = append(f.Tensors, *t)
	}
	return f, nil
}

// npyTensor reads an npy file. An element type that is not read here is no error but the
// reason returned second.
func npyTensor(s *source) (*Tensor, string, error) {
	head, err := s.bytes(0, 10, "magic, version and length of the header")
	if err != nil {
		return nil, "", err
	}
	if string(head[:6]) != npyMagic {
		return nil, "", s.bad(0, "begins with %q, want %q", head[:6], npyMagic)
	}
	at, n := int64(10), int64(binary.LittleEndian.Uint16(head[8:]))
	switch head[6] {
	case 1:
	case 2, 3:
		long, err := s.bytes(8, 4, "length of the header")
		if err != nil {
			return nil, "", err
		}
		at, n = 12, int64(binary.LittleEndian.Uint32(long))
	default:
		return nil, "", s.bad(6, "version %d.%d, want 1, 2 or 3", head[6], head[7])
	}
	text, err := s.bytes(at, n, "header")
	if err != nil {
		return nil, "", err
	}
	h, off, err := parseNPYHeader(string(text))
	if err != nil {
		return nil, "", s.bad(at+int64(off), "header: %v", err)
	}
	el, big, ok := npyElement(h.descr)
	if !ok {
		return nil, fmt.Sprintf("elements %s, want floats, whole numbers or truth values", h.descr), nil
	}
	start := at + n
	values, err := s.count(at, h.shape, "array")
	if err != nil {
		return nil, "", err
	}
	if have := int64(len(s.data)) - start; have != int64(values)*int64(el.size) {
		return nil, "", s.bad(start, "%d bytes follow the header, want %d for shape %v of %s", have, int64(values)*int64(el.size), h.shape, h.descr)
	}
	t := &Tensor{Shape: h.shape, Data: make([]float32, values), Type: el.name}
	el.decode(t.Data, s.data[start:], big)
	if h.fortran {
		t.Data = fromFortran(t.Data, h.shape)
	}
	return t, "", nil
}

// npyElement reads a type such as '<f4' with its quotes.
func npyElement(descr string) (el element, bigEndian, ok bool) {
	if len(descr) != 5 || descr[0] != '\'' {
		return el, false, false
	}
	order, kind, size := descr[1], descr[2], descr[3]-'0'
	switch kind {
	case 'f', 'i', 'u':
		el, ok = elementNamed(fmt.Sprintf("%c%d", kind-'a'+'A', 8*size))
	case 'b':
		el, ok = bool8, size == 1
	}
	return el, order == '>', ok && strings.IndexByte("<>|=", order) >= 0
}

// fromFortran returns values, whose first index runs fastest, with the last running fastest.
func fromFortran(values []float32, shape []int) []float32 {
	out := make([]float32, len(values))
	index := make([]int, len(shape))
	strides := make([]int, len(shape))
	step := 1
	for d, n := range shape {
		strides[d] = step
		step *= n
	}
	from := 0
	for i := range out {
		out[i] = values[from]
		from = advance(index, shape, strides, from)
	}
	return out
}

// advance steps index to the next in row-major order and returns the place that belongs to it
// when the present one is at.
func advance(index, shape, strides []int, at int) int {
	for d := len(shape) - 1; d >= 0; d-- {
		index[d]++
		at += strides[d]
		if index[d] < shape[d] {
			break
		}
		at -= strides[d] * shape[d]
		index[d] = 0
	}
	return at
}

// parseNPYHeader reads the dict of a header and says where in the text it failed.
func parseNPYHeader(text string) (h npyHeader, at int, err error) {
	seen := map[string]bool{}
	skip := func() {
		for at < len(text) && strings.IndexByte(" \t\r\n", text[at]) >= 0 {
			at++
		}
	}
	want := func(c byte) error {
		skip()
		if at >= len(text) || text[at] != c {
			return fmt.Errorf("want %q", c)
		}
		at++
		return nil
	}
	next := func() byte {
		skip()
		if at >= len(text) {
			return 0
		}
		return text[at]
	}
	// value takes everything to the next comma or brace outside of brackets and quotes.
	value := func() (string, error) {
		skip()
		from, depth, quoted := at, 0, false
		for ; at < len(text); at++ {
			switch c := text[at]; {
			case c == '\'':
				quoted = !quoted
			case quoted:
			case c == '(' || c == '[':
				depth++
			case c == ')' || c == ']':
				depth--
			case (c == ',' || c == '}') && depth == 0:
				return strings.TrimSpace(text[from:at]), nil
			}
		}
		return "", errors.New("ends inside of a value")
	}
	if err := want('{'); err != nil {
		return h, at, err
	}
	for next() != '}' {
		if err := want('\''); err != nil {
			return h, at, err
		}
		end := strings.IndexByte(text[at:], '\'')
		if end < 0 {
			return h, at, errors.New("key without an end")
		}
		key := text[at : at+end]
		at += end + 1
		if err := want(':'); err != nil {
			return h, at, err
		}
		from := at
		v, err := value()
		if err != nil {
			return h, at, err
		}
		switch key {
		case "descr":
			h.descr = v
		case "fortran_order":
			if v != "True" && v != "False" {
				return h, from, fmt.Errorf("fortran_order is %q, want True or False", v)
			}
			h.fortran = v == "True"
		case "shape":
			if h.shape, err = parseTuple(v); err != nil {
				return h, from, err
			}
		default:
			return h, from, fmt.Errorf("key %q, want descr, fortran_order, shape", key)
		}
		seen[key] = true
		if next() == ',' {
			at++
		}
	}
	if len(seen) != 3 {
		return h, at, errors.New("want descr, fortran_order and shape")
	}
	return h, at, nil
}

// parseTuple reads a shape: (), (3,), (2, 3). Python 2 wrote long numbers as 3L.
func parseTuple(v string) ([]int, error) {
	if len(v) < 2 || v[0] != '(' || v[len(v)-1] != ')' {
		return nil, fmt.Errorf("shape is %q, want a tuple", v)
	}
	shape := []int{}
	parts := strings.Split(v[1:len(v)-1], ",")
	if strings.TrimSpace(parts[len(parts)-1]) == "" {
		parts = parts[:len(parts)-1]
	}
	for _, p := range parts {
		n, err := strconv.Atoi(strings.TrimSuffix(strings.TrimSpace(p), "L"))
		if err != nil || n < 0 || len(shape) == maxRank {
			return nil, fmt.Errorf("shape is %q, want at most %d sizes", v, maxRank)
		}
		shape = append(shape, n)
	}
	return shape, nil
}

// WriteNPZ writes the tensors as an npz archive of float32 arrays, not compressed, so that
// path holds the old file or the whole new one; numpy.load reads it. Equal tensors give equal
// bytes. Tensors whose Data do not fill their Shape, and names empty or used twice, are errors.
func WriteNPZ(path string, f *File) error {
	data, err := encodeNPZ(f)
	if err != nil {
		return fmt.Errorf("weights: %s: %w", path, err)
	}
	if err := store.WriteFile(path, data); err != nil {
		return fmt.Errorf("weights: %w", err)
	}
	return nil
}

// Write writes the tensors in the format of the path's extension: .safetensors or .npz.
func Write(path string, f *File) error {
	switch ext := filepath.Ext(path); ext {
	case ".safetensors":
		return WriteSafetensors(path, f)
	case ".npz":
		return WriteNPZ(path, f)
	default:
		return fmt.Errorf("weights: %s: extension %q, want .safetensors or .npz", path, ext)
	}
}

func encodeNPZ(f *File) ([]byte, error) {
	if err := f.check(); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for i := range f.Tensors {
		t := &f.Tensors[i]
		if t.Name == "" {
			return nil, errors.New("a tensor without a name has no place in an npz archive")
		}
		// No time is given: equal tensors give equal bytes.
		w, err := z.CreateHeader(&zip.FileHeader{Name: t.Name + ".npy", Method: zip.Store})
		if err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
		if _, err := w.Write(encodeNPY(t)); err != nil {
			return nil, fmt.Errorf("tensor %q: %w", t.Name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

// encodeNPY returns a tensor as npy version 1.
func encodeNPY(t *Tensor) []byte {
	shape := ""
	for _, n := range t.Shape {
		shape += fmt.Sprintf("%d, ", n)
	}
	if len(t.Shape) != 1 {
		shape = strings.TrimSuffix(shape, ", ")
	}
	head := fmt.Sprintf("{'descr': '<f4', 'fortran_order': False, 'shape': (%s), }", strings.TrimSuffix(shape, " "))
	// Numbers begin at a multiple of 64, as NumPy has it; the header ends with a new line.
	size := (10 + len(head) + 1 + 63) / 64 * 64
	head += strings.Repeat(" ", size-10-len(head)-1) + "\n"
	b := make([]byte, 0, size+4*len(t.Data))
	b = append(b, npyMagic+"\x01\x00"...)
	b = binary.LittleEndian.AppendUint16(b, uint16(len(head)))
	b = append(b, head...)
	return appendFloats(b, t.Data)
}

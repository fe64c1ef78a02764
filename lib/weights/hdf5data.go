package weights

import (
	"bytes"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"math"
)

// Classes of the layout message.
const (
	layoutCompact    = 0
	layoutContiguous = 1
	layoutChunked    = 2
)

// Filters of the pipeline that are undone.
const (
	filterDeflate = 1
	filterShuffle = 2
)

// dataset is the messages that describe a data set.
type dataset struct{ space, kind, layout, filters *headerMessage }

func (d *dataset) add(m headerMessage) {
	switch m.kind {
	case messageDataspace:
		d.space = &m
	case messageDatatype:
		d.kind = &m
	case messageLayout:
		d.layout = &m
	case messageFilters:
		d.filters = &m
	}
}

// dataset reads a data set whose messages are d. What is whole but not read here goes to the
// list of what was skipped.
func (h *hdf5) dataset(path string, at int64, d *dataset) error {
	skip := func(format string, args ...any) error {
		h.f.Skipped = append(h.f.Skipped, path+": "+fmt.Sprintf(format, args...))
		return nil
	}
	if d.space == nil || d.kind == nil {
		return h.bad(at, "data set %q: want messages with its shape and its type", path)
	}
	if d.kind.shared || d.space.shared || d.layout.shared || d.filters != nil && d.filters.shared {
		return skip("its type is kept elsewhere in the file")
	}
	shape, null, err := h.dataspace(d.space)
	if err != nil {
		return err
	}
	if null {
		return skip("it has no values")
	}
	el, big, why, err := h.datatype(d.kind)
	if err != nil {
		return err
	}
	if why != "" {
		return skip("%s", why)
	}
	c := h.cursor(d.layout.at, "layout message")
	version := c.uint(1)
	if c.err == nil && version != 3 && version != 4 {
		return skip("layout of version %d, want 3 or 4", version)
	}
	class := c.uint(1)
	if c.err != nil {
		return c.err
	}
	if class == layoutChunked && version != 3 {
		return skip("chunks indexed as since HDF5 1.10; h5repack --low=0 --high=0 converts the file")
	}
	if class != layoutChunked && d.filters != nil {
		return h.bad(d.filters.at, "data set %q has filters but no chunks", path)
	}
	n, err := h.count(at, shape, fmt.Sprintf("data set %q", path))
	if err != nil {
		return err
	}
	t := Tensor{Name: path, Shape: shape, Type: el.name}
	want := int64(n) * int64(el.size)
	switch class {
	case layoutCompact, layoutContiguous:
		from, size := int64(0), int64(0)
		if class == layoutCompact {
			size = int64(c.uint(2))
			from = c.at
		} else {
			from, size = c.address(), c.length()
		}
		if c.err != nil {
			return c.err
		}
		if from < 0 && n > 0 {
			return skip("its values were never written")
		}
		if size < want {
			return h.bad(d.layout.at, "data set %q of shape %v and type %s has %d bytes, want %d", path, shape, el.name, size, want)
		}
		if n == 0 {
			break
		}
		raw, err := h.bytes(from, want, fmt.Sprintf("values of data set %q", path))
		if err != nil {
			return err
		}
		t.Data = make([]float32, n)
		el.decode(t.Data, raw, big)
	case layoutChunked:
		filters, why, err := h.pipeline(d.filters)
		if err != nil {
			return err
		}
		if why != "" {
			return skip("%s", why)
		}
		k := &chunks{h: h, path: path, el: el, big: big, shape: shape, filters: filters}
		tree, err := k.layout(c)
		if err != nil {
			return err
		}
		if t.Data, err = k.read(tree, n); err != nil {
			return err
		}
	default:
		return skip("layout class %d, want compact, contiguous or chunked", class)
	}
	if t.Data == nil {
		t.Data = []float32{}
	}
	h.f.Tensors = append(h.f.Tensors, t)
	return nil
}

// dataspace reads a shape; null tells that there is not even one value.
func (h *hdf5) dataspace(m *headerMessage) (shape []int, null bool, err error) {
	c := h.cursor(m.at, "shape of a data set")
	version := c.version(1, 2)
	rank := int(c.uint(1))
	c.skip(1)
	if version == 1 {
		c.skip(5)
	} else {
		null = c.uint(1) == 2
	}
	if c.err == nil && rank > maxRank {
		return nil, false, h.bad(m.at, "shape of a data set: %d sizes (limit: %d)", rank, maxRank)
	}
	shape = []int{}
	for i := 0; i < rank && c.err == nil; i++ {
		at := c.at
		n := c.length()
		if n > math.MaxInt32 {
			return nil, false, h.bad(at, "shape of a data set: size %d (limit: %d)", n, math.MaxInt32)
		}
		shape = append(shape, int(n))
	}
	return shape, null, c.err
}

// datatype reads a type of numbers; why says what is not read here.
func (h *hdf5) datatype(m *headerMessage) (el element, big bool, why string, err error) {
	c := h.cursor(m.at, "type of a data set")
	b := c.uint(1)
	class := b & 15
	bits := c.uint(3)
	size := c.uint(4)
	if c.err != nil {
		return el, false, "", c.err
	}
	names := [...]string{"whole numbers", "floats", "times", "texts", "bit fields", "opaque values", "compounds", "references", "enumerations", "lists", "arrays"}
	name := fmt.Sprintf("class %d", class)
	if class < uint64(len(names)) {
		name = names[class]
	}
	why = fmt.Sprintf("%s of %d bytes", name, size)
	big = bits&1 != 0
	switch class {
	case 0:
		offset, precision := c.uint(2), c.uint(2)
		kind := "U"
		if bits&8 != 0 {
			kind = "I"
		}
		if e, ok := elementNamed(fmt.Sprintf("%s%d", kind, 8*size)); ok && size <= 8 && offset == 0 && precision == 8*size {
			el, why = e, ""
		}
	case 1:
		var p [6]uint64 // bit offset, precision, then exponent at, its bits, fraction at, its bits
		p[0], p[1] = c.uint(2), c.uint(2)
		for i := 2; i < 6; i++ {
			p[i] = c.uint(1)
		}
		bias := c.uint(4)
		vax := bits&0x40 != 0
		for _, known := range [...]struct {
			el       element
			exponent uint64
			fraction uint64
		}{{f64, 11, 52}, {f32, 8, 23}, {f16, 5, 10}, {bf16, 8, 7}} {
			if !vax && size == uint64(known.el.size) && p == [6]uint64{0, 8 * size, known.fraction, known.exponent, 0, known.fraction} &&
				bias == 1<<(known.exponent-1)-1 {
				el, why = known.el, ""
			}
		}
	}
	return el, big, why, c.err
}

// pipeline reads the filters, in the order in which they were applied.
func (h *hdf5) pipeline(m *headerMessage) (filters []uint64, why string, err error) {
	if m == nil {
		return nil, "", nil
	}
	c := h.cursor(m.at, "filters of a data set")
	version := c.version(1, 2)
	n := c.uint(1)
	if version == 1 {
		c.skip(6)
	}
	for i := uint64(0); i < n && c.err == nil; i++ {
		id := c.uint(2)
		name := uint64(0)
		if version == 1 || id >= 256 {
			name = c.uint(2)
		}
		c.skip(2)
		values := c.uint(2)
		if version == 1 {
			name = (name + 7) / 8 * 8
		}
		c.skip(int64(name) + 4*int64(values))
		if version == 1 && values%2 != 0 {
			c.skip(4)
		}
		if c.err == nil && id != filterDeflate && id != filterShuffle {
			return nil, fmt.Sprintf("filter %d, want 1 (deflate) or 2 (shuffle)", id), nil
		}
		filters = append(filters, id)
	}
	return filters, "", c.err
}

// chunks is a data set that is kept in pieces of one shape.
type chunks struct {
	h       *hdf5
	path    string
	el      element
	big     bool
	shape   []int
	chunk   []int // shape of a piece
	filters []uint64
}

// layout reads the rest of the layout message and returns where the tree of chunks is.
func (k *chunks) layout(c *cursor) (int64, error) {
	at := c.at
	rank := int(c.uint(1)) - 1
	tree := c.address()
	if c.err == nil && rank != len(k.shape) {
		return 0, k.h.bad(at, "data set %q of %d sizes has chunks of %d", k.path, len(k.shape), rank)
	}
	for i := 0; i < rank && c.err == nil; i++ {
		k.chunk = append(k.chunk, int(c.uint(4)))
		if c.err == nil && (k.chunk[i] < 1 || k.chunk[i] > math.MaxInt32) {
			return 0, k.h.bad(c.at-4, "data set %q: chunks of the size %d", k.path, k.chunk[i])
		}
	}
	if size := c.uint(4); c.err == nil && size != uint64(k.el.size) {
		return 0, k.h.bad(c.at-4, "data set %q: chunks of values of %d bytes, the type has %d", k.path, size, k.el.size)
	}
	return tree, c.err
}

// read puts the chunks together. All must be there: what was never written is no parameter.
func (k *chunks) read(tree int64, n int) ([]float32, error) {
	h := k.h
	values, ok := product(k.chunk)
	if !ok || values > maxNumbers {
		return nil, h.bad(max(tree, 0), "data set %q: chunks of shape %v", k.path, k.chunk)
	}
	if n == 0 {
		return []float32{}, nil
	}
	if tree < 0 {
		return nil, h.bad(0, "data set %q: its values were never written", k.path)
	}
	data := make([]float32, n)
	filled := 0
	seen := map[int]bool{}
	rank := len(k.shape)
	var piece []float32
	err := h.tree(tree, 1, 8+8*int64(rank+1), func(at, key int64) error {
		c := h.cursor(key, "key of a chunk")
		size, mask := int64(c.uint(4)), c.uint(4)
		first, start, step := make([]int, rank), 0, 1
		for d := range rank {
			v := c.uint(8)
			if c.err == nil && (v >= uint64(k.shape[d]) || v%uint64(k.chunk[d]) != 0) {
				return h.bad(c.at-8, "data set %q of shape %v: a chunk of shape %v begins at %d of size %d", k.path, k.shape, k.chunk, v, d)
			}
			first[d] = int(v)
		}
		if c.err != nil {
			return c.err
		}
		for d := rank - 1; d >= 0; d-- {
			start += first[d] * step
			step *= k.shape[d]
		}
		if seen[start] {
			return h.bad(key, "data set %q: a second chunk at %v", k.path, first)
		}
		seen[start] = true
		raw, err := k.undo(at, size, mask, int64(values)*int64(k.el.size))
		if err != nil {
			return err
		}
		if piece == nil {
			piece = make([]float32, values)
		}
		k.el.decode(piece, raw, k.big)
		filled += k.paste(data, piece, first, start)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if filled != n {
		return nil, h.bad(tree, "data set %q: the chunks hold %d of %d values", k.path, filled, n)
	}
	return data, nil
}

// paste copies the part of a chunk that lies within the data set and returns its size. first
// is the index of the chunk's first value, start its place in data.
func (k *chunks) paste(data, piece []float32, first []int, start int) int {
	rank := len(k.shape)
	if rank == 0 {
		data[0] = piece[0]
		return 1
	}
	inside := make([]int, rank)
	to, from := make([]int, rank), make([]int, rank)
	a, b := 1, 1
	for d := rank - 1; d >= 0; d-- {
		inside[d] = min(k.chunk[d], k.shape[d]-first[d])
		to[d], from[d] = a, b
		a *= k.shape[d]
		b *= k.chunk[d]
	}
	row := inside[rank-1]
	lines, _ := product(inside[:rank-1])
	iTo, iFrom := make([]int, rank-1), make([]int, rank-1)
	src := 0
	for range lines {
		copy(data[start:start+row], piece[src:src+row])
		start = advance(iTo, inside[:rank-1], to[:rank-1], start)
		src = advance(iFrom, inside[:rank-1], from[:rank-1], src)
	}
	return lines * row
}

// undo returns the bytes of a chunk, want of them, after undoing the filters; a bit of mask
// tells that a filter was left out.
func (k *chunks) undo(at, size int64, mask uint64, want int64) ([]byte, error) {
	h := k.h
	raw, err := h.bytes(at, size, fmt.Sprintf("chunk of data set %q", k.path))
	if err != nil {
		return nil, err
	}
	if want > maxInflate*size+64 {
		return nil, h.bad(at, "data set %q: a chunk of %d bytes cannot hold %d", k.path, size, want)
	}
	for i := len(k.filters) - 1; i >= 0; i-- {
		if i < 32 && mask>>i&1 != 0 {
			continue
		}
		switch k.filters[i] {
		case filterDeflate:
			z, err := zlib.NewReader(bytes.NewReader(raw))
			if err != nil {
				return nil, h.bad(at, "chunk of data set %q: %v", k.path, err)
			}
			out := make([]byte, want)
			if n, err := io.ReadFull(z, out); err != nil {
				return nil, h.bad(at, "chunk of data set %q: %d bytes of %d: %v", k.path, n, want, err)
			}
			// The end brings the checksum.
			if _, err := z.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
				return nil, h.bad(at, "chunk of data set %q: want %d bytes and a right checksum: %v", k.path, want, err)
			}
			raw = out
		case filterShuffle:
			raw = unshuffle(raw, k.el.size)
		}
	}
	if int64(len(raw)) != want {
		return nil, h.bad(at, "chunk of data set %q has %d bytes, want %d", k.path, len(raw), want)
	}
	return raw, nil
}

// unshuffle brings the bytes of each number together again: all first bytes stand first, then
// all second ones, ...; bytes left over stay at the end.
func unshuffle(b []byte, size int) []byte {
	n := len(b) / size
	out := make([]byte, len(b))
	for k := range size {
		for i, v := range b[k*n : (k+1)*n] {
			out[i*size+k] = v
		}
	}
	copy(out[n*size:], b[n*size:])
	return out
}

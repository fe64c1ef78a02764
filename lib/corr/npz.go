package corr

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// An npz file is a zip archive of arrays, each with a header that is a Python dict. This one
// holds, little-endian and in C order:
//
//	origin, layers                                   text
//	pictures                                         int64
//	NAME.units (nets), NAME.samples                  int64
//	NAME.mean, NAME.min, NAME.max, NAME.zeros (d)    float64, units net after net
//	NAME.covariance (d, d)                           float64
//
// and, of statistics that can be merged, part.* and NAME.part.*: the exact sums, and the
// activations of cells (see part) that are not whole.
const npyMagic = "\x93NUMPY\x01\x00"

// array is one entry: text, int64, float64 or float32 numbers.
type array struct {
	shape  []int
	text   []string
	ints   []int64
	floats []float64
	single []float32
	bins   []int32    // to write: int64
	sums   *exactSums // to write: int64, what is in the bins of each sum, from the highest down
}

// npzWriter collects entries; no write to memory fails.
type npzWriter struct {
	buffer bytes.Buffer
	zip    *zip.Writer
	piece  []byte // of an entry, on its way
}

// newNPZWriter makes room for size bytes.
func newNPZWriter(size int) *npzWriter {
	w := &npzWriter{piece: make([]byte, 0, 1<<15)}
	w.buffer.Grow(size)
	w.zip = zip.NewWriter(&w.buffer)
	return w
}

func (w *npzWriter) add(name string, a array) {
	descr, width := "<f8", 1
	switch {
	case a.text != nil:
		for _, s := range a.text {
			width = max(width, utf8.RuneCountInString(s))
		}
		descr = "<U" + strconv.Itoa(width)
	case a.ints != nil, a.bins != nil, a.sums != nil:
		descr = "<i8"
	case a.single != nil:
		descr = "<f4"
	}
	shape := ""
	for _, s := range a.shape {
		shape += strconv.Itoa(s) + ", "
	}
	if len(a.shape) > 1 {
		shape = strings.TrimSuffix(shape, ", ")
	} else {
		shape = strings.TrimSuffix(shape, " ") // (3,)
	}
	head := fmt.Sprintf("{'descr': '%s', 'fortran_order': False, 'shape': (%s), }", descr, shape)
	// Magic, length and header together are a multiple of 64 bytes.
	head += strings.Repeat(" ", 63-(len(npyMagic)+2+len(head))%64) + "\n"
	entry, err := w.zip.CreateHeader(&zip.FileHeader{Name: name + ".npy", Method: zip.Store})
	if err == nil {
		_, err = io.WriteString(entry, npyMagic)
	}
	if err == nil {
		_, err = entry.Write(binary.LittleEndian.AppendUint16(nil, uint16(len(head))))
	}
	if err == nil {
		_, err = io.WriteString(entry, head)
	}
	if err == nil {
		err = w.numbers(entry, a, width)
	}
	if err != nil {
		panic("corr: npz: " + err.Error()) // memory takes all there is
	}
}

// numbers writes an array's elements, piece by piece: all of them are much memory.
func (w *npzWriter) numbers(to io.Writer, a array, width int) error {
	var fault error
	flush := func(room int) {
		if fault == nil && len(w.piece)+room > cap(w.piece) {
			_, fault = to.Write(w.piece)
			w.piece = w.piece[:0]
		}
	}
	put := func(v uint64) {
		flush(8)
		w.piece = binary.LittleEndian.AppendUint64(w.piece, v)
	}
	put32 := func(v uint32) {
		flush(4)
		w.piece = binary.LittleEndian.AppendUint32(w.piece, v)
	}
	w.piece = w.piece[:0]
	for _, s := range a.text {
		n := 0
		for _, r := range s {
			put32(uint32(r))
			n++
		}
		for ; n < width; n++ {
			put32(0)
		}
	}
	for _, v := range a.ints {
		put(uint64(v))
	}
	for _, v := range a.bins {
		put(uint64(int64(v)))
	}
	if a.sums != nil {
		for i := range a.sums.top {
			for k := range limbs {
				put(uint64(a.sums.limb[k][i]))
			}
		}
	}
	for _, v := range a.floats {
		put(math.Float64bits(v))
	}
	for _, v := range a.single {
		put32(math.Float32bits(v))
	}
	flush(cap(w.piece))
	return fault
}

func (w *npzWriter) bytes() []byte {
	if err := w.zip.Close(); err != nil {
		panic("corr: npz: " + err.Error()) // memory takes all there is
	}
	return w.buffer.Bytes()
}

func textArray(s ...string) array { return array{shape: []int{len(s)}, text: append([]string{}, s...)} }
func intArray(v ...int) array     { return array{shape: []int{len(v)}, ints: int64s(v)} }
func floatArray(v []float64) array {
	return array{shape: []int{len(v)}, floats: v}
}

func int64s(v []int) []int64 {
	out := make([]int64, len(v))
	for i, x := range v {
		out[i] = int64(x)
	}
	return out
}

// sizeNPZ is about the size of the file.
func sizeNPZ(s *Stats) int {
	size := 1 << 12
	for _, l := range s.layers {
		size += 8*l.d*(l.d+8) + 1<<13
		if s.part != nil {
			size += 8 * (limbs + 1) * l.d * (l.d + 3) / 2
		}
	}
	if s.part != nil {
		for _, w := range s.part.pending {
			for _, nets := range w.values {
				for _, x := range nets {
					size += 4*len(x) + 1<<9
				}
			}
		}
	}
	return size
}

// encodeNPZ returns the statistics as an npz file.
func encodeNPZ(s *Stats) []byte {
	w := newNPZWriter(sizeNPZ(s))
	w.add("origin", textArray(s.origin))
	w.add("layers", textArray(s.Layers()...))
	w.add("pictures", intArray(s.pictures))
	for _, l := range s.layers {
		w.add(l.name+".units", intArray(l.units...))
		w.add(l.name+".samples", intArray(l.samples))
		w.add(l.name+".mean", floatArray(l.mean))
		w.add(l.name+".min", floatArray(l.low))
		w.add(l.name+".max", floatArray(l.high))
		w.add(l.name+".zeros", floatArray(l.zero))
		w.add(l.name+".covariance", array{shape: []int{l.d, l.d}, floats: l.cov})
	}
	if p := s.part; p != nil {
		var streams, texts []string
		var ranges []int
		for _, v := range p.spans {
			streams, texts, ranges = append(streams, v.stream), append(texts, v.text), append(ranges, v.from, v.to)
		}
		w.add("part.key", textArray(p.key))
		w.add("part.streams", textArray(streams...))
		w.add("part.texts", textArray(texts...))
		w.add("part.ranges", intArray(ranges...))
		for _, l := range p.layers {
			w.add(l.name+".part.samples", intArray(l.rows))
			w.add(l.name+".part.min", floatArray(l.low))
			w.add(l.name+".part.max", floatArray(l.high))
			w.add(l.name+".part.zeros", intArray(l.zeros...))
			w.add(l.name+".part.sum", array{shape: []int{l.d, limbs}, sums: l.sum})
			w.add(l.name+".part.sum_bin", array{shape: []int{l.d}, bins: l.sum.top})
			w.add(l.name+".part.products", array{shape: []int{len(l.products.top), limbs}, sums: l.products})
			w.add(l.name+".part.products_bin", array{shape: []int{len(l.products.top)}, bins: l.products.top})
		}
	}
	if p := s.part; p != nil && len(p.pending) > 0 {
		streams, ranges := []string{}, []int{}
		for k, v := range p.pending {
			streams, ranges = append(streams, v.stream), append(ranges, v.from, v.to, v.first, v.n)
			for i, l := range p.layers {
				for net, x := range v.values[i] {
					if x == nil {
						x = []float32{}
					}
					w.add(fmt.Sprintf("%s.part.pending%d.%d", l.name, k, net), array{shape: []int{len(x)}, single: x})
				}
			}
		}
		w.add("part.pending_streams", textArray(streams...))
		w.add("part.pending_ranges", intArray(ranges...))
	}
	return w.bytes()
}

// npzReader takes arrays out of an archive; the first fault stays.
type npzReader struct {
	files map[string]*zip.File
	err   error
}

// decodeNPZ reads what encodeNPZ wrote.
func decodeNPZ(b []byte) (*Stats, error) {
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, fmt.Errorf("corr: npz: %w", err)
	}
	r := &npzReader{files: map[string]*zip.File{}}
	for _, f := range z.File {
		r.files[strings.TrimSuffix(f.Name, ".npy")] = f
	}
	s := &Stats{origin: r.one("origin"), pictures: r.ints("pictures", 1)[0]}
	names := r.text("layers")
	for _, name := range names {
		if r.err != nil {
			return nil, r.err
		}
		l, err := r.layer(name)
		if err != nil {
			return nil, err
		}
		s.layers = append(s.layers, l)
	}
	if _, ok := r.files["part.key"]; ok && r.err == nil {
		s.part = r.part(s.layers)
	}
	if r.err != nil {
		return nil, r.err
	}
	return s, nil
}

func (r *npzReader) layer(name string) (*Layer, error) {
	units := r.ints(name+".units", -1)
	if r.err != nil {
		return nil, r.err
	}
	d := 0
	for net, u := range units {
		if u < 0 || u > 1<<20 || d > 1<<15 {
			return nil, fmt.Errorf("corr: npz: layer %q: %d units in net %d", name, u, net)
		}
		d += u
	}
	// Before memory for d×d numbers is taken, the file must show that it has them.
	if f := r.files[name+".covariance"]; f == nil || f.UncompressedSize64 < 8*uint64(d)*uint64(d) {
		return nil, fmt.Errorf("corr: npz: layer %q: no covariances of %d×%d units", name, d, d)
	}
	l := newLayer(name, units)
	l.samples = r.ints(name+".samples", 1)[0]
	copy(l.mean, r.floats(name+".mean", d))
	copy(l.low, r.floats(name+".min", d))
	copy(l.high, r.floats(name+".max", d))
	copy(l.zero, r.floats(name+".zeros", d))
	copy(l.cov, r.floats(name+".covariance", d*d))
	if r.err == nil {
		l.settle()
	}
	return l, r.err
}

// part reads the exact sums of the layers.
func (r *npzReader) part(layers []*Layer) *part {
	p := &part{key: r.one("part.key")}
	streams, texts := r.text("part.streams"), r.text("part.texts")
	ranges := r.ints("part.ranges", 2*len(streams))
	if len(texts) != len(streams) {
		r.fail("part.texts", "%d texts for %d streams", len(texts), len(streams))
	}
	if r.err != nil {
		return nil
	}
	for i := range streams {
		p.spans = append(p.spans, span{streams[i], texts[i], ranges[2*i], ranges[2*i+1]})
	}
	for _, l := range layers {
		q := newPartLayer(l.name, l.units)
		q.rows = r.ints(l.name+".part.samples", 1)[0]
		copy(q.low, r.floats(l.name+".part.min", l.d))
		copy(q.high, r.floats(l.name+".part.max", l.d))
		copy(q.zeros, r.ints(l.name+".part.zeros", l.d))
		r.sums(q.sum, l.name+".part.sum")
		r.sums(q.products, l.name+".part.products")
		p.layers = append(p.layers, q)
	}
	if _, ok := r.files["part.pending_streams"]; ok && r.err == nil {
		r.pending(p)
	}
	return p
}

// pending reads the activations of cells (see part) that are not whole.
func (r *npzReader) pending(p *part) {
	streams := r.text("part.pending_streams")
	ranges := r.ints("part.pending_ranges", 4*len(streams))
	for k, stream := range streams {
		w := &pending{stream: stream, from: ranges[4*k], to: ranges[4*k+1], first: ranges[4*k+2], n: ranges[4*k+3]}
		if w.from < 0 || w.n < 1 || w.first < w.from || w.first > w.to || w.n > w.to-w.first {
			r.fail("part.pending_ranges", "pictures %d+%d of a cell of %d to %d", w.first, w.n, w.from, w.to)
			return
		}
		for _, l := range p.layers {
			var nets [][]float32
			rows := -1
			for net, u := range l.units {
				name := fmt.Sprintf("%s.part.pending%d.%d", l.name, k, net)
				x := r.array(name).single
				if u > 0 && (len(x)%u != 0 || len(x)/u%w.n != 0 || rows >= 0 && len(x)/u != rows) {
					r.fail(name, "%d activations of %d units at %d pictures", len(x), u, w.n)
				}
				if u > 0 {
					rows = len(x) / u
				}
				nets = append(nets, x)
			}
			w.values = append(w.values, nets)
		}
		if r.err != nil {
			return
		}
		p.pending = append(p.pending, w)
	}
}

func (r *npzReader) sums(s *exactSums, name string) {
	for i, v := range r.ints(name, limbs*len(s.top)) {
		s.limb[i%limbs][i/limbs] = int64(v)
	}
	for i, v := range r.ints(name+"_bin", len(s.top)) {
		if v != noTop && (v < -64 || v > 64) {
			r.fail(name+"_bin", "bin %d", v)
			return
		}
		s.top[i] = int32(v)
	}
}

func (r *npzReader) fail(name, format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("corr: npz: %s: %w", name, fmt.Errorf(format, args...))
	}
}

// one returns the only text of an array.
func (r *npzReader) one(name string) string {
	t := r.text(name)
	if len(t) != 1 {
		r.fail(name, "%d texts, expected 1", len(t))
		return ""
	}
	return t[0]
}

// ints returns n integers of an array, or all for n < 0; zeros if it has not as many.
func (r *npzReader) ints(name string, n int) []int {
	a := r.array(name)
	if a.ints == nil || n >= 0 && len(a.ints) != n {
		r.fail(name, "%d integers, expected %d", len(a.ints), n)
		return make([]int, max(n, 0))
	}
	out := make([]int, len(a.ints))
	for i, v := range a.ints {
		out[i] = int(v)
	}
	return out
}

func (r *npzReader) floats(name string, n int) []float64 {
	a := r.array(name)
	if len(a.floats) != n {
		r.fail(name, "%d numbers, expected %d", len(a.floats), n)
		return nil
	}
	return a.floats
}

func (r *npzReader) text(name string) []string { return r.array(name).text }

// array reads an entry; an empty one after a fault.
func (r *npzReader) array(name string) array {
	if r.err != nil {
		return array{}
	}
	f := r.files[name]
	if f == nil {
		r.fail(name, "%w", errors.New("not in the file"))
		return array{}
	}
	b, err := readEntry(f)
	if err != nil {
		r.fail(name, "%w", err)
		return array{}
	}
	a, err := decodeNPY(b)
	if err != nil {
		r.fail(name, "%w", err)
	}
	return a
}

func readEntry(f *zip.File) ([]byte, error) {
	e, err := f.Open()
	if err != nil {
		return nil, err
	}
	b, err := io.ReadAll(e)
	return b, errors.Join(err, e.Close())
}

// decodeNPY reads an array of the kinds that encodeNPZ writes, of any shape.
func decodeNPY(b []byte) (a array, err error) {
	if !bytes.HasPrefix(b, []byte(npyMagic)) || len(b) < len(npyMagic)+2 {
		return a, errors.New("not an array of npy format 1")
	}
	size := int(binary.LittleEndian.Uint16(b[len(npyMagic):]))
	b = b[len(npyMagic)+2:]
	if size > len(b) {
		return a, errors.New("cut off in its header")
	}
	head, data := string(b[:size]), b[size:]
	field := func(key, open, end string) (string, bool) {
		_, rest, ok := strings.Cut(head, "'"+key+"': "+open)
		if !ok {
			return "", false
		}
		v, _, ok := strings.Cut(rest, end)
		return v, ok
	}
	descr, ok1 := field("descr", "'", "'")
	order, ok2 := field("fortran_order", "", ",")
	shape, ok3 := field("shape", "(", ")")
	if !ok1 || !ok2 || !ok3 || order != "False" {
		return a, fmt.Errorf("header %q", head)
	}
	n := 1
	for _, t := range strings.Split(shape, ",") {
		if t = strings.TrimSpace(t); t == "" {
			continue
		}
		v, err := strconv.Atoi(t)
		if err != nil || v < 0 || v > 0 && n > math.MaxInt32/v {
			return a, fmt.Errorf("shape (%s)", shape)
		}
		a.shape = append(a.shape, v)
		n *= v
	}
	width := 8
	if w, ok := strings.CutPrefix(descr, "<U"); ok {
		if width, err = strconv.Atoi(w); err != nil || width < 0 || width > 1<<20 {
			return a, fmt.Errorf("numbers of type %q", descr)
		}
		width *= 4
	}
	if descr == "<f4" {
		width = 4
	}
	if len(data) != n*width {
		return a, fmt.Errorf("%d bytes for %d elements of %d bytes", len(data), n, width)
	}
	switch {
	case descr == "<f8":
		a.floats = make([]float64, n)
		takeFloats(a.floats, &data)
	case descr == "<f4":
		a.single = make([]float32, n)
		for i := range a.single {
			a.single[i] = math.Float32frombits(binary.LittleEndian.Uint32(data[4*i:]))
		}
	case descr == "<i8":
		a.ints = make([]int64, n)
		for i := range a.ints {
			a.ints[i] = int64(binary.LittleEndian.Uint64(data[8*i:]))
		}
	case strings.HasPrefix(descr, "<U"):
		a.text = make([]string, n)
		for i := range a.text {
			var t strings.Builder
			for k := 0; k < width; k += 4 {
				t.WriteRune(rune(binary.LittleEndian.Uint32(data[i*width+k:])))
			}
			a.text[i] = strings.TrimRight(t.String(), "\x00")
		}
	default:
		return a, fmt.Errorf("numbers of type %q (expected <f8, <f4, <i8 or text)", descr)
	}
	return a, nil
}

package corr

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"gonverge/lib/store"
)

// The form on file: magic, format as uint32, length of the header as uint32, header as JSON,
// then for each layer mean, low, high, zero (units each) and the upper triangle of the
// covariances row by row, as float64, then the SHA-256 of all before. Little-endian.
const (
	magic  = "gonverge corr\n"
	format = 1
)

type header struct {
	Origin   string
	Pictures int
	Layers   []headerLayer
}

type headerLayer struct {
	Name    string
	Units   []int
	Samples int
}

// Encode returns the statistics as bytes, all digits kept; [Decode] reads them. Those that can
// be merged take the form of an npz file, which has room for what that needs.
func Encode(s *Stats) []byte {
	if s.part != nil {
		return encodeNPZ(s)
	}
	h := header{Origin: s.origin, Pictures: s.pictures}
	for _, l := range s.layers {
		h.Layers = append(h.Layers, headerLayer{l.name, l.units, l.samples})
	}
	text, err := json.Marshal(h)
	if err != nil {
		panic("corr: Encode: " + err.Error()) // strings and integers always marshal
	}
	b := append([]byte(magic), 0, 0, 0, 0, 0, 0, 0, 0)
	binary.LittleEndian.PutUint32(b[len(magic):], format)
	binary.LittleEndian.PutUint32(b[len(magic)+4:], uint32(len(text)))
	b = append(b, text...)
	for _, l := range s.layers {
		for _, v := range [][]float64{l.mean, l.low, l.high, l.zero} {
			b = appendFloats(b, v)
		}
		for i := range l.d {
			b = appendFloats(b, l.cov[i*l.d+i:(i+1)*l.d])
		}
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

func appendFloats(b []byte, values []float64) []byte {
	for _, v := range values {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
	}
	return b
}

// Decode returns the statistics that [Encode] or [Stats.Save] wrote. Bytes of another kind or version,
// truncated or damaged ones are errors that say what was expected.
func Decode(b []byte) (*Stats, error) {
	if bytes.HasPrefix(b, []byte("PK\x03\x04")) {
		return decodeNPZ(b)
	}
	if !bytes.HasPrefix(b, []byte(magic)) {
		return nil, errors.New("corr: not statistics of gonverge: they begin otherwise")
	}
	rest := b[len(magic):]
	if len(rest) < 8+sha256.Size {
		return nil, fmt.Errorf("corr: statistics cut off after %d bytes", len(b))
	}
	if v := binary.LittleEndian.Uint32(rest); v != format {
		return nil, fmt.Errorf("corr: statistics of format %d, expected %d", v, format)
	}
	body, tail := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if sum := sha256.Sum256(body); !bytes.Equal(sum[:], tail) {
		return nil, fmt.Errorf("corr: statistics damaged or cut off: the checksum of %d bytes is another", len(b))
	}
	size := int64(binary.LittleEndian.Uint32(rest[4:]))
	rest = body[len(magic)+8:]
	if size > int64(len(rest)) {
		return nil, fmt.Errorf("corr: a header of %d bytes in %d bytes", size, len(rest))
	}
	var h header
	if err := json.Unmarshal(rest[:size], &h); err != nil {
		return nil, fmt.Errorf("corr: header: %w", err)
	}
	rest = rest[size:]
	s := &Stats{origin: h.Origin, pictures: h.Pictures}
	for _, hl := range h.Layers {
		l, err := decodeLayer(hl, &rest)
		if err != nil {
			return nil, err
		}
		s.layers = append(s.layers, l)
	}
	if len(rest) > 0 {
		return nil, fmt.Errorf("corr: %d bytes after the last layer", len(rest))
	}
	return s, nil
}

// decodeLayer takes a layer's numbers off rest.
func decodeLayer(h headerLayer, rest *[]byte) (*Layer, error) {
	d := 0
	for net, u := range h.Units {
		// The bound keeps the sizes below from overflowing.
		if u < 0 || u > 1<<20 {
			return nil, fmt.Errorf("corr: layer %q: %d units in net %d", h.Name, u, net)
		}
		d += u
	}
	if need := 8 * (4*int64(d) + int64(d)*int64(d+1)/2); d > 1<<28 || need > int64(len(*rest)) {
		return nil, fmt.Errorf("corr: layer %q: %d bytes left for %d units, expected %d", h.Name, len(*rest), d, need)
	}
	l := newLayer(h.Name, h.Units)
	l.samples = h.Samples
	for _, v := range [][]float64{l.mean, l.low, l.high, l.zero} {
		takeFloats(v, rest)
	}
	for i := range d {
		takeFloats(l.cov[i*d+i:(i+1)*d], rest)
	}
	l.settle()
	return l, nil
}

func takeFloats(dst []float64, rest *[]byte) {
	for i := range dst {
		dst[i] = math.Float64frombits(binary.LittleEndian.Uint64((*rest)[8*i:]))
	}
	*rest = (*rest)[8*len(dst):]
}

// Save writes the statistics to a file, in place of an old one only once the new one is
// whole. A name that ends in .npz makes it a file that numpy.load opens without more, all
// numbers with all digits (units of all nets side by side, net after net):
//
//	f["layers"], f["pictures"], f["origin"]
//	f["conv1.units"], f["conv1.samples"]                  units of each net; pictures × positions
//	f["conv1.mean"], .min, .max, .zeros                   one number a unit
//	f["conv1.covariance"]                                 d×d; correlation = covariance / σσᵀ
//
// and, if the statistics can be merged, the exact sums. Other names get a shorter form of our own.
func (s *Stats) Save(path string) error {
	data := Encode
	if strings.HasSuffix(strings.ToLower(path), ".npz") {
		data = encodeNPZ
	}
	if err := store.WriteFile(path, data(s)); err != nil {
		return fmt.Errorf("corr: save: %w", err)
	}
	return nil
}

// Load reads statistics that [Stats.Save] wrote, in either form.
func Load(path string) (*Stats, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("corr: load: %w", err)
	}
	s, err := Decode(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

package nn

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
)

// The form of a net in a file, little-endian:
//
//	8 bytes   magic "gonvnet\x00"
//	uint32    version, 1
//	uint32    length of the header
//	header    JSON: architecture, seed, origin, history, lengths of the parameters
//	float32s  the parameters in the order of Params
//
// A checksum is the business of who keeps it (lib/store). Kinds and fields of layers have been
// added since, without a new version: they are left out where they have no say, so that older
// nets have the same bytes as ever.
const (
	magic      = "gonvnet\x00"
	netVersion = 1
	maxHeader  = 1 << 24
)

type header struct {
	Arch    *Arch
	Seed    uint64
	Origin  string
	History []epochBits
	Lengths []int
}

// epochBits keeps an epoch's numbers as bits, since JSON has no NaN and no infinity.
type epochBits struct {
	Epoch          int
	Loss, Accuracy uint64 // math.Float64bits
}

// Encode returns the net as bytes: architecture, seed, origin, history and parameters.
// Parameters keep their bits.
func Encode(n *Net) ([]byte, error) {
	if n == nil {
		return nil, errors.New("nn: encode: no net (nil)")
	}
	h := header{Arch: n.Arch, Seed: n.Seed, Origin: n.Origin}
	for _, e := range n.History {
		h.History = append(h.History, epochBits{e.Epoch, math.Float64bits(e.Loss), math.Float64bits(e.Accuracy)})
	}
	total := 0
	for _, p := range n.params {
		h.Lengths = append(h.Lengths, len(p.Data))
		total += len(p.Data)
	}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("nn: encode: %w", err)
	}
	if len(text) > maxHeader {
		return nil, fmt.Errorf("nn: encode: header of %d bytes (limit: %d)", len(text), maxHeader)
	}
	b := make([]byte, 0, len(magic)+8+len(text)+4*total)
	b = append(b, magic...)
	b = binary.LittleEndian.AppendUint32(b, netVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(text)))
	b = append(b, text...)
	for _, p := range n.params {
		for _, v := range p.Data {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
		}
	}
	return b, nil
}

// Decode returns the net that [Encode] wrote. Bytes of another kind or version, a damaged
// header and a wrong length are errors that say what was expected.
func Decode(b []byte) (*Net, error) {
	if len(b) < len(magic)+8 {
		return nil, fmt.Errorf("nn: decode: %d bytes are too few for a net", len(b))
	}
	if string(b[:len(magic)]) != magic {
		return nil, fmt.Errorf("nn: decode: not a net: begins with %q, want %q", b[:len(magic)], magic)
	}
	b = b[len(magic):]
	if v := binary.LittleEndian.Uint32(b); v != netVersion {
		return nil, fmt.Errorf("nn: decode: version %d, this program reads %d", v, netVersion)
	}
	size := int64(binary.LittleEndian.Uint32(b[4:]))
	b = b[8:]
	if size > maxHeader || size > int64(len(b)) {
		return nil, fmt.Errorf("nn: decode: header of %d bytes, but %d follow", size, len(b))
	}
	var h header
	if err := strict(b[:size], &h); err != nil {
		return nil, fmt.Errorf("nn: decode: header: %w", err)
	}
	b = b[size:]
	if h.Arch == nil {
		return nil, errors.New("nn: decode: header without an architecture")
	}
	// The length is compared before anything of that size is made: a damaged header must
	// not ask for memory that the file does not fill.
	steps, err := h.Arch.steps()
	if err != nil {
		return nil, fmt.Errorf("nn: decode: %w", err)
	}
	var want int64
	var lengths []int64
	for _, s := range steps {
		for _, p := range s.layer.params(s.in) {
			n := product64(p.shape)
			lengths = append(lengths, n)
			want += n
		}
	}
	if len(lengths) != len(h.Lengths) {
		return nil, fmt.Errorf("nn: decode: %d blocks of parameters, %s has %d", len(h.Lengths), h.Arch.Name, len(lengths))
	}
	for i, n := range lengths {
		if int64(h.Lengths[i]) != n {
			return nil, fmt.Errorf("nn: decode: block %d has %d parameters, %s has %d", i, h.Lengths[i], h.Arch.Name, n)
		}
	}
	if int64(len(b)) != 4*want {
		return nil, fmt.Errorf("nn: decode: %d bytes of parameters, want %d", len(b), 4*want)
	}
	n, err := blank(h.Arch)
	if err != nil {
		return nil, fmt.Errorf("nn: decode: %w", err)
	}
	n.Seed, n.Origin = h.Seed, h.Origin
	for _, e := range h.History {
		n.History = append(n.History, Epoch{e.Epoch, math.Float64frombits(e.Loss), math.Float64frombits(e.Accuracy)})
	}
	for _, p := range n.params {
		for i := range p.Data {
			p.Data[i] = math.Float32frombits(binary.LittleEndian.Uint32(b[4*i:]))
		}
		b = b[4*len(p.Data):]
	}
	return n, nil
}

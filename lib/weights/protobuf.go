package weights

import (
	"encoding/binary"
	"math"
	"unicode/utf8"
)

// The wire format of protocol buffers: a message is a row of fields, each a varint with its
// number and wire type and then a varint, 4 bytes, 8 bytes, or a length and as many bytes.
const (
	wireVarint  = 0
	wireFixed64 = 1
	wireBytes   = 2
	wireFixed32 = 5
)

// message is a part of a source that holds fields.
type message struct {
	s        *source
	at, end  int64
	fieldsAt int64 // where the field that next returned begins
}

// field is one field of a message.
type field struct {
	number int
	wire   int
	value  uint64  // of wire types 0, 1 and 5
	body   message // of wire type 2
}

func (s *source) message() message { return message{s: s, end: int64(len(s.data))} }

// more tells whether another field follows.
func (m *message) more() bool { return m.at < m.end }

func (m *message) varint(what string) (uint64, error) {
	v, n := binary.Uvarint(m.s.data[m.at:m.end])
	if n <= 0 {
		return 0, m.s.bad(m.at, "%s: want a varint of at most 10 bytes before byte %d", what, m.end)
	}
	m.at += int64(n)
	return v, nil
}

// next reads a field.
func (m *message) next() (field, error) {
	m.fieldsAt = m.at
	tag, err := m.varint("tag of a field")
	if err != nil {
		return field{}, err
	}
	f := field{wire: int(tag & 7)}
	if tag>>3 == 0 || tag>>3 > 1<<29-1 {
		return f, m.s.bad(m.fieldsAt, "field number %d, want 1 to %d", tag>>3, 1<<29-1)
	}
	f.number = int(tag >> 3)
	size := int64(0)
	switch f.wire {
	case wireVarint:
		f.value, err = m.varint("value of a field")
		return f, err
	case wireFixed64:
		size = 8
	case wireFixed32:
		size = 4
	case wireBytes:
		n, err := m.varint("length of a field")
		if err != nil {
			return f, err
		}
		if n > uint64(m.end-m.at) {
			return f, m.s.bad(m.fieldsAt, "field %d of %d bytes, but %d follow", f.number, n, m.end-m.at)
		}
		f.body = message{s: m.s, at: m.at, end: m.at + int64(n)}
		m.at += int64(n)
		return f, nil
	default:
		return f, m.s.bad(m.fieldsAt, "field %d has wire type %d, want 0, 1, 2 or 5", f.number, f.wire)
	}
	if m.end-m.at < size {
		return f, m.s.bad(m.fieldsAt, "field %d of %d bytes, but %d follow", f.number, size, m.end-m.at)
	}
	if size == 8 {
		f.value = binary.LittleEndian.Uint64(m.s.data[m.at:])
	} else {
		f.value = uint64(binary.LittleEndian.Uint32(m.s.data[m.at:]))
	}
	m.at += size
	return f, nil
}

// bytes returns what a field of wire type 2 holds.
func (f *field) bytes() []byte { return f.body.s.data[f.body.at:f.body.end] }

// want returns an error unless the field has the wire type.
func (m *message) want(f field, wire int, what string) error {
	if f.wire != wire {
		return m.s.bad(m.fieldsAt, "%s (field %d) has wire type %d, want %d", what, f.number, f.wire, wire)
	}
	return nil
}

// text reads a string field.
func (m *message) text(f field, what string) (string, error) {
	if err := m.want(f, wireBytes, what); err != nil {
		return "", err
	}
	if b := f.bytes(); utf8.Valid(b) {
		return string(b), nil
	}
	return "", m.s.bad(m.fieldsAt, "%s (field %d) is not UTF-8", what, f.number)
}

// integers appends whole numbers, packed or one by one.
func (m *message) integers(dst []int64, f field, what string) ([]int64, error) {
	if f.wire == wireVarint {
		return append(dst, int64(f.value)), nil
	}
	if err := m.want(f, wireBytes, what); err != nil {
		return nil, err
	}
	for f.body.more() {
		v, err := f.body.varint(what)
		if err != nil {
			return nil, err
		}
		dst = append(dst, int64(v))
	}
	return dst, nil
}

// floats appends float32 numbers, packed or one by one.
func (m *message) floats(dst []float32, f field, what string) ([]float32, error) {
	if f.wire == wireFixed32 {
		return append(dst, math.Float32frombits(uint32(f.value))), nil
	}
	return m.packed(dst, f, f32, what)
}

// doubles appends float64 numbers, packed or one by one, rounded to float32.
func (m *message) doubles(dst []float32, f field, what string) ([]float32, error) {
	if f.wire == wireFixed64 {
		return append(dst, float32(math.Float64frombits(f.value))), nil
	}
	return m.packed(dst, f, f64, what)
}

func (m *message) packed(dst []float32, f field, el element, what string) ([]float32, error) {
	if err := m.want(f, wireBytes, what); err != nil {
		return nil, err
	}
	b := f.bytes()
	if len(b)%el.size != 0 {
		return nil, m.s.bad(m.fieldsAt, "%s (field %d) has %d bytes, want a multiple of %d", what, f.number, len(b), el.size)
	}
	n := len(dst)
	dst = append(dst, make([]float32, len(b)/el.size)...)
	el.decode(dst[n:], b, false)
	return dst, nil
}

// recogniseProtobuf tells the three kinds of message apart, which say nothing about
// themselves, by the numbers and wire types of their outermost fields:
//
//	ONNX ModelProto      1 varint (version), 7 message (graph)
//	Caffe BlobProto      1 to 4 varint (sizes) or 7 message (shape), 5 floats or 8 doubles
//	Caffe NetParameter   100 message (layer) or 2 message (V1 layer), 1 text (name)
//
// What follows a damaged field is not looked at; the reader will meet the damage.
func recogniseProtobuf(s *source) func(*source) (*File, error) {
	seen := map[[2]int]bool{}
	m := s.message()
	for m.more() {
		f, err := m.next()
		if f.number > 0 {
			seen[[2]int{f.number, f.wire}] = true
		}
		if err != nil {
			break
		}
	}
	has := func(number, wire int) bool { return seen[[2]int{number, wire}] }
	switch {
	case has(1, wireVarint) && has(7, wireBytes) && !has(2, wireVarint) && !has(5, wireBytes):
		s.format = "ONNX"
		return readONNX
	case !has(1, wireBytes) && !has(2, wireBytes) && !has(100, wireBytes) &&
		(has(5, wireBytes) || has(5, wireFixed32) || has(8, wireBytes) || has(8, wireFixed64)):
		s.format = "Caffe blob"
		return readBinaryproto
	case (has(100, wireBytes) || has(2, wireBytes)) && !has(1, wireVarint):
		s.format = "Caffe"
		return readCaffe
	}
	return nil
}

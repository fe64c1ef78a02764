package weights

import (
	"encoding/binary"
	"fmt"
	"math"
)

// FormatError is a file that is not what it should be, or has what is not read here.
type FormatError struct {
	Path    string
	Format  string // what the file was taken for; "" if it is nothing known
	Entry   string // part of an archive that Offset counts in; "" for the file itself
	Offset  int64  // bytes from the beginning
	Problem string // what is there and what was expected
}

// Error returns path, format, place and problem in a line.
func (e *FormatError) Error() string {
	s := "weights: " + e.Path + ": "
	if e.Format != "" {
		s += e.Format + ": "
	}
	if e.Entry != "" {
		s += e.Entry + ": "
	}
	return fmt.Sprintf("%sbyte %d: %s", s, e.Offset, e.Problem)
}

// budget bounds the numbers and tensors that a file may ask for by what its bytes can hold.
type budget struct {
	numbers int64
	tensors int
}

func newBudget(fileSize int) *budget {
	return &budget{min(maxNumbers, maxInflate*int64(fileSize)), maxTensors}
}

// source is the bytes of a file or of one entry of an archive, and who answers for them.
type source struct {
	path, format, entry string
	data                []byte
	budget              *budget
}

// bad returns the error of a place in the source.
func (s *source) bad(offset int64, format string, args ...any) error {
	return &FormatError{s.path, s.format, s.entry, offset, fmt.Sprintf(format, args...)}
}

// bytes returns n bytes at an offset. what names them in the error.
func (s *source) bytes(offset, n int64, what string) ([]byte, error) {
	size := int64(len(s.data))
	if offset < 0 || n < 0 || offset > size || n > size-offset {
		return nil, s.bad(offset, "%s: want %d bytes, the file has %d in all", what, n, size)
	}
	return s.data[offset : offset+n], nil
}

// count returns the number of values of a shape after comparing it with the budget, from
// which it is taken.
func (s *source) count(offset int64, shape []int, what string) (int, error) {
	n, ok := product(shape)
	if !ok || len(shape) > maxRank {
		return 0, s.bad(offset, "%s: shape %v is impossible", what, shape)
	}
	if int64(n) > s.budget.numbers {
		return 0, s.bad(offset, "%s: shape %v has more values than a file of this size can hold", what, shape)
	}
	if s.budget.tensors == 0 {
		return 0, s.bad(offset, "%s: more than %d tensors", what, maxTensors)
	}
	s.budget.numbers -= int64(n)
	s.budget.tensors--
	return n, nil
}

// product returns the product of sizes, false if one is negative or it does not fit. The
// sizes beside a 0 have to fit as well.
func product(shape []int) (int, bool) {
	n, zero := 1, false
	for _, d := range shape {
		switch {
		case d < 0:
			return 0, false
		case d == 0:
			zero = true
		case n > math.MaxInt/d:
			return 0, false
		default:
			n *= d
		}
	}
	if zero {
		n = 0
	}
	return n, true
}

// element is a kind of number in a file.
type element struct {
	name string // as in safetensors
	size int    // bytes
	kind byte   // 'f' IEEE float, 'b' bfloat16, 'i' signed, 'u' unsigned, '?' truth value
}

var (
	f64   = element{"F64", 8, 'f'}
	f32   = element{"F32", 4, 'f'}
	f16   = element{"F16", 2, 'f'}
	bf16  = element{"BF16", 2, 'b'}
	i64   = element{"I64", 8, 'i'}
	i32   = element{"I32", 4, 'i'}
	i16   = element{"I16", 2, 'i'}
	i8    = element{"I8", 1, 'i'}
	u64   = element{"U64", 8, 'u'}
	u32   = element{"U32", 4, 'u'}
	u16   = element{"U16", 2, 'u'}
	u8    = element{"U8", 1, 'u'}
	bool8 = element{"BOOL", 1, '?'}
)

// elementNamed returns the element of a safetensors name.
func elementNamed(name string) (element, bool) {
	for _, e := range [...]element{f64, f32, f16, bf16, i64, i32, i16, i8, u64, u32, u16, u8, bool8} {
		if e.name == name {
			return e, true
		}
	}
	return element{}, false
}

// decode converts len(dst) numbers of raw, which must hold as many.
func (e element) decode(dst []float32, raw []byte, bigEndian bool) {
	if bigEndian && e.size > 1 {
		swapped := make([]byte, e.size)
		for i := range dst {
			for k := range swapped {
				swapped[k] = raw[(i+1)*e.size-1-k]
			}
			dst[i] = e.number(swapped)
		}
		return
	}
	if e == f32 {
		for i := range dst {
			dst[i] = math.Float32frombits(binary.LittleEndian.Uint32(raw[4*i:]))
		}
		return
	}
	for i := range dst {
		dst[i] = e.number(raw[i*e.size:])
	}
}

// number converts the little-endian number at the beginning of b.
func (e element) number(b []byte) float32 {
	switch e.kind {
	case 'f':
		switch e.size {
		case 8:
			return float32(math.Float64frombits(binary.LittleEndian.Uint64(b)))
		case 4:
			return math.Float32frombits(binary.LittleEndian.Uint32(b))
		}
		return half(binary.LittleEndian.Uint16(b))
	case 'b':
		return math.Float32frombits(uint32(binary.LittleEndian.Uint16(b)) << 16)
	case '?':
		if b[0] != 0 {
			return 1
		}
		return 0
	}
	var v uint64
	for i := e.size - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	if e.kind == 'u' {
		return float32(v)
	}
	shift := 64 - 8*e.size
	return float32(int64(v<<shift) >> shift)
}

// half converts an IEEE 754 binary16: 1 bit sign, 5 bits exponent (bias 15), 10 bits fraction.
func half(h uint16) float32 {
	sign := uint32(h>>15) << 31
	exp, frac := uint32(h>>10)&31, uint32(h)&1023
	switch exp {
	case 31: // infinity, or NaN with its fraction
		return math.Float32frombits(sign | 0xff<<23 | frac<<13)
	case 0: // zero and subnormal: frac · 2⁻²⁴, exact in float32
		v := float32(frac) / (1 << 24)
		return math.Float32frombits(sign | math.Float32bits(v))
	}
	return math.Float32frombits(sign | (exp+127-15)<<23 | frac<<13)
}

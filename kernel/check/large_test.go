package check_test

import (
	"strings"
	"testing"
)

func TestTypesThatAreTooLarge(t *testing.T) {
	for _, c := range []struct{ src, want string }{ // want "" is accepted
		{"var x [1000]byte", ""},
		{"var x [1001]byte", "1:5: a value of type [1001]byte has 1001 bytes, more than the memory limit of 1000"},
		{"var x [1001]byte\nlen(x)", "1:5: a value of type [1001]byte has 1001 bytes"},
		{"type T struct { a [500]byte; b [501]byte }\nvar p *T", ""},
		{"type T struct { a byte; n [125]int }\nfunc f() T { return *new(T) }", "2:22: a value of type T has 1008 bytes"},
		{"x := new([1001]byte)", "1:6: a value of type [1001]byte has 1001 bytes"},
		{"x := [1001]byte{}[3]", "1:6: a value of type [1001]byte has 1001 bytes"},
		{"func f(x [2000]byte) {}", "1:8: a value of type [2000]byte has 2000 bytes"},
		{"func f[T any](x [2000]T) {}", ""},
		{"type T [1 << 50]byte", "1:8: type [1125899906842624]byte larger than address space"},
		{"type T [1 << 40][1 << 40]int", "1:8: type [1099511627776][1099511627776]int larger than address space"},
		{"var c chan [1 << 16 - 1]byte", ""},
		{"var c chan [1 << 16]byte", "1:7: channel element type too large (>64kB)"},
		{"type E struct { n int32; s [8191]int64 }\nvar c chan<- E", "2:7: channel element type too large (>64kB)"},
		{"var x struct { t *T }\ntype T struct { t *T; f func(T) T; m map[string]T }", ""},
	} {
		p := newProgram(t)
		p.Memory = 1000
		_, err := p.cell(c.src)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%q: got %v, want %q", c.src, err, c.want)
		}
	}
}

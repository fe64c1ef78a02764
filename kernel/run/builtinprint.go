package run

import (
	"fmt"
	"reflect"
	"strings"
)

// print is the builtin print, and println: numbers as the runtime writes them, to stderr. Of slices, maps and structs, where
// the runtime writes addresses or nothing, it writes what fmt does: who comes from Python tries print first.
func (m *Machine) print(line bool, args ...any) {
	var b strings.Builder
	for i, a := range args {
		if line && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(plainText(reflect.ValueOf(Unbox(a))))
	}
	if line {
		b.WriteByte('\n')
	}
	m.out.writer("stderr").Write([]byte(b.String())) // it cannot fail
}

// plainText is how the runtime prints a value.
func plainText(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.Float32, reflect.Float64:
		return plainFloat(v.Float())
	case reflect.Complex64, reflect.Complex128:
		c := v.Complex()
		return "(" + plainFloat(real(c)) + plainFloat(imag(c)) + "i)"
	case reflect.String, reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return fmt.Sprint(v.Interface())
	case reflect.Slice, reflect.Map, reflect.Struct, reflect.Array:
		if v.CanInterface() {
			return fmt.Sprint(v.Interface())
		}
	case reflect.Pointer, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return fmt.Sprintf("%#x", v.Pointer())
	}
	return fmt.Sprintf("(%s)", v.Type())
}

// plainFloat is +1.500000e+000.
func plainFloat(f float64) string {
	switch {
	case f != f:
		return "NaN"
	case f > 1.7976931348623157e308:
		return "+Inf"
	case f < -1.7976931348623157e308:
		return "-Inf"
	}
	s := fmt.Sprintf("%+.6e", f)
	mantissa, exponent, _ := strings.Cut(s, "e")
	return mantissa + "e" + exponent[:1] + strings.Repeat("0", 3-len(exponent[1:])) + exponent[1:]
}

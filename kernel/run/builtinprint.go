package run

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// held is what an interface holds that is given to print.
type held struct{ value any }

// print is the builtin print, and println: values as the runtime writes them, to stderr. Slices, maps and what an interface
// holds, where the runtime writes addresses, and structs and arrays, which the compiler refuses, it writes as fmt does: who
// comes from Python tries print first.
func (m *Machine) print(line bool, args ...any) {
	var b strings.Builder
	for i, a := range args {
		if line && i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(plainText(a))
	}
	if line {
		b.WriteByte('\n')
	}
	m.out.writer("stderr").Write([]byte(b.String())) // it cannot fail
}

// plainText is how the runtime prints a value.
func plainText(x any) string {
	if h, ok := x.(held); ok {
		if h.value == nil {
			return "(0x0,0x0)"
		}
		return fmt.Sprint(h.value)
	}
	v := reflect.ValueOf(unfolded(Unbox(x)))
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		return strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case reflect.Complex64, reflect.Complex128:
		return strconv.FormatComplex(v.Complex(), 'g', -1, v.Type().Bits())
	case reflect.String:
		return v.String()
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return strconv.FormatUint(v.Uint(), 10)
	case reflect.Slice:
		if v.IsNil() {
			return "[0/0]0x0"
		}
	case reflect.Map:
		if v.IsNil() {
			return "0x0"
		}
	case reflect.Pointer, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return fmt.Sprintf("%#x", v.Pointer())
	}
	return fmt.Sprint(x)
}

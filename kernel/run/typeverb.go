package run

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
)

// sprintf is fmt.Sprintf with the type names of the cell for %T, where only the run knows the format. Verbs get the numbers
// of their operands, so that the names can be operands of their own at the end.
func (m *Machine) sprintf(format string, args ...any) string {
	if !strings.ContainsAny(format, "Tp") {
		return fmt.Sprintf(format, args...)
	}
	whole, all := format, append([]any(nil), args...)
	var out strings.Builder
	next, named := 0, false
	number := func(s string) (n int, rest string, ok bool) { // [n]
		if !strings.HasPrefix(s, "[") {
			return 0, s, false
		}
		inside, rest, closed := strings.Cut(s[1:], "]")
		n, err := strconv.Atoi(inside)
		return n - 1, rest, closed && err == nil
	}
	for len(format) > 0 {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			out.WriteString(format)
			break
		}
		out.WriteString(format[:i+1])
		format = format[i+1:]
		j := 0
		for j < len(format) && strings.IndexByte("+-# 0", format[j]) >= 0 {
			j++
		}
		spec := format[:j]
		format = format[j:]
		for part := range 2 { // width, then precision
			if part == 1 {
				if !strings.HasPrefix(format, ".") {
					break
				}
				spec, format = spec+".", format[1:]
			}
			if n, rest, ok := number(format); ok && strings.HasPrefix(rest, "*") {
				next, format = n, rest
			}
			if strings.HasPrefix(format, "*") {
				spec += fmt.Sprintf("[%d]*", next+1)
				next, format = next+1, format[1:]
				continue
			}
			j := 0
			for j < len(format) && format[j] >= '0' && format[j] <= '9' {
				j++
			}
			spec, format = spec+format[:j], format[j:]
		}
		if n, rest, ok := number(format); ok {
			next, format = n, rest
		}
		if format == "" || format[0] == '%' {
			out.WriteString(spec)
			if format != "" {
				out.WriteByte('%')
				format = format[1:]
			}
			continue
		}
		operand, verb := next, format[:1]
		if verb == "T" && next >= 0 && next < len(args) {
			all = append(all, m.verbTypeName(args[next]))
			operand, verb, named = len(all)-1, "s", true
		}
		if verb == "p" && next >= 0 && next < len(args) {
			all = append(all, pointed(args[next]))
			operand, named = len(all)-1, true
		}
		fmt.Fprintf(&out, "%s[%d]%s", spec, operand+1, verb)
		next, format = next+1, format[1:]
	}
	if !named {
		return fmt.Sprintf(whole, args...)
	}
	return fmt.Sprintf(out.String(), all...)
}

// pointed is what %p prints the address of: fmt asks no method for that verb, so it must be out of its box.
func pointed(x any) any {
	y := unfolded(Unbox(x))
	switch reflect.ValueOf(y).Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.Func, reflect.UnsafePointer:
		return y
	}
	return x
}

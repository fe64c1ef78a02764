package run

import (
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// sprintf is fmt.Sprintf for the verbs that ask no methods of their operands: %T, %p and %w, and for operands that no verb
// prints. Verbs get the numbers of their operands, so that the cell's texts can be operands of their own at the end.
func (m *Machine) sprintf(format string, args ...any) string {
	whole, all := format, append([]any(nil), args...)
	var out strings.Builder
	next, named, reordered := 0, false, false
	number := func(s string) (n int, rest string, ok bool) { // [n]
		if !strings.HasPrefix(s, "[") {
			return 0, s, false
		}
		inside, rest, closed := strings.Cut(s[1:], "]")
		n, err := strconv.Atoi(inside)
		reordered = true
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
		_, size := utf8.DecodeRuneInString(format)
		operand, verb := next, format[:size]
		text := func(s string) {
			all = append(all, s)
			operand, verb, named = len(all)-1, "s", true
		}
		if next >= 0 && next < len(args) {
			b, boxed := Inner(args[next]).(Boxed)
			switch {
			case verb == "T":
				text(m.verbTypeName(args[next]))
			case boxed && verb == "w":
				all = append(all, notWrapped{b})
				operand, verb, named = len(all)-1, "v", true
			case boxed && verb == "p":
				y := pointed(b)
				if _, boxed := y.(Boxed); boxed {
					spec = ""
					text(b.badVerb(verb))
					break
				}
				all = append(all, y)
				operand, named = len(all)-1, true
			}
		} else if !reordered {
			spec = ""
			text("%!" + verb + "(MISSING)")
		}
		fmt.Fprintf(&out, "%s[%d]%s", spec, operand+1, verb)
		next, format = next+1, format[size:]
	}
	if !reordered && next < len(args) {
		var extra []string
		for _, a := range args[next:] {
			_, boxed := Inner(a).(Boxed)
			named = named || boxed
			if a == nil {
				extra = append(extra, "<nil>")
			} else {
				extra = append(extra, m.verbTypeName(a)+"="+fmt.Sprint(a))
			}
		}
		all = append(all, "%!(EXTRA "+strings.Join(extra, ", ")+")")
		fmt.Fprintf(&out, "%%[%d]s", len(all))
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

// badVerb is what a verb prints that does not fit: the value as it is, without its methods.
func (b Boxed) badVerb(verb string) string {
	p := printer{m: b.m, spec: "%", verb: 'v', erring: true}
	return "%!" + verb + "(" + goName(b.Type()) + "=" + p.value(reflect.ValueOf(b.value), b.Type(), 0, false) + ")"
}

// notWrapped is a session value for %w where nothing is wrapped. It prints with %v in its place.
type notWrapped struct{ box Boxed }

// Format reports the verb.
func (n notWrapped) Format(f fmt.State, verb rune) {
	p := printerOf(n.box.m, f, verb)
	p.erring = true
	fmt.Fprintf(f, "%%!w(%s=%s)", goName(n.box.Type()), p.value(reflect.ValueOf(n.box.value), n.box.Type(), 0, false))
}

package run

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strings"
)

// sessionPath is the import path of the package that all cells form.
const sessionPath = "main"

// printer prints interpreted values by their true types, as fmt would: it takes the value apart where fmt does, and
// leaves it to fmt how a number, a string or an address is written with the verb and its flags.
type printer struct {
	m           *Machine
	spec        string // of the verb: "%-8.2", say
	verb        rune
	plus, sharp bool // %+v, %#v
	show        bool // the display of results: as %v, with the names of structs and their fields
	erring      bool // in the report of a bad verb, where fmt asks no methods
}

// printerOf is the printer for what fmt has read of a verb.
func printerOf(m *Machine, f fmt.State, verb rune) printer {
	spec := strings.TrimSuffix(fmt.FormatString(f, verb), string(verb))
	return printer{m: m, spec: spec, verb: verb, plus: verb == 'v' && f.Flag('+'), sharp: verb == 'v' && f.Flag('#')}
}

// Show is the text of a result whose static type is t.
func (m *Machine) Show(v any, t types.Type) string {
	if b, ok := v.(Boxed); ok {
		return printer{m: m, spec: "%", verb: 'v', show: true}.value(reflect.ValueOf(b.value), b.Type(), 0, false)
	}
	if v == nil {
		return "<nil>"
	}
	return fmt.Sprint(v)
}

// TypeNameOf is how users read the type of a result: its dynamic type when it is boxed.
func (m *Machine) TypeNameOf(v any, static types.Type) string {
	if b, ok := v.(Boxed); ok {
		return typeName(b.Type())
	}
	return typeName(static)
}

func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == sessionPath {
			return ""
		}
		return p.Name()
	})
}

// typeID finds the number of a type, or -1.
func (m *Machine) typeID(t types.Type) int {
	for i, d := range *m.types.Load() {
		if types.Identical(d, t) {
			return i
		}
	}
	return -1
}

// ours reports whether values of a type must be printed by their static type.
func ours(t types.Type, seen map[types.Type]bool) bool {
	t = types.Unalias(t)
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		if t.Obj().Pkg() != nil && t.Obj().Pkg().Path() == sessionPath {
			return true
		}
		for i := range t.TypeArgs().Len() {
			if ours(t.TypeArgs().At(i), seen) {
				return true
			}
		}
	case *types.Pointer:
		return ours(t.Elem(), seen)
	case *types.Slice:
		return ours(t.Elem(), seen)
	case *types.Array:
		return ours(t.Elem(), seen)
	case *types.Map:
		return ours(t.Key(), seen) || ours(t.Elem(), seen)
	case *types.Chan:
		return ours(t.Elem(), seen)
	case *types.Struct:
		return t.NumFields() > 0
	}
	return false
}

// format is the verb as fmt reads it.
func (p printer) format() string { return p.spec + string(p.verb) }

// text is a string as fmt writes it in place of a value: as wide as the verb says, and cut where cut says so.
func (p printer) text(s string, cut bool) string {
	spec := strings.NewReplacer("+", "", "#", "", " ", "").Replace(p.spec)
	if !cut {
		spec, _, _ = strings.Cut(spec, ".")
	}
	return fmt.Sprintf(spec+"s", s)
}

// value prints v as fmt would print a value of type t. depth counts the values around it; hidden tells a field that is not
// exported around it, where fmt asks no methods.
func (p printer) value(v reflect.Value, t types.Type, depth int, hidden bool) string {
	if v.IsValid() && v.CanInterface() {
		x := Inner(v.Interface())
		if b, ok := x.(Boxed); ok {
			return p.value(reflect.ValueOf(b.value), b.Type(), depth, hidden)
		}
		if types.IsInterface(t) && x != nil {
			return p.plain(x, nil, depth, hidden)
		}
	}
	switch {
	case !v.IsValid() || types.IsInterface(t): // nil in an interface
		if p.sharp {
			return goName(t) + "(nil)"
		}
		return "<nil>"
	case depth > 100:
		return "…"
	case !ours(t, map[types.Type]bool{}):
		return p.plain(unfold(v).Interface(), t, depth, hidden)
	}
	if !hidden && !p.erring {
		if s, ok := p.byMethod(v, t); ok {
			return s
		}
	}
	v = unfold(v)
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return p.address(v, t)
	case *types.Struct:
		return p.structure(v, t, u, depth, hidden)
	case *types.Map:
		return p.mapping(v, t, u, depth, hidden)
	case *types.Slice, *types.Array:
		return p.list(v, t, u.(interface{ Elem() types.Type }).Elem(), depth, hidden)
	case *types.Pointer:
		if depth == 0 && !v.IsNil() && (p.show || pointsInto(u)) {
			return "&" + p.value(v.Elem(), u.Elem(), depth+1, hidden)
		}
		return p.address(v, t)
	case *types.Chan:
		return p.address(v, t)
	}
	x := v.Interface()
	return named(fmt.Sprintf(p.format(), x), p.verb, x, t)
}

// pointsInto tells a pointer that fmt follows.
func pointsInto(t *types.Pointer) bool {
	switch t.Elem().Underlying().(type) {
	case *types.Struct, *types.Map, *types.Slice, *types.Array:
		return true
	}
	return false
}

// plain prints a value that fmt sees as it is. t is nil where an interface holds it.
func (p printer) plain(x any, t types.Type, depth int, hidden bool) string {
	v := reflect.ValueOf(x)
	switch v.Kind() {
	case reflect.Func:
		if t != nil {
			return p.address(v, t)
		}
	case reflect.Pointer, reflect.Chan:
		asks := false
		switch x.(type) {
		case fmt.Formatter, error, fmt.Stringer:
			asks = !hidden && !p.erring
		case fmt.GoStringer:
			asks = !hidden && !p.erring && p.sharp
		}
		if depth > 0 && !asks { // fmt would follow it, had it nothing around
			return p.pointer(v, v.Type().String())
		}
	}
	if !hidden && !p.erring {
		return fmt.Sprintf(p.format(), x)
	}
	// In a field that is not exported fmt asks no methods. So x goes into such a one, without a width around it.
	s := fmt.Sprintf(p.format(), struct{ v any }{x})
	head := "{"
	switch {
	case p.sharp:
		head = "struct { v interface {} }{v:"
	case p.plus:
		head = "{v:"
	}
	return strings.TrimSuffix(strings.TrimPrefix(s, head), "}")
}

// named puts the name of a type in place of the interpreter's, where a verb does not fit: %!s(main.ID=1).
func named(s string, verb rune, x any, t types.Type) string {
	bad := fmt.Sprintf("%%!%c(%T=", verb, x)
	if !strings.HasPrefix(s, bad) {
		return s
	}
	return fmt.Sprintf("%%!%c(%s=", verb, goName(t)) + strings.TrimPrefix(s, bad)
}

// byMethod prints by what fmt asks a session type for.
func (p printer) byMethod(v reflect.Value, t types.Type) (string, bool) {
	id := p.m.typeID(t)
	if id < 0 {
		return "", false
	}
	if p.m.formatOf(id) != nil {
		return fmt.Sprintf(p.format(), Boxed{p.m, id, v.Interface()}), true
	}
	if p.sharp {
		f := p.m.showMethod(id, "GoString")
		if f == nil {
			return "", false
		}
		s, ok := p.call("GoString", f, v)
		if ok {
			s = p.text(s, true)
		}
		return s, true
	}
	if !strings.ContainsRune("vsxXq", p.verb) {
		return "", false
	}
	for _, name := range []string{"Error", "String"} {
		if f := p.m.showMethod(id, name); f != nil {
			s, ok := p.call(name, f, v)
			if ok {
				s = fmt.Sprintf(p.format(), s)
			}
			return s, true
		}
	}
	return "", false
}

// call calls a method as fmt does: when it panics on a nil pointer, the value prints as <nil>, and otherwise as the panic.
func (p printer) call(name string, f func(x, a any) any, v reflect.Value) (s string, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			s = p.panicked(name, v, r)
		}
	}()
	s, _ = f(v.Interface(), nil).(string)
	return s, true
}

func (p printer) panicked(name string, v reflect.Value, r any) string {
	p.m.dropTrace()
	if v.Kind() == reflect.Pointer && v.IsNil() {
		return "<nil>"
	}
	return fmt.Sprintf("%%!%c(PANIC=%s method: %v)", p.verb, name, p.m.panicValue(r))
}

// address prints what is no more than a place in memory. Functions have several forms in the interpreter.
func (p printer) address(v reflect.Value, t types.Type) string {
	switch v.Kind() {
	case reflect.Func, reflect.Pointer, reflect.Chan:
		return p.pointer(v, goName(t))
	}
	return fmt.Sprint(v)
}

func (p printer) pointer(v reflect.Value, typ string) string {
	at := v.UnsafePointer()
	if p.verb == 'v' && at == nil {
		if p.sharp {
			return "(" + typ + ")(nil)"
		}
		return p.text("<nil>", false)
	}
	s := fmt.Sprintf(p.format(), at)
	if p.sharp {
		return "(" + typ + ")" + strings.TrimPrefix(s, "(unsafe.Pointer)")
	}
	bad := fmt.Sprintf("%%!%c(", p.verb)
	if rest, ok := strings.CutPrefix(s, bad+"unsafe.Pointer="); ok {
		return bad + typ + "=" + rest
	}
	return s
}

func (p printer) structure(v reflect.Value, t types.Type, st *types.Struct, depth int, hidden bool) string {
	name, sep, fields := "", " ", p.plus || p.sharp
	if p.sharp {
		name, sep = goName(t), ", "
	}
	if _, ok := types.Unalias(t).(*types.Named); ok && p.show {
		name, sep, fields = typeName(t), ", ", true
	}
	var parts []string
	for i := range st.NumFields() {
		s := p.value(v.Field(i), st.Field(i).Type(), depth+1, hidden || !p.show && !st.Field(i).Exported())
		if fields {
			s = st.Field(i).Name() + ":" + s
		}
		parts = append(parts, s)
	}
	return name + "{" + strings.Join(parts, sep) + "}"
}

func (p printer) list(v reflect.Value, t, elem types.Type, depth int, hidden bool) string {
	if b, ok := elem.Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 && strings.ContainsRune("sqxX", p.verb) {
		x := make([]byte, v.Len())
		reflect.Copy(reflect.ValueOf(x), v)
		return fmt.Sprintf(p.format(), x)
	}
	if p.sharp && v.Kind() == reflect.Slice && v.IsNil() {
		return goName(t) + "(nil)"
	}
	var parts []string
	for i := range v.Len() {
		if i == 1000 && p.show {
			parts = append(parts, fmt.Sprintf("… %d more", v.Len()-i))
			break
		}
		parts = append(parts, p.value(v.Index(i), elem, depth+1, hidden))
	}
	if p.sharp {
		return goName(t) + "{" + strings.Join(parts, ", ") + "}"
	}
	return "[" + strings.Join(parts, " ") + "]"
}

func (p printer) mapping(v reflect.Value, t types.Type, u *types.Map, depth int, hidden bool) string {
	if p.sharp && v.IsNil() {
		return goName(t) + "(nil)"
	}
	keys := v.MapKeys()
	slices.SortStableFunc(keys, inOrder)
	var parts []string
	for _, k := range keys {
		parts = append(parts, p.value(k, u.Key(), depth+1, hidden)+":"+p.value(v.MapIndex(k), u.Elem(), depth+1, hidden))
	}
	if p.sharp {
		return goName(t) + "{" + strings.Join(parts, ", ") + "}"
	}
	return "map[" + strings.Join(parts, " ") + "]"
}

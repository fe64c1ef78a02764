package run

import (
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// sessionPath is the import path of the package that all cells form.
const sessionPath = "main"

// printer prints interpreted values by their true types, as fmt would.
type printer struct {
	m                 *Machine
	plus, sharp, show bool   // %+v, %#v, and the display of results
	letter            rune   // the verb, 0 for v
	format            string // the whole of a verb with width or precision
	bare              bool   // inside a field that is not exported, where fmt asks no methods
}

// Show is the text of a result whose static type is t.
func (m *Machine) Show(v any, t types.Type) string {
	p := printer{m: m, show: true}
	if b, ok := v.(Boxed); ok {
		return p.print(reflect.ValueOf(b.value), b.Type(), 0)
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

// verb is the verb that prints the parts of a value.
func (p printer) verb() string {
	switch {
	case p.format != "":
		return p.format
	case p.sharp:
		return "%#v"
	case p.plus:
		return "%+v"
	case p.letter != 0:
		return "%" + string(p.letter)
	}
	return "%v"
}

// print prints v as fmt would print a value of type t.
func (p printer) print(v reflect.Value, t types.Type, depth int) string {
	if !v.IsValid() {
		return "<nil>"
	}
	if v.CanInterface() {
		if b, ok := Inner(v.Interface()).(Boxed); ok {
			return p.print(reflect.ValueOf(b.value), b.Type(), depth)
		}
	}
	if p.sharp && v.CanInterface() && !p.bare {
		if id := p.m.typeID(t); id >= 0 {
			if f := p.m.showMethod(id, "GoString"); f != nil {
				s, _ := p.callShow("GoString", f, v)
				return s
			}
		}
	}
	if v.CanInterface() && !p.bare {
		if id := p.m.typeID(t); id >= 0 {
			if b := (Boxed{p.m, id, v.Interface()}); p.m.formatOf(id) != nil {
				return fmt.Sprintf(p.verb(), b)
			}
		}
	}
	if !p.sharp && v.CanInterface() && !p.bare {
		if s, ok := p.byMethod(v, t); ok {
			return s
		}
	}
	v = unfold(v)
	if _, function := t.Underlying().(*types.Signature); function {
		return p.pointer(t, address(v))
	}
	if v.Kind() == reflect.Interface && v.IsNil() {
		if p.sharp {
			return goName(t) + "(nil)"
		}
		return "<nil>"
	}
	if !ours(t, map[types.Type]bool{}) && v.CanInterface() {
		return p.plain(v.Interface(), t)
	}
	if depth > 100 {
		return "…"
	}
	if s, ok := p.composite(v, t, depth); ok {
		return s
	}
	if v.CanInterface() {
		if p.sharp && types.Identical(t.Underlying(), types.Typ[types.String]) {
			return fmt.Sprintf("%#v", v.String())
		}
		return p.plain(v.Interface(), t)
	}
	return fmt.Sprint(v)
}

// plain prints a value that fmt sees as it is, but for the name of its type.
func (p printer) plain(x any, t types.Type) string {
	verb := p.verb()
	if !p.bare || p.sharp || x == nil {
		return named(fmt.Sprintf(verb, x), p.letter, x, t)
	}
	s := fmt.Sprintf(verb, struct{ v any }{x}) // fmt asks no methods of what is not exported
	s = strings.TrimSuffix(strings.TrimPrefix(s, "{"), "}")
	if p.plus {
		s = strings.TrimPrefix(s, "v:")
	}
	return named(s, p.letter, x, t)
}

// named puts the name of a type in place of the interpreter's, where a verb does not fit: %!s(main.ID=1).
func named(s string, verb rune, x any, t types.Type) string {
	bad := fmt.Sprintf("%%!%c(%T=", verb, x)
	if verb == 0 || !strings.HasPrefix(s, bad) {
		return s
	}
	return fmt.Sprintf("%%!%c(%s=", verb, goName(t)) + strings.TrimPrefix(s, bad)
}

// callShow calls a method as fmt does: when it panics on a nil pointer, the value prints as <nil>, and otherwise as the
// panic.
func (p printer) callShow(name string, f func(x, a any) any, v reflect.Value) (s string, ok bool) {
	defer func() {
		if r := recover(); r != nil {
			s = "<nil>"
			if v.Kind() != reflect.Pointer || !v.IsNil() {
				p.m.dropTrace()
				letter := p.letter
				if letter == 0 {
					letter = 'v'
				}
				s = fmt.Sprintf("%%!%c(PANIC=%s method: %v)", letter, name, p.m.panicValue(r))
			}
		}
	}()
	s, _ = f(v.Interface(), nil).(string)
	return s, true
}

// byMethod prints by the Error or String method of a session type.
func (p printer) byMethod(v reflect.Value, t types.Type) (string, bool) {
	id := p.m.typeID(t)
	if id < 0 {
		return "", false
	}
	for _, name := range []string{"Error", "String"} {
		if f := p.m.showMethod(id, name); f != nil {
			s, ok := p.callShow(name, f, v)
			switch {
			case !ok:
			case p.format != "":
				s = fmt.Sprintf(p.format, s)
			case p.letter == 'q':
				s = strconv.Quote(s)
			}
			return s, true
		}
	}
	return "", false
}

// address is how a function prints. The interpreter's own forms of one have no address that means anything but its own.
func address(v reflect.Value) string {
	switch v.Kind() {
	case reflect.Func, reflect.Pointer:
		if v.IsNil() {
			return "<nil>"
		}
		return fmt.Sprintf("%#x", v.Pointer())
	}
	return fmt.Sprint(v)
}

// pointsInto tells a pointer that fmt follows.
func pointsInto(t *types.Pointer) bool {
	switch t.Elem().Underlying().(type) {
	case *types.Struct, *types.Map, *types.Slice, *types.Array:
		return true
	}
	return false
}

// pointer is how a pointer, a channel or a function prints whose address is given.
func (p printer) pointer(t types.Type, address string) string {
	switch {
	case p.sharp && address == "<nil>":
		return "(" + goName(t) + ")(nil)"
	case p.sharp:
		return "(" + goName(t) + ")(" + address + ")"
	case p.letter == 's' || p.letter == 'q':
		return fmt.Sprintf("%%!%c(%s=%s)", p.letter, goName(t), address)
	}
	return address
}

func (p printer) composite(v reflect.Value, t types.Type, depth int) (string, bool) {
	sep, name := " ", ""
	if p.sharp {
		sep, name = ", ", goName(t)
	}
	var parts []string
	switch u := t.Underlying().(type) {
	case *types.Struct:
		if v.Kind() != reflect.Struct {
			return "", false
		}
		if _, named := types.Unalias(t).(*types.Named); p.show && named {
			name, sep = typeName(t), ", "
		}
		for i := range u.NumFields() {
			q := p
			q.bare = p.bare || !p.show && !u.Field(i).Exported()
			f := q.print(v.Field(i), u.Field(i).Type(), depth+1)
			if p.plus || p.sharp || name != "" {
				f = u.Field(i).Name() + ":" + f
			}
			parts = append(parts, f)
		}
		return name + "{" + strings.Join(parts, sep) + "}", true
	case *types.Slice, *types.Array:
		if v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
			return "", false
		}
		if p.sharp && v.Kind() == reflect.Slice && v.IsNil() {
			return name + "(nil)", true
		}
		elem := u.(interface{ Elem() types.Type }).Elem()
		for i := range v.Len() {
			if i == 1000 && p.show {
				parts = append(parts, fmt.Sprintf("… %d more", v.Len()-i))
				break
			}
			parts = append(parts, p.print(v.Index(i), elem, depth+1))
		}
		if p.sharp {
			return name + "{" + strings.Join(parts, sep) + "}", true
		}
		return "[" + strings.Join(parts, sep) + "]", true
	case *types.Map:
		if v.Kind() != reflect.Map {
			return "", false
		}
		if p.sharp && v.IsNil() {
			return name + "(nil)", true
		}
		keys := v.MapKeys()
		slices.SortStableFunc(keys, inOrder)
		for _, k := range keys {
			parts = append(parts, p.print(k, u.Key(), depth+1)+":"+p.print(v.MapIndex(k), u.Elem(), depth+1))
		}
		if p.sharp {
			return name + "{" + strings.Join(parts, ", ") + "}", true
		}
		return "map[" + strings.Join(parts, " ") + "]", true
	case *types.Pointer:
		switch {
		case v.Kind() != reflect.Pointer:
			return "", false
		case depth == 0 && !v.IsNil() && (p.show || pointsInto(u)):
			return "&" + p.print(v.Elem(), u.Elem(), depth+1), true
		}
		return p.pointer(t, address(v)), true
	case *types.Chan:
		if v.Kind() == reflect.Chan {
			return p.pointer(t, fmt.Sprint(v)), true
		}
	}
	return "", false
}

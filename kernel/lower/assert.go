package lower

import (
	"fmt"
	"go/types"
	"strings"
)

// Assertions. A session value in an empty interface is a box that knows its type by number. Asserting it to an interface
// goes through a function per interface, which tries the session types one after the other. Types that come later are
// added at its end: each function hands over to the next through a variable.

// assertion is an interface that some cell asserts to.
type assertion struct {
	iface types.Type
	name  string // of the function
	tail  string // of the variable that holds the next function
	seen  int    // types with lower numbers are in
}

// assertOk writes statements that set v and ok to the outcome of x.(to).
func (l *lowerer) assertOk(v, ok, x string, from, to types.Type) string {
	t := l.typ(to)
	if isEmpty(from) && !types.IsInterface(to) && l.mentions(to) {
		l.temps++
		in := fmt.Sprintf("t%s%d", sep, l.temps)
		id := l.typeID(to)
		return fmt.Sprintf("%s := %s\nvar %s %s\n%s := %s.Is(%s, %d)\nif %s { %s = %s.Raw(%s).(%s) }\n", in, x, v, t, ok, Runtime, in, id, ok, v, Runtime, in, t)
	}
	if isEmpty(from) && types.IsInterface(to) && !isEmpty(to) {
		return fmt.Sprintf("%s, %s := %s(%s)\n", v, ok, l.asserter(to), x)
	}
	return fmt.Sprintf("%s, %s := %s.(%s)\n", v, ok, x, t)
}

// assert writes x.(to) for a single value.
func (l *lowerer) assert(x string, from, to types.Type) string {
	if isEmpty(from) && l.mentions(to) && !types.IsInterface(to) {
		return fmt.Sprintf("%s.Unbox(%s, %d).(%s)", Runtime, x, l.typeID(to), l.typ(to))
	}
	if isEmpty(from) && types.IsInterface(to) && !isEmpty(to) {
		must := l.helper("must", l.typ(to), "(x interface{}) %s {\nv, ok := "+l.asserter(to)+"(x)\nif !ok { "+Runtime+".Fail(x, \""+typeName(to)+"\") }\nreturn v\n}")
		return must + "(" + x + ")"
	}
	return x + ".(" + l.typ(to) + ")"
}

// asserter returns the function that asserts an empty interface to an interface with methods.
func (l *lowerer) asserter(to types.Type) string {
	t := l.typ(to)
	if n := l.made["to"+sep+t]; n != "" {
		return n
	}
	name := l.program.Fresh("to" + sep)
	l.set(l.made, "to"+sep+t, name)
	a := &assertion{iface: to, name: name}
	old := l.asserted
	l.asserted = append(old[:len(old):len(old)], a)
	l.undo = append(l.undo, func() { l.asserted = old })
	// The cases are written when all types of the cell are known: see assertions.
	return name
}

// assertions writes the cases of all session types that are new to each asserted interface.
func (l *lowerer) assertions() {
	for _, a := range l.asserted {
		first := a.seen == 0 && a.tail == ""
		var cases strings.Builder
		for id := a.seen; id < len(l.types); id++ {
			t := l.types[id]
			if types.IsInterface(t) || !types.AssertableTo(a.iface.Underlying().(*types.Interface), t) || !types.Implements(t, a.iface.Underlying().(*types.Interface)) {
				continue
			}
			fmt.Fprintf(&cases, "if %s.Is(in, %d) { q := %s.Raw(in).(%s); v = q; ok = true; return }\n", Runtime, id, Runtime, l.typ(t))
		}
		was := *a
		l.undo = append(l.undo, func() { *a = was })
		a.seen = len(l.types)
		if !first && cases.Len() == 0 {
			continue
		}
		it := l.typ(a.iface)
		name := a.name
		if !first {
			name = l.program.Fresh("to" + sep)
			fmt.Fprintf(&l.init, "%s = %s\n", a.tail, name)
		}
		a.tail = name + sep + "next"
		fmt.Fprintf(&l.vars, "var %s func(interface{}) (%s, bool)\n", a.tail, it)
		fmt.Fprintf(&l.funcs, "func %s(in interface{}) (v %s, ok bool) {\n%sif !%s.Boxed(in) { v, ok = in.(%s); return }\nif %s != nil { v, ok = %s(in) }\nreturn\n}\n",
			name, it, cases.String(), Runtime, it, a.tail, a.tail)
	}
}

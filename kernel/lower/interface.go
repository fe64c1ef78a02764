package lower

import (
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"

	"gonverge/kernel/check"
)

// Interfaces. The interpreter gives types of one underlying type a single identity, and loses nil pointers on their way
// into a compiled interface. So it sees no interface with methods but the compiled ones (error, io.Reader):
//
//   - Any interface that cells declare or write is interface{} in lowered code. A session value in it is a box with the
//     number of its type; method calls go through an open function, which picks the method by that number.
//   - A session value that becomes a compiled interface is wrapped by package run, as a box inside; on its way back it is
//     that box again.
//
// An open function has a case per session type. Types that come later are added at its end: each version hands over to the
// next through a variable.

// openFunc is a function that grows with the types of the session.
type openFunc struct {
	name, head, args string
	results          bool
	tail             string // the variable that holds the next version
	seen             int    // types with lower numbers were offered
	in               map[int]bool
	accept           func(l *lowerer, id int, t types.Type) string // the statements of a case, or ""
	last             func(l *lowerer) string                       // what is done with other values
}

// isCompiled tells an interface with methods that a compiled package declares.
func isCompiled(t types.Type) bool {
	n, ok := types.Unalias(t).(*types.Named)
	return ok && types.IsInterface(n) && !isEmpty(n) && !check.InSession(n.Obj())
}

// holdsCompiled tells a struct or array that holds a value of such an interface: its == must look into the wrappers.
func holdsCompiled(t types.Type) bool {
	part := func(t types.Type) bool {
		return isCompiled(t) && !types.Identical(t, check.ErrorType) || holdsCompiled(t)
	}
	if n, ok := types.Unalias(t).(*types.Named); ok && !check.InSession(n.Obj()) {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Array:
		return part(u.Elem())
	case *types.Struct:
		for f := range u.Fields() {
			if part(f.Type()) {
				return true
			}
		}
	}
	return false
}

// openFunc returns the function with a key and makes it on first use; its text follows when all types of the cell are known.
func (l *lowerer) openFunc(key, word string, f *openFunc) string {
	if n := l.made[key]; n != "" {
		return n
	}
	f.name, f.in = l.program.Fresh(word+sep), map[int]bool{}
	f.results = true
	l.set(l.made, key, f.name)
	old := l.open
	l.open = append(old[:len(old):len(old)], f)
	l.undo = append(l.undo, func() { l.open = old })
	return f.name
}

// openFuncs writes the new cases of all open functions. Cases may bring more types and functions with them.
func (l *lowerer) openFuncs() {
	start := 0
	if len(l.unit.Added()) == 0 {
		start = -1
	}
	for again := true; again; {
		again = false
		for i := 0; i < len(l.open); i++ {
			f := l.open[i]
			if f.seen < len(l.types) || f.tail == "" || start == 0 {
				again = again || f.seen < len(l.types) || f.tail == ""
				l.extend(f, start == 0)
			}
		}
		l.drain()
		start = -1
	}
}

// extend writes the next version of an open function, when there is something new.
func (l *lowerer) extend(f *openFunc, all bool) {
	was := *f
	in := map[int]bool{}
	for k := range f.in {
		in[k] = true
	}
	l.undo = append(l.undo, func() { *f = was; f.in = in })
	from := f.seen
	if all {
		from = 0
	}
	f.seen = len(l.types)
	var cases strings.Builder
	for id := from; id < f.seen; id++ {
		t := l.types[id]
		if f.in[id] || types.IsInterface(t) {
			continue
		}
		if c := f.accept(l, id, t); c != "" {
			f.in[id] = true
			fmt.Fprintf(&cases, "case %d:\n%s\n", id, c)
		}
	}
	first := f.tail == ""
	if !first && cases.Len() == 0 {
		return
	}
	name := f.name
	if !first {
		name = l.program.Fresh(f.name + sep)
		fmt.Fprintf(&l.init, "%s = %s\n", f.tail, name)
	}
	f.tail = name + sep + "next"
	fmt.Fprintf(&l.vars, "var %s func%s\n", f.tail, f.head)
	sw := ""
	if cases.Len() > 0 {
		sw = "switch " + Runtime + ".ID(in) {\n" + cases.String() + "}\n"
	}
	next := fmt.Sprintf("return %s(%s)", f.tail, f.args)
	if !f.results {
		next = fmt.Sprintf("%s(%s); return", f.tail, f.args)
	}
	fmt.Fprintf(&l.funcs, "func %s%s {\n%sif %s != nil { %s }\n%s\n}\n", name, f.head, sw, f.tail, next, f.last(l))
}

// dispatch writes the call of a method of a value in an interface that cells declare.
func (l *lowerer) dispatch(x string, m *types.Func, args string) string {
	sig := m.Signature()
	plain := types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
	params, forward := l.paramNames(plain)
	head := "(in interface{}"
	if len(params) > 0 {
		head += ", "
	}
	head += strings.TrimPrefix(l.signature(plain, params, nil), "(")
	all := "in"
	if forward != "" {
		all += ", " + forward
	}
	key := "call" + sep + m.Name() + l.key(plain)
	fresh := l.made[key] == ""
	fn := l.openFunc(key, "call", &openFunc{
		head: head,
		args: all,
		accept: func(l *lowerer, id int, t types.Type) string {
			sel := types.NewMethodSet(t).Lookup(m.Pkg(), m.Name())
			if sel == nil {
				return ""
			}
			s := sel.Type().(*types.Signature)
			if !types.Identical(types.NewSignatureType(nil, nil, nil, s.Params(), s.Results(), s.Variadic()), plain) {
				return ""
			}
			call := l.methodOf("v", t, sel, forward)
			if plain.Results().Len() == 0 {
				call += "\nreturn"
			} else {
				call = "return " + call
			}
			return fmt.Sprintf("v := %s\n%s%s", l.raw("in", t), wrapped("v", t, sel.Obj().(*types.Func)), call)
		},
		last: func(l *lowerer) string {
			if l.mentions(plain) { // no compiled type has it
				return fmt.Sprintf("panic(%s.Bound(nil, %q))", Runtime, m.Name())
			}
			return fmt.Sprintf("f := %s.Bound(in, %q).(func%s)\n%sf(%s)", Runtime, m.Name(), l.signature(plain, nil, nil), returns(plain), forward)
		},
	})
	if fresh {
		l.open[len(l.open)-1].results = plain.Results().Len() > 0
	}
	if args != "" {
		x += ", "
	}
	return fn + "(" + x + args + ")"
}

// methodOf writes the call of a method, perhaps a promoted one, of the variable v.
func (l *lowerer) methodOf(v string, t types.Type, sel *types.Selection, args string) string {
	idx := sel.Index()
	recv, rt := l.path(v, t, idx[:len(idx)-1])
	return l.callMethod(recv, rt, sel.Obj().(*types.Func), args)
}

// wrap returns the function that makes a compiled interface of a session value.
func (l *lowerer) wrap(from, want types.Type) string {
	key := "wrap" + sep + l.key(from) + sep + l.key(want)
	if n := l.made[key]; n != "" {
		return n
	}
	name := l.program.Fresh("wrap" + sep)
	l.set(l.made, key, name)
	id := l.typeID(from)
	l.queue = append(l.queue, func() {
		box := fmt.Sprintf("%s.Box(%d, v)", Runtime, id)
		if types.Identical(want, check.ErrorType) {
			fmt.Fprintf(&l.funcs, "func %s(v %s) error { return %s.Err(%s) }\n", name, l.typ(from), Runtime, box)
			return
		}
		n := types.Unalias(want).(*types.Named)
		table := n.Obj().Pkg().Path() + "/" + n.Obj().Pkg().Name()
		if _, ok := l.symbols[table]["_"+n.Obj().Name()]; !ok {
			l.refuse(0, "a value of a cell's type cannot become a %s: the interface has methods that only its package can have", typeName(want))
		}
		also, iface := l.also(from, n, table)
		call := fmt.Sprintf("%s.Wrap(%q, %q, %s", Runtime, table, also, box)
		set := types.NewMethodSet(from)
		for m := range iface.Methods() {
			sig := m.Signature()
			params, args := l.paramNames(sig)
			sel := set.Lookup(m.Pkg(), m.Name())
			lit := fmt.Sprintf("func%s {\n%s%s%s\n}", l.signature(sig, params, nil), wrapped("v", from, sel.Obj().(*types.Func)), returns(sig), l.methodOf("v", from, sel, args))
			call += fmt.Sprintf(", %q, %s", m.Name(), lit)
		}
		t := l.typ(want)
		fmt.Fprintf(&l.funcs, "func %s(v %s) %s { return %s).(%s) }\n", name, l.typ(from), t, call, t)
	})
	return name
}

// also names the wrapper for values of a type that are other interfaces beside the wanted one, for which compiled code asks:
// "Writer+StringWriter". The tables have those that matter.
func (l *lowerer) also(from types.Type, want *types.Named, table string) (name string, all *types.Interface) {
	name = want.Obj().Name()
	parts := []types.Type{want}
	pkg, err := l.program.Importer.Import(want.Obj().Pkg().Path()) // the package that mentions it may know it only in part
	if err != nil {
		return name, want.Underlying().(*types.Interface)
	}
	for _, key := range slices.Sorted(maps.Keys(l.symbols[table])) {
		other, ok := strings.CutPrefix(key, "_"+want.Obj().Name()+"+")
		if !ok || strings.Contains(other, "+") {
			continue
		}
		if o := pkg.Scope().Lookup(other); o != nil && types.Implements(from, o.Type().Underlying().(*types.Interface)) {
			name += "+" + other
			parts = append(parts, o.Type())
		}
	}
	return name, types.NewInterfaceType(nil, parts).Complete()
}

// narrow returns the function that makes a compiled interface of a value in one that cells declare.
func (l *lowerer) narrow(want types.Type) string {
	return l.helperFor("narrow"+l.key(want), l.typ(want), "(x interface{}) %s {\nv, _ := "+l.asserter(want)+"(x)\nreturn v\n}")
}

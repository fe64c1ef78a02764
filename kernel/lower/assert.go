package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"
)

// Assertions. A session value in an interface is a box that knows its type by number (interface.go). Asserting it to an
// interface goes through an open function per interface.

// assertOk writes statements that set v and ok to the outcome of x.(to).
func (l *lowerer) assertOk(v, ok, x string, from, to types.Type) string {
	in := l.inner(x, from)
	switch {
	case !types.IsInterface(to) && boxes(to):
		box, t := l.temp(), l.typ(to)
		return fmt.Sprintf("%s := %s\nvar %s %s\n%s := %s.Is(%s, %d)\nif %s { %s = %s }\n", box, in, v, t, ok, Runtime, box, l.typeID(to), ok, v, l.raw(box, to))
	case isEmpty(to):
		return fmt.Sprintf("%s := %s\n%s := %s != nil\n", v, in, ok, v)
	case types.IsInterface(to):
		return fmt.Sprintf("%s, %s := %s(%s)\n", v, ok, l.asserter(to), in)
	}
	// The interpreter leaves what was there, in a loop say, where the type is another.
	return fmt.Sprintf("var %s %s\nvar %s bool\n%s, %s = %s.(%s)\n", v, l.typ(to), ok, v, ok, x, l.typ(to))
}

// assert writes x.(to) for a single value.
func (l *lowerer) assert(x string, from, to types.Type) string {
	in := l.inner(x, from)
	name := qualifiedName(from)
	switch {
	case !types.IsInterface(to) && boxes(to):
		if isNothing(to) {
			return l.helperFor("nothing"+name+l.key(to), l.typ(to), fmt.Sprintf("(x interface{}) %%s { %s.Unbox(x, %d, %q); return %s }", Runtime, l.typeID(to), name, l.raw("x", to))) + "(" + in + ")"
		}
		return fmt.Sprintf("%s.Unbox(%s, %d, %q).(%s)", Runtime, in, l.typeID(to), name, l.typ(to))
	case types.IsInterface(to):
		check := "v := x\nok := v != nil"
		if !isEmpty(to) {
			check = "v, ok := " + l.asserter(to) + "(x)"
		}
		must := l.helperFor("must"+l.key(to), l.typ(to), "(x interface{}) %s {\n"+check+"\nif !ok { "+Runtime+".Fail(x, "+strconv.Itoa(l.typeID(to))+") }\nreturn v\n}")
		return must + "(" + in + ")"
	}
	return fmt.Sprintf("%s(%s)", l.helperFor("plain"+name, l.typ(to), "(x interface{}) %s {\nv, ok := x.(%s)\nif !ok { "+Runtime+".Differs(x, v, \""+name+"\") }\nreturn v\n}"), in)
}

// raw writes the value inside a box of a known type. The interpreter cannot assert to a struct without fields.
func (l *lowerer) raw(x string, t types.Type) string {
	if isNothing(t) {
		return l.typ(t) + "{}"
	}
	return Runtime + ".Raw(" + x + ").(" + l.typ(t) + ")"
}

// isNothing tells a struct without fields.
func isNothing(t types.Type) bool {
	st, ok := t.Underlying().(*types.Struct)
	return ok && st.NumFields() == 0
}

// inner writes a value of an interface type as that of an empty interface.
func (l *lowerer) inner(x string, from types.Type) string {
	if isCompiled(from) {
		return Runtime + ".Inner(" + x + ")"
	}
	return x
}

// qualifiedName is how run-time errors name the type of an interface.
func qualifiedName(t types.Type) string {
	i, ok := types.Unalias(t).(*types.Interface)
	if isEmpty(t) || !ok {
		if isEmpty(t) {
			return "interface {}"
		}
		return types.TypeString(t, (*types.Package).Name)
	}
	var ms []string
	for m := range i.Methods() {
		ms = append(ms, m.Name()+strings.TrimPrefix(types.TypeString(unnamed(m.Signature()), (*types.Package).Name), "func"))
	}
	return "interface { " + strings.Join(ms, "; ") + " }"
}

// unnamed is a signature without receiver and names.
func unnamed(s *types.Signature) *types.Signature {
	list := func(tp *types.Tuple) *types.Tuple {
		var vs []*types.Var
		for v := range tp.Variables() {
			vs = append(vs, types.NewParam(v.Pos(), nil, "", v.Type()))
		}
		return types.NewTuple(vs...)
	}
	return types.NewSignatureType(nil, nil, nil, list(s.Params()), list(s.Results()), s.Variadic())
}

// asserter returns the function that asserts an empty interface to an interface with methods. Its results have no names: those
// would start from what the last call has left in the caller's frame (see function.go).
func (l *lowerer) asserter(to types.Type) string {
	iface := to.Underlying().(*types.Interface)
	t := l.typ(to)
	return l.openFunc("to"+sep+l.key(to), "to", &openFunc{
		head: "(in interface{}) (" + t + ", bool)",
		args: "in",
		accept: func(l *lowerer, id int, x types.Type) string {
			switch {
			case !types.Implements(x, iface):
				return ""
			case isCompiled(to):
				return fmt.Sprintf("q := %s\nreturn %s(q), true", l.raw("in", x), l.wrap(x, to))
			}
			return "return in, true"
		},
		last: func(l *lowerer) string {
			none := "var none " + t + "\nreturn none, false"
			if isCompiled(to) {
				return fmt.Sprintf("if in == nil || %s.Boxed(in) { %s } // the interpreter cannot assert nil\nv, ok := in.(%s)\nreturn v, ok", Runtime, strings.ReplaceAll(none, "\n", "; "), t)
			}
			call := Runtime + ".Has(in"
			for m := range iface.Methods() {
				if l.mentions(m.Type()) { // no compiled type has it
					return none
				}
				call += fmt.Sprintf(", %q, (*func%s)(nil)", m.Name(), l.signature(m.Signature(), nil, nil))
			}
			return "if " + call + ") { return in, true }\n" + none
		},
	})
}

// asserted tells an expression that is a type assertion in lowered code.
func asserted(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.TypeAssertExpr:
		return true
	case *ast.UnaryExpr:
		return x.Op == token.ARROW
	}
	return false
}

package lower

import (
	"go/ast"
	"go/types"
	"strings"
)

// Values behind nil pointers. Where the interpreter asks a value for its number, or copies it, it finds out that there is
// none. Where it takes the value as a string, compares it with nil, calls it or stores it in a map, it does not: the string
// is the text "<invalid Value>", the function waits for ever, and the key is deleted from the map.

// cast writes a conversion. Inside an operand of && or || the interpreter loses its way at types without names.
func (e *emitter) cast(t types.Type, v string) string {
	name := e.typ(t)
	if !strings.ContainsAny(name, "*[( ") {
		return name + "(" + v + ")" // parentheses cost time, see bare
	}
	switch t.Underlying().(type) {
	case *types.Signature, *types.Chan, *types.Struct:
		if e.logic > 0 {
			return e.helper("as", name, "(v %s) %s { return v }") + "(" + v + ")"
		}
	}
	return "(" + name + ")(" + v + ")"
}

// none writes the nil of a type; of a function type the interpreter has none.
func (e *emitter) none(t types.Type) string {
	if _, ok := t.Underlying().(*types.Signature); ok || e.logic > 0 {
		return e.helper("none", e.typ(t), "() %s { var v %s; return v }") + "()"
	}
	return "(" + e.typ(t) + ")(nil)"
}

// unseen tells *p of a type that the interpreter may use without finding out that there is none.
func (e *emitter) unseen(x ast.Expr) bool {
	x = ast.Unparen(x)
	if _, ok := x.(*ast.StarExpr); !ok || e.info.Types[x].IsType() {
		return false
	}
	b, ok := e.typeOf(x).Underlying().(*types.Basic)
	return !ok || b.Info()&types.IsString != 0
}

// loaded lowers an expression; *p so that it fails when there is no value.
func (e *emitter) loaded(x ast.Expr) string {
	star, ok := ast.Unparen(x).(*ast.StarExpr)
	if !ok || e.info.Types[x].IsType() {
		return e.x(x)
	}
	t := e.typ(e.typeOf(x))
	if _, ok := e.typeOf(x).Underlying().(*types.Basic); ok {
		return t + "(" + e.x(x) + ")"
	}
	return e.helper("load", t, "(p *%s) %s { return *p }") + "(" + e.x(star.X) + ")"
}

package lower

import (
	"go/ast"
	"go/types"
)

// Values behind nil pointers. Where the interpreter asks a value for its number, or copies it, it finds out that there is
// none. Where it takes the value as a string, compares it with nil, calls it or stores it in a map, it does not: the string
// is the text "<invalid Value>", the function waits for ever, and the key is deleted from the map.

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

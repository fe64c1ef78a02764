package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// unconverted is a condition without conversions around it: after one the interpreter takes it for true.
func (e *emitter) unconverted(x ast.Expr) ast.Expr {
	for {
		x = ast.Unparen(x)
		c, ok := x.(*ast.CallExpr)
		if !ok || !e.info.Types[c.Fun].IsType() || e.info.Types[x].Value != nil {
			return x
		}
		if b, ok := e.typeOf(x).Underlying().(*types.Basic); !ok || b.Info()&types.IsBoolean == 0 {
			return x
		}
		x = c.Args[0]
	}
}

// cond lowers a condition.
func (e *emitter) cond(x ast.Expr) string {
	defer e.mixing(x)()
	x = e.unconverted(x)
	if e.info.Types[x].Value == nil {
		switch x := x.(type) {
		case *ast.UnaryExpr:
			if x.Op == token.NOT {
				return e.not(x.X)
			}
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR {
				e.logic++
				defer func() { e.logic-- }()
				return "(" + e.cond(x.X) + " " + x.Op.String() + " " + e.cond(x.Y) + ")"
			}
		}
	}
	return e.part(x)
}

// mixing notes, at the outermost of a condition, whether its parts are of several types; what it returns forgets that.
func (e *emitter) mixing(x ast.Expr) func() {
	was := e.parts
	if e.logic == 0 {
		e.parts = !e.conditionsAre(e.typeOf(x), x)
	}
	return func() { e.parts = was }
}

// part lowers what a condition is made of. Beside parts of other types, those of a type of cells are compared: Go wants
// the parts to be of one type, which conversions gave them.
func (e *emitter) part(x ast.Expr) string {
	s := e.x(x)
	if _, plain := types.Unalias(e.typeOf(x)).(*types.Basic); e.logic > 0 && e.parts && !plain && e.info.Types[x].Value == nil {
		return "(" + s + " == true)"
	}
	return s
}

// conditionsAre tells whether all that a condition is made of are of type t.
func (e *emitter) conditionsAre(t types.Type, x ast.Expr) bool {
	x = e.unconverted(x)
	switch x := x.(type) {
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			return e.conditionsAre(t, x.X)
		}
	case *ast.BinaryExpr:
		if x.Op == token.LAND || x.Op == token.LOR {
			return e.conditionsAre(t, x.X) && e.conditionsAre(t, x.Y)
		}
		if e.info.Types[x].Value == nil {
			return types.Identical(t, types.Typ[types.Bool]) // to the interpreter every comparison is a bool
		}
	}
	return e.info.Types[x].Value != nil || types.Identical(t, e.typeOf(x))
}

// not lowers the negation of x. The interpreter goes astray, and silently ends the function, where a negation stands inside
// another or before a conjunction: so negations are pushed to what is neither.
func (e *emitter) not(x ast.Expr) string {
	defer e.mixing(x)()
	x = e.unconverted(x)
	if e.info.Types[x].Value == nil {
		switch x := x.(type) {
		case *ast.UnaryExpr:
			if x.Op == token.NOT {
				return e.cond(x.X)
			}
		case *ast.BinaryExpr:
			switch x.Op {
			case token.LAND:
				e.logic++
				defer func() { e.logic-- }()
				return "(" + e.not(x.X) + " || " + e.not(x.Y) + ")"
			case token.LOR:
				e.logic++
				defer func() { e.logic-- }()
				return "(" + e.not(x.X) + " && " + e.not(x.Y) + ")"
			}
		}
	}
	return "(!" + e.part(x) + ")"
}

package lower

import (
	"go/ast"
	"go/token"
	"go/types"
)

// Conditions. What if, for, && and || decide by is lowered apart from other values: without conversions around it, negations
// pushed inwards, and of one type.

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
func (e *emitter) cond(x ast.Expr) string { return e.condition(x, false) }

// not lowers the negation of x. The interpreter goes astray, and silently ends the function, where a negation stands inside
// another or before a conjunction: so negations are pushed to what is neither.
func (e *emitter) not(x ast.Expr) string { return e.condition(x, true) }

func (e *emitter) condition(x ast.Expr, negated bool) string {
	defer e.mixing(x)()
	x = e.unconverted(x)
	if e.info.Types[x].Value == nil {
		switch x := x.(type) {
		case *ast.UnaryExpr:
			if x.Op == token.NOT {
				return e.condition(x.X, !negated)
			}
		case *ast.BinaryExpr:
			if x.Op != token.LAND && x.Op != token.LOR {
				break
			}
			op := x.Op
			if negated {
				op = token.LAND + token.LOR - x.Op
			}
			e.logic++
			defer func() { e.logic-- }()
			return "(" + e.condition(x.X, negated) + " " + op.String() + " " + e.condition(x.Y, negated) + ")"
		}
	}
	if negated {
		return "(!" + e.part(x) + ")"
	}
	return e.part(x)
}

// mixing notes, at the outermost of a condition, whether its parts are of several types; what it returns forgets that.
func (e *emitter) mixing(x ast.Expr) func() {
	was := e.severalTypes
	if e.logic == 0 {
		e.severalTypes = !e.conditionsAre(e.typeOf(x), x)
	}
	return func() { e.severalTypes = was }
}

// part lowers what a condition is made of. Beside parts of other types, those of a type of cells are compared: Go wants
// the parts to be of one type, which conversions gave them.
func (e *emitter) part(x ast.Expr) string {
	s := e.x(x)
	if _, plain := types.Unalias(e.typeOf(x)).(*types.Basic); e.logic > 0 && e.severalTypes && !plain && e.info.Types[x].Value == nil {
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

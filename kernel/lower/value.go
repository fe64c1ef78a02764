package lower

import (
	"go/ast"
	"go/types"
	"strconv"
	"strings"

	"gonverge/kernel/cell"
	"gonverge/kernel/check"
)

// value hands the values of the last expression to the kernel.
func (e *emitter) value(b *strings.Builder, code *Code) {
	x := e.unit.Last
	e.at = x.Pos()
	xs := []ast.Expr{x}
	if c, ok := x.(*ast.CallExpr); ok {
		if id, ok := c.Fun.(*ast.Ident); ok && id.Name == cell.ResultName {
			xs = c.Args
		}
	}
	for _, x := range xs {
		e.long(b, x, func() {
			e.guard(b, x.Pos(), x)
			e.oneValue(b, code, x)
		})
	}
}

// result hands over a lowered value of a static type.
func (e *emitter) result(b *strings.Builder, code *Code, v string, t types.Type) {
	code.Results = append(code.Results, t)
	if !types.IsInterface(t) && e.mentions(t) {
		e.w(b, "%s.Result(%s.Box(%d, %s))\n", Runtime, Runtime, e.typeID(t), v)
		return
	}
	e.w(b, "%s.Result(%s)\n", Runtime, v)
}

func (e *emitter) oneValue(b *strings.Builder, code *Code, x ast.Expr) {
	tv := e.info.Types[x]
	c, isCall := ast.Unparen(x).(*ast.CallExpr)
	switch {
	case tv.IsVoid() || tv.IsBuiltin() || isCall && e.prints(c):
		e.stmt(b, &ast.ExprStmt{X: x}, "")
	case tv.IsType():
		e.result(b, code, strconv.Quote("type "+typeName(tv.Type)), types.Typ[types.String])
	case isCall && check.CheckedAlone(e.info, c):
		e.checkedAlone(b, c, func(names []string, ts []types.Type) {
			for i := range names {
				e.result(b, code, names[i], ts[i])
			}
		})
	case tv.IsNil():
		code.Results = append(code.Results, tv.Type)
		e.w(b, "%s.Result(nil)\n", Runtime)
	default:
		if tp, ok := tv.Type.(*types.Tuple); ok {
			e.tupleValue(b, code, x, tp)
			return
		}
		t := e.typeOf(x)
		if bt, ok := tv.Type.(*types.Basic); ok && tv.Value != nil && bt.Info()&types.IsUntyped != 0 && tooLarge(tv, t) {
			code.Results = append(code.Results, tv.Type)
			e.w(b, "%s.Result(%s)\n", Runtime, strconv.Quote(tv.Value.ExactString()))
			return
		}
		v := e.temp()
		e.w(b, "var %s %s\n%s = %s\n", v, e.typ(t), v, e.x(x))
		e.result(b, code, v, t)
	}
}

// prints tells a call of fmt.Print and its kin, whose results nobody wants to see.
func (e *emitter) prints(c *ast.CallExpr) bool {
	f, ok := e.callee(c).(*types.Func)
	return ok && f.Pkg() != nil && f.Pkg().Path() == "fmt" && (strings.HasPrefix(f.Name(), "Print") || strings.HasPrefix(f.Name(), "Fprint"))
}

func (e *emitter) tupleValue(b *strings.Builder, code *Code, x ast.Expr, tp *types.Tuple) {
	if tp.Len() == 0 {
		e.stmt(b, &ast.ExprStmt{X: x}, "")
		return
	}
	var ts []string
	for range tp.Len() {
		ts = append(ts, e.temp())
	}
	e.w(b, "%s := %s\n", strings.Join(ts, ", "), e.x(x))
	for i, t := range ts {
		e.result(b, code, t, tp.At(i).Type())
	}
}

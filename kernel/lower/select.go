package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

func (e *emitter) selectStmt(b *strings.Builder, st *ast.SelectStmt, label string) {
	e.guard(b, st.Pos(), st)
	e.loop(b, label, true, nil, func(b *strings.Builder, c *loop) {
		c.sel = true
		b.WriteString("select {\n")
		for _, s := range st.Body.List {
			cc := s.(*ast.CommClause)
			var then strings.Builder
			switch m := cc.Comm.(type) {
			case nil:
				b.WriteString("default:\n")
			case *ast.SendStmt:
				ct := e.typeOf(m.Chan).Underlying().(*types.Chan)
				e.w(b, "case %s <- %s:\n", e.x(m.Chan), e.to(m.Value, ct.Elem()))
			case *ast.ExprStmt:
				e.w(b, "case <-%s:\n", e.x(ast.Unparen(m.X).(*ast.UnaryExpr).X))
			case *ast.AssignStmt:
				e.receive(b, &then, m)
			}
			b.WriteString(then.String())
			e.block(b, cc.Body)
		}
		b.WriteString("}\n")
	})
}

// receive lowers `case v, ok := <-ch`: the values go through temporaries.
func (e *emitter) receive(b, then *strings.Builder, m *ast.AssignStmt) {
	ch := ast.Unparen(m.Rhs[0]).(*ast.UnaryExpr).X
	v, ok := e.temp(), e.temp()
	elem := e.typeOf(ch).Underlying().(*types.Chan).Elem()
	set := func(x ast.Expr, value string, t types.Type) {
		id, isID := x.(*ast.Ident)
		switch {
		case isID && id.Name == "_":
			e.w(then, "_ = %s\n", value)
		case isID && m.Tok == token.DEFINE && e.info.Defs[id] != nil:
			n := e.local(e.info.Defs[id])
			e.w(then, "var %s %s\n%s = %s\n", n, e.typ(t), n, value)
		default:
			e.w(then, "%s = %s\n", e.lhs(x), e.convert(value, t, e.typeOf(x)))
		}
	}
	set(m.Lhs[0], v, elem)
	if len(m.Lhs) == 2 {
		set(m.Lhs[1], ok, types.Typ[types.Bool])
		e.w(b, "case %s, %s := <-%s:\n", v, ok, e.x(ch))
	} else {
		e.w(b, "case %s := <-%s:\n", v, e.x(ch))
	}
}

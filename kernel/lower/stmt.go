package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"gonverge/kernel/check"
)

func (e *emitter) block(b *strings.Builder, list []ast.Stmt) {
	for _, s := range list {
		e.stmt(b, s, "")
	}
}

// stmt lowers a statement; label is the one that the cell put before it.
func (e *emitter) stmt(b *strings.Builder, st ast.Stmt, label string) {
	if st == nil {
		return
	}
	e.at = st.Pos()
	switch st := st.(type) {
	case *ast.EmptyStmt:
	case *ast.BlockStmt:
		b.WriteString("{\n")
		e.block(b, st.List)
		b.WriteString("}\n")
	case *ast.ExprStmt:
		e.long(b, st, func() { e.exprStmt(b, st) })
	case *ast.SendStmt:
		e.guard(b, st.Pos(), st)
		e.send(b, st)
	case *ast.IncDecStmt:
		e.guard(b, st.Pos(), st)
		e.w(b, "%s%s\n", e.lhs(st.X), st.Tok)
	case *ast.AssignStmt:
		e.long(b, st, func() {
			e.guard(b, st.Pos(), st)
			e.assign(b, st, st.Tok == token.DEFINE)
		})
	case *ast.GoStmt:
		e.guard(b, st.Pos(), st)
		e.goStmt(b, st.Pos(), st.Call)
	case *ast.DeferStmt:
		e.guard(b, st.Pos(), st)
		e.deferStmt(b, st.Call)
	case *ast.ReturnStmt:
		e.guard(b, st.Pos(), st)
		e.ret(b, st)
	case *ast.BranchStmt:
		e.branch(b, st)
	case *ast.DeclStmt:
		if g := st.Decl.(*ast.GenDecl); g.Tok == token.VAR {
			for _, sp := range g.Specs {
				e.long(b, sp, func() { e.varSpec(b, sp.(*ast.ValueSpec)) })
			}
		}
	case *ast.LabeledStmt:
		e.labeled(b, st)
	case *ast.IfStmt:
		e.ifStmt(b, st)
	case *ast.ForStmt:
		e.forStmt(b, st, label)
	case *ast.RangeStmt:
		e.rangeStmt(b, st, label)
	case *ast.SwitchStmt:
		e.switchStmt(b, st, label)
	case *ast.TypeSwitchStmt:
		e.typeSwitch(b, st, label)
	case *ast.SelectStmt:
		e.selectStmt(b, st, label)
	default:
		e.refuse(st.Pos(), "internal: cannot lower %T", st)
	}
}

func (e *emitter) labeled(b *strings.Builder, st *ast.LabeledStmt) {
	name := st.Label.Name
	switch in := st.Stmt.(type) {
	case *ast.ForStmt, *ast.RangeStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.SelectStmt:
		if isGoto(e.fn.body, name) {
			e.w(b, "%s%s:\n_ = 0\n", name, sep)
		}
		e.stmt(b, in, name)
	default:
		if isGoto(e.fn.body, name) { // the interpreter loses a label before another, and at the end of a block
			e.w(b, "%s%s:\n_ = 0\n", name, sep)
		}
		e.stmt(b, in, name)
	}
}

// isGoto tells whether some goto in the body names the label.
func isGoto(body ast.Node, label string) bool {
	found := false
	ast.Inspect(body, func(x ast.Node) bool {
		if br, ok := x.(*ast.BranchStmt); ok && br.Tok == token.GOTO && br.Label.Name == label {
			found = true
		}
		return !found
	})
	return found
}

// exprStmt lowers an expression that stands alone.
func (e *emitter) exprStmt(b *strings.Builder, st *ast.ExprStmt) {
	e.guard(b, st.Pos(), st)
	c, isCall := ast.Unparen(st.X).(*ast.CallExpr)
	if isCall {
		if e.cell && check.CheckedAlone(e.info, c) {
			e.checkedAlone(b, c, nil)
			return
		}
		if lit, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok {
			e.w(b, "(%s)(%s)\n", e.rawLiteral(lit), e.args(c, e.typeOf(lit).Underlying().(*types.Signature)))
			return
		}
	}
	if u, ok := ast.Unparen(st.X).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		e.w(b, "%s.Recv1(%s, %d)\n", Runtime, e.x(u.X), u.X.Pos())
		return
	}
	x := e.x(st.X)
	if isCall {
		if e.info.Types[c.Fun].IsType() {
			x = "_ = " + x
		}
	} else {
		x = "_ = " + x
	}
	b.WriteString(x + "\n")
}

func (e *emitter) ifStmt(b *strings.Builder, st *ast.IfStmt) {
	if st.Init != nil {
		b.WriteString("{\n")
		e.stmt(b, st.Init, "")
	}
	e.guard(b, st.Pos(), st.Cond)
	e.w(b, "if %s {\n", bare(e.cond(st.Cond)))
	e.block(b, st.Body.List)
	b.WriteString("}")
	if st.Else != nil {
		b.WriteString(" else {\n")
		e.stmt(b, st.Else, "")
		b.WriteString("}")
	}
	b.WriteString("\n")
	if st.Init != nil {
		b.WriteString("}\n")
	}
}

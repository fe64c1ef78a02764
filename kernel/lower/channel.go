package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Channels. Whatever waits for a channel is a call of package run (its wait.go says why); making, closing, len and cap of
// channels are the interpreter's.

// received writes the value that x, the name of an interface{} variable, holds as one of type t.
func (l *lowerer) received(x string, t types.Type) string {
	switch {
	case isNothing(t):
		return l.typ(t) + "{}"
	case types.IsInterface(t) && !isCompiled(t):
		return x
	case types.IsInterface(t):
		return l.helperFor("received"+l.key(t), l.typ(t), "(x interface{}) %s {\nif x == nil { return nil }\nreturn x.(%s)\n}") + "(" + x + ")"
	}
	return x + ".(" + l.typ(t) + ")"
}

// chanElem is the element type of the channel that x is.
func (e *emitter) chanElem(x ast.Expr) types.Type {
	if c, ok := e.typeOf(x).Underlying().(*types.Chan); ok {
		return c.Elem()
	}
	e.refuse(x.Pos(), "internal: %v is no channel", e.typeOf(x))
	return nil
}

// recv lowers <-ch for one value.
func (e *emitter) recv(ch ast.Expr) string {
	t := e.chanElem(ch)
	c := fmt.Sprintf("%s.Recv1(%s, %d)", Runtime, e.x(ch), ch.Pos())
	if isNothing(t) {
		return e.helperFor("nothing"+e.key(t), e.typ(t), "(interface{}) %s { return %s{} }") + "(" + c + ")"
	}
	return e.received(c, t)
}

// recvOk receives into new variables and returns their names.
func (e *emitter) recvOk(b *strings.Builder, ch ast.Expr) (v, ok string) {
	t := e.chanElem(ch)
	x, ok := e.temp(), e.temp()
	v = e.temp()
	e.w(b, "%s, %s := %s.Recv(%s, %d)\n_ = %s\nvar %s %s = %s\n", x, ok, Runtime, e.x(ch), ch.Pos(), x, v, e.typ(t), e.received(x, t))
	return v, ok
}

// send lowers ch <- v.
func (e *emitter) send(b *strings.Builder, st *ast.SendStmt) {
	e.w(b, "%s.Send(%s, %s, %d)\n", Runtime, e.x(st.Chan), e.element(st), st.Pos())
}

// element is the value that a send statement sends; a nil goes as one without a type.
func (e *emitter) element(st *ast.SendStmt) string {
	t := e.chanElem(st.Chan)
	if e.info.Types[st.Value].IsNil() {
		return "nil"
	}
	v := e.to(st.Value, t)
	if e.info.Types[st.Value].Value != nil && !types.IsInterface(t) {
		return e.typ(t) + "(" + v + ")"
	}
	return v
}

// rangeChan lowers a range over a channel.
func (e *emitter) rangeChan(b *strings.Builder, st *ast.RangeStmt, label string, define bool) {
	c := e.temp()
	t := e.chanElem(st.X)
	e.w(b, "%s := %s\n", c, e.x(st.X))
	e.loop(b, label, false, nil, func(b *strings.Builder, _ *loop) {
		x, ok := e.temp(), e.temp()
		e.w(b, "for {\n%s, %s := %s.Recv(%s, %d)\n_ = %s\nif !%s { break }\n", x, ok, Runtime, c, st.X.Pos(), x, ok)
		switch {
		case isBlank(st.Key):
		case define:
			o := e.info.Defs[st.Key.(*ast.Ident)]
			n := e.local(o)
			e.w(b, "var %s %s\n%s = %s\n", n, e.typ(t), n, e.received(x, t))
		default:
			v := e.temp()
			e.w(b, "var %s %s = %s\n", v, e.typ(t), e.received(x, t))
			e.w(b, "%s = %s\n", e.lhs(st.Key), e.convert(v, t, e.typeOf(st.Key)))
		}
		e.block(b, st.Body.List)
		b.WriteString("}\n")
	})
}

// selectStmt lowers a select to a call that chooses, and a switch over its answer.
func (e *emitter) selectStmt(b *strings.Builder, st *ast.SelectStmt, label string) {
	e.guard(b, st.Pos(), st)
	b.WriteString("{\n")
	var args strings.Builder
	byDefault := "false"
	for _, s := range st.Body.List {
		ch, value := ast.Expr(nil), "false, nil"
		switch m := s.(*ast.CommClause).Comm.(type) {
		case nil:
			byDefault = "true"
			continue
		case *ast.SendStmt:
			// The operands are evaluated in the order of the source, before anything is chosen.
			c := e.temp()
			e.w(b, "%s := %s\n", c, e.x(m.Chan))
			v := e.temp()
			if x := e.element(m); x == "nil" {
				value = "true, nil"
			} else {
				e.w(b, "var %s %s = %s\n", v, e.typ(e.chanElem(m.Chan)), x)
				value = "true, " + v
			}
			args.WriteString(", " + c + ", " + value)
			continue
		case *ast.ExprStmt:
			ch = received(m.X)
		case *ast.AssignStmt:
			ch = received(m.Rhs[0])
		}
		c := e.temp()
		e.w(b, "%s := %s\n", c, e.x(ch))
		args.WriteString(", " + c + ", " + value)
	}
	which, x, ok := e.temp(), e.temp(), e.temp()
	e.w(b, "%s, %s, %s := %s.Select(%d, %s%s)\n_ = %s\n_ = %s\n", which, x, ok, Runtime, st.Pos(), byDefault, args.String(), x, ok)
	e.loop(b, label, true, nil, func(b *strings.Builder, _ *loop) {
		e.w(b, "switch %s {\n", which)
		i := 0
		for _, s := range st.Body.List {
			cc := s.(*ast.CommClause)
			if cc.Comm == nil {
				b.WriteString("case -1:\n")
			} else {
				e.w(b, "case %d:\n", i)
				i++
			}
			if m, isAssign := cc.Comm.(*ast.AssignStmt); isAssign {
				e.selected(b, m, x, ok)
			}
			e.clauseBody(b, cc.Body)
		}
		b.WriteString("}\n")
	})
	b.WriteString("}\n")
}

// received is the channel of a receive expression.
func received(x ast.Expr) ast.Expr { return ast.Unparen(x).(*ast.UnaryExpr).X }

// selected assigns what the chosen case received.
func (e *emitter) selected(b *strings.Builder, m *ast.AssignStmt, x, ok string) {
	set := func(to ast.Expr, value string, t types.Type) {
		id, isID := to.(*ast.Ident)
		switch {
		case isID && id.Name == "_":
		case isID && m.Tok == token.DEFINE && e.info.Defs[id] != nil:
			n := e.local(e.info.Defs[id])
			e.w(b, "var %s %s\n%s = %s\n", n, e.typ(t), n, value)
		default:
			v := e.temp()
			e.w(b, "var %s %s = %s\n", v, e.typ(t), value)
			e.w(b, "%s = %s\n", e.lhs(to), e.convert(v, t, e.typeOf(to)))
		}
	}
	t := e.chanElem(received(m.Rhs[0]))
	set(m.Lhs[0], e.received(x, t), t)
	if len(m.Lhs) == 2 {
		set(m.Lhs[1], ok, types.Typ[types.Bool])
	}
}

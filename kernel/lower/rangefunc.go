package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// rangeFunc is a range-over-func loop that is being lowered: its body is a function literal, and jumps out of it go through
// a control variable that is looked at after the call.
type rangeFunc struct {
	control string
	state   string // the variable that tells a call of the body that must not be: see run/rangefunc.go
	parent  *rangeFunc
	body    *ast.BlockStmt
	exits   []exit
}

// exit is a jump: BREAK or CONTINUE of a loop, GOTO a label, or RETURN.
type exit struct {
	kind  token.Token
	to    *loop
	label string
}

// holds tells whether a label is inside the body.
func (rf *rangeFunc) holds(label string) bool {
	found := false
	ast.Inspect(rf.body, func(x ast.Node) bool {
		if l, ok := x.(*ast.LabeledStmt); ok && l.Label.Name == label {
			found = true
		}
		_, lit := x.(*ast.FuncLit)
		return !found && !lit
	})
	return found
}

func (e *emitter) rangeOverFunc(b *strings.Builder, st *ast.RangeStmt, sig *types.Signature, label string, define bool) {
	yield := sig.Params().At(0).Type().Underlying().(*types.Signature)
	rf := &rangeFunc{control: e.temp(), state: e.temp(), parent: e.fn.rf, body: st.Body}
	vars := []ast.Expr{st.Key, st.Value}
	var params []string
	bind := ""
	for i := range yield.Params().Len() {
		pt := yield.Params().At(i).Type()
		n := e.temp()
		if !isBlank(vars[i]) {
			if define {
				n = e.local(e.info.Defs[vars[i].(*ast.Ident)])
			} else {
				bind += e.lhs(vars[i]) + " = " + e.convert(n, pt, e.typeOf(vars[i])) + "\n"
			}
		}
		params = append(params, n+" "+e.typ(pt))
	}
	f := e.temp()
	e.w(b, "var %s int\nvar %s int\n", rf.control, rf.state)
	if name := e.declared(st.X); name != "" { // the interpreter does not call the value of a function that is declared further down
		f = name
	} else {
		e.w(b, "%s := %s\n", f, e.x(st.X))
	}
	e.loop(b, label, false, rf, func(b *strings.Builder, c *loop) {
		e.fn.rf = rf
		var in strings.Builder
		in.WriteString(bind)
		e.block(&in, st.Body.List)
		e.fn.rf = rf.parent
		line := "\n"
		if e.fn.mark != 0 {
			line = forwarding(e.fn.directive())
		}
		body := "func(" + strings.Join(params, ", ") + ") bool {" + line + fmt.Sprintf("if %s != 0 { %s.BadRange(%s) }\n%s = 2\n", rf.state, Runtime, rf.state, rf.state) + in.String() + rf.yields(true) + "}"
		lit := own("func("+e.yieldParams(yield)+") bool", body)
		e.w(b, "%s(%s)\n", f, e.recast(lit, yield, sig.Params().At(0).Type()))
		e.w(b, "if %s == 2 { %s.BadRange(4) }\n%s = 3\n", rf.state, Runtime, rf.state)
	})
	for i, q := range rf.exits {
		e.w(b, "if %s == %d {\n", rf.control, i+1)
		e.jump(b, q)
		b.WriteString("}\n")
	}
}

// yields writes the return of the body.
func (rf *rangeFunc) yields(more bool) string {
	state := 1
	if more {
		state = 0
	}
	return fmt.Sprintf("%s = %d\nreturn %v\n", rf.state, state, more)
}

func (e *emitter) yieldParams(yield *types.Signature) string {
	var ts []string
	for i := range yield.Params().Len() {
		ts = append(ts, e.typ(yield.Params().At(i).Type()))
	}
	return strings.Join(ts, ", ")
}

// jump leaves loops, through range-over-func bodies where needed.
func (e *emitter) jump(b *strings.Builder, x exit) {
	rf := e.fn.rf
	switch {
	case x.kind == token.RETURN && rf == nil:
		e.leave(b)
	case x.kind == token.GOTO && (rf == nil || rf.holds(x.label)):
		e.w(b, "goto %s%s\n", x.label, sep)
	case x.to != nil && x.to.own == nil && x.to.rf == rf: // a plain loop or switch at this level
		if x.kind == token.CONTINUE {
			b.WriteString(x.to.before)
		}
		x.to.labelUsed = true
		e.w(b, "%s %s\n", x.kind, x.to.label)
	case x.to != nil && x.to.own != nil && x.to.own == rf:
		if x.kind == token.CONTINUE {
			b.WriteString(rf.yields(true))
		} else {
			b.WriteString(rf.yields(false))
		}
	default:
		code := 0
		for i, q := range rf.exits {
			if q == x {
				code = i + 1
			}
		}
		if code == 0 {
			rf.exits = append(rf.exits, x)
			code = len(rf.exits)
		}
		e.w(b, "%s = %d\n%s", rf.control, code, rf.yields(false))
	}
}

// branch lowers break, continue, goto and fallthrough.
func (e *emitter) branch(b *strings.Builder, st *ast.BranchStmt) {
	switch st.Tok {
	case token.GOTO:
		e.jump(b, exit{kind: token.GOTO, label: st.Label.Name})
		return
	case token.FALLTHROUGH:
		b.WriteString("fallthrough\n")
		return
	}
	for i := len(e.loops) - 1; i >= 0; i-- {
		l := e.loops[i]
		if st.Label != nil && l.user != st.Label.Name || st.Tok == token.CONTINUE && l.sw {
			continue
		}
		if i == len(e.loops)-1 && l.rf == e.fn.rf && l.own == nil { // the innermost target needs no label
			if st.Tok == token.CONTINUE {
				b.WriteString(l.before)
			}
			e.w(b, "%s\n", st.Tok)
			return
		}
		e.jump(b, exit{kind: st.Tok, to: l})
		return
	}
	e.refuse(st.Pos(), "%s outside a loop", st.Tok)
}

package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Results. The interpreter lets the result variables of a callee BE the slots of the caller's frame, old contents included:
// a named result would not start from zero in x = f(), and a closure that outlives the call and captured one would write
// into the caller's variable. So results with names are ordinary local variables, copied at the return; those without too,
// when defers or range-over-func bodies may write them.

// function lowers a body: the head is the parameter and result lists.
func (e *emitter) function(sig *types.Signature, body *ast.BlockStmt, name string, pos token.Pos) (head, code string) {
	return e.functionIn(sig, body, name, pos, "")
}

func (e *emitter) functionIn(sig *types.Signature, body *ast.BlockStmt, name string, pos token.Pos, outer string) (head, code string) {
	params := []string{}
	for i := range sig.Params().Len() {
		v := sig.Params().At(i)
		if v.Name() == "" || v.Name() == "_" {
			params = append(params, e.temp())
		} else {
			params = append(params, e.local(v))
		}
	}
	e.params = params
	var results []string
	named := false
	for i := range sig.Results().Len() {
		v := sig.Results().At(i)
		named = named || v.Name() != ""
		if v.Name() == "" || v.Name() == "_" {
			results = append(results, e.temp())
		} else {
			results = append(results, e.local(v))
		}
	}
	fn := &function{slot: e.slot, sig: sig, name: name, pos: pos, results: results, outer: outer, body: body}
	defers := hasDefer(body)
	if defers {
		fn.frame = e.temp()
	}
	fn.locals = len(results) > 0 && (defers || e.rangesOverFunc(body) || named)
	e.fn, e.loops = fn, nil
	var b strings.Builder
	for i, r := range results {
		if fn.locals {
			e.w(&b, "var %s %s\n", r, e.typ(sig.Results().At(i).Type()))
		}
	}
	if defers {
		var in strings.Builder
		e.block(&in, body.List)
		b.WriteString(e.framed(in.String()))
		if fn.locals {
			e.w(&b, "return %s\n", strings.Join(results, ", "))
		}
	} else {
		e.block(&b, body.List)
	}
	pre := ""
	if fn.mark != 0 { // the first statement of the text carries the directive, and says where the function is
		pre = strings.TrimPrefix(e.open(), fn.directive())
	}
	if fn.entered != "" {
		pre += fmt.Sprintf("%s := %s.Entered(%q)\n", fn.entered, Runtime, fn.slot)
	}
	if fn.locals || !named {
		results = nil
	}
	return e.signature(sig, params, results), pre + b.String()
}

// rangesOverFunc tells whether the body itself, literals apart, ranges over a function.
func (e *emitter) rangesOverFunc(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit:
			return false
		case *ast.RangeStmt:
			if t := e.info.Types[x.X].Type; t != nil {
				if _, ok := t.Underlying().(*types.Signature); ok {
					found = true
				}
			}
		}
		return true
	})
	return found
}

// hasDefer tells whether the body itself, literals apart, defers calls.
func hasDefer(body ast.Node) bool {
	found := false
	ast.Inspect(body, func(x ast.Node) bool {
		switch x.(type) {
		case *ast.FuncLit:
			return false
		case *ast.DeferStmt:
			found = true
		}
		return true
	})
	return found
}

// ret lowers a return statement.
func (e *emitter) ret(b *strings.Builder, st *ast.ReturnStmt) {
	rs := e.fn.sig.Results()
	if !e.fn.locals && e.fn.rf == nil {
		switch {
		case len(st.Results) == 0:
			b.WriteString("return\n")
		case len(st.Results) == rs.Len():
			var r []string
			for i, x := range st.Results {
				t := e.to(x, rs.At(i).Type())
				// yaegi writes operands of a return straight to the result's place: a built-in's
				// always to the first, and named results while later operands still read them. A
				// complex constant, a built-in that it works out before, it does not write at all.
				if rs.Len() > 1 && !plain(x) || e.info.Types[x].Value != nil && isComplex(rs.At(i).Type()) {
					name := e.temp()
					e.w(b, "var %s %s = %s\n", name, e.typ(rs.At(i).Type()), t)
					t = name
				}
				r = append(r, t)
			}
			e.w(b, "return %s\n", strings.Join(r, ", "))
		default:
			e.w(b, "return %s\n", strings.Join(e.spread(b, st.Results[0], rs), ", "))
		}
		return
	}
	switch {
	case len(st.Results) == 0:
	case len(st.Results) == 1 && rs.Len() > 1:
		for i, t := range e.spread(b, st.Results[0], rs) {
			e.w(b, "%s = %s\n", e.fn.results[i], t)
		}
	case len(st.Results) == 1:
		v := e.to(st.Results[0], rs.At(0).Type())
		if e.isStructLiteral(st.Results[0], rs.At(0).Type()) { // see displaces
			t := e.temp()
			e.w(b, "%s := %s\n", t, v)
			v = t
		}
		e.w(b, "%s = %s\n", e.fn.results[0], v)
	default:
		var ts []string
		for i, x := range st.Results {
			t := e.temp()
			e.w(b, "var %s %s = %s\n", t, e.typ(rs.At(i).Type()), e.to(x, rs.At(i).Type()))
			ts = append(ts, t)
		}
		for i, t := range ts {
			e.w(b, "%s = %s\n", e.fn.results[i], t)
		}
	}
	e.jump(b, exit{kind: token.RETURN})
}

func isComplex(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsComplex != 0
}

// plain tells whether an operand is a literal or the name of something, which
// nothing has to be computed for.
func plain(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.BasicLit, *ast.FuncLit:
		return true
	case *ast.Ident:
		return true
	case *ast.UnaryExpr:
		_, literal := x.X.(*ast.BasicLit)
		return literal && x.Op != token.AND
	}
	return false
}

// spread evaluates a multi-valued call and returns its values, converted to the types of a tuple.
func (e *emitter) spread(b *strings.Builder, x ast.Expr, want *types.Tuple) []string {
	tp := e.info.Types[x].Type.(*types.Tuple)
	var ts []string
	for range tp.Len() {
		ts = append(ts, e.temp())
	}
	e.w(b, "%s := %s\n", strings.Join(ts, ", "), e.x(x))
	for i := range ts {
		ts[i] = e.convert(ts[i], tp.At(i).Type(), want.At(i).Type())
	}
	return ts
}

// leave writes the return of the function that is being lowered.
func (e *emitter) leave(b *strings.Builder) {
	if e.fn.locals && e.fn.frame == "" {
		e.w(b, "return %s\n", strings.Join(e.fn.results, ", "))
	} else {
		b.WriteString("return\n")
	}
}

package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"gonverge/kernel/check"
)

// Defer. The interpreter keeps the arguments of deferred calls by reference, holds a lock while it runs them, and loses
// the rest when one panics. So a function with defers runs its body through Frame, which keeps a stack of deferred calls
// and runs them the way Go does:
//
//	func f() (r T) { var r T; kern.Frame(func(d *kern.Defers) { ...; d.Call(made(x)); ... }); return r }

// framed puts a body inside a Frame.
func (e *emitter) framed(body string) string {
	line := "\n"
	if e.fn.mark != 0 {
		line = forwarding(e.fn.directive())
	}
	return Runtime + ".Frame(func(" + e.fn.frame + " *" + Runtime + ".Defers) {" + line + "_ = 0\n" + body + "})\n"
}

// forwarding changes a directive to that of code which must not be listed.
func forwarding(d string) string {
	i := strings.Index(d, ":1\n")
	return d[:i-1] + "1" + d[i:]
}

// deferStmt lowers a defer statement.
func (e *emitter) deferStmt(b *strings.Builder, c *ast.CallExpr) {
	if lit, ok := ast.Unparen(c.Fun).(*ast.FuncLit); ok && len(c.Args) == 0 && e.typeOf(lit).(*types.Signature).Results().Len() == 0 {
		d := e.temp()
		e.w(b, "%s.Literal(%s)\n", e.fn.frame, own("func(*"+Runtime+".Defers)", e.deferredLiteral(lit, d)))
		return
	}
	name, compiled := e.deferredName(c)
	if compiled {
		e.w(b, "%s.Call(%s)\n", e.fn.frame, e.thunk(b, c, "defer"))
	} else {
		e.w(b, "%s.Named(%q, %s)\n", e.fn.frame, name, e.thunk(b, c, "defer"))
	}
}

// deferredName is the name under which a deferred function finds the panic that called it, "" for a function value;
// compiled functions have none.
func (e *emitter) deferredName(c *ast.CallExpr) (name string, compiled bool) {
	fun := ast.Unparen(c.Fun)
	if e.info.Types[c.Fun].IsBuiltin() {
		return "", true
	}
	f, ok := e.callee(c).(*types.Func)
	if !ok {
		return "", false
	}
	if s, ok := fun.(*ast.SelectorExpr); ok {
		if sel := e.info.Selections[s]; sel != nil && sel.Kind() == types.MethodVal {
			n, _ := derefNamed(f.Signature().Recv().Type())
			switch {
			case types.IsInterface(f.Signature().Recv().Type()):
				return "*" + sep + f.Name(), false
			case !e.isOurs(n):
				return "", true
			}
			return e.namedType(n) + sep + f.Name(), false
		}
	}
	switch x := fun.(type) {
	case *ast.IndexExpr:
		fun = x.X
	case *ast.IndexListExpr:
		fun = x.X
	}
	if in := e.instance(fun); in != "" {
		return in, false
	}
	if n := e.program.Slots[f]; n != "" {
		return n, false
	}
	return "", !check.InSession(f)
}

// deferredLiteral lowers a literal that is deferred as it stands; it gets the stack that runs it, for recover.
func (e *emitter) deferredLiteral(lit *ast.FuncLit, d string) string {
	s := e.literalFor(lit, d)
	return "func(" + d + " *" + Runtime + ".Defers)" + strings.TrimPrefix(s, "func()")
}

// recover lowers the builtin.
func (e *emitter) recover() string {
	if e.fn.outer != "" {
		return e.fn.outer + ".Recover()"
	}
	if e.fn.entered == "" {
		e.fn.entered = e.temp()
	}
	return Runtime + ".RecoverOf(" + e.fn.entered + ")"
}

// thunk evaluates callee and arguments of a call now and returns a function that makes the call. Everything goes by value
// through the parameters of a declared function.
func (e *emitter) thunk(b *strings.Builder, c *ast.CallExpr, kind string) string {
	fun := ast.Unparen(c.Fun)
	tv := e.info.Types[c.Fun]
	if lit, ok := fun.(*ast.FuncLit); ok && len(c.Args) == 0 {
		if e.typeOf(lit).(*types.Signature).Results().Len() == 0 {
			return e.literal(lit)
		}
	}
	if tv.IsType() {
		e.refuse(c.Pos(), "%s needs a function call, not a conversion", kind)
	}
	var params, values []string
	pass := func(v string, t types.Type) string {
		n := e.temp()
		params = append(params, n+" "+e.typ(t))
		values = append(values, v)
		return n
	}
	call, test := "", ""
	var spread *types.Tuple // of a call with several values, which are all the arguments
	if len(c.Args) == 1 {
		if tp, ok := e.info.Types[c.Args[0]].Type.(*types.Tuple); ok && tp.Len() > 1 {
			spread = tp
		}
	}
	switch {
	case tv.IsBuiltin() && spread != nil:
		return e.spreadThunk(c, spread, "", func(args string) string { return e.spreadBuiltin(c, spread) + "(" + args + ")" }, nil, nil, kind)
	case tv.IsBuiltin():
		var args []string
		for _, a := range c.Args {
			if at := e.info.Types[a]; at.Value != nil || at.IsNil() {
				args = append(args, e.x(a))
				continue
			}
			args = append(args, pass(e.x(a), e.typeOf(a)))
		}
		call = e.builtinCall(c, ast.Unparen(c.Fun), args)
	default:
		sig := tv.Type.Underlying().(*types.Signature)
		fn, there := e.thunkCallee(c, fun, sig, pass)
		test = there
		if spread != nil {
			return e.spreadThunk(c, spread, test, fn, params, values, kind)
		}
		call = fn(e.thunkArgs(c, sig, pass))
	}
	name := e.program.Fresh(kind)
	e.w(&e.funcs, "func %s(%s) func() {\n%sreturn func() { %s }\n}\n", name, strings.Join(params, ", "), test, call)
	return name + "(" + strings.Join(values, ", ") + ")"
}

// spreadThunk is thunk for f(g()) with several values: a function takes what the callee needs, and one that it returns, the
// values.
func (e *emitter) spreadThunk(c *ast.CallExpr, tp *types.Tuple, test string, fn func(string) string, params, values []string, kind string) string {
	var names, taken []string
	sig, _ := e.info.Types[c.Fun].Type.Underlying().(*types.Signature)
	for i := range tp.Len() {
		n, from := e.temp(), tp.At(i).Type()
		taken = append(taken, n+" "+e.typ(from))
		if sig != nil {
			n = e.convert(n, from, paramType(sig, min(i, sig.Params().Len()-1), false))
		}
		names = append(names, n)
	}
	list := "func(" + strings.Join(taken, ", ") + ") func()"
	name := e.program.Fresh(kind)
	e.w(&e.funcs, "func %s(%s) %s {\n%sreturn %s {\nreturn func() { %s }\n}\n}\n", name, strings.Join(params, ", "), list, test, list, fn(strings.Join(names, ", ")))
	return name + "(" + strings.Join(values, ", ") + ")(" + e.x(c.Args[0]) + ")"
}

// thunkCallee passes what the callee needs and returns how to write the call with given arguments, and a test of the
// receiver.
func (e *emitter) thunkCallee(c *ast.CallExpr, fun ast.Expr, sig *types.Signature, pass func(string, types.Type) string) (call func(string) string, test string) {
	if s, ok := fun.(*ast.SelectorExpr); ok {
		sel := e.info.Selections[s]
		if sel == nil && !e.isVariable(s.Sel) { // pkg.Func
			fn := e.declared(fun)
			if fn == "" {
				fn = e.x(fun)
			}
			return func(args string) string { return fn + "(" + args + ")" }, ""
		}
		if sel != nil && sel.Kind() == types.MethodVal {
			idx := sel.Index()
			recv, rt := e.path(e.x(s.X), e.typeOf(s.X), idx[:len(idx)-1])
			m := sel.Obj().(*types.Func)
			_, isPtr := types.Unalias(rt).Underlying().(*types.Pointer)
			_, wantsPtr := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer)
			if wantsPtr && !isPtr && !types.IsInterface(rt) {
				recv, rt = "&"+recv, types.NewPointer(rt)
			}
			if n, isPtr := derefNamed(rt); isPtr && !wantsPtr && n != nil { // its value is taken now
				recv, rt = "*"+recv, n
			}
			r := pass(recv, rt)
			return func(args string) string { return e.callMethod(r, rt, m, args) }, there(r, rt)
		}
	}
	if fn := e.declared(fun); fn != "" {
		return func(args string) string { return fn + "(" + args + ")" }, ""
	}
	f := pass(e.x(fun), sig)
	return func(args string) string { return f + "(" + args + ")" }, ""
}

func (e *emitter) isVariable(id *ast.Ident) bool {
	_, ok := e.info.Uses[id].(*types.Var)
	return ok
}

// thunkArgs passes the arguments and returns the list of their names.
func (e *emitter) thunkArgs(c *ast.CallExpr, sig *types.Signature, pass func(string, types.Type) string) string {
	n := sig.Params().Len()
	callee := e.callee(c)
	raw := e.rawArgs(callee)
	var args []string
	for i, a := range c.Args {
		want := paramType(sig, min(i, n-1), c.Ellipsis.IsValid())
		if e.info.Types[a].IsNil() {
			v := e.one(a, want)
			if i < n-1 || !sig.Variadic() || isOfCompiled(callee) {
				v = e.to(a, want)
			}
			if c.Ellipsis.IsValid() {
				v = "(" + e.typ(want) + ")(nil)"
			}
			args = append(args, v)
			continue
		}
		if tv := e.info.Types[a]; tv.Value != nil && !types.IsInterface(want) {
			args = append(args, e.to(a, want))
			continue
		}
		if s := e.recursiveArg(callee, a, want); s != "" {
			args = append(args, pass(s, want))
			continue
		}
		if raw && isEmpty(want) && !types.IsInterface(e.typeOf(a)) {
			e.encodes(callee, a)
			args = append(args, pass(e.x(a), e.typeOf(a)))
			continue
		}
		args = append(args, pass(e.to(a, want), want))
	}
	if e.leavesOut(c, sig, callee) {
		return strings.Join(append(args, "("+e.typ(paramType(sig, n-1, true))+")(nil)..."), ", ")
	}
	s := strings.Join(args, ", ")
	if c.Ellipsis.IsValid() {
		s += "..."
	}
	return s
}

// paramType is the type that argument i must have; spread tells that the last argument is the whole variadic slice.
func paramType(sig *types.Signature, i int, spread bool) types.Type {
	t := sig.Params().At(i).Type()
	if sig.Variadic() && i == sig.Params().Len()-1 && !spread {
		if sl, ok := t.Underlying().(*types.Slice); ok {
			return sl.Elem()
		}
	}
	return t
}

// goStmt lowers a go statement: Go recovers the panics of the goroutine and names the cell that started it.
func (e *emitter) goStmt(b *strings.Builder, p token.Pos, c *ast.CallExpr) {
	e.w(b, "%s.Go(%d, %s)\n", Runtime, p, e.thunk(b, c, "go"+sep))
}

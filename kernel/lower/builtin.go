package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// builtin lowers a call of a predeclared function.
func (e *emitter) builtin(c *ast.CallExpr, fun ast.Expr) (text string) {
	name := ""
	if b, ok := e.callee(c).(*types.Builtin); ok {
		if name = b.Name(); b.Pkg() == types.Unsafe {
			return e.unsafeCall(c, name)
		}
	}
	if len(c.Args) == 1 {
		if tp, ok := e.info.Types[c.Args[0]].Type.(*types.Tuple); ok && tp.Len() > 1 {
			return e.spreadBuiltin(c, tp) + "(" + e.x(c.Args[0]) + ")"
		}
	}
	switch name {
	case "min", "max":
		return e.minMax(c, name)
	case "clear":
		return Runtime + ".Clear(" + e.x(c.Args[0]) + ")"
	case "new":
		return e.newCall(c)
	case "make":
		t := e.typeOf(c)
		p := []string{e.typ(t)}
		if ch, ok := t.Underlying().(*types.Chan); ok && ch.Dir() != types.SendRecv { // reflect makes only channels of both directions
			p[0] = e.typ(types.NewChan(types.SendRecv, ch.Elem()))
			defer func() { text = e.cast(t, text) }()
		}
		for _, a := range c.Args[1:] {
			p = append(p, e.x(a))
		}
		return "make(" + strings.Join(p, ", ") + ")"
	case "append":
		return e.appendCall(c)
	case "print", "println":
		var args []string
		for _, a := range c.Args {
			args = append(args, e.printed(a, e.to(a, types.NewInterfaceType(nil, nil))))
		}
		return e.printCall(name, args)
	case "recover":
		return e.recover()
	}
	var args []string
	for i, a := range c.Args {
		args = append(args, e.builtinArg(c, name, i, a))
	}
	return e.builtinCall(c, fun, args)
}

// spreadBuiltin is for append(f()) and its like, with several values: the name of a declared function that takes them.
func (e *emitter) spreadBuiltin(c *ast.CallExpr, tp *types.Tuple) string {
	sub := &emitter{lowerer: e.lowerer, info: &types.Info{Types: map[ast.Expr]types.TypeAndValue{c: e.info.Types[c], c.Fun: e.info.Types[c.Fun]}, Uses: maps.Clone(e.info.Uses)}}
	call := &ast.CallExpr{Fun: c.Fun}
	var params []string
	for v := range tp.Variables() {
		id := check.Ident(c.Pos(), "v")
		v := types.NewVar(c.Pos(), nil, "v", v.Type())
		sub.info.Uses[id] = v
		sub.info.Types[id] = types.TypeAndValue{Type: v.Type()}
		call.Args = append(call.Args, id)
		params = append(params, sub.local(v)+" "+e.typ(v.Type()))
	}
	sub.info.Types[call] = e.info.Types[c]
	result, ret := "", ""
	if tv := e.info.Types[c]; !tv.IsVoid() {
		result, ret = e.typ(tv.Type), "return "
	}
	name := e.program.Fresh("spread" + sep)
	e.w(&e.funcs, "func %s(%s) %s { %s%s }\n", name, strings.Join(params, ", "), result, ret, sub.builtin(call, call.Fun))
	return name
}

// builtinArg lowers one argument of the simpler builtins.
func (e *emitter) builtinArg(c *ast.CallExpr, name string, i int, a ast.Expr) string {
	switch name {
	case "delete":
		if i == 1 {
			return e.mapKey(a, e.typeOf(c.Args[0]).Underlying().(*types.Map).Key())
		}
	case "panic":
		return e.to(a, types.NewInterfaceType(nil, nil))
	case "len", "cap":
		if p, ok := e.typeOf(a).Underlying().(*types.Pointer); ok { // to an array, and perhaps nil
			return e.helper("array", e.typ(p.Elem()), "(p *%s) %s { var a %s; return a }") + "(" + e.x(a) + ")"
		}
	case "copy":
		if i == 1 && isString(e.typeOf(a)) {
			return "[]byte(" + e.x(a) + ")"
		}
	}
	return e.x(a)
}

// builtinCall writes a builtin with lowered arguments.
func (e *emitter) builtinCall(c *ast.CallExpr, fun ast.Expr, args []string) string {
	id := fun.(*ast.Ident)
	switch id.Name {
	case "clear":
		return Runtime + ".Clear(" + args[0] + ")"
	case "print", "println":
		for i, a := range c.Args {
			args[i] = e.printed(a, e.convert(args[i], e.typeOf(a), types.NewInterfaceType(nil, nil)))
		}
		return e.printCall(id.Name, args)
	case "recover":
		return "_ = 0" // go and defer of recover itself recover nothing
	case "delete", "panic", "len", "cap", "copy", "close", "real", "imag", "complex":
		return id.Name + "(" + strings.Join(args, ", ") + ")"
	}
	e.refuse(c.Pos(), "builtin %s is not available here", id.Name)
	return ""
}

// printCall writes print or println: the interpreter's own separate and format otherwise than Go's.
func (e *emitter) printCall(name string, args []string) string {
	return Runtime + ".Print(" + strings.Join(append([]string{strconv.FormatBool(name == "println")}, args...), ", ") + ")"
}

// printed tells print what an interface holds: the runtime prints that otherwise.
func (e *emitter) printed(x ast.Expr, lowered string) string {
	if types.IsInterface(e.typeOf(x)) {
		return Runtime + ".Held(" + lowered + ")"
	}
	return lowered
}

func isString(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsString != 0
}

func (e *emitter) minMax(c *ast.CallExpr, name string) string {
	t := e.typeOf(c)
	op := "<"
	if name == "max" {
		op = ">"
	}
	if b, ok := t.Underlying().(*types.Basic); ok && b.Info()&types.IsFloat != 0 {
		v := "float64(" + e.to(c.Args[0], t) + ")"
		for _, a := range c.Args[1:] { // compiled, for the sake of NaN and of a negative zero
			v = Compiled + ".F_float64_" + name + "(" + v + ", float64(" + e.to(a, t) + "))"
		}
		return e.typ(t) + "(" + v + ")"
	}
	fn := e.helper(name, e.typ(t), "(r, v %s) %s { if v "+op+" r { return v }; return r }")
	v := e.to(c.Args[0], t)
	for _, a := range c.Args[1:] {
		v = fn + "(" + v + ", " + e.to(a, t) + ")"
	}
	return v
}

// newCall lowers new of a type, and since Go 1.26 of a value.
func (e *emitter) newCall(c *ast.CallExpr) string {
	if tv := e.info.Types[c.Args[0]]; tv.IsType() {
		return "new(" + e.typ(tv.Type) + ")"
	}
	elem := e.typeOf(c).Underlying().(*types.Pointer).Elem()
	return e.helper("new", e.typ(elem), "(v %s) *%s { return &v }") + "(" + e.to(c.Args[0], elem) + ")"
}

func (e *emitter) appendCall(c *ast.CallExpr) string {
	st := e.typeOf(c)
	elem := st.Underlying().(*types.Slice).Elem()
	p := []string{e.x(c.Args[0])}
	if e.info.Types[c.Args[0]].IsNil() {
		p[0] = "(" + e.typ(st) + ")(nil)"
	}
	for _, a := range c.Args[1:] {
		if !c.Ellipsis.IsValid() {
			p = append(p, e.one(a, elem))
			continue
		}
		v := e.x(a)
		if e.info.Types[a].IsNil() {
			v = "(" + e.typ(st) + ")(nil)"
		}
		if isString(e.typeOf(a)) {
			v = "[]byte(" + v + ")"
		}
		p = append(p, v+"...")
	}
	if len(p) > 2 && slices.ContainsFunc(c.Args[2:], e.readsMemory) { // which the interpreter does after it has written those before
		return fmt.Sprintf("append(%s, []%s{%s}...)", p[0], e.typ(elem), strings.Join(p[1:], ", "))
	}
	return fmt.Sprintf("append(%s)", strings.Join(p, ", "))
}

// readsMemory tells an element of a slice or array, a field, or what a pointer points to.
func (e *emitter) readsMemory(x ast.Expr) bool {
	if e.info.Types[x].Value != nil {
		return false
	}
	switch x := ast.Unparen(x).(type) {
	case *ast.IndexExpr, *ast.SelectorExpr, *ast.StarExpr:
		return true
	case *ast.CallExpr: // a conversion may keep the place
		return e.info.Types[x.Fun].IsType() && e.readsMemory(x.Args[0])
	}
	return false
}

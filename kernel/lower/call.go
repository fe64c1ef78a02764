package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// kernelPackages begins the import paths of the packages by which cells talk to the kernel.
const kernelPackages = "gonverge/kernel/api/"

// callee is the function or variable that a call names, or nil.
func (e *emitter) callee(c *ast.CallExpr) types.Object {
	f := ast.Unparen(c.Fun)
	switch x := f.(type) {
	case *ast.IndexExpr:
		f = x.X
	case *ast.IndexListExpr:
		f = x.X
	}
	switch f := f.(type) {
	case *ast.Ident:
		return e.info.Uses[f]
	case *ast.SelectorExpr:
		return e.info.Uses[f.Sel]
	}
	return nil
}

// call lowers calls, conversions and builtins.
func (e *emitter) call(c *ast.CallExpr) string {
	fun := ast.Unparen(c.Fun)
	tv := e.info.Types[c.Fun]
	if tv.IsType() {
		return e.conversion(c)
	}
	if inner, ok := check.Unwrap(c); ok {
		return e.checkedValue(inner)
	}
	if v, ok := check.Varied(c); ok {
		return e.helper("vary", e.typ(e.typeOf(v)), "(v %s) %s { return v }") + "(" + e.x(v) + ")"
	}
	if tv.IsBuiltin() {
		return e.builtin(c, fun)
	}
	sig, ok := tv.Type.Underlying().(*types.Signature)
	if !ok {
		e.refuse(c.Pos(), "internal: call of %v", tv.Type)
	}
	if s, ok := fun.(*ast.SelectorExpr); ok {
		if sel, ok := e.info.Selections[s]; ok && sel.Kind() == types.MethodVal {
			return e.methodCall(c, s, sel, sig)
		}
	}
	callee := e.callee(c)
	if f, ok := callee.(*types.Func); ok && f.Pkg() != nil {
		if f.FullName() == "errors.As" && len(c.Args) == 2 {
			if s := e.errorsAs(c); s != "" {
				return s
			}
		}
		if s := e.typeVerb(c, f, sig); s != "" {
			return s
		}
		if s := e.encoded(c, f, sig, ""); s != "" {
			return s
		}
	}
	fn := ""
	if lit, ok := fun.(*ast.FuncLit); ok {
		fn = "(" + e.rawLiteral(lit) + ")"
		if sig.Results().Len() == 1 {
			if f, ok := sig.Results().At(0).Type().Underlying().(*types.Signature); ok && !e.recursive(sig.Results().At(0).Type()) { // the interpreter's return cannot take it
				return e.cast(f, fn+"("+e.args(c, sig)+")")
			}
		}
	} else if fn = e.declared(fun); fn == "" {
		fn = e.loaded(c.Fun)
		if n, ok := types.Unalias(tv.Type).(*types.Named); ok && e.isOurs(n) {
			fn = e.cast(sig, fn) // the interpreter trips over calls of named function types
		} else if asserted(fun) {
			fn = e.cast(sig, fn) // does not know what a function out of an interface returns
		} else if s, ok := fun.(*ast.SelectorExpr); ok && sig.Variadic() && e.info.Selections[s] != nil {
			fn = e.cast(sig, fn) // and over those of fields with any number of arguments
		} else if c, ok := fun.(*ast.CallExpr); ok && sig.Variadic() && e.info.Types[c.Fun].IsType() { // recursive: a field too
			fn = e.cast(sig, fn)
		}
	}
	return fn + "(" + e.args(c, sig) + ")"
}

func (e *emitter) methodCall(c *ast.CallExpr, s *ast.SelectorExpr, sel *types.Selection, sig *types.Signature) string {
	idx := sel.Index()
	recv, rt := e.path(e.x(s.X), e.typeOf(s.X), idx[:len(idx)-1])
	m := sel.Obj().(*types.Func)
	switch m.FullName() {
	case "(reflect.Type).Implements", "(reflect.Type).AssignableTo", "(reflect.Type).ConvertibleTo": // either may be a type of cells
		return Runtime + "." + m.Name() + "(" + recv + ", " + e.args(c, sig) + ")"
	}
	if len(c.Args) == 1 {
		if tp, ok := e.info.Types[c.Args[0]].Type.(*types.Tuple); ok && tp.Len() > 1 {
			return e.spreadMethod(recv, rt, m, c.Args[0], tp, sig)
		}
	}
	if s := e.encoded(c, m, sig, recv); s != "" {
		return s
	}
	if replaced[m.FullName()].name != "" {
		if name := e.standard(s.X); name != "" && name != "Stdin" {
			recv, rt = Runtime+"."+name, e.typeOf(s.X)
		}
		return replacedMethod(recv, rt, m, e.args(c, sig), c.Pos())
	}
	call := e.callMethod(recv, rt, m, e.args(c, sig))
	switch m.FullName() {
	case "(*text/template.Template).Execute", "(*text/template.Template).ExecuteTemplate", "(*html/template.Template).Execute", "(*html/template.Template).ExecuteTemplate":
		return Runtime + ".TemplateError(" + call + ")"
	}
	return call
}

// spreadMethod lowers x.m(g()) with several values, where the receiver cannot stand beside them: first comes a function
// that holds the receiver, and that is called with the values.
func (e *emitter) spreadMethod(recv string, rt types.Type, m *types.Func, arg ast.Expr, tp *types.Tuple, sig *types.Signature) string {
	_, isPtr := types.Unalias(rt).Underlying().(*types.Pointer)
	_, wantsPtr := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer)
	if wantsPtr && !isPtr && !types.IsInterface(rt) {
		recv, rt = "&"+recv, types.NewPointer(rt)
	}
	n := sig.Params().Len()
	var params, values []string
	for i := range tp.Len() {
		from := tp.At(i).Type()
		p := "v" + sep + strconv.Itoa(i)
		params = append(params, p+" "+e.typ(from))
		values = append(values, e.convert(p, from, paramType(sig, min(i, n-1), false)))
	}
	results := e.signature(types.NewSignatureType(nil, nil, nil, nil, sig.Results(), false), nil, nil)[len("()"):]
	lit := "func(" + strings.Join(params, ", ") + ")" + results
	name := e.program.Fresh("spread" + sep)
	e.w(&e.funcs, "func %s(r %s) %s {\nreturn %s { %s%s }\n}\n", name, e.typ(rt), lit, lit, returns(sig), e.callMethod("r", rt, m, strings.Join(values, ", ")))
	return name + "(" + recv + ")(" + e.x(arg) + ")"
}

// replaced are functions of package run in place of compiled methods: of those that wait, so that an interrupt ends them (they are
// told where they wait); of the one that starts a goroutine, so that its panic does not end the process; of those that write a file, since os.Stdout is one and it matters which goroutine writes; and of
// those that would end the process.
var replaced = map[string]struct {
	name string
	at   bool // takes the position
}{
	"(*sync.WaitGroup).Wait": {"WaitGroupWait", true}, "(*sync.Mutex).Lock": {"MutexLock", true}, "(*sync.RWMutex).Lock": {"RWLock", true}, "(*sync.RWMutex).RLock": {"RWRLock", true},
	"(*sync.WaitGroup).Go": {"WaitGroupGo", true},
	"(*os.File).Write":     {"FileWrite", false}, "(*os.File).WriteString": {"FileWriteString", false},
	"(*flag.FlagSet).TextVar": {"TextVar", false},
	"(*log.Logger).Fatal":     {"LogFatal", false}, "(*log.Logger).Fatalf": {"LogFatalf", false}, "(*log.Logger).Fatalln": {"LogFatalln", false},
}

// replacedMethod writes the call of a method that is in replaced.
func replacedMethod(recv string, t types.Type, m *types.Func, args string, at token.Pos) string {
	f := replaced[m.FullName()]
	if _, isPtr := t.Underlying().(*types.Pointer); !isPtr {
		recv = "&" + recv
	}
	if args != "" {
		recv += ", " + args
	}
	if f.at {
		recv += fmt.Sprintf(", %d", at)
	}
	return Runtime + "." + f.name + "(" + recv + ")"
}

// args lowers the arguments of a call.
func (e *emitter) args(c *ast.CallExpr, sig *types.Signature) string {
	callee := e.callee(c)
	raw := e.rawArgs(callee)
	n := sig.Params().Len()
	if s := e.formatted(c, callee, sig); s != "" {
		return s
	}
	var out []string
	for i, a := range c.Args {
		if tp, ok := e.info.Types[a].Type.(*types.Tuple); ok && tp.Len() > 1 && len(c.Args) == 1 {
			return e.spreadArgs(c, a, tp, sig)
		}
		want := paramType(sig, min(i, n-1), c.Ellipsis.IsValid())
		if s := e.spreadToFmt(c, callee, a, i); s != "" {
			out = append(out, s)
			continue
		}
		if s := e.seen(callee, a, want); s != "" {
			out = append(out, s)
			continue
		}
		if s := e.recursiveArg(callee, a, want); s != "" {
			out = append(out, s)
			continue
		}
		if raw && isEmpty(want) && !types.IsInterface(e.typeOf(a)) {
			e.encodes(callee, a)
			out = append(out, e.x(a))
			continue
		}
		if inside, strict := e.looksInside(callee); inside && isEmpty(want) && !c.Ellipsis.IsValid() && !e.info.Types[a].IsNil() {
			out = append(out, fmt.Sprintf("%s.Plain(%s, %v)", Runtime, e.x(a), strict))
			continue
		}
		if c.Ellipsis.IsValid() && e.info.Types[a].IsNil() {
			out = append(out, "("+e.typ(want)+")(nil)")
			continue
		}
		if s := e.givenToFmt(callee, a, want); s != "" {
			out = append(out, s)
			continue
		}
		if sig.Variadic() && i >= n-1 && !isOfCompiled(callee) {
			out = append(out, e.one(a, want))
			continue
		}
		out = append(out, e.to(a, want))
	}
	if e.leavesOut(c, sig, callee) {
		return strings.Join(append(out, "("+e.typ(paramType(sig, n-1, true))+")(nil)..."), ", ")
	}
	s := strings.Join(out, ", ")
	if c.Ellipsis.IsValid() {
		if e.compiledVariable(c.Args[len(c.Args)-1]) {
			s += "[:]" // else the interpreter takes the slice for one of its elements
		}
		s += "..."
	}
	return s
}

// compiledVariable tells a variable that a compiled package exports.
func (e *emitter) compiledVariable(x ast.Expr) bool {
	switch y := ast.Unparen(x).(type) {
	case *ast.SelectorExpr:
		x = y.Sel
	case *ast.Ident:
		x = y
	default:
		return false
	}
	v, ok := e.info.Uses[x.(*ast.Ident)].(*types.Var)
	return ok && !v.IsField() && v.Pkg() != nil && !check.InSession(v) && v.Parent() == v.Pkg().Scope()
}

// leavesOut tells a call that gives nothing for the last parameter of a variadic function: it is nil, while the
// interpreter makes an empty slice.
func (e *emitter) leavesOut(c *ast.CallExpr, sig *types.Signature, callee types.Object) bool {
	return sig.Variadic() && !isOfCompiled(callee) && !c.Ellipsis.IsValid() && len(c.Args) == sig.Params().Len()-1
}

// isOfCompiled tells a function of a compiled package.
func isOfCompiled(callee types.Object) bool {
	f, ok := callee.(*types.Func)
	return ok && f.Pkg() != nil && !check.InSession(f)
}

// spreadArgs lowers f(g()) with several values: where a value must become an interface, it goes through a function that
// converts, in front of the call.
func (e *emitter) spreadArgs(c *ast.CallExpr, a ast.Expr, tp *types.Tuple, sig *types.Signature) string {
	n := sig.Params().Len()
	plain := true
	var params, values, results []string
	for i := range tp.Len() {
		from, want := tp.At(i).Type(), paramType(sig, min(i, n-1), false)
		p := "v" + sep + strconv.Itoa(i)
		v := e.convert(p, from, want)
		plain = plain && v == p
		params = append(params, p+" "+e.typ(from))
		values = append(values, v)
		results = append(results, e.typ(want))
	}
	if plain {
		return e.x(a)
	}
	name := e.program.Fresh("spread" + sep)
	e.w(&e.funcs, "func %s(%s) (%s) { return %s }\n", name, strings.Join(params, ", "), strings.Join(results, ", "), strings.Join(values, ", "))
	return name + "(" + e.x(a) + ")"
}

// rawArgs tells that values go to a compiled callee without boxes: all but those that print or keep them.
func (e *emitter) rawArgs(o types.Object) bool {
	f, ok := o.(*types.Func)
	if !ok || f.Pkg() == nil || check.InSession(f) {
		return false
	}
	switch f.Pkg().Path() {
	case "fmt":
		return strings.Contains(f.Name(), "can") // Scan and its kin want pointers
	case "reflect":
		return f.Name() != "TypeOf" && f.Name() != "DeepEqual"
	case "database/sql", "database/sql/driver":
		return f.Name() == "Scan" // the others ask for driver.Valuer
	case "log", "errors", "container/list", "container/heap", "container/ring", "sync", "sync/atomic", "context", "testing", "log/slog":
		return false
	}
	if strings.HasPrefix(f.Pkg().Path(), kernelPackages) || f.Pkg().Path() == kernPath { // they ask the session how to show a value of its types
		return false
	}
	return e.shim(f.Pkg().Path(), f.Name()) == nil
}

// errorsAs walks the chain in lowered code when the target is a session type.
func (e *emitter) errorsAs(c *ast.CallExpr) string {
	p, ok := e.typeOf(c.Args[1]).Underlying().(*types.Pointer)
	if !ok || !e.mentions(p.Elem()) {
		return ""
	}
	elem := p.Elem()
	take := fmt.Sprintf("if !%s.Is(x, %d) { return false }\n*p = %s\nreturn true", Runtime, e.typeID(elem), e.raw("x", elem))
	if types.IsInterface(elem) {
		take = "v, ok := " + e.asserter(elem) + "(x)\nif ok { *p = v }\nreturn ok"
	}
	box := fmt.Sprintf("%s.Box(%d, p)", Runtime, e.typeID(types.NewPointer(elem)))
	fn := e.helperFor("errorsAs"+e.key(elem), e.typ(elem), "(e error, p *%s) bool {\nreturn "+Runtime+".As(e, "+box+", func(x interface{}) bool {\n"+take+"\n})\n}")
	return fmt.Sprintf("%s(%s, %s)", fn, e.to(c.Args[0], check.ErrorType), e.x(c.Args[1]))
}

func (e *emitter) conversion(c *ast.CallExpr) string {
	t := e.info.Types[c.Fun].Type
	a := c.Args[0]
	if e.info.Types[a].IsNil() {
		if e.recursive(t) {
			return e.fold("nil", t)
		}
		return e.none(t)
	}
	if s := e.pointerConversion(c); s != "" {
		return s
	}
	if types.IsInterface(t) {
		v := e.to(a, t)
		if isEmpty(t) && strings.HasPrefix(v, Runtime+".Box(") {
			return v
		}
		return e.helper("as", e.typ(t), "(v %s) %s { return v }") + "(" + v + ")"
	}
	if s := e.recursiveConversion(c, t); s != "" {
		return s
	}
	return e.cast(t, bare(e.x(a)))
}

// selector lowers fields, method values and members of packages.
func (e *emitter) selector(x *ast.SelectorExpr) string {
	sel, ok := e.info.Selections[x]
	if !ok {
		return e.object(x.Pos(), e.info.Uses[x.Sel])
	}
	if sel.Kind() == types.FieldVal {
		s, _ := e.path(e.x(x.X), e.typeOf(x.X), sel.Index())
		return s
	}
	return e.methodValue(x, sel)
}

// methodExpr writes the function that a method expression stands for, whose first parameter is the receiver; it returns its
// name.
func (e *emitter) methodExpr(sel *types.Selection) string {
	sig := sel.Type().(*types.Signature)
	params, args := e.paramNames(sig)
	args = strings.TrimPrefix(strings.TrimPrefix(args, params[0]), ", ")
	idx := sel.Index()
	recv, rt := e.path(params[0], sel.Recv(), idx[:len(idx)-1])
	name := e.program.Fresh("expr" + sep)
	e.w(&e.funcs, "func %s%s {\n%s%s%s\n}\n", name, e.signature(sig, params, nil), wrapped(params[0], sel.Recv(), sel.Obj().(*types.Func)), returns(sig), e.callMethod(recv, rt, sel.Obj().(*types.Func), args))
	return name
}

// methodValue lowers x.M as a value: the receiver is evaluated now, by the parameter of a declared function.
func (e *emitter) methodValue(x *ast.SelectorExpr, sel *types.Selection) string {
	idx := sel.Index()
	recv, rt := e.path(e.x(x.X), e.typeOf(x.X), idx[:len(idx)-1])
	n, isPtr := derefNamed(rt)
	m := sel.Obj().(*types.Func)
	sig := sel.Type().(*types.Signature)
	_, wantsPtr := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer)
	switch {
	case wantsPtr && !isPtr && !types.IsInterface(rt):
		recv, rt = "&"+recv, types.NewPointer(rt)
	case !wantsPtr && isPtr && n != nil:
		recv, rt = "*"+recv, n
	}
	params, args := e.paramNames(sig)
	name := e.program.Fresh("value" + sep)
	e.w(&e.funcs, "func %s(r %s) %s {\n%sreturn func%s { %s%s }\n}\n", name, e.typ(rt), e.typ(sig), there("r", rt), e.signature(sig, params, nil), returns(sig), e.callMethod("r", rt, m, args))
	return name + "(" + recv + ")"
}

// there is the test that a value whose method is taken is no nil interface.
func there(v string, t types.Type) string {
	if !types.IsInterface(t) {
		return ""
	}
	return "if " + v + " == nil { " + Runtime + ".Nil(\"\", \"\") }\n"
}

// wrapped is the test of a pointer by which a method of the values is called, where Go says so: in method expressions and
// interfaces.
func wrapped(v string, t types.Type, m *types.Func) string {
	p, ok := types.Unalias(t).(*types.Pointer)
	if !ok || !types.Identical(p.Elem(), m.Signature().Recv().Type()) {
		return ""
	}
	return fmt.Sprintf("if %s == nil { %s.Nil(%q, %q) }\n", v, Runtime, typeName(p.Elem()), m.Name())
}

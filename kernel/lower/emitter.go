package lower

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// emitter lowers one function body, and with copies of itself the literals inside it.
type emitter struct {
	*lowerer
	info         *types.Info
	loc          map[types.Object]string
	cell         bool // the statements of the cell itself, where errors without a name stop it
	loops        []*loop
	fn           *function
	slot         string   // of the declared function that is lowered
	params       []string // names of the parameters of the last function head
	logic        int      // operands of && and || around what is being lowered
	severalTypes bool     // of the parts of the condition
}

// temp is a name that nothing else has: what cells name begins with their own letters.
func (l *lowerer) temp() string {
	l.temps++
	return sep + "t" + strconv.Itoa(l.temps)
}

func (e *emitter) w(b *strings.Builder, format string, args ...any) { fmt.Fprintf(b, format, args...) }

// locals is the map of local names, shared with literals.
func (e *emitter) localNames() map[types.Object]string {
	if e.loc == nil {
		e.loc = map[types.Object]string{}
	}
	return e.loc
}

// local is the fresh name of a local variable.
func (e *emitter) local(o types.Object) string {
	m := e.localNames()
	if m[o] == "" {
		e.temps++
		m[o] = o.Name() + sep + "l" + strconv.Itoa(e.temps)
	}
	return m[o]
}

// typeOf is the type of an expression; an untyped constant has its default type.
func (e *emitter) typeOf(x ast.Expr) types.Type {
	t := e.info.Types[x].Type
	if t == nil {
		if id, ok := x.(*ast.Ident); ok {
			if o := e.info.ObjectOf(id); o != nil {
				return o.Type()
			}
		}
		e.refuse(x.Pos(), "internal: no type for %s", check.Text(x))
	}
	if b, ok := t.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 && b.Kind() != types.UntypedNil {
		return types.Default(t)
	}
	return t
}

// to lowers x and converts it to the type it is assigned to.
func (e *emitter) to(x ast.Expr, want types.Type) string {
	if want == nil {
		return e.x(x)
	}
	if tv := e.info.Types[x]; tv.IsNil() {
		if e.recursive(want) {
			return e.fold("nil", want)
		}
		return "nil"
	} else if tv.Value != nil && !types.IsInterface(want) {
		return e.constant(x.Pos(), tv.Value, want)
	}
	if s := e.stream(x, want); s != "" {
		return s
	}
	if e.recursive(want) && !e.recursive(e.typeOf(x)) {
		return e.fold(e.x(x), want)
	}
	return e.convert(e.x(x), e.typeOf(x), want)
}

// one is to for one of any number of arguments: the interpreter takes nil for all of them.
func (e *emitter) one(x ast.Expr, want types.Type) string {
	if !e.info.Types[x].IsNil() {
		return e.to(x, want)
	}
	return e.helper("none", e.typ(want), "() %s { var v %s; return v }") + "()"
}

// stream replaces os.Stdin, os.Stdout and os.Stderr, where they become an io.Reader or io.Writer, by the kernel's own:
// these keep the order of the two outputs, and ask the user for input.
func (e *emitter) stream(x ast.Expr, want types.Type) string {
	n, ok := types.Unalias(want).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || n.Obj().Pkg().Path() != "io" {
		return ""
	}
	switch name := e.standard(x); n.Obj().Name() + " " + name {
	case "Reader Stdin", "Writer Stdout", "Writer Stderr":
		return Runtime + "." + name
	case "Writer ":
		if t := e.info.Types[x].Type; t != nil && t.String() == "*os.File" { // a variable that may hold one of them
			return Runtime + ".Writer(" + e.x(x) + ")"
		}
	}
	return ""
}

// standard is the name of os.Stdin, os.Stdout or os.Stderr, "" for any other expression.
func (e *emitter) standard(x ast.Expr) string {
	s, ok := ast.Unparen(x).(*ast.SelectorExpr)
	if !ok {
		return ""
	}
	v, ok := e.info.Uses[s.Sel].(*types.Var)
	if !ok || v.Pkg() == nil || v.Pkg().Path() != "os" {
		return ""
	}
	switch v.Name() {
	case "Stdin", "Stdout", "Stderr":
		return v.Name()
	}
	return ""
}

func isEmpty(t types.Type) bool {
	i, ok := t.Underlying().(*types.Interface)
	return ok && i.NumMethods() == 0
}

// convert converts a lowered value implicitly.
func (l *lowerer) convert(v string, from, want types.Type) string {
	if want == nil || !types.IsInterface(want) {
		return l.recast(v, from, want)
	}
	if b, ok := from.(*types.Basic); ok && b.Kind() == types.UntypedNil {
		return v
	}
	if types.IsInterface(from) {
		switch {
		case isCompiled(from) && !isCompiled(want):
			return Runtime + ".Inner(" + v + ")"
		case !isCompiled(from) && isCompiled(want):
			return l.narrow(want) + "(" + v + ")"
		}
		return v
	}
	if sl, ok := types.Unalias(from).(*types.Slice); ok && isEmpty(sl.Elem()) && !l.mentions(from) { // it would fill ...any
		return l.helper("as", l.typ(from), "(v %s) interface{} { return v }") + "(" + v + ")"
	}
	if !boxes(from) || isCompiled(want) && !l.mentions(from) {
		return v
	}
	if isCompiled(want) {
		return l.wrap(from, want) + "(" + v + ")"
	}
	return fmt.Sprintf("%s.Box(%d, %s)", Runtime, l.typeID(from), v)
}

// helper declares a function once per type t; %s in its text stands for t.
func (l *lowerer) helper(kind, t, text string) string {
	return l.helperFor(kind, t, text)
}

// helperFor is helper where the kind holds more than a word.
func (l *lowerer) helperFor(kind, t, text string) string {
	key := kind + sep + t
	word := strings.TrimRight(kind[:min(len(kind), 8)], "*[](){};, ")
	if i := strings.IndexFunc(word, func(r rune) bool { return r < 'a' || r > 'z' }); i >= 0 {
		word = word[:i]
	}
	if n := l.made[key]; n != "" {
		return n
	}
	name := l.program.Fresh(word + sep)
	l.set(l.made, key, name)
	fmt.Fprintf(&l.decls, "func %s%s\n", name, strings.ReplaceAll(text, "%s", t))
	return name
}

// object writes a use of an object.
func (e *emitter) object(p token.Pos, o types.Object) string {
	if n := e.program.Slots[o]; n != "" {
		if _, ok := o.(*types.Func); ok {
			return e.newest(n)
		}
		return n
	}
	switch o := o.(type) {
	case *types.Nil:
		return "nil"
	case *types.TypeName:
		return e.typ(o.Type())
	case *types.Builtin:
		return o.Name()
	}
	if o.Pkg() != nil && !check.InSession(o) {
		n := e.symbol(p, o)
		if v, ok := o.(*types.Var); ok {
			if _, ok := v.Type().Underlying().(*types.Basic); ok { // the interpreter would fold it into a constant
				return e.variable(v)
			}
		}
		return n
	}
	return e.local(o)
}

// variable reaches an exported variable of a compiled package through its address.
func (e *emitter) variable(v *types.Var) string {
	return fmt.Sprintf("*(%s.VarPtr(%q).(*%s))", Runtime, v.Pkg().Path()+"/"+v.Pkg().Name()+"."+v.Name(), e.typ(v.Type()))
}

// x lowers an expression.
func (e *emitter) x(x ast.Expr) string {
	tv := e.info.Types[x]
	if tv.Value != nil {
		return e.constant(x.Pos(), tv.Value, e.typeOf(x))
	}
	if tv.IsType() {
		return e.typ(tv.Type)
	}
	if fn := e.declared(x); fn != "" {
		if strings.HasPrefix(fn, Compiled) {
			return fn
		}
		return e.cast(e.typeOf(x), fn) // the interpreter's return and append take the name for no function
	}
	if e.folds(x) {
		return e.fold(e.unfolded(x), tv.Type)
	}
	switch x := x.(type) {
	case *ast.Ident:
		if x.Name == "_" {
			return "_"
		}
		o := e.info.ObjectOf(x)
		if o == nil {
			e.refuse(x.Pos(), "internal: no object for %s", x.Name)
		}
		return e.object(x.Pos(), o)
	case *ast.BasicLit:
		return x.Value
	case *ast.ParenExpr:
		switch ast.Unparen(x).(type) {
		case *ast.Ident, *ast.BasicLit, *ast.SelectorExpr, *ast.IndexExpr, *ast.CallExpr, *ast.BinaryExpr, *ast.StarExpr:
			return e.x(x.X) // the interpreter goes astray at (x) > 0 && y
		}
		return "(" + e.x(x.X) + ")"
	case *ast.FuncLit:
		return e.literal(x)
	case *ast.CompositeLit:
		return e.composite(x, "")
	case *ast.SelectorExpr:
		return e.selector(x)
	case *ast.IndexExpr:
		return e.index(x)
	case *ast.SliceExpr:
		return e.slice(x)
	case *ast.TypeAssertExpr:
		t := e.typeOf(x)
		if tp, ok := t.(*types.Tuple); ok {
			t = tp.At(0).Type()
		}
		return e.assert(e.x(x.X), e.typeOf(x.X), t)
	case *ast.StarExpr:
		return "(*" + e.x(x.X) + ")"
	case *ast.UnaryExpr:
		switch x.Op {
		case token.AND:
			if lit, ok := ast.Unparen(x.X).(*ast.CompositeLit); ok && (e.logic > 0 || e.blankCall(lit)) {
				return e.composite(lit, "&")
			}
			return "&" + e.x(ast.Unparen(x.X))
		case token.ARROW:
			return e.recv(x.X)
		}
		if x.Op == token.NOT {
			s := e.not(x.X)
			if t := e.typeOf(x); !e.conditionsAre(t, x.X) {
				return e.cast(t, bare(s))
			}
			return s
		}
		return "(" + x.Op.String() + e.x(x.X) + ")"
	case *ast.BinaryExpr:
		return e.binary(x)
	case *ast.CallExpr:
		return e.call(x)
	case *ast.KeyValueExpr:
		return e.x(x.Key) + ": " + e.x(x.Value)
	}
	e.refuse(x.Pos(), "internal: cannot lower %T", x)
	return ""
}

func (e *emitter) index(x *ast.IndexExpr) string {
	switch u := e.typeOf(x.X).Underlying().(type) {
	case *types.Map:
		return e.x(x.X) + "[" + e.mapKey(x.Index, u.Key()) + "]"
	}
	if s := e.array(x.X); s != "" {
		return s + "[" + e.x(x.Index) + "]"
	}
	return e.x(x.X) + "[" + e.x(x.Index) + "]"
}

// mapKey lowers a key. In a compiled interface other than error a value of a session type is a struct of functions, which
// is no key: package run has one pointer for all that are equal.
func (e *emitter) mapKey(x ast.Expr, key types.Type) string {
	if from := e.typeOf(x); isCompiled(key) && (types.IsInterface(from) || e.mentions(from)) && !types.Identical(key, check.ErrorType) && !e.info.Types[x].IsNil() {
		return e.helper("key", e.typ(key), "(k %s) %s {\nr, _ := "+Runtime+".Key(k).(%s)\nreturn r\n}") + "(" + e.to(x, key) + ")"
	}
	if e.info.Types[x].IsNil() && (isCompiled(key) || !types.IsInterface(key)) { // the interpreter wants to know of which type
		return e.helper("nil", e.typ(key), "() %s { var v %s; return v }") + "()"
	}
	return e.to(x, key)
}

func (e *emitter) slice(x *ast.SliceExpr) string {
	s := e.array(x.X)
	if s == "" {
		s = e.x(x.X)
	}
	s += "["
	if x.Low != nil {
		s += e.x(x.Low)
	}
	s += ":"
	if x.High != nil {
		s += e.x(x.High)
	}
	if x.Slice3 {
		s += ":" + e.x(x.Max)
	}
	return s + "]"
}

// declared is the name of the declared function of lowered code that x stands for, or "".
func (e *emitter) declared(x ast.Expr) string {
	x = ast.Unparen(x)
	switch f := x.(type) {
	case *ast.IndexExpr:
		x = f.X
	case *ast.IndexListExpr:
		x = f.X
	case *ast.Ident:
		if f, ok := e.info.Uses[f].(*types.Func); ok && e.program.Slots[f] != "" && f.Signature().TypeParams() == nil {
			return e.newest(e.program.Slots[f])
		}
	case *ast.SelectorExpr:
		if sel := e.info.Selections[f]; sel != nil {
			if sel.Kind() == types.MethodExpr {
				return e.methodExpr(sel)
			}
			return ""
		}
	default:
		return ""
	}
	if in := e.instance(x); in != "" {
		return e.newest(in)
	}
	return ""
}

// instance is the slot of the instance of a generic function that x stands for, or "".
func (e *emitter) instance(x ast.Expr) string {
	var id *ast.Ident
	switch x := x.(type) {
	case *ast.Ident:
		id = x
	case *ast.SelectorExpr:
		id = x.Sel
	default:
		return ""
	}
	in, ok := e.info.Instances[id]
	if !ok {
		return ""
	}
	f, ok := e.info.Uses[id].(*types.Func)
	if !ok {
		return ""
	}
	return e.funcInstance(id.Pos(), f, in.TypeArgs)
}

// binary lowers an operation of two operands. A comparison of an interface with a concrete value converts the value first.
func (e *emitter) binary(x *ast.BinaryExpr) string {
	lt, rt := e.typeOf(x.X), e.typeOf(x.Y)
	switch x.Op {
	case token.EQL, token.NEQ:
		if (types.IsInterface(lt) || types.IsInterface(rt)) && !e.info.Types[x.X].IsNil() && !e.info.Types[x.Y].IsNil() {
			empty := types.NewInterfaceType(nil, nil)
			return e.equal(x.Op, e.to(x.X, empty), e.to(x.Y, empty))
		}
	case token.LAND, token.LOR:
		s := e.cond(x)
		if t := e.typeOf(x); !e.conditionsAre(t, x) {
			return e.cast(t, bare(s))
		}
		return s
	case token.SHL, token.SHR:
		return "(" + e.x(x.X) + " " + x.Op.String() + " " + e.count(x.Y) + ")"
	}
	if compare := x.Op == token.EQL || x.Op == token.NEQ; compare && holdsCompiled(lt) && holdsCompiled(rt) {
		return map[token.Token]string{token.EQL: "", token.NEQ: "(!"}[x.Op] + Runtime + ".Same(" + e.x(x.X) + ", " + e.x(x.Y) + ")" + map[token.Token]string{token.NEQ: ")"}[x.Op]
	}
	want := lt
	if e.info.Types[x.X].Value != nil || e.info.Types[x.X].IsNil() || !types.AssignableTo(rt, lt) {
		want = rt
	}
	return "(" + e.operand(x.X, want) + " " + x.Op.String() + " " + e.divisor(x.Op, x.Y, want) + ")"
}

// divisor lowers the right operand of an operation: the interpreter refuses a constant zero under a float or complex number.
func (e *emitter) divisor(op token.Token, x ast.Expr, want types.Type) string {
	if op == token.QUO || op == token.QUO_ASSIGN {
		if v := e.valueOf(x); v.Kind() != constant.Unknown && constant.Sign(v) == 0 {
			return e.helper("none", e.typ(want), "() %s { var v %s; return v }") + "()"
		}
	}
	return e.operand(x, want)
}

// operand lowers an operand of a type that its operation may mix with another: a struct or array without a name gets that
// of the other operand, a channel its direction.
func (e *emitter) operand(x ast.Expr, want types.Type) string {
	if e.unseen(x) && !types.IsInterface(want) {
		return e.mixed(e.loaded(x), e.typeOf(x), want)
	}
	s := e.to(x, want)
	if tv := e.info.Types[x]; tv.Value == nil && !tv.IsNil() {
		return e.mixed(s, e.typeOf(x), want)
	}
	return s
}

// mixed is operand for a lowered value.
func (e *emitter) mixed(s string, from, want types.Type) string {
	if !types.Identical(from, want) {
		switch want.Underlying().(type) {
		case *types.Struct, *types.Array, *types.Chan, *types.Pointer:
			return e.cast(want, s)
		}
	}
	return s
}

// bare takes away parentheses around a whole expression: to the interpreter they are a step of their own. A composite literal
// in a condition needs them.
func bare(s string) string {
	if len(s) < 2 || s[0] != '(' || s[len(s)-1] != ')' || strings.ContainsAny(s, "\"'`{\n") {
		return s
	}
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 && i < len(s)-1 {
				return s
			}
		}
	}
	return s[1 : len(s)-1]
}

// count lowers the right operand of a shift: the interpreter takes a negative one for a large one.
func (e *emitter) count(x ast.Expr) string {
	if v := constant.ToInt(e.valueOf(x)); v.Kind() == constant.Int { // 2.0 and 2+0i, too
		if constant.BitLen(v) > 63 {
			return "uint64(" + v.ExactString() + ")"
		}
		return v.ExactString()
	}
	s := e.x(x)
	if e.natural(x) {
		switch ast.Unparen(x).(type) {
		case *ast.BinaryExpr, *ast.UnaryExpr: // the interpreter would compute it in the type of what is assigned
			return e.cast(e.typeOf(x), bare(s))
		}
		return s
	}
	t := e.typ(e.typeOf(x).Underlying())
	return e.helper("count", t, "(n %s) uint64 {\nif n < 0 { "+Runtime+".BadShift() }\nreturn uint64(n)\n}") + "(" + t + "(" + s + "))"
}

// valueOf is the value of a constant expression, or an unknown one.
func (e *emitter) valueOf(x ast.Expr) constant.Value {
	if v := e.info.Types[x].Value; v != nil {
		return v
	}
	return constant.MakeUnknown()
}

// natural tells expressions that cannot be negative.
func (e *emitter) natural(x ast.Expr) bool {
	x = ast.Unparen(x)
	if b, ok := e.typeOf(x).Underlying().(*types.Basic); ok && b.Info()&types.IsUnsigned != 0 || e.info.Types[x].Value != nil {
		return true
	}
	switch x := x.(type) {
	case *ast.Ident:
		return e.counters[e.info.Uses[x]]
	case *ast.BinaryExpr:
		switch x.Op {
		case token.AND:
			return e.natural(x.X) || e.natural(x.Y)
		case token.REM, token.QUO, token.SHR:
			return e.natural(x.X) && (x.Op == token.SHR || e.natural(x.Y))
		}
	case *ast.CallExpr:
		if b, ok := e.callee(x).(*types.Builtin); ok {
			return b.Name() == "len" || b.Name() == "cap"
		}
	}
	return false
}

// counter notes a loop variable that starts from zero or more and only grows.
func (e *emitter) counter(o types.Object) {
	if e.counters == nil {
		e.counters = map[types.Object]bool{}
	}
	e.counters[o] = true
}

// equal compares two values of interface types.
func (e *emitter) equal(op token.Token, a, b string) string {
	s := Runtime + ".Equal(" + a + ", " + b + ")"
	if op == token.NEQ {
		return "(!" + s + ")"
	}
	return s
}

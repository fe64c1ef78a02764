package lower

import (
	"go/ast"
	"go/token"
	"go/types"

	"gonverge/kernel/check"
)

// Recursive types. Nothing but a struct can mention itself in the interpreter, and reflection, from which it takes its types,
// can make nothing else that does. So a type like `type S []S` is a struct of one field in lowered code,
//
//	type S struct { v []S }
//
// and whatever is done with the list inside is done with that field. What the spec leaves unsaid is said: where a value of
// S is used as the slice that it is, it is unfolded, s.v; where a slice becomes one of S, it is folded, S{v: x}. Nothing is
// copied but the header, so what is shared, aliased or nil stays so. The places are known from the check:
//
//   - Operands: what is indexed, called, followed, received from, ranged over, compared, or given to a predeclared function.
//     Their syntax is put inside a conversion to the underlying type before a body is lowered, and taken out again behind it.
//   - Values that become variables, arguments, results, elements: convert does it, as it does for interfaces.
//   - Conversions, composite literals, and what has the type of its operand: slices of slices, make, append.
//
// In an interface such a value is a box like any other (interface.go), with the number of its type.

// heldField is the field of the struct that lowered code has for a recursive type. Package run knows it by its being there.
const heldField = "v" + sep

// noteRecursive finds out whether the cell declares recursive types: where no cell ever did, nothing below costs anything.
func (s *State) noteRecursive(info *types.Info) {
	for _, o := range info.Defs {
		if t, ok := o.(*types.TypeName); ok && !s.recursion {
			n, ok := t.Type().(*types.Named)
			s.recursion = ok && (refersStraight(n) || n.TypeParams().Len() > 0 && !isStructOrInterface(n))
		}
	}
}

// recursive tells a type that is a struct in lowered code though it is none.
func (l *lowerer) recursive(t types.Type) bool {
	if !l.recursion || t == nil {
		return false
	}
	n, ok := types.Unalias(t).(*types.Named)
	if !ok || n.Obj().Pkg() == nil || !check.InSession(n.Obj()) {
		return false
	}
	is, known := l.recursives[n]
	if !known {
		if l.recursives == nil {
			l.recursives = map[*types.Named]bool{}
		}
		is = refersStraight(n)
		l.recursives[n] = is
	}
	return is
}

// refersStraight tells a type with a name, neither struct nor interface, that is made of itself without a struct with a name
// in between.
func refersStraight(n *types.Named) bool {
	return !isStructOrInterface(n) && refersTo(n.Underlying(), n, false, map[types.Type]bool{})
}

func isStructOrInterface(n *types.Named) bool {
	switch n.Underlying().(type) {
	case *types.Struct, *types.Interface:
		return true
	}
	return false
}

// holder is the struct that lowered code has for a type with a name: its own, that of a recursive type, or nil.
func (l *lowerer) holder(n *types.Named) *types.Struct {
	if l.recursive(n) {
		return types.NewStruct([]*types.Var{types.NewField(token.NoPos, n.Obj().Pkg(), heldField, n.Underlying(), false)}, nil)
	}
	st, _ := n.Underlying().(*types.Struct)
	return st
}

// fold makes a value of a recursive type from one of its underlying type.
func (l *lowerer) fold(v string, t types.Type) string {
	if v == "nil" {
		return l.typ(t) + "{}"
	}
	return l.typ(t) + "{" + heldField + ": " + v + "}"
}

// fold does it by a call where a literal cannot be: see composite.
func (e *emitter) fold(v string, t types.Type) string {
	if e.logic == 0 {
		return e.lowerer.fold(v, t)
	}
	return e.foldCall(v, t)
}

// foldCall folds by a call, which may also stand where the interpreter would put a literal in place of a variable: see assign.
func (l *lowerer) foldCall(v string, t types.Type) string {
	return l.helper("fold", l.typ(t), "(v "+l.typ(t.Underlying())+") %s { return %s{"+heldField+": v} }") + "(" + v + ")"
}

// held writes the value inside one of a recursive type.
func held(v string) string {
	switch v[0] {
	case '*', '&', '<':
		v = "(" + v + ")"
	}
	return v + "." + heldField
}

// recast converts a value between a recursive type and its underlying one, where Go sees no difference.
func (l *lowerer) recast(v string, from, want types.Type) string {
	if !l.recursion || want == nil || from == nil {
		return v
	}
	in, out := l.recursive(from), l.recursive(want)
	switch {
	case in == out:
		return v
	case in:
		return held(v)
	}
	return l.foldCall(v, want)
}

// unfolded lowers an expression of a recursive type as one of its underlying type.
func (e *emitter) unfolded(x ast.Expr) string {
	if !e.folds(x) {
		return held(e.x(x))
	}
	x = ast.Unparen(x)
	tv := e.info.Types[x]
	was := tv
	tv.Type = tv.Type.Underlying()
	e.info.Types[x] = tv
	defer func() { e.info.Types[x] = was }()
	if c, ok := x.(*ast.CallExpr); ok && e.info.Types[c.Fun].IsType() {
		return e.underlying(c, tv.Type)
	}
	return e.x(x)
}

// folds tells an expression of a recursive type that makes a value of the underlying one first.
func (e *emitter) folds(x ast.Expr) bool {
	if !e.recursion {
		return false
	}
	x = ast.Unparen(x)
	switch y := x.(type) {
	case *ast.SliceExpr, *ast.CompositeLit:
	case *ast.CallExpr:
		if tv := e.info.Types[y.Fun]; !tv.IsBuiltin() && !tv.IsType() {
			return false
		} else if id, ok := ast.Unparen(y.Fun).(*ast.Ident); tv.IsBuiltin() && (!ok || id.Name != "append" && id.Name != "make") {
			return false
		}
	default:
		return false
	}
	return e.recursive(e.info.Types[x].Type)
}

// recursiveConversion lowers T(x) where one of the types is recursive, or a pointer to one that is; "" elsewhere.
func (e *emitter) recursiveConversion(c *ast.CallExpr, t types.Type) string {
	if !e.recursion {
		return ""
	}
	from := e.typeOf(c.Args[0])
	switch {
	case types.Identical(from, t) && e.recursive(t):
		return e.x(c.Args[0])
	case e.recursive(t):
		return e.fold(e.underlying(c, t.Underlying()), t)
	case e.recursive(from):
		return e.underlying(c, t)
	}
	p, isPtr := from.Underlying().(*types.Pointer)
	q, toPtr := t.Underlying().(*types.Pointer)
	if !isPtr || !toPtr || e.recursive(p.Elem()) == e.recursive(q.Elem()) {
		return ""
	}
	if e.recursive(q.Elem()) {
		e.refuse(c.Pos(), "a pointer to %s cannot become one to %s in cells: a type that refers to itself is kept in another form; convert the value", typeName(p.Elem()), typeName(q.Elem()))
	}
	return e.helperFor("inside"+e.key(from), e.typ(t), "(p "+e.typ(from)+") %s {\nif p == nil { return nil }\nreturn &p."+heldField+"\n}") + "(" + e.x(c.Args[0]) + ")"
}

// underlying lowers the argument of a conversion as a value of type t, which is not recursive.
func (e *emitter) underlying(c *ast.CallExpr, t types.Type) string {
	a := c.Args[0]
	from, v := e.typeOf(a), ""
	switch {
	case e.info.Types[a].IsNil():
		return e.none(t)
	case e.recursive(from):
		v, from = e.unfolded(a), from.Underlying()
	default:
		v = e.x(a)
	}
	if types.Identical(from, t) {
		return v
	}
	return e.cast(t, bare(v))
}

// recursiveArg lowers an argument of a compiled function that looks into it, where it holds values of recursive types; ""
// elsewhere. Encoders get a copy that is unfolded all the way down, or fill such values level by level.
func (e *emitter) recursiveArg(callee types.Object, a ast.Expr, want types.Type) string {
	f, ok := callee.(*types.Func)
	if !e.recursion || !ok || f.Pkg() == nil || !isEmpty(want) || !e.rawArgs(callee) || e.info.Types[a].IsNil() {
		return ""
	}
	t, path := e.typeOf(a), f.Pkg().Path()
	if types.IsInterface(t) || !e.holdsRecursive(t, map[types.Type]bool{}) {
		return ""
	}
	e.encodes(callee, a)
	switch {
	case path == "encoding/xml" || path == "encoding/gob":
		e.refuse(a.Pos(), "%s cannot see %s as Go does, because it is made of a type that refers to itself and is no struct", f.Pkg().Name(), typeName(t))
	case encoders[path]:
		return Runtime + ".Expand(" + e.x(a) + ")"
	case e.recursive(t):
		return e.unfolded(a)
	}
	return ""
}

// holdsRecursive tells whether values of a type hold some of recursive types, but for what interfaces and functions hide.
func (l *lowerer) holdsRecursive(t types.Type, seen map[types.Type]bool) bool {
	if l.recursive(t) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch u := t.Underlying().(type) {
	case *types.Map:
		return l.holdsRecursive(u.Key(), seen) || l.holdsRecursive(u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			if l.holdsRecursive(f.Type(), seen) {
				return true
			}
		}
	case interface{ Elem() types.Type }:
		return l.holdsRecursive(u.Elem(), seen)
	}
	return false
}

// unfolding puts conversions around operands.
type unfolding struct {
	l    *lowerer
	info *types.Info
	undo []func()
}

// unfold puts every operand of a recursive type in a body inside a conversion to its underlying type. The function that it
// returns takes them out again: a declaration may be checked once more.
func (l *lowerer) unfold(info *types.Info, body ast.Node) (restore func()) {
	if !l.recursion {
		return func() {}
	}
	u := &unfolding{l: l, info: info}
	ast.Inspect(body, func(n ast.Node) bool {
		if n != nil {
			u.node(n)
		}
		return true
	})
	return func() {
		for i := len(u.undo) - 1; i >= 0; i-- {
			u.undo[i]()
		}
	}
}

func (u *unfolding) node(n ast.Node) {
	switch n := n.(type) {
	case *ast.IndexExpr:
		u.array(&n.X, false)
	case *ast.SliceExpr:
		u.array(&n.X, false)
	case *ast.RangeStmt:
		u.array(&n.X, true)
	case *ast.StarExpr:
		u.operand(&n.X)
	case *ast.SelectorExpr:
		if s := u.info.Selections[n]; s != nil && s.Kind() == types.FieldVal {
			u.operand(&n.X)
		}
	case *ast.UnaryExpr:
		if n.Op == token.ARROW {
			u.operand(&n.X)
		}
	case *ast.SendStmt:
		u.operand(&n.Chan)
	case *ast.BinaryExpr:
		if n.Op == token.EQL || n.Op == token.NEQ {
			u.compared(&n.X, &n.Y)
		}
	case *ast.SwitchStmt:
		if n.Tag != nil && u.l.recursive(u.info.TypeOf(n.Tag)) {
			u.operand(&n.Tag)
			for _, s := range n.Body.List {
				for i := range s.(*ast.CaseClause).List {
					u.operand(&s.(*ast.CaseClause).List[i])
				}
			}
		}
	case *ast.CallExpr:
		u.call(n)
	}
}

func (u *unfolding) compared(x, y *ast.Expr) {
	for _, p := range []*ast.Expr{x, y} {
		if t := u.info.TypeOf(*p); t == nil || types.IsInterface(t) {
			return
		}
	}
	u.operand(x)
	u.operand(y)
}

func (u *unfolding) call(c *ast.CallExpr) {
	tv := u.info.Types[c.Fun]
	switch {
	case tv.IsType():
		return
	case !tv.IsBuiltin():
		u.operand(&c.Fun)
		return
	}
	id, ok := ast.Unparen(c.Fun).(*ast.Ident)
	if !ok {
		return
	}
	switch id.Name {
	case "len", "cap", "clear", "close", "delete":
		u.operand(&c.Args[0])
	case "copy":
		u.operand(&c.Args[0])
		u.operand(&c.Args[1])
	case "append":
		u.operand(&c.Args[0])
		if c.Ellipsis.IsValid() {
			u.operand(&c.Args[len(c.Args)-1])
		}
	}
}

// operand converts one to its underlying type; one of another type stays.
func (u *unfolding) operand(p *ast.Expr) {
	x := *p
	if tv, ok := u.info.Types[x]; ok && !tv.IsValue() {
		return
	}
	if t := u.info.TypeOf(x); t != nil && u.l.recursive(t) {
		u.replace(p, u.converted(x, t.Underlying()))
	}
}

// array is operand for what may also be a pointer to an array, which is followed; with pointer it stays one.
func (u *unfolding) array(p *ast.Expr, pointer bool) {
	u.operand(p)
	x := *p
	t := u.info.TypeOf(x)
	if tv, ok := u.info.Types[x]; ok && !tv.IsValue() || t == nil {
		return
	}
	ptr, ok := t.Underlying().(*types.Pointer)
	if !ok || !u.l.recursive(ptr.Elem()) {
		return
	}
	star := &ast.StarExpr{Star: x.Pos(), X: x}
	u.is(star, ptr.Elem())
	y := u.converted(star, ptr.Elem().Underlying())
	if pointer {
		amp := &ast.UnaryExpr{OpPos: x.Pos(), Op: token.AND, X: y}
		u.is(amp, types.NewPointer(ptr.Elem().Underlying()))
		y = amp
	}
	u.replace(p, y)
}

// converted is the conversion of x to an underlying type.
func (u *unfolding) converted(x ast.Expr, t types.Type) ast.Expr {
	fun := &ast.Ident{NamePos: x.Pos(), Name: heldField}
	tv := typeMode
	tv.Type = t
	u.info.Types[fun] = tv
	c := &ast.CallExpr{Fun: fun, Lparen: x.Pos(), Args: []ast.Expr{x}, Rparen: x.End()}
	u.is(c, t)
	return c
}

// is notes the type of a new expression.
func (u *unfolding) is(x ast.Expr, t types.Type) {
	tv := valueMode
	tv.Type = t
	u.info.Types[x] = tv
}

func (u *unfolding) replace(p *ast.Expr, x ast.Expr) {
	was := *p
	*p = x
	u.undo = append(u.undo, func() { *p = was })
}

// typeMode and valueMode are what the check says of a type and of a value, which only it can make.
var typeMode, valueMode = mode("int"), mode("*new(int)")

func mode(src string) types.TypeAndValue {
	tv, err := types.Eval(token.NewFileSet(), nil, token.NoPos, src)
	if err != nil {
		panic(err) // our own source
	}
	return tv
}

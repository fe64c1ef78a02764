package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"gonverge/kernel/check"
)

// lhs lowers the left side of an assignment.
func (e *emitter) lhs(x ast.Expr) string {
	x = ast.Unparen(x)
	switch s := x.(type) {
	case *ast.SelectorExpr:
		if v, ok := e.info.Uses[s.Sel].(*types.Var); ok && e.info.Selections[s] == nil && v.Pkg() != nil && !check.InSession(v) {
			e.symbol(x.Pos(), v)
			return e.variable(v)
		}
	case *ast.StarExpr:
		return "*" + e.x(s.X)
	}
	return e.x(x)
}

func (e *emitter) varSpec(b *strings.Builder, sp *ast.ValueSpec) {
	if len(sp.Values) > 0 {
		a := &ast.AssignStmt{Tok: token.DEFINE, TokPos: sp.Pos(), Rhs: sp.Values}
		for _, n := range sp.Names {
			a.Lhs = append(a.Lhs, n)
		}
		e.guard(b, sp.Pos(), a)
		e.assign(b, a, true)
		return
	}
	for _, n := range sp.Names {
		if n.Name == "_" {
			continue
		}
		o := e.info.Defs[n]
		if g := e.program.Slots[o]; g != "" { // again: a variable of the session starts from zero
			t := e.temp()
			e.w(b, "var %s %s\n%s = %s\n", t, e.typ(o.Type()), g, t)
		} else {
			e.w(b, "var %s %s\n", e.local(o), e.typ(o.Type()))
		}
	}
}

// assign lowers assignments and definitions.
func (e *emitter) assign(b *strings.Builder, st *ast.AssignStmt, define bool) {
	if st.Tok != token.ASSIGN && st.Tok != token.DEFINE {
		l := e.lhs(st.Lhs[0])
		if ix, ok := ast.Unparen(st.Lhs[0]).(*ast.IndexExpr); ok && isMap(e.typeOf(ix.X)) && e.executes(st.Rhs[0]) { // it is written where it was read
			l = e.target(st.Lhs[0], func(x string) string {
				t := e.temp()
				e.w(b, "%s := %s\n", t, x)
				return t
			})
		}
		if st.Tok == token.SHL_ASSIGN || st.Tok == token.SHR_ASSIGN {
			e.w(b, "%s %s %s\n", l, st.Tok, e.count(st.Rhs[0]))
		} else {
			e.w(b, "%s %s %s\n", l, st.Tok, bare(e.divisor(st.Tok, st.Rhs[0], e.typeOf(st.Lhs[0]))))
		}
		return
	}
	names, want := e.targets(b, st.Lhs, define)
	if !define && (len(st.Lhs) == 1 || len(st.Rhs) == 1) {
		e.operandsFirst(b, st, names)
	}
	if len(st.Rhs) == 1 {
		if c, ok := check.Unwrap(st.Rhs[0]); ok && e.cell {
			e.checkedAssign(b, names, want, c)
			return
		}
	}
	if len(st.Rhs) != len(st.Lhs) {
		e.multi(b, names, want, st.Rhs[0])
		return
	}
	var r []string
	for i, x := range st.Rhs {
		w := want[i]
		if w == nil { // blank
			w = e.typeOf(x)
			if bt, ok := w.(*types.Basic); ok && bt.Kind() == types.UntypedNil {
				w = types.NewInterfaceType(nil, nil)
			}
		}
		if ix, ok := ast.Unparen(st.Lhs[i]).(*ast.IndexExpr); ok && w != nil {
			r = append(r, e.toElement(x, e.typeOf(ix.X), w))
			continue
		}
		r = append(r, e.to(x, w))
	}
	switch {
	case len(names) == 1 && names[0] == "_":
		t := e.temp()
		e.w(b, "%s := %s\n_ = %s\n", t, r[0], t)
	case len(names) == 1 && (e.outlives(st.Lhs[0]) && calls(st.Rhs[0]) || want[0] != nil && types.IsInterface(want[0]) && e.operates(st.Rhs[0]) || e.displaces(st.Lhs[0], st.Rhs[0], want[0], define)):
		// The interpreter writes what an operation gives past an interface, or as what the interface held before. A call that is stopped returns zeros: in a statement of its own they are never assigned.
		t := e.temp()
		e.w(b, "%s := %s\n%s = %s\n", t, r[0], names[0], t)
	case len(names) > 1 && (!allBasic(want, st.Rhs) || e.executes(st.Lhs...) || !e.parallel(st.Lhs, st.Rhs, names, r)): // the interpreter loses functions, literals and interfaces in a parallel assignment
		e.oneByOne(b, st.Lhs, names, want, r)
	default:
		for i := range r {
			r[i] = bare(r[i])
		}
		e.w(b, "%s = %s\n", strings.Join(names, ", "), strings.Join(r, ", "))
	}
}

// displaces tells whether the right side is the literal of a struct: the interpreter puts a new struct in place of the
// variable on the left side then, and who points to the variable, or has captured it, is left with the old one.
func (e *emitter) displaces(to, x ast.Expr, want types.Type, define bool) bool {
	id, ok := ast.Unparen(to).(*ast.Ident)
	if !ok || define && !e.outlives(to) {
		return false
	}
	if !e.isStructLiteral(x, want) {
		return false
	}
	o := e.info.ObjectOf(id)
	if e.outlives(to) || o.Pos() < e.fn.body.Pos() || o.Pos() >= e.fn.body.End() { // of the session, a parameter, or of the function around
		return true
	}
	return e.captured(map[types.Object]bool{o: true}, e.fn.body)
}

// isStructLiteral tells whether a value that becomes one of a type is the literal of a struct in lowered code.
func (e *emitter) isStructLiteral(x ast.Expr, want types.Type) bool {
	if e.recursive(want) {
		return e.folds(x) || !e.recursive(e.typeOf(x))
	}
	if _, ok := ast.Unparen(x).(*ast.CompositeLit); !ok {
		return false
	}
	_, ok := e.typeOf(x).Underlying().(*types.Struct)
	return ok
}

// operandsFirst keeps the operands of the left side that call something, where the right side calls something too, since the
// interpreter would evaluate the right side first; and those of what is assigned after something else.
func (e *emitter) operandsFirst(b *strings.Builder, st *ast.AssignStmt, names []string) {
	right := e.executes(st.Rhs...)
	for i, x := range st.Lhs {
		if _, plain := ast.Unparen(x).(*ast.Ident); !plain && (right && e.executes(x) || i > 0 && !e.isPlace(x)) {
			names[i] = e.target(x, func(v string) string {
				t := e.temp()
				e.w(b, "%s := %s\n", t, v)
				return t
			})
		}
	}
}

// parallel tells whether the interpreter's own parallel assignment does what Go says: it looks for some places only when it
// comes to them, for others before it assigns anything. What stands on both sides, as in a swap, exists, and may be used
// unless a variable in it is assigned before.
func (e *emitter) parallel(lhs, rhs []ast.Expr, names, values []string) bool {
	assigned := map[types.Object]bool{}
	for i, x := range lhs {
		if names[i] == "_" && !plain(rhs[i]) {
			return false // it would not be evaluated
		}
		if i > 0 && !e.isPlace(x) {
			if !slices.ContainsFunc(values, func(v string) bool { return bare(v) == bare(names[i]) }) || !e.fixed(x, assigned) {
				return false
			}
		}
		if id, ok := ast.Unparen(x).(*ast.Ident); ok {
			assigned[e.info.ObjectOf(id)] = true
		}
	}
	return true
}

// isPlace tells a variable, or a field of one: there it cannot fail.
func (e *emitter) isPlace(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return true
	case *ast.SelectorExpr:
		sel := e.info.Selections[x]
		return sel == nil || sel.Kind() == types.FieldVal && !sel.Indirect() && e.isPlace(x.X)
	}
	return false
}

// fixed tells an element, a field or *p that assignments of numbers, strings and booleans to other places cannot move.
func (e *emitter) fixed(x ast.Expr, assigned map[types.Object]bool) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		return !assigned[e.info.ObjectOf(x)]
	case *ast.SelectorExpr:
		return e.fixed(x.X, assigned)
	case *ast.StarExpr:
		return e.fixed(x.X, assigned)
	case *ast.IndexExpr:
		moves := false
		ast.Inspect(x.Index, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.Ident:
				moves = moves || assigned[e.info.ObjectOf(n)]
			case *ast.SelectorExpr, *ast.StarExpr, *ast.IndexExpr:
				moves = true
			}
			return true
		})
		return !moves && !isMap(e.typeOf(x.X)) && e.fixed(x.X, assigned)
	}
	return false
}

// executes tells whether expressions call functions or receive, so that the order of their evaluation can be seen.
func (e *emitter) executes(xs ...ast.Expr) (found bool) {
	for _, x := range xs {
		ast.Inspect(x, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.CallExpr:
				tv := e.info.Types[n.Fun]
				found = found || !tv.IsType() && !tv.IsBuiltin()
			case *ast.UnaryExpr:
				found = found || n.Op == token.ARROW
			}
			return !found
		})
	}
	return found
}

// operates tells what an operation computes.
func (e *emitter) operates(x ast.Expr) bool {
	x = ast.Unparen(x)
	if e.info.Types[x].Value != nil {
		return false
	}
	u, ok := x.(*ast.UnaryExpr)
	_, two := x.(*ast.BinaryExpr)
	return two || ok && u.Op != token.AND && u.Op != token.ARROW
}

// outlives tells whether the left side may be seen after the function has ended.
func (e *emitter) outlives(x ast.Expr) bool {
	id, ok := ast.Unparen(x).(*ast.Ident)
	return !ok || e.program.Slots[e.info.ObjectOf(id)] != ""
}

// calls tells whether an expression is, on the outside, a call in lowered code.
func calls(x ast.Expr) bool {
	switch x := ast.Unparen(x).(type) {
	case *ast.CallExpr, *ast.FuncLit, *ast.TypeAssertExpr, *ast.SelectorExpr:
		return true
	case *ast.UnaryExpr:
		return x.Op == token.ARROW
	}
	return false
}

// oneByOne lowers a parallel assignment to single ones: first the operands of the left side, then the values.
func (e *emitter) oneByOne(b *strings.Builder, lhs []ast.Expr, names []string, want []types.Type, values []string) {
	keep := func(v string) string {
		t := e.temp()
		e.w(b, "%s := %s\n", t, v)
		return t
	}
	for i, x := range lhs {
		if names[i] != "_" {
			names[i] = e.target(x, keep)
		}
	}
	for i := range values {
		t := e.temp()
		if want[i] != nil {
			e.w(b, "var %s %s\n%s = %s\n", t, e.typ(want[i]), t, values[i])
		} else {
			e.w(b, "%s := %s\n", t, values[i])
		}
		values[i] = t
	}
	for i := range values {
		e.w(b, "%s = %s\n", names[i], values[i])
	}
}

// target lowers the left side of an assignment with its operands kept: pointers, slices, maps and indices.
func (e *emitter) target(x ast.Expr, keep func(string) string) string {
	x = ast.Unparen(x)
	switch x := x.(type) {
	case *ast.StarExpr:
		return "*" + keep(e.x(x.X))
	case *ast.IndexExpr:
		switch u := e.typeOf(x.X).Underlying().(type) {
		case *types.Slice:
			return keep(e.x(x.X)) + "[" + keep(e.x(x.Index)) + "]"
		case *types.Map:
			return keep(e.x(x.X)) + "[" + keep(e.mapKey(x.Index, u.Key())) + "]"
		case *types.Array:
			if s := e.array(x.X); s != "" && huge(u) {
				return keep(s) + "[" + keep(e.x(x.Index)) + "]"
			}
			return e.target(x.X, keep) + "[" + keep(e.x(x.Index)) + "]"
		case *types.Pointer:
			if huge(u.Elem()) {
				return keep(e.array(x.X)) + "[" + keep(e.x(x.Index)) + "]"
			}
			return "(*" + keep(e.x(x.X)) + ")[" + keep(e.x(x.Index)) + "]"
		}
	case *ast.SelectorExpr:
		sel, ok := e.info.Selections[x]
		if !ok || sel.Kind() != types.FieldVal {
			break
		}
		base := ""
		if _, isPtr := e.typeOf(x.X).Underlying().(*types.Pointer); isPtr {
			base = keep(e.x(x.X))
		} else {
			base = e.target(x.X, keep)
		}
		base, _ = e.path(base, e.typeOf(x.X), sel.Index())
		return base
	}
	return e.lhs(x)
}

// allBasic tells whether numbers, strings and booleans are assigned, and none by a call.
func allBasic(want []types.Type, values []ast.Expr) bool {
	for i, t := range want {
		if t != nil {
			if _, ok := t.Underlying().(*types.Basic); !ok {
				return false
			}
		}
		if calls(values[i]) {
			if _, isField := ast.Unparen(values[i]).(*ast.SelectorExpr); !isField {
				return false
			}
		}
	}
	return true
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// targets declares what a definition adds and lowers the left side; a blank has type nil.
func (e *emitter) targets(b *strings.Builder, lhs []ast.Expr, define bool) (names []string, want []types.Type) {
	for _, x := range lhs {
		id, isID := ast.Unparen(x).(*ast.Ident)
		if isID && id.Name == "_" {
			names, want = append(names, "_"), append(want, nil)
			continue
		}
		if isID && define {
			if o := e.info.Defs[id]; o != nil {
				if e.program.Slots[o] == "" {
					e.w(b, "var %s %s\n", e.local(o), e.typ(o.Type()))
				}
				names, want = append(names, e.object(id.Pos(), o)), append(want, o.Type())
				continue
			}
		}
		t := types.Type(nil)
		if isID {
			t = e.info.ObjectOf(id).Type()
		} else {
			t = e.typeOf(x)
		}
		names, want = append(names, e.lhs(x)), append(want, t)
	}
	return names, want
}

// multi assigns the values of a multi-valued expression.
func (e *emitter) multi(b *strings.Builder, names []string, want []types.Type, x ast.Expr) {
	ux := ast.Unparen(x)
	var from []types.Type
	if tp, ok := e.info.Types[x].Type.(*types.Tuple); ok {
		for i := range tp.Len() {
			from = append(from, tp.At(i).Type())
		}
	} else {
		from = []types.Type{e.typeOf(x), types.Typ[types.Bool]}
	}
	if ta, ok := ux.(*ast.TypeAssertExpr); ok {
		v, k := e.temp(), e.temp()
		b.WriteString(e.assertOk(v, k, e.x(ta.X), e.typeOf(ta.X), from[0]))
		e.store(b, names, want, from, []string{v, k})
		return
	}
	if u, ok := ux.(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		v, k := e.recvOk(b, u.X)
		e.store(b, names, want, from, []string{v, k})
		return
	}
	var ts []string
	for range names {
		ts = append(ts, e.temp())
	}
	define := ":="
	if _, ok := ux.(*ast.IndexExpr); ok { // the interpreter leaves what was there, in a loop say, where the map has nothing
		e.w(b, "var %s %s\nvar %s bool\n", ts[0], e.typ(from[0]), ts[1])
		define = "="
	}
	e.w(b, "%s %s %s\n", strings.Join(ts, ", "), define, e.x(ux))
	e.store(b, names, want, from, ts)
}

// store assigns values one by one, with conversions.
func (e *emitter) store(b *strings.Builder, names []string, want, from []types.Type, values []string) {
	for i, n := range names {
		if n == "_" {
			e.w(b, "_ = %s\n", values[i])
			continue
		}
		e.w(b, "%s = %s\n", n, e.convert(values[i], from[i], want[i]))
	}
}

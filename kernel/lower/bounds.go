package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// Bounds. The interpreter says that an index is out of range, but not which index nor of how many elements. Where index and
// length can be asked for twice, because nothing is called for them, a statement that uses them asks first, and fails with
// Go's own words:
//
//	if i < 0 || i >= len(a) { kern.BadIndex(i, len(a)) }
//
// That costs two comparisons, a fifth to a half of the time of a loop that does little else. So inside loops it is not
// done: there the error has a place but no numbers.

// bounds writes the tests of all that the nodes index in any case.
func (e *emitter) bounds(b *strings.Builder, nodes ...ast.Node) {
	if e.looping() && !e.callsIn(nodes) {
		return
	}
	w := &boundsWalk{e: e, b: b}
	for _, n := range nodes {
		if n != nil && !w.stop {
			w.node(n)
		}
	}
}

// callsIn tells whether something is called in the nodes, which costs so much more than a test.
func (e *emitter) callsIn(nodes []ast.Node) bool {
	return slices.ContainsFunc(nodes, func(n ast.Node) bool {
		x, ok := n.(ast.Expr)
		return ok && e.executes(x)
	})
}

// looping tells whether a loop of the function holds what is being lowered.
func (e *emitter) looping() bool {
	return !e.slow && slices.ContainsFunc(e.loops, func(l *loop) bool { return !l.sw })
}

// askedIndex writes an index that something is called for, with its test; "" where the length cannot be asked for.
func (e *emitter) askedIndex(x *ast.IndexExpr) string {
	w := &boundsWalk{e: e}
	base, _ := w.base(x.X)
	if base == "" || e.looping() || !types.Identical(e.typeOf(x.Index), types.Typ[types.Int]) {
		return ""
	}
	return Runtime + ".Index(" + e.x(x.Index) + ", len(" + base + "))"
}

// boundsOf is bounds for a list of expressions.
func (e *emitter) boundsOf(b *strings.Builder, xs []ast.Expr) {
	nodes := make([]ast.Node, len(xs))
	for i, x := range xs {
		nodes[i] = x
	}
	e.bounds(b, nodes...)
}

// boundsWalk follows the order of evaluation until something is called: from there on values may be others.
type boundsWalk struct {
	e    *emitter
	b    *strings.Builder
	stop bool
}

func (w *boundsWalk) node(n ast.Node) {
	ast.Inspect(n, func(x ast.Node) bool {
		if w.stop {
			return false
		}
		switch x := x.(type) {
		case *ast.FuncLit:
			return false
		case *ast.BinaryExpr:
			if x.Op == token.LAND || x.Op == token.LOR { // the right operand may never be evaluated
				w.node(x.X)
				return false
			}
		case *ast.UnaryExpr:
			if x.Op == token.ARROW {
				w.node(x.X)
				w.stop = true
				return false
			}
		case *ast.CallExpr:
			tv := w.e.info.Types[x.Fun]
			w.node(x.Fun)
			for _, a := range x.Args {
				if !w.stop {
					w.node(a)
				}
			}
			if !tv.IsType() && !tv.IsBuiltin() {
				w.stop = true
			}
			return false
		case *ast.IndexExpr:
			if w.e.info.Types[x.Index].IsType() {
				return false
			}
			w.node(x.X)
			if !w.stop {
				w.node(x.Index)
			}
			if !w.stop {
				w.index(x)
			}
			return false
		case *ast.SliceExpr:
			for _, p := range []ast.Expr{x.X, x.Low, x.High, x.Max} {
				if p != nil && !w.stop {
					w.node(p)
				}
			}
			if !w.stop {
				w.slice(x)
			}
			return false
		}
		return true
	})
}

// index writes the test of one index.
func (w *boundsWalk) index(x *ast.IndexExpr) {
	e := w.e
	base, fixed := w.base(x.X)
	if base == "" {
		return
	}
	iv := e.info.Types[x.Index]
	if fixed && iv.Value != nil || !w.twice(x.Index) {
		return
	}
	i := e.x(x.Index)
	basic, ok := e.typeOf(x.Index).Underlying().(*types.Basic)
	if !ok {
		return
	}
	if basic.Info()&types.IsUnsigned != 0 {
		e.w(w.b, "if uint64(%s) >= uint64(len(%s)) { %s.BadIndex(int(%s), len(%s)) }\n", i, base, Runtime, i, base)
		return
	}
	if !types.Identical(e.typeOf(x.Index), types.Typ[types.Int]) {
		i = "int(" + i + ")"
	}
	negative := i + " < 0 || "
	if e.natural(x.Index) {
		negative = ""
	}
	e.w(w.b, "if %s%s >= len(%s) { %s.BadIndex(%s, len(%s)) }\n", negative, i, base, Runtime, i, base)
}

// slice writes the test of a slice expression.
func (w *boundsWalk) slice(x *ast.SliceExpr) {
	e := w.e
	base, _ := w.base(x.X)
	if base == "" || x.Low == nil && x.High == nil {
		return
	}
	operand := func(p ast.Expr, missing string) string {
		if p == nil {
			return missing
		}
		return "int(" + e.x(p) + ")"
	}
	for _, p := range []ast.Expr{x.Low, x.High, x.Max} {
		if p != nil && !w.twice(p) {
			return
		}
	}
	capacity, isSlice := "len("+base+")", false
	if _, isSlice = e.typeOf(x.X).Underlying().(*types.Slice); isSlice {
		capacity = "cap(" + base + ")"
	}
	low, high, limit := operand(x.Low, "0"), operand(x.High, "len("+base+")"), operand(x.Max, "-1")
	var tests []string
	if x.Low != nil {
		tests = append(tests, low+" < 0", low+" > "+high)
	} else {
		tests = append(tests, high+" < 0")
	}
	if x.Max != nil {
		tests = append(tests, high+" > "+limit, limit+" > "+capacity)
	} else if x.High != nil {
		tests = append(tests, high+" > "+capacity)
	}
	e.w(w.b, "if %s { %s.BadSlice(%v, %v, %s, %s, %s, %s) }\n", strings.Join(tests, " || "), Runtime, isSlice, x.Max != nil, low, high, limit, capacity)
}

// base is what is indexed, as lowered code, and whether its length is fixed; "" where it cannot be asked for twice.
func (w *boundsWalk) base(x ast.Expr) (text string, fixed bool) {
	e := w.e
	if !w.twice(x) {
		return "", false
	}
	switch u := e.typeOf(x).Underlying().(type) {
	case *types.Slice:
		return e.x(x), false
	case *types.Array:
		return e.x(x), true
	case *types.Basic:
		return e.x(x), false
	case *types.Pointer:
		if _, ok := u.Elem().Underlying().(*types.Array); ok {
			return fmt.Sprintf("(*%s)", e.x(x)), true
		}
	}
	return "", false
}

// twice tells whether an operand can be evaluated twice: names, constants, and what is made of them without a call.
func (w *boundsWalk) twice(x ast.Expr) bool {
	x = ast.Unparen(x)
	if w.e.info.Types[x].Value != nil {
		return true
	}
	switch x := x.(type) {
	case *ast.Ident:
		_, ok := w.e.info.ObjectOf(x).(*types.Var)
		return ok
	case *ast.SelectorExpr:
		sel := w.e.info.Selections[x]
		return sel != nil && sel.Kind() == types.FieldVal && w.twice(x.X)
	case *ast.StarExpr:
		return w.twice(x.X)
	case *ast.IndexExpr:
		switch w.e.typeOf(x.X).Underlying().(type) {
		case *types.Slice, *types.Array:
			return w.twice(x.X) && w.twice(x.Index)
		}
	case *ast.BinaryExpr:
		switch x.Op {
		case token.ADD, token.SUB, token.MUL, token.AND, token.OR, token.XOR, token.AND_NOT:
			return w.twice(x.X) && w.twice(x.Y)
		case token.QUO, token.REM: // a constant divisor is not zero
			return w.twice(x.X) && w.e.info.Types[x.Y].Value != nil
		}
	case *ast.UnaryExpr:
		return x.Op == token.SUB && w.twice(x.X)
	case *ast.CallExpr:
		tv := w.e.info.Types[x.Fun]
		if tv.IsType() {
			return w.twice(x.Args[0])
		}
		b, ok := w.e.callee(x).(*types.Builtin)
		return ok && (b.Name() == "len" || b.Name() == "cap") && w.twice(x.Args[0])
	}
	return false
}

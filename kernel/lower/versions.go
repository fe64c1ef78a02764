package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// Two versions of a loop. The tests of bounds.go would cost a tight loop up to half of its time. So a small loop that counts
// and indexes is written twice, and a condition in front of it asks once whether its indices will be in range, as
// far as can be told from what the variables hold then:
//
//	ok := n-1 < len(a); if ok { for ; i < n; i++ { a[i] } } else { for ; i < n; i++ { test; a[i] } }
//
// The condition need not be right: it only decides whether an error says its numbers, or whether a loop is slower.

// versions writes a loop by emit, twice if that helps. The counter goes from first to last, which are lowered code.
func (e *emitter) versions(b *strings.Builder, counter types.Object, first, last string, st ast.Stmt, body *ast.BlockStmt, emit func(b *strings.Builder)) {
	if counter == nil || e.slow || !e.small(body) || e.assigned(counter, body) {
		emit(b)
		return
	}
	r := &reach{e: e, counter: counter, first: first, last: last, seen: map[string]bool{}, inside: map[types.Object]bool{}}
	ast.Inspect(st, func(n ast.Node) bool {
		if id, ok := n.(*ast.Ident); ok {
			r.inside[e.info.Defs[id]] = true
		}
		return true
	})
	r.look(body)
	if len(r.tests) == 0 || len(r.tests) > 8 {
		emit(b)
		return
	}
	ok := e.temp() // one by one: the interpreter loses its way in a long conjunction
	e.w(b, "%s := %s\n", ok, r.tests[0])
	for _, t := range r.tests[1:] {
		e.w(b, "if %s { %s = %s }\n", ok, ok, t)
	}
	e.w(b, "if %s {\n", ok)
	emit(b)
	b.WriteString("} else {\n")
	e.slow = true
	emit(b)
	e.slow = false
	b.WriteString("}\n")
}

// small tells a body that can be written twice, without literals, labels and what becomes a call.
func (e *emitter) small(body *ast.BlockStmt) bool {
	plain, size := true, 0
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			_, function := e.typeOf(n.X).Underlying().(*types.Signature)
			plain = plain && !function
		case *ast.FuncLit, *ast.LabeledStmt, *ast.DeferStmt, *ast.GoStmt, *ast.SelectStmt:
			plain = false
		case *ast.BranchStmt:
			plain = plain && n.Tok != token.GOTO
		}
		size++
		return plain
	})
	return plain && size < 150
}

// reach collects the conditions under which the indices of a loop are in range.
type reach struct {
	e           *emitter
	counter     types.Object
	first, last string
	tests       []string
	seen        map[string]bool
	inside      map[types.Object]bool // what the loop declares
}

func (r *reach) add(format string, args ...any) {
	if t := fmt.Sprintf(format, args...); !r.seen[t] {
		r.seen[t] = true
		r.tests = append(r.tests, t)
	}
}

// look finds the indices that every round of the loop comes to.
func (r *reach) look(n ast.Node) {
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			if n.Init == nil {
				r.look(n.Cond)
			}
			return false
		case *ast.SwitchStmt, *ast.TypeSwitchStmt, *ast.ForStmt, *ast.RangeStmt:
			return false
		case *ast.BinaryExpr:
			if n.Op == token.LAND || n.Op == token.LOR {
				r.look(n.X)
				return false
			}
		case *ast.IndexExpr:
			r.index(n)
		}
		return true
	})
}

// index adds what x needs; false where that is not known before the loop.
func (r *reach) index(x *ast.IndexExpr) bool {
	e := r.e
	switch e.typeOf(x.X).Underlying().(type) {
	case *types.Slice, *types.Array, *types.Basic:
	default:
		return false
	}
	base := r.base(x.X)
	if base == "" || !types.Identical(e.typeOf(x.Index), types.Typ[types.Int]) {
		return false
	}
	if v := e.info.Types[x.Index].Value; v != nil {
		r.add("%s < len(%s)", e.x(x.Index), base)
		return true
	}
	if id, ok := ast.Unparen(x.Index).(*ast.Ident); ok && e.info.Uses[id] == r.counter {
		r.add("%s < len(%s)", r.last, base)
		return true
	}
	w := &boundsWalk{e: e}
	if !w.twice(x.Index) || !e.simple(x.Index) || !r.known(x.Index) {
		return false
	}
	// At both ends of the loop: in between it is in range too, unless the index goes up and down.
	for _, at := range []string{r.first, r.last} {
		i := r.at(x.Index, at)
		if !e.natural(x.Index) {
			r.add("%s >= 0", i)
		}
		r.add("%s < len(%s)", i, base)
	}
	return true
}

// at writes an expression with another value for the counter.
func (r *reach) at(x ast.Expr, value string) string {
	names := r.e.localNames()
	old, had := names[r.counter]
	if names[r.counter] = value; strings.Contains(value, " ") {
		names[r.counter] = "(" + value + ")"
	}
	s := r.e.x(x)
	if had {
		names[r.counter] = old
	} else {
		delete(names, r.counter)
	}
	return s
}

// known tells an expression of the counter and of variables that there are before the loop.
func (r *reach) known(x ast.Expr) bool {
	ok := true
	ast.Inspect(x, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			ok = ok && r.known(n.X) && r.reaches(n)
			return false
		case *ast.Ident:
			if _, isVar := r.e.info.Uses[n].(*types.Var); isVar {
				ok = ok && (r.e.info.Uses[n] == r.counter || r.fixed(n))
			}
		}
		return ok
	})
	return ok
}

// reaches makes sure that the pointer of p.f is none to nothing.
func (r *reach) reaches(x *ast.SelectorExpr) bool {
	s := r.e.info.Selections[x]
	if s == nil || s.Kind() != types.FieldVal {
		return false
	}
	if s.Indirect() {
		id, ok := ast.Unparen(x.X).(*ast.Ident)
		if _, isPtr := r.e.typeOf(x.X).Underlying().(*types.Pointer); !ok || !isPtr || len(s.Index()) > 1 || !r.fixed(id) {
			return false
		}
		r.add("%s != nil", r.e.x(id))
	}
	return true
}

// base writes what is indexed, where it can be asked for before the loop: a variable, a field of one, a row at a fixed index.
func (r *reach) base(x ast.Expr) string {
	e := r.e
	switch x := ast.Unparen(x).(type) {
	case *ast.Ident:
		if r.fixed(x) {
			return e.x(x)
		}
	case *ast.SelectorExpr:
		if r.reaches(x) && r.base(x.X) != "" {
			return e.x(x)
		}
	case *ast.IndexExpr:
		if _, isString := e.typeOf(x.X).Underlying().(*types.Basic); isString {
			return ""
		}
		if !r.mentions(x.Index) && r.index(x) {
			return e.x(x)
		}
	}
	return ""
}

func (r *reach) mentions(x ast.Expr) (found bool) {
	ast.Inspect(x, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && r.e.info.Uses[id] == r.counter
		return !found
	})
	return found
}

// fixed tells a variable that there is before the loop.
func (r *reach) fixed(id *ast.Ident) bool {
	e := r.e
	o, ok := e.info.Uses[id].(*types.Var)
	if !ok || o == r.counter || o.IsField() || r.inside[o] {
		return false
	}
	if e.program.Slots[o] != "" {
		return true
	}
	return e.loc[o] != ""
}

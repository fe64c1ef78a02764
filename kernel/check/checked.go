package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"
)

// Checked calls. In the statements of a cell a call f() with results (T, error) may stand where one value less fits:
// the error stops the cell. Only when a cell is not valid Go are such calls wrapped, as __must1(f()), and the cell is
// checked again; valid Go keeps its meaning exactly. Bodies of functions and literals follow plain Go.

// ErrorType is the predeclared type error.
var ErrorType = types.Universe.Lookup("error").Type()

// mustName is the first part of the names of the wrappers: __must1, __must2, __must3.
const mustName = "__must"

// Unwrap returns the call inside a wrapped one: x is __mustN(call).
func Unwrap(x ast.Expr) (*ast.CallExpr, bool) {
	c, ok := ast.Unparen(x).(*ast.CallExpr)
	if !ok {
		return nil, false
	}
	id, ok := c.Fun.(*ast.Ident)
	if !ok || !strings.HasPrefix(id.Name, mustName) {
		return nil, false
	}
	inner, ok := c.Args[0].(*ast.CallExpr)
	return inner, ok
}

// EndsInError reports whether the last result of a call of type t is an error.
func EndsInError(t types.Type) bool {
	if tp, ok := t.(*types.Tuple); ok {
		return tp.Len() > 0 && types.Identical(tp.At(tp.Len()-1).Type(), ErrorType)
	}
	return t != nil && types.Identical(t, ErrorType)
}

// CheckedAlone reports whether a call that stands alone in the statements of a cell stops the cell by its error:
// its last result is an error, and it is not of fmt's printing kin nor one that makes or looks into errors.
func CheckedAlone(info *types.Info, c *ast.CallExpr) bool {
	tv := info.Types[c]
	if !EndsInError(tv.Type) || info.Types[c.Fun].IsType() {
		return false
	}
	var id *ast.Ident
	switch f := ast.Unparen(c.Fun).(type) {
	case *ast.Ident:
		id = f
	case *ast.SelectorExpr:
		id = f.Sel
	}
	if id != nil {
		if f, ok := info.Uses[id].(*types.Func); ok && f.Pkg() != nil {
			switch f.Pkg().Path() {
			case "errors", "context":
				return false
			case "fmt":
				return strings.Contains(f.Name(), "can") // Scan and its kin
			}
		}
	}
	return true
}

// wrapper walks the statements of a cell after a pass with errors.
type wrapper struct {
	u       *Unit
	errs    []types.Error
	changed bool
}

// wrapUnnamedErrors wraps calls whose last result, an error, has no name where the program is not Go as it stands.
// It reports whether it changed anything.
func (u *Unit) wrapUnnamedErrors(errs []types.Error) bool {
	w := &wrapper{u: u, errs: errs}
	ast.Inspect(u.Body, w.visit)
	if w.changed && u.Last != nil {
		u.Last = u.Body.List[len(u.Body.List)-1].(*ast.ExprStmt).X
	}
	return w.changed
}

// near tells whether an error lies between two positions.
func (w *wrapper) near(from, to token.Pos) bool {
	for _, e := range w.errs {
		if e.Pos >= from && e.Pos <= to {
			return true
		}
	}
	return false
}

// results counts the results of a call, error included; 0 when it is no candidate.
func (w *wrapper) results(x ast.Expr) int {
	c, ok := x.(*ast.CallExpr)
	if !ok || w.u.checked[c] {
		return 0
	}
	if t, ok := w.u.Info.Types[c].Type.(*types.Tuple); ok && t.Len() > 1 && t.Len() < 5 && EndsInError(t) {
		return t.Len()
	}
	return 0
}

func (w *wrapper) wrap(p *ast.Expr) {
	c := (*p).(*ast.CallExpr)
	n := w.results(c)
	w.u.checked[c] = true
	*p = &ast.CallExpr{Fun: Ident(c.Pos(), mustName+strconv.Itoa(n-1)), Lparen: c.Pos(), Args: []ast.Expr{c}, Rparen: c.Rparen}
	w.changed = true
}

// single wraps a call with (T, error) that stands where one value must.
func (w *wrapper) single(p *ast.Expr) {
	if *p != nil && w.results(*p) == 2 {
		w.wrap(p)
	}
}

// list wraps in a list of expressions where `want` values are wanted (-1: unknown, then only next to an error).
func (w *wrapper) list(xs []ast.Expr, want int, from, to token.Pos) {
	if len(xs) != 1 {
		for i := range xs {
			w.single(&xs[i])
		}
		return
	}
	n := w.results(xs[0])
	if n > 1 && (want == n-1 || want < 0 && w.near(from, to)) {
		w.wrap(&xs[0])
	}
}

func (w *wrapper) visit(x ast.Node) bool {
	switch x := x.(type) {
	case *ast.FuncLit:
		return false // plain Go inside
	case *ast.AssignStmt:
		w.list(x.Rhs, len(x.Lhs), 0, 0)
		if x.Tok != token.ASSIGN && x.Tok != token.DEFINE {
			w.single(&x.Rhs[0])
		}
	case *ast.ValueSpec:
		w.list(x.Values, len(x.Names), 0, 0)
	case *ast.CallExpr:
		if s, ok := x.Fun.(*ast.SelectorExpr); ok {
			w.single(&s.X)
		}
		if id, ok := x.Fun.(*ast.Ident); ok && strings.HasPrefix(id.Name, mustName) {
			return true
		}
		w.list(x.Args, -1, x.Pos(), x.End())
	case *ast.ReturnStmt:
		w.list(x.Results, -1, x.Pos(), x.End())
	case *ast.ExprStmt, *ast.GoStmt, *ast.DeferStmt:
	default:
		// Every other place of an expression takes a single value.
		v := reflect.ValueOf(x)
		if v.Kind() != reflect.Pointer || v.IsNil() || v.Elem().Kind() != reflect.Struct {
			return true
		}
		v = v.Elem()
		for i := range v.NumField() {
			switch p := v.Field(i).Addr().Interface().(type) {
			case *ast.Expr:
				w.single(p)
			case *[]ast.Expr:
				for j := range *p {
					w.single(&(*p)[j])
				}
			}
		}
	}
	return true
}

package lower

import (
	"fmt"
	"go/ast"
	"go/types"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// Checked calls (see check/checked.go). The results are assigned first, then the error stops the cell.

// checkedAssign lowers `names = call`, where the call has an error more.
func (e *emitter) checkedAssign(b *strings.Builder, names []string, want []types.Type, c *ast.CallExpr) {
	tp := e.info.Types[c].Type.(*types.Tuple)
	var ts []string
	var from []types.Type
	for i := range tp.Len() {
		ts, from = append(ts, e.temp()), append(from, tp.At(i).Type())
	}
	e.w(b, "%s := %s\n", strings.Join(ts, ", "), e.call(c))
	e.store(b, names, want, from, ts[:len(ts)-1])
	e.stopOn(b, c, ts[len(ts)-1])
}

// stopOn ends the cell when the error is not nil.
func (e *emitter) stopOn(b *strings.Builder, c *ast.CallExpr, err string) {
	if e.fn.long {
		b.WriteString(Runtime + ".Leave()\n")
		e.fn.long = false
	}
	e.w(b, "if %s != nil { %s.Check(%d, %s) }\n", err, Runtime, c.Pos(), err)
}

// checkedAlone lowers a call whose last result is an error, alone in the statements of the cell. rest takes the names of
// its other results; nil drops them.
func (e *emitter) checkedAlone(b *strings.Builder, c *ast.CallExpr, rest func(names []string, ts []types.Type)) {
	var names []string
	var ts []types.Type
	if tp, ok := e.info.Types[c].Type.(*types.Tuple); ok {
		for i := range tp.Len() {
			names, ts = append(names, e.temp()), append(ts, tp.At(i).Type())
		}
	} else {
		names, ts = []string{e.temp()}, []types.Type{e.info.Types[c].Type}
	}
	e.w(b, "%s := %s\n", strings.Join(names, ", "), e.call(c))
	n := len(names) - 1
	for _, v := range names[:n] {
		e.w(b, "_ = %s\n", v)
	}
	e.stopOn(b, c, names[n])
	if rest != nil {
		rest(names[:n], ts[:n])
	}
}

// checkedValue lowers a wrapped call inside an expression.
func (e *emitter) checkedValue(c *ast.CallExpr) string {
	tp := e.info.Types[c].Type.(*types.Tuple)
	var vs, ts []string
	for i := range tp.Len() - 1 {
		vs = append(vs, "v"+sep+strconv.Itoa(i))
		ts = append(ts, e.typ(tp.At(i).Type()))
	}
	v := strings.Join(vs, ", ")
	name := e.program.Fresh("checked" + sep)
	var params []string
	for i := range vs {
		params = append(params, vs[i]+" "+ts[i])
	}
	e.w(&e.funcs, "func %s(%s, e%s error) (%s) {\nif e%s != nil { %s.Check(%d, e%s) }\nreturn %s\n}\n",
		name, strings.Join(params, ", "), sep, strings.Join(ts, ", "), sep, Runtime, c.Pos(), sep, v)
	return fmt.Sprintf("%s(%s)", name, e.call(c))
}

// long brackets a statement of the cell that calls compiled code with the cell's context: when the cell is cancelled,
// such a call gets the time to return, and what it returns is assigned, before the interpreter stops.
func (e *emitter) long(b *strings.Builder, n ast.Node, lower func()) {
	if !e.cell || !e.takesContext(n) {
		lower()
		return
	}
	b.WriteString(Runtime + ".Enter()\n")
	e.fn.long = true
	lower()
	if e.fn.long {
		b.WriteString(Runtime + ".Leave()\n")
		e.fn.long = false
	}
}

// takesContext tells whether a compiled function with a context.Context as first parameter is called.
func (e *emitter) takesContext(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit:
			return false
		case *ast.CallExpr:
			f, ok := e.callee(x).(*types.Func)
			if !ok || f.Pkg() == nil || check.InSession(f) || f.Pkg().Path() == "context" || f.Signature().Params().Len() == 0 {
				return true
			}
			if n, ok := types.Unalias(f.Signature().Params().At(0).Type()).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == "context" && n.Obj().Name() == "Context" {
				found = true
			}
		}
		return !found
	})
	return found
}

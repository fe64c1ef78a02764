package lower

import (
	"go/ast"
	"go/types"
)

// Package unsafe. Values of cells lie in memory as those of compiled Go do: package reflect makes their types, and their
// sizes and offsets are the checker's. So conversions of pointers copy a word, in declared functions that run.Repoint
// helps, and Sizeof, Alignof and Offsetof are constants. What differs is what an interface points to: reading one
// through another pointer is refused.

// isPointer tells types whose underlying type is unsafe.Pointer.
func isPointer(t types.Type) bool {
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Kind() == types.UnsafePointer
}

// pointerConversion lowers a conversion to or from unsafe.Pointer, "" for any other.
func (e *emitter) pointerConversion(c *ast.CallExpr) string {
	to, from := e.info.Types[c.Fun].Type, e.typeOf(c.Args[0])
	if !isPointer(to) && !isPointer(from) || types.IsInterface(to) {
		return ""
	}
	if p, ok := from.Underlying().(*types.Pointer); ok && types.IsInterface(p.Elem()) {
		e.refuse(c.Args[0].Pos(), "unsafe cannot reach into an interface: what it points to is the interpreter's own")
	}
	if types.Identical(to, from) {
		return e.x(c.Args[0])
	}
	return e.repoint(from, to) + "(" + bare(e.x(c.Args[0])) + ")"
}

// repoint is the function that makes one word, the first of a value, of another type.
func (l *lowerer) repoint(from, to types.Type) string {
	return l.helperFor("point"+l.key(from), l.typ(to), "(p "+l.typ(from)+") (r %s) {\n"+Runtime+".Repoint(&r, &p)\nreturn\n}")
}

// unsafeCall lowers a call of a function of package unsafe that is not constant.
func (e *emitter) unsafeCall(c *ast.CallExpr, name string) string {
	x := c.Args[0]
	switch name {
	case "Add":
		return Runtime + ".Add(" + e.to(x, types.Typ[types.UnsafePointer]) + ", int(" + e.integer(c.Args[1]) + "))"
	case "Slice":
		from, to := e.typeOf(x), e.typeOf(c)
		fn := e.helperFor("slice"+e.key(from), e.typ(to), "(p "+e.typ(from)+", n interface{}) (r %s) {\n"+Runtime+".UnsafeSlice(&r, &p, n)\nreturn\n}")
		return fn + "(" + e.to(x, from) + ", " + e.integer(c.Args[1]) + ")"
	case "SliceData":
		return e.repoint(e.typeOf(x), e.typeOf(c)) + "(" + e.x(x) + ")"
	case "String":
		return Runtime + ".UnsafeString(" + e.to(x, types.NewPointer(types.Typ[types.Uint8])) + ", " + e.integer(c.Args[1]) + ")"
	case "StringData":
		return Runtime + ".StringData(string(" + e.x(x) + "))"
	}
	e.refuse(c.Pos(), "internal: unsafe.%s of a type that is not known", name)
	return ""
}

// integer lowers a length, of any integer type.
func (e *emitter) integer(x ast.Expr) string {
	if tv := e.info.Types[x]; tv.Value != nil {
		return e.constant(x.Pos(), tv.Value, e.integerType(x))
	}
	return e.x(x)
}

// integerType is the type of a length; that of an untyped constant, 2.0 perhaps, is int.
func (e *emitter) integerType(x ast.Expr) types.Type {
	if b, ok := e.info.Types[x].Type.(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
		return types.Typ[types.Int]
	}
	return e.typeOf(x)
}

// hugeArray is the length from which an array behind a pointer is taken for a slice, which the interpreter does not copy.
const hugeArray = 1 << 16

// array lowers what is indexed or sliced where it is, or points to, an array behind a pointer; "" for anything else.
func (e *emitter) array(x ast.Expr) string {
	t := e.typeOf(x)
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	} else if star, ok := ast.Unparen(x).(*ast.StarExpr); ok && huge(t) {
		x = star.X
	} else {
		return ""
	}
	a, ok := t.Underlying().(*types.Array)
	if !ok {
		return ""
	}
	if a.Len() < hugeArray {
		return "(*" + e.x(x) + ")"
	}
	return e.helper("whole", e.typ(t), "(p *%s) (r []"+e.typ(a.Elem())+") {\n"+Runtime+".Whole(&r, &p)\nreturn\n}") + "(" + e.x(x) + ")"
}

// huge tells an array so long.
func huge(t types.Type) bool {
	a, ok := t.Underlying().(*types.Array)
	return ok && a.Len() >= hugeArray
}

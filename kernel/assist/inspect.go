package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"gonverge/kernel/check"
)

// Inspect describes the name at the cursor, or the function whose arguments the cursor is in: its declaration, its
// documentation where docs has it (see Key), and from detail 1 on the fields and methods of its type.
func Inspect(p *check.Program, src string, cursor, detail int, docs map[string]string) (text string, ok bool) {
	cursor = max(0, min(cursor, len(src)))
	end := cursor
	for end < len(src) && wordStart(src, end+1) < end+1 && src[end] != '.' {
		end++
	}
	pr := p.Probe(p.Files.ParseLoosely(src[:end] + closing(src[:end])))
	o := at(p, pr, src[:end], end)
	if o == nil {
		return "", false
	}
	var b strings.Builder
	b.WriteString(declaration(o))
	if d := strings.TrimSpace(docs[Key(o)]); d != "" {
		b.WriteString("\n\n" + d)
	}
	if detail > 0 || isType(o) {
		if _, isFunc := o.(*types.Func); !isFunc {
			if m := memberList(o.Type()); m != "" {
				b.WriteString("\n\n" + m)
			}
		}
	}
	return b.String(), true
}

func isType(o types.Object) bool { _, ok := o.(*types.TypeName); return ok }

// at finds the object that ends at or spans the offset; else the function of the innermost call around it.
func at(p *check.Program, pr *check.Probe, src string, offset int) types.Object {
	var best types.Object
	var call *ast.CallExpr
	line, column := 1+strings.Count(src[:offset], "\n"), offset-strings.LastIndexByte(src[:offset], '\n')
	within := func(from, to token.Pos) bool {
		a, b := p.Files.Set.PositionFor(from, false), p.Files.Set.PositionFor(to, false)
		a.Line, b.Line = a.Line-2, b.Line-2
		after := line > a.Line || line == a.Line && column >= a.Column
		before := line < b.Line || line == b.Line && column <= b.Column
		return after && before
	}
	object := func(id *ast.Ident) types.Object {
		o := pr.Info.ObjectOf(id)
		if o == nil {
			if q := pr.Package(id.Name); q != nil {
				return types.NewPkgName(token.NoPos, nil, id.Name, q)
			}
		}
		return o
	}
	for _, n := range pr.Files {
		ast.Inspect(n, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.Ident:
				if within(x.Pos(), x.End()) {
					if o := object(x); o != nil {
						best = o
					}
				}
			case *ast.CompositeLit:
				if f := fieldKey(pr, x, within); f != nil {
					best = f
					return false
				}
			case *ast.CallExpr:
				if within(x.Lparen, x.End()) {
					call = x
				}
			}
			return true
		})
	}
	if best != nil || call == nil {
		return best
	}
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		return object(f)
	case *ast.SelectorExpr:
		return pr.Info.ObjectOf(f.Sel)
	}
	return nil
}

// fieldKey is the field that an element of a struct literal names, when that element is at the cursor.
func fieldKey(pr *check.Probe, lit *ast.CompositeLit, within func(from, to token.Pos) bool) types.Object {
	t := pr.Info.Types[lit].Type
	if t == nil {
		return nil
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return nil
	}
	for _, el := range lit.Elts {
		if id, ok := el.(*ast.Ident); ok && within(id.Pos(), id.End()) {
			for i := range st.NumFields() {
				if st.Field(i).Name() == id.Name {
					return st.Field(i)
				}
			}
		}
	}
	return nil
}

// Key is the name under which documentation of an object is kept: "import/path.Name", "import/path.Type.Method", or the
// import path of a package.
func Key(o types.Object) string {
	if pn, ok := o.(*types.PkgName); ok {
		return pn.Imported().Path()
	}
	if o.Pkg() == nil {
		return "builtin." + o.Name()
	}
	if f, ok := o.(*types.Func); ok {
		if r := f.Signature().Recv(); r != nil {
			t := types.Unalias(r.Type())
			if p, ok := t.(*types.Pointer); ok {
				t = types.Unalias(p.Elem())
			}
			if n, ok := t.(*types.Named); ok {
				return o.Pkg().Path() + "." + n.Obj().Name() + "." + o.Name()
			}
		}
	}
	return o.Pkg().Path() + "." + o.Name()
}

// declaration writes an object as a cell would declare it.
func declaration(o types.Object) string {
	if pn, ok := o.(*types.PkgName); ok {
		return "package " + pn.Imported().Name() + " // import \"" + pn.Imported().Path() + "\""
	}
	if v, ok := o.(*types.Var); ok && v.IsField() {
		return "field " + v.Name() + " " + types.TypeString(v.Type(), Qualify)
	}
	return types.ObjectString(o, Qualify)
}

// memberList lists fields and methods.
func memberList(t types.Type) string {
	var lines []string
	for _, m := range check.Members(t) {
		lines = append(lines, "  "+strings.TrimPrefix(declaration(m), "field "))
	}
	if len(lines) == 0 {
		return ""
	}
	if len(lines) > 60 {
		lines = append(lines[:60], "  ...")
	}
	return strings.Join(lines, "\n")
}

package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"gonverge/kernel/check"
)

// Inspect describes the name at the cursor, or the function whose arguments the cursor is in: its declaration, its
// documentation where docs has it (see Key) or a cell wrote a comment, and from detail 1 on the fields and methods of its type.
func Inspect(p *check.Program, src string, cursor, detail int, docs map[string]string) (text string, ok bool) {
	end := nameEnd(src, cursor)
	pr := p.Probe(p.Files.ParseLoosely(src[:end] + closing(src[:end])))
	o, owner := at(p, pr, src[:end], end)
	if o == nil {
		return "", false
	}
	var b strings.Builder
	b.WriteString(declaration(o))
	key := Key(o)
	if owner != nil {
		b.WriteString(" // of " + types.TypeString(owner.Type(), Qualify))
		if owner.Pkg() != nil {
			key = owner.Pkg().Path() + "." + owner.Name() + "." + o.Name()
		}
	}
	d := comment(p, src, o)
	if d == "" {
		d = strings.TrimSpace(docs[key])
	}
	if d != "" {
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

// headerLines is what stands before the text of a cell when it is parsed.
const headerLines = 2

// at finds the object that ends at or spans the offset, with the type that declares it if it is a field; else the function of
// the innermost call around it.
func at(p *check.Program, pr *check.Probe, src string, offset int) (types.Object, *types.TypeName) {
	var best types.Object
	owners := map[types.Object]*types.TypeName{}
	var call *ast.CallExpr
	line, column := 1+strings.Count(src[:offset], "\n"), offset-strings.LastIndexByte(src[:offset], '\n')
	within := func(from, to token.Pos) bool {
		a, b := p.Files.Set.PositionFor(from, false), p.Files.Set.PositionFor(to, false)
		a.Line, b.Line = a.Line-headerLines, b.Line-headerLines
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
			case *ast.SelectorExpr:
				if s := pr.Info.Selections[x]; s != nil && s.Kind() == types.FieldVal {
					owners[s.Obj()] = owner(s)
				} else if f := ofType(pr, x); f != nil && within(x.Sel.Pos(), x.Sel.End()) {
					best, owners[f] = f, nameOf(pr.Info.Types[x.X].Type)
				}
			case *ast.CompositeLit:
				if f := fieldKey(pr, x, within, owners); f != nil {
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
		return best, owners[best]
	}
	switch f := ast.Unparen(call.Fun).(type) {
	case *ast.Ident:
		best = object(f)
	case *ast.SelectorExpr:
		best = pr.Info.ObjectOf(f.Sel)
	}
	return best, owners[best]
}

// ofType is the field that a type and a name stand for, which is no Go but what one asks for: train.Recipe.Schedule.
func ofType(pr *check.Probe, x *ast.SelectorExpr) types.Object {
	tv := pr.Info.Types[x.X]
	st, ok := under[*types.Struct](tv.Type)
	if !tv.IsType() || !ok {
		return nil
	}
	for i := range st.NumFields() {
		if f := st.Field(i); f.Name() == x.Sel.Name {
			return f
		}
	}
	return nil
}

// owner is the type that declares the field which a selector names, itself or in an embedded field.
func owner(s *types.Selection) *types.TypeName {
	t := s.Recv()
	var name *types.TypeName
	for _, i := range s.Index() {
		name = nameOf(t)
		st, ok := under[*types.Struct](deref(t))
		if !ok {
			return nil
		}
		t = st.Field(i).Type()
	}
	return name
}

// deref is what a pointer points to, or the type itself.
func deref(t types.Type) types.Type {
	if p, ok := under[*types.Pointer](t); ok {
		return p.Elem()
	}
	return t
}

// nameOf is the name of a type, or of what a pointer type points to; nil where it has none.
func nameOf(t types.Type) *types.TypeName {
	if t == nil {
		return nil
	}
	if n, ok := types.Unalias(t).(*types.Named); ok {
		return n.Obj()
	}
	if n, ok := types.Unalias(deref(t)).(*types.Named); ok {
		return n.Obj()
	}
	return nil
}

// fieldKey is the field that an element of a struct literal names, when that element is at the cursor. It notes which type the
// fields are of.
func fieldKey(pr *check.Probe, lit *ast.CompositeLit, within func(from, to token.Pos) bool, owners map[types.Object]*types.TypeName) types.Object {
	t := pr.Info.Types[lit].Type
	st, ok := under[*types.Struct](t)
	if !ok {
		st, ok = under[*types.Struct](deref(t)) // {...} for &T{...} in a list
	}
	if t == nil || !ok {
		return nil
	}
	for i := range st.NumFields() {
		owners[st.Field(i)] = nameOf(t)
	}
	for _, el := range lit.Elts {
		if kv, ok := el.(*ast.KeyValueExpr); ok {
			el = kv.Key
		}
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
	text := types.ObjectString(o, Qualify)
	if c, ok := o.(*types.Const); ok && c.Pkg() != nil { // a short one: the value, rounded where it has no end
		text += " = " + c.Val().String()
	}
	return text
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

// Selected is the expression of fields and elements that ends at the cursor, as in nets[0].History, with the types in it; nil where a name
// stands alone.
func Selected(p *check.Program, src string, cursor int) (ast.Expr, *types.Info) {
	end := nameEnd(src, cursor)
	if start := wordStart(src, end); start == end || start == 0 || src[start-1] != '.' {
		return nil, nil
	}
	pr := p.Probe(p.Files.ParseLoosely(src[:end] + closing(src[:end])))
	var found ast.Expr
	for _, n := range pr.Files {
		ast.Inspect(n, func(x ast.Node) bool {
			if sel, ok := x.(*ast.SelectorExpr); ok {
				at := p.Files.Set.PositionFor(sel.End(), false)
				if at.Line-headerLines == 1+strings.Count(src[:end], "\n") && at.Column == end-strings.LastIndexByte(src[:end], '\n') {
					found = sel
				}
			}
			return true
		})
	}
	return found, pr.Info
}

// nameEnd is where the name that the cursor is in ends.
func nameEnd(src string, cursor int) int {
	end := max(0, min(cursor, len(src)))
	for end < len(src) && wordStart(src, end+1) < end+1 && src[end] != '.' {
		end++
	}
	return end
}

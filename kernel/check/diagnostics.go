package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"gonverge/kernel/cell"
)

// diagnostics turns the errors of a pass into places in the cell, with hints.
func (p *Program) diagnostics(u *Unit, errs []types.Error) cell.Diagnostics {
	var list cell.Diagnostics
	for _, e := range errs {
		if strings.HasPrefix(e.Msg, "\t") && len(list) > 0 {
			list[len(list)-1].Message += "\n" + e.Msg
			continue
		}
		at := p.Files.Position(e.Pos)
		if !at.IsValid() {
			at = cell.Position{Cell: u.Number, Line: 1, Column: 1}
		}
		list = append(list, cell.Diagnostic{Position: at, Message: p.Files.Relabel(e.Msg), Hint: p.hint(u, e, p.Files.Line(at.Cell, at.Line))})
	}
	// One mistake makes one error: a name that is undefined ten times is told once.
	seen := map[string]bool{}
	withoutCtx := map[int]bool{}
	unnamed := map[int]bool{}
	list = slices.DeleteFunc(list, func(d cell.Diagnostic) bool {
		dup := strings.HasPrefix(d.Message, "undefined: ") && seen[d.Message]
		// Where ctx is missing the other arguments stand at the wrong places, where the names of fields are, all values.
		dup = dup || withoutCtx[d.Line] && strings.Contains(d.Message, " in argument to ") || unnamed[d.Line] && strings.Contains(d.Message, " struct literal")
		withoutCtx[d.Line] = withoutCtx[d.Line] || strings.HasPrefix(d.Hint, "ctx comes first")
		unnamed[d.Line] = unnamed[d.Line] || strings.HasPrefix(d.Hint, "fields have names")
		seen[d.Message] = true
		return dup
	})
	return list.Sort()
}

// Diagnostic makes the error of a lowering that refuses something at pos.
func (p *Program) Diagnostic(u *Unit, pos token.Pos, msg string) cell.Diagnostics {
	return p.diagnostics(u, []types.Error{{Fset: p.Files.Set, Pos: pos, Msg: msg}})
}

// hint is one sentence that helps with an error, or "".
func (p *Program) hint(u *Unit, e types.Error, line string) string {
	msg := e.Msg
	advice := u.advice(msg, e.Pos, line)
	if name, ok := strings.CutPrefix(msg, "undefined: "); ok {
		if u.untypedParameter(e.Pos) {
			return "a parameter has its type behind it: " + name + " float64"
		}
		name, _, _ = strings.Cut(name, " (but have ")
		assigned := assignsTo(u.Body, name)
		if h := elsewhere[name]; h != "" && !assigned {
			return h
		}
		var known []string
		if pkg, _, ok := strings.Cut(name, "."); ok {
			known = p.members(u, pkg)
			for i, k := range known {
				known[i] = pkg + "." + k
			}
			if h := instead[name]; h != "" {
				return h
			}
			if h := didYouMean(name, known); h != "" {
				return h
			}
			return ofPackage(pkg, p.members(u, pkg))
		} else {
			known = slices.Collect(maps.Keys(u.Scope))
			known = append(known, types.Universe.Names()...)
			for id := range u.Info.Defs { // names of this cell
				known = append(known, id.Name)
			}
			known = append(known, slices.Collect(maps.Keys(p.auto))...)
		}
		if h := didYouMean(name, known); h != "" {
			return h
		}
		if assigned {
			return "a new variable is defined by " + name + " := ..."
		}
		return ""
	}
	for _, before := range []string{"arguments in call to ", "value in argument to "} {
		if _, name, ok := strings.Cut(msg, before); ok {
			name, _, _ = strings.Cut(name, "\n")
			name, _, _ = strings.Cut(name, ": ")
			if h := nilLast(name, msg, strings.TrimSpace(line)); h != "" {
				advice = h
			}
			if strings.HasPrefix(advice, "ctx comes first") || strings.HasPrefix(advice, again) {
				return advice
			}
			if s := signature(u.Info, name); s != "" && advice != "" {
				return advice + ": " + s
			} else if s != "" {
				return s
			}
			return advice
		}
	}
	if rest, ok := strings.CutPrefix(msg, "unknown field "); ok {
		if field, typeName, ok := strings.Cut(rest, " in struct literal of type "); ok {
			known := p.fieldsAndMethods(u, typeName)
			if h := didYouMean(field, known); h != "" {
				return h
			}
			return p.fieldsOf(u, typeName)
		}
	}
	if rest, ok := strings.CutPrefix(msg, "package "); ok {
		if path, ok := strings.CutSuffix(rest, " is not in this kernel"); ok {
			if h := elsewhere[path]; h != "" {
				return h
			}
			if h := didYouMean(path, p.Importer.Paths()); h != "" {
				return h
			}
			return sameBase(path, p.Importer.Paths())
		}
	}
	// "x.foo undefined (type T has no field or method foo)"
	if sel, rest, ok := strings.Cut(msg, " undefined (type "); ok {
		typeName, _, ok := strings.Cut(rest, " has no field or method ")
		if i := strings.LastIndexByte(sel, '.'); ok && i >= 0 {
			typeName = strings.TrimSuffix(typeName, ")")
			if h := didYouMean(sel[i+1:], p.fieldsAndMethods(u, typeName)); h != "" {
				return h
			}
			if h := p.ofElement(u, sel[:i], typeName, sel[i+1:]); h != "" {
				return h
			}
			if h := habits(sel[:i], typeName, sel[i+1:]); h != "" {
				return h
			}
			if strings.HasPrefix(typeName, "[]") {
				return "a slice has no fields and methods; " + sel[:i] + "[0] is its first element"
			}
			if len(p.fieldsAndMethods(u, typeName)) > 0 {
				return "Tab behind " + sel[:i] + ". lists what it has"
			}
			return ""
		}
	}
	return advice
}

// assignsTo tells whether a statement of the cell assigns to a plain name.
func assignsTo(body ast.Node, name string) (found bool) {
	if body == nil {
		return false
	}
	ast.Inspect(body, func(x ast.Node) bool {
		if a, ok := x.(*ast.AssignStmt); ok && a.Tok == token.ASSIGN {
			for _, l := range a.Lhs {
				id, ok := l.(*ast.Ident)
				found = found || ok && id.Name == name
			}
		}
		return !found
	})
	return found
}

// signature is the declaration of the function that a cell calls by a text, with the names of its parameters, or "".
func signature(info *types.Info, name string) string {
	for x, tv := range info.Types {
		sig, ok := tv.Type.(*types.Signature)
		if !ok || tv.IsType() || Text(x) != name {
			continue
		}
		plain := types.NewSignatureType(nil, nil, nil, sig.Params(), sig.Results(), sig.Variadic())
		return "func " + name + strings.TrimPrefix(types.TypeString(plain, func(p *types.Package) string {
			if p.Path() == Path {
				return ""
			}
			return p.Name()
		}), "func")
	}
	return ""
}

// members lists the exported names of a package known to the cell under a name.
func (p *Program) members(u *Unit, name string) (out []string) {
	var pkg *types.Package
	if pn, ok := u.Scope[name].(*types.PkgName); ok {
		pkg = pn.Imported()
	} else if u.Scope[name] == nil {
		pkg = p.autoImport(name)
	}
	if pkg != nil {
		for _, k := range pkg.Scope().Names() {
			if token.IsExported(k) {
				out = append(out, k)
			}
		}
	}
	return out
}

// fieldsAndMethods lists the names of what a type, named as in an error message, has.
func (p *Program) fieldsAndMethods(u *Unit, name string) (out []string) {
	for _, m := range p.membersOf(u, name) {
		out = append(out, m.Name())
	}
	return out
}

// membersOf lists what a type, named as in an error message, has.
func (p *Program) membersOf(u *Unit, name string) []types.Object {
	name = strings.TrimLeft(name, "*")
	if i := strings.Index(name, " of "); i >= 0 { // "T of type *pkg.T"
		name = name[i+4:]
	}
	var o types.Object
	if q, n, ok := strings.Cut(name, "."); ok {
		if i := strings.LastIndexByte(q, '/'); i >= 0 {
			q = q[i+1:]
		}
		if pn, ok := u.Scope[q].(*types.PkgName); ok {
			o = pn.Imported().Scope().Lookup(n)
		} else if pkg := p.autoImport(q); pkg != nil {
			o = pkg.Scope().Lookup(n)
		}
	} else {
		o = u.Scope[name]
	}
	if o == nil {
		return nil
	}
	return Members(o.Type())
}

// fieldsOf lists the fields of a struct type, named as in an error message.
func (p *Program) fieldsOf(u *Unit, name string) string {
	var fields []string
	for _, m := range p.membersOf(u, name) {
		if v, ok := m.(*types.Var); ok && v.IsField() {
			fields = append(fields, v.Name())
		}
	}
	if len(fields) == 0 || len(fields) > 24 {
		return ""
	}
	return name + " has " + strings.Join(fields, ", ")
}

// Members lists the fields and methods that a selector can name on a value of type t: those of embedded fields too,
// of other packages only the exported ones.
func Members(t types.Type) (out []types.Object) {
	seen := map[string]bool{}
	add := func(o types.Object) {
		if (o.Exported() || InSession(o)) && !seen[o.Name()] {
			seen[o.Name()] = true
			out = append(out, o)
		}
	}
	visited := map[types.Type]bool{}
	var fields func(t types.Type)
	fields = func(t types.Type) {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			t = p.Elem()
		}
		st, ok := t.Underlying().(*types.Struct)
		if !ok || visited[t] {
			return
		}
		visited[t] = true
		for i := range st.NumFields() {
			add(st.Field(i))
		}
		for i := range st.NumFields() {
			if st.Field(i).Embedded() {
				fields(st.Field(i).Type())
			}
		}
	}
	fields(t)
	mt := t
	if _, ok := t.Underlying().(*types.Pointer); !ok && !types.IsInterface(t) {
		mt = types.NewPointer(t)
	}
	ms := types.NewMethodSet(mt)
	for i := range ms.Len() {
		add(ms.At(i).Obj())
	}
	return out
}

// didYouMean proposes the known name that is nearest to the one typed, if it is near.
func didYouMean(name string, known []string) string {
	best, bestD := "", max(1, min(2, len(name)/3))+1
	if len(name) < 3 { // every short name is near another
		bestD = 1
	}
	slices.Sort(known)
	for _, k := range known {
		if k == name || strings.HasPrefix(k, "__") || strings.Contains(k, Mark) {
			continue
		}
		d := distance(name, k)
		if strings.EqualFold(name, k) {
			d = 0
		}
		if d < bestD {
			best, bestD = k, d
		}
	}
	if best == "" {
		return ""
	}
	return "did you mean " + best + "?"
}

// distance counts the insertions, deletions, changes and swaps of neighbours that turn a into b.
func distance(a, b string) int {
	if len(a) > len(b)+2 || len(b) > len(a)+2 {
		return 99
	}
	row := func() []int { return make([]int, len(b)+1) }
	before, prev, cur := row(), row(), row()
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(a); i++ {
		cur[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(b)]
}

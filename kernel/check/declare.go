package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
)

// lateMethod is a method for a type that an earlier cell declared and that stays.
type lateMethod struct {
	decl *ast.FuncDecl
	name string // of the function that stands for it in the pass
}

// declarations is the first pass: types, constants and signatures; bodies are left for the third.
func (u *Unit) declarations(decls []ast.Decl, left map[string]bool) []types.Error {
	p := u.Program
	methods, specs, keep := u.declaredTypes(decls)
	file := u.typeDecls(specs, keep)
	methods = append(methods, u.carriedMethods(methods, specs, keep, left)...)
	var lates []lateMethod
	for i, m := range methods {
		if m.Name.Name == "_" { // there may be many
			m.Name = Ident(m.Name.Pos(), "_"+Mark+strconv.Itoa(i))
		}
		base := Receiver(m)
		td := u.Types[base]
		if td != nil {
			td.Methods[m.Name.Name] = m
		}
		if td == nil || !keep[base] {
			file = append(file, m)
			u.Funcs = append(u.Funcs, &Func{Decl: m, Receiver: base})
			continue
		}
		td.again[m.Name.Name] = u.Scope
		u.Funcs = append(u.Funcs, &Func{Decl: m, Receiver: base})
		if td.Spec.TypeParams == nil { // else its instances get a new version
			name := "m" + Mark + base + Mark + m.Name.Name
			file = append(file, AsFunc(name, m))
			lates = append(lates, lateMethod{m, name})
		}
	}
	file = append(file, u.plainDecls(decls)...)
	if errs := u.notOurs(methods, specs); len(errs) > 0 {
		return errs
	}
	file = append(file, u.measured(decls)...)
	pkg, errs := p.Pass(u.Scope, file, decls[0].Pos(), u.Info, true)
	if len(errs) > 0 {
		return errs
	}
	late := u.addMethods(pkg, lates)
	u.bind(pkg, late)
	return nil
}

// notOurs refuses methods of an alias of a type that a package was imported for by a dot: the checker, which follows the names
// of a file, falls over one that is in scope but not declared.
func (u *Unit) notOurs(methods []*ast.FuncDecl, specs map[string]*ast.TypeSpec) (errs []types.Error) {
	for _, m := range methods {
		sp := specs[Receiver(m)]
		if sp == nil || !sp.Assign.IsValid() {
			continue
		}
		target := ast.Unparen(sp.Type)
		if star, ok := target.(*ast.StarExpr); ok {
			target = ast.Unparen(star.X)
		}
		id, ok := target.(*ast.Ident)
		if !ok || specs[id.Name] != nil {
			continue
		}
		if t, ok := u.Scope[id.Name].(*types.TypeName); ok && !InSession(t) {
			errs = append(errs, types.Error{Fset: u.Program.Files.Set, Pos: m.Recv.List[0].Type.Pos(), Msg: "cannot define new methods on non-local type " + sp.Name.Name})
		}
	}
	return errs
}

// declaredTypes finds the types that a cell declares, and the earlier ones that it adds methods to. A type whose text and
// methods' signatures are as before, and what all that they mention means, is kept: its values and methods stay good.
func (u *Unit) declaredTypes(decls []ast.Decl) (methods []*ast.FuncDecl, specs map[string]*ast.TypeSpec, keep map[string]bool) {
	p := u.Program
	specs, keep = map[string]*ast.TypeSpec{}, map[string]bool{}
	current := func(name string) *TypeDecl { // the visible session type of that name
		if old := p.decls[name]; old != nil && p.scope[name] == old.Object {
			return old
		}
		return nil
	}
	m := &meaning{u: u, decls: decls, types: specs}
	for _, d := range decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			for _, sp := range g.Specs {
				specs[sp.(*ast.TypeSpec).Name.Name] = sp.(*ast.TypeSpec)
			}
		}
	}
	for _, d := range decls {
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			for _, sp := range g.Specs {
				t := sp.(*ast.TypeSpec)
				specs[t.Name.Name] = t
				old := current(t.Name.Name)
				keep[t.Name.Name] = old != nil && old.text == Text(t) && !t.Assign.IsValid() && m.same(t, old.Scope)
			}
		}
	}
	mine := map[string][]ast.Node{} // what a type mentions in this cell
	for name, sp := range specs {
		mine[name] = append(mine[name], sp)
	}
	for _, d := range decls {
		f, ok := d.(*ast.FuncDecl)
		if !ok || f.Recv == nil {
			continue
		}
		methods = append(methods, f)
		nameBlanks(f)
		u.followAliases(f, specs)
		base := Receiver(f)
		old := current(base)
		if old == nil {
			continue
		}
		was := old.Methods[f.Name.Name]
		changed := was != nil && (Text(was.Type) != Text(f.Type) || Text(was.Recv.List[0].Type) != Text(f.Recv.List[0].Type) || !m.same(f.Type, old.MethodScope(f.Name.Name)))
		if old.Spec.TypeParams != nil && was == nil {
			changed = true // go/types has made the methods of its instances
		}
		if specs[base] == nil {
			specs[base], keep[base] = old.Spec, true
			mine[base] = append(mine[base], old.Spec)
		}
		mine[base] = append(mine[base], f.Type)
		keep[base] = keep[base] && !changed
	}
	for again := true; again; { // a type that mentions a changed one, in its methods too, is changed
		again = false
		for name := range specs {
			for _, n := range mine[name] {
				ast.Inspect(n, func(x ast.Node) bool {
					if id, ok := x.(*ast.Ident); ok && id.Name != name && specs[id.Name] != nil && !keep[id.Name] && keep[name] {
						keep[name], again = false, true
					}
					return keep[name]
				})
			}
		}
	}
	for name, sp := range specs {
		if old := current(name); old != nil && old.Spec == sp && !keep[name] {
			specs[name] = Clone(sp)
		}
	}
	return methods, specs, keep
}

// followAliases writes the type itself as the receiver of a method that names an alias of it.
func (u *Unit) followAliases(m *ast.FuncDecl, specs map[string]*ast.TypeSpec) {
	p := u.Program
	for range len(specs) + len(p.decls) { // an alias of itself is an error that the checker finds
		sp := specs[Receiver(m)]
		if old := p.decls[Receiver(m)]; sp == nil && old != nil && p.scope[Receiver(m)] == old.Object {
			sp = old.Spec
		}
		if sp == nil || !sp.Assign.IsValid() || sp.TypeParams != nil {
			return
		}
		target := ast.Unparen(sp.Type)
		star, pointer := target.(*ast.StarExpr)
		if pointer {
			target = ast.Unparen(star.X)
		}
		id, ok := target.(*ast.Ident)
		if !ok || specs[id.Name] == nil && p.decls[id.Name] == nil {
			return
		}
		r := m.Recv.List[0]
		at := r.Type.Pos()
		_, isPointer := ast.Unparen(r.Type).(*ast.StarExpr)
		if isPointer && pointer {
			return // a pointer to a pointer is none
		}
		if r.Type = Ident(at, id.Name); pointer || isPointer {
			r.Type = &ast.StarExpr{Star: at, X: r.Type}
		}
	}
}

// sortedByPosition gives the names of specs in the order of the source.
func sortedByPosition(specs map[string]*ast.TypeSpec) []string {
	return slices.SortedFunc(maps.Keys(specs), func(a, b string) int { return int(specs[a].Pos()) - int(specs[b].Pos()) })
}

// typeDecls records the types in u.Types and returns declarations of the new ones.
func (u *Unit) typeDecls(specs map[string]*ast.TypeSpec, keep map[string]bool) (file []ast.Decl) {
	for _, name := range sortedByPosition(specs) {
		if keep[name] {
			td := *u.Program.decls[name]
			td.Methods, td.kept = maps.Clone(td.Methods), true
			if td.again = maps.Clone(td.again); td.again == nil {
				td.again = map[string]map[string]types.Object{}
			}
			u.Types[name] = &td
			continue
		}
		u.Types[name] = &TypeDecl{Spec: specs[name], text: Text(specs[name]), Methods: map[string]*ast.FuncDecl{}}
		file = append(file, &ast.GenDecl{TokPos: specs[name].Pos(), Tok: token.TYPE, Specs: []ast.Spec{specs[name]}})
	}
	return file
}

// carriedMethods returns copies of the methods that earlier versions of changed types had and the cell does not define,
// but for those that are left out.
func (u *Unit) carriedMethods(methods []*ast.FuncDecl, specs map[string]*ast.TypeSpec, keep, left map[string]bool) (out []*ast.FuncDecl) {
	u.carried = map[string]*ast.FuncDecl{}
	if left[""] {
		return nil
	}
	defined := maps.Clone(left)
	for _, m := range methods {
		defined[Receiver(m)+"."+m.Name.Name] = true
	}
	for _, name := range sortedByPosition(specs) {
		old := u.Program.decls[name]
		if old == nil || keep[name] {
			continue
		}
		for _, k := range slices.Sorted(maps.Keys(old.Methods)) {
			if full := name + "." + k; !defined[full] {
				u.carried[full] = Clone(old.Methods[k])
				out = append(out, u.carried[full])
			}
		}
	}
	return out
}

// plainDecls returns constants and functions. main and init, of which there may be several, run with the statements.
func (u *Unit) plainDecls(decls []ast.Decl) (file []ast.Decl) {
	inits := 0
	var program *ast.FuncDecl
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.CONST {
				file = append(file, d)
			}
		case *ast.FuncDecl:
			if d.Recv != nil {
				continue
			}
			switch d.Name.Name {
			case "init":
				if d.Name.Name += Mark; inits > 0 {
					d.Name.Name += strconv.Itoa(inits)
				}
				inits++
				u.callLast(d)
			case "main":
				program = d
			}
			file = append(file, d)
			u.Funcs = append(u.Funcs, &Func{Decl: d})
		}
	}
	if program != nil && !slices.ContainsFunc(u.Body.List, isMainCall) { // a cell that calls it itself means that call
		u.callLast(program)
	}
	return file
}

// measured returns copies of those variables of the cell that its constants and types mention: len of an array is a constant.
func (u *Unit) measured(decls []ast.Decl) (file []ast.Decl) {
	names := map[string]bool{}
	mention := func(n ast.Node) {
		ast.Inspect(n, func(x ast.Node) bool {
			if id, ok := x.(*ast.Ident); ok {
				names[id.Name] = true
			}
			return true
		})
	}
	for _, d := range decls {
		if g, ok := d.(*ast.GenDecl); ok {
			mention(g)
		}
	}
	if len(names) == 0 {
		return nil
	}
	seen := map[*ast.ValueSpec]bool{}
	for again := true; again; {
		again = false
		for _, st := range u.Body.List {
			d, ok := st.(*ast.DeclStmt)
			if !ok || d.Decl.(*ast.GenDecl).Tok != token.VAR {
				continue
			}
			for _, sp := range d.Decl.(*ast.GenDecl).Specs {
				sp := sp.(*ast.ValueSpec)
				if seen[sp] || !slices.ContainsFunc(sp.Names, func(id *ast.Ident) bool { return names[id.Name] }) {
					continue
				}
				seen[sp], again = true, true
				c := Clone(sp)
				if c.Type != nil {
					c.Values = nil
				}
				mention(c)
				file = append(file, &ast.GenDecl{TokPos: sp.Pos(), Tok: token.VAR, Specs: []ast.Spec{c}})
			}
		}
	}
	return file
}

// callLast adds a call of main or init to the statements; a value of the cell stays last.
func (u *Unit) callLast(d *ast.FuncDecl) {
	call := ast.Stmt(&ast.ExprStmt{X: &ast.CallExpr{Fun: Ident(d.Pos(), d.Name.Name)}})
	at := len(u.Body.List)
	if u.calls == 0 && at > 0 {
		if _, ok := u.Body.List[at-1].(*ast.ExprStmt); ok {
			at--
		}
	}
	if at == len(u.Body.List) {
		u.calls++
	}
	u.Body.List = slices.Insert(u.Body.List, at, call)
}

// addMethods gives the kept types their new methods; it returns the names that stood for them.
func (u *Unit) addMethods(pkg *types.Package, lates []lateMethod) map[string]bool {
	p := u.Program
	names := map[string]bool{}
	for _, l := range lates {
		names[l.name] = true
		if u.probe {
			continue
		}
		sig := pkg.Scope().Lookup(l.name).Type().(*types.Signature)
		named := p.decls[Receiver(l.decl)].Object.Type().(*types.Named)
		if m := method(named, l.decl.Name.Name); m != nil {
			if p.ghosts[m] { // defined again after a failure
				delete(p.ghosts, m)
				u.added = append(u.added, m)
			}
			continue
		}
		var params []*types.Var
		for i := 1; i < sig.Params().Len(); i++ {
			params = append(params, sig.Params().At(i))
		}
		r := sig.Params().At(0)
		recv := types.NewVar(r.Pos(), named.Obj().Pkg(), r.Name(), r.Type())
		m := types.NewFunc(l.decl.Name.Pos(), named.Obj().Pkg(), l.decl.Name.Name,
			types.NewSignatureType(recv, nil, nil, types.NewTuple(params...), sig.Results(), sig.Variadic()))
		named.AddMethod(m)
		u.added = append(u.added, m)
	}
	return names
}

// bind gives slots to what the first pass declared and puts it in the unit's scope.
func (u *Unit) bind(pkg *types.Package, skip map[string]bool) {
	p := u.Program
	for _, k := range pkg.Scope().Names() {
		o := pkg.Scope().Lookup(k)
		if _, imported := o.(*types.PkgName); imported || o.Pkg() != pkg || o == p.scope[k] || skip[k] {
			continue
		}
		switch o := o.(type) {
		case *types.Var: // see measured
			continue
		case *types.Func:
			if old, ok := p.scope[k].(*types.Func); ok && p.Slots[old] != "" && types.Identical(old.Type(), o.Type()) {
				p.Slots[o] = p.Slots[old]
			} else {
				p.Slots[o] = p.Fresh(k)
			}
		case *types.TypeName:
			if u.Types[k] != nil {
				u.Types[k].Object = o
				if !u.probe {
					p.TypeDecls[o] = u.Types[k]
				}
			}
		}
		u.Scope[k] = o
	}
	for _, td := range u.Types {
		if !td.kept {
			td.Scope = u.Scope
		}
	}
}

// method finds a declared method by name.
func method(n *types.Named, name string) *types.Func {
	for i := range n.NumMethods() {
		if n.Method(i).Name() == name {
			return n.Method(i)
		}
	}
	return nil
}

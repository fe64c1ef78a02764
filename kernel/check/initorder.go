package check

import (
	"go/ast"
	"go/token"
	"slices"
	"strings"
)

// Order of initialization. In a cell that is a package, with variables and functions but no other statements, variables are
// initialized in the order of their dependencies, as the Go specification says: the first variable in the text that
// depends on none still to come. Where other statements stand between them, a cell runs from top to bottom.

// initOrder sorts the var declarations of such a cell. funcs are its functions and methods.
func initOrder(body *ast.BlockStmt, decls []ast.Decl) {
	var specs []*ast.ValueSpec
	for _, st := range body.List {
		d, ok := st.(*ast.DeclStmt)
		if !ok {
			if isProgramCall(st) {
				continue
			}
			return
		}
		g, ok := d.Decl.(*ast.GenDecl)
		if !ok || g.Tok != token.VAR {
			return
		}
		for _, sp := range g.Specs {
			specs = append(specs, apart(sp.(*ast.ValueSpec))...)
		}
	}
	if len(specs) < 2 {
		return
	}
	funcs := map[string][]*ast.FuncDecl{}
	for _, d := range decls {
		if f, ok := d.(*ast.FuncDecl); ok {
			funcs[f.Name.Name] = append(funcs[f.Name.Name], f)
		}
	}
	var sorted []ast.Stmt
	for len(specs) > 0 {
		next := slices.IndexFunc(specs, func(sp *ast.ValueSpec) bool { return !dependsOn(sp, specs, funcs) })
		if next < 0 { // names alone do not tell a method from another of its name: what is mentioned at first hand counts
			next = max(0, slices.IndexFunc(specs, func(sp *ast.ValueSpec) bool { return !dependsOn(sp, specs, nil) }))
		}
		sp := specs[next]
		sorted = append(sorted, &ast.DeclStmt{Decl: &ast.GenDecl{TokPos: sp.Pos(), Tok: token.VAR, Specs: []ast.Spec{sp}}})
		specs = append(specs[:next:next], specs[next+1:]...)
	}
	for _, st := range body.List {
		if isProgramCall(st) {
			sorted = append(sorted, st)
		}
	}
	body.List = sorted
}

// apart cuts a spec whose values mention its own variables into one for each, where that gives an order: in a package
// each variable is initialized by itself. Without an order, as for var x, y = y, x of variables that there are, it stays.
func apart(sp *ast.ValueSpec) []*ast.ValueSpec {
	whole := []*ast.ValueSpec{sp}
	if len(sp.Names) < 2 || len(sp.Values) != len(sp.Names) {
		return whole
	}
	var parts []*ast.ValueSpec
	for i, n := range sp.Names {
		parts = append(parts, &ast.ValueSpec{Names: []*ast.Ident{n}, Type: sp.Type, Values: sp.Values[i : i+1]})
	}
	if !slices.ContainsFunc(parts, func(p *ast.ValueSpec) bool { return dependsOn(p, parts, nil) }) {
		return whole
	}
	for left := slices.Clone(parts); len(left) > 0; {
		i := slices.IndexFunc(left, func(p *ast.ValueSpec) bool { return !dependsOn(p, left, nil) })
		if i < 0 {
			return whole
		}
		left = slices.Delete(left, i, i+1)
	}
	return parts
}

// isProgramCall tells a call of main, or the call of init that was added to the statements.
func isProgramCall(st ast.Stmt) bool {
	name := called(st)
	return name == "main" || strings.HasPrefix(name, "init"+Mark)
}

func isMainCall(st ast.Stmt) bool { return called(st) == "main" }

// called is the name of the function that a statement calls without arguments, "" for any other statement.
func called(st ast.Stmt) string {
	if es, ok := st.(*ast.ExprStmt); ok {
		if c, ok := es.X.(*ast.CallExpr); ok && len(c.Args) == 0 {
			if id, ok := c.Fun.(*ast.Ident); ok {
				return id.Name
			}
		}
	}
	return ""
}

// dependsOn tells whether the values of sp mention another of specs, directly or through functions.
func dependsOn(sp *ast.ValueSpec, specs []*ast.ValueSpec, funcs map[string][]*ast.FuncDecl) bool {
	wanted := map[string]bool{}
	for _, other := range specs {
		if other == sp {
			continue
		}
		for _, n := range other.Names {
			wanted[n.Name] = len(other.Values) > 0 || other.Type != nil
		}
	}
	delete(wanted, "_")
	seen := map[*ast.FuncDecl]bool{}
	found := false
	var look func(n ast.Node)
	call := func(name string, method bool) {
		for _, f := range funcs[name] {
			if !seen[f] && f.Body != nil && (f.Recv != nil) == method {
				seen[f] = true
				look(f.Body)
			}
		}
	}
	look = func(n ast.Node) {
		ast.Inspect(n, func(x ast.Node) bool {
			if s, ok := x.(*ast.SelectorExpr); ok { // the name behind the dot is that of a field or method
				look(s.X)
				call(s.Sel.Name, true)
				return false
			}
			id, ok := x.(*ast.Ident)
			if !ok || found {
				return !found
			}
			if wanted[id.Name] {
				found = true
				return false
			}
			call(id.Name, false)
			return true
		})
	}
	for _, v := range sp.Values {
		look(v)
	}
	return found
}

package check

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
)

// What a declaration means. The text of a type or method that a cell has again may say something else when a constant or type
// that it mentions has changed since.

// meaning tells whether the text of a declaration, which a cell has again, still says what it said.
type meaning struct {
	u      *Unit
	decls  []ast.Decl
	types  map[string]*ast.TypeSpec // that the cell declares: they are compared by themselves
	consts map[string]types.Object  // that the cell declares
}

// same tells whether the types and constants that a node mentions are those that it mentioned when the session had the given
// names.
func (m *meaning) same(n ast.Node, then map[string]types.Object) bool {
	same := true
	params := map[string]bool{}
	var visit func(n ast.Node) bool
	visit = func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.TypeSpec:
			if n.TypeParams != nil {
				for _, f := range n.TypeParams.List {
					for _, name := range f.Names {
						params[name.Name] = true
					}
				}
				ast.Inspect(n.TypeParams, visit)
			}
			ast.Inspect(n.Type, visit)
			return false
		case *ast.Field:
			ast.Inspect(n.Type, visit)
			return false
		case *ast.SelectorExpr:
			return false // of a package
		case *ast.Ident:
			if m.types[n.Name] == nil && !params[n.Name] {
				same = same && alike(then[n.Name], m.now(n.Name))
			}
		}
		return same
	}
	ast.Inspect(n, visit)
	return same
}

// now is what a name stands for in the cell.
func (m *meaning) now(name string) types.Object {
	if m.consts == nil {
		m.consts = map[string]types.Object{}
		var file []ast.Decl
		found := false
		for _, d := range m.decls {
			if g, ok := d.(*ast.GenDecl); ok && (g.Tok == token.CONST || g.Tok == token.TYPE) {
				file = append(file, d)
				found = found || g.Tok == token.CONST
			}
		}
		if found {
			pkg, _ := m.u.Program.Pass(m.u.Scope, file, file[0].Pos(), NewInfo(), true) // errors come again
			for _, k := range pkg.Scope().Names() {
				if c, ok := pkg.Scope().Lookup(k).(*types.Const); ok {
					m.consts[k] = c
				}
			}
		}
	}
	if c := m.consts[name]; c != nil {
		return c
	}
	return m.u.Scope[name]
}

// alike tells whether two objects are the same to the text of a type.
func alike(a, b types.Object) bool {
	switch a := a.(type) {
	case *types.TypeName:
		b, ok := b.(*types.TypeName)
		return ok && types.Identical(a.Type(), b.Type())
	case *types.Const:
		b, ok := b.(*types.Const)
		return ok && a.Val().Kind() == b.Val().Kind() && constant.Compare(a.Val(), token.EQL, b.Val())
	}
	_, isType := b.(*types.TypeName)
	_, isConst := b.(*types.Const)
	return !isType && !isConst
}

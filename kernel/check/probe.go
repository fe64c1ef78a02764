package check

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"

	"gonverge/kernel/cell"
)

// Probe is what can be found out about a cell that is being typed.
type Probe struct {
	Info  *types.Info
	Scope map[string]types.Object // globals: of the session and of this cell
	Files []ast.Node              // the parts of the cell

	program *Program
}

// Probe checks what it can of a loosely parsed cell and leaves the program as it is.
func (p *Program) Probe(c *cell.Cell) *Probe {
	u := &Unit{Program: p, Info: NewInfo(), Scope: maps.Clone(p.scope), Body: c.Body, Types: map[string]*TypeDecl{}, checked: map[*ast.CallExpr]bool{}, probe: true}
	pr := &Probe{Info: u.Info, program: p}
	for _, d := range c.Decls {
		pr.Files = append(pr.Files, d)
	}
	// Errors are expected: the cell is not finished.
	_ = u.imports(c.Imports)
	if len(c.Decls) > 0 {
		_ = u.declarations(c.Decls, map[string]bool{"": true})
	}
	if len(u.Body.List) > 0 {
		_ = u.probeStatements()
		pr.Files = append(pr.Files, u.Body)
	}
	if len(u.Funcs) > 0 {
		_ = u.bodies()
	}
	pr.Scope = u.Scope
	return pr
}

// probeStatements is the second pass without regard to errors: what has a type becomes visible to the bodies.
func (u *Unit) probeStatements() []types.Error {
	if errs := u.statements(); len(errs) == 0 {
		return nil
	}
	for id, o := range u.Info.Defs {
		if v, ok := o.(*types.Var); ok && u.Scope[id.Name] == nil && v.Type() != types.Typ[types.Invalid] {
			u.Scope[id.Name] = v
		}
	}
	return nil
}

// Package returns the package that a name stands for, imported or not, or nil.
func (pr *Probe) Package(name string) *types.Package {
	if pn, ok := pr.Scope[name].(*types.PkgName); ok {
		return pn.Imported()
	}
	if pr.Scope[name] == nil {
		return pr.program.autoImport(name)
	}
	return nil
}

// Locals lists the objects of the scopes around a position, innermost first, up to the globals.
func (pr *Probe) Locals(pos token.Pos) (out []types.Object) {
	var inner *types.Scope
	for _, s := range pr.Info.Scopes {
		if s.Contains(pos) && (inner == nil || s.Pos() >= inner.Pos() && s.End() <= inner.End()) {
			inner = s
		}
	}
	for s := inner; s != nil && s != types.Universe && s != pr.program.pkg.Scope(); s = s.Parent() {
		for _, name := range s.Names() {
			if o := s.Lookup(name); o.Pos() < pos {
				out = append(out, o)
			}
		}
	}
	return out
}

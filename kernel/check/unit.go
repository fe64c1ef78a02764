package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strconv"
	"strings"

	"gonverge/kernel/cell"
)

// Unit is one checked cell on its way to lowering.
type Unit struct {
	Program *Program
	Number  int
	Info    *types.Info
	Scope   map[string]types.Object // what the cell leaves behind
	Body    *ast.BlockStmt          // its statements, calls of main and init included
	Last    ast.Expr                // the expression whose values are the cell's, or nil
	NewVars []*types.Var            // variables that this cell adds to the session
	Funcs   []*Func
	Types   map[string]*TypeDecl // types that it declares or adds methods to

	checked map[*ast.CallExpr]bool   // calls that were wrapped because their error had no name
	added   []*types.Func            // methods added to types of earlier cells
	calls   int                      // calls of main and init at the end of the statements
	probe   bool                     // nothing may change: see Probe
	carried map[string]*ast.FuncDecl // methods of an earlier version of a type that came along
}

// Func is a function or method of a cell.
type Func struct {
	Decl     *ast.FuncDecl // as written
	AsFunc   *ast.FuncDecl // as checked: a method is a function
	Object   *types.Func   // nil for a method
	Receiver string        // name of the base type, or ""
}

// carriedError asks for another try without some of the methods of earlier versions of types, which it names.
type carriedError struct {
	error
	misfits []string
}

// Check type-checks a parsed cell. On error, a cell.Diagnostics, the program is as it was.
func (p *Program) Check(c *cell.Cell) (*Unit, error) {
	left := map[string]bool{} // methods of earlier versions that do not fit; "" for all
	u, err := p.check(c, left)
	for {
		ce, ok := err.(carriedError)
		if !ok {
			return u, err
		}
		for _, m := range ce.misfits {
			left[m] = true
		}
		left[""] = len(ce.misfits) == 0 // the fault is the cell's, or that such a method is there
		u, err = p.check(p.Files.Reparse(c.Number), left)
		if left[""] && err != nil {
			return nil, ce.error
		}
	}
}

// misfits names the carried methods in which there are errors.
func (u *Unit) misfits(err error) (names []string) {
	list, _ := err.(cell.Diagnostics)
	for name, m := range u.carried {
		from, to := u.Program.Files.Position(m.Pos()), u.Program.Files.Position(m.End())
		if slices.ContainsFunc(list, func(d cell.Diagnostic) bool { return d.Cell == from.Cell && d.Line >= from.Line && d.Line <= to.Line }) {
			names = append(names, name)
		}
	}
	return names
}

// Commit makes what the unit declares visible to later cells.
func (u *Unit) Commit() {
	p := u.Program
	p.scope = u.Scope
	maps.Copy(p.decls, u.Types)
	for _, td := range u.Types {
		p.TypeDecls[td.Object] = td
	}
}

// TypeDecl is the syntax of a type as this cell leaves it, or nil.
func (u *Unit) TypeDecl(o *types.TypeName) *TypeDecl {
	if td := u.Types[o.Name()]; td != nil && td.Object == o {
		return td
	}
	return u.Program.TypeDecls[o]
}

// Rollback forgets the unit.
func (u *Unit) Rollback() {
	for _, m := range u.added {
		u.Program.ghosts[m] = true
	}
}

func (p *Program) check(c *cell.Cell, left map[string]bool) (u *Unit, err error) {
	u = &Unit{Program: p, Number: c.Number, Info: NewInfo(), Scope: maps.Clone(p.scope), Body: c.Body, Types: map[string]*TypeDecl{}, checked: map[*ast.CallExpr]bool{}}
	defer func() {
		if err != nil {
			u.Rollback()
			if len(u.carried) > 0 {
				err = carriedError{err, u.misfits(err)}
			}
			u = nil
		}
	}()
	if errs := u.imports(c.Imports); len(errs) > 0 {
		return u, p.diagnostics(u, errs)
	}
	if len(c.Decls) > 0 {
		if errs := u.declarations(c.Decls, left); len(errs) > 0 {
			return u, p.diagnostics(u, errs)
		}
	}
	vars := packageVars(u.Body)
	initOrder(u.Body, c.Decls)
	if len(u.Body.List) > 0 {
		if errs := u.statements(); len(errs) > 0 {
			return u, p.diagnostics(u, errs)
		}
	}
	if len(u.Funcs) > 0 {
		if errs := u.bodies(); len(errs) > 0 {
			return u, p.diagnostics(u, errs)
		}
	}
	if len(vars) > 0 {
		if errs := u.initCycles(vars, c); len(errs) > 0 {
			return u, p.diagnostics(u, errs)
		}
	}
	return u, nil
}

// imports puts the imported packages in scope.
func (u *Unit) imports(specs []*ast.ImportSpec) []types.Error {
	p := u.Program
	bound := map[string]string{} // the same import twice is no mistake, two of one name are
	for _, sp := range specs {
		path, err := strconv.Unquote(sp.Path.Value)
		if err != nil {
			return []types.Error{{Fset: p.Files.Set, Pos: sp.Path.Pos(), Msg: "bad import path"}}
		}
		pkg, err := p.Importer.Import(path)
		if err != nil {
			return []types.Error{{Fset: p.Files.Set, Pos: sp.Path.Pos(), Msg: err.Error()}}
		}
		name := pkg.Name()
		if sp.Name != nil {
			name = sp.Name.Name
		}
		if was := bound[name]; was != "" && was != path && name != "_" && name != "." {
			return []types.Error{{Fset: p.Files.Set, Pos: sp.Pos(), Msg: fmt.Sprintf("%s redeclared in this block: it is package %s already", name, was)}}
		}
		bound[name] = path
		switch name {
		case "_":
		case ".":
			for _, k := range pkg.Scope().Names() {
				if o := pkg.Scope().Lookup(k); o.Exported() {
					u.Scope[k] = o
				}
			}
		default:
			u.Scope[name] = types.NewPkgName(token.NoPos, p.pkg, name, pkg)
		}
	}
	return nil
}

// statements is the second pass: the statements as one function body, whose top-level variables become the session's.
func (u *Unit) statements() []types.Error {
	p := u.Program
	if es, ok := u.Body.List[len(u.Body.List)-1].(*ast.ExprStmt); ok {
		u.Last = es.X
	}
	ft := &ast.FuncType{Params: &ast.FieldList{}}
	at := u.Body.List[0].Pos()
	var errs []types.Error
	for range 8 { // each round may make calls inside wrapped calls visible
		clear(u.Info.Scopes)
		_, errs = p.Pass(u.Scope, []ast.Decl{&ast.FuncDecl{Name: Ident(at, "cell"+Mark), Type: ft, Body: u.Body}}, at, u.Info, false)
		errs = u.forgiveLast(errs)
		if len(errs) == 0 || !u.wrapUnnamedErrors(errs) {
			break
		}
	}
	if len(errs) > 0 {
		return errs
	}
	sc := u.Info.Scopes[ft]
	for _, k := range sc.Names() {
		v, ok := sc.Lookup(k).(*types.Var)
		if !ok || k == "_" {
			continue
		}
		if old, ok := p.scope[k].(*types.Var); ok && p.Slots[old] != "" && types.Identical(old.Type(), v.Type()) {
			p.Slots[v] = p.Slots[old]
			u.Scope[k] = old
			continue
		}
		global := types.NewVar(v.Pos(), v.Pkg(), k, v.Type())
		p.Slots[v] = p.Fresh(k)
		p.Slots[global] = p.Slots[v]
		u.Scope[k] = global
		u.NewVars = append(u.NewVars, global)
	}
	return nil
}

// forgiveLast drops the complaint that the last expression, the value of the cell, is not used.
func (u *Unit) forgiveLast(errs []types.Error) []types.Error {
	if u.Last == nil {
		return errs
	}
	var kept []types.Error
	for _, e := range errs {
		if (strings.HasSuffix(e.Msg, "is not used") || strings.HasSuffix(e.Msg, "is not an expression")) && e.Pos >= u.Last.Pos() && e.Pos <= u.Last.End() {
			continue
		}
		kept = append(kept, e)
	}
	return kept
}

// bodies is the third pass: function bodies, which may use the variables of the statements.
func (u *Unit) bodies() []types.Error {
	p := u.Program
	var file []ast.Decl
	for i, f := range u.Funcs {
		d := AsFunc("b"+Mark+strconv.Itoa(i), f.Decl)
		if td := u.Types[f.Receiver]; f.Receiver != "" && td != nil && td.Spec.TypeParams != nil {
			if d.Type.TypeParams = ReceiverTypeParams(td.Spec, f.Decl); d.Type.TypeParams == nil {
				continue
			}
		}
		f.AsFunc = d
		file = append(file, d)
	}
	if _, errs := p.Pass(u.Scope, file, u.Funcs[0].Decl.Pos(), u.Info, false); len(errs) > 0 {
		return errs
	}
	for _, f := range u.Funcs {
		if f.Receiver == "" {
			f.Object, _ = u.Scope[f.Decl.Name.Name].(*types.Func)
			if f.Decl.Type.TypeParams != nil {
				p.Generics[f.Object] = &Generic{f.Decl, u.Scope}
			}
		}
	}
	return nil
}

// Added returns the methods that the cell adds to types of earlier cells.
func (u *Unit) Added() []*types.Func { return u.added }

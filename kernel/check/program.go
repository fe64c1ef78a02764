package check

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"runtime"
	"strconv"
	"strings"

	"gonverge/kernel/cell"
)

// Mark is a letter that users do not type; every lowered global name carries it, so no name of a cell can clash.
const Mark = "ǃ"

var sizes = types.SizesFor("gc", runtime.GOARCH)

// Path is the import path of the package that all cells form.
const Path = "main"

// Program is what the cells of a session have defined so far.
type Program struct {
	Files    *cell.Files
	Importer *Importer
	Memory   int64 // bytes that a value may have; 0 says nothing

	// Slots holds the lowered name of every global: a variable keeps it while its type is identical, a function
	// while its signature is, so that what was compiled earlier sees the new value.
	Slots map[types.Object]string
	// TypeDecls and Generics are the syntax behind session types and generic functions.
	TypeDecls map[*types.TypeName]*TypeDecl
	Generics  map[*types.Func]*Generic

	pkg    *types.Package
	scope  map[string]types.Object
	decls  map[string]*TypeDecl // the visible types by name
	serial map[string]int
	auto   map[string]string
	ghosts map[*types.Func]bool // methods that a failed cell added; go/types cannot take them back
}

// TypeDecl is a type of the session, so that it can be kept, extended or declared again.
type TypeDecl struct {
	Spec    *ast.TypeSpec
	Methods map[string]*ast.FuncDecl
	Object  *types.TypeName
	Scope   map[string]types.Object // what its declaration could see

	text  string
	again map[string]map[string]types.Object // what the methods can see that a later cell defined
	kept  bool                               // from an earlier cell
}

// MethodScope is what the body of a method can see.
func (d *TypeDecl) MethodScope(name string) map[string]types.Object {
	if sc := d.again[name]; sc != nil {
		return sc
	}
	return d.Scope
}

// Generic is a generic function as a template of its instances.
type Generic struct {
	Decl  *ast.FuncDecl
	Scope map[string]types.Object
}

// prelude declares what the checker itself puts into cells.
const prelude = `package main
func ` + cell.ResultName + `(...any) {}
func ` + varyName + `[A any](a A) A { return a }
func __must1[A any](a A, err error) A { return a }
func __must2[A, B any](a A, b B, err error) (A, B) { return a, b }
func __must3[A, B, C any](a A, b B, c C, err error) (A, B, C) { return a, b, c }
`

// New returns an empty program over the packages of the export data. Cells may use those of preload by their names alone.
func New(files *cell.Files, exportData []byte, preload []string) (*Program, error) {
	im, err := NewImporter(files.Set, exportData)
	if err != nil {
		return nil, err
	}
	p := &Program{Files: files, Importer: im, Slots: map[types.Object]string{}, TypeDecls: map[*types.TypeName]*TypeDecl{}, Generics: map[*types.Func]*Generic{},
		pkg: types.NewPackage(Path, "main"), scope: map[string]types.Object{}, decls: map[string]*TypeDecl{}, serial: map[string]int{}, auto: im.autoImports(preload), ghosts: map[*types.Func]bool{}}
	f, err := parser.ParseFile(files.Set, "prelude", prelude, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	pkg, errs := p.Pass(nil, f.Decls, f.Pos(), NewInfo(), true)
	if len(errs) > 0 {
		return nil, errs[0]
	}
	for _, k := range pkg.Scope().Names() {
		p.scope[k] = pkg.Scope().Lookup(k)
	}
	return p, nil
}

// Predeclare adds a variable of the type path.name that lowered code reaches under the name slot.
func (p *Program) Predeclare(name, path, typeName, slot string) error {
	pkg, err := p.Importer.Import(path)
	if err != nil {
		return err
	}
	o := pkg.Scope().Lookup(typeName)
	if o == nil {
		return fmt.Errorf("check: no %s.%s", path, typeName)
	}
	v := types.NewVar(token.NoPos, p.pkg, name, o.Type())
	p.Slots[v], p.scope[name] = slot, v
	return nil
}

// PredeclareFunc makes a function of a compiled package known without the package's name.
func (p *Program) PredeclareFunc(path, name string) error {
	pkg, err := p.Importer.Import(path)
	if err != nil {
		return err
	}
	o, ok := pkg.Scope().Lookup(name).(*types.Func)
	if !ok {
		return fmt.Errorf("check: no function %s.%s", path, name)
	}
	p.scope[name] = o
	return nil
}

// Fresh returns a lowered name that was never used.
func (p *Program) Fresh(name string) string {
	p.serial[name]++
	return name + Mark + strconv.Itoa(p.serial[name])
}

// Scope returns what a cell can see, by name. It must not be changed.
func (p *Program) Scope() map[string]types.Object { return p.scope }

// Auto returns the import paths that stand for package names which no cell imported. It must not be changed.
func (p *Program) Auto() map[string]string { return p.auto }

// NewInfo returns an empty record of all that lowering needs.
func NewInfo() *types.Info {
	return &types.Info{Types: map[ast.Expr]types.TypeAndValue{}, Defs: map[*ast.Ident]types.Object{}, Uses: map[*ast.Ident]types.Object{},
		Implicits: map[ast.Node]types.Object{}, Selections: map[*ast.SelectorExpr]*types.Selection{}, Scopes: map[ast.Node]*types.Scope{}, Instances: map[*ast.Ident]types.Instance{}}
}

// InSession reports whether a cell declared the object.
func InSession(o types.Object) bool { return o.Pkg() != nil && o.Pkg().Path() == Path }

// Pass runs go/types over one synthetic file whose package scope is filled with the names of scope that the file mentions.
// Complaints about unused variables are dropped.
func (p *Program) Pass(scope map[string]types.Object, decls []ast.Decl, at token.Pos, info *types.Info, signaturesOnly bool) (*types.Package, []types.Error) {
	file := &ast.File{Package: at, Name: Ident(at, "main"), Decls: decls, FileStart: at, FileEnd: at}
	mine := declared(decls)
	defer namedAfterOthers(decls, mine)()
	pkg := p.pkg
	// By value: the scope keeps its address, see the package comment.
	*pkg.Scope() = *types.NewScope(types.Universe, token.NoPos, token.NoPos, "session")
	// Only names that occur are put in scope: a large session costs nothing.
	names, qualifiers := mentioned(decls)
	for name := range names {
		o := scope[name]
		if o == nil && qualifiers[name] && types.Universe.Lookup(name) == nil {
			if q := p.autoImport(name); q != nil {
				o = types.NewPkgName(token.NoPos, pkg, name, q)
			}
		}
		if o == nil || mine[name] {
			continue
		}
		if pn, ok := o.(*types.PkgName); ok { // the checker wants its own package in these
			o = types.NewPkgName(token.NoPos, pkg, name, pn.Imported())
		}
		pkg.Scope().Insert(o)
	}
	var errs []types.Error
	conf := types.Config{Importer: p.Importer, IgnoreFuncBodies: signaturesOnly, GoVersion: "go1.26", Sizes: sizes, Error: func(err error) {
		if e, ok := err.(types.Error); ok {
			if strings.HasPrefix(e.Msg, "declared and not used") || strings.HasSuffix(e.Msg, "imported and not used") {
				return
			}
			errs = append(errs, e)
		}
	}}
	types.NewChecker(&conf, p.Files.Set, pkg, info).Files([]*ast.File{file}) // errors went to conf.Error
	for x, sel := range info.Selections {
		if f, ok := sel.Obj().(*types.Func); ok && p.ghosts[f] {
			errs = append(errs, types.Error{Fset: p.Files.Set, Pos: x.Sel.Pos(), Msg: fmt.Sprintf("%s undefined (the cell that defines method %s failed)", Text(x), x.Sel.Name)})
		}
	}
	return pkg, append(errs, p.large(info)...)
}

// namedAfterOthers puts parentheses around the right side of `type B A` where A is not of the file: looking for cycles the
// checker follows plain names, and falls over a type that is in scope but not declared. It returns how to take them away.
func namedAfterOthers(decls []ast.Decl, mine map[string]bool) (undo func()) {
	undo = func() {}
	for _, d := range decls {
		g, ok := d.(*ast.GenDecl)
		if !ok || g.Tok != token.TYPE {
			continue
		}
		for _, sp := range g.Specs {
			t := sp.(*ast.TypeSpec)
			if id, ok := t.Type.(*ast.Ident); ok && !mine[id.Name] {
				t.Type = &ast.ParenExpr{Lparen: id.Pos(), X: id, Rparen: id.End()}
				before := undo
				undo = func() { t.Type = id; before() }
			}
		}
	}
	return undo
}

// autoImport returns the package that a name stands for without an import, or nil.
func (p *Program) autoImport(name string) *types.Package {
	path := p.auto[name]
	if path == "" {
		return nil
	}
	pkg, err := p.Importer.Import(path)
	if err != nil || pkg.Name() != name {
		return nil
	}
	return pkg
}

// declared collects the package-level names of a file.
func declared(decls []ast.Decl) map[string]bool {
	names := map[string]bool{}
	for _, d := range decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				names[d.Name.Name] = true
			}
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					names[sp.Name.Name] = true
				case *ast.ValueSpec:
					for _, n := range sp.Names {
						names[n.Name] = true
					}
				}
			}
		}
	}
	return names
}

// mentioned collects every identifier, and those that stand before a dot.
func mentioned(decls []ast.Decl) (names, qualifiers map[string]bool) {
	names, qualifiers = map[string]bool{}, map[string]bool{}
	for _, d := range decls {
		ast.Inspect(d, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.Ident:
				names[x.Name] = true
			case *ast.SelectorExpr:
				if id, ok := x.X.(*ast.Ident); ok {
					qualifiers[id.Name] = true
				}
			}
			return true
		})
	}
	return names, qualifiers
}

package lower

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"

	"gonverge/kernel/check"
)

// shim finds our own version of a generic function or type of std, or nil; those of a package are checked on first use.
func (l *lowerer) shim(path, name string) types.Object {
	src, ok := shimSources[path]
	if !ok {
		return nil
	}
	if m, ok := l.shims[path]; ok {
		return m[name]
	}
	p := l.program
	f, err := parser.ParseFile(p.Files.Set, "shim/"+path, "package main\n"+src, parser.SkipObjectResolution)
	if err != nil {
		panic(err) // our own source
	}
	scope := map[string]types.Object{}
	main := types.NewPackage(check.Path, "main")
	for _, path := range []string{"cmp", "sort", "iter", "sync", "reflect", "math/rand/v2", "errors", "hash", "crypto/hmac", "crypto/subtle", "runtime"} {
		if ip, err := p.Importer.Import(path); err == nil {
			scope[ip.Name()] = types.NewPkgName(token.NoPos, main, ip.Name(), ip)
		}
	}
	scope["kern"] = types.NewPkgName(token.NoPos, main, "kern", kern)
	pkg, errs := p.Pass(scope, f.Decls, f.Pos(), check.NewInfo(), true)
	if len(errs) > 0 {
		panic(errs[0])
	}
	m := map[string]types.Object{}
	l.shims[path] = m
	for _, k := range pkg.Scope().Names() {
		if o := pkg.Scope().Lookup(k); o.Pkg() == pkg {
			if _, imported := o.(*types.PkgName); !imported {
				m[k], scope[k] = o, o
			}
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil {
				p.Generics[m[d.Name.Name].(*types.Func)] = &check.Generic{Decl: d, Scope: scope}
			} else {
				p.TypeDecls[m[check.Receiver(d)].(*types.TypeName)].Methods[d.Name.Name] = d
			}
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				if t, ok := sp.(*ast.TypeSpec); ok {
					o := m[t.Name.Name].(*types.TypeName)
					p.TypeDecls[o] = &check.TypeDecl{Spec: t, Methods: map[string]*ast.FuncDecl{}, Object: o, Scope: scope}
				}
			}
		}
	}
	return m[name]
}

// kernPath is the import path of the functions of package run that our own versions call by name.
const kernPath = "gonverge/kern"

// kern declares them.
var kern = func() *types.Package {
	p := types.NewPackage(kernPath, "kern")
	empty := types.NewInterfaceType(nil, nil)
	param := func(name string) *types.Var { return types.NewParam(token.NoPos, p, name, empty) }
	sig := types.NewSignatureType(nil, nil, nil, types.NewTuple(param("key"), param("value")), types.NewTuple(param("")), false)
	p.Scope().Insert(types.NewFunc(token.NoPos, p, "Only", sig))
	p.MarkComplete()
	return p
}()

// shimType is our own version of a generic type of std, or nil.
func (l *lowerer) shimType(o *types.TypeName) *types.TypeName {
	if o.Pkg() == nil {
		return nil
	}
	t, _ := l.shim(o.Pkg().Path(), o.Name()).(*types.TypeName)
	return t
}

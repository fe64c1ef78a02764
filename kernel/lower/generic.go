package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"gonverge/kernel/check"
)

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// instance is one of a generic function or type, and its lowered name.
type instance struct {
	args *types.TypeList
	name string
	typ  *types.Named // nil for a function
}

// note remembers an instance, so that a later cell can define its functions again.
func (l *lowerer) note(key any, in instance) {
	old := l.copies[key]
	l.copies[key] = append(old[:len(old):len(old)], in)
	l.undo = append(l.undo, func() { l.copies[key] = old })
}

// again takes note of a generic function or method; instances that there are get a new version.
func (l *lowerer) again(f *check.Func) {
	if f.Receiver == "" {
		slot := l.program.Slots[f.Object]
		g, old := l.program.Generics[f.Object], l.generic[slot]
		l.generic[slot] = g
		l.undo = append(l.undo, func() { l.generic[slot] = old })
		for _, in := range l.copies[slot] {
			l.nextVersion(in.name)
			l.queue = append(l.queue, func() { l.stencil(g.Scope, g.Decl.Type.TypeParams, in.args, g.Decl, in.name, f.Decl.Name.Name, true) })
		}
		return
	}
	td := l.unit.Types[f.Receiver]
	for _, in := range l.copies[td.Object] {
		l.nextVersion(in.name + sep + f.Decl.Name.Name)
		l.queue = append(l.queue, func() { l.stencilMethod(td, in, f.Decl.Name.Name) })
	}
}

// stencilMethod lowers a method of an instance of a type.
func (l *lowerer) stencilMethod(td *check.TypeDecl, in instance, name string) {
	m := td.Methods[name]
	l.stencil(td.MethodScope(name), check.ReceiverTypeParams(td.Spec, m), in.args, m, in.name+sep+name, typeName(in.typ)+"."+name, check.InSession(in.typ.Obj()))
}

// stencil checks and lowers one instance of a generic function or method: its declaration is cloned, the type parameters
// stand for the arguments, and the clone is checked again, so that lowering sees only plain types. What cells declare is
// late-bound, as their other functions are.
func (l *lowerer) stencil(scope map[string]types.Object, params *ast.FieldList, args *types.TypeList, d *ast.FuncDecl, name, userName string, late bool) {
	sc, names := maps.Clone(scope), map[string]bool{}
	i := 0
	pkg := types.NewPackage(check.Path, "main")
	if params != nil {
		for _, f := range params.List {
			for _, n := range f.Names {
				if n.Name != "_" {
					names[n.Name] = true
					sc[n.Name] = types.NewTypeName(token.NoPos, pkg, n.Name, args.At(i))
				}
				i++
			}
		}
	}
	c, info, errs := l.instantiate(sc, d, names, check.Negates(d, names))
	if len(errs) > 0 {
		if vc, vi, ve := l.instantiate(sc, d, names, true); len(ve) == 0 {
			c, info, errs = vc, vi, nil
		}
	}
	for _, e := range errs {
		l.refuse(e.Pos, "in %s: %s", userName, e.Msg)
	}
	e, sig := &emitter{lowerer: l, info: info, slot: name}, info.Defs[c.Name].(*types.Func).Signature()
	if late {
		if l.versions[name] == 0 {
			l.nextVersion(name)
		}
		l.define(e, name, userName, c.Body, d.Pos(), sig)
		return
	}
	defer l.unfold(info, c.Body)()
	head, code := e.function(sig, c.Body, userName, d.Pos())
	fmt.Fprintf(&l.funcs, "func %s%s {%s%s}\n", name, head, e.fn.directive(), code)
}

// instantiate checks a clone of a generic declaration, with no constants that only the instance has if vary is true.
func (l *lowerer) instantiate(scope map[string]types.Object, d *ast.FuncDecl, params map[string]bool, vary bool) (*ast.FuncDecl, *types.Info, []types.Error) {
	c := check.AsFunc("b"+sep, check.Clone(d))
	c.Type.TypeParams = nil
	if vary {
		check.Vary(c, params)
	}
	info := check.NewInfo()
	_, errs := l.program.Pass(scope, []ast.Decl{c}, c.Name.Pos(), info, false)
	return c, info, slices.DeleteFunc(errs, func(e types.Error) bool { // right for this instance, though not for the declaration
		return strings.Contains(e.Msg, "duplicate case") || strings.HasPrefix(e.Msg, "\tprevious case") || strings.Contains(e.Msg, "impossible")
	})
}

// funcInstance returns the slot of an instance of a generic function.
func (l *lowerer) funcInstance(p token.Pos, f *types.Func, args *types.TypeList) string {
	g := l.program.Generics[f.Origin()]
	if g == nil && !check.InSession(f) {
		if fn := compiledInstance(f, args); fn != "" {
			return fn
		}
		if f.FullName() == "reflect.TypeAssert" && l.mentions(args.At(0)) {
			l.refuse(p, "reflect.TypeAssert to %s, a type of cells, is not available: reflect sees the interpreter's form of it; assert the value itself", typeName(args.At(0)))
		}
		if o, ok := l.shim(f.Pkg().Path(), f.Name()).(*types.Func); ok {
			g = l.program.Generics[o]
		}
	}
	if g == nil {
		l.refuse(p, "generic function %s.%s is not available to cells", f.Pkg().Name(), f.Name())
	}
	l.finite(p, f.Name(), args)
	slot := l.program.Slots[f.Origin()]
	if newest := l.generic[slot]; newest != nil {
		g = newest
	}
	key := slot
	if key == "" {
		key = fmt.Sprintf("%p", g)
	}
	key += l.typeKey(args)
	if n := l.made[key]; n != "" {
		return n
	}
	name := l.program.Fresh(f.Name())
	l.set(l.made, key, name)
	if slot != "" {
		l.note(slot, instance{args: args, name: name})
	}
	l.queue = append(l.queue, func() { l.stencil(g.Scope, g.Decl.Type.TypeParams, args, g.Decl, name, f.Name(), slot != "") })
	return name
}

// finite refuses an instance of an instance of an instance, and so on without end: bodies, which bring them about, are checked
// one by one.
func (l *lowerer) finite(p token.Pos, name string, args *types.TypeList) {
	size := 0
	var grows func(t types.Type, depth int) bool
	grows = func(t types.Type, depth int) bool {
		if size++; depth > 30 || size > 10_000 {
			return true
		}
		switch t := types.Unalias(t).(type) {
		case *types.Named:
			for a := range t.TypeArgs().Types() {
				if grows(a, depth+1) {
					return true
				}
			}
		case *types.Map:
			return grows(t.Key(), depth+1) || grows(t.Elem(), depth+1)
		case *types.Struct:
			for f := range t.Fields() {
				if grows(f.Type(), depth+1) {
					return true
				}
			}
		case *types.Signature:
			for _, tp := range []*types.Tuple{t.Params(), t.Results()} {
				for v := range tp.Variables() {
					if grows(v.Type(), depth+1) {
						return true
					}
				}
			}
		case interface{ Elem() types.Type }:
			return grows(t.Elem(), depth+1)
		}
		return false
	}
	for t := range args.Types() {
		if grows(t, 0) {
			l.refuse(p, "instantiation cycle: %s is instantiated with ever larger types", name)
		}
	}
}

package assist

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"gonverge/kernel/check"
)

// Expected types. What the place of the cursor wants (the field of a literal, an argument, a case, a result) is found here,
// and what fits it comes first among what completion offers.

// path returns the syntax around the cursor, outermost first, the identifier there last; nil where there is none.
func path(pr *check.Probe) (found []ast.Node) {
	var around []ast.Node
	for _, n := range pr.Files {
		ast.Inspect(n, func(x ast.Node) bool {
			if x == nil {
				around = around[:len(around)-1]
				return true
			}
			around = append(around, x)
			if id, ok := x.(*ast.Ident); ok && id.Name == here {
				found = slices.Clone(around)
			}
			return true
		})
	}
	return found
}

// expected is the type that the surroundings want of the value at the end of the path, or nil.
func expected(pr *check.Probe, around []ast.Node) types.Type {
	typeOf := func(x ast.Expr) types.Type {
		if t := pr.Info.TypeOf(x); t != nil && t != types.Typ[types.Invalid] && t != types.Typ[types.UntypedNil] {
			return types.Default(t)
		}
		return nil
	}
	for i := len(around) - 2; i >= 0; i-- {
		at := around[i+1]
		switch x := around[i].(type) {
		case *ast.SelectorExpr: // of pkg.Name the whole is wanted; a value before a dot may be anything
			if at != x.Sel {
				return nil
			}
		case *ast.ParenExpr:
		case *ast.UnaryExpr:
			switch x.Op {
			case token.NOT:
				return types.Typ[types.Bool]
			case token.AND:
				if p, ok := under[*types.Pointer](expected(pr, around[:i+1])); ok {
					return p.Elem()
				}
				return nil
			case token.ARROW:
				return nil
			}
		case *ast.BinaryExpr:
			if x.Op == token.SHL || x.Op == token.SHR {
				return nil
			}
			other := x.X
			if at == x.X {
				other = x.Y
			}
			if t := typeOf(other); t != nil {
				return t
			}
			if x.Op == token.LAND || x.Op == token.LOR {
				return types.Typ[types.Bool]
			}
			return nil
		case *ast.KeyValueExpr:
			lit, ok := around[i-1].(*ast.CompositeLit)
			if !ok {
				return nil
			}
			return element(typeOf(lit), x, at == x.Value)
		case *ast.CompositeLit:
			if t := element(typeOf(x), nil, true); at != x.Type {
				return t
			}
			return nil
		case *ast.CallExpr:
			return argument(pr, x, slices.IndexFunc(x.Args, func(a ast.Expr) bool { return a == at }))
		case *ast.IndexExpr:
			if m, ok := under[*types.Map](typeOf(x.X)); ok && at == x.Index {
				return m.Key()
			}
			return nil
		case *ast.SendStmt:
			if c, ok := under[*types.Chan](typeOf(x.Chan)); ok && at == x.Value {
				return c.Elem()
			}
			return nil
		case *ast.AssignStmt:
			k := slices.IndexFunc(x.Rhs, func(a ast.Expr) bool { return a == at })
			if k < 0 || x.Tok == token.DEFINE || len(x.Lhs) != len(x.Rhs) && k >= len(x.Lhs) {
				return nil
			}
			return typeOf(x.Lhs[k])
		case *ast.ValueSpec:
			if x.Type == nil || at == x.Type {
				return nil
			}
			return typeOf(x.Type)
		case *ast.ReturnStmt:
			return result(pr, around[:i], slices.IndexFunc(x.Results, func(a ast.Expr) bool { return a == at }))
		case *ast.CaseClause:
			if !slices.ContainsFunc(x.List, func(a ast.Expr) bool { return a == at }) || i < 2 {
				return nil
			}
			if s, ok := around[i-2].(*ast.SwitchStmt); ok && s.Tag != nil {
				return typeOf(s.Tag)
			} else if ok {
				return types.Typ[types.Bool]
			}
			return nil
		case *ast.IfStmt:
			if at == x.Cond {
				return types.Typ[types.Bool]
			}
			return nil
		case *ast.ForStmt:
			if at == x.Cond {
				return types.Typ[types.Bool]
			}
			return nil
		default:
			return nil
		}
	}
	return nil
}

// under is the underlying type where it is a T.
func under[T types.Type](t types.Type) (u T, ok bool) {
	if t == nil {
		return u, false
	}
	u, ok = t.Underlying().(T)
	return u, ok
}

// element is the type of a literal's element: the value, or the key, of a pair.
func element(t types.Type, pair *ast.KeyValueExpr, value bool) types.Type {
	if p, ok := under[*types.Pointer](t); ok { // in a list of pointers: {...} for &T{...}
		t = p.Elem()
	}
	if t == nil {
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Slice:
		if value {
			return u.Elem()
		}
	case *types.Array:
		if value {
			return u.Elem()
		}
	case *types.Map:
		if pair == nil {
			return u.Key()
		}
		if value {
			return u.Elem()
		}
		return u.Key()
	case *types.Struct:
		if pair == nil || !value {
			return nil
		}
		if id, ok := pair.Key.(*ast.Ident); ok {
			for i := range u.NumFields() {
				if u.Field(i).Name() == id.Name {
					return u.Field(i).Type()
				}
			}
		}
	}
	return nil
}

// argument is the type of a call's k-th parameter.
func argument(pr *check.Probe, call *ast.CallExpr, k int) types.Type {
	if k < 0 {
		return nil
	}
	tv := pr.Info.Types[call.Fun]
	if id, ok := call.Fun.(*ast.Ident); ok && tv.IsBuiltin() {
		t := pr.Info.TypeOf(call.Args[0])
		switch s, isSlice := under[*types.Slice](t); {
		case id.Name == "append" && isSlice && k > 0:
			return s.Elem()
		case id.Name == "delete" && k == 1:
			if m, ok := under[*types.Map](t); ok {
				return m.Key()
			}
		}
		return nil
	}
	sig, ok := under[*types.Signature](tv.Type)
	if !ok || tv.IsType() || sig.Params().Len() == 0 {
		return nil
	}
	last := sig.Params().Len() - 1
	if !sig.Variadic() || k < last {
		if k > last {
			return nil
		}
		return sig.Params().At(k).Type()
	}
	if s, ok := under[*types.Slice](sig.Params().At(last).Type()); ok {
		return s.Elem()
	}
	return nil
}

// result is the type of the k-th result of the function around.
func result(pr *check.Probe, around []ast.Node, k int) types.Type {
	for i := len(around) - 1; i >= 0 && k >= 0; i-- {
		var f *ast.FuncType
		switch x := around[i].(type) {
		case *ast.FuncLit:
			f = x.Type
		case *ast.FuncDecl:
			f = x.Type
		default:
			continue
		}
		if f.Results == nil {
			return nil
		}
		for _, r := range f.Results.List {
			if k -= max(1, len(r.Names)); k < 0 {
				return pr.Info.TypeOf(r.Type)
			}
		}
		return nil
	}
	return nil
}

// fits tells whether an object can stand, by itself or as a call, where a type is wanted.
func fits(o types.Object, want types.Type) bool {
	if want == nil || o.Type() == nil {
		return false
	}
	if i, ok := under[*types.Interface](want); ok && i.NumMethods() == 0 && !i.IsComparable() {
		return false // everything does
	}
	switch o := o.(type) {
	case *types.Var:
		return types.AssignableTo(o.Type(), want)
	case *types.Const:
		if o.Pkg() == nil && o.Name() == "iota" {
			return false
		}
		if b, ok := o.Type().(*types.Basic); ok && b.Info()&types.IsUntyped != 0 {
			w, isBasic := want.(*types.Basic) // of a named type only its own constants are meant
			return isBasic && types.ConvertibleTo(b, w) && (b.Info()&types.IsNumeric != 0) == (w.Info()&types.IsNumeric != 0)
		}
		return types.AssignableTo(o.Type(), want)
	case *types.Func:
		if types.AssignableTo(o.Type(), want) {
			return true
		}
		r := o.Signature().Results()
		if r.Len() == 2 && !check.EndsInError(r) || r.Len() < 1 || r.Len() > 2 || o.Signature().TypeParams() != nil {
			return false
		}
		return types.AssignableTo(r.At(0).Type(), want)
	case *types.TypeName:
		if _, ok := want.Underlying().(*types.Interface); ok {
			return !types.IsInterface(o.Type()) && (types.AssignableTo(o.Type(), want) || types.AssignableTo(types.NewPointer(o.Type()), want))
		}
		_, ok := under[*types.Struct](o.Type())
		p, isPointer := want.(*types.Pointer)
		return ok && (types.Identical(o.Type(), want) || isPointer && types.Identical(o.Type(), p.Elem()))
	}
	return false
}

// wanted adds what the package of a wanted type has for it: constants and variables of the type, functions that return it,
// types that implement it. Cells name them with their package.
func (c *collector) wanted(p *check.Program, pr *check.Probe, want types.Type) {
	t := want
	if ptr, ok := t.(*types.Pointer); ok {
		t = ptr.Elem()
	}
	named, ok := types.Unalias(t).(*types.Named)
	if !ok || named.Obj().Pkg() == nil || check.InSession(named.Obj()) {
		return
	}
	pkg := named.Obj().Pkg()
	name := ""
	for k, o := range pr.Scope {
		if pn, ok := o.(*types.PkgName); ok && pn.Imported() == pkg && (name == "" || k < name) {
			name = k
		}
	}
	if q := pkg.Name(); name == "" && pr.Package(q) == pkg {
		name = q
	}
	if name == "" {
		return
	}
	for _, k := range pkg.Scope().Names() {
		if o := pkg.Scope().Lookup(k); o.Exported() && fits(o, want) {
			kind, typ := describe(o)
			rank := -20
			if kind == "func" || kind == "type" {
				rank = -10
			}
			c.add(rank, name+"."+k, kind, typ)
		}
	}
}

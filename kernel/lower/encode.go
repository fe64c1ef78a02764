package lower

import (
	"go/ast"
	"go/types"

	"gonverge/kernel/check"
)

// Packages that look into values by reflection would see the interpreter's form of a session value: fields that are not
// exported under other names, embedded fields as plain ones, no methods. What they would get wrong is refused.

// encodes refuses an argument that package encoding/json and its kin, or a template, would see wrongly.
func (e *emitter) encodes(callee types.Object, a ast.Expr) {
	f, ok := callee.(*types.Func)
	if !ok || f.Pkg() == nil {
		return
	}
	switch f.Pkg().Path() {
	case "encoding/json", "encoding/xml", "encoding/gob", "text/template", "html/template":
	default:
		return
	}
	t := e.typeOf(a)
	if why := hidden(t, map[types.Type]bool{}); why != "" {
		e.refuse(a.Pos(), "%s cannot see %s as Go does, because %s; give it a struct of exported fields", f.Pkg().Name(), typeName(t), why)
	}
}

// hidden says what of a type reflection would see wrongly, or "".
func hidden(t types.Type, seen map[types.Type]bool) string {
	t = types.Unalias(t)
	if seen[t] {
		return ""
	}
	seen[t] = true
	if n, ok := t.(*types.Named); ok {
		if n.Obj().Pkg() == nil || !check.InSession(n.Obj()) {
			return ""
		}
		set := types.NewMethodSet(types.NewPointer(n))
		for _, m := range []string{"MarshalJSON", "UnmarshalJSON", "MarshalText", "UnmarshalText", "MarshalXML", "UnmarshalXML", "MarshalBinary", "UnmarshalBinary", "GobEncode", "GobDecode"} {
			if set.Lookup(nil, m) != nil {
				return "the method " + m + " of " + typeName(n) + " was made in a cell"
			}
		}
	}
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		return hidden(u.Elem(), seen)
	case *types.Slice:
		return hidden(u.Elem(), seen)
	case *types.Array:
		return hidden(u.Elem(), seen)
	case *types.Map:
		if why := hidden(u.Key(), seen); why != "" {
			return why
		}
		return hidden(u.Elem(), seen)
	case *types.Struct:
		for f := range u.Fields() {
			switch {
			case f.Embedded():
				return "the field " + f.Name() + " is embedded"
			case !f.Exported():
				return "the field " + f.Name() + " is not exported"
			}
			if why := hidden(f.Type(), seen); why != "" {
				return why
			}
		}
	}
	return ""
}

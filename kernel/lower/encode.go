package lower

import (
	"go/ast"
	"go/types"
	"reflect"

	"gonverge/kernel/check"
)

// Packages that look into values by reflection see the interpreter's form of a session value: types without names and
// methods, embedded fields as plain ones, and fields that are not exported under other names. Encoders leave those out by a
// tag (types.go); what they would get wrong all the same is refused.

// encoders are the packages that look into what they are given.
var encoders = map[string]bool{"encoding/json": true, "encoding/xml": true, "encoding/gob": true, "text/template": true, "html/template": true}

// encodes refuses an argument that a package would see wrongly.
func (e *emitter) encodes(callee types.Object, a ast.Expr) {
	f, ok := callee.(*types.Func)
	if !ok || f.Pkg() == nil {
		return
	}
	t := e.typeOf(a)
	if f.Pkg().Path() == "reflect" {
		if f.Name() == "ValueOf" && e.mentions(t) {
			e.refuse(a.Pos(), "reflect.ValueOf cannot see a value of type %s as Go does: the interpreter has other names for it; %%T, %%+v and type switches do", typeName(t))
		}
		return
	}
	if !encoders[f.Pkg().Path()] {
		return
	}
	if why := hidden(t, f.Pkg().Path(), map[types.Type]bool{}); why != "" {
		e.refuse(a.Pos(), "%s cannot see %s as Go does, because %s; give it a struct of exported fields", f.Pkg().Name(), typeName(t), why)
	}
}

// looksInside tells callees that see what an interface holds by reflection, and whether what they see wrongly must stop.
func (e *emitter) looksInside(callee types.Object) (inside, strict bool) {
	f, ok := callee.(*types.Func)
	if !ok || f.Pkg() == nil || !e.rawArgs(callee) {
		return false, false
	}
	return true, encoders[f.Pkg().Path()] || f.FullName() == "reflect.ValueOf"
}

// Hidden says what of a type an encoder would see wrongly, or "".
func Hidden(t types.Type) string { return hidden(t, "encoding/json", map[types.Type]bool{}) }

func hidden(t types.Type, pkg string, seen map[types.Type]bool) string {
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
		return hidden(u.Elem(), pkg, seen)
	case *types.Slice:
		return hidden(u.Elem(), pkg, seen)
	case *types.Array:
		return hidden(u.Elem(), pkg, seen)
	case *types.Map:
		if why := hidden(u.Key(), pkg, seen); why != "" {
			return why
		}
		return hidden(u.Elem(), pkg, seen)
	case *types.Struct:
		for i := range u.NumFields() {
			f := u.Field(i)
			if !f.Exported() && !f.Embedded() {
				if pkg == "encoding/gob" {
					return "the field " + f.Name() + " is not exported"
				}
				continue // its tag says so
			}
			if f.Embedded() && (pkg != "encoding/json" || reflect.StructTag(u.Tag(i)).Get("json") == "") {
				return "the field " + f.Name() + " is embedded"
			}
			if why := hidden(f.Type(), pkg, seen); why != "" {
				return why
			}
		}
	}
	return ""
}

package lower

import (
	"go/ast"
	"go/types"
	"reflect"
	"strings"

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
			e.refuse(a.Pos(), "reflect.ValueOf cannot see a value of type %s as Go does: the interpreter has other names for it; %%T, %%+v, reflect.TypeOf and type switches do", typeName(t))
		}
		return
	}
	if !encoders[f.Pkg().Path()] {
		return
	}
	if strings.HasPrefix(f.FullName(), "encoding/gob.Register") && e.mentions(t) {
		e.refuse(a.Pos(), "gob cannot register %s, a type of cells: what it decodes into an interface would have lost its type", typeName(t))
	}
	if f.Pkg().Path() == "encoding/xml" && e.mentions(t) && !strings.Contains(f.Name(), "Element") && !namesItself(t) {
		e.refuse(a.Pos(), "xml cannot see the name of %s, a type of cells: give the struct a field XMLName of type xml.Name with a tag that says it", typeName(t))
	}
	if why := hidden(t, f.Pkg().Path(), map[types.Type]bool{}); why != "" {
		e.refuse(a.Pos(), "%s cannot see %s as Go does, because %s; give it a struct of exported fields", f.Pkg().Name(), typeName(t), why)
	}
}

// byTrueTypes are functions of package run in place of those of package json, and which argument they look into.
var byTrueTypes = map[string]struct {
	name string
	arg  int
}{
	"encoding/json.Marshal": {"JSONMarshal", 0}, "encoding/json.MarshalIndent": {"JSONMarshalIndent", 0}, "encoding/json.Unmarshal": {"JSONUnmarshal", 1},
	"(*encoding/json.Encoder).Encode": {"JSONEncode", 0}, "(*encoding/json.Decoder).Decode": {"JSONDecode", 0},
}

// encoded lowers the call of such a function, "" for any other.
func (e *emitter) encoded(c *ast.CallExpr, f *types.Func, sig *types.Signature, recv string) string {
	by := byTrueTypes[f.FullName()]
	if by.name == "" || by.arg >= len(c.Args) || e.info.Types[c.Args[by.arg]].IsNil() {
		return ""
	}
	var args []string
	if recv != "" {
		if _, isPtr := e.typeOf(c.Fun.(*ast.SelectorExpr).X).Underlying().(*types.Pointer); !isPtr {
			recv = "&" + recv
		}
		args = append(args, recv)
	}
	for i, a := range c.Args {
		args = append(args, e.to(a, sig.Params().At(i).Type()))
	}
	return Runtime + "." + by.name + "(" + strings.Join(args, ", ") + ")"
}

// seen lowers an argument for a callee that looks into it, where more can be done than to refuse; "" elsewhere.
func (e *emitter) seen(callee types.Object, a ast.Expr, want types.Type) string {
	f, ok := callee.(*types.Func)
	if !ok || f.Pkg() == nil || !isEmpty(want) || e.info.Types[a].IsNil() {
		return ""
	}
	t := e.typeOf(a)
	switch f.Pkg().Path() {
	case "reflect":
		if f.Name() == "ValueOf" && types.IsInterface(t) {
			return Runtime + ".ValueOf(" + e.x(a) + ")"
		}
	case "fmt": // Scan and its kin
		if types.IsInterface(t) && strings.Contains(f.Name(), "can") {
			return Runtime + ".Plain(" + e.x(a) + ", false)"
		}
		if !e.mentions(t) || !strings.Contains(f.Name(), "can") {
			return ""
		}
		if s := e.program.Importer.Named("fmt", "Scanner"); s != nil && types.Implements(t, s.Underlying().(*types.Interface)) {
			return e.to(a, s)
		}
	case "database/sql": // Scan
		if f.Name() != "Scan" || !e.mentions(t) {
			return ""
		}
		if s := e.program.Importer.Named("database/sql", "Scanner"); s != nil && types.Implements(t, s.Underlying().(*types.Interface)) {
			return e.to(a, s)
		}
	case "text/template", "html/template":
		if types.IsInterface(t) || printsItself(t) && !isStruct(t) {
			return Runtime + ".Bare(" + e.to(a, want) + ")"
		}
		switch t.Underlying().(type) {
		case *types.Map, *types.Slice:
			e.encodes(callee, a)
			return Runtime + ".Bare(" + e.x(a) + ")"
		}
	}
	return ""
}

// isStruct tells a struct or a pointer to one.
func isStruct(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	_, ok := t.Underlying().(*types.Struct)
	return ok
}

// namesItself tells a struct, or a pointer to one, whose field XMLName has a tag.
func namesItself(t types.Type) bool {
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	st, ok := t.Underlying().(*types.Struct)
	if !ok {
		return false
	}
	for i := range st.NumFields() {
		if st.Field(i).Name() == "XMLName" && reflect.StructTag(st.Tag(i)).Get("xml") != "" {
			return true
		}
	}
	return false
}

// printsItself tells a type whose values have a text of their own for package fmt, and with it for templates.
func printsItself(t types.Type) bool {
	set := types.NewMethodSet(t)
	for _, m := range []string{"Error", "String", "Format"} {
		if set.Lookup(nil, m) != nil {
			return true
		}
	}
	return false
}

// looksInside tells callees that see what an interface holds by reflection, and whether what they see wrongly must stop.
func (e *emitter) looksInside(callee types.Object) (inside, strict bool) {
	f, ok := callee.(*types.Func)
	if !ok || f.Pkg() == nil || !e.rawArgs(callee) {
		return false, false
	}
	return true, encoders[f.Pkg().Path()]
}

// Hidden says what of a type an encoder, given by its import path, would see wrongly, or "".
func Hidden(t types.Type, encoder string) string { return hidden(t, encoder, map[types.Type]bool{}) }

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
		if strings.HasSuffix(pkg, "/template") {
			if printsItself(types.NewPointer(n)) {
				return "the text of " + typeName(n) + " is made by a method of a cell"
			}
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

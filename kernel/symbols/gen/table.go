package main

import (
	"bytes"
	"fmt"
	"go/constant"
	"go/format"
	"go/types"
	"math/big"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/traefik/yaegi/stdlib"
)

// table is what one package gives to the interpreter. The layout is yaegi's: a map entry per exported name, and for
// every interface type T an entry "_T" holding a struct type whose function fields stand in for T's methods, by which
// values of interpreted types become values of T.
type table struct {
	pkg      *types.Package
	values   map[string]string // name -> expression of the reflect.Value
	wrappers map[string]string // name -> declaration of the wrapper type and its methods
	imports  map[string]string // path -> name in the generated file, shared by the tables of one file
}

// newTable collects the exported names of a package that can be handed over: not generic functions, generic types and
// constraints. Of a standard package only what yaegi's own table lacks or has otherwise.
// What the table's source needs is added to imports.
func newTable(p *types.Package, imports map[string]string) *table {
	t := &table{pkg: p, values: map[string]string{}, wrappers: map[string]string{}, imports: imports}
	have := stdlib.Symbols[key(p)]
	for _, name := range p.Scope().Names() {
		object := p.Scope().Lookup(name)
		if !object.Exported() {
			continue
		}
		old, known := have[name]
		switch o := object.(type) {
		case *types.Const:
			if !known || !sameConstant(old, o) {
				t.values[name] = t.constant(o)
			}
		case *types.Func:
			if o.Signature().TypeParams().Len() == 0 && !known {
				t.values[name] = "reflect.ValueOf(" + t.self(name) + ")"
			}
		case *types.Var:
			if !known {
				t.values[name] = "reflect.ValueOf(&" + t.self(name) + ").Elem()"
			}
		case *types.TypeName:
			if isGeneric(o.Type()) {
				continue
			}
			i, isInterface := o.Type().Underlying().(*types.Interface)
			if isInterface && !i.IsMethodSet() {
				continue
			}
			if !known {
				t.values[name] = "reflect.ValueOf((*" + t.self(name) + ")(nil))"
			}
			if isInterface && !sameWrapper(have["_"+name], i) {
				t.wrap(name, i)
			}
		}
	}
	t.combine()
	return t
}

// combine adds the wrappers of interfaces together with others of the package, under names as "_Writer+StringWriter".
func (t *table) combine() {
	for _, c := range combined {
		if c.path != t.pkg.Path() {
			continue
		}
		for set := 1; set < 1<<len(c.with); set++ {
			name, parts := c.name, []types.Type{t.pkg.Scope().Lookup(c.name).Type()}
			for i, other := range c.with {
				if set>>i&1 == 1 {
					name += "+" + other
					parts = append(parts, t.pkg.Scope().Lookup(other).Type())
				}
			}
			t.wrap(name, types.NewInterfaceType(nil, parts).Complete())
		}
	}
}

// leaveConstants drops the constants: the checker knows their values.
func (t *table) leaveConstants() {
	for name := range t.values {
		if _, ok := t.pkg.Scope().Lookup(name).(*types.Const); ok {
			delete(t.values, name)
		}
	}
}

func (t *table) empty() bool { return len(t.values)+len(t.wrappers) == 0 }

// self is the qualified name of one of the package's own objects.
func (t *table) self(name string) string { return t.qualify(t.pkg) + "." + name }

// qualify notes the import and returns the name by which the generated file knows the package.
func (t *table) qualify(p *types.Package) string {
	if known, ok := t.imports[p.Path()]; ok {
		return known
	}
	name := p.Name()
	for _, taken := range t.imports {
		if taken == name {
			name = identifier(p.Path())
			break
		}
	}
	t.imports[p.Path()] = name
	return name
}

func (t *table) constant(c *types.Const) string {
	basic, ok := c.Type().(*types.Basic)
	if !ok || basic.Info()&types.IsUntyped == 0 {
		return "reflect.ValueOf(" + t.self(c.Name()) + ")"
	}
	token := ""
	text := c.Val().ExactString()
	switch c.Val().Kind() {
	case constant.String:
		token = "STRING"
	case constant.Int:
		token = "INT"
	case constant.Float:
		token = "FLOAT"
		text = floatText(constant.Val(c.Val())) // not a fraction
	default:
		return "reflect.ValueOf(" + t.self(c.Name()) + ")"
	}
	return "reflect.ValueOf(constant.MakeFromLiteral(" + strconv.Quote(text) + ", token." + token + ", 0))"
}

// wrap declares the wrapper of an interface type. An interface whose methods mention what this package may not name
// (unexported or internal types) gets none: interpreted types cannot have its methods either.
func (t *table) wrap(name string, i *types.Interface) {
	type method struct{ name, params, args, results string }
	for k := range i.NumMethods() {
		if f := i.Method(k); f.Exported() && !nameable(f.Signature()) {
			return
		}
	}
	var methods []method
	for k := range i.NumMethods() {
		f := i.Method(k)
		if !f.Exported() {
			continue
		}
		s := f.Signature()
		var params, args, results []string
		for k := range s.Params().Len() {
			arg := "a" + strconv.Itoa(k)
			typ := s.Params().At(k).Type()
			if s.Variadic() && k == s.Params().Len()-1 {
				params = append(params, arg+" ..."+types.TypeString(typ.(*types.Slice).Elem(), t.qualify))
				args = append(args, arg+"...")
				continue
			}
			params = append(params, arg+" "+types.TypeString(typ, t.qualify))
			args = append(args, arg)
		}
		for k := range s.Results().Len() {
			results = append(results, types.TypeString(s.Results().At(k).Type(), t.qualify))
		}
		methods = append(methods, method{f.Name(), strings.Join(params, ", "), strings.Join(args, ", "), "(" + strings.Join(results, ", ") + ")"})
	}
	wrapper := "wrap_" + identifier(t.pkg.Path()+"_"+name)
	var b strings.Builder
	fmt.Fprintf(&b, "// %s lets values of interpreted types be a %s.%s.\ntype %s struct {\nIValue any\n", wrapper, t.pkg.Name(), name, wrapper)
	for _, m := range methods {
		fmt.Fprintf(&b, "W%s func(%s) %s\n", m.name, m.params, m.results)
	}
	b.WriteString("}\n\n")
	for _, m := range methods {
		fmt.Fprintf(&b, "func (w %s) %s(%s) %s {\n", wrapper, m.name, m.params, m.results)
		if m.name == "String" && m.results == "(string)" {
			// fmt calls String on wrappers of types that may have none.
			b.WriteString("if w.WString == nil {\nreturn \"\"\n}\n")
		}
		if m.results != "()" {
			b.WriteString("return ")
		}
		fmt.Fprintf(&b, "w.W%s(%s)\n}\n\n", m.name, m.args)
	}
	t.wrappers[name] = b.String()
	t.values["_"+name] = "reflect.ValueOf((*" + wrapper + ")(nil))"
}

// nameable reports whether another package can write down the type.
func nameable(typ types.Type) bool {
	named := func(o *types.TypeName) bool {
		if o.Pkg() == nil {
			return true
		}
		p := o.Pkg().Path()
		return o.Exported() && !strings.Contains("/"+p+"/", "/internal/") && !strings.HasPrefix(p, "vendor/") && p != "unsafe"
	}
	switch typ := typ.(type) {
	case *types.Alias:
		return named(typ.Obj())
	case *types.Named:
		for i := range typ.TypeArgs().Len() {
			if !nameable(typ.TypeArgs().At(i)) {
				return false
			}
		}
		return named(typ.Obj())
	case *types.Pointer:
		return nameable(typ.Elem())
	case *types.Slice:
		return nameable(typ.Elem())
	case *types.Array:
		return nameable(typ.Elem())
	case *types.Chan:
		return nameable(typ.Elem())
	case *types.Map:
		return nameable(typ.Key()) && nameable(typ.Elem())
	case *types.Signature:
		for _, tuple := range []*types.Tuple{typ.Params(), typ.Results()} {
			for i := range tuple.Len() {
				if !nameable(tuple.At(i).Type()) {
					return false
				}
			}
		}
	case *types.Struct:
		for i := range typ.NumFields() {
			if f := typ.Field(i); !f.Exported() || !nameable(f.Type()) {
				return false
			}
		}
	case *types.Interface:
		for i := range typ.NumMethods() {
			if m := typ.Method(i); !m.Exported() || !nameable(m.Type()) {
				return false
			}
		}
	}
	return true
}

func (t *table) adder() string { return "add_" + identifier(t.pkg.Path()) }

// file writes the tables as one source file.
func file(imports map[string]string, tables []*table) ([]byte, error) {
	var body bytes.Buffer
	for _, t := range tables {
		fmt.Fprintf(&body, "func %s(symbols map[string]map[string]reflect.Value) {\n", t.adder())
		fmt.Fprintf(&body, "add(symbols, %q, map[string]reflect.Value{\n", key(t.pkg))
		for _, name := range sorted(t.values) {
			fmt.Fprintf(&body, "%q: %s,\n", name, t.values[name])
		}
		body.WriteString("})\n}\n\n")
		for _, name := range sorted(t.wrappers) {
			body.WriteString(t.wrappers[name])
		}
	}
	imports["reflect"] = "reflect"
	if bytes.Contains(body.Bytes(), []byte("constant.MakeFromLiteral(")) {
		imports["go/constant"], imports["go/token"] = "constant", "token"
	}
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\npackage symbols\n\nimport (\n", header)
	for _, p := range sorted(imports) {
		fmt.Fprintf(&b, "%s %q\n", aliasIfNeeded(imports[p], p), p)
	}
	b.WriteString(")\n\n")
	b.Write(body.Bytes())
	source, err := format.Source(b.Bytes())
	if err != nil {
		return nil, fmt.Errorf("%w in\n%s", err, b.Bytes())
	}
	return source, nil
}

// key is the name of the package's table: yaegi joins import path and package name.
func key(p *types.Package) string { return path.Join(p.Path(), p.Name()) }

func aliasIfNeeded(name, importPath string) string {
	if path.Base(importPath) == name {
		return ""
	}
	return name
}

func identifier(path string) string {
	return strings.NewReplacer("/", "_", ".", "_", "-", "_", "+", "_").Replace(path)
}

func sorted(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func isGeneric(t types.Type) bool {
	switch t := t.(type) {
	case *types.Alias:
		return t.TypeParams().Len() > 0
	case *types.Named:
		return t.TypeParams().Len() > 0 && t.TypeArgs().Len() == 0
	}
	return false
}

// sameConstant reports whether yaegi's value of an untyped constant is the one of this toolchain.
// Typed constants are compiled with the package and need no look.
func sameConstant(old reflect.Value, c *types.Const) bool {
	value, ok := old.Interface().(constant.Value)
	if !ok || value.Kind() != c.Val().Kind() {
		return true
	}
	return value.Kind() != constant.Int && value.Kind() != constant.String || value.ExactString() == c.Val().ExactString()
}

// sameWrapper reports whether yaegi's wrapper has all methods of the interface.
func sameWrapper(old reflect.Value, i *types.Interface) bool {
	if !old.IsValid() {
		return false
	}
	wrapper := old.Type().Elem()
	for k := range i.NumMethods() {
		if f := i.Method(k); f.Exported() {
			if _, ok := wrapper.MethodByName(f.Name()); !ok {
				return false
			}
		}
	}
	return true
}

// floatText writes a constant's value as a decimal literal of 512 bits, the precision of the compiler.
func floatText(v any) string {
	f := new(big.Float).SetPrec(512)
	switch v := v.(type) {
	case *big.Float:
		f.Set(v)
	case *big.Rat:
		f.SetRat(v)
	case *big.Int:
		f.SetInt(v)
	case int64:
		f.SetInt64(v)
	default:
		panic(fmt.Sprintf("symbols/gen: constant of Go type %T", v))
	}
	return f.Text('g', 155) // 155 decimal digits hold 512 bits
}

package lower

import (
	"fmt"
	"go/token"
	"go/types"
	"reflect"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// namedType returns the lowered name of a named type and declares it, with its methods, when it is new.
func (l *lowerer) namedType(x *types.Named) string {
	o := x.Obj()
	if o.Pkg() == nil {
		return o.Name() // error, comparable
	}
	shim := false
	if !check.InSession(o) {
		if x.TypeArgs().Len() == 0 {
			if !o.Exported() {
				return l.hidden(x)
			}
			return l.symbol(token.NoPos, o)
		}
		st := l.shimType(o)
		if st == nil {
			if _, ok := x.Underlying().(*types.Signature); ok { // iter.Seq is its function type
				return l.typ(x.Underlying())
			}
			l.refuse(token.NoPos, "generic type %s of a compiled package is not available to cells", typeName(x))
		}
		shim = true
	}
	if x.TypeArgs().Len() > 0 {
		l.finite(token.NoPos, o.Name(), x.TypeArgs())
	}
	key := fmt.Sprintf("%p", x.Origin().Obj()) + l.typeKey(x.TypeArgs())
	if n := l.named[key]; n != "" {
		return n
	}
	if types.IsInterface(x) {
		if !l.spell {
			return "interface{}"
		}
		return "I" + key
	}
	name := l.program.Fresh(o.Name())
	l.set(l.named, key, name)
	src := x
	if shim {
		st := l.shimType(o)
		var args []types.Type
		for i := range x.TypeArgs().Len() {
			args = append(args, x.TypeArgs().At(i))
		}
		inst, err := types.Instantiate(nil, st.Type(), args, false)
		if err != nil {
			l.refuse(token.NoPos, "%v", err)
		}
		src = inst.(*types.Named)
		l.set(l.named, fmt.Sprintf("%p", st)+l.typeKey(x.TypeArgs()), name)
	}
	was := l.spell
	l.spell = false
	recursive := l.recursive(src)
	if text := l.typ(src.Underlying()); recursive {
		fmt.Fprintf(&l.typeText, "type %s struct { %s %s }\n", name, heldField, text)
	} else if !l.inCycle(x) {
		fmt.Fprintf(&l.typeText, "type %s %s\n", name, text)
	}
	l.cyclic = l.cyclic || recursive || refersToItself(src)
	l.cycles = append(l.cycles, Cycle{name, l.holder(src)})
	l.spell = was
	if !types.IsInterface(src.Underlying()) {
		l.typeID(x)
		l.typeID(types.NewPointer(x))
		l.methods(name, src)
	}
	return name
}

// inCycle tells a type that is no struct and that structs refer to which it refers to itself. The interpreter, which makes
// such a cycle of structs by tricks, goes astray at it: in lowered code what it stands for is written instead.
func (l *lowerer) inCycle(x *types.Named) bool {
	if l.recursive(x) {
		return false
	}
	switch u := x.Underlying().(type) {
	case *types.Struct, *types.Basic, *types.Interface:
		return false
	default:
		return refersTo(u, x, true, map[types.Type]bool{})
	}
}

// refersToItself tells a struct in a cycle.
func refersToItself(x *types.Named) bool {
	st, ok := x.Underlying().(*types.Struct)
	return ok && refersTo(st, x, true, map[types.Type]bool{})
}

// structName is the name of a type of cells, or a shim, in lowered code, and the struct that it is there, if it is one.
func (l *lowerer) structName(x *types.Named) (string, *types.Struct) {
	return l.named[fmt.Sprintf("%p", x.Origin().Obj())+l.typeKey(x.TypeArgs())], l.holder(x)
}

// refersTo tells whether a type mentions a named one of cells, itself or in what it is made of; through structs with names
// if asked to. The interpreter does not look into interfaces.
func refersTo(t types.Type, x *types.Named, through bool, seen map[types.Type]bool) bool {
	t = types.Unalias(t)
	if types.Identical(t, x) {
		return true
	}
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		if _, ok := t.Underlying().(*types.Struct); (through || !ok) && t.Obj().Pkg() != nil && check.InSession(t.Obj()) {
			return refersTo(t.Underlying(), x, through, seen)
		}
	case *types.Struct:
		for f := range t.Fields() {
			if refersTo(f.Type(), x, through, seen) {
				return true
			}
		}
	case *types.Signature:
		for _, tp := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tp.Variables() {
				if refersTo(v.Type(), x, through, seen) {
					return true
				}
			}
		}
	case *types.Map:
		return refersTo(t.Key(), x, through, seen) || refersTo(t.Elem(), x, through, seen)
	case interface{ Elem() types.Type }:
		return refersTo(t.Elem(), x, through, seen)
	}
	return false
}

// hidden gives a name to a compiled type that is not exported, found by reflection over the symbols of its package.
func (l *lowerer) hidden(x *types.Named) string {
	o := x.Obj()
	key := o.Pkg().Path() + "." + o.Name()
	if n := l.named[key]; n != "" {
		return n
	}
	var found reflect.Type
	var look func(t reflect.Type, depth int)
	look = func(t reflect.Type, depth int) {
		if found != nil || depth > 3 {
			return
		}
		if t.Name() == o.Name() && t.PkgPath() == o.Pkg().Path() {
			found = t
			return
		}
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Chan, reflect.Array:
			look(t.Elem(), depth+1)
		case reflect.Func:
			for i := range t.NumOut() {
				look(t.Out(i), depth+1)
			}
		}
	}
	for _, v := range l.symbols[o.Pkg().Path()+"/"+o.Pkg().Name()] {
		look(v.Type(), 0)
	}
	if found == nil {
		l.refuse(token.NoPos, "a value of type %s, which is not exported, cannot be stored by a cell", typeName(x))
	}
	n := "H" + strconv.Itoa(len(l.named))
	l.exports["hidden"+n+"/h"] = map[string]reflect.Value{n: reflect.Zero(reflect.PointerTo(found))}
	fmt.Fprintf(&l.imports, "import h%s%s \"hidden%s\"\n", sep, n, n)
	l.set(l.named, key, "h"+sep+n+"."+n)
	return l.named[key]
}

// methods lowers the methods of an instance, and registers those that the kernel itself calls.
func (l *lowerer) methods(name string, x *types.Named) {
	if x.TypeArgs().Len() > 0 {
		if td := l.unit.TypeDecl(x.Origin().Obj()); td != nil { // a type that a function declares has no methods
			in := instance{x.TypeArgs(), name, x}
			l.note(td.Object, in)
			l.queue = append(l.queue, func() {
				for _, k := range sortedKeys(td.Methods) {
					l.stencilMethod(td, in, k)
				}
			})
		}
	}
	l.kernelMethods(x)
}

// kernelMethods registers the methods that package run calls: those by which values show themselves, and those of errors.
func (l *lowerer) kernelMethods(x *types.Named) {
	str := types.Typ[types.String]
	list, boolean := types.NewSlice(check.ErrorType), types.Typ[types.Bool]
	empty := types.NewInterfaceType(nil, nil)
	bundle := types.NewMap(str, empty)
	for _, rt := range []types.Type{x, types.NewPointer(x)} {
		sel := types.NewMethodSet(rt).Lookup(x.Obj().Pkg(), "Format")
		if sel == nil || !isFormat(sel.Type().(*types.Signature)) {
			continue
		}
		id := l.typeID(rt)
		l.queue = append(l.queue, func() {
			fmt.Fprintf(&l.init, "%s.Format(%d, func(x interface{}, s %s.State, verb rune) { v := %s; %s })\n", Runtime, id, l.pkg("fmt"), l.raw("x", rt), l.methodOf("v", rt, sel, "s, verb"))
		})
	}
	l.shaped(x)
	bytes := types.NewSlice(types.Typ[types.Byte])
	for _, d := range []struct {
		name, as      string
		param, result types.Type // no result: see shows
	}{
		{"MarshalText", "MarshalText", nil, bytes}, {"LogValue", "LogValue", nil, nil}, {"Value", "Value", nil, nil},
		{"MarshalJSON", "MarshalJSON", nil, bytes}, {"UnmarshalJSON", "UnmarshalJSON", bytes, check.ErrorType}, {"UnmarshalText", "UnmarshalText", bytes, check.ErrorType}, {"IsZero", "IsZero", nil, boolean},
		{"Timeout", "Timeout", nil, boolean}, {"Temporary", "Temporary", nil, boolean},
		{"Error", "Error", nil, str}, {"String", "String", nil, str}, {"GoString", "GoString", nil, str}, {"MIMEBundle", "MIMEBundle", nil, bundle}, {"MIMEMetadata", "MIMEMetadata", nil, bundle},
		{"SimpleRender", "SimpleRender", nil, bundle}, {"Render", "Render", nil, nil}, {"JSON", "JSON", nil, nil},
		{"HTML", "HTML", nil, str}, {"SVG", "SVG", nil, str}, {"Markdown", "Markdown", nil, str}, {"Latex", "Latex", nil, str}, {"JavaScript", "JavaScript", nil, str},
		{"PNG", "PNG", nil, bytes}, {"JPEG", "JPEG", nil, bytes}, {"GIF", "GIF", nil, bytes}, {"PDF", "PDF", nil, bytes},
		{"Unwrap", "Unwrap", nil, check.ErrorType}, {"Unwrap", "UnwrapAll", nil, list}, {"Is", "Is", check.ErrorType, boolean}, {"As", "As", empty, boolean},
	} {
		for _, rt := range []types.Type{x, types.NewPointer(x)} {
			sel := types.NewMethodSet(rt).Lookup(x.Obj().Pkg(), d.name)
			if sel == nil {
				continue
			}
			sig := sel.Type().(*types.Signature)
			n := sig.Results().Len()
			fails := n == 2 && d.param == nil && types.Identical(sig.Results().At(1).Type(), check.ErrorType)
			if n != 1 && !fails || d.result != nil && !types.Identical(sig.Results().At(0).Type(), d.result) {
				continue
			}
			if d.result == nil && !shows(d.name, sig.Results().At(0).Type(), bundle) {
				continue // a method of that name that is for something else
			}
			param, arg := "_ interface{}", ""
			switch {
			case d.param == nil && sig.Params().Len() == 0:
			case d.param != nil && sig.Params().Len() == 1 && types.Identical(sig.Params().At(0).Type(), d.param):
				param, arg = "a interface{}", "a"
				if !isEmpty(d.param) {
					arg = "a.(" + l.typ(d.param) + ")"
				}
			default:
				continue
			}
			id := l.typeID(rt)
			l.queue = append(l.queue, func() {
				result := "return " + l.methodOf("v", rt, sel, arg)
				if fails {
					result = fmt.Sprintf("r, err := %s; if err != nil { return err }; return r", l.methodOf("v", rt, sel, arg))
				}
				fmt.Fprintf(&l.init, "%s.Method(%d, %q, func(x interface{}, %s) interface{} { v := %s; %s })\n", Runtime, id, d.as, param, l.raw("x", rt), result)
			})
		}
	}
}

// shapes are compiled interfaces whose values show without more: what a display asks for them by, and a method that tells
// at once which types are not meant.
var shapes = []struct{ name, path, iface, method string }{{"Image", "image", "Image", "ColorModel"}, {"Matrix", "gonum.org/v1/gonum/mat", "Matrix", "Dims"}}

// shaped registers what makes a picture or a matrix of the values of a type that are one.
func (l *lowerer) shaped(x *types.Named) {
	for _, rt := range []types.Type{x, types.NewPointer(x)} {
		for _, sh := range shapes {
			if types.NewMethodSet(rt).Lookup(x.Obj().Pkg(), sh.method) == nil || !l.program.Importer.Has(sh.path) {
				continue
			}
			pkg, err := l.program.Importer.Import(sh.path)
			if err != nil {
				continue
			}
			want := pkg.Scope().Lookup(sh.iface).Type()
			if _, wrapped := l.symbols[sh.path+"/"+pkg.Name()]["_"+sh.iface]; !wrapped || !types.Implements(rt, want.Underlying().(*types.Interface)) {
				continue
			}
			id := l.typeID(rt)
			l.queue = append(l.queue, func() {
				fmt.Fprintf(&l.init, "%s.Method(%d, %q, func(x interface{}, _ interface{}) interface{} { return %s(%s) })\n", Runtime, id, sh.name, l.wrap(rt, want), l.raw("x", rt))
			})
		}
	}
}

// shows tells whether the result of a method is the one that the interface with that method wants, of display, package slog
// or database/sql/driver; formats is the type of a map of formats.
func shows(method string, t, formats types.Type) bool {
	switch method {
	case "JSON":
		return isEmpty(t) || types.Identical(t, formats)
	case "LogValue":
		return typeName(t) == "slog.Value"
	case "Value":
		return typeName(t) == "driver.Value"
	}
	st, ok := t.Underlying().(*types.Struct)
	for i := 0; ok && i < st.NumFields(); i++ {
		if f := st.Field(i); f.Name() == "Data" && types.Identical(f.Type(), formats) {
			return true
		}
	}
	return false
}

// isFormat tells the signature of fmt.Formatter's method.
func isFormat(sig *types.Signature) bool {
	return sig.Params().Len() == 2 && sig.Results().Len() == 0 && typeName(sig.Params().At(0).Type()) == "fmt.State" && types.Identical(sig.Params().At(1).Type(), types.Typ[types.Rune])
}

func returns(sig *types.Signature) string {
	if sig.Results().Len() > 0 {
		return "return "
	}
	return ""
}

// paramNames makes names for the parameters of a wrapper, and the argument list that forwards them.
func (l *lowerer) paramNames(sig *types.Signature) (params []string, args string) {
	params = []string{}
	for i := range sig.Params().Len() {
		params = append(params, "a"+sep+strconv.Itoa(i))
	}
	args = strings.Join(params, ", ")
	if sig.Variadic() {
		args += "..."
	}
	return params, args
}

// path follows field indices explicitly, through embedded fields. A field that a compiled package does not export is left
// out: what is promoted through it is reached by its own name.
func (l *lowerer) path(x string, t types.Type, idx []int) (string, types.Type) {
	at := t
	for _, i := range idx {
		u := at.Underlying()
		if p, ok := u.(*types.Pointer); ok {
			u = p.Elem().Underlying()
		}
		f := u.(*types.Struct).Field(i)
		at = f.Type()
		if f.Exported() || f.Pkg() == nil || check.InSession(f) {
			x += "." + f.Name()
			t = at
		}
	}
	return x, t
}

func derefNamed(t types.Type) (*types.Named, bool) {
	t = types.Unalias(t)
	p, ok := t.(*types.Pointer)
	if ok {
		t = types.Unalias(p.Elem())
	}
	n, _ := t.(*types.Named)
	return n, ok
}

// isOurs tells whether the methods of a type are lowered functions.
func (l *lowerer) isOurs(n *types.Named) bool {
	if n == nil || n.Obj().Pkg() == nil || types.IsInterface(n) {
		return false
	}
	return check.InSession(n.Obj()) || n.TypeArgs().Len() > 0 && l.shimType(n.Obj()) != nil
}

// callMethod writes x.m(args); a method of a session type is called as the function it is.
func (l *lowerer) callMethod(x string, t types.Type, m *types.Func, args string) string {
	if types.IsInterface(t) && !isCompiled(t) {
		return l.dispatch(x, m, args)
	}
	n, isPtr := derefNamed(t)
	if replaced[m.FullName()].name != "" {
		return replacedMethod(x, t, m, args, token.NoPos)
	}
	if !l.isOurs(n) {
		return x + "." + m.Name() + "(" + args + ")"
	}
	fn := l.newest(l.namedType(n) + sep + m.Name())
	_, wantsPtr := types.Unalias(m.Signature().Recv().Type()).(*types.Pointer)
	switch {
	case wantsPtr && !isPtr:
		x = "&" + x
	case !wantsPtr && isPtr:
		x = "*" + x
	}
	if args != "" {
		x += ", "
	}
	return fn + "(" + x + args + ")"
}

package run

import (
	"fmt"
	"go/types"
	"reflect"
	"regexp"
	"unicode"
	"unicode/utf8"
	"unsafe"
)

// Cycles of types. The interpreter makes the reflect.Type of a struct that refers to itself by a placeholder, which it
// replaces at the end, not always and not always by the right type: with a list and its elements that know it, it takes one for
// the other. So the types of cycles are made here, each with placeholders of its own, and handed to the interpreter as if it
// had made them.

// Cycle is a type with a name in lowered code, declared beside structs that refer to themselves.
type Cycle struct {
	Name   string
	Struct *types.Struct // what it is there, nil where it is no struct
}

// maker makes the types of one cell's cycles.
type maker struct {
	m     *Machine
	named func(*types.Named) (string, *types.Struct) // the name of another type in lowered code, and the struct that it is there
	index map[string]int                             // of a member of a cycle, by its lowered name
	all   []Cycle
	made  []reflect.Type
	final bool
}

// Tie replaces the types of cycles that have just been evaluated. named gives the lowered names of structs of cells.
func (m *Machine) Tie(all []Cycle, named func(*types.Named) (string, *types.Struct)) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("types that refer to themselves: %v", r)
		}
	}()
	if len(all) == 0 {
		return nil
	}
	b := &maker{m: m, named: named, index: map[string]int{}, all: all, made: make([]reflect.Type, len(all))}
	for i, c := range all {
		if c.Struct != nil {
			b.index[c.Name] = i
		}
	}
	for _, i := range b.index {
		b.build(i)
	}
	b.final = true
	for _, i := range b.index {
		st := all[i].Struct
		for j := range st.NumFields() {
			setField(b.made[i], j, b.typ(st.Field(j).Type(), false))
		}
	}
	m.inject(b)
	return nil
}

// build makes a member with placeholders: its size and layout are those of the whole.
func (b *maker) build(i int) reflect.Type {
	if b.made[i] == nil {
		b.made[i] = b.structType(b.all[i].Struct, false)
	}
	return b.made[i]
}

// structType is a struct as the interpreter makes it: every field is exported.
func (b *maker) structType(st *types.Struct, behind bool) reflect.Type {
	var fields []reflect.StructField
	for i := range st.NumFields() {
		name, tag := st.Field(i).Name(), st.Tag(i)
		if name == "_" {
			name = fmt.Sprintf("_%s%d", sepMark, i)
		}
		if r, _ := utf8.DecodeRuneInString(name); !unicode.IsUpper(r) {
			name = "X" + name
		}
		if !st.Field(i).Exported() {
			tag = `json:"-" xml:"-"`
		}
		fields = append(fields, reflect.StructField{Name: name, Type: b.typ(st.Field(i).Type(), behind), Tag: reflect.StructTag(tag)})
	}
	return reflect.StructOf(fields)
}

// sepMark is the letter that marks lowered names.
const sepMark = "ǃ"

// typ is a type as the interpreter makes it; behind a pointer and the like a member of a cycle may still be a placeholder.
func (b *maker) typ(t types.Type, behind bool) reflect.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		if name, st := b.named(t); name != "" {
			if i, ok := b.index[name]; ok {
				if behind && !b.final {
					return reflect.ArrayOf(i, reflect.TypeFor[placeholder]())
				}
				return b.build(i)
			}
			if st != nil {
				return b.m.evaluated(name)
			}
		}
		if types.IsInterface(t) && (t.Obj().Pkg() == nil || t.Obj().Pkg().Path() != sessionPath) {
			break
		}
		if t.Obj().Pkg() != nil && t.Obj().Pkg().Path() == sessionPath || t.TypeArgs().Len() > 0 {
			return b.typ(t.Underlying(), behind)
		}
	case *types.Pointer:
		return reflect.PointerTo(b.typ(t.Elem(), true))
	case *types.Slice:
		return reflect.SliceOf(b.typ(t.Elem(), true))
	case *types.Array:
		return reflect.ArrayOf(int(t.Len()), b.typ(t.Elem(), behind))
	case *types.Chan:
		return reflect.ChanOf(direction(t), b.typ(t.Elem(), true))
	case *types.Map:
		return reflect.MapOf(b.typ(t.Key(), true), b.typ(t.Elem(), true))
	case *types.Signature:
		var lists [2][]reflect.Type
		for i, tp := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tp.Variables() {
				lists[i] = append(lists[i], b.typ(v.Type(), true))
			}
		}
		return reflect.FuncOf(lists[0], lists[1], t.Variadic())
	case *types.Struct:
		return b.structType(t, behind)
	case *types.Interface:
		return reflect.TypeFor[any]()
	}
	if r := b.m.compiledType(t); r != nil {
		return r
	}
	panic(fmt.Sprintf("%s is not known", goName(t)))
}

// placeholder stands for a type that is not made yet.
type placeholder struct{}

// setField changes the type of a field of a struct that was made at run time. Its layout is that of the old type.
func setField(st reflect.Type, i int, t reflect.Type) {
	was := st.Field(i)
	if was.Type == t {
		return
	}
	if was.Type.Size() != t.Size() || was.Type.Kind() != t.Kind() {
		panic("another layout")
	}
	word := func(t reflect.Type) unsafe.Pointer { return (*[2]unsafe.Pointer)(unsafe.Pointer(&t))[1] }
	fields := *fieldAt[[]struct {
		name, typ unsafe.Pointer
		offset    uintptr
	}](word(st), structFields)
	if len(fields) != st.NumField() || fields[i].typ != word(was.Type) {
		panic("another runtime")
	}
	fields[i].typ = word(t)
}

// structFields is where the runtime's description of a struct has its fields: after the common part and the package path.
const structFields = 48 + 8

// evaluated is the type with a name in lowered code.
func (m *Machine) evaluated(name string) reflect.Type {
	t := m.typeSymbol(name)
	if t == nil {
		panic(name + " is not known")
	}
	return interpreter.typeOf.Call([]reflect.Value{reflect.NewAt(interpreter.typeStruct, t)})[0].Interface().(reflect.Type)
}

// typeSymbol is the interpreter's type with a name, or nil.
func (m *Machine) typeSymbol(name string) unsafe.Pointer {
	scopes := open(reflect.ValueOf(m.in).Elem(), "scopes", reflect.Map)
	if !scopes.IsValid() {
		return nil
	}
	scope := scopes.MapIndex(reflect.ValueOf("main"))
	if !scope.IsValid() || scope.IsNil() {
		return nil
	}
	symbols := open(scope.Elem(), "sym", reflect.Map)
	symbol := symbols.MapIndex(reflect.ValueOf(name))
	if !symbol.IsValid() || symbol.IsNil() {
		return nil
	}
	typ := symbol.Elem().FieldByName("typ")
	return typ.UnsafePointer()
}

// composed begins the text of a type that is made of one other.
var composed = regexp.MustCompile(`^(\*|\[\d*\]|chan<- |<-chan |chan )`)

// inject gives the interpreter the types, and lets it make anew what it has made of its own ones.
func (m *Machine) inject(b *maker) {
	seen := map[unsafe.Pointer]bool{}
	var again []unsafe.Pointer
	field := func(t unsafe.Pointer, name string) reflect.Value {
		v := reflect.NewAt(interpreter.typeStruct, t).Elem().FieldByName(name)
		return reflect.NewAt(v.Type(), unsafe.Pointer(v.UnsafeAddr())).Elem()
	}
	declared := map[string]bool{}
	for _, c := range b.all {
		declared[c.Name] = true
	}
	var walk func(t unsafe.Pointer)
	walk = func(t unsafe.Pointer) {
		if t == nil || seen[t] {
			return
		}
		seen[t] = true
		name := field(t, "name").String()
		i, member := b.index[name]
		if name != "" && !declared[name] {
			return
		}
		var parts []unsafe.Pointer
		for _, f := range []string{"val", "key"} {
			parts = append(parts, field(t, f).UnsafePointer())
		}
		for _, f := range []string{"arg", "ret"} {
			list := field(t, f)
			for j := range list.Len() {
				parts = append(parts, list.Index(j).UnsafePointer())
			}
		}
		list := field(t, "field")
		for j := range list.Len() {
			parts = append(parts, list.Index(j).FieldByName("typ").UnsafePointer())
		}
		rtype := field(t, "rtype")
		whole := false
		for _, p := range parts {
			if p != nil {
				whole = true
				walk(p)
			}
		}
		if val := field(t, "val"); name == "" && !val.IsNil() {
			// Written before the type that it is made of had a name. The interpreter compares types by it.
			str := field(t, "str")
			if prefix := composed.FindString(str.String()); prefix != "" {
				str.SetString(prefix + field(val.UnsafePointer(), "str").String())
			}
		}
		switch {
		case member:
			rtype.Set(reflect.ValueOf(b.made[i]))
		case whole:
			rtype.SetZero()
			again = append(again, t)
		}
	}
	for _, c := range b.all {
		if t := m.typeSymbol(c.Name); t != nil { // a type in a cycle that is no struct has no name there
			walk(t)
		}
	}
	for _, t := range again {
		warmType(t)
	}
}

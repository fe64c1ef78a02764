package run

import (
	"fmt"
	"go/token"
	"go/types"
	"iter"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"unsafe"
)

// Reflection. Of a session value package reflect sees the interpreter's form: a type without a name and methods, with other
// names of fields. So reflect.TypeOf gives cells a reflect.Type of ours, made of what the check knows. Values cannot be
// imitated: reflect.ValueOf of a session value is refused (see package lower).

// sessionType is the reflect.Type of a type that only cells know. There is one for each type, so that == compares.
type sessionType struct {
	reflect.Type // stands for nothing: gives the methods that only package reflect can declare
	m            *Machine
	t            types.Type
}

// cellType is what other code of package reflect sees in place of a type of cells.
type cellType struct{ _ [0]func() }

var sizes = types.SizesFor("gc", runtime.GOARCH)

// typeOf is reflect.TypeOf for cells.
func (m *Machine) typeOf(x any) reflect.Type {
	switch b := Inner(x).(type) {
	case nil:
		return nil
	case Boxed:
		return m.reflected(b.Type())
	}
	return reflect.TypeOf(x)
}

// reflected is the reflect.Type of any type: the compiled one, where there is one.
func (m *Machine) reflected(t types.Type) reflect.Type {
	t = types.Unalias(t)
	if r := m.compiledType(t); r != nil {
		return r
	}
	name := goName(t)
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range m.reflections[name] {
		if types.Identical(s.t, t) {
			return s
		}
	}
	s := &sessionType{reflect.TypeFor[cellType](), m, t}
	if m.reflections == nil {
		m.reflections = map[string][]*sessionType{}
	}
	m.reflections[name] = append(m.reflections[name], s)
	return s
}

var basicTypes = map[types.BasicKind]reflect.Type{
	types.Bool: reflect.TypeFor[bool](), types.Int: reflect.TypeFor[int](), types.Int8: reflect.TypeFor[int8](), types.Int16: reflect.TypeFor[int16](),
	types.Int32: reflect.TypeFor[int32](), types.Int64: reflect.TypeFor[int64](), types.Uint: reflect.TypeFor[uint](), types.Uint8: reflect.TypeFor[uint8](),
	types.Uint16: reflect.TypeFor[uint16](), types.Uint32: reflect.TypeFor[uint32](), types.Uint64: reflect.TypeFor[uint64](), types.Uintptr: reflect.TypeFor[uintptr](),
	types.Float32: reflect.TypeFor[float32](), types.Float64: reflect.TypeFor[float64](), types.Complex64: reflect.TypeFor[complex64](),
	types.Complex128: reflect.TypeFor[complex128](), types.String: reflect.TypeFor[string](), types.UnsafePointer: reflect.TypeFor[unsafe.Pointer](),
}

// compiledType is the type as compiled code has it, or nil for what only cells know. A struct of cells without a name has
// the interpreter's names of fields, so it is none.
func (m *Machine) compiledType(t types.Type) reflect.Type {
	switch t := types.Unalias(t).(type) {
	case *types.Basic:
		return basicTypes[t.Kind()]
	case *types.Named:
		o := t.Obj()
		if o.Pkg() == nil {
			return reflect.TypeFor[error]()
		}
		if v, ok := m.symbols[o.Pkg().Path()+"/"+o.Pkg().Name()][o.Name()]; ok && t.TypeArgs().Len() == 0 && v.Kind() == reflect.Pointer {
			return v.Type().Elem()
		}
	case *types.Pointer:
		if r := m.compiledType(t.Elem()); r != nil {
			return reflect.PointerTo(r)
		}
	case *types.Slice:
		if r := m.compiledType(t.Elem()); r != nil {
			return reflect.SliceOf(r)
		}
	case *types.Array:
		if r := m.compiledType(t.Elem()); r != nil {
			return reflect.ArrayOf(int(t.Len()), r)
		}
	case *types.Chan:
		if r := m.compiledType(t.Elem()); r != nil {
			return reflect.ChanOf(direction(t), r)
		}
	case *types.Map:
		if k, r := m.compiledType(t.Key()), m.compiledType(t.Elem()); k != nil && r != nil {
			return reflect.MapOf(k, r)
		}
	case *types.Signature:
		var lists [2][]reflect.Type
		for i, tp := range []*types.Tuple{t.Params(), t.Results()} {
			for v := range tp.Variables() {
				r := m.compiledType(v.Type())
				if r == nil {
					return nil
				}
				lists[i] = append(lists[i], r)
			}
		}
		return reflect.FuncOf(lists[0], lists[1], t.Variadic())
	case *types.Struct:
		if t.NumFields() == 0 {
			return reflect.TypeFor[struct{}]()
		}
	case *types.Interface:
		if t.NumMethods() == 0 {
			return reflect.TypeFor[any]()
		}
	}
	return nil
}

func direction(t *types.Chan) reflect.ChanDir {
	switch t.Dir() {
	case types.SendOnly:
		return reflect.SendDir
	case types.RecvOnly:
		return reflect.RecvDir
	}
	return reflect.BothDir
}

// known is the type that a reflect.Type stands for, nil for a named compiled one or what is made of it.
func known(r reflect.Type) types.Type {
	if s, ok := r.(*sessionType); ok {
		return s.t
	}
	if r.PkgPath() != "" {
		return nil
	}
	for k, b := range basicTypes {
		if b == r {
			return types.Typ[k]
		}
	}
	elem := func(make func(types.Type) types.Type) types.Type {
		if t := known(r.Elem()); t != nil {
			return make(t)
		}
		return nil
	}
	switch r.Kind() {
	case reflect.Pointer:
		return elem(func(t types.Type) types.Type { return types.NewPointer(t) })
	case reflect.Slice:
		return elem(func(t types.Type) types.Type { return types.NewSlice(t) })
	case reflect.Array:
		return elem(func(t types.Type) types.Type { return types.NewArray(t, int64(r.Len())) })
	case reflect.Map:
		if k := known(r.Key()); k != nil {
			return elem(func(t types.Type) types.Type { return types.NewMap(k, t) })
		}
	case reflect.Chan:
		dir := map[reflect.ChanDir]types.ChanDir{reflect.SendDir: types.SendOnly, reflect.RecvDir: types.RecvOnly, reflect.BothDir: types.SendRecv}[r.ChanDir()]
		return elem(func(t types.Type) types.Type { return types.NewChan(dir, t) })
	case reflect.Interface:
		switch r {
		case reflect.TypeFor[any]():
			return types.NewInterfaceType(nil, nil)
		case reflect.TypeFor[error]():
			return types.Universe.Lookup("error").Type()
		}
	}
	return nil
}

// implements tells whether x has the methods of the interface u, one of them a type of cells.
func (m *Machine) implements(x, u reflect.Type) bool {
	if u.Kind() != reflect.Interface {
		panic("reflect: non-interface type passed to Type.Implements")
	}
	for i := range u.NumMethod() {
		want := u.Method(i)
		have, ok := x.MethodByName(want.Name)
		if !ok {
			return false
		}
		sig := have.Type.String()
		if x.Kind() != reflect.Interface { // without the receiver
			_, rest, _ := strings.Cut(sig, x.String())
			sig = "func(" + strings.TrimPrefix(rest, ", ")
		}
		if sig != want.Type.String() {
			return false
		}
	}
	return true
}

// Implements, AssignableTo and ConvertibleTo of reflect.Type, as cells call them: the argument may be a type of cells.
func (m *Machine) typeImplements(x, u reflect.Type) bool {
	if _, ok := u.(*sessionType); ok && u.Kind() == reflect.Interface {
		return m.implements(x, u)
	}
	return x.Implements(u)
}

func (m *Machine) typeAssignable(x, u reflect.Type) bool {
	return m.related(x, u, "assigned", types.AssignableTo, reflect.Type.AssignableTo)
}

func (m *Machine) typeConvertible(x, u reflect.Type) bool {
	return m.related(x, u, "converted", types.ConvertibleTo, reflect.Type.ConvertibleTo)
}

func (m *Machine) related(x, u reflect.Type, what string, ours func(x, u types.Type) bool, theirs func(x, u reflect.Type) bool) bool {
	_, a := x.(*sessionType)
	_, b := u.(*sessionType)
	switch {
	case !a && !b:
		return theirs(x, u)
	case u.Kind() == reflect.Interface:
		return m.implements(x, u)
	}
	tx, tu := known(x), known(u)
	if tx == nil || tu == nil {
		if tx == nil && tu == nil || what == "assigned" && x.Name() != "" && u.Name() != "" {
			return false
		}
		panic(runtimeError(fmt.Sprintf("whether a value of type %s can be %s to %s is not known here: one is a type of cells, the other one of a compiled package", x, what, u)))
	}
	return ours(tx, tu)
}

// reflection are the functions of package reflect that cells get in place of its own.
func (m *Machine) reflection(own map[string]reflect.Value) map[string]reflect.Value {
	out := map[string]reflect.Value{"TypeOf": reflect.ValueOf(m.typeOf)}
	for name, f := range map[string]func(types.Type) types.Type{
		"PointerTo": func(t types.Type) types.Type { return types.NewPointer(t) },
		"PtrTo":     func(t types.Type) types.Type { return types.NewPointer(t) },
		"SliceOf":   func(t types.Type) types.Type { return types.NewSlice(t) },
	} {
		theirs := own[name].Interface().(func(reflect.Type) reflect.Type)
		out[name] = reflect.ValueOf(func(r reflect.Type) reflect.Type {
			if s, ok := r.(*sessionType); ok {
				return m.reflected(f(s.t))
			}
			return theirs(r)
		})
	}
	for _, name := range []string{"New", "NewAt", "Zero", "MakeSlice", "MakeMap", "MakeMapWithSize", "MakeChan", "MakeFunc", "FuncOf", "StructOf", "MapOf", "ChanOf", "ArrayOf"} {
		theirs := own[name]
		out[name] = reflect.MakeFunc(theirs.Type(), func(args []reflect.Value) []reflect.Value {
			for _, a := range args {
				refuseTypes(name, a)
			}
			if theirs.Type().IsVariadic() {
				return theirs.CallSlice(args)
			}
			return theirs.Call(args)
		})
	}
	return out
}

// refuseTypes panics where an argument of a function of reflect is, or holds, a type of cells.
func refuseTypes(name string, a reflect.Value) {
	switch x := a.Interface().(type) {
	case *sessionType:
		panic(runtimeError(fmt.Sprintf("reflect.%s cannot use %s, a type of cells: reflect would make the interpreter's form of it", name, x)))
	case []reflect.Type:
		for _, t := range x {
			refuseTypes(name, reflect.ValueOf(&t).Elem())
		}
	case []reflect.StructField:
		for _, f := range x {
			refuseTypes(name, reflect.ValueOf(&f.Type).Elem())
		}
	}
}

// valueOf is what reflect.ValueOf may see of a value in an interface.
func (m *Machine) valueOf(x any) any {
	b, ok := Inner(x).(Boxed)
	if !ok {
		return x
	}
	if m.compiledType(b.Type()) == nil {
		panic(runtimeError(fmt.Sprintf("reflect.ValueOf cannot see a value of type %s as Go does: the interpreter has another form of it; %%T, %%+v, reflect.TypeOf and type switches do", goName(b.Type()))))
	}
	return b.value
}

func (s *sessionType) named() *types.Named { n, _ := s.t.(*types.Named); return n }

func (s *sessionType) is(kinds ...reflect.Kind) {
	if !slices.Contains(kinds, s.Kind()) {
		panic("reflect: that cannot be asked of a type of kind " + s.Kind().String() + ": " + s.String())
	}
}

func (s *sessionType) String() string { return goName(s.t) }

func (s *sessionType) Name() string {
	n := s.named()
	if n == nil {
		return ""
	}
	_, name, _ := strings.Cut(goName(n), ".")
	return name
}

func (s *sessionType) PkgPath() string {
	if n := s.named(); n != nil {
		return n.Obj().Pkg().Path()
	}
	return ""
}

func (s *sessionType) Kind() reflect.Kind {
	switch u := s.t.Underlying().(type) {
	case *types.Basic:
		return basicTypes[u.Kind()].Kind()
	case *types.Pointer:
		return reflect.Pointer
	case *types.Slice:
		return reflect.Slice
	case *types.Array:
		return reflect.Array
	case *types.Map:
		return reflect.Map
	case *types.Chan:
		return reflect.Chan
	case *types.Signature:
		return reflect.Func
	case *types.Interface:
		return reflect.Interface
	}
	return reflect.Struct
}

func (s *sessionType) Size() uintptr    { return uintptr(sizes.Sizeof(s.t)) }
func (s *sessionType) Align() int       { return int(sizes.Alignof(s.t)) }
func (s *sessionType) FieldAlign() int  { return s.Align() }
func (s *sessionType) Comparable() bool { return types.Comparable(s.t) }

func (s *sessionType) basic() reflect.Type { return basicTypes[s.t.Underlying().(*types.Basic).Kind()] }

func (s *sessionType) Bits() int                         { return s.basic().Bits() }
func (s *sessionType) OverflowComplex(x complex128) bool { return s.basic().OverflowComplex(x) }
func (s *sessionType) OverflowFloat(x float64) bool      { return s.basic().OverflowFloat(x) }
func (s *sessionType) OverflowInt(x int64) bool          { return s.basic().OverflowInt(x) }
func (s *sessionType) OverflowUint(x uint64) bool        { return s.basic().OverflowUint(x) }

func (s *sessionType) Elem() reflect.Type {
	e, ok := s.t.Underlying().(interface{ Elem() types.Type })
	if !ok {
		panic("reflect: Elem of invalid type " + s.String())
	}
	return s.m.reflected(e.Elem())
}

func (s *sessionType) Key() reflect.Type {
	s.is(reflect.Map)
	return s.m.reflected(s.t.Underlying().(*types.Map).Key())
}

func (s *sessionType) Len() int {
	s.is(reflect.Array)
	return int(s.t.Underlying().(*types.Array).Len())
}

func (s *sessionType) ChanDir() reflect.ChanDir {
	s.is(reflect.Chan)
	return direction(s.t.Underlying().(*types.Chan))
}

func (s *sessionType) signature() *types.Signature {
	s.is(reflect.Func)
	return s.t.Underlying().(*types.Signature)
}

func (s *sessionType) IsVariadic() bool { return s.signature().Variadic() }
func (s *sessionType) NumIn() int       { return s.signature().Params().Len() }
func (s *sessionType) NumOut() int      { return s.signature().Results().Len() }

func (s *sessionType) In(i int) reflect.Type {
	return s.m.reflected(s.signature().Params().At(i).Type())
}

func (s *sessionType) Out(i int) reflect.Type {
	return s.m.reflected(s.signature().Results().At(i).Type())
}

func (s *sessionType) Ins() iter.Seq[reflect.Type]  { return each(s.NumIn, s.In) }
func (s *sessionType) Outs() iter.Seq[reflect.Type] { return each(s.NumOut, s.Out) }

func each[T any](n func() int, at func(int) T) iter.Seq[T] {
	return func(yield func(T) bool) {
		for i := range n() {
			if !yield(at(i)) {
				return
			}
		}
	}
}

func (s *sessionType) Implements(u reflect.Type) bool    { return s.m.implements(s, u) }
func (s *sessionType) AssignableTo(u reflect.Type) bool  { return s.m.typeAssignable(s, u) }
func (s *sessionType) ConvertibleTo(u reflect.Type) bool { return s.m.typeConvertible(s, u) }

func (s *sessionType) fields() *types.Struct {
	s.is(reflect.Struct)
	return s.t.Underlying().(*types.Struct)
}

func (s *sessionType) NumField() int { return s.fields().NumFields() }

func (s *sessionType) Field(i int) reflect.StructField {
	st := s.fields()
	var all []*types.Var
	for j := range st.NumFields() {
		all = append(all, st.Field(j))
	}
	f := all[i]
	out := reflect.StructField{Name: f.Name(), Type: s.m.reflected(f.Type()), Tag: reflect.StructTag(st.Tag(i)), Offset: uintptr(sizes.Offsetsof(all)[i]), Index: []int{i}, Anonymous: f.Embedded()}
	if !f.Exported() {
		out.PkgPath = f.Pkg().Path()
	}
	return out
}

func (s *sessionType) Fields() iter.Seq[reflect.StructField] { return each(s.NumField, s.Field) }

func (s *sessionType) FieldByIndex(index []int) (f reflect.StructField) {
	at := reflect.Type(s)
	for i, x := range index {
		if i > 0 {
			if at = f.Type; at.Kind() == reflect.Pointer && at.Elem().Kind() == reflect.Struct {
				at = at.Elem()
			}
		}
		f = at.Field(x)
	}
	return f
}

func (s *sessionType) FieldByName(name string) (reflect.StructField, bool) {
	return s.FieldByNameFunc(func(n string) bool { return n == name })
}

// FieldByNameFunc goes by depth, as Go's own does: where two fields of one depth match there is none.
func (s *sessionType) FieldByNameFunc(match func(string) bool) (out reflect.StructField, ok bool) {
	s.is(reflect.Struct)
	type place struct {
		t     reflect.Type
		index []int
	}
	seen := map[reflect.Type]bool{}
	for level := []place{{s, nil}}; len(level) > 0; {
		var next []place
		found := 0
		for _, p := range level {
			if seen[p.t] {
				continue
			}
			seen[p.t] = true
			for i := range p.t.NumField() {
				f := p.t.Field(i)
				f.Index = append(slices.Clone(p.index), i)
				if match(f.Name) {
					out = f
					found++
				} else if f.Anonymous {
					t := f.Type
					if t.Kind() == reflect.Pointer {
						t = t.Elem()
					}
					if t.Kind() == reflect.Struct {
						next = append(next, place{t, f.Index})
					}
				}
			}
		}
		if found > 0 {
			if found > 1 {
				return reflect.StructField{}, false
			}
			return out, true
		}
		level = next
	}
	return reflect.StructField{}, false
}

// methods are those that reflect shows, by name: of an interface all.
func (s *sessionType) methods() (out []*types.Selection) {
	set := types.NewMethodSet(s.t)
	for sel := range set.Methods() {
		if sel.Obj().Exported() || types.IsInterface(s.t) {
			out = append(out, sel)
		}
	}
	slices.SortFunc(out, func(a, b *types.Selection) int { return strings.Compare(a.Obj().Name(), b.Obj().Name()) })
	return out
}

func (s *sessionType) NumMethod() int { return len(s.methods()) }

func (s *sessionType) Method(i int) reflect.Method {
	sel := s.methods()[i]
	sig := sel.Type().(*types.Signature)
	var params []*types.Var
	if !types.IsInterface(s.t) {
		params = append(params, types.NewParam(token.NoPos, nil, "", s.t))
	}
	for v := range sig.Params().Variables() {
		params = append(params, v)
	}
	f := types.NewSignatureType(nil, nil, nil, types.NewTuple(params...), sig.Results(), sig.Variadic())
	out := reflect.Method{Name: sel.Obj().Name(), Type: s.m.reflected(f), Index: i}
	if !sel.Obj().Exported() {
		out.PkgPath = sel.Obj().Pkg().Path()
	}
	return out
}

func (s *sessionType) Methods() iter.Seq[reflect.Method] { return each(s.NumMethod, s.Method) }

func (s *sessionType) MethodByName(name string) (reflect.Method, bool) {
	for i, sel := range s.methods() {
		if sel.Obj().Name() == name {
			return s.Method(i), true
		}
	}
	return reflect.Method{}, false
}

func (s *sessionType) CanSeq() bool {
	switch u := s.t.Underlying().(type) {
	case *types.Basic:
		return u.Info()&types.IsInteger != 0 || u.Kind() == types.String
	case *types.Slice, *types.Array, *types.Chan, *types.Map:
		return true
	case *types.Signature:
		return s.yields(1)
	case *types.Pointer:
		_, array := u.Elem().Underlying().(*types.Array)
		return array
	}
	return false
}

func (s *sessionType) CanSeq2() bool {
	switch u := s.t.Underlying().(type) {
	case *types.Basic:
		return u.Kind() == types.String
	case *types.Slice, *types.Array, *types.Map:
		return true
	case *types.Signature:
		return s.yields(2)
	case *types.Pointer:
		_, array := u.Elem().Underlying().(*types.Array)
		return array
	}
	return false
}

// yields tells an iterator of n values.
func (s *sessionType) yields(n int) bool {
	f := s.signature()
	if f.Params().Len() != 1 || f.Results().Len() != 0 || f.Variadic() {
		return false
	}
	y, ok := f.Params().At(0).Type().Underlying().(*types.Signature)
	return ok && y.Params().Len() == n && y.Results().Len() == 1 && types.Identical(y.Results().At(0).Type(), types.Typ[types.Bool])
}

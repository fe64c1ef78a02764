package run

import (
	"bytes"
	"encoding"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"go/types"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// JSON. What package json sees wrongly of a session value (methods, embedded fields) is encoded and decoded here, by the
// true types; everything below that it sees as Go does is left to it.

// jsonMarshal is json.Marshal.
func (m *Machine) jsonMarshal(x any) ([]byte, error) {
	if b, ok := Inner(x).(Boxed); ok {
		raw, err := b.json()
		if err != nil {
			return nil, err
		}
		x = json.RawMessage(raw) // gets < and > escaped
	}
	raw, err := json.Marshal(x)
	return raw, ownError(err)
}

// ownError is the error of a box inside other values: package json says beside it which type it called.
func ownError(err error) error {
	if e, ok := err.(*json.MarshalerError); ok && e.Type == reflect.TypeFor[Boxed]() {
		return e.Err
	}
	return err
}

// jsonMarshalIndent is json.MarshalIndent.
func (m *Machine) jsonMarshalIndent(x any, prefix, indent string) ([]byte, error) {
	raw, err := m.jsonMarshal(x)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Indent(&out, raw, prefix, indent)
	return out.Bytes(), err
}

// jsonEncode is (*json.Encoder).Encode.
func (m *Machine) jsonEncode(e *json.Encoder, x any) error {
	if b, ok := Inner(x).(Boxed); ok {
		raw, err := b.json()
		if err != nil {
			return err
		}
		x = json.RawMessage(raw)
	}
	return ownError(e.Encode(x))
}

// MarshalJSON encodes the value as Go does, where it lies inside another one.
func (b Boxed) MarshalJSON() ([]byte, error) { return b.json() }

// json is the value in JSON, with no letters escaped that need not be.
func (b Boxed) json() ([]byte, error) {
	e := jsonEncoder{m: b.m}
	err := e.value(reflect.ValueOf(b.value), b.Type(), false)
	return e.out.Bytes(), err
}

type jsonEncoder struct {
	m     *Machine
	out   bytes.Buffer
	depth int
}

// method finds a method of a value, perhaps one promoted from an embedded field or of its address, and binds it.
func (m *Machine) methodOf(v reflect.Value, t types.Type, name string) (call func(a any) any) {
	sel := types.NewMethodSet(t).Lookup(nil, name)
	if sel == nil {
		if !v.CanAddr() || types.IsInterface(t) {
			return nil
		}
		if _, ok := t.Underlying().(*types.Pointer); ok {
			return nil
		}
		v, t = v.Addr(), types.NewPointer(t)
		if sel = types.NewMethodSet(t).Lookup(nil, name); sel == nil {
			return nil
		}
	}
	index := sel.Index()
	for _, i := range index[:len(index)-1] {
		if p, ok := t.Underlying().(*types.Pointer); ok {
			if v.IsNil() {
				return nil
			}
			v, t = v.Elem(), p.Elem()
		}
		v, t = v.Field(i), t.Underlying().(*types.Struct).Field(i).Type()
	}
	recv := sel.Obj().(*types.Func).Signature().Recv().Type()
	_, wants := types.Unalias(recv).(*types.Pointer)
	if p, is := t.Underlying().(*types.Pointer); is && !wants && !types.IsInterface(t) {
		if v.IsNil() {
			return nil
		}
		v, t = v.Elem(), p.Elem()
	} else if !is && wants && v.CanAddr() {
		v, t = v.Addr(), types.NewPointer(t)
	}
	if b, ok := Inner(v.Interface()).(Boxed); ok { // in an interface that is embedded
		v, t = reflect.ValueOf(b.value), b.Type()
	}
	if id := m.typeID(t); id >= 0 {
		if f := m.showMethod(id, name); f != nil {
			return func(a any) any { return f(v.Interface(), a) }
		}
	}
	return foreign(v.Interface(), name)
}

// foreign binds a method of a compiled value.
func foreign(x any, name string) func(a any) any {
	pair := func(b []byte, err error) any {
		if err != nil {
			return err
		}
		return b
	}
	switch x := x.(type) {
	case Boxed:
		return nil
	case json.Marshaler:
		if name == "MarshalJSON" {
			return func(any) any { return pair(x.MarshalJSON()) }
		}
	}
	switch x := x.(type) {
	case encoding.TextMarshaler:
		if name == "MarshalText" {
			return func(any) any { return pair(x.MarshalText()) }
		}
	}
	switch x := x.(type) {
	case json.Unmarshaler:
		if name == "UnmarshalJSON" {
			return func(a any) any { return x.UnmarshalJSON(a.([]byte)) }
		}
	}
	switch x := x.(type) {
	case encoding.TextUnmarshaler:
		if name == "UnmarshalText" {
			return func(a any) any { return x.UnmarshalText(a.([]byte)) }
		}
	}
	if x, ok := x.(interface{ IsZero() bool }); ok && name == "IsZero" {
		return func(any) any { return x.IsZero() }
	}
	return nil
}

// plainly is what package json makes of a value that it sees as Go does.
func (e *jsonEncoder) plainly(x any) error {
	enc := json.NewEncoder(&e.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(x); err != nil {
		return ownError(err)
	}
	e.out.Truncate(e.out.Len() - 1)
	return nil
}

// made is the result of a marshalling method of the cell.
func (e *jsonEncoder) made(r any, t types.Type, method string) ([]byte, error) {
	switch r := r.(type) {
	case error:
		if method == "MarshalJSON" {
			return nil, &json.MarshalerError{Type: e.m.reflected(t), Err: r}
		}
		return nil, fmt.Errorf("json: error calling %s for type %s: %w", method, goName(t), r)
	case []byte:
		return r, nil
	}
	return nil, nil
}

// value writes a value of type t; quoted is the option string of its field's tag.
func (e *jsonEncoder) value(v reflect.Value, t types.Type, quoted bool) error {
	if e.depth++; e.depth > maxExpanded {
		return &json.UnsupportedValueError{Value: v, Str: "encountered a cycle via " + goName(t)}
	}
	defer func() { e.depth-- }()
	if v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if !v.IsValid() {
		e.out.WriteString("null")
		return nil
	}
	if b, ok := Inner(v.Interface()).(Boxed); ok {
		v, t = reflect.ValueOf(b.value), b.Type()
	} else if types.IsInterface(t) {
		return e.plainly(v.Interface())
	}
	if e.m.hidden(t, "encoding/json") == "" {
		if !quoted {
			return e.plainly(expand(v.Interface()))
		}
	} else {
		pointer, _ := t.Underlying().(*types.Pointer)
		if pointer != nil && v.IsNil() {
			e.out.WriteString("null")
			return nil
		}
		if f := e.m.methodOf(v, t, "MarshalJSON"); f != nil {
			raw, err := e.made(f(nil), t, "MarshalJSON")
			if err == nil {
				if err = json.Compact(&e.out, raw); err != nil {
					err = &json.MarshalerError{Type: e.m.reflected(t), Err: err}
				}
			}
			return err
		}
		if f := e.m.methodOf(v, t, "MarshalText"); f != nil {
			raw, err := e.made(f(nil), t, "MarshalText")
			if err != nil {
				return err
			}
			return e.plainly(string(raw))
		}
	}
	v = unfold(v)
	switch u := t.Underlying().(type) {
	case *types.Pointer:
		if v.IsNil() {
			e.out.WriteString("null")
			return nil
		}
		return e.value(v.Elem(), u.Elem(), quoted)
	case *types.Struct:
		return e.fields(v, t)
	case *types.Map:
		return e.entries(v, u)
	case *types.Slice:
		if v.IsNil() {
			e.out.WriteString("null")
			return nil
		}
		if b, ok := u.Elem().Underlying().(*types.Basic); ok && b.Kind() == types.Uint8 && !marshals(u.Elem()) {
			e.out.WriteString(`"` + base64.StdEncoding.EncodeToString(v.Bytes()) + `"`)
			return nil
		}
		return e.elements(v, u.Elem())
	case *types.Array:
		return e.elements(v, u.Elem())
	case *types.Basic:
		if !quoted {
			break
		}
		part := jsonEncoder{m: e.m}
		if err := part.plainly(v.Interface()); err != nil {
			return err
		}
		if v.Kind() == reflect.String {
			return e.plainly(part.out.String())
		}
		e.out.WriteString(`"` + part.out.String() + `"`)
		return nil
	case *types.Signature, *types.Chan:
		return &json.UnsupportedTypeError{Type: e.m.reflected(t)}
	}
	return e.plainly(v.Interface())
}

// marshals tells a type whose address has a method that encodes it.
func marshals(t types.Type) bool {
	set := types.NewMethodSet(types.NewPointer(t))
	return set.Lookup(nil, "MarshalJSON") != nil || set.Lookup(nil, "MarshalText") != nil
}

func (e *jsonEncoder) elements(v reflect.Value, elem types.Type) error {
	e.out.WriteByte('[')
	for i := range v.Len() {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.value(v.Index(i), elem, false); err != nil {
			return err
		}
	}
	e.out.WriteByte(']')
	return nil
}

func (e *jsonEncoder) entries(v reflect.Value, u *types.Map) error {
	if v.IsNil() {
		e.out.WriteString("null")
		return nil
	}
	type entry struct {
		key   string
		value reflect.Value
	}
	var all []entry
	for it := v.MapRange(); it.Next(); {
		key, err := e.key(it.Key(), u)
		if err != nil {
			return err
		}
		all = append(all, entry{key, it.Value()})
	}
	slices.SortFunc(all, func(a, b entry) int { return strings.Compare(a.key, b.key) })
	e.out.WriteByte('{')
	for i, x := range all {
		if i > 0 {
			e.out.WriteByte(',')
		}
		if err := e.plainly(x.key); err != nil {
			return err
		}
		e.out.WriteByte(':')
		if err := e.value(x.value, u.Elem(), false); err != nil {
			return err
		}
	}
	e.out.WriteByte('}')
	return nil
}

// key is the name of a key of a map.
func (e *jsonEncoder) key(k reflect.Value, u *types.Map) (string, error) {
	if k.Kind() == reflect.String {
		return k.String(), nil
	}
	if f := e.m.methodOf(k, u.Key(), "MarshalText"); f != nil {
		r := f(nil)
		if err, ok := r.(error); ok {
			return "", fmt.Errorf("json: encoding error for type %q: %q", goName(u), err.Error())
		}
		raw, err := e.made(r, u.Key(), "MarshalText")
		return string(raw), err
	}
	switch {
	case k.CanInt():
		return strconv.FormatInt(k.Int(), 10), nil
	case k.CanUint():
		return strconv.FormatUint(k.Uint(), 10), nil
	}
	return "", &json.UnsupportedTypeError{Type: e.m.reflected(u)}
}

func (e *jsonEncoder) fields(v reflect.Value, t types.Type) error {
	first := true
	e.out.WriteByte('{')
next:
	for _, f := range jsonFields(t) {
		at, ft := v, t
		for _, i := range f.index {
			if p, ok := ft.Underlying().(*types.Pointer); ok {
				if at.IsNil() {
					continue next
				}
				at, ft = at.Elem(), p.Elem()
			}
			at, ft = at.Field(i), ft.Underlying().(*types.Struct).Field(i).Type()
		}
		if f.omitEmpty && isEmptyJSON(unfold(at)) || f.omitZero && e.isZero(at, ft) {
			continue
		}
		if !first {
			e.out.WriteByte(',')
		}
		first = false
		if err := e.plainly(f.name); err != nil {
			return err
		}
		e.out.WriteByte(':')
		if err := e.value(at, ft, f.quoted); err != nil {
			return err
		}
	}
	e.out.WriteByte('}')
	return nil
}

func (e *jsonEncoder) isZero(v reflect.Value, t types.Type) bool {
	if _, ok := t.Underlying().(*types.Pointer); ok && v.IsNil() {
		return true
	}
	if f := e.m.methodOf(v, t, "IsZero"); f != nil {
		zero, _ := f(nil).(bool)
		return zero
	}
	return v.IsZero()
}

// isEmptyJSON tells what the option omitempty leaves out.
func isEmptyJSON(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Array, reflect.Map, reflect.Slice, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	}
	return v.IsZero()
}

// jsonField is a field as package json finds it in a struct, perhaps in one that is embedded.
type jsonField struct {
	name                                string
	index                               []int
	tagged, omitEmpty, omitZero, quoted bool
}

// jsonFields are the fields of a struct by the rules of package json: a name at a lesser depth hides others, and of several
// at one depth the one with a tag is taken, or none.
func jsonFields(t types.Type) []jsonField {
	type level struct {
		t     types.Type
		index []int
	}
	var all []jsonField
	next, seen := []level{{t: t}}, map[types.Type]bool{}
	many := map[types.Type]int{}
	for len(next) > 0 {
		current, count := next, many
		next, many = nil, map[types.Type]int{}
		for _, l := range current {
			if seen[l.t] {
				continue
			}
			seen[l.t] = true
			st := l.t.Underlying().(*types.Struct)
			for i := range st.NumFields() {
				f := st.Field(i)
				ft := types.Unalias(f.Type())
				if p, ok := ft.(*types.Pointer); ok {
					ft = types.Unalias(p.Elem())
				}
				_, isStruct := ft.Underlying().(*types.Struct)
				if !f.Exported() && (!f.Embedded() || !isStruct) {
					continue
				}
				tag := reflect.StructTag(st.Tag(i)).Get("json")
				if tag == "-" {
					continue
				}
				name, options, _ := strings.Cut(tag, ",")
				if !validJSONName(name) {
					name = ""
				}
				index := append(slices.Clone(l.index), i)
				if name == "" && f.Embedded() && isStruct {
					if many[ft]++; many[ft] == 1 {
						next = append(next, level{ft, index})
					}
					continue
				}
				j := jsonField{name: name, index: index, tagged: name != ""}
				if name == "" {
					j.name = f.Name()
				}
				_, basic := ft.Underlying().(*types.Basic)
				for o := range strings.SplitSeq(options, ",") {
					j.omitEmpty = j.omitEmpty || o == "omitempty"
					j.omitZero = j.omitZero || o == "omitzero"
					j.quoted = j.quoted || o == "string" && basic
				}
				all = append(all, j)
				if count[l.t] > 1 { // embedded twice at one depth: they hide each other
					all = append(all, j)
				}
			}
		}
	}
	slices.SortStableFunc(all, func(a, b jsonField) int {
		if c := strings.Compare(a.name, b.name); c != 0 {
			return c
		}
		if c := len(a.index) - len(b.index); c != 0 {
			return c
		}
		if a.tagged != b.tagged {
			if a.tagged {
				return -1
			}
			return 1
		}
		return slices.Compare(a.index, b.index)
	})
	var out []jsonField
	for i := 0; i < len(all); {
		n := i + 1
		for n < len(all) && all[n].name == all[i].name {
			n++
		}
		if n == i+1 || len(all[i].index) != len(all[i+1].index) || all[i].tagged != all[i+1].tagged {
			out = append(out, all[i])
		}
		i = n
	}
	slices.SortFunc(out, func(a, b jsonField) int { return slices.Compare(a.index, b.index) })
	return out
}

// validJSONName tells what package json takes from a tag.
func validJSONName(s string) bool {
	return s != "" && strings.IndexFunc(s, func(r rune) bool {
		return !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", r) && !('0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || r > 127)
	}) < 0
}

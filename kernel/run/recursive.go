package run

import (
	"encoding/json"
	"reflect"
	"strings"
)

// Recursive types, such as type S []S, are structs of one field in lowered code (see package lower). What looks into values
// unfolds them first: once, for a printer that has the true types beside the values; all the way down, for encoders, which
// get a copy without such structs.

// heldField is the name of that field, for reflection.
const heldField = "Xv" + sepMark

// isFolded tells the struct that lowered code has for a recursive type.
func isFolded(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.NumField() == 1 && t.Field(0).Name == heldField
}

// unfold is a value of a recursive type as one of its underlying type, any other as it is.
func unfold(v reflect.Value) reflect.Value {
	if v.IsValid() && isFolded(v.Type()) {
		return v.Field(0)
	}
	return v
}

// Unfold is unfold for the session.
func Unfold(v reflect.Value) reflect.Value { return unfold(v) }

// unfolded does the same for what an interface holds.
func unfolded(x any) any {
	if v := reflect.ValueOf(x); v.IsValid() && isFolded(v.Type()) {
		return v.Field(0).Interface()
	}
	return x
}

// Unfolded is the value in a box: a slice, say, where its type is a recursive slice.
func (b Boxed) Unfolded() any { return unfolded(b.value) }

// holdsFolded tells whether values of a type hold such structs.
func holdsFolded(t reflect.Type, seen map[reflect.Type]bool) bool {
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Array, reflect.Chan:
		return holdsFolded(t.Elem(), seen)
	case reflect.Map:
		return holdsFolded(t.Key(), seen) || holdsFolded(t.Elem(), seen)
	case reflect.Struct:
		if isFolded(t) {
			return true
		}
		for i := range t.NumField() {
			if holdsFolded(t.Field(i).Type, seen) {
				return true
			}
		}
	}
	return false
}

func folded(t reflect.Type) bool { return holdsFolded(t, map[reflect.Type]bool{}) }

// maxExpanded is how deep values are copied: one that holds itself has no end.
const maxExpanded = 10_000

// expand is a value for code that looks into it by reflection: with every recursive part unfolded.
func expand(x any) any {
	v := reflect.ValueOf(x)
	if !v.IsValid() || !folded(v.Type()) {
		return x
	}
	if v = expanded(v, 0); !v.IsValid() {
		return nil
	}
	return v.Interface()
}

func expanded(v reflect.Value, depth int) reflect.Value {
	if depth > maxExpanded {
		panic(runtimeError("a value of a type that refers to itself holds itself: nothing can look into it to the end"))
	}
	v = unfold(v)
	if !folded(v.Type()) {
		return v
	}
	set := func(to, from reflect.Value) {
		from = expanded(from, depth+1)
		if from.Kind() != reflect.Pointer || !from.IsNil() || to.Kind() != reflect.Interface {
			to.Set(from)
		}
	}
	t := expandedType(v.Type())
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Pointer:
		if v.IsNil() {
			return reflect.Zero(t)
		}
	}
	out := reflect.New(t).Elem()
	switch v.Kind() {
	case reflect.Slice:
		out.Set(reflect.MakeSlice(t, v.Len(), v.Len()))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			set(out.Index(i), v.Index(i))
		}
	case reflect.Map:
		out.Set(reflect.MakeMapWithSize(t, v.Len()))
		for it := v.MapRange(); it.Next(); {
			elem := reflect.New(t.Elem()).Elem()
			set(elem, it.Value())
			out.SetMapIndex(it.Key(), elem)
		}
	case reflect.Pointer:
		out.Set(reflect.New(t.Elem()))
		set(out.Elem(), v.Elem())
	case reflect.Struct:
		for i := range v.NumField() {
			set(out.Field(i), v.Field(i))
		}
	default: // a channel or function: who looks says what is wrong with it
		return v
	}
	return out
}

// expandedType is the type of an expanded value: what its parts are made of may be anything.
func expandedType(t reflect.Type) reflect.Type {
	part := func(t reflect.Type) reflect.Type {
		switch {
		case !folded(t):
			return t
		case isFolded(t):
			t = t.Field(0).Type
		}
		switch t.Kind() { // an empty one of these is left out by omitempty
		case reflect.Slice:
			return reflect.TypeFor[[]any]()
		case reflect.Map:
			if !folded(t.Key()) {
				return reflect.MapOf(t.Key(), reflect.TypeFor[any]())
			}
		}
		return reflect.TypeFor[any]()
	}
	switch t.Kind() {
	case reflect.Slice:
		return reflect.TypeFor[[]any]()
	case reflect.Array:
		return reflect.ArrayOf(t.Len(), reflect.TypeFor[any]())
	case reflect.Map:
		if !folded(t.Key()) {
			return reflect.MapOf(t.Key(), reflect.TypeFor[any]())
		}
	case reflect.Pointer:
		return reflect.TypeFor[*any]()
	case reflect.Struct:
		var fields []reflect.StructField
		for f := range t.Fields() {
			fields = append(fields, reflect.StructField{Name: f.Name, Type: part(f.Type), Tag: f.Tag})
		}
		return reflect.StructOf(fields)
	}
	return t
}

// decoded is what a JSON decoder fills in place of a pointer to a value with recursive parts.
type decoded struct{ to reflect.Value }

// target is an argument of json.Unmarshal and its kin.
func (m *Machine) target(x any) any {
	x = m.plainly(x, true)
	v := reflect.ValueOf(x)
	if v.Kind() != reflect.Pointer || v.IsNil() || !folded(v.Type()) {
		return x
	}
	return &decoded{v.Elem()}
}

// UnmarshalJSON fills the value.
func (d *decoded) UnmarshalJSON(data []byte) error { return fill(d.to, data) }

// fill decodes JSON level by level.
func fill(v reflect.Value, data []byte) error {
	v = unfold(v)
	t := v.Type()
	if !folded(t) {
		return json.Unmarshal(data, v.Addr().Interface())
	}
	null := strings.TrimSpace(string(data)) == "null"
	switch {
	case null && (t.Kind() == reflect.Slice || t.Kind() == reflect.Map || t.Kind() == reflect.Pointer):
		v.SetZero()
		return nil
	case null:
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(t.Elem()))
		}
		return fill(v.Elem(), data)
	case reflect.Slice, reflect.Array:
		var parts []json.RawMessage
		if err := json.Unmarshal(data, &parts); err != nil {
			return err
		}
		if t.Kind() == reflect.Slice {
			v.Set(reflect.MakeSlice(t, len(parts), len(parts)))
		} else {
			v.SetZero()
		}
		for i := range min(len(parts), v.Len()) {
			if err := fill(v.Index(i), parts[i]); err != nil {
				return err
			}
		}
		return nil
	case reflect.Map:
		if folded(t.Key()) {
			break
		}
		parts := reflect.New(reflect.MapOf(t.Key(), reflect.TypeFor[json.RawMessage]()))
		if err := json.Unmarshal(data, parts.Interface()); err != nil {
			return err
		}
		if v.IsNil() {
			v.Set(reflect.MakeMap(t))
		}
		for it := parts.Elem().MapRange(); it.Next(); {
			elem := reflect.New(t.Elem()).Elem()
			if err := fill(elem, it.Value().Bytes()); err != nil {
				return err
			}
			v.SetMapIndex(it.Key(), elem)
		}
		return nil
	case reflect.Struct:
		return fillStruct(v, data)
	}
	return json.Unmarshal(data, v.Addr().Interface()) // says what is wrong
}

// fillStruct decodes the other fields at once.
func fillStruct(v reflect.Value, data []byte) error {
	t := v.Type()
	var fields []reflect.StructField
	for f := range t.Fields() {
		if folded(f.Type) {
			f.Type = reflect.TypeFor[json.RawMessage]()
		}
		fields = append(fields, reflect.StructField{Name: f.Name, Type: f.Type, Tag: f.Tag})
	}
	parts := reflect.New(reflect.StructOf(fields)).Elem()
	for i := range t.NumField() {
		if fields[i].Type == t.Field(i).Type {
			parts.Field(i).Set(v.Field(i))
		}
	}
	if err := json.Unmarshal(data, parts.Addr().Interface()); err != nil {
		return err
	}
	for i := range t.NumField() {
		switch {
		case fields[i].Type == t.Field(i).Type:
			v.Field(i).Set(parts.Field(i))
		case parts.Field(i).Len() > 0:
			if err := fill(v.Field(i), parts.Field(i).Bytes()); err != nil {
				return err
			}
		}
	}
	return nil
}

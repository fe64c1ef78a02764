package run

import "reflect"

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

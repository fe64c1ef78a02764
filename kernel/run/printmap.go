package run

import (
	"cmp"
	"reflect"
)

// inOrder compares keys of maps as fmt does when it prints them: nil first, numbers and strings by their order, false
// before true, structs field by field and arrays element by element.
func inOrder(a, b reflect.Value) int {
	a, b = unfold(unboxed(a)), unfold(unboxed(b))
	switch {
	case !a.IsValid() || !b.IsValid():
		return cmp.Compare(valid(a), valid(b))
	case a.Type() != b.Type():
		return cmp.Compare(a.Type().String(), b.Type().String())
	}
	switch {
	case a.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	case a.CanComplex():
		x, y := a.Complex(), b.Complex()
		return cmp.Or(cmp.Compare(real(x), real(y)), cmp.Compare(imag(x), imag(y)))
	}
	switch a.Kind() {
	case reflect.String:
		return cmp.Compare(a.String(), b.String())
	case reflect.Bool:
		return cmp.Compare(truth(a.Bool()), truth(b.Bool()))
	case reflect.Pointer, reflect.Chan, reflect.UnsafePointer:
		return cmp.Compare(a.Pointer(), b.Pointer())
	case reflect.Struct:
		for i := range a.NumField() {
			if c := inOrder(a.Field(i), b.Field(i)); c != 0 {
				return c
			}
		}
	case reflect.Array:
		for i := range a.Len() {
			if c := inOrder(a.Index(i), b.Index(i)); c != 0 {
				return c
			}
		}
	}
	return 0
}

// unboxed is the value in an interface, and in a box.
func unboxed(v reflect.Value) reflect.Value {
	for v.IsValid() && v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	if v.IsValid() && v.CanInterface() {
		if b, ok := v.Interface().(Boxed); ok {
			return reflect.ValueOf(b.value)
		}
	}
	return v
}

func valid(v reflect.Value) int { return truth(v.IsValid()) }

func truth(b bool) int {
	if b {
		return 1
	}
	return 0
}

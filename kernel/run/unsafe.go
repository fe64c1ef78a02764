package run

import (
	"math"
	"reflect"
	"unsafe"
)

// What package unsafe does, for lowered code.

// repoint copies a word from one address to another: a pointer gets another type. to and from are pointers to variables;
// of a slice the word is its array.
func repoint(to, from any) {
	*(*unsafe.Pointer)(reflect.ValueOf(to).UnsafePointer()) = *(*unsafe.Pointer)(reflect.ValueOf(from).UnsafePointer())
}

// length is an integer of any type, as unsafe.Slice and unsafe.String take it.
func length(n any, name string) int {
	switch v := reflect.ValueOf(n); {
	case v.CanInt() && v.Int() >= 0 && v.Int() <= math.MaxInt:
		return int(v.Int())
	case v.CanUint() && v.Uint() <= math.MaxInt:
		return int(v.Uint())
	}
	panic(runtimeError("runtime error: unsafe." + name + ": len out of range"))
}

// unsafeSlice is unsafe.Slice of the pointer at from, into the slice at to.
func unsafeSlice(to, from, n any) {
	s, p, l := reflect.ValueOf(to).Elem(), *(*unsafe.Pointer)(reflect.ValueOf(from).UnsafePointer()), length(n, "Slice")
	elem := s.Type().Elem()
	if size := elem.Size(); size > 0 && uintptr(l) > -uintptr(p)/size && p != nil || size > 0 && uintptr(l) > math.MaxInt/size {
		panic(runtimeError("runtime error: unsafe.Slice: len out of range"))
	}
	if p == nil {
		if l > 0 {
			panic(runtimeError("runtime error: unsafe.Slice: ptr is nil and len is not zero"))
		}
		return
	}
	s.Set(reflect.SliceAt(elem, p, l).Convert(s.Type()))
}

// unsafeString is unsafe.String.
func unsafeString(p *byte, n any) string {
	l := length(n, "String")
	switch {
	case p == nil && l > 0:
		panic(runtimeError("runtime error: unsafe.String: ptr is nil and len is not zero"))
	case p != nil && uintptr(l) > -uintptr(unsafe.Pointer(p)):
		panic(runtimeError("runtime error: unsafe.String: len out of range"))
	}
	return unsafe.String(p, l)
}

// whole makes a slice, at to, of the array that the pointer at from points to.
func whole(to, from any) {
	s, p := reflect.ValueOf(to).Elem(), reflect.ValueOf(from).Elem()
	if p.IsNil() {
		panic(runtimeError("runtime error: invalid memory address or nil pointer dereference"))
	}
	s.Set(reflect.SliceAt(s.Type().Elem(), p.UnsafePointer(), p.Type().Elem().Len()).Convert(s.Type()))
}

// only is the first value that came with a key, for package unique.
func (m *Machine) only(key, value any) any {
	v, _ := m.unique.LoadOrStore(key, value)
	return v
}

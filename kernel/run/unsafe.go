package run

import (
	"fmt"
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

// room is a length for make, of elements of a size, that the memory limit leaves room for. One that is negative make itself
// refuses; what says which make and which length it is.
func (m *Machine) room(n, size int, what string) int {
	if n > 0 && uint64(n) > m.o.MemoryLimit/uint64(max(1, size)) {
		m.noRoom(uint64(n), size, what)
	}
	return n
}

// roomOf is room for a length of any integer type.
func (m *Machine) roomOf(n any, size int, what string) int {
	v := reflect.ValueOf(n)
	if v.CanInt() {
		return m.room(int(v.Int()), size, what)
	}
	if v.Uint() > math.MaxInt {
		m.noRoom(v.Uint(), size, what)
	}
	return m.room(int(v.Uint()), size, what)
}

// noRoom panics for a length that is too large for the runtime or for the limit.
func (m *Machine) noRoom(n uint64, size int, what string) {
	const addressable = 1 << 48
	if n > addressable/uint64(max(1, size)) {
		panic(runtimeError(what + " out of range"))
	}
	panic(runtimeError(fmt.Sprintf("make of %d elements of %d bytes: more than the memory limit of %d bytes", n, size, m.o.MemoryLimit)))
}

package run

import (
	"encoding/binary"
	"fmt"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"unsafe"
)

// Failed assertions. Go's error for one is a *runtime.TypeAssertionError, which holds three types and takes its text from
// their names. So a type of a cell, which has no name that the runtime knows, is told by a type that is nothing but a name.

//go:linkname addReflectOff reflect.addReflectOff
func addReflectOff(name unsafe.Pointer) int32

// assertionError is laid out as a runtime.TypeAssertionError.
type assertionError struct {
	iface, concrete, asserted unsafe.Pointer
	missing                   string
}

// nameTypes are the types that are names, by the name.
var nameTypes sync.Map

// typeHeader is the beginning of every type of the runtime, as far as its name.
type typeHeader struct {
	size, pointers uintptr
	hash           uint32
	flags          uint8
	_, _, kind     uint8
	equal, data    unsafe.Pointer
	name, pointer  int32
}

// nameType is a type that is a name, nil for "".
func nameType(name string) unsafe.Pointer {
	if name == "" {
		return nil
	}
	if t, ok := nameTypes.Load(name); ok {
		return t.(unsafe.Pointer)
	}
	text := append(binary.AppendUvarint([]byte{0}, uint64(len(name))), name...)
	t := *(*typeHeader)(reflect.ValueOf(reflect.TypeFor[int]()).UnsafePointer())
	t.flags = 0
	t.name = addReflectOff(unsafe.Pointer(&text[0]))
	p, _ := nameTypes.LoadOrStore(name, unsafe.Pointer(&t))
	return p.(unsafe.Pointer)
}

// assertion is the error of x.(asserted) for a value x of type iface that holds a concrete one, "" where it holds none.
func assertion(iface, concrete, asserted, missing string) error {
	text := fmt.Sprintf("interface conversion: %s is %s, not %s", iface, concrete, asserted)
	switch {
	case missing != "":
		text = fmt.Sprintf("interface conversion: %s is not %s: missing method %s", concrete, asserted, missing)
	case concrete == "":
		text = fmt.Sprintf("interface conversion: %s is nil, not %s", iface, asserted)
	case concrete == asserted && strings.HasPrefix(asserted, "main."): // or of different cells
		text += " (types from different scopes)"
	case concrete == asserted:
		text += " (types from different packages)"
	}
	if unsafe.Sizeof(assertionError{}) != unsafe.Sizeof(runtime.TypeAssertionError{}) {
		return runtimeError(text)
	}
	if iface == "interface" { // of no particular type
		iface = ""
	}
	e := &assertionError{nameType(iface), nameType(concrete), nameType(asserted), missing}
	if err := (*runtime.TypeAssertionError)(unsafe.Pointer(e)); err.Error() == text {
		return err
	}
	return runtimeError(text)
}

func (m *Machine) unbox(x any, id int, from string) any {
	if m.is(x, id) {
		return Unbox(x)
	}
	panic(m.conversion(x, goName(m.typ(id)), from))
}

// differs panics for an assertion to a compiled type; v is a zero value of that type.
func (m *Machine) differs(x, v any, from string) {
	panic(m.conversion(x, reflect.TypeOf(v).String(), from))
}

func (m *Machine) conversion(x any, want, from string) error {
	if Inner(x) == nil {
		return assertion(from, "", want, "")
	}
	return assertion(from, m.typeNameOf(x), want, "")
}

package run

import (
	"errors"
	"fmt"
	"go/types"
	"io"
	"log"
	"reflect"
)

// A session value in a compiled interface is wrapped: in an error of ours, or in the struct of functions that the symbol
// tables have for the interface. Inside is the box, so that its type is never lost.

// sessionError is a session value in an error. It is comparable when the value is, as errors.Is wants.
type sessionError struct{ Value Boxed }

// sessionErrors is a sessionError whose Unwrap returns a list.
type sessionErrors struct{ Value Boxed }

// Those of values that cannot be compared cannot either: errors.Is asks their type.
type (
	incomparableError struct {
		sessionError
		_ [0]func()
	}
	incomparableErrors struct {
		sessionErrors
		_ [0]func()
	}
)

// err makes an error of a box.
func (m *Machine) err(x any) error {
	b, ok := x.(Boxed)
	if !ok {
		return nil
	}
	comparable := b.value == nil || reflect.TypeOf(b.value).Comparable()
	switch list := m.showMethod(b.id, "UnwrapAll") != nil; {
	case list && comparable:
		return sessionErrors{b}
	case list:
		return incomparableErrors{sessionErrors: sessionErrors{b}}
	case comparable:
		return sessionError{b}
	}
	return incomparableError{sessionError: sessionError{b}}
}

// asError makes an error of a box whose type has the method Error.
func (m *Machine) asError(x any) any {
	if b, ok := x.(Boxed); ok && m.showMethod(b.id, "Error") != nil {
		return m.err(b)
	}
	return x
}

// asErrors does so for the elements of a slice.
func (m *Machine) asErrors(list []any) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = m.asError(x)
	}
	return out
}

// outOfBoxes are the functions of fmt that want what is in boxes: errors, or pointers to scan into. A call by name has taken it
// out; as values they do so themselves.
func (m *Machine) outOfBoxes() map[string]reflect.Value {
	v := reflect.ValueOf
	return map[string]reflect.Value{
		"Errorf":  v(func(format string, x ...any) error { return fmt.Errorf(format, m.asErrors(x)...) }),
		"Sscan":   v(func(s string, x ...any) (int, error) { return fmt.Sscan(s, m.plainAll(x)...) }),
		"Sscanln": v(func(s string, x ...any) (int, error) { return fmt.Sscanln(s, m.plainAll(x)...) }),
		"Sscanf":  v(func(s, format string, x ...any) (int, error) { return fmt.Sscanf(s, format, m.plainAll(x)...) }),
		"Fscan":   v(func(r io.Reader, x ...any) (int, error) { return fmt.Fscan(r, m.plainAll(x)...) }),
		"Fscanln": v(func(r io.Reader, x ...any) (int, error) { return fmt.Fscanln(r, m.plainAll(x)...) }),
		"Fscanf": v(func(r io.Reader, format string, x ...any) (int, error) {
			return fmt.Fscanf(r, format, m.plainAll(x)...)
		}),
	}
}

func (b Boxed) call(name string, a any) (any, bool) {
	f := b.m.showMethod(b.id, name)
	if f == nil {
		return nil, false
	}
	return f(b.value, a), true
}

func (b Boxed) errorText() string {
	r, _ := b.call("Error", nil)
	s, _ := r.(string)
	return s
}

func (b Boxed) is(target error) bool {
	r, _ := b.call("Is", target)
	ok, _ := r.(bool)
	return ok
}

func (b Boxed) as(target any) bool {
	r, _ := b.call("As", target)
	ok, _ := r.(bool)
	return ok
}

// yes calls a method that says yes or no; without one it is no.
func (b Boxed) yes(name string) bool {
	r, _ := b.call(name, nil)
	yes, _ := r.(bool)
	return yes
}

func (e sessionError) Error() string        { return e.Value.errorText() }
func (e sessionError) Timeout() bool        { return e.Value.yes("Timeout") }
func (e sessionError) Temporary() bool      { return e.Value.yes("Temporary") }
func (e sessionError) Is(target error) bool { return e.Value.is(target) }
func (e sessionError) As(target any) bool   { return e.Value.as(target) }

// Unwrap returns the error inside, or nil.
func (e sessionError) Unwrap() error {
	r, _ := e.Value.call("Unwrap", nil)
	err, _ := r.(error)
	return err
}

// Format prints the session value.
func (e sessionError) Format(f fmt.State, verb rune) { e.Value.Format(f, verb) }

func (e sessionErrors) Error() string        { return e.Value.errorText() }
func (e sessionErrors) Timeout() bool        { return e.Value.yes("Timeout") }
func (e sessionErrors) Temporary() bool      { return e.Value.yes("Temporary") }
func (e sessionErrors) Is(target error) bool { return e.Value.is(target) }
func (e sessionErrors) As(target any) bool   { return e.Value.as(target) }

// Unwrap returns the errors inside.
func (e sessionErrors) Unwrap() []error {
	r, _ := e.Value.call("UnwrapAll", nil)
	list, _ := r.([]error)
	return list
}

// Format prints the session value.
func (e sessionErrors) Format(f fmt.State, verb rune) { e.Value.Format(f, verb) }

// as is errors.As for a session type: try takes an error of the chain when its type is right; target is what As methods get.
func (m *Machine) as(err error, target any, try func(any) bool) bool {
	for err != nil {
		if try(Inner(err)) {
			return true
		}
		if a, ok := err.(interface{ As(any) bool }); ok && a.As(target) {
			return true
		}
		if list, ok := err.(interface{ Unwrap() []error }); ok {
			for _, e := range list.Unwrap() {
				if m.as(e, target, try) {
					return true
				}
			}
			return false
		}
		err = errors.Unwrap(err)
	}
	return false
}

// Inner returns the box inside a wrapper, or x itself.
func Inner(x any) any {
	switch e := x.(type) {
	case nil, Boxed, string, int, float64, bool:
		return x
	case sessionError:
		return e.Value
	case sessionErrors:
		return e.Value
	case incomparableError:
		return e.Value
	case incomparableErrors:
		return e.Value
	}
	v := reflect.ValueOf(x)
	if v.Kind() == reflect.Pointer && !v.IsNil() && v.Type().Elem().Kind() == reflect.Struct { // see key
		v = v.Elem()
	}
	if v.Kind() == reflect.Struct && v.NumField() > 0 && v.Type().Field(0).Name == "IValue" {
		if b, ok := v.Field(0).Interface().(Boxed); ok {
			return b
		}
	}
	return x
}

// typeNumber is the number of the type of a session value, or -1.
func typeNumber(x any) int {
	if b, ok := Inner(x).(Boxed); ok {
		return b.id
	}
	return -1
}

// wrap makes a compiled interface of a box and its methods: names and functions in turn.
func (m *Machine) wrap(table, name string, box any, methods ...any) any {
	w := reflect.New(m.symbols[table]["_"+name].Type().Elem()).Elem()
	w.Field(0).Set(reflect.ValueOf(box))
	for i := 0; i+1 < len(methods); i += 2 {
		f := w.FieldByName("W" + methods[i].(string))
		f.Set(reflect.ValueOf(methods[i+1]).Convert(f.Type()))
	}
	return w.Interface()
}

// bound is a method of a compiled value.
func bound(x any, name string) any {
	v := reflect.ValueOf(x)
	if !v.IsValid() {
		panic(nilDereference)
	}
	if l, ok := x.(*log.Logger); ok {
		switch name { // these would end the process
		case "Fatal":
			return func(x ...any) { logFatal(l, x...) }
		case "Fatalf":
			return func(format string, x ...any) { logFatalf(l, format, x...) }
		case "Fatalln":
			return func(x ...any) { logFatalln(l, x...) }
		}
	}
	f := v.MethodByName(name)
	if !f.IsValid() {
		panic(runtimeError(fmt.Sprintf("%T has no method %s", x, name)))
	}
	return f.Interface()
}

const nilDereference = runtimeError("runtime error: invalid memory address or nil pointer dereference")

// has tells whether a compiled value has methods: names and pointers to their function types in turn.
func has(x any, methods ...any) bool {
	v := reflect.ValueOf(x)
	if _, boxed := x.(Boxed); boxed || !v.IsValid() {
		return false
	}
	for i := 0; i+1 < len(methods); i += 2 {
		f := v.MethodByName(methods[i].(string))
		if !f.IsValid() || f.Type() != reflect.TypeOf(methods[i+1]).Elem() {
			return false
		}
	}
	return true
}

// nilReceiver panics for a method that is taken of nothing: of a nil interface, or, with names, one of values by a nil
// pointer.
func nilReceiver(typ, method string) {
	if typ == "" {
		panic(nilDereference)
	}
	panic(runtimeError("value method main." + typ + "." + method + " called using nil *" + typ + " pointer"))
}

// key is a value of a compiled interface type as a key of a map: a wrapper is behind a pointer, one for all of its kind whose
// values are equal.
func (m *Machine) key(x any) any {
	b, ok := Inner(x).(Boxed)
	if _, wrapped := x.(Boxed); !ok || wrapped {
		return x
	}
	v := reflect.ValueOf(x)
	if v.Kind() == reflect.Pointer {
		return x
	}
	if !types.Comparable(b.Type()) {
		panic(runtimeError("runtime error: hash of unhashable type " + goName(b.Type())))
	}
	p := reflect.New(v.Type())
	p.Elem().Set(v)
	only, _ := m.unique.LoadOrStore([2]any{v.Type(), b}, p.Interface())
	return only
}

// same compares structs or arrays that hold values of compiled interface types.
func same(x, y any) bool { return sameParts(reflect.ValueOf(x), reflect.ValueOf(y)) }

func sameParts(v, w reflect.Value) bool {
	switch v.Kind() {
	case reflect.Interface:
		return equal(v.Interface(), w.Interface())
	case reflect.Struct:
		for i := range v.NumField() {
			if !sameParts(v.Field(i), w.Field(i)) {
				return false
			}
		}
		return true
	case reflect.Array:
		for i := range v.Len() {
			if !sameParts(v.Index(i), w.Index(i)) {
				return false
			}
		}
		return true
	}
	return v.Interface() == w.Interface()
}

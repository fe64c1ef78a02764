package run

import (
	"reflect"
	"strings"
	"unsafe"

	"github.com/traefik/yaegi/interp"
)

// The interpreter keeps the syntax of everything that it ever ran, for a debugger that nobody starts: some 15 kB a cell.
// What a cell that has run leaves behind without a name, its body above all, is let go here. What functions and closures
// need they hold themselves.

// open makes a field that is not exported writable; the zero Value if there is none of that kind.
func open(v reflect.Value, name string, kind reflect.Kind) reflect.Value {
	f := v.FieldByName(name)
	if !f.IsValid() || f.Kind() != kind {
		return reflect.Value{}
	}
	return reflect.NewAt(f.Type(), unsafe.Pointer(f.UnsafeAddr())).Elem()
}

// trim lets go of what a run of body leaves behind. Another version of the interpreter keeps what it calls otherwise.
func trim(in *interp.Interpreter, body string) {
	v := reflect.ValueOf(in).Elem()
	if roots := open(v, "roots", reflect.Slice); roots.IsValid() {
		roots.SetZero()
	}
	scopes := open(v, "scopes", reflect.Map)
	if !scopes.IsValid() {
		return
	}
	scope := scopes.MapIndex(reflect.ValueOf("main"))
	if !scope.IsValid() || scope.Kind() != reflect.Pointer || scope.IsNil() {
		return
	}
	if children := open(scope.Elem(), "child", reflect.Slice); children.IsValid() {
		children.SetZero()
	}
	// The body is a function that only its call names: runtime.Exec(body).
	_, name, ok := strings.Cut(strings.TrimSuffix(body, ")"), "(")
	if symbols := open(scope.Elem(), "sym", reflect.Map); ok && symbols.IsValid() && symbols.Type().Key().Kind() == reflect.String {
		symbols.SetMapIndex(reflect.ValueOf(name), reflect.Value{})
	}
}

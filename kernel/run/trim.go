package run

import (
	"go/token"
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
	if _, name, ok := strings.Cut(strings.TrimSuffix(body, ")"), "("); ok {
		forget(scope, name)
	}
}

// Forget lets go of names of lowered code that nothing will be evaluated with.
func (m *Machine) Forget(names []string) {
	if len(names) == 0 {
		return
	}
	if scopes := open(reflect.ValueOf(m.in).Elem(), "scopes", reflect.Map); scopes.IsValid() {
		if scope := scopes.MapIndex(reflect.ValueOf("main")); scope.IsValid() && scope.Kind() == reflect.Pointer && !scope.IsNil() {
			forget(scope, names...)
		}
	}
}

// forget removes names from a scope of the interpreter. Code that was compiled with them has what they stand for.
func forget(scope reflect.Value, names ...string) {
	symbols := open(scope.Elem(), "sym", reflect.Map)
	if !symbols.IsValid() || symbols.Type().Key().Kind() != reflect.String {
		return
	}
	for _, name := range names {
		symbols.SetMapIndex(reflect.ValueOf(name), reflect.Value{})
	}
}

// sparse removes the files that an evaluation has added to the interpreter's positions since base, but for the last: the
// interpreter adds one to see how a text begins and one to see whether it is to be built, and looks at neither again. With
// all, the last goes too.
func sparse(files *token.FileSet, base int, all bool) {
	var added []*token.File
	for base < files.Base() {
		f := files.File(token.Pos(base))
		if f == nil {
			break
		}
		added = append(added, f)
		base = f.Base() + f.Size() + 1
	}
	if n := len(added); n > 0 && !all {
		added = added[:n-1]
	}
	for _, f := range added {
		files.RemoveFile(f)
	}
}

package run

import (
	"context"
	"fmt"
	"go/types"
	"reflect"
	"runtime/debug"
	"strings"
	"unsafe"
)

// checkedError is thrown by a checked call.
type checkedError struct {
	pos int
	err error
}

func (c checkedError) Error() string { return c.err.Error() }
func (c checkedError) Unwrap() error { return c.err }

// runtime are the functions that lowered code calls.
func (m *Machine) runtime() map[string]reflect.Value {
	v := reflect.ValueOf
	return map[string]reflect.Value{
		"SetContext": v(func(p *context.Context) { m.context = p }),
		"Mark":       v(m.mark),
		"At":         v(setMark),
		"Exec":       v(m.exec),
		"Call":       v(func() { m.call() }),
		"Result":     v(m.result),
		"Check":      v(func(pos int, err error) { panic(checkedError{pos, err}) }),
		"Enter":      v(m.enter),
		"Leave":      v(m.leave),

		"Frame":     v(m.frame),
		"Defers":    v((*Defers)(nil)),
		"Entered":   v(m.entered),
		"RecoverOf": v(recoverOf),
		"BadRange":  v(badRange),
		"BadShift":  v(func() { panic(runtimeError("runtime error: negative shift amount")) }),
		"Go":        v(m.start),

		"Recv":          v(m.recv),
		"Recv1":         v(m.recvOne),
		"Send":          v(m.send),
		"Select":        v(m.selection),
		"WaitGroupWait": v(m.waitGroupWait),
		"WaitGroupGo":   v(m.waitGroupGo),
		"MutexLock":     v(m.mutexLock),
		"RWLock":        v(m.rwLock),
		"RWRLock":       v(m.rwRLock),

		"Box":      v(func(id int, x any) any { return Boxed{m, id, x} }),
		"Boxed":    v(func(x any) bool { _, ok := Inner(x).(Boxed); return ok }),
		"Is":       v(m.is),
		"First":    v(first),
		"ID":       v(typeNumber),
		"Raw":      v(Unbox),
		"Inner":    v(Inner),
		"Equal":    v(equal),
		"Err":      v(m.err),
		"As":       v(m.as),
		"Wrap":     v(m.wrap),
		"Bound":    v(bound),
		"Nil":      v(nilReceiver),
		"Has":      v(has),
		"Differs":  v(m.differs),
		"Unbox":    v(m.unbox),
		"Fail":     v(m.fail),
		"TypeName": v(m.verbTypeName),
		"Sprintf":  v(m.sprintf),
		"Pointed":  v(pointed),
		"NameOf":   v(func(id int) string { return goName(m.typ(id)) }),
		"Method":   v(m.method),
		"Format":   v(m.format),

		"Pointer":      v((*unsafe.Pointer)(nil)),
		"Repoint":      v(repoint),
		"Whole":        v(whole),
		"Add":          v(func(p unsafe.Pointer, n int) unsafe.Pointer { return unsafe.Add(p, n) }),
		"UnsafeSlice":  v(unsafeSlice),
		"UnsafeString": v(unsafeString),
		"StringData":   v(func(s string) *byte { return unsafe.StringData(s) }),

		"JSONMarshal":       v(m.jsonMarshal),
		"JSONMarshalIndent": v(m.jsonMarshalIndent),
		"JSONEncode":        v(m.jsonEncode),
		"JSONUnmarshal":     v(m.jsonUnmarshal),
		"JSONDecode":        v(m.jsonDecode),

		"Key":  v(m.key),
		"Same": v(same),
		"Only": v(m.only),

		"TemplateError": v(m.templateError),
		"Bare":          v(m.bare),
		"Plain":         v(m.plain),
		"PlainAll":      v(m.plainAll),
		"Expand":        v(expand),
		"ValueOf":       v(m.valueOf),
		"Implements":    v(m.typeImplements),
		"AssignableTo":  v(m.typeAssignable),
		"ConvertibleTo": v(m.typeConvertible),
		"Print":         v(m.print),
		"Held":          v(func(x any) held { return held{Inner(x)} }),
		"VarPtr":        v(m.varPtr),
		"Runes":         v(runes),
		"Clear":         v(func(x any) { reflect.ValueOf(x).Clear() }),
		"Stdin":         v(&m.stdin).Elem(),
		"Stdout":        v(&m.out.direct[0]).Elem(),
		"Stderr":        v(&m.out.direct[1]).Elem(),

		"Writer":          v(m.out.ofFile),
		"FileWrite":       v(m.out.fileWrite),
		"FileWriteString": v(m.out.fileWriteString),
		"TextVar":         v(m.textVar),
		"LogFatal":        v(logFatal),
		"LogFatalf":       v(logFatalf),
		"LogFatalln":      v(logFatalln),
	}
}

// mark registers the position mark of a function.
func (m *Machine) mark(id int, p *int) {
	m.mu.Lock()
	m.marks[id] = p
	m.mu.Unlock()
}

// exec runs the body of a cell and keeps how it ended.
func (m *Machine) exec(f func()) {
	a := m.cur.Load()
	a.enterBody()
	debug.SetPanicOnFault(true) // a pointer made by package unsafe may point anywhere
	defer func() {
		if r := recover(); r != nil {
			p := m.panicOf(r)
			if end := a.ending.Load(); end != nil && !p.Exit {
				p = end
			}
			a.done <- p
		} else {
			m.dropTrace()
			a.done <- a.ending.Load()
		}
	}()
	f()
}

// result takes a value of the last expression.
func (m *Machine) result(x any) {
	if a := m.cur.Load(); a != nil {
		a.mu.Lock()
		a.values = append(a.values, Inner(x))
		a.mu.Unlock()
	}
}

// enter begins a statement whose compiled calls get time to return when the cell is cancelled.
func (m *Machine) enter() {
	if a := m.cur.Load(); a != nil {
		a.mu.Lock()
		a.long, a.left = true, make(chan struct{})
		a.mu.Unlock()
	}
}

// leave ends it. After a cancel it waits until the interpreter has stopped, so that no further statement runs.
func (m *Machine) leave() {
	a := m.cur.Load()
	if a == nil {
		return
	}
	a.mu.Lock()
	if a.long {
		a.long = false
		close(a.left)
	}
	a.mu.Unlock()
	if a.ctx.Err() != nil {
		<-a.stopped
	}
}

// runes returns the runes of a string and where they start.
func runes(s string) (at []int, rs []rune) {
	for i, r := range s {
		at, rs = append(at, i), append(rs, r)
	}
	return at, rs
}

// varPtr is the address of an exported variable of a compiled package.
func (m *Machine) varPtr(key string) any {
	i := strings.LastIndexByte(key, '.')
	return m.symbols[key[:i]][key[i+1:]].Addr().Interface()
}

// is tells whether the dynamic type of x is the one with the number. A function of a compiled package is not boxed.
func (m *Machine) is(x any, id int) bool {
	x = Inner(x)
	if b, ok := x.(Boxed); ok {
		return b.id == id
	}
	if _, function := types.Unalias(m.typ(id)).(*types.Signature); !function || x == nil {
		return false
	}
	t := reflect.TypeOf(x)
	return t.Kind() == reflect.Func && t.Name() == "" && t.String() == goName(m.typ(id))
}

// equal compares two values of interface types.
func equal(x, y any) bool {
	x, y = Inner(x), Inner(y)
	if b, ok := x.(Boxed); ok {
		if c, ok := y.(Boxed); ok && b.id == c.id && !types.Comparable(b.Type()) {
			panic(runtimeError("runtime error: comparing uncomparable type " + goName(b.Type())))
		}
	}
	return x == y
}

// first is the element of a slice of one: a function in a slice is a function, not the interpreter's syntax of one.
func first(x any) any { return reflect.ValueOf(x).Index(0).Interface() }

// fail panics for an assertion to an interface, the type with the number.
func (m *Machine) fail(x any, id int) {
	want := m.typ(id)
	if x == nil {
		panic(assertion("interface", "", goName(want), ""))
	}
	missing := ""
	if i, ok := want.Underlying().(*types.Interface); ok {
		for f := range i.Methods() {
			if !hasMethod(Inner(x), f) {
				missing = f.Name()
				break
			}
		}
	}
	panic(assertion("interface", m.typeNameOf(x), goName(want), missing))
}

// hasMethod tells whether a value has a method of that name, and where its types are known, of that signature.
func hasMethod(x any, f *types.Func) bool {
	b, ok := x.(Boxed)
	if !ok {
		return reflect.ValueOf(x).MethodByName(f.Name()).IsValid()
	}
	sel := types.NewMethodSet(b.Type()).Lookup(f.Pkg(), f.Name())
	return sel != nil && types.Identical(sel.Type(), f.Type())
}

// verbTypeName is what %T prints.
func (m *Machine) verbTypeName(x any) string {
	if x == nil {
		return "<nil>"
	}
	return m.typeNameOf(x)
}

// typeNameOf is the name of the dynamic type of a value in an empty interface.
func (m *Machine) typeNameOf(x any) string {
	switch b := Inner(x).(type) {
	case nil:
		return "nil"
	case Boxed:
		return goName(m.typ(b.id))
	}
	switch x := x.(type) {
	case *sessionType:
		return "*reflect.rtype"
	case runtimeError:
		return x.typeName()
	}
	return reflect.TypeOf(x).String()
}

// method registers a method by which values of a type show themselves.
func (m *Machine) method(id int, name string, f func(x, a any) any) {
	m.mu.Lock()
	m.methods[methodKey{id, name}] = f
	m.mu.Unlock()
}

// format registers the Format method of a type.
func (m *Machine) format(id int, f func(x any, s fmt.State, verb rune)) {
	m.mu.Lock()
	m.formats[id] = f
	m.mu.Unlock()
}

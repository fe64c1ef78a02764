package run

import (
	"fmt"
	"go/types"
	"reflect"
	"sync/atomic"
	"unsafe"

	"github.com/traefik/yaegi/interp"
)

// Faults. When an index is out of range the interpreter says so by a text of package reflect, which has neither the index nor
// the number of elements. Asking in front of every index would cost a loop half of its time or more. So functions that index
// something are run by a loop of ours in place of the interpreter's, which is the same but for a deferred call: when a step
// fails, that finds the syntax of the step, looks its operands up in the frame of the function, which are still what they
// were, and says the numbers.

// faultLayout is where the interpreter keeps what is looked at here; known is false in another version of it.
type faultLayout struct {
	known                             bool
	kind, start, tnext, fnext, exec   uintptr // of a node
	gen, action                       uintptr
	id                                uintptr // of a frame
	function, literal, indexed, slice uint    // kinds
	fromZero                          uint    // the action of a slice without a lower bound
}

// interpreterFaults finds them by their names and kinds.
func interpreterFaults() (l faultLayout) {
	defer func() {
		if recover() != nil {
			l = faultLayout{}
		}
	}()
	offset := func(t reflect.Type, name string, kind reflect.Kind) (uintptr, reflect.Type) {
		f, ok := t.FieldByName(name)
		if !ok || f.Type.Kind() != kind {
			panic(name)
		}
		return f.Offset, f.Type
	}
	program, _ := reflect.TypeFor[interp.Program]().FieldByName("root")
	node := program.Type.Elem()
	var kind, action, frame reflect.Type
	l.kind, kind = offset(node, "kind", reflect.Uint)
	l.action, action = offset(node, "action", reflect.Uint)
	l.start, _ = offset(node, "start", reflect.Pointer)
	l.tnext, _ = offset(node, "tnext", reflect.Pointer)
	l.fnext, _ = offset(node, "fnext", reflect.Pointer)
	l.exec, _ = offset(node, "exec", reflect.Func)
	l.gen, _ = offset(node, "gen", reflect.Func)
	_, frame = offset(reflect.TypeFor[interp.Interpreter](), "frame", reflect.Pointer)
	l.id, _ = offset(frame.Elem(), "id", reflect.Uint64)
	number := func(t reflect.Type, name string) uint {
		for k := range uint(200) {
			v := reflect.New(t).Elem()
			v.SetUint(uint64(k))
			if v.Interface().(fmt.Stringer).String() == name {
				return k
			}
		}
		panic(name)
	}
	l.function, l.literal, l.indexed, l.slice = number(kind, "funcDecl"), number(kind, "funcLit"), number(kind, "indexExpr"), number(kind, "sliceExpr")
	l.fromZero = number(action, "slice0")
	l.known = true
	return l
}

var faults = interpreterFaults()

// watch makes the functions of a syntax tree that index something be run by ours, after they have been compiled.
func (m *Machine) watch(node unsafe.Pointer) {
	if node == nil || !faults.known || !interpreter.known {
		return
	}
	children := *fieldAt[[]unsafe.Pointer](node, interpreter.child)
	if k := *fieldAt[uint](node, faults.kind); (k == faults.function || k == faults.literal) && len(children) == 4 {
		m.watchFunction(children[3])
	}
	for _, c := range children {
		m.watch(c)
	}
}

// watchFunction has the first step of a function run the others. The steps of a literal have been made already.
func (m *Machine) watchFunction(body unsafe.Pointer) {
	start := *fieldAt[unsafe.Pointer](body, faults.start)
	if start == nil || !indexes(body) || loops(start) {
		return
	}
	instead := func() {
		exec := fieldAt[step](start, faults.exec)
		if first := *exec; first != nil {
			*exec = func(frame unsafe.Pointer) step {
				m.follow(body, start, first, frame)
				return nil
			}
		}
	}
	if *fieldAt[step](start, faults.exec) != nil {
		instead()
		return
	}
	gen := fieldAt[func(unsafe.Pointer)](start, faults.gen)
	make := *gen
	*gen = func(n unsafe.Pointer) {
		make(n)
		instead()
	}
}

// follow runs the steps of a function.
func (m *Machine) follow(body, start unsafe.Pointer, next step, frame unsafe.Pointer) {
	first, ended := codeOf(next), false
	defer func() {
		if ended {
			return
		}
		// Whatever else has failed goes its way: to recover from it and panic again costs more with each function.
		n := start // whose step is ours now
		if code := codeOf(next); code != first {
			n = failedAt(body, code)
		}
		if text := fault(n, frame); text != "" && recover() != nil {
			panic(runtimeError("runtime error: " + text))
		}
	}()
	for id := fieldAt[uint64](frame, faults.id); next != nil && atomic.LoadUint64(id) == atomic.LoadUint64(m.epoch); {
		next = next(frame)
	}
	ended = true
}

// indexes tells whether the syntax of a function has an index or a slice, inner functions apart.
func indexes(node unsafe.Pointer) bool {
	for _, c := range *fieldAt[[]unsafe.Pointer](node, interpreter.child) {
		switch k := *fieldAt[uint](c, faults.kind); {
		case k == faults.indexed || k == faults.slice:
			return true
		case k != faults.literal && indexes(c):
			return true
		}
	}
	return false
}

// loops tells whether some step leads back to the first one, which must not run the others twice.
func loops(start unsafe.Pointer) bool {
	seen, todo := map[unsafe.Pointer]bool{}, []unsafe.Pointer{start}
	for len(todo) > 0 {
		n := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		for _, o := range []uintptr{faults.tnext, faults.fnext} {
			switch to := *fieldAt[unsafe.Pointer](n, o); {
			case to == start:
				return true
			case to != nil && !seen[to]:
				seen[to] = true
				todo = append(todo, to)
			}
		}
	}
	return false
}

// codeOf is what makes a step different from others.
func codeOf(s step) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&s)) }

// failedAt is the index or slice whose step that is, or nil.
func failedAt(body, code unsafe.Pointer) unsafe.Pointer {
	n := stepOf(body, func(n unsafe.Pointer) bool { return *fieldAt[unsafe.Pointer](n, faults.exec) == code })
	if n == nil && code != nil { // the way back to the first step of a loop is a function that holds the syntax of that step
		held := *fieldAt[unsafe.Pointer](code, unsafe.Sizeof(code))
		n = stepOf(body, func(n unsafe.Pointer) bool { return n == held })
	}
	return n
}

// fault is what Go says of an index or slice that is out of range, "" of other syntax.
func fault(n, frame unsafe.Pointer) (text string) {
	defer func() {
		if recover() != nil { // an operand that cannot be had again
			text = ""
		}
	}()
	if n == nil {
		return ""
	}
	kind := *fieldAt[uint](n, faults.kind)
	if kind != faults.indexed && kind != faults.slice {
		return ""
	}
	var operands []reflect.Value
	for _, c := range *fieldAt[[]unsafe.Pointer](n, interpreter.child) {
		operands = append(operands, valueOf(c)(frame))
	}
	x := operands[0]
	if x.Kind() == reflect.Pointer {
		x = x.Elem()
	}
	if x.Kind() == reflect.Map && kind == faults.indexed && operands[1].CanInterface() {
		if b, ok := Inner(operands[1].Interface()).(Boxed); ok && !types.Comparable(b.Type()) {
			return "hash of unhashable type " + goName(b.Type())
		}
	}
	isSlice := x.Kind() == reflect.Slice
	if !isSlice && x.Kind() != reflect.String && x.Kind() != reflect.Array {
		return ""
	}
	var at []indexValue
	for _, v := range operands[1:] {
		i, ok := indexOf(v)
		if !ok {
			return ""
		}
		at = append(at, i)
	}
	if kind == faults.indexed {
		return badIndex(at[0], x.Len())
	}
	if *fieldAt[uint](n, faults.action) == faults.fromZero {
		at = append([]indexValue{{}}, at...)
	}
	if len(at) == 1 {
		at = append(at, indexValue{n: uint64(x.Len())})
	}
	return badSlice(isSlice, at, x)
}

// stepOf finds an index or slice in the syntax of a function, inner functions apart.
func stepOf(node unsafe.Pointer, is func(unsafe.Pointer) bool) unsafe.Pointer {
	for _, c := range *fieldAt[[]unsafe.Pointer](node, interpreter.child) {
		k := *fieldAt[uint](c, faults.kind)
		if (k == faults.indexed || k == faults.slice) && is(c) {
			return c
		}
		if k == faults.literal {
			continue
		}
		if n := stepOf(c, is); n != nil {
			return n
		}
	}
	return nil
}

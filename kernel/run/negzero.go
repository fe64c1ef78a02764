package run

import (
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"unsafe"
)

// Negative zero. When the interpreter calls a declared function it leaves out arguments that are zero, since the variables of
// the new frame are; and -0 counts as zero, also inside a struct or an array. So every call whose parameters can hold one gets
// a step in front, which looks for it and, in the rare case that there is one, leaves the arguments for the first step of
// the callee to put in their places. Calls of function values copy all they are given.

//go:linkname valueOf github.com/traefik/yaegi/interp.genValue
func valueOf(node unsafe.Pointer) func(frame unsafe.Pointer) reflect.Value

// generators has what writes the steps of a node, by the action of the node; it has more elements than are declared here.
//
//go:linkname generators github.com/traefik/yaegi/interp.builtin
var generators [1]generator

// generator gives a node its step, and step is what the interpreter runs: it returns the next one.
type (
	generator func(node unsafe.Pointer)
	step      func(frame unsafe.Pointer) step
)

// argument is one that may be a negative zero.
type argument struct {
	slot  int // in the frame of the callee
	value func(frame unsafe.Pointer) reflect.Value
}

// left are the arguments of one call.
type left struct {
	caller, callee unsafe.Pointer // the frame; the function's declaration
	slots          []int
	values         []reflect.Value
}

// onTheWay are the arguments that have been left, by goroutine. There is one for all machines, as there is one table of
// generators.
var onTheWay struct {
	n   atomic.Int64
	all sync.Map
}

// lastGenerator is beyond those of calls.
const lastGenerator = 32

// init replaces the generator of calls, and that of calls with f(s...).
func init() {
	if !interpreter.known {
		return
	}
	for i, found := 0, 0; found < 2 && i < lastGenerator; i++ {
		g := (*generator)(unsafe.Add(unsafe.Pointer(&generators), uintptr(i)*unsafe.Sizeof(generators[0])))
		if *g != nil && strings.HasSuffix(runtime.FuncForPC(reflect.ValueOf(*g).Pointer()).Name(), "/interp.call") {
			*g = callGenerator(*g)
			found++
		}
	}
}

// callGenerator puts the step in front of a call that wants one.
func callGenerator(was generator) generator {
	return func(node unsafe.Pointer) {
		was(node)
		children := *fieldAt[[]unsafe.Pointer](node, interpreter.child)
		args := arguments(children)
		if len(args) == 0 {
			return
		}
		exec := fieldAt[step](node, interpreter.exec)
		call, callee := *exec, valueOf(children[0])
		*exec = func(f unsafe.Pointer) step {
			for i := range args {
				if negativeZero(args[i].value(f)) {
					return leave(f, callee(f), args, call)
				}
			}
			return call(f)
		}
	}
}

// arguments are those of a call, its callee first.
func arguments(children []unsafe.Pointer) (args []argument) {
	t := *fieldAt[unsafe.Pointer](children[0], interpreter.typ)
	results := len(*fieldAt[[]unsafe.Pointer](t, interpreter.ret))
	for _, i := range signed(t) {
		switch {
		case len(children) == 2 && i > 0: // f(g()) with several values: they follow each other in the frame
			at := *fieldAt[int](children[1], interpreter.findex) + i
			args = append(args, argument{results + i, func(f unsafe.Pointer) reflect.Value {
				return (*fieldAt[[]reflect.Value](f, interpreter.data))[at]
			}})
		case i+1 < len(children) && !fieldAt[reflect.Value](children[i+1], interpreter.rval).IsValid(): // a constant is never -0
			args = append(args, argument{results + i, valueOf(children[i+1])})
		}
	}
	return args
}

// signed are the places of the parameters of a function type that can hold a negative zero, but for the last of a variadic one.
func signed(t unsafe.Pointer) (at []int) {
	for i, a := range *fieldAt[[]unsafe.Pointer](t, interpreter.arg) {
		warmType(a)
		if r := *fieldAt[reflect.Type](a, interpreter.rtype); r != nil && holdsSign(r) {
			at = append(at, i)
		}
	}
	return at
}

// holdsSign tells types whose values can be a negative zero.
func holdsSign(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return true
	case reflect.Array:
		return holdsSign(t.Elem())
	case reflect.Struct:
		for i := range t.NumField() {
			if holdsSign(t.Field(i).Type) {
				return true
			}
		}
	}
	return false
}

// leave makes a call that has a negative zero among its arguments.
func leave(f unsafe.Pointer, callee reflect.Value, args []argument, call step) step {
	def := reflect.ValueOf(callee.Interface())
	if def.Type() != interpreter.node || fieldAt[reflect.Value](def.UnsafePointer(), interpreter.rval).IsValid() {
		return call(f) // a function value
	}
	l := &left{caller: f, callee: def.UnsafePointer()}
	for _, a := range args {
		l.slots, l.values = append(l.slots, a.slot), append(l.values, a.value(f))
	}
	me := goroutine()
	onTheWay.all.Store(me, l)
	onTheWay.n.Add(1)
	defer func() {
		if onTheWay.all.CompareAndDelete(me, l) { // the callee never began
			onTheWay.n.Add(-1)
		}
	}()
	return call(f)
}

// takeSigns makes the first step of every function of a syntax tree that can be given a negative zero take what a call has left.
func takeSigns(node unsafe.Pointer) {
	if node == nil {
		return
	}
	children := *fieldAt[[]unsafe.Pointer](node, interpreter.child)
	if t := *fieldAt[unsafe.Pointer](node, interpreter.typ); t != nil && len(children) == 4 && len(*fieldAt[[]reflect.Type](node, interpreter.types)) > 0 && len(signed(t)) > 0 {
		if start := *fieldAt[unsafe.Pointer](children[3], interpreter.start); start != nil { // the last child is the body
			gen := fieldAt[generator](start, interpreter.gen)
			*gen = functionGenerator(*gen, node)
		}
	}
	for _, c := range children {
		takeSigns(c)
	}
}

func functionGenerator(was generator, function unsafe.Pointer) generator {
	return func(node unsafe.Pointer) {
		was(node)
		exec := fieldAt[step](node, interpreter.exec)
		begin := *exec
		*exec = func(f unsafe.Pointer) step {
			if onTheWay.n.Load() != 0 {
				take(f, function)
			}
			return begin(f)
		}
	}
}

// take puts what was left for a call of the function into its new frame.
func take(f, function unsafe.Pointer) {
	me := goroutine()
	x, ok := onTheWay.all.Load(me)
	if !ok {
		return
	}
	l := x.(*left)
	if l.callee != function || l.caller != *fieldAt[unsafe.Pointer](f, interpreter.anc) {
		return
	}
	onTheWay.all.Delete(me)
	onTheWay.n.Add(-1)
	data := *fieldAt[[]reflect.Value](f, interpreter.data)
	for i, at := range l.slots {
		data[at].Set(l.values[i])
	}
}

// negativeZero tells a value that counts as zero and is not.
func negativeZero(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Float32, reflect.Float64:
		x := v.Float()
		return x == 0 && math.Signbit(x)
	case reflect.Complex64, reflect.Complex128:
		c := v.Complex()
		return c == 0 && (math.Signbit(real(c)) || math.Signbit(imag(c)))
	case reflect.Struct, reflect.Array:
		if !v.IsZero() {
			return false
		}
		if !v.CanAddr() {
			c := reflect.New(v.Type()).Elem()
			c.Set(v)
			v = c
		}
		for _, b := range unsafe.Slice((*byte)(v.Addr().UnsafePointer()), v.Type().Size()) {
			if b != 0 {
				return true
			}
		}
	}
	return false
}

package run

import (
	"fmt"
	"reflect"
	"runtime/metrics"
	"unsafe"
)

// Making. What make allocates at once can be more than the machine has, and then the runtime ends the process, before the
// guard sees anything. So make asks first where it is about much.

// overLimit is thrown where a cell would need more memory than it may.
type overLimit string

const (
	muchMemory = 64 << 20 // bytes from which on make asks
	maxAlloc   = 1 << 48  // bytes that no slice of Go can have
)

// watchMake puts the question in front of the make of the interpreter.
func (m *Machine) watchMake() {
	universe := open(reflect.ValueOf(m.in).Elem(), "universe", reflect.Pointer)
	if !interpreter.known || !universe.IsValid() {
		return
	}
	symbols := open(universe.Elem(), "sym", reflect.Map)
	if !symbols.IsValid() || symbols.Type().Key().Kind() != reflect.String {
		return
	}
	s := symbols.MapIndex(reflect.ValueOf("make"))
	if !s.IsValid() || s.Kind() != reflect.Pointer || s.IsNil() {
		return
	}
	builtin := open(s.Elem(), "builtin", reflect.Func)
	if !builtin.IsValid() {
		return
	}
	g := (*generator)(builtin.Addr().UnsafePointer())
	*g = m.makeGenerator(*g)
}

func (m *Machine) makeGenerator(was generator) generator {
	return func(node unsafe.Pointer) {
		was(node)
		children := *fieldAt[[]unsafe.Pointer](node, interpreter.child)
		if len(children) < 3 {
			return
		}
		t := *fieldAt[unsafe.Pointer](children[1], interpreter.typ)
		warmType(t)
		r := *fieldAt[reflect.Type](t, interpreter.rtype)
		if r == nil {
			return
		}
		size := uint64(0)
		switch r.Kind() {
		case reflect.Map:
			size = uint64(r.Key().Size()) + uint64(r.Elem().Size())
		case reflect.Slice, reflect.Chan:
			size = uint64(r.Elem().Size())
		}
		if size == 0 {
			return
		}
		exec := fieldAt[step](node, interpreter.exec)
		do, length, last := *exec, valueOf(children[2]), valueOf(children[len(children)-1])
		*exec = func(f unsafe.Pointer) step {
			n, ok := indexOf(last(f))
			if ok && !n.negative && n.n >= muchMemory/size {
				if n.n <= maxAlloc/size {
					m.ask(n.n * size)
				} else if first, ok := indexOf(length(f)); ok && len(children) > 3 && !first.beyond(maxAlloc/size) {
					panic(runtimeError("runtime error: makeslice: cap out of range"))
				}
			}
			return do(f)
		}
	}
}

// ask panics where that many bytes more are over the limit.
func (m *Machine) ask(bytes uint64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if limit := m.o.MemoryLimit; limit > 0 && bytes > limit-min(limit, sample[0].Value.Uint64()) {
		panic(overLimit(fmt.Sprintf("make needs %.1f GB, and a cell may use %.1f GB", float64(bytes)/1e9, float64(limit)/1e9)))
	}
}

package run

import (
	"fmt"
	"reflect"
	"runtime/metrics"
	"strings"
	"unsafe"

	"github.com/traefik/yaegi/stdlib"
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
					m.ask("make", float64(n.n*size))
				} else if first, ok := indexOf(length(f)); ok && len(children) > 3 && !first.beyond(maxAlloc/size) {
					panic(runtimeError("runtime error: makeslice: cap out of range"))
				}
			}
			return do(f)
		}
	}
}

// ask panics where that many bytes more are over the limit.
func (m *Machine) ask(what string, bytes float64) {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	if limit := m.o.MemoryLimit; limit > 0 && bytes > float64(limit-min(limit, sample[0].Value.Uint64())) {
		panic(overLimit(fmt.Sprintf("%s needs %.1f GB, and a cell may use %.1f GB", what, bytes/1e9, float64(limit)/1e9)))
	}
}

// allocators are functions of compiled packages that allocate at once what their arguments say, and how many bytes that is.
var allocators = []struct {
	table, name string
	bytes       func(in []reflect.Value) float64
}{
	{"strings/strings", "Repeat", repeated},
	{"bytes/bytes", "Repeat", repeated},
	{"gonum.org/v1/gonum/mat/mat", "NewDense", func(in []reflect.Value) float64 { return 8 * float64(in[0].Int()) * float64(in[1].Int()) }},
	{"gonum.org/v1/gonum/mat/mat", "NewCDense", func(in []reflect.Value) float64 { return 16 * float64(in[0].Int()) * float64(in[1].Int()) }},
	{"gonum.org/v1/gonum/mat/mat", "NewVecDense", func(in []reflect.Value) float64 { return 8 * float64(in[0].Int()) }},
	{"gonum.org/v1/gonum/mat/mat", "NewSymDense", square},
	{"gonum.org/v1/gonum/mat/mat", "NewTriDense", square},
}

func repeated(in []reflect.Value) float64 { return float64(in[0].Len()) * float64(in[1].Int()) }

func square(in []reflect.Value) float64 { return 8 * float64(in[0].Int()) * float64(in[0].Int()) }

// watchAllocators puts the question in front of those functions, where no slice is given to hold the elements.
func (m *Machine) watchAllocators(replace func(table string, with map[string]reflect.Value)) {
	for _, a := range allocators {
		f, ok := m.o.Symbols[a.table][a.name]
		if !ok {
			f, ok = stdlib.Symbols[a.table][a.name]
		}
		if !ok {
			continue
		}
		what := a.table[strings.LastIndexByte(a.table, '/')+1:] + "." + a.name
		replace(a.table, map[string]reflect.Value{a.name: reflect.MakeFunc(f.Type(), func(in []reflect.Value) []reflect.Value {
			last := in[len(in)-1]
			if n := a.bytes(in); n >= muchMemory && (last.Kind() != reflect.Slice || last.IsNil()) {
				m.ask(what, n)
			}
			return f.Call(in)
		})})
	}
}

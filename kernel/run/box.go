package run

import (
	"encoding/xml"
	"fmt"
	"go/types"
	"reflect"
)

// Boxed is a value of a session type inside an empty interface: it knows the type that the interpreter forgets.
type Boxed struct {
	m     *Machine
	id    int
	value any
}

// Unbox returns the value inside a box, or x itself.
func Unbox(x any) any {
	x = Inner(x)
	if b, ok := x.(Boxed); ok {
		return b.value
	}
	return x
}

// typ is the type with a number.
func (m *Machine) typ(id int) types.Type {
	if ts := *m.types.Load(); id < len(ts) {
		return ts[id]
	}
	return types.Typ[types.Invalid]
}

// Type is the type of the boxed value.
func (b Boxed) Type() types.Type { return b.m.typ(b.id) }

// Method calls a method without parameters by which the value shows itself: "String", "Error", "HTML" or "MIMEBundle".
func (b Boxed) Method(name string) (result any, ok bool) {
	f := b.m.showMethod(b.id, name)
	if f == nil {
		return nil, false
	}
	defer func() {
		if r := recover(); r != nil { // whoever recovers from it here wants Go's words
			b.m.dropTrace()
			panic(b.m.panicValue(r))
		}
	}()
	return f(b.value, nil), true
}

func (m *Machine) showMethod(id int, name string) func(x, a any) any {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.methods[methodKey{id, name}]
}

// MarshalXML refuses: the names of elements are those of types.
func (b Boxed) MarshalXML(*xml.Encoder, xml.StartElement) error {
	return fmt.Errorf("a value of type %s inside an interface cannot be encoded as XML; encode it by itself", typeName(b.Type()))
}

// hidden says what of a session type an encoder would see wrongly.
func (m *Machine) hidden(t types.Type, encoder string) string {
	if m.o.Hidden == nil {
		return ""
	}
	return m.o.Hidden(t, encoder)
}

// plain is the value in an interface for compiled code that looks into it; with strict it panics for what that would see
// wrongly.
func (m *Machine) plain(x any, strict bool) any {
	if x = m.plainly(x, strict); strict {
		return expand(x)
	}
	return unfolded(x)
}

// plainly is plain with recursive types as lowered code has them.
func (m *Machine) plainly(x any, strict bool) any {
	b, ok := x.(Boxed)
	if !ok {
		return x
	}
	if why := b.m.hidden(b.Type(), "encoding/json"); strict && why != "" {
		panic(runtimeError(fmt.Sprintf("a value of type %s is not seen as Go does, because %s", goName(b.Type()), why)))
	}
	return b.value
}

// plainAll does so for the elements of a slice.
func (m *Machine) plainAll(list []any) []any {
	out := make([]any, len(list))
	for i, x := range list {
		out[i] = m.plain(x, false)
	}
	return out
}

// Format implements fmt.Formatter with the type and field names of the cell.
func (b Boxed) Format(f fmt.State, verb rune) {
	if !b.format(f, verb) {
		fmt.Fprint(f, printerOf(b.m, f, verb).value(reflect.ValueOf(b.value), b.Type(), 0, false))
	}
}

func (m *Machine) formatOf(id int) func(x any, f fmt.State, verb rune) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.formats[id]
}

// format prints by the Format method of the type, if it has one.
func (b Boxed) format(f fmt.State, verb rune) (has bool) {
	g := b.m.formatOf(b.id)
	if g == nil {
		return false
	}
	has = true
	defer func() {
		if r := recover(); r != nil {
			fmt.Fprint(f, printerOf(b.m, f, verb).panicked("Format", reflect.ValueOf(b.value), r))
		}
	}()
	g(b.value, f, verb)
	return
}

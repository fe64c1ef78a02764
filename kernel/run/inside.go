package run

import (
	"database/sql/driver"
	"encoding"
	"errors"
	"flag"
	"fmt"
	"go/types"
	"log/slog"
	"reflect"
	"regexp"
	"text/template"
)

// What compiled packages look for in values. A box answers for the methods that its type has in the cells.

// LogValue implements slog.LogValuer: by the cell's own method, or as the value prints and encodes.
func (b Boxed) LogValue() slog.Value {
	if r, ok := b.call("LogValue", nil); ok {
		if v, ok := r.(slog.Value); ok {
			return v
		}
	}
	switch {
	case b.m.showMethod(b.id, "Error") != nil:
		return slog.AnyValue(b.m.err(b))
	case b.m.showMethod(b.id, "MarshalText") != nil:
		return slog.AnyValue(loggedText{loggedValue{b}})
	}
	return slog.AnyValue(loggedValue{b})
}

// Value implements driver.Valuer, for the arguments of package database/sql: by the cell's own method, or as the kind of the
// value is.
func (b Boxed) Value() (driver.Value, error) {
	r, ok := b.call("Value", nil)
	if !ok {
		return driver.DefaultParameterConverter.ConvertValue(b.value)
	}
	err, _ := r.(error)
	if err != nil {
		r = nil
	}
	return r, err
}

// loggedValue is a box that is no slog.LogValuer any more.
type loggedValue struct{ b Boxed }

// Format prints the session value.
func (l loggedValue) Format(f fmt.State, verb rune) { l.b.Format(f, verb) }

// MarshalJSON encodes it.
func (l loggedValue) MarshalJSON() ([]byte, error) { return l.b.MarshalJSON() }

// loggedText is a loggedValue whose type has the method MarshalText.
type loggedText struct{ loggedValue }

// MarshalText calls it.
func (l loggedText) MarshalText() ([]byte, error) {
	r, _ := l.b.call("MarshalText", nil)
	switch r := r.(type) {
	case []byte:
		return r, nil
	case error:
		return nil, r
	}
	return nil, nil
}

// MarshalJSON is the text.
func (l loggedText) MarshalJSON() ([]byte, error) {
	text, err := l.MarshalText()
	return fmt.Appendf(nil, "%q", text), err
}

// bare gives a template what is in the boxes of a value, since it looks for fields and keys. What prints itself stays a
// box, whose text is the cell's.
func (m *Machine) bare(x any) any {
	b, ok := Inner(x).(Boxed)
	if ok {
		for _, name := range []string{"Error", "String"} {
			if m.showMethod(b.id, name) != nil {
				return b
			}
		}
		if m.formatOf(b.id) != nil {
			return b
		}
		if why := m.hidden(b.Type(), "text/template"); why != "" {
			panic(runtimeError(fmt.Sprintf("a template does not see a value of type %s as Go does, because %s", goName(b.Type()), why)))
		}
		x = b.value
	}
	x = expand(x)
	v := reflect.ValueOf(x)
	switch {
	case !v.IsValid() || v.Kind() != reflect.Map && v.Kind() != reflect.Slice || v.IsNil() || v.Type().Elem().Kind() != reflect.Interface:
		return x
	case v.Kind() == reflect.Map:
		out := reflect.MakeMapWithSize(v.Type(), v.Len())
		for it := v.MapRange(); it.Next(); {
			out.SetMapIndex(it.Key(), m.bareElem(it.Value()))
		}
		return out.Interface()
	}
	out := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	for i := range v.Len() {
		out.Index(i).Set(m.bareElem(v.Index(i)))
	}
	return out.Interface()
}

// bareElem is an element of an interface type; those of a compiled interface stay.
func (m *Machine) bareElem(v reflect.Value) reflect.Value {
	if v.IsNil() || v.NumMethod() > 0 {
		return v
	}
	return reflect.ValueOf(m.bare(v.Interface()))
}

// textVar is (*flag.FlagSet).TextVar, which sets the variable to its default by reflection.
func (m *Machine) textVar(f *flag.FlagSet, p encoding.TextUnmarshaler, name string, value encoding.TextMarshaler, usage string) {
	b, ok := Inner(p).(Boxed)
	if !ok {
		f.TextVar(p, name, value, usage)
		return
	}
	to := reflect.ValueOf(b.value)
	from := reflect.ValueOf(Unbox(value))
	if from.Kind() == reflect.Pointer {
		from = from.Elem()
	}
	switch {
	case to.Kind() != reflect.Pointer:
		panic("variable value type must be a pointer")
	case !from.IsValid() || from.Type() != to.Type().Elem():
		panic("default type does not match variable type: " + m.typeNameOf(value) + " != " + goName(b.Type()))
	}
	to.Elem().Set(from)
	f.Var(textFlag{b, p}, name, usage)
}

// textFlag is a flag that its own text sets.
type textFlag struct {
	b Boxed
	p encoding.TextUnmarshaler
}

// Set takes what stands behind the flag.
func (t textFlag) Set(s string) error { return t.p.UnmarshalText([]byte(s)) }

// Get is the variable.
func (t textFlag) Get() any { return t.p }

// String is its text.
func (t textFlag) String() string {
	if p, ok := t.b.typeOrNil().(*types.Pointer); ok {
		if f := t.b.m.methodOf(reflect.ValueOf(t.b.value).Elem(), p.Elem(), "MarshalText"); f != nil {
			text, _ := f(nil).([]byte)
			return string(text)
		}
	}
	return ""
}

// typeOrNil is the type of the value, nil of an empty box.
func (b Boxed) typeOrNil() types.Type {
	if b.m == nil {
		return nil
	}
	return b.Type()
}

var noField = regexp.MustCompile(`can't evaluate field (\w+) in type .*`)

// templateError says what is missing where a template asks for a method of a session type: it sees fields alone.
func (m *Machine) templateError(err error) error {
	e, ok := err.(template.ExecError)
	if !ok {
		return err
	}
	found := noField.FindStringSubmatchIndex(e.Err.Error())
	if found == nil {
		return err
	}
	text := e.Err.Error()
	name := text[found[2]:found[3]]
	for _, t := range *m.types.Load() {
		if n, ok := types.Unalias(t).(*types.Named); ok && n.Obj().Pkg() != nil && n.Obj().Pkg().Path() == sessionPath && types.NewMethodSet(types.NewPointer(n)).Lookup(nil, name) != nil {
			e.Err = errors.New(text[:found[0]] + "a template cannot call " + name + ", a method of " + goName(n) + ": of types of cells it sees the fields")
			return e
		}
	}
	return err
}

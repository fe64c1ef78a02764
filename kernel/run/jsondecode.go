package run

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"strconv"
	"strings"
)

// jsonUnmarshal is json.Unmarshal.
func (m *Machine) jsonUnmarshal(data []byte, x any) error {
	b, ok, err := m.decodes(x)
	if !ok {
		if err == nil {
			err = json.Unmarshal(data, x)
		}
		return err
	}
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return err
	}
	return b.decode(raw, &jsonDecoder{m: m})
}

// jsonDecode is (*json.Decoder).Decode.
func (m *Machine) jsonDecode(d *json.Decoder, x any) error {
	b, ok, err := m.decodes(x)
	if !ok {
		if err == nil {
			err = d.Decode(x)
		}
		return err
	}
	var raw json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return err
	}
	options := reflect.ValueOf(d).Elem().FieldByName("d")
	is := func(name string) bool {
		f := reflect.Value{}
		if options.Kind() == reflect.Struct {
			f = options.FieldByName(name)
		}
		return f.Kind() == reflect.Bool && f.Bool()
	}
	return b.decode(raw, &jsonDecoder{m: m, useNumber: is("useNumber"), strict: is("disallowUnknownFields")})
}

// decodes takes a pointer to a session value; another session value is an error.
func (m *Machine) decodes(x any) (b Boxed, ok bool, err error) {
	if b, ok = Inner(x).(Boxed); !ok {
		return b, false, nil
	}
	if v := reflect.ValueOf(b.value); v.Kind() != reflect.Pointer || v.IsNil() {
		return b, false, &json.InvalidUnmarshalError{Type: m.reflected(b.Type())}
	}
	return b, true, nil
}

func (b Boxed) decode(raw []byte, d *jsonDecoder) error {
	p, ok := b.Type().Underlying().(*types.Pointer)
	if !ok {
		return &json.InvalidUnmarshalError{Type: b.m.reflected(b.Type())}
	}
	err := d.value(bytes.TrimSpace(raw), reflect.ValueOf(b.value).Elem(), p.Elem())
	if err == nil {
		err = d.saved
	}
	return err
}

type jsonDecoder struct {
	m                 *Machine
	useNumber, strict bool
	in                types.Type // the struct whose field is decoded
	path              []string   // the fields that lead there
	saved             error      // the first value of a wrong kind: the rest is decoded all the same
}

// kinds are the words of package json for what begins with a letter.
func jsonKind(data []byte) string {
	switch data[0] {
	case '{':
		return "object"
	case '[':
		return "array"
	case '"':
		return "string"
	case 't', 'f':
		return "bool"
	case 'n':
		return "null"
	}
	return "number"
}

// wrong keeps the error for a value of another kind.
func (d *jsonDecoder) wrong(data []byte, t types.Type) {
	d.save(&json.UnmarshalTypeError{Value: jsonKind(data), Type: d.m.reflected(t)}, nil)
}

// save keeps an error. Where package json found it while it decoded a value of type t, it says the field from there.
func (d *jsonDecoder) save(err error, t types.Type) {
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		in, field := d.in, strings.Join(d.path, ".")
		if wrong.Field != "" {
			in = innermost(t, strings.Split(wrong.Field, "."))
			if field != "" {
				field += "."
			}
		}
		if wrong.Field = field + wrong.Field; in != nil {
			_, wrong.Struct, _ = strings.Cut(goName(in), ".")
		}
	}
	if d.saved == nil {
		d.saved = err
	}
}

// innermost is the struct whose field the last name is, on a path of fields from t.
func innermost(t types.Type, path []string) types.Type {
	for {
		switch u := t.Underlying().(type) {
		case *types.Struct:
			if len(path) == 1 {
				return t
			}
			found := false
			for _, f := range jsonFields(t) {
				if f.name == path[0] && len(f.index) == 1 {
					t, found = u.Field(f.index[0]).Type(), true
					break
				}
			}
			if path = path[1:]; !found {
				return t
			}
		case interface{ Elem() types.Type }:
			t = u.Elem()
		default:
			return t
		}
	}
}

// plainly lets package json decode what it sees as Go does.
func (d *jsonDecoder) plainly(data []byte, x any, t types.Type) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if d.useNumber {
		dec.UseNumber()
	}
	if d.strict {
		dec.DisallowUnknownFields()
	}
	err := dec.Decode(x)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		d.save(err, t)
		return nil
	}
	return err
}

// value decodes into a variable of type t.
func (d *jsonDecoder) value(data []byte, v reflect.Value, t types.Type) error {
	null := data[0] == 'n'
	if types.IsInterface(t) {
		return d.inInterface(data, v, t)
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		v = unfold(v)
		if null {
			v.SetZero()
			return nil
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return d.value(data, v.Elem(), p.Elem())
	}
	if d.m.hidden(t, "encoding/json") == "" && !d.abstract(t) && !folded(v.Type()) {
		return d.plainly(data, v.Addr().Interface(), t)
	}
	if f := d.m.methodOf(v, t, "UnmarshalJSON"); f != nil {
		err, _ := f(append([]byte(nil), data...)).(error)
		return err
	}
	if f := d.m.methodOf(v, t, "UnmarshalText"); f != nil {
		if null {
			return nil
		}
		if data[0] != '"' {
			d.wrong(data, t)
			return nil
		}
		var s string
		if err := json.Unmarshal(data, &s); err != nil {
			return err
		}
		err, _ := f([]byte(s)).(error)
		return err
	}
	v = unfold(v)
	if null {
		switch t.Underlying().(type) {
		case *types.Map, *types.Slice:
			v.SetZero()
		}
		return nil
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		if data[0] == '{' {
			return d.fields(data, v, t)
		}
	case *types.Map:
		if data[0] == '{' {
			return d.entries(data, v, u, t)
		}
	case *types.Slice:
		b, ok := u.Elem().Underlying().(*types.Basic)
		if data[0] == '[' {
			return d.elements(data, v, u.Elem(), true)
		}
		if ok && b.Kind() == types.Uint8 && data[0] == '"' {
			return d.plainly(data, v.Addr().Interface(), t)
		}
	case *types.Array:
		if data[0] == '[' {
			return d.elements(data, v, u.Elem(), false)
		}
	default:
		return d.plainly(data, v.Addr().Interface(), t)
	}
	d.wrong(data, t)
	return nil
}

// abstract tells a type with parts of an interface type that has methods: nothing can be decoded into one.
func (d *jsonDecoder) abstract(t types.Type) bool {
	seen := map[types.Type]bool{}
	var walk func(t types.Type) bool
	walk = func(t types.Type) bool {
		if seen[t] {
			return false
		}
		seen[t] = true
		switch u := t.Underlying().(type) {
		case *types.Interface:
			return u.NumMethods() > 0
		case *types.Map:
			return walk(u.Elem())
		case *types.Struct:
			for f := range u.Fields() {
				if walk(f.Type()) {
					return true
				}
			}
			return false
		case interface{ Elem() types.Type }:
			return walk(u.Elem())
		}
		return false
	}
	return ours(t, map[types.Type]bool{}) && walk(t)
}

// inInterface decodes into what an interface points to, or puts there what package json makes of it.
func (d *jsonDecoder) inInterface(data []byte, v reflect.Value, t types.Type) error {
	if data[0] != 'n' && !v.IsNil() {
		if b, ok, _ := d.m.decodes(v.Interface()); ok {
			return d.value(data, reflect.ValueOf(b.value).Elem(), b.Type().Underlying().(*types.Pointer).Elem())
		}
	}
	if data[0] == 'n' {
		v.SetZero()
		return nil
	}
	if t.Underlying().(*types.Interface).NumMethods() > 0 {
		d.wrong(data, t)
		return nil
	}
	return d.plainly(data, v.Addr().Interface(), t)
}

// parts calls each for the keys and values of an object.
func parts(data []byte, each func(key string, raw []byte) error) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if _, err := dec.Token(); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		name, _ := key.(string)
		if err := each(name, raw); err != nil {
			return err
		}
	}
	return nil
}

func (d *jsonDecoder) fields(data []byte, v reflect.Value, t types.Type) error {
	all := jsonFields(t)
	return parts(data, func(key string, raw []byte) error {
		var f *jsonField
		for i := range all {
			if all[i].name == key {
				f = &all[i]
				break
			}
			if f == nil && strings.EqualFold(all[i].name, key) {
				f = &all[i]
			}
		}
		if f == nil {
			if d.strict {
				d.save(fmt.Errorf("json: unknown field %q", key), nil)
			}
			return nil
		}
		at, ft := v, t
		was, in := len(d.path), d.in
		defer func() { d.path, d.in = d.path[:was], in }()
		d.in = t
		for n, i := range f.index {
			if p, ok := ft.Underlying().(*types.Pointer); ok {
				if at.IsNil() {
					if n, ok := types.Unalias(p.Elem()).(*types.Named); ok && !n.Obj().Exported() {
						d.save(fmt.Errorf("json: cannot set embedded pointer to unexported struct: %s", goName(p.Elem())), nil)
						return nil
					}
					at.Set(reflect.New(at.Type().Elem()))
				}
				at, ft = at.Elem(), p.Elem()
			}
			field := ft.Underlying().(*types.Struct).Field(i)
			at, ft = at.Field(i), field.Type()
			if n < len(f.index)-1 {
				d.path = append(d.path, field.Name())
			}
		}
		d.path = append(d.path, f.name)
		if f.quoted && raw[0] != 'n' {
			var s string
			if json.Unmarshal(raw, &s) != nil || s == "" {
				d.save(fmt.Errorf("json: invalid use of ,string struct tag, trying to unmarshal unquoted value into %s", goName(ft)), nil)
				return nil
			}
			raw = []byte(s)
		}
		return d.value(raw, at, ft)
	})
}

func (d *jsonDecoder) entries(data []byte, v reflect.Value, u *types.Map, t types.Type) error {
	if v.IsNil() {
		v.Set(reflect.MakeMap(v.Type()))
	}
	return parts(data, func(key string, raw []byte) error {
		k := reflect.New(v.Type().Key()).Elem()
		bad := func() error {
			d.save(&json.UnmarshalTypeError{Value: "number " + key, Type: d.m.reflected(u.Key())}, nil)
			return nil
		}
		f := d.m.methodOf(k, u.Key(), "UnmarshalText")
		switch {
		case f != nil:
			if err, _ := f([]byte(key)).(error); err != nil {
				return err
			}
		case k.Kind() == reflect.String:
			k.SetString(key)
		case k.CanInt():
			n, err := strconv.ParseInt(key, 10, 64)
			if err != nil || k.OverflowInt(n) {
				return bad()
			}
			k.SetInt(n)
		case k.CanUint():
			n, err := strconv.ParseUint(key, 10, 64)
			if err != nil || k.OverflowUint(n) {
				return bad()
			}
			k.SetUint(n)
		default:
			d.wrong(data, t)
			return nil
		}
		elem := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(raw, elem, u.Elem()); err != nil {
			return err
		}
		v.SetMapIndex(k, elem)
		return nil
	})
}

func (d *jsonDecoder) elements(data []byte, v reflect.Value, elem types.Type, grow bool) error {
	var all []json.RawMessage
	if err := json.Unmarshal(data, &all); err != nil {
		return err
	}
	if grow {
		if len(all) == 0 {
			v.Set(reflect.MakeSlice(v.Type(), 0, 0))
		}
		if n := len(all) - v.Len(); n > 0 {
			v.Grow(n)
		}
		v.SetLen(len(all))
	}
	for i := range v.Len() {
		if i >= len(all) {
			v.Index(i).SetZero()
		} else if err := d.value(all[i], v.Index(i), elem); err != nil {
			return err
		}
	}
	return nil
}

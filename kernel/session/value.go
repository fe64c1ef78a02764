package session

import (
	"fmt"
	"go/types"
	"image"
	"reflect"
	"strings"

	"gonum.org/v1/gonum/mat"

	"gonverge/kernel/display"
	"gonverge/kernel/lower"
	"gonverge/kernel/run"
)

// bundles turns the values of a last expression into what is shown of them.
func (s *Session) bundles(values []any, static []types.Type) []display.Bundle {
	var out []display.Bundle
	for i, v := range values {
		t := types.Type(types.Typ[types.UntypedNil])
		if i < len(static) {
			t = static[i]
		}
		out = append(out, s.bundle(v, t))
	}
	return out
}

// bundle shows one value. A value of a compiled type reaches the display as it is; one of a session type shows its true
// type and field names, and by its own methods if it has them. t is its static type where it is known.
func (s *Session) bundle(v any, t types.Type) display.Bundle {
	v = run.Inner(v)
	b, boxed := v.(run.Boxed)
	if _, function := types.Unalias(t).(*types.Signature); function && v != nil && !isNilFunc(v) {
		return display.Text(s.machine.TypeNameOf(v, t)) // its address says nothing
	}
	switch {
	case boxed:
		if t == nil {
			t = b.Type()
		}
		if shown, ok := s.shape(b); ok {
			return shown
		}
		text := display.Cut(s.machine.Show(v, t))
		if own, ok := display.OfAbilities(asking(b), text); ok {
			return own
		}
		if lower.Mentions(b.Type()) {
			out := display.Text(text)
			if page := s.table(b.Unfolded(), b.Type()); page != "" {
				out.Data["text/html"] = page
			}
			return out
		}
		return display.Of(run.Unbox(v), text)
	case v == nil:
		return display.Text("<nil>")
	}
	return display.Of(v, "")
}

// shape shows a value of a session type that is a picture or a matrix and has no more to say.
func (s *Session) shape(b run.Boxed) (display.Bundle, bool) {
	picture, isPicture := b.Method("Image")
	matrix, isMatrix := b.Method("Matrix")
	if _, says := b.Method("String"); says || !isPicture && !isMatrix || isNil(b) {
		return display.Bundle{}, false
	}
	name := strings.TrimPrefix(s.machine.TypeNameOf(b, nil), "*")
	if m, ok := matrix.(mat.Matrix); ok && !isPicture {
		if _, says := display.OfAbilities(asking(b), ""); !says {
			return display.OfMatrix(m, name), true
		}
		return display.Bundle{}, false
	}
	img, ok := picture.(image.Image)
	if !ok {
		return display.Bundle{}, false
	}
	defer func() { _ = recover() }() // a picture inside may be missing: then it is shown as any value
	size := img.Bounds().Size()
	return display.OfAbilities(asking(b), fmt.Sprintf("%s %d×%d", name, size.X, size.Y))
}

// isNil tells a nil pointer.
func isNil(b run.Boxed) bool {
	r := reflect.ValueOf(b.Unfolded())
	return r.Kind() == reflect.Pointer && r.IsNil()
}

// isNilFunc tells a function that is none.
func isNilFunc(v any) bool {
	if b, ok := v.(run.Boxed); ok {
		v = b.Unfolded()
	}
	r := reflect.ValueOf(v)
	return r.Kind() == reflect.Func && r.IsNil()
}

// asking calls the methods by which a value of a session type shows itself.
func asking(b run.Boxed) display.Ask {
	return func(name string) (any, bool) {
		result, ok := b.Method(name)
		if box, boxed := run.Inner(result).(run.Boxed); boxed && name == "Render" {
			return run.Unbox(box), ok // a struct of the cell's own with the formats
		}
		return result, ok
	}
}

// table is the HTML of a slice of structs of a session type, "" for anything else.
func (s *Session) table(v any, t types.Type) string {
	list, ok := t.Underlying().(*types.Slice)
	if !ok {
		return ""
	}
	fields, ok := list.Elem().Underlying().(*types.Struct)
	r := reflect.ValueOf(v)
	if !ok || r.Kind() != reflect.Slice || r.Len() == 0 || r.Type().Elem().Kind() != reflect.Struct || r.Type().Elem().NumField() != fields.NumFields() || fields.NumFields() == 0 {
		return ""
	}
	out := display.Table{Title: fmt.Sprintf("%s, %d rows", types.TypeString(t, shortNames), r.Len()), Rows: r.Len()}
	for i := range fields.NumFields() {
		out.Head = append(out.Head, fields.Field(i).Name())
	}
	out.Right = func(c int) bool {
		b, ok := fields.Field(c).Type().Underlying().(*types.Basic)
		return ok && b.Info()&types.IsNumeric != 0
	}
	out.Text = func(i int) []string {
		row := make([]string, fields.NumFields())
		for c := range row {
			if f := r.Index(i).Field(c); f.CanInterface() {
				row[c] = s.machine.Show(f.Interface(), fields.Field(c).Type())
			}
		}
		return row
	}
	return out.HTML()
}

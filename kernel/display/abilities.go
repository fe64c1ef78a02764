package display

import (
	"fmt"
	"image"
	"maps"
	"reflect"
	"strings"
)

// Abilities. The methods by which a value shows itself, of compiled types and of types of cells alike: the package asks for
// them by name, and whoever knows the value answers.

// Ask calls the method of a value with that name, by which it shows itself, if it has one of a fitting signature. Where
// the method returned an error, that is the result.
type Ask func(name string) (result any, ok bool)

// formats are the methods that give one format each, and whether it is binary.
var formats = []struct {
	method, mime string
	binary       bool
}{
	{"HTML", "text/html", false}, {"SVG", "image/svg+xml", false}, {"Markdown", "text/markdown", false}, {"Latex", "text/latex", false},
	{"JavaScript", "application/javascript", false}, {"PNG", "image/png", true}, {"JPEG", "image/jpeg", true}, {"GIF", "image/gif", true},
	{"PDF", "application/pdf", true}, {"JSON", "application/json", false},
}

// Abilities returns what a value shows by its methods, and in trouble what went wrong with them; false if it has none.
//
// Ask may know "Image", which makes a picture of a value that is one.
//
// MIMEBundle has the whole say. Otherwise every method adds what it has, as in the kernel gophernotes: Render, then
// SimpleRender, then the methods of single formats, which have the last word about theirs (there that is left to chance).
// A method that fails or panics takes nothing from the others.
func Abilities(ask Ask) (b Bundle, trouble string, found bool) {
	b.Data = map[string]any{}
	var troubles []string
	try := func(name string, take func(result any)) bool {
		var result any
		var ok bool
		if t := guard(func() {
			if result, ok = ask(name); ok {
				if _, failed := result.(error); !failed {
					take(result)
				}
			}
		}); t != "" {
			troubles, ok = append(troubles, t), true
		} else if err, failed := result.(error); failed {
			if mime, _ := formatOf(name); mime != "" {
				name = mime
			}
			troubles = append(troubles, name+": "+err.Error())
		}
		found = found || ok
		return ok
	}
	defer func() { trouble = strings.Join(troubles, "\n") }()
	whole := func(result any) { b.add(result) }
	if try("MIMEBundle", whole) {
		try("MIMEMetadata", func(m any) { b.Metadata, _ = m.(map[string]any) })
		try("MIMETransient", func(m any) { b.transient(m) })
		return b, "", true
	}
	try("Render", whole)
	try("SimpleRender", whole)
	for _, f := range formats {
		try(f.method, func(result any) {
			if p, isBytes := result.([]byte); isBytes && f.binary {
				if len(p) == 0 {
					troubles = append(troubles, f.mime+": no data")
					return
				}
				result = append([]byte(nil), p...)
			}
			b.Data[f.mime] = result
		})
	}
	if b.Data["image/png"] == nil && b.Data["image/jpeg"] == nil {
		var img image.Image
		if guard(func() {
			result, _ := ask("Image")
			if img, _ = result.(image.Image); img != nil {
				img.Bounds()
			}
		}) == "" && img != nil { // else it is a picture with nothing inside
			text, had := b.Data["text/plain"]
			if t := guard(func() { picture(&b, img) }); t != "" {
				troubles = append(troubles, t)
			}
			if delete(b.Data, "text/plain"); had {
				b.Data["text/plain"] = text
			}
			found = true
		}
	}
	return b, "", found
}

// add joins to the bundle what a method gave: a map of formats, a value that has MIMEBundle, or a struct with such a map
// as field Data and, where it has them, Metadata and Transient.
func (b *Bundle) add(result any) {
	var field func(name string) any
	switch x := result.(type) {
	case map[string]any:
		maps.Copy(b.Data, x)
		return
	case interface{ MIMEBundle() map[string]any }:
		maps.Copy(b.Data, x.MIMEBundle())
		field = func(name string) any {
			r, _ := methodOf(x)("MIME" + name)
			return r
		}
	default:
		r := reflect.ValueOf(result)
		if r.Kind() != reflect.Struct {
			return
		}
		field = func(name string) any {
			if f := r.FieldByName(name); f.IsValid() && f.CanInterface() {
				return f.Interface()
			}
			return nil
		}
		data, _ := field("Data").(map[string]any)
		maps.Copy(b.Data, data)
	}
	if m, _ := field("Metadata").(map[string]any); len(m) > 0 {
		if b.Metadata = maps.Clone(b.Metadata); b.Metadata == nil {
			b.Metadata = map[string]any{}
		}
		maps.Copy(b.Metadata, m)
	}
	b.transient(field("Transient"))
}

// transient takes the id from what travels with the formats and is not kept.
func (b *Bundle) transient(m any) {
	if fields, ok := m.(map[string]any); ok {
		if id, _ := fields["display_id"].(string); id != "" {
			b.ID = id
		}
	}
}

// isRendering tells whether a type is what Render gives: a struct whose field Data is a map of formats.
func isRendering(t reflect.Type) bool {
	if t.Kind() != reflect.Struct {
		return false
	}
	f, ok := t.FieldByName("Data")
	return ok && f.Type == reflect.TypeFor[map[string]any]()
}

// methodOf asks the methods of a compiled value. One whose name fits and whose signature does not is another method, and
// is not called.
func methodOf(v any) Ask {
	r := reflect.ValueOf(v)
	return func(name string) (any, bool) {
		m := r.MethodByName(name)
		if !m.IsValid() {
			return nil, false
		}
		mime, binary := formatOf(name)
		text := mime != "" && !binary && name != "JSON"
		switch f := m.Interface().(type) {
		case func() string:
			if text {
				return f(), true
			}
		case func() (string, error):
			if text {
				return result(f())
			}
		case func() []byte:
			if binary {
				return f(), true
			}
		case func() ([]byte, error):
			if binary {
				return result(f())
			}
		case func() any:
			if name == "JSON" {
				return f(), true
			}
		case func() map[string]any:
			if name != "Render" && !text && !binary {
				return f(), true
			}
		default:
			if t := m.Type(); name == "Render" && t.NumIn() == 0 && t.NumOut() == 1 && isRendering(t.Out(0)) {
				return m.Call(nil)[0].Interface(), true
			}
		}
		return nil, false
	}
}

// result is what a method with an error gives.
func result[T any](x T, err error) (any, bool) {
	if err != nil {
		return err, true
	}
	return x, true
}

// formatOf is the format that a method gives, "" for those that give several.
func formatOf(method string) (mime string, binary bool) {
	for _, f := range formats {
		if f.method == method {
			return f.mime, f.binary
		}
	}
	return "", false
}

// note adds to a text what went wrong.
func note(text, trouble string) string {
	if trouble == "" {
		return text
	}
	return strings.TrimSpace(fmt.Sprintf("%s\n(%s)", text, trouble))
}

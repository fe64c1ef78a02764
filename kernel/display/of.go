package display

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"

	"gonverge/kernel/svg"
)

// Of returns what to show of a value. text is its text/plain where the caller
// knows better than fmt, because it knows the static type; "" leaves it to the
// value. What the value itself says in a MIMEBundle goes before text.
func Of(v any, text string) Bundle {
	b := Bundle{Data: map[string]any{}}
	var trouble string
	if v != nil {
		trouble = guard(func() { fill(&b, v) })
	}
	if _, ok := b.Data["text/plain"].(string); !ok {
		if text == "" {
			if t := guard(func() { text = plain(v) }); t != "" && trouble == "" {
				trouble = t
			}
		}
		b.Data["text/plain"] = text
	}
	if trouble != "" {
		b.Data["text/plain"] = strings.TrimSpace(b.Plain() + "\n(" + trouble + ")")
	}
	vector(&b)
	return b
}

// vector sees to a bundle's SVG, if it has one: it becomes an element, and gets a PNG beside it, unless there is a picture
// in pixels already. One that cannot be drawn stays alone.
func vector(b *Bundle) {
	source, ok := b.Data["image/svg+xml"].(string)
	if raw, isBytes := b.Data["image/svg+xml"].([]byte); isBytes {
		source, ok = string(raw), true
	}
	if !ok {
		return
	}
	b.Data["image/svg+xml"] = element(source)
	for _, mime := range []string{"image/png", "image/jpeg", "image/gif"} {
		if _, has := b.Data[mime]; has {
			return
		}
	}
	img, size, err := svg.Render(source)
	if err != nil || blank(img) {
		return
	}
	var buf bytes.Buffer
	if err := png.Encode(&buf, img); err != nil {
		return
	}
	b.Data["image/png"] = buf.Bytes()
	metadata := maps.Clone(b.Metadata) // it may be the value's own
	if metadata == nil {
		metadata = map[string]any{}
	}
	metadata["image/png"] = map[string]any{"width": size.X, "height": size.Y}
	b.Metadata = metadata
}

// blank reports whether there is nothing to see.
func blank(img image.Image) bool {
	pixels, ok := img.(*image.RGBA)
	return ok && !slices.ContainsFunc(pixels.Pix, func(v uint8) bool { return v != 0 })
}

// element returns an SVG document without the XML declaration before its root
// element: in a bundle it is text without an encoding, and nbconvert refuses to
// export a notebook whose pictures declare one.
func element(svg string) string {
	s := strings.TrimLeft(svg, "\ufeff \t\r\n")
	if !strings.HasPrefix(s, "<?xml") {
		return svg
	}
	_, root, found := strings.Cut(s, "?>")
	if !found {
		return svg
	}
	return strings.TrimLeft(root, " \t\r\n")
}

// guard runs f and returns what it panicked with, in words; "" if it did not.
func guard(f func()) (trouble string) {
	defer func() {
		if r := recover(); r != nil {
			trouble = "panic while displaying: " + describe(r)
		}
	}()
	f()
	return ""
}

// describe writes a panic value, even one whose own String panics: fmt guards that.
func describe(r any) string { return fmt.Sprint(r) }

// fill adds all that the value can show beside text/plain, and text/plain where
// the value's own text is better than that of fmt.
func fill(b *Bundle, v any) {
	if m, ok := v.(interface{ MIMEBundle() map[string]any }); ok {
		maps.Copy(b.Data, m.MIMEBundle())
		if m, ok := v.(interface{ MIMEMetadata() map[string]any }); ok {
			b.Metadata = m.MIMEMetadata()
		}
		return
	}
	if rendered(b, v) || single(b, v) {
		return
	}
	switch x := v.(type) {
	case error:
		b.Data["text/plain"] = x.Error()
	case time.Duration:
		b.Data["text/plain"] = duration(x)
	case mat.Matrix:
		matrix(b, x)
	case image.Image:
		picture(b, x)
	case []image.Image:
		pictures(b, x)
	default:
		drawing(b, v)
		if len(b.Data) == 0 {
			collection(b, v)
		}
	}
}

// rendered asks values written for the kernel gophernotes: SimpleRender with the formats, or Render with a struct whose
// fields Data and Metadata hold them.
func rendered(b *Bundle, v any) bool {
	if x, ok := v.(interface{ SimpleRender() map[string]any }); ok {
		maps.Copy(b.Data, x.SimpleRender())
		return true
	}
	f := reflect.ValueOf(v).MethodByName("Render")
	if !f.IsValid() || f.Type().NumIn() != 0 || f.Type().NumOut() != 1 || f.Type().Out(0).Kind() != reflect.Struct {
		return false
	}
	of := func(r reflect.Value, name string) map[string]any {
		if field := r.FieldByName(name); field.IsValid() && field.CanInterface() {
			m, _ := field.Interface().(map[string]any)
			return m
		}
		return nil
	}
	if field, ok := f.Type().Out(0).FieldByName("Data"); !ok || field.Type != reflect.TypeFor[map[string]any]() {
		return false
	}
	r := f.Call(nil)[0]
	maps.Copy(b.Data, of(r, "Data"))
	b.Metadata = of(r, "Metadata")
	return true
}

// single asks for one format after the other and reports whether there was one.
func single(b *Bundle, v any) bool {
	found := false
	text := func(mime string, s string, err error) {
		found = true
		if err != nil {
			b.Data["text/plain"] = mime + ": " + err.Error()
			return
		}
		b.Data[mime] = s
	}
	binary := func(mime string, p []byte, err error) {
		if err == nil && len(p) == 0 {
			err = fmt.Errorf("no data")
		}
		found = true
		if err != nil {
			b.Data["text/plain"] = mime + ": " + err.Error()
			return
		}
		b.Data[mime] = append([]byte(nil), p...)
	}
	switch x := v.(type) {
	case interface{ HTML() string }:
		text("text/html", x.HTML(), nil)
	case interface{ HTML() (string, error) }:
		s, err := x.HTML()
		text("text/html", s, err)
	}
	switch x := v.(type) {
	case interface{ SVG() string }:
		text("image/svg+xml", x.SVG(), nil)
	case interface{ SVG() (string, error) }:
		s, err := x.SVG()
		text("image/svg+xml", s, err)
	}
	switch x := v.(type) {
	case interface{ Markdown() string }:
		text("text/markdown", x.Markdown(), nil)
	case interface{ Markdown() (string, error) }:
		s, err := x.Markdown()
		text("text/markdown", s, err)
	}
	switch x := v.(type) {
	case interface{ Latex() string }:
		text("text/latex", x.Latex(), nil)
	case interface{ Latex() (string, error) }:
		s, err := x.Latex()
		text("text/latex", s, err)
	}
	switch x := v.(type) {
	case interface{ PNG() []byte }:
		binary("image/png", x.PNG(), nil)
	case interface{ PNG() ([]byte, error) }:
		p, err := x.PNG()
		binary("image/png", p, err)
	}
	switch x := v.(type) {
	case interface{ JPEG() []byte }:
		binary("image/jpeg", x.JPEG(), nil)
	case interface{ JPEG() ([]byte, error) }:
		p, err := x.JPEG()
		binary("image/jpeg", p, err)
	}
	switch x := v.(type) {
	case interface{ GIF() []byte }:
		binary("image/gif", x.GIF(), nil)
	case interface{ GIF() ([]byte, error) }:
		p, err := x.GIF()
		binary("image/gif", p, err)
	}
	switch x := v.(type) {
	case interface{ PDF() []byte }:
		binary("application/pdf", x.PDF(), nil)
	case interface{ PDF() ([]byte, error) }:
		p, err := x.PDF()
		binary("application/pdf", p, err)
	}
	if x, ok := v.(interface{ JavaScript() string }); ok {
		text("application/javascript", x.JavaScript(), nil)
	}
	switch x := v.(type) {
	case interface{ JSON() any }:
		found = true
		b.Data["application/json"] = x.JSON()
	case interface{ JSON() map[string]any }:
		found = true
		b.Data["application/json"] = x.JSON()
	}
	return found
}

// plain is the text of a value without a static type. Text of more than
// mostText bytes is cut, saying so: a front end would choke on it.
func plain(v any) string {
	var s string
	switch x := v.(type) {
	case string:
		s = x
	case fmt.Stringer, error:
		s = fmt.Sprint(x)
	default:
		s = sequence(v)
	}
	return Cut(s)
}

// mostElements of a slice are written; its end is left out, saying so.
const mostElements = 1000

// sequence is fmt's text of a value, of a long slice or array its beginning.
func sequence(v any) string {
	r := reflect.ValueOf(v)
	if k := r.Kind(); k == reflect.Slice && r.Len() > mostElements {
		head := fmt.Sprintf("%+v", r.Slice(0, mostElements).Interface())
		return fmt.Sprintf("%s ...] (%d of %d elements)", strings.TrimSuffix(head, "]"), mostElements, r.Len())
	}
	return fmt.Sprintf("%+v", v)
}

const mostText = 64 << 10

// Cut shortens a text that is too long for a front end, and says by how much.
func Cut(s string) string {
	if len(s) <= mostText {
		return s
	}
	head := strings.ToValidUTF8(s[:mostText], "")
	return fmt.Sprintf("%s\n... (%d of %d bytes)", head, len(head), len(s))
}

// duration rounds to what can be read: three digits or so.
func duration(d time.Duration) string {
	a := d.Abs()
	for _, unit := range [...]time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if a >= unit {
			d = d.Round(unit / 100)
			break
		}
	}
	return d.String()
}

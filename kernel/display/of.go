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
		if t := guard(func() { trouble = fill(&b, v) }); t != "" {
			trouble = t
		}
	}
	return b.finished(text, trouble, func() string { return plain(v) })
}

// OfAbilities returns what to show of a value that answers for itself: see Abilities. text is its text/plain unless it
// gives one; false if it has no such method.
func OfAbilities(ask Ask, text string) (Bundle, bool) {
	b, trouble, ok := Abilities(ask)
	if !ok {
		return Bundle{}, false
	}
	return b.finished(text, trouble, func() string { return "" }), true
}

// finished adds what every bundle has. own is the text of the value where the caller has none.
func (b Bundle) finished(text, trouble string, own func() string) Bundle {
	if _, ok := b.Data["text/plain"].(string); !ok {
		if text == "" {
			if t := guard(func() { text = own() }); t != "" && trouble == "" {
				trouble = t
			}
		}
		b.Data["text/plain"] = text
	}
	b.Data["text/plain"] = note(b.Plain(), trouble)
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
// the value's own text is better than that of fmt. It returns what its methods failed with.
func fill(b *Bundle, v any) (trouble string) {
	if own, trouble, ok := Abilities(methodOf(v)); ok {
		*b = own
		if x, isPicture := v.(image.Image); isPicture && b.Data["image/png"] == nil && b.Data["image/jpeg"] == nil {
			text, hasText := b.Data["text/plain"]
			if picture(b, x); hasText {
				b.Data["text/plain"] = text
			}
		}
		return trouble
	}
	switch x := v.(type) {
	case error:
		b.Data["text/plain"] = x.Error()
	case time.Duration:
		b.Data["text/plain"] = duration(x)
	case mat.Matrix:
		matrix(b, x, typeName(x))
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
	return ""
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

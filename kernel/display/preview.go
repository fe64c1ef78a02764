package display

import (
	"fmt"
	"image"
	"reflect"
	"strings"
	"time"

	"gonum.org/v1/gonum/mat"
)

// Limits of a preview.
const (
	previewLines    = 12
	previewWidth    = 120
	previewElements = 10
)

// Preview is a short text of a value, quick whatever the value is: "" where there is nothing short to say.
func Preview(v any) string {
	text := ""
	if trouble := guard(func() { text = preview(v) }); trouble != "" {
		return ""
	}
	lines := strings.Split(strings.TrimRight(text, "\n"), "\n")
	if len(lines) > previewLines {
		lines = append(lines[:previewLines], "...")
	}
	for i, l := range lines {
		if r := []rune(l); len(r) > previewWidth {
			lines[i] = string(r[:previewWidth-1]) + "…"
		}
	}
	return strings.Join(lines, "\n")
}

func preview(v any) string {
	switch x := v.(type) {
	case nil:
		return "<nil>"
	case error:
		return x.Error()
	case time.Duration:
		return duration(x)
	case mat.Matrix:
		b := Bundle{Data: map[string]any{}}
		matrix(&b, x, typeName(x))
		return b.Plain()
	case image.Image:
		r := x.Bounds()
		return fmt.Sprintf("%T %d×%d", x, r.Dx(), r.Dy())
	case []image.Image:
		return fmt.Sprintf("%d images", len(x))
	case string:
		if len(x) > previewWidth/2 {
			return fmt.Sprintf("%q... (%d bytes)", strings.ToValidUTF8(x[:previewWidth/2], ""), len(x))
		}
		return fmt.Sprintf("%q", x)
	case fmt.Stringer:
		return x.String()
	}
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.String:
		return preview(r.String())
	case reflect.Slice, reflect.Array:
		if k := r.Type().Elem().Kind(); k == reflect.Struct || k == reflect.Pointer || k == reflect.Interface || k == reflect.Slice || k == reflect.Map {
			return fmt.Sprintf("%d elements", r.Len()) // each may be large
		}
		if r.Kind() == reflect.Slice && r.Len() > previewElements {
			head := fmt.Sprint(r.Slice(0, previewElements).Interface())
			return fmt.Sprintf("%s ...] (%d elements)", strings.TrimSuffix(head, "]"), r.Len())
		}
		if r.Len() > previewElements {
			return fmt.Sprintf("%d elements", r.Len())
		}
		return fmt.Sprint(v)
	case reflect.Map:
		if r.Len() > previewElements {
			return fmt.Sprintf("%d entries", r.Len())
		}
		return fmt.Sprint(v)
	case reflect.Bool, reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Uint, reflect.Uint8, reflect.Uint16,
		reflect.Uint32, reflect.Uint64, reflect.Float32, reflect.Float64, reflect.Complex64, reflect.Complex128:
		return fmt.Sprint(v)
	}
	return ""
}

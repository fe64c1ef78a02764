package display

import (
	"bytes"
	"fmt"
	"io"
	"reflect"
)

// Size of a plot that does not say how large it wants to be, in inches.
const (
	drawingWidth, drawingHeight = 6, 4
	pointsPerInch               = 72
	pixelsPerInch               = 96 // of a CSS pixel
)

// drawing adds a value that draws itself at a wanted size, as gonum's plots do: it has the method
// WriterTo(width, height Length, format string) (io.WriterTo, error), where a Length is a number of points. Which formats
// there are depends on the program: a format that fails is left out, unless all do.
func drawing(b *Bundle, v any) {
	f := reflect.ValueOf(v).MethodByName("WriterTo")
	if !f.IsValid() || reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil() {
		return
	}
	t := f.Type()
	if t.NumIn() != 3 || t.IsVariadic() || t.In(0).Kind() != reflect.Float64 || t.In(1) != t.In(0) || t.In(2).Kind() != reflect.String ||
		t.NumOut() != 2 || !t.Out(0).Implements(reflect.TypeFor[io.WriterTo]()) || t.Out(1) != reflect.TypeFor[error]() {
		return
	}
	length := func(inches float64) reflect.Value { return reflect.ValueOf(inches * pointsPerInch).Convert(t.In(0)) }
	draw := func(format string) ([]byte, error) {
		out := f.Call([]reflect.Value{length(drawingWidth), length(drawingHeight), reflect.ValueOf(format).Convert(t.In(2))})
		if err, _ := out[1].Interface().(error); err != nil {
			return nil, err
		}
		var buf bytes.Buffer
		if _, err := out[0].Interface().(io.WriterTo).WriteTo(&buf); err != nil {
			return nil, err
		}
		return buf.Bytes(), nil
	}
	size := map[string]any{"width": drawingWidth * pixelsPerInch, "height": drawingHeight * pixelsPerInch}
	text := fmt.Sprintf("%T, %d×%d inches", v, drawingWidth, drawingHeight)
	png, err := draw("png")
	if err == nil {
		b.Data["image/png"] = png
		b.Metadata = map[string]any{"image/png": size}
	}
	svg, svgErr := draw("svg")
	if svgErr == nil {
		b.Data["image/svg+xml"] = string(svg)
	}
	if err != nil && svgErr != nil {
		text += ": " + err.Error()
	}
	b.Data["text/plain"] = text
}

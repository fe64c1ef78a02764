package display

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/png"
	"io"
	"maps"
	"net/http"
	"os"
	"strings"
)

// The MIME types that front ends show.
const (
	MIMETypeHTML       = "text/html"
	MIMETypeJavaScript = "application/javascript"
	MIMETypeJPEG       = "image/jpeg"
	MIMETypeJSON       = "application/json"
	MIMETypeLatex      = "text/latex"
	MIMETypeMarkdown   = "text/markdown"
	MIMETypePNG        = "image/png"
	MIMETypePDF        = "application/pdf"
	MIMETypeSVG        = "image/svg+xml"
	MIMETypeText       = "text/plain"
)

// MIMEMap maps MIME types to values: string for text, []byte for binary formats, any JSON value for application/json.
type MIMEMap = map[string]any

// Data is one thing to show, in as many formats as it has; the front end takes the best that it can show.
type Data struct {
	Data      MIMEMap // the formats
	Metadata  MIMEMap // facts about formats, by MIME type; may be nil
	Transient MIMEMap // "display_id": the id under which Update replaces it; may be nil
}

// MIMEBundle returns the formats.
func (d Data) MIMEBundle() map[string]any { return d.Data }

// MIMEMetadata returns the facts about formats.
func (d Data) MIMEMetadata() map[string]any { return d.Metadata }

// MIMETransient returns what travels with the formats and is not kept.
func (d Data) MIMETransient() map[string]any { return d.Transient }

// String returns the plain text of the data, or what formats it has where it has none.
func (d Data) String() string {
	if text, ok := d.Data[MIMETypeText].(string); ok {
		return text
	}
	var names []string
	for _, mime := range []string{MIMETypeHTML, MIMETypeMarkdown, MIMETypeLatex, MIMETypeSVG, MIMETypePNG, MIMETypeJPEG, MIMETypePDF, MIMETypeJSON, MIMETypeJavaScript} {
		if _, ok := d.Data[mime]; ok {
			names = append(names, mime)
		}
	}
	return "display.Data " + strings.Join(names, ", ")
}

// Renderer is a value that shows in one or more formats, with facts about them.
type Renderer interface{ Render() Data }

// SimpleRenderer is a value that shows in one or more formats.
type SimpleRenderer interface{ SimpleRender() MIMEMap }

// Values of these show in one format each; a value may be several of them.
type (
	// HTMLer shows as HTML.
	HTMLer interface{ HTML() string }
	// JavaScripter runs in the browser.
	JavaScripter interface{ JavaScript() string }
	// JPEGer shows as a JPEG picture.
	JPEGer interface{ JPEG() []byte }
	// JSONer shows as a tree of JSON.
	JSONer interface{ JSON() map[string]any }
	// Latexer shows as a formula.
	Latexer interface{ Latex() string }
	// Markdowner shows as Markdown.
	Markdowner interface{ Markdown() string }
	// PNGer shows as a PNG picture.
	PNGer interface{ PNG() []byte }
	// PDFer shows as a PDF document.
	PDFer interface{ PDF() []byte }
	// SVGer shows as an SVG picture.
	SVGer interface{ SVG() string }
)

// MakeData returns data of one format; its text is what fmt prints of the value, or how long it is where that is no text.
func MakeData(mimeType string, data any) Data {
	return MakeData3(mimeType, textOf(mimeType, data), data)
}

// MakeData3 returns data of one format beside its plain text.
func MakeData3(mimeType, plaintext string, data any) Data {
	return Data{Data: MIMEMap{MIMETypeText: plaintext, mimeType: data}}
}

func textOf(mimeType string, data any) string {
	switch x := data.(type) {
	case string:
		return x
	case []byte:
		return fmt.Sprintf("%s, %d bytes", mimeType, len(x))
	}
	if mimeType == MIMETypeJSON {
		if text, err := json.MarshalIndent(data, "", "  "); err == nil {
			return string(text)
		}
	}
	return fmt.Sprint(data)
}

// MIME returns data of several formats, with facts about them.
func MIME(data, metadata MIMEMap) Data { return Data{Data: data, Metadata: metadata} }

// HTML returns a piece of HTML.
func HTML(html string) Data { return MakeData(MIMETypeHTML, html) }

// JavaScript returns a script for the browser; front ends run it only in notebooks that they trust.
func JavaScript(javascript string) Data { return MakeData(MIMETypeJavaScript, javascript) }

// JPEG returns a picture as the bytes of a JPEG file.
func JPEG(jpeg []byte) Data { return MakeData(MIMETypeJPEG, jpeg) }

// JSON returns a JSON object.
func JSON(json map[string]any) Data { return MakeData(MIMETypeJSON, json) }

// Latex returns a formula that stands in a line of text.
func Latex(latex string) Data {
	return MakeData3(MIMETypeLatex, latex, "$"+strings.Trim(latex, "$")+"$")
}

// Math returns a formula with a line of its own.
func Math(latex string) Data {
	return MakeData3(MIMETypeLatex, latex, "$$"+strings.Trim(latex, "$")+"$$")
}

// Markdown returns text in Markdown.
func Markdown(markdown string) Data { return MakeData(MIMETypeMarkdown, markdown) }

// PDF returns a document as the bytes of a PDF file.
func PDF(pdf []byte) Data { return MakeData(MIMETypePDF, pdf) }

// PNG returns a picture as the bytes of a PNG file.
func PNG(png []byte) Data { return MakeData(MIMETypePNG, png) }

// SVG returns a picture as the text of an SVG file.
func SVG(svg string) Data { return MakeData(MIMETypeSVG, svg) }

// Image returns a picture; what cannot be encoded shows why.
func Image(img image.Image) Data {
	if img == nil {
		return failed("no image")
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return failed(err.Error())
	}
	r := img.Bounds()
	d := MakeData3(MIMETypePNG, fmt.Sprintf("%T %d×%d", img, r.Dx(), r.Dy()), b.Bytes())
	d.Metadata = MIMEMap{MIMETypePNG: MIMEMap{"width": r.Dx(), "height": r.Dy()}}
	return d
}

func failed(why string) Data { return Data{Data: MIMEMap{MIMETypeText: "display: " + why}} }

// File returns the contents of a file; "" as the MIME type finds it out. It panics when the file cannot be read.
func File(mimeType, path string) Data {
	b, err := os.ReadFile(path)
	if err != nil {
		panic(err)
	}
	return Any(mimeType, b)
}

// Auto returns data of whatever can be shown: it finds the format out.
func Auto(data any) Data { return Any("", data) }

// Any returns data of whatever can be shown: values that show themselves, pictures, []byte and what can be read
// (io.Reader, io.WriterTo) in the format mimeType, or the one that their bytes tell when it is "". Other values are text.
func Any(mimeType string, data any) Data {
	switch x := data.(type) {
	case nil:
		return Data{Data: MIMEMap{MIMETypeText: "<nil>"}}
	case Data:
		return x
	}
	d := Data{Data: MIMEMap{}}
	abilities(&d, data)
	if len(d.Data) > 0 {
		if x, ok := data.(image.Image); ok && d.Data[MIMETypePNG] == nil && d.Data[MIMETypeJPEG] == nil {
			picture := Image(x)
			d.Data[MIMETypePNG] = picture.Data[MIMETypePNG]
			d.Metadata = joined(d.Metadata, picture.Metadata)
		}
		if _, ok := d.Data[MIMETypeText]; !ok {
			d.Data[MIMETypeText] = fmt.Sprint(data)
		}
		return d
	}
	switch x := data.(type) {
	case image.Image:
		return Image(x)
	case string:
		if mimeType == "" {
			mimeType = MIMETypeText
		}
		return MakeData(mimeType, x)
	case []byte:
		return detected(mimeType, x)
	case io.Reader:
		b, err := io.ReadAll(x)
		if err != nil {
			return failed(err.Error())
		}
		return detected(mimeType, b)
	case io.WriterTo:
		var b bytes.Buffer
		if _, err := x.WriteTo(&b); err != nil {
			return failed(err.Error())
		}
		return detected(mimeType, b.Bytes())
	}
	return Data{Data: MIMEMap{MIMETypeText: fmt.Sprint(data)}}
}

// joined is a map with the entries of both; those of b are right where both have one.
func joined(a, b MIMEMap) MIMEMap {
	if len(b) == 0 {
		return a
	}
	m := MIMEMap{}
	maps.Copy(m, a)
	maps.Copy(m, b)
	return m
}

// abilities adds the formats in which a value shows itself: MIMEBundle alone, or all that its other methods give.
func abilities(d *Data, v any) {
	m := d.Data
	if x, ok := v.(interface{ MIMEBundle() map[string]any }); ok {
		maps.Copy(m, x.MIMEBundle())
		if x, ok := v.(interface{ MIMEMetadata() map[string]any }); ok {
			d.Metadata = x.MIMEMetadata()
		}
		return
	}
	if x, ok := v.(Renderer); ok {
		r := x.Render()
		maps.Copy(m, r.Data)
		d.Metadata, d.Transient = r.Metadata, r.Transient
	}
	if x, ok := v.(SimpleRenderer); ok {
		maps.Copy(m, x.SimpleRender())
	}
	if x, ok := v.(HTMLer); ok {
		m[MIMETypeHTML] = x.HTML()
	}
	if x, ok := v.(JavaScripter); ok {
		m[MIMETypeJavaScript] = x.JavaScript()
	}
	if x, ok := v.(JPEGer); ok {
		m[MIMETypeJPEG] = x.JPEG()
	}
	if x, ok := v.(JSONer); ok {
		m[MIMETypeJSON] = x.JSON()
	}
	if x, ok := v.(Latexer); ok {
		m[MIMETypeLatex] = x.Latex()
	}
	if x, ok := v.(Markdowner); ok {
		m[MIMETypeMarkdown] = x.Markdown()
	}
	if x, ok := v.(PNGer); ok {
		m[MIMETypePNG] = x.PNG()
	}
	if x, ok := v.(PDFer); ok {
		m[MIMETypePDF] = x.PDF()
	}
	if x, ok := v.(SVGer); ok {
		m[MIMETypeSVG] = x.SVG()
	}
}

// detected finds out the format of bytes; SVG is known by its root element, since it is text.
func detected(mimeType string, b []byte) Data {
	if mimeType == "" {
		mimeType, _, _ = strings.Cut(http.DetectContentType(b), ";")
		if bytes.Contains(b[:min(len(b), 512)], []byte("<svg")) {
			mimeType = MIMETypeSVG
		}
	}
	if strings.HasPrefix(mimeType, "text/") || mimeType == MIMETypeSVG || mimeType == MIMETypeJavaScript {
		return MakeData(mimeType, string(b))
	}
	return MakeData(mimeType, b)
}

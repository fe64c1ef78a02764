// Package display turns a value into a MIME bundle: what a notebook front end
// shows of it. It asks the value what it can do and knows no type of the
// library by name; it does not know who sends or stores the bundle.
//
// A value shows itself by, in this order:
//
//   - MIMEBundle() map[string]any with MIME types as keys (text as string, binary
//     as []byte), and optionally MIMEMetadata() and MIMETransient() map[string]any;
//   - else all of these together: Render() of a struct with such a map as field Data, and
//     SimpleRender() map[string]any, the interfaces of the kernel gophernotes; HTML, SVG, Markdown,
//     Latex, JavaScript (string), PNG, JPEG, GIF, PDF ([]byte), each alone or with an error as second
//     result; JSON (any or map[string]any); being an image.Image;
//   - being a mat.Matrix (HTML table), image.Image or []image.Image (PNG),
//     error, time.Duration;
//   - String, and in the end fmt.
//
// Every bundle has text/plain.
//
//	b := display.Of(value, "")
//	fmt.Println(b.Data["text/plain"])
//	message["data"] = b.JSON()
//
// Ownership: a bundle holds copies or immutable values, so what happens to the
// value later does not change it. No method of the value can panic through this
// package: a panic becomes the text of the bundle.
package display

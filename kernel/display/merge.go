package display

import (
	"encoding/base64"
	"fmt"
	"html"
	"strings"
)

// Merge makes one bundle of the values of an expression, as a front end shows one
// result a cell; false if there is nothing to show. The text has one line a value.
// Where all others are nil (a picture and a nil error, say), the one that is not
// keeps all its formats; otherwise HTML holds one value below the other, so that
// none hides the rest.
func Merge(values []Bundle) (Bundle, bool) {
	switch len(values) {
	case 0:
		return Bundle{}, false
	case 1:
		return values[0], len(values[0].Data) > 0
	}
	var texts []string
	rich, something := false, []Bundle{}
	for _, v := range values {
		if text, ok := v.Data["text/plain"].(string); ok {
			texts = append(texts, text)
		}
		rich = rich || len(v.Data) > 1
		if len(v.Data) > 1 || v.Plain() != "<nil>" {
			something = append(something, v)
		}
	}
	merged := Text(strings.Join(texts, "\n"))
	switch {
	case rich && len(something) == 1:
		text := merged.Data["text/plain"]
		merged = something[0].clone()
		merged.Data["text/plain"] = text
	case rich:
		var page strings.Builder
		for _, v := range values {
			page.WriteString("<div>" + v.page() + "</div>")
		}
		merged.Data["text/html"] = page.String()
	}
	return merged, true
}

// page is the value as HTML.
func (b Bundle) page() string {
	if page, ok := b.Data["text/html"].(string); ok {
		return page
	}
	for _, mime := range []string{"image/png", "image/jpeg", "image/gif"} {
		if data, ok := b.Data[mime].([]byte); ok {
			size := ""
			if m, ok := b.Metadata[mime].(map[string]any); ok && m["width"] != nil {
				size = fmt.Sprintf(` width="%v"`, m["width"])
			}
			return fmt.Sprintf(`<img alt="%s"%s src="data:%s;base64,%s">`, html.EscapeString(b.Plain()), size, mime, base64.StdEncoding.EncodeToString(data))
		}
	}
	return "<pre>" + html.EscapeString(b.Plain()) + "</pre>"
}

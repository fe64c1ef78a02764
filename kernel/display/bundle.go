package display

import (
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
)

// Bundle is one thing to show, in as many formats as it has.
type Bundle struct {
	// Data maps MIME types to values: string for text, []byte for binary formats,
	// any JSON value for application/json and its kin. It has "text/plain".
	Data map[string]any
	// Metadata maps MIME types to facts about that format, such as width and
	// height in CSS pixels; nil where there are none.
	Metadata map[string]any
	// ID is the name under which the value wants to be replaced later, "" for most.
	ID string
}

// Text is a bundle of plain text alone.
func Text(text string) Bundle { return Bundle{Data: map[string]any{"text/plain": text}} }

// clone returns a bundle that can be changed.
func (b Bundle) clone() Bundle {
	return Bundle{Data: maps.Clone(b.Data), Metadata: maps.Clone(b.Metadata), ID: b.ID}
}

// Plain returns the text/plain of the bundle, "" if it has none.
func (b Bundle) Plain() string {
	text, _ := b.Data["text/plain"].(string)
	return text
}

// JSON returns the data as Jupyter's messages and files want it: text as string,
// binary formats in base64, JSON formats as they are.
func (b Bundle) JSON() map[string]any {
	out := make(map[string]any, len(b.Data))
	for mime, v := range b.Data {
		out[mime] = encode(mime, v)
	}
	return out
}

// MetadataJSON returns the metadata, never nil.
func (b Bundle) MetadataJSON() map[string]any {
	if b.Metadata == nil {
		return map[string]any{}
	}
	return b.Metadata
}

func encode(mime string, v any) any {
	raw, binary := v.([]byte)
	switch {
	case isJSON(mime):
		if binary {
			return json.RawMessage(raw)
		}
		return v
	case binary && isText(mime):
		return string(raw)
	case binary:
		return base64.StdEncoding.EncodeToString(raw)
	}
	return v
}

// isJSON reports whether the format is a JSON value, such as application/json or
// application/vnd.vegalite.v5+json.
func isJSON(mime string) bool {
	return mime == "application/json" || strings.HasSuffix(mime, "+json")
}

// isText reports whether the format is text although it may come as bytes.
func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || mime == "image/svg+xml" || mime == "application/javascript"
}

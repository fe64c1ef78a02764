package display

import (
	"maps"
	"strings"
)

// Merge makes one bundle of the values of an expression, as a front end shows one
// result a cell; false if there is nothing to show. The text has one line a value;
// other formats are kept when just one of the values has any (a picture and a nil
// error, say).
func Merge(values []Bundle) (Bundle, bool) {
	switch len(values) {
	case 0:
		return Bundle{}, false
	case 1:
		return values[0], len(values[0].Data) > 0
	}
	var texts []string
	merged, rich := Bundle{Data: map[string]any{}}, 0
	for _, v := range values {
		if text, ok := v.Data["text/plain"].(string); ok {
			texts = append(texts, text)
		}
		if len(v.Data) > 1 {
			rich++
		}
	}
	if rich == 1 {
		for _, v := range values {
			if len(v.Data) > 1 {
				maps.Copy(merged.Data, v.Data)
				merged.Metadata = maps.Clone(v.Metadata)
			}
		}
	}
	merged.Data["text/plain"] = strings.Join(texts, "\n")
	return merged, true
}

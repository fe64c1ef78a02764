package notebook

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"gonverge/kernel/display"
)

// Output is one output of a cell. Which fields are used, its type says.
type Output struct {
	Type string // "stream", "display_data", "execute_result" or "error"

	Name, Text string         // stream: "stdout" or "stderr", and its text
	Bundle     display.Bundle // display_data, execute_result: what is shown; binary formats as []byte
	Count      int            // execute_result: the number of the cell

	ErrorName, ErrorValue string   // error
	Traceback             []string // error: lines, maybe with ANSI colours

	raw *object // as it was read; nil for one that was made here
	id  string  // its display id, while the notebook runs
}

// isText reports whether a file holds the format as a list of lines.
func isText(mime string) bool {
	return strings.HasPrefix(mime, "text/") || mime == "image/svg+xml" || mime == "application/javascript"
}

func isJSON(mime string) bool {
	return !isText(mime) && (mime == "application/json" || strings.HasSuffix(mime, "+json"))
}

func parseOutput(v any) (*Output, error) {
	o, ok := v.(*object)
	if !ok {
		return nil, fmt.Errorf("no object")
	}
	out := &Output{Type: o.text("output_type"), raw: o}
	switch out.Type {
	case "stream":
		out.Name = o.text("name")
		if out.Text, ok = join(o.get("text")); !ok {
			return nil, fmt.Errorf("text of the stream is neither text nor a list of lines")
		}
	case "display_data", "execute_result":
		data, ok := o.get("data").(*object)
		if !ok {
			return nil, fmt.Errorf("%s without data", out.Type)
		}
		out.Bundle.Data = map[string]any{}
		for _, mime := range data.keys {
			v := data.values[mime]
			text, isString := join(v)
			switch {
			case isJSON(mime) || !isString:
				out.Bundle.Data[mime] = plain(v)
			case isText(mime):
				out.Bundle.Data[mime] = text
			default:
				raw, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
				if err != nil {
					out.Bundle.Data[mime] = text // a format of somebody else's making
					continue
				}
				out.Bundle.Data[mime] = raw
			}
		}
		if meta, ok := o.get("metadata").(*object); ok && len(meta.keys) > 0 {
			out.Bundle.Metadata = plain(meta).(map[string]any)
		}
		if n, err := integer(o.get("execution_count")); err == nil {
			out.Count = n
		}
	case "error":
		out.ErrorName, out.ErrorValue = o.text("ename"), o.text("evalue")
		trace, _ := o.get("traceback").([]any)
		for _, line := range trace {
			if s, ok := line.(string); ok {
				out.Traceback = append(out.Traceback, s)
			}
		}
	case "":
		return nil, fmt.Errorf("no output_type")
	}
	return out, nil
}

// plain turns ordered values into maps and slices.
func plain(v any) any {
	switch x := v.(type) {
	case *object:
		m := make(map[string]any, len(x.keys))
		for k, v := range x.values {
			m[k] = plain(v)
		}
		return m
	case []any:
		list := make([]any, len(x))
		for i, v := range x {
			list[i] = plain(v)
		}
		return list
	}
	return v
}

// encode returns the output as a file holds it; one that was read, as it was.
func (out *Output) encode() (*object, error) {
	if out.raw != nil {
		return out.raw, nil
	}
	o := newObject()
	o.set("output_type", out.Type)
	switch out.Type {
	case "stream":
		o.set("name", out.Name)
		o.set("text", lines(out.Text))
	case "display_data", "execute_result":
		data, err := encodeData(out.Bundle)
		if err != nil {
			return nil, err
		}
		o.set("data", data)
		meta, err := order(out.Bundle.MetadataJSON())
		if err != nil {
			return nil, fmt.Errorf("metadata of an output: %w", err)
		}
		o.set("metadata", meta)
		if out.Type == "execute_result" {
			o.set("execution_count", json.Number(strconv.Itoa(out.Count)))
		}
	case "error":
		o.set("ename", out.ErrorName)
		o.set("evalue", out.ErrorValue)
		trace := []any{}
		for _, line := range out.Traceback {
			trace = append(trace, line)
		}
		o.set("traceback", trace)
	default:
		return nil, fmt.Errorf("output of unknown type %q", out.Type)
	}
	return o, nil
}

func encodeData(b display.Bundle) (*object, error) {
	data := newObject()
	for mime, v := range b.JSON() { // set sorts
		switch s, isString := v.(string); {
		case isString && isText(mime):
			data.set(mime, lines(s))
		case isString:
			data.set(mime, s)
		default:
			w, err := order(v)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", mime, err)
			}
			data.set(mime, w)
		}
	}
	return data, nil
}

package notebook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// object is a JSON object that keeps the order of its keys. Values are *object,
// []any, string, json.Number, bool or nil.
type object struct {
	keys   []string
	values map[string]any
}

func newObject() *object { return &object{values: map[string]any{}} }

func (o *object) get(key string) any { return o.values[key] }

// set changes a value in its place; a new key goes where it belongs in
// alphabetical order, in which Jupyter writes.
func (o *object) set(key string, v any) {
	if _, ok := o.values[key]; !ok {
		at := len(o.keys)
		for at > 0 && o.keys[at-1] > key {
			at--
		}
		o.keys = slices.Insert(o.keys, at, key)
	}
	o.values[key] = v
}

func (o *object) text(key string) string {
	s, _ := o.values[key].(string)
	return s
}

// mostDepth bounds the nesting of a file, so that a hostile one cannot use up the stack.
const mostDepth = 200

// decode reads one JSON value and nothing after it.
func decode(data []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, fmt.Errorf("at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("at byte %d: more after the end of the notebook", d.InputOffset())
	}
	return v, nil
}

func decodeValue(d *json.Decoder, depth int) (any, error) {
	if depth > mostDepth {
		return nil, fmt.Errorf("nested deeper than %d", mostDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	o := newObject()
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := decodeValue(d, depth+1)
		if err != nil {
			return nil, err
		}
		key := k.(string) // the decoder lets nothing else through
		if _, twice := o.values[key]; !twice {
			o.keys = append(o.keys, key)
		}
		o.values[key] = v
	}
	_, err = d.Token()
	return o, err
}

// order turns any value that encoding/json can write into the types of decode.
func order(v any) (any, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return decode(b.Bytes())
}

// encode writes a value as Jupyter does: one space of indent, no escapes but the
// necessary ones.
func encode(b *bytes.Buffer, v any, indent int) {
	newline := func(n int) {
		b.WriteByte('\n')
		b.WriteString(strings.Repeat(" ", n))
	}
	switch x := v.(type) {
	case nil:
		b.WriteString("null")
	case bool:
		fmt.Fprint(b, x)
	case json.Number:
		b.WriteString(x.String())
	case string:
		encodeString(b, x)
	case []any:
		if len(x) == 0 {
			b.WriteString("[]")
			return
		}
		b.WriteByte('[')
		for i, e := range x {
			if i > 0 {
				b.WriteByte(',')
			}
			newline(indent + 1)
			encode(b, e, indent+1)
		}
		newline(indent)
		b.WriteByte(']')
	case *object:
		if len(x.keys) == 0 {
			b.WriteString("{}")
			return
		}
		b.WriteByte('{')
		for i, k := range x.keys {
			if i > 0 {
				b.WriteByte(',')
			}
			newline(indent + 1)
			encodeString(b, k)
			b.WriteString(": ")
			encode(b, x.values[k], indent+1)
		}
		newline(indent)
		b.WriteByte('}')
	default:
		panic(fmt.Sprintf("notebook: value of type %T in a file", v))
	}
}

// encodeString escapes what JSON demands and nothing else, as Python's json does
// with ensure_ascii=False.
func encodeString(b *bytes.Buffer, s string) {
	b.WriteByte('"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, n := utf8.DecodeRuneInString(s[i:])
			b.WriteRune(r) // invalid bytes become U+FFFD
			i += n
			continue
		}
		switch {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '\n':
			b.WriteString(`\n`)
		case c == '\r':
			b.WriteString(`\r`)
		case c == '\t':
			b.WriteString(`\t`)
		case c == '\b':
			b.WriteString(`\b`)
		case c == '\f':
			b.WriteString(`\f`)
		case c < 0x20:
			fmt.Fprintf(b, `\u%04x`, c)
		default:
			b.WriteByte(c)
		}
		i++
	}
	b.WriteByte('"')
}

// join returns text that a file holds as one string or as a list of lines.
func join(v any) (string, bool) {
	switch x := v.(type) {
	case string:
		return x, true
	case []any:
		var s strings.Builder
		for _, line := range x {
			t, ok := line.(string)
			if !ok {
				return "", false
			}
			s.WriteString(t)
		}
		return s.String(), true
	}
	return "", false
}

// lines returns text as the list of lines that files hold; each but the last ends
// in a newline.
func lines(s string) []any {
	list := []any{}
	for line := range strings.Lines(s) {
		list = append(list, line)
	}
	return list
}

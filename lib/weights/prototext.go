package weights

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits of what is read of a prototxt.
const (
	maxPrototxt = 16 << 20 // bytes; the largest published ones have some hundred kilobytes
	maxNesting  = 64
	maxFields   = 1 << 20
)

// TextError is a text file that is not what it should be.
type TextError struct {
	Path         string
	Line, Column int    // from 1; columns count characters
	Problem      string // what is there and what was expected
}

// Error returns path, place and problem in a line.
func (e *TextError) Error() string {
	return fmt.Sprintf("weights: %s:%d:%d: %s", e.Path, e.Line, e.Column, e.Problem)
}

// place is a position in a text.
type place struct{ line, column int }

// textField is a field of a protocol buffer in its text form: a name with a value, or with a
// message.
type textField struct {
	name   string
	nameAt place
	at     place  // of the value; of a message or a text in quotes that of the name
	value  string // as written, without quotes
	quoted bool
	body   *textMessage // of a message; nil for a value
}

// textMessage is the fields of a message in their order.
type textMessage struct {
	fields []textField
	at     place
}

// get returns the first field of a name, nil if there is none.
func (m *textMessage) get(name string) *textField {
	if m == nil {
		return nil
	}
	for i := range m.fields {
		if m.fields[i].name == name {
			return &m.fields[i]
		}
	}
	return nil
}

// all returns the fields of some names, in order.
func (m *textMessage) all(names ...string) []*textField {
	var out []*textField
	if m == nil {
		return nil
	}
	for i := range m.fields {
		for _, n := range names {
			if m.fields[i].name == n {
				out = append(out, &m.fields[i])
			}
		}
	}
	return out
}

// textReader reads a text of protocol buffers: name: value, name { ... }, name: [ ... ], with #
// comments, and commas or semicolons between fields.
type textReader struct {
	path   string
	rest   string
	at     place
	fields int
}

// parseText reads a whole text.
func parseText(path, text string) (*textMessage, error) {
	r := &textReader{path: path, rest: text, at: place{1, 1}}
	if len(text) > maxPrototxt {
		return nil, r.bad(r.at, "%d bytes (limit: %d)", len(text), maxPrototxt)
	}
	return r.message("", 0)
}

func (r *textReader) bad(at place, format string, args ...any) error {
	return &TextError{r.path, at.line, at.column, fmt.Sprintf(format, args...)}
}

// skip takes n bytes and counts lines and columns.
func (r *textReader) skip(n int) {
	for _, c := range r.rest[:n] {
		if c == '\n' {
			r.at = place{r.at.line + 1, 1}
		} else {
			r.at.column++
		}
	}
	r.rest = r.rest[n:]
}

// space skips white space, comments and, if marks, separators of fields.
func (r *textReader) space(marks bool) {
	for r.rest != "" {
		switch c := r.rest[0]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n' || marks && (c == ',' || c == ';'):
			r.skip(1)
		case c == '#':
			n := strings.IndexByte(r.rest, '\n')
			if n < 0 {
				n = len(r.rest)
			}
			r.skip(n)
		case strings.HasPrefix(r.rest, "\ufeff"):
			r.skip(len("\ufeff"))
		default:
			return
		}
	}
}

func isWord(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// word takes what consists of letters, digits and more.
func (r *textReader) word(more string) string {
	n := 0
	for n < len(r.rest) && (isWord(r.rest[n]) || strings.IndexByte(more, r.rest[n]) >= 0) {
		n++
	}
	w := r.rest[:n]
	r.skip(n)
	return w
}

// found describes what comes next, for errors.
func (r *textReader) found() string {
	if r.rest == "" {
		return "the end of the file"
	}
	line, _, _ := strings.Cut(r.rest, "\n")
	if w := []rune(line); len(w) > 20 {
		line = string(w[:20]) + "..."
	}
	return strconv.Quote(line)
}

// message reads fields up to a closing mark, or to the end of the text without one.
func (r *textReader) message(end string, depth int) (*textMessage, error) {
	m := &textMessage{at: r.at}
	if depth > maxNesting {
		return nil, r.bad(r.at, "messages within messages, deeper than %d", maxNesting)
	}
	for {
		r.space(true)
		if end == "" && r.rest == "" {
			return m, nil
		}
		if end != "" && strings.HasPrefix(r.rest, end) {
			r.skip(1)
			return m, nil
		}
		at := r.at
		name := r.word("")
		if name == "" {
			if end != "" {
				return nil, r.bad(at, "found %s, expected a field or %q for the one opened at line %d", r.found(), end, m.at.line)
			}
			return nil, r.bad(at, "found %s, expected a field", r.found())
		}
		if err := r.field(m, name, at, depth); err != nil {
			return nil, err
		}
	}
}

// field reads what follows a name.
func (r *textReader) field(m *textMessage, name string, at place, depth int) error {
	r.space(false)
	colon := strings.HasPrefix(r.rest, ":")
	if colon {
		r.skip(1)
		r.space(false)
	}
	if colon && strings.HasPrefix(r.rest, "[") {
		r.skip(1)
		for {
			r.space(false)
			if strings.HasPrefix(r.rest, "]") {
				r.skip(1)
				return nil
			}
			if err := r.value(m, name, at, true, depth); err != nil {
				return err
			}
			r.space(false)
			if strings.HasPrefix(r.rest, ",") {
				r.skip(1)
			} else if !strings.HasPrefix(r.rest, "]") {
				return r.bad(r.at, "found %s in the list of %q, expected a comma or ]", r.found(), name)
			}
		}
	}
	return r.value(m, name, at, colon, depth)
}

// value reads a value or a message and appends it as a field.
func (r *textReader) value(m *textMessage, name string, at place, colon bool, depth int) error {
	if r.fields++; r.fields > maxFields {
		return r.bad(at, "more than %d fields", maxFields)
	}
	f := textField{name: name, nameAt: at, at: at}
	var err error
	switch {
	case strings.HasPrefix(r.rest, "{"), strings.HasPrefix(r.rest, "<"):
		end := "}"
		if r.rest[0] == '<' {
			end = ">"
		}
		r.skip(1)
		f.body, err = r.message(end, depth+1)
	case !colon:
		return r.bad(r.at, "found %s behind %q, expected a colon or {", r.found(), name)
	case strings.HasPrefix(r.rest, `"`), strings.HasPrefix(r.rest, "'"):
		f.quoted = true
		f.value, err = r.quoted()
	default:
		f.at = r.at
		if f.value = r.word("+-."); f.value == "" {
			return r.bad(r.at, "found %s, expected the value of %q", r.found(), name)
		}
	}
	m.fields = append(m.fields, f)
	return err
}

// quoted reads one or more texts in quotes, which belong together.
func (r *textReader) quoted() (string, error) {
	var b strings.Builder
	for {
		at, quote := r.at, r.rest[0]
		n := 1
		for n < len(r.rest) && r.rest[n] != quote && r.rest[n] != '\n' {
			if r.rest[n] == '\\' {
				n++
			}
			n++
		}
		if n >= len(r.rest) || r.rest[n] != quote {
			return "", r.bad(at, "a text that does not end on its line")
		}
		b.WriteString(strings.NewReplacer(`\\`, `\`, `\"`, `"`, `\'`, `'`, `\n`, "\n").Replace(r.rest[1:n]))
		r.skip(n + 1)
		r.space(false)
		if !strings.HasPrefix(r.rest, `"`) && !strings.HasPrefix(r.rest, "'") {
			return b.String(), nil
		}
	}
}

// number returns a field's value as a number. Words are those of Caffe's enumerations and
// truth values, in words.
func (r *textReader) number(f *textField, words map[string]float64) (float64, error) {
	if f.body != nil || f.quoted {
		return 0, r.bad(f.at, "%s is no single number", f.name)
	}
	if v, ok := words[f.value]; ok {
		return v, nil
	}
	v, err := strconv.ParseFloat(f.value, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return 0, r.bad(f.at, "%s is %q, expected a number%s", f.name, f.value, orWords(words))
	}
	return v, nil
}

func orWords(words map[string]float64) string {
	if len(words) == 0 {
		return ""
	}
	var names []string
	for w := range words {
		names = append(names, w)
	}
	slices.Sort(names)
	return " or one of " + strings.Join(names, ", ")
}

package display

import (
	"fmt"
	"html"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/gonum/mat"
)

// Of a long table the first and last rows are shown, and the first columns.
const (
	edgeTable = 10
	mostCols  = 16
	mostCell  = 80 // characters of a cell
	edgeList  = 8  // elements at each end of a list of numbers
)

// Table is rows of texts under a head, as an HTML table with its type and size. Rows says how many there are in all; of
// them Text gives one.
type Table struct {
	Title string
	Head  []string
	Rows  int
	Text  func(row int) []string
	Right func(column int) bool // whether the column holds numbers; nil: none does
}

// HTML writes the table, cut in the middle.
func (t Table) HTML() string {
	var s strings.Builder
	align := func(column int) string {
		if t.Right != nil && t.Right(column) {
			return "right"
		}
		return "left"
	}
	cols := min(len(t.Head), mostCols)
	s.WriteString(`<table style="font-variant-numeric:tabular-nums"><caption style="text-align:left">` + html.EscapeString(t.Title) + `</caption><thead><tr><th></th>`)
	for c, h := range t.Head[:cols] {
		fmt.Fprintf(&s, `<th style="text-align:%s">%s</th>`, align(c), html.EscapeString(h))
	}
	if cols < len(t.Head) {
		s.WriteString(`<th>…</th>`)
	}
	s.WriteString(`</tr></thead><tbody>`)
	for _, i := range shown(t.Rows, edgeTable) {
		if i < 0 {
			s.WriteString(`<tr><th>⋮</th></tr>`)
			continue
		}
		fmt.Fprintf(&s, `<tr><th>%d</th>`, i)
		row := t.Text(i)
		for c := range cols {
			fmt.Fprintf(&s, `<td style="text-align:%s">%s</td>`, align(c), html.EscapeString(clip(row[c])))
		}
		s.WriteString(`</tr>`)
	}
	s.WriteString(`</tbody></table>`)
	return s.String()
}

func clip(s string) string {
	if utf8.RuneCountInString(s) <= mostCell {
		return s
	}
	return string([]rune(s)[:mostCell-1]) + "…"
}

func numeric(k reflect.Kind) bool {
	return k >= reflect.Int && k <= reflect.Complex128 && k != reflect.Uintptr
}

// scalar tells kinds that have a short text.
func scalar(k reflect.Kind) bool { return numeric(k) || k == reflect.Bool || k == reflect.String }

// collection adds an HTML table of a slice or map whose elements have a shape: numbers, rows of numbers, structs, or
// values that tell about themselves.
func collection(b *Bundle, v any) {
	r := reflect.ValueOf(v)
	switch r.Kind() {
	case reflect.Slice, reflect.Array:
		if r.Len() == 0 {
			return
		}
		if _, is := v.(fmt.Stringer); is {
			return
		}
		e := r.Type().Elem()
		switch {
		case e.Implements(reflect.TypeFor[interface{ MIMEBundle() map[string]any }]()), e.Implements(reflect.TypeFor[fmt.Stringer]()):
			telling(b, r)
		case numeric(e.Kind()) && e.Kind() != reflect.Uint8:
			numberList(b, r)
		case (e.Kind() == reflect.Slice || e.Kind() == reflect.Array) && scalar(e.Elem().Kind()) && e.Elem().Kind() != reflect.Uint8:
			rows(b, r)
		case e.Kind() == reflect.Struct, e.Kind() == reflect.Pointer && e.Elem().Kind() == reflect.Struct:
			structs(b, r)
		}
	case reflect.Map:
		if scalar(r.Type().Key().Kind()) && r.Len() > 0 {
			entries(b, r)
		}
	}
}

// size is the caption of a collection.
func size(r reflect.Value, one, many string) string {
	if r.Len() == 1 {
		many = one
	}
	return fmt.Sprintf("%s, %d %s", r.Type(), r.Len(), many)
}

// number is the text of a number in a table.
func number(r reflect.Value) string {
	switch r.Kind() {
	case reflect.Float32, reflect.Float64:
		f := r.Float()
		return strconv.FormatFloat(f, 'g', 5, 64)
	}
	return fmt.Sprint(r.Interface())
}

func numberList(b *Bundle, r reflect.Value) {
	var s strings.Builder
	s.WriteString(`<table style="font-variant-numeric:tabular-nums"><caption style="text-align:left">` + html.EscapeString(size(r, "element", "elements")) + `</caption><tbody><tr>`)
	at := shown(r.Len(), edgeList)
	for _, i := range at {
		if i < 0 {
			s.WriteString(`<th>…</th>`)
			continue
		}
		fmt.Fprintf(&s, `<th style="text-align:right">%d</th>`, i)
	}
	s.WriteString(`</tr><tr>`)
	for _, i := range at {
		if i < 0 {
			s.WriteString(`<td>…</td>`)
			continue
		}
		fmt.Fprintf(&s, `<td style="text-align:right">%s</td>`, html.EscapeString(number(r.Index(i))))
	}
	s.WriteString(`</tr></tbody></table>`)
	b.Data["text/html"] = s.String()
}

// rows shows rows of values: a rectangle of float64 as a matrix; rows of other lengths or types are a table.
func rows(b *Bundle, r reflect.Value) {
	cols := 0
	for i := range r.Len() {
		cols = max(cols, r.Index(i).Len())
	}
	if cols == 0 {
		return
	}
	if list, ok := r.Interface().([][]float64); ok && !slices.ContainsFunc(list, func(row []float64) bool { return len(row) != cols }) {
		inner := Bundle{Data: map[string]any{}}
		matrix(&inner, rowMatrix(list), "[][]float64")
		b.Data["text/html"] = inner.Data["text/html"]
		return
	}
	head := make([]string, cols)
	for c := range head {
		head[c] = strconv.Itoa(c)
	}
	b.Data["text/html"] = Table{
		Title: fmt.Sprintf("%s %d×%d", r.Type(), r.Len(), cols), Head: head, Rows: r.Len(),
		Right: func(int) bool { return numeric(r.Type().Elem().Elem().Kind()) },
		Text: func(i int) []string {
			row := make([]string, cols)
			for c := range r.Index(i).Len() {
				row[c] = number(r.Index(i).Index(c))
			}
			return row
		},
	}.HTML()
}

// rowMatrix is a matrix of rows of equal length.
type rowMatrix [][]float64

func (m rowMatrix) Dims() (r, c int)    { return len(m), len(m[0]) }
func (m rowMatrix) At(i, j int) float64 { return m[i][j] }
func (m rowMatrix) T() mat.Matrix       { return mat.Transpose{Matrix: m} }

func structs(b *Bundle, r reflect.Value) {
	t := r.Type().Elem()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	var fields []int
	var head []string
	for i := range t.NumField() {
		if f := t.Field(i); f.IsExported() && !f.Anonymous {
			fields, head = append(fields, i), append(head, f.Name)
		}
	}
	if len(fields) == 0 || len(fields) > mostCols {
		return
	}
	b.Data["text/html"] = Table{
		Title: size(r, "row", "rows"), Head: head, Rows: r.Len(),
		Right: func(c int) bool { return numeric(t.Field(fields[c]).Type.Kind()) },
		Text: func(i int) []string {
			row := make([]string, len(fields))
			e := reflect.Indirect(r.Index(i))
			for c, f := range fields {
				if e.IsValid() {
					row[c] = short(e.Field(f).Interface())
				}
			}
			return row
		},
	}.HTML()
}

// short is the text of a value in a table: of large ones only what they are.
func short(v any) string {
	if v == nil {
		return ""
	}
	if text := preview(v); text != "" {
		if s, is := v.(string); is {
			return s
		}
		first, _, more := strings.Cut(text, "\n")
		if more {
			first += " …"
		}
		return first
	}
	return fmt.Sprintf("%T", v)
}

// telling lists values that tell about themselves, one a line.
func telling(b *Bundle, r reflect.Value) {
	texts := make([]string, 0, 2*edgeTable+1)
	total := 0
	at := shown(r.Len(), edgeTable)
	for _, i := range at {
		if i < 0 {
			texts = append(texts, "⋮")
			continue
		}
		text := Of(r.Index(i).Interface(), "").Plain()
		first, _, more := strings.Cut(text, "\n")
		if more {
			first += " …"
		}
		texts, total = append(texts, first), total+len(first)
	}
	b.Data["text/html"] = Table{
		Title: size(r, "element", "elements"), Head: []string{""}, Rows: r.Len(),
		Text: func(i int) []string { return []string{texts[slices.Index(at, i)]} },
	}.HTML()
	if total > mostCell { // on one line nobody could read it
		lines := []string{size(r, "element", "elements")}
		for k, i := range at {
			if i < 0 {
				lines = append(lines, "⋮")
				continue
			}
			lines = append(lines, fmt.Sprintf("%d  %s", i, texts[k]))
		}
		b.Data["text/plain"] = strings.Join(lines, "\n")
	}
}

func entries(b *Bundle, r reflect.Value) {
	keys := r.MapKeys()
	slices.SortFunc(keys, func(x, y reflect.Value) int {
		switch {
		case x.CanInt():
			return int(max(-1, min(1, x.Int()-y.Int())))
		case x.CanFloat() && x.Float() != y.Float():
			if x.Float() < y.Float() {
				return -1
			}
			return 1
		}
		return strings.Compare(fmt.Sprint(x.Interface()), fmt.Sprint(y.Interface()))
	})
	b.Data["text/html"] = Table{
		Title: size(r, "entry", "entries"), Head: []string{"key", "value"}, Rows: len(keys),
		Right: func(c int) bool { return c == 1 && numeric(r.Type().Elem().Kind()) },
		Text: func(i int) []string {
			return []string{fmt.Sprint(keys[i].Interface()), short(r.MapIndex(keys[i]).Interface())}
		},
	}.HTML()
}

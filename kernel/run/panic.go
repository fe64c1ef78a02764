package run

import (
	"errors"
	"fmt"
	"go/types"
	"reflect"
	"regexp"
	"runtime"
	"strings"

	"github.com/traefik/yaegi/interp"
)

// runtimeError is a run-time error with Go's own words, where the interpreter has others.
type runtimeError string

func (e runtimeError) Error() string { return string(e) }

// RuntimeError implements runtime.Error.
func (runtimeError) RuntimeError() {}

// typeName is the type of the error in Go.
func (e runtimeError) typeName() string {
	text, ok := strings.CutPrefix(string(e), "runtime error: ")
	switch {
	case !ok:
		return "runtime.plainError"
	case strings.HasPrefix(text, "index out of range"), strings.HasPrefix(text, "slice bounds"), strings.HasPrefix(text, "cannot convert slice"):
		return "runtime.boundsError"
	}
	return "runtime.errorString"
}

// exit is thrown by os.Exit and log.Fatal.
type exit string

// fieldPrefix finds what the interpreter puts before names of fields that are not exported, and fieldTag the tags of those.
var (
	fieldPrefix = regexp.MustCompile(`(struct \{ |; )X(\w)`)
	fieldTag    = regexp.MustCompile(` "json:\\"-\\" xml:\\"-\\""`)
)

// ownNames is a type as the cell wrote it.
func ownNames(t string) string {
	return fieldPrefix.ReplaceAllString(fieldTag.ReplaceAllString(t, ""), "$1$2")
}

// ownPosition is a position in lowered code in front of a message.
var ownPosition = regexp.MustCompile(`^(?:\S*?:)?\d{5,}:\d+: `)

// panicOf describes a recovered panic of this goroutine.
func (m *Machine) panicOf(r any) *Panic {
	p := &Panic{Frames: m.takeFrames()}
	if len(p.Frames) > 0 {
		p.Pos = p.Frames[0].Pos
	}
	if c, ok := r.(checkedError); ok {
		p.Value, p.Error, p.Pos, p.Text = c.err, true, c.pos, c.err.Error()
		return p
	}
	p.Value = m.panicValue(r)
	switch v := p.Value.(type) {
	case nil:
		p.Text = "panic called with nil argument"
	case exit:
		p.Text, p.Exit = string(v), true
	case overLimit:
		p.Text, p.Over = string(v), true
	case error:
		p.Text = v.Error()
	case string:
		p.Text = v
		p.Exit = strings.HasPrefix(p.Text, "os.Exit(") // the interpreter's own
	case Boxed:
		p.Text = v.inPanic()
	case fmt.Stringer:
		p.Text = v.String()
	default:
		p.Text = fmt.Sprintf("%T(%v)", v, v)
	}
	return p
}

// inPanic is how an unrecovered panic prints a value: by its own method, or with its type where that is a number, a text or
// a boolean with a name.
func (b Boxed) inPanic() string {
	t, basic := b.Type().Underlying().(*types.Basic)
	if !basic || b.m.showMethod(b.id, "Error") != nil || b.m.showMethod(b.id, "String") != nil {
		return fmt.Sprintf("%v", b)
	}
	if t.Info()&types.IsString != 0 {
		return fmt.Sprintf("%s(%q)", goName(b.Type()), b.value)
	}
	return fmt.Sprintf("%s(%v)", goName(b.Type()), b.value)
}

// panicValue undoes what the interpreter does to the values of panics.
func (m *Machine) panicValue(r any) any {
	if p, ok := r.(interp.Panic); ok {
		r = p.Value
	}
	if v, ok := r.(reflect.Value); ok {
		switch {
		case !v.IsValid() || v.Kind() == reflect.Interface && v.IsNil():
			r = new(runtime.PanicNilError)
		case v.CanInterface():
			r = v.Interface()
		}
	}
	switch v := r.(type) {
	case *reflect.ValueError:
		return runtimeError("runtime error: invalid memory address or nil pointer dereference")
	case nil:
		return new(runtime.PanicNilError)
	case error:
		if _, name, ok := strings.Cut(v.Error(), "hash of unhashable type"); ok && !strings.Contains(name, "stdlib._") {
			return runtimeError("runtime error: hash of unhashable type " + m.trueName(strings.TrimLeft(name, ": ")))
		}
		if v.Error() == "runtime: allocation size out of range" {
			return runtimeError("runtime error: makeslice: len out of range")
		}
		if _, name, ok := strings.Cut(v.Error(), "stdlib._"); ok && strings.Contains(v.Error(), "hash of unhashable type") {
			return runtimeError("a cell's value inside the interface " + strings.Replace(name, "_", ".", 1) + " cannot be a map key; a map whose keys are any can have it")
		}
		if t := v.Error(); ownPosition.MatchString(t) {
			return errors.New(ownPosition.ReplaceAllString(t, ""))
		}
	case string:
		if t, ok := reflectTexts(v); ok {
			return runtimeError(t)
		}
	}
	return r
}

// trueName is the name of a struct that cannot be compared, given by its name in lowered code. Types that are the same there
// but for their names keep that name.
func (m *Machine) trueName(lowered string) string {
	name := ownNames(lowered)
	if !strings.HasPrefix(name, "struct {") { // also the name of values that are in no box
		return name
	}
	found := ""
	for _, t := range *m.types.Load() {
		if types.IsInterface(t) || types.Comparable(t) || goName(t.Underlying()) != name {
			continue
		}
		if found != "" {
			return name
		}
		found = goName(t)
	}
	if found == "" {
		return name
	}
	return found
}

// reflectTexts says in Go's words what package reflect complains about.
func reflectTexts(s string) (string, bool) {
	if !strings.HasPrefix(s, "reflect") {
		return "", false
	}
	switch {
	case strings.Contains(s, "created by MakeFunc"):
		return s, false
	case strings.HasSuffix(s, ": slice overflow"):
		return "runtime error: growslice: len out of range", true
	case strings.Contains(s, "out of bounds"), strings.Contains(s, ".Slice"):
		return "runtime error: slice bounds out of range", true
	case strings.Contains(s, "index out of range"):
		return "runtime error: index out of range", true
	case s == "reflect.MakeSlice: len > cap", s == "reflect.MakeSlice: negative cap":
		return "runtime error: makeslice: cap out of range", true
	case strings.HasPrefix(s, "reflect.MakeSlice"):
		return "runtime error: makeslice: len out of range", true
	case strings.HasPrefix(s, "reflect.MakeChan"):
		return "makechan: size out of range", true
	case strings.HasPrefix(s, "reflect: cannot convert slice with length "):
		s = strings.TrimPrefix(s, "reflect: ")
		return "runtime error: " + strings.Replace(strings.Replace(s, "to pointer to array", "to array", 1), "to array", "to array or pointer to array", 1), true
	case strings.Contains(s, "nil map"):
		return "assignment to entry in nil map", true
	case strings.Contains(s, "call of nil function"), strings.Contains(s, "zero Value"), strings.Contains(s, "nil interface value"), strings.Contains(s, "nil pointer"):
		return "runtime error: invalid memory address or nil pointer dereference", true
	}
	return s, false
}

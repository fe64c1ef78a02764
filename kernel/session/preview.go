package session

import (
	"fmt"
	"go/ast"
	"go/types"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"gonverge/kernel/assist"
	"gonverge/kernel/display"
	"gonverge/kernel/lower"
	"gonverge/kernel/run"
)

// value returns the value of a global variable, if it is one of a compiled type and no cell is running that might change
// it. s.mu is held.
func (s *Session) value(name string) (any, bool) {
	r, compiled, ok := s.global(name)
	if !ok || !compiled || !r.CanInterface() {
		return nil, false
	}
	return r.Interface(), true
}

// global returns a global variable, and whether its type is a compiled one, unless a cell is running. s.mu is held.
func (s *Session) global(name string) (r reflect.Value, compiled, ok bool) {
	v, ok := s.program.Scope()[name].(*types.Var)
	if !ok {
		return r, false, false
	}
	slot := s.program.Slots[v]
	if slot == "" || !s.running.TryLock() {
		return r, false, false
	}
	defer s.running.Unlock()
	r, ok = s.machine.Global(slot)
	return r, !lower.Mentions(v.Type()), ok
}

// previewOf is a short text of the variable at the cursor, "" where there is none.
func (s *Session) previewOf(source string, cursor int) string {
	name := assist.Variable(s.program, source, cursor)
	if name == "" {
		return s.fieldPreview(source, cursor)
	}
	if name == "ctx" {
		return ""
	}
	if v, ok := s.value(name); ok {
		return display.Preview(v)
	}
	// Of types of cells no more than the length: their methods are code that would run beside a cell.
	if r, _, ok := s.global(name); ok && (r.Kind() == reflect.Slice || r.Kind() == reflect.Map) {
		return fmt.Sprintf("%d elements", r.Len())
	}
	return ""
}

// fieldPreview is a short text of the field at the cursor, of a variable of the session or of what that holds.
func (s *Session) fieldPreview(source string, cursor int) string {
	x, info := assist.Selected(s.program, source, cursor)
	if x == nil {
		return ""
	}
	v, ok := s.part(x, info)
	switch {
	case !ok:
		return ""
	case !lower.Mentions(info.TypeOf(x)) && v.CanInterface():
		return display.Preview(v.Interface())
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Map:
		return fmt.Sprintf("%d elements", v.Len())
	}
	return ""
}

// part returns what an expression of variables of the session, their fields and elements stands for, without running code.
func (s *Session) part(x ast.Expr, info *types.Info) (reflect.Value, bool) {
	v, ok := s.foldedPart(x, info)
	return run.Unfold(v), ok
}

func (s *Session) foldedPart(x ast.Expr, info *types.Info) (v reflect.Value, ok bool) {
	switch x := x.(type) {
	case *ast.Ident:
		if o := info.ObjectOf(x); o == nil || o != s.program.Scope()[x.Name] || x.Name == "ctx" {
			return v, false
		}
		v, _, ok = s.global(x.Name)
	case *ast.ParenExpr:
		return s.part(x.X, info)
	case *ast.StarExpr:
		if v, ok = s.part(x.X, info); !ok || v.Kind() != reflect.Pointer || v.IsNil() {
			return v, false
		}
		return v.Elem(), true
	case *ast.IndexExpr:
		n, isNumber := x.Index.(*ast.BasicLit)
		if v, ok = s.part(x.X, info); !ok || !isNumber || v.Kind() != reflect.Slice && v.Kind() != reflect.Array {
			return v, false
		}
		i, err := strconv.Atoi(n.Value)
		if err != nil || i < 0 || i >= v.Len() {
			return v, false
		}
		return v.Index(i), true
	case *ast.SelectorExpr:
		sel := info.Selections[x]
		if sel == nil || sel.Kind() != types.FieldVal {
			return v, false
		}
		v, ok = s.part(x.X, info)
		for _, i := range sel.Index() {
			if ok && v.Kind() == reflect.Pointer {
				v = v.Elem() // of nil no struct
			}
			if !ok || v.Kind() != reflect.Struct || i >= v.NumField() {
				return v, false
			}
			v = v.Field(i)
		}
	}
	return v, ok
}

// layered is what has layers by name.
type layered interface{ Layers() []string }

// completeText completes inside a string: names of layers where the call around it has to do with something that has
// layers, else files.
func (s *Session) completeText(t assist.Text) Completion {
	end := t.Start + len(t.Value)
	c := Completion{Start: t.Start, End: end}
	for _, name := range t.Call {
		v, ok := s.value(name)
		if !ok {
			continue
		}
		of, ok := v.(layered)
		if r := reflect.ValueOf(v); !ok && r.Kind() == reflect.Slice && r.Len() > 0 && r.Index(0).CanInterface() {
			of, ok = r.Index(0).Interface().(layered)
		}
		if !ok {
			continue
		}
		for _, layer := range of.Layers() {
			if strings.HasPrefix(layer, t.Value) && !slices.ContainsFunc(c.Items, func(i CompletionItem) bool { return i.Text == layer }) {
				c.Items = append(c.Items, CompletionItem{Text: layer, Kind: "const", Type: "layer of " + name})
			}
		}
	}
	if len(c.Items) > 0 {
		return c
	}
	return completePath(t.Value, end)
}

// importing tells whether the string that begins at the offset names a package.
func importing(source string, start int) bool {
	before := strings.TrimRight(source[:max(0, start-1)], " \t")
	line := strings.TrimSpace(before[strings.LastIndexByte(before, '\n')+1:])
	if first, _, _ := strings.Cut(line, " "); first == "import" {
		return true
	}
	open := strings.LastIndex(before, "import (")
	return open >= 0 && !strings.Contains(before[open:], ")")
}

// completePackage lists the packages that a path may go on to.
func (s *Session) completePackage(t assist.Text) Completion {
	c := Completion{Start: t.Start, End: t.Start + len(t.Value)}
	for _, path := range s.program.Importer.Paths() {
		if strings.HasPrefix(path, t.Value) && !strings.Contains(path, "internal/") && !strings.HasPrefix(path, "vendor/") {
			c.Items = append(c.Items, CompletionItem{Text: path, Kind: "package"})
		}
	}
	return c
}

// mostFiles are offered.
const mostFiles = 200

// completePath lists the files that a path may go on with; end is the offset of its end.
func completePath(path string, end int) Completion {
	dir, prefix := filepath.Split(path)
	c := Completion{Start: end - len(prefix), End: end}
	in, err := home(dir)
	if err != nil {
		return c
	}
	if in == "" {
		in = "."
	}
	folder, err := os.Open(in)
	if err != nil {
		return c
	}
	defer folder.Close()
	entries, _ := folder.ReadDir(10_000) // what there is of them; a folder of millions would take too long
	slices.SortFunc(entries, func(a, b os.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	for _, e := range entries {
		name := e.Name()
		if !strings.HasPrefix(name, prefix) || strings.HasPrefix(name, ".") && prefix == "" {
			continue
		}
		item := CompletionItem{Text: name, Kind: "file"}
		if info, err := os.Stat(filepath.Join(in, name)); err == nil && info.IsDir() {
			item = CompletionItem{Text: name + "/", Kind: "folder"}
		}
		if c.Items = append(c.Items, item); len(c.Items) == mostFiles {
			break
		}
	}
	return c
}

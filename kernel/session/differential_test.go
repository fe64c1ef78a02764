package session_test

import (
	"bytes"
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/cell"
	"gonverge/kernel/check"
	"gonverge/kernel/session"
)

// Differential test. Every sequence of cells of the tables becomes a Go package: declarations as they stand, each cell's
// statements a function, variables that a cell's statements define variables of the package. One program calls them all,
// the toolchain builds and runs it once, and what each cell prints must be what the session prints. Values of last
// expressions are printed in both, by the same statement.
//
// Left out, and counted, is what is no Go: cells whose subject is the session.

// showing is the function that prints the values of a last expression: as texts, with fields and as types.
const showing = "func show__(vs ...any) { for _, v := range vs { fmt.Printf(\"%v; %+v; %T\\n\", v, v, v) } }\n"

// translation is a sequence as a Go package, and the same cells for the session.
type translation struct {
	name    string
	cells   []string // for the session
	numbers []int    // of the cells in the sequence
	decls   []string
	vars    map[string]string // package-level variables: name to type
	bodies  []string
	imports map[string]string // name to path
	outs    []string          // what the session prints
}

// outOfGo says why a cell cannot be compared.
type outOfGo string

// translator takes the cells of one sequence, one after the other.
type translator struct {
	files   *cell.Files
	program *check.Program
	out     *translation
	known   map[string]string // what the package declares: name to kind and type
	n       int
}

func newTranslator(t *testing.T, name string) *translator {
	t.Helper()
	files := cell.NewFiles()
	p, err := check.New(files, tables().ExportData, tables().Preload)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.Predeclare("ctx", "context", "Context", "ctx"); err != nil {
		t.Fatal(err)
	}
	return &translator{files: files, program: p, known: map[string]string{},
		out: &translation{name: name, vars: map[string]string{}, imports: map[string]string{"fmt": "fmt"}}}
}

// edit replaces a part of the source.
type edit struct {
	from, to int
	text     string
}

func apply(src string, from, to int, edits []edit) string {
	slices.SortFunc(edits, func(a, b edit) int { return a.from - b.from })
	var b strings.Builder
	for _, e := range edits {
		if e.from < from || e.to > to {
			continue
		}
		b.WriteString(src[from:e.from] + e.text)
		from = e.to
	}
	return b.String() + src[from:to]
}

// cell translates one cell. A refused cell leaves everything as it was; one that is no Go ends the sequence.
func (tr *translator) cell(src string) (why outOfGo) {
	tr.n++
	lines := []int{0}
	for i := range len(src) {
		if src[i] == '\n' {
			lines = append(lines, i+1)
		}
	}
	c, err := tr.files.Parse(tr.n, "In", src)
	if err != nil {
		return "does not parse"
	}
	own := slices.Clone(c.Body.List) // the check adds calls of main and init
	u, err := tr.program.Check(c)
	if err != nil {
		return "is rejected"
	}
	offset := func(p token.Pos) int {
		at := tr.files.Position(p)
		return lines[at.Line-1] + at.Column - 1
	}
	if len(own) != len(u.Body.List) {
		return "has main or init"
	}
	ast.Inspect(u.Body, func(x ast.Node) bool {
		if e, ok := x.(ast.Expr); ok {
			if _, wrapped := check.Unwrap(e); wrapped {
				why = "has a checked call"
			}
		}
		return true
	})
	qualify := func(p *types.Package) string {
		if p.Path() == check.Path {
			return ""
		}
		tr.out.imports[p.Name()] = p.Path()
		return p.Name()
	}
	for name := range u.Info.Uses {
		if pn, ok := u.Info.Uses[name].(*types.PkgName); ok {
			if old := tr.out.imports[pn.Name()]; old != "" && old != pn.Imported().Path() {
				return "imports another package under a known name"
			}
			tr.out.imports[pn.Name()] = pn.Imported().Path()
			if p := pn.Imported().Path(); strings.HasPrefix(p, "gonverge/") || strings.Contains(p, ".") {
				return "uses a package outside the standard library"
			}
		}
	}
	for id, o := range u.Info.Uses {
		if o.Name() == "ctx" && o.Parent() != nil && id.Name == "ctx" && o.Pkg() != nil && o.Pos() == token.NoPos {
			return "uses ctx"
		}
	}
	if why != "" {
		return why
	}
	declare := func(name, as string) bool {
		old, again := tr.known[name]
		if again && (old != as || !strings.HasPrefix(as, "var ")) {
			return false
		}
		tr.known[name] = as
		return true
	}
	var decls []string
	for _, d := range c.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Body.Rbrace < d.Type.End() {
				return "declares a function without a body"
			}
			name := d.Name.Name
			if d.Recv != nil {
				name = check.Receiver(d) + "." + name
			}
			if name != "_" && !declare(name, "func") {
				return "defines something again"
			}
		case *ast.GenDecl:
			for _, sp := range d.Specs {
				switch sp := sp.(type) {
				case *ast.TypeSpec:
					if !declare(sp.Name.Name, "type") {
						return "defines something again"
					}
				case *ast.ValueSpec:
					for _, n := range sp.Names {
						if n.Name != "_" && !declare(n.Name, "const") {
							return "defines something again"
						}
					}
				}
			}
		}
		decls = append(decls, src[offset(d.Pos()):offset(d.End()-1)+1])
	}
	vars, hidden := map[string]string{}, false
	defined := func(id *ast.Ident) bool {
		if id.Name == "_" {
			return true
		}
		o := u.Info.Defs[id]
		if o == nil {
			return true
		}
		t := types.TypeString(o.Type(), qualify)
		for _, m := range hiddenType.FindAllStringSubmatch(t, -1) {
			hidden = hidden || tr.out.imports[m[1]] != ""
		}
		vars[id.Name] = t
		return declare(id.Name, "var "+t)
	}
	var goText, cellText []edit
	for _, st := range own {
		if l, ok := st.(*ast.LabeledStmt); ok {
			st = l.Stmt
		}
		switch st := st.(type) {
		case *ast.AssignStmt:
			if st.Tok != token.DEFINE {
				continue
			}
			for _, x := range st.Lhs {
				if !defined(x.(*ast.Ident)) {
					return "defines something again"
				}
			}
			goText = append(goText, edit{offset(st.TokPos), offset(st.TokPos) + 2, "="})
		case *ast.DeclStmt:
			g := st.Decl.(*ast.GenDecl)
			var parts []string
			for _, sp := range g.Specs {
				vs := sp.(*ast.ValueSpec)
				var names []string
				for _, n := range vs.Names {
					if !defined(n) {
						return "defines something again"
					}
					names = append(names, n.Name)
				}
				if len(vs.Values) > 0 {
					text := src[offset(vs.Values[0].Pos()) : offset(vs.Values[len(vs.Values)-1].End()-1)+1]
					parts = append(parts, strings.Join(names, ", ")+" = "+text)
					continue
				}
				for _, n := range names {
					if n != "_" {
						parts = append(parts, n+" = *new("+vars[n]+")")
					}
				}
			}
			goText = append(goText, edit{offset(g.Pos()), offset(g.End()-1) + 1, strings.Join(parts, "; ")})
		}
	}
	if hidden {
		return "has a variable of a type that is not exported"
	}
	if u.Last != nil {
		e, values := tr.lastValues(u)
		switch {
		case e != "":
			return e
		case c.List:
			args := u.Last.(*ast.CallExpr).Args
			from, to := offset(args[0].Pos()), offset(args[len(args)-1].End()-1)+1
			ed := edit{from, to, "show__(" + src[from:to] + ")"}
			goText, cellText = append(goText, ed), append(cellText, ed)
		case values:
			from, to := offset(u.Last.Pos()), offset(u.Last.End()-1)+1
			ed := edit{from, to, "show__(" + src[from:to] + ")"}
			goText, cellText = append(goText, ed), append(cellText, ed)
		}
	}
	// The statements of the Go version: everything but imports and declarations.
	blank := slices.Clone(goText)
	for _, d := range c.Decls {
		blank = append(blank, edit{offset(d.Pos()), offset(d.End()-1) + 1, ""})
	}
	text := importLine.ReplaceAllString(apply(src, 0, len(src), blank), "")
	if strings.Contains(text, "package ") {
		return "has a package clause"
	}
	maps.Copy(tr.out.vars, vars)
	u.Commit()
	tr.out.decls = append(tr.out.decls, decls...)
	tr.out.bodies = append(tr.out.bodies, text)
	tr.out.cells = append(tr.out.cells, apply(src, 0, len(src), cellText))
	return ""
}

// importLine finds imports; those of the Go version come from what is used.
var importLine = regexp.MustCompile(`(?m)^import (\([^)]*\)|[^\n;]*)`)

// hiddenType finds types of other packages that are not exported.
var hiddenType = regexp.MustCompile(`\b(\w+)\.[a-z]`)

// lastValues tells whether the last expression has values to print.
func (tr *translator) lastValues(u *check.Unit) (why outOfGo, values bool) {
	if call, ok := u.Last.(*ast.CallExpr); ok {
		if id, ok := call.Fun.(*ast.Ident); ok && id.Name == cell.ResultName {
			for _, a := range call.Args {
				tv := u.Info.Types[a]
				if tv.IsType() || tv.IsVoid() || big(tv) {
					return "shows what is no value", false
				}
			}
			return "", true
		}
		if tv := u.Info.Types[call]; tv.IsVoid() {
			return "", false
		}
		if check.CheckedAlone(u.Info, call) {
			return "has a checked call", false
		}
		if id, ok := call.Fun.(*ast.SelectorExpr); ok {
			if f, ok := u.Info.Uses[id.Sel].(*types.Func); ok && f.Pkg() != nil && f.Pkg().Path() == "fmt" && strings.Contains(f.Name(), "rint") && !strings.HasPrefix(f.Name(), "S") {
				return "", false
			}
		}
	}
	tv := u.Info.Types[u.Last]
	if tv.IsVoid() || tv.IsBuiltin() {
		return "", false
	}
	if tv.IsType() || big(tv) {
		return "shows what is no value", false
	}
	return "", true
}

// big tells a constant that no int can hold.
func big(tv types.TypeAndValue) bool {
	b, ok := tv.Type.(*types.Basic)
	if !ok || tv.Value == nil || b.Info()&types.IsUntyped == 0 || b.Info()&types.IsInteger == 0 {
		return false
	}
	_, err := strconv.ParseInt(tv.Value.ExactString(), 10, 64)
	return err != nil
}

// goPackage is the text of the package.
func (tr *translation) goPackage(name string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "package %s\n", name)
	text := strings.Join(tr.decls, "\n") + "\n" + strings.Join(tr.bodies, "\n")
	for _, v := range tr.vars {
		text += "\n" + v
	}
	for _, n := range slices.Sorted(maps.Keys(tr.imports)) {
		if n == "fmt" || regexp.MustCompile(`\b`+n+`\.`).MatchString(text) {
			fmt.Fprintf(&b, "import %s %q\n", n, tr.imports[n])
		}
	}
	b.WriteString(showing + "func ended__(r any) { switch v := r.(type) { case error: fmt.Println(\"panic:\", v.Error()); case string: fmt.Println(\"panic:\", v); case fmt.Stringer: fmt.Println(\"panic:\", v.String()); default: text := fmt.Sprint(v); if q := fmt.Sprintf(\"%#v\", v); q[0] == '\"' { text = q }; fmt.Printf(\"panic: %T(%s)\\n\", v, text) } }\n")
	for _, n := range slices.Sorted(maps.Keys(tr.vars)) {
		fmt.Fprintf(&b, "var %s %s\n", n, tr.vars[n])
	}
	b.WriteString(strings.Join(tr.decls, "\n") + "\n")
	b.WriteString("func Run() {\n")
	for i := range tr.bodies {
		fmt.Fprintf(&b, "fmt.Print(\"\\x01\")\ncell%d__()\n", i)
	}
	b.WriteString("}\n")
	for i, body := range tr.bodies {
		fmt.Fprintf(&b, "func cell%d__() {\ndefer func() { if r := recover(); r != nil { ended__(r) } }()\n%s\n}\n", i, body)
	}
	return b.String()
}

// unused tells whether a function of the package leaves a variable unused, which the toolchain does not forgive.
func unused(t *testing.T, text string) (found bool) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "p.go", text, parser.SkipObjectResolution)
	if err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	im, err := check.NewImporter(fset, tables().ExportData)
	if err != nil {
		t.Fatal(err)
	}
	conf := types.Config{Importer: im, Error: func(err error) { found = found || strings.Contains(err.Error(), "declared and not used") }}
	conf.Check("p", fset, []*ast.File{f}, nil) // the toolchain tells all else
	return found
}

// Addresses differ from run to run, and the packages of the program have other names than the session's.
var addresses, packages = regexp.MustCompile(`0x[0-9a-f]{6,}`), regexp.MustCompile(`\bp\d+\.`)

func alike(s string) string {
	return packages.ReplaceAllString(strings.ReplaceAll(addresses.ReplaceAllString(s, "0x"), "session_test.", "lib."), "main.")
}

// refusedAtRun finds what only the run can refuse.
var refusedAtRun = regexp.MustCompile(`cannot be a map key|as Go does|a type of cells`)

// survived are the ends of cells that no Go program survives, or that only a session has.
func survived(e *session.Error, out string) bool {
	return e != nil && (e.Name != "panic" || refusedAtRun.MatchString(e.Message)) || strings.Contains(out, "goroutine")
}

// inSession runs the cells and returns what each printed; it ends early at what only a session has.
func (tr *translation) inSession(t *testing.T) (outs []string) {
	s := newSession(t)
	s.Run(context.Background(), showing, session.RunOptions{}, nil)
	for _, src := range tr.cells {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		sink := &recorder{}
		r := s.Run(ctx, src, session.RunOptions{StoreHistory: true}, sink)
		cancel()
		out := sink.out()
		if survived(r.Err, out) {
			return outs
		}
		if r.Err != nil {
			out += "panic: " + r.Err.Message + "\n"
		}
		outs = append(outs, alike(out))
	}
	return outs
}

func TestCellsPrintWhatTheToolchainPrints(t *testing.T) {
	if testing.Short() {
		t.Skip("builds a program of all tables")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go toolchain")
	}
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil {
		t.Fatal(err)
	}
	left, total := map[outOfGo]int{}, 0
	var all []*translation
	for _, file := range files {
		for _, q := range readTable(t, file) {
			tr := newTranslator(t, strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+q.name)
			total += len(q.steps)
			for i, st := range q.steps {
				if strings.Contains(st.err, "panic: reflect.") || strings.Contains(st.text, "a template cannot call") {
					left["asks of reflect or a template what they refuse here"]++
					continue
				}
				why := tr.cell(st.src)
				if why == "" {
					tr.out.numbers = append(tr.out.numbers, i+1)
					continue
				}
				if why == "is rejected" || why == "does not parse" {
					left[why]++
					continue
				}
				left[why] += len(q.steps) - i
				break
			}
			if len(tr.out.cells) > 0 {
				all = append(all, tr.out)
			}
		}
	}
	dir := t.TempDir()
	var mainText strings.Builder
	mainText.WriteString("package main\nimport (\n\"fmt\"\n")
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	calls := ""
	for i, tr := range all {
		tr.outs = tr.inSession(t)
		if lost := len(tr.cells) - len(tr.outs); lost > 0 {
			left["ends as only a session does"] += lost
			tr.bodies = tr.bodies[:len(tr.outs)]
		}
		name := fmt.Sprintf("p%d", i)
		text := tr.goPackage(name)
		if unused(t, text) {
			left["has a variable that is not used, which a cell may have"] += len(tr.outs)
			all[i] = nil
			continue
		}
		write(name+"/p.go", text)
		fmt.Fprintf(&mainText, "%q\n", "cells/"+name)
		calls += "fmt.Print(\"\\x02\")\n" + name + ".Run()\n"
	}
	mainText.WriteString(")\nfunc main() {\n" + calls + "}\n")
	write("main.go", mainText.String())
	write("go.mod", "module cells\n\ngo 1.26\n\nrequire example/lib v0.0.0\n\nreplace example/lib => ./lib\n")
	write("lib/go.mod", "module example/lib\n\ngo 1.26\n")
	lib, err := os.ReadFile("lib_test.go")
	if err != nil {
		t.Fatal(err)
	}
	write("lib/lib.go", strings.Replace(string(lib), "package session_test", "package lib", 1))
	build := exec.Command("go", "build", "-gcflags=-e", "-o", "cells", ".")
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	run := exec.Command(filepath.Join(dir, "cells"))
	var printed bytes.Buffer
	run.Stdout, run.Stderr = &printed, &printed
	if err := run.Run(); err != nil {
		t.Fatalf("%v\n%s", err, printed.String())
	}
	all = slices.DeleteFunc(all, func(tr *translation) bool { return tr == nil })
	compared := 0
	for i, text := range strings.Split(printed.String(), "\x02")[1:] {
		tr := all[i]
		outs := strings.Split(text, "\x01")[1:]
		for j, want := range outs {
			compared++
			want = alike(want)
			got := tr.outs[j]
			if got != want {
				t.Errorf("%s, cell %d:\n%s\nthe session prints %q\nthe toolchain's    %q", tr.name, tr.numbers[j], tr.cells[j], got, want)
			}
		}
	}
	t.Logf("%d cells, %d compared", total, compared)
	for _, why := range slices.Sorted(maps.Keys(left)) {
		t.Logf("left out %d: the cell, or one before it, %s", left[why], why)
	}
}

package session_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/check"
	"gonverge/kernel/session"
)

// TestProgramsCellByCell runs every program as a notebook would: each declaration is a cell, and so is each statement of
// main. What uses something that comes later waits for it in one cell with it. Programs that mean something else in pieces
// (init, statements that belong to a function) are left out by rule, and the log names them.
func TestProgramsCellByCell(t *testing.T) {
	dir := "testdata/programs"
	if d := os.Getenv("GONVERGE_PROGRAMS"); d != "" {
		dir = d
	}
	files, err := filepath.Glob(dir + "/*.go.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	cut := 0
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		cells, why := cellsOf(t, file, string(src))
		if why != "" {
			t.Logf("left out: %s: %s", filepath.Base(file), why)
			continue
		}
		cut++
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go.txt"), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".go.txt") + ".out")
			if err != nil {
				t.Fatal(err)
			}
			s := newSession(t)
			var out strings.Builder
			waiting := ""
			for i, text := range cells {
				text = waiting + text
				sink := &recorder{}
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				r := s.Run(ctx, text, session.RunOptions{StoreHistory: true}, sink)
				cancel()
				if r.Err != nil && i < len(cells)-1 && unready.MatchString(strings.Join(r.Err.Traceback, "\n")) {
					waiting = text + "\n"
					continue
				}
				waiting = ""
				out.WriteString(sink.out())
				if r.Err != nil {
					t.Fatalf("%s\n%s\noutput so far:\n%s", text, colour.ReplaceAllString(strings.Join(r.Err.Traceback, "\n"), ""), out.String())
				}
			}
			compareLines(t, 1, out.String(), string(want))
		})
	}
	if 2*cut < len(files) {
		t.Errorf("only %d of %d programs can be cut", cut, len(files))
	}
}

// unready finds what a later cell may mend.
var unready = regexp.MustCompile(`undefined|missing method|has no field or method`)

// cellsOf cuts a program, or says why it cannot be cut.
func cellsOf(t *testing.T, file, src string) (cells []string, why string) {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	text := func(n ast.Node) string { return src[fset.Position(n.Pos()).Offset:fset.Position(n.End()).Offset] }
	var last []string
	generics := map[string]int{} // the cells of generic types
	for _, d := range f.Decls {
		fd, ok := d.(*ast.FuncDecl)
		if ok && fd.Recv == nil && fd.Name.Name == "init" {
			return nil, "init runs before main"
		}
		if ok && fd.Recv != nil {
			if _, many := generics[check.Receiver(fd)]; many { // a method makes a generic type anew
				cells[generics[check.Receiver(fd)]] += "\n" + text(d)
				continue
			}
		}
		if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.TYPE {
			for _, sp := range g.Specs {
				if sp := sp.(*ast.TypeSpec); sp.TypeParams != nil {
					generics[sp.Name.Name] = len(cells)
				}
			}
		}
		if !ok || fd.Recv != nil || fd.Name.Name != "main" {
			cells = append(cells, text(d))
			continue
		}
		for _, st := range fd.Body.List {
			switch x := st.(type) {
			case *ast.DeferStmt, *ast.ReturnStmt, *ast.LabeledStmt, *ast.BranchStmt:
				return nil, "a statement of main is no cell of its own"
			case *ast.ExprStmt: // the session would show its value, and stop at an error
				if c, ok := x.X.(*ast.CallExpr); ok && strings.HasPrefix(text(c.Fun), "fmt.") {
					last = append(last, text(st))
				} else {
					last = append(last, "{ "+text(st)+"\n}")
				}
			default:
				last = append(last, text(st))
			}
		}
	}
	return append(cells, last...), ""
}

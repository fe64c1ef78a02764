package session_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// Programs are whole Go programs that print, in files named .go.txt because each is a package of its own. As one cell they must print what the Go toolchain makes them print: beside
// each lies the output of `go run`; with GONVERGE_UPDATE set it is written anew. GONVERGE_PROGRAMS names another folder of
// programs, for the hunt.
func TestProgramsPrintWhatGoPrints(t *testing.T) {
	dir := "testdata/programs"
	if d := os.Getenv("GONVERGE_PROGRAMS"); d != "" {
		dir = d
	}
	files, err := filepath.Glob(dir + "/*.go.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go.txt"), func(t *testing.T) {
			golden := strings.TrimSuffix(file, ".go.txt") + ".out"
			if os.Getenv("GONVERGE_UPDATE") != "" {
				if err := os.WriteFile(golden, goRun(t, file), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			src, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			s := newSession(t)
			for i := range 2 { // and again: a cell that runs twice does the same
				sink := &recorder{}
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				r := s.Run(ctx, string(src), session.RunOptions{StoreHistory: true}, sink)
				cancel()
				if r.Err != nil {
					t.Fatalf("run %d: %s\noutput so far:\n%s", i+1, colour.ReplaceAllString(strings.Join(r.Err.Traceback, "\n"), ""), sink.out())
				}
				compareLines(t, i+1, sink.out(), string(want))
			}
		})
	}
}

// compareLines reports each line that differs.
func compareLines(t *testing.T, run int, out, wanted string) {
	t.Helper()
	got, want := strings.Split(out, "\n"), strings.Split(wanted, "\n")
	for j := range max(len(got), len(want)) {
		g, w := "(nothing)", "(nothing)"
		if j < len(got) {
			g = got[j]
		}
		if j < len(want) {
			w = want[j]
		}
		if g != w {
			t.Errorf("run %d, line %d:\ngot  %s\nwant %s", run, j+1, g, w)
		}
	}
}

// goRun is what the Go toolchain makes of a program.
func goRun(t *testing.T, file string) []byte {
	t.Helper()
	src, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	main := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(main, src, 0o644); err != nil {
		t.Fatal(err)
	}
	b, err := exec.Command("go", "run", main).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return b
}

// TestRecordedOutputIsTheToolchains checks that the recorded outputs are still those of the toolchain.
func TestRecordedOutputIsTheToolchains(t *testing.T) {
	if testing.Short() {
		t.Skip("runs the toolchain on every program")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go toolchain")
	}
	files, err := filepath.Glob("testdata/programs/*.go.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go.txt"), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".go.txt") + ".out")
			if err != nil {
				t.Fatal(err)
			}
			compareLines(t, 0, string(want), string(goRun(t, file)))
		})
	}
}

// TestDeclarationsOneByOne runs every program, then each of its declarations again as a cell of its own, and then what the
// program does: declared again as they were, types keep their values and functions their callers.
func TestDeclarationsOneByOne(t *testing.T) {
	files, err := filepath.Glob("testdata/programs/*.go.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	for _, file := range files {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(src), "\nfunc init()") {
			continue // it prints before main: its declarations cannot be told from what it does
		}
		t.Run(strings.TrimSuffix(filepath.Base(file), ".go.txt"), func(t *testing.T) {
			want, err := os.ReadFile(strings.TrimSuffix(file, ".go.txt") + ".out")
			if err != nil {
				t.Fatal(err)
			}
			s := newSession(t)
			cell := func(text string) string {
				sink := &recorder{}
				ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
				defer cancel()
				if r := s.Run(ctx, text, session.RunOptions{StoreHistory: true}, sink); r.Err != nil {
					t.Fatalf("%s\n%s\noutput so far:\n%s", text, colour.ReplaceAllString(strings.Join(r.Err.Traceback, "\n"), ""), sink.out())
				}
				return sink.out()
			}
			cell(string(src))
			fset := token.NewFileSet()
			f, err := parser.ParseFile(fset, file, src, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range f.Decls {
				text := string(src[fset.Position(d.Pos()).Offset:fset.Position(d.End()).Offset])
				if fd, ok := d.(*ast.FuncDecl); ok && fd.Recv == nil && (fd.Name.Name == "main" || fd.Name.Name == "init") {
					text = strings.Replace(text, "func "+fd.Name.Name+"(", "func "+fd.Name.Name+"_again(", 1)
				}
				if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR { // their values come anew as the program's did
					continue
				}
				cell(text)
			}
			for _, d := range f.Decls {
				if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.VAR {
					cell(string(src[fset.Position(d.Pos()).Offset:fset.Position(d.End()).Offset]))
				}
			}
			compareLines(t, 2, cell("main_again()"), string(want))
		})
	}
}

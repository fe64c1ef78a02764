package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonverge/kernel/display"
	"gonverge/kernel/notebook"
	"gonverge/kernel/session"
)

// echo is an engine whose cells print themselves; "fail" fails, "wait" waits for
// the context, "ls" names the files of the working folder, "ask" asks for input.
type echo struct{ count int }

func (e *echo) Close() {}

func (e *echo) Run(ctx context.Context, source string, o session.RunOptions, sink session.Sink) session.Reply {
	e.count++
	sink.Stream("stdout", fmt.Sprintf("%s %q\n", o.Label, source))
	reply := session.Reply{Count: e.count}
	switch strings.TrimSpace(source) {
	case "fail":
		reply.Err = &session.Error{Name: "error", Message: "broken", Traceback: []string{"\x1b[1;31merror\x1b[0m: broken"}}
	case "wait":
		<-ctx.Done()
		reply.Err = &session.Error{Name: "interrupted", Message: "interrupted"}
	case "ls":
		names, err := filepath.Glob("*")
		reply.Values = []display.Bundle{display.Text(fmt.Sprint(names, err))}
	case "ask":
		line, err := sink.Input("name? ", false)
		reply.Values = []display.Bundle{display.Text(fmt.Sprintf("%q %v", line, err))}
	}
	return reply
}

func openEcho(func(display.Bar), memory) (engine, error) { return &echo{}, nil }

// writeBook writes a notebook with the given code cells.
func writeBook(t *testing.T, path string, cells ...string) string {
	t.Helper()
	nb := notebook.New()
	for _, c := range cells {
		nb.Add("code", c)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := nb.WriteFile(path); err != nil {
		t.Fatal(err)
	}
	return path
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func runEcho(args ...string) (code int, stdout, stderr string) {
	var o, e bytes.Buffer
	code = runNotebooks(context.Background(), args, &o, &e, openEcho)
	return code, o.String(), e.String()
}

func TestRunWritesOverTheNotebook(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "sub/a.ipynb", "one", "ls")
	code, stdout, stderr := runEcho("sub/a.ipynb")
	if code != 0 || !strings.HasPrefix(stdout, "sub/a.ipynb: 2 cells in ") || stderr != "" {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	// The cells see the notebook's folder, as in Jupyter.
	if text := readFile(t, "sub/a.ipynb"); !strings.Contains(text, "[a.ipynb] <nil>") || !strings.Contains(text, `"execution_count": 2`) {
		t.Errorf("the file holds\n%s", text)
	}
}

func TestRunStopsAtAnErrorAndKeepsTheFile(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "a.ipynb", "one", "fail", "two")
	before := readFile(t, "a.ipynb")
	code, _, stderr := runEcho("a.ipynb")
	if code != 1 || !strings.Contains(stderr, "a.ipynb, cell 2:\nerror: broken\n") || strings.Contains(stderr, "\x1b") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
	if readFile(t, "a.ipynb") != before {
		t.Error("the notebook was changed")
	}
	code, _, stderr = runEcho("a.ipynb", "-o", "b.ipynb")
	if text := readFile(t, "b.ipynb"); code != 1 || !strings.Contains(text, "broken") || strings.Contains(text, "two\\") {
		t.Errorf("code %d, stderr %q, file\n%s", code, stderr, text)
	}
	code, stdout, _ := runEcho("-allow-errors", "a.ipynb")
	if code != 0 || !strings.Contains(stdout, "3 cells") || !strings.Contains(stdout, "with 1 error") {
		t.Errorf("code %d, stdout %q", code, stdout)
	}
}

func TestRunWritesSeveralNotebooksIntoAFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "x/a.ipynb", "one")
	writeBook(t, "x/b.ipynb", "two")
	if code, _, stderr := runEcho("x/a.ipynb", "x/b.ipynb", "-o", "done/here"); code != 0 {
		t.Fatalf("code %d, stderr %q", code, stderr)
	}
	for _, f := range []string{"done/here/a.ipynb", "done/here/b.ipynb"} {
		readFile(t, f)
	}
	writeBook(t, "y/a.ipynb", "one")
	if code, _, stderr := runEcho("x/a.ipynb", "y/a.ipynb", "-o", "done"); code != 2 || !strings.Contains(stderr, "both be written") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
}

func TestRunTellsWrongUsageAndMissingFiles(t *testing.T) {
	t.Chdir(t.TempDir())
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"", 2, "no notebook given"},
		{"-h", 0, "usage: gonverge run"},
		{"-bad a.ipynb", 2, "flag provided but not defined"},
		{"a.ipynb -timeout soon", 2, "invalid value"},
		{"none.ipynb", 1, "none.ipynb"},
	} {
		if code, _, stderr := runEcho(strings.Fields(c.args)...); code != c.code || !strings.Contains(stderr, c.want) {
			t.Errorf("%q: code %d, stderr %q; want %d and %q", c.args, code, stderr, c.code, c.want)
		}
	}
}

func TestRunEndsWithTheContextAndTheTimeout(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "a.ipynb", "wait")
	if code, _, stderr := runEcho("-timeout", "20ms", "a.ipynb"); code != 1 || !strings.Contains(stderr, "stopped after 20ms") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var out bytes.Buffer
	if code := runNotebooks(ctx, []string{"a.ipynb"}, &out, &out, openEcho); code != 130 {
		t.Errorf("code %d, want 130", code)
	}
}

func execEcho(stdin string, args ...string) (code int, stdout, stderr string) {
	var o, e bytes.Buffer
	code = execCells(context.Background(), args, strings.NewReader(stdin), &o, &e, openEcho)
	return code, o.String(), e.String()
}

func TestExecRunsTheCellsOfAFile(t *testing.T) {
	t.Chdir(t.TempDir())
	text := "package x\r\n\r\n// %% first\r\na := 1\r\n\r\n// %% [markdown]\n// text\n// %%\n%who\n// %%\n// %%\nask\n"
	if err := os.WriteFile("x.go", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := execEcho("Ada\nrest", "x.go")
	want := `x.go "\n\n\na := 1"` + "\n" + // its line is that of the file
		`x.go "%who"` + "\n" +
		`x.go "` + strings.Repeat(`\n`, 11) + `ask"` + "\nname? \"Ada\" <nil>\n"
	if code != 0 || stdout != want || stderr != "" {
		t.Errorf("code %d, stderr %q, stdout\n%s\nwant\n%s", code, stderr, stdout, want)
	}
}

func TestExecReadsStdinAndStopsAtTheFirstError(t *testing.T) {
	code, stdout, stderr := execEcho("one\n// %%\nfail\n// %%\ntwo\n", "-")
	if code != 1 || stdout != "stdin \"one\"\nstdin \"\\n\\nfail\"\n" || stderr != "error: broken\n" {
		t.Errorf("code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	if _, stdout, _ := execEcho("ask", "-"); !strings.Contains(stdout, "came from the standard input") {
		t.Errorf("stdout %q", stdout)
	}
	if code, _, stderr := execEcho(""); code != 2 || !strings.Contains(stderr, "want one file") {
		t.Errorf("code %d, stderr %q", code, stderr)
	}
}

func TestExecWithTheRealSession(t *testing.T) {
	var o, e bytes.Buffer
	code := execCells(context.Background(), []string{"-"}, strings.NewReader("n := 20\n// %%\nfmt.Println(\"n is\", n)\nn + 1\n// %%\nvar s int = \"x\"\n"), &o, &e, openSession)
	if code != 1 || o.String() != "n is 20\n21\n" || !strings.Contains(e.String(), "stdin:6:") {
		t.Errorf("code %d, stdout %q, stderr %q", code, o.String(), e.String())
	}
}

func TestLogAndSlogWriteThroughEachOther(t *testing.T) {
	cells := `import "log/slog"
log.SetFlags(0)
log.SetOutput(os.Stdout)
slog.Info("by slog")
log.Print("by log")
// %%
slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr { if a.Key == "time" { a = slog.Attr{} }; return a }})))
log.Print("both")
// %%
var b strings.Builder
log.SetOutput(&b)
log.SetPrefix("p: ")
log.Print("kept")
log.SetOutput(os.Stderr)
b.String()
`
	defer func(w io.Writer) { log.SetOutput(w); log.SetFlags(log.LstdFlags); log.SetPrefix("") }(log.Writer())
	defer slog.SetDefault(slog.Default())
	var o, e bytes.Buffer
	code := execCells(context.Background(), []string{"-"}, strings.NewReader(cells), &o, &e, openSession)
	if want := "INFO by slog\nby log\nlevel=INFO msg=both\np: kept\n\n"; code != 0 || o.String() != want {
		t.Errorf("code %d, stdout %q, want %q, stderr %q", code, o.String(), want, e.String())
	}
}

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// bookCells give each kind of output once.
var bookCells = []string{
	"fmt.Println(1)\nfmt.Fprintln(os.Stderr, 2)",
	"mat.NewDense(2, 2, []float64{1, 2, 3, 4})",
	"image.NewGray(image.Rect(0, 0, 3, 2))",
	"for i := range 3 { display.Update(\"x\", i) }\nDisplay(display.HTML(\"<b>é</b>\"), display.JSON(map[string]any{\"a\": 1}))",
	"fmt.Println(\"old\")\ndisplay.Clear(true)\nfmt.Println(\"new\")",
	"%time 1 + 1\n",
	"%doc fmt.Println",
	"widget.Interact(func(n int) any { return n * n }, widget.IntSlider{Max: 3})",
	"x := 1",
	"x, nil, \"text\"",
	"undefinedName",
}

func runReal(args ...string) (code int, stdout, stderr string) {
	var o, e bytes.Buffer
	code = runNotebooks(context.Background(), args, &o, &e, openSession)
	return code, o.String(), e.String()
}

// outputsOf returns the notebook as JSON without what differs from run to run.
func outputsOf(t *testing.T, file string) (cells []any) {
	t.Helper()
	var book struct{ Cells []any }
	text := readFile(t, file)
	if err := json.Unmarshal([]byte(text), &book); err != nil {
		t.Fatal(err)
	}
	for _, c := range book.Cells {
		m := c.(map[string]any)
		if source, _ := json.Marshal(m["source"]); strings.Contains(string(source), "%time") {
			m["outputs"] = len(m["outputs"].([]any))
		}
		cells = append(cells, c)
	}
	return cells
}

func TestRunViaKernelGivesTheSameNotebook(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "a.ipynb", bookCells...)
	for _, args := range [][]string{{"-o", "direct.ipynb"}, {"-via-kernel", "-o", "sockets.ipynb"}} {
		code, _, stderr := runReal(append(args, "a.ipynb")...)
		if code != 1 || !strings.Contains(stderr, "undefined: undefinedName") { // the last cell
			t.Fatalf("%v: code %d, %s", args, code, stderr)
		}
	}
	direct, sockets := outputsOf(t, "direct.ipynb"), outputsOf(t, "sockets.ipynb")
	if len(direct) != len(bookCells) || len(sockets) != len(direct) {
		t.Fatalf("%d and %d cells", len(direct), len(sockets))
	}
	for i := range direct {
		if !reflect.DeepEqual(direct[i], sockets[i]) {
			a, _ := json.MarshalIndent(direct[i], "", " ")
			b, _ := json.MarshalIndent(sockets[i], "", " ")
			t.Errorf("cell %d: direct\n%s\nover sockets\n%s", i+1, a, b)
		}
	}
}

func TestRunViaKernelStopsCellsThatTakeTooLong(t *testing.T) {
	t.Chdir(t.TempDir())
	writeBook(t, "a.ipynb", "fmt.Println(\"begun\")\nfor {}", "1")
	code, _, stderr := runReal("-via-kernel", "-timeout", "200ms", "-o", "b.ipynb", "a.ipynb")
	if code != 1 || !strings.Contains(stderr, "timeout") || !strings.Contains(readFile(t, "b.ipynb"), "begun") {
		t.Errorf("code %d, %s", code, stderr)
	}
}

// What run writes is what nbformat calls valid, with the cells' ids and metadata as they were.
func TestNbformatValidatesWhatRunWrites(t *testing.T) {
	python, environment := jupyter(t)
	dir := t.TempDir()
	file := writeBook(t, filepath.Join(dir, "a.ipynb"), bookCells...)
	before := readFile(t, file)
	text := strings.Replace(before, `"metadata": {}`, `"metadata": {"tags": ["kept"], "collapsed": true}`, 1)
	if text == before {
		t.Fatal("no metadata to change")
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{}, {"-via-kernel"}} {
		out := filepath.Join(dir, "out.ipynb")
		if code, _, stderr := runReal(append(args, "-allow-errors", "-o", out, file)...); code != 0 {
			t.Fatal(stderr)
		}
		runPython(t, python, environment, "-c", `
import nbformat, sys
before, after = (nbformat.read(f, as_version=nbformat.NO_CONVERT) for f in sys.argv[1:])
nbformat.validate(after)
assert (after.nbformat, after.nbformat_minor) == (4, 5), after.nbformat_minor
assert [c.id for c in before.cells] == [c.id for c in after.cells]
assert [c.metadata for c in before.cells] == [c.metadata for c in after.cells]
assert any(c.metadata.get("tags") == ["kept"] for c in after.cells)
kinds = {o.output_type for c in after.cells for o in c.outputs}
assert kinds == {"stream", "execute_result", "display_data", "error"}, kinds
`, file, out)
	}
}

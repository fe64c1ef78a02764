package symbols

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/traefik/yaegi/interp"
	"golang.org/x/tools/go/gcexportdata"
)

// blobs takes ExportData apart as its documentation says.
func blobs(t *testing.T) map[string][]byte {
	t.Helper()
	data := ExportData()
	number := func() int {
		v, n := binary.Uvarint(data)
		if n <= 0 {
			t.Fatal("broken index")
		}
		data = data[n:]
		return int(v)
	}
	type entry struct {
		path      string
		raw, size int
	}
	entries := make([]entry, number())
	for i := range entries {
		n := number()
		entries[i].path = string(data[:n])
		data = data[n:]
		entries[i].raw, entries[i].size = number(), number()
	}
	if !slices.IsSortedFunc(entries, func(a, b entry) int { return strings.Compare(a.path, b.path) }) {
		t.Error("paths are not sorted")
	}
	out := map[string][]byte{}
	for _, e := range entries {
		raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(data[:e.size])))
		if err != nil || len(raw) != e.raw {
			t.Fatalf("%s: %d bytes of %d, %v", e.path, len(raw), e.raw, err)
		}
		out[e.path] = raw
		data = data[e.size:]
	}
	if len(data) != 0 {
		t.Errorf("%d bytes after the last blob", len(data))
	}
	return out
}

func importAll(t *testing.T) map[string]*types.Package {
	t.Helper()
	fset := token.NewFileSet()
	imports := map[string]*types.Package{}
	for p, raw := range blobs(t) {
		if _, err := gcexportdata.Read(bytes.NewReader(raw), fset, imports, p); err != nil {
			t.Fatalf("%s: %v", p, err)
		}
	}
	return imports
}

func TestExportDataHoldsNoPathsOfTheMachine(t *testing.T) {
	cwd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{"/pkg/mod/", path.Dir(path.Dir(cwd)) + "/"}
	if home, err := os.UserHomeDir(); err == nil && len(home) > 1 {
		secrets = append(secrets, home+"/")
	}
	for p, raw := range blobs(t) {
		for _, secret := range secrets {
			if bytes.Contains(raw, []byte(secret)) {
				t.Errorf("%s: mentions %s", p, secret)
			}
		}
	}
}

// Every exported name that the checker will accept in a cell must be there for the interpreter, generics aside:
// those are lowered away.
func TestTablesHoldEveryNameOfPreloadedPackages(t *testing.T) {
	all, exports := importAll(t), Exports()
	seen := map[string]string{}
	for _, p := range Preload() {
		pkg := all[p]
		if pkg == nil {
			t.Errorf("%s: no export data", p)
			continue
		}
		if other := seen[pkg.Name()]; other != "" {
			t.Errorf("%s and %s are both called %s", p, other, pkg.Name())
		}
		seen[pkg.Name()] = p
		table := exports[path.Join(p, pkg.Name())]
		for _, name := range pkg.Scope().Names() {
			o := pkg.Scope().Lookup(name)
			if !o.Exported() || generic(o) {
				continue
			}
			if !table[name].IsValid() {
				t.Errorf("%s.%s has no symbol", p, name)
			}
		}
	}
}

func generic(o types.Object) bool {
	switch t := o.Type().(type) {
	case *types.Signature:
		return t.TypeParams().Len() > 0
	case *types.Named:
		i, ok := t.Underlying().(*types.Interface)
		return t.TypeParams().Len() > 0 || ok && !i.IsMethodSet()
	}
	return false
}

func TestEveryImportablePackageIsComplete(t *testing.T) {
	all := importAll(t)
	for p := range blobs(t) {
		if !all[p].Complete() {
			t.Errorf("%s: incomplete", p)
		}
	}
	for _, p := range []string{"fmt", "slices", "iter", "gonum.org/v1/gonum/mat", "gonum.org/v1/plot"} {
		if all[p] == nil {
			t.Errorf("%s: missing", p)
		}
	}
}

func TestInterpreterRunsSymbolsNewerThanItself(t *testing.T) {
	i := interp.New(interp.Options{})
	if err := i.Use(Exports()); err != nil {
		t.Fatal(err)
	}
	tests := []struct{ name, source, want string }{
		{"gonum", `mat.Sum(mat.NewDense(2, 2, []float64{1, 2, 3, 4}))`, "10"},
		{"strings, 1.24", `len(strings.FieldsFunc("a b", func(r rune) bool { return r == ' ' }))`, "2"},
		{"rand v2, 1.23", `rand.Uint()*0`, "0"},
		{"untyped constant", `math.Pi > 3`, "true"},
		{"exec", `exec.Command("x").Path`, "x"},
	}
	if _, err := i.Eval(`import ("gonum.org/v1/gonum/mat"; "strings"; "math"; "math/rand/v2"; "os/exec")`); err != nil {
		t.Fatal(err)
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := i.Eval("value := " + test.source + "\nvalue")
			if err != nil {
				t.Fatal(err)
			}
			if text := sprint(got.Interface()); text != test.want {
				t.Errorf("got %s, want %s", text, test.want)
			}
		})
	}
}

func TestDocsTellOfNamesMethodsAndFields(t *testing.T) {
	docs := Docs()
	for key, want := range map[string]string{
		"fmt":                               "Package fmt",
		"fmt.Println":                       "Println formats",
		"time.Second":                       "Common durations",
		"gonum.org/v1/gonum/mat.Dense.Mul":  "Mul takes the matrix product",
		"gonum.org/v1/gonum/mat.Matrix.At":  "At returns the value",
		"encoding/csv.Reader.Comma":         "Comma is the field delimiter",
		"gonverge/lib/progress.Bar.Finish":  "Finish ends the bar",
		"gonverge/lib/progress.Event.Label": "what is done",
	} {
		if !strings.HasPrefix(docs[key], want) {
			t.Errorf("%s: got %.60q, want %q...", key, docs[key], want)
		}
	}
	for key, text := range docs {
		if text == "" || strings.Contains(text, "/pkg/mod/") {
			t.Errorf("%s: %q", key, text)
		}
	}
}

func BenchmarkDocs(b *testing.B) {
	for b.Loop() {
		Docs()
	}
}

func BenchmarkExports(b *testing.B) {
	for b.Loop() {
		Exports()
	}
}

func TestExportsAreNotShared(t *testing.T) {
	a := Exports()
	delete(a["fmt/fmt"], "Println")
	if !Exports()["fmt/fmt"]["Println"].IsValid() {
		t.Error("a change of one map reached the next")
	}
}

func sprint(v any) string { return strings.TrimSpace(fmt.Sprintln(v)) }

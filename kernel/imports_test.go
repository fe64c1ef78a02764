package main

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// allowed is the import graph of the module: what each package may import of
// ours. Data walks one way: kernel reaches lib only through symbols, lib never
// reaches kernel. A package that is missing here fails the test.
var allowed = map[string]string{
	"kernel":             "kernel/notebook kernel/server kernel/session kernel/symbols kernel/display kernel/wire notebooks",
	"kernel/server":      "kernel/wire kernel/session kernel/display",
	"kernel/session":     "kernel/cell kernel/check kernel/lower kernel/run kernel/display kernel/assist kernel/api/...",
	"kernel/notebook":    "kernel/session kernel/display",
	"kernel/wire":        "",
	"kernel/cell":        "",
	"kernel/check":       "kernel/cell",
	"kernel/lower":       "kernel/cell kernel/check",
	"kernel/run":         "",
	"kernel/display":     "kernel/svg",
	"kernel/svg":         "",
	"kernel/assist":      "kernel/cell kernel/check",
	"kernel/api/display": "",
	"kernel/api/widget":  "",
	"kernel/symbols":     "kernel/display kernel/api/... lib/...",
	"kernel/symbols/gen": "",

	"lib/internal/simd":        "",
	"lib/internal/contexttest": "", // tests use it
	"lib/ops":                  "lib/internal/simd",
	"lib/nn":                   "lib/ops",
	"lib/store":                "",
	"lib/progress":             "",
	"lib/dataset":              "lib/store lib/progress",
	"lib/train":                "lib/nn lib/dataset lib/progress lib/store",
	"lib/activation":           "lib/nn lib/dataset lib/progress",
	"lib/corr":                 "lib/activation lib/align lib/figure lib/progress lib/store lib/internal/simd",
	"lib/align":                "lib/internal/simd",
	"lib/similarity":           "",
	"lib/weights":              "lib/nn lib/store",
	"lib/figure":               "",
	"lib/feature":              "lib/activation lib/nn lib/dataset lib/align lib/figure lib/progress lib/store lib/internal/simd",
	"lib/experiment":           "lib/dataset lib/nn lib/train",
	"lib/bench":                "lib/...",
	"lib/findings":             "lib/activation lib/align lib/corr lib/dataset lib/nn",

	"notebooks": "",
}

// doors names the packages that alone may import a third party.
var doors = map[string]string{
	"github.com/traefik/yaegi":  "kernel/run kernel/symbols kernel/symbols/gen",
	"github.com/go-zeromq/zmq4": "kernel/wire kernel/server",
	"gorgonia.org/gorgonia":     "lib/ops lib/nn lib/train",
	"gorgonia.org/tensor":       "lib/ops lib/nn lib/train",
	"github.com/chewxy/hm":      "lib/ops",
	"gonum.org/v1/plot":         "lib/figure kernel/symbols",
	"git.sr.ht/~sbinet/gg":      "kernel/svg",
}

func TestImportsFollowTheMap(t *testing.T) {
	root := ".."
	seen := map[string]bool{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() {
			if file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "out") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, file)
		if err != nil {
			return err
		}
		pkg := path.Dir(filepath.ToSlash(rel))
		may, known := allowed[pkg]
		if !known && !seen[pkg] {
			t.Errorf("package %s is not in the import map", pkg)
		}
		seen[pkg] = true
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		f, err := parser.ParseFile(token.NewFileSet(), file, src, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range f.Imports {
			imported := strings.Trim(spec.Path.Value, `"`)
			if own, ok := strings.CutPrefix(imported, "gonverge/"); ok && known && !permits(may, own) {
				t.Errorf("%s: %s imports %s; allowed: %s", rel, pkg, own, may)
			}
			for party, where := range doors {
				if imported == party || strings.HasPrefix(imported, party+"/") {
					if !permits(where, pkg) {
						t.Errorf("%s: %s imports %s; its door is %s", rel, pkg, imported, where)
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for pkg := range allowed {
		if !seen[pkg] {
			t.Errorf("the import map names %s, which does not exist", pkg)
		}
	}
}

// permits reports whether the space-separated list holds the package; "x/..." holds all below x.
func permits(list, pkg string) bool {
	return slices.ContainsFunc(strings.Fields(list), func(entry string) bool {
		if below, ok := strings.CutSuffix(entry, "/..."); ok {
			return strings.HasPrefix(pkg, below+"/")
		}
		return entry == pkg
	})
}

// Command gen writes the generated half of package symbols, into the folder it is started in:
//
//	export.bin    types of the standard library and of the packages in packages.go, as the compiler exports them
//	table_*.go    interpreter symbol tables of our packages and gonum's, and of what yaegi's own standard tables lack
//	docs.bin      the documentation of what cells can use
//	table_syscall_linux_amd64.go    that of package syscall, for the one platform whose types and constants are in export.bin
//	tables.go     the list of those tables and of the preloaded packages
//
// It loads compiled packages, so the Go toolchain must be there; the kernel itself needs none at run time.
// The result depends only on the sources, the versions in go.mod and the toolchain, not on the machine.
package main

import (
	"bytes"
	"fmt"
	"go/format"
	"go/types"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("symbols/gen: ")
	if err := generate("."); err != nil {
		log.Fatal(err)
	}
}

func generate(dir string) error {
	loaded, err := load()
	if err != nil {
		return err
	}
	var all []*types.Package
	for _, p := range loaded {
		all = append(all, p.Types)
	}
	if err := writeExportData(filepath.Join(dir, "export.bin"), all); err != nil {
		return err
	}
	if err := writeDocs(filepath.Join(dir, "docs.bin"), loaded); err != nil {
		return err
	}
	return writeTables(dir, all)
}

// platform is that of the export data: one for all machines.
var platform = struct{ system, architecture string }{"linux", "amd64"}

// load returns the wanted packages, sorted by path; those that do not compile are reported and left out.
func load() ([]*packages.Package, error) {
	patterns := []string{"std"}
	for _, p := range thirdParty {
		patterns = append(patterns, p.path)
	}
	for _, name := range library {
		patterns = append(patterns, module+"/lib/"+name)
	}
	for _, name := range cellAPI {
		patterns = append(patterns, module+"/kernel/api/"+name)
	}
	config := &packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedTypes | packages.NeedImports | packages.NeedDeps | packages.NeedExportFile,
		Env:  append(os.Environ(), "GOOS="+platform.system, "GOARCH="+platform.architecture, "CGO_ENABLED=0"),
	}
	roots, err := packages.Load(config, patterns...)
	if err != nil {
		return nil, err
	}
	var loaded []*packages.Package
	for _, p := range roots {
		switch {
		case isStd(p.PkgPath) && excludedTypes(p.PkgPath):
		case len(p.Errors) > 0:
			if !isLibrary(p.PkgPath) {
				return nil, fmt.Errorf("%s: %v", p.PkgPath, p.Errors[0])
			}
			log.Printf("left out %s: %v", p.PkgPath, p.Errors[0])
		case p.Types == nil || !p.Types.Complete():
			if !isLibrary(p.PkgPath) {
				return nil, fmt.Errorf("%s: no types", p.PkgPath)
			}
			log.Printf("left out %s: no types", p.PkgPath)
		default:
			loaded = append(loaded, p)
		}
	}
	slices.SortFunc(loaded, func(a, b *packages.Package) int { return strings.Compare(a.PkgPath, b.PkgPath) })
	return loaded, nil
}

// excludedTypes leaves out of the export data what no cell may import; what exported declarations mention of those
// packages travels with the packages that mention it.
func excludedTypes(path string) bool {
	return path == "unsafe" || strings.Contains("/"+path+"/", "/internal/") || strings.HasPrefix(path, "vendor/")
}

// writeTables replaces all table_*.go and tables.go.
func writeTables(dir string, loaded []*types.Package) error {
	old, err := filepath.Glob(filepath.Join(dir, "table_*.go"))
	if err != nil {
		return err
	}
	stale := map[string]bool{}
	for _, name := range old {
		stale[name] = true
	}
	have := map[string]bool{}
	var adders []string
	var std []*table
	stdImports := newImports()
	write := func(name string, imports map[string]string, tables ...*table) error {
		source, err := file(imports, tables)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		for _, t := range tables {
			if t.pkg.Path() == "syscall" {
				source = append(source, "\nfunc init() { tables = append(tables, "+t.adder()+") }\n"...)
				continue
			}
			adders = append(adders, t.adder())
		}
		name = filepath.Join(dir, "table_"+name+".go")
		delete(stale, name)
		return os.WriteFile(name, source, 0o644)
	}
	for _, p := range loaded {
		have[p.Path()] = true
		if p.Path() == "syscall" {
			imports := newImports()
			t := newTable(p, imports)
			t.leaveConstants()
			if err := write("syscall_"+platform.system+"_"+platform.architecture, imports, t); err != nil {
				return err
			}
			continue
		}
		if isStd(p.Path()) {
			if !excluded(p.Path()) {
				if t := newTable(p, stdImports); !t.empty() {
					std = append(std, t)
				}
			}
			continue
		}
		imports := newImports()
		if t := newTable(p, imports); !t.empty() {
			if err := write(identifier(p.Path()), imports, t); err != nil {
				return err
			}
		}
	}
	// The additions to the standard library are small: one file for all.
	if err := write("std", stdImports, std...); err != nil {
		return err
	}
	for name := range stale {
		if err := os.Remove(name); err != nil {
			return err
		}
	}
	var preload []string
	for _, p := range preloadStd {
		if !have[p] {
			return fmt.Errorf("preloaded standard package %s does not exist", p)
		}
		preload = append(preload, p)
	}
	for _, p := range thirdParty {
		if p.preload {
			preload = append(preload, p.path)
		}
	}
	for _, name := range library {
		if path := module + "/lib/" + name; have[path] {
			preload = append(preload, path)
		}
	}
	for _, name := range cellAPI {
		if path := module + "/kernel/api/" + name; have[path] {
			preload = append(preload, path)
		}
	}
	slices.Sort(preload)
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s\n\npackage symbols\n\nimport \"reflect\"\n\n", header)
	fmt.Fprintf(&b, "// tables add the symbols of one package each.\nvar tables = []func(map[string]map[string]reflect.Value){\n")
	for _, a := range adders {
		fmt.Fprintf(&b, "%s,\n", a)
	}
	fmt.Fprintf(&b, "}\n\n// preload lists the packages that cells use without an import.\nvar preload = []string{\n")
	for _, p := range preload {
		fmt.Fprintf(&b, "%q,\n", p)
	}
	fmt.Fprintf(&b, "}\n")
	source, err := format.Source(b.Bytes())
	if err != nil {
		return err
	}
	log.Printf("%d tables, %d preloaded packages", len(adders), len(preload))
	return os.WriteFile(filepath.Join(dir, "tables.go"), source, 0o644)
}

// Deprecated functions are there for the cells of others: that is no reason to hide them.
const header = "// Code generated by kernel/symbols/gen. DO NOT EDIT.\n\n//lint:file-ignore SA1019 cells may use what is deprecated"

// newImports returns an import set in which the names that every file may need are taken.
func newImports() map[string]string { return map[string]string{"reflect": "reflect"} }

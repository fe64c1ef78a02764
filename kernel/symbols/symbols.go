package symbols

import (
	"bytes"
	"compress/flate"
	_ "embed"
	"encoding/binary"
	"fmt"
	"io"
	"maps"
	"reflect"
	"slices"

	"github.com/traefik/yaegi/stdlib"
)

//go:generate go run ./gen

//go:embed export.bin
var exportData []byte

//go:embed docs.bin
var docs []byte

// Exports returns the interpreter's symbol tables: import path, slash, package name -> exported name -> value, as
// yaegi's Use wants them. They hold the standard library (yaegi's tables and what those lack under this toolchain),
// gonum and our own packages. Every call makes new maps.
//
// An addition under "_Name" is the wrapper of interface type Name, "." holds yaegi's MapTypes.
func Exports() map[string]map[string]reflect.Value {
	symbols := make(map[string]map[string]reflect.Value, len(stdlib.Symbols)+len(tables))
	for path, table := range stdlib.Symbols {
		if path != "github.com/traefik/yaegi/stdlib/stdlib" { // yaegi for cells is of no use
			symbols[path] = maps.Clone(table)
		}
	}
	for _, table := range tables {
		table(symbols)
	}
	return symbols
}

// add joins a package's generated table to what yaegi has of it.
func add(symbols map[string]map[string]reflect.Value, path string, table map[string]reflect.Value) {
	if symbols[path] == nil {
		symbols[path] = table
		return
	}
	maps.Copy(symbols[path], table)
}

// ExportData returns the types of every package that cells may import, generics and parameter names included.
// The bytes must not be changed.
//
// The format: a count n; n times the import path (length, bytes), the size of its export data and the size of its
// blob; then the n blobs in the same order, each the deflated (RFC 1951) output of gcexportdata.Write. All numbers are
// unsigned varints. Paths are sorted. Positions are not in it.
func ExportData() []byte { return exportData }

// Docs returns what is written about the preloaded packages, gonum's and our own: "import/path" for a package,
// "import/path.Name", and "import/path.Type.Name" for methods and struct fields -> doc comment. Every call makes a new
// map.
//
// The embedded form is one deflated list of keys and texts in turn, each behind its length as unsigned varint.
func Docs() map[string]string {
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(docs)))
	if err != nil {
		panic(fmt.Sprintf("symbols: embedded documentation: %v", err)) // the file that was built in is broken
	}
	all := string(raw) // the map's strings share it
	at := 0
	next := func() string {
		size, n := binary.Uvarint(raw[at:])
		at += n + int(size)
		return all[at-int(size) : at]
	}
	m := make(map[string]string, 8192)
	for at < len(raw) {
		key := next()
		m[key] = next()
	}
	return m
}

// Preload returns the import paths of the packages that cells use by name without an import, sorted.
// No two of them have the same package name.
func Preload() []string { return slices.Clone(preload) }

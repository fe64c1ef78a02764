package check

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/tools/go/gcexportdata"
)

// Importer reads packages from a blob of export data, each when it is first asked for. It is not safe for concurrent use.
//
// The blob: a count n; n times the import path (length, bytes), the size of its export data and the size of its deflated
// form; then the n deflated outputs of gcexportdata.Write in the same order. Numbers are unsigned varints.
type Importer struct {
	fset  *token.FileSet
	data  []byte
	index map[string]blob
	pkgs  map[string]*types.Package
}

type blob struct{ offset, size int }

var errBlob = errors.New("check: export data is cut short")

// NewImporter indexes the blob; no package is decoded yet. Positions go into fset.
func NewImporter(fset *token.FileSet, data []byte) (*Importer, error) {
	im := &Importer{fset: fset, data: data, index: map[string]blob{}, pkgs: map[string]*types.Package{}}
	if len(data) == 0 {
		return im, nil
	}
	at := 0
	number := func() int {
		v, n := binary.Uvarint(data[at:])
		if n <= 0 || v > uint64(len(data))*64 {
			at = len(data) + 1
			return 0
		}
		at += n
		return int(v)
	}
	type entry struct {
		path string
		size int
	}
	entries := make([]entry, 0, 512)
	for n := number(); n > 0 && at <= len(data); n-- {
		l := number()
		if at+l > len(data) {
			return nil, errBlob
		}
		path := string(data[at : at+l])
		at += l
		number() // the size of the export data itself: only writers care
		entries = append(entries, entry{path, number()})
		if at > len(data) {
			return nil, errBlob
		}
	}
	for _, e := range entries {
		im.index[e.path] = blob{at, e.size}
		at += e.size
	}
	if at > len(data) {
		return nil, errBlob
	}
	return im, nil
}

// aliases are paths by which notebooks of other kernels import what is here under another.
var aliases = map[string]string{"display": "gonverge/kernel/api/display", "github.com/gopherdata/gophernotes": "gonverge/kernel/api/display"}

// Import implements types.Importer.
func (im *Importer) Import(path string) (*types.Package, error) {
	if real := aliases[path]; real != "" && im.Has(real) {
		path = real
	}
	switch {
	case path == "unsafe":
		return types.Unsafe, nil
	case path == "syscall" && runtime.GOOS+"/"+runtime.GOARCH != platform:
		return nil, fmt.Errorf("package syscall is available to cells on %s only", platform)
	}
	if p := im.pkgs[path]; p != nil && p.Complete() {
		return p, nil
	}
	b, ok := im.index[path]
	if !ok {
		return nil, fmt.Errorf("package %s is not in this kernel", path)
	}
	raw, err := io.ReadAll(flate.NewReader(bytes.NewReader(im.data[b.offset : b.offset+b.size])))
	if err != nil {
		return nil, fmt.Errorf("check: export data of %s: %w", path, err)
	}
	p, err := gcexportdata.Read(bytes.NewReader(raw), im.fset, im.pkgs, path)
	if err == nil {
		localize(p, here[path])
	}
	return p, err
}

// Named is the type of a package with a name, or nil.
func (im *Importer) Named(path, name string) types.Type {
	p, err := im.Import(path)
	if err != nil {
		return nil
	}
	if o, ok := p.Scope().Lookup(name).(*types.TypeName); ok {
		return o.Type()
	}
	return nil
}

// Has reports whether a package can be imported.
func (im *Importer) Has(path string) bool { _, ok := im.index[path]; return ok || path == "unsafe" }

// Paths lists the packages that can be imported, sorted.
func (im *Importer) Paths() []string {
	var out []string
	for p := range im.index {
		out = append(out, p)
	}
	slices.Sort(out)
	return out
}

// autoImports maps package names to the import paths that stand for them in cells without an import:
// those of preload first, then packages of std whose name is unique or whose path is the shortest.
func (im *Importer) autoImports(preload []string) map[string]string {
	auto := map[string]string{}
	for _, p := range preload {
		if im.Has(p) {
			auto[baseName(p)] = p
		}
	}
	better := func(a, b string) bool { return strings.Count(a, "/") < strings.Count(b, "/") }
	std := map[string]string{}
	for _, p := range im.Paths() {
		if first, _, _ := strings.Cut(p, "/"); strings.Contains(first, ".") || first == "internal" || first == "vendor" || first == "cmd" || strings.Contains(p, "/internal/") || strings.HasSuffix(p, "/internal") || strings.HasPrefix(p, "gonverge") {
			continue
		}
		n := baseName(p)
		if old, ok := std[n]; !ok || better(p, old) {
			std[n] = p
		}
	}
	for n, p := range std {
		if auto[n] == "" {
			auto[n] = p
		}
	}
	return auto
}

// baseName is the package name that an import path ends in, version suffixes apart.
func baseName(path string) string {
	parts := strings.Split(path, "/")
	n := parts[len(parts)-1]
	if len(parts) > 1 && len(n) > 1 && n[0] == 'v' && strings.Trim(n[1:], "0123456789") == "" {
		n = parts[len(parts)-2]
	}
	return n
}

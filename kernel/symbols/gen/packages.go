package main

import "strings"

const module = "gonverge"

// library lists our own packages that cells use, all of them by name without an import.
// A package that does not exist yet, or does not compile, is left out and named in the generator's output.
var library = []string{
	"dataset", "nn", "train", "weights", "activation", "corr", "similarity", "align", "feature", "figure", "experiment", "findings", "store", "progress",
}

// cellAPI lists the kernel's own packages that cells see, all of them by name without an import: the session puts functions
// of its own in place of theirs.
var cellAPI = []string{"display", "widget"}

// thirdParty lists the packages of others that cells may import; true: usable by name without an import.
var thirdParty = []struct {
	path    string
	preload bool
}{
	{"gonum.org/v1/gonum/blas", false},
	{"gonum.org/v1/gonum/blas/blas32", false},
	{"gonum.org/v1/gonum/blas/blas64", false},
	{"gonum.org/v1/gonum/diff/fd", false},
	{"gonum.org/v1/gonum/dsp/fourier", false},
	{"gonum.org/v1/gonum/dsp/window", false},
	{"gonum.org/v1/gonum/floats", true},
	{"gonum.org/v1/gonum/floats/scalar", false},
	{"gonum.org/v1/gonum/graph", false},
	{"gonum.org/v1/gonum/graph/community", false},
	{"gonum.org/v1/gonum/graph/network", false},
	{"gonum.org/v1/gonum/graph/path", false},
	{"gonum.org/v1/gonum/graph/simple", false},
	{"gonum.org/v1/gonum/graph/topo", false},
	{"gonum.org/v1/gonum/graph/traverse", false},
	{"gonum.org/v1/gonum/integrate", false},
	{"gonum.org/v1/gonum/integrate/quad", false},
	{"gonum.org/v1/gonum/interp", false},
	{"gonum.org/v1/gonum/mat", true},
	{"gonum.org/v1/gonum/mathext", false},
	{"gonum.org/v1/gonum/num/quat", false},
	{"gonum.org/v1/gonum/optimize", false},
	{"gonum.org/v1/gonum/spatial/kdtree", false},
	{"gonum.org/v1/gonum/spatial/r2", false},
	{"gonum.org/v1/gonum/spatial/r3", false},
	{"gonum.org/v1/gonum/spatial/vptree", false},
	{"gonum.org/v1/gonum/stat", true},
	{"gonum.org/v1/gonum/stat/combin", false},
	{"gonum.org/v1/gonum/stat/distmat", false},
	{"gonum.org/v1/gonum/stat/distmv", false},
	{"gonum.org/v1/gonum/stat/distuv", false},
	{"gonum.org/v1/gonum/stat/sampleuv", false},
	{"gonum.org/v1/plot", false},
	{"gonum.org/v1/plot/plotter", false},
	{"gonum.org/v1/plot/plotutil", false},
	{"gonum.org/v1/plot/vg", false},
	{"gonum.org/v1/plot/vg/draw", false},
}

// combined lists interfaces of which compiled code asks whether a value is another one, too, and does otherwise then: that a
// wrapper of the first alone is not. Every set of the others gets a wrapper. Those that only make things faster are not here.
var combined = []struct {
	path, name string
	with       []string // interfaces of the same package
}{
	{"io", "Reader", []string{"ByteReader", "RuneScanner", "WriterTo"}},
	{"io", "Writer", []string{"ReaderFrom", "StringWriter"}},
	{"io/fs", "File", []string{"ReadDirFile"}},
	{"math/rand", "Source", []string{"Source64"}},
	{"net/http", "ResponseWriter", []string{"Flusher", "Hijacker"}},
	{"gonum.org/v1/plot", "Plotter", []string{"DataRanger", "GlyphBoxer", "Thumbnailer"}},
}

// preloadStd lists the standard packages that cells use by name without an import.
// Of two packages with one name (math/rand and math/rand/v2, text/template and html/template, crypto/rand) at most one is here.
var preloadStd = []string{
	"bufio", "bytes", "cmp", "context", "encoding/base64", "encoding/binary", "encoding/csv", "encoding/hex", "encoding/json", "errors",
	"fmt", "image", "image/color", "image/draw", "image/jpeg", "image/png", "io", "io/fs", "iter", "log", "maps", "math", "math/bits",
	"math/cmplx", "math/rand/v2", "net/http", "net/url", "os", "os/exec", "path", "path/filepath", "reflect", "regexp", "runtime",
	"slices", "sort", "strconv", "strings", "sync", "sync/atomic", "text/tabwriter", "text/template", "time", "unicode", "unicode/utf8",
}

// excluded reports whether a standard package is of no use to cells or not the same on every platform; syscall has a table
// of its own.
func excluded(path string) bool {
	for _, part := range strings.Split(path, "/") {
		if part == "internal" || part == "vendor" {
			return true
		}
	}
	switch path {
	case "C", "unsafe", "syscall", "plugin", "embed", "log/syslog", "runtime/cgo", "runtime/race", "runtime/msan", "runtime/asan", "runtime/coverage":
		return true
	}
	return strings.HasPrefix(path, "testing/") || strings.HasPrefix(path, "cmd/") || strings.HasPrefix(path, "syscall/")
}

func isLibrary(path string) bool {
	return strings.HasPrefix(path, module+"/lib/") || strings.HasPrefix(path, module+"/kernel/api/")
}

// isStd reports whether the path is one of the standard library: its first element has no dot.
func isStd(path string) bool {
	first, _, _ := strings.Cut(path, "/")
	return !strings.Contains(first, ".") && first != module
}

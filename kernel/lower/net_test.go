package lower_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"fmt"
	"go/ast"
	"go/build"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"golang.org/x/tools/go/gcexportdata"

	"gonverge/kernel/cell"
	"gonverge/kernel/check"
	"gonverge/kernel/lower"
	"gonverge/kernel/run"
	"gonverge/kernel/symbols"
)

// The wide net: every package of the standard library whose source is there is taken for a cell. What is lowered must be Go
// that type-checks against the functions of package run; a refusal must say why, and never that it is ours.

// runtimeStub declares what lowered code calls in package run.
const runtimeStub = `package kern
import ("encoding"; "encoding/json"; "flag"; "io"; "log"; "os"; "sync"; "fmt"; "reflect"; "unsafe")
type Defers struct{}
func (*Defers) Call(func()) {}
func (*Defers) Named(string, func()) {}
func (*Defers) Literal(func(*Defers)) {}
func (*Defers) Recover() any { return nil }
func Mark(int, *int) {}
func At(*int, int) {}
func Exec(func()) {}
func Result(any) {}
func Check(int, error) {}
func Enter() {}
func Leave() {}
func Frame(func(*Defers)) {}
func Entered(string) *Defers { return nil }
func RecoverOf(*Defers) any { return nil }
func BadShift() {}
func Sprintf(string, ...any) string { return "" }
func Plain(any, bool) any { return nil }
func Bare(any) any { return nil }
func ValueOf(any) any { return nil }
func Implements(x, y reflect.Type) bool { return false }
func AssignableTo(x, y reflect.Type) bool { return false }
func ConvertibleTo(x, y reflect.Type) bool { return false }
func BadRange(int) {}
func Go(int, func()) {}
func Recv(any, int) (any, bool) { return nil, false }
func Recv1(any, int) any { return nil }
func Send(any, any, int) {}
func Select(int, bool, ...any) (int, any, bool) { return 0, nil, false }
func WaitGroupWait(*sync.WaitGroup, int) {}
func Writer(*os.File) io.Writer { return nil }
func FileWrite(any, []byte) (int, error) { return 0, nil }
func FileWriteString(any, string) (int, error) { return 0, nil }
func LogFatal(*log.Logger, ...any) {}
func LogFatalf(*log.Logger, string, ...any) {}
func LogFatalln(*log.Logger, ...any) {}
func WaitGroupGo(*sync.WaitGroup, func(), int) {}
func MutexLock(*sync.Mutex, int) {}
func RWLock(*sync.RWMutex, int) {}
func RWRLock(*sync.RWMutex, int) {}
func Box(int, any) any { return nil }
func Boxed(any) bool { return false }
func Is(any, int) bool { return false }
func ID(any) int { return 0 }
func Raw(any) any { return nil }
func Inner(any) any { return nil }
func Equal(any, any) bool { return false }
func Err(any) error { return nil }
func PlainAll([]any) []any { return nil }
func As(error, any, func(any) bool) bool { return false }
func Wrap(string, string, any, ...any) any { return nil }
func Bound(any, string) any { return nil }
func Nil(typ, method string) {}
func Has(any, ...any) bool { return false }
func Differs(any, any, string) {}
func Unbox(any, int, string) any { return nil }
func Fail(any, int) {}
func First(any) any { return nil }
func Print(bool, ...any) {}
func TypeName(any) string { return "" }
func NameOf(int) string { return "" }
func Method(int, string, func(any, any) any) {}
func Format(int, func(any, fmt.State, rune)) {}
func VarPtr(string) any { return nil }
func Runes(string) ([]int, []rune) { return nil, nil }
func Clear(any) {}
func Same(any, any) bool { return false }
func Key(any) any { return nil }
func TemplateError(err error) error { return err }
func TextVar(*flag.FlagSet, encoding.TextUnmarshaler, string, encoding.TextMarshaler, string) {}
func Only(any, any) any { return nil }
func JSONMarshal(any) ([]byte, error) { return nil, nil }
func JSONMarshalIndent(any, string, string) ([]byte, error) { return nil, nil }
func JSONUnmarshal([]byte, any) error { return nil }
func JSONEncode(*json.Encoder, any) error { return nil }
func JSONDecode(*json.Decoder, any) error { return nil }
type Pointer = unsafe.Pointer
func Repoint(any, any) {}
func Pointed(any) any { return nil }
func Whole(any, any) {}
func Add(unsafe.Pointer, int) unsafe.Pointer { return nil }
func UnsafeSlice(any, any, any) {}
func UnsafeString(*byte, any) string { return "" }
func StringData(string) *byte { return nil }
var Stdin io.Reader
var Stdout, Stderr io.Writer
`

// stubs imports the two packages that only the interpreter has.
type stubs struct {
	*check.Importer
	own map[string]*types.Package
}

func (s stubs) Import(path string) (*types.Package, error) {
	if p := s.own[path]; p != nil {
		return p, nil
	}
	return s.Importer.Import(path)
}

func checkStub(t *testing.T, im types.Importer, path, src string) *types.Package {
	t.Helper()
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, path, src, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := (&types.Config{Importer: im}).Check(path, fset, []*ast.File{f}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// importsApart renames the imports of a file whose names other files of the package gave to other packages: a cell has one
// scope for all. paths has the names so far.
func importsApart(src []byte, paths map[string]string) ([]byte, error) {
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "", src, 0) // with objects: what is not resolved is of the package, or imported
	if err != nil {
		return nil, err
	}
	text := string(src)
	insert := map[int]string{}
	for _, s := range f.Imports {
		path := strings.Trim(s.Path.Value, "\"")
		elems := strings.Split(path, "/")
		name := elems[len(elems)-1]
		if len(elems) > 1 && len(name) == 2 && name[0] == 'v' { // math/rand/v2
			name = elems[len(elems)-2]
		}
		if s.Name != nil {
			name = s.Name.Name
		}
		if old, ok := paths[name]; !ok || old == path || name == "_" || name == "." {
			paths[name] = path
			continue
		}
		other := name + "ₓ" + strings.NewReplacer("/", "_", ".", "_").Replace(path)
		if s.Name != nil {
			continue // its file has chosen the name itself
		}
		insert[fset.Position(s.Path.Pos()).Offset] = other + " "
		for _, id := range f.Unresolved {
			if id.Name == name {
				insert[fset.Position(id.Pos()).Offset] = "\x00" + other
			}
		}
	}
	for _, at := range slices.Backward(slices.Sorted(maps.Keys(insert))) {
		with := insert[at]
		if rest, ok := strings.CutPrefix(with, "\x00"); ok {
			name, _, _ := strings.Cut(rest, "ₓ")
			text = text[:at] + rest + text[at+len(name):]
			continue
		}
		text = text[:at] + with + text[at:]
	}
	return []byte(text), nil
}

// asCell joins the files of a package into one cell.
func asCell(dir string) (string, error) {
	ctx := build.Default
	ctx.GOROOT, ctx.CgoEnabled = goroot(), false
	p, err := ctx.ImportDir(dir, 0)
	if err != nil {
		return "", err
	}
	imports, body := map[string]bool{}, ""
	paths := map[string]string{} // of the names that files give to packages
	for _, name := range p.GoFiles {
		src, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return "", err
		}
		fset := token.NewFileSet()
		if src, err = importsApart(src, paths); err != nil {
			return "", err
		}
		f, err := parser.ParseFile(fset, name, src, 0)
		if err != nil {
			return "", err
		}
		end := fset.Position(f.Name.End()).Offset
		for _, d := range f.Decls {
			if g, ok := d.(*ast.GenDecl); ok && g.Tok == token.IMPORT {
				end = fset.Position(g.End()).Offset
				for _, sp := range g.Specs {
					s := sp.(*ast.ImportSpec)
					n := ""
					if s.Name != nil {
						n = s.Name.Name + " "
					}
					path := strings.Replace(s.Path.Value, "\"golang.org/x/", "\"vendor/golang.org/x/", 1)
					imports["import "+n+path] = true
				}
			}
		}
		text := string(src)
		for i := len(f.Decls) - 1; i >= 0; i-- {
			if d, ok := f.Decls[i].(*ast.FuncDecl); ok && d.Body == nil { // in assembly, or linked to another package
				at := fset.Position(d.End()).Offset
				text = text[:at] + " { panic(0) }" + text[at:]
			}
		}
		body += text[end:] + "\n"
	}
	return strings.Join(slices.Sorted(maps.Keys(imports)), "\n") + "\n" + body, nil
}

// goroot is where the toolchain lies. A test that was built with -trimpath does not know it.
var goroot = sync.OnceValue(func() string {
	if build.Default.GOROOT != "" {
		return build.Default.GOROOT
	}
	out, err := exec.Command("go", "env", "GOROOT").Output()
	if err != nil {
		return "no toolchain"
	}
	return strings.TrimSpace(string(out))
})

func TestTheStandardLibraryAsCells(t *testing.T) {
	root := filepath.Join(goroot(), "src")
	if _, err := os.Stat(root); err != nil {
		if os.Getenv("REQUIRE_JUPYTER") == "1" {
			t.Fatal(err) // in CI: skipped unseen, this test once proved nothing for days
		}
		t.Skip("no source of the standard library: ", err)
	}
	sample := map[string]bool{}
	for _, p := range strings.Fields("bufio bytes cmp container/heap container/list container/ring context encoding/csv encoding/hex errors flag go/scanner html image image/color index/suffixarray io io/fs iter maps math/cmplx path path/filepath slices sort strings text/scanner text/tabwriter text/template/parse unicode/utf8 net/textproto encoding/json") {
		sample[p] = true
	}
	m, err := run.New(run.Options{Symbols: symbols.Exports(), Compiled: lower.CompiledInstances(), RuntimeName: lower.Runtime, CompiledName: lower.Compiled, ContextName: "ctxv"})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	packages, functions, skipped, refusals := 0, 0, 0, map[string]int{}
	data := withInternals(t)
	p, err := check.New(cell.NewFiles(), data, symbols.Preload())
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range p.Importer.Paths() {
		if first, _, _ := strings.Cut(path, "/"); strings.Contains(first, ".") || first == "gonverge" || first == "vendor" || first == "cmd" {
			continue
		}
		if testing.Short() && !sample[path] {
			continue
		}
		src, err := asCell(filepath.Join(root, path))
		if err != nil {
			t.Logf("%s: no source: %v", path, first(err))
			skipped++
			continue
		}
		p, err := check.New(cell.NewFiles(), data, symbols.Preload())
		if err != nil {
			t.Fatal(err)
		}
		c, err := p.Files.Parse(1, "In", src)
		if err != nil {
			t.Logf("%s: not parsed: %v", path, first(err))
			skipped++
			continue
		}
		u, err := p.Check(c)
		if err != nil {
			t.Logf("%s: not checked: %v", path, first(err))
			skipped++
			continue
		}
		code, refused, err := lower.NewState(p, m.Symbols()).LowerEach(u)
		if err != nil {
			refused = append(refused, first(err))
		}
		for _, r := range refused {
			refusals[r]++
			if strings.HasPrefix(r, "internal") {
				t.Errorf("%s: %s", path, r)
			}
		}
		if code == nil {
			continue
		}
		packages++
		functions += len(u.Funcs)
		for i, e := range typeErrors(t, p.Importer, code, len(refused) > 0) {
			if i == 5 {
				t.Errorf("%s: and more", path)
				break
			}
			t.Errorf("%s: %s", path, e)
		}
	}
	t.Logf("%d packages, %d functions and methods; without source, not parsed or not checked: %d packages", packages, functions, skipped)
	for _, r := range slices.Sorted(maps.Keys(refusals)) {
		t.Logf("refused %d: %s", refusals[r], r)
	}
}

// withInternals is export data of the standard library with its internal packages, where there is a toolchain to ask.
func withInternals(t *testing.T) []byte {
	t.Helper()
	list, err := exec.Command("go", "list", "-export", "-f", "{{.ImportPath}} {{.Export}}", "std").Output()
	if err != nil {
		return symbols.ExportData()
	}
	var heads, blobs []byte
	n := 0
	for line := range strings.Lines(string(list)) {
		f := strings.Fields(line)
		if len(f) != 2 {
			continue
		}
		file, err := os.Open(f[1])
		if err != nil {
			t.Fatal(err)
		}
		//lint:ignore SA1019 the test asks the toolchain it runs with, which still writes archives
		r, err := gcexportdata.NewReader(file)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(r)
		file.Close()
		if err != nil {
			t.Fatal(err)
		}
		var z bytes.Buffer
		w, _ := flate.NewWriter(&z, flate.BestSpeed) // fails for a bad level only
		w.Write(raw)
		w.Close()
		heads = binary.AppendUvarint(heads, uint64(len(f[0])))
		heads = append(heads, f[0]...)
		heads = binary.AppendUvarint(heads, uint64(len(raw)))
		heads = binary.AppendUvarint(heads, uint64(z.Len()))
		blobs = append(blobs, z.Bytes()...)
		n++
	}
	return append(append(binary.AppendUvarint(nil, uint64(n)), heads...), blobs...)
}

func first(err error) string { s, _, _ := strings.Cut(err.Error(), "\n"); return s }

// typeErrors checks lowered code; what it need not use it may leave.
func typeErrors(t *testing.T, im *check.Importer, code *lower.Code, refused bool) (errs []string) {
	t.Helper()
	fast := "package fast\n"
	for name, v := range lower.CompiledInstances() {
		fast += "var " + name + " " + strings.ReplaceAll(v.Type().String(), "interface {}", "any") + "\n"
	}
	own := stubs{im, map[string]*types.Package{}}
	own.own["gonverge/kern"] = checkStub(t, own, "gonverge/kern", runtimeStub)
	own.own["gonverge/fast"] = checkStub(t, own, "gonverge/fast", fast)
	src := "package main\nimport " + lower.Runtime + " \"gonverge/kern\"\nimport " + lower.Compiled + " \"gonverge/fast\"\n" + code.Imports + code.Types + code.Decls + code.Main
	fset := token.NewFileSet()
	f, err := parser.ParseFile(fset, "lowered", src, parser.SkipObjectResolution)
	if err != nil {
		return []string{err.Error()}
	}
	lines := strings.Split(src, "\n")
	conf := types.Config{Importer: own, Error: func(err error) {
		e := err.(types.Error)
		// The interpreter does not ask for uses and final returns; what was refused is not there.
		for _, harmless := range []string{" and not used", "label ", "missing return", "jumps over variable declaration", "could not import hidden"} {
			if strings.HasPrefix(e.Msg, harmless) || strings.Contains(e.Msg, harmless) {
				return
			}
		}
		if refused && strings.HasPrefix(e.Msg, "undefined: ") {
			return
		}
		at := fset.PositionFor(e.Pos, false).Line
		errs = append(errs, fmt.Sprintf("%s: %s", e.Msg, lines[at-1]))
	}}
	conf.Check("main", fset, []*ast.File{f}, nil)
	return errs
}

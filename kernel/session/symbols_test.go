package session_test

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"os"
	"reflect"
	"strings"
	"sync"

	"golang.org/x/tools/go/gcexportdata"

	"gonverge/kernel/check"
	"gonverge/kernel/session"
	"gonverge/kernel/symbols"
)

// wrappers by which interpreted types satisfy the library's interfaces, as yaegi extract writes them.
type wrapShape struct {
	IValue any
	WArea  func() float64
}

func (w wrapShape) Area() float64 { return w.WArea() }

type wrapModel struct {
	IValue   any
	WFit     func(x []float64) error
	WPredict func(x float64) float64
}

func (w wrapModel) Fit(x []float64) error     { return w.WFit(x) }
func (w wrapModel) Predict(x float64) float64 { return w.WPredict(x) }

// libSymbols is the symbol table of example/lib.
func libSymbols() map[string]reflect.Value {
	v := reflect.ValueOf
	return map[string]reflect.Value{
		"Default": v(&Default).Elem(), "NewGrid": v(NewGrid), "Load": v(Load), "Split": v(Split), "Half": v(Half), "Check": v(Check), "Map": v(Map),
		"Seq": v(Seq), "Total": v(Total), "Boom": v(Boom), "Train": v(Train), "Score": v(Score), "Depth": v(Depth), "Name": v(Name), "NewConfig": v(NewConfig),
		"Hidden": v(Hidden), "Long": v(Long), "Row": v(Row),
		"Grid": v((*Grid)(nil)), "Vec": v((*Vec)(nil)), "Shape": v((*Shape)(nil)), "Model": v((*Model)(nil)), "Opt": v((*Opt)(nil)), "Config": v((*Config)(nil)),
		"Panel": v((*Panel)(nil)), "Heat": v((*Heat)(nil)), "Figure": v((*Figure)(nil)),
		"_Shape": v((*wrapShape)(nil)), "_Model": v((*wrapModel)(nil)),
	}
}

// tables joins the kernel's tables with example/lib.
var tables = sync.OnceValue(func() session.Tables {
	data := symbols.ExportData()
	fset := token.NewFileSet()
	im, err := check.NewImporter(fset, data)
	if err != nil {
		panic(err)
	}
	src, err := os.ReadFile("lib_test.go")
	if err != nil {
		panic(err)
	}
	f, err := parser.ParseFile(fset, "lib.go", strings.Replace(string(src), "package session_test", "package lib", 1), 0)
	if err != nil {
		panic(err)
	}
	pkg, err := (&types.Config{Importer: im, GoVersion: "go1.26"}).Check("example/lib", fset, []*ast.File{f}, nil)
	if err != nil {
		panic(err)
	}
	var raw bytes.Buffer
	if err := gcexportdata.Write(&raw, fset, pkg); err != nil {
		panic(err)
	}
	all := symbols.Exports()
	all["example/lib/lib"] = libSymbols()
	all[reflect.TypeFor[Grid]().PkgPath()+"/lib"] = libSymbols() // where the interpreter looks for wrappers
	return session.Tables{Symbols: all, ExportData: with(data, "example/lib", raw.Bytes()), Preload: append(symbols.Preload(), "example/lib")}
})

// with adds a package to a blob of export data.
func with(data []byte, path string, export []byte) []byte {
	at := 0
	number := func() int {
		v, n := binary.Uvarint(data[at:])
		at += n
		return int(v)
	}
	n := number()
	start := at
	for range n {
		at += number()
		number()
		number()
	}
	var z bytes.Buffer
	w, _ := flate.NewWriter(&z, flate.BestSpeed)
	w.Write(export)
	w.Close()
	out := binary.AppendUvarint(nil, uint64(n+1))
	out = append(out, data[start:at]...)
	out = binary.AppendUvarint(out, uint64(len(path)))
	out = append(out, path...)
	out = binary.AppendUvarint(out, uint64(len(export)))
	out = binary.AppendUvarint(out, uint64(z.Len()))
	out = append(out, data[at:]...)
	return append(out, z.Bytes()...)
}

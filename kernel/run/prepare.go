package run

import (
	"go/ast"
	"go/parser"
	"reflect"
	"unsafe"

	"github.com/traefik/yaegi/interp"
)

// Preparing. Two things of the interpreter happen while code runs that goroutines of earlier cells, or two of one cell, must
// not meet in the making: the type of a function literal is worked out when the literal is first evaluated, and the frame of
// the global variables is replaced by a longer one. Both are done here, after code has been compiled and before it runs.

// layout says where the interpreter keeps what is prepared; the zero value where it is another version of it.
type layout struct {
	root               uintptr // of a Program: its syntax
	child, typ, types  uintptr // of a node
	arg, rtype         uintptr // of a type
	typeOf             reflect.Value
	typeStruct         reflect.Type
	known              bool
	frame, universe    uintptr // of the interpreter
	data, universeType uintptr // of a frame, of a scope
	start, exec, gen   uintptr // of a node: see negzero.go
	findex, rval       uintptr
	ret, anc           uintptr // of a type, of a frame
	node               reflect.Type
}

// interpreterLayout finds the fields by their names and types.
func interpreterLayout() (l layout) {
	defer func() {
		if recover() != nil {
			l = layout{}
		}
	}()
	field := func(t reflect.Type, name string, want reflect.Type) (uintptr, reflect.Type) {
		f, ok := t.FieldByName(name)
		if !ok || want != nil && f.Type != want {
			panic(name)
		}
		return f.Offset, f.Type
	}
	var nodePtr, typePtr, at reflect.Type
	l.root, nodePtr = field(reflect.TypeFor[interp.Program](), "root", nil)
	node := nodePtr.Elem()
	l.child, _ = field(node, "child", reflect.SliceOf(nodePtr))
	l.types, _ = field(node, "types", reflect.TypeFor[[]reflect.Type]())
	l.typ, typePtr = field(node, "typ", nil)
	l.typeStruct = typePtr.Elem()
	l.node = nodePtr
	l.start, _ = field(node, "start", nodePtr)
	l.exec, at = field(node, "exec", nil)
	if at.Kind() != reflect.Func || at.NumIn() != 1 || at.NumOut() != 1 || at.Out(0) != at {
		panic("exec")
	}
	l.gen, at = field(node, "gen", nil)
	if at.Kind() != reflect.Func || at.NumIn() != 1 || at.In(0) != nodePtr || at.NumOut() != 0 {
		panic("gen")
	}
	l.findex, _ = field(node, "findex", reflect.TypeFor[int]())
	l.rval, _ = field(node, "rval", reflect.TypeFor[reflect.Value]())
	l.ret, _ = field(l.typeStruct, "ret", reflect.SliceOf(typePtr))
	l.arg, _ = field(l.typeStruct, "arg", reflect.SliceOf(typePtr))
	l.rtype, _ = field(l.typeStruct, "rtype", reflect.TypeFor[reflect.Type]())
	m, ok := typePtr.MethodByName("TypeOf")
	if !ok {
		panic("TypeOf")
	}
	l.typeOf = m.Func
	whole := reflect.TypeFor[interp.Interpreter]()
	l.frame, at = field(whole, "frame", nil)
	l.data, _ = field(at.Elem(), "data", reflect.TypeFor[[]reflect.Value]())
	l.anc, _ = field(at.Elem(), "anc", at)
	l.universe, at = field(whole, "universe", nil)
	l.universeType, _ = field(at.Elem(), "types", reflect.TypeFor[[]reflect.Type]())
	l.known = true
	return l
}

var interpreter = interpreterLayout()

// fieldAt is the field at an offset of a struct of the interpreter.
func fieldAt[T any](p unsafe.Pointer, offset uintptr) *T { return (*T)(unsafe.Add(p, offset)) }

// compile compiles declarations, or with body a call.
func (m *Machine) compile(src string, body bool) (*interp.Program, error) {
	if !body {
		return m.in.Compile("package main;" + src)
	}
	f, err := parser.ParseFile(m.in.FileSet(), interp.DefaultSourceName, "package main; func main() {"+src+"\n}", parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	return m.in.CompileAST(f.Decls[0].(*ast.FuncDecl).Body)
}

// prepare makes compiled code ready to run beside goroutines.
func (m *Machine) prepare(p *interp.Program) {
	if !interpreter.known {
		return
	}
	root := *fieldAt[unsafe.Pointer](unsafe.Pointer(p), interpreter.root)
	warm(root)
	takeSigns(root)
	m.watch(root)
	m.extendFrame()
}

// warm works out the types of the function literals of a syntax tree.
func warm(node unsafe.Pointer) {
	if node == nil {
		return
	}
	if len(*fieldAt[[]reflect.Type](node, interpreter.types)) > 0 {
		if t := *fieldAt[unsafe.Pointer](node, interpreter.typ); t != nil {
			warmType(t)
			for _, a := range *fieldAt[[]unsafe.Pointer](t, interpreter.arg) {
				warmType(a)
			}
		}
	}
	for _, c := range *fieldAt[[]unsafe.Pointer](node, interpreter.child) {
		warm(c)
	}
}

func warmType(t unsafe.Pointer) {
	if t == nil || *fieldAt[reflect.Type](t, interpreter.rtype) != nil {
		return
	}
	defer func() { _ = recover() }() // a type without a value: the interpreter complains when it needs one
	interpreter.typeOf.Call([]reflect.Value{reflect.NewAt(interpreter.typeStruct, t)})
}

// firstVariables is how many global variables of lowered code fit the frame before it is replaced: 24 bytes each.
const firstVariables = 1 << 14

// extendFrame makes the new global variables. There is room for them in the frame, so that nothing is moved while a
// goroutine looks at it.
func (m *Machine) extendFrame() {
	frame := *fieldAt[unsafe.Pointer](unsafe.Pointer(m.in), interpreter.frame)
	data := fieldAt[[]reflect.Value](frame, interpreter.data)
	all := *fieldAt[[]reflect.Type](*fieldAt[unsafe.Pointer](unsafe.Pointer(m.in), interpreter.universe), interpreter.universeType)
	if m.variables == 0 {
		m.variables = len(*data)
	}
	if len(*data) < len(all) || len(*data) < firstVariables {
		longer := make([]reflect.Value, max(firstVariables, 2*len(all)))
		copy(longer, (*data)[:m.variables])
		*data = longer
	}
	for ; m.variables < len(all); m.variables++ {
		(*data)[m.variables] = reflect.New(all[m.variables]).Elem()
	}
}

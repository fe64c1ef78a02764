package lower

import (
	"fmt"
	"go/token"
	"go/types"
	"path"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// pkg returns the name of a compiled package in lowered code and imports it once.
func (l *lowerer) pkg(importPath string) string {
	if a := l.alias[importPath]; a != "" {
		return a
	}
	a := "p" + sep + strconv.Itoa(l.packages) + sep + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return '_'
	}, path.Base(importPath))
	l.packages++ // not undone: when the cell fails, the interpreter may have imported it
	l.set(l.alias, importPath, a)
	fmt.Fprintf(&l.imports, "import %s %q\n", a, importPath)
	return a
}

// endsProcess are functions that would take the kernel with them.
var endsProcess = map[string]string{
	"runtime.Breakpoint": "no debugger is there, so it would end the kernel",
	"syscall.Exec":       "it would put another program in place of the kernel; os/exec runs one beside it",
}

// symbol returns the lowered name of an exported compiled object; it refuses what the interpreter lacks.
func (l *lowerer) symbol(p token.Pos, o types.Object) string {
	importPath := o.Pkg().Path()
	if importPath == kernPath {
		return Runtime + "." + o.Name()
	}
	if why := endsProcess[importPath+"."+o.Name()]; why != "" {
		l.refuse(p, "%s.%s is not available in cells: %s", o.Pkg().Name(), o.Name(), why)
	}
	table := l.symbols[importPath+"/"+o.Pkg().Name()]
	if table == nil {
		l.refuse(p, "package %s is known but not available to cells", importPath)
	}
	if _, ok := table[o.Name()]; !ok {
		l.refuse(p, "%s.%s is not available to cells", o.Pkg().Name(), o.Name())
	}
	return l.pkg(importPath) + "." + o.Name()
}

// typ writes a type for the interpreter.
func (l *lowerer) typ(x types.Type) string {
	switch x := types.Unalias(x).(type) {
	case *types.Basic:
		switch x.Kind() {
		case types.UnsafePointer:
			return Runtime + ".Pointer"
		case types.UntypedNil:
			return "interface{}"
		}
		return types.Default(x).String()
	case *types.Pointer:
		return "*" + l.typ(x.Elem())
	case *types.Slice:
		return "[]" + l.typ(x.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(x.Len(), 10) + "]" + l.typ(x.Elem())
	case *types.Map:
		return "map[" + l.typ(x.Key()) + "]" + l.typ(x.Elem())
	case *types.Chan:
		switch x.Dir() {
		case types.SendOnly:
			return "chan<- " + l.typ(x.Elem())
		case types.RecvOnly:
			return "<-chan " + l.typ(x.Elem())
		}
		return "chan (" + l.typ(x.Elem()) + ")"
	case *types.Signature:
		return "func" + l.signature(x, nil, nil)
	case *types.Struct:
		return l.structType(x)
	case *types.Interface:
		return l.interfaceType(x)
	case *types.Named:
		if n := l.namedType(x); l.spell || !l.inCycle(x) {
			return n
		}
		return l.typ(x.Underlying())
	case *types.Tuple:
		return l.typ(x.At(0).Type())
	case *types.TypeParam:
		l.refuse(token.NoPos, "internal: type parameter %s", x)
	}
	l.refuse(token.NoPos, "type %v is not available in cells", x)
	return ""
}

// notEncoded is the tag of fields that encoders must not see.
const notEncoded = `json:"-" xml:"-"`

// structType writes a struct; embedded fields become fields with names, and selectors spell their paths.
func (l *lowerer) structType(x *types.Struct) string {
	var b strings.Builder
	b.WriteString("struct {")
	for i := range x.NumFields() {
		f := x.Field(i)
		name := f.Name()
		if name == "_" && !l.spell { // the interpreter wants different names
			name += sep + strconv.Itoa(i)
		}
		b.WriteString("\n" + name + " " + l.typ(f.Type()))
		if t := x.Tag(i); !f.Exported() && !l.spell {
			b.WriteString(" " + strconv.Quote(notEncoded)) // for reflection the interpreter exports every field
		} else if t != "" {
			b.WriteString(" " + strconv.Quote(t))
		}
	}
	if x.NumFields() > 0 {
		b.WriteString("\n")
	}
	b.WriteString("}")
	return b.String()
}

// interfaceType writes an interface: the interpreter knows only the empty one (see interface.go). In a key it is spelled
// with all its methods, those of embedded ones too.
func (l *lowerer) interfaceType(x *types.Interface) string {
	if x.NumMethods() == 0 || !l.spell {
		return "interface{}"
	}
	var b strings.Builder
	b.WriteString("interface {")
	for i := range x.NumMethods() {
		m := x.Method(i)
		if i > 0 {
			b.WriteString(";")
		}
		b.WriteString(" " + m.Name() + l.signature(m.Signature(), nil, nil))
	}
	b.WriteString(" }")
	return b.String()
}

// signature writes parameters and results, with names where they are given.
func (l *lowerer) signature(x *types.Signature, params, results []string) string {
	var b strings.Builder
	b.WriteString("(")
	for i := range x.Params().Len() {
		if i > 0 {
			b.WriteString(", ")
		}
		if params != nil {
			b.WriteString(params[i] + " ")
		}
		t := x.Params().At(i).Type()
		if x.Variadic() && i == x.Params().Len()-1 {
			if sl, ok := t.Underlying().(*types.Slice); ok {
				b.WriteString("..." + l.typ(sl.Elem()))
				continue
			}
		}
		b.WriteString(l.typ(t))
	}
	b.WriteString(")")
	r := x.Results()
	switch {
	case r.Len() == 0:
	case r.Len() == 1 && results == nil:
		b.WriteString(" " + l.typ(r.At(0).Type()))
	default:
		b.WriteString(" (")
		for i := range r.Len() {
			if i > 0 {
				b.WriteString(", ")
			}
			if results != nil {
				b.WriteString(results[i] + " ")
			}
			b.WriteString(l.typ(r.At(i).Type()))
		}
		b.WriteString(")")
	}
	return b.String()
}

// typeKey is a list of type arguments as part of a key.
func (l *lowerer) typeKey(ts *types.TypeList) string {
	var b strings.Builder
	for i := range ts.Len() {
		b.WriteString("," + l.key(ts.At(i)))
	}
	return b.String()
}

// typeID numbers a type for boxing and display.
func (l *lowerer) typeID(t types.Type) int {
	k := l.key(t)
	if id, ok := l.typeIDs[k]; ok {
		return id
	}
	id := len(l.types)
	l.State.types = append(l.State.types, t)
	l.typeIDs[k] = id
	return id
}

// typeName is how users read a type: session types without a package.
func typeName(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == check.Path {
			return ""
		}
		return p.Name()
	})
}

// mentions reports whether the interpreter's form of a value of this type lacks a name that cells gave:
// of a session type, or of a field that is not exported.
func (l *lowerer) mentions(t types.Type) bool { return Mentions(t) }

// boxes tells whether a value of the type is boxed in an empty interface: those that show names of cells, and functions,
// for which the interpreter would put its own syntax there.
func boxes(t types.Type) bool {
	_, function := types.Unalias(t).(*types.Signature)
	return function || Mentions(t)
}

// Mentions reports whether values of a type show names that only the cells know.
func Mentions(t types.Type) bool { return mentions(t, map[types.Type]bool{}) }

func mentions(t types.Type, seen map[types.Type]bool) bool {
	t = types.Unalias(t)
	if seen[t] {
		return false
	}
	seen[t] = true
	switch t := t.(type) {
	case *types.Named:
		if t.Obj().Pkg() != nil && check.InSession(t.Obj()) {
			return true
		}
		for i := range t.TypeArgs().Len() {
			if mentions(t.TypeArgs().At(i), seen) {
				return true
			}
		}
	case *types.Pointer:
		return mentions(t.Elem(), seen)
	case *types.Slice:
		return mentions(t.Elem(), seen)
	case *types.Array:
		return mentions(t.Elem(), seen)
	case *types.Map:
		return mentions(t.Key(), seen) || mentions(t.Elem(), seen)
	case *types.Chan:
		return mentions(t.Elem(), seen)
	case *types.Signature:
		return mentions(t.Params(), seen) || mentions(t.Results(), seen)
	case *types.Tuple:
		for v := range t.Variables() {
			if mentions(v.Type(), seen) {
				return true
			}
		}
	case *types.Interface:
		return t.NumMethods() > 0
	case *types.Struct:
		return t.NumFields() > 0 // the interpreter renames the fields of a struct without a name
	}
	return false
}

// key writes a type so that different types differ.
func (l *lowerer) key(t types.Type) string {
	was := l.spell
	l.spell = true
	defer func() { l.spell = was }()
	return l.typ(t)
}

package lower

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/types"
	"regexp"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// Formats. Package fmt, and what passes formats on to it, asks most operands how they print, and a box answers with the names of
// the cell. Here is what it does not ask: %T, %p and %w, operands without a verb, pointers to scan into, and values that hold
// interfaces.

// formatted lowers the arguments of a compiled function other than fmt's that takes a format, such as log.Printf, where its
// operands stand for verbs that do not ask how they print: package run makes the text. "" for any other call.
func (e *emitter) formatted(c *ast.CallExpr, callee types.Object, sig *types.Signature) string {
	f, ok := callee.(*types.Func)
	at := sig.Params().Len() - 2
	if !ok || !sig.Variadic() || at < 0 || len(c.Args) < at+2 || !strings.HasSuffix(f.Name(), "f") || f.Pkg() == nil || f.Pkg().Path() == "fmt" || check.InSession(f) {
		return ""
	}
	if !isString(sig.Params().At(at).Type()) || !isEmpty(sig.Params().At(at+1).Type().Underlying().(*types.Slice).Elem()) {
		return ""
	}
	if v := e.info.Types[c.Args[at]].Value; v != nil {
		if format := constant.StringVal(v); !typeOrPointer.MatchString(format) && !e.unasked(c, at, format) {
			return ""
		}
	}
	var out []string
	for i, a := range c.Args[:at] {
		out = append(out, e.to(a, sig.Params().At(i).Type()))
	}
	text := []string{"string(" + e.x(c.Args[at]) + ")"}
	for _, a := range c.Args[at+1:] {
		text = append(text, e.to(a, paramType(sig, at+1, c.Ellipsis.IsValid())))
	}
	if c.Ellipsis.IsValid() {
		text[len(text)-1] += "..."
	}
	return strings.Join(append(out, `"%s"`, Runtime+".Sprintf("+strings.Join(text, ", ")+")"), ", ")
}

// spreadToFmt lowers the arguments args... of Scan and its kin, which must not get boxes.
func (e *emitter) spreadToFmt(c *ast.CallExpr, callee types.Object, a ast.Expr, i int) string {
	f, ok := callee.(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" || !c.Ellipsis.IsValid() || i != len(c.Args)-1 || e.info.Types[a].IsNil() {
		return ""
	}
	if strings.Contains(f.Name(), "can") {
		return Runtime + ".PlainAll(" + e.x(a) + ")"
	}
	return ""
}

// givenToFmt lowers an argument that fmt prints: what holds interfaces may hold boxes, which cannot tell how deep they are.
func (e *emitter) givenToFmt(callee types.Object, a ast.Expr, want types.Type) string {
	f, ok := callee.(*types.Func)
	if !ok || f.Pkg() == nil || f.Pkg().Path() != "fmt" || strings.Contains(f.Name(), "can") || !isEmpty(want) || e.info.Types[a].IsNil() {
		return ""
	}
	t := e.typeOf(a)
	if boxes(t) || types.IsInterface(t) || !holdsInterface(t) {
		return ""
	}
	return fmt.Sprintf("%s.Box(%d, %s)", Runtime, e.typeID(t), e.x(a))
}

// holdsInterface tells a type written of others that has elements or fields of an interface type.
func holdsInterface(t types.Type) bool {
	switch t := types.Unalias(t).(type) {
	case *types.Interface:
		return true
	case *types.Named:
		return types.IsInterface(t)
	case *types.Map:
		return holdsInterface(t.Key()) || holdsInterface(t.Elem())
	case *types.Struct:
		for f := range t.Fields() {
			if holdsInterface(f.Type()) {
				return true
			}
		}
	case interface{ Elem() types.Type }:
		return holdsInterface(t.Elem())
	}
	return false
}

// typeOrPointer finds the verbs for which fmt asks no method: they need the true type of their operand, or it out of its box.
var typeOrPointer = regexp.MustCompile(`%[-+# \d.*\[\]]*[Tp]`)

// typeVerb writes the true type name for %T in a constant format, and unboxes the operand of %p.
func (e *emitter) typeVerb(c *ast.CallExpr, f *types.Func, sig *types.Signature) string {
	if f.Pkg().Path() != "fmt" || !strings.HasSuffix(f.Name(), "f") {
		return ""
	}
	at := sig.Params().Len() - 2
	if at < 0 || at >= len(c.Args) {
		return ""
	}
	format := "%T[" // perhaps
	if v := e.info.Types[c.Args[at]].Value; v != nil {
		format = constant.StringVal(v)
	}
	if e.unasked(c, at, format) {
		if s := e.typeVerbLater(c, f, sig, at); s != "" {
			return s
		}
	}
	if !typeOrPointer.MatchString(format) {
		return ""
	}
	if c.Ellipsis.IsValid() || strings.ContainsAny(format, "[*") {
		return e.typeVerbLater(c, f, sig, at)
	}
	var args []string
	for i, a := range c.Args {
		switch {
		case i < at:
			args = append(args, e.to(a, sig.Params().At(i).Type()))
		default:
			args = append(args, e.to(a, types.NewInterfaceType(nil, nil)))
		}
	}
	b := []byte(format)
	n := at
	for i := 0; i < len(b); i++ {
		if b[i] != '%' {
			continue
		}
		for i++; i < len(b) && strings.IndexByte("+-# 0123456789.", b[i]) >= 0; i++ {
		}
		if i >= len(b) || b[i] == '%' {
			continue
		}
		if n++; n < len(c.Args) && b[i] == 'p' { // fmt asks no method for it
			args[n] = Runtime + ".Pointed(" + args[n] + ")"
		} else if n < len(c.Args) && b[i] == 'T' {
			if t := e.typeOf(c.Args[n]); !types.IsInterface(t) {
				b[i] = 's'
				args[n] = fmt.Sprintf("%s.NameOf(%d)", Runtime, e.typeID(t))
			} else {
				b[i] = 's'
				args[n] = Runtime + ".TypeName(" + args[n] + ")"
			}
		}
	}
	args[at] = strconv.Quote(string(b))
	return e.x(c.Fun) + "(" + strings.Join(args, ", ") + ")"
}

// unasked tells that an operand, a value of a cell's type perhaps, stands for a verb that does not ask how it prints, or for
// none.
func (e *emitter) unasked(c *ast.CallExpr, at int, format string) bool {
	verbs, found := 0, false
	for i := 0; i < len(format); i++ {
		if format[i] != '%' {
			continue
		}
		for i++; i < len(format) && strings.IndexByte("+-# 0123456789.[]*", format[i]) >= 0; i++ {
			if format[i] == '[' || format[i] == '*' {
				verbs = len(c.Args)
			}
		}
		if i < len(format) && format[i] != '%' {
			verbs++
			found = found || format[i] == 'w' || format[i] == 'p'
		}
	}
	if !found && verbs >= len(c.Args)-at-1 {
		return false
	}
	for _, a := range c.Args[at+1:] {
		if t := e.typeOf(a); types.IsInterface(t) || boxes(t) {
			return true
		}
	}
	return false
}

// typeVerbLater leaves it to the run: the text is made by package run, which finds the verbs, and printed as it is.
func (e *emitter) typeVerbLater(c *ast.CallExpr, f *types.Func, sig *types.Signature, at int) string {
	print, ok := map[string]string{"Printf": "Print", "Fprintf": "Fprint", "Sprintf": ""}[f.Name()]
	if !ok || len(c.Args) == at+1 {
		return ""
	}
	var args []string
	for i, a := range c.Args[at:] {
		if i == 0 {
			args = append(args, "string("+e.x(a)+")")
		} else {
			args = append(args, e.to(a, paramType(sig, at+1, c.Ellipsis.IsValid())))
		}
	}
	text := Runtime + ".Sprintf(" + strings.Join(args, ", ")
	if c.Ellipsis.IsValid() {
		text += "..."
	}
	text += ")"
	switch print {
	case "":
		return text
	case "Fprint":
		return e.pkg("fmt") + ".Fprint(" + e.to(c.Args[0], sig.Params().At(0).Type()) + ", " + text + ")"
	}
	return e.pkg("fmt") + ".Print(" + text + ")"
}

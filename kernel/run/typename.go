package run

import (
	"fmt"
	"go/types"
	"strconv"
	"strings"
)

// goName is the name of a type as package reflect spells it, and with it %T, %#v and panics: no names of parameters, no
// blank after the comma of type arguments, interface {} for any.
func goName(t types.Type) string {
	switch t := types.Unalias(t).(type) {
	case *types.Named:
		name := t.Obj().Name()
		if p := t.Obj().Pkg(); p != nil {
			name = p.Name() + "." + name
		}
		if t.TypeArgs().Len() > 0 {
			var args []string
			for a := range t.TypeArgs().Types() {
				args = append(args, goName(a))
			}
			name += "[" + strings.Join(args, ",") + "]"
		}
		return name
	case *types.Pointer:
		return "*" + goName(t.Elem())
	case *types.Slice:
		return "[]" + goName(t.Elem())
	case *types.Array:
		return "[" + strconv.FormatInt(t.Len(), 10) + "]" + goName(t.Elem())
	case *types.Map:
		return "map[" + goName(t.Key()) + "]" + goName(t.Elem())
	case *types.Chan:
		switch t.Dir() {
		case types.SendOnly:
			return "chan<- " + goName(t.Elem())
		case types.RecvOnly:
			return "<-chan " + goName(t.Elem())
		}
		if c, ok := t.Elem().(*types.Chan); ok && c.Dir() == types.RecvOnly {
			return "chan (" + goName(c) + ")"
		}
		return "chan " + goName(t.Elem())
	case *types.Signature:
		return "func" + goSignature(t)
	case *types.Interface:
		if t.NumMethods() == 0 {
			return "interface {}"
		}
		var ms []string
		for m := range t.Methods() {
			ms = append(ms, m.Name()+goSignature(m.Signature()))
		}
		return "interface { " + strings.Join(ms, "; ") + " }"
	case *types.Struct:
		if t.NumFields() == 0 {
			return "struct {}"
		}
		var fs []string
		for i := range t.NumFields() {
			f := goName(t.Field(i).Type())
			if !t.Field(i).Embedded() {
				f = t.Field(i).Name() + " " + f
			}
			if tag := t.Tag(i); tag != "" {
				f += " " + strconv.Quote(tag)
			}
			fs = append(fs, f)
		}
		return "struct { " + strings.Join(fs, "; ") + " }"
	case *types.Basic:
		if t.Info()&types.IsUntyped != 0 {
			return fmt.Sprint(types.Default(t))
		}
		switch t.Kind() { // aliases
		case types.Byte:
			return "uint8"
		case types.Rune:
			return "int32"
		}
	}
	return types.TypeString(t, (*types.Package).Name)
}

func goSignature(s *types.Signature) string {
	list := func(tp *types.Tuple, variadic bool) string {
		var ts []string
		for i := range tp.Len() {
			n := goName(tp.At(i).Type())
			if variadic && i == tp.Len()-1 {
				n = "..." + strings.TrimPrefix(n, "[]")
			}
			ts = append(ts, n)
		}
		return strings.Join(ts, ", ")
	}
	out := "(" + list(s.Params(), s.Variadic()) + ")"
	switch s.Results().Len() {
	case 0:
		return out
	case 1:
		return out + " " + list(s.Results(), false)
	}
	return out + " (" + list(s.Results(), false) + ")"
}

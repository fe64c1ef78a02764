package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"math"
	"slices"
)

// Types that are too large. The compiler refuses some, package reflect panics at them, and a variable that no memory can
// hold would end the process.

const (
	maxElement = 1<<16 - 1 // bytes of what goes through a channel, as in the compiler
	maxType    = 1 << 50   // bytes of any type, as in the compiler
)

// large finds types that are too large in what was checked.
func (p *Program) large(info *types.Info) (errs []types.Error) {
	refuse := func(at token.Pos, format string, args ...any) {
		errs = append(errs, types.Error{Fset: p.Files.Set, Pos: at, Msg: fmt.Sprintf(format, args...)})
	}
	value := func(at token.Pos, t types.Type) {
		if n := Size(t); p.Memory > 0 && n > p.Memory && n < maxType {
			refuse(at, "a value of type %s has %d bytes, more than the memory limit of %d", TypeString(t), n, p.Memory)
		}
	}
	for x, tv := range info.Types {
		switch x := x.(type) {
		case *ast.ArrayType, *ast.StructType:
			if tv.IsType() && Size(tv.Type) >= maxType {
				refuse(x.Pos(), "type %s larger than address space", TypeString(tv.Type))
			}
		case *ast.ChanType:
			if c, ok := tv.Type.(*types.Chan); ok && Size(c.Elem()) > maxElement {
				refuse(x.Pos(), "channel element type too large (>64kB)")
			}
		case *ast.CompositeLit:
			value(x.Pos(), tv.Type)
		case *ast.CallExpr:
			if tv.IsValue() {
				value(x.Pos(), tv.Type)
			}
			if id, ok := x.Fun.(*ast.Ident); ok && id.Name == "new" && info.Types[id].IsBuiltin() {
				value(x.Pos(), tv.Type.Underlying().(*types.Pointer).Elem())
			}
		}
	}
	for id, o := range info.Defs {
		if v, ok := o.(*types.Var); ok && !v.IsField() {
			value(id.Pos(), v.Type())
		}
	}
	slices.SortFunc(errs, func(a, b types.Error) int { return int(a.Pos - b.Pos) })
	return slices.CompactFunc(errs, func(a, b types.Error) bool { return a.Pos == b.Pos })
}

// TypeString is a type as users read it.
func TypeString(t types.Type) string {
	return types.TypeString(t, func(p *types.Package) string {
		if p.Path() == Path {
			return ""
		}
		return p.Name()
	})
}

// Size is how many bytes a type has; MaxInt64 where that does not fit, 0 for a type parameter.
func Size(t types.Type) int64 { return measure(t, nil) }

// measure is Size of what lies inside those structs.
func measure(t types.Type, inside []types.Type) int64 {
	switch u := t.Underlying().(type) {
	case *types.Array:
		n := measure(u.Elem(), inside)
		if u.Len() > 0 && n > math.MaxInt64/u.Len() {
			return math.MaxInt64
		}
		return n * max(0, u.Len())
	case *types.Struct:
		if slices.Contains(inside, types.Type(u)) { // an error was told
			return 0
		}
		inside = append(inside, u)
		var n int64
		for f := range u.Fields() {
			align := alignment(f.Type(), inside)
			n = (n + align - 1) / align * align
			s := measure(f.Type(), inside)
			if s > math.MaxInt64/2-n {
				return math.MaxInt64
			}
			n += s
		}
		align := alignment(u, inside[:len(inside)-1])
		return (n + align - 1) / align * align
	case *types.Interface:
		if _, ok := types.Unalias(t).(*types.TypeParam); ok {
			return 0
		}
		return sizes.Sizeof(u)
	case *types.Basic:
		if u.Kind() == types.Invalid || u.Info()&types.IsUntyped != 0 {
			return 0
		}
		return sizes.Sizeof(u)
	case *types.Tuple:
		return 0
	default:
		return sizes.Sizeof(u)
	}
}

// alignment is the alignment of a type.
func alignment(t types.Type, inside []types.Type) int64 {
	switch u := t.Underlying().(type) {
	case *types.Array:
		return alignment(u.Elem(), inside)
	case *types.Struct:
		if slices.Contains(inside, types.Type(u)) {
			return 1
		}
		n := int64(1)
		for f := range u.Fields() {
			n = max(n, alignment(f.Type(), append(inside, u)))
		}
		return n
	case *types.Interface:
		if _, ok := types.Unalias(t).(*types.TypeParam); ok {
			return 1
		}
	case *types.Basic:
		if u.Kind() == types.Invalid {
			return 1
		}
	}
	return sizes.Alignof(t.Underlying())
}

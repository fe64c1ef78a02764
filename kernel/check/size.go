package check

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
)

// largest is how many bytes one value of a cell may take: a variable of more would end the process before any guard sees it.
const largest = 1 << 32

// TooLarge refuses values of types that no memory holds, each type once.
func (p *Program) TooLarge(info *types.Info) (errs []types.Error) {
	first := map[types.Type]token.Pos{}
	look := func(t types.Type, at token.Pos) {
		if t == nil {
			return
		}
		if was, seen := first[t]; !seen || at < was {
			first[t] = at
		}
	}
	for id, o := range info.Defs {
		if v, ok := o.(*types.Var); ok && !v.IsField() {
			look(v.Type(), id.Pos())
		}
	}
	for x, tv := range info.Types {
		if !tv.IsValue() {
			continue
		}
		look(tv.Type, x.Pos())
		if c, ok := x.(*ast.CallExpr); ok && info.Types[c.Fun].IsBuiltin() {
			if p, ok := tv.Type.Underlying().(*types.Pointer); ok { // new
				look(p.Elem(), x.Pos())
			}
		}
	}
	for t, at := range first {
		if n := sizeOf(t); n < 0 || n > largest {
			errs = append(errs, types.Error{Fset: p.Files.Set, Pos: at, Msg: fmt.Sprintf("a value of type %s takes more memory than a cell can have", types.TypeString(t, types.RelativeTo(p.pkg)))})
		}
	}
	return errs
}

// sizeOf is the size of an array or struct, 0 of other types, and -1 of one beyond all numbers.
func sizeOf(t types.Type) int64 {
	switch t.Underlying().(type) {
	case *types.Array, *types.Struct:
	default:
		return 0
	}
	defer func() { _ = recover() }() // of a type parameter nobody knows the size
	return sizes.Sizeof(t)
}

package lower

import (
	"go/ast"
	"go/constant"
	"go/types"
	"strconv"
	"strings"

	"gonverge/kernel/check"
)

// Function literals. When the interpreter evaluates a literal it stores the closure in a slot of the frame, and when a call
// of that closure RETURNS it puts the former content of the slot back. With the closure running on another goroutine, that
// write can hit while a later statement or iteration uses the slot: a nil function, or, unseen, the closure of an earlier
// iteration. And a literal that stands directly as an argument of a compiled function shares the live frame, so that its
// loop variables change under it. Therefore a literal that is a value is made in a frame of its own:
//
//	(func(f func() T) func() T { return f })(func() T { return LITERAL })()
//
// Evaluating the outer literal clones the frame, which fixes the variables of this iteration; calling it makes a frame
// that nothing else uses, and the late write goes there.

// literal lowers a function literal as a value.
func (e *emitter) literal(x *ast.FuncLit) string {
	t := e.typ(e.typeOf(x))
	return own(t, e.rawLiteral(x))
}

// own makes a value of function type t in a frame of its own.
func own(t, lit string) string {
	return "(func(f" + sep + " func() " + t + ") func() " + t + " { return f" + sep + " })(func() " + t + " { return " + lit + " })()"
}

// rawLiteral lowers a literal that is called where it stands.
func (e *emitter) rawLiteral(x *ast.FuncLit) string {
	return e.literalFor(x, "")
}

// literalFor lowers a literal; a deferred one knows the stack of defers that runs it.
func (e *emitter) literalFor(x *ast.FuncLit, outer string) string {
	sub := &emitter{lowerer: e.lowerer, info: e.info, loc: e.localNames()}
	head, code := sub.functionIn(e.typeOf(x).Underlying().(*types.Signature), x.Body, "func literal", x.Pos(), outer)
	return "func" + head + " {" + sub.fn.directive() + code + "}"
}

// composite lowers a composite literal, field by field with conversions. Inside an operand of && or || the interpreter loses
// its way at a literal, and silently ends the function: there a declared function makes the value of its parts.
func (e *emitter) composite(x *ast.CompositeLit, amp string) string {
	t := e.typeOf(x)
	var params, values []string
	apart := e.logic > 0 || e.blankCall(x)
	part := func(v string, t types.Type) string {
		if !apart {
			return v
		}
		n := "v" + sep + strconv.Itoa(len(params))
		params, values = append(params, n+" "+e.typ(t)), append(values, v)
		return n
	}
	if p, ok := types.Unalias(t).Underlying().(*types.Pointer); ok { // an elided &T
		amp, t = "&", p.Elem()
	}
	var parts []string
	switch u := t.Underlying().(type) {
	case *types.Struct:
		for i, el := range x.Elts {
			kv, ok := el.(*ast.KeyValueExpr)
			if !ok {
				if u.Field(i).Name() == "_" { // Go computes what is given to a blank field, and does not store it
					if apart {
						part(e.to(el, u.Field(i).Type()), u.Field(i).Type())
					}
					continue
				}
				parts = append(parts, u.Field(i).Name()+": "+part(e.to(el, u.Field(i).Type()), u.Field(i).Type()))
				continue
			}
			k := kv.Key.(*ast.Ident).Name
			for j := range u.NumFields() {
				if u.Field(j).Name() == k {
					parts = append(parts, k+": "+part(e.to(kv.Value, u.Field(j).Type()), u.Field(j).Type()))
				}
			}
		}
	case *types.Map:
		for _, el := range x.Elts {
			kv := el.(*ast.KeyValueExpr)
			k := part(e.mapKey(kv.Key, u.Key()), u.Key())
			parts = append(parts, k+": "+part(e.toElement(kv.Value, t, u.Elem()), u.Elem()))
		}
	default:
		elem, at := elemType(u), int64(0)
		for _, el := range x.Elts {
			if kv, ok := el.(*ast.KeyValueExpr); ok {
				parts = append(parts, e.x(kv.Key)+": "+part(e.to(kv.Value, elem), elem))
				at, _ = constant.Int64Val(constant.ToInt(e.info.Types[kv.Key].Value))
			} else {
				v := part(e.to(el, elem), elem)
				if strings.Contains(v, "(*") { // the interpreter takes an element with (*p).x in it for a type, unless it has an index
					v = strconv.FormatInt(at, 10) + ": " + v
				}
				parts = append(parts, v)
			}
			at++
		}
	}
	lit := e.typ(t) + "{" + strings.Join(parts, ", ") + "}"
	if e.recursive(t) {
		lit = e.lowerer.fold(e.typ(t.Underlying())+"{"+strings.Join(parts, ", ")+"}", t)
	}
	lit = amp + lit
	if !apart {
		return lit
	}
	result := e.typ(t)
	if amp != "" {
		result = "*" + result
	}
	name := e.program.Fresh("made" + sep)
	e.w(&e.funcs, "func %s(%s) %s { return %s }\n", name, strings.Join(params, ", "), result, lit)
	return name + "(" + strings.Join(values, ", ") + ")"
}

// blankCall tells a struct literal whose value for a blank field calls something or may panic: the declared function that makes
// the struct takes that value, too.
func (e *emitter) blankCall(x *ast.CompositeLit) bool {
	st, ok := e.typeOf(x).Underlying().(*types.Struct)
	if p, isPtr := e.typeOf(x).Underlying().(*types.Pointer); isPtr {
		st, ok = p.Elem().Underlying().(*types.Struct)
	}
	for i := 0; ok && i < len(x.Elts) && i < st.NumFields(); i++ {
		if _, keyed := x.Elts[i].(*ast.KeyValueExpr); !keyed && st.Field(i).Name() == "_" && e.mayPanic(x.Elts[i]) {
			return true
		}
	}
	return false
}

// toElement lowers an element of a map or slice of type t. Functions in the maps of compiled packages, such as a
// template.FuncMap, must be functions for them too.
func (e *emitter) toElement(x ast.Expr, t, elem types.Type) string {
	n, named := types.Unalias(t).(*types.Named)
	f, function := types.Unalias(e.typeOf(x)).(*types.Signature)
	if named && function && isEmpty(elem) && !check.InSession(n.Obj()) && !e.mentions(f) {
		return Runtime + ".First([]" + e.typ(f) + "{" + e.x(x) + "})"
	}
	if tv := e.info.Types[x]; isMap(t) && tv.Value == nil && !tv.IsNil() {
		return e.convert(e.loaded(x), e.typeOf(x), elem)
	}
	return e.to(x, elem)
}

// elemType is the element type of a slice or array.
func elemType(t types.Type) types.Type {
	switch t := t.(type) {
	case *types.Slice:
		return t.Elem()
	case *types.Array:
		return t.Elem()
	}
	return nil
}

package lower

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"strings"
)

// loop is a statement that break or continue can name.
type loop struct {
	label     string     // in lowered code
	user      string     // in the cell
	before    string     // run before continue: copies the loop variables back
	rf        *rangeFunc // the range-over-func body that holds the statement
	own       *rangeFunc // set when the loop itself ranges over a function
	sw        bool       // switch or select: no target of continue
	labelUsed bool
}

// loop runs f with a new jump target and puts its label in front when it was used.
func (e *emitter) loop(b *strings.Builder, user string, sw bool, own *rangeFunc, f func(b *strings.Builder, c *loop)) {
	c := &loop{label: "L" + e.temp(), user: user, sw: sw, rf: e.fn.rf, own: own}
	e.loops = append(e.loops, c)
	var in strings.Builder
	f(&in, c)
	e.loops = e.loops[:len(e.loops)-1]
	if c.labelUsed {
		e.w(b, "%s:\n", c.label)
	}
	b.WriteString(in.String())
}

// captured tells whether a literal inside the nodes uses one of the objects, or its address is taken, so that every
// iteration needs a variable of its own.
func (e *emitter) captured(objs map[types.Object]bool, nodes ...ast.Node) bool {
	hit := false
	uses := func(n ast.Node) {
		ast.Inspect(n, func(x ast.Node) bool {
			if id, ok := x.(*ast.Ident); ok && objs[e.info.Uses[id]] {
				hit = true
			}
			return !hit
		})
	}
	for _, n := range nodes {
		if n == nil {
			continue
		}
		ast.Inspect(n, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.FuncLit:
				uses(x)
			case *ast.UnaryExpr:
				if x.Op == token.AND {
					uses(x.X)
				}
			case *ast.SliceExpr: // of an array
				uses(x.X)
			case *ast.GoStmt, *ast.DeferStmt:
				uses(x)
			case *ast.SelectorExpr:
				if s := e.info.Selections[x]; s != nil && s.Kind() == types.MethodVal {
					if _, ok := types.Unalias(s.Obj().(*types.Func).Signature().Recv().Type()).(*types.Pointer); ok {
						uses(x.X)
					}
				}
			case *ast.RangeStmt:
				if t := e.info.Types[x.X].Type; t != nil {
					if _, ok := t.Underlying().(*types.Signature); ok {
						uses(x.Body)
					}
				}
			}
			return !hit
		})
	}
	return hit
}

// assigned tells whether the node writes the object.
func (e *emitter) assigned(o types.Object, n ast.Node) bool {
	hit := false
	is := func(x ast.Expr) {
		if id, ok := ast.Unparen(x).(*ast.Ident); ok && e.info.Uses[id] == o {
			hit = true
		}
	}
	ast.Inspect(n, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.AssignStmt:
			for _, l := range x.Lhs {
				is(l)
			}
		case *ast.IncDecStmt:
			is(x.X)
		case *ast.UnaryExpr:
			if x.Op == token.AND {
				is(x.X)
			}
		case *ast.RangeStmt:
			if x.Key != nil {
				is(x.Key)
			}
			if x.Value != nil {
				is(x.Value)
			}
		}
		return !hit
	})
	return hit
}

// defined lists the variables that an initial statement defines.
func (e *emitter) defined(init ast.Stmt) (order []types.Object, set map[types.Object]bool) {
	set = map[types.Object]bool{}
	a, ok := init.(*ast.AssignStmt)
	if !ok || a.Tok != token.DEFINE {
		return nil, set
	}
	for _, l := range a.Lhs {
		if o := e.info.Defs[l.(*ast.Ident)]; o != nil && o.Name() != "_" {
			set[o] = true
			order = append(order, o)
		}
	}
	return order, set
}

func (e *emitter) forStmt(b *strings.Builder, st *ast.ForStmt, label string) {
	if st.Init != nil {
		b.WriteString("{\n")
		e.stmt(b, st.Init, "")
		defer b.WriteString("}\n")
	}
	order, vars := e.defined(st.Init)
	if p, ok := st.Post.(*ast.IncDecStmt); ok && p.Tok == token.INC && len(order) == 1 && e.natural(st.Init.(*ast.AssignStmt).Rhs[0]) && !e.assigned(order[0], st.Body) {
		if id, ok := ast.Unparen(p.X).(*ast.Ident); ok && e.info.Uses[id] == order[0] {
			e.counter(order[0])
		}
	}
	var parts []ast.Node
	parts = append(parts, st.Body)
	if st.Cond != nil {
		e.guard(b, st.Pos(), st.Cond)
		parts = append(parts, st.Cond)
	}
	if st.Post != nil {
		parts = append(parts, st.Post)
	}
	if len(order) > 0 && e.captured(vars, parts...) {
		e.forFresh(b, st, label, order)
		return
	}
	e.plainFor(b, st, label)
}

// plainFor writes a loop whose variables are the same in all iterations.
func (e *emitter) plainFor(b *strings.Builder, st *ast.ForStmt, label string) {
	e.loop(b, label, false, nil, func(b *strings.Builder, c *loop) {
		cond, post := "", e.post(st.Post)
		if st.Cond != nil {
			cond = bare(e.cond(st.Cond))
		}
		var body strings.Builder
		e.block(&body, st.Body.List)
		switch {
		case strings.Contains(post, "\n"):
			first := e.temp()
			e.w(b, "%s := true\nfor {\nif %s { %s = false } else {\n%s\n}\n", first, first, first, post)
			if cond != "" {
				e.w(b, "if !(%s) { break }\n", cond)
			}
		case post == "" && cond == "":
			b.WriteString("for {\n")
		case post == "":
			e.w(b, "for %s {\n", cond)
		default:
			e.w(b, "for ; %s; %s {\n", cond, post)
		}
		b.WriteString(body.String() + "}\n")
	})
}

// post lowers the post statement; more than one line does not fit a loop head.
func (e *emitter) post(st ast.Stmt) string {
	var b strings.Builder
	switch st := st.(type) {
	case nil:
	case *ast.IncDecStmt:
		b.WriteString(e.lhs(st.X) + st.Tok.String())
	case *ast.AssignStmt:
		e.assign(&b, st, false)
	default:
		e.stmt(&b, st, "")
	}
	return strings.TrimSpace(b.String())
}

// forFresh gives every iteration its own copies of the loop variables, and copies them on to the next.
func (e *emitter) forFresh(b *strings.Builder, st *ast.ForStmt, label string, order []types.Object) {
	first := e.temp()
	e.w(b, "%s := true\n", first)
	enter, leave := "", ""
	for _, o := range order {
		outer := e.local(o)
		delete(e.loc, o)
		enter += fmt.Sprintf("var %s %s\n%s = %s\n", e.local(o), e.typ(o.Type()), e.local(o), outer)
		leave += fmt.Sprintf("%s = %s\n", outer, e.local(o))
	}
	e.loop(b, label, false, nil, func(b *strings.Builder, c *loop) {
		c.before = leave
		var body strings.Builder
		e.w(&body, "if %s { %s = false } else {\n", first, first)
		if st.Post != nil {
			e.stmt(&body, st.Post, "")
		}
		body.WriteString("}\n")
		if st.Cond != nil {
			e.w(&body, "if %s { break }\n", e.not(st.Cond))
		}
		e.block(&body, st.Body.List)
		b.WriteString("for {\n" + enter + body.String())
		b.WriteString(leave + "}\n")
	})
}

// rangeVar prepares one iteration variable: its name in the loop head, and the code that binds it in the body.
func (e *emitter) rangeVar(x ast.Expr, define, fresh bool, t types.Type) (head, bind string) {
	if isBlank(x) {
		return "_", ""
	}
	if define {
		o := e.info.Defs[x.(*ast.Ident)]
		n := e.local(o)
		if !fresh {
			return n, ""
		}
		h := e.temp()
		return h, fmt.Sprintf("var %s %s\n%s = %s\n", n, e.typ(o.Type()), n, h)
	}
	h := e.temp()
	return h, fmt.Sprintf("%s = %s\n", e.lhs(x), e.convert(h, t, e.typeOf(x)))
}

func isBlank(x ast.Expr) bool {
	if x == nil {
		return true
	}
	id, ok := x.(*ast.Ident)
	return ok && id.Name == "_"
}

func (e *emitter) rangeStmt(b *strings.Builder, st *ast.RangeStmt, label string) {
	t := e.typeOf(st.X)
	define := st.Tok == token.DEFINE
	vars := map[types.Object]bool{}
	for _, x := range []ast.Expr{st.Key, st.Value} {
		if id, ok := x.(*ast.Ident); ok && define {
			if o := e.info.Defs[id]; o != nil {
				vars[o] = true
			}
		}
	}
	fresh := define && e.captured(vars, st.Body)
	for o := range vars { // the interpreter counts on with what the body assigns to the key
		fresh = fresh || e.assigned(o, st.Body)
	}
	if id, ok := st.Key.(*ast.Ident); ok && define && e.info.Defs[id] != nil && !e.assigned(e.info.Defs[id], st.Body) {
		switch t.Underlying().(type) {
		case *types.Basic, *types.Slice, *types.Array, *types.Pointer:
			e.counter(e.info.Defs[id])
		}
	}
	e.guard(b, st.Pos(), st.X)
	u := t.Underlying()
	switch u := u.(type) {
	case *types.Signature:
		e.rangeOverFunc(b, st, u, label, define)
		return
	case *types.Chan:
		e.rangeChan(b, st, label, define)
		return
	case *types.Basic:
		if u.Info()&types.IsInteger != 0 {
			e.rangeInt(b, st, label, define, fresh)
			return
		}
	}
	ptr := false
	if p, ok := u.(*types.Pointer); ok {
		ptr, u = true, p.Elem().Underlying()
	}
	kt, vt := types.Type(types.Typ[types.Int]), elemType(u)
	isMap := false
	switch u := u.(type) {
	case *types.Basic:
		vt = types.Typ[types.Int32]
	case *types.Map:
		kt, vt, isMap = u.Key(), u.Elem(), true
	}
	text := isString(u) && !ptr
	k, bindK := e.rangeVar(st.Key, define, fresh || text, kt)
	v, bindV := e.rangeVar(st.Value, define, fresh || isChan(vt), vt)
	if !define && !isBlank(st.Key) && !isBlank(st.Value) { // a parallel assignment: the operands of both come first
		var kept strings.Builder
		keep := func(v string) string {
			t := e.temp()
			e.w(&kept, "%s := %s\n", t, v)
			return t
		}
		kn, vn := e.target(st.Key, keep), e.target(st.Value, keep)
		if kept.Len() > 0 {
			k, v = e.temp(), e.temp()
			bindK = kept.String() + fmt.Sprintf("%s = %s\n%s = %s\n", kn, e.convert(k, kt, e.typeOf(st.Key)), vn, e.convert(v, vt, e.typeOf(st.Value)))
			bindV = ""
		}
	}
	x := e.x(st.X)
	if text { // the interpreter takes a byte that is no UTF-8 for three: the offsets come from compiled code
		at, runes, i := e.temp(), e.temp(), e.temp()
		e.w(b, "%s, %s := %s.Runes(string(%s))\n_ = %s\n", at, runes, Runtime, x, at)
		if k != "_" {
			bindK = fmt.Sprintf("%s := %s[%s]\n", k, at, i) + bindK
			k = i
		}
		x = runes
	}
	switch {
	case ptr && v != "_": // no copy: the body sees its own changes
		if x = e.array(st.X); !huge(u) {
			x += "[:]"
		}
	case ptr && e.executes(st.X):
		t := e.temp()
		e.w(b, "%s := %s\n_ = %s\n", t, x, t)
	}
	if _, ok := u.(*types.Array); ok && !ptr && st.Value == nil && !e.executes(st.X) {
		ptr = true // the length is constant, and what has it is not looked at: a pointer in it may be nil
	} else if ok && !ptr { // ranges over a copy
		t := e.temp()
		e.w(b, "%s := %s\n", t, x)
		x = t
	}
	if isChan(vt) && v != "_" { // the interpreter would range over the channel
		t := e.temp()
		e.w(b, "%s := %s\n", t, x)
		x = t
		if k == "_" {
			k = e.temp()
		}
		bindV = fmt.Sprintf("%s := %s[%s]\n", v, x, k) + bindV
		v = "_"
	}
	e.rangePlain(b, st, label, u, k, v, x, bindK, bindV, isMap, ptr)
}

// rangePlain writes a range over an array, slice, string or map.
func (e *emitter) rangePlain(b *strings.Builder, st *ast.RangeStmt, label string, u types.Type, k, v, x, bindK, bindV string, isMap, ptr bool) {
	e.loop(b, label, false, nil, func(b *strings.Builder, c *loop) {
		if k == "_" && (isMap || v == "_") { // the interpreter wants a name
			k = e.temp()
			bindK += "_ = " + k + "\n"
		}
		if ptr && v == "_" {
			e.w(b, "for %s := 0; %s < %d; %s++ {\n%s%s", k, k, u.(*types.Array).Len(), k, bindV, bindK)
		} else if v == "_" {
			e.w(b, "for %s := range %s {\n%s%s", k, x, bindV, bindK)
		} else {
			e.w(b, "for %s, %s := range %s {\n%s%s", k, v, x, bindK, bindV)
		}
		e.block(b, st.Body.List)
		b.WriteString("}\n")
	})
}

func isChan(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Chan)
	return ok
}

// rangeInt lowers a range over an integer to a counting loop.
func (e *emitter) rangeInt(b *strings.Builder, st *ast.RangeStmt, label string, define, fresh bool) {
	kt := e.typeOf(st.X)
	var o types.Object
	if !isBlank(st.Key) {
		if define {
			o = e.info.Defs[st.Key.(*ast.Ident)]
			kt = o.Type()
		} else if t := e.typeOf(st.Key); !types.IsInterface(t) {
			kt = t
		}
	}
	i, bind := e.temp(), ""
	switch {
	case o != nil && !fresh && !e.assigned(o, st.Body):
		i = e.local(o)
	case o != nil:
		bind = fmt.Sprintf("var %s %s\n%s = %s\n", e.local(o), e.typ(kt), e.local(o), i)
	case !isBlank(st.Key):
		bind = fmt.Sprintf("%s = %s\n", e.lhs(st.Key), e.convert(i, kt, e.typeOf(st.Key)))
	}
	limit := e.to(st.X, kt)
	if e.info.Types[st.X].Value == nil {
		n := e.temp()
		e.w(b, "{\n%s := %s\n", n, limit)
		defer b.WriteString("}\n")
		limit = n
	}
	e.loop(b, label, false, nil, func(b *strings.Builder, c *loop) {
		e.w(b, "for %s := %s(0); %s < %s; %s++ {\n%s", i, e.typ(kt), i, limit, i, bind)
		e.block(b, st.Body.List)
		b.WriteString("}\n")
	})
}

package lower

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

func (e *emitter) switchStmt(b *strings.Builder, st *ast.SwitchStmt, label string) {
	if st.Init != nil {
		b.WriteString("{\n")
		e.stmt(b, st.Init, "")
		defer b.WriteString("}\n")
	}
	tag, compare := "", false
	var tt types.Type
	if st.Tag != nil {
		e.guard(b, st.Pos(), st.Tag)
		tt = e.typeOf(st.Tag)
		compare = types.IsInterface(tt) || e.otherCase(tt, st.Body.List) // by Go's rules, with boxes
		tag = e.temp()
		e.w(b, "var %s %s = %s\n", tag, e.typ(tt), e.to(st.Tag, tt))
	}
	head := "switch " + tag + " {\n"
	if compare {
		head = "switch {\n"
	}
	clauses := st.Body.List
	def := slices.IndexFunc(clauses, func(s ast.Stmt) bool { return s.(*ast.CaseClause).List == nil })
	if e.chosenOneByOne(clauses, compare || st.Tag == nil) {
		e.switchOneByOne(b, st, label, tag, tt, compare, def)
		return
	}
	if def < 0 || def == len(clauses)-1 || !fallsThrough(clauses) {
		e.loop(b, label, true, nil, func(b *strings.Builder, c *loop) {
			b.WriteString(head)
			for _, s := range clauses {
				cc := s.(*ast.CaseClause)
				b.WriteString(e.clause(cc, tag, tt, compare))
				e.clauseBody(b, cc.Body)
			}
			b.WriteString("}\n")
		})
		return
	}
	// The interpreter takes a default for the last clause: first comes the choice, then a switch on its number.
	pick := e.temp()
	e.w(b, "%s := %d\n%s", pick, def, head)
	for i, s := range clauses {
		if i != def {
			e.w(b, "%s%s = %d\n", e.clause(s.(*ast.CaseClause), tag, tt, compare), pick, i)
		}
	}
	b.WriteString("}\n")
	e.picked(b, label, pick, clauses)
}

// picked writes the clauses of a switch by their numbers.
func (e *emitter) picked(b *strings.Builder, label, pick string, clauses []ast.Stmt) {
	e.loop(b, label, true, nil, func(b *strings.Builder, c *loop) {
		e.w(b, "switch %s {\n", pick)
		for i, s := range clauses {
			e.w(b, "case %d:\n", i)
			e.clauseBody(b, s.(*ast.CaseClause).Body)
		}
		b.WriteString("}\n")
	})
}

// chosenOneByOne tells a switch with a list of cases of which one that is not the first has to be computed: the interpreter
// computes only the first of a list, and takes what its frame holds for the others. Conditions are never simple to it.
func (e *emitter) chosenOneByOne(clauses []ast.Stmt, conditions bool) bool {
	return slices.ContainsFunc(clauses, func(s ast.Stmt) bool {
		list := s.(*ast.CaseClause).List
		return len(list) > 1 && slices.ContainsFunc(list[1:], func(x ast.Expr) bool {
			tv := e.info.Types[x]
			_, name := ast.Unparen(x).(*ast.Ident)
			return conditions || tv.Value == nil && !tv.IsNil() && !name
		})
	})
}

// switchOneByOne asks case after case which clause it is, then switches on its number.
func (e *emitter) switchOneByOne(b *strings.Builder, st *ast.SwitchStmt, label, tag string, tt types.Type, compare bool, def int) {
	pick := e.temp()
	e.w(b, "%s := -1\n", pick)
	for i, s := range st.Body.List {
		cc := s.(*ast.CaseClause)
		for j, test := range e.cases(cc, tag, tt, compare, true) {
			e.w(b, "if %s < 0 {\n", pick)
			e.guard(b, cc.List[j].Pos(), cc.List[j])
			e.w(b, "if %s { %s = %d }\n}\n", bare("("+bare(test)+")"), pick, i) // a literal in a condition needs parentheses
		}
	}
	if def >= 0 {
		e.w(b, "if %s < 0 { %s = %d }\n", pick, pick, def)
	}
	e.picked(b, label, pick, st.Body.List)
}

// clause writes the head of a clause: compare is for a tag or a case of an interface type, no tag is true.
func (e *emitter) clause(cc *ast.CaseClause, tag string, tt types.Type, compare bool) string {
	if cc.List == nil {
		return "default:\n"
	}
	return "case " + strings.Join(e.cases(cc, tag, tt, compare, false), ", ") + ":\n"
}

// cases writes the cases of a clause, with whole all of them as conditions.
func (e *emitter) cases(cc *ast.CaseClause, tag string, tt types.Type, compare, whole bool) (cases []string) {
	for _, x := range cc.List {
		empty := types.NewInterfaceType(nil, nil)
		switch {
		case compare && e.info.Types[x].IsNil():
			cases = append(cases, "("+tag+" == nil)")
		case compare && !types.IsInterface(tt) && !types.IsInterface(e.typeOf(x)):
			want := tt
			if e.info.Types[x].Value == nil && !types.AssignableTo(e.typeOf(x), tt) {
				want = e.typeOf(x)
			}
			cases = append(cases, "("+e.mixed(tag, tt, want)+" == "+e.operand(x, want)+")")
		case compare:
			cases = append(cases, e.equal(token.EQL, e.convert(tag, tt, empty), e.to(x, empty)))
		case tag == "" && types.IsInterface(e.typeOf(x)):
			cases = append(cases, e.equal(token.EQL, "true", e.x(x)))
		case tag == "":
			cases = append(cases, e.cond(x))
		case whole:
			cases = append(cases, tag+" == "+e.operand(x, tt))
		default:
			cases = append(cases, e.to(x, tt))
		}
	}
	return cases
}

// otherCase tells whether a clause has a value of another type than the tag, such as an interface, or nil.
func (e *emitter) otherCase(tag types.Type, clauses []ast.Stmt) bool {
	return slices.ContainsFunc(clauses, func(s ast.Stmt) bool {
		return slices.ContainsFunc(s.(*ast.CaseClause).List, func(x ast.Expr) bool {
			return e.info.Types[x].Value == nil && !types.Identical(e.typeOf(x), tag)
		})
	})
}

// clauseBody lowers the statements of a clause. The interpreter finds no label that stands in a clause itself.
func (e *emitter) clauseBody(b *strings.Builder, list []ast.Stmt) {
	if !slices.ContainsFunc(list, func(s ast.Stmt) bool { _, ok := s.(*ast.LabeledStmt); return ok }) {
		e.block(b, list)
		return
	}
	b.WriteString("{\n")
	e.block(b, list)
	text := b.String()
	if fallthroughAtEnd(list) {
		b.Reset()
		b.WriteString(strings.TrimSuffix(text, "fallthrough\n"))
	}
	b.WriteString("}\n")
	if fallthroughAtEnd(list) {
		b.WriteString("fallthrough\n")
	}
}

// fallsThrough tells whether some clause ends in the next one.
func fallsThrough(clauses []ast.Stmt) bool {
	return slices.ContainsFunc(clauses, func(s ast.Stmt) bool { return fallthroughAtEnd(s.(*ast.CaseClause).Body) })
}

func fallthroughAtEnd(body []ast.Stmt) bool {
	if len(body) == 0 {
		return false
	}
	last := body[len(body)-1]
	for l, ok := last.(*ast.LabeledStmt); ok; l, ok = last.(*ast.LabeledStmt) {
		last = l.Stmt
	}
	br, ok := last.(*ast.BranchStmt)
	return ok && br.Tok == token.FALLTHROUGH
}

// typeSwitch decides once which clause matches, then switches on its number.
func (e *emitter) typeSwitch(b *strings.Builder, st *ast.TypeSwitchStmt, label string) {
	b.WriteString("{\n")
	defer b.WriteString("}\n")
	if st.Init != nil {
		e.stmt(b, st.Init, "")
	}
	var x ast.Expr
	switch a := st.Assign.(type) {
	case *ast.ExprStmt:
		x = ast.Unparen(a.X).(*ast.TypeAssertExpr).X
	case *ast.AssignStmt:
		x = ast.Unparen(a.Rhs[0]).(*ast.TypeAssertExpr).X
	}
	from := e.typeOf(x)
	e.guard(b, st.Pos(), x)
	in, pick := e.temp(), e.temp()
	e.w(b, "var %s %s = %s\nvar %s int\n", in, e.typ(from), e.x(x), pick)
	values := map[int]string{}
	def := -1
	for i, s := range st.Body.List {
		cc := s.(*ast.CaseClause)
		if cc.List == nil {
			def = i + 1
		}
		for _, c := range cc.List {
			if e.info.Types[c].IsNil() {
				e.w(b, "if %s == 0 && %s == nil { %s = %d }\n", pick, in, pick, i+1)
				continue
			}
			to := e.info.Types[c].Type
			v, ok := e.temp(), e.temp()
			if len(cc.List) == 1 && e.info.Implicits[cc] != nil {
				kept := e.temp()
				values[i+1] = kept
				e.w(b, "var %s %s\nif %s == 0 {\n%sif %s { %s = %d; %s = %s }\n}\n", kept, e.typ(to), pick, e.assertOk(v, ok, in, from, to), ok, pick, i+1, kept, v)
			} else {
				e.w(b, "if %s == 0 {\n%s_ = %s\nif %s { %s = %d }\n}\n", pick, e.assertOk(v, ok, in, from, to), v, ok, pick, i+1)
			}
		}
	}
	if def > 0 {
		e.w(b, "if %s == 0 { %s = %d }\n", pick, pick, def)
	}
	e.loop(b, label, true, nil, func(b *strings.Builder, c *loop) {
		e.w(b, "switch %s {\n", pick)
		for i, s := range st.Body.List {
			cc := s.(*ast.CaseClause)
			e.w(b, "case %d:\n", i+1)
			if o := e.info.Implicits[cc]; o != nil {
				src := values[i+1]
				if src == "" {
					src = in
				}
				n := e.local(o)
				e.w(b, "var %s %s\n%s = %s\n_ = %s\n", n, e.typ(o.Type()), n, src, n)
			}
			e.clauseBody(b, cc.Body)
		}
		b.WriteString("}\n")
	})
}

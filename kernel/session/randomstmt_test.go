package session_test

import (
	"fmt"
	"strings"
)

// Statements of the random programs: see random_test.go.

// define declares a variable.
func (p *randomProgram) define(t *randomType) string {
	name := p.name("v")
	switch {
	case len(p.vars) < len(p.basic):
		p.w("var %s %s = %s", name, t.text, p.literal(t))
	case p.chance(4):
		p.w("var %s %s", name, t.text)
		if t.kind == "slice" {
			p.w("%s = make(%s, 4)", name, t.text)
		}
		if t.kind == "map" {
			p.w("%s = %s{}", name, t.text)
		}
	default:
		p.w("%s := %s", name, p.expr(t, 3))
	}
	p.w("_ = %s", name)
	p.vars = append(p.vars, randomVar{name: name, t: t})
	return name
}

// block writes statements in a scope of their own.
func (p *randomProgram) block(n int) {
	scope := len(p.vars)
	for range n {
		if p.budget--; p.budget < 0 {
			break
		}
		p.stmt()
	}
	p.vars = p.vars[:scope]
}

func (p *randomProgram) stmt() {
	t := p.any()
	p.nodes = 40
	switch p.r.IntN(24) {
	case 0, 1, 2:
		p.define(t)
	case 3, 4, 5:
		if s := p.place(t, true); s != "" {
			p.w("%s = %s", s, p.expr(t, 3))
		}
	case 6, 7:
		t = p.pick(p.basic)
		ops := map[string]string{"int": "+= -= *= &= |= ^= &^= <<= >>=", "uint": "+= -= *= &= |= ^= &^= <<= >>=", "float": "+= -= *= /=", "complex": "+= -= *=", "string": "+="}[t.kind]
		if s := p.place(t, true); s != "" && ops != "" {
			op := strings.Fields(ops)[p.r.IntN(len(strings.Fields(ops)))]
			if op == "<<=" || op == ">>=" {
				p.w("%s %s %s & 7", s, op, p.expr(p.of("int uint"), 2))
			} else {
				p.w("%s %s %s", s, op, p.expr(t, 2))
			}
		}
	case 8:
		if s := p.place(p.of("int uint float"), true); s != "" {
			p.w("%s%s", s, []string{"++", "--"}[p.r.IntN(2)])
		}
	case 9, 10: // a parallel assignment
		u := p.any()
		a, b := p.place(t, true), p.place(u, true)
		if a != "" && b != "" {
			p.w("%s, %s = %s, %s", a, b, p.expr(t, 2), p.expr(u, 2))
		}
	case 11:
		p.w("if %s {", p.expr(p.basic[15], 3))
		p.block(2)
		if p.chance(2) {
			p.w("} else {")
			p.block(2)
		}
		p.w("}")
	case 12, 13:
		p.loop()
	case 14:
		p.choice()
	case 15: // a closure that changes what it captured
		name := p.name("f")
		arg := randomVar{name: p.name("a"), t: t}
		u := p.any()
		p.w("%s := func(%s %s) (r %s) {", name, arg.name, t.text, u.text)
		scope, loops := len(p.vars), p.loops
		p.vars, p.loops = append(p.vars, arg), nil
		if p.chance(3) {
			p.w("defer func() { r = %s }()", p.expr(u, 2))
		}
		p.block(3)
		p.w("return %s", p.expr(u, 2))
		p.vars, p.loops = p.vars[:scope], loops
		p.w("}")
		if s := p.place(u, true); s != "" {
			p.w("%s = %s(%s)", s, name, p.expr(t, 2))
		} else {
			p.w("%s(%s)", name, p.expr(t, 2))
		}
		if p.chance(2) {
			p.w("fmt.Println(%s(%s))", name, p.expr(t, 2))
		}
	case 16: // a pointer
		if s := p.place(t, true); s != "" && t.kind != "map" {
			name := p.name("p")
			p.w("%s := &%s", name, s)
			p.w("*%s = %s", name, p.expr(t, 2))
			if t.kind == "struct" {
				p.w("%s.f0 = %s", name, p.expr(t.fields[0], 2))
			}
			if t.kind == "array" {
				p.w("%s[%s] = %s", name, p.index(), p.expr(t.elem, 2))
			}
			copied := p.name("v")
			p.w("%s := *%s", copied, name)
			p.w("_ = %s", copied)
			p.vars = append(p.vars, randomVar{name: copied, t: t})
		}
	case 17: // a channel and an interface hold copies
		if s := p.place(t, true); s != "" {
			ch, x := p.name("c"), p.name("x")
			p.w("%s := make(chan %s, 2)", ch, t.text)
			p.w("%s <- %s", ch, s)
			p.w("var %s any = %s", x, s)
			p.w("%s = %s", s, p.expr(t, 2))
			p.w("fmt.Println(<-%s, %s, %s.(%s))", ch, x, x, t.text)
			p.w("switch y := %s.(type) { case %s: fmt.Printf(\"%%T %%v\\n\", y, y); case nil: }", x, t.text)
		}
	case 18: // maps
		m := p.whole[5]
		if s := p.place(m, false); s != "" {
			k := p.expr(m.key, 2)
			p.w("if %s != nil { %s[%s] = %s }", s, s, k, p.expr(m.elem, 2))
			ok, v := p.name("k"), p.name("v")
			p.w("%s, %s := %s[%s]", v, ok, s, p.expr(m.key, 1))
			p.w("fmt.Println(len(%s), %s, %s)", s, v, ok)
			if p.chance(2) {
				p.w("delete(%s, %s)", s, p.expr(m.key, 1))
			}
		}
	case 19: // slices
		sl := p.whole[4]
		if s := p.place(sl, true); s != "" {
			switch p.r.IntN(4) {
			case 0:
				p.w("%s = append(%s, %s)", s, s, p.expr(sl.elem, 2))
			case 1:
				p.w("%s = append(%s[:2:2], %s...)", s, s, s)
			case 2:
				p.w("fmt.Println(copy(%s, %s[1:]))", s, s)
			case 3:
				name := p.name("v")
				p.w("%s := %s[:]", name, s)
				p.w("%s[0] = %s", name, p.expr(sl.elem, 2))
				p.vars = append(p.vars, randomVar{name: name, t: sl})
			}
		}
	case 20:
		if len(p.loops) > 0 {
			p.w("if %s { %s %s }", p.expr(p.basic[15], 2), []string{"break", "continue"}[p.r.IntN(2)], p.loops[p.r.IntN(len(p.loops))])
		}
	case 21:
		p.w("func() {")
		p.w("defer func(x %s) { fmt.Println(\"deferred\", x) }(%s)", t.text, p.expr(t, 2))
		loops := p.loops
		p.loops = nil
		p.block(2)
		p.loops = loops
		p.w("}()")
	default:
		p.w("fmt.Println(%s)", p.expr(t, 4))
	}
}

func (p *randomProgram) loop() {
	if len(p.loops) > 1 {
		return
	}
	label, i := p.name("L"), p.name("i")
	scope := len(p.vars)
	p.w("%s:", label)
	index := randomVar{name: i, t: p.basic[0], fixed: true}
	switch p.r.IntN(5) {
	case 0:
		p.w("for %s := 0; %s < 3; %s++ {", i, i, i)
	case 1:
		p.w("for %s := range 3 {", i)
	case 2, 3:
		t := p.whole[[]int{1, 3, 4}[p.r.IntN(3)]]
		v := p.name("v")
		p.w("for %s, %s := range %s {", i, v, p.simple(t))
		p.w("_ = %s", v)
		p.vars = append(p.vars, randomVar{name: v, t: t.elem})
	case 4:
		v := p.name("v")
		p.w("for %s, %s := range cut(string(%s), 3) {", i, v, p.expr(p.of("string"), 2))
		p.w("_ = %s", v)
		p.vars = append(p.vars, randomVar{name: v, t: p.basic[3]})
	}
	p.vars, p.loops = append(p.vars, index), append(p.loops, label)
	p.w("if %s > 5 { continue %s }", i, label)
	p.block(3)
	p.vars, p.loops = p.vars[:scope], p.loops[:len(p.loops)-1]
	p.w("}")
}

// choice is a switch.
func (p *randomProgram) choice() {
	t := p.of("int uint string float")
	tag := ""
	if p.chance(2) {
		tag = p.expr(t, 2)
	}
	p.w("switch %s {", tag)
	for range 2 + p.r.IntN(2) {
		var cases []string
		for range 1 + p.r.IntN(3) {
			if tag == "" {
				cases = append(cases, "bool("+p.expr(p.basic[15], 2)+")")
			} else {
				cases = append(cases, p.expr(t, 2))
			}
		}
		p.w("case %s:", strings.Join(cases, ", "))
		p.w("fmt.Println(\"case\", %d)", p.n)
		p.block(2)
		if p.chance(3) {
			p.w("fallthrough")
		}
	}
	p.w("default:")
	p.block(1)
	p.w("}")
}

// function declares a function that changes its parameters.
func (p *randomProgram) function() {
	f := randomFunc{name: p.name("f"), result: p.any()}
	vars := p.vars
	p.vars = nil
	head := ""
	for range 1 + p.r.IntN(3) {
		v := randomVar{name: p.name("a"), t: p.any()}
		f.params = append(f.params, v.t)
		if head != "" {
			head += ", "
		}
		head += v.name + " " + v.t.text
		p.vars = append(p.vars, v)
	}
	p.w("func %s(%s) %s {", f.name, head, f.result.text)
	for _, t := range p.basic {
		name := p.name("v")
		p.w("var %s %s = %s", name, t.text, p.literal(t))
		p.w("_ = %s", name)
		p.vars = append(p.vars, randomVar{name: name, t: t})
	}
	for range 3 {
		t := p.any()
		if s := p.place(t, true); s != "" && t.kind != "map" {
			p.w("%s = %s", s, p.expr(t, 2))
		}
	}
	p.w("return %s", p.expr(f.result, 2))
	p.w("}")
	p.vars = vars
	p.funcs = append(p.funcs, f)
}

// text is the whole program, with the name of the function that runs it.
func (p *randomProgram) text() (text, run string) {
	for range 3 {
		p.function()
	}
	run = fmt.Sprintf("run%d", p.id)
	p.w("func %s() {", run)
	p.w("defer func() { if r := recover(); r != nil { fmt.Println(\"panic\", r) } }()")
	for _, t := range append(p.basic[:len(p.basic):len(p.basic)], p.whole...) {
		p.nodes = 40
		p.define(t)
	}
	p.budget = 60
	for range 14 {
		p.stmt()
	}
	for _, v := range p.vars {
		p.w("fmt.Println(%q, %s)", v.name, v.name)
	}
	p.w("}")
	return p.decls.String() + p.b.String(), run
}

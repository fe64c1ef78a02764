package session_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// Random programs. Functions over all kinds of values are made from a seed: arithmetic of every width, conversions, shifts,
// constants beside variables, NaN and negative zeros, copies of arrays and structs, maps, closures, defers, parallel
// assignments, switches and labelled loops. The toolchain builds all of them as one program, the session runs one a cell,
// and both must print the same. GONVERGE_SEED and GONVERGE_COUNT are for the hunt.

// randomType is a type of a random program.
type randomType struct {
	text, kind string // kind: int, uint, float, complex, string, bool, struct, array, slice, map
	bits       int
	key, elem  *randomType
	fields     []*randomType // f0, f1, ...
}

type randomVar struct {
	name  string
	t     *randomType
	fixed bool // a loop variable
}

type randomFunc struct {
	name   string
	params []*randomType
	result *randomType
}

// randomProgram makes one program.
type randomProgram struct {
	r            *rand.Rand
	id, n        int
	basic, whole []*randomType // without parts, with parts
	vars         []randomVar
	funcs        []randomFunc
	decls, b     strings.Builder
	loops        []string // labels of the loops around
	budget       int      // of statements
	nodes        int      // of the expressions of a statement
}

func newRandomProgram(seed uint64, id int) *randomProgram {
	p := &randomProgram{r: rand.New(rand.NewPCG(seed, uint64(id))), id: id}
	for _, s := range strings.Fields("int:int:64 int8:int:8 int16:int:16 int32:int:32 int64:int:64 uint:uint:64 uint8:uint:8 uint16:uint:16 uint32:uint:32 uint64:uint:64 float64:float:64 float32:float:32 complex128:complex:128 complex64:complex:64 string:string:0 bool:bool:0") {
		f := strings.Split(s, ":")
		bits, _ := strconv.Atoi(f[2])
		p.basic = append(p.basic, &randomType{text: f[0], kind: f[1], bits: bits})
	}
	for range 3 {
		under := p.pick(p.basic[:14])
		p.basic = append(p.basic, &randomType{text: p.declare("N", under.text), kind: under.kind, bits: under.bits})
	}
	for range 2 {
		t := &randomType{kind: "struct"}
		text := "struct {"
		for i := range 2 + p.r.IntN(3) {
			f := p.pick(p.basic)
			if len(p.whole) > 0 && p.chance(3) {
				f = p.pick(p.whole)
			}
			t.fields = append(t.fields, f)
			text += fmt.Sprintf(" f%d %s;", i, f.text)
		}
		t.text = p.declare("S", text+" }")
		p.whole = append(p.whole, t)
		e := p.pick(p.basic)
		if p.chance(2) {
			e = t
		}
		p.whole = append(p.whole, &randomType{text: "[4]" + e.text, kind: "array", elem: e})
	}
	e := p.pick(append(p.basic, p.whole...))
	p.whole = append(p.whole, &randomType{text: "[]" + e.text, kind: "slice", elem: e})
	k, e := p.pick([]*randomType{p.basic[1], p.basic[14], p.basic[6], p.basic[15]}), p.pick(append(p.basic, p.whole[:4]...))
	p.whole = append(p.whole, &randomType{text: "map[" + k.text + "]" + e.text, kind: "map", key: k, elem: e})
	return p
}

func (p *randomProgram) chance(n int) bool                 { return p.r.IntN(n) == 0 }
func (p *randomProgram) pick(ts []*randomType) *randomType { return ts[p.r.IntN(len(ts))] }
func (p *randomProgram) any() *randomType {
	return p.pick(append(p.basic[:len(p.basic):len(p.basic)], p.whole...))
}
func (p *randomProgram) w(format string, args ...any) { fmt.Fprintf(&p.b, format+"\n", args...) }
func (p *randomProgram) of(kinds string) *randomType {
	for {
		if t := p.pick(p.basic); strings.Contains(kinds, t.kind) {
			return t
		}
	}
}

func (p *randomProgram) name(prefix string) string {
	p.n++
	return fmt.Sprintf("%s%d_%d", prefix, p.id, p.n)
}

func (p *randomProgram) declare(prefix, text string) string {
	name := p.name(prefix)
	fmt.Fprintf(&p.decls, "type %s %s\n", name, text)
	return name
}

// literal is an untyped constant that fits.
func (p *randomProgram) literal(t *randomType) string {
	one := func(s string) string { f := strings.Fields(s); return f[p.r.IntN(len(f))] }
	switch t.kind {
	case "int":
		return one("0 1 2 3 7 -1 -2 100 -128 127 'a' 0x1f 2.0 (1<<3)")
	case "uint":
		return one("0 1 2 3 7 200 255 'z' 0b101 (1<<7)")
	case "float":
		return one("0 1 -1 0.5 1.5 -2.25 1e10 1e-20 3.1 (1/3.0) 0.1 (1<<20) 16777217")
	case "complex":
		return one("0 1 2i 1.5-1i -1i 0.1+0.2i")
	case "string":
		return one(`"" "a" "bc" "é" "x\xff" "日本"`)
	}
	return one("true false")
}

// nonzero is a literal that may divide.
func (p *randomProgram) nonzero(t *randomType) string {
	for {
		if s := p.literal(t); s != "0" {
			return s
		}
	}
}

// place is something of the type that can be assigned; "" if there is none.
func (p *randomProgram) place(t *randomType, write bool) string {
	var all []string
	var walk func(text string, of *randomType, depth int)
	walk = func(text string, of *randomType, depth int) {
		if of == t {
			all = append(all, text)
		}
		if depth > 2 {
			return
		}
		switch of.kind {
		case "struct":
			for i, f := range of.fields {
				walk(fmt.Sprintf("%s.f%d", text, i), f, depth+1)
			}
		case "array":
			walk(fmt.Sprintf("%s[%d]", text, p.r.IntN(4)), of.elem, depth+1)
			walk(fmt.Sprintf("%s[%s]", text, p.index()), of.elem, depth+1)
		case "slice":
			walk(fmt.Sprintf("%s[%s]", text, p.index()), of.elem, depth+1)
		case "map":
			if !write {
				walk(fmt.Sprintf("%s[%s]", text, p.simple(of.key)), of.elem, depth+1)
			}
		}
	}
	for _, v := range p.vars {
		if !write || !v.fixed {
			walk(v.name, v.t, 0)
		}
	}
	if len(all) == 0 {
		return ""
	}
	return all[p.r.IntN(len(all))]
}

// index is one of 0 to 3.
func (p *randomProgram) index() string {
	if p.chance(3) {
		return strconv.Itoa(p.r.IntN(4))
	}
	var ints []string
	for _, v := range p.vars {
		if v.t.kind == "int" || v.t.kind == "uint" {
			ints = append(ints, v.name)
		}
	}
	return ints[p.r.IntN(len(ints))] + "&3"
}

// simple is a variable of a basic type: the program has one of each.
func (p *randomProgram) simple(t *randomType) string {
	var all []string
	for _, v := range p.vars {
		if v.t == t {
			all = append(all, v.name)
		}
	}
	if len(all) == 0 {
		return p.composite(t, 0)
	}
	return all[p.r.IntN(len(all))]
}

// expr is an expression of the type that is no constant.
func (p *randomProgram) expr(t *randomType, depth int) string {
	if p.nodes--; depth <= 0 || p.nodes < 0 || p.chance(5) {
		if s := p.place(t, false); s != "" {
			return s
		}
		return p.simple(t)
	}
	if p.chance(8) {
		for _, f := range p.funcs {
			if f.result == t {
				var args []string
				for _, a := range f.params {
					args = append(args, p.expr(a, depth-2))
				}
				return f.name + "(" + strings.Join(args, ", ") + ")"
			}
		}
	}
	if p.chance(12) {
		return fmt.Sprintf("func() %s { return %s }()", t.text, p.expr(t, depth-1))
	}
	if p.chance(15) {
		return fmt.Sprintf("any(%s).(%s)", p.expr(t, depth-1), t.text)
	}
	if p.chance(15) {
		return fmt.Sprintf("*new(%s)", p.expr(t, depth-1))
	}
	op := func(ops string) string { f := strings.Fields(ops); return f[p.r.IntN(len(f))] }
	right := func() string {
		if p.chance(4) {
			return p.literal(t)
		}
		return p.expr(t, depth-1)
	}
	switch t.kind {
	case "int", "uint":
		switch p.r.IntN(9) {
		case 0:
			return fmt.Sprintf("(%s %s (%s | 1))", p.expr(t, depth-1), op("/ %"), p.expr(t, depth-1))
		case 1:
			return fmt.Sprintf("(%s %s %s)", p.expr(t, depth-1), op("/ %"), p.nonzero(t))
		case 2:
			return fmt.Sprintf("(%s %s %s)", p.expr(t, depth-1), op("<< >>"), op("0 1 3 7 8 31 40 63 64 70"))
		case 3:
			return fmt.Sprintf("(%s %s (%s & 15))", p.expr(t, depth-1), op("<< >>"), p.expr(p.of("int uint"), depth-1))
		case 4:
			return fmt.Sprintf("%s(%s)", t.text, p.expr(p.of("int uint"), depth-1))
		case 5:
			return fmt.Sprintf("%s(bound(float64(%s)))", t.text, p.expr(p.of("float"), depth-1))
		case 6:
			return fmt.Sprintf("(%s%s)", op("- ^ +"), p.expr(t, depth-1))
		case 7:
			return fmt.Sprintf("%s(%s, %s)", op("min max"), p.expr(t, depth-1), right())
		}
		return fmt.Sprintf("(%s %s %s)", p.expr(t, depth-1), op("+ - * & | ^ &^"), right())
	case "float":
		switch p.r.IntN(6) {
		case 0:
			return fmt.Sprintf("%s(%s)", t.text, p.expr(p.of("int uint float"), depth-1))
		case 1:
			return fmt.Sprintf("(-%s)", p.expr(t, depth-1))
		case 2:
			return fmt.Sprintf("%s(%s, %s)", op("min max"), p.expr(t, depth-1), right())
		case 3:
			return fmt.Sprintf("%s(%s(%s))", t.text, op("real imag"), p.expr(p.of("complex"), depth-1))
		}
		return fmt.Sprintf("(%s %s %s)", p.expr(t, depth-1), op("+ - * /"), right())
	case "complex":
		switch p.r.IntN(5) {
		case 0:
			return fmt.Sprintf("%s(%s)", t.text, p.expr(p.of("complex"), depth-1))
		case 1:
			return fmt.Sprintf("%s(complex(float64(%s), float64(%s)))", t.text, p.expr(p.of("float"), depth-1), p.expr(p.of("int float"), depth-1))
		case 2:
			return fmt.Sprintf("(-%s)", p.expr(t, depth-1))
		}
		return fmt.Sprintf("(%s %s %s)", p.expr(t, depth-1), op("+ - *"), right())
	case "string":
		switch p.r.IntN(6) {
		case 0:
			return fmt.Sprintf("%s(fmt.Sprint(%s))", t.text, p.expr(p.any(), depth-1))
		case 1:
			return fmt.Sprintf("%s(rune(%s))", t.text, p.expr(p.of("int uint"), depth-1))
		case 2:
			return fmt.Sprintf("%s([]%s(%s))", t.text, op("byte rune"), p.expr(t, depth-1))
		case 3:
			return fmt.Sprintf("%s(cut(string(%s), %s))", t.text, p.expr(p.of("string"), depth-1), p.expr(p.basic[0], depth-1))
		}
		return fmt.Sprintf("%s(cut(string(%s + %s), 0))", t.text, p.expr(t, depth-1), right())
	case "bool":
		switch p.r.IntN(6) {
		case 0:
			return fmt.Sprintf("(%s %s %s)", p.expr(t, depth-1), op("&& || == !="), p.expr(t, depth-1))
		case 1:
			return fmt.Sprintf("(!%s)", p.expr(t, depth-1))
		case 2:
			of := p.pick(append(p.basic, p.whole[:1]...))
			if comparable(of) {
				return fmt.Sprintf("%s(any(%s) == any(%s))", t.text, p.expr(of, depth-1), p.expr(of, depth-1))
			}
		case 3:
			of := p.pick(p.whole)
			if comparable(of) {
				return fmt.Sprintf("%s((%s) %s (%s))", t.text, p.expr(of, depth-1), op("== !="), p.expr(of, depth-1))
			}
		}
		of := p.of("int uint float string")
		return fmt.Sprintf("%s(%s %s %s)", t.text, p.expr(of, depth-1), op("< > <= >= == !="), p.expr(of, depth-1))
	}
	if p.chance(2) || p.nodes < 0 {
		if s := p.place(t, false); s != "" {
			return s
		}
	}
	return p.composite(t, depth-1)
}

func comparable(t *randomType) bool {
	switch t.kind {
	case "slice", "map":
		return false
	case "array":
		return comparable(t.elem)
	case "struct":
		for _, f := range t.fields {
			if !comparable(f) {
				return false
			}
		}
	}
	return true
}

// composite is a literal; of a basic type, a conversion of one.
func (p *randomProgram) composite(t *randomType, depth int) string {
	switch t.kind {
	case "struct":
		var parts []string
		for i, f := range t.fields {
			if !p.chance(4) {
				parts = append(parts, fmt.Sprintf("f%d: %s", i, p.expr(f, depth-1)))
			}
		}
		return "(" + t.text + "{" + strings.Join(parts, ", ") + "})"
	case "array", "slice":
		var parts []string
		for range 4 {
			parts = append(parts, p.expr(t.elem, depth-1))
		}
		return "(" + t.text + "{" + strings.Join(parts, ", ") + "})"
	case "map":
		return fmt.Sprintf("(%s{%s: %s})", t.text, p.expr(t.key, depth-1), p.expr(t.elem, depth-1))
	}
	return fmt.Sprintf("%s(%s)", t.text, p.literal(t))
}

// randomHelpers keep conversions in the range where Go says what they give, and strings short.
const randomHelpers = `
func bound(x float64) float64 { if x > 0 && x < 100 { return x }; return 7.5 }
func cut(s string, n int) string { if len(s) > 9 { s = s[:9] }; if n > 0 && n < len(s) { return s[n:] }; return s }
`

func TestRandomProgramsPrintWhatGoPrints(t *testing.T) {
	if testing.Short() {
		t.Skip("builds random programs")
	}
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no Go toolchain")
	}
	seed, count := uint64(1), 200
	if s := os.Getenv("GONVERGE_SEED"); s != "" {
		seed, _ = strconv.ParseUint(s, 10, 64)
		count, _ = strconv.Atoi(os.Getenv("GONVERGE_COUNT"))
	}
	main, calls := "package main\nimport \"fmt\"\n"+randomHelpers, ""
	var texts []string
	for i := range count {
		text, run := newRandomProgram(seed, i).text()
		main += text
		calls += fmt.Sprintf("fmt.Println(\"#%d\")\n%s()\n", i, run)
		texts = append(texts, text+run+"()")
	}
	file := filepath.Join(t.TempDir(), "main.go")
	if err := os.WriteFile(file, []byte(main+"func main() {\n"+calls+"}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if keep := os.Getenv("GONVERGE_KEEP"); keep != "" {
		os.WriteFile(keep, []byte(main+"func main() {\n"+calls+"}\n"), 0o644)
	}
	b, err := exec.Command("go", "run", "-gcflags=-e", file).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%.3000s", err, b)
	}
	wants := strings.Split(string(b), "#")[1:]
	s := newSession(t)
	s.Run(context.Background(), randomHelpers, session.RunOptions{}, nil)
	for i, text := range texts {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		sink := &recorder{}
		r := s.Run(ctx, text, session.RunOptions{}, sink)
		cancel()
		_, want, _ := strings.Cut(wants[i], "\n")
		if got := sink.out(); r.Err != nil || got != want {
			t.Errorf("program %d: %v\n%s", i, errorText(r.Err), firstDifference(got, want))
		}
	}
}

// firstDifference shows the first line that differs.
func firstDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range g {
		if i >= len(w) || g[i] != w[i] {
			return fmt.Sprintf("line %d\ngot  %s\nwant %s", i+1, g[i], strings.Join(w[min(i, len(w)):min(i+1, len(w))], ""))
		}
	}
	return "less than wanted"
}

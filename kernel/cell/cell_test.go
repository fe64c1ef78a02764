package cell

import (
	"fmt"
	"strings"
	"testing"
)

func TestParseSortsThePartsAndKeepsPositions(t *testing.T) {
	for _, c := range []struct {
		name, src             string
		imports, decls, stmts int
		list                  bool
	}{
		{"mixed", "import \"fmt\"\nfunc f() {}\nx := 1\nfmt.Println(x)\ntype T struct{ A int }", 1, 2, 2, false},
		{"one line", "import \"fmt\"; x := 1; func f() {}; x", 1, 1, 2, false},
		{"for clauses", "for i := 0; ; i++ { break }\nfor ; ; { break }\nif x := 1; x > 0 { }", 0, 0, 3, false},
		{"for with comments", "for i := 0 /* a; b */; i < 3 /* c */; i++ { /* d */ }", 0, 0, 1, false},
		{"list of values", "a := 1\na, a + 1, []int{1, 2}", 0, 0, 2, true},
		{"list with literals", "func() int { return 1 }(), map[string]int{}", 0, 0, 1, true},
		{"parallel assignment", "a, b = b, a", 0, 0, 1, false},
		{"method and literal", "func (t T) M() {}\nfunc(t T) { }(x)", 0, 1, 1, false},
		{"package clause", "package foo\nx := 1", 0, 0, 1, false},
		{"groups", "import (\n\"a\"\n\"b\"\n)\nconst (\nX = iota\nY\n)\nvar (\na int\nb int\n)", 2, 1, 1, false},
		{"generic", "func F[T any](x T) T { return x }\nF[int](3)", 0, 1, 1, false},
		{"labels", "outer:\nfor { break outer }", 0, 0, 1, false},
		{"empty", "// only a comment\n", 0, 0, 0, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := NewFiles().Parse(1, "In[1]", c.src)
			if err != nil {
				t.Fatal(err)
			}
			if len(got.Imports) != c.imports || len(got.Decls) != c.decls || len(got.Body.List) != c.stmts || got.List != c.list {
				t.Errorf("got %d imports, %d declarations, %d statements, list %v; want %d, %d, %d, %v", len(got.Imports), len(got.Decls), len(got.Body.List), got.List, c.imports, c.decls, c.stmts, c.list)
			}
		})
	}
	f := NewFiles()
	c, err := f.Parse(3, "In[7]", "x := 1\nimport \"fmt\"\n\n  fmt.Println(x)")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := f.Position(c.Body.List[1].Pos()), (Position{3, 4, 3}); got != want {
		t.Errorf("statement at %v, want %v", got, want)
	}
	if f.Label(3) != "In[7]" || f.Line(3, 4) != "  fmt.Println(x)" || f.Line(3, 9) != "" {
		t.Errorf("label %q, line %q", f.Label(3), f.Line(3, 4))
	}
}

func TestParseErrorsNameTheirPlace(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"x := 1\ny := )", "2:6: expected operand, found ')'"},
		{"for i := 0; i < 3; i++ {", "expected '}'"},
		{"x := \"abc", "1:6: string literal not terminated"},
		{"func f( {", "1:9: expected"},
		{"a b", "1:3: expected"},
	} {
		_, err := NewFiles().Parse(1, "In[1]", c.src)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.src, err, c.want)
		}
	}
}

func TestCommand(t *testing.T) {
	for _, c := range []struct {
		src, name, rest string
		ok              bool
	}{
		{"%who", "who", "", true},
		{" %time f()\nx", "time", " f()\nx", true},
		{"x % y", "", "", false},
		{"%%bash\nls", "bash", "\nls", true},
		{"!ls -l", "!", "ls -l", true},
		{"$ ls", "!", " ls", true},
		{"fmt.Println?", "?", "fmt.Println", true},
		{"??mat", "?", "mat", true},
		{"x ? 3", "", "", false},
		{"!x == y", "!", "x == y", true},
		{"% ", "", " ", false},
	} {
		name, rest, ok := Command(c.src)
		if ok != c.ok || ok && (name != c.name || rest != c.rest) {
			t.Errorf("%q: %q %q %v", c.src, name, rest, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"x := 1", "import \"fmt\"\nfmt.Print(1); func f() {}", "for ;; {", "a, b", "func (", "\"", "`", "{{{", "%x", "é := `ü`", "x :=\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, src string) {
		files := NewFiles()
		if c, err := files.Parse(1, "In[1]", src); err == nil && c.Body == nil {
			t.Error("no body")
		}
		files.ParseLoosely(src)
		if s, _ := Status(src); s != "complete" && s != "incomplete" && s != "invalid" {
			t.Error(s)
		}
	})
}

func ExampleFiles_Parse() {
	files := NewFiles()
	c, err := files.Parse(1, "In[1]", "import \"fmt\"\nx := 2\nfunc f() int { return x }\nf()")
	fmt.Println(len(c.Imports), len(c.Decls), len(c.Body.List), err)
	_, err = files.Parse(2, "In[2]", "x := )")
	fmt.Println(err)
	// Output:
	// 1 1 2 <nil>
	// 1:6: expected operand, found ')'
}

// What people type who know Python; the hint says what Go has in its place.
func TestHintsForOtherLanguages(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"# note\nx := 1", "comment begins with //"},
		{":import \"fmt\"", "no colon"},
		{"from math import sqrt", "imported whole"},
		{"import torch", "path in quotes"},
		{"import numpy as np", "path in quotes"},
		{"def f(x):\n    return x", "func name("},
		{"class A:\n    pass", "type Name struct"},
		{"x := 5\nwhile x > 0 { x-- }", "only loop is for"},
		{"for i in range(3):\n    print(i)", "range 10"},
		{"if 3 > 2:\n    print(1)", "in braces"},
		{"ys := [x for x in xs]", "append(ys"},
		{"f := lambda x: x", "without a name"},
		{"x := 3 if true else 4", "conditional expression"},
		{"not true and false", "&&"},
		{"x := 'hello'", "double quotes"},
		{"s := \"\"\"abc\"\"\"", "backquotes"},
		{"f\"{x}\"", "Sprintf"},
		{"x := [1, 2, 3]", "[]float64{"},
		{"x := {\"a\": 1}", "map[string]int"},
		{"y := x++", "statements of their own"},
		{"a[::2]", "no step"},
		{"for i := 0; i < 3; i++\n{\n}", "the { stands"},
		{"func f()\n{\n}", "the { stands"},
		{"if a {\n}\nelse {\n}", "line of the brace"},
		{"with open(\"f\") as f:", "defer"},
		{"if n is None { }", "== and !="},
		{"print(f\"a {x}\")", "Sprintf"},
		{"assert n == 3", "panic("},
		{"del x", "delete("},
		{"global n", "as they are"},
		{"print \"hello\"", "fmt.Println"},
		{"let x = 3", "x := 3"},
		{"import \"math\" as m", "before the path"},
		{"type(x)", "%T"},
		{"range(10)", "range 10"},
		{"for i := 0; i < 10; i++", "begin on this line"},
		{"m[0, 1]", "m.At(i, j)"},
		{"zeros((3, 3))", "no tuples"},
		{"@wrap\nfunc f() {}", "decorators"},
		{"a @ b", "c.Mul"},
		{"n > 3 ? 1 : 0", "conditional expression"},
		{"x := []float64{1, 2, 3", "comma or with the closing"},
		{"x := []float64{\n\t1,\n\t2\n}", "comma or with the closing"},
		{"\"abc", "backquotes"},
		{"n++ + 1", "statements of their own"},
		{"m[:, 0]", "m.ColView"},
		{"m[1, :]", "m.ColView"},
		{"f([\"a\"])", "[]string{"},
		{"for i := range xs: f(i)", "in braces"},
		{"if x = 3 { }", "== compares"},
		{"Recipe(Epochs: 5)", "in braces"},
		{"f(n=3)", "no names"},
		{"Recipe{Epochs = 5}", "by a colon"},
		{"p := struct{X int}{X = 3}", "by a colon"},
		{"func f(x: float64) float64 { return x }", "type behind it"},
		{"func f(x float64) -> float64 { return x }", "before the {"},
		{"type P struct { x: int }", "type behind it"},
		{"type P struct { x int, y int }", "semicolons"},
		{"type P = { x int }", "type T struct"},
		{"xs.map(f)", "maps"},
		{"y := Map[int, string](xs, 3", "comma or with the closing"},
		{"f(a[1], b[2] c)", ""},
		{"x := )", ""},
		{"x := 3 y \"a and b\" // for x in y, 1 if a else b", ""},
	} {
		_, err := NewFiles().Parse(1, "In[1]", c.src)
		list, ok := err.(Diagnostics)
		if !ok {
			t.Errorf("%q: got %v", c.src, err)
			continue
		}
		if last := list[len(list)-1]; !strings.Contains(last.Hint, c.want) || (last.Hint == "") != (c.want == "") {
			t.Errorf("%q: %v, hint %q, want %q", c.src, err, last.Hint, c.want)
		}
	}
}

// TestGarbageIsRefusedAtOnce: hints are looked for in lines that somebody may have written, for the first errors.
func TestGarbageIsRefusedAtOnce(t *testing.T) {
	_, err := NewFiles().Parse(1, "In", "x("+strings.Repeat("\xa4", 5000))
	if list, ok := err.(Diagnostics); !ok || len(list) == 0 || list[0].Hint != "" {
		t.Errorf("got %v", err)
	}
}

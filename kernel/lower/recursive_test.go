package lower_test

import (
	"strings"
	"testing"
)

func TestRecursiveTypesAreStructsOfOneField(t *testing.T) {
	const S = "type S []S\nvar s S\n"
	for _, c := range []struct {
		name, src string
		want, not []string
	}{
		{"a slice", "type S []S\nvar s S", []string{"type S_1 struct { v_ []S_1 }"}, nil},
		{"a function", "type F func(int) F\nvar f F", []string{"type F_1 struct { v_ func(int) F_1 }"}, nil},
		{"an array", "type T [2]*T\nvar t T", []string{"type T_1 struct { v_ [2]*T_1 }"}, nil},
		{"a cycle", "type A []B\ntype B map[string]A\nvar a A", []string{"struct { v_ []B_1 }", "struct { v_ map[string]A_1 }"}, nil},
		{"beside a struct", "type L struct { f F }\ntype F func(*L) F\nvar l L", []string{"struct { v_ func(*L_1) F_1 }", "f F_1"}, nil},
		{"a cycle through a struct needs none", "type L []N\ntype N struct { l L }\nvar l L", []string{"l []N_"}, []string{"v_ "}},
		{"one through an interface neither", "type F func() I\ntype I interface { f() F }\nvar f F", []string{"type F_1 func() interface{}"}, []string{"v_ "}},
		{"an instance", "type C[T any] chan C[T]\nvar c C[int]", []string{"struct { v_ chan (C_1) }"}, nil},
		{"a local one", "func f() { type S []S; var s S; _ = s[0] }", []string{"struct { v_ []S_", ".v_[0]"}, nil},

		{"an index", S + "s[0]", []string{"s_1.v_[0]"}, nil},
		{"a slice of it", S + "s[1:]", []string{"S_1{v_: s_1.v_[1:]}"}, nil},
		{"an element", S + "s[0] = nil\ns[0] = s", []string{"s_1.v_[0] = S_1{}", "s_1.v_[0] = s_1\n"}, nil},
		{"a predeclared function", S + "len(s), cap(s)", []string{"len(s_1.v_)", "cap(s_1.v_)"}, nil},
		{"append", S + "s = append(s, s, nil)", []string{"S_1{v_: append(s_1.v_, s_1, none__1())}"}, nil},
		{"make", S + "s = make(S, 3)", []string{"S_1{v_: make([]S_1, 3)}"}, nil},
		{"a literal", S + "s = S{{}, nil}\np := &S{}", []string{"S_1{v_: []S_1{S_1{v_: []S_1{}}, S_1{}}}", "&S_1{v_: []S_1{}}"}, nil},
		{"a comparison", S + "s == nil, nil != s", []string{"(s_1.v_ == nil)", "(nil != s_1.v_)"}, nil},
		{"a range", S + "for range s { }\nfor _, x := range S(nil) { _ = x }", []string{"range s_1.v_", "range ([]S_1)(nil)"}, nil},
		{"to the underlying type", S + "var u []S = s\nv := []S(s)", []string{"= s_1.v_\n"}, nil},
		{"and back", S + "u := []S{}\ns = u\ns = S(u)", []string{"S_1{v_: u_"}, nil},
		{"nothing in between", S + "u := []S(S([]S{}))", nil, []string{"S_1{v_"}},
		{"several values", S + "f := func() ([]S, int) { return s, 1 }\nvar n int\ns, n = f()", []string{"func fold_", "return s_1.v_, "}, nil},
		{"a call", "type F func(...int) F\nvar f F\nf(1)", []string{"(func(...int) F_1)(f_1.v_)(1)"}, nil},
		{"in a condition", "type F func() F\nfunc g(f F) bool { return true }\nvar f F\nb := g(f) && g(func() F { return nil })", []string{"fold_"}, nil},
		{"a channel", "type C chan C\nvar c C\nc <- c\n<-c", []string{"Send(c_1.v_, c_1", "Recv1(c_1.v_"}, nil},
		{"a pointer", "type N *N\nvar n N\n*n = n\nn == &n", []string{"*n_1.v_ = n_1", "(n_1.v_ == &n_1)"}, nil},
		{"a pointer to an array", "type T [2]*T\nvar p *T\n_ = p[1]\nfor i, x := range p { _, _ = i, x }\np[:]", []string{"(*p_1).v_[1]", "&(*p_1).v_", "(*p_1).v_[:]"}, nil},
		{"in an interface", S + "var e any = s\n_, ok := e.(S)", []string{"Box(0, s_1)", ".(S_1)"}, nil},
		{"for an encoder", "type T struct { l S }\n" + S + "var t T\ntemplate.New(\"\").Execute(nil, t)", []string{"Expand(t_1)"}, nil},
		{"for other code", S + "sort.Slice(s, func(i, j int) bool { return i < j })", []string{".Slice(s_1.v_, "}, nil},
		{"a pointer inside", S + "p := (*[]S)(&s)", []string{"return &p.v_"}, nil},
		{"a generic function", "type S []S\nfunc f[T ~[]T](x T) int { return len(x) }\nf(S{})", []string{"len(x_l"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, err := newLowering(t).cell(c.src)
			if err != nil {
				t.Fatal(err)
			}
			if err := parses(code); err != nil {
				t.Fatal(err)
			}
			got := strings.ReplaceAll(code.String(), "ǃ", "_")
			for _, w := range c.want {
				if !strings.Contains(got, w) {
					t.Errorf("no %q in\n%s", w, got)
				}
			}
			for _, w := range c.not {
				if strings.Contains(got, w) {
					t.Errorf("%q in\n%s", w, got)
				}
			}
		})
	}
}

func TestRecursiveTypesThatArePointedToFromOutside(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"type S []S\nvar u []S\np := (*S)(&u)", "a pointer to []S cannot become one to S in cells"},
		{"type S []S\nvar s S\ngob.NewEncoder(nil).Encode(s)", "gob cannot see S as Go does"},
	} {
		if _, err := newLowering(t).cell(c.src); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.src, err, c.want)
		}
	}
}

// A body is lowered with conversions put into its syntax; it may be checked again later, and must be as it was.
func TestTheSyntaxIsAsBeforeAfterLowering(t *testing.T) {
	l := newLowering(t)
	for _, src := range []string{
		"type F func(int) F\ntype T struct{ n int }\nfunc (t T) m(f F) F { return f(t.n)(2) }",
		"type T struct{ n, k int }\nvar f F\nT{}.m(f)", // the method comes along, and is checked again
		"func id[A any](f F, a A) A { if f != nil { f(1) }; return a }\nid(f, 1)",
		"id(f, \"x\")",
	} {
		if _, err := l.cell(src); err != nil {
			t.Errorf("%q: %v", src, err)
		}
	}
}

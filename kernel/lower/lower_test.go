package lower_test

import (
	"fmt"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"gonverge/kernel/cell"
	"gonverge/kernel/check"
	"gonverge/kernel/lower"
	"gonverge/kernel/symbols"
)

// lowering takes cells as far as lowered code; nothing is evaluated.
type lowering struct {
	p *check.Program
	s *lower.State
	n int
}

func newLowering(t testing.TB) *lowering {
	p, err := check.New(cell.NewFiles(), symbols.ExportData(), symbols.Preload())
	if err != nil {
		t.Fatal(err)
	}
	return &lowering{p: p, s: lower.NewState(p, symbols.Exports())}
}

func (l *lowering) cell(src string) (*lower.Code, error) {
	l.n++
	c, err := l.p.Files.Parse(l.n, "In", src)
	if err != nil {
		return nil, err
	}
	u, err := l.p.Check(c)
	if err != nil {
		return nil, err
	}
	code, err := l.s.Lower(u)
	if err != nil {
		u.Rollback()
		return nil, err
	}
	l.s.Commit()
	u.Commit()
	return code, nil
}

// parses reports an error unless the parts of the code are Go.
func parses(code *lower.Code) error {
	for _, src := range []string{"package main\n" + code.Imports + code.Types + code.Decls + code.Main, "package main\nfunc _() {\n" + code.Body + "\n}"} {
		if _, err := parser.ParseFile(token.NewFileSet(), "lowered.go", src, 0); err != nil {
			return fmt.Errorf("%w\n%s", err, src)
		}
	}
	return nil
}

func TestConstructsBecomeWhatTheInterpreterRuns(t *testing.T) {
	const K = "kernǃ"
	for _, c := range []struct {
		name, src string
		want      []string
		not       []string
	}{
		{"range over an integer", "for i := range 5 { _ = i }", []string{"< 5;"}, []string{"range 5"}},
		{"min and max", "a := 1\nmax(a, 2)", []string{"if v > r { return v }"}, []string{"max(a"}},
		{"new of a value", "p := new(42)", []string{"return &v"}, []string{"new(42)"}},
		{"generics", "func F[T any](x T) T { return x }\nF(1), F(\"a\")", []string{"func Fǃ2(xǃl3 int) int", "func Fǃ3(xǃl5 string) string"}, []string{"[T any]"}},
		{"constants are folded", "const c = 1 << 40\nx := c / 3.0", []string{"3.66503875925333"}, nil},
		{"go passes by value", "f := func(int) {}\nfor i := range 3 { go f(i) }", []string{K + ".Go(", "func goǃǃ1("}, []string{"go f"}},
		{"defer", "func f() { for i := range 3 { defer print(i) } }", []string{K + ".Frame(", ".Call("}, []string{"defer "}},
		{"literals get a frame", "x := 1\nf := func() int { return x }", []string{"(func(fǃ func() func() int) func() func() int { return fǃ })"}, nil},
		{"boxes", "type T struct{ a int }\nvar e any = T{1}\n_, ok := e.(T)", []string{K + ".Box(", K + ".Is("}, nil},
		{"checked assignment", "b := os.ReadFile(\"x\")", []string{K + ".Check("}, []string{"__must"}},
		{"checked statement", "os.Remove(\"x\")", []string{K + ".Check("}, nil},
		{"plain Go is not checked", "_ = os.Remove(\"x\")\nb, err := os.ReadFile(\"x\")", nil, []string{K + ".Check("}},
		{"printing is not checked", "fmt.Println(1)\nfmt.Fprintln(os.Stderr, 1)\nx := 1", []string{K + ".Stderr"}, []string{K + ".Check("}},
		{"errors are values", "fmt.Errorf(\"a\")", []string{K + ".Result("}, []string{K + ".Check("}},
		{"redefinition", "func f() int { return 1 }\nf()", []string{"if fǃ1ǃn > 1 { return fǃ1ǃr() }"}, nil},
		{"context brackets", "exec.CommandContext(ctx2(), \"x\")\nfunc ctx2() context.Context { return nil }", []string{K + ".Enter()", K + ".Leave()"}, nil},
		{"waits can be cancelled", "var wg sync.WaitGroup\nwg.Wait()", []string{K + ".WaitGroupWait(&wg"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, err := newLowering(t).cell(c.src)
			if err != nil {
				t.Fatal(err)
			}
			if err := parses(code); err != nil {
				t.Fatal(err)
			}
			for _, w := range c.want {
				if !strings.Contains(code.String(), w) {
					t.Errorf("no %q in\n%s", w, code)
				}
			}
			for _, w := range c.not {
				if strings.Contains(code.String(), w) {
					t.Errorf("%q in\n%s", w, code)
				}
			}
		})
	}
}

func TestRefusesWhatCannotBeHad(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"import \"unsafe\"\nvar m int64\nx := unsafe.Sizeof(m)", ""},
		{"func grow[T any](n int, t T) { if n > 0 { grow(n-1, []T{t}) } }\ngrow(3, 1)", "1:43: instantiation cycle: grow is instantiated with ever larger types"},
		{"type P[A, B any] struct{ a A; b B }\nfunc twice[T any](t T) { twice(P[T, T]{t, t}) }\ntwice(1)", "2:26: instantiation cycle: twice is instantiated with ever larger types"},
		{"type L[A any] struct{ a A }\nfunc (l L[A]) m(n int) { if n > 0 { L[L[A]]{l}.m(n - 1) } }\nL[int]{1}.m(3)", "2:37: instantiation cycle: L is instantiated with ever larger types"},
		{"h := unique.Make(1)", ""},
		{"import \"unsafe\"\nvar p *int\nq := unsafe.Slice(p, 3)", ""},
		{"runtime.Breakpoint()", "1:1: runtime.Breakpoint is not available in cells: no debugger is there, so it would end the kernel"},
		{"import \"unsafe\"\nvar x any\nq := unsafe.Pointer(&x)", "3:21: unsafe cannot reach into an interface: what it points to is the interpreter's own"},
	} {
		_, err := newLowering(t).cell(c.src)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), strings.SplitN(c.want, ": ", 2)[1])) {
			t.Errorf("%q: got %v, want %q", c.src, err, c.want)
		}
	}
}

func TestARefusedCellChangesNothing(t *testing.T) {
	l := newLowering(t)
	if _, err := l.cell("func f() int { return 1 }"); err != nil {
		t.Fatal(err)
	}
	before := l.s.Types()
	if _, err := l.cell("type T struct{ A int }\nfunc f() int { return 2 }\nvar e any = T{1}\nruntime.Breakpoint()"); err == nil {
		t.Fatal("not refused")
	}
	code, err := l.cell("f()")
	if err != nil {
		t.Fatal(err)
	}
	if l.s.Types() != before || !strings.Contains(code.String(), "fǃ1()") {
		t.Errorf("%d types, were %d; code\n%s", l.s.Types(), before, code)
	}
}

func ExampleState_Lower() {
	files := cell.NewFiles()
	p, err := check.New(files, symbols.ExportData(), symbols.Preload())
	if err != nil {
		panic(err)
	}
	s := lower.NewState(p, map[string]map[string]reflect.Value{})
	c, _ := files.Parse(1, "In[1]", "x := 40\nfor i := range 2 { x += i }")
	u, err := p.Check(c)
	if err != nil {
		panic(err)
	}
	code, err := s.Lower(u)
	fmt.Println(strings.ReplaceAll(code.Decls+code.Main, check.Mark, "_"), err)
	// Output:
	// var x_1 int
	// func _body1() {
	//
	// x_1 = 40
	// for i_l2 := int(0); i_l2 < 2; i_l2++ {
	// x_1 += i_l2
	// }
	// }
	//  <nil>
}

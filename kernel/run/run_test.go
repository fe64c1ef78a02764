package run_test

import (
	"context"
	"errors"
	"fmt"
	"go/types"
	"strings"
	"sync"
	"testing"
	"time"

	"gonverge/kernel/run"
)

// sink keeps the output in order.
type sink struct {
	mu   sync.Mutex
	text string
	n    int
}

func (s *sink) take(stream, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.text += text
	s.n++
}

func newMachine(t testing.TB, s *sink) *run.Machine {
	t.Helper()
	m, err := run.New(run.Options{RuntimeName: "kern", CompiledName: "fast", ContextName: "ctxv", Output: s.take})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	if err := m.Eval("import \"fmt\"\nimport \"os\"\nimport \"time\""); err != nil {
		t.Fatal(err)
	}
	return m
}

var bodies int

// exec runs statements as the body of a cell.
func exec(t testing.TB, m *run.Machine, ctx context.Context, body string) run.Outcome {
	t.Helper()
	bodies++
	if err := m.Eval(fmt.Sprintf("func body%d() {\n%s\n}", bodies, body)); err != nil {
		t.Fatal(err)
	}
	return m.Run(ctx, fmt.Sprintf("kern.Exec(body%d)", bodies), nil)
}

func TestDeferredCallsRunAsInGo(t *testing.T) {
	for _, c := range []struct{ name, body, output, panic string }{
		{"last first", "kern.Frame(func(d *kern.Defers) { d.Call(func() { fmt.Print(1) }); d.Call(func() { fmt.Print(2) }); fmt.Print(0) })", "021", ""},
		{"after a panic", "kern.Frame(func(d *kern.Defers) { d.Call(func() { fmt.Print(1) }); panic(\"p\") })", "1", "p"},
		{"recover in a literal", "kern.Frame(func(d *kern.Defers) { d.Literal(func(d *kern.Defers) { fmt.Print(d.Recover()) }); panic(\"p\") })", "p", ""},
		{"recover in a function", "kern.Frame(func(d *kern.Defers) { d.Named(\"\", func() { fmt.Print(kern.RecoverOf(kern.Entered(\"\"))) }); panic(\"p\") })", "p", ""},
		{"a panic replaces another", "kern.Frame(func(d *kern.Defers) { d.Call(func() { fmt.Print(1) }); d.Call(func() { panic(\"q\") }); panic(\"p\") })", "1", "q"},
		{"recover without a panic", "kern.Frame(func(d *kern.Defers) { d.Literal(func(d *kern.Defers) { fmt.Print(d.Recover()) }) })", "<nil>", ""},
		{"an exit cannot be recovered", "kern.Frame(func(d *kern.Defers) { d.Literal(func(d *kern.Defers) { d.Recover() }); os.Exit(2) })", "", "os.Exit(2)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &sink{}
			out := exec(t, newMachine(t, s), context.Background(), c.body)
			got := ""
			if out.Panic != nil {
				got = out.Panic.Text
			}
			if got != c.panic || s.text != c.output || out.Internal != nil {
				t.Errorf("panic %q, output %q, %v; want %q, %q", got, s.text, out.Internal, c.panic, c.output)
			}
		})
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	for _, body := range []string{"for {}", "time.Sleep(time.Hour)", "kern.Select(0, false)", "kern.Recv1(make(chan int), 0)", "<-ctxv.Done(); for {}"} {
		s := &sink{}
		m := newMachine(t, s)
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
		out := exec(t, m, ctx, body)
		cancel()
		if !errors.Is(out.Cause, context.DeadlineExceeded) || out.Detached {
			t.Errorf("%q: cause %v, detached %v", body, out.Cause, out.Detached)
		}
		if out := exec(t, m, context.Background(), "fmt.Print(\"alive\")"); out.Panic != nil || s.text != "alive" {
			t.Errorf("%q: then %+v, %q", body, out, s.text)
		}
	}
}

func TestOutputIsBatched(t *testing.T) {
	s := &sink{}
	out := exec(t, newMachine(t, s), context.Background(), "for i := 0; i < 2000; i++ { fmt.Println(\"a line of text that is not very short\", i) }")
	if out.Panic != nil || strings.Count(s.text, "\n") != 2000 || s.n > 20 {
		t.Errorf("%d lines in %d batches, %+v", strings.Count(s.text, "\n"), s.n, out.Panic)
	}
}

func TestLinesOfFramesComeFromMarks(t *testing.T) {
	m := newMachine(t, &sink{})
	if err := m.Eval("var ln0, ln1 int\nfunc bad(n int) {\n//line :10000000:1\nln0 = 5\nvar a []int\nln0 = 7\na[n] = 1\n}"); err != nil {
		t.Fatal(err)
	}
	out := exec(t, m, context.Background(), "//line :10000010:1\nkern.Mark(0, &ln0)\nkern.Mark(1, &ln1)\nln1 = 9\nbad(3)")
	want := []run.Frame{{Function: 0, Pos: 7}, {Function: 1, Pos: 9}}
	if out.Panic == nil || out.Panic.Pos != 7 || len(out.Panic.Frames) != 2 || out.Panic.Frames[0] != want[0] || out.Panic.Frames[1] != want[1] {
		t.Errorf("got %+v, want %v", out.Panic, want)
	}
}

func TestBoxesPrintTheirTypes(t *testing.T) {
	m := newMachine(t, &sink{})
	pkg := types.NewPackage("main", "main")
	field := func(name string, t types.Type) *types.Var { return types.NewField(0, pkg, name, t, false) }
	named := types.NewNamed(types.NewTypeName(0, pkg, "Point", nil), types.NewStruct([]*types.Var{field("x", types.Typ[types.Int]), field("Y", types.Typ[types.String])}, nil), nil)
	m.Describe(0, []types.Type{named})
	if err := m.Eval("type point struct { x int; Y string }\nvar keep interface{}"); err != nil {
		t.Fatal(err)
	}
	out := exec(t, m, context.Background(), "kern.Result(kern.Box(0, point{3, \"a\"}))")
	if len(out.Values) != 1 {
		t.Fatal(out)
	}
	b := out.Values[0]
	for format, want := range map[string]string{"%v": "{3 a}", "%+v": "{x:3 Y:a}", "%#v": "main.Point{x:3, Y:\"a\"}", "%7v|": "{      3       a}|", "%s": "{%!s(int=3) a}"} {
		if got := fmt.Sprintf(format, b); got != want {
			t.Errorf("%s: %q, want %q", format, got, want)
		}
	}
	if got := m.Show(b, types.NewInterfaceType(nil, nil)); got != "Point{x:3, Y:a}" {
		t.Errorf("shown as %q", got)
	}
}

func ExampleMachine_Run() {
	m, err := run.New(run.Options{RuntimeName: "kern", CompiledName: "fast", ContextName: "ctxv", Output: func(stream, text string) { fmt.Print(stream, ": ", text) }})
	if err != nil {
		panic(err)
	}
	defer m.Close()
	err = m.Eval("func body() { println(\"hello\"); kern.Result(6 * 7) }")
	out := m.Run(context.Background(), "kern.Exec(body)", nil)
	fmt.Println(out.Values, out.Panic, err)
	// Output:
	// stdout: hello
	// [42] <nil> <nil>
}

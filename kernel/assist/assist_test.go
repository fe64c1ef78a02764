package assist_test

import (
	"fmt"
	"strings"
	"testing"

	"gonverge/kernel/assist"
	"gonverge/kernel/cell"
	"gonverge/kernel/check"
	"gonverge/kernel/symbols"
)

func newProgram(t testing.TB, cells ...string) *check.Program {
	p, err := check.New(cell.NewFiles(), symbols.ExportData(), symbols.Preload())
	if err != nil {
		t.Fatal(err)
	}
	for i, src := range cells {
		c, err := p.Files.Parse(i+1, "In", src)
		if err != nil {
			t.Fatal(err)
		}
		u, err := p.Check(c)
		if err != nil {
			t.Fatal(err)
		}
		u.Commit()
	}
	return p
}

func TestProbingLeavesTheProgramAlone(t *testing.T) {
	p := newProgram(t, "type T struct{ A int }\nx := 1")
	before := p.Scope()["x"]
	assist.Complete(p, "x := \"other\"\nfunc (T) M() int { return 1 }\ntype T struct{ B string }\nx.", 73)
	assist.Inspect(p, "y := 2\ny", 8, 0, nil)
	if p.Scope()["x"] != before || p.Scope()["y"] != nil {
		t.Error("probing changed the scope")
	}
	for _, m := range check.Members(p.Scope()["T"].Type()) {
		if m.Name() != "A" {
			t.Errorf("probing added %s", m.Name())
		}
	}
}

func TestCompleteNeverFails(t *testing.T) {
	p := newProgram(t, "x := []int{1}")
	src := "for i, v := range x {\n\tif v > 2 { fmt.Println(i, \"a\", `b`, 'c') } // note\n}\nfunc f[T any](a T) (T, error) { return a, nil }\nm := map[string]struct{ A, B int }{\"k\": {A: 1}}\nm[\"k\"].A"
	for i := range len(src) + 1 {
		assist.Complete(p, src[:i], i)
		assist.Complete(p, src, i)
		assist.Inspect(p, src, i, 1, nil)
	}
}

func TestInspectAddsDocumentation(t *testing.T) {
	p := newProgram(t)
	docs := map[string]string{"math.Sqrt": "Sqrt returns the square root of x.\n", "strings.Builder.Len": "Len counts.", "math": "Package math."}
	for src, want := range map[string]string{"math.Sqrt": "func math.Sqrt(x float64) float64\n\nSqrt returns", "var b strings.Builder\nb.Len": "Len counts.", "math": "Package math."} {
		got, ok := assist.Inspect(p, src, len(src), 0, docs)
		if !ok || !strings.Contains(got, want) {
			t.Errorf("%q: %v %q", src, ok, got)
		}
	}
}

func ExampleComplete() {
	p, err := check.New(cell.NewFiles(), symbols.ExportData(), symbols.Preload())
	if err != nil {
		panic(err)
	}
	for _, i := range assist.Complete(p, "math.Sq", 7).Items {
		fmt.Println(i.Kind, i.Text, i.Type)
	}
	// Output:
	// func Sqrt func(x float64) float64
	// const Sqrt2 untyped float
	// const SqrtE untyped float
	// const SqrtPhi untyped float
	// const SqrtPi untyped float
}

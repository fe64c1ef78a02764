package check_test

import (
	"fmt"
	"go/types"
	"strings"
	"testing"

	"gonverge/kernel/cell"
	"gonverge/kernel/check"
	"gonverge/kernel/symbols"
)

// program checks cells one after the other and commits those that pass.
type program struct {
	*check.Program
	n int
}

func newProgram(t testing.TB) *program {
	p, err := check.New(cell.NewFiles(), symbols.ExportData(), symbols.Preload())
	if err != nil {
		t.Fatal(err)
	}
	return &program{Program: p}
}

func (p *program) cell(src string) (*check.Unit, error) {
	p.n++
	c, err := p.Files.Parse(p.n, fmt.Sprintf("In[%d]", p.n), src)
	if err != nil {
		return nil, err
	}
	u, err := p.Check(c)
	if err == nil {
		u.Commit()
	}
	return u, err
}

func TestErrorsSayWhatAndWhere(t *testing.T) {
	for _, c := range []struct{ cells, want string }{ // cells parted by ---; the last one fails
		{"x := undefinedVar", "1:6: undefined: undefinedVar"},
		{"x := 1\n---\nx = \"a\"", "1:5: cannot use \"a\""},
		{"func f() int { }", "1:16: missing return"},
		{"func f() int { return later() }", "undefined: later"},
		{"a := 1\n---\na := 5\nb := a + nope\n---\nb", "undefined: b"},
		{"import \"nope/x\"", "package nope/x is not in this kernel"},
		{"fmt.Printl(1)", "1:5: undefined: fmt.Printl"},
		{"break", "break not in for"},
		{"return 5", "too many return values"},
		{"x := 1; x * 2; x", "is not used"},
		{"type T struct{}\n---\nfunc (T) M() int { return nope }\n---\nT{}.M()", "M undefined"},
		{"func f() (int, error) { return 1, nil }\nfunc g() int { return f() }", "too many return values"},
		{"func f() (int, error) { return 1, nil }\nfunc() { x := f(); _ = x }()", "assignment mismatch"},
		{"func f() (int, int) { return 1, 2 }\n---\nx := f()", "assignment mismatch"},
		{"var v any = 1\nv + 1", "mismatched types"},
		{"import . \"reflect\"\ntype A = Value\nfunc (A) m() {}", "3:7: cannot define new methods on non-local type A"},
		{"import . \"reflect\"\ntype A = (*Value)\nfunc (A) m() {}", "3:7: cannot define new methods on non-local type A"},
		{"import \"bufio\"\nimport bufio \"os\"\nbufio.Args", "2:8: bufio redeclared in this block"},
		{"var x = f()\nfunc f() int { return x }", "1:5: initialization cycle for x"},
	} {
		p := newProgram(t)
		var err error
		for _, src := range strings.Split(c.cells, "\n---\n") {
			_, err = p.cell(src)
		}
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: got %v, want %q", c.cells, err, c.want)
		}
	}
}

func TestHints(t *testing.T) {
	for _, c := range []struct{ src, want string }{
		{"total := 1\ntotl + 1", "did you mean total?"},
		{"strings.ToUper(\"\")", "did you mean strings.ToUpper?"},
		{"mat.NewDens(1, 1, nil)", "did you mean mat.NewDense?"},
		{"var b strings.Builder\nb.WriteSting(\"\")", "did you mean WriteString?"},
		{"zzzzzz", ""},
		{"x := 3\nx\nx + 1", "only the last expression of a cell is shown; Display(x) shows it from anywhere"},
		{"for i := range 3 {\n\ti * 2\n}", "only the last expression of a cell is shown; Display(i * 2) shows it from anywhere"},
		{"func f(x int) int {\n\tx * 2\n}", "the result of a function wants return in front: return x * 2"},
		{"a := []int{1}\nappend(a, 4)\na", "append returns the longer slice: a = append(a, 4)"},
		{"x := 1\nx := 2", "= in place of := assigns to a variable that is there"},
		{"x := 3\ny := 2.5\nx * y", "float64(x) converts it"},
		{"x := 3\ny := 2.5\ny * x", "float64(x) converts it"},
		{"var a int\nvar b int64\na + b", "int64(a) converts it"},
		{"var a float32\nvar b float64\nb - a", "float64(a) converts it"},
		{"n := 0\nx := 2.5\nn += x", "n has to be a float64: n := 0.0 begins one"},
		{"n := 0.0\nx := 2\nn += x", "float64(x) converts it"},
		{"\"5\" + 5", "fmt.Sprint(a, b) makes a text of values, strconv.ParseFloat(s, 64) a number of a text"},
		{"i := 2\nmath.Sqrt(i)", "float64(i) converts it: func math.Sqrt(x float64) float64"},
		{"x := 2.5\nvar y int = x", "int(x) converts it"},
		{"type T struct{ a int }\nfunc u(t *T) {}\nvar t T\nu(t)", "&t is its address: func u(t *T)"},
		{"m := mat.NewDense(1, 1, nil)\nm + m", "matrices have methods: var c mat.Dense, then c.Add(a, b)"},
		{"a := []float64{1}\na * a", "element by element: floats.MulTo(make([]float64, len(a)), a, b)"},
		{"x := 3\n!x", "x == 0 compares"},
		{"x := 3\nif x { }", "a condition is true or false: x != 0, s != \"\", p != nil"},
		{"2 ** 3", "math.Pow(2, 3) is the power"},
		{"a := []int{1}\na == a", "slices.Equal(a, b) compares slices"},
		{"a := []int{1}\na[-1]", "the last element is a[len(a)-1]"},
		{"a := []int{1}\na.append(4)", "a = append(a, v) adds v"},
		{"a := []int{1}\na.shape", "did you mean len(a)?"},
		{"m := map[string]int{}\nm.keys()", "for k, v := range m { } has them all; v, ok := m[k] has one"},
		{"mat.NewDense(1, 1, nil).shape", "mat.NewDense(1, 1, nil).Dims() gives rows and columns"},
		{"s := \"a\"\ns.split(\",\")", "functions on texts are in package strings: strings.ToUpper(s), strings.Split(s, \",\")"},
		{"f := func(x) { }", "a parameter has its type behind it: x float64"},
		{"func f(x) { }", "a parameter has its type behind it: x float64"},
		{"x := None", "the empty pointer, slice, map or error is nil"},
		{"np.zeros(3)", "gonum has the arrays: mat.NewDense(rows, columns, data), floats.Sum(xs), stat.Mean(xs, nil)"},
		{"sqrt(2)", "did you mean math.Sqrt?"},
		{"import \"gonum/plot\"", "did you mean gonum.org/v1/plot?"},
		{"func f() { v := os.Open(\"x\"); _ = v }", "inside functions an error has to be named: v, err := os.Open(...)"},
		{"y = 3", "a new variable is defined by y := ..."},
		{"device = \"cuda\"", "a new variable is defined by device := ..."},
		{"n := 3\nif n == nil { }", "numbers are never nil: n == 0 compares"},
		{"s := \"\"\nif s == nil { }", "texts are never nil: s == \"\" compares"},
		{"train.Recipe{}.Ensemble(nn.MiniAlexNet([3]int{9, 9, 3}, 2), nil, 1)", "ctx comes first: train.Recipe{}.Ensemble(ctx, ...)"},
		{"var acts *activation.Source\ncorr.Collect(acts)", "ctx comes first: corr.Collect(ctx, ...)"},
		{"mat.NewDense(3, 3)", "mat.NewDense(3, 3, nil) leaves it out: func mat.NewDense(r int, c int, data []float64) *mat.Dense"},
		{"xs := []float64{1}\nstat.Mean(xs)", "stat.Mean(xs, nil) leaves it out: func stat.Mean(x []float64, weights []float64) float64"},
		{"m := mat.NewDense(1, 1, nil)\nm[0][1]", "m.At(0, 1) is an element, m.Set(0, 1, v) sets it"},
		{"var data *dataset.Data\ndata.Train[0]", "data.Train.Picture(0) has the bytes, data.Train.Image(0) shows, data.Train.Label(0) is the class"},
		{"\"ab\" * 3", "strings.Repeat(\"ab\", 3) repeats a text"},
		{"n := 3\n\"n = \" + n", "\"n = \" + fmt.Sprint(n) makes a text of it"},
		{"n := 3\n3 + 1.5*n", "an int holds no fraction: float64(n) makes a float64 of the int beside it"},
		{"help(3)", "%doc NAME tells what a thing is, and Shift-Tab on it"},
		{"x := []int{1}\nx = 5", "x := ... gives x a new type"},
		{"mat.Dense(3, 3)", "mat.NewDense makes one: func mat.NewDense(r int, c int, data []float64) *mat.Dense"},
		{"figure.Heatmap(3)", "fields have names: figure.Heatmap{Title: ..., Values: ...}"},
		{"nn.Conv{3}", "fields have names: nn.Conv{Units: ..., Kernel: ...}"},
		{"nn.conv{}", "did you mean nn.Conv?"},
		{"nn.Linear(3, 4)", "nn.Dense is the fully connected layer; the last of a net is Linear"},
		{"xs := []float64{1}\nxs + 1", "element by element, in place: floats.AddConst(1, xs)"},
		{"xs := []float64{1}\nxs * 2", "element by element, in place: floats.Scale(2, xs)"},
		{"xs := []float64{1}\nxs / 2", "element by element, in place: floats.Scale(1.0/2, xs)"},
		{"xs := []float64{1}\nmax(xs)", "slices.Max(xs) is the largest"},
		{"xs := []float64{1}\nxs[:-1]", "without the last one: a[:len(a)-1]"},
		{"nets := []*nn.Net{}\nnets.arch", "each element has it: nets[0].Arch"},
		{"nets := []*nn.Net{}\nnets.zzzzzzz", "a slice has no fields and methods; nets[0] is its first element"},
		{"var net *nn.Net\nnet.zzzzzzzz()", "Tab behind net. lists what it has"},
		{"var s string = 3", "\"3\" is a text; fmt.Sprint makes one of any value"},
		{"int(\"3\")", "n, err := strconv.Atoi(\"3\") reads a number"},
		{"return 3", "the last expression of a cell is its value, without return"},
		{"func h() { return 3 }", "the type of a result stands before the {: func f() int { return 3 }"},
		{"try:\n\tx := 1", "an error is a result: v, err := f(), then if err != nil { }"},
		{"math.Pi()", "math.Pi is a value, without ( )"},
		{"math.sqrt(2)", "did you mean math.Sqrt?"},
		{"rand.Seed(1)", "rand.New(rand.NewPCG(1, 2)) draws from a seed"},
		{"time.time()", "did you mean time.Now?"},
		{"ab := 1\ny", ""},
		{"import \"numpy\"", "gonum has the arrays: mat.NewDense(rows, columns, data), floats.Sum(xs), stat.Mean(xs, nil)"},
		{"acc, n := 0.5, 3\nacc = n / 10", "float64(n / 10) converts it"},
		{"ready := true\nif ready == \"yes\" { }", "what is true or false is a condition by itself: if ok { }, if !ok { }"},
		{"n, ready := 1, true\nn && ready", "both sides are true or false: x != 0"},
		{"dataset.LeavesConfig{LearningRate: 0.1}", "dataset.LeavesConfig has Train, Validation, Seed"},
		{"train.Recipe{\"Epochs\": 5}", "the names of fields stand without quotes: T{Field: 3}"},
		{"xs := []float64{1}\nfigure.Heatmap{Values: xs}", "mat.NewDense(1, len(xs), xs) is a matrix of one row"},
		{"xs := []float64{1}\nalign.SemiMatch(xs)", "mat.NewDense(1, len(xs), xs) is a matrix of one row: func align.SemiMatch(m mat.Matrix) *align.Matching"},
		{"m := mat.NewDense(1, 1, nil)\nfigure.Row(m)", "figure.Heatmap{Values: m} is a panel: func figure.Row(panels ...figure.Panel) *figure.Figure"},
		{"type C struct{}\nfunc f(c []C) {}\nvar c C\nf(c)", "[]C{c} is a slice of one: func f(c []C)"},
		{"func f(c ...string) {}\nc := []string{}\nf(c)", "c... hands over its elements, as the last argument: func f(c ...string)"},
		{"ctx := context.Background()\ndataset.CIFAR10(ctx)", "dataset.CIFAR10(ctx, dataset.CIFAR10Config{}) takes the defaults: func dataset.CIFAR10(ctx context.Context, c dataset.CIFAR10Config) (*dataset.Data, error)"},
		{"var stats *corr.Stats\nstats[\"conv1\"]", "stats.Layer(\"conv1\") has one layer"},
		{"var net *nn.Net\nnet.Layers[0]", "net.Layers() calls it"},
		{"var net *nn.Net\nfor range net.Layers { }", "net.Layers() calls it"},
		{"m := mat.NewDense(1, 1, nil)\n2 * m", "matrices have methods: var c mat.Dense, then c.Scale(2, m)"},
		{"m := mat.NewDense(1, 1, nil)\nm + 1", "element by element: var c mat.Dense, then c.Apply(func(i, j int, v float64) float64 { return v + 1 }, m)"},
		{"xs := []float64{1}\n-xs", "in place: floats.Scale(-1, xs)"},
		{"x := nil", "nil alone has no type: var p *T, var xs []float64"},
		{"x := 1\nfunc f(x) float64 { return x }", "a parameter has its type behind it: x float64"},
		{"figure.Zzzzzz(1)", "%doc figure tells what there is; Tab behind figure. lists it"},
	} {
		_, err := newProgram(t).cell(c.src)
		list, ok := err.(cell.Diagnostics)
		if !ok || list[0].Hint != c.want {
			t.Errorf("%q: got %+v, want hint %q", c.src, err, c.want)
		}
	}
}

func TestTypesOfOneNameAreExplained(t *testing.T) {
	for _, src := range []string{"take(T{1, 2})", "var y T = x", "_ = []T{x}", "_ = x == T{}"} {
		p := newProgram(t)
		for _, before := range []string{"type T struct{ a int }\nfunc take(t T) {}\nx := T{1}", "type T struct{ a, b int }"} {
			if _, err := p.cell(before); err != nil {
				t.Fatal(err)
			}
		}
		const want = "a later cell declares another T: what was made before has the former type until its cell runs again"
		_, err := p.cell(src)
		if list, ok := err.(cell.Diagnostics); !ok || list[0].Hint != want {
			t.Errorf("%q: got %+v, want hint %q", src, err, want)
		}
	}
}

func TestGlobalsKeepTheirSlotWhileTheirTypeStays(t *testing.T) {
	p := newProgram(t)
	slot := func(name string) string { return p.Slots[p.Scope()[name]] }
	cells := func(srcs ...string) {
		t.Helper()
		for _, s := range srcs {
			if _, err := p.cell(s); err != nil {
				t.Fatal(s, err)
			}
		}
	}
	cells("x := 1\nfunc f() int { return x }\ntype T struct{ A int }\nvar v T")
	x, f, typ := slot("x"), slot("f"), p.Scope()["T"]
	cells("x := 2", "func f() int { return 3 }", "type T struct{ A int }")
	if slot("x") != x || slot("f") != f || p.Scope()["T"] != typ {
		t.Error("the same types do not give the same slots")
	}
	cells("x := \"s\"", "func f(n int) {}", "type T struct{ A, B int }")
	if slot("x") == x || slot("f") == f || p.Scope()["T"] == typ {
		t.Error("other types give the same slots")
	}
	if got := p.Scope()["v"].Type(); !types.Identical(got, typ.Type()) {
		t.Errorf("v is now %v: old values keep their type", got)
	}
}

func TestCheckedCallsWrapOnlyWhatIsNotGo(t *testing.T) {
	const f = "func f() (int, error) { return 1, nil }\n"
	for _, c := range []struct {
		src  string
		want int // calls that are wrapped
	}{
		{"x := f()", 1},
		{"x, err := f()", 0},
		{"x, _ := f()", 0},
		{"f()", 0},
		{"y := f() + f()", 2},
		{"var z int = f()", 1},
		{"fmt.Println(f())", 0},
		{"[]int{f(), 2}", 1},
		{"for range f() { }", 1},
		{"if f() > 0 { }", 1},
		{"strconv.Itoa(f())", 1},
		{"a, b := f(), f()", 2},
	} {
		u, err := newProgram(t).cell(f + c.src)
		if err != nil {
			t.Errorf("%q: %v", c.src, err)
			continue
		}
		if got := strings.Count(check.Text(u.Body), "__must"); got != c.want {
			t.Errorf("%q: %d calls wrapped, want %d", c.src, got, c.want)
		}
	}
}

func TestExportDataIsReadOrRefused(t *testing.T) {
	if _, err := check.New(cell.NewFiles(), nil, nil); err != nil {
		t.Error(err)
	}
	data := symbols.ExportData()
	for _, n := range []int{1, 10, 1000, len(data) - 1} {
		if _, err := check.New(cell.NewFiles(), data[:n], nil); err == nil {
			t.Errorf("%d bytes of the export data are accepted", n)
		}
	}
}

func TestPackagesNeedNoImport(t *testing.T) {
	p := newProgram(t)
	for _, src := range []string{"math.Pi", "mat.NewDense(1, 1, nil)", "rand.IntN(3)", "xml.Header", "var d time.Duration", "json := 3\njson + 1", "func f(fmt int) int { return fmt }"} {
		if _, err := p.cell(src); err != nil {
			t.Errorf("%q: %v", src, err)
		}
	}
}

func ExampleProgram_Check() {
	p, err := check.New(cell.NewFiles(), symbols.ExportData(), symbols.Preload())
	if err != nil {
		panic(err)
	}
	c, _ := p.Files.Parse(1, "In[1]", "x := math.Sqrt(2)\nx > 1")
	u, err := p.Check(c)
	fmt.Println(u.Scope["x"].Type(), u.Info.Types[u.Last].Type, err)
	u.Commit()
	c, _ = p.Files.Parse(2, "In[2]", "x = \"two\"")
	_, err = p.Check(c)
	fmt.Println(err)
	// Output:
	// float64 untyped bool <nil>
	// 1:5: cannot use "two" (untyped string constant) as float64 value in assignment
}

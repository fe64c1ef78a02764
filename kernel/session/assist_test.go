package session_test

import (
	"strings"
	"testing"

	"gonverge/kernel/session"
	"gonverge/kernel/symbols"
)

func TestCompletesAtTheCursor(t *testing.T) {
	s := newSession(t)
	run(t, s, "total := 3\ntype Point struct{ X, Y float64; name string }\nfunc (p Point) Norm() float64 { return 0 }\np := Point{}\nfunc twice(n int) int { return 2 * n }\ng := lib.NewGrid(2, 2)\nshapes := []lib.Shape{}")
	for _, c := range []struct{ src, want, not string }{ // | is the cursor; want is kind text type
		{"tot|", "var total int", ""},
		{"x := tw|", "func twice func(n int) int", ""},
		{"p.|", "field X float64", ""},
		{"p.|", "field name string", ""},
		{"p.No|", "method Norm func() float64", ""},
		{"math.Sqr|", "func Sqrt func(x float64) float64", ""},
		{"fmt.Println(g.Da|)", "field Data []float64", ""},
		{"g.|", "method At func(i int, j int) float64", ""},
		{"lib.Load(3).S|", "method Sum func() (s float64)", ""},
		{"shapes[0].|", "method Area func() float64", ""},
		{"for i, sh := range shapes {\n\tsh.|\n}", "method Area func() float64", ""},
		{"for idx := range 3 {\n\tfmt.Print(id|", "var idx int", ""},
		{"func f(width int) {\n\twi|", "var width int", ""},
		{"lib.Heat{Ti|", "field Title string", ""},
		{"lib.Heat{Title: \"a\", |", "field Values []float64", "Title"},
		{"stri|", "package strings strings", ""},
		{"ret|", "keyword return ", ""},
		{"q := 1; q|", "var q int", ""},
		{"\"total|", "", "total"},
		{"// tot|", "", "total"},
		{"m := mat.NewD|", "func NewDense func(r int, c int, data []float64) *mat.Dense", ""},
		{"nope.|", "", "total"},
		{"%wh|", "keyword who the variables, functions and types of the session", ""},
		{"%time tot|", "var total int", ""},
		{"math.sqrt|", "func Sqrt func(x float64) float64", ""},
		{"ctx.E|", "method Err func() error", ""},
		{"[]lib.Heat{{Ti|", "field Title string", ""},
		{"lib.Heat{Values: []float64{1}, Ti|", "field Title string", "Values"},
		{"display.Upd|", "func Update func(id string, value any) error", ""},
		{"os.Open(\"testd|", "folder testdata/ ", ""},
		{"os.Open(\"testdata/cel|\")", "file cells.txt ", ""},
		{"os.Open(`./testdata/cel|", "file cells.txt ", ""},
		{"os.Open(\"/nowhere/x|", "", "total"},
		{"import \"gonum.org/v1/gonum/m|", "package gonum.org/v1/gonum/mat ", ""},
		{"import m \"math/b|\"", "package math/bits ", ""},
		{"import (\n\t\"fmt\"\n\t\"math/b|", "package math/bits ", ""},
		{"import (\n\t\"fmt\"\n)\nos.Open(\"testd|", "folder testdata/ ", ""},
		{"x := \"a\" + tot|", "var total int", ""},
		{"%cd testd|", "folder testdata/ ", ""},
		{"!cat testdata/cel|", "file cells.txt ", ""},
		{"%load testdata/cel|", "file cells.txt ", ""},
		{"%%wri|", "keyword writefile write the lines below to a file; -a adds to it", ""},
	} {
		at := strings.Index(c.src, "|")
		got := s.Complete(c.src[:at]+c.src[at+1:], at)
		found := c.want == ""
		for _, i := range got.Items {
			found = found || i.Kind+" "+i.Text+" "+i.Type == c.want
			if c.not != "" && i.Text == c.not {
				t.Errorf("%q offers %s", c.src, c.not)
			}
		}
		if !found {
			t.Errorf("%q: no %q in %v", c.src, c.want, got.Items)
		}
		if c.want != "" && !strings.HasSuffix(c.src[:at], c.src[got.Start:got.End]) {
			t.Errorf("%q: replaces %d to %d", c.src, got.Start, got.End)
		}
	}
	if r := run(t, s, "p.Norm()"); r != "0" {
		t.Error("completion changed the session:", r)
	}
}

func TestInspectsTheNameOrTheCall(t *testing.T) {
	s := newSession(t)
	run(t, s, "total := 3\nfunc twice(n int) int { return 2 * n }\ng := lib.NewGrid(2, 2)")
	for _, c := range []struct{ src, want string }{
		{"tot|al", "var total int"},
		{"twice(|", "func twice(n int) int"},
		{"fmt.Sprintf(\"%d\", |", "func fmt.Sprintf(format string, a ...any) string"},
		{"math.Sq|rt(2)", "func math.Sqrt(x float64) float64"},
		{"ma|th.Sqrt", "package math"},
		{"g.A|t(1, 2)", "At(i int, j int) float64"},
		{"lib.Gri|d", "Sum() (s float64)"},
		{"lib.Row(lib.Heat{Tit|le: \"\"})", "field Title string"},
	} {
		at := strings.Index(c.src, "|")
		b, ok := s.Inspect(c.src[:at]+c.src[at+1:], at, 0)
		if !ok || !strings.Contains(b.Plain(), c.want) {
			t.Errorf("%q: %v %q, want %q", c.src, ok, b.Plain(), c.want)
		}
	}
	if _, ok := s.Inspect("undefinedName", 4, 0); ok {
		t.Error("describes a name that nothing defines")
	}
}

func TestIsComplete(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ src, status, indent string }{
		{"x := 1", "complete", ""},
		{"", "complete", ""},
		{"for i := 0; i < 3; i++ {", "incomplete", "\t"},
		{"for {\n\tif x {", "incomplete", "\t\t"},
		{"f(a,", "incomplete", ""},
		{"x := `raw", "incomplete", ""},
		{"x :=", "incomplete", ""},
		{"a +", "incomplete", ""},
		{"x := )", "invalid", ""},
		{"func f( int {}}", "invalid", ""},
		{"x := \"abc", "invalid", ""},
		{"%who", "complete", ""},
		{"for ; ; { break }", "complete", ""},
	} {
		status, indent := s.IsComplete(c.src)
		if status != c.status || indent != c.indent {
			t.Errorf("%q: %s %q, want %s %q", c.src, status, indent, c.status, c.indent)
		}
	}
}

func TestCompletesLayerNames(t *testing.T) {
	s := newSession(t)
	run(t, s, `arch := nn.MiniAlexNet([3]int{16, 16, 1}, 3)
nets := []*nn.Net{nn.New(arch, 1), nn.New(arch, 2)}
net := nets[0]
label := "x"`)
	for _, c := range []struct{ src, want string }{
		{`f(nets, "conv|`, "conv1 conv2 conv3"},
		{`net.Weights("conv1|")`, "conv1"},
		{`fmt.Println(label, "conv|`, ""},
		{`"conv|`, ""},
	} {
		at := strings.Index(c.src, "|")
		var got []string
		for _, i := range s.Complete(c.src[:at]+c.src[at+1:], at).Items {
			got = append(got, i.Text)
		}
		if c.want == "" && len(got) > 0 || !strings.HasPrefix(strings.Join(got, " "), c.want) {
			t.Errorf("%s: %q, want %q", c.src, got, c.want)
		}
	}
}

func TestInspectShowsAPreview(t *testing.T) {
	s := newSession(t)
	run(t, s, `m := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
long := make([]float64, 1000)
words := map[string]int{"a": 1}
text := strings.Repeat("x", 10000)
type T struct{ A int }
v := T{3}
img := image.NewGray(image.Rect(0, 0, 3, 2))
dur := 1500 * time.Millisecond
var none *mat.Dense
pics := []image.Image{img}
ptrs := []*T{&v}`)
	for name, want := range map[string]string{
		"m": "var m *mat.Dense\n\nmat.Dense 2×2\n1  2\n3  4", "long": "var long []float64\n\n[0 0 0 0 0 0 0 0 0 0 ...] (1000 elements)", "words": "map[a:1]", "text": "xxx\"... (10000 bytes)",
		"v": "var v T", "img": "*image.Gray 3×2", "dur": "1.5s", "none": "var none *mat.Dense\n\nmat.Dense (nil)", "pics": "1 images", "ptrs": "var ptrs []*T", "m.At": "func (*mat.Dense).At(i int, j int) float64",
	} {
		b, ok := s.Inspect(name, len(name), 0)
		if !ok || !strings.Contains(b.Plain(), want) {
			t.Errorf("%s: %q, want %q in it", name, b.Plain(), want)
		}
	}
}

// TestInspectsFieldsWithTheirComments: fields and methods, of the library and of cells, embedded ones too, show type, owner
// and comment, and of variables of the session the value.
func TestInspectsFieldsWithTheirComments(t *testing.T) {
	with := tables()
	with.Docs = symbols.Docs()
	s, err := session.New(session.Options{Tables: with})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	run(t, s, `recipe := train.Recipe{Epochs: 7, Schedule: train.Cosine} // how to train
// Base is
// what others embed.
type Base struct {
	// Rate is the step's size.
	Rate float64
	note string // what to know
}
/* Twice doubles the rate. */
func (b Base) Twice() float64 { return 2 * b.Rate }
type Run struct {
	Base
	train.LayerRecipe
	Recipe train.Recipe
	Names []string // of the nets
}
type Doer interface {
	fmt.Stringer
	// Do does it.
	Do(n int) error
}
// the first run
first := Run{Base: Base{Rate: 0.5}, Recipe: recipe, Names: []string{"a", "b"}}
runs := []*Run{&first}
var doer Doer
var layer nn.Layer
conv := nn.Conv{Units: 3}
shape := struct{ Rows int }{4}
const Limit = 3 // of everything`)
	for _, c := range []struct{ src, want, not string }{ // want are parts, in their order
		{"recipe.Schedule", "field Schedule train.Schedule // of train.Recipe|the course of the learning rate|cosine", ""},
		{"recipe.Epo|chs", "field Epochs int // of train.Recipe|7", ""},
		{"train.Recipe{Epo|chs: 3}", "field Epochs int // of train.Recipe|passes", "7"},
		{"train.Recipe{Schedule|: train.Step}", "field Schedule|the course of", ""},
		{"&train.Recipe{LR: 1, Schedule", "field Schedule|the course of", ""},
		{"[]train.Recipe{{Schedule|: train.Step}}", "field Schedule|the course of", ""},
		{"train.Recipe.Schedule", "field Schedule train.Schedule // of train.Recipe|the course of", "cosine\n"},
		{"Base.Rate", "field Rate float64 // of Base|Rate is the step's size.", ""},
		{"recipe.Ensemble", "func (train.Recipe).Ensemble(ctx context.Context|Ensemble trains one net per seed", ""},
		{"recipe", "var recipe train.Recipe|how to train|epochs", ""},
		{"first", "var first Run|the first run", "Base is"},
		{"first.Rate", "field Rate float64 // of Base|Rate is the step's size.|0.5", ""},
		{"first.Base.note", "field note string // of Base|what to know", ""},
		{"first.Names", "field Names []string // of Run|of the nets|a b", ""},
		{"first.LR", "field LR float64 // of train.LayerRecipe|", ""},
		{"first.Recipe.Schedule", "field Schedule train.Schedule // of train.Recipe|the course of|cosine", ""},
		{"runs[0].Recipe.Epochs", "field Epochs int // of train.Recipe|7", ""},
		{"first.Twice", "Twice() float64|Twice doubles the rate.", ""},
		{"Base{Rate|: 1}", "field Rate float64 // of Base|Rate is the step's size.", "0.5"},
		{"Base", "type Base struct|Base is\nwhat others embed.", ""},
		{"doer.Do", "Do(n int) error|Do does it.", ""},
		{"doer.String", "String() string", ""},
		{"conv.Units", "field Units int // of nn.Conv|3", ""},
		{"shape.Rows", "field Rows int|4", "of"},
		{"Limit", "const Limit untyped int = 3|of everything", ""},
		{"// mine\nlocal := 3\nlocal", "var local int|mine", ""},
		{"type New struct {\n\tA int // the first\n}\nNew{}.A", "field A int // of New|the first", ""},
		{"data := dataset.Data{}\ndata.Train", "field Train *dataset.Set // of dataset.Data", ""},
	} {
		at := strings.Index(c.src, "|")
		if at < 0 {
			at = len(c.src)
		}
		b, ok := s.Inspect(strings.Replace(c.src, "|", "", 1), at, 0)
		rest := b.Plain()
		for _, part := range strings.Split(c.want, "|") {
			i := strings.Index(rest, part)
			if !ok || i < 0 {
				t.Errorf("%q: no %q in %q", c.src, part, b.Plain())
				break
			}
			rest = rest[i+len(part):]
		}
		if c.not != "" && strings.Contains(b.Plain(), c.not) {
			t.Errorf("%q: %q, without %q", c.src, b.Plain(), c.not)
		}
	}
}

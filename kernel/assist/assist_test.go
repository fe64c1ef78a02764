package assist_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

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

// notebookCells are the code cells of all notebooks of this repository, one list a notebook.
func notebookCells(t testing.TB) (books [][]string) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, name := range files {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		var book struct {
			Cells []struct {
				Type   string `json:"cell_type"`
				Source any
			}
		}
		if err := json.Unmarshal(data, &book); err != nil {
			t.Fatal(name, err)
		}
		var cells []string
		for _, c := range book.Cells {
			if c.Type != "code" {
				continue
			}
			switch source := c.Source.(type) {
			case string:
				cells = append(cells, source)
			case []any:
				text := ""
				for _, line := range source {
					text += line.(string)
				}
				cells = append(cells, text)
			}
		}
		books = append(books, cells)
	}
	return books
}

// BenchmarkNotebooks completes and inspects at the end of every word and after every dot of all cells of all notebooks,
// with what the cells before have defined; it reports the 95th percentiles and the slowest.
func BenchmarkNotebooks(b *testing.B) {
	docs := symbols.Docs()
	var complete, inspect []time.Duration
	for b.Loop() {
		complete, inspect = nil, nil
		for _, cells := range notebookCells(b) {
			p := newProgram(b)
			if err := p.Predeclare("ctx", "context", "Context", "ctx"); err != nil {
				b.Fatal(err)
			}
			for i, src := range cells {
				for at := 1; at <= len(src); at++ {
					if at < len(src) && (src[at] == '_' || src[at] >= '0' && src[at] <= 'z' && src[at] != ':' && src[at] != ';') || src[at-1] == ' ' || src[at-1] == '\n' {
						continue
					}
					start := time.Now()
					assist.Complete(p, src[:at], at)
					complete = append(complete, time.Since(start))
					start = time.Now()
					assist.Inspect(p, src, at, 0, docs)
					inspect = append(inspect, time.Since(start))
				}
				c, err := p.Files.Parse(i+1, "In", src)
				if err != nil {
					continue // a command
				}
				u, err := p.Check(c)
				if err != nil {
					b.Fatalf("%s\n%v", src, err)
				}
				u.Commit()
			}
		}
	}
	for name, all := range map[string][]time.Duration{"complete": complete, "inspect": inspect} {
		slices.Sort(all)
		b.ReportMetric(float64(all[len(all)*95/100].Microseconds())/1000, name+"-p95-ms")
		b.ReportMetric(float64(all[len(all)-1].Microseconds())/1000, name+"-max-ms")
	}
	b.ReportMetric(float64(len(complete)), "places")
}

// TestExpectedTypesComeFirst: what fits the place stands before what does not, and nothing is lost.
func TestExpectedTypesComeFirst(t *testing.T) {
	p := newProgram(t, `
schedule := train.Cosine
type Shade int
const Dark, Light Shade = 1, 2
type Box struct { Shade Shade; Title string; Size float64; Next *Box }
box := Box{}
title, size, count, ready := "a", 1.5, 3, true
recipe := train.Recipe{Epochs: 2}
shades := map[Shade]string{}
boxes := []*Box{}
func shadeOf(s string) Shade { return Dark }
func load(name string) (Shade, error) { return Dark, nil }
func describe(b Box, s Shade, n ...float64) string { return "" }
channel := make(chan float64)
`)
	for _, c := range []struct{ src, first string }{ // | is the cursor
		{"train.Recipe{Schedule: |", "schedule train.Constant train.Cosine train.OneCycle train.Step Box"},
		{"train.Recipe{Epochs: 3, Schedule: t|", "train.Constant train.Cosine"},
		{"train.Recipe{Schedule: Cos|", "train.Cosine"},
		{"train.Recipe{Schedule: train.|", "Constant Cosine"},
		{"train.Recipe{Epochs: |", "count"},
		{"recipe.Schedule = |", "schedule train.Constant"},
		{"recipe.LR = |", "size"},
		{"recipe.Schedule == |", "schedule train.Constant"},
		{"if recipe.Schedule == |", "schedule train.Constant"},
		{"if recipe.Schedule == train.|", "Constant Cosine"},
		{"switch recipe.Schedule {\ncase |", "schedule train.Constant"},
		{"switch box.Shade {\ncase Dark:\n\tcount++\ncase |", "Dark Light load shadeOf"},
		{"switch {\ncase |", "ready"},
		{"var s train.Schedule = |", "schedule train.Constant"},
		{"var s Shade = |", "Dark Light load shadeOf"},
		{"Box{Title: |", "title describe"},
		{"Box{Title: title, Shade: L|", "Light"},
		{"[]Box{{Shade: |", "Dark Light"},
		{"Box{Next: &|", "box Box"},
		{"describe(|", "box Box"},
		{"describe(box, |", "Dark Light"},
		{"describe(box, Dark, |", "size"},
		{"describe(box, Dark, 1, s|", "size"},
		{"func f() (string, Shade) {\n\treturn title, |", "Dark Light"},
		{"func f(u Shade) Shade {\n\treturn |", "u Dark Light"},
		{"g := func() Shade { return |", "Dark Light"},
		{"shades[|", "Dark Light"},
		{"shades[Dark] = |", "title describe"},
		{"map[Shade]float64{|", "Dark Light"},
		{"map[Shade]float64{Dark: |", "size"},
		{"[]Shade{Dark, |", "Dark Light"},
		{"boxes = append(boxes, &|", "box Box"},
		{"channel <- |", "size"},
		{"if |", "ready"},
		{"for |", "ready"},
		{"ready = !|", "ready"},
		{"x := ready && |", "ready"},
		{"x := size * (|", "size"},
		{"align.Agglomerate(nil, |", "align.AverageLinkage align.CompleteLinkage align.SingleLinkage"},
		{"nn.Sequential(\"a\", nn.Input{}, nn.Con|", "Conv"},
		{"nn.Sequential(\"a\", nn.Input{}, Con|", "nn.Conv"},
		{"recipe.Ensemble(|", "ctx"},
		{"fmt.Println(|", "Box Dark"},
		{"x := |", "Box Dark"},
	} {
		if err := p.Predeclare("ctx", "context", "Context", "ctx"); err != nil {
			t.Fatal(err)
		}
		at := strings.Index(c.src, "|")
		var got []string
		for _, i := range assist.Complete(p, c.src[:at], at).Items {
			got = append(got, i.Text)
		}
		if !strings.HasPrefix(strings.Join(got, " ")+" ", c.first+" ") {
			t.Errorf("%q: %v, want first %s", c.src, got[:min(len(got), 12)], c.first)
		}
		if strings.HasSuffix(c.src, " |") || strings.HasSuffix(c.src, "(|") {
			for _, all := range []string{"count", "title", "box", "describe"} {
				if !slices.Contains(got, all) {
					t.Errorf("%q: %s is not offered", c.src, all)
				}
			}
		}
	}
}

// TestCompletesAtOddPlaces: at the start, behind a dot on or below a line that is no Go, where a call is wanted; not in comments
// and numbers.
func TestCompletesAtOddPlaces(t *testing.T) {
	p := newProgram(t, "xs := []float64{1}\nm := mat.NewDense(1, 1, nil)\nnets := []*nn.Net{}")
	for src, want := range map[string]string{
		"": "m", "x := [1, 2]\nm.": "At", "for x in xs:\n    m.": "At", "def f(a):\n\tm.": "At", "y := undefined(3)\nm.": "At", "m.NoSuch(3)\nm.": "At", "import numpy as np\nm.": "At",
		"x := 'a'\nm.": "At", "go m.": "At", "defer m.": "At", "m.At(0, 0) + m.": "Norm", "m.T().": "Dims", "nets[0].": "Arch", "func f() {\n\tm.": "At", "m .": "At", "return m.": "At",
		"x := [1, 2]\nif m.": "At", "map[string]": "m", "// m": "", "x := 3 // m": "", "1.": "", "1.5": "", "\"a\".": "", "m.At(0, 0).": "", "x.y.z.": "", "nets.": "",
	} {
		items := assist.Complete(p, src, len(src)).Items
		found := want == "" && len(items) == 0
		for _, i := range items {
			found = found || i.Text == want
		}
		if !found {
			t.Errorf("%q: %v, want %q among them", src, items, want)
		}
	}
}

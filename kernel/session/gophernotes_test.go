package session_test

import (
	"bytes"
	"image"
	"image/png"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

// What the notebooks that come with gophernotes do, one after the other in one session each: imports in cells of their own,
// a pool of workers over several cells, a goroutine that owns a state, layouts of times, matrices, pictures from the net,
// cells that only document a package, types that show themselves, and lines for the shell.
func TestNotebooksOfGophernotes(t *testing.T) {
	picture := &bytes.Buffer{}
	if err := png.Encode(picture, image.NewGray(image.Rect(0, 0, 4, 2))); err != nil {
		t.Fatal(err)
	}
	files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".png") {
			w.Write(picture.Bytes())
			return
		}
		w.Write([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>`))
	}))
	defer files.Close()
	type cell struct{ source, want string } // want: a regular expression for all that it shows
	for _, notebook := range []struct {
		name  string
		cells []cell
	}{
		{"workers", []cell{
			{"import (\n    \"fmt\"\n    \"time\"\n)", ``},
			{"func square(name string, in <-chan int, out chan<- int) {\n    for n := range in {\n        fmt.Println(name, \"takes\", n)\n        time.Sleep(10 * time.Millisecond)\n        out <- n * n\n    }\n}", ``},
			{"in := make(chan int, 10)\nout := make(chan int, 10)", ``},
			{"for _, name := range []string{\"a\", \"b\"} {\n    go square(name, in, out)\n}", ``},
			{"for n := 1; n <= 6; n++ {\n    in <- n\n}\nclose(in)", `(?s).*`},
			{"sum := 0\nfor i := 0; i < 6; i++ {\n    sum += <-out\n}\nsum", `(?s).*result .* 91`},
		}},
		{"a channel", []cell{
			{`import "fmt"`, ``},
			{`name := "unit"`, ``},
			{`fmt.Sprintf("%s %d", name, 3)`, `result .* unit 3`},
			{"texts := make(chan string)", ``},
			{`go func() { texts <- "sent" }()`, ``},
			{"got := <- texts", ``},
			{"got", `result .* sent`},
			{"", ``},
		}},
		{"a goroutine that owns a state", []cell{
			{`import "math/rand"`, ``},
			{`import "sync/atomic"`, ``},
			{"type get struct {\n    key   string\n    reply chan int\n}", ``},
			{"type put struct {\n    key   string\n    value int\n    reply chan bool\n}", ``},
			{"var done int64 = 0", ``},
			{"gets := make(chan *get)\nputs := make(chan *put)", ``},
			{"go func() {\n    var state = make(map[string]int)\n    for {\n        select {\n        case g := <-gets:\n            g.reply <- state[g.key]\n        case p := <-puts:\n            state[p.key] = p.value\n            p.reply <- true\n        }\n    }\n}()", ``},
			{"for i := 0; i < 20; i++ {\n    go func() {\n        for {\n            p := &put{\n                key:   \"k\",\n                value: 1 + rand.Intn(5),\n                reply: make(chan bool)}\n            puts <- p\n            <-p.reply\n            atomic.AddInt64(&done, 1)\n        }\n    }()\n}\n// some of them are through by then\nfor atomic.LoadInt64(&done) < 50 {\n    time.Sleep(time.Millisecond)\n}", ``},
			{"g := &get{\"k\", make(chan int)}\ngets <- g\n<-g.reply > 0", `result .* true`},
		}},
		{"times", []cell{
			{"at, _ := time.Parse(time.RFC3339, \"2016-05-03T09:30:15+00:00\")", ``},
			{"at.Format(time.RFC3339)", `result .* 2016-05-03T09:30:15Z`},
			{`at.Format("3:04PM")`, `result .* 9:30AM`},
			{`at.Format("Jan _2, 2006 at 15h")`, `result .* May  3, 2016 at 09h`},
			{"layout := \"15.04\"\n_, e := time.Parse(layout, \"noon\")\ne", `result .* parsing time "noon" as "15.04": .*`},
			{"fmt.Printf(\"%d-%02d-%02d\\n\",\n        at.Year(), at.Month(), at.Day())", `stdout "2016-05-03\\n"`},
		}},
		{"matrices", []cell{
			{"import (\n    \"fmt\"\n    \"math\"\n\n    \"gonum.org/v1/gonum/mat\"\n)", ``},
			{"a := mat.NewDense(2, 2, []float64{4, 9, 16, 25})\nb := mat.NewDense(2, 2, []float64{1, 0, 2, 1})", ``},
			{"fmt.Printf(\"a = %v\\n\", mat.Formatted(a, mat.Prefix(\"    \")))", `stdout "a = ⎡ 4   9⎤\\n    ⎣16  25⎦\\n"`},
			{"var c mat.Dense\nc.Mul(a, b)\nroot := func(_, _ int, v float64) float64 { return math.Sqrt(v) }\nvar d mat.Dense\nd.Apply(root, a)\nd.Pow(&d, 2)\nfmt.Printf(\"%0.4v\\n%0.4v\\n\", mat.Formatted(&c), mat.Formatted(&d))", `stdout "⎡22   9⎤\\n⎣66  25⎦\\n⎡16  21⎤\\n⎣28  37⎦\\n"`},
		}},
		{"display", []cell{
			{"import \"display\"\ndisplay.HTML(\"<i>i</i>\")", `result \[text/html text/plain\] .*`},
			{"import shown \"github.com/gopherdata/gophernotes\"\nshown.Latex(\"x\")", `result \[text/latex text/plain\] x`},
			{"import \"image\"\n// as package display has them\nfunc PNG([]byte) error\nfunc Image(image.Image) error", ``},
			{"import (\n    \"io\"\n    \"net/http\"\n)\nresp, err := http.Get(\"URL/a.png\")\nraw, err := io.ReadAll(resp.Body)\nresp.Body.Close()\ndisplay.PNG(raw)", `result \[image/png text/plain\] .*`},
			{"resp, err := http.Get(\"URL/a.svg\")\nraw, err := io.ReadAll(resp.Body)\nresp.Body.Close()\ndisplay.SVG(string(raw))", `result \[image/png image/svg\+xml text/plain\] .*`},
			{"resp, err := http.Get(\"URL/a.png\")\nshown := display.Any(\"\", resp.Body)\nresp.Body.Close()\nshown", `result \[image/png text/plain\] .*`},
			{"resp, err := http.Get(\"URL/a.png\")\nimg, format, err := image.Decode(resp.Body)\nresp.Body.Close()\ndisplay.Image(img)", `result \[image/png text/plain\] \*image.Gray 4×2`},
			{"// what there is\nconst MIMETypeHTML = \"text/html\"\ntype MIMEMap = map[string]interface{}\ntype Data = struct {\n\tData      MIMEMap\n\tMetadata  MIMEMap\n\tTransient MIMEMap\n}\nfunc HTML(html   string) Data // a piece of HTML\nfunc Any(mimeType string, data interface{}) Data\ntype HTMLer = interface {\n\tHTML() string\n}\ntype Renderer = interface {\n\tRender() Data\n}", ``},
			{"type W struct {\n}\nfunc (w W) Render() Data {\n    return Data{Data: MIMEMap{MIMETypeHTML: \"<b>w</b>\"}}\n}\nvar r Renderer = W{}\nr", `result \[text/html text/plain\] W{}`},
			{"type V struct {\n}\nfunc (v V) SimpleRender() display.MIMEMap {\n    return display.MIMEMap{\n        display.MIMETypeLatex: `$v$`,\n    }\n}\nV{}", `result \[text/latex text/plain\] V{}`},
		}},
		{"the shell", []cell{
			{"$echo one two", `stdout "one two\\n"`},
			{"%go111module off\n$echo a\n$echo b\n\nn := 1\nn", `display .*\nstdout "a\\nb\\n"\nresult .* 1`},
		}},
	} {
		t.Run(notebook.name, func(t *testing.T) {
			s := newSession(t)
			for i, c := range notebook.cells {
				got := shown(t, s, &gallery{}, strings.ReplaceAll(c.source, "URL", files.URL))
				if ok, err := regexp.MatchString(`\A(`+c.want+`)\z`, got); err != nil || !ok {
					t.Errorf("cell %d, %s: got\n%s\nwant\n%s", i+1, c.source, got, c.want)
				}
			}
		})
	}
}

// A function without a body can be declared, as in cells that document a package; a call says what is wrong.
func TestAFunctionWithoutABody(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ cell, want string }{
		{"func far(x int) int\ntype T struct{}\nfunc (T) M() string // somewhere", ""},
		{"far(3)", "panic: far was declared without a body"},
		{"T{}.M()", "panic: M was declared without a body"},
		{"func far(x int) int { return x }\nfar(3)", "result [text/plain] 3"},
		{"func near(x int) int\n\n{\n}", "compile error: missing function body (the { stands at the end of the line before)"},
	} {
		if got := runCommand(s, c.cell); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.cell, got, c.want)
		}
	}
}

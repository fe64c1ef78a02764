package session_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
)

// gallery is a Sink that keeps one line for each thing it is told.
type gallery struct {
	mu      sync.Mutex
	events  []string
	bundles []display.Bundle
	lines   []string // answers to Input
}

func (g *gallery) note(format string, args ...any) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.events = append(g.events, fmt.Sprintf(format, args...))
}

func formats(b display.Bundle) string { return strings.Join(slices.Sorted(maps.Keys(b.Data)), " ") }

func (g *gallery) Stream(name, text string) { g.note("%s %q", name, text) }

func (g *gallery) Display(b display.Bundle, id string, update bool) {
	what := "display"
	if update {
		what = "update"
	}
	if strings.HasPrefix(id, display.BarPrefix) {
		id = "bar"
	}
	g.note("%s %s [%s] %s", what, id, formats(b), b.Plain())
	g.mu.Lock()
	g.bundles = append(g.bundles, b)
	g.mu.Unlock()
}

func (g *gallery) Clear(wait bool) { g.note("clear %v", wait) }

func (g *gallery) Input(prompt string, password bool) (string, error) {
	g.note("input %q %v", prompt, password)
	if len(g.lines) == 0 {
		return "", fmt.Errorf("nobody answers")
	}
	line := g.lines[0]
	g.lines = g.lines[1:]
	return line, nil
}

// shown runs cells and returns what the last one showed, its results as events too.
func shown(t *testing.T, s *session.Session, g *gallery, cells ...string) string {
	t.Helper()
	for i, source := range cells {
		g.events = nil
		r := s.Run(context.Background(), source, session.RunOptions{StoreHistory: true}, g)
		if r.Err != nil {
			t.Fatalf("cell %d: %v\n%s", i+1, r.Err, strings.Join(r.Err.Traceback, "\n"))
		}
		for _, b := range r.Values {
			g.bundles = append(g.bundles, b)
			g.note("result [%s] %s", formats(b), b.Plain())
		}
	}
	return strings.Join(g.events, "\n")
}

// The functions of the kernel gophernotes, and values with each of its interfaces.
func TestGophernotesCells(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ name, cell, want string }{
		{"HTML", "display.HTML(`<p>four <b>units</b></p>`)", `result [text/html text/plain] <p>four <b>units</b></p>`},
		{"Display in a block", "{\n    Display(display.Markdown(\"* hello from markdown\"))\n    Display(display.Math(`e^{i\\Pi}+1=0`))\n}",
			"display  [text/markdown text/plain] * hello from markdown\ndisplay  [text/latex text/plain] e^{i\\Pi}+1=0"},
		{"package function", `display.Display(display.SVG("<svg/>"), 3)`, "display  [image/svg+xml text/plain] <svg/>\ndisplay  [text/plain] 3"},
		{"Latex", `display.Latex("x^2")`, "result [text/latex text/plain] x^2"},
		{"PNG", `display.PNG([]byte{1, 2, 3})`, "result [image/png text/plain] image/png, 3 bytes"},
		{"JPEG", `display.JPEG([]byte{1, 2, 3})`, "result [image/jpeg text/plain] image/jpeg, 3 bytes"},
		{"PDF", `display.PDF([]byte{1, 2, 3})`, "result [application/pdf text/plain] application/pdf, 3 bytes"},
		{"JSON", `display.JSON(map[string]interface{}{"a": 1})`, "result [application/json text/plain] {\n  \"a\": 1\n}"},
		{"JavaScript", `display.JavaScript("1")`, "result [application/javascript text/plain] 1"},
		{"MIME", `display.MIME(display.MIMEMap{display.MIMETypeHTML: "<b>x</b>", "text/plain": "x"}, nil)`, "result [text/html text/plain] x"},
		{"Image", `display.Image(image.NewGray(image.Rect(0, 0, 3, 2)))`, "result [image/png text/plain] *image.Gray 3×2"},
		{"image.Image alone", `image.NewGray(image.Rect(0, 0, 3, 2))`, "result [image/png text/plain] *image.Gray 3×2"},
		{"Auto finds bytes out", `display.Auto([]byte("\x89PNG\r\n\x1a\n"))`, "result [image/png text/plain] image/png, 8 bytes"},
		{"Any of a reader", `display.Any("text/html", strings.NewReader("<i>r</i>"))`, "result [text/html text/plain] <i>r</i>"},
		{"MakeData", `display.MakeData("text/html", "<i>m</i>")`, "result [text/html text/plain] <i>m</i>"},
		{"HTMLer", "type H struct{ n int }\nfunc (h H) HTML() string { return \"<b>h</b>\" }\nH{1}", "result [text/html text/plain] H{n:1}"},
		{"HTMLer in Display", "Display(H{2}, []H{{3}})", "display  [text/html text/plain] H{n:2}\ndisplay  [text/html text/plain] [H{n:3}]"},
		{"as an interface", "var h display.HTMLer = H{4}\nh", "result [text/html text/plain] H{n:4}"},
		{"by a compiled helper", "display.Auto(h).Data[\"text/html\"]", "result [text/plain] <b>h</b>"},
		{"Renderer", "type R struct{}\nfunc (r R) Render() display.Data { return display.HTML(\"<i>r</i>\") }\nR{}", "result [text/html text/plain] <i>r</i>"},
		{"SimpleRenderer", "type S struct{}\nfunc (s *S) SimpleRender() display.MIMEMap { return display.MIMEMap{\"text/html\": \"s\", \"text/plain\": \"t\"} }\n&S{}", "result [text/html text/plain] t"},
		{"several methods", "type M struct{}\nfunc (M) SVG() string { return \"<svg/>\" }\nfunc (M) PNG() []byte { return []byte{1} }\nfunc (M) String() string { return \"m\" }\nM{}",
			"result [image/png image/svg+xml text/plain] m"},
		{"other formats", "type O struct{}\nfunc (O) Latex() string { return \"$x$\" }\nfunc (O) Markdown() string { return \"x\" }\nfunc (O) JSON() map[string]any { return nil }\nfunc (O) JavaScript() string { return \"1\" }\nfunc (O) JPEG() []byte { return []byte{1} }\nfunc (O) PDF() []byte { return []byte{2} }\nO{}",
			"result [application/javascript application/json application/pdf image/jpeg text/latex text/markdown text/plain] O{}"},
		{"method that fails", "type F struct{}\nfunc (F) PNG() ([]byte, error) { return nil, errors.New(\"no ink\") }\nF{}", "result [text/plain] F{}\n(image/png: no ink)"},
		{"method that panics", "type P struct{}\nfunc (P) HTML() string { panic(\"no\") }\nP{}", "result [text/plain] P{}\n(panic while displaying: no)"},
		{"compiled value of Display", "Display(3 * time.Second, nil, errors.New(\"e\"))", "display  [text/plain] 3s\ndisplay  [text/plain] <nil>\ndisplay  [text/plain] e"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := shown(t, s, &gallery{}, c.cell); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

// A value with several of the interfaces shows all that they give, as in gophernotes.
func TestValuesOfSeveralInterfaces(t *testing.T) {
	s := newSession(t)
	const (
		r  = "func (%s) Render() display.Data { return display.Data{Data: display.MIMEMap{\"text/html\": \"r\", \"text/markdown\": \"r\"}, Metadata: display.MIMEMap{\"text/html\": display.MIMEMap{\"isolated\": true}}} }\n"
		sr = "func (%s) SimpleRender() display.MIMEMap { return display.MIMEMap{\"text/markdown\": \"s\", \"text/latex\": \"s\"} }\n"
		h  = "func (%s) HTML() string { return \"h\" }\n"
		st = "func (%s) String() string { return \"text\" }\n"
	)
	type want = map[string]any
	declare := func(name, fields string, methods ...string) string {
		var b strings.Builder
		b.WriteString("type " + strings.TrimPrefix(name, "*") + " " + fields + "\n")
		for _, m := range methods {
			fmt.Fprintf(&b, m, name)
		}
		return b.String()
	}
	for _, c := range []struct {
		name, cell string
		want       want
	}{
		{"Render and HTML", declare("A", "struct{}", r, h, st) + "A{}", want{"text/html": "h", "text/markdown": "r", "text/plain": "text"}},
		{"Render and SimpleRender", declare("B", "struct{}", sr, r) + "B{}", want{"text/html": "r", "text/markdown": "s", "text/latex": "s", "text/plain": "B{}"}},
		{"all", declare("C", "struct{}", r, sr, h, "func (%s) PNG() []byte { return []byte(\"p\") }\n", "func (%s) JSON() map[string]any { return map[string]any{\"a\": 1} }\n") + "C{}",
			want{"text/html": "h", "text/markdown": "s", "text/latex": "s", "image/png": []byte("p"), "application/json": map[string]any{"a": 1}, "text/plain": "C{}"}},
		{"pointer receiver, pointer", declare("*D", "struct{ N int }", r, h) + "&D{1}", want{"text/html": "h", "text/markdown": "r", "text/plain": "&D{N:1}"}},
		{"pointer receiver, value", "D{1}", want{"text/plain": "D{N:1}"}}, // its method set has no methods
		{"nil pointer whose method reads it", "type E struct{ s string }\nfunc (e *E) HTML() string { return e.s }\n(*E)(nil)", want{"text/plain": "<nil>\n(panic while displaying: runtime error: invalid memory address or nil pointer dereference)"}},
		{"nil pointer whose method does not", "(*D)(nil)", want{"text/html": "h", "text/markdown": "r", "text/plain": "<nil>"}},
		{"Render panics, HTML does not", declare("F", "struct{}", "func (%s) Render() display.Data { panic(\"no\") }\n", h) + "F{}", want{"text/html": "h", "text/plain": "F{}\n(panic while displaying: no)"}},
		{"embedded value", "type G struct{ A; n int }\nG{n: 1}", want{"text/html": "h", "text/markdown": "r", "text/plain": "text"}},
		{"embedded pointer", "type H struct{ *D }\nH{&D{2}}", want{"text/html": "h", "text/markdown": "r", "text/plain": "H{D:"}},
		{"embedded, one method its own", "type I struct{ A }\nfunc (I) HTML() string { return \"own\" }\nI{}", want{"text/html": "own", "text/markdown": "r", "text/plain": "text"}},
		{"a struct of the cell's own", "type Picture struct { Data, Metadata, Transient map[string]any }\ntype J struct{}\nfunc (J) Render() Picture { return Picture{Data: map[string]any{\"text/html\": \"p\", \"text/plain\": \"q\"}} }\nJ{}", want{"text/html": "p", "text/plain": "q"}},
		{"an alias of a struct", "type Shape = struct { Data, Metadata, Transient map[string]any }\ntype K struct{}\nfunc (K) Render() Shape { return Shape{Data: map[string]any{\"text/html\": \"k\"}} }\nK{}", want{"text/html": "k", "text/plain": "K{}"}},
		{"a Render that is for something else", "type L struct{}\nfunc (L) Render() string { panic(\"called\") }\nfunc (L) JSON() []byte { panic(\"called\") }\nL{}", want{"text/plain": "L{}"}},
		{"MIMEBundle alone", declare("M", "struct{}", "func (%s) MIMEBundle() map[string]any { return map[string]any{\"text/html\": \"m\"} }\n", h, r) + "M{}", want{"text/html": "m", "text/plain": "M{}"}},
		{"display.Any joins them too", "d := display.Any(\"\", A{})\nd", want{"text/html": "h", "text/markdown": "r", "text/plain": "text"}},
		{"a value beside nil", "func pair() (any, any) { return A{}, nil }\npair()", want{"text/html": "h", "text/markdown": "r", "text/plain": "text\n<nil>"}},
		{"two values", "A{}, 3", want{"text/html": "<div>h</div><div><pre>3</pre></div>", "text/plain": "text\n3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			reply := s.Run(context.Background(), c.cell, session.RunOptions{}, &gallery{})
			if reply.Err != nil {
				t.Fatal(reply.Err)
			}
			b, _ := display.Merge(reply.Values)
			for mime, want := range c.want {
				if got := fmt.Sprint(b.Data[mime]); got != fmt.Sprint(want) && !(mime == "text/plain" && strings.HasPrefix(got, fmt.Sprint(want))) {
					t.Errorf("%s = %q, want %q", mime, got, want)
				}
			}
			if len(b.Data) != len(c.want) {
				t.Errorf("formats %s", formats(b))
			}
			if _, has := c.want["text/markdown"]; has && c.want["text/markdown"] == "r" && b.Metadata["text/html"] == nil {
				t.Error("the metadata of Render are lost")
			}
		})
	}
}

// A value of a cell's type that is a picture or a matrix shows as one.
func TestPicturesAndMatricesOfCells(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct{ name, cell, want string }{
		{"embedded picture", "type P struct{ image.Image }\nP{image.NewGray(image.Rect(0, 0, 4, 3))}", "[image/png text/plain] P 4×3"},
		{"none inside", "P{}", "[text/plain] P{Image:<nil>}"},
		{"own methods, and HTML", "type Q struct{ c color.Color }\nfunc (*Q) ColorModel() color.Model { return color.RGBAModel }\nfunc (*Q) Bounds() image.Rectangle { return image.Rect(0, 0, 2, 2) }\nfunc (q *Q) At(x, y int) color.Color { return q.c }\nfunc (*Q) HTML() string { return \"q\" }\n&Q{color.Black}", "[image/png text/html text/plain] Q 2×2"},
		{"a picture that has a text", "type N struct{ image.Image }\nfunc (N) String() string { return \"n\" }\nN{image.NewGray(image.Rect(0, 0, 4, 3))}", "[image/png text/plain] n"},
		{"embedded matrix", "type M struct{ *mat.Dense }\nM{mat.NewDense(1, 2, []float64{3, 4})}", "[text/html text/plain] M 1×2\n3  4"},
		{"in an interface", "var m mat.Matrix = M{mat.NewDense(1, 1, []float64{5})}\nm", "[text/html text/plain] M 1×1\n5"},
		{"no matrix inside", "M{}", "[text/plain] M (nil)"},
		{"nil pointer", "(*M)(nil)", "[text/plain] <nil>"},
		{"a matrix that has a text", "type T struct{ *mat.Dense }\nfunc (T) String() string { return \"t\" }\nT{mat.NewDense(1, 2, nil)}", "[text/plain] t"},
		{"own methods", "type D [4]float64\nfunc (D) Dims() (int, int) { return 2, 2 }\nfunc (d D) At(i, j int) float64 { return d[2*i+j] }\nfunc (d D) T() mat.Matrix { return mat.Transpose{d} }\nD{1, 2, 3, 4}", "[text/html text/plain] D 2×2\n1  2\n3  4"},
	} {
		if got := shown(t, s, &gallery{}, c.cell); got != "result "+c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
}

func TestFileThatIsNotThere(t *testing.T) {
	reply := newSession(t).Run(context.Background(), "display.File(\"image/png\", \"/nowhere/x.png\")", session.RunOptions{}, &gallery{})
	if reply.Err == nil || reply.Err.Message != "open /nowhere/x.png: no such file or directory" {
		t.Errorf("got %v", reply.Err)
	}
}

func TestDisplayUpdateClearAndInput(t *testing.T) {
	s := newSession(t)
	for _, c := range []struct {
		name, cell, want string
		lines            []string
	}{
		{"update in a loop", `for i := range 3 { display.Update("n", i) }`, "display n [text/plain] 0\nupdate n [text/plain] 1\nupdate n [text/plain] 2", nil},
		{"update of another run", `display.Update("n", 9)`, "display n [text/plain] 9", nil},
		{"id", `display.DisplayID("kept", 1)`, "display kept [text/plain] 1", nil},
		{"update from a later cell", `display.Update("kept", 2)`, "update kept [text/plain] 2", nil},
		{"order with streams", "fmt.Println(1)\nDisplay(2)\nfmt.Println(3)", "stdout \"1\\n\"\ndisplay  [text/plain] 2\nstdout \"3\\n\"", nil},
		{"clear", "display.Clear(true)\ndisplay.Clear(false)", "clear true\nclear false", nil},
		{"update after clear", `display.Update("n", 1); display.Clear(false); display.Update("n", 2)`, "display n [text/plain] 1\nclear false\ndisplay n [text/plain] 2", nil},
		{"transient id", `Display(display.Data{Data: display.MIMEMap{"text/plain": "x"}, Transient: display.MIMEMap{"display_id": "t"}})`, "display t [text/plain] x", nil},
		{"input", `name := display.Input("name: ")
name + "!"`, "input \"name: \" false\nresult [text/plain] Ada!", []string{"Ada"}},
		{"password", `len(display.Password("key: "))`, "input \"key: \" true\nresult [text/plain] 3", []string{"abc"}},
		{"input refused", "_, err := display.Input(\"?\")\nerr", "input \"?\" false\nresult [text/plain] nobody answers", nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := shown(t, s, &gallery{lines: c.lines}, c.cell); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
		})
	}
}

func TestBarsOfCellsUpdateInPlaceAtMostTenTimesASecond(t *testing.T) {
	s := newSession(t)
	got := strings.Split(shown(t, s, &gallery{}, "bar := display.Progress(\"digits\", 1000)\nfor i := range 1000 { bar.Set(i+1, \"n\") }\nbar.Finish(\"all\")\nbar.Add(1)"), "\n")
	if !strings.HasPrefix(got[0], "display bar [text/html text/plain] digits ─") {
		t.Errorf("first %s", got[0])
	}
	if full := got[len(got)-2]; !strings.HasPrefix(full, "update bar ") || !strings.HasSuffix(full, "100 %  all") {
		t.Errorf("full %s", full)
	}
	if last := got[len(got)-1]; last != "clear false" {
		t.Errorf("last %q, want the bar gone at the end of the cell", last)
	}
	if len(got) > 100 { // 1,000 steps take a few ms; ten seconds would be needed for this many states
		t.Errorf("%d states", len(got))
	}
}

func TestPlotsShowAsPNGAndSVG(t *testing.T) {
	s := newSession(t)
	g := &gallery{}
	got := shown(t, s, g, "import \"gonum.org/v1/plot\"\np := plot.New()\np.Title.Text = \"empty\"\np")
	if got != "result [image/png image/svg+xml text/plain] *plot.Plot, 6×4 inches" {
		t.Fatal(got)
	}
	if svg := g.bundles[0].Data["image/svg+xml"].(string); !strings.Contains(svg, "<svg") || strings.Contains(svg, "<?xml") {
		t.Errorf("SVG is no element: it begins with %.40q", svg)
	}
}

// A bar goes at the end of a cell that has shown nothing else; beside other outputs a line is left of it, and nothing of them
// is lost.
func TestWhatIsLeftOfBars(t *testing.T) {
	one, two := "a := display.Progress(\"a\", 1)\na.Add(1)\na.Finish(\"x\")\n", "b := display.Progress(\"b\", 0)\nb.Finish(\"\")\n"
	for _, c := range []struct{ name, cell, want string }{
		{"two bars", one + two, "clear false"},
		{"a bar and a result", one + "7", "clear false | result [text/plain] 7"},
		{"after text", "fmt.Println(1)\n" + one, `stdout "1\n" | update bar [text/html text/plain] a: 1 done, x`},
		{"before text", one + two + "fmt.Println(1)", `stdout "1\n" | update bar [text/html text/plain] a: 1 done, x | update bar [text/html text/plain] b: done`},
		{"beside a display", one + "Display(1)", "display  [text/plain] 1 | update bar [text/html text/plain] a: 1 done, x"},
		{"cleared since", one + "display.Clear(false)", "clear false"},
		{"that nobody finished", "d := display.Progress(\"d\", 2)\nd.Add(1)\nd.Add(1)", "clear false"},
		{"that nobody finished, among others", "d := display.Progress(\"d\", 2)\nfmt.Println(1)\nd.Set(2, \"\")", `stdout "1\n" | update bar [text/html text/plain] d: 2 done`},
		{"beside one cut short", one + "display.Progress(\"c\", 2).Finish(\"\")", "update bar [text/html text/plain] a: 1 done, x"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for line := range strings.SplitSeq(shown(t, newSession(t), &gallery{}, c.cell), "\n") {
				if !strings.Contains(line, "━") && !strings.Contains(line, "─") && !strings.HasSuffix(line, "...") && !strings.HasSuffix(line, "b done") {
					got = append(got, line)
				}
			}
			if got := strings.Join(got, " | "); got != c.want {
				t.Errorf("got %s\nwant %s", got, c.want)
			}
		})
	}
}

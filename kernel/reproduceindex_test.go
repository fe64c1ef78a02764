package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonverge/kernel/display"
	"gonverge/kernel/notebook"
)

func TestIndexHoldsTextPicturesAndNumbers(t *testing.T) {
	book := &notebook.Notebook{Cells: []*notebook.Cell{
		{Type: "markdown", Source: "# Title & more\n\nWhat **holds** for `a*b*c` and $x_i*y_j$?\n\n## Part\n*why*"},
		{Type: "code", Source: "secret()", Outputs: []*notebook.Output{
			{Type: "stream", Name: "stdout", Text: "1 < 2\n"},
			{Type: "execute_result", Bundle: display.Bundle{
				Data:     map[string]any{"text/plain": "figure: it", "image/png": []byte("png")},
				Metadata: map[string]any{"image/png": map[string]any{"width": 640, "height": 300}}}},
			{Type: "execute_result", Bundle: display.Bundle{Data: map[string]any{"text/plain": "t", "text/html": "<table><tr><td>0.5</td></tr></table>"}}},
		}},
	}}
	dir := t.TempDir()
	if err := writeIndex(dir, "leaves", []reproduced{{name: "figure-1", book: book}}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(dir, "index.html"))
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, want := range []string{
		"<h2>Title &amp; more</h2>", "<b>holds</b>", "<code>a*b*c</code>", `<span class="math"><i>x</i><sub><i>i</i></sub>*<i>y</i><sub><i>j</i></sub></span>`, "<h3>Part</h3>", "<p><i>why</i></p>",
		"<pre>1 &lt; 2</pre>", `width="640" src="data:image/png;base64,cG5n"`, "<td>0.5</td>", `href="#figure-1"`,
	} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	for _, not := range []string{"secret()", "http://", "https://", "<script"} {
		if strings.Contains(page, not) {
			t.Errorf("the page has %s", not)
		}
	}
}

func TestPaperOrderNamesNotebooks(t *testing.T) {
	names, err := chooseNotebooks(paperOrder)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Join(names, " ") != strings.Join(paperOrder, " ") {
		t.Errorf("got %v", names)
	}
}

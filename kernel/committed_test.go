package main

import (
	"io/fs"
	"regexp"
	"strings"
	"testing"

	"gonverge/kernel/notebook"
	"gonverge/notebooks"
)

// machinePath finds absolute paths of a machine in what a notebook shows.
var machinePath = regexp.MustCompile(`(^|[\s"'(])/(home|root|tmp|work|Users|var)/`)

// The committed notebooks hold results that are whole, and keep the house rules for
// cells: text before each, at most 20 lines.
func TestCommittedNotebooksAreWhole(t *testing.T) {
	names, err := chooseNotebooks(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		source, err := fs.ReadFile(notebooks.Files, name+".ipynb")
		if err != nil {
			t.Fatal(err)
		}
		book, err := notebook.Parse(source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, wrong := range notebook.Check(book) {
			t.Errorf("%s: %s", name, wrong)
		}
		for i, c := range book.Cells {
			if c.Type != "code" {
				continue
			}
			if i == 0 || book.Cells[i-1].Type != "markdown" {
				t.Errorf("%s: cell %d has no text before it", name, i+1)
			}
			if lines := strings.Count(c.Source, "\n") + 1; lines > 20 {
				t.Errorf("%s: cell %d has %d lines", name, i+1, lines)
			}
			for _, out := range c.Outputs {
				text, _ := out.Bundle.Data["text/plain"].(string)
				if m := machinePath.FindString(out.Text + text); m != "" {
					t.Errorf("%s: cell %d shows a machine's path: %q", name, i+1, m)
				}
			}
		}
	}
}

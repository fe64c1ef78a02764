package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"gonverge/kernel/notebook"
	"gonverge/notebooks"
)

// reproduceOptions are the flags of `gonverge reproduce`.
type reproduceOptions struct {
	data, dataDir, recipe string
	download              bool
	out                   string
	only                  []string
}

const reproduceUsage = `usage: gonverge reproduce [flags]

Runs the notebooks without Jupyter and writes each one, executed, its pictures as
PNG and SVG, and index.html, a page of all of them. Trained nets and statistics are
kept in a cache, so a second run is quick and an interrupted one goes on where it was.
It fails if a cell fails, a picture is missing or a result is no number.

`

// paperOrder is the order in which the notebooks run: that of the paper, then what
// follows from it. Others come after, by name.
var paperOrder = []string{
	"train-four-networks", "figure-1", "figure-2", "figure-3", "figure-4", "figure-5", "figure-6", "table-1", "figure-7",
	"supplement-activations", "supplement-matching", "supplement-mapping", "supplement-clusters", "findings", "beyond", "tour",
}

// reproduceCommand runs the notebooks in the paper's order through the code that Jupyter uses.
// It returns 0, 1 after an error, 2 for wrong usage and 130 when it was interrupted.
func reproduceCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o reproduceOptions
	var only string
	flags := flag.NewFlagSet("reproduce", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, reproduceUsage); flags.PrintDefaults() }
	flags.StringVar(&o.data, "data", "leaves", "data set: leaves (generated), cifar10")
	flags.StringVar(&o.dataDir, "data-dir", "", "folder of the data set's files (also GONVERGE_DATA)")
	flags.BoolVar(&o.download, "download", false, "fetch the data set's official archive if it is not there")
	flags.StringVar(&o.recipe, "recipe", "default", "training recipe: default, full, smoke")
	flags.StringVar(&o.out, "out", "out", "folder for executed notebooks and pictures")
	flags.StringVar(&only, "only", "", "some notebooks only, by name: figure-1,figure-4")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(stderr, "gonverge reproduce: unexpected argument %q\n", flags.Arg(0))
		return 2
	}
	if only != "" {
		o.only = strings.Split(only, ",")
	}
	names, err := chooseNotebooks(o.only)
	if err != nil {
		fmt.Fprintln(stderr, "gonverge reproduce:", err)
		return 2
	}
	err = reproduce(ctx, o, names, newTerminal(stdout))
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintln(stderr, "gonverge reproduce: interrupted; the same command goes on from the last checkpoint")
		return 130
	}
	fmt.Fprintln(stderr, "gonverge reproduce:", err)
	return 1
}

// chooseNotebooks returns the wanted notebooks in the paper's order; none wanted is all.
func chooseNotebooks(only []string) ([]string, error) {
	entries, err := fs.Glob(notebooks.Files, "*.ipynb")
	if err != nil {
		return nil, err
	}
	var have []string
	for _, e := range entries {
		have = append(have, strings.TrimSuffix(e, ".ipynb"))
	}
	for _, name := range only {
		if !slices.Contains(have, name) {
			return nil, fmt.Errorf("no notebook %q; have %s", name, strings.Join(have, ", "))
		}
	}
	slices.SortStableFunc(have, func(a, b string) int { return cmp.Compare(place(a), place(b)) })
	return slices.DeleteFunc(have, func(name string) bool {
		return len(only) > 0 && !slices.Contains(only, name)
	}), nil
}

// place returns where a notebook stands in the paper's order, the end for others.
func place(name string) int {
	if i := slices.Index(paperOrder, name); i >= 0 {
		return i
	}
	return len(paperOrder)
}

// reproduce runs the named notebooks and writes what they give.
func reproduce(ctx context.Context, o reproduceOptions, names []string, t *terminal) error {
	if err := writable(o.out); err != nil {
		return err
	}
	// The notebooks ask package experiment for their setting; it reads the environment.
	settings := map[string]string{"GONVERGE_DATASET": o.data, "GONVERGE_RECIPE": o.recipe}
	if o.dataDir != "" {
		settings["GONVERGE_DATA"] = o.dataDir
	}
	if o.download {
		settings["GONVERGE_DOWNLOAD"] = "1"
	}
	for name, value := range settings {
		if err := os.Setenv(name, value); err != nil {
			return err
		}
	}
	start := time.Now()
	var done []reproduced
	for _, name := range names {
		e, err := reproduceOne(ctx, o.out, name, t)
		if e != nil {
			done = append(done, *e)
		}
		if err != nil {
			t.clear()
			return errors.Join(fmt.Errorf("%s: %w", name, err), writeIndex(o.out, o.data+", recipe "+o.recipe, done))
		}
	}
	if err := writeIndex(o.out, o.data+", recipe "+o.recipe, done); err != nil {
		return err
	}
	for _, e := range done {
		if e.name == "findings" {
			t.Printf("\nThe claims of the paper\n\n%s\n", findingsTable(e.book))
		}
	}
	t.Printf("done in %s: the notebooks, their pictures and index.html are in %s", time.Since(start).Round(100*time.Millisecond), o.out)
	return nil
}

// findingsTable returns the table of claims as text: the longest result of the notebook.
func findingsTable(book *notebook.Notebook) string {
	table := ""
	for _, text := range results(book) {
		if len(text) > len(table) {
			table = text
		}
	}
	return table
}

// reproduceOne runs one notebook in a session of its own. What was executed is
// written also when a cell fails, so that the error can be read in its place.
func reproduceOne(ctx context.Context, out, name string, t *terminal) (*reproduced, error) {
	source, err := fs.ReadFile(notebooks.Files, name+".ipynb")
	if err != nil {
		return nil, err
	}
	book, err := notebook.Parse(source)
	if err != nil {
		return nil, err
	}
	s, err := openSession(t.show, 0)
	if err != nil {
		return nil, err
	}
	defer s.Close()
	t.Printf("%s", name)
	start := time.Now()
	runErr := notebook.Run(ctx, book, s, notebook.RunOptions{})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	e := &reproduced{name: name, book: book, took: time.Since(start)}
	file := filepath.Join(out, name+".ipynb")
	if err := book.WriteFile(file); err != nil {
		return e, errors.Join(runErr, err)
	}
	if runErr != nil {
		return e, fmt.Errorf("%w (the cells so far are in %s)", runErr, file)
	}
	if wrong := notebook.Check(book); len(wrong) > 0 {
		return e, fmt.Errorf("%s (see %s)", strings.Join(wrong, "; "), file)
	}
	written := []string{path.Base(file)}
	for _, p := range notebook.Pictures(book, name) {
		if err := notebook.WriteFile(filepath.Join(out, p.Name), p.Data); err != nil {
			return e, err
		}
		written = append(written, p.Name)
	}
	if name != "findings" { // its table comes at the end
		for _, text := range results(book) {
			t.Printf("%s", indent(text))
		}
	}
	t.Printf("  %s  (%s)", strings.Join(written, ", "), e.took.Round(100*time.Millisecond))
	return e, nil
}

// writable makes the folder and proves that files can be written there, before hours of work depend on it.
func writable(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	f, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		return fmt.Errorf("output folder: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// results returns what a notebook printed and the text of the values that it shows, without pictures.
func results(book *notebook.Notebook) []string {
	var texts []string
	for _, c := range book.Cells {
		for _, out := range c.Outputs {
			text, ok := out.Bundle.Data["text/plain"].(string)
			_, picture := out.Bundle.Data["image/png"]
			switch {
			case out.Type == "stream" && out.Name == "stdout":
				texts = append(texts, out.Text)
			case out.Type == "execute_result" && ok && !picture:
				texts = append(texts, text)
			}
		}
	}
	return texts
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}

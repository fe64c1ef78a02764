package main

import (
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

Runs the figure notebooks without Jupyter and writes each one, executed, and its
pictures as PNG and SVG. Trained nets and statistics are kept in a cache, so a
second run is quick and an interrupted one goes on where it was.

`

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

// chooseNotebooks returns the wanted notebooks in order of their names; none wanted is all.
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
	return slices.DeleteFunc(have, func(name string) bool {
		return len(only) > 0 && !slices.Contains(only, name)
	}), nil
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
	for _, name := range names {
		if err := reproduceOne(ctx, o.out, name, t); err != nil {
			t.clear()
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	t.Printf("done in %s: the notebooks and their pictures are in %s", time.Since(start).Round(100*time.Millisecond), o.out)
	return nil
}

// reproduceOne runs one notebook in a session of its own. What was executed is
// written also when a cell fails, so that the error can be read in its place.
func reproduceOne(ctx context.Context, out, name string, t *terminal) error {
	source, err := fs.ReadFile(notebooks.Files, name+".ipynb")
	if err != nil {
		return err
	}
	book, err := notebook.Parse(source)
	if err != nil {
		return err
	}
	s, err := openSession(t.show)
	if err != nil {
		return err
	}
	defer s.Close()
	t.Printf("%s", name)
	start := time.Now()
	runErr := notebook.Run(ctx, book, s, notebook.RunOptions{})
	if ctx.Err() != nil {
		return ctx.Err()
	}
	file := filepath.Join(out, name+".ipynb")
	if err := book.WriteFile(file); err != nil {
		return errors.Join(runErr, err)
	}
	if runErr != nil {
		return fmt.Errorf("%w (the cells so far are in %s)", runErr, file)
	}
	written := []string{path.Base(file)}
	for _, p := range notebook.Pictures(book, name) {
		if err := notebook.WriteFile(filepath.Join(out, p.Name), p.Data); err != nil {
			return err
		}
		written = append(written, p.Name)
	}
	for _, text := range results(book) {
		t.Printf("%s", indent(text))
	}
	t.Printf("  %s  (%s)", strings.Join(written, ", "), time.Since(start).Round(100*time.Millisecond))
	return nil
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

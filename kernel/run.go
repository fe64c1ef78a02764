package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/notebook"
	"gonverge/kernel/session"
)

// engine is what run and exec need of a session.
type engine interface {
	notebook.Runner
	Close()
}

// opener starts a session with a limit of its memory; show gets its progress bars.
type opener func(show func(display.Bar), limit memory) (engine, error)

func openSession(show func(display.Bar), limit memory) (engine, error) {
	s, err := newSession(show, limit)
	if err != nil {
		return nil, err // not s: a nil *Session in an interface is not nil
	}
	return s, nil
}

// parseMixed parses flags that stand before, between and after the arguments, and
// returns the arguments. After "--" all are arguments.
func parseMixed(flags *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := flags.Parse(args); err != nil {
			return nil, err
		}
		left := flags.Args()
		if n := len(args) - len(left); n > 0 && args[n-1] == "--" {
			return append(rest, left...), nil
		}
		if len(left) == 0 {
			return rest, nil
		}
		rest, args = append(rest, left[0]), left[1:]
	}
}

// flagExit is the exit code for what flag parsing said; 0 for a wish for help.
func flagExit(err error) int {
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	return 2
}

const runUsage = `usage: gonverge run NOTEBOOK.ipynb... [flags]

Executes notebooks without Jupyter, in the folder of each, and writes them with
their outputs. It stops at the first error, says it on stderr and exits with 1; a
notebook that would be overwritten then stays as it was.

`

// runOptions are the flags of `gonverge run`.
type runOptions struct {
	out         string
	allowErrors bool
	timeout     time.Duration
	viaKernel   bool
	memory      *memory
}

// runCommand executes notebooks. It returns 0, 1 after an error, 2 for wrong usage and 130 when it was interrupted.
func runCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return runNotebooks(ctx, args, stdout, stderr, openSession)
}

func runNotebooks(ctx context.Context, args []string, stdout, stderr io.Writer, open opener) int {
	var o runOptions
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, runUsage); flags.PrintDefaults() }
	flags.StringVar(&o.out, "o", "", "write here instead of over the notebook: a file, or a folder (always with several notebooks)")
	flags.BoolVar(&o.allowErrors, "allow-errors", false, "go on after an error, keep it in the notebook and exit with 0")
	flags.DurationVar(&o.timeout, "timeout", 0, "most time for one cell, such as 90s or 10m; 0: no limit")
	flags.BoolVar(&o.viaKernel, "via-kernel", false, "send the cells over sockets, as a front end does")
	o.memory = memoryFlag(flags)
	files, err := parseMixed(flags, args)
	if err != nil {
		return flagExit(err)
	}
	if o.viaKernel {
		open = overSockets(open)
	}
	targets, err := runTargets(files, o.out)
	if err != nil {
		fmt.Fprintln(stderr, "gonverge run:", err)
		return 2
	}
	for i, file := range files {
		err := runNotebook(ctx, file, targets[i], o, stdout, stderr, open)
		if ctx.Err() != nil {
			fmt.Fprintln(stderr, "gonverge run: interrupted")
			return 130
		}
		if err != nil {
			fmt.Fprintln(stderr, "gonverge run:", err)
			return 1
		}
	}
	return 0
}

// runTargets says where each notebook is written.
func runTargets(files []string, out string) ([]string, error) {
	if len(files) == 0 {
		return nil, errors.New("no notebook given (gonverge run -h tells more)")
	}
	if out == "" {
		return files, nil
	}
	info, err := os.Stat(out)
	folder := err == nil && info.IsDir() || strings.HasSuffix(out, "/") || strings.HasSuffix(out, string(filepath.Separator)) || len(files) > 1
	if !folder {
		return []string{out}, nil
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return nil, err
	}
	var targets []string
	from := map[string]string{}
	for _, f := range files {
		name := filepath.Base(f)
		if first, twice := from[name]; twice {
			return nil, fmt.Errorf("%s and %s would both be written to %s", first, f, filepath.Join(out, name))
		}
		from[name] = f
		targets = append(targets, filepath.Join(out, name))
	}
	return targets, nil
}

// runNotebook executes one notebook in its own folder and a session of its own.
func runNotebook(ctx context.Context, file, target string, o runOptions, stdout, stderr io.Writer, open opener) error {
	nb, err := notebook.Read(file)
	if err != nil {
		return err
	}
	source, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	destination, err := filepath.Abs(target)
	if err != nil {
		return err
	}
	// Relative paths in cells mean what they mean in Jupyter.
	back, err := os.Getwd()
	if err != nil {
		return err
	}
	if err := os.Chdir(filepath.Dir(source)); err != nil {
		return err
	}
	defer os.Chdir(back) // it was there a moment ago; if not, the next notebook's error says so

	bars := newTerminal(stderr)
	s, err := open(bars.show, *o.memory)
	if err != nil {
		return err
	}
	defer s.Close()
	start := time.Now()
	err = notebook.Run(ctx, nb, s, notebook.RunOptions{AllowErrors: o.allowErrors, Timeout: o.timeout})
	bars.clear()
	if ctx.Err() != nil {
		return ctx.Err()
	}
	failed := report(stderr, file, nb, err)
	if failed > 0 && !o.allowErrors && destination == source {
		return fmt.Errorf("%s: stopped; the file was not changed (-o writes what was executed elsewhere)", file)
	}
	if err := nb.WriteFile(destination); err != nil {
		return err
	}
	if failed > 0 && !o.allowErrors {
		return fmt.Errorf("%s: stopped; what was executed is in %s", file, target)
	}
	fmt.Fprintf(stdout, "%s: %d cells in %s, written to %s%s\n", file, executed(nb), time.Since(start).Round(10*time.Millisecond), target, withErrors(failed))
	return nil
}

func withErrors(n int) string {
	switch n {
	case 0:
		return ""
	case 1:
		return ", with 1 error"
	}
	return fmt.Sprintf(", with %d errors", n)
}

// executed counts the cells that ran.
func executed(nb *notebook.Notebook) int {
	n := 0
	for _, c := range nb.Cells {
		if c.Type == "code" && (c.Count > 0 || len(c.Outputs) > 0) {
			n++
		}
	}
	return n
}

// report writes the error of each cell with its traceback and returns how many there were.
func report(stderr io.Writer, file string, nb *notebook.Notebook, err error) int {
	if err == nil {
		return 0
	}
	n := 0
	for i, c := range nb.Cells {
		for _, out := range c.Outputs {
			if out.Type == "error" {
				n++
				fmt.Fprintf(stderr, "%s, cell %d:\n%s\n", file, i+1, traceback(out.Traceback, stderr))
			}
		}
	}
	if n == 0 { // nothing the notebook holds, so at least its text
		fmt.Fprintln(stderr, err)
		n = 1
	}
	return n
}

// traceback joins the lines of an error; its colours are for terminals only.
func traceback(lines []string, w io.Writer) string {
	text := strings.TrimRight(strings.Join(lines, "\n"), "\n")
	if newTerminal(w).live {
		return text
	}
	return stripColors(text)
}

// stripColors removes ANSI colour sequences: ESC [ parameters m.
func stripColors(s string) string {
	var b strings.Builder
	for {
		at := strings.Index(s, "\x1b[")
		if at < 0 {
			b.WriteString(s)
			return b.String()
		}
		b.WriteString(s[:at])
		end := strings.TrimLeft(s[at+2:], "0123456789;:")
		s = strings.TrimPrefix(end, "m")
	}
}

// errorText is the text of a session's error for a terminal or a file.
func errorText(e *session.Error, w io.Writer) string {
	if len(e.Traceback) == 0 {
		return e.Error()
	}
	return traceback(e.Traceback, w)
}

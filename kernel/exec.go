package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
)

const execUsage = `usage: gonverge exec [-memory SIZE] FILE.go | -

Runs the cells of a file, or of the standard input, one after the other in one
session. A line that begins with "// %%" starts a cell; without one, the whole file
is a cell. What cells print and the text of each result go to stdout. It stops at
the first error, says it on stderr and exits with 1.

    // %% four units
    m := mat.NewDense(2, 2, []float64{1, 2, 3, 4})
    // %%
    mat.Det(m)

A package clause at the top of the file is ignored, and so are cells whose first
line says [markdown]. A cell that uses more memory than SIZE (4GiB, 500MB; three
quarters of the machine's unless given) is stopped.
`

// execCommand runs a file of cells. It returns 0, 1 after an error, 2 for wrong usage and 130 when it was interrupted.
func execCommand(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return execCells(ctx, args, os.Stdin, stdout, stderr, openSession)
}

func execCells(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, open opener) int {
	flags := flag.NewFlagSet("exec", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, execUsage) }
	limit := memoryFlag(flags)
	files, err := parseMixed(flags, args)
	if err != nil {
		return flagExit(err)
	}
	if len(files) != 1 {
		fmt.Fprintf(stderr, "gonverge exec: want one file or -, have %d arguments (gonverge exec -h tells more)\n", len(files))
		return 2
	}
	name := files[0]
	var text []byte
	out := &printer{stdout: stdout, stderr: stderr}
	if name == "-" {
		name = "stdin"
		text, err = io.ReadAll(stdin)
	} else {
		text, err = os.ReadFile(name)
		out.stdin = bufio.NewReader(stdin)
	}
	if err != nil {
		fmt.Fprintln(stderr, "gonverge exec:", err)
		return 1
	}
	bars := newTerminal(stderr)
	s, err := open(bars.show, *limit)
	if err != nil {
		fmt.Fprintln(stderr, "gonverge exec:", err)
		return 1
	}
	defer s.Close()
	for _, source := range percentCells(string(text)) {
		reply := s.Run(ctx, source, session.RunOptions{StoreHistory: true, Label: name}, out)
		bars.clear()
		if ctx.Err() != nil {
			fmt.Fprintln(stderr, "gonverge exec: interrupted")
			return 130
		}
		if reply.Err != nil {
			fmt.Fprintln(stderr, errorText(reply.Err, stderr))
			return 1
		}
		if b, ok := display.Merge(reply.Values); ok {
			out.print(b)
		}
		if reply.Page != nil {
			out.print(*reply.Page)
		}
		if reply.Next != "" {
			fmt.Fprintln(stdout, reply.Next)
		}
	}
	return 0
}

// percentCells splits a file in the percent format. Every cell is preceded by as
// many empty lines as stand before it in the file, so that the lines that errors
// name are those of the file; commands, which must come first in a cell, are not.
func percentCells(text string) []string {
	var cells []string
	var body []string
	start, skip := 0, false
	flush := func() {
		source := strings.TrimRight(strings.Join(body, ""), " \t\n")
		begin := strings.TrimSpace(source)
		if begin == "" || skip || strings.HasPrefix(begin, "package ") && !strings.ContainsAny(begin, "\n;") {
			return
		}
		if begin[0] != '%' && begin[0] != '!' {
			source = strings.Repeat("\n", start) + source
		} else {
			source = begin
		}
		cells = append(cells, source)
	}
	n := 0
	for line := range strings.Lines(strings.ReplaceAll(text, "\r\n", "\n")) {
		n++
		title, header := strings.CutPrefix(line, "// %%")
		switch {
		case header:
			flush()
			body, start = nil, n
			skip = strings.Contains(title, "[markdown]") || strings.Contains(title, "[md]") || strings.Contains(title, "[raw]")
		default:
			body = append(body, line)
		}
	}
	flush()
	return cells
}

// printer writes the outputs of cells as text.
type printer struct {
	mu             sync.Mutex
	stdout, stderr io.Writer
	stdin          *bufio.Reader // nil: it was the source of the cells
}

// Stream passes on what a cell writes.
func (p *printer) Stream(name, text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	w := p.stdout
	if name == "stderr" {
		w = p.stderr
	}
	io.WriteString(w, text) // a closed pipe is no reason to stop the cell
}

// Display prints the text of a bundle; progress bars are drawn elsewhere, and an
// update would repeat what stands there.
func (p *printer) Display(b display.Bundle, id string, update bool) {
	if update || strings.HasPrefix(id, display.BarPrefix) {
		return
	}
	p.print(b)
}

func (p *printer) print(b display.Bundle) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintln(p.stdout, b.Plain())
}

// Clear does nothing: what is written stays.
func (p *printer) Clear(bool) {}

// Input reads a line from the standard input.
func (p *printer) Input(prompt string, _ bool) (string, error) {
	if p.stdin == nil {
		return "", fmt.Errorf("no input: the cells themselves came from the standard input")
	}
	p.mu.Lock()
	io.WriteString(p.stdout, prompt)
	p.mu.Unlock()
	line, err := p.stdin.ReadString('\n')
	if err == io.EOF && line != "" {
		err = nil
	}
	return strings.TrimRight(line, "\r\n"), err
}

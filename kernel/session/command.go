package session

import (
	"context"
	"fmt"
	"go/types"
	"html"
	"maps"
	"slices"
	"strings"

	"gonverge/kernel/cell"
	"gonverge/kernel/check"
	"gonverge/kernel/display"
)

// command is a %-command: the first word of a cell after the sign.
type command struct {
	name, args, help string
	more             string // what `%help name` adds
	takes            taking
	run              func(s *Session, c *invocation) *Error
}

// taking is what a command takes of its cell.
type taking int

const (
	line  taking = iota // its line; the lines below are a cell of their own
	code                // Go code: all of the rest
	whole               // all of the rest, as it is
)

// commands returns the table of %-commands.
func commands() []command {
	return []command{
		{"bash", "[-c] lines", "run the lines below in bash", "What they write appears as it comes; an interrupt ends them. An exit code other than 0 stops the cell.", whole, (*Session).bash},
		{"cd", "[DIR]", "change the working directory and say which it is", "~ or nothing is the home directory, - the directory before, . the one that it is.", line, (*Session).cd},
		{"doc", "NAME", "declaration and documentation of a name: %doc mat.Dense.Mul", "NAME? and ?NAME do the same.", line, (*Session).doc},
		{"env", "[NAME[=VALUE]]", "list, show or set environment variables", "%env NAME= makes it empty. Cells and commands see what is set.", line, (*Session).env},
		{"go111module", "on|off", "has no effect here: what cells can import is compiled in", "gophernotes chooses by it how it looks for the packages of other modules.", line, (*Session).go111module},
		{"help", "[COMMAND]", "this list, or more about a command", "", line, (*Session).help},
		{"load", "FILE", "put the text of a file in place of this cell", "A front end shows it in the next cell where it cannot replace this one. Nothing is run.", line, (*Session).loadFile},
		{"profile", "code", "run the rest of the cell and say where the time went", "A table of functions by their share of processor time, and how much of it was interpreted code, the library and Go's runtime.", code, (*Session).profile},
		{"reset", "", "forget all that cells have defined", "Variables, functions, types and imports go; goroutines that cells started are not stopped. The count of cells goes on.", line, (*Session).reset},
		{"save", "[-f] FILE", "write the cells that ran well to a file", "The file is in the percent format, which gonverge exec runs; -f replaces one that is there.", line, (*Session).save},
		{"time", "code", "run the rest of the cell and say how long it took", "", code, (*Session).time},
		{"timeit", "[-n LOOPS] [-r RUNS] code", "run a statement many times and say how long it takes", "Without -n as many loops as last a fifth of a second; 7 runs. What it computes is thrown away.", code, (*Session).timeit},
		{"who", "[NAME...]", "the variables, functions and types of the session", "", line, (*Session).who},
		{"writefile", "[-a] FILE lines", "write the lines below to a file; -a adds to it", "It is written beside its place and renamed, so it is whole or not there.", whole, (*Session).writefile},
	}
}

// invocation is a command of a cell.
type invocation struct {
	ctx    context.Context
	name   string
	cell   string // all of it
	source string // the same without the lines of commands above
	rest   string // what follows the name
	o      RunOptions
	reply  *Reply
}

// args are the words of the command's line.
func (c *invocation) args() []string {
	first, _, _ := strings.Cut(c.rest, "\n")
	return strings.Fields(first)
}

// below is the cell without the command and its line; positions stay.
func (c *invocation) below() string {
	_, below := cell.Line(c.name, c.rest)
	return strings.Repeat("\n", strings.Count(c.source[:len(c.source)-len(below)], "\n")) + below
}

// located adds to the error of a command where it stands, if there is more in its cell.
func (c *invocation) located(err *Error) *Error {
	if len(err.Traceback) > 0 || !strings.Contains(strings.TrimSpace(c.cell), "\n") {
		return err
	}
	at := strings.Count(c.source[:len(c.source)-len(c.rest)], "\n")
	text := strings.TrimSpace(strings.Split(c.source, "\n")[at])
	err.Line, err.Column = at+1, 1
	err.Traceback = []string{fmt.Sprintf("%s%s:%d%s", green, c.o.Label, at+1, plain), fmt.Sprintf("%4d | %s", at+1, text), bold + red + err.Error() + plain}
	return err
}

// code is the cell with the command, and as many bytes of its rest as are arguments, blank: positions stay.
func (c *invocation) code(skip int) string {
	n := len(c.source) - len(c.rest) + skip
	blank := []byte(c.source[:n])
	for i, b := range blank {
		if b != '\n' && b != '\t' {
			blank[i] = ' '
		}
	}
	return string(blank) + c.source[n:]
}

// problem is the error of a command.
func problem(format string, args ...any) *Error {
	return &Error{Name: "error", Message: fmt.Sprintf(format, args...)}
}

// show makes text the result of the cell.
func (c *invocation) show(text string) { c.reply.Values = append(c.reply.Values, display.Text(text)) }

// command runs a command, and the cell below it if it takes only its line.
func (s *Session) command(c *invocation) {
	more := s.alone(c)
	if c.reply.Err != nil {
		c.reply.Err = c.located(c.reply.Err)
		return
	}
	below := c.below()
	if !more || strings.TrimSpace(below) == "" {
		return
	}
	for _, b := range c.reply.Values { // now, to stand before what the lines below put out
		if err := s.toSink(func(sink Sink) { sink.Display(b, "", false) }); err != nil {
			c.reply.Err = problem("%v", err)
			return
		}
	}
	c.reply.Values = nil
	if name, rest, ok := cell.Command(below); ok {
		s.command(&invocation{ctx: c.ctx, name: name, cell: c.cell, source: below, rest: rest, o: c.o, reply: c.reply})
		return
	}
	c.reply.Values, c.reply.Err = s.run(c.ctx, below, c.o)
}

// elsewhere says what stands for commands that IPython has.
var elsewhere = map[string]string{
	"matplotlib": ", pictures show themselves", "pylab": ", pictures show themselves", "pip": ", packages are compiled in", "conda": ", packages are compiled in",
	"ls": ", !ls lists files", "pwd": ", !pwd tells the folder", "cat": ", !cat FILE shows a file", "run": ", %load FILE takes a file into the cell",
	"whos": ", %who lists variables", "prun": ", %profile does it", "history": ", %save FILE writes the cells down", "debug": ", %profile tells where time goes, a traceback where a panic was",
}

// alone runs a command without what stands below it, and tells whether that is a cell of its own.
func (s *Session) alone(c *invocation) (more bool) {
	switch c.name {
	case "!":
		c.reply.Err = s.shell(c)
		return true
	case "?":
		c.reply.Err = s.doc(&invocation{rest: " " + c.rest, reply: c.reply})
		return false
	}
	k, ok := lookup(c.name)
	if !ok {
		var names []string
		for _, k := range commands() {
			names = append(names, "%"+k.name)
		}
		c.reply.Err = problem("no command %%%s%s; have %s", c.name, elsewhere[c.name], strings.Join(names, ", "))
		return false
	}
	if args := c.args(); len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		c.show(k.manual())
		return false
	}
	c.reply.Err = k.run(s, c)
	return k.takes == line
}

// past replaces the commands whose lines end before the cursor by spaces.
func past(source string, cursor int) string {
	at := 0
	for {
		name, rest, ok := cell.Command(source[at:])
		k, _ := lookup(name)
		if !ok || name == "?" || name != "!" && k.takes != line {
			return source
		}
		_, below := cell.Line(name, rest)
		if at = len(source) - len(below); below == "" || cursor < at {
			return source
		}
		above := []byte(source[:at])
		for i, c := range above {
			if c != '\n' {
				above[i] = ' '
			}
		}
		source = string(above) + below
	}
}

func lookup(name string) (command, bool) {
	for _, k := range commands() {
		if k.name == name {
			return k, true
		}
	}
	return command{}, false
}

// sign is how a command is written.
func (k command) sign() string {
	if k.takes == whole {
		return "%%" + k.name
	}
	return "%" + k.name
}

// manual is all that there is to know about a command.
func (k command) manual() string {
	text := strings.TrimSpace(k.sign()+" "+k.args) + "\n" + k.help
	if k.more != "" {
		text += "\n" + k.more
	}
	return text
}

func (s *Session) help(c *invocation) *Error {
	if args := c.args(); len(args) > 0 {
		k, ok := lookup(strings.TrimLeft(args[0], "%"))
		if !ok {
			return problem("no command %s; %%help lists them", args[0])
		}
		c.show(k.manual())
		return nil
	}
	var b strings.Builder
	for _, k := range commands() {
		fmt.Fprintf(&b, "%-32s %s\n", strings.TrimSpace(k.sign()+" "+k.args), k.help)
	}
	fmt.Fprintf(&b, "%-32s %s\n", "!COMMAND, $COMMAND", "run a line in the shell")
	fmt.Fprintf(&b, "%-32s %s\n", "NAME?", "what %doc NAME shows")
	b.WriteString(`
In the statements of a cell an error that nobody names stops the cell: x := f() where f returns (T, error).
v, err := f() and _ = f() are plain Go, and so is all inside functions. The last expression is shown.
Lines with commands stand above the Go lines of a cell, one or more of them.
ctx is the context of the cell: it ends when the cell is interrupted, and carries progress.
Display(x) and package display show things from anywhere; package widget has sliders. %help COMMAND tells more.`)
	c.show(b.String())
	return nil
}

// go111module is there for notebooks that were written for gophernotes.
func (s *Session) go111module(c *invocation) *Error {
	if args := c.args(); len(args) != 1 || args[0] != "on" && args[0] != "off" {
		return problem("%%go111module wants on or off")
	}
	c.show("%go111module has no effect here: what cells can import is compiled in")
	return nil
}

// reset starts the session anew; the count of cells goes on.
func (s *Session) reset(*invocation) *Error {
	old := s.machine
	old.Flush()
	if err := s.start(); err != nil {
		return problem("%v", err)
	}
	old.Close()
	return nil
}

// doc shows what is known about a name.
func (s *Session) doc(c *invocation) *Error {
	args := c.args()
	if len(args) != 1 {
		return problem("%%doc wants one name, such as %%doc mat.Dense")
	}
	name := args[0]
	if k, ok := lookup(strings.TrimLeft(name, "%")); ok && strings.HasPrefix(name, "%") {
		b := display.Text(k.manual())
		c.reply.Page = &b
		return nil
	}
	b, ok := s.Inspect(name, len(name), 1)
	if i := strings.LastIndexByte(name, '.'); !ok && i > 0 { // a method of a type
		method := "(*" + name[:i] + ")" + name[i:]
		b, ok = s.Inspect(method, len(method), 1)
	}
	if !ok {
		return problem("nothing is known about %s", name)
	}
	c.reply.Page = &b
	return nil
}

// defined is a name of the session.
type defined struct{ kind, name, typ string }

// definitions lists what cells have defined, by name.
func (s *Session) definitions() (list []defined) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scope := s.program.Scope()
	for _, name := range slices.Sorted(maps.Keys(scope)) {
		o := scope[name]
		if _, imported := o.(*types.PkgName); imported || strings.HasPrefix(name, "__") || strings.Contains(name, check.Mark) || name == "ctx" || !check.InSession(o) {
			continue
		}
		kind, t := "var", types.TypeString(o.Type(), shortNames)
		switch o := o.(type) {
		case *types.Func:
			kind, t = "func", strings.TrimPrefix(t, "func")
		case *types.Const:
			kind, t = "const", t+" = "+o.Val().String()
		case *types.TypeName:
			kind, t = "type", types.TypeString(o.Type().Underlying(), shortNames)
		}
		list = append(list, defined{kind, name, t})
	}
	return list
}

// who lists what cells have defined, as text and as a table.
func (s *Session) who(c *invocation) *Error {
	list := s.definitions()
	if wanted := c.args(); len(wanted) > 0 {
		list = slices.DeleteFunc(list, func(d defined) bool {
			return !slices.ContainsFunc(wanted, func(w string) bool { return strings.Contains(d.name, w) || d.kind == w })
		})
	}
	if len(list) == 0 {
		text := "nothing is defined yet"
		if len(c.args()) > 0 {
			text = "nothing of that name is defined"
		}
		c.show(text)
		return nil
	}
	var text, table strings.Builder
	table.WriteString(`<table><thead><tr><th></th><th style="text-align:left">name</th><th style="text-align:left">type</th></tr></thead><tbody>`)
	for _, d := range list {
		sep := " "
		if d.kind == "func" {
			sep = ""
		}
		fmt.Fprintf(&text, "%-5s %s%s%s\n", d.kind, d.name, sep, d.typ)
		fmt.Fprintf(&table, `<tr><td>%s</td><td style="text-align:left"><code>%s</code></td><td style="text-align:left"><code>%s</code></td></tr>`,
			d.kind, html.EscapeString(d.name), html.EscapeString(d.typ))
	}
	table.WriteString("</tbody></table>")
	c.reply.Values = append(c.reply.Values, display.Bundle{Data: map[string]any{"text/plain": strings.TrimRight(text.String(), "\n"), "text/html": table.String()}})
	return nil
}

// shortNames writes types as cells do.
func shortNames(p *types.Package) string {
	if p.Path() == check.Path {
		return ""
	}
	return p.Name()
}

package session

import (
	"context"
	"fmt"
	"go/types"
	"maps"
	"slices"
	"strings"
	"time"

	"gonverge/kernel/check"
	"gonverge/kernel/display"
)

// command is a %-command: the first word of a cell after the sign.
type command struct {
	name, args, help string
	run              func(s *Session, ctx context.Context, rest string, o RunOptions) ([]display.Bundle, *Error)
}

// commands returns the table of %-commands.
func commands() []command {
	return []command{
		{"help", "", "this list", (*Session).help},
		{"reset", "", "forget all that cells have defined", (*Session).reset},
		{"time", "[code]", "run the rest of the cell and say how long it took", (*Session).time},
		{"who", "", "the variables, functions and types of the session", (*Session).who},
	}
}

// command runs a %-command.
func (s *Session) command(ctx context.Context, name, rest string, o RunOptions) ([]display.Bundle, *Error) {
	var names []string
	for _, c := range commands() {
		if c.name == name {
			return c.run(s, ctx, rest, o)
		}
		names = append(names, "%"+c.name)
	}
	return nil, &Error{Name: "error", Message: fmt.Sprintf("no command %%%s; have %s", name, strings.Join(names, ", "))}
}

func (s *Session) help(context.Context, string, RunOptions) ([]display.Bundle, *Error) {
	var b strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&b, "%-14s %s\n", "%"+strings.TrimSpace(c.name+" "+c.args), c.help)
	}
	b.WriteString(`
In the statements of a cell an error that nobody names stops the cell: x := f() where f returns (T, error).
v, err := f() and _ = f() are plain Go, and so is all inside functions. The last expression is shown.
ctx is the context of the cell: it ends when the cell is interrupted, and carries progress.`)
	return []display.Bundle{display.Text(b.String())}, nil
}

// time runs code and tells how long it took.
func (s *Session) time(ctx context.Context, rest string, o RunOptions) ([]display.Bundle, *Error) {
	start := time.Now()
	values, err := s.run(ctx, rest, o)
	took := time.Since(start)
	s.machine.Flush()
	s.stream("stdout", fmt.Sprintf("time: %v\n", took.Round(10*time.Microsecond)))
	return values, err
}

// reset starts the session anew; the count of cells goes on.
func (s *Session) reset(context.Context, string, RunOptions) ([]display.Bundle, *Error) {
	old := s.machine
	old.Flush()
	if err := s.start(); err != nil {
		return nil, &Error{Name: "error", Message: err.Error()}
	}
	old.Close()
	return nil, nil
}

// who lists what cells have defined.
func (s *Session) who(context.Context, string, RunOptions) ([]display.Bundle, *Error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	scope := s.program.Scope()
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(scope)) {
		o := scope[name]
		if _, imported := o.(*types.PkgName); imported || strings.HasPrefix(name, "__") || strings.Contains(name, check.Mark) || name == "ctx" {
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
		if !check.InSession(o) {
			continue
		}
		sep := " "
		if kind == "func" {
			sep = ""
		}
		fmt.Fprintf(&b, "%-5s %s%s%s\n", kind, name, sep, t)
	}
	if b.Len() == 0 {
		b.WriteString("nothing is defined yet")
	}
	return []display.Bundle{display.Text(strings.TrimRight(b.String(), "\n"))}, nil
}

// shortNames writes types as cells do.
func shortNames(p *types.Package) string {
	if p.Path() == check.Path {
		return ""
	}
	return p.Name()
}

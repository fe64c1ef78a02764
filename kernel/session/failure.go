package session

import (
	"context"
	"errors"
	"fmt"
	"go/token"
	"strings"

	"gonverge/kernel/cell"
	"gonverge/kernel/lower"
	"gonverge/kernel/run"
)

// Colours of tracebacks.
const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	bold  = "\x1b[1m"
	plain = "\x1b[0m"
)

// place is a position with the source line and a caret under the column.
func (s *Session) place(p cell.Position) (lines []string) {
	if !p.IsValid() {
		return nil
	}
	lines = []string{fmt.Sprintf("%s%s:%d:%d%s", green, s.files.Label(p.Cell), p.Line, p.Column, plain)}
	src := s.files.Line(p.Cell, p.Line)
	if src == "" {
		return lines
	}
	var pad strings.Builder // tabs stay tabs, so that the caret stands under its column
	for i, r := range src {
		if i >= p.Column-1 {
			break
		}
		if r == '\t' {
			pad.WriteByte('\t')
		} else {
			pad.WriteByte(' ')
		}
	}
	number := fmt.Sprintf("%4d | ", p.Line)
	return append(lines, number+src, strings.Repeat(" ", len(number)-2)+"| "+pad.String()+red+"^"+plain)
}

// rejected is the error of a cell that did not pass the check.
func (s *Session) rejected(err error) *Error {
	var list cell.Diagnostics
	if !errors.As(err, &list) || len(list) == 0 {
		return &Error{Name: "compile error", Message: err.Error()}
	}
	e := &Error{Name: "compile error", Cell: list[0].Cell, Line: list[0].Line, Column: list[0].Column}
	var messages []string
	for i, d := range list {
		messages = append(messages, d.Message)
		if line := strings.TrimSpace(s.files.Line(d.Cell, d.Line)); d.Line > 1 && line != "" && d.Column <= 2 && (line[0] == '!' || d.Hint == "" && (line[0] == '%' || line[0] == '$')) {
			d.Hint = "lines with commands stand above the Go lines of a cell"
		}
		if i == 8 && len(list) > 10 {
			e.Traceback = append(e.Traceback, fmt.Sprintf("... and %d more", len(list)-i))
			break
		}
		e.Traceback = append(e.Traceback, s.place(d.Position)...)
		e.Traceback = append(e.Traceback, bold+red+d.Message+plain)
		if d.Hint != "" {
			messages[len(messages)-1] += " (" + d.Hint + ")"
			e.Traceback = append(e.Traceback, d.Hint)
		}
	}
	e.Message = strings.Join(messages, "\n")
	return e
}

// position turns the number of a mark into a place.
func (s *Session) position(pos int) cell.Position { return s.files.Position(token.Pos(pos)) }

// panicked is the error of a cell that panicked, called os.Exit, or stopped at a checked call.
func (s *Session) panicked(p *run.Panic) *Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.position(p.Pos)
	e := &Error{Name: "panic", Message: p.Text, Cell: at.Cell, Line: at.Line, Column: at.Column}
	switch {
	case p.Error:
		e.Name = "error"
		if err, ok := p.Value.(error); ok && errors.Is(err, context.Canceled) {
			e.Name = "interrupted"
		}
	case p.Exit:
		e.Name = "exit"
	case p.Over:
		e.Name = "stopped"
	}
	e.Traceback = append(e.Traceback, s.place(at)...)
	e.Traceback = append(e.Traceback, bold+red+e.Error()+plain)
	if !p.Error {
		e.Traceback = append(e.Traceback, s.frames(p.Frames)...)
	}
	return e
}

// frames lists the interpreted functions that a panic left, innermost first.
func (s *Session) frames(frames []run.Frame) (lines []string) {
	if len(frames) < 2 {
		return nil
	}
	for i, f := range frames {
		if i == 20 {
			return append(lines, fmt.Sprintf("    ... %d more", len(frames)-i))
		}
		at := s.position(f.Pos)
		if !at.IsValid() {
			continue
		}
		lines = append(lines, fmt.Sprintf("    in %s at %s:%d", s.state.Function(f.Function).Name, s.files.Label(at.Cell), at.Line))
	}
	return lines
}

// stopped is the error of a cell that was cancelled or went over a limit.
func (s *Session) stopped(out run.Outcome) *Error {
	e := &Error{Name: "interrupted", Message: "the cell was interrupted"}
	if !errors.Is(out.Cause, context.Canceled) {
		e.Name, e.Message = "stopped", fmt.Sprint(out.Cause)
		if errors.Is(out.Cause, context.DeadlineExceeded) {
			e.Message = "the time for the cell is over"
		}
	}
	if out.Detached {
		e.Message += "; compiled code that it called is still running"
	}
	if out.Stopped > 0 {
		e.Message += fmt.Sprintf("; %d goroutines of cells were stopped too", out.Stopped)
	}
	e.Traceback = []string{bold + red + e.Error() + plain}
	return e
}

// goroutinePanic tells of a panic on a goroutine; the session goes on.
func (s *Session) goroutinePanic(startedAt int, p *run.Panic) {
	s.mu.Lock()
	start, at := s.position(startedAt), s.position(p.Pos)
	from := ""
	if start.IsValid() {
		from = fmt.Sprintf(" started at %s:%d", s.files.Label(start.Cell), start.Line)
	}
	text := fmt.Sprintf("panic in a goroutine%s: %s\n", from, p.Text)
	if at.IsValid() {
		text += fmt.Sprintf("    at %s:%d: %s\n", s.files.Label(at.Cell), at.Line, strings.TrimSpace(s.files.Line(at.Cell, at.Line)))
	}
	for _, l := range s.frames(p.Frames) {
		text += l + "\n"
	}
	s.mu.Unlock()
	s.machine.Flush()
	s.stream("stderr", text)
}

// internal is the error of lowered code that the interpreter rejects: a fault of ours, never of the user.
func internal(err error, code *lower.Code) *Error {
	return &Error{Name: "internal error", Message: "the kernel could not run this cell, and nothing of it ran: " + err.Error(), Traceback: []string{
		bold + red + "internal error: the kernel could not run this cell, and nothing of it ran" + plain, err.Error(), "lowered code:", code.String()}}
}

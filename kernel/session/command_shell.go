package session

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// shell runs the line after a !, and those below it that begin with one, too.
func (s *Session) shell(c *invocation) *Error {
	var lines []string
	for i, l := range strings.Split(c.rest, "\n") {
		t := strings.TrimSpace(l)
		switch {
		case t == "":
		case i == 0:
			lines = append(lines, l)
		case strings.HasPrefix(t, "!"), strings.HasPrefix(t, "$"):
			lines = append(lines, t[1:])
		case len(lines) > 0 && strings.HasSuffix(lines[len(lines)-1], `\`): // goes on
			lines[len(lines)-1] += "\n" + l
		default:
			return problem("line %d: a cell that begins with ! has only lines that do; %%%%bash takes a whole script", i+1)
		}
	}
	for _, l := range lines {
		program := []string{"sh", "-c", l}
		if runtime.GOOS == "windows" {
			program = []string{"cmd", "/C", l}
		}
		if err := s.process(c.ctx, program); err != nil {
			return err
		}
	}
	return nil
}

// bash runs a script.
func (s *Session) bash(c *invocation) *Error {
	return s.process(c.ctx, []string{"bash", "-c", c.rest})
}

// process runs a program whose output is the cell's. An interrupt ends it and its children.
func (s *Session) process(ctx context.Context, program []string) *Error {
	p := exec.CommandContext(ctx, program[0], program[1:]...)
	p.Stdout, p.Stderr = sinkWriter{s, "stdout"}, sinkWriter{s, "stderr"}
	p.WaitDelay = time.Second // somebody in the background may hold the pipes
	ownGroup(p)
	err := p.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return &Error{Name: "interrupted", Message: "the command was interrupted"}
	case errors.Is(err, exec.ErrWaitDelay): // the program itself has ended well
	case errors.As(err, &exit):
		return problem("%s", exit.Error())
	case err != nil:
		return problem("%s: %v", program[0], err)
	}
	return nil
}

// sinkWriter writes into a stream of the cell, through its batches.
type sinkWriter struct {
	s      *Session
	stream string
}

func (w sinkWriter) Write(p []byte) (int, error) {
	w.s.machine.Write(w.stream, p)
	return len(p), nil
}

package session

import (
	"context"
	"errors"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"gonverge/kernel/cell"
)

// shell runs the line after a !.
func (s *Session) shell(c *invocation) *Error {
	text, _ := cell.Line(c.name, c.rest)
	if strings.TrimSpace(text) == "" {
		return nil
	}
	program := []string{"sh", "-c", text}
	if runtime.GOOS == "windows" {
		program = []string{"cmd", "/C", text}
	}
	return s.process(c.ctx, program)
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

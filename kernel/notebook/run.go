package notebook

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
)

// Runner runs the source of one cell; *session.Session does.
type Runner interface {
	Run(ctx context.Context, source string, o session.RunOptions, sink session.Sink) session.Reply
}

// RunOptions says how a notebook is run. The zero value stops at the first error
// and lets every cell take its time.
type RunOptions struct {
	AllowErrors bool          // go on after an error; it stays in the outputs of its cell
	Timeout     time.Duration // most time for one cell; 0: no limit
	Observer    Observer      // is told what happens; nil: nobody
}

// Observer is told what happens while a notebook runs. Its methods are called one
// at a time and must be quick.
type Observer interface {
	// Start comes before cell i, from 0.
	Start(i int, c *Cell)
	// Stream comes with text that a cell wrote to "stdout" or "stderr".
	Stream(c *Cell, name, text string)
	// End comes after cell i; err is nil if it ran to its end.
	End(i int, c *Cell, err *session.Error, took time.Duration)
}

// CellError is the error of a cell that stopped a notebook.
type CellError struct {
	Index int    // of the cell, from 0
	ID    string // of the cell
	Err   *session.Error
}

// Error names the cell as a reader counts, from 1.
func (e *CellError) Error() string {
	return fmt.Sprintf("cell %d: %s", e.Index+1, e.Err.Error())
}

// Unwrap returns the session's error.
func (e *CellError) Unwrap() error { return e.Err }

// Run executes the code cells in order and puts their outputs in place of the old
// ones. It returns a *CellError when a cell stopped it, ctx.Err() when ctx ended;
// cells that did not run have no outputs then. With AllowErrors the error of each
// failed cell is joined into the result, after all have run.
func Run(ctx context.Context, nb *Notebook, r Runner, o RunOptions) error {
	for _, c := range nb.Cells {
		c.Count, c.Outputs = 0, nil
	}
	all := &collector{named: map[string][]*Output{}, observer: o.Observer}
	defer func() {
		all.mu.Lock()
		all.closed = true
		all.mu.Unlock()
	}()
	var failed []error
	for i, c := range nb.Cells {
		if c.Type != "code" || strings.TrimSpace(c.Source) == "" {
			continue
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		err := runCell(ctx, i, c, r, o, all)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err == nil {
			continue
		}
		failed = append(failed, &CellError{Index: i, ID: c.ID, Err: err})
		if !o.AllowErrors {
			break
		}
	}
	if len(failed) == 1 {
		return failed[0]
	}
	return errors.Join(failed...)
}

// runCell runs one cell and stores what it gave.
func runCell(ctx context.Context, i int, c *Cell, r Runner, o RunOptions, all *collector) *session.Error {
	if o.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, o.Timeout)
		defer cancel()
	}
	s := &sink{collector: all, cell: c}
	all.observe(func(w Observer) { w.Start(i, c) })
	start := time.Now()
	reply := r.Run(ctx, c.Source, session.RunOptions{StoreHistory: true}, s)
	took := time.Since(start)
	if reply.Err != nil && errors.Is(ctx.Err(), context.DeadlineExceeded) {
		late := *reply.Err
		late.Name, late.Message = "timeout", fmt.Sprintf("stopped after %v, the most that a cell may take", o.Timeout)
		late.Traceback = append([]string{late.Error()}, late.Traceback...)
		reply.Err = &late
	}
	s.finish()
	s.mu.Lock()
	c.Count = reply.Count
	if b, ok := display.Merge(reply.Values); ok && reply.Err == nil {
		out := &Output{Type: "execute_result", Bundle: b, Count: reply.Count, id: b.ID}
		if b.ID != "" {
			s.named[b.ID] = append(s.named[b.ID], out)
		}
		s.add(out)
	}
	if reply.Page != nil && reply.Err == nil { // as JupyterLab does
		s.add(&Output{Type: "display_data", Bundle: *reply.Page})
	}
	if e := reply.Err; e != nil {
		trace := e.Traceback
		if trace == nil {
			trace = []string{e.Error()}
		}
		s.add(&Output{Type: "error", ErrorName: e.Name, ErrorValue: e.Message, Traceback: trace})
	}
	s.waiting = false
	s.mu.Unlock()
	all.observe(func(w Observer) { w.End(i, c, reply.Err, took) })
	return reply.Err
}

// observe calls the observer, if there is one, when nobody else does.
func (c *collector) observe(tell func(Observer)) {
	if c.observer == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	tell(c.observer)
}

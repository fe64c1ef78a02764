package notebook

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"gonverge/kernel/display"
)

// collector gathers the outputs of the cells of one run as a front end stores
// them. It is safe for concurrent use: goroutines that a cell started may write
// after it ended, until the run ends.
type collector struct {
	mu       sync.Mutex
	named    map[string][]*Output // shown outputs by display id, of all cells
	observer Observer
	closed   bool
}

// sink collects for one cell.
type sink struct {
	*collector
	cell    *Cell
	waiting bool // clear before the next output
}

// add appends an output to the cell.
func (s *sink) add(out *Output) {
	if s.waiting {
		s.waiting = false
		s.cell.Outputs = nil
	}
	s.cell.Outputs = append(s.cell.Outputs, out)
}

// Stream joins text to the output before it if that is of the same stream.
func (s *sink) Stream(name, text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || text == "" {
		return
	}
	if s.observer != nil {
		s.observer.Stream(s.cell, name, text)
	}
	if n := len(s.cell.Outputs); n > 0 && !s.waiting {
		if last := s.cell.Outputs[n-1]; last.Type == "stream" && last.Name == name {
			last.Text += text
			return
		}
	}
	s.add(&Output{Type: "stream", Name: name, Text: text})
}

// Display adds an output, or replaces what all outputs of that id show.
func (s *sink) Display(b display.Bundle, id string, update bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	b = display.Bundle{Data: maps.Clone(b.Data), Metadata: maps.Clone(b.Metadata)}
	if update {
		for _, out := range s.named[id] {
			out.Bundle = b
		}
		return
	}
	out := &Output{Type: "display_data", Bundle: b, id: id}
	if id != "" {
		s.named[id] = append(s.named[id], out)
	}
	s.add(out)
}

// Clear removes the outputs so far, at once or when the next one comes.
func (s *sink) Clear(wait bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return
	}
	s.waiting = wait
	if !wait {
		s.cell.Outputs = nil
	}
}

// Input refuses: nobody is there to answer.
func (s *sink) Input(string, bool) (string, error) {
	return "", errors.New("a notebook that runs without a front end has no input")
}

// finish settles the outputs of a cell that has ended: progress bars go, since a
// file is read when they mean nothing any more, and lines that were overwritten
// in place keep their last state.
func (s *sink) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cell.Outputs = slices.DeleteFunc(s.cell.Outputs, func(out *Output) bool {
		if strings.HasPrefix(out.id, display.BarPrefix) {
			delete(s.named, out.id)
			return true
		}
		return false
	})
	// Streams that only a bar parted belong together again.
	var joined []*Output
	for _, out := range s.cell.Outputs {
		if n := len(joined); n > 0 && out.Type == "stream" && joined[n-1].Type == "stream" && joined[n-1].Name == out.Name {
			joined[n-1].Text += out.Text
			continue
		}
		joined = append(joined, out)
	}
	for _, out := range joined {
		if out.Type == "stream" {
			out.Text = overwrite(out.Text)
		}
	}
	s.cell.Outputs = joined
}

// overwrite carries out the carriage returns and backspaces in a text, as a
// terminal does.
func overwrite(text string) string {
	if !strings.ContainsAny(text, "\r\b") {
		return text
	}
	var b strings.Builder
	for line := range strings.Lines(text) {
		body, ended := strings.CutSuffix(line, "\n")
		body = strings.TrimSuffix(body, "\r") // \r\n is a line end
		var cells []rune
		at := 0
		for _, r := range body {
			switch {
			case r == '\r':
				at = 0
			case r == '\b':
				at = max(0, at-1)
			case at < len(cells):
				cells[at] = r
				at++
			default:
				cells = append(cells, r)
				at++
			}
		}
		b.WriteString(string(cells))
		if ended {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

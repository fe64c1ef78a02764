package run

import (
	"regexp"
	"strconv"
)

// The interpreter writes one line for each frame that a panic leaves, on the goroutine that panics, innermost first.
var frameLine = regexp.MustCompile(`^(?:\S*?:)?(\d+):\d+: panic: .*\(\.\.\.\)\n?$`)

// Lines of lowered functions: see package lower.
const (
	firstLine = 10_000_000
	lineStep  = 10
)

// traceWriter is the interpreter's stderr: frames are kept, the rest is output.
type traceWriter struct{ m *Machine }

func (w traceWriter) Write(p []byte) (int, error) {
	match := frameLine.FindSubmatch(p)
	if match == nil {
		return w.m.out.writer("stderr").Write(p)
	}
	line, err := strconv.Atoi(string(match[1]))
	if err != nil || line < firstLine || (line-firstLine)%lineStep != 0 {
		return len(p), nil // code that is not the user's
	}
	g := goroutine()
	w.m.mu.Lock()
	if t := w.m.traces[g]; len(t) < 100 {
		w.m.traces[g] = append(t, (line-firstLine)/lineStep)
	}
	w.m.mu.Unlock()
	return len(p), nil
}

// dropTrace forgets the frames that a recovered panic left on this goroutine.
func (m *Machine) dropTrace() {
	m.mu.Lock()
	n := len(m.traces)
	m.mu.Unlock()
	if n == 0 {
		return
	}
	g := goroutine()
	m.mu.Lock()
	delete(m.traces, g)
	m.mu.Unlock()
}

// takeFrames returns the frames that a panic left on this goroutine.
func (m *Machine) takeFrames() (frames []Frame) {
	g := goroutine()
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, id := range m.traces[g] {
		if p := m.marks[id]; p != nil {
			frames = append(frames, Frame{id, readMark(p)})
		}
	}
	delete(m.traces, g)
	return frames
}

// setMark and readMark set and read a position mark. Goroutines share the mark of a function: it holds the line of the last.

//go:norace
func setMark(p *int, pos int) { *p = pos }

//go:norace
func readMark(p *int) int { return *p }

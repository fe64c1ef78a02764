package run

import (
	"time"
)

// Deferred calls of stopped code. When a cell is stopped its functions end where they are, and nothing interpreted can run
// until the run number is put back (stop.go). What they had deferred, an Unlock or a Close, is kept until then, innermost
// function first, and runs as a small cell of its own, for which lateGrace is time enough.

const lateGrace = 300 * time.Millisecond

// keeps takes the deferred calls of an activation that was stopped; false where it goes on.
func (w *window) keeps(d *Defers) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.over {
		return false
	}
	if len(d.calls) > 0 {
		w.late = append(w.late, d)
	}
	return true
}

// close ends the window and returns whose deferred calls it kept.
func (w *window) close() []*Defers {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.over = true
	return w.late
}

// runLate runs deferred calls of a stopped activity. A panic of theirs is lost, as the cell's own end is what is told.
func (m *Machine) runLate(of *activity, late []*Defers) (detached bool) {
	if len(late) == 0 {
		return false
	}
	a := &activity{ctx: of.ctx, done: make(chan *Panic, 1), stopped: make(chan struct{}), tag: of.tag, late: true}
	m.markActivity(a)
	defer a.forgetLabels()
	m.cur.Store(a)
	go func() {
		a.enterBody()
		for _, d := range late {
			d.panicking, d.value = false, nil
			d.run()
			m.dropTrace()
		}
		a.done <- nil
	}()
	select {
	case p := <-a.done:
		a.done <- p
		return false
	case <-time.After(lateGrace):
		_, detached = m.stop(a)
		return detached
	}
}

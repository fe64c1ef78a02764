package run

import (
	"sync/atomic"
	"time"
)

// Waiting for ever. Go ends a program when all its goroutines wait for each other. In a session that is no end, since the
// kernel's own goroutines go on, and so the cell says nothing for ever. Here those of cells are counted: when the body of
// the running cell and every goroutine that cells started wait for a channel, a WaitGroup or a lock, and nothing has
// changed for a while, then only compiled code could wake them. Whether there is any that might, a timer say, only
// whoever compiled the cells can tell.

// asleepAfter is how long they must have waited. It only has to be longer than what a busy machine may take to run what
// is ready.
const asleepAfter = 2 * time.Second

// waits counts the goroutines of cells that wait for another one.
type waits struct {
	now   atomic.Int64
	begun atomic.Uint64
}

// waiting is what the body of a cell waits for, and where.
type waiting struct {
	pos  int
	what string
}

// begin counts the calling goroutine of an activity until the returned function is called.
func (w *waits) begin(a *activity, isBody bool, pos int, what string) (end func()) {
	w.begun.Add(1)
	w.now.Add(1)
	if !isBody {
		return func() { w.now.Add(-1) }
	}
	a.waits.Store(&waiting{pos, what})
	return func() {
		a.waits.Store(nil)
		w.now.Add(-1)
	}
}

// sleepers watches whether a cell waits for ever.
type sleepers struct {
	begun uint64
	since time.Time
	told  bool
}

// look is called again and again while a cell runs. It tells once what the body waits for.
func (s *sleepers) look(m *Machine, a *activity) {
	if s.told || m.o.Asleep == nil {
		return
	}
	w, begun := a.waits.Load(), m.waits.begun.Load()
	if w == nil || m.left != nil || m.waits.now.Load() != m.live.Load()+1 || begun != s.begun || s.since.IsZero() {
		s.begun, s.since = begun, time.Now()
		return
	}
	if time.Since(s.since) >= asleepAfter {
		s.told = true
		m.o.Asleep(w.pos, w.what)
	}
}

package progress

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// Event is the state of one bar.
type Event struct {
	ID       uint64 // the same for all events of a bar, different from every other bar of this process
	Label    string // what is done, "net 2 of 4"
	Done     int    // steps done
	Total    int    // steps in all; 0 if unknown
	Note     string // how it goes, "loss 0.123"
	Finished bool   // the last event of this bar; Done < Total if the work was cut short
}

// Reporter receives events. Report is called from any goroutine, for one bar in
// order and one call at a time; it must return quickly, since the work waits for it,
// and must not call back into the bar it hears of.
type Reporter interface {
	Report(Event)
}

type reporterKey struct{}

// With returns a context that hands events to r. A nil r makes it silent.
func With(ctx context.Context, r Reporter) context.Context {
	return context.WithValue(ctx, reporterKey{}, r)
}

// interval is the shortest time between two events of a bar: ten a second are
// smooth to the eye and no load for a browser.
const interval = 100 * time.Millisecond

// lastID numbers the bars of this process. It is package state because a reporter
// may serve several contexts; no result depends on it.
var lastID atomic.Uint64

// Bar is a piece of work under way; Start makes it.
type Bar struct {
	to  Reporter // nil: silent
	now func() time.Time

	mu    sync.Mutex
	state Event
	last  time.Time // of the last event
}

// Start begins a bar with total steps (0 if unknown) and reports it. The bar is never
// nil; without a reporter in ctx it is silent.
func Start(ctx context.Context, label string, total int) *Bar {
	return start(ctx, label, total, time.Now)
}

func start(ctx context.Context, label string, total int, now func() time.Time) *Bar {
	r, _ := ctx.Value(reporterKey{}).(Reporter)
	b := &Bar{to: r, now: now, state: Event{Label: label, Total: max(total, 0)}}
	if r == nil {
		return b
	}
	b.state.ID = lastID.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.report()
	return b
}

// Set says how many steps are done and how it goes.
func (b *Bar) Set(done int, note string) {
	b.update(func(e *Event) { e.Done, e.Note = done, note })
}

// Add counts n more steps and leaves the note.
func (b *Bar) Add(n int) {
	b.update(func(e *Event) { e.Done += n })
}

// Finish ends the bar; it is always reported, once, with the steps done so far. An
// empty note leaves the last one. Later calls of any method do nothing.
func (b *Bar) Finish(note string) {
	if b.to == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.Finished {
		return
	}
	b.state.Finished = true
	if note != "" {
		b.state.Note = note
	}
	b.report()
}

// update changes the state and reports it if the last event is long enough ago.
func (b *Bar) update(change func(*Event)) {
	if b.to == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.state.Finished {
		return
	}
	change(&b.state)
	if b.now().Sub(b.last) >= interval {
		b.report()
	}
}

// report hands the state to the reporter; b.mu is held, which keeps events in order.
func (b *Bar) report() {
	b.last = b.now()
	b.to.Report(b.state)
}

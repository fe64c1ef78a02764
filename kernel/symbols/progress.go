package symbols

import (
	"context"
	"sync"
	"time"

	"gonverge/kernel/display"
	"gonverge/lib/progress"
)

// moment is how long work must last before its bar is shown: what is over sooner,
// such as taking a trained net from the cache, would leave a full bar behind.
const moment = 300 * time.Millisecond

// Context returns a context whose progress bars (package progress of lib) are shown by calling bar for every event,
// except those of a bar's first moment. bar may be called from several goroutines at once and must be quick.
func Context(ctx context.Context, bar func(display.Bar)) context.Context {
	return progress.With(ctx, &reporter{bar: bar, now: time.Now, started: map[uint64]time.Time{}})
}

type reporter struct {
	bar func(display.Bar)
	now func() time.Time

	mu      sync.Mutex
	started map[uint64]time.Time // bars that were not shown yet
	shown   map[uint64]bool
}

func (r *reporter) Report(e progress.Event) {
	if r.show(e) {
		r.bar(display.Bar{ID: e.ID, Label: e.Label, Done: e.Done, Total: e.Total, Note: e.Note, Finished: e.Finished})
	}
}

// show reports whether an event is to be shown, and keeps the books.
func (r *reporter) show(e progress.Event) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.shown[e.ID] {
		if e.Finished {
			delete(r.shown, e.ID)
		}
		return true
	}
	now := r.now()
	start, known := r.started[e.ID]
	if !known {
		start = now
	}
	if e.Finished {
		delete(r.started, e.ID)
		return now.Sub(start) >= moment
	}
	if now.Sub(start) < moment {
		r.started[e.ID] = start
		return false
	}
	delete(r.started, e.ID)
	if r.shown == nil {
		r.shown = map[uint64]bool{}
	}
	r.shown[e.ID] = true
	return true
}

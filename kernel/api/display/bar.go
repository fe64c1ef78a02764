package display

import (
	"sync"
	"time"
)

// State is what a bar shows.
type State struct {
	Label       string // what is being done
	Done, Total int    // steps; Total 0: not known
	Note        string // the latest news
	Finished    bool   // no more states will come
}

// interval is the shortest time between two states of a bar that are shown.
const interval = 100 * time.Millisecond

// Bar is a progress bar. It shows its start, then at most ten states a second, then its last step and its end, so a loop may
// report every step. Its methods are safe for concurrent use.
type Bar struct {
	show func(State)

	mu    sync.Mutex
	state State
	last  time.Time // when a state was shown
}

// NewBar returns a bar that hands its states to show, one at a time; nil makes it silent.
func NewBar(label string, total int, show func(State)) *Bar {
	b := &Bar{show: show, state: State{Label: label, Total: max(0, total)}}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.report()
	return b
}

// Add says that n more steps are done.
func (b *Bar) Add(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Done += n
	b.changed()
}

// Set says how many steps are done, and how it goes; "" keeps the note before.
func (b *Bar) Set(done int, note string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.state.Done = done
	if note != "" {
		b.state.Note = note
	}
	b.changed()
}

// Finish ends the bar with a last note; "" keeps the note before. Whatever comes after it is ignored.
func (b *Bar) Finish(note string) {
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

// changed shows the state when the last one is old enough, or when all steps are done.
func (b *Bar) changed() {
	full := b.state.Total > 0 && b.state.Done == b.state.Total
	if !b.state.Finished && (full || time.Since(b.last) >= interval) {
		b.report()
	}
}

func (b *Bar) report() {
	b.last = time.Now()
	if b.show != nil {
		b.show(b.state)
	}
}

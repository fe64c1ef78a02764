package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"gonverge/kernel/display"
)

// terminal shows progress bars and lines of text on one writer. On a real
// terminal the bars that are under way stay at the bottom and are redrawn in
// place; elsewhere (a file, a CI log) a bar gets a line every plainEvery. When a
// bar ends its last state stays as a line, unless the work was over in a moment.
type terminal struct {
	mu    sync.Mutex
	w     io.Writer
	live  bool       // w is a terminal: redraw in place
	bars  []shownBar // under way, in order of their start
	drawn int        // lines of bars that stand at the bottom of the screen
	now   func() time.Time
}

// shownBar is a bar under way.
type shownBar struct {
	display.Bar
	start, printed time.Time // when it came, and when it last had a line of its own
}

const (
	plainEvery = 10 * time.Second
	moment     = time.Second // work that is over within it leaves no line
)

func newTerminal(w io.Writer) *terminal {
	t := &terminal{w: w, now: time.Now}
	if f, ok := w.(*os.File); ok && os.Getenv("TERM") != "dumb" {
		info, err := f.Stat()
		t.live = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	return t
}

// Printf writes a line above the bars.
func (t *terminal) Printf(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	fmt.Fprintf(t.w, strings.TrimSuffix(format, "\n")+"\n", args...)
	t.draw()
}

// show takes one event of a bar; it may be called from several goroutines.
func (t *terminal) show(b display.Bar) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	defer t.draw()
	now := t.now()
	i := slices.IndexFunc(t.bars, func(s shownBar) bool { return s.ID == b.ID })
	if i < 0 {
		i = len(t.bars)
		t.bars = append(t.bars, shownBar{start: now, printed: now})
	}
	s := &t.bars[i]
	s.Bar = b
	switch {
	case b.Finished:
		if now.Sub(s.start) >= moment {
			fmt.Fprintln(t.w, "  "+b.Text())
		}
		t.bars = slices.Delete(t.bars, i, i+1)
	case !t.live && now.Sub(s.printed) >= plainEvery:
		s.printed = now
		fmt.Fprintln(t.w, "  "+b.Text())
	}
}

// clear forgets the bars that were not finished, for instance after an interrupt.
func (t *terminal) clear() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.erase()
	t.bars = nil
}

// erase removes the bars from the screen.
func (t *terminal) erase() {
	if t.live && t.drawn > 0 {
		fmt.Fprintf(t.w, "\x1b[%dA\x1b[J", t.drawn)
	}
	t.drawn = 0
}

// draw puts the bars at the bottom of the screen.
func (t *terminal) draw() {
	if !t.live {
		return
	}
	for _, b := range t.bars {
		// A line that wraps would break the count of lines to erase.
		fmt.Fprintln(t.w, clip("  "+b.Text(), 100))
	}
	t.drawn = len(t.bars)
}

func clip(s string, width int) string {
	if r := []rune(s); len(r) > width {
		return string(r[:width-1]) + "…"
	}
	return s
}

package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/display"
)

func TestTerminalKeepsLongWorkAsLinesAndForgetsMoments(t *testing.T) {
	var out bytes.Buffer
	now := time.Unix(0, 0)
	term := newTerminal(&out)
	term.now = func() time.Time { return now }
	step := func(after time.Duration, b display.Bar) {
		now = now.Add(after)
		term.show(b)
	}
	step(0, display.Bar{ID: 1, Label: "from the cache", Total: 10})
	step(moment/2, display.Bar{ID: 1, Label: "from the cache", Done: 10, Total: 10, Finished: true})
	step(0, display.Bar{ID: 2, Label: "net 1 of 4", Total: 100})
	step(plainEvery/2, display.Bar{ID: 2, Label: "net 1 of 4", Done: 25, Total: 100})
	step(plainEvery/2, display.Bar{ID: 2, Label: "net 1 of 4", Done: 50, Total: 100, Note: "loss 0.5"})
	step(moment, display.Bar{ID: 2, Label: "net 1 of 4", Done: 100, Total: 100, Finished: true})
	got := out.String()
	if strings.Contains(got, "from the cache") {
		t.Errorf("a bar that lived %v left a line:\n%s", moment/2, got)
	}
	if n := strings.Count(got, "net 1 of 4"); n != 2 {
		t.Errorf("the long bar has %d lines, want one after %v and one at its end:\n%s", n, plainEvery, got)
	}
	if !strings.Contains(got, "loss 0.5") {
		t.Errorf("the note is missing:\n%s", got)
	}
}

func TestTerminalRedrawsBarsInPlace(t *testing.T) {
	var out bytes.Buffer
	term := newTerminal(&out)
	term.live = true
	term.show(display.Bar{ID: 1, Label: "a", Total: 2})
	term.show(display.Bar{ID: 2, Label: "b", Total: 2})
	out.Reset()
	term.Printf("a line")
	if got, want := out.String(), "\x1b[2A\x1b[Ja line\n"; !strings.HasPrefix(got, want) {
		t.Errorf("got %q, want both bars erased before the line: %q", got, want)
	}
	if got := strings.Count(out.String(), "\n"); got != 3 {
		t.Errorf("%d lines after it, want the line and two bars:\n%s", got, out.String())
	}
}

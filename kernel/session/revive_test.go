package session_test

import (
	"context"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// interrupted runs a cell that never ends and interrupts it.
func interrupted(t *testing.T, s *session.Session, cell string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Millisecond)
	defer cancel()
	if r := s.Run(ctx, cell, session.RunOptions{}, &gallery{}); r.Err == nil {
		t.Fatal("not interrupted")
	}
}

// The interpreter stops by declaring all frames dead, those that closures of earlier cells hold among them: they gave
// zero values, silently.
func TestClosuresOutliveAnInterrupt(t *testing.T) {
	s := newSession(t)
	run(t, s, "k := 5\nf := func() int { return k }\nmake := func() func() int { c := 0; return func() int { c++; return c } }\nnext := make()\nnext()\nfunc top(n int) int { return n + f() }")
	for i, cell := range []string{"for {}", "select {}", "time.Sleep(time.Hour)", "go func() { for {} }()\nfor {}"} {
		interrupted(t, s, cell)
		want := "result [text/plain] 5\nresult [text/plain] " + string(rune('2'+i)) + "\nresult [text/plain] 6"
		if got := shown(t, s, &gallery{}, "f(), next(), top(1)"); got != want {
			t.Errorf("after %s: %s", cell, got)
		}
	}
}

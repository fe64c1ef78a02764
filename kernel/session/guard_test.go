package session_test

import (
	"context"
	"testing"

	"gonverge/kernel/session"
)

// The runtime sizes the stacks of new goroutines after those that it saw last: many goroutines after a runaway
// recursion once looked like another one.
func TestGoroutinesAfterARunawayRecursionAreNotTakenForOne(t *testing.T) {
	s := newSession(t)
	run := func(source string) session.Reply {
		return s.Run(context.Background(), source, session.RunOptions{StoreHistory: true}, &recorder{})
	}
	if r := run("func down(n int) int { return down(n+1) + 1 }\ndown(0)"); r.Err == nil || r.Err.Name != "stopped" {
		t.Fatalf("runaway recursion: %v", r.Err)
	}
	for range 5 {
		if r := run("c := make(chan int)\nfor i := range 200 { go func() { c <- i }() }\nsum := 0\nfor range 200 { sum += <-c }\nsum"); r.Err != nil || valueTexts(r) != "19900" {
			t.Fatalf("%v, %v", valueTexts(r), r.Err)
		}
	}
}

package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
)

// interrupted runs a cell that ends by itself never, and stops it once it has said that it runs.
func interrupted(t *testing.T, s *session.Session, src string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	sink := &recorder{}
	go func() {
		for sink.out() == "" {
			time.Sleep(time.Millisecond)
		}
		time.Sleep(5 * time.Millisecond)
		cancel()
	}()
	r := s.Run(ctx, "println(\"runs\")\n"+src, session.RunOptions{StoreHistory: true}, sink)
	if r.Err == nil || r.Err.Name != "interrupted" {
		t.Fatalf("%s\nended with %v", src, r.Err)
	}
}

// Function values keep the frame that they were made in. An interrupt once left every one of them dead: it returned zeros
// without running.
func TestFunctionValuesSurviveAnInterrupt(t *testing.T) {
	s := newSession(t)
	run(t, s, `c := make(chan int, 1)
f := func() int { return 42 }
func g() int { return 43 }
h := g
type T struct{ n int }
func (t T) M() int { return t.n }
m := T{44}.M
get := func() int { return <-c }
var later func() int
`)
	for _, endless := range []string{"for {}", "select {}", "<-make(chan int)", "var w sync.WaitGroup\nw.Add(1)\nw.Wait()", "for { time.Sleep(time.Second) }",
		"later = func() int { return <-c }\nfor { later = func() int { select { case v := <-c: return v } } }", "for { go func() { for {} }(); time.Sleep(time.Millisecond) }",
		"make(chan int) <- 1", "for range make(chan int) {}", "sort.Slice(make([]int, 1000), func(i, j int) bool { for {}; return true })"} {
		interrupted(t, s, endless)
		if got := run(t, s, "f(), g(), h(), m()"); got != "42 | 43 | 43 | 44" {
			t.Errorf("after %q: %s", endless, got)
		}
		if got := run(t, s, "go func() { time.Sleep(time.Millisecond); c <- 5 }()\nget()"); got != "5" {
			t.Errorf("after %q: received %s", endless, got)
		}
	}
	run(t, s, "x, a, p := 7, []int{8}, &T{9}\nfunc endless(n int) int { for {}; return n }")
	for _, assignment := range []string{"x = endless(1)", "a[0] = endless(1)", "p.n = endless(1)", "x, a[0] = endless(1), 2", "x = func() int { return endless(2) }()", "x = <-make(chan int)"} {
		interrupted(t, s, assignment)
		if got := run(t, s, "x, a[0], p.n"); got != "7 | 8 | 9" {
			t.Errorf("%s, interrupted, leaves %s", assignment, got)
		}
	}
	if got := run(t, s, "go func() { time.Sleep(time.Millisecond); c <- 5 }()\nlater()"); got != "5" {
		t.Errorf("a function value of an interrupted cell gives %s", got)
	}
}

// A goroutine of an earlier cell that waits while another cell is stopped goes on; one of the stopped cell takes nothing
// that is meant for others.
func TestGoroutinesThatWaitSurviveTheInterruptOfAnotherCell(t *testing.T) {
	s := newSession(t)
	run(t, s, "in, out := make(chan int), make(chan int)\ngo func() { for v := range in { out <- 10 * v } }()\nslow := make(chan int)\ngo func() { for v := range 3 { time.Sleep(20 * time.Millisecond); slow <- v } }()")
	interrupted(t, s, "go func() { for v := range in { out <- -v } }()\nfor {}")
	for range 5 {
		if got := run(t, s, "in <- 3\n<-out"); got != "30" {
			t.Fatalf("got %s", got)
		}
	}
	if got := run(t, s, "<-slow, <-slow, <-slow"); got != "0 | 1 | 2" {
		t.Errorf("the sleeping goroutine gives %s", got)
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

// What the functions of a stopped cell had deferred runs all the same, innermost first: a mutex is not locked for ever.
func TestDeferredCallsOfAStoppedCellRun(t *testing.T) {
	s := newSession(t)
	run(t, s, "var mu sync.Mutex\nvar log []string\nfunc inner() { defer func() { log = append(log, \"inner 2\") }(); defer note(\"inner 1\"); for {} }\nfunc note(s string) { log = append(log, s) }")
	for _, endless := range []string{"inner()", "<-make(chan int)", "time.Sleep(time.Hour)", "for { func() { defer note(\"loop\") }() }", "done := make(chan int)\ngo func() { defer close(done); defer note(\"goroutine\"); for {} }()\n<-done"} {
		run(t, s, "log = nil")
		interrupted(t, s, "mu.Lock()\ndefer mu.Unlock()\ndefer func() { log = append(log, fmt.Sprint(\"cell \", recover())) }()\n"+endless)
		if got := run(t, s, "mu.TryLock()"); got != "true" {
			t.Errorf("%s, interrupted, keeps the mutex", endless)
		}
		run(t, s, "mu.Unlock()")
		got := run(t, s, "log[max(0, len(log)-3):]")
		if !strings.HasSuffix(got, "cell <nil>]") && !strings.Contains(endless, "go func") {
			t.Errorf("%s, interrupted, leaves %s", endless, got)
		}
		if endless == "inner()" && got != "[inner 1 inner 2 cell <nil>]" {
			t.Errorf("%s, interrupted, leaves %s", endless, got)
		}
	}
	// A deferred call that never ends is stopped, too.
	start := time.Now()
	interrupted(t, s, "defer func() { for {} }()\ndefer func() { select {} }()\nfor {}")
	if time.Since(start) > 10*time.Second { // no measurement: a hang would be for ever
		t.Error("hangs")
	}
	if got := run(t, s, "1+1"); got != "2" {
		t.Error(got)
	}
}

// A value whose method does not end is like a cell that does not: an interrupt ends it.
func TestAnInterruptEndsTheMethodsOfAResult(t *testing.T) {
	s := newSession(t)
	run(t, s, "type H struct{}\nfunc (H) HTML() string { Display(1); for {} }\ntype S struct{}\nfunc (S) String() string { Display(1); for {} }")
	for _, cell := range []string{"H{}", "S{}", "[]S{{}}", "Display(H{})", "&H{}, 3"} {
		ctx, cancel := context.WithCancel(context.Background())
		r := s.Run(ctx, cell, session.RunOptions{}, &whenShown{do: cancel})
		if r.Err == nil || r.Err.Name != "interrupted" {
			t.Errorf("%s: got %v", cell, r.Err)
		}
		if got := run(t, s, "1 + 1"); got != "2" {
			t.Errorf("after %s: got %s", cell, got)
		}
	}
}

// whenShown is a Sink that does something when it is shown something.
type whenShown struct {
	gallery
	do func()
}

func (w *whenShown) Display(display.Bundle, string, bool) { w.do() }

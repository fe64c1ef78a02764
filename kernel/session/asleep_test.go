package session_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// A cell that waits for ever says so, and where; one that something may still wake says nothing.
func TestACellThatWaitsForEverSaysSo(t *testing.T) {
	var all sync.WaitGroup // at once, in a session each: most of their time is waiting
	for _, c := range []struct{ name, cell, want string }{
		{"send", "c := make(chan int)\nc <- 1", "In[1]:2: the cell waits to send to a channel, and nothing that runs can end that; interrupt it to stop\n"},
		{"receive", "c := make(chan int)\nx := <-c", "In[1]:2: the cell waits to receive from a channel,"},
		{"nil channel", "var c chan string\nfunc f() string {\n\treturn <-c\n}\nf()", "In[1]:3: the cell waits to receive from a channel,"},
		{"range", "c := make(chan int)\nfor range c {\n}", "In[1]:2: the cell waits to receive from a channel,"},
		{"empty select", "select {}", "In[1]:1: the cell waits in a select,"},
		{"select", "a, b := make(chan int), make(chan bool)\nselect {\ncase <-a:\ncase b <- true:\n}", "In[1]:2: the cell waits in a select,"},
		{"WaitGroup", "var wg sync.WaitGroup\nwg.Add(1)\nwg.Wait()", "In[1]:3: the cell waits for a WaitGroup,"},
		{"Mutex", "var mu sync.Mutex\nmu.Lock()\nmu.Lock()", "In[1]:3: the cell waits for a lock,"},
		{"with a goroutine that waits too", "c, d := make(chan int), make(chan int)\ngo func() { d <- <-c }()\n<-d", "In[1]:3: the cell waits to receive from a channel,"},

		{"with a goroutine of WaitGroup.Go that waits too", "c := make(chan int)\nvar wg sync.WaitGroup\nwg.Go(func() { c <- 1 })\nwg.Wait()", "In[1]:4: the cell waits for a WaitGroup,"},

		{"sleep", "time.Sleep(3 * time.Second)", ""},
		{"a goroutine that sleeps", "c := make(chan int)\ngo func() { time.Sleep(3 * time.Second); c <- 1 }()\n<-c", ""},
		{"a goroutine that counts", "c := make(chan int)\ngo func() { for t := time.Now(); time.Since(t) < 3*time.Second; { }; c <- 1 }()\n<-c", ""},
		{"a timer", "<-time.After(3 * time.Second)", ""},
		{"a ticker", "tick := time.NewTicker(3 * time.Second)\n<-tick.C", ""},
		{"a callback", "c := make(chan int)\ntime.AfterFunc(3*time.Second, func() { c <- 1 })\n<-c", ""},
		{"the context", "<-ctx.Done()", ""},
		{"a context of its own", "mine, cancel := context.WithTimeout(ctx, 3*time.Second)\ndefer cancel()\n<-mine.Done()", ""},
		{"WaitGroup.Go", "c := make(chan int)\nvar wg sync.WaitGroup\nwg.Go(func() { time.Sleep(3 * time.Second); c <- 1 })\n<-c", ""},
		{"input", "var s string\nfmt.Scan(&s)", ""},
	} {
		s := newSession(t)
		all.Go(func() {
			ctx, cancel := context.WithTimeout(context.Background(), 3500*time.Millisecond)
			defer cancel()
			if c.want != "" { // it ends when it has spoken, however long that takes here
				ctx, cancel = context.WithCancel(context.Background())
				defer cancel()
			}
			sink := &listener{spoken: cancel}
			s.Run(ctx, c.cell, session.RunOptions{}, sink)
			if got := sink.String(); c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
				t.Errorf("%s: got %q, want %q", c.name, got, c.want)
			}
		})
	}
	all.Wait()
}

// listener is a Sink that keeps stderr and calls spoken when there is some.
type listener struct {
	gallery
	text   strings.Builder
	spoken func()
}

func (l *listener) Stream(name, text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if name == "stderr" {
		l.text.WriteString(text)
		l.spoken()
	}
}

func (l *listener) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *listener) Input(string, bool) (string, error) {
	time.Sleep(3 * time.Second)
	return "", nil
}

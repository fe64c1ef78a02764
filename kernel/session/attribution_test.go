package session_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/session"
)

// What a goroutine writes and shows belongs to the cell that started it, also when the cell has ended and others run.
func TestOutputBelongsToTheCellThatStartedTheGoroutine(t *testing.T) {
	s := newSession(t)
	first, second, third := &gallery{}, &gallery{}, &gallery{}
	in := func(g *gallery, cell string) {
		t.Helper()
		if r := s.Run(context.Background(), cell, session.RunOptions{}, g); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	in(first, `goOn, done := make(chan bool), make(chan bool)
go func() {
	<-goOn
	fmt.Println("one")
	Display("shown")
	display.Update("id", 1)
	fmt.Fprintln(os.Stderr, "warn")
	os.Stdout.WriteString("file\n")
	f := os.Stdout
	f.Write([]byte("variable\n"))
	w := []*os.File{os.Stderr}
	fmt.Fprint(w[0], "element\n")
	var out io.Writer = f
	out.Write([]byte("writer\n"))
	go func() { fmt.Println("nested"); done <- true }()
}()
fmt.Println("cell")`)
	in(second, "fmt.Println(\"a\")\ngoOn <- true\n<-done\nfmt.Println(\"b\")")
	in(third, "fmt.Println(\"c\")")
	want := "stdout \"cell\\n\"\nstdout \"one\\n\"\ndisplay  [text/plain] shown\ndisplay id [text/plain] 1\nstderr \"warn\\n\"\nstdout \"file\\nvariable\\n\"\nstderr \"element\\n\"\nstdout \"writer\\nnested\\n\""
	for end := time.Now().Add(10 * time.Second); strings.Join(first.snapshot(), "\n") != want && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if got := strings.Join(first.snapshot(), "\n"); got != want {
		t.Errorf("first cell:\n%s\nwant\n%s", got, want)
	}
	if got := strings.Join(second.snapshot(), ""); got != "stdout \"a\\n\"stdout \"b\\n\"" {
		t.Errorf("second cell: %s", got)
	}
	if got := strings.Join(third.snapshot(), "\n"); got != "stdout \"c\\n\"" {
		t.Errorf("third cell: %s", got)
	}
}

package session_test

import (
	"context"
	"os"
	"regexp"
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

// So does what a function writes that compiled code calls on a goroutine of its own.
func TestOutputOfCallbacksBelongsToTheCellThatGaveThem(t *testing.T) {
	s := newSession(t)
	first, second := &gallery{}, &gallery{}
	in := func(g *gallery, cell string) {
		t.Helper()
		if r := s.Run(context.Background(), cell, session.RunOptions{}, g); r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	in(first, `goOn, done := make(chan bool), make(chan bool)
stop, cancel := context.WithCancel(context.Background())
var wg sync.WaitGroup
wg.Go(func() { <-goOn; fmt.Println("group") })
context.AfterFunc(stop, func() { fmt.Println("context"); done <- true })
handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Println("server") })
server := httptest.NewServer(handler)`)
	in(second, `fmt.Println("a")
goOn <- true
wg.Wait()
cancel()
<-done
http.Get(server.URL)
time.AfterFunc(time.Millisecond, func() { fmt.Println("timer"); done <- true })
<-done
fmt.Println("b")
server.Close()`)
	want := "group\ncontext\nserver\n"
	text := func(g *gallery) string {
		return strings.NewReplacer(`stdout "`, "", "\\n\"", "\n", "\\n", "\n").Replace(strings.Join(g.snapshot(), ""))
	}
	for end := time.Now().Add(10 * time.Second); text(first) != want && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	if got := text(first); got != want {
		t.Errorf("first cell %q, want %q", got, want)
	}
	if got := text(second); got != "a\ntimer\nb\n" {
		t.Errorf("second cell %q", got)
	}
}

// What compiled code writes to os.Stdout and os.Stderr of the process is output of the cell, in order; and so is what the
// logger of the process writes, by which slog does.
func TestCompiledCodeWritesIntoTheCell(t *testing.T) {
	before := os.Stdout
	s, err := session.New(session.Options{Tables: tables(), Process: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, c := range []struct{ cell, want string }{
		{"fmt.Println(1)\nslog.Warn(\"two\")\nfmt.Println(3)", `stdout "1\n"|stderr "DATE WARN two\n"|stdout "3\n"`},
		{"flags := flag.NewFlagSet(\"f\", flag.ContinueOnError)\nflags.Int(\"n\", 2, \"a number\")\nfmt.Println(1)\nflags.PrintDefaults()\nfmt.Println(3)", `stdout "1\n"|stderr "  -n int\n    \ta number (default 2)\n"|stdout "3\n"`},
		{"l := log.New(os.Stdout, \"\", 0)\nl.SetPrefix(\"p: \")\nl.Print(1)\nserver := http.Server{ErrorLog: l}\nserver.ErrorLog.Print(2)", `stdout "p: 1\np: 2\n"`},
		{"log.Default().SetFlags(0)\nlog.Print(1)\nlog.Default().Print(2)", `stderr "1\n2\n"`},
		{"l.Fatal(\"over\")", `stdout "p: over\n"|exit: over`},
		{"f := log.Default().Fatalf\nf(\"over %d\", 1)", `exit: over 1`},
		{"var i interface{ Fatalln(...any) } = log.Default()\ni.Fatalln(\"over\", 2)", `exit: over 2`},
		{"defer log.Default().Fatal(\"over\")", `exit: over`},
	} {
		got := strings.ReplaceAll(runCommand(s, c.cell), "\n", "|")
		got = regexp.MustCompile(`\d{4}/\d\d/\d\d \d\d:\d\d:\d\d`).ReplaceAllString(got, "DATE")
		if got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.cell, got, c.want)
		}
	}
	if s.Close(); os.Stdout != before {
		t.Error("os.Stdout is not put back")
	}
}

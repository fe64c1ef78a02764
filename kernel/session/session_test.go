package session_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
)

// run runs a cell that must succeed and returns the texts of its values.
func run(t testing.TB, s *session.Session, src string) string {
	t.Helper()
	r := s.Run(context.Background(), src, session.RunOptions{StoreHistory: true}, &recorder{})
	if r.Err != nil {
		t.Fatalf("%s\n%s", src, strings.Join(r.Err.Traceback, "\n"))
	}
	return valueTexts(r)
}

// TestInterruptStopsACell: the interrupt must end all kinds of cells within 50 ms of the machine's time; the test allows
// more because the machine is shared.
func TestInterruptStopsACell(t *testing.T) {
	const patience = 20 * time.Second
	for _, src := range []string{"for {}", "n := 0\nfor { n++ }", "func spin() { for {} }\nspin()", "ch := make(chan int)\n<-ch", "select {}",
		"lib.Train(ctx, 1<<30)", "time.Sleep(20 * time.Second)", "var wg sync.WaitGroup\nwg.Add(1)\nwg.Wait()", "var mu sync.Mutex\nmu.Lock()\nmu.Lock()",
		"go func() { for {} }()\nselect {}", "defer fmt.Print()\nfor {}", "for range lib.Seq(1 << 60) {}", "m := map[int]int{}\nfor i := 0; ; i++ { m[i%10]++ }"} {
		t.Run(src, func(t *testing.T) {
			s := newSession(t)
			run(t, s, "k := 41")
			ctx, cancel := context.WithCancel(context.Background())
			var cancelled time.Time
			time.AfterFunc(60*time.Millisecond, func() { cancelled = time.Now(); cancel() })
			r := s.Run(ctx, src, session.RunOptions{StoreHistory: true}, &recorder{})
			took := time.Since(cancelled)
			if r.Err == nil || r.Err.Name != "interrupted" {
				t.Fatalf("got %v, want an interrupt", r.Err)
			}
			if took > patience || strings.Contains(r.Err.Message, "still running") {
				t.Errorf("took %v: %s", took, r.Err.Message)
			}
			if got := run(t, s, "k + 1"); got != "42" {
				t.Errorf("k + 1 = %s after the interrupt", got)
			}
		})
	}
}

func TestInterruptedCallLeavesItsValue(t *testing.T) {
	for _, src := range []string{"n := lib.Long(ctx)", "n, err := lib.Long(ctx)", "var n int\nfor range 3 { n = lib.Long(ctx) }"} {
		t.Run(src, func(t *testing.T) {
			s := newSession(t)
			ctx, cancel := context.WithCancel(context.Background())
			time.AfterFunc(60*time.Millisecond, cancel)
			sink := &recorder{}
			r := s.Run(ctx, src+"\nfmt.Print(\"not reached\")", session.RunOptions{}, sink)
			if r.Err == nil || r.Err.Name != "interrupted" || sink.out() != "" {
				t.Fatalf("got %v, output %q", r.Err, sink.out())
			}
			if got := run(t, s, "n > 0"); got != "true" {
				t.Errorf("n > 0 is %s: the value of the interrupted call is lost", got)
			}
		})
	}
}

func TestNothingKillsTheSession(t *testing.T) {
	for _, c := range []struct{ src, name, message string }{
		{"func r(n int) int { return r(n+1) + 1 }\nr(0)", "stopped", "endless recursion"},
		{"os.Exit(3)", "exit", "os.Exit(3)"},
		{"log.Fatal(\"bye\")", "exit", "bye"},
		{"panic(nil)", "panic", "panic called with nil argument"},
		{"var m sync.Mutex\nm.Unlock()", "", ""}, // fatal in Go: skipped below
		{"var wg sync.WaitGroup\nwg.Go(func() { panic(1) })\nwg.Wait()\nos.Exit(4)", "exit", "os.Exit(4)"},
		{"done := make(chan bool)\ntime.AfterFunc(time.Millisecond, func() { defer close(done); panic(1) })\n<-done\nos.Exit(5)", "exit", "os.Exit(5)"},
		{"over, end := context.WithCancel(ctx)\ndone := make(chan bool)\ncontext.AfterFunc(over, func() { defer close(done); panic(1) })\nend()\n<-done\nos.Exit(6)", "exit", "os.Exit(6)"},
		{"lib.Boom()", "panic", "boom from lib"},
		{"lib.Map(func(x float64) float64 { var a []float64; return a[3] }, []float64{1})", "panic", "index out of range"},
		{"type T struct{ t *T }\nx := &T{}\nx.t.t.t = nil", "panic", "nil pointer"},
	} {
		if c.name == "" {
			continue
		}
		t.Run(c.src, func(t *testing.T) {
			s := newSession(t)
			r := s.Run(context.Background(), c.src, session.RunOptions{StoreHistory: true}, &recorder{})
			if r.Err == nil || r.Err.Name != c.name || !strings.Contains(r.Err.Message, c.message) {
				t.Fatalf("got %v, want %s: %s", r.Err, c.name, c.message)
			}
			if got := run(t, s, "40 + 2"); got != "42" {
				t.Errorf("40 + 2 = %s", got)
			}
		})
	}
}

func TestMemoryLimitStopsACell(t *testing.T) {
	s, err := session.New(session.Options{Tables: tables(), MemoryLimit: 300 << 20})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	r := s.Run(context.Background(), "var keep [][]byte\nfor { keep = append(keep, make([]byte, 1<<20)) }", session.RunOptions{}, &recorder{})
	if r.Err == nil || r.Err.Name != "stopped" || !strings.Contains(r.Err.Message, "memory") {
		t.Fatal(r.Err)
	}
	run(t, s, "keep = nil")
}

func TestPanicOfAGoroutineNamesItsCell(t *testing.T) {
	s := newSession(t)
	sink := &recorder{}
	r := s.Run(context.Background(), "func bad(n int) { var a []int; a[n] = 1 }\n\ngo bad(3)\ntime.Sleep(100 * time.Millisecond)", session.RunOptions{StoreHistory: true}, sink)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	got := sink.stream["stderr"]
	for _, want := range []string{"panic in a goroutine started at In[1]:3", "index out of range", "In[1]:1"} {
		if !strings.Contains(got, want) {
			t.Errorf("stderr %q lacks %q", got, want)
		}
	}
	run(t, s, "1")
}

func TestOutputComesInOrderAndInTime(t *testing.T) {
	s := newSession(t)
	sink := &recorder{}
	r := s.Run(context.Background(), `fmt.Print("a")
fmt.Fprint(os.Stderr, "b")
os.Stdout.WriteString("c")
println("d")
log.SetFlags(0)
log.Print("e")
os.Stderr.WriteString("f")
fmt.Fprintln(os.Stdout, "g")`, session.RunOptions{}, sink)
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	want := []string{"stdout: a", "stderr: b", "stdout: c", "stderr: d\ne\nf", "stdout: g\n"}
	if !slices.Equal(sink.events, want) {
		t.Errorf("got %q, want %q", sink.events, want)
	}

	times := &clock{}
	s.Run(context.Background(), "for i := range 3 { fmt.Print(i); time.Sleep(150 * time.Millisecond) }", session.RunOptions{}, times)
	if times.n != 3 {
		t.Errorf("%d batches for three prints 150 ms apart", times.n)
	}
}

type clock struct {
	recorder
	n int
}

func (c *clock) Stream(string, string) { c.n++ }

func TestInputIsAskedOfTheSink(t *testing.T) {
	s := newSession(t)
	sink := &recorder{lines: []string{"21 x", "second"}}
	r := s.Run(context.Background(), "var n int\nvar w string\nfmt.Scan(&n, &w)\nsc := bufio.NewScanner(os.Stdin)\nsc.Scan()\nn * 2, w, sc.Text()", session.RunOptions{}, sink)
	if r.Err != nil || valueTexts(r) != "42 | x | second" {
		t.Error(valueTexts(r), r.Err)
	}
}

func TestContextCarriesProgress(t *testing.T) {
	s, err := session.New(session.Options{Tables: tables(), Context: func(ctx context.Context, show func(display.Bar)) context.Context {
		show(display.Bar{ID: 7, Label: "net", Done: 1, Total: 2})
		show(display.Bar{ID: 7, Label: "net", Done: 2, Total: 2, Finished: true})
		show(display.Bar{ID: 8, Label: "cut short", Done: 1, Total: 2, Finished: true})
		//lint:ignore SA1029 a cell can name no key of a type of ours
		return context.WithValue(ctx, "who", "me")
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	sink := &recorder{}
	r := s.Run(context.Background(), `fmt.Sprint(ctx.Value("who"))`, session.RunOptions{}, sink)
	if valueTexts(r) != "me" {
		t.Error(valueTexts(r), r.Err)
	}
	// Of the full bar a line is left at the end of the cell, the other one stays.
	want := []string{"display bar-7 false: net", "display bar-7 true: net", "display bar-8 false: cut short", "display bar-7 true: net: 2 done"}
	if len(sink.events) != len(want) {
		t.Fatalf("%q", sink.events)
	}
	for i, got := range sink.events {
		if !strings.HasPrefix(got, want[i]) || i == len(want)-1 && got != want[i] {
			t.Errorf("event %d: got %q, want %q", i, got, want[i])
		}
	}
}

func TestCountsCellsThatAreStored(t *testing.T) {
	s := newSession(t)
	var got []int
	for _, o := range []session.RunOptions{{StoreHistory: true}, {StoreHistory: true, Silent: true}, {}, {StoreHistory: true}} {
		got = append(got, s.Run(context.Background(), "1", o, &recorder{}).Count)
	}
	if want := []int{1, 1, 1, 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestTracebackShowsLineAndCaret(t *testing.T) {
	s := newSession(t)
	r := s.Run(context.Background(), "x := 1\n\ty := undefinedVar + x", session.RunOptions{StoreHistory: true}, &recorder{})
	got := colour.ReplaceAllString(strings.Join(r.Err.Traceback, "\n"), "")
	want := "In[1]:2:7\n   2 | \ty := undefinedVar + x\n     | \t     ^\nundefined: undefinedVar"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	run(t, s, "func f(n int) int {\n\tx := []int{1}\n\treturn x[n]\n}\nfunc g(n int) int { return f(n) + 1 }")
	r = s.Run(context.Background(), "\ng(5)", session.RunOptions{StoreHistory: true}, &recorder{})
	got = colour.ReplaceAllString(strings.Join(r.Err.Traceback, "\n"), "")
	want = "In[2]:3:2\n   3 | \treturn x[n]\n     | \t^\npanic: runtime error: index out of range [5] with length 1\n    in f at In[2]:3\n    in g at In[2]:5\n    in cell at In[3]:2"
	if got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestValuesReachTheDisplay(t *testing.T) {
	s := newSession(t)
	r := s.Run(context.Background(), "lib.Row(lib.Heat{Title: \"x\"}), mat.NewDense(2, 2, nil), image.NewGray(image.Rect(0, 0, 2, 2))", session.RunOptions{}, &recorder{})
	if r.Err != nil || len(r.Values) != 3 {
		t.Fatal(r.Err, len(r.Values))
	}
	for i, mime := range []string{"text/html", "text/html", "image/png"} {
		if r.Values[i].Data[mime] == nil {
			t.Errorf("value %d has no %s: %v", i, mime, r.Values[i].Data)
		}
	}
	r = s.Run(context.Background(), "type V struct{ n int }\nfunc (v V) HTML() string { return fmt.Sprint(\"<i>\", v.n, \"</i>\") }\ntype W struct{}\nfunc (*W) MIMEBundle() map[string]any { return map[string]any{\"text/markdown\": \"*w*\"} }\nV{3}, &W{}", session.RunOptions{}, &recorder{})
	if r.Err != nil {
		t.Fatal(r.Err)
	}
	if got := r.Values[0].Data["text/html"]; got != "<i>3</i>" {
		t.Errorf("HTML of a session type: %v", r.Values[0].Data)
	}
	if got := r.Values[1].Data["text/markdown"]; got != "*w*" {
		t.Errorf("MIMEBundle of a session type: %v", r.Values[1].Data)
	}
}

func ExampleSession_Run() {
	s, err := session.New(session.Options{Tables: tables()})
	if err != nil {
		panic(err)
	}
	defer s.Close()
	for _, cell := range []string{"x := 41", "func next() int { return x + 1 }\nnext(), math.Sqrt2 > 1", "x = \"forty\""} {
		reply := s.Run(context.Background(), cell, session.RunOptions{StoreHistory: true}, &recorder{})
		for _, v := range reply.Values {
			fmt.Println(v.Data["text/plain"])
		}
		if reply.Err != nil {
			fmt.Println(reply.Err)
		}
	}
	// Output:
	// 42
	// true
	// compile error: cannot use "forty" (untyped string constant) as int value in assignment (x := ... gives x a new type)
}

func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		run(b, newSession(b), "1+1")
	}
}

func BenchmarkCell(b *testing.B) {
	for _, c := range []string{"1+1", "x = x + 1\nx", "y := x * 2", "fmt.Sprint(x)", "func f(a int) int { return a }", "type T struct{ A int }"} {
		b.Run(c[:min(len(c), 20)], func(b *testing.B) {
			s := newSession(b)
			run(b, s, "x := 1")
			for b.Loop() {
				run(b, s, c)
			}
		})
	}
}

func BenchmarkLoop(b *testing.B) {
	s := newSession(b)
	run(b, s, "func loop(n int) float64 { s := 0.0; for i := 0; i < n; i++ { s += float64(i) * 0.5 }; return s }\nfunc fib(n int) int { if n < 2 { return n }; return fib(n-1) + fib(n-2) }")
	b.Run("10M float steps", func(b *testing.B) {
		for b.Loop() {
			run(b, s, "loop(10000000)")
		}
	})
	b.Run("fib(25)", func(b *testing.B) {
		for b.Loop() {
			run(b, s, "fib(25)")
		}
	})
}

// TestBuiltinPrintShowsValues: where the runtime writes addresses, or the compiler refuses, cells see what fmt writes.
func TestBuiltinPrintShowsValues(t *testing.T) {
	s := newSession(t)
	sink := &recorder{}
	r := s.Run(context.Background(), "type P struct{ Name string; Age int }\nprint([]float64{1, 2}, map[string]int{\"a\": 1}, 3, \"x\")\nprintln(P{\"bob\", 3}, [2]bool{true})", session.RunOptions{}, sink)
	if got, want := sink.stream["stderr"], "[1 2]map[a:1]3x{bob 3} [true false]\n"; r.Err != nil || got != want {
		t.Errorf("%v, %q, want %q", r.Err, got, want)
	}
}

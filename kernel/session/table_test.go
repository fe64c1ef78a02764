package session_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gonverge/kernel/display"
	"gonverge/kernel/session"
)

// recorder is a Sink that keeps what it gets.
type recorder struct {
	mu     sync.Mutex
	stream map[string]string
	events []string // "stdout: text" and the like, in order
	lines  []string // answers to Input
}

func (r *recorder) Stream(name, text string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stream == nil {
		r.stream = map[string]string{}
	}
	r.stream[name] += text
	r.events = append(r.events, name+": "+text)
}

func (r *recorder) Display(b display.Bundle, id string, update bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, fmt.Sprintf("display %s %v: %s", id, update, b.Plain()))
}

func (r *recorder) Clear(wait bool) {}

func (r *recorder) Input(prompt string, password bool) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.lines) == 0 {
		return "", fmt.Errorf("no more input")
	}
	l := r.lines[0]
	r.lines = r.lines[1:]
	return l, nil
}

func (r *recorder) out() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stream["stdout"] + r.stream["stderr"]
}

func newSession(t testing.TB) *session.Session {
	t.Helper()
	s, err := session.New(session.Options{Tables: tables()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// step is a cell and what it must give. Empty fields are not compared, but for err: "" means success.
type step struct {
	line                int // of the file
	src, text, out, err string
}

type sequence struct {
	name  string
	steps []step
}

// readTable reads sequences of cells:
//
//	=== name
//	cell source
//	--> text        values joined by " | "; "-" for none
//	--> out: "..."  output, quoted
//	--> err: ...    part of "label:line:column: name: message"
func readTable(t testing.TB, file string) []sequence {
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []sequence
	var src []string
	var cur step
	open := false
	flush := func() {
		if open {
			out[len(out)-1].steps = append(out[len(out)-1].steps, cur)
			cur, open, src = step{}, false, nil
		}
	}
	n := 0
	for line := range strings.SplitSeq(string(b), "\n") {
		n++
		switch {
		case strings.HasPrefix(line, "=== "):
			flush()
			q := sequence{name: strings.TrimPrefix(line, "=== ")}
			out = append(out, q)
			src = nil
		case strings.HasPrefix(line, "-->"):
			v := strings.TrimPrefix(strings.TrimPrefix(line, "-->"), " ")
			if !open {
				cur.src, cur.line = strings.Join(src, "\n"), n
				open = true
			}
			if o, ok := strings.CutPrefix(v, "out: "); ok {
				if _, err := fmt.Sscanf(o, "%q", &cur.out); err != nil {
					t.Fatalf("%s:%d: %v", file, n, err)
				}
			} else if e, ok := strings.CutPrefix(v, "err: "); ok {
				cur.err = e
			} else {
				cur.text = v
			}
		case len(out) > 0:
			if open {
				flush()
			}
			src = append(src, line)
		}
	}
	flush()
	return out
}

var colour = regexp.MustCompile("\x1b\\[[0-9;]*m")

// errorText is an error as the tables write it.
func errorText(e *session.Error) string {
	if e == nil {
		return ""
	}
	return fmt.Sprintf("In[%d]:%d:%d: %s", e.Cell, e.Line, e.Column, e.Error())
}

func valueTexts(r session.Reply) string {
	var texts []string
	for _, b := range r.Values {
		texts = append(texts, b.Plain())
	}
	return strings.Join(texts, " | ")
}

func runSteps(s *session.Session, steps []step) error {
	for i, st := range steps {
		ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		sink := &recorder{}
		r := s.Run(ctx, st.src, session.RunOptions{StoreHistory: true}, sink)
		cancel()
		bad := func(what string, got, want any) error {
			return fmt.Errorf("cell %d, line %d:\n%s\n%s: got  %q\nwant %q\nerr %v\nout %q", i+1, st.line, st.src, what, got, want, errorText(r.Err), sink.out())
		}
		e := errorText(r.Err)
		if st.err == "" && e != "" || !strings.Contains(e, st.err) {
			return bad("error", e, st.err)
		}
		got, want := valueTexts(r), st.text
		if want == "-" {
			if got != "" {
				return bad("values", got, want)
			}
		} else if want != "" && got != want {
			return bad("values", got, want)
		}
		if st.out != "" && sink.out() != st.out {
			return bad("output", sink.out(), st.out)
		}
	}
	return nil
}

func TestCellsDoWhatGoSays(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatal(err, files)
	}
	slices.Sort(files)
	cells := 0
	for _, file := range files {
		for _, q := range readTable(t, file) {
			cells += len(q.steps)
			t.Run(strings.TrimSuffix(filepath.Base(file), ".txt")+"/"+q.name, func(t *testing.T) {
				if err := runSteps(newSession(t), q.steps); err != nil {
					t.Error(err)
				}
			})
		}
	}
	t.Logf("%d cells", cells)
}

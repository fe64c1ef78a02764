package server

import (
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"gonverge/kernel/wire"
)

// run opens a history on a file, as a kernel does, adds cells and closes it.
func runHistory(t *testing.T, file string, sources ...string) *history {
	t.Helper()
	h := &history{}
	h.open(file, func(err error) { t.Error(err) })
	for i, source := range sources {
		h.add(i+1, source)
	}
	t.Cleanup(h.close)
	return h
}

// finish closes a history and waits for its file, however slow the disk is.
func (h *history) finish() {
	h.close()
	<-h.file.ended
}

// tail is all that a history knows, as "session:line source".
func tail(h *history) []string {
	var got []string
	for _, c := range h.find(wire.HistoryRequest{AccessType: "tail"}) {
		got = append(got, fmt.Sprintf("%d:%d %s", c.session, c.line, c.source))
	}
	return got
}

func TestHistoryOutlivesTheKernel(t *testing.T) {
	file := filepath.Join(t.TempDir(), "new", "history.jsonl")
	runHistory(t, file, "a", "b\n\té").finish()
	runHistory(t, file).finish() // a kernel that ran nothing is no session
	h := runHistory(t, file, "c", "a")
	if got, want := tail(h), []string{"1:1 a", "1:2 b\n\té", "2:1 c", "2:2 a"}; !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		t.Errorf("others may read the history: %v", info.Mode())
	}
}

func TestHistoryAccess(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	runHistory(t, file, "x := 1", "f(x)").finish()
	h := runHistory(t, file, "x := 2", "a/b", "f(x)", "[1]")
	at := func(n int) *int { return &n }
	tests := []struct {
		name string
		in   wire.HistoryRequest
		want string // lines
	}{
		{"tail", wire.HistoryRequest{AccessType: "tail", N: 2}, "2:3 2:4"},
		{"this session", wire.HistoryRequest{AccessType: "range", Start: 1, Stop: at(3)}, "2:1 2:2"},
		{"to the end", wire.HistoryRequest{AccessType: "range", Start: 3}, "2:3 2:4"},
		{"nothing", wire.HistoryRequest{AccessType: "range", Start: 3, Stop: at(3)}, ""},
		{"from the end", wire.HistoryRequest{AccessType: "range", Start: -1}, "2:4"},
		{"up to the end", wire.HistoryRequest{AccessType: "range", Start: 1, Stop: at(-1)}, "2:1 2:2 2:3"},
		{"session before", wire.HistoryRequest{AccessType: "range", Session: -1}, "1:1 1:2"},
		{"first session", wire.HistoryRequest{AccessType: "range", Session: 1, Start: 2, Stop: at(9)}, "1:2"},
		{"no such session", wire.HistoryRequest{AccessType: "range", Session: 7}, ""},
		{"search", wire.HistoryRequest{AccessType: "search", Pattern: "x*"}, "1:1 2:1"},
		{"search the last", wire.HistoryRequest{AccessType: "search", Pattern: "x*", N: 1}, "2:1"},
		{"search all", wire.HistoryRequest{AccessType: "search", N: 3}, "2:2 2:3 2:4"},
		{"search unique", wire.HistoryRequest{AccessType: "search", Pattern: "f*", Unique: true}, "2:3"},
		{"search with a slash", wire.HistoryRequest{AccessType: "search", Pattern: "a?b"}, "2:2"},
		{"unknown access", wire.HistoryRequest{AccessType: "quux"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var got []string
			for _, c := range h.find(test.in) {
				got = append(got, fmt.Sprintf("%d:%d", c.session, c.line))
			}
			if got := strings.Join(got, " "); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
}

func TestDamagedHistoryLosesOnlyWhatIsDamaged(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	runHistory(t, file, "a", "b").finish()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name string
		data string
		want []string
	}{
		{"last line cut short", string(data[:len(data)-5]), []string{"1:1 a", "2:1 new"}},
		{"no end of line", string(data[:len(data)-1]), []string{"1:1 a", "1:2 b", "2:1 new"}},
		{"rubbish between", "\x00\x01\n{}\n[1]\n" + string(data), []string{"1:1 a", "1:2 b", "2:1 new"}},
		{"an endless line", strings.Repeat("x", 9<<20) + "\n" + string(data), []string{"1:1 a", "1:2 b", "2:1 new"}},
		{"empty", "", []string{"1:1 new"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(test.data), 0o600); err != nil {
				t.Fatal(err)
			}
			runHistory(t, file, "new").finish()
			h := runHistory(t, file)
			if got := tail(h); !reflect.DeepEqual(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func (f *historyFile) cellsWaiting() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.cells
}

func TestHistoryKeepsTheLastTenThousandCells(t *testing.T) {
	file := filepath.Join(t.TempDir(), "history.jsonl")
	var all []string
	for i := range historyLimit + 500 {
		all = append(all, fmt.Sprint("cell ", i))
	}
	h := runHistory(t, file, "first")
	h.finish()
	for range 2 {
		h = runHistory(t, file, all[:historyLimit/2]...)
		for i, source := range all[historyLimit/2:] {
			for i%1000 == 0 && h.file.cellsWaiting() > 0 { // no more than ten thousand wait for the disk
				time.Sleep(time.Millisecond)
			}
			h.add(historyLimit/2+i+1, source)
		}
		h.finish()
	}
	if got := tail(h); len(got) > historyLimit || len(got) < historyLimit*98/100 || got[len(got)-1] != "3:10500 cell 10499" {
		t.Errorf("in memory: %d cells, the last %q", len(got), got[len(got)-1])
	}
	lines := func() int {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		return strings.Count(string(data), "\n")
	}
	before := lines()
	h = runHistory(t, file, "after")
	got := tail(h)
	if n := lines(); before < 2*historyLimit || n > historyLimit+2 {
		t.Errorf("on disk: %d lines, now %d", before, n)
	}
	if last := got[len(got)-1]; last != "4:1 after" { // runs keep their numbers
		t.Errorf("the last is %q", last)
	}
	if left, err := filepath.Glob(file + ".*"); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
	h.finish()
	h = runHistory(t, file)
	if got := tail(h); got[len(got)-1] != "4:1 after" {
		t.Errorf("read again, the last is %q", got[len(got)-1])
	}
}

func TestCellsDoNotWaitForTheDisk(t *testing.T) {
	dir := t.TempDir()
	reports := make(chan error, 10)
	h := &history{}
	h.open(filepath.Join(dir, "file", "history.jsonl"), func(err error) { reports <- err })
	if err := os.WriteFile(filepath.Join(dir, "file"), nil, 0o600); err != nil { // a file where a folder is wanted
		t.Fatal(err)
	}
	start := time.Now()
	for i := range 1000 {
		h.add(i+1, "x")
	}
	if d := time.Since(start); d > 2*time.Second {
		t.Errorf("1000 cells took %v", d)
	}
	if got := h.find(wire.HistoryRequest{AccessType: "tail"}); len(got) != 1000 {
		t.Errorf("%d cells in memory", len(got))
	}
	h.close()
	if err := <-reports; !strings.Contains(err.Error(), "history") {
		t.Errorf("got %v", err)
	}
}

func TestLargeCellsDoNotFillTheMemory(t *testing.T) {
	h := runHistory(t, "")
	big := strings.Repeat("x", 5<<20)
	for i := range 20 {
		h.add(i+1, big)
	}
	if h.bytes > historyBytes {
		t.Errorf("%d bytes are kept", h.bytes)
	}
	h.add(21, "small")
	if got := tail(h); len(got) == 0 || !strings.HasSuffix(got[len(got)-1], "small") {
		t.Errorf("got %d cells", len(got))
	}
}

func TestHistoryFileIsInTheCache(t *testing.T) {
	t.Setenv("GONVERGE_CACHE", "/somewhere")
	if got, err := HistoryFile(); err != nil || got != filepath.FromSlash("/somewhere/history.jsonl") {
		t.Errorf("got %s, %v", got, err)
	}
}

// What SQLite 3.40's GLOB says: sqlite3 "select TEXT glob PATTERN".
func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"", "anything", true},
		{"*", "", true},
		{"a", "a", true},
		{"a", "ab", false},
		{"a*", "ab\nc/d", true},
		{"*b", "aab", true},
		{"*a*b*", "xaxbx", true},
		{"*ab*", "xa b", false},
		{"a?c", "aéc", true},
		{"?", "", false},
		{"[abc]x", "bx", true},
		{"[a-c]", "d", false},
		{"[^a-c]", "d", true},
		{"[^a-c]", "a", false},
		{"[]]", "]", true},
		{"[a-]", "-", true},
		{"[", "[", false},
		{`\*`, `\x`, true},
		{"*.go", "A.GO", false},
		{strings.Repeat("a*", 40), strings.Repeat("a", 4000) + "b", true},
		{strings.Repeat("a*", 40) + "c", strings.Repeat("a", 4000) + "b", false},
	}
	for _, test := range tests {
		if got := globMatch(test.pattern, test.text); got != test.want {
			t.Errorf("%q matches %q: %v, want %v", test.pattern, test.text, got, test.want)
		}
	}
}

func FuzzGlob(f *testing.F) {
	f.Add("a*[b-d]?", "axxc.")
	f.Add("[^", "x")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		globMatch(pattern, text) // ends, and does not panic
		if !globMatch("*", text) {
			t.Errorf("* does not match %q", text)
		}
	})
}

func FuzzHistoryFile(f *testing.F) {
	f.Add([]byte("{\"runs\":3}\n{\"run\":\"A\",\"line\":1,\"code\":\"x\"}\n{\"run\":\"B\",\"line\":1,\"co"))
	f.Add([]byte("{\"run\":\"A\",\"line\":-1}\r\n\n\n{\"runs\":-7}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		cells, names, dropped, _, err := readHistory(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cells {
			if c.session <= dropped || c.session > dropped+len(names) {
				t.Errorf("session %d of %d to %d", c.session, dropped+1, dropped+len(names))
			}
		}
	})
}

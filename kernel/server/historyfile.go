package server

import (
	"bufio"
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// A history file holds a JSON value on each line. One with "runs" says how many runs were dropped with the cells before
// it; the others are cells:
//
//	{"runs":12}
//	{"run":"X2ZK...","line":1,"code":"1 + 1"}
//
// Lines are only ever appended, each batch with one write, so several kernels can share a file; a line that a crash or a
// full disk cut short is skipped. When the file has grown to twice what is kept, the next kernel to start writes a
// shorter one beside it and renames that. Cells that another kernel stores in that moment may be lost.

// historyLine is a line of the file.
type historyLine struct {
	Runs int    `json:"runs,omitempty"`
	Run  string `json:"run,omitempty"`
	Line int    `json:"line,omitempty"`
	Code string `json:"code,omitempty"`
}

// longestCell is the longest source that is kept on disk, in bytes.
const longestCell = 1 << 20

// historyFile reads the file and then appends cells, in a goroutine of its own.
type historyFile struct {
	name   string
	run    string      // this run's name
	report func(error) // told of the first failure of several

	mu      sync.Mutex
	changed *sync.Cond
	waiting bytes.Buffer // lines to append
	cells   int          // how many
	closed  bool
	ended   chan struct{}
}

// HistoryFile returns where histories are kept unless Options say otherwise: history.jsonl in $GONVERGE_CACHE, or else in
// the folder gonverge among the user's caches.
func HistoryFile() (string, error) {
	dir := os.Getenv("GONVERGE_CACHE")
	if dir == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return "", fmt.Errorf("server: history: %w", err)
		}
		dir = filepath.Join(user, "gonverge")
	}
	return filepath.Join(dir, "history.jsonl"), nil
}

func newHistoryFile(name string, report func(error)) *historyFile {
	f := &historyFile{name: name, run: rand.Text(), report: report, ended: make(chan struct{})}
	f.changed = sync.NewCond(&f.mu)
	return f
}

// add has the cell written soon. While the disk takes nothing, no more than historyLimit cells or historyBytes wait.
func (f *historyFile) add(line int, source string) {
	if len(source) > longestCell {
		return
	}
	data, err := json.Marshal(historyLine{Run: f.run, Line: line, Code: source})
	if err != nil {
		f.report(err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed || f.cells >= historyLimit || f.waiting.Len() > historyBytes {
		return
	}
	f.waiting.Write(append(data, '\n'))
	f.cells++
	f.changed.Signal()
}

// closeLimit is how long the end of a kernel waits for the disk.
const closeLimit = 2 * time.Second

func (f *historyFile) close() {
	f.mu.Lock()
	f.closed = true
	f.changed.Signal()
	f.mu.Unlock()
	select {
	case <-f.ended:
	case <-time.After(closeLimit):
	}
}

// write appends what waits until the history is closed. After a failure it tries again with the next cells.
func (f *historyFile) write() {
	defer close(f.ended)
	reported := false
	for {
		f.mu.Lock()
		for f.cells == 0 && !f.closed {
			f.changed.Wait()
		}
		if f.cells == 0 {
			f.mu.Unlock()
			return
		}
		lines := bytes.Clone(f.waiting.Bytes())
		f.waiting.Reset()
		f.cells = 0
		f.mu.Unlock()
		err := f.appendLines(lines)
		if err != nil && !reported {
			f.report(fmt.Errorf("server: history %s: %w", f.name, err))
		}
		reported = err != nil
	}
}

// appendLines adds lines to the file, on a new line if the last one was cut short.
func (f *historyFile) appendLines(lines []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(f.name), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(f.name, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if size := info.Size(); size > 0 {
		last := []byte{0}
		if _, err := file.ReadAt(last, size-1); err == nil && last[0] != '\n' {
			lines = append([]byte{'\n'}, lines...)
		}
	}
	_, err = file.Write(lines)
	return err
}

// load reads the cells of earlier runs, oldest first, and how many runs there were. It comes before write. What cannot be read is reported and
// is as if it were not there.
func (f *historyFile) load() (cells []past, runs int) {
	file, err := os.Open(f.name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			f.report(fmt.Errorf("server: history: %w", err))
		}
		return nil, 0
	}
	defer file.Close()
	cells, names, dropped, count, err := readHistory(file)
	if err != nil {
		f.report(fmt.Errorf("server: history %s: %w", f.name, err))
		return cells, dropped + len(names)
	}
	if count > 2*historyLimit {
		if err := f.shorten(cells, names, dropped); err != nil {
			f.report(fmt.Errorf("server: history %s: %w", f.name, err))
		}
	}
	return cells, dropped + len(names)
}

// readHistory reads a history. names are the runs' in order, dropped is how many runs came
// before these, count the number of lines.
func readHistory(r io.Reader) (cells []past, names []string, dropped, count int, err error) {
	number := map[string]int{}
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := readLine(in, 8*longestCell) // JSON may need several bytes for one
		if err == io.EOF {
			return cells, names, dropped, count, nil
		}
		if err != nil {
			return cells, names, dropped, count, err
		}
		count++
		var l historyLine
		if json.Unmarshal(line, &l) != nil {
			continue // cut short
		}
		if l.Run == "" {
			if len(names) == 0 && l.Runs > 0 {
				dropped = l.Runs
			}
			continue
		}
		if number[l.Run] == 0 {
			names = append(names, l.Run)
			number[l.Run] = dropped + len(names)
		}
		cells = append(cells, past{number[l.Run], l.Line, l.Code})
		if len(cells) >= 2*historyLimit {
			cells = append([]past(nil), cells[len(cells)-historyLimit:]...)
		}
	}
}

// readLine returns the next line without its end; of one longer than limit the beginning. io.EOF comes after the last.
func readLine(in *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		if len(line)+len(part) <= limit {
			line = append(line, part...)
		}
		switch {
		case err == nil:
			return bytes.TrimRight(line, "\r\n"), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case err == io.EOF && len(line) > 0:
			return line, nil
		default:
			return nil, err
		}
	}
}

// shorten replaces the file by one with the last historyLimit cells.
func (f *historyFile) shorten(cells []past, names []string, dropped int) (err error) {
	cells = cells[max(0, len(cells)-historyLimit):]
	if len(cells) == 0 {
		return nil
	}
	file, err := os.CreateTemp(filepath.Dir(f.name), filepath.Base(f.name)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(file.Name()) // the first error is the one to tell
		}
	}()
	out := bufio.NewWriter(file)
	encoder := json.NewEncoder(out)
	gone := cells[0].session - 1
	err = encoder.Encode(historyLine{Runs: gone})
	for _, c := range cells {
		if err == nil {
			err = encoder.Encode(historyLine{Run: names[c.session-1-dropped], Line: c.line, Code: c.source})
		}
	}
	if err = errors.Join(err, out.Flush(), file.Sync(), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), f.name)
}

package run

import (
	"bytes"
	"io"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Output of cells. fmt.Print and its kin, and os.Stdout and os.Stderr by their methods Write and WriteString or as an
// io.Writer, write straight into one batcher, in order. Whoever uses os.Stdout otherwise, as the file that it is, writes into
// a pipe whose reader feeds the batcher; once code has named the files, straight writes wait for the pipes, which keeps the
// order too.

const (
	batchTime = 50 * time.Millisecond
	batchSize = 64 << 10
)

type output struct {
	emit           func(tag any, stream, text string)
	tag            func() any   // of the calling goroutine
	stdout, stderr *os.File     // the writing ends of the pipes
	pipes          [2]*pipe     // their readers
	direct         [2]io.Writer // "stdout" and "stderr"
	files          atomic.Bool  // code has named os.Stdout or os.Stderr

	mu     sync.Mutex
	stream string
	of     any // the tag of the text
	text   []byte
	timer  *time.Timer
	sendMu sync.Mutex // keeps batches in order
}

func newOutput(emit func(tag any, stream, text string), tag func() any) (*output, error) {
	o := &output{emit: emit, tag: tag}
	for i, name := range []string{"stdout", "stderr"} {
		p, err := newPipe(func(b []byte) { o.add(nil, name, b) })
		if err != nil {
			return nil, err
		}
		o.pipes[i] = p
		o.direct[i] = straight{o, name}
	}
	o.stdout, o.stderr = o.pipes[0].w, o.pipes[1].w
	return o, nil
}

// writer returns the straight writer of a stream.
func (o *output) writer(stream string) io.Writer { return straight{o, stream} }

type straight struct {
	o      *output
	stream string
}

func (s straight) Write(p []byte) (int, error) {
	if s.o.files.Load() {
		s.o.drain()
	}
	s.o.add(s.o.tag(), s.stream, p)
	return len(p), nil
}

// ofFile is what a file is as an io.Writer: os.Stdout and os.Stderr are the straight writers.
func (o *output) ofFile(f *os.File) io.Writer {
	switch f {
	case o.stdout:
		return o.direct[0]
	case o.stderr:
		return o.direct[1]
	}
	return f
}

// fileWrite is (*os.File).Write of a file, or of a straight writer.
func (o *output) fileWrite(w any, b []byte) (int, error) {
	if f, ok := w.(*os.File); ok {
		return o.ofFile(f).Write(b)
	}
	return w.(io.Writer).Write(b)
}

// fileWriteString is (*os.File).WriteString.
func (o *output) fileWriteString(w any, s string) (int, error) { return o.fileWrite(w, []byte(s)) }

// add appends to the batch; text of the other stream or of another tag, or a full batch, sends it.
func (o *output) add(tag any, stream string, p []byte) {
	if len(p) == 0 {
		return
	}
	o.mu.Lock()
	if (o.stream != stream || o.of != tag) && len(o.text) > 0 {
		o.mu.Unlock()
		o.send()
		o.mu.Lock()
	}
	o.stream, o.of = stream, tag
	o.text = append(o.text, p...)
	full := len(o.text) >= batchSize
	if !full && o.timer == nil {
		o.timer = time.AfterFunc(batchTime, o.send)
	}
	o.mu.Unlock()
	if full {
		o.send()
	}
}

// send hands over the batch.
func (o *output) send() {
	o.sendMu.Lock()
	defer o.sendMu.Unlock()
	o.mu.Lock()
	tag, stream, text := o.of, o.stream, string(o.text)
	o.text = o.text[:0]
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	o.mu.Unlock()
	if text != "" {
		o.emit(tag, stream, text)
	}
}

// drain waits until what was written into the pipes is in the batcher.
func (o *output) drain() {
	o.pipes[0].flush()
	o.pipes[1].flush()
}

// flush hands over all that was written.
func (o *output) flush() {
	o.drain()
	o.send()
}

// ownFiles are the process's files as they were at first.
var ownFiles = sync.OnceValue(func() [2]*os.File { return [2]*os.File{os.Stdout, os.Stderr} })

// taken is the output that has the process's files, or nil. Package state, as they are the process's.
var taken atomic.Pointer[output]

// takeOver puts the pipes in place of os.Stdout and os.Stderr, so that what compiled code writes there is output of cells, of
// the one that runs: a pipe does not tell who wrote.
func (o *output) takeOver() {
	ownFiles()
	os.Stdout, os.Stderr = o.stdout, o.stderr
	taken.Store(o)
}

// naming are ends of names in lowered code by which it writes to the files itself, or has compiled code do so.
var naming = []string{".Stdout", ".Stderr", ".PrintStack", ".PrintDefaults", ".Usage"}

// named notes whether code names the files; runtime is the name of the kernel's own package, whose names are others.
func (o *output) named(code, runtime string) {
	for _, name := range naming {
		if strings.Count(code, name) > strings.Count(code, runtime+name) {
			o.files.Store(true)
		}
	}
}

func (o *output) close() {
	o.flush()
	if own := ownFiles(); taken.CompareAndSwap(o, nil) {
		os.Stdout, os.Stderr = own[0], own[1]
	}
	o.stdout.Close()
	o.stderr.Close()
}

// pipe carries what code writes to a file.
type pipe struct {
	w    *os.File
	mu   sync.Mutex
	seen chan struct{}
}

// endMark is written into a pipe to learn when the reader has come so far.
const endMark = "\x00\x01gonverge\x01\x00"

func newPipe(to func([]byte)) (*pipe, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, err
	}
	p := &pipe{w: w, seen: make(chan struct{}, 1)}
	go func() {
		defer r.Close()
		defer close(p.seen)
		buf := make([]byte, batchSize)
		var tail []byte
		for {
			n, err := r.Read(buf)
			tail = append(tail, buf[:n]...)
			for {
				i := bytes.Index(tail, []byte(endMark))
				if i < 0 {
					break
				}
				to(tail[:i])
				tail = tail[i+len(endMark):]
				p.seen <- struct{}{}
			}
			keep := 0 // the start of a mark may be the end of what was read
			for k := min(len(tail), len(endMark)-1); k > 0; k-- {
				if bytes.HasSuffix(tail, []byte(endMark[:k])) {
					keep = k
					break
				}
			}
			to(tail[:len(tail)-keep])
			tail = append(tail[:0], tail[len(tail)-keep:]...)
			if err != nil {
				return
			}
		}
	}()
	return p, nil
}

func (p *pipe) flush() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, err := p.w.WriteString(endMark); err == nil {
		<-p.seen
	}
}

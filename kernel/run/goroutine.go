package run

import (
	"bytes"
	"runtime"
	"strconv"
	"sync"
	"time"
)

// goroutine is the number of the calling goroutine. It is slow (a microsecond): for panics only.
func goroutine() uint64 {
	var buf [64]byte
	b := bytes.TrimPrefix(buf[:runtime.Stack(buf[:], false)], []byte("goroutine "))
	if i := bytes.IndexByte(b, ' '); i > 0 {
		b = b[:i]
	}
	n, _ := strconv.ParseUint(string(b), 10, 64) // the text is the runtime's own
	return n
}

// start is the go statement.
func (m *Machine) start(pos int, f func()) {
	m.live.Add(1)
	go func() {
		defer m.live.Add(-1)
		defer func() {
			if r := recover(); r != nil {
				p := m.panicOf(r)
				if m.o.GoroutinePanic != nil {
					m.o.GoroutinePanic(pos, p)
				}
			} else {
				m.dropTrace()
			}
		}()
		f()
	}()
}

// sleep is time.Sleep that ends when the interpreter is stopped.
func (m *Machine) sleep(d time.Duration) {
	halt := *m.halt.Load()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-halt:
	}
}

// waitGroupWait is (*sync.WaitGroup).Wait that ends when the interpreter is stopped.
func (m *Machine) waitGroupWait(wg *sync.WaitGroup) {
	halt := *m.halt.Load()
	done := make(chan struct{})
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-halt:
	}
}

// mutexLock is (*sync.Mutex).Lock that ends when the interpreter is stopped.
func (m *Machine) mutexLock(mu *sync.Mutex) {
	halt := *m.halt.Load()
	pause := time.Microsecond
	for i := 0; !mu.TryLock(); i++ {
		if i < 20 {
			runtime.Gosched()
			continue
		}
		select {
		case <-halt:
			return
		case <-time.After(pause):
		}
		pause = min(2*pause, 200*time.Microsecond)
	}
}

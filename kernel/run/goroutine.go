package run

import (
	"bytes"
	"runtime"
	"strconv"
)

// goroutine is the number of the calling goroutine. It is slow (a microsecond).
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
	a := m.owner()
	m.live.Add(1)
	if a != nil {
		a.live.Add(1)
	}
	go func() {
		defer m.live.Add(-1)
		if a != nil {
			defer a.live.Add(-1)
			defer m.own(a)()
		}
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

package run

import (
	"bytes"
	"context"
	"errors"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"time"
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
func (m *Machine) start(pos int, f func()) { go m.begin(pos, f, true)() }

// waitGroupGo is (*sync.WaitGroup).Go.
func (m *Machine) waitGroupGo(wg *sync.WaitGroup, f func(), pos int) {
	wg.Add(1)
	m.start(pos, func() {
		defer wg.Done()
		f()
	})
}

// exit ends an activity because one of its goroutines has called os.Exit.
func (a *activity) exit(p *Panic) {
	if a.exited.CompareAndSwap(nil, p) {
		a.cancel(errors.New(p.Text))
	}
}

// exitGrace is how long an exit may take to leave the functions that called it.
const exitGrace = 200 * time.Millisecond

// end is os.Exit. What it throws compiled code may catch, as package fmt does what a method panics with, or a server: then the
// activity ends all the same.
func (m *Machine) end(text string) {
	if a := m.owner(); a != nil && a == m.cur.Load() {
		p := &Panic{Value: exit(text), Text: text, Exit: true}
		a.ending.CompareAndSwap(nil, p)
		time.AfterFunc(exitGrace, func() { a.exit(p) })
	}
	panic(exit(text))
}

// later are functions of compiled packages that call one of a cell on a goroutine of theirs some time: it runs like one that
// the cell started.
func (m *Machine) later() (inTime, inContext map[string]reflect.Value) {
	inTime = map[string]reflect.Value{"AfterFunc": reflect.ValueOf(func(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, m.begin(0, f, false)) })}
	inContext = map[string]reflect.Value{"AfterFunc": reflect.ValueOf(func(ctx context.Context, f func()) func() bool { return context.AfterFunc(ctx, m.begin(0, f, false)) })}
	return inTime, inContext
}

// begin is what a goroutine does that the calling one starts at pos, now or later: it belongs to the same activity, and a
// panic of f is told instead of ending the process.
func (m *Machine) begin(pos int, f func(), now bool) func() {
	label := getLabel()
	a := m.ownerOf(label)
	if a != nil && a.isBody(label) {
		if p := a.started.Load(); p != nil {
			label = *p
		}
	}
	count := func(n int64) {
		m.live.Add(n)
		if a != nil {
			a.live.Add(n)
		}
	}
	if now { // whoever asks how many there are right after the go statement is to find it
		count(1)
	}
	return func() {
		if !now {
			count(1)
		}
		defer count(-1)
		setLabel(label)
		debug.SetPanicOnFault(true)
		defer func() {
			if r := recover(); r != nil {
				p := m.panicOf(r)
				if (p.Exit || p.Over) && a != nil && a == m.cur.Load() { // as in Go, it is the end of all
					a.exit(p)
					return
				}
				if m.o.GoroutinePanic != nil {
					m.o.GoroutinePanic(pos, p)
				}
			} else {
				m.dropTrace()
			}
		}()
		f()
	}
}

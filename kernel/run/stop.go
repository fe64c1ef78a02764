package run

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/traefik/yaegi/interp"
)

// Stopping. The interpreter has a run number. Every frame carries the number of its time, and code whose frame has another
// number than the interpreter ends at its next step. So raising the number stops all interpreted code. But function values
// keep the frame that they were made in: with the number raised for good, every closure of earlier cells would return
// zeros without running, and nobody would notice. Therefore the number is put back as soon as all that the stopped cell
// started has ended. What waits (channels, Sleep, Wait, Lock: wait.go) does so in package run, each for its own cell, so
// that a goroutine of an earlier cell that waits at that moment does not even notice.
//
// When compiled code that the cell called does not return, the number cannot be put back: the cell would go on after it.
// The next Run waits for that code a while, and then goes on with the new number and says what is lost.

// epochOf is the interpreter's run number, a field that is not exported.
func epochOf(in *interp.Interpreter) (*uint64, error) {
	f := reflect.ValueOf(in).Elem().FieldByName("id")
	if !f.IsValid() || f.Kind() != reflect.Uint64 {
		return nil, fmt.Errorf("run: this version of the interpreter has no run number")
	}
	return (*uint64)(unsafe.Pointer(f.UnsafeAddr())), nil
}

// leftGrace is how long a Run waits for compiled code that an earlier one left behind.
const leftGrace = 5 * time.Second

// stop ends the code of an activity: its body, its goroutines, and what else is running interpreted code right now.
// It tells how many goroutines ended, and whether something did not.
func (m *Machine) stop(a *activity) (stopped int64, detached bool) {
	before := m.live.Load()
	w := &window{of: a, closed: make(chan struct{})}
	m.window.Store(w)
	atomic.AddUint64(m.epoch, 1)
	close(a.stopped)
	if m.ends(a, time.After(stopGrace), nil) {
		atomic.AddUint64(m.epoch, ^uint64(0))
	} else {
		m.left, detached = a, true
	}
	m.window.Store(nil)
	close(w.closed)
	stopped = max(0, before-m.live.Load())
	if late := w.close(); !detached && !a.late {
		detached = m.runLate(a, late)
	}
	return stopped, detached
}

// ends waits until the body and the goroutines of a stopped activity have ended.
func (m *Machine) ends(a *activity, late <-chan time.Time, cancel <-chan struct{}) bool {
	select {
	case p := <-a.done:
		a.done <- p
		if a.evaluated != nil { // the interpreter looks at its frame once more
			select {
			case <-a.evaluated:
			case <-late:
				return false
			}
		}
	case <-late:
		return false
	case <-cancel:
		return false
	}
	for pause := 10 * time.Microsecond; a.live.Load() > 0; pause = min(2*pause, 5*time.Millisecond) {
		select {
		case <-late:
			return false
		case <-cancel:
			return false
		case <-time.After(pause):
		}
	}
	return true
}

// awaitLeft waits for what an earlier Run left behind, so that function values work again.
func (m *Machine) awaitLeft(ctx context.Context) {
	a := m.left
	if a == nil {
		return
	}
	if m.ends(a, time.After(leftGrace), ctx.Done()) {
		atomic.AddUint64(m.epoch, ^uint64(0))
		m.left = nil
		return
	}
	if ctx.Err() != nil {
		return
	}
	m.left = nil
	m.out.add(nil, "stderr", []byte("compiled code that an interrupted cell called is still running; function values made before are lost: run the cells that make them again\n"))
}

// window is the time between raising the run number and putting it back.
type window struct {
	of     *activity
	closed chan struct{}

	mu   sync.Mutex
	late []*Defers // deferred calls of what was stopped: see late.go
	over bool
}

// wait begins to wait on behalf of the calling goroutine: halt is closed when its code is stopped, and awake must be called
// before it goes on. When it would wake while another cell is being stopped, it would end too, so it waits for that. what it
// waits for, at pos, is "" where no other goroutine is needed to wake it.
func (m *Machine) wait(pos int, what string) (halt <-chan struct{}, awake func()) {
	label := getLabel()
	a := m.ownerOf(label)
	if a != nil {
		halt = a.stopped
	}
	end := func() {}
	if what != "" {
		end = m.waits.begin(a, a != nil && a.isBody(label), pos, what)
	}
	return halt, func() {
		end()
		if w := m.window.Load(); w != nil && w.of != a {
			<-w.closed
		}
	}
}

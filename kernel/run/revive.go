package run

import (
	"fmt"
	"reflect"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/traefik/yaegi/interp"
)

// The interpreter stops by giving itself a new number: every frame that has the old one ends at its next step. The frames
// that closures of earlier cells hold have the old number for ever, and calling such a closure would silently give zero
// values. So once all that was to stop has ended, the interpreter gets its first number back.

// runNumber is where the interpreter keeps its number.
func runNumber(in *interp.Interpreter) (*uint64, error) {
	f := reflect.ValueOf(in).Elem().FieldByName("id")
	if !f.IsValid() || f.Kind() != reflect.Uint64 {
		return nil, fmt.Errorf("run: this version of the interpreter has no number to stop by")
	}
	return (*uint64)(unsafe.Pointer(f.UnsafeAddr())), nil
}

// revive gives the interpreter its first number back when nothing is left of what was stopped, so that the closures of
// earlier cells work again. It is called before a run and after a stop.
func (m *Machine) revive() {
	if !m.stopped {
		return
	}
	for i := 0; i < len(m.detached); {
		select {
		case <-m.detached[i].done:
			m.detached = append(m.detached[:i], m.detached[i+1:]...)
		default:
			i++
		}
	}
	for end := time.Now().Add(m.patience); m.live.Load() > 0 && time.Now().Before(end); {
		time.Sleep(100 * time.Microsecond) // goroutines end at their next step
	}
	m.patience = 0 // those that wait in compiled code may do so for ever
	if len(m.detached) > 0 || m.live.Load() > 0 {
		return // they would go on
	}
	atomic.StoreUint64(m.number, m.first)
	m.stopped = false
}

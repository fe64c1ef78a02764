package run

import (
	"context"
	"runtime"
	"runtime/pprof"
	"unsafe"
)

// Owners. Whose output something is, and which cell must be stopped for it to end, is known by the goroutine that asks.
// Every Run marks its goroutine with a label of package pprof, and the goroutines that cells start with another; goroutines
// that compiled code starts inherit them, also when the cell has ended. A label is told by its address, which the runtime
// keeps for each goroutine and gives at no cost. Who sets labels in a cell gives up what it is known by: then the owner is
// the Run that is on.

// getLabel and setLabel are the runtime's own for package pprof. It keeps them for packages that name them as here does:
// see go.dev/issue/67401.
//
//go:linkname getLabel runtime/pprof.runtime_getProfLabel
func getLabel() unsafe.Pointer

//go:linkname setLabel runtime/pprof.runtime_setProfLabel
func setLabel(unsafe.Pointer)

// label makes a label of an activity, which is forgotten when no goroutine has it any more and the returned pointer is gone.
func (m *Machine) label(a *activity, kind string) unsafe.Pointer {
	before := getLabel()
	pprof.SetGoroutineLabels(pprof.WithLabels(context.Background(), pprof.Labels("cell", kind)))
	p := getLabel()
	setLabel(before)
	key := uintptr(p)
	m.owners.Store(key, a)
	// The address may have been given to another label by the time that the cleanup runs.
	runtime.AddCleanup((*byte)(p), func(a *activity) { m.owners.CompareAndDelete(key, a) }, a)
	return p
}

// markActivity makes the labels of an activity; forgetLabels lets go of them when its Run is over.
func (m *Machine) markActivity(a *activity) {
	body, started := m.label(a, "body"), m.label(a, "goroutine")
	a.bodyKey, a.startedKey = uintptr(body), uintptr(started)
	a.body.Store(&body)
	a.started.Store(&started)
}

func (a *activity) forgetLabels() {
	a.body.Store(nil)
	a.started.Store(nil)
}

// enterBody says that the calling goroutine is the body of the activity.
func (a *activity) enterBody() {
	if p := a.body.Load(); p != nil {
		setLabel(*p)
	}
}

func (a *activity) isBody(label unsafe.Pointer) bool { return a.bodyKey == uintptr(label) }

// owner is the activity that the calling goroutine belongs to.
func (m *Machine) owner() *activity { return m.ownerOf(getLabel()) }

func (m *Machine) ownerOf(label unsafe.Pointer) *activity {
	cur := m.cur.Load()
	if key := uintptr(label); label != nil && (cur == nil || key != cur.bodyKey && key != cur.startedKey) {
		if a, ok := m.owners.Load(key); ok {
			return a.(*activity)
		}
	}
	return cur
}

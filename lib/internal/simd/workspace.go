package simd

import "sync"

// A workspace is memory for packed operands. Workspaces are handed out by a sync.Pool, so
// that calls neither allocate nor share memory; what they hold carries nothing from one call
// to the next.
type workspace struct{ buf []float32 }

var workspaces = sync.Pool{New: func() any { return new(workspace) }}

func getWorkspace() *workspace { return workspaces.Get().(*workspace) }

// floats returns n values of any content; a second call on the same workspace takes them back.
func (w *workspace) floats(n int) []float32 {
	if cap(w.buf) < n {
		w.buf = make([]float32, n)
	}
	return w.buf[:n]
}

// put returns w to the pool; nil is allowed.
func (w *workspace) put() {
	if w != nil {
		workspaces.Put(w)
	}
}

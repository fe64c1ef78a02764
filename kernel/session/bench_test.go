package session_test

import (
	"runtime"
	"strings"
	"testing"
)

// BenchmarkMemory prints what a trivial cell leaves behind.
func BenchmarkMemory(b *testing.B) {
	s := newSession(b)
	for range 100 {
		run(b, s, "1+1")
	}
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := heap()
	for b.Loop() {
		run(b, s, "1+1")
	}
	b.ReportMetric(float64(int64(heap()-before))/float64(b.N), "B/cell")
}

// BenchmarkLongCell runs a cell of 40 lines.
func BenchmarkLongCell(b *testing.B) {
	s := newSession(b)
	cell := "type P struct{ x, y float64 }\nfunc (p P) norm() float64 { return math.Hypot(p.x, p.y) }\nfunc add(a, b P) P { return P{a.x + b.x, a.y + b.y} }\n" +
		strings.Repeat("for i := range 3 {\n\tp := add(P{1, 2}, P{float64(i), 1})\n\tif p.norm() > 3 {\n\t\tp.x = 0\n\t}\n}\n", 6) + "add(P{1, 2}, P{3, 4}).norm()"
	for b.Loop() {
		run(b, s, cell)
	}
}

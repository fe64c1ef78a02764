package simd

import (
	"syscall"
	"testing"
	"unsafe"
)

// guarded returns n values with a page beside them that cannot be touched: behind the last
// value if atEnd, else before the first. A kernel that reads or writes past that side dies.
func guarded(t testing.TB, n int, atEnd bool) []float32 {
	t.Helper()
	page := syscall.Getpagesize()
	size := (4*n + page - 1) / page * page
	mem, err := syscall.Mmap(-1, 0, size+2*page, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	if err != nil {
		t.Skip("no guard pages here: ", err)
	}
	t.Cleanup(func() { _ = syscall.Munmap(mem) }) // the test is over; nothing depends on it
	for _, edge := range [][]byte{mem[:page], mem[page+size:]} {
		if err := syscall.Mprotect(edge, syscall.PROT_NONE); err != nil {
			t.Skip("no guard pages here: ", err)
		}
	}
	if n == 0 {
		return nil
	}
	at := page
	if atEnd {
		at = page + size - 4*n
	}
	return unsafe.Slice((*float32)(unsafe.Pointer(&mem[at])), n)
}

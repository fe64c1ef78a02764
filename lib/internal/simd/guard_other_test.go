//go:build !linux

package simd

import "testing"

// guarded has guard pages on Linux only; elsewhere the canaries of buffer remain.
func guarded(t testing.TB, n int, _ bool) []float32 {
	t.Helper()
	return make([]float32, n)
}

package run_test

import (
	"testing"

	"github.com/traefik/yaegi/interp"
)

// BenchmarkInterpreterAlone is the loop of the session's BenchmarkLoop without the kernel: what it is measured against.
func BenchmarkInterpreterAlone(b *testing.B) {
	in := interp.New(interp.Options{})
	if _, err := in.Eval("func loop(n int) float64 { s := 0.0; for i := 0; i < n; i++ { s += float64(i) * 0.5 }; return s }"); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := in.Eval("loop(10000000)"); err != nil {
			b.Fatal(err)
		}
	}
}

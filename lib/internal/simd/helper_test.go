package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// eachPath runs a test on plain Go and, where the processor has them, on the assembly and on
// its wide tiles.
func eachPath(t *testing.T, run func(t *testing.T)) {
	t.Helper()
	detected, wide := useAsm, useWide
	defer func() { useAsm, useWide = detected, wide }()
	useAsm, useWide = false, false
	t.Run("go", run)
	if detected {
		useAsm = true
		t.Run("asm", run)
	}
	if wide {
		useWide = true
		t.Run("wide", run)
	}
}

func newRand() *rand.Rand { return rand.New(rand.NewPCG(7, 11)) }

// random returns n values in [-0.5, 0.5).
func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = r.Float32() - 0.5
	}
	return x
}

const canary = 12345.5

// A buffer is memory with canaries on both sides.
type buffer struct {
	all []float32
	n   int
}

const canaries = 67 // not a multiple of 8: the memory in between is not aligned

func newBuffer(x []float32) *buffer {
	b := &buffer{make([]float32, len(x)+2*canaries), len(x)}
	for i := range b.all {
		b.all[i] = canary
	}
	copy(b.values(), x)
	return b
}

// values returns the memory; its capacity ends with it.
func (b *buffer) values() []float32 { return b.all[canaries : canaries+b.n : canaries+b.n] }

func (b *buffer) check(t *testing.T, name string) {
	t.Helper()
	for i, v := range b.all {
		if (i < canaries || i >= canaries+b.n) && v != canary {
			t.Fatalf("%s: wrote %v at %d of %d", name, v, i-canaries, b.n)
		}
	}
}

// compare fails unless got equals want up to tol·(1+|want|).
func compare(t *testing.T, name string, got []float32, want []float64, tol float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: got %d values, want %d", name, len(got), len(want))
	}
	for i, w := range want {
		if d := math.Abs(float64(got[i]) - w); !(d <= tol*(1+math.Abs(w))) {
			t.Fatalf("%s[%d]: got %v, want %v", name, i, got[i], w)
		}
	}
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

// mustPanic fails unless run panics with a message that begins with "simd: ".
func mustPanic(t *testing.T, name string, run func()) {
	t.Helper()
	defer func() {
		t.Helper()
		msg, _ := recover().(string)
		if len(msg) < 6 || msg[:6] != "simd: " {
			t.Errorf("%s: got panic %q, want one of simd", name, msg)
		}
	}()
	run()
}

// needAssembly skips a test of what plain Go has only one form of, or does not have.
func needAssembly(t *testing.T) {
	t.Helper()
	if !useAsm {
		t.Skip("needs kernels in assembly; here is ", Name())
	}
}

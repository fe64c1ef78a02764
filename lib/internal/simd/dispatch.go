package simd

import "fmt"

// useAsm says which form of the kernels runs. It is set once, before main; only this
// package's tests change it, to compare both forms in one process.
var useAsm = detect()

// Name returns the form of the kernels that runs: "avx2+fma" or "go".
func Name() string {
	if useAsm {
		return "avx2+fma"
	}
	return "go"
}

// need panics unless a slice of a caller has at least want values.
func need(fn, arg string, have, want int) {
	if have < want {
		panic(fmt.Sprintf("simd: %s: %s has %d values, needs %d", fn, arg, have, want))
	}
}

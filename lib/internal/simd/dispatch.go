package simd

import "fmt"

// useAsm says which form of the kernels runs. It is set once, before main; only this
// package's tests change it, to compare both forms in one process.
var useAsm = detect()

// useWide says whether the assembly has tiles of 32 columns in vectors of 16, too, which give
// the same bits. It is false wherever useAsm is.
var useWide = useAsm && detectWide()

// Name returns the form of the kernels that runs: "avx2+fma" or "go". It decides the bits of
// results, and so does not tell whether some kernels work on vectors of AVX-512; see [Wide].
func Name() string {
	if useAsm {
		return "avx2+fma"
	}
	return "go"
}

// Wide reports whether kernels work on vectors of AVX-512 where that is faster. Results are the same.
func Wide() bool { return useWide }

// need panics unless a slice of a caller has at least want values.
func need(fn, arg string, have, want int) {
	if have < want {
		panic(fmt.Sprintf("simd: %s: %s has %d values, needs %d", fn, arg, have, want))
	}
}

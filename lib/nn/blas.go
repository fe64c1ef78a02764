package nn

import "gonverge/lib/ops"

// UseFastBLAS gives gonum's blas32 (blas32.Gemm on float32 matrices) and, in compiled programs,
// gorgonia's and its tensors' matrix products this project's float32 product, which uses the
// vectors of the processor where gonum's is plain Go, with its results up to rounding; `gonverge bench engine` has a row of it. It changes these packages' setting for
// the whole process; call it once, before they are used. Nets do not need it: their layers run on
// the same kernel in any case. Matrices of mat are float64 and do not change.
func UseFastBLAS() { ops.UseFastBLAS() }

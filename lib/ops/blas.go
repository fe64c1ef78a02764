package ops

import (
	"gonum.org/v1/gonum/blas"
	gonumblas "gonum.org/v1/gonum/blas/gonum"
	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
)

// UseFastBLAS gives gorgonia's and its tensors' own matrix products (gorgonia.Mul,
// tensor.MatMul) this project's float32 product. It changes gorgonia's setting for the
// whole process: call it once at the start of a program, before any graph runs. The
// operations of this package do not need it.
func UseFastBLAS() { gorgonia.Use(fastBLAS{}) }

// fastBLAS is gonum's implementation with another SGEMM.
type fastBLAS struct{ gonumblas.Implementation }

func (f fastBLAS) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	if alpha != 1 || beta != 0 && beta != 1 || min(m, n, k) < 1 {
		f.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	simd.Gemm(tA != blas.NoTrans, tB != blas.NoTrans, m, n, k, a, lda, b, ldb, c, ldc, beta == 1)
}

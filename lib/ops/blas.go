package ops

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	gonumblas "gonum.org/v1/gonum/blas/gonum"
	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
)

// UseFastBLAS gives gorgonia's and its tensors' own matrix products (gorgonia.Mul,
// tensor.MatMul) and gonum's blas32 this project's float32 product. It changes both packages'
// setting for the whole process: call it once at the start of a program, before any graph
// runs. The operations of this package do not need it.
func UseFastBLAS() {
	gorgonia.Use(fastBLAS{})
	blas32.Use(fastBLAS{})
}

// fastBLAS is gonum's implementation with another SGEMM.
type fastBLAS struct{ gonumblas.Implementation }

// Sgemm is C = alpha·op(A)·op(B) + beta·C. What gonum refuses is left to gonum to refuse.
func (f fastBLAS) Sgemm(tA, tB blas.Transpose, m, n, k int, alpha float32, a []float32, lda int, b []float32, ldb int, beta float32, c []float32, ldc int) {
	fits := func(t blas.Transpose, rows, cols, have, ld int) bool {
		if t != blas.NoTrans {
			rows, cols = cols, rows
		}
		return ld >= cols && have >= (rows-1)*ld+cols
	}
	known := func(t blas.Transpose) bool { return t == blas.NoTrans || t == blas.Trans || t == blas.ConjTrans }
	if alpha != 1 || beta != 0 && beta != 1 || min(m, n, k) < 1 || !known(tA) || !known(tB) ||
		!fits(tA, m, k, len(a), lda) || !fits(tB, k, n, len(b), ldb) || !fits(blas.NoTrans, m, n, len(c), ldc) {
		f.Implementation.Sgemm(tA, tB, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc)
		return
	}
	simd.Gemm(tA != blas.NoTrans, tB != blas.NoTrans, m, n, k, a, lda, b, ldb, c, ldc, beta == 1)
}

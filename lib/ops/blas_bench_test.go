package ops

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	gonumblas "gonum.org/v1/gonum/blas/gonum"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Square products of gonum's blas32 and of gorgonia's tensors, with their own SGEMM and with ours.
func BenchmarkUseFastBLAS(b *testing.B) {
	defer func() {
		gorgonia.Use(gonumblas.Implementation{})
		blas32.Use(gonumblas.Implementation{})
	}()
	const n = 512
	r := rand.New(rand.NewPCG(1, 2))
	var m [3][]float32
	for i := range m {
		m[i] = make([]float32, n*n)
		for k := range m[i] {
			m[i][k] = r.Float32() - 0.5
		}
	}
	general := func(i int) blas32.General { return blas32.General{Rows: n, Cols: n, Stride: n, Data: m[i]} }
	dense := func(i int) *tensor.Dense { return tensor.New(tensor.WithShape(n, n), tensor.WithBacking(m[i])) }
	x, y, z := dense(0), dense(1), dense(2)
	for _, fast := range []bool{false, true} {
		if fast {
			UseFastBLAS()
		}
		for name, do := range map[string]func(){
			"blas32": func() { blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, general(0), general(1), 0, general(2)) },
			"tensor": func() {
				if _, err := tensor.MatMul(x, y, tensor.WithReuse(z)); err != nil {
					b.Fatal(err)
				}
			},
		} {
			b.Run(fmt.Sprintf("%s/%d/fast=%v", name, n, fast), func(b *testing.B) {
				for b.Loop() {
					do()
				}
				b.ReportMetric(2*n*n*n*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

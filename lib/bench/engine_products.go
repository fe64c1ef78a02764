package bench

import (
	"context"
	"math/rand/v2"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gonum.org/v1/gonum/blas/gonum"
	"gonverge/lib/internal/simd"
	"gonverge/lib/nn"
)

// products adds the row of a square matrix product.
func (e *engineTable) products(ctx context.Context) error {
	task := "matrix product 1024×1024×1024, one thread"
	if !e.o.Wants(task) {
		return nil
	}
	const n = 1024
	r := rand.New(rand.NewPCG(1, 1))
	a, b, c := random(r, n*n), random(r, n*n), make([]float32, n*n)
	times, err := e.o.Alternate(ctx,
		Go("gonverge", func() { simd.Gemm(false, false, n, n, n, a, n, b, n, c, n, false) }),
		e.peer.Case("OpenBLAS", "gemm 1024"))
	if err != nil {
		return err
	}
	e.Add(Compare(task, times, Goal{AtLeast: 0.95}).Rate("GFLOP/s", 2e-9*n*n*n))
	return nil
}

// blas adds the row of gonum's own float32 product, with nn.UseFastBLAS and without. Gorgonia's
// product of tensors goes the same way; `go test -bench FastBLAS ./lib/ops` has both.
func (e *engineTable) blas(ctx context.Context) error {
	task := "blas32.Gemm 512×512×512 after UseFastBLAS, beside gonum's own"
	if !e.o.Wants(task) {
		return nil
	}
	const n = 512
	r := rand.New(rand.NewPCG(1, 5))
	var m [3]blas32.General
	for i := range m {
		m[i] = blas32.General{Rows: n, Cols: n, Stride: n, Data: random(r, n*n)}
	}
	product := func(by blas.Float32) func() {
		return func() {
			blas32.Use(by)
			blas32.Gemm(blas.NoTrans, blas.NoTrans, 1, m[0], m[1], 0, m[2])
		}
	}
	nn.UseFastBLAS()
	fast := blas32.Implementation()
	defer blas32.Use(fast)
	times, err := e.o.Alternate(ctx, Go("gonverge", product(fast)), Go("gonum", product(gonum.Implementation{})))
	if err != nil {
		return err
	}
	e.Add(Compare(task, times, Goal{}).Rate("GFLOP/s", 2e-9*n*n*n))
	return nil
}

// denseLayers adds the rows of AlexNet's fully connected layers at batch 64.
func (e *engineTable) denseLayers(ctx context.Context) error {
	const batch = 64
	layers := [][2]int{{9216, 4096}, {4096, 4096}, {4096, 1000}}
	var x, w, y [3][]float32
	r := rand.New(rand.NewPCG(1, 4))
	flop := 0.0
	for _, l := range layers {
		flop += 2 * batch * float64(l[0]*l[1])
	}
	for _, kind := range []struct {
		task, peer string
		do         func(i, inputs, units int)
	}{
		{"forward", "dense forward", func(i, inputs, units int) {
			simd.Gemm(false, false, batch, units, inputs, x[i], inputs, w[i], units, y[i], units, false)
		}},
		{"gradient of weights", "dense weights", func(i, inputs, units int) {
			simd.Gemm(true, false, inputs, units, batch, x[i], inputs, y[i], units, w[i], units, false)
		}},
		{"gradient of inputs", "dense inputs", func(i, inputs, units int) {
			simd.Gemm(false, true, batch, inputs, units, y[i], units, w[i], units, x[i], inputs, false)
		}},
	} {
		task := "fully connected layers of AlexNet, batch 64, " + kind.task
		if !e.o.Wants(task) {
			continue
		}
		if x[0] == nil {
			for i, l := range layers {
				x[i], w[i], y[i] = random(r, batch*l[0]), random(r, l[0]*l[1]), random(r, batch*l[1])
			}
		}
		times, err := e.o.Alternate(ctx,
			Go("gonverge", func() {
				for i, l := range layers {
					kind.do(i, l[0], l[1])
				}
			}),
			e.peer.Case("OpenBLAS", kind.peer))
		if err != nil {
			return err
		}
		e.Add(Compare(task, times, Goal{AtLeast: 0.95}).Rate("GFLOP/s", flop/1e9))
	}
	return nil
}

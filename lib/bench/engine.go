package bench

import (
	"context"
	_ "embed"
	"math/rand/v2"

	"gonverge/lib/internal/simd"
)

//go:embed engine.py
var engineScript string

// engine makes the table "engine".
func engine(ctx context.Context, o Options) (*Table, error) {
	t := newTable("engine", o)
	peer, err := o.peer(ctx, t, engineScript, "numpy", "torch")
	if err != nil {
		return t, err
	}
	defer peer.Close()
	for _, part := range []func(context.Context, Options, *Table, *Peer) error{products} {
		if err := part(ctx, o, t, peer); err != nil {
			return t, err
		}
	}
	return t, nil
}

// random returns n normal numbers.
func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

// products adds the rows of matrix products.
func products(ctx context.Context, o Options, t *Table, peer *Peer) error {
	r := rand.New(rand.NewPCG(1, 1))
	if task := "matrix product 1024×1024×1024"; o.Wants(task) {
		const n = 1024
		a, b, c := random(r, n*n), random(r, n*n), make([]float32, n*n)
		times, err := o.Alternate(ctx,
			Go("gonverge", func() { simd.Gemm(false, false, n, n, n, a, n, b, n, c, n, false) }),
			peer.Case("OpenBLAS", "gemm 1024"))
		if err != nil {
			return err
		}
		t.Add(Compare(task, times, Goal{AtLeast: 0.95}).Rate("GFLOP/s", 2e-9*n*n*n))
	}
	return nil
}

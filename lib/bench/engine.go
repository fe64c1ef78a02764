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
	e := &engineTable{Table: t, o: o, peer: peer}
	parts := []func(context.Context) error{e.memory, e.training, e.readOut, e.cores, e.products, e.blas, e.denseLayers}
	if o.CaffeNet {
		parts = []func(context.Context) error{e.caffeNet}
	}
	for _, part := range parts {
		if err := part(ctx); err != nil {
			return t, err
		}
	}
	return t, nil
}

// engineTable is the table under work.
type engineTable struct {
	*Table
	o    Options
	peer *Peer
	peak float64 // GFLOP/s of one core; 0: not measured
}

// core measures what one core can do at most, once; 0 in plain Go.
func (e *engineTable) core(ctx context.Context) (float64, error) {
	if e.peak > 0 || simd.FMA(1) == 0 {
		return e.peak, nil
	}
	const turns = 1 << 16
	flop := simd.FMA(turns)
	times, err := e.o.Alternate(ctx, Go("peak", func() { simd.FMA(turns) }))
	if err != nil {
		return 0, err
	}
	row := Compare("multiply-adds of one core, the most it can do", times, Goal{}).Rate("GFLOP/s", float64(flop)/1e9)
	e.Add(row)
	e.peak = row.Ours.Best
	return e.peak, nil
}

// random returns n normal numbers.
func random(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

package symbols

import (
	"context"

	"gonverge/lib/bench"
)

// BenchOptions are those of a table of speed.
type BenchOptions = bench.Options

// Benches returns the tables of speed that [Bench] makes.
func Benches() []bench.Named { return bench.Tables() }

// Bench makes a table of speed, as package bench of lib says. It is here because kernel reaches
// lib only through this package.
func Bench(ctx context.Context, name string, o BenchOptions) (*bench.Table, error) {
	return bench.Run(ctx, name, o)
}

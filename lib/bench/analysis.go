package bench

import (
	"context"
	_ "embed"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"time"

	"gonverge/lib/activation"
	"gonverge/lib/align"
	"gonverge/lib/corr"
	"gonverge/lib/dataset"
	"gonverge/lib/internal/simd"
	"gonverge/lib/nn"

	"gonum.org/v1/gonum/mat"
)

//go:embed analysis.py
var analysisScript string

// analysis makes the table "analysis": on one thread, on the same inputs as the peer's but for
// matrices of noise.
func analysis(ctx context.Context, o Options) (t *Table, err error) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	t = newTable("analysis", o)
	folder, err := os.MkdirTemp("", "gonverge-bench-*")
	if err != nil {
		return t, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(folder)
	peer, err := o.peer(ctx, t, fmt.Sprintf("folder = %q\n%s", filepath.ToSlash(folder), analysisScript), "numpy", "scipy", "sklearn")
	if err != nil {
		return t, err
	}
	defer peer.Close()
	e := &analysisTable{Table: t, o: o, peer: peer, folder: folder}
	for _, part := range []func(context.Context) error{e.grams, e.assignments, e.lasso, e.spectral, e.information, e.statistics} {
		if err := part(ctx); err != nil {
			return t, err
		}
	}
	return t, nil
}

// analysisTable is the table under work.
type analysisTable struct {
	*Table
	o      Options
	peer   *Peer
	folder string // where the peer finds inputs
}

// give writes an input for the peer.
func (e *analysisTable) give(name string, values any) error {
	b, err := binary.Append(nil, binary.LittleEndian, values)
	if err == nil {
		err = os.WriteFile(filepath.Join(e.folder, name), b, 0o600)
	}
	if err != nil {
		return fmt.Errorf("bench: %w", err)
	}
	return nil
}

func (e *analysisTable) grams(ctx context.Context) error {
	for _, size := range [][2]int{{20000, 384}, {100000, 96}} {
		rows, d := size[0], size[1]
		task := fmt.Sprintf("gram %d × %d, float32 into float64", rows, d)
		if !e.o.Wants(task) {
			continue
		}
		x, acc := random(rand.New(rand.NewPCG(1, 1)), rows*d), make([]float64, d*d)
		times, err := e.o.Alternate(ctx, Go("gonverge", func() {
			for r := 0; r < rows; r += 256 { // as corr does
				simd.GramAdd(acc, x[r*d:], min(256, rows-r), d, d)
			}
		}), e.peer.Case("OpenBLAS syrk, float32 throughout", fmt.Sprintf("gram %d", d)))
		if err != nil {
			return err
		}
		e.Add(Compare(task, times, Goal{AtLeast: 0.95}).Rate("GFLOP/s", float64(rows)*float64(d)*float64(d)/1e9))
	}
	return nil
}

func (e *analysisTable) assignments(ctx context.Context) error {
	for _, n := range []int{384, 1024, 4096} {
		task := fmt.Sprintf("assignment %d × %d, random scores", n, n)
		if !e.o.Wants(task) {
			continue
		}
		r := rand.New(rand.NewPCG(1, 2))
		m := mat.NewDense(n, n, nil)
		for i := range n {
			for j := range n {
				m.Set(i, j, r.Float64())
			}
		}
		name := fmt.Sprintf("scores%d", n)
		if err := e.give(name, m.RawMatrix().Data); err != nil {
			return err
		}
		times, err := e.o.Alternate(ctx, Go("gonverge", func() { align.Match(m) }), e.peer.Case("scipy", fmt.Sprintf("assignment %d", n)))
		if err != nil {
			return err
		}
		e.Add(Compare(task, times, Goal{AtMost: 0.8}))
	}
	return nil
}

// mixtures returns activations of two nets of units, n samples each: rectified mixtures of the
// same hidden causes and some noise of their own, like those of trained nets.
func mixtures(seed uint64, n, units, causes int) (a, b *mat.Dense) {
	r := rand.New(rand.NewPCG(seed, 3))
	normal := func(rows, columns int, scale float64) *mat.Dense {
		m := mat.NewDense(rows, columns, nil)
		m.Apply(func(int, int, float64) float64 { return scale * r.NormFloat64() }, m)
		return m
	}
	size := 1 / math.Sqrt(float64(causes))
	mix := normal(causes, units, size)
	other := normal(causes, units, size/2)
	for i := range causes {
		for j := range units {
			other.Set(i, j, other.At(i, j)+mix.At(i, 7*j%units))
		}
	}
	z := normal(n, causes, 1)
	net := func(mix *mat.Dense) *mat.Dense {
		x := normal(n, units, .3)
		var y mat.Dense
		y.Mul(z, mix)
		x.Add(x, &y)
		x.Apply(func(_, _ int, v float64) float64 { return max(0, v) }, x)
		return x
	}
	return net(mix), net(other)
}

// all returns the entries of a matrix row by row.
func all(m mat.Matrix) []float64 { return mat.DenseCopyOf(m).RawMatrix().Data }

func (e *analysisTable) lasso(ctx context.Context) error {
	tasks := []struct {
		alpha float64
		task  string
	}{
		{.053, "LASSO from correlations, 384 targets × 384 predictors, about 11 used"},
		{.005, "LASSO from correlations, 384 targets × 384 predictors, about 250 used"},
	}
	if !e.o.Wants(tasks[0].task) && !e.o.Wants(tasks[1].task) {
		return nil
	}
	l := corr.FromMatrices(mixtures(1, 5000, 384, 200))
	within, between := l.Within(0), l.Between(0, 1)
	if err := e.give("within", all(within)); err != nil {
		return err
	}
	if err := e.give("between", all(between)); err != nil {
		return err
	}
	for _, c := range tasks {
		if !e.o.Wants(c.task) {
			continue
		}
		var s *align.SparseMap
		times, err := e.o.Alternate(ctx, Go("gonverge", func() { s = align.Lasso(within, between, c.alpha) }),
			e.peer.Case("scikit-learn's bare coordinate descent, tol 1e-4", fmt.Sprintf("lasso %g", c.alpha)))
		if err != nil {
			return err
		}
		row := Compare(c.task, times, Goal{AtMost: 0.5})
		row.Note = fmt.Sprintf("%.1f used, optimal to %.0e", s.MeanNonZero(0), s.Violation)
		e.Add(row)
	}
	return nil
}

func (e *analysisTable) spectral(ctx context.Context) error {
	task := "spectral clusters, 768 units, k = 10"
	if !e.o.Wants(task) {
		return nil
	}
	l := corr.FromMatrices(mixtures(2, 4000, 384, 60))
	graph := align.CombinedGraph(l.Within(0), l.Between(0, 1), l.Within(1), 0)
	if err := e.give("graph", all(graph)); err != nil {
		return err
	}
	times, err := e.o.Alternate(ctx, Go("gonverge", func() { align.SpectralClusters(graph, 10, 1) }), e.peer.Case("scikit-learn", "spectral"))
	if err != nil {
		return err
	}
	e.Add(Compare(task, times, Goal{AtMost: 0.5}))
	return nil
}

func (e *analysisTable) information(ctx context.Context) error {
	task := "mutual information, 384 × 384 pairs, 50,000 samples, 10 bins"
	if !e.o.Wants(task) {
		return nil
	}
	a, b := mixtures(3, 50000, 384, 60)
	for name, m := range map[string]*mat.Dense{"first": a, "second": b} {
		x := make([]float32, 0, 50000*384)
		for _, v := range m.RawMatrix().Data {
			x = append(x, float32(v))
		}
		if err := e.give(name, x); err != nil {
			return err
		}
	}
	var mean float64
	times, err := e.o.Alternate(ctx, Go("gonverge", func() {
		info := corr.InformationFromMatrices(corr.InformationConfig{}, a, b).MutualInformation(0, 1)
		mean = mat.Sum(info) / (384 * 384)
	}), e.peer.Case("numpy, products of one-hot columns", "information"))
	if err != nil {
		return err
	}
	row := Compare(task, times, Goal{AtMost: 0.15})
	if len(times) > 1 && len(times[1].Times) > 0 {
		row.Note = fmt.Sprintf("mean %.6f nats, numpy %.6f", mean, times[1].Times[0].Value)
	}
	e.Add(row)
	return nil
}

// caffeNets returns a source of the convolution layers of two CaffeNets over noise.
func caffeNets(pictures int) (*activation.Source, error) {
	shape := [3]int{227, 227, 3}
	pixels := make([]uint8, pictures*227*227*3)
	r := rand.New(rand.NewPCG(4, 4))
	for i := range pixels {
		pixels[i] = uint8(r.UintN(256))
	}
	set, err := dataset.NewSet("noise", shape, pixels, make([]int, pictures))
	if err != nil {
		return nil, err
	}
	arch := nn.CaffeNetUngrouped(shape, 1000)
	return activation.Stream([]*nn.Net{nn.New(arch, 1), nn.New(arch, 2)}, set, "conv1", "conv2", "conv3", "conv4", "conv5"), nil
}

// statistics compares the statistics of two nets, forward passes included, with the passes alone,
// and says how much more memory they take.
func (e *analysisTable) statistics(ctx context.Context) error {
	const pictures = 128 // for fewer what is done once, as the first touch of memory, would weigh too much
	task := fmt.Sprintf("statistics of conv1 to conv5 of two CaffeNets, %d pictures, forward passes included", pictures)
	memory := "memory of these statistics, their file included, beyond nets and passes"
	if !e.o.Wants(task) && !e.o.Wants(memory) {
		return nil
	}
	acts, err := caffeNets(pictures)
	if err != nil {
		return err
	}
	statistics := func() error {
		_, err := corr.Measure(ctx, acts)
		return err
	}
	passes := func() error { return acts.Each(ctx, func(*activation.Block) error { return nil }) }
	if e.o.Wants(task) {
		times, err := e.o.Alternate(ctx, GoErr("gonverge", statistics), GoErr("forward passes alone", passes))
		if err != nil {
			return err
		}
		e.Add(Compare(task, times, Goal{AtMost: 1.25}))
	}
	if !e.o.Wants(memory) {
		return nil
	}
	without, err := peakDuring(passes)
	if err != nil {
		return err
	}
	with, err := peakDuring(func() error {
		s, err := corr.Measure(ctx, acts)
		if err == nil {
			corr.Encode(s)
		}
		return err
	})
	if err != nil || with == 0 {
		return err
	}
	more := with - without
	e.Add(Row{Task: memory, Unit: "MB", Ours: Value{more, more}, Ratio: more, Goal: Goal{AtMost: 200}})
	return nil
}

// peakDuring returns the most memory in MB that the process was seen to hold during a call; 0 where the
// system does not tell.
func peakDuring(do func() error) (float64, error) {
	// What nobody holds any more would be most of it: the collector waits until there is as much as nets take.
	defer debug.SetGCPercent(debug.SetGCPercent(3))
	for range 3 { // what has finalizers or waits in pools takes more than one
		debug.FreeOSMemory()
	}
	stop, done := make(chan struct{}), make(chan float64)
	go func() {
		peak := 0.0
		tick := time.NewTicker(5 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-stop:
				done <- peak
				return
			case <-tick.C:
				peak = max(peak, memoryOf("VmRSS:"))
			}
		}
	}()
	err := do()
	close(stop)
	return <-done, err
}

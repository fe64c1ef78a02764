package train

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"sync"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
	"gonverge/lib/progress"
	"gonverge/lib/store"
)

// version is part of the key under which a trained net is kept. It counts up
// whenever the same recipe, seed and pictures would give other bits: a change of
// draws, of the order of sums, of the step.
const version = 1

// Kinds of things in the store.
const (
	kindNet        = "nets"
	kindCheckpoint = "checkpoints"
)

// Ensemble trains one net per seed, each from its own initial weights, order of
// pictures and augmentation, on one core each, as many at a time as there are
// cores (runtime.GOMAXPROCS). The nets come in the order of the seeds.
//
// The same recipe, architecture, pictures and seed give the same bits for any
// number of cores. A trained net is kept in the cache (package store) under the
// hash of all that made it, and the next call finds it there. A checkpoint is
// written about every 20 seconds, at each epoch's end and on cancellation, and a
// call after an interruption, also after a crash, goes on from it to the same bits. A
// checkpoint that cannot be read is kept aside, said in the progress, and the
// training begins again.
//
// When ctx ends, Ensemble returns the finished nets and ctx.Err() within a layer of a step.
// Labels outside 0..outputs−1, a set whose pictures do not fit the architecture,
// and a training that diverges are errors, which also come with the finished nets.
func (r Recipe) Ensemble(ctx context.Context, arch *nn.Arch, set *dataset.Set, seeds ...uint64) ([]*nn.Net, error) {
	f := r.filled()
	if err := f.check(); err != nil {
		return nil, err
	}
	if err := checkSet(arch, set, f); err != nil {
		return nil, err
	}
	started, err := f.start(arch)
	if err != nil {
		return nil, err
	}
	if len(seeds) == 0 {
		return nil, errors.New("train: no seeds: Ensemble(ctx, arch, set, 1, 2, 3, 4) trains four nets")
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if _, err := set.FingerprintContext(ctx); err != nil { // a part of the nets' keys; it is kept
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("train: %w", err)
	}
	cache, trouble := openCache()
	runs := make([]*run, 0, len(seeds))
	first := map[uint64]int{} // seed -> its run
	for i, seed := range seeds {
		if _, ok := first[seed]; ok {
			continue // the same net again: a copy, below
		}
		first[seed] = len(runs)
		job := newRun(f, started, set, seed, cache)
		job.label = fmt.Sprintf("net %d of %d", i+1, len(seeds))
		job.origin = r.title() + ", " + set.Name()
		job.notes = trouble
		runs = append(runs, job)
	}
	err = trainAll(ctx, missing(ctx, runs))
	nets := make([]*nn.Net, 0, len(seeds))
	given := make([]bool, len(runs))
	for _, seed := range seeds {
		i := first[seed]
		switch {
		case runs[i].done == nil:
		case given[i]:
			nets = append(nets, runs[i].done.Clone())
		default:
			given[i] = true
			nets = append(nets, runs[i].done)
		}
	}
	return nets, err
}

// Untrained returns the nets of Ensemble as they are before the first step: the
// control for every claim about what training does. It panics if the architecture
// or the recipe does not pass its check.
func (r Recipe) Untrained(arch *nn.Arch, seeds ...uint64) []*nn.Net {
	f := r.filled()
	if err := f.check(); err != nil {
		panic(err.Error())
	}
	started, err := f.start(arch)
	if err != nil {
		panic(err.Error())
	}
	nets := make([]*nn.Net, len(seeds))
	for i, seed := range seeds {
		nets[i] = nn.New(started, seed)
	}
	return nets
}

// missing returns the runs whose nets are not in the cache.
func missing(ctx context.Context, runs []*run) []*run {
	var left []*run
	for _, r := range runs {
		if !r.find() {
			left = append(left, r)
			continue
		}
		bar := progress.Start(ctx, r.label, r.totalSteps())
		bar.Set(r.totalSteps(), "")
		bar.Finish(r.note("from the cache: " + last(r.done.History)))
	}
	return left
}

// trainAll carries out the runs, as many at a time as there are cores, and joins
// all it has started. The first run that fails stops the others, whose checkpoints
// stay.
func trainAll(ctx context.Context, runs []*run) error {
	inner, stop := context.WithCancel(ctx)
	defer stop()
	queue := make(chan *run, len(runs))
	for _, r := range runs {
		r.workers = max(1, runtime.GOMAXPROCS(0)/len(runs)) // no core idles; bits stay the same
		queue <- r
	}
	close(queue)
	var (
		wait  sync.WaitGroup
		mutex sync.Mutex
		fault error
	)
	for range min(runtime.GOMAXPROCS(0), len(runs)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for r := range queue {
				if inner.Err() != nil {
					return
				}
				err := r.guarded(inner)
				if err == nil {
					continue
				}
				mutex.Lock()
				if fault == nil {
					fault = err
				}
				mutex.Unlock()
				stop()
				return
			}
		}()
	}
	wait.Wait()
	if err := ctx.Err(); err != nil && (fault == nil || errors.Is(fault, err)) {
		for _, r := range runs {
			if r.done == nil {
				return err
			}
		}
		return nil // cancelled after the last net was finished
	}
	return fault
}

// guarded carries out a run; a panic becomes an error.
func (r *run) guarded(ctx context.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("train: net with seed %d: panic: %v\n%s", r.seed, p, debug.Stack())
		}
	}()
	bar := progress.Start(ctx, r.label, r.totalSteps())
	if err = r.train(ctx, bar); err != nil {
		bar.Finish(r.note(err.Error()))
		return err
	}
	bar.Finish(r.note(last(r.done.History)))
	return nil
}

// find looks for the finished net in the cache.
func (r *run) find() bool {
	if r.cache == nil {
		return false
	}
	var net *nn.Net
	err := r.cache.Load(kindNet, r.key, func(data []byte) (err error) {
		net, err = nn.Decode(data)
		return err
	})
	if err == nil {
		net.Origin = r.origin // names may differ where bits do not
		r.done = net
		return true
	}
	if !errors.Is(err, fs.ErrNotExist) {
		r.warn("the kept net could not be used, trained again: " + err.Error())
	}
	return false
}

// openCache opens the cache, or says why nets will not be kept.
func openCache() (*store.Store, []string) {
	cache, err := store.Default()
	if err != nil {
		return nil, []string{"nothing will be kept: " + err.Error()}
	}
	return cache, nil
}

// start returns the architecture with the recipe's initial scales in place of its
// own. A recipe that names a layer without weights is an error.
func (r settings) start(arch *nn.Arch) (*nn.Arch, error) {
	if err := arch.Check(); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	own := map[string]float64{}
	for _, layer := range arch.Layers {
		switch l := layer.(type) {
		case nn.Conv:
			own[l.Name] = l.Scale
		case nn.Dense:
			own[l.Name] = l.Scale
		}
	}
	scales := map[string]float64{}
	for name, l := range r.Layers {
		scales[name] = l.Start
		if l.Start == 0 {
			scales[name] = own[name]
		}
	}
	started, err := arch.WithScales(scales)
	if err != nil {
		return nil, fmt.Errorf("train: recipe: %w", err)
	}
	return started, nil
}

// checkSet says why a net of this architecture cannot learn from the set.
func checkSet(arch *nn.Arch, set *dataset.Set, r settings) error {
	if err := arch.Check(); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	if set == nil {
		return errors.New("train: no pictures (nil set)")
	}
	have, want := set.Shape(), arch.Input.Shape
	if larger := have[0] >= want[0] && have[1] >= want[1] && have[2] == want[2]; have != want && !(r.Crop && larger) {
		return fmt.Errorf("train: pictures of %s are %d×%d×%d (height × width × channels), %s takes %d×%d×%d",
			set.Name(), have[0], have[1], have[2], arch.Name, want[0], want[1], want[2])
	}
	if set.Len() < r.Batch {
		return fmt.Errorf("train: %s has %d pictures, fewer than a batch of %d", set.Name(), set.Len(), r.Batch)
	}
	classes := arch.Classes()
	for i := range set.Len() {
		if l := set.Label(i); l < 0 || l >= classes {
			return fmt.Errorf("train: picture %d of %s has label %d (valid: 0..%d, the outputs of %s)", i, set.Name(), l, classes-1, arch.Name)
		}
	}
	return nil
}

package activation

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"

	"gonverge/lib/nn"
	"gonverge/lib/progress"
)

// Block is the activations of some pictures that follow each other, for all layers and nets.
type Block struct {
	Pictures int // in this block
	First    int // number of the first one in the whole set, in the order of net 0
	// From and To bound the pictures of the block of the whole stream that this block is, or, at an
	// end of a range, is a part of: they depend on the nets, the layers and the set alone. So does
	// Grid, the number of pictures of all such blocks but the last ones before a multiple of 32.
	From, To int
	Grid     int
	Layers   []LayerBlock
}

// LayerBlock is one layer of a block.
type LayerBlock struct {
	Name string
	// Values has for each net Rows × Units[net] activations, row by row. A row is a picture
	// and position: all positions of a picture, row by row of the layer, then the next
	// picture.
	Values [][]float32
	Rows   int   // pictures × positions
	Units  []int // of each net
}

// Each runs the source: it calls do with one block after the other, never two at a time,
// while the next ones are computed on all cores. The block is valid until do returns. An
// error of do stops the stream and is returned as it is; when ctx ends, Each returns its
// error within the time of a layer of the net. Progress is reported as "activations", in pictures. All
// goroutines have ended when Each returns.
func (s *Source) Each(ctx context.Context, do func(*Block) error) error {
	p, err := s.plan()
	if err != nil {
		return err
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	from, to := s.bounds()
	bar := progress.Start(ctx, "activations", to-from)
	r := newRun(s, p)
	inner, cancel := context.WithCancel(ctx)
	defer func() { // also when do panics
		cancel()
		r.wait.Wait()
		r.close()
		bar.Finish("")
	}()
	r.start(inner)
	for slot := range r.ordered {
		select {
		case <-slot.ready:
		case <-ctx.Done():
			return ctx.Err()
		}
		// A select takes any of the cases that are ready.
		if err := ctx.Err(); err != nil {
			return err
		}
		for _, err := range slot.errs {
			if err != nil {
				return err
			}
		}
		if err := do(&slot.block); err != nil {
			return err
		}
		bar.Set(slot.block.First-from+slot.block.Pictures, "")
		r.free <- slot
	}
	return ctx.Err()
}

// A slot is the memory of one block in flight.
type slot struct {
	block  Block
	values [][][]float32 // of each layer and net, at full size
	left   atomic.Int32  // nets still at work
	ready  chan struct{} // closed when none is left
	errs   []error       // of each net
}

// job is one net's share of a block.
type job struct {
	slot *slot
	net  int
}

// run is the machinery of one Each: a dispatcher hands out jobs, workers fill slots, the
// caller takes the slots in order.
type run struct {
	*plan
	source  *Source
	orders  [][]int
	pools   []pool
	grid    int // pictures of a block of the whole stream
	workers int
	jobs    chan job
	ordered chan *slot // in the order of blocks
	free    chan *slot
	wait    sync.WaitGroup
}

func newRun(s *Source, p *plan) *run {
	from, to := s.bounds()
	grid := p.pictures
	p.pictures = min(p.pictures, to-from)
	blocks := (to - from + p.pictures - 1) / p.pictures
	r := &run{plan: p, source: s, pools: make([]pool, s.count()), grid: grid}
	for i := range s.count() {
		r.orders = append(r.orders, s.order(i))
	}
	r.workers = min(runtime.GOMAXPROCS(0), blocks*s.count())
	// Enough blocks to keep the workers busy while the caller holds one and the next waits.
	slots := min(blocks, (r.workers+s.count()-1)/s.count()+2)
	r.jobs = make(chan job)
	r.ordered = make(chan *slot, slots)
	r.free = make(chan *slot, slots)
	for range slots {
		r.free <- r.newSlot()
	}
	return r
}

func (r *run) newSlot() *slot {
	s := &slot{errs: make([]error, r.source.count())}
	for l, name := range r.layers {
		full := make([][]float32, r.source.count())
		for i, units := range r.units[l] {
			full[i] = make([]float32, r.pictures*r.positions[l]*units)
		}
		s.values = append(s.values, full)
		s.block.Layers = append(s.block.Layers, LayerBlock{Name: name, Values: make([][]float32, len(full)), Units: r.units[l]})
	}
	return s
}

// set makes the slot ready for the block of n pictures from first.
func (s *slot) set(first, n int, positions []int) {
	s.block.First, s.block.Pictures = first, n
	s.left.Store(int32(len(s.errs)))
	s.ready = make(chan struct{})
	clear(s.errs)
	for l := range s.block.Layers {
		b := &s.block.Layers[l]
		b.Rows = n * positions[l]
		for i, units := range b.Units {
			b.Values[i] = s.values[l][i][:b.Rows*units]
		}
	}
}

// start begins dispatcher and workers; they end with ctx or with the last block.
func (r *run) start(ctx context.Context) {
	r.wait.Add(1 + r.workers)
	go func() {
		defer r.wait.Done()
		defer close(r.ordered)
		defer close(r.jobs)
		first, to := r.source.bounds()
		for n := 0; first < to; first += n {
			// Blocks begin at every shard boundary and then at multiples of the grid, wherever
			// the range began.
			start := first - first%shardPictures%r.grid
			end := min(start+r.grid, start-start%shardPictures+shardPictures, r.source.size())
			n = min(end, to) - first
			var s *slot
			select {
			case s = <-r.free:
			case <-ctx.Done():
				return
			}
			s.set(first, n, r.positions)
			s.block.From, s.block.To, s.block.Grid = start, end, r.grid
			r.ordered <- s // has room for every slot
			for net := range r.source.count() {
				select {
				case r.jobs <- job{s, net}:
				case <-ctx.Done():
					return
				}
			}
		}
	}()
	for range r.workers {
		go func() {
			defer r.wait.Done()
			for j := range r.jobs {
				if err := ctx.Err(); err != nil {
					j.slot.errs[j.net] = err
				} else {
					j.slot.errs[j.net] = r.compute(ctx, j)
				}
				if j.slot.left.Add(-1) == 0 {
					close(j.slot.ready)
				}
			}
		}()
	}
}

// compute fills a net's part of a slot; a panic becomes an error.
func (r *run) compute(ctx context.Context, j job) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("activation: net %d: panic: %v\n%s", j.net, p, debug.Stack())
		}
	}()
	if a := r.source.arrays; a != nil {
		a.copyTo(&j.slot.block, j.net, r.orders[j.net])
		return nil
	}
	e, err := r.pools[j.net].get(r.source.nets[j.net], r.pictures, r.layers)
	if err != nil {
		return fmt.Errorf("activation: net %d: %w", j.net, err)
	}
	defer r.pools[j.net].put(e)
	e.SetContext(ctx)
	b := &j.slot.block
	pixels := make([][]uint8, b.Pictures)
	for k := range pixels {
		if err := ctx.Err(); err != nil { // a picture may be decoded here
			return err
		}
		i := b.First + k
		if order := r.orders[j.net]; order != nil {
			i = order[i]
		}
		if pixels[k], err = r.source.set.Read(i); err != nil {
			return fmt.Errorf("activation: picture %d: %w", i, err)
		}
	}
	if err := e.Run(pixels); err != nil {
		return fmt.Errorf("activation: net %d, pictures from %d: %w", j.net, b.First, err)
	}
	for l := range b.Layers {
		copy(b.Layers[l].Values[j.net], e.Activation(b.Layers[l].Name))
	}
	return nil
}

// close releases the evaluators.
func (r *run) close() {
	if r.source.set != nil {
		r.source.set.Settle()
	}
	for i := range r.pools {
		for _, e := range r.pools[i].idle {
			_ = e.Close() // it holds memory only
		}
	}
}

// pool has the evaluators of one net: as many as ever ran at a time.
type pool struct {
	mutex sync.Mutex
	idle  []*nn.Evaluator
}

func (p *pool) get(net *nn.Net, batch int, layers []string) (*nn.Evaluator, error) {
	p.mutex.Lock()
	if n := len(p.idle); n > 0 {
		e := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mutex.Unlock()
		return e, nil
	}
	p.mutex.Unlock()
	return net.Evaluator(batch, layers...)
}

func (p *pool) put(e *nn.Evaluator) {
	p.mutex.Lock()
	p.idle = append(p.idle, e)
	p.mutex.Unlock()
}

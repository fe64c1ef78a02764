package corr

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"gonverge/lib/activation"
	"gonverge/lib/internal/simd"
	"gonverge/lib/store"
)

// kind is the folder of the cache, version what [Collect] makes of the same source.
const (
	kind    = "stats"
	version = 4

	// unfinished is the folder of what Collect has when it is cut off, and every so often until then.
	unfinished = "stats-unfinished"
	often      = 30 * time.Second
	// Keeping takes at most one part in rarely of the time, and at the end of ctx, where somebody
	// waits, is for sums of so few pairs of units that it takes milliseconds.
	rarely     = 50
	quickPairs = 250_000

	// widest is the number of units of a layer, over all nets, up to which a whole stream is summed
	// exactly, which takes 22 bytes for each pair of units where plain sums take 8.
	widest = 4000
)

// Collect runs a stream of activations once and returns the statistics of all its layers,
// nets and pairs of nets. What it found is kept in the cache under the source's fingerprint,
// and taken from there the next time; a cache that cannot be used is no error, but the
// result's Note says so. When ctx ends it returns no statistics, since those of the first
// pictures would be of another set, and the context's error. Activations that are not finite
// (of a net whose training diverged) are an error that names the layer, net and unit.
//
// What it has by then is kept in the cache every 30 seconds (less often where that takes more than
// half a second), and when ctx ends, unless there are more than some 700 units in a layer, whose sums
// take long to write: the next Collect over the same source goes on from there, after a kill too, to
// the same bits.
//
// Over a range of pictures (activation.Source.Range and Part) the statistics can be merged with
// those of other ranges, see [Merge], from several runs or machines.
func Collect(ctx context.Context, src *activation.Source) (*Stats, error) {
	c, err := openCache(ctx, src)
	if err != nil {
		return nil, err
	}
	if s := c.get(); s != nil {
		// The names of nets and pictures may differ where their bits do not.
		if s.part != nil && len(s.part.spans) == 1 {
			s.part.spans[0].text = src.Whole().String()
		}
		s.origin = src.String()
		return s, nil
	}
	s, err := collect(ctx, src, c)
	if err != nil {
		return nil, err
	}
	c.put(s)
	s.note = c.note
	return s, nil
}

// Measure is [Collect] without the cache: it neither looks there nor leaves anything.
func Measure(ctx context.Context, src *activation.Source) (*Stats, error) {
	return collect(ctx, src, &cache{})
}

// fingerprints are those of a source; to make them takes as long as to read all of it.
type fingerprints struct{ nets, pictures string }

func fingerprintsOf(ctx context.Context, src *activation.Source) (fingerprints, error) {
	pictures, err := src.PicturesFingerprintContext(ctx)
	if err != nil {
		return fingerprints{}, err
	}
	return fingerprints{src.NetsFingerprint(), pictures}, nil
}

// collect is Collect without looking for a finished result.
func collect(ctx context.Context, src *activation.Source, c *cache) (*Stats, error) {
	if !src.Ranged() && wide(src) {
		return collectWide(ctx, src)
	}
	last, wait := time.Now(), often
	var latest *part
	p, err := collectPart(ctx, src.Range(src.First(), src.First()+src.Pictures()), c.id, c.resume(src), func(p *part) {
		latest = p
		if time.Since(last) > wait {
			begun := time.Now()
			c.keep(p)
			last = time.Now()
			wait = max(often, rarely*last.Sub(begun))
		}
	})
	if err != nil {
		if latest != nil && ctx.Err() != nil && latest.pairs() <= quickPairs {
			c.keep(latest)
		}
		return nil, err
	}
	s, err := p.stats()
	if err != nil {
		return nil, err
	}
	if !src.Ranged() {
		s.origin = src.String()
	}
	c.forget()
	return s, nil
}

// pairs is the number of sums of products that a part keeps.
func (p *part) pairs() int {
	n := 0
	for _, l := range p.layers {
		n += l.d * (l.d + 1) / 2
	}
	return n
}

// wide reports whether a layer of the source is too wide for exact sums. Faults of the source
// are for its run to tell.
func wide(src *activation.Source) bool {
	for _, name := range src.Layers() {
		units := 0
		for _, n := range src.Units(name) {
			units += n
		}
		if units > widest {
			return true
		}
	}
	return false
}

// collectWide sums block after block in float64.
func collectWide(ctx context.Context, src *activation.Source) (*Stats, error) {
	var all []*moments
	pictures := 0
	err := src.Each(ctx, func(b *activation.Block) error {
		if all == nil {
			for _, l := range b.Layers {
				all = append(all, newMoments(l.Name, l.Units))
			}
		}
		pictures += b.Pictures
		// A layer is one goroutine's at a time, so its sums have one order.
		return parallel(len(all), func(i int) error {
			return all[i].add(b.Layers[i].Values, b.Layers[i].Rows)
		})
	})
	if err != nil {
		return nil, err
	}
	s := &Stats{origin: src.String(), pictures: pictures}
	for _, m := range all {
		l, err := m.layer()
		if err != nil {
			return nil, err
		}
		s.layers = append(s.layers, l)
	}
	return s, nil
}

// parallel calls do(0..n−1) on up to GOMAXPROCS goroutines, joins them, and returns the
// first error in the order of numbers; a panic is one.
func parallel(n int, do func(i int) error) error {
	faults := make([]error, n)
	guarded := func(i int) {
		defer func() {
			if p := recover(); p != nil {
				faults[i] = fmt.Errorf("corr: panic: %v\n%s", p, debug.Stack())
			}
		}()
		faults[i] = do(i)
	}
	var wait sync.WaitGroup
	var next atomic.Int32
	for range min(n, runtime.GOMAXPROCS(0)) {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				guarded(i)
			}
		}()
	}
	wait.Wait()
	for _, err := range faults {
		if err != nil {
			return err
		}
	}
	return nil
}

// cache is the place of one source's statistics on disk; without a store it holds nothing.
type cache struct {
	store *store.Store
	key   string
	note  string
	id    fingerprints
}

func openCache(ctx context.Context, src *activation.Source) (*cache, error) {
	s, err := store.Default()
	if err != nil {
		return &cache{note: "not kept: " + err.Error()}, nil
	}
	id, err := fingerprintsOf(ctx, src)
	if err != nil {
		return nil, err
	}
	// The two forms of the kernels round differently.
	return &cache{store: s, id: id, key: store.Key("corr", version, simd.Name(), id.nets, id.pictures, src.Ranged(), src.First(), src.Pictures())}, nil
}

// get returns the statistics kept, or nil and maybe a note.
func (c *cache) get() *Stats {
	if c.store == nil {
		return nil
	}
	var s *Stats
	err := c.store.Load(kind, c.key, func(data []byte) (err error) {
		s, err = Decode(data)
		return err
	})
	if err == nil {
		return s
	}
	if !errors.Is(err, fs.ErrNotExist) {
		c.note = "measured again, the kept statistics could not be used: " + err.Error()
	}
	return nil
}

func (c *cache) put(s *Stats) {
	if c.store == nil {
		return
	}
	if err := c.store.Put(kind, c.key, Encode(s)); err != nil {
		c.note = "not kept: " + err.Error()
	}
}

// keep keeps an unfinished part; where that fails nothing is lost but time.
func (c *cache) keep(p *part) {
	if c.store == nil {
		return
	}
	s, err := p.stats()
	if err == nil {
		err = c.store.Put(unfinished, c.key, encodeNPZ(s))
	}
	if err != nil {
		c.note = "the unfinished part was not kept: " + err.Error()
	}
}

// resume returns the part kept of a source, or nil.
func (c *cache) resume(src *activation.Source) *part {
	if c.store == nil {
		return nil
	}
	data, err := c.store.Get(unfinished, c.key)
	if err != nil {
		return nil // begin again
	}
	s, err := decodeNPZ(data)
	if err != nil || s.part == nil || len(s.part.spans) != 1 {
		return nil
	}
	v := s.part.spans[0]
	if v.stream != c.id.pictures || v.from != src.First() || v.to >= src.First()+src.Pictures() {
		return nil
	}
	return s.part
}

func (c *cache) forget() {
	if c.store != nil {
		_ = c.store.Remove(unfinished, c.key) // a leftover is overwritten the next time
	}
}

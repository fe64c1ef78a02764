package feature

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math"

	"gonverge/lib/activation"
	"gonverge/lib/internal/simd"
	"gonverge/lib/store"
)

// kind is the folder of the cache, version what [Collect] makes of the same source.
const (
	kind    = "peaks"
	version = 1
)

// cache is the place of one source's peaks on disk; without a store it holds nothing.
type cache struct {
	store *store.Store
	key   string
	note  string
}

func openCache(ctx context.Context, src *activation.Source, k int) (*cache, error) {
	s, err := store.Default()
	if err != nil {
		return &cache{note: "not kept: " + err.Error()}, nil
	}
	id, err := src.FingerprintContext(ctx)
	if err != nil {
		return nil, err
	}
	// The two forms of the kernels round differently.
	return &cache{store: s, key: store.Key("feature", version, simd.Name(), id, k)}, nil
}

// get returns the peaks kept, or nil and maybe a note.
func (c *cache) get(src *activation.Source, k int) *activation.Peaks {
	if c.store == nil {
		return nil
	}
	var p *activation.Peaks
	err := c.store.Load(kind, c.key, func(data []byte) (err error) {
		p, err = decode(data, src, k)
		return err
	})
	if err == nil {
		return p
	}
	if !errors.Is(err, fs.ErrNotExist) {
		c.note = "measured again, what was kept could not be used: " + err.Error()
	}
	return nil
}

func (c *cache) put(p *activation.Peaks) {
	if c.store == nil {
		return
	}
	if err := c.store.Put(kind, c.key, encode(p)); err != nil {
		c.note = "not kept: " + err.Error()
	}
}

// encode writes for each unit, layer after layer and net after net, the number of its peaks and
// their value, picture, row and column, all as 32 bits in little-endian order. The rest is
// known from the source.
func encode(p *activation.Peaks) []byte {
	var b []byte
	word := func(v uint32) { b = binary.LittleEndian.AppendUint32(b, v) }
	for _, l := range p.Layers {
		for _, net := range l.Top {
			for _, top := range net {
				word(uint32(len(top)))
				for _, q := range top {
					word(math.Float32bits(q.Value))
					word(uint32(q.Picture))
					word(uint32(q.Row))
					word(uint32(q.Column))
				}
			}
		}
	}
	return b
}

// decode reads what encode wrote of the same source, and checks it.
func decode(b []byte, src *activation.Source, k int) (*activation.Peaks, error) {
	size := len(b)
	word := func() int {
		if len(b) < 4 {
			b = nil
			return -1
		}
		v := binary.LittleEndian.Uint32(b)
		b = b[4:]
		return int(v)
	}
	p := &activation.Peaks{K: k}
	for _, name := range src.Layers() {
		l := activation.LayerPeaks{Name: name}
		for i, n := range src.Nets() {
			shape, err := n.LayerShape(name)
			if err != nil {
				return nil, err
			}
			l.Shapes = append(l.Shapes, shape)
			units := make([][]activation.Peak, shape[2])
			for u := range units {
				count := word()
				if count < 0 || count > k {
					return nil, fmt.Errorf("feature: peaks of unit %d of %s in net %d: %d of them at byte %d (expected 0..%d)", u, name, i, count, size-len(b), k)
				}
				for range count {
					q := activation.Peak{Value: math.Float32frombits(uint32(word())), Picture: word(), Row: word(), Column: word()}
					if q.Picture < 0 || q.Picture >= src.Set().Len() || q.Row < 0 || q.Row >= shape[0] || q.Column < 0 || q.Column >= shape[1] || q.Value-q.Value != 0 {
						return nil, fmt.Errorf("feature: peaks of unit %d of %s in net %d: %+v before byte %d (expected one of %d pictures and %d×%d positions)",
							u, name, i, q, size-len(b), src.Set().Len(), shape[0], shape[1])
					}
					units[u] = append(units[u], q)
				}
			}
			l.Top = append(l.Top, units)
		}
		p.Layers = append(p.Layers, l)
	}
	if len(b) > 0 {
		return nil, fmt.Errorf("feature: peaks: %d bytes left after the last unit", len(b))
	}
	return p, nil
}

package train

import (
	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// batcher makes the batches of one training: gathers, prepares, mirrors, shifts.
type batcher struct {
	arch    *nn.Arch
	set     *dataset.Set
	shape   [3]int // height, width, channels
	flip    bool
	shift   int
	seed    uint64
	size    int       // pictures in a batch
	perm    []int     // order of the pictures in epoch
	epoch   int       // −1: none yet
	picture []float32 // one prepared picture
	x       []float32 // size × height × width × channels
	labels  []int     // size
}

func newBatcher(arch *nn.Arch, set *dataset.Set, r settings, seed uint64) *batcher {
	shape := set.Shape()
	n := shape[0] * shape[1] * shape[2]
	return &batcher{
		arch: arch, set: set, shape: shape, flip: !r.NoFlip, shift: r.Shift, seed: seed, size: r.Batch,
		perm: make([]int, set.Len()), epoch: -1,
		picture: make([]float32, n), x: make([]float32, r.Batch*n), labels: make([]int, r.Batch),
	}
}

// stepsPerEpoch returns the number of whole batches in the set.
func (b *batcher) stepsPerEpoch() int { return b.set.Len() / b.size }

// load fills x and labels with the batch of a step, counted from 0 over all
// epochs. It depends on the step alone, not on the steps loaded before.
func (b *batcher) load(step int) {
	spe := b.stepsPerEpoch()
	if epoch := step / spe; epoch != b.epoch {
		order(b.perm, b.seed, epoch)
		b.epoch = epoch
	}
	first := step % spe * b.size
	src := source(b.seed, streamAugment, uint64(step))
	n := len(b.picture)
	for i, p := range b.perm[first : first+b.size] {
		b.labels[i] = b.set.Label(p)
		dst := b.x[i*n : (i+1)*n]
		flip, dy, dx := false, 0, 0
		if b.flip {
			flip = below(src, 2) == 1
		}
		if b.shift > 0 {
			dy = below(src, 2*b.shift+1) - b.shift
			dx = below(src, 2*b.shift+1) - b.shift
		}
		if !flip && dy == 0 && dx == 0 {
			b.arch.Prepare(dst, b.set.Picture(p))
			continue
		}
		b.arch.Prepare(b.picture, b.set.Picture(p))
		move(dst, b.picture, b.shape, flip, dy, dx)
	}
}

// move writes the picture src, height × width × channels, to dst: mirrored left
// to right if flip, then moved dy rows down and dx columns right. What comes into
// view is 0.
func move(dst, src []float32, shape [3]int, flip bool, dy, dx int) {
	h, w, c := shape[0], shape[1], shape[2]
	lo, hi := min(max(0, dx), w), max(min(w, w+dx), 0) // columns of dst that have a source
	for y := 0; y < h; y++ {
		row := dst[y*w*c : (y+1)*w*c]
		sy := y - dy
		if sy < 0 || sy >= h || lo >= hi {
			clear(row)
			continue
		}
		from := src[sy*w*c : (sy+1)*w*c]
		clear(row[:lo*c])
		clear(row[hi*c:])
		if !flip {
			copy(row[lo*c:hi*c], from[(lo-dx)*c:])
			continue
		}
		for x := lo; x < hi; x++ {
			sx := w - 1 - (x - dx)
			for k := 0; k < c; k++ {
				row[x*c+k] = from[sx*c+k]
			}
		}
	}
}

package train

import (
	"context"
	"fmt"

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
	room    [2]int // rows and columns that pictures have more than the net takes
	seed    uint64
	size    int       // pictures in a batch
	perm    []int     // order of the pictures in epoch
	epoch   int       // −1: none yet
	window  []uint8   // a window of a picture; nil if pictures have the net's size
	picture []float32 // one prepared picture
	x       []float32 // size × height × width × channels
	labels  []int     // size
}

func newBatcher(arch *nn.Arch, set *dataset.Set, r settings, seed uint64) *batcher {
	shape := arch.Input.Shape
	n := shape[0] * shape[1] * shape[2]
	b := &batcher{
		arch: arch, set: set, shape: shape, flip: !r.NoFlip, shift: r.Shift, seed: seed, size: r.Batch,
		perm: make([]int, set.Len()), epoch: -1,
		picture: make([]float32, n), x: make([]float32, r.Batch*n), labels: make([]int, r.Batch),
	}
	if have := set.Shape(); have != shape {
		b.room = [2]int{have[0] - shape[0], have[1] - shape[1]}
		b.window = make([]uint8, n)
	}
	return b
}

// stepsPerEpoch returns the number of whole batches in the set.
func (b *batcher) stepsPerEpoch() int { return b.set.Len() / b.size }

// load fills x and labels with the batch of a step, counted from 0 over all
// epochs. It depends on the step alone, not on the steps loaded before. A damaged picture of a
// set that decodes on demand is an error, and so is the end of ctx.
func (b *batcher) load(ctx context.Context, step int) error {
	spe := b.stepsPerEpoch()
	if epoch := step / spe; epoch != b.epoch {
		order(b.perm, b.seed, epoch)
		b.epoch = epoch
	}
	first := step % spe * b.size
	src := source(b.seed, streamAugment, uint64(step))
	n := len(b.picture)
	for i, p := range b.perm[first : first+b.size] {
		if err := ctx.Err(); err != nil {
			return err
		}
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
		pixels, err := b.set.Read(p)
		if err != nil {
			return fmt.Errorf("picture %d: %w", p, err)
		}
		if b.window != nil {
			cut(b.window, pixels, b.shape, b.shape[1]+b.room[1], below(src, b.room[0]+1), below(src, b.room[1]+1))
			pixels = b.window
		}
		if !flip && dy == 0 && dx == 0 {
			b.arch.Prepare(dst, pixels)
			continue
		}
		b.arch.Prepare(b.picture, pixels)
		move(dst, b.picture, b.shape, flip, dy, dx)
	}
	return nil
}

// cut writes the window of the shape that begins at row y and column x of a picture, whose rows
// have width pixels, to dst.
func cut(dst, picture []uint8, shape [3]int, width, y, x int) {
	row := shape[1] * shape[2]
	for i := range shape[0] {
		copy(dst[i*row:(i+1)*row], picture[((y+i)*width+x)*shape[2]:])
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

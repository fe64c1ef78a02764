package train

import (
	"fmt"
	"math"
)

// Rate returns the learning rate of a step, counted from 0, of total steps: a
// linear warm-up to LR over the first Warmup·total steps, then half a cosine
// down to 0, which the last step nearly reaches.
//
//	w = Warmup·total
//	Rate(t) = LR · (t+1)/w                          t < w
//	Rate(t) = LR · ½(1 + cos(π (t−w)/(total−w)))    t ≥ w
//
// It panics if the step is not in 0..total−1.
func (r Recipe) Rate(step, total int) float64 {
	if step < 0 || step >= total {
		panic(fmt.Sprintf("train: step %d of %d (valid: 0..%d)", step, total, total-1))
	}
	return r.filled().rate(step, total)
}

func (r settings) rate(step, total int) float64 {
	t, w := float64(step), r.Warmup*float64(total)
	if t < w {
		// A warm-up that ends within a step would otherwise overshoot LR.
		return r.LR * math.Min(1, (t+1)/w)
	}
	return r.LR * 0.5 * (1 + math.Cos(math.Pi*(t-w)/(float64(total)-w)))
}

// Steps returns the number of steps that the recipe takes on a set of this many
// pictures: Epochs · ⌊pictures/Batch⌋.
func (r Recipe) Steps(pictures int) int {
	f := r.filled()
	return f.Epochs * (pictures / f.Batch)
}

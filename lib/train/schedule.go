package train

import (
	"fmt"
	"math"
	"slices"
)

// Rate returns the learning rate of a step t, counted from 0, of total steps T. With w =
// Warmup·T, every schedule but OneCycle begins with a linear warm-up,
//
//	Rate(t) = LR · (t+1)/w                          t < w
//
// and goes on, for t ≥ w,
//
//	Cosine     LR · ½(1 + cos(π (t−w)/(T−w)))       half a cosine down to 0, which the last step nearly reaches
//	Step       LR · Drop^k                          k of Drops are epochs that are over
//	Constant   LR
//
// OneCycle (Smith and Topin, 2018; numbers as in PyTorch's OneCycleLR, the momentum stays)
// rises from LR/25 to LR, at step p = Warmup·T − 1, and falls to LR/250,000 at the last one:
//
//	Rate(t) = LR/25 + (LR − LR/25) · ½(1 − cos(π t/p))                       t ≤ p
//	Rate(t) = LR/250000 + (LR − LR/250000) · ½(1 + cos(π (t−p)/(T−1−p)))     t > p
//
// It panics if the step is not in 0..total−1.
func (r Recipe) Rate(step, total int) float64 {
	if step < 0 || step >= total {
		panic(fmt.Sprintf("train: step %d of %d (valid: 0..%d)", step, total, total-1))
	}
	return r.filled().rate(step, total)
}

func (r settings) rate(step, total int) float64 {
	if r.Schedule == OneCycle {
		return r.oneCycle(float64(step), float64(total))
	}
	t, w := float64(step), r.Warmup*float64(total)
	if t < w {
		// A warm-up that ends within a step would otherwise overshoot LR.
		return r.LR * math.Min(1, (t+1)/w)
	}
	switch r.Schedule {
	case Constant:
		return r.LR
	case Step:
		lr := r.LR
		for _, epoch := range r.Drops {
			// In whole numbers: step / (total/Epochs) ≥ epoch.
			if step*r.Epochs >= epoch*total {
				lr *= r.Drop
			}
		}
		return lr
	}
	return r.LR * 0.5 * (1 + math.Cos(math.Pi*(t-w)/(float64(total)-w)))
}

// The first and the last learning rate of OneCycle, as parts of the largest.
const (
	cycleStart = 1. / 25
	cycleEnd   = cycleStart / 1e4
)

func (r settings) oneCycle(t, total float64) float64 {
	top, last := max(r.Warmup*total-1, 0), total-1
	from, to, at := r.LR*cycleStart, r.LR, 1.0
	switch {
	case t > top:
		from, to, at = r.LR, r.LR*cycleEnd, (t-top)/(last-top)
	case top > 0:
		at = t / top
	}
	return to + (from-to)*0.5*(1+math.Cos(math.Pi*at))
}

// checkSchedule says what is no course of the learning rate.
func (r settings) checkSchedule() error {
	if known := []Schedule{"", Step, OneCycle, Constant}; !slices.Contains(known, r.Schedule) {
		return fmt.Errorf("train: recipe Schedule is %q (valid: %q, %q, %q, %q)", r.Schedule, Cosine, Step, OneCycle, Constant)
	}
	if r.Schedule != Step {
		if len(r.Drops) > 0 || r.Drop != 0 {
			return fmt.Errorf("train: recipe has Drops %v and Drop %v (valid: with Schedule %q only)", r.Drops, r.Drop, Step)
		}
		return nil
	}
	if len(r.Drops) == 0 {
		return fmt.Errorf("train: recipe Schedule is %q without Drops, the epochs after which the learning rate is multiplied by Drop", Step)
	}
	last := 0
	for _, epoch := range r.Drops {
		if epoch <= last || epoch >= r.Epochs {
			return fmt.Errorf("train: recipe Drops are %v (valid: rising, 1..%d with %d epochs)", r.Drops, r.Epochs-1, r.Epochs)
		}
		last = epoch
	}
	if !(r.Drop > 0 && r.Drop < 1) {
		return fmt.Errorf("train: recipe Drop is %v (valid: above 0, below 1)", r.Drop)
	}
	return nil
}

// course describes the learning rate.
func (r settings) course() string {
	switch r.Schedule {
	case Constant:
		return fmt.Sprintf("%g", r.LR)
	case Step:
		return fmt.Sprintf("%g, times %g after epochs %v", r.LR, r.Drop, r.Drops)
	case OneCycle:
		return fmt.Sprintf("one cycle, %g to %g to %g", r.LR*cycleStart, r.LR, r.LR*cycleEnd)
	}
	return fmt.Sprintf("%g, cosine to 0", r.LR)
}

// Steps returns the number of steps that the recipe takes on a set of this many
// pictures: Epochs · ⌊pictures/Batch⌋.
func (r Recipe) Steps(pictures int) int {
	f := r.filled()
	return f.Epochs * (pictures / f.Batch)
}

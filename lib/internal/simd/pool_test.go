package simd

import (
	"fmt"
	"math"
	"testing"
)

func naivePool(p *Pool, x, dy []float32) (y, dx []float64) {
	y, dx = make([]float64, p.OutLen()), make([]float64, p.InLen())
	for i := range p.OH {
		for j := range p.OW {
			for c := range p.C {
				best, at := math.Inf(-1), -1
				for r := i*p.Stride - p.Padding; r < i*p.Stride-p.Padding+p.Size; r++ {
					for s := j*p.Stride - p.Padding; s < j*p.Stride-p.Padding+p.Size; s++ {
						if r < 0 || r >= p.H || s < 0 || s >= p.W {
							continue
						}
						if k := (r*p.W+s)*p.C + c; float64(x[k]) > best {
							best, at = float64(x[k]), k
						}
					}
				}
				out := (i*p.OW+j)*p.C + c
				y[out] = best
				dx[at] += float64(dy[out])
			}
		}
	}
	return y, dx
}

func TestPoolEqualsNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range []struct {
			h, w, c, size, stride, pad int
			ceil                       bool
			oh, ow                     int
		}{
			{26, 26, 32, 3, 2, 0, true, 13, 13},
			{13, 13, 32, 3, 2, 0, true, 6, 6},
			{6, 6, 48, 3, 2, 0, true, 3, 3},
			{6, 6, 48, 3, 2, 0, false, 2, 2},
			{1, 1, 1, 1, 1, 0, false, 1, 1},
			{2, 5, 3, 3, 2, 0, true, 1, 2},
			{7, 6, 10, 2, 2, 0, true, 4, 3},
			{7, 6, 10, 2, 2, 0, false, 3, 3},
			{8, 8, 5, 3, 2, 1, true, 5, 5},
			{8, 8, 5, 3, 2, 1, false, 4, 4},
			{5, 5, 17, 1, 3, 0, true, 2, 2}, // rounding up would begin beyond the picture
			{9, 11, 8, 5, 1, 2, false, 9, 11},
			{5, 7, 40, 3, 2, 0, true, 2, 3},  // vectors of 16 and 8
			{7, 5, 27, 2, 1, 1, false, 8, 6}, // and three channels by themselves
		} {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				p := NewPool(s.h, s.w, s.c, s.size, s.stride, s.pad, s.ceil)
				if p.OH != s.oh || p.OW != s.ow {
					t.Fatalf("got %d×%d outputs, want %d×%d", p.OH, p.OW, s.oh, s.ow)
				}
				x, dy := random(r, p.InLen()), random(r, p.OutLen())
				for i := range x { // equal values, as behind a ReLU: the first takes the gradient
					x[i] = float32(math.Floor(float64(x[i]) * 6))
				}
				wantY, wantDx := naivePool(p, x, dy)
				y, dx := newBuffer(random(r, p.OutLen())), newBuffer(random(r, p.InLen()))
				p.Max(y.values(), x)
				p.MaxBack(dx.values(), x, y.values(), dy)
				compare(t, "y", y.values(), wantY, 0)
				compare(t, "dx", dx.values(), wantDx, 1e-6)
				y.check(t, "y")
				dx.check(t, "dx")
			})
		}
	})
}

func TestPoolStaysInsideItsSlices(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, c := range []int{1, 7, 8, 9, 48} {
			for _, atEnd := range []bool{true, false} {
				p := NewPool(7, 6, c, 3, 2, 1, true)
				x, y := guarded(t, p.InLen(), atEnd), guarded(t, p.OutLen(), atEnd)
				p.Max(y, x)
				p.MaxBack(guarded(t, p.InLen(), atEnd), x, y, guarded(t, p.OutLen(), atEnd))
			}
		}
	})
}

func TestPoolRefusesWhatCannotBe(t *testing.T) {
	mustPanic(t, "window beyond picture", func() { NewPool(4, 2, 3, 3, 1, 0, false) })
	mustPanic(t, "pad of a window", func() { NewPool(4, 4, 3, 2, 2, 2, true) })
	mustPanic(t, "stride 0", func() { NewPool(4, 4, 3, 2, 0, 0, true) })
	p := NewPool(4, 4, 3, 2, 2, 0, true)
	mustPanic(t, "short output", func() { p.Max(make([]float32, p.OutLen()-1), make([]float32, p.InLen())) })
}

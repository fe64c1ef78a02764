package simd

import (
	"fmt"
	"math"
	"testing"
)

func TestGramAndCrossEqualNaive(t *testing.T) {
	const tol = 2e-6 // float32 sums of 768 terms below 1/4
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range []struct{ rows, d, dy, ld int }{
			{1, 1, 1, 1}, {0, 4, 4, 4}, {5, 3, 10, 3}, {127, 17, 5, 20}, {129, 48, 33, 48}, {769, 10, 48, 11},
			{1600, 32, 16, 32}, {300, 96, 7, 96}, {257, 101, 64, 128}, {40, 200, 1, 200},
		} {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				x, y := random(r, s.rows*s.ld), random(r, s.rows*s.dy)
				packed := make([]float32, s.rows*s.d)
				for i := range s.rows {
					copy(packed[i*s.d:][:s.d], x[i*s.ld:])
				}
				gram, cross := make([]float64, s.d*s.d), make([]float64, s.d*s.dy)
				for i := range gram {
					gram[i] = float64(i)
				}
				for i := range cross {
					cross[i] = -float64(i)
				}
				wantGram, wantCross := append([]float64(nil), gram...), append([]float64(nil), cross...)
				for p := range s.rows {
					for i := range s.d {
						u := float64(x[p*s.ld+i])
						for j := i; j < s.d; j++ {
							wantGram[i*s.d+j] += u * float64(x[p*s.ld+j])
						}
						for j := range s.dy {
							wantCross[i*s.dy+j] += u * float64(y[p*s.dy+j])
						}
					}
				}
				if s.rows > 0 {
					x = x[:(s.rows-1)*s.ld+s.d] // the last row needs no gap behind it
				}
				GramAdd(gram, x, s.rows, s.d, s.ld)
				CrossAdd(cross, packed, y, s.rows, s.d, s.dy)
				for i, want := range wantGram {
					if math.Abs(gram[i]-want) > tol*(1+math.Abs(want)) {
						t.Fatalf("gram[%d,%d]: got %v, want %v", i/s.d, i%s.d, gram[i], want)
					}
				}
				for i, want := range wantCross {
					if math.Abs(cross[i]-want) > tol*(1+math.Abs(want)) {
						t.Fatalf("cross[%d,%d]: got %v, want %v", i/s.dy, i%s.dy, cross[i], want)
					}
				}
			})
		}
	})
}

func TestGramStaysInsideItsSlices(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, atEnd := range []bool{true, false} {
			for _, d := range []int{1, 5, 10, 16, 32, 47, 48, 64, 100} {
				x, y := guarded(t, 131*d, atEnd), guarded(t, 131*7, atEnd)
				GramAdd(make([]float64, d*d), x, 131, d, d)
				CrossAdd(make([]float64, d*7), x, y, 131, d, 7)
				CrossAdd(make([]float64, d*7), y, x, 131, 7, d)
			}
		}
	})
}

func TestGramKeepsDigitsOverManyRows(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		// 50,000 equal rows, all roundings in one direction: the worst case of float32 blocks.
		// float32 alone would be off in the third digit
		const rows = 50_000
		x := make([]float32, rows*2)
		for i := range x {
			x[i] = 0.1
		}
		acc := make([]float64, 4)
		GramAdd(acc, x, rows, 2, 2)
		want := rows * float64(x[0]) * float64(x[0])
		if rel := math.Abs(acc[1]-want) / want; rel > 2e-5 {
			t.Errorf("got %v, want %v: relative error %.1e", acc[1], want, rel)
		}
		if acc[2] != 0 {
			t.Errorf("below the diagonal: got %v, want 0 as before", acc[2])
		}
	})
}

func TestGramRefusesWhatCannotBe(t *testing.T) {
	x, acc := make([]float32, 12), make([]float64, 9)
	mustPanic(t, "ld", func() { GramAdd(acc, x, 4, 3, 2) })
	mustPanic(t, "x", func() { GramAdd(acc, x, 5, 3, 3) })
	mustPanic(t, "acc", func() { GramAdd(acc[:8], x, 4, 3, 3) })
	mustPanic(t, "cross", func() { CrossAdd(acc, x, x, 4, 3, 4) })
	mustPanic(t, "rows", func() { CrossAdd(acc, x, x, -4, 3, 3) })
}

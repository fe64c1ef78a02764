package simd

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestGramEqualsNaive(t *testing.T) {
	const tol = 1e-6 // float32 sums of 256 terms below 1/4
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range []struct{ rows, d, ld int }{
			{1, 1, 1}, {0, 4, 4}, {5, 3, 3}, {127, 17, 20}, {129, 48, 48}, {769, 10, 11}, {33, 16, 16},
			{1600, 32, 32}, {300, 96, 96}, {257, 101, 128}, {40, 200, 200}, {256, 64, 64}, {90, 75, 75},
		} {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				x := random(r, s.rows*s.ld)
				gram := make([]float64, s.d*s.d)
				for i := range gram {
					gram[i] = float64(i)
				}
				want := append([]float64(nil), gram...)
				for p := range s.rows {
					for i := range s.d {
						u := float64(x[p*s.ld+i])
						for j := i; j < s.d; j++ {
							want[i*s.d+j] += u * float64(x[p*s.ld+j])
						}
					}
				}
				if s.rows > 0 {
					x = x[:(s.rows-1)*s.ld+s.d] // the last row needs no gap behind it
				}
				GramAdd(gram, x, s.rows, s.d, s.ld)
				for i, want := range want {
					if math.Abs(gram[i]-want) > tol*(1+math.Abs(want)) {
						t.Fatalf("gram[%d,%d]: got %v, want %v", i/s.d, i%s.d, gram[i], want)
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
				x := guarded(t, 131*d, atEnd)
				GramAdd(make([]float64, d*d), x, 131, d, d)
				p := NewPanels(200, d)
				p.Put(69, 0, x, 131, d)
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
	p := NewPanels(4, 3)
	mustPanic(t, "rows", func() { NewPanels(0, 3) })
	mustPanic(t, "put rows", func() { p.Put(1, 0, x, 4, 3) })
	mustPanic(t, "put columns", func() { p.Put(0, 1, x, 4, 3) })
	mustPanic(t, "put x", func() { p.Put(0, 0, x[:11], 4, 3) })
	mustPanic(t, "gram rows", func() { p.GramAdd(acc, 1, 4) })
	mustPanic(t, "gram acc", func() { p.GramAdd(acc[:8], 0, 4) })
	mustPanic(t, "set rows", func() { p.GramSet(acc, 0, 0) })
	mustPanic(t, "set acc", func() { p.GramSet(acc[:8], 0, 4) })
	q := NewPanels(4, 32)
	w := func(n int) []float32 { return make([]float32, n) }
	mustPanic(t, "part of a panel", func() {
		q.PutDescribed(0, 8, w(64), 4, 16, w(32), w(32), w(32), make([]int32, 32), make([]float64, 32))
	})
	mustPanic(t, "described x", func() {
		q.PutDescribed(0, 16, w(63), 4, 16, w(32), w(32), w(32), make([]int32, 32), make([]float64, 32))
	})
	mustPanic(t, "described low", func() {
		q.PutDescribed(0, 16, w(64), 4, 16, w(32), w(31), w(32), make([]int32, 32), make([]float64, 32))
	})
	mustPanic(t, "describe", func() { p.Describe(0, 4, x, x, x, make([]int32, 16), make([]float64, 16)) })
}

// TestPanelsEqualGramAdd: samples put piece by piece, of several nets side by side.
func TestPanelsEqualGramAdd(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, units := range [][]int{{1}, {16, 16}, {5, 0, 30}, {32, 7}, {96, 96}, {48, 33, 20}} {
			d := 0
			for _, u := range units {
				d += u
			}
			const rows, room = 300, 340
			x := random(r, rows*d)
			want, got := make([]float64, d*d), make([]float64, d*d)
			GramAdd(want, x, rows, d, d)
			p := NewPanels(room, d)
			for from, n := 0, 0; from < rows; from += n {
				n = min(1+r.IntN(90), rows-from)
				at := 0
				for _, u := range units {
					part := make([]float32, 0, n*u)
					for q := from; q < from+n; q++ {
						part = append(part, x[q*d+at:][:u]...)
					}
					p.Put(room-rows+from, at, part, n, u)
					at += u
				}
			}
			p.GramAdd(got, room-rows, rows)
			if !slices.Equal(got, want) {
				t.Errorf("units %v: other sums than GramAdd's", units)
			}
		}
	})
}

func TestDescribeEqualsNaive(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	special := []float32{0, float32(math.Copysign(0, -1)), nan, inf, -inf, 1e-45, -3, 1e30}
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, d := range []int{1, 16, 21, 48} {
			const rows, from = 70, 3
			x := random(r, (rows+from)*d)
			for i := range x {
				if r.IntN(3) == 0 {
					x[i] = special[r.IntN(len(special))]
				}
			}
			p := NewPanels(rows+from, d)
			p.Put(0, 0, x, rows+from, d)
			w := p.Width()
			shift, low, high := random(r, w), random(r, w), random(r, w)
			zeros, sum := make([]int32, w), make([]float64, w)
			for j := range w {
				zeros[j], sum[j] = int32(j), float64(j)
			}
			wantLow, wantHigh := slices.Clone(low), slices.Clone(high)
			p.Describe(from, rows, shift, low, high, zeros, sum)
			for j := range d {
				n, s := int32(j), float64(j)
				for q := from; q < from+rows; q++ {
					v := x[q*d+j]
					if v < wantLow[j] {
						wantLow[j] = v
					}
					if v > wantHigh[j] {
						wantHigh[j] = v
					}
					if v == 0 {
						n++
					}
					z := v - shift[j]
					s += float64(z)
					if got := p.data[(j/16*(rows+from)+q)*16+j%16]; got != z && !(got != got && z != z) {
						t.Fatalf("d %d: sample %d of unit %d: got %v, want %v", d, q, j, got, z)
					}
				}
				if low[j] != wantLow[j] || high[j] != wantHigh[j] || zeros[j] != n || sum[j] != s && s == s {
					t.Fatalf("d %d, unit %d: got %v..%v, %d zeros, sum %v; want %v..%v, %d, %v",
						d, j, low[j], high[j], zeros[j], sum[j], wantLow[j], wantHigh[j], n, s)
				}
			}
		}
	})
}

// TestPutDescribedIsPutAndDescribe: to the bit, of pieces of whole panels.
func TestPutDescribedIsPutAndDescribe(t *testing.T) {
	nan := float32(math.NaN())
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, units := range [][]int{{16}, {32, 48}, {16, 0, 64}} {
			for _, atEnd := range []bool{true, false} {
				d := 0
				for _, u := range units {
					d += u
				}
				const rows = 100
				one, two := NewPanels(rows+2, d), NewPanels(rows+2, d)
				state := func() (shift, low, high []float32, zeros []int32, sum []float64) {
					r := newRand()
					return random(r, d), random(r, d), random(r, d), make([]int32, d), make([]float64, d)
				}
				shift, low, high, zeros, sum := state()
				shift2, low2, high2, zeros2, sum2 := state()
				for from, n := 0, 0; from < rows; from += n {
					n = min(1+r.IntN(70), rows-from)
					at := 0
					for _, u := range units {
						x := guarded(t, n*u, atEnd)
						for i := range x {
							x[i] = r.Float32() - 0.5
							if r.IntN(9) == 0 {
								x[i] = []float32{0, nan}[r.IntN(2)]
							}
						}
						one.Put(2+from, at, x, n, u)
						two.PutDescribed(2+from, at, x, n, u, shift2, low2, high2, zeros2, sum2)
						at += u
					}
				}
				one.Describe(2, rows, shift, low, high, zeros, sum)
				same := func(a, b float64) bool { return a == b || a != a && b != b }
				for i := range one.data {
					if !same(float64(one.data[i]), float64(two.data[i])) {
						t.Fatalf("units %v: value %d is %v, want %v", units, i, two.data[i], one.data[i])
					}
				}
				for j := range d {
					if low[j] != low2[j] || high[j] != high2[j] || zeros[j] != zeros2[j] || !same(sum[j], sum2[j]) {
						t.Fatalf("units %v: unit %d is described otherwise", units, j)
					}
				}
			}
		}
	})
}

// TestGramSetIsGramAddToZeros: whatever was there, but below the diagonal.
func TestGramSetIsGramAddToZeros(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, d := range []int{1, 5, 16, 33, 96, 101} {
			for _, rows := range []int{1, 256, 300} {
				p := NewPanels(rows, d)
				x := random(newRand(), rows*d)
				for i := range x {
					if i%d%3 == 0 {
						x[i] = float32(math.Copysign(0, -1)) // sums of products that are −0
					}
				}
				p.Put(0, 0, x, rows, d)
				want, got := make([]float64, d*d), make([]float64, d*d)
				for i := range got {
					got[i] = math.NaN()
				}
				p.GramAdd(want, 0, rows)
				p.GramSet(got, 0, rows)
				for i := range d {
					for j := range d {
						if w, v := want[i*d+j], got[i*d+j]; j < i && v == v || j >= i && math.Float64bits(v) != math.Float64bits(w) {
							t.Fatalf("%d × %d: [%d,%d] is %v, want %v", rows, d, i, j, v, w)
						}
					}
				}
			}
		}
	})
}

package simd

import (
	"math"
	"testing"
)

func TestDoubleFunctionsEqualNaive(t *testing.T) {
	const tol = 1e-13 // sums of up to 200 products of numbers about 1
	eachPath(t, func(t *testing.T) {
		r := newRand()
		fill := func(n int) []float64 {
			x := make([]float64, n)
			for i := range x {
				x[i] = r.NormFloat64()
			}
			return x
		}
		for n := range 200 {
			x, y := fill(n), fill(n)
			want := append([]float64(nil), y...)
			sum := 0.0
			for i, v := range x {
				want[i] += 1.25 * v
				sum += v * y[i]
			}
			if got := Dot64(x, y); math.Abs(got-sum) > tol {
				t.Errorf("Dot64 of %d: %v, want %v", n, got, sum)
			}
			got := append(make([]float64, 0, n+1), y...)
			got = append(got, 7)
			Axpy64(1.25, x, got[:n])
			for i, v := range want {
				if math.Abs(got[i]-v) > tol {
					t.Errorf("Axpy64 of %d: entry %d is %v, want %v", n, i, got[i], v)
				}
			}
			if got[n] != 7 {
				t.Errorf("Axpy64 of %d wrote behind its slice", n)
			}
			for rows := range 11 {
				ld := n + rows%3
				m := fill(rows*ld + n)
				dst := make([]float64, rows+1)
				dst[rows] = 7
				Dots64(dst[:rows], x, m, ld)
				for k := range rows {
					want := 0.0
					for i, v := range x {
						want += v * m[k*ld+i]
					}
					if math.Abs(dst[k]-want) > tol {
						t.Errorf("Dots64 of %d, %d rows: row %d is %v, want %v", n, rows, k, dst[k], want)
					}
				}
				if dst[rows] != 7 {
					t.Errorf("Dots64 of %d rows wrote behind its slice", rows)
				}
			}
		}
	})
}

func TestDots12EqualsNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for n := range 70 {
			for _, atEnd := range []bool{true, false} {
				ld := n + n%3
				x, y := guardedAs[float64](t, 3*ld+n+1, atEnd)[1:], guardedAs[float64](t, 2*ld+n+1, atEnd)[1:]
				if !atEnd {
					x, y = guardedAs[float64](t, 3*ld+n+1, atEnd)[:3*ld+n], guardedAs[float64](t, 2*ld+n+1, atEnd)[:2*ld+n]
				}
				for i := range x {
					x[i] = r.NormFloat64()
				}
				for i := range y {
					y[i] = r.NormFloat64()
				}
				var got [12]float64
				Dots12(&got, x, y, n, ld)
				for k := range 3 {
					for c := range 4 {
						want := 0.0
						for i := range n {
							want += x[c*ld+i] * y[k*ld+i]
						}
						if math.Abs(got[4*k+c]-want) > 1e-13 {
							t.Fatalf("%d values, rows %d and %d: %v, want %v", n, c, k, got[4*k+c], want)
						}
					}
				}
			}
		}
	})
}

func TestDoubleFunctionsRefuseWhatCannotBe(t *testing.T) {
	mustPanic(t, "Axpy64", func() { Axpy64(1, make([]float64, 3), make([]float64, 4)) })
	mustPanic(t, "Dot64", func() { Dot64(make([]float64, 3), make([]float64, 4)) })
	mustPanic(t, "Dots64", func() { Dots64(make([]float64, 2), make([]float64, 4), make([]float64, 7), 4) })
	mustPanic(t, "Dots64", func() { Dots64(make([]float64, 2), make([]float64, 4), make([]float64, 8), 3) })
	x, dst := make([]float64, 40), new([12]float64)
	mustPanic(t, "Dots12 apart", func() { Dots12(dst, x, x, 5, 4) })
	mustPanic(t, "Dots12 x", func() { Dots12(dst, x[:34], x, 5, 10) })
	mustPanic(t, "Dots12 y", func() { Dots12(dst, x, x[:24], 5, 10) })
}

package simd

import (
	"fmt"
	"math"
	"testing"
)

var lengths = []int{0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 40, 63, 64, 65, 97, 128, 1001, 9973}

func TestVectorFunctionsEqualNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, n := range lengths {
			t.Run(fmt.Sprint(n), func(t *testing.T) {
				x, y, g := random(r, n), newBuffer(random(r, n)), newBuffer(random(r, n))
				if n > 2 {
					x[n/2] = 0
				}
				check := func(name string, b *buffer, want []float64, tol float64) {
					t.Helper()
					compare(t, name, b.values(), want, tol)
					b.check(t, name)
				}
				want := wide(y.values())

				Axpy(0.3, x, y.values())
				for i := range want {
					want[i] += float64(float32(0.3)) * float64(x[i])
				}
				check("Axpy", y, want, 1e-6)

				Scale(-1.7, y.values())
				for i := range want {
					want[i] *= float64(float32(-1.7))
				}
				check("Scale", y, want, 1e-6)

				dot := 0.0
				for i := range x {
					dot += float64(x[i]) * float64(y.values()[i])
				}
				if got := Dot(x, y.values()); math.Abs(got-dot) > 1e-4 { // float32 blocks of 4,096 terms
					t.Errorf("Dot: got %v, want %v", got, dot)
				}

				want = wide(g.values())
				for i, v := range x {
					if !(v > 0) {
						want[i] = 0
					}
				}
				apart := newBuffer(random(r, n))
				ReluBackTo(apart.values(), g.values(), x)
				check("ReluBackTo", apart, want, 0)
				ReluBack(g.values(), x)
				check("ReluBack", g, want, 0)

				want = wide(y.values())
				for i := range want {
					want[i] = max(want[i], 0)
				}
				Relu(y.values())
				check("Relu", y, want, 0)

				w, v := newBuffer(random(r, n)), newBuffer(random(r, n))
				wantW, wantV := wide(w.values()), wide(v.values())
				for i := range wantW {
					wantV[i] = 0.9*wantV[i] - 0.01*(float64(x[i])+0.05*wantW[i])
					wantW[i] += wantV[i]
				}
				SGD(w.values(), v.values(), x, 0.01, 0.9, 0.05)
				check("SGD v", v, wantV, 1e-6)
				check("SGD w", w, wantW, 1e-6)
			})
		}
	})
}

func TestRowFunctionsEqualNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, d := range []int{1, 3, 5, 8, 10, 16, 24, 31, 32, 33, 48, 64, 72, 97, 128} {
			for _, rows := range []int{0, 1, 2, 7, 100} {
				t.Run(fmt.Sprint(d, rows), func(t *testing.T) {
					x, row := random(r, d*rows), random(r, d)
					sum, out := newBuffer(row), newBuffer(random(r, d*rows))
					wantSum, wantOut := wide(row), make([]float64, d*rows)
					for i, v := range x {
						wantSum[i%d] += float64(v)
						wantOut[i] = float64(v) - float64(row[i%d])
					}
					AddRows(sum.values(), x)
					SubRow(out.values(), x, row)
					compare(t, "AddRows", sum.values(), wantSum, 1e-5)
					compare(t, "SubRow", out.values(), wantOut, 1e-6)
					sum.check(t, "AddRows")
					out.check(t, "SubRow")
				})
			}
		}
	})
}

func TestVectorFunctionsStayInsideTheirSlices(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, n := range lengths {
			for _, atEnd := range []bool{true, false} {
				x, y, z := guarded(t, n, atEnd), guarded(t, n, atEnd), guarded(t, n, atEnd)
				Relu(x)
				ReluBack(x, y)
				ReluBackTo(z, x, y)
				Axpy(2, x, y)
				Scale(2, x)
				Dot(x, y)
				SGD(x, y, z, 1, 1, 1)
				AddRows(x, guarded(t, 3*n, atEnd))
				SubRow(y, x, z)
			}
		}
	})
}

func TestNaNIsNotHidden(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, n := range []int{1, 8, 11} {
			nan := float32(math.NaN())
			x := make([]float32, n)
			for i := range x {
				x[i] = nan
			}
			Relu(x)
			for i, v := range x {
				if v == v {
					t.Errorf("n %d: ReLU made %v of NaN at %d", n, v, i)
				}
			}
			if d := Dot(x, x); d == d {
				t.Errorf("n %d: Dot of NaN is %v", n, d)
			}
		}
	})
}

func TestVectorFunctionsRefuseWhatCannotBe(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	mustPanic(t, "ReluBack", func() { ReluBack(f(3), f(4)) })
	mustPanic(t, "ReluBackTo", func() { ReluBackTo(f(3), f(4), f(4)) })
	mustPanic(t, "Axpy", func() { Axpy(1, f(4), f(3)) })
	mustPanic(t, "Dot", func() { Dot(f(4), f(3)) })
	mustPanic(t, "AddRows", func() { AddRows(f(3), f(7)) })
	mustPanic(t, "SubRow", func() { SubRow(f(5), f(6), f(3)) })
	mustPanic(t, "SGD", func() { SGD(f(4), f(4), f(3), 1, 1, 1) })
}

func TestSameBits(t *testing.T) {
	nan, zero := float32(math.NaN()), float32(0)
	for _, c := range []struct {
		x, y []float32
		want bool
	}{
		{nil, nil, true}, {nil, []float32{}, true}, {nil, []float32{1}, false},
		{[]float32{1, nan}, []float32{1, nan}, true}, {[]float32{zero}, []float32{0}, true},
		{[]float32{zero}, []float32{float32(math.Copysign(0, -1))}, false}, {[]float32{1, 2}, []float32{1, 3}, false},
	} {
		if got := SameBits(c.x, c.y); got != c.want {
			t.Errorf("%v, %v: got %v", c.x, c.y, got)
		}
	}
}

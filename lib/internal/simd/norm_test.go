package simd

import (
	"fmt"
	"math"
	"testing"
)

func naiveMean(p *Pool, x, dy []float32, inside bool) (y, dx []float64) {
	y, dx = make([]float64, p.OutLen()), make([]float64, p.InLen())
	for i := range p.OH {
		for j := range p.OW {
			for c := range p.C {
				out := (i*p.OW+j)*p.C + c
				var cells []int
				padded := 0
				for r := i*p.Stride - p.Padding; r < i*p.Stride-p.Padding+p.Size; r++ {
					for s := j*p.Stride - p.Padding; s < j*p.Stride-p.Padding+p.Size; s++ {
						if r < p.H+p.Padding && s < p.W+p.Padding {
							padded++
						}
						if r >= 0 && r < p.H && s >= 0 && s < p.W {
							cells = append(cells, (r*p.W+s)*p.C+c)
						}
					}
				}
				n := float64(padded)
				if inside {
					n = float64(len(cells))
				}
				for _, k := range cells {
					y[out] += float64(x[k]) / n
					dx[k] += float64(dy[out]) / n
				}
			}
		}
	}
	return y, dx
}

func TestMeanPoolEqualsNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range []struct {
			h, w, c, size, stride, pad int
			ceil                       bool
		}{
			{16, 16, 32, 3, 2, 0, true}, {8, 8, 64, 3, 2, 0, true}, {7, 5, 3, 2, 2, 0, false}, {7, 5, 13, 2, 2, 0, true},
			{9, 8, 5, 3, 2, 1, true}, {9, 8, 17, 3, 1, 1, false}, {4, 4, 1, 5, 3, 2, true}, {1, 1, 1, 1, 1, 0, false}, {2, 3, 8, 3, 2, 0, true},
		} {
			for _, inside := range []bool{false, true} {
				t.Run(fmt.Sprint(s, inside), func(t *testing.T) {
					p := NewPool(s.h, s.w, s.c, s.size, s.stride, s.pad, s.ceil)
					x, dy := random(r, p.InLen()), random(r, p.OutLen())
					wantY, wantDx := naiveMean(p, x, dy, inside)
					y, dx := newBuffer(random(r, p.OutLen())), newBuffer(random(r, p.InLen()))
					p.Mean(y.values(), x, inside)
					p.MeanBack(dx.values(), dy, inside)
					compare(t, "y", y.values(), wantY, 1e-6)
					compare(t, "dx", dx.values(), wantDx, 1e-6)
					y.check(t, "y")
					dx.check(t, "dx")
				})
			}
		}
	})
}

// naiveLRN returns the normalised picture in float64.
func naiveLRN(l *LRN, x []float64) []float64 {
	y := make([]float64, len(x))
	half := l.Size / 2
	for i := range l.H {
		for j := range l.W {
			for c := range l.C {
				sum, n := 0.0, float64(l.Size)
				add := func(r, s, k int) {
					if r >= 0 && r < l.H && s >= 0 && s < l.W && k >= 0 && k < l.C {
						v := x[(r*l.W+s)*l.C+k]
						sum += v * v
					}
				}
				for d := -half; d <= half; d++ {
					if !l.Within {
						add(i, j, c+d)
						continue
					}
					for e := -half; e <= half; e++ {
						add(i+d, j+e, c)
					}
				}
				if l.Within {
					n *= n
				}
				k := (i*l.W+j)*l.C + c
				y[k] = x[k] * math.Pow(l.K+l.Alpha/n*sum, -l.Beta)
			}
		}
	}
	return y
}

func TestLRNEqualsNaiveAndItsFiniteDifferences(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, l := range []*LRN{
			NewLRN(3, 2, 7, 5, 1, 0.75, 1, false), NewLRN(2, 3, 33, 3, 0.5, 0.75, 2, false), NewLRN(4, 1, 2, 7, 2, 0.5, 1, false),
			NewLRN(1, 1, 1, 1, 1, 1, 1, false), NewLRN(5, 4, 3, 3, 5, 0.75, 1, true), NewLRN(3, 6, 9, 5, 2, 0.6, 0.5, true), NewLRN(2, 2, 1, 7, 1, 0.75, 1, true),
		} {
			t.Run(fmt.Sprintf("%+v", *l), func(t *testing.T) {
				x, dy := random(r, l.Len()), random(r, l.Len())
				for i := range x {
					x[i] *= 6
				}
				y, dx, scratch := newBuffer(random(r, l.Len())), newBuffer(random(r, l.Len())), newBuffer(random(r, l.ScratchLen()))
				l.Forward(y.values(), x, scratch.values())
				l.Back(dx.values(), x, dy, scratch.values())
				in := wide(x)
				compare(t, "y", y.values(), naiveLRN(l, in), 1e-5)
				loss := func() float64 {
					s := 0.0
					for i, v := range naiveLRN(l, in) {
						s += v * float64(dy[i])
					}
					return s
				}
				want := make([]float64, len(x))
				for i, v := range in {
					const e = 1e-6
					in[i] = v + e
					up := loss()
					in[i] = v - e
					want[i] = (up - loss()) / (2 * e)
					in[i] = v
				}
				compare(t, "dx", dx.values(), want, 1e-5)
				y.check(t, "y")
				dx.check(t, "dx")
				scratch.check(t, "scratch")
			})
		}
	})
}

func TestRowStepsFollowTheirFormulas(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range [][2]int{{0, 3}, {1, 1}, {7, 1}, {5, 8}, {13, 17}, {100, 33}} {
			rows, d := s[0], s[1]
			x, dy := random(r, rows*d), random(r, rows*d)
			v := make([][]float32, 4)
			for i := range v {
				v[i] = random(r, d)
			}
			sum, square, sumDy, product := make([]float64, d), make([]float64, d), make([]float64, d), make([]float64, d)
			y, dx := newBuffer(make([]float32, rows*d)), newBuffer(make([]float32, rows*d))
			SumRows(sum, x)
			SquareRows(square, x, v[0])
			ProductRows(sumDy, product, dy, x, v[0])
			NormRows(y.values(), x, v[0], v[1], v[2])
			NormRowsBack(dx.values(), dy, x, v[0], v[1], v[2], v[3])
			wantY, wantDx := make([]float64, rows*d), make([]float64, rows*d)
			for i := range x {
				c := i % d
				xi, g, u := float64(x[i]), float64(dy[i]), float64(x[i])-float64(v[0][c])
				sum[c] -= xi
				square[c] -= u * u
				sumDy[c] -= g
				product[c] -= g * u
				wantY[i] = float64(v[1][c])*u + float64(v[2][c])
				wantDx[i] = float64(v[1][c])*g + float64(v[2][c])*u + float64(v[3][c])
			}
			for c := range d {
				for k, rest := range []float64{sum[c], square[c], sumDy[c], product[c]} {
					if math.Abs(rest) > 1e-5 {
						t.Errorf("%d×%d: sum %d of column %d is off by %v", rows, d, k, c, rest)
					}
				}
			}
			compare(t, "y", y.values(), wantY, 1e-6)
			compare(t, "dx", dx.values(), wantDx, 1e-6)
			y.check(t, "y")
			dx.check(t, "dx")
		}
	})
}

func TestActivationsFollowTheirFormulas(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, c := range []struct {
		name string
		f    func(x []float32)
		back func(dy, y []float32)
		want func(x float64) (y, slope float64)
	}{
		{"leaky", func(x []float32) { Leaky(x, 0.1) }, func(dy, y []float32) { LeakyBack(dy, y, 0.1) }, func(x float64) (float64, float64) {
			if x > 0 {
				return x, 1
			}
			return 0.1 * x, 0.1
		}},
		{"tanh", Tanh, TanhBack, func(x float64) (float64, float64) {
			y := math.Tanh(x)
			return y, 1 - y*y
		}},
		{"sigmoid", Sigmoid, SigmoidBack, func(x float64) (float64, float64) {
			y := 1 / (1 + math.Exp(-x))
			return y, y * (1 - y)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := append(random(newRand(), 37), 0, 3, -3, 40, -40, 1000, -1000, inf, -inf)
			y, dy := append([]float32(nil), x...), make([]float32, len(x))
			for i := range dy {
				dy[i] = 2
			}
			c.f(y)
			c.back(dy, y)
			for i, v := range x {
				wantY, slope := c.want(float64(v))
				if got := float64(y[i]); got != wantY && math.Abs(got-wantY) > 1e-6*math.Max(1, math.Abs(wantY)) {
					t.Errorf("of %v: %v, want %v", v, got, wantY)
				}
				if got := float64(dy[i]); math.Abs(got-2*slope) > 1e-6 {
					t.Errorf("gradient at %v: %v, want %v", v, got, 2*slope)
				}
			}
			bad := []float32{nan}
			if c.f(bad); bad[0] == bad[0] {
				t.Errorf("NaN became %v", bad[0])
			}
		})
	}
}

func TestAdamFollowsItsFormula(t *testing.T) {
	r := newRand()
	s := AdamStep{LR: 0.1, Beta1: 0.9, Beta2: 0.99, Bias1: 2, Bias2: 5, Epsilon: 1e-3, Decay: 0.05}
	for _, n := range []int{0, 1, 7, 8, 33} {
		w, m, v, g := random(r, n), random(r, n), random(r, n), random(r, n)
		want := make([]float64, n)
		for i := range want {
			v[i] = float32(math.Abs(float64(v[i])))
			d := float64(g[i]) + 0.05*float64(w[i])
			want[i] = float64(w[i]) - 0.1*2*(0.9*float64(m[i])+0.1*d)/(math.Sqrt(5*(0.99*float64(v[i])+0.01*d*d))+1e-3)
		}
		Adam(w, m, v, g, s)
		compare(t, "w", w, want, 1e-5)
	}
}

func TestNormalisationsRefuseWhatCannotBe(t *testing.T) {
	f := func(n int) []float32 { return make([]float32, n) }
	l := NewLRN(2, 2, 3, 3, 1, 1, 1, false)
	p := NewPool(4, 4, 3, 2, 2, 0, true)
	for name, run := range map[string]func(){
		"even LRN":       func() { NewLRN(2, 2, 3, 4, 1, 1, 1, true) },
		"short scratch":  func() { l.Forward(f(12), f(12), f(35)) },
		"short gradient": func() { l.Back(f(12), f(12), f(11), f(36)) },
		"short mean":     func() { p.Mean(f(p.OutLen()-1), f(p.InLen()), false) },
		"rows":           func() { SumRows(make([]float64, 3), f(7)) },
		"columns":        func() { NormRows(f(6), f(6), f(3), f(2), f(3)) },
		"Adam":           func() { Adam(f(3), f(3), f(2), f(3), AdamStep{}) },
		"tanh":           func() { TanhBack(f(3), f(2)) },
	} {
		mustPanic(t, name, run)
	}
}

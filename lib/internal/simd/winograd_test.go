package simd

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestToomCookIsAConvolution(t *testing.T) {
	for _, c := range []struct {
		m, k   int
		points []float64
	}{{2, 3, []float64{0, 1, -1}}, {3, 3, []float64{0, 1, -1, 2}}, {4, 3, []float64{0, 1, -1, .5, -2}}, {2, 5, []float64{0, 1, -1, .5, -2}}, {1, 1, nil}} {
		at, g, bt := toomCook(c.m, c.k, c.points)
		for i := range c.m {
			for j := range c.k {
				for q := range c.m + c.k - 1 {
					got, want := 0.0, 0.0
					for p := range g {
						got += at[i][p] * g[p][j] * bt[p][q]
					}
					if q == i+j {
						want = 1
					}
					if math.Abs(got-want) > 1e-14 { // a handful of float64 operations on numbers of about 1
						t.Errorf("%+v: output %d, weight %d, input %d: got %v, want %v", c, i, j, q, got, want)
					}
				}
			}
		}
	}
}

func TestBlendEqualsItsFormula(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, n := range []int{8, 16, 24, 32, 40, 96, 128} {
			for _, relu := range []bool{false, true} {
				for _, withInit := range []bool{false, true} {
					weights := [][]float64{{1, 0, -2, .5}, {0, 0, 1, 0}, {.25, 1, 1, -1}}
					b := blend{terms: blendTerms(weights), sr: 5 * n, sj: n, src: guarded(t, 14*n, true), dr: 4 * n, di: n, count: 3, outs: 2, n: n, relu: relu}
					copy(b.src, random(r, len(b.src)))
					dst := newBuffer(random(r, 2*b.dr+b.di+n))
					want := wide(dst.values())
					b.dst = dst.values()
					if withInit {
						b.init = guarded(t, n, true)
						copy(b.init, random(r, n))
					}
					for row := range b.count {
						for i := range b.outs {
							for c := range n {
								s := 0.0
								if withInit {
									s = float64(b.init[c])
								}
								for j, w := range weights[i] {
									s += w * float64(b.src[row*b.sr+j*b.sj+c])
								}
								if relu {
									s = max(s, 0)
								}
								want[row*b.dr+i*b.di+c] = s
							}
						}
					}
					b.run()
					compare(t, fmt.Sprint(n, relu, withInit), b.dst, want, 1e-6) // four terms of about 1
					dst.check(t, "dst")
				}
			}
		}
	})
}

// Small enough for a naive twin, with what can go wrong: last tiles of 1 and 2 outputs, no
// border, a wide one, one row, channels that end within a panel, and in groups.
var winogradCases = []struct{ h, w, c, oc, k, pad, groups, pictures int }{
	{9, 13, 96, 96, 3, 1, 1, 1},
	{7, 8, 104, 120, 3, 1, 1, 2},
	{8, 5, 200, 96, 3, 0, 1, 2},
	{6, 6, 96, 112, 3, 2, 1, 2},
	{5, 5, 192, 208, 3, 1, 2, 2},
	{9, 7, 96, 160, 5, 2, 1, 1},
	{8, 8, 208, 192, 5, 0, 2, 1},
	{8, 7, 96, 96, 5, 3, 1, 2},
}

func TestWinogradEqualsNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range winogradCases {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				v := NewConvGroups(s.h, s.w, s.c, s.oc, s.k, s.k, 1, s.pad, 1, s.groups)
				p := v.Winograd()
				if p == nil {
					t.Fatal("no plan")
				}
				x, w, bias := random(r, s.pictures*v.InLen()), random(r, v.FilterLen()), random(r, v.OC)
				wp, y := newBuffer(random(r, p.WeightLen())), newBuffer(random(r, s.pictures*v.OutLen()))
				p.PackW(wp.values(), w)
				p.Forward(y.values(), x, wp.values(), bias, s.pictures, false)
				const tol = 5e-5 // sums of up to 5,000 terms below 1/4; 5×5 is less exact than the direct way
				for i := range s.pictures {
					want := newNaiveConv(v, x[i*v.InLen():], w, bias, make([]float32, v.OutLen())).y
					compare(t, "y", y.values()[i*v.OutLen():][:v.OutLen()], want, tol)
				}
				y.check(t, "y")
				wp.check(t, "wp")

				cut := make([]float32, s.pictures*v.OutLen())
				p.Forward(cut, x, wp.values(), bias, s.pictures, true)
				apart := slices.Clone(y.values())
				Relu(apart)
				if !slices.Equal(cut, apart) {
					t.Error("with ReLU: other numbers than a ReLU behind it")
				}
				// without a bias as with one of zeros; a picture alone as among others
				without, zero := make([]float32, len(cut)), make([]float32, len(cut))
				p.Forward(without, x, wp.values(), nil, s.pictures, false)
				for i := range s.pictures {
					p.Forward(zero[i*v.OutLen():], x[i*v.InLen():], wp.values(), make([]float32, v.OC), 1, false)
				}
				if !slices.Equal(without, zero) {
					t.Error("no bias, all pictures at once: other bits than zeros, one by one")
				}
			})
		}
	})
}

func TestWinogradStaysInsideItsSlices(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, s := range winogradCases {
			for _, atEnd := range []bool{true, false} {
				v := NewConvGroups(s.h, s.w, s.c, s.oc, s.k, s.k, 1, s.pad, 1, s.groups)
				p := v.Winograd()
				mem := func(n int) []float32 { return guarded(t, n, atEnd) }
				wp := mem(p.WeightLen())
				p.PackW(wp, mem(v.FilterLen()))
				p.Forward(mem(v.OutLen()), mem(v.InLen()), wp, mem(v.OC), 1, true)
			}
		}
	})
}

func TestWinogradPathsAgree(t *testing.T) {
	needAssembly(t)
	r := newRand()
	for _, s := range winogradCases {
		v := NewConvGroups(s.h, s.w, s.c, s.oc, s.k, s.k, 1, s.pad, 1, s.groups)
		p := v.Winograd()
		x, w, bias := random(r, v.InLen()), random(r, v.FilterLen()), random(r, v.OC)
		onBoth(t, fmt.Sprint(s), func() []float32 {
			wp, y := make([]float32, p.WeightLen()), make([]float32, v.OutLen())
			p.PackW(wp, w)
			p.Forward(y, x, wp, bias, 1, false)
			return y
		})
	}
}

// The error beside float64, as the doc comment of Winograd states it, on what a layer of a net
// sees: values behind a ReLU, weights of He's variance.
func TestWinogradIsNearlyAsExactAsDirect(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range []struct {
			c, k int
			most float64 // root mean square, in that of the direct convolution
		}{{96, 3, 1}, {384, 3, 1}, {96, 5, 3}} {
			v := NewConv(6, 7, s.c, 96, s.k, s.k, 1, s.k/2)
			x, w, bias := make([]float32, v.InLen()), make([]float32, v.FilterLen()), make([]float32, v.OC)
			for i := range x {
				x[i] = float32(max(0, r.NormFloat64()))
			}
			for i := range w {
				w[i] = float32(r.NormFloat64() * math.Sqrt(2/float64(s.c*s.k*s.k)))
			}
			want := newNaiveConv(v, x, w, bias, make([]float32, v.OutLen())).y
			off := func(y []float32) float64 {
				sum := 0.0
				for i, v := range y {
					d := float64(v) - want[i]
					sum += d * d
				}
				return math.Sqrt(sum / float64(len(y)))
			}
			y := make([]float32, v.OutLen())
			xp, packed := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen())
			v.Pad(xp, x)
			v.PackW(packed, w)
			v.Forward(y, xp, packed, bias)
			direct := off(y)
			p := v.Winograd()
			wp := make([]float32, p.WeightLen())
			p.PackW(wp, w)
			p.Forward(y, x, wp, bias, 1, false)
			fast := off(y)
			t.Logf("%d channels, %d×%d: direct %.2g, Winograd %.2g: %.2f times", s.c, s.k, s.k, direct, fast, fast/direct)
			if fast > s.most*direct {
				t.Errorf("%d channels, %d×%d: error %.2g, direct %.2g (at most %v times)", s.c, s.k, s.k, fast, direct, s.most)
			}
		}
	})
}

// Small nets keep their bits: no layer of the recipes' nets has a Winograd.
func TestWinogradIsForLargeLayersAlone(t *testing.T) {
	for _, s := range []struct {
		h, c, oc, k, stride, pad, dilation, groups int
		want                                       bool
	}{
		{27, 96, 256, 5, 1, 2, 1, 1, true}, // CaffeNet
		{13, 256, 384, 3, 1, 1, 1, 1, true},
		{13, 384, 384, 3, 1, 1, 1, 2, true},
		{227, 3, 96, 11, 4, 0, 1, 1, false},
		{27, 96, 256, 5, 1, 2, 1, 2, false}, // 48 channels a group
		{6, 64, 64, 3, 1, 1, 1, 1, false},   // MiniAlexNet
		{8, 32, 64, 5, 1, 2, 1, 1, false},   // cifar10_quick
		{13, 96, 96, 3, 2, 1, 1, 1, false},
		{13, 96, 96, 3, 1, 2, 2, 1, false},
		{13, 100, 96, 3, 1, 1, 1, 1, false},
		{13, 96, 96, 7, 1, 3, 1, 1, false},
		{13, 96, 96, 1, 1, 0, 1, 1, false},
		{4, 96, 96, 3, 1, 0, 1, 1, true},
		{3, 96, 96, 3, 1, 0, 1, 1, false}, // one output
	} {
		if got := NewConvGroups(s.h, s.h, s.c, s.oc, s.k, s.k, s.stride, s.pad, s.dilation, s.groups).Winograd() != nil; got != s.want {
			t.Errorf("%+v: got %v", s, got)
		}
	}
}

func TestWinogradRefusesShortSlices(t *testing.T) {
	p := NewConv(6, 6, 96, 96, 3, 3, 1, 1).Winograd()
	f := func(n int) []float32 { return make([]float32, n) }
	for name, run := range map[string]func(){
		"weights": func() { p.PackW(f(p.WeightLen()), f(p.FilterLen()-1)) },
		"packed":  func() { p.PackW(f(p.WeightLen()-1), f(p.FilterLen())) },
		"picture": func() { p.Forward(f(2*p.OutLen()), f(2*p.InLen()-1), f(p.WeightLen()), nil, 2, false) },
		"output":  func() { p.Forward(f(2*p.OutLen()-1), f(2*p.InLen()), f(p.WeightLen()), nil, 2, false) },
		"bias":    func() { p.Forward(f(p.OutLen()), f(p.InLen()), f(p.WeightLen()), f(95), 1, false) },
	} {
		mustPanic(t, name, run)
	}
	p.Forward(nil, nil, f(p.WeightLen()), nil, 0, false) // an empty batch is fine
}

func BenchmarkWinograd(b *testing.B) {
	r := newRand()
	const pictures = 4 // a chunk of a batch of 16
	for _, l := range []struct {
		name             string
		h, c, oc, k, pad int
	}{{"conv2", 27, 96, 256, 5, 2}, {"conv3", 13, 256, 384, 3, 1}, {"conv4", 13, 384, 384, 3, 1}, {"conv5", 13, 384, 256, 3, 1}} {
		v := NewConv(l.h, l.h, l.c, l.oc, l.k, l.k, 1, l.pad)
		p := v.Winograd()
		x, w := random(r, pictures*v.InLen()), random(r, v.FilterLen())
		wp, y := make([]float32, p.WeightLen()), make([]float32, pictures*v.OutLen())
		p.PackW(wp, w)
		b.Run(l.name+"/Forward", func(b *testing.B) {
			for b.Loop() {
				p.Forward(y, x, wp, nil, pictures, true)
			}
			gflops(b, 2*pictures*float64(v.OH*v.OW*v.OC*v.KH*v.KW*v.C)) // of the direct convolution
		})
		b.Run(l.name+"/PackW", func(b *testing.B) {
			for b.Loop() {
				p.PackW(wp, w)
			}
		})
	}
}

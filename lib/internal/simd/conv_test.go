package simd

import (
	"fmt"
	"slices"
	"testing"
)

// naiveConv is the slow twin, in float64 from the formulas in the doc comments.
type naiveConv struct{ y, dw, dx []float64 }

func newNaiveConv(v *Conv, x, w, bias, dy []float32) naiveConv {
	n := naiveConv{make([]float64, v.OutLen()), make([]float64, v.FilterLen()), make([]float64, v.InLen())}
	for i := range v.OH {
		for j := range v.OW {
			for o := range v.OC {
				out := (i*v.OW+j)*v.OC + o
				n.y[out] = float64(bias[o])
				for a := range v.KH {
					for b := range v.KW {
						r, s := i*v.Stride+a*v.Dilation-v.Padding, j*v.Stride+b*v.Dilation-v.Padding
						if r < 0 || r >= v.H || s < 0 || s >= v.W {
							continue
						}
						depth := v.C / v.Groups
						for c := range depth {
							in := (r*v.W+s)*v.C + o/(v.OC/v.Groups)*depth + c
							wi := ((a*v.KW+b)*depth+c)*v.OC + o
							n.y[out] += float64(x[in]) * float64(w[wi])
							n.dw[wi] += float64(x[in]) * float64(dy[out])
							n.dx[in] += float64(w[wi]) * float64(dy[out])
						}
					}
				}
			}
		}
	}
	return n
}

var convCases = []struct{ h, w, c, oc, kh, kw, stride, pad, dilation, groups int }{
	{1, 1, 1, 1, 1, 1, 1, 0, 1, 1},
	{1, 1, 3, 10, 1, 1, 1, 0, 1, 1},
	{2, 3, 5, 16, 1, 1, 1, 0, 1, 1},
	{5, 5, 3, 16, 5, 5, 1, 0, 1, 1}, // one output
	{32, 32, 3, 32, 7, 7, 1, 0, 1, 1},
	{13, 13, 32, 32, 5, 5, 1, 2, 1, 1},
	{6, 6, 64, 48, 3, 3, 1, 1, 1, 1},
	{7, 11, 1, 3, 3, 3, 1, 1, 1, 1},
	{11, 7, 5, 17, 3, 2, 1, 1, 1, 1},
	{9, 13, 10, 48, 2, 5, 1, 2, 1, 1},
	{13, 9, 3, 5, 4, 3, 2, 1, 1, 1},
	{23, 19, 3, 16, 11, 11, 4, 0, 1, 1},
	{17, 12, 7, 31, 5, 5, 3, 2, 1, 1},
	{6, 5, 2, 8, 1, 1, 2, 0, 1, 1},
	{6, 5, 2, 8, 1, 1, 3, 1, 1, 1},   // stride beyond the filter, border beyond it
	{4, 4, 3, 6, 2, 2, 1, 3, 1, 1},   // border wider than the filter
	{3, 3, 3, 6, 2, 2, 3, 4, 1, 1},   // the same with stride
	{5, 1, 4, 16, 3, 1, 1, 1, 1, 1},  // one column
	{1, 9, 48, 10, 1, 7, 1, 3, 1, 1}, // one row
	{12, 12, 33, 29, 3, 3, 1, 1, 1, 1},
	{12, 11, 3, 17, 3, 3, 1, 2, 2, 1},
	{13, 9, 5, 16, 2, 3, 2, 3, 3, 1}, // dilation and stride
	{15, 15, 1, 7, 4, 4, 1, 0, 4, 1},
	{5, 6, 3, 4, 3, 3, 1, 4, 3, 1}, // a span wider than the picture
	{7, 6, 6, 34, 3, 3, 1, 1, 1, 2},
	{7, 6, 32, 64, 3, 2, 1, 0, 1, 2}, // no border: channels still sorted by group
	{9, 9, 15, 9, 5, 5, 2, 2, 1, 3},
	{6, 7, 13, 13, 3, 3, 1, 1, 1, 13}, // one channel a group
	{9, 11, 10, 20, 3, 3, 2, 3, 2, 5}, // all at once
	{8, 8, 4, 8, 1, 1, 1, 0, 1, 4},
}

func TestConvEqualsNaive(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		r := newRand()
		for _, s := range convCases {
			t.Run(fmt.Sprint(s), func(t *testing.T) {
				v := NewConvGroups(s.h, s.w, s.c, s.oc, s.kh, s.kw, s.stride, s.pad, s.dilation, s.groups)
				x, w, bias, dy := random(r, v.InLen()), random(r, v.FilterLen()), random(r, v.OC), random(r, v.OutLen())
				want := newNaiveConv(v, x, w, bias, dy)
				// what was in the destinations must not matter, but for dw
				xp, wp := newBuffer(random(r, v.PaddedLen())), newBuffer(random(r, v.WeightLen()))
				y, dx := newBuffer(random(r, v.OutLen())), newBuffer(random(r, v.InLen()))
				wb, scratch := newBuffer(random(r, v.WeightBackLen())), newBuffer(random(r, v.BackPaddedLen()))
				dw := newBuffer(random(r, v.FilterLen()))
				for i, before := range dw.values() {
					want.dw[i] += float64(before)
				}
				v.Pad(xp.values(), x)
				v.PackW(wp.values(), w)
				v.Forward(y.values(), xp.values(), wp.values(), bias)
				// the same with its ReLU, bit by bit
				cut, apart := newBuffer(random(r, v.OutLen())), append([]float32(nil), y.values()...)
				Relu(apart)
				v.ForwardReLU(cut.values(), xp.values(), wp.values(), bias)
				if !slices.Equal(cut.values(), apart) {
					t.Errorf("ForwardReLU: got %v, want %v", cut.values(), apart)
				}
				cut.check(t, "ForwardReLU")
				v.GradW(dw.values(), xp.values(), dy)
				v.PackWBack(wb.values(), w)
				v.GradX(dx.values(), scratch.values(), dy, wb.values())

				const tol = 2e-5 // float32 sums of up to 10^3 terms below 1/4
				compare(t, "y", y.values(), want.y, tol)
				compare(t, "dw", dw.values(), want.dw, tol)
				compare(t, "dx", dx.values(), want.dx, tol)
				for name, b := range map[string]*buffer{"xp": xp, "wp": wp, "y": y, "dw": dw, "wb": wb, "scratch": scratch, "dx": dx} {
					b.check(t, name)
				}
			})
		}
	})
}

func TestConvWithoutBiasStartsFromZero(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		v := NewConv(5, 6, 3, 18, 3, 3, 1, 1)
		r := newRand()
		xp, wp := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen())
		v.Pad(xp, random(r, v.InLen()))
		v.PackW(wp, random(r, v.FilterLen()))
		with, without := random(r, v.OutLen()), random(r, v.OutLen())
		v.Forward(with, xp, wp, make([]float32, v.OC))
		v.Forward(without, xp, wp, nil)
		compare(t, "y", without, wide(with), 0)
	})
}

func TestConvStaysInsideItsSlices(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		for _, s := range convCases {
			for _, atEnd := range []bool{true, false} {
				v := NewConvGroups(s.h, s.w, s.c, s.oc, s.kh, s.kw, s.stride, s.pad, s.dilation, s.groups)
				mem := func(n int) []float32 { return guarded(t, n, atEnd) }
				x, w, bias, dy := mem(v.InLen()), mem(v.FilterLen()), mem(v.OC), mem(v.OutLen())
				xp, wp, wb, scratch := mem(v.PaddedLen()), mem(v.WeightLen()), mem(v.WeightBackLen()), mem(v.BackPaddedLen())
				v.Pad(xp, x)
				v.PackW(wp, w)
				v.Forward(mem(v.OutLen()), xp, wp, bias)
				v.GradW(mem(v.FilterLen()), xp, dy)
				v.PackWBack(wb, w)
				v.GradX(mem(v.InLen()), scratch, dy, wb)
			}
		}
	})
}

func TestConvRefusesWhatCannotBe(t *testing.T) {
	v := NewConv(5, 5, 3, 16, 3, 3, 1, 1)
	f := func(n int) []float32 { return make([]float32, n) }
	for name, run := range map[string]func(){
		"filter beyond picture": func() { NewConv(4, 4, 3, 16, 5, 5, 1, 0) },
		"no channels":           func() { NewConv(4, 4, 0, 16, 3, 3, 1, 0) },
		"stride 0":              func() { NewConv(4, 4, 3, 16, 3, 3, 0, 0) },
		"dilated filter beyond": func() { NewConvGroups(6, 6, 3, 16, 3, 3, 1, 0, 3, 1) },
		"dilation 0":            func() { NewConvGroups(6, 6, 3, 16, 3, 3, 1, 0, 0, 1) },
		"groups with a rest":    func() { NewConvGroups(6, 6, 4, 16, 3, 3, 1, 0, 1, 3) },
		"filters with a rest":   func() { NewConvGroups(6, 6, 6, 16, 3, 3, 1, 0, 1, 3) },
		"negative pad":          func() { NewConv(4, 4, 3, 16, 3, 3, 1, -1) },
		"short picture":         func() { v.Pad(f(v.PaddedLen()), f(v.InLen()-1)) },
		"short output":          func() { v.Forward(f(v.OutLen()-1), f(v.PaddedLen()), f(v.WeightLen()), nil) },
		"short bias":            func() { v.Forward(f(v.OutLen()), f(v.PaddedLen()), f(v.WeightLen()), f(15)) },
		"short gradient":        func() { v.GradW(f(v.FilterLen()), f(v.PaddedLen()), f(v.OutLen()-1)) },
		"short scratch":         func() { v.GradX(f(v.InLen()), f(0), f(v.OutLen()), f(v.WeightBackLen())) },
	} {
		mustPanic(t, name, run)
	}
}

package simd

import (
	"fmt"
	"slices"
	"testing"
)

var borderlessCases = []struct{ h, w, c, oc, kh, kw, stride, pad int }{
	{32, 32, 3, 32, 5, 5, 1, 2},  // cifar10_quick
	{16, 16, 32, 32, 5, 5, 1, 2}, // two of its 800 taps are summed by themselves
	{8, 8, 32, 64, 5, 5, 1, 2},
	{13, 13, 32, 32, 5, 5, 1, 2}, // MiniAlexNet
	{6, 6, 64, 48, 3, 3, 1, 1},
	{1, 1, 16, 16, 3, 3, 1, 1}, // one cell of nine is on the picture
	{2, 3, 16, 16, 5, 5, 1, 4}, // outputs that see a corner only
	{2, 1, 8, 16, 5, 4, 2, 3},  // cells that no output sees
	{7, 11, 24, 80, 3, 2, 1, 1},
	{9, 6, 10, 48, 2, 5, 1, 1},
	{40, 2, 26, 16, 3, 3, 1, 1}, // more rows than one block of Conv.GradW has
	{11, 10, 40, 32, 4, 3, 3, 2},
	{64, 31, 16, 16, 3, 3, 1, 1},
}

// The direct convolution is the twin: bit for bit, whatever the number of pictures.
func TestBorderlessEqualsConvBitByBit(t *testing.T) {
	needAssembly(t)
	eachPath(t, func(t *testing.T) {
		if !useAsm {
			return
		}
		r := newRand()
		for i, s := range borderlessCases {
			v := NewConv(s.h, s.w, s.c, s.oc, s.kh, s.kw, s.stride, s.pad)
			p := v.Borderless()
			if p == nil {
				if !useWide && (s.pad == 2 && s.h == 32 || s.h == 64) {
					continue // too little border for blocks of four rows
				}
				t.Fatalf("%v: no plan", s)
			}
			for _, n := range []int{1, 3, 8, 15} {
				if i > 4 && n == 8 {
					continue
				}
				t.Run(fmt.Sprint(s, n), func(t *testing.T) {
					x, w, bias, dy := random(r, n*v.InLen()), random(r, v.FilterLen()), random(r, v.OC), random(r, n*v.OutLen())
					for i := range dy { // as behind a ReLU
						if i%3 == 0 {
							dy[i] = 0
						}
					}
					want, got := newConvResults(v, n, random(r, v.FilterLen())), newConvResults(v, n, nil)
					copy(got.dw.values(), want.dw.values())
					xp, wp, wb, scratch := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen()), make([]float32, v.WeightBackLen()), make([]float32, v.BackPaddedLen())
					v.PackW(wp, w)
					v.PackWBack(wb, w)
					for i := range n {
						x, dy := x[i*v.InLen():], dy[i*v.OutLen():]
						v.Pad(xp, x)
						v.ForwardReLU(want.relu.values()[i*v.OutLen():], xp, wp, bias)
						v.Forward(want.y.values()[i*v.OutLen():], xp, wp, nil)
						v.GradW(want.dw.values(), xp, dy)
						v.GradX(want.dx.values()[i*v.InLen():], scratch, dy, wb)
					}
					packed := newBuffer(random(r, p.WeightLen()))
					p.PackW(packed.values(), w)
					p.Forward(got.relu.values(), x, packed.values(), bias, n, true)
					p.Forward(got.y.values(), x, packed.values(), nil, n, false)
					if p.HasGradW() {
						p.GradW(got.dw.values(), x, dy, n)
					} else {
						got.dw = want.dw
					}
					if p.HasGradX() {
						p.PackWBack(packed.values(), w)
						p.GradX(got.dx.values(), dy, packed.values(), n)
					} else {
						got.dx = want.dx
					}
					packed.check(t, "packed")
					for name, b := range map[string][2]*buffer{"relu": {got.relu, want.relu}, "y": {got.y, want.y}, "dw": {got.dw, want.dw}, "dx": {got.dx, want.dx}} {
						b[0].check(t, name)
						if !slices.Equal(b[0].values(), b[1].values()) {
							t.Errorf("%s: other bits than Conv", name)
						}
					}
				})
			}
		}
	})
}

// convResults is what a convolution of several pictures makes, in memory with canaries.
type convResults struct{ relu, y, dw, dx *buffer }

func newConvResults(v *Conv, pictures int, dw []float32) convResults {
	nan := func(n int) *buffer {
		b := newBuffer(make([]float32, n))
		for i := range b.values() {
			b.values()[i] = float32(canary) // must be overwritten
		}
		return b
	}
	if dw == nil {
		dw = make([]float32, v.FilterLen())
	}
	return convResults{nan(pictures * v.OutLen()), nan(pictures * v.OutLen()), newBuffer(dw), nan(pictures * v.InLen())}
}

func BenchmarkBorderless(b *testing.B) {
	r := newRand()
	for _, s := range borderlessCases[:5] {
		const n = 8
		v := NewConv(s.h, s.w, s.c, s.oc, s.kh, s.kw, s.stride, s.pad)
		p := v.Borderless()
		x, w, bias, dy := random(r, n*v.InLen()), random(r, v.FilterLen()), random(r, v.OC), random(r, n*v.OutLen())
		y, dw, dx, wp := make([]float32, len(dy)), make([]float32, len(w)), make([]float32, len(x)), make([]float32, p.WeightLen())
		flops := 2 * float64(n*v.OH*v.OW*v.OC*v.KH*v.KW*v.C)
		run := func(name string, do func()) {
			b.Run(fmt.Sprint(s, "/", name), func(b *testing.B) {
				for b.Loop() {
					do()
				}
				gflops(b, flops)
				b.ReportMetric(flops*p.Share()*float64(b.N)/b.Elapsed().Seconds()/1e9, "done/s")
			})
		}
		p.PackW(wp, w)
		run("Forward", func() { p.Forward(y, x, wp, bias, n, true) })
		if p.HasGradW() {
			run("GradW", func() { p.GradW(dw, x, dy, n) })
		}
		if p.HasGradX() {
			run("GradX", func() { p.GradX(dx, dy, wp, n) })
		}
	}
}

// Nothing is read or written outside the slices: on either side of each lies a page that cannot be
// touched.
func TestBorderlessStaysInsideItsSlices(t *testing.T) {
	needAssembly(t)
	eachPath(t, func(t *testing.T) {
		if !useAsm {
			return
		}
		r := newRand()
		for _, s := range borderlessCases[3:8] {
			v := NewConv(s.h, s.w, s.c, s.oc, s.kh, s.kw, s.stride, s.pad)
			p := v.Borderless()
			for _, atEnd := range []bool{false, true} {
				memory := func(n int) []float32 {
					x := guarded(t, n, atEnd)
					copy(x, random(r, n))
					return x
				}
				const n = 3
				x, w, bias, wp := memory(n*v.InLen()), memory(v.FilterLen()), memory(v.OC), memory(p.WeightLen())
				y, dw, dx := memory(n*v.OutLen()), memory(v.FilterLen()), memory(n*v.InLen())
				p.PackW(wp, w)
				p.Forward(y, x, wp, bias, n, true)
				if p.HasGradW() {
					p.GradW(dw, x, y, n)
				}
				if p.HasGradX() {
					p.PackWBack(wp, w)
					p.GradX(dx, y, wp, n)
				}
			}
		}
	})
}

func TestBorderlessDoesNotAllocate(t *testing.T) {
	needAssembly(t)
	v := NewConv(6, 6, 16, 48, 3, 3, 1, 1)
	p := v.Borderless()
	const n = 11
	x, w, y := make([]float32, n*v.InLen()), make([]float32, v.FilterLen()), make([]float32, n*v.OutLen())
	if got := testing.AllocsPerRun(20, func() {
		p.Forward(y, x, w, nil, n, true)
		p.GradW(w, x, y, n)
		p.GradX(x, y, w, n)
	}); got >= 1 {
		t.Errorf("got %v allocations a run", got)
	}
}

func TestBorderlessRefusesWhatCannotBe(t *testing.T) {
	needAssembly(t)
	v := NewConv(6, 6, 16, 16, 3, 3, 1, 1)
	p := v.Borderless()
	x, w, y := make([]float32, 2*v.InLen()), make([]float32, v.FilterLen()), make([]float32, 2*v.OutLen())
	short := func(x []float32) []float32 { return x[:len(x)-1] }
	mustPanic(t, "PackW", func() { p.PackW(short(w), w) })
	mustPanic(t, "Forward y", func() { p.Forward(short(y), x, w, nil, 2, false) })
	mustPanic(t, "Forward x", func() { p.Forward(y, short(x), w, nil, 2, false) })
	mustPanic(t, "Forward wp", func() { p.Forward(y, x, short(w), nil, 2, false) })
	mustPanic(t, "Forward bias", func() { p.Forward(y, x, w, make([]float32, 15), 2, false) })
	mustPanic(t, "GradW", func() { p.GradW(short(w), x, y, 2) })
	mustPanic(t, "GradX", func() { p.GradX(x, short(y), w, 2) })
	for name, v := range map[string]*Conv{
		"no border": NewConv(6, 6, 16, 16, 3, 3, 1, 0), "17 filters": NewConv(6, 6, 16, 17, 3, 3, 1, 1),
		"dilation": NewConvGroups(6, 6, 16, 16, 3, 3, 1, 2, 2, 1), "groups": NewConvGroups(6, 6, 32, 32, 3, 3, 1, 1, 1, 2),
		"large pictures": NewConv(224, 224, 16, 16, 3, 3, 1, 1), "a border beyond the filter": NewConv(6, 6, 16, 16, 3, 3, 1, 3),
	} {
		if v.Borderless() != nil {
			t.Errorf("%s: got a plan", name)
		}
	}
}

package simd

import (
	"fmt"
	"testing"
)

// The layers of MiniAlexNet on 32×32 colour pictures: what the default recipe spends its time on.
var miniAlexNet = []struct {
	name                       string
	h, c, oc, k, pad, poolSize int
}{
	{"conv1", 32, 3, 32, 7, 0, 3},
	{"conv2", 13, 32, 32, 5, 2, 3},
	{"conv3", 6, 32, 64, 3, 1, 0},
	{"conv4", 6, 64, 64, 3, 1, 0},
	{"conv5", 6, 64, 48, 3, 1, 3},
}

func gflops(b *testing.B, flops float64) {
	b.ReportMetric(flops*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
}

func BenchmarkConv(b *testing.B) {
	r := newRand()
	for _, l := range miniAlexNet {
		v := NewConv(l.h, l.h, l.c, l.oc, l.k, l.k, 1, l.pad)
		x, w, bias, dy := random(r, v.InLen()), random(r, v.FilterLen()), random(r, v.OC), random(r, v.OutLen())
		xp, wp, wb, s := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen()), make([]float32, v.WeightBackLen()), make([]float32, v.BackPaddedLen())
		y, dx, dw := make([]float32, v.OutLen()), make([]float32, v.InLen()), make([]float32, v.FilterLen())
		v.Pad(xp, x)
		v.PackW(wp, w)
		v.PackWBack(wb, w)
		flops := 2 * float64(v.OH*v.OW*v.OC*v.KH*v.KW*v.C)
		b.Run(l.name+"/Forward", func(b *testing.B) {
			for b.Loop() {
				v.Forward(y, xp, wp, bias)
			}
			gflops(b, flops)
		})
		b.Run(l.name+"/GradW", func(b *testing.B) {
			for b.Loop() {
				v.GradW(dw, xp, dy)
			}
			gflops(b, flops)
		})
		b.Run(l.name+"/GradX", func(b *testing.B) {
			for b.Loop() {
				v.GradX(dx, s, dy, wb)
			}
			gflops(b, flops)
		})
	}
}

// BenchmarkMiniAlexNet is the convolutional part of a training step, forward and backward, a picture.
func BenchmarkMiniAlexNet(b *testing.B) {
	type layer struct {
		v                                             *Conv
		p                                             *Pool
		w, wp, wb, bias, xp, y, py, dy, dw, db, dx, s []float32
	}
	r := newRand()
	var layers []*layer
	flops := 0.0
	for i, l := range miniAlexNet {
		v := NewConv(l.h, l.h, l.c, l.oc, l.k, l.k, 1, l.pad)
		f := func(n int) []float32 { return make([]float32, n) }
		u := &layer{v: v, w: random(r, v.FilterLen()), wp: f(v.WeightLen()), wb: f(v.WeightBackLen()), bias: f(v.OC), xp: f(v.PaddedLen()),
			y: f(v.OutLen()), dy: f(v.OutLen()), dw: f(v.FilterLen()), db: f(v.OC), dx: f(v.InLen()), s: f(v.BackPaddedLen())}
		if l.poolSize > 0 {
			u.p = NewPool(v.OH, v.OW, v.OC, l.poolSize, 2, 0, true)
			u.py = f(u.p.OutLen())
		}
		layers = append(layers, u)
		passes := 3 // forward, gradient of the weights, gradient of the input
		if i == 0 {
			passes = 2
		}
		flops += 2 * float64(v.OH*v.OW*v.OC*v.KH*v.KW*v.C*passes)
	}
	x, top := random(r, 32*32*3), random(r, layers[4].p.OutLen())
	for b.Loop() {
		in := x
		for _, l := range layers {
			l.v.Pad(l.xp, in)
			l.v.Forward(l.y, l.xp, l.wp, l.bias)
			Relu(l.y)
			in = l.y
			if l.p != nil {
				l.p.Max(l.py, l.y)
				in = l.py
			}
		}
		g := top
		for i := len(layers) - 1; i >= 0; i-- {
			l := layers[i]
			if l.p != nil {
				l.p.MaxBack(l.dy, l.y, l.py, g)
				g = l.dy
			}
			ReluBack(g, l.y)
			AddRows(l.db, g)
			l.v.GradW(l.dw, l.xp, g)
			if i > 0 {
				l.v.GradX(l.dx, l.s, g, l.wb)
				g = l.dx
			}
		}
	}
	gflops(b, flops)
}

func BenchmarkGemm(b *testing.B) {
	r := newRand()
	for _, s := range []struct {
		m, n, k int
		ta, tb  bool
	}{
		{32, 128, 432, false, false}, {32, 432, 128, false, true}, {432, 128, 32, true, false}, {8, 128, 432, false, false},
		{96, 3025, 363, false, false}, {384, 169, 2304, false, false}, {1024, 1024, 1024, false, false}, {1024, 1024, 1024, true, true},
	} {
		b.Run(fmt.Sprintf("%dx%dx%d,ta=%v,tb=%v", s.m, s.n, s.k, s.ta, s.tb), func(b *testing.B) {
			lda, ldb := s.k, s.n
			if s.ta {
				lda = s.m
			}
			if s.tb {
				ldb = s.k
			}
			x, y, z := random(r, s.m*s.k), random(r, s.k*s.n), make([]float32, s.m*s.n)
			for b.Loop() {
				Gemm(s.ta, s.tb, s.m, s.n, s.k, x, lda, y, ldb, z, s.n, false)
			}
			gflops(b, 2*float64(s.m*s.n*s.k))
		})
	}
}

// BenchmarkGram counts the flops of the whole product, of which the upper triangle is half.
func BenchmarkGram(b *testing.B) {
	r := newRand()
	const rows = 2048
	for _, d := range []int{32, 48, 64, 96, 128, 192, 384, 512, 768} {
		x := random(r, rows*d)
		acc := make([]float64, d*d)
		b.Run(fmt.Sprintf("Add/%d", d), func(b *testing.B) {
			for b.Loop() {
				GramAdd(acc, x, rows, d, d)
			}
			gflops(b, 2*rows*float64(d*d))
		})
	}
}

func BenchmarkVector(b *testing.B) {
	r := newRand()
	p := NewPool(26, 26, 32, 3, 2, 0, true)
	x, y := random(r, p.InLen()), random(r, p.InLen())
	w, v, out := random(r, len(x)), random(r, len(x)), random(r, p.OutLen())
	db := make([]float32, p.C)
	rate := func(b *testing.B) {
		b.ReportMetric(float64(len(x))*float64(b.N)/b.Elapsed().Seconds()/1e9, "Gvalues/s")
	}
	for name, run := range map[string]func(){
		"Relu":     func() { Relu(x) },
		"ReluBack": func() { ReluBack(x, y) },
		"Axpy":     func() { Axpy(1e-9, x, y) },
		"Dot":      func() { Dot(x, y) },
		"AddRows":  func() { AddRows(db, x) },
		"SGD":      func() { SGD(w, v, y, 1e-9, .9, 1e-3) },
		"Max":      func() { p.Max(out, x) },
		"MaxBack":  func() { p.MaxBack(v, x, out, out) },
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				run()
			}
			rate(b)
		})
	}
}

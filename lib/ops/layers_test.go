package ops

import (
	"fmt"
	"math"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// layerCases are the operations beyond a plain convolutional net's, with their slow twins.
func layerCases() []gradCase {
	var cases []gradCase
	conv := func(n, h, w, c, kh, kw, oc int, f Filters, bias bool) {
		f0 := Filters{max(f.Stride, 1), f.Pad, max(f.Dilation, 1), max(f.Groups, 1), f.ReLU, f.Constant}
		g := gradCase{
			name:   fmt.Sprintf("conv %d of %d×%d×%d, %d of %d×%d %+v bias %v", n, h, w, c, oc, kh, kw, f, bias),
			shapes: [][]int{{n, h, w, c}, {kh, kw, c / f0.Groups, oc}},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
				if bias {
					return Conv(ctx, in[0], in[1], in[2], f)
				}
				return Conv(ctx, in[0], in[1], nil, f)
			},
			ref: func(in [][]float64) []float64 {
				b := make([]float64, oc)
				if bias {
					b = in[2]
				}
				y := refGroups(in[0], in[1], b, n, h, w, c, kh, kw, oc, f0)
				if f.ReLU {
					y = refRelu(y)
				}
				return y
			},
		}
		if bias {
			g.shapes = append(g.shapes, []int{oc})
		}
		if f.Constant {
			g.fixed = []int{0}
		}
		cases = append(cases, g)
	}
	conv(2, 7, 6, 3, 3, 3, 5, Filters{}, false)
	conv(3, 9, 8, 3, 3, 3, 5, Filters{Dilation: 2, Pad: 1}, true)
	conv(2, 11, 9, 2, 3, 2, 17, Filters{Dilation: 3, Pad: 3, Stride: 2, ReLU: true}, true)
	conv(5, 5, 5, 6, 3, 3, 10, Filters{Groups: 2, Pad: 1, ReLU: true}, true)
	conv(2, 5, 4, 9, 1, 1, 6, Filters{Groups: 3}, false) // no border, sorted by group all the same
	conv(2, 7, 7, 5, 3, 3, 5, Filters{Groups: 5, Stride: 2, Pad: 1}, true)
	conv(1, 9, 9, 4, 3, 3, 34, Filters{Groups: 2, Dilation: 2, Pad: 2, ReLU: true, Constant: true}, true)

	pool := func(n, h, w, c int, win Windows, oh, ow int) {
		cases = append(cases, gradCase{
			name:   fmt.Sprintf("average of %d of %d×%d×%d %+v", n, h, w, c, win),
			shapes: [][]int{{n, h, w, c}},
			build:  func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return AvgPool(ctx, in[0], win) },
			ref:    func(in [][]float64) []float64 { return refAverage(in[0], n, h, w, c, win, oh, ow) },
		})
	}
	pool(1, 6, 6, 3, Windows{Size: 3, Stride: 2, Ceil: true}, 3, 3)
	pool(5, 6, 7, 10, Windows{Size: 3, Stride: 2}, 2, 3)
	pool(2, 7, 5, 3, Windows{Size: 2}, 3, 2)
	pool(2, 6, 5, 9, Windows{Size: 3, Stride: 2, Pad: 1, Ceil: true}, 4, 3) // the last row of windows leaves the border
	pool(2, 6, 5, 9, Windows{Size: 3, Stride: 2, Pad: 1, Ceil: true, Inside: true}, 4, 3)
	pool(3, 5, 5, 1, Windows{Size: 3, Stride: 1, Pad: 1}, 5, 5)
	pool(3, 5, 5, 1, Windows{Size: 3, Stride: 1, Pad: 1, Inside: true}, 5, 5)
	for _, s := range [][]int{{2, 1, 1, 1}, {3, 5, 7, 10}, {1, 8, 3, 17}} {
		cases = append(cases, gradCase{
			name: fmt.Sprintf("global average %v", s), shapes: [][]int{s},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return GlobalAvgPool(ctx, in[0]) },
			ref: func(in [][]float64) []float64 {
				y := make([]float64, s[0]*s[3])
				for i, v := range in[0] {
					y[i/(s[1]*s[2]*s[3])*s[3]+i%s[3]] += v / float64(s[1]*s[2])
				}
				return y
			},
		})
	}
	for _, shape := range [][]int{{1}, {7, 3}, {3, 2, 5, 3}} {
		for _, f := range []struct {
			name  string
			build func(ctx *Context, x *gorgonia.Node) (*gorgonia.Node, error)
			ref   func(x float64) float64
		}{
			{"leaky ReLU", func(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) { return LeakyReLU(c, x, 0.2) }, func(x float64) float64 { return math.Max(x, 0.2*x) }},
			{"tanh", Tanh, math.Tanh},
			{"sigmoid", Sigmoid, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }},
		} {
			cases = append(cases, gradCase{
				name: fmt.Sprintf("%s %v", f.name, shape), shapes: [][]int{shape},
				build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return f.build(ctx, in[0]) },
				ref: func(in [][]float64) []float64 {
					y := make([]float64, len(in[0]))
					for i, v := range in[0] {
						y[i] = f.ref(v)
					}
					return y
				},
			})
		}
		cases = append(cases, gradCase{
			name: fmt.Sprintf("add %v", shape), shapes: [][]int{shape, shape},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return Add(ctx, in[0], in[1]) },
			ref:   func(in [][]float64) []float64 { return refSum(in[0], in[1]) },
		}, gradCase{
			name: fmt.Sprintf("add relu %v", shape), shapes: [][]int{shape, shape},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return AddReLU(ctx, in[0], in[1]) },
			ref:   func(in [][]float64) []float64 { return refRelu(refSum(in[0], in[1])) },
		})
	}
	lrn := func(s []int, r Response) {
		cases = append(cases, gradCase{
			name: fmt.Sprintf("LRN %v %+v", s, r), shapes: [][]int{s},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return LRN(ctx, in[0], r) },
			ref:   func(in [][]float64) []float64 { return refLRN(in[0], s, r) },
		})
	}
	lrn([]int{2, 3, 2, 7}, Response{Size: 5, Alpha: 1e-4, Beta: 0.75, K: 1})
	lrn([]int{5, 2, 3, 11}, Response{Size: 3, Alpha: 2, Beta: 0.75, K: 2})
	lrn([]int{1, 1, 1, 3}, Response{Size: 7, Alpha: 1, Beta: 0.5, K: 1})
	lrn([]int{2, 5, 4, 3}, Response{Size: 3, Alpha: 5, Beta: 0.75, K: 1, Within: true})
	lrn([]int{1, 3, 7, 1}, Response{Size: 5, Alpha: 1, Beta: 1.5, K: 0.5, Within: true})

	norm := func(s []int, training, relu bool) {
		d := s[len(s)-1]
		cases = append(cases, gradCase{
			name:   fmt.Sprintf("batch normalisation %v training %v relu %v", s, training, relu),
			shapes: [][]int{s, {d}, {d}},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
				ctx.Training = training
				return BatchNorm(ctx, in[0], in[1], in[2], statistics(d, relu))
			},
			ref: func(in [][]float64) []float64 {
				y := refNorm(in[0], in[1], in[2], statistics(d, relu), training)
				if relu {
					y = refRelu(y)
				}
				return y
			},
		})
	}
	for _, training := range []bool{false, true} {
		norm([]int{7, 3}, training, false)
		norm([]int{3, 4, 5, 3}, training, true)
		norm([]int{5, 1, 2, 17}, training, false)
		norm([]int{2, 3, 3, 1}, training, false)
	}
	for _, s := range [][]int{{2, 5, 4, 3, 2, 7}, {1, 1, 1, 1, 1, 1}, {3, 6, 6, 2, 3, 2}, {5, 3, 4, 2, 1, 5}} {
		n, h, w, c, stride, units := s[0], s[1], s[2], s[3], s[4], s[5]
		before := (units - c) / 2
		cases = append(cases, gradCase{
			name: fmt.Sprintf("subsample %v", s), shapes: [][]int{{n, h, w, c}},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return SubsampleAt(ctx, in[0], stride, units, before)
			},
			ref: func(in [][]float64) []float64 {
				var y []float64
				for p := range n {
					for i := 0; i < h; i += stride {
						for j := 0; j < w; j += stride {
							at := ((p*h+i)*w + j) * c
							y = append(y, make([]float64, before)...)
							y = append(append(y, in[0][at:at+c]...), make([]float64, units-c-before)...)
						}
					}
				}
				return y
			},
		})
	}
	// A residual block that halves the picture: two readers of x, normalised in training.
	cases = append(cases, gradCase{
		name:   "residual block",
		shapes: [][]int{{3, 5, 5, 3}, {3, 3, 3, 5}, {5}, {5}, {1, 1, 3, 5}},
		build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
			ctx.Training = true
			h, err := Conv(ctx, in[0], in[1], nil, Filters{Stride: 2, Pad: 1})
			if err != nil {
				return nil, err
			}
			if h, err = BatchNorm(ctx, h, in[2], in[3], statistics(5, false)); err != nil {
				return nil, err
			}
			k, err := Conv(ctx, in[0], in[4], nil, Filters{Stride: 2})
			if err != nil {
				return nil, err
			}
			return AddReLU(ctx, h, k)
		},
		ref: func(in [][]float64) []float64 {
			none := make([]float64, 5)
			h := refConv(in[0], in[1], none, 3, 5, 5, 3, 3, 3, 5, 2, 1)
			h = refNorm(h, in[2], in[3], statistics(5, false), true)
			return refRelu(refSum(h, refConv(in[0], in[4], none, 3, 5, 5, 3, 1, 1, 5, 2, 0)))
		},
	}, gradCase{
		name:   "two identities",
		shapes: [][]int{{3, 5}},
		build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
			h, err := Tanh(ctx, in[0])
			if err != nil {
				return nil, err
			}
			if h, err = Add(ctx, h, in[0]); err != nil {
				return nil, err
			}
			k, err := Sigmoid(ctx, h)
			if err != nil {
				return nil, err
			}
			return Add(ctx, h, k)
		},
		ref: func(in [][]float64) []float64 {
			y := make([]float64, len(in[0]))
			for i, v := range in[0] {
				h := math.Tanh(v) + v
				y[i] = h + 1/(1+math.Exp(-h))
			}
			return y
		},
	})
	return cases
}

// statistics returns running statistics that are not those of the inputs.
func statistics(d int, relu bool) *Statistics {
	s := &Statistics{Momentum: 0.1, Epsilon: 1e-3, ReLU: relu}
	for c := range d {
		s.Mean, s.Variance = append(s.Mean, 0.1*float32(c)-0.3), append(s.Variance, 0.5+0.25*float32(c))
	}
	return s
}

func refGroups(x, w, b []float64, n, h, wd, c, kh, kw, oc int, f Filters) []float64 {
	oh, ow := (h+2*f.Pad-(kh-1)*f.Dilation-1)/f.Stride+1, (wd+2*f.Pad-(kw-1)*f.Dilation-1)/f.Stride+1
	depth := c / f.Groups
	y := make([]float64, 0, n*oh*ow*oc)
	for p := range n {
		for i := range oh {
			for j := range ow {
				for o := range oc {
					s := b[o]
					first := o / (oc / f.Groups) * depth
					for a := range kh {
						for q := range kw {
							r, t := i*f.Stride-f.Pad+a*f.Dilation, j*f.Stride-f.Pad+q*f.Dilation
							if r < 0 || t < 0 || r >= h || t >= wd {
								continue
							}
							for k := range depth {
								s += x[((p*h+r)*wd+t)*c+first+k] * w[((a*kw+q)*depth+k)*oc+o]
							}
						}
					}
					y = append(y, s)
				}
			}
		}
	}
	return y
}

// refAverage pads the picture and then takes windows of it.
func refAverage(x []float64, n, h, w, c int, win Windows, oh, ow int) []float64 {
	stride := win.Stride
	if stride == 0 {
		stride = win.Size
	}
	y := make([]float64, 0, n*oh*ow*c)
	for p := range n {
		for i := range oh {
			for j := range ow {
				for k := range c {
					sum, border, inside := 0.0, 0, 0
					for a := range win.Size {
						for b := range win.Size {
							r, t := i*stride+a, j*stride+b // in the padded picture
							if r >= h+2*win.Pad || t >= w+2*win.Pad {
								continue
							}
							border++
							if r -= win.Pad; r < 0 || r >= h {
								continue
							}
							if t -= win.Pad; t < 0 || t >= w {
								continue
							}
							inside++
							sum += x[((p*h+r)*w+t)*c+k]
						}
					}
					if win.Inside {
						border = inside
					}
					y = append(y, sum/float64(border))
				}
			}
		}
	}
	return y
}

func refSum(a, b []float64) []float64 {
	y := make([]float64, len(a))
	for i := range a {
		y[i] = a[i] + b[i]
	}
	return y
}

func refLRN(x []float64, s []int, r Response) []float64 {
	n, h, w, c := s[0], s[1], s[2], s[3]
	y := make([]float64, len(x))
	half := r.Size / 2
	for i := range x {
		k, t, q, p := i%c, i/c%w, i/(c*w)%h, i/(c*w*h)
		sum := 0.0
		for a := -half; a <= half; a++ {
			for b := -half; b <= half; b++ {
				qq, tt, kk, cells := q+a, t+b, k, r.Size*r.Size
				if !r.Within {
					if b != 0 {
						continue
					}
					qq, tt, kk, cells = q, t, k+a, r.Size
				}
				if qq < 0 || qq >= h || tt < 0 || tt >= w || kk < 0 || kk >= c || p >= n {
					continue
				}
				v := x[((p*h+qq)*w+tt)*c+kk]
				sum += v * v / float64(cells)
			}
		}
		y[i] = x[i] / math.Pow(r.K+r.Alpha*sum, r.Beta)
	}
	return y
}

func refNorm(x, scale, shift []float64, s *Statistics, training bool) []float64 {
	d := len(scale)
	m := float64(len(x) / d)
	y := make([]float64, len(x))
	for c := range d {
		mean, variance := float64(s.Mean[c]), float64(s.Variance[c])
		if training {
			mean, variance = 0, 0
			for i := c; i < len(x); i += d {
				mean += x[i] / m
			}
			for i := c; i < len(x); i += d {
				variance += (x[i] - mean) * (x[i] - mean) / m
			}
		}
		for i := c; i < len(x); i += d {
			y[i] = scale[c]*(x[i]-mean)/math.Sqrt(variance+s.Epsilon) + shift[c]
		}
	}
	return y
}

func TestBatchNormMovesRunningStatistics(t *testing.T) {
	x := []float32{1, 10, 3, 20, 8, 60} // two channels of 1, 3, 8 and 10, 20, 60
	run := func(c *Context, s *Statistics, runs int) []float32 {
		g := gorgonia.NewGraph()
		xn := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(3, 2), gorgonia.WithName("x"), gorgonia.WithValue(tensor.New(tensor.WithShape(3, 2), tensor.WithBacking(x))))
		one := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName("one"), gorgonia.WithValue(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{1, 1}))))
		zero := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(2), gorgonia.WithName("zero"), gorgonia.WithValue(tensor.New(tensor.WithShape(2), tensor.WithBacking([]float32{0, 0}))))
		y, err := BatchNorm(c, xn, one, zero, s)
		if err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		for range runs {
			m.Reset()
			if err := m.RunAll(); err != nil {
				t.Fatal(err)
			}
		}
		return y.Value().Data().([]float32)
	}
	s := &Statistics{Mean: []float32{0, 0}, Variance: []float32{1, 1}, Momentum: 0.1, Epsilon: 1e-5}
	run(&Context{Training: true}, s, 1)
	// means 4 and 30, unbiased variances 13 and 700
	for i, want := range []float64{0.4, 3} {
		if math.Abs(float64(s.Mean[i])-want) > 1e-6 {
			t.Errorf("mean %d after one step is %v, want %v", i, s.Mean[i], want)
		}
	}
	for i, want := range []float64{0.9 + 1.3, 0.9 + 70} {
		if math.Abs(float64(s.Variance[i])-want) > 1e-5 {
			t.Errorf("variance %d after one step is %v, want %v", i, s.Variance[i], want)
		}
	}
	run(&Context{Training: true}, s, 300)
	if math.Abs(float64(s.Mean[1])-30) > 1e-3 || math.Abs(float64(s.Variance[1])-700) > 1e-2 {
		t.Errorf("after many steps on one batch: mean %v, variance %v, want 30, 700", s.Mean[1], s.Variance[1])
	}
	before := *s
	before.Mean = append([]float32(nil), s.Mean...)
	y := run(&Context{}, s, 3)
	same(t, "means after evaluation", s.Mean, before.Mean)
	if want := (60 - 30) / math.Sqrt(700); math.Abs(float64(y[5])-want) > 1e-3 {
		t.Errorf("evaluated to %v, want %v", y[5], want)
	}
}

func TestBatchNormOfLargeMeansKeepsItsDigits(t *testing.T) {
	const n = 512
	x := make([]float32, n)
	for i := range x {
		x[i] = 1000 + float32(i%2) // deviation ½ around 1000.5
	}
	g := gradCase{shapes: [][]int{{n, 1}, {1}, {1}}, build: func(c *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
		return BatchNorm(c, in[0], in[1], in[2], &Statistics{Mean: make([]float32, 1), Variance: make([]float32, 1), Epsilon: 1e-9})
	}}
	res := evaluate(t, g, &Context{Training: true}, [][]float32{x, {1}, {0}}, nil, 1)
	for i, v := range res.out {
		if want := float64(2*(i%2) - 1); math.Abs(float64(v)-want) > 1e-5 {
			t.Fatalf("value %d is %v, want %v", i, v, want)
		}
	}
}

func TestLayerShapesThatDoNotFitAreErrorsNamingThem(t *testing.T) {
	c := &Context{}
	nodes := func(shapes ...[]int) []*gorgonia.Node {
		g := gorgonia.NewGraph()
		var all []*gorgonia.Node
		for i, s := range shapes {
			all = append(all, node(g, string(rune('a'+i)), s...))
		}
		return all
	}
	convOf := func(x, w, b []int, f Filters) error {
		v := nodes(x, w, b)
		_, err := Conv(c, v[0], v[1], v[2], f)
		return err
	}
	norm := func(x, scale, shift []int, s *Statistics) error {
		v := nodes(x, scale, shift)
		_, err := BatchNorm(c, v[0], v[1], v[2], s)
		return err
	}
	x := func() *gorgonia.Node { return nodes([]int{2, 4, 4, 6})[0] }
	good := &Statistics{Mean: make([]float32, 6), Variance: make([]float32, 6), Epsilon: 1}
	for _, k := range []struct {
		name string
		err  error
		want []string
	}{
		{"groups do not divide", convOf([]int{2, 8, 8, 6}, []int{3, 3, 2, 4}, []int{4}, Filters{Groups: 3}), []string{"3 groups", "(2, 8, 8, 6)", "(3, 3, 2, 4)"}},
		{"channels of a group", convOf([]int{2, 8, 8, 6}, []int{3, 3, 6, 4}, []int{4}, Filters{Groups: 2}), []string{"2 groups", "(2, 8, 8, 6)", "(3, 3, 6, 4)"}},
		{"dilated filter too large", convOf([]int{2, 8, 8, 6}, []int{3, 3, 6, 4}, []int{4}, Filters{Dilation: 4}), []string{"dilation 4", "(2, 8, 8, 6)"}},
		{"negative dilation", convOf([]int{2, 8, 8, 6}, []int{3, 3, 6, 4}, []int{4}, Filters{Dilation: -1}), []string{"dilation -1"}},
		{"average too large", func() error { _, err := AvgPool(c, x(), Windows{Size: 7}); return err }(), []string{"AvgPool", "(2, 4, 4, 6)", "7×7"}},
		{"average pad", func() error { _, err := AvgPool(c, x(), Windows{Size: 2, Pad: 2}); return err }(), []string{"pad 2"}},
		{"global average", func() error { _, err := GlobalAvgPool(c, nodes([]int{2, 3})[0]); return err }(), []string{"(2, 3)", "height"}},
		{"slope", func() error { _, err := LeakyReLU(c, x(), 1.5); return err }(), []string{"slope 1.5"}},
		{"tanh nil", func() error { _, err := Tanh(c, nil); return err }(), []string{"Tanh", "x is"}},
		{"add", func() error { v := nodes([]int{2, 3}, []int{2, 4}); _, err := Add(c, v[0], v[1]); return err }(), []string{"(2, 3)", "(2, 4)"}},
		{"add nil", func() error { _, err := AddReLU(c, x(), nil); return err }(), []string{"AddReLU"}},
		{"even neighbourhood", func() error { _, err := LRN(c, x(), Response{Size: 4, K: 1}); return err }(), []string{"size 4"}},
		{"no k", func() error { _, err := LRN(c, x(), Response{Size: 3}); return err }(), []string{"k 0"}},
		{"scale", norm([]int{2, 4, 4, 6}, []int{5}, []int{6}, good), []string{"scale is (5)", "(2, 4, 4, 6)"}},
		{"shift", norm([]int{2, 4, 4, 6}, []int{6}, []int{5}, good), []string{"shift is (5)", "(2, 4, 4, 6)"}},
		{"statistics", norm([]int{2, 4, 4, 7}, []int{7}, []int{7}, good), []string{"statistics", "(2, 4, 4, 7)"}},
		{"no statistics", norm([]int{2, 4, 4, 7}, []int{7}, []int{7}, nil), []string{"statistics"}},
		{"epsilon", norm([]int{2, 1}, []int{1}, []int{1}, &Statistics{Mean: make([]float32, 1), Variance: make([]float32, 1)}), []string{"epsilon 0"}},
		{"fewer units", func() error { _, err := Subsample(c, x(), 2, 5); return err }(), []string{"5 units", "(2, 4, 4, 6)"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			if k.err == nil {
				t.Fatal("no error")
			}
			for _, w := range k.want {
				if !strings.Contains(k.err.Error(), w) {
					t.Errorf("error %q does not say %q", k.err, w)
				}
			}
		})
	}
}

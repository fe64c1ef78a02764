package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A gradCase is an operation with its slow twin.
type gradCase struct {
	name   string
	shapes [][]int
	build  func(c *Context, in gorgonia.Nodes) (*gorgonia.Node, error)
	ref    func(in [][]float64) []float64
	fixed  []int // inputs that are not differentiated by
}

func (g gradCase) isFixed(i int) bool {
	for _, f := range g.fixed {
		if f == i {
			return true
		}
	}
	return false
}

func gradCases() []gradCase {
	var cases []gradCase
	conv := func(n, h, w, c, kh, kw, oc, stride, pad int, relu, inputGrad bool) {
		g := gradCase{
			name:   fmt.Sprintf("conv %d of %d×%d×%d, %d of %d×%d stride %d pad %d relu %v input %v", n, h, w, c, oc, kh, kw, stride, pad, relu, inputGrad),
			shapes: [][]int{{n, h, w, c}, {kh, kw, c, oc}, {oc}},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
				if relu {
					return ConvReLU(ctx, in[0], in[1], in[2], stride, pad, inputGrad)
				}
				return Conv2D(ctx, in[0], in[1], in[2], stride, pad, inputGrad)
			},
			ref: func(in [][]float64) []float64 {
				y := refConv(in[0], in[1], in[2], n, h, w, c, kh, kw, oc, stride, pad)
				if relu {
					y = refRelu(y)
				}
				return y
			},
		}
		if !inputGrad {
			g.fixed = []int{0}
		}
		cases = append(cases, g)
	}
	conv(1, 5, 5, 3, 3, 3, 5, 1, 0, false, true)
	conv(3, 7, 5, 5, 3, 3, 10, 1, 1, true, true)
	conv(5, 6, 7, 3, 5, 5, 3, 2, 2, true, true)
	conv(2, 9, 8, 3, 2, 3, 5, 3, 1, false, true)
	conv(2, 11, 11, 3, 7, 7, 16, 4, 0, true, true)
	conv(5, 3, 4, 96, 3, 3, 96, 1, 1, true, true) // forward with fewer multiplications
	conv(6, 4, 4, 10, 1, 1, 10, 1, 0, false, true)
	conv(2, 5, 5, 3, 3, 3, 17, 2, 3, true, true) // padding beyond the filter's half
	conv(7, 6, 6, 3, 3, 3, 5, 1, 1, true, false)
	conv(4, 3, 3, 16, 3, 3, 32, 1, 1, true, true)
	conv(11, 3, 4, 16, 3, 3, 48, 1, 1, true, true) // several pictures at once, without their border
	conv(9, 5, 4, 8, 3, 2, 16, 2, 1, false, true)
	pool := func(n, h, w, c, size, stride, pad, oh, ow int, ceil bool) {
		cases = append(cases, gradCase{
			name:   fmt.Sprintf("pool %d of %d×%d×%d, %d/%d pad %d ceil %v", n, h, w, c, size, stride, pad, ceil),
			shapes: [][]int{{n, h, w, c}},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
				return MaxPool(ctx, in[0], size, stride, pad, ceil)
			},
			ref: func(in [][]float64) []float64 { return refPool(in[0], n, h, w, c, size, stride, pad, oh, ow) },
		})
	}
	pool(1, 6, 6, 3, 3, 2, 0, 3, 3, true)
	pool(3, 6, 6, 5, 3, 2, 0, 2, 2, false)
	pool(2, 7, 5, 10, 2, 2, 0, 4, 3, true)
	pool(2, 7, 5, 10, 2, 2, 0, 3, 2, false)
	pool(5, 5, 6, 3, 3, 1, 1, 5, 6, false)
	pool(2, 6, 6, 17, 3, 2, 1, 4, 4, true)
	pool(2, 2, 2, 3, 3, 2, 0, 1, 1, true) // a window larger than the picture, clipped
	dense := func(shape []int, out int, relu, inputGrad bool) {
		n, in := shape[0], tensor.Shape(shape).TotalSize()/shape[0]
		g := gradCase{
			name:   fmt.Sprintf("dense %v to %d relu %v input %v", shape, out, relu, inputGrad),
			shapes: [][]int{shape, {in, out}, {out}},
			build: func(ctx *Context, v gorgonia.Nodes) (*gorgonia.Node, error) {
				if relu {
					return DenseReLU(ctx, v[0], v[1], v[2], inputGrad)
				}
				return Dense(ctx, v[0], v[1], v[2], inputGrad)
			},
			ref: func(v [][]float64) []float64 {
				y := refDense(v[0], v[1], v[2], n, in, out)
				if relu {
					y = refRelu(y)
				}
				return y
			},
		}
		if !inputGrad {
			g.fixed = []int{0}
		}
		cases = append(cases, g)
	}
	dense([]int{1, 1}, 1, false, true)
	dense([]int{7, 13}, 10, false, true)
	dense([]int{3, 2, 3, 5}, 17, true, true)
	dense([]int{9, 33}, 3, true, true)
	dense([]int{5, 7}, 10, false, false)
	for _, shape := range [][]int{{1}, {7, 3}, {3, 2, 5, 3}} {
		cases = append(cases, gradCase{
			name: fmt.Sprintf("relu %v", shape), shapes: [][]int{shape},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return ReLU(ctx, in[0]) },
			ref:   func(in [][]float64) []float64 { return refRelu(in[0]) },
		}, gradCase{
			name: fmt.Sprintf("dropout in evaluation %v", shape), shapes: [][]int{shape},
			build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return Dropout(ctx, in[0], 0.4) },
			ref:   func(in [][]float64) []float64 { return in[0] },
		})
	}
	cases = append(cases, gradCase{
		name: "flatten", shapes: [][]int{{3, 2, 5, 3}},
		build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) { return Flatten(ctx, in[0]) },
		ref:   func(in [][]float64) []float64 { return in[0] },
	})
	// A user's own expression between ours: tanh(conv) · m elsewhere multiplied by itself.
	cases = append(cases, gradCase{
		name:   "conv, gorgonia's tanh, flatten, gorgonia's product, relu",
		shapes: [][]int{{3, 5, 5, 3}, {3, 3, 3, 5}, {5}, {45, 4}},
		build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
			h, err := Conv2D(ctx, in[0], in[1], in[2], 1, 0, true)
			if err != nil {
				return nil, err
			}
			if h, err = gorgonia.Tanh(h); err != nil {
				return nil, err
			}
			if h, err = Flatten(ctx, h); err != nil {
				return nil, err
			}
			if h, err = gorgonia.Mul(h, in[3]); err != nil {
				return nil, err
			}
			if h, err = gorgonia.HadamardProd(h, h); err != nil {
				return nil, err
			}
			return ReLU(ctx, h)
		},
		ref: func(in [][]float64) []float64 {
			h := refConv(in[0], in[1], in[2], 3, 5, 5, 3, 3, 3, 5, 1, 0)
			for i, v := range h {
				h[i] = math.Tanh(v)
			}
			h = refDense(h, in[3], make([]float64, 4), 3, 45, 4)
			for i, v := range h {
				h[i] = v * v
			}
			return refRelu(h)
		},
	})
	// A parameter used twice, and a value with two readers.
	cases = append(cases, gradCase{
		name:   "shared weights and a residual sum",
		shapes: [][]int{{2, 4, 4, 5}, {3, 3, 5, 5}, {5}},
		build: func(ctx *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
			h, err := ConvReLU(ctx, in[0], in[1], in[2], 1, 1, true)
			if err != nil {
				return nil, err
			}
			k, err := ConvReLU(ctx, h, in[1], in[2], 1, 1, true)
			if err != nil {
				return nil, err
			}
			return gorgonia.Add(h, k)
		},
		ref: func(in [][]float64) []float64 {
			h := refRelu(refConv(in[0], in[1], in[2], 2, 4, 4, 5, 3, 3, 5, 1, 1))
			k := refRelu(refConv(h, in[1], in[2], 2, 4, 4, 5, 3, 3, 5, 1, 1))
			for i := range h {
				k[i] += h[i]
			}
			return k
		},
	})
	return append(cases, layerCases()...)
}

// result is one run: the output and the gradients of Σ r·out.
type result struct {
	out   []float32
	grads [][]float32
}

// evaluate builds the case's graph with out's random weights r, runs it, and returns what
// came out.
func evaluate(t *testing.T, g gradCase, ctx *Context, in [][]float32, r []float32, runs int) result {
	t.Helper()
	graph := gorgonia.NewGraph()
	var nodes, wrt gorgonia.Nodes
	for i, s := range g.shapes {
		v := tensor.New(tensor.WithShape(s...), tensor.WithBacking(in[i]))
		n := gorgonia.NewTensor(graph, tensor.Float32, len(s), gorgonia.WithShape(s...), gorgonia.WithName(fmt.Sprint("in", i)), gorgonia.WithValue(v))
		nodes = append(nodes, n)
		if !g.isFixed(i) {
			wrt = append(wrt, n)
		}
	}
	out, err := g.build(ctx, nodes)
	if err != nil {
		t.Fatal(err)
	}
	if r == nil {
		r = weights(out.Shape().TotalSize())
	}
	s := out.Shape()
	rn := gorgonia.NewTensor(graph, tensor.Float32, s.Dims(), gorgonia.WithShape(s...), gorgonia.WithName("r"),
		gorgonia.WithValue(tensor.New(tensor.WithShape(s...), tensor.WithBacking(r))))
	var value gorgonia.Value
	gorgonia.Read(out, &value)
	loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(out, rn))))
	if _, err := gorgonia.Grad(loss, wrt...); err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(graph)
	defer m.Close()
	for range runs {
		m.Reset()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
	}
	res := result{out: append([]float32(nil), value.Data().([]float32)...)}
	for _, n := range wrt {
		v, err := n.Grad()
		if err != nil {
			t.Fatal(err)
		}
		res.grads = append(res.grads, append([]float32(nil), v.Data().([]float32)...))
	}
	return res
}

func weights(n int) []float32 {
	r := rand.New(rand.NewPCG(7, 7))
	w := make([]float32, n)
	for i := range w {
		w[i] = float32(r.NormFloat64())
	}
	return w
}

func inputs(shapes [][]int, seed uint64) [][]float32 {
	r := rand.New(rand.NewPCG(seed, 3))
	in := make([][]float32, len(shapes))
	for i, s := range shapes {
		in[i] = make([]float32, tensor.Shape(s).TotalSize())
		for j := range in[i] {
			in[i][j] = float32(r.NormFloat64())
		}
	}
	return in
}

func wide(x []float32) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = float64(v)
	}
	return y
}

func TestOperationsAgreeWithSlowTwinsAndFiniteDifferences(t *testing.T) {
	// float32 sums of up to some hundred terms of size one
	const tol = 2e-4
	for _, g := range gradCases() {
		t.Run(g.name, func(t *testing.T) {
			in := inputs(g.shapes, 1)
			res := evaluate(t, g, &Context{}, in, nil, 1)
			var in64 [][]float64
			for _, v := range in {
				in64 = append(in64, wide(v))
			}
			want := g.ref(in64)
			if len(want) != len(res.out) {
				t.Fatalf("output has %d values, want %d", len(res.out), len(want))
			}
			for i, v := range want {
				if math.Abs(v-float64(res.out[i])) > tol*math.Max(1, math.Abs(v)) {
					t.Fatalf("output %d is %v, want %v", i, res.out[i], v)
				}
			}
			r := wide(weights(len(want)))
			loss := func() float64 {
				s := 0.0
				for i, v := range g.ref(in64) {
					s += r[i] * v
				}
				return s
			}
			k := 0
			for i := range g.shapes {
				if g.isFixed(i) {
					continue
				}
				grad := res.grads[k]
				k++
				step := max(1, len(in64[i])/60) // a sample of large inputs, from both ends
				for j := 0; j < len(in64[i]); j += step {
					const e = 1e-6
					old := in64[i][j]
					in64[i][j] = old + e
					up := loss()
					in64[i][j] = old - e
					down := loss()
					in64[i][j] = old
					numeric := (up - down) / (2 * e)
					if math.Abs(numeric-float64(grad[j])) > tol*math.Max(3, math.Abs(numeric)) {
						t.Fatalf("gradient of input %d, value %d: %v, by finite differences %v", i, j, grad[j], numeric)
					}
				}
			}
		})
	}
}

func TestResultsHaveTheSameBitsForAnyWorkersAndOnEveryRun(t *testing.T) {
	for _, g := range gradCases() {
		t.Run(g.name, func(t *testing.T) {
			want := evaluate(t, g, &Context{Workers: 1}, inputs(g.shapes, 2), nil, 1)
			for _, c := range []struct{ workers, runs int }{{1, 2}, {3, 1}, {3, 2}, {16, 1}} {
				got := evaluate(t, g, &Context{Workers: c.workers}, inputs(g.shapes, 2), nil, c.runs)
				same(t, fmt.Sprintf("output, %d workers, %d runs", c.workers, c.runs), got.out, want.out)
				for i := range want.grads {
					same(t, fmt.Sprintf("gradient %d, %d workers, %d runs", i, c.workers, c.runs), got.grads[i], want.grads[i])
				}
			}
		})
	}
}

func same(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: value %d is %v, want %v", what, i, got[i], want[i])
		}
	}
}

func TestInputWithoutGradientIsRefusedAsVariable(t *testing.T) {
	g := gorgonia.NewGraph()
	x, w, b := node(g, "x", 2, 5, 5, 3), node(g, "w", 3, 3, 3, 5), node(g, "b", 5)
	y, err := Conv2D(nil, x, w, b, 1, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := gorgonia.Grad(gorgonia.Must(gorgonia.Sum(y)), x); err == nil {
		t.Error("gradient of an input that was declared constant gives no error")
	}
}

func node(g *gorgonia.ExprGraph, name string, shape ...int) *gorgonia.Node {
	v := tensor.New(tensor.WithShape(shape...), tensor.WithBacking(weights(tensor.Shape(shape).TotalSize())))
	return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name), gorgonia.WithValue(v))
}

package ops

import (
	"fmt"
	"slices"
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// With Context.Inner a convolution makes what comes from the pooling behind it by itself: gradients
// of parameters and input keep their bits, that of the layer between is left out.
func TestInnerGradientsKeepTheBitsOfTheOuterOnes(t *testing.T) {
	for name, pool := range map[string]func(c *Context, x *gorgonia.Node) (*gorgonia.Node, error){
		"maximum": func(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) { return MaxPool(c, x, 2, 2, 0, true) }, // windows of four: some are all 0
		"mean": func(c *Context, x *gorgonia.Node) (*gorgonia.Node, error) {
			return AvgPool(c, x, Windows{Size: 3, Stride: 2, Ceil: true})
		},
	} {
		for _, relu := range []bool{true, false} {
			// One convolution that the kernels work on picture by picture, one that goes by eight.
			for _, shapes := range [][][]int{{{3, 9, 8, 5}, {3, 3, 5, 11}, {11}}, {{37, 7, 6, 16}, {3, 3, 16, 16}, {16}}} {
				t.Run(fmt.Sprint(name, relu, shapes), func(t *testing.T) { testInner(t, shapes, pool, relu) })
			}
		}
	}
}

func testInner(t *testing.T, shapes [][]int, pooling func(c *Context, x *gorgonia.Node) (*gorgonia.Node, error), relu bool) {
	run := func(c *Context, inner bool) (outer [][]float32, between []float32) {
		c.Inner = inner
		g := gorgonia.NewGraph()
		var in gorgonia.Nodes
		for i, d := range inputs(shapes, 4) {
			in = append(in, gorgonia.NewTensor(g, tensor.Float32, len(shapes[i]), gorgonia.WithShape(shapes[i]...), gorgonia.WithName(string(rune('a'+i))),
				gorgonia.WithValue(tensor.New(tensor.WithShape(shapes[i]...), tensor.WithBacking(d)))))
		}
		conv, err := Conv(c, in[0], in[1], in[2], Filters{Pad: 1, ReLU: relu})
		if err != nil {
			t.Fatal(err)
		}
		pool, err := pooling(c, conv)
		if err != nil {
			t.Fatal(err)
		}
		// a gradient of many values, also where the maximum is 0
		s := pool.Shape()
		r := gorgonia.NewTensor(g, tensor.Float32, 4, gorgonia.WithShape(s...), gorgonia.WithName("r"),
			gorgonia.WithValue(tensor.New(tensor.WithShape(s...), tensor.WithBacking(weights(s.TotalSize())))))
		loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(pool, r))))
		if _, err := gorgonia.Grad(loss, in...); err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		for _, n := range append(append(gorgonia.Nodes(nil), in...), conv) {
			v, err := n.Grad()
			if err != nil {
				t.Fatal(err)
			}
			outer = append(outer, append([]float32(nil), v.Data().([]float32)...))
		}
		return outer[:3], outer[3]
	}
	want, between := run(&Context{}, false)
	if !slices.ContainsFunc(between, func(v float32) bool { return v != 0 }) {
		t.Error("no gradient of the layer between without Inner")
	}
	for _, workers := range []int{1, 3, 5} {
		got, between := run(&Context{Workers: workers}, true)
		for i := range want {
			same(t, "gradient", got[i], want[i])
		}
		if slices.ContainsFunc(between, func(v float32) bool { return v != 0 }) {
			t.Error("the gradient of the layer between was made all the same")
		}
	}
}

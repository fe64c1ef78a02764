package ops

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// With Context.Inner the pooling does what the ReLU before it would do: gradients of parameters
// and input keep their bits, that of the layer between has zeros where the layer is 0.
func TestInnerGradientsKeepTheBitsOfTheOuterOnes(t *testing.T) {
	shapes := [][]int{{3, 9, 8, 5}, {3, 3, 5, 11}, {11}}
	run := func(c *Context, inner bool) (outer [][]float32, y, dy []float32) {
		c.Inner = inner
		g := gorgonia.NewGraph()
		var in gorgonia.Nodes
		for i, d := range inputs(shapes, 4) {
			in = append(in, gorgonia.NewTensor(g, tensor.Float32, len(shapes[i]), gorgonia.WithShape(shapes[i]...), gorgonia.WithName(string(rune('a'+i))),
				gorgonia.WithValue(tensor.New(tensor.WithShape(shapes[i]...), tensor.WithBacking(d)))))
		}
		conv, err := ConvReLU(c, in[0], in[1], in[2], 1, 1, true)
		if err != nil {
			t.Fatal(err)
		}
		pool, err := MaxPool(c, conv, 2, 2, 0, true) // windows of four: some are all 0
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
		var value gorgonia.Value
		gorgonia.Read(conv, &value)
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
		return outer[:3], append([]float32(nil), value.Data().([]float32)...), outer[3]
	}
	want, y, dy := run(&Context{}, false)
	for _, workers := range []int{1, 3} {
		got, _, cut := run(&Context{Workers: workers}, true)
		for i := range want {
			same(t, "gradient", got[i], want[i])
		}
		lost := 0
		for i := range dy {
			switch {
			case y[i] > 0 && cut[i] != dy[i] || y[i] == 0 && cut[i] != 0:
				t.Fatalf("gradient %d of the layer between is %v where the layer is %v, full %v", i, cut[i], y[i], dy[i])
			case cut[i] != dy[i]:
				lost++
			}
		}
		if lost == 0 {
			t.Error("nothing was cut off: the pooling does not know of the ReLU")
		}
	}
}

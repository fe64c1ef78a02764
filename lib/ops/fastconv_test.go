package ops

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A large layer keeps its transformed weights between runs in evaluation; it must see when they
// change, and give the same bits in training.
func TestLargeConvolutionSeesItsWeightsChange(t *testing.T) {
	x, w, b := inputs([][]int{{3, 6, 5, 96}}, 1)[0], inputs([][]int{{5, 5, 96, 104}}, 2)[0], inputs([][]int{{104}}, 3)[0]
	machine := func(c *Context) (run func() []float32) {
		g := gorgonia.NewGraph()
		bind := func(name string, data []float32, shape ...int) *gorgonia.Node {
			return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name),
				gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))))
		}
		y, err := ConvReLU(c, bind("x", x, 3, 6, 5, 96), bind("w", w, 5, 5, 96, 104), bind("b", b, 104), 1, 2, false)
		if err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		t.Cleanup(func() { _ = m.Close() }) // it holds memory only
		return func() []float32 {
			m.Reset()
			if err := m.RunAll(); err != nil {
				t.Fatal(err)
			}
			return append([]float32(nil), y.Value().Data().([]float32)...)
		}
	}
	evaluation, training, fresh := machine(&Context{Workers: 2}), machine(&Context{Training: true}), machine(nil)
	for step := range 3 {
		first, again := evaluation(), evaluation()
		same(t, "second run", again, first)
		same(t, "training", training(), first)
		if step == 0 {
			same(t, "another graph", fresh(), first)
		}
		w[len(w)-1-step] += 1 // one weight, near the end
		if changed := evaluation(); func() bool {
			for i, v := range changed {
				if v != first[i] {
					return false
				}
			}
			return true
		}() {
			t.Fatal("a changed weight changes nothing")
		}
	}
	same(t, "a graph that saw other weights last", fresh(), evaluation())
}

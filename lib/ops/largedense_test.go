package ops

import (
	"testing"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// A layer of many weights is worked on for the whole batch by one worker, chunk by chunk by
// several: the bits are the same.
func TestLargeDenseLayersHaveTheSameBitsForAnyWorkers(t *testing.T) {
	const n, inputs, units = 11, 1040, 1030
	x, w, b := random32(n*inputs), random32(inputs*units), random32(units)
	run := func(workers int) (all [][]float32) {
		g := gorgonia.NewGraph()
		bind := func(name string, data []float32, shape ...int) *gorgonia.Node {
			return gorgonia.NewTensor(g, tensor.Float32, len(shape), gorgonia.WithShape(shape...), gorgonia.WithName(name),
				gorgonia.WithValue(tensor.New(tensor.WithShape(shape...), tensor.WithBacking(data))))
		}
		in := gorgonia.Nodes{bind("x", x, n, inputs), bind("w", w, inputs, units), bind("b", b, units)}
		y, err := DenseReLU(&Context{Workers: workers}, in[0], in[1], in[2], true)
		if err != nil {
			t.Fatal(err)
		}
		r := bind("r", random32(n*units), n, units)
		loss := gorgonia.Must(gorgonia.Sum(gorgonia.Must(gorgonia.HadamardProd(y, r))))
		if _, err := gorgonia.Grad(loss, in...); err != nil {
			t.Fatal(err)
		}
		var value gorgonia.Value
		gorgonia.Read(y, &value)
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		all = append(all, value.Data().([]float32))
		for _, node := range in {
			d, err := node.Grad()
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, d.Data().([]float32))
		}
		return all
	}
	want := run(1)
	for _, workers := range []int{2, 3, 5} {
		for i, got := range run(workers) {
			same(t, []string{"y", "x", "w", "b"}[i], got, want[i])
		}
	}
}

// random32 returns n numbers of few digits, the same on every call.
func random32(n int) []float32 {
	x := make([]float32, n)
	state := uint32(n)
	for i := range x {
		state = state*1664525 + 1013904223
		x[i] = float32(int32(state>>16)-1<<15) / (1 << 15)
	}
	return x
}

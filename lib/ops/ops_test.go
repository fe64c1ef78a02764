package ops

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

func TestShapesThatDoNotFitAreErrorsNamingThem(t *testing.T) {
	c := &Context{}
	n := func(shape ...int) *gorgonia.Node { return node(gorgonia.NewGraph(), "n", shape...) }
	all := func(shapes ...[]int) []*gorgonia.Node {
		g := gorgonia.NewGraph()
		var nodes []*gorgonia.Node
		for i, s := range shapes {
			nodes = append(nodes, node(g, string(rune('a'+i)), s...))
		}
		return nodes
	}
	for _, k := range []struct {
		name string
		call func() error
		want []string
	}{
		{"conv channels", func() error {
			v := all([]int{2, 8, 8, 3}, []int{3, 3, 5, 4}, []int{4})
			_, err := Conv2D(c, v[0], v[1], v[2], 1, 0, true)
			return err
		}, []string{"(2, 8, 8, 3)", "(3, 3, 5, 4)"}},
		{"conv bias", func() error {
			v := all([]int{2, 8, 8, 3}, []int{3, 3, 3, 4}, []int{5})
			_, err := ConvReLU(c, v[0], v[1], v[2], 1, 0, true)
			return err
		}, []string{"(5)", "(3, 3, 3, 4)"}},
		{"conv filter too large", func() error {
			v := all([]int{2, 4, 8, 3}, []int{7, 7, 3, 4}, []int{4})
			_, err := Conv2D(c, v[0], v[1], v[2], 1, 1, true)
			return err
		}, []string{"(2, 4, 8, 3)", "(7, 7, 3, 4)"}},
		{"conv stride", func() error {
			v := all([]int{2, 8, 8, 3}, []int{3, 3, 3, 4}, []int{4})
			_, err := Conv2D(c, v[0], v[1], v[2], 0, -1, true)
			return err
		}, []string{"stride 0", "pad -1"}},
		{"conv rank", func() error {
			v := all([]int{2, 8, 8}, []int{3, 3, 3, 4}, []int{4})
			_, err := Conv2D(c, v[0], v[1], v[2], 1, 0, true)
			return err
		}, []string{"(2, 8, 8)", "height"}},
		{"conv nil", func() error { _, err := Conv2D(c, nil, nil, nil, 1, 0, true); return err }, []string{"x is nil"}},
		{"pool too large", func() error { _, err := MaxPool(c, n(2, 3, 3, 4), 5, 2, 0, false); return err }, []string{"(2, 3, 3, 4)", "5×5"}},
		{"pool pad", func() error { _, err := MaxPool(c, n(2, 3, 3, 4), 2, 2, 2, false); return err }, []string{"pad 2"}},
		{"dense inputs", func() error {
			v := all([]int{2, 2, 2, 3}, []int{13, 4}, []int{4})
			_, err := Dense(c, v[0], v[1], v[2], true)
			return err
		}, []string{"(2, 2, 2, 3)", "12", "(13, 4)"}},
		{"dense bias", func() error {
			v := all([]int{2, 13}, []int{13, 4}, []int{3})
			_, err := Dense(c, v[0], v[1], v[2], true)
			return err
		}, []string{"(3)", "(13, 4)"}},
		{"dense nil", func() error { _, err := Dense(c, nil, nil, nil, true); return err }, []string{"x is"}},
		{"reshape", func() error { _, err := Reshape(c, n(2, 3), 7); return err }, []string{"(2, 3)", "(7)"}},
		{"flatten vector", func() error { _, err := Flatten(c, n(5)); return err }, []string{"(5)"}},
		{"dropout rate", func() error { _, err := Dropout(c, n(5), 1); return err }, []string{"rate 1"}},
		{"dropout NaN", func() error { _, err := Dropout(c, n(5), math.NaN()); return err }, []string{"rate NaN"}},
		{"relu nil", func() error { _, err := ReLU(c, nil); return err }, []string{"x is"}},
		{"labels", func() error {
			v := all([]int{2, 10}, []int{3})
			_, err := CrossEntropy(c, v[0], v[1])
			return err
		}, []string{"(3)", "(2, 10)"}},
		{"float64", func() error {
			g := gorgonia.NewGraph()
			_, err := ReLU(c, gorgonia.NewVector(g, tensor.Float64, gorgonia.WithShape(3), gorgonia.WithName("d")))
			return err
		}, []string{"float64", "float32"}},
		{"two graphs", func() error { _, err := Dense(c, n(2, 3), n(3, 4), n(4), true); return err }, []string{"graph"}},
	} {
		t.Run(k.name, func(t *testing.T) {
			err := k.call()
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range k.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
}

// lossOf runs CrossEntropy and Correct and returns loss, count and the logits' gradient.
func lossOf(t *testing.T, z []float32, labels []float32, k int) (loss, correct float64, grad []float32, err error) {
	t.Helper()
	g := gorgonia.NewGraph()
	n := len(labels)
	zn := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(n, k), gorgonia.WithName("z"), gorgonia.WithValue(tensor.New(tensor.WithShape(n, k), tensor.WithBacking(z))))
	ln := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(n), gorgonia.WithName("labels"), gorgonia.WithValue(tensor.New(tensor.WithShape(n), tensor.WithBacking(labels))))
	c := &Context{}
	l, err := CrossEntropy(c, zn, ln)
	if err != nil {
		t.Fatal(err)
	}
	hits, err := Correct(c, zn, ln)
	if err != nil {
		t.Fatal(err)
	}
	// a user's arithmetic on the loss reaches the gradient
	twice := gorgonia.Must(gorgonia.Add(l, l))
	if _, err := gorgonia.Grad(twice, zn); err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		return 0, 0, nil, err
	}
	gv, err := zn.Grad()
	if err != nil {
		t.Fatal(err)
	}
	return float64(*l.Value().(*gorgonia.F32)), float64(*hits.Value().(*gorgonia.F32)), gv.Data().([]float32), nil
}

func TestCrossEntropyAgreesWithItsFormula(t *testing.T) {
	const n, k = 7, 5
	z := weights(n * k)
	labels := []float32{0, 4, 2, 2, 1, 3, 0}
	loss, correct, grad, err := lossOf(t, z, labels, k)
	if err != nil {
		t.Fatal(err)
	}
	z64, l64 := wide(z), wide(labels)
	if want := refEntropy(z64, l64, n, k); math.Abs(loss-want) > 1e-6 {
		t.Errorf("loss %v, want %v", loss, want)
	}
	hits := 0.0
	for i, l := range labels {
		if Largest(z[i*k:(i+1)*k]) == int(l) {
			hits++
		}
	}
	if correct != hits {
		t.Errorf("correct %v, want %v", correct, hits)
	}
	for i := range z64 {
		const e = 1e-6
		old := z64[i]
		z64[i] = old + e
		up := refEntropy(z64, l64, n, k)
		z64[i] = old - e
		down := refEntropy(z64, l64, n, k)
		z64[i] = old
		if want := 2 * (up - down) / (2 * e); math.Abs(float64(grad[i])-want) > 1e-6 {
			t.Errorf("gradient %d of the doubled loss is %v, by finite differences %v", i, grad[i], want)
		}
	}
}

func TestCrossEntropyOfExtremes(t *testing.T) {
	inf := float32(math.Inf(1))
	nan := float32(math.NaN())
	for _, c := range []struct {
		name   string
		z      []float32
		label  float32
		want   float64
		isNaN  bool
		errHas string
	}{
		{name: "equal logits", z: []float32{0, 0, 0, 0}, want: math.Log(4)},
		{name: "large logits do not overflow", z: []float32{1e30, 0, 0, 0}, want: 0},
		{name: "large and wrong", z: []float32{0, 1000, 0, 0}, want: 1000},
		{name: "all very negative", z: []float32{-1e30, -1e30, -1e30, -1e30}, want: math.Log(4)},
		{name: "NaN stays NaN", z: []float32{0, nan, 0, 0}, isNaN: true},
		{name: "infinity is NaN", z: []float32{inf, 0, 0, 0}, isNaN: true},
		{name: "label too large", z: []float32{0, 0, 0, 0}, label: 4, errHas: "picture 0 of the batch has label 4 (valid: 0..3)"},
		{name: "label negative", z: []float32{0, 0, 0, 0}, label: -1, errHas: "label -1"},
		{name: "label between classes", z: []float32{0, 0, 0, 0}, label: 1.5, errHas: "label 1.5"},
		{name: "label NaN", z: []float32{0, 0, 0, 0}, label: nan, errHas: "label NaN"},
	} {
		t.Run(c.name, func(t *testing.T) {
			loss, _, grad, err := lossOf(t, c.z, []float32{c.label}, 4)
			switch {
			case c.errHas != "":
				if err == nil || !strings.Contains(err.Error(), c.errHas) {
					t.Fatalf("error %v, want one that says %q", err, c.errHas)
				}
			case err != nil:
				t.Fatal(err)
			case c.isNaN:
				if !math.IsNaN(loss) {
					t.Errorf("loss %v, want NaN", loss)
				}
			default:
				if math.Abs(loss-c.want) > 1e-6*math.Max(1, c.want) {
					t.Errorf("loss %v, want %v", loss, c.want)
				}
				for _, v := range grad {
					if v != v {
						t.Errorf("gradient %v", grad)
					}
				}
			}
		})
	}
}

func TestDropoutInTraining(t *testing.T) {
	const n, rate = 40000, 0.2
	x := weights(n)
	run := func(c *Context) (y, grad []float32) {
		g := gorgonia.NewGraph()
		xn := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(n/100, 100), gorgonia.WithName("x"), gorgonia.WithValue(tensor.New(tensor.WithShape(n/100, 100), tensor.WithBacking(x))))
		d, err := Dropout(c, xn, rate)
		if err != nil {
			t.Fatal(err)
		}
		loss := gorgonia.Must(gorgonia.Sum(d))
		if _, err := gorgonia.Grad(loss, xn); err != nil {
			t.Fatal(err)
		}
		m := gorgonia.NewTapeMachine(g)
		defer m.Close()
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		v, _ := xn.Grad()
		return d.Value().Data().([]float32), v.Data().([]float32)
	}
	y, grad := run(&Context{Training: true, Seed: 3, Step: 5})
	zeros := 0
	for i := range y {
		switch {
		case y[i] == 0 && grad[i] == 0:
			zeros++
		case math.Abs(float64(y[i]-1.25*x[i])) > 1e-6 || grad[i] != 1.25: // 1/(1−0.2)
			t.Fatalf("value %d: x %v, y %v, gradient %v", i, x[i], y[i], grad[i])
		}
	}
	if share := float64(zeros) / n; math.Abs(share-rate) > 0.01 { // five deviations of √(.2·.8/n)
		t.Errorf("%v of the values dropped, want %v", share, rate)
	}
	again, _ := run(&Context{Training: true, Seed: 3, Step: 5, Workers: 3})
	same(t, "same seed and step, three workers", again, y)
	for name, c := range map[string]*Context{"step": {Training: true, Seed: 3, Step: 6}, "seed": {Training: true, Seed: 4, Step: 5}} {
		other, _ := run(c)
		equal := 0
		for i := range y {
			if (y[i] == 0) == (other[i] == 0) {
				equal++
			}
		}
		if share := float64(equal) / n; math.Abs(share-(rate*rate+(1-rate)*(1-rate))) > 0.02 {
			t.Errorf("another %s agrees in %v of the values, by chance %v", name, share, rate*rate+(1-rate)*(1-rate))
		}
	}
	plain, grad := run(&Context{Seed: 3, Step: 5})
	same(t, "evaluation", plain, x)
	if grad[0] != 1 {
		t.Errorf("gradient in evaluation %v, want 1", grad[0])
	}
}

func TestEqualOperationsAreNotMerged(t *testing.T) {
	g := gorgonia.NewGraph()
	x := node(g, "x", 5, 40)
	c := &Context{Training: true}
	a, err := Dropout(c, x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Dropout(c, x, 0.5)
	if err != nil {
		t.Fatal(err)
	}
	if a == b || a.Op().Hashcode() == b.Op().Hashcode() {
		t.Fatal("two dropouts of one value are one operation")
	}
	m := gorgonia.NewTapeMachine(g)
	defer m.Close()
	if err := m.RunAll(); err != nil {
		t.Fatal(err)
	}
	differ := 0
	va, vb := a.Value().Data().([]float32), b.Value().Data().([]float32)
	for i := range va {
		if va[i] != vb[i] {
			differ++
		}
	}
	if differ < 60 { // of 200, half by chance
		t.Errorf("two dropouts differ in %d of %d values", differ, len(va))
	}
}

func TestPoolGivesTiesToTheFirstMaximum(t *testing.T) {
	g := gradCase{
		shapes: [][]int{{1, 3, 3, 1}},
		build: func(c *Context, in gorgonia.Nodes) (*gorgonia.Node, error) {
			return MaxPool(c, in[0], 3, 1, 0, true)
		},
	}
	res := evaluate(t, g, &Context{}, [][]float32{{0, 5, 1, 5, 5, 2, 3, 4, 5}}, []float32{2}, 1)
	want := []float32{0, 2, 0, 0, 0, 0, 0, 0, 0}
	same(t, "gradient", res.grads[0], want)
}

func TestPreallocatedResults(t *testing.T) {
	g := gorgonia.NewGraph()
	x, w, b := node(g, "x", 2, 5, 5, 3), node(g, "w", 3, 3, 3, 5), node(g, "b", 5)
	y, err := Conv2D(nil, x, w, b, 1, 0, true)
	if err != nil {
		t.Fatal(err)
	}
	o := y.Op().(*op)
	want, err := o.Do(x.Value(), w.Value(), b.Value())
	if err != nil {
		t.Fatal(err)
	}
	to := tensor.New(tensor.WithShape(2, 3, 3, 5), tensor.Of(tensor.Float32))
	got, err := o.UsePreallocDo(to, x.Value(), w.Value(), b.Value())
	if err != nil || got != gorgonia.Value(to) {
		t.Fatalf("UsePreallocDo returned another value or %v", err)
	}
	same(t, "preallocated", to.Data().([]float32), want.Data().([]float32))
	if _, err := o.UsePreallocDo(tensor.New(tensor.WithShape(2, 3, 3, 4), tensor.Of(tensor.Float32)), x.Value(), w.Value(), b.Value()); err == nil {
		t.Error("result of another shape gives no error")
	}
	if _, err := o.Do(x.Value(), w.Value()); err == nil {
		t.Error("a missing input gives no error")
	}
	if _, err := o.Do(w.Value(), w.Value(), b.Value()); err == nil {
		t.Error("an input of another shape gives no error")
	}
}

func TestInputsWithGapsAreReadInOrder(t *testing.T) {
	g := gorgonia.NewGraph()
	x := gorgonia.NewMatrix(g, tensor.Float32, gorgonia.WithShape(3, 2), gorgonia.WithName("x"))
	y, err := ReLU(nil, x)
	if err != nil {
		t.Fatal(err)
	}
	all := tensor.New(tensor.WithShape(2, 3), tensor.WithBacking([]float32{1, -2, 3, 4, 5, -6}))
	turned := all.Clone().(*tensor.Dense)
	if err := turned.T(); err != nil { // not yet moved in memory
		t.Fatal(err)
	}
	v, err := y.Op().Do(turned)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "transposed", v.Data().([]float32), []float32{1, 4, 0, 5, 3, 0})
	wideAll := tensor.New(tensor.WithShape(3, 4), tensor.WithBacking([]float32{1, 2, 9, 9, -3, 4, 9, 9, 5, -6, 9, 9}))
	part, err := wideAll.Slice(nil, gorgonia.S(0, 2))
	if err != nil {
		t.Fatal(err)
	}
	if v, err = y.Op().Do(part.(*tensor.Dense)); err != nil {
		t.Fatal(err)
	}
	same(t, "slice", v.Data().([]float32), []float32{1, 2, 0, 4, 5, 0})
}

func TestGorgoniasOwnSolverTrainsThroughOurOperations(t *testing.T) {
	const n, k = 12, 3
	g := gorgonia.NewGraph()
	x := node(g, "x", n, 4, 4, 3)
	w1, b1, w2, b2 := node(g, "w1", 3, 3, 3, 8), node(g, "b1", 8), node(g, "w2", 32, k), node(g, "b2", k)
	labels := make([]float32, n)
	r := rand.New(rand.NewPCG(1, 1))
	for i := range labels {
		labels[i] = float32(r.IntN(k))
	}
	ln := gorgonia.NewVector(g, tensor.Float32, gorgonia.WithShape(n), gorgonia.WithName("l"), gorgonia.WithValue(tensor.New(tensor.WithShape(n), tensor.WithBacking(labels))))
	c := &Context{Training: true}
	h, err := ConvReLU(c, x, w1, b1, 1, 0, false)
	if err != nil {
		t.Fatal(err)
	}
	if h, err = Dense(c, h, w2, b2, true); err != nil {
		t.Fatal(err)
	}
	loss, err := CrossEntropy(c, h, ln)
	if err != nil {
		t.Fatal(err)
	}
	params := gorgonia.Nodes{w1, b1, w2, b2}
	if _, err := gorgonia.Grad(loss, params...); err != nil {
		t.Fatal(err)
	}
	m := gorgonia.NewTapeMachine(g, gorgonia.BindDualValues(params...))
	defer m.Close()
	solver := gorgonia.NewVanillaSolver(gorgonia.WithLearnRate(0.05))
	var first, last float64
	for i := range 60 {
		if err := m.RunAll(); err != nil {
			t.Fatal(err)
		}
		last = float64(*loss.Value().(*gorgonia.F32))
		if i == 0 {
			first = last
		}
		if err := solver.Step(gorgonia.NodesToValueGrads(params)); err != nil {
			t.Fatal(err)
		}
		m.Reset()
	}
	if !(last < first/2) {
		t.Errorf("loss went from %v to %v", first, last)
	}
}

func TestUseFastBLAS(t *testing.T) {
	UseFastBLAS()
	defer gorgonia.Use(fastBLAS{}.Implementation)
	defer blas32.Use(fastBLAS{}.Implementation)
	const m, k, n = 7, 13, 5
	a, b := weights(m*k), weights(k*n)
	y, err := tensor.MatMul(tensor.New(tensor.WithShape(m, k), tensor.WithBacking(a)), tensor.New(tensor.WithShape(k, n), tensor.WithBacking(b)))
	if err != nil {
		t.Fatal(err)
	}
	want := refDense(wide(a), wide(b), make([]float64, n), m, k, n)
	for i, v := range y.Data().([]float32) {
		if math.Abs(float64(v)-want[i]) > 1e-4 {
			t.Fatalf("value %d is %v, want %v", i, v, want[i])
		}
	}
}

func TestFastBLASIsGonums(t *testing.T) {
	UseFastBLAS()
	defer gorgonia.Use(fastBLAS{}.Implementation)
	defer blas32.Use(fastBLAS{}.Implementation)
	for _, s := range [][3]int{{1, 1, 1}, {7, 5, 13}, {33, 17, 401}} {
		m, n, k := s[0], s[1], s[2]
		for kind := range 36 {
			tA, tB := [2]blas.Transpose{blas.NoTrans, blas.Trans}[kind&1], [2]blas.Transpose{blas.NoTrans, blas.Trans}[kind>>1&1]
			alpha, beta := [3]float32{1, 0, -2}[kind/4%3], [3]float32{0, 1, 0.5}[kind/12]
			a, b := blas32.General{Rows: m, Cols: k, Stride: k + 2, Data: weights(m * (k + 2))}, blas32.General{Rows: k, Cols: n, Stride: n + 1, Data: weights(k * (n + 1))}
			if tA != blas.NoTrans {
				a = blas32.General{Rows: k, Cols: m, Stride: m + 2, Data: weights(k * (m + 2))}
			}
			if tB != blas.NoTrans {
				b = blas32.General{Rows: n, Cols: k, Stride: k + 1, Data: weights(n * (k + 1))}
			}
			got, want := weights(m*(n+3)), weights(m*(n+3))
			blas32.Gemm(tA, tB, alpha, a, b, beta, blas32.General{Rows: m, Cols: n, Stride: n + 3, Data: got})
			fastBLAS{}.Implementation.Sgemm(tA, tB, m, n, k, alpha, a.Data, a.Stride, b.Data, b.Stride, beta, want, n+3)
			for i, w := range want {
				if d := math.Abs(float64(got[i] - w)); !(d <= 1e-4*(1+math.Abs(float64(w)))) { // float32 sums of up to 401 terms
					t.Fatalf("%v, kind %d: value %d is %v, want %v", s, kind, i, got[i], w)
				}
			}
		}
	}
	defer func() {
		if r := recover(); r == nil || strings.Contains(fmt.Sprint(r), "simd") {
			t.Errorf("a short matrix: panic %v, want gonum's own", r)
		}
	}()
	fastBLAS{}.Sgemm(blas.NoTrans, blas.NoTrans, 2, 2, 2, 1, make([]float32, 3), 2, make([]float32, 4), 2, 0, make([]float32, 4), 2)
}

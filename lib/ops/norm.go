package ops

import (
	"fmt"
	"math"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Statistics are the running mean and variance of each channel, which [BatchNorm] changes in
// training and uses in evaluation. They belong to the caller; before training means are 0 and
// variances 1.
type Statistics struct {
	Mean, Variance []float32

	Momentum float64 // share of a batch's statistics that enters, in [0, 1]; 0.1 is usual
	Epsilon  float64 // added to variances, above 0; 1e-5 is usual
	ReLU     bool    // max(0, y), in the same operation; at 0 its gradient is 0
}

// BatchNorm adds a batch normalisation (Ioffe and Szegedy, ICML 2015):
//
//	y = scale[c] · (x − μ[c])/√(σ²[c] + Epsilon) + shift[c]
//
// for channel c, the last dimension of x (pictures × ... × channels); scale and shift have
// channels values, y the shape of x. While c.Training, μ and σ² are the mean and the variance
// (divided by the number m) of the channel's m values in the batch, gradients go through
// them, and each run moves the running statistics:
//
//	Mean ← (1−Momentum)·Mean + Momentum·μ      Variance ← (1−Momentum)·Variance + Momentum·σ²·m/(m−1)
//
// (with one value the variance is left). Otherwise μ and σ² are the running ones, and
// constants. Gradients reach x, scale and shift. The statistics are kept, not copied.
func BatchNorm(c *Context, x, scale, shift *gorgonia.Node, s *Statistics) (*gorgonia.Node, error) {
	c = or(c)
	if x == nil || x.Shape().Dims() < 2 {
		return nil, fmt.Errorf("ops: BatchNorm: x is %v, needs pictures × ... × channels", shapeOf(x))
	}
	if err := dims(x, x.Shape().Dims(), "BatchNorm", "x", "pictures × ... × channels"); err != nil {
		return nil, err
	}
	xs := x.Shape().Clone()
	d := xs[len(xs)-1]
	for _, p := range []struct {
		name string
		node *gorgonia.Node
	}{{"scale", scale}, {"shift", shift}} {
		if err := dims(p.node, 1, "BatchNorm", p.name, "channels"); err != nil {
			return nil, err
		}
		if p.node.Shape()[0] != d {
			return nil, fmt.Errorf("ops: BatchNorm: %s is %v, x is %v with %d channels", p.name, p.node.Shape(), xs, d)
		}
	}
	switch {
	case s == nil || len(s.Mean) != d || len(s.Variance) != d:
		return nil, fmt.Errorf("ops: BatchNorm: running statistics are not of the %d channels of x %v", d, xs)
	case !(s.Momentum >= 0 && s.Momentum <= 1) || !(s.Epsilon > 0):
		return nil, fmt.Errorf("ops: BatchNorm: momentum %v, epsilon %v (valid: 0..1, above 0)", s.Momentum, s.Epsilon)
	}
	f := &normalisation{Context: c, Statistics: s, rows: xs.TotalSize() / d, channels: d,
		mu: make([]float32, d), inverse: make([]float64, d), factor: make([]float32, d), total: make([]float64, 2*d)}
	for i := range f.parts {
		f.parts[i] = make([]float64, 2*d)
	}
	o := newOp(c, "BatchNorm", xs, x, scale, shift)
	o.wrt = []bool{true, true, true}
	o.run = func(y []float32, in [][]float32) error { return f.forward(y, in[0], in[1], in[2]) }
	o.diff = f.diff
	return o.apply(x, scale, shift)
}

// normalisation is what forward and gradient share. The gradient uses what the forward run
// before it left: the mean and the inverse deviation of each channel.
type normalisation struct {
	*Context
	*Statistics
	rows, channels int
	mu             []float32
	inverse        []float64 // 1/√(σ² + Epsilon)
	factor         []float32 // scale·inverse
	parts          [chunks][]float64
	total          []float64
}

// sums calls do for each chunk's rows with sums of its own, and adds these in order.
func (f *normalisation) sums(do func(part []float64, from, to int)) ([]float64, error) {
	err := f.each(f.rows, func(_, chunk, from, to int) {
		clear(f.parts[chunk])
		do(f.parts[chunk], from*f.channels, to*f.channels)
	})
	clear(f.total)
	for i, p := range f.parts {
		if from, to := chunk(i, f.rows); from < to {
			for k, v := range p {
				f.total[k] += v
			}
		}
	}
	return f.total, err
}

func (f *normalisation) forward(y, x, scale, shift []float32) error {
	d, m := f.channels, float64(f.rows)
	if f.Training {
		total, err := f.sums(func(part []float64, from, to int) { simd.SumRows(part[:d], x[from:to]) })
		if err != nil {
			return err
		}
		for c := range d {
			f.mu[c] = float32(total[c] / m)
		}
		if total, err = f.sums(func(part []float64, from, to int) { simd.SquareRows(part[:d], x[from:to], f.mu) }); err != nil {
			return err
		}
		for c := range d {
			variance := total[c] / m
			f.inverse[c] = 1 / math.Sqrt(variance+f.Epsilon)
			f.Mean[c] += float32(f.Momentum * (float64(f.mu[c]) - float64(f.Mean[c])))
			if m > 1 {
				f.Variance[c] += float32(f.Momentum * (variance*m/(m-1) - float64(f.Variance[c])))
			}
		}
	} else {
		copy(f.mu, f.Mean)
		for c, v := range f.Variance {
			f.inverse[c] = 1 / math.Sqrt(float64(v)+f.Epsilon)
		}
	}
	for c, v := range scale {
		f.factor[c] = float32(float64(v) * f.inverse[c])
	}
	return f.each(f.rows, func(_, _, from, to int) {
		out := y[from*d : to*d]
		simd.NormRows(out, x[from*d:to*d], f.mu, f.factor, shift)
		if f.ReLU {
			simd.Relu(out)
		}
	})
}

func (f *normalisation) diff(in gorgonia.Nodes, out, grad *gorgonia.Node) (gorgonia.Nodes, error) {
	c, d := f.Context, f.channels
	o := newOp(c, "BatchNormGrad", tensor.Shape{2*d + f.rows*d}, in[0], in[1], out, grad)
	var masked []float32
	if f.ReLU {
		masked = make([]float32, f.rows*d)
	}
	a, b, constant := make([]float32, d), make([]float32, d), make([]float32, d)
	// With u = x − μ, s = 1/√(σ²+ε) and means over the batch:
	// dscale = s·Σ dy·u, dshift = Σ dy, dx = scale·s·(dy − mean(dy) − u·s²·mean(dy·u)).
	o.run = func(res []float32, in [][]float32) error {
		x, scale, dy := in[0], in[1], in[3]
		if f.ReLU {
			y := in[2]
			err := f.each(len(masked), func(_, _, from, to int) {
				simd.ReluBackTo(masked[from:to], dy[from:to], y[from:to])
			})
			if err != nil {
				return err
			}
			dy = masked
		}
		total, err := f.sums(func(part []float64, from, to int) {
			simd.ProductRows(part[:d], part[d:], dy[from:to], x[from:to], f.mu)
		})
		if err != nil {
			return err
		}
		m := float64(f.rows)
		for k := range d {
			s := f.inverse[k]
			factor := float64(scale[k]) * s
			res[k], res[d+k] = float32(s*total[d+k]), float32(total[k])
			a[k], b[k], constant[k] = float32(factor), 0, 0
			if f.Training {
				b[k], constant[k] = float32(-factor*s*s*total[d+k]/m), float32(-factor*total[k]/m)
			}
		}
		dx := res[2*d:]
		return f.each(f.rows, func(_, _, from, to int) {
			simd.NormRowsBack(dx[from*d:to*d], dy[from*d:to*d], x[from*d:to*d], f.mu, a, b, constant)
		})
	}
	all, err := o.apply(in[0], in[1], out, grad)
	if err != nil {
		return nil, err
	}
	nodes := make(gorgonia.Nodes, 3)
	for i, p := range []struct {
		name string
		at   int
	}{{"BatchNormGradX", 2 * d}, {"BatchNormGradScale", 0}, {"BatchNormGradShift", d}} {
		if nodes[i], err = piece(c, p.name, all, p.at, in[i].Shape()); err != nil {
			return nil, err
		}
	}
	return nodes, nil
}

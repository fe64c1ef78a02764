package ops

import (
	"fmt"

	"gonverge/lib/internal/simd"
	"gorgonia.org/gorgonia"
)

// Response is what [LRN] needs to know.
type Response struct {
	Size   int     // channels, or rows and columns, of a neighbourhood: odd
	Alpha  float64 // weight of the neighbourhood
	Beta   float64 // power
	K      float64 // what is there without neighbours, above 0; AlexNet has 2, Caffe 1
	Within bool    // neighbours are positions of the same channel, not channels
}

// LRN adds a local response normalisation (Krizhevsky et al., NIPS 2012, with Caffe's
// division of Alpha):
//
//	across:  y[i][j][c] = x[i][j][c] / (K + Alpha/Size  · Σ_{|d|≤Size/2} x[i][j][c+d]²)^Beta
//	within:  y[i][j][c] = x[i][j][c] / (K + Alpha/Size² · Σ_{|d|,|e|≤Size/2} x[i+d][j+e][c]²)^Beta
//
// for each picture of x, which is pictures × height × width × channels; y has the same shape.
// What lies outside counts as 0. It acts alike in training and evaluation.
func LRN(c *Context, x *gorgonia.Node, r Response) (*gorgonia.Node, error) {
	c = or(c)
	if err := dims(x, 4, "LRN", "x", "pictures × height × width × channels"); err != nil {
		return nil, err
	}
	if r.Size < 1 || r.Size%2 == 0 || !(r.Alpha >= 0) || !(r.K > 0) || r.Beta != r.Beta {
		return nil, fmt.Errorf("ops: LRN: size %d, alpha %v, beta %v, k %v (valid: size odd, alpha 0 or more, k above 0)", r.Size, r.Alpha, r.Beta, r.K)
	}
	s := x.Shape().Clone()
	l := simd.NewLRN(s[1], s[2], s[3], r.Size, r.Alpha, r.Beta, r.K, r.Within)
	n := l.Len()
	mem := &scratch{size: l.ScratchLen()}
	o := newOp(c, "LRN", s, x)
	o.wrt = []bool{true}
	o.run = func(y []float32, in [][]float32) error {
		return c.each(s[0], func(worker, _, from, to int) {
			for i := from; i < to && !c.stopped(); i++ {
				l.Forward(y[i*n:(i+1)*n], in[0][i*n:(i+1)*n], mem.of(worker))
			}
		})
	}
	o.diff = func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, "LRNGrad", s, in[0], grad)
		d.run = func(dx []float32, in [][]float32) error {
			return c.each(s[0], func(worker, _, from, to int) {
				for i := from; i < to && !c.stopped(); i++ {
					l.Back(dx[i*n:(i+1)*n], in[0][i*n:(i+1)*n], in[1][i*n:(i+1)*n], mem.of(worker))
				}
			})
		}
		n, err := d.apply(in[0], grad)
		return gorgonia.Nodes{n}, err
	}
	return o.apply(x)
}

package simd

// Mean writes to y (OH×OW×C) the mean of each window of x (H×W×C), channel by channel: the
// sum over the cells inside the picture, divided by their number if inside, else by the
// number of the window's cells that lie in the padded picture (Caffe's rule: the border
// counts as zeros, what rounding up adds beyond it does not count).
func (p *Pool) Mean(y, x []float32, inside bool) {
	need("Pool.Mean", "y", len(y), p.OutLen())
	need("Pool.Mean", "x", len(x), p.InLen())
	for i := range p.OH {
		for j := range p.OW {
			at, rows, cols := p.window(i, j)
			out := y[(i*p.OW+j)*p.C:][:p.C]
			clear(out)
			for r := range rows {
				AddRows(out, x[at+r*p.W*p.C:][:cols*p.C])
			}
			Scale(p.share(i, j, rows, cols, inside), out)
		}
	}
}

// MeanBack writes to dx (H×W×C) the gradient of the picture for the gradient dy (OH×OW×C) of
// its [Pool.Mean]: each cell of a window gets the same share of it.
func (p *Pool) MeanBack(dx, dy []float32, inside bool) {
	need("Pool.MeanBack", "dx", len(dx), p.InLen())
	need("Pool.MeanBack", "dy", len(dy), p.OutLen())
	clear(dx[:p.InLen()])
	for i := range p.OH {
		for j := range p.OW {
			at, rows, cols := p.window(i, j)
			share := p.share(i, j, rows, cols, inside)
			in := dy[(i*p.OW+j)*p.C:][:p.C]
			for r := range rows {
				for q := range cols {
					Axpy(share, in, dx[at+(r*p.W+q)*p.C:][:p.C])
				}
			}
		}
	}
}

// share returns the weight of a cell in the mean of output (i, j), whose window has rows×cols
// cells inside the picture.
func (p *Pool) share(i, j, rows, cols int, inside bool) float32 {
	n := rows * cols
	if !inside {
		r, c := i*p.Stride-p.Padding, j*p.Stride-p.Padding
		n = (min(r+p.Size, p.H+p.Padding) - r) * (min(c+p.Size, p.W+p.Padding) - c)
	}
	return 1 / float32(n)
}

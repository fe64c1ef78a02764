package ops

import "math"

// The slow twins: plain loops in float64, written from the formulas.

func refConv(x, w, b []float64, n, h, wd, c, kh, kw, oc, stride, pad int) []float64 {
	oh, ow := (h+2*pad-kh)/stride+1, (wd+2*pad-kw)/stride+1
	y := make([]float64, 0, n*oh*ow*oc)
	for p := range n {
		for i := range oh {
			for j := range ow {
				for o := range oc {
					s := b[o]
					for a := range kh {
						for q := range kw {
							r, t := i*stride-pad+a, j*stride-pad+q
							if r < 0 || t < 0 || r >= h || t >= wd {
								continue
							}
							for k := range c {
								s += x[((p*h+r)*wd+t)*c+k] * w[((a*kw+q)*c+k)*oc+o]
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

func refRelu(x []float64) []float64 {
	y := make([]float64, len(x))
	for i, v := range x {
		y[i] = math.Max(0, v)
	}
	return y
}

// refPool takes the output's size from the caller: that the number of windows is right is
// tested by its own table.
func refPool(x []float64, n, h, w, c, size, stride, pad, oh, ow int) []float64 {
	y := make([]float64, 0, n*oh*ow*c)
	for p := range n {
		for i := range oh {
			for j := range ow {
				for k := range c {
					m := math.Inf(-1)
					for a := range size {
						for b := range size {
							r, t := i*stride-pad+a, j*stride-pad+b
							if r >= 0 && t >= 0 && r < h && t < w {
								m = math.Max(m, x[((p*h+r)*w+t)*c+k])
							}
						}
					}
					y = append(y, m)
				}
			}
		}
	}
	return y
}

func refDense(x, w, b []float64, n, in, out int) []float64 {
	y := make([]float64, 0, n*out)
	for p := range n {
		for o := range out {
			s := b[o]
			for i := range in {
				s += x[p*in+i] * w[i*out+o]
			}
			y = append(y, s)
		}
	}
	return y
}

func refEntropy(z, labels []float64, n, k int) float64 {
	sum := 0.0
	for p := range n {
		total := 0.0
		for j := range k {
			total += math.Exp(z[p*k+j])
		}
		sum += math.Log(total) - z[p*k+int(labels[p])]
	}
	return sum / float64(n)
}

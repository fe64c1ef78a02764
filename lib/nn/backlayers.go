package nn

import (
	"image"
	"math"
)

// back takes the signal behind a step's function to the values that the step reads. It goes
// over the positions that a signal has reached only, which are few near a single unit.
func (b *Backprop) back(i, picture int) {
	s := b.steps[i]
	dy, r := b.grads[i+1], b.spans[i+1]
	w, local := windowOf(s.layer)
	in := image.Rect(0, 0, s.in[1], s.in[0])
	if local {
		in = in.Intersect(image.Rect(r.Min.X*w.stride-w.pad, r.Min.Y*w.stride-w.pad,
			(r.Max.X-1)*w.stride-w.pad+w.span, (r.Max.Y-1)*w.stride-w.pad+w.span))
	}
	dx := b.grads[s.from]
	switch l := s.layer.(type) {
	case Conv:
		convBack(l, dx, dy, b.flip[i], s, r)
	case Dense:
		weights := b.params[i][0].Data
		for k := range dx {
			sum := float32(0)
			for o, v := range weights[k*l.Units:][:l.Units] {
				sum += v * dy[o]
			}
			dx[k] += sum
		}
	case MaxPool:
		maxBack(w, dx, dy, b.value(s.from, picture), b.value(i+1, picture), s, r)
	case AvgPool:
		meanBack(w, l.Inside, dx, dy, s, r)
	case GlobalAvgPool:
		share := 1 / float32(s.in[0]*s.in[1])
		for k := range dx {
			dx[k] += share * dy[k%s.in[2]]
		}
	case LRN:
		lrnBack(l, dx, dy, b.value(s.from, picture), s, r, in)
	case BatchNorm:
		p := b.params[i] // scale, bias, mean, variance
		each(r, s.out, func(at int) {
			for c := range s.out[2] {
				dx[at+c] += dy[at+c] * p[0].Data[c] / float32(math.Sqrt(float64(p[3].Data[c])+l.epsilon()))
			}
		})
	case Subsample:
		each(r, s.out, func(at int) {
			pos := at / s.out[2]
			to := (pos/s.out[1]*w.stride*s.in[1] + pos%s.out[1]*w.stride) * s.in[2]
			for c := range s.in[2] {
				dx[to+c] += dy[at+l.Before+c]
			}
		})
	default: // dropout, functions, sums: the same at the same place
		add := func(dst []float32) {
			each(r, s.out, func(at int) {
				for c := range s.out[2] {
					dst[at+c] += dy[at+c]
				}
			})
		}
		add(dx)
		if s.shortcut >= 0 {
			add(b.grads[s.shortcut])
			b.spans[s.shortcut] = b.spans[s.shortcut].Union(in)
		}
	}
	b.spans[s.from] = b.spans[s.from].Union(in)
}

// each calls do with the place of each position of a rectangle.
func each(r image.Rectangle, s [3]int, do func(at int)) {
	for i := r.Min.Y; i < r.Max.Y; i++ {
		for j := r.Min.X; j < r.Max.X; j++ {
			do((i*s[1] + j) * s[2])
		}
	}
}

// convBack adds to dx each position's dy times the unit's filter, units × rows × columns ×
// channels of a group.
func convBack(l Conv, dx, dy, w []float32, s step, r image.Rectangle) {
	depth, per := s.in[2]/l.groups(), l.Units/l.groups()
	size := l.Kernel * l.Kernel * depth
	for i := r.Min.Y; i < r.Max.Y; i++ {
		for j := r.Min.X; j < r.Max.X; j++ {
			for o, g := range dy[(i*s.out[1]+j)*l.Units:][:l.Units] {
				if g == 0 {
					continue
				}
				filter, first := w[o*size:][:size], o/per*depth
				for p := range l.Kernel {
					y := i*l.stride() - l.Pad + p*l.dilation()
					if y < 0 || y >= s.in[0] {
						continue
					}
					for q := range l.Kernel {
						x := j*l.stride() - l.Pad + q*l.dilation()
						if x < 0 || x >= s.in[1] {
							continue
						}
						to := dx[(y*s.in[1]+x)*s.in[2]+first:][:depth]
						for c, v := range filter[(p*l.Kernel+q)*depth:][:depth] {
							to[c] += g * v
						}
					}
				}
			}
		}
	}
}

// window returns the rectangle of positions that position (i, j) looks at, cut off at the edge.
func (w reach) window(i, j int, s [3]int) image.Rectangle {
	y, x := i*w.stride-w.pad, j*w.stride-w.pad
	return image.Rect(x, y, x+w.span, y+w.span).Intersect(image.Rect(0, 0, s[1], s[0]))
}

// maxBack gives each window's signal to its first maximum, row by row.
func maxBack(w reach, dx, dy, x, y []float32, s step, r image.Rectangle) {
	channels := s.in[2]
	for i := r.Min.Y; i < r.Max.Y; i++ {
		for j := r.Min.X; j < r.Max.X; j++ {
			win, at := w.window(i, j, s.in), (i*s.out[1]+j)*channels
			for c, g := range dy[at:][:channels] {
				if g == 0 {
					continue
				}
			search:
				for p := win.Min.Y; p < win.Max.Y; p++ {
					for q := win.Min.X; q < win.Max.X; q++ {
						if k := (p*s.in[1]+q)*channels + c; x[k] == y[at+c] {
							dx[k] += g
							break search
						}
					}
				}
			}
		}
	}
}

// meanBack gives all of a window the same share; see [AvgPool].
func meanBack(w reach, inside bool, dx, dy []float32, s step, r image.Rectangle) {
	channels := s.in[2]
	for i := r.Min.Y; i < r.Max.Y; i++ {
		for j := r.Min.X; j < r.Max.X; j++ {
			win := w.window(i, j, s.in)
			n := win.Dx() * win.Dy()
			if !inside {
				y, x := i*w.stride-w.pad, j*w.stride-w.pad
				n = (min(y+w.span, s.in[0]+w.pad) - y) * (min(x+w.span, s.in[1]+w.pad) - x)
			}
			share := 1 / float32(n)
			g := dy[(i*s.out[1]+j)*channels:][:channels]
			each(win, s.in, func(at int) {
				for c, v := range g {
					dx[at+c] += share * v
				}
			})
		}
	}
}

// lrnBack adds to dx the derivative of a normalisation, in float64:
//
//	dx_i = s_i^−Beta · dy_i − 2·Alpha·Beta/n · x_i · Σ_j x_j · s_j^(−Beta−1) · dy_j
//
// where j goes over the values in whose sums s_j value i is.
func lrnBack(l LRN, dx, dy, x []float32, s step, r, in image.Rectangle) {
	half, channels, n := l.size()/2, s.in[2], float64(l.size())
	if l.Within {
		n *= float64(l.size())
	}
	// near calls do with the place of every value in the sum of the one at position (i, j),
	// channel c, as far as it is in the rectangle.
	near := func(i, j, c int, where image.Rectangle, do func(at int)) {
		if l.Within {
			win := image.Rect(j-half, i-half, j+half+1, i+half+1).Intersect(where)
			each(win, s.in, func(at int) { do(at + c) })
			return
		}
		for d := max(0, c-half); d <= min(channels-1, c+half); d++ {
			do((i*s.in[1]+j)*channels + d)
		}
	}
	all := image.Rect(0, 0, s.in[1], s.in[0])
	power, pull := make([]float64, len(x)), make([]float64, len(x))
	for i := r.Min.Y; i < r.Max.Y; i++ {
		for j := r.Min.X; j < r.Max.X; j++ {
			for c := range channels {
				at, sum := (i*s.in[1]+j)*channels+c, 0.0
				near(i, j, c, all, func(k int) { sum += float64(x[k]) * float64(x[k]) })
				scale := l.k() + l.alpha()/n*sum
				power[at] = math.Pow(scale, -l.beta())
				pull[at] = float64(x[at]) * power[at] / scale * float64(dy[at])
			}
		}
	}
	for i := in.Min.Y; i < in.Max.Y; i++ {
		for j := in.Min.X; j < in.Max.X; j++ {
			for c := range channels {
				at, sum := (i*s.in[1]+j)*channels+c, 0.0
				near(i, j, c, r, func(k int) { sum += pull[k] })
				v := -2 * l.alpha() * l.beta() / n * float64(x[at]) * sum
				if image.Pt(j, i).In(r) {
					v += power[at] * float64(dy[at])
				}
				dx[at] += float32(v)
			}
		}
	}
}

package similarity

import "gonum.org/v1/gonum/mat"

// kernel is the matrix K of inner products between n samples, centred: its rows sum to 0. It
// is held as such (gram, n×n) or, where that is smaller, as features x with K = x xᵀ.
type kernel struct {
	halt
	n    int
	x    *mat.Dense // n×p, nil if K is not of this form (RBF)
	gram *mat.Dense // n×n, or nil
	diag []float64
}

// linear returns the kernel of the centred activations x.
func linear(h halt, x *mat.Dense) *kernel {
	n, _ := x.Dims()
	k := &kernel{halt: h, n: n, x: x, diag: make([]float64, n)}
	for i := range n {
		for _, v := range x.RawRowView(i) {
			k.diag[i] += v * v
		}
	}
	return k
}

// ofGram returns the kernel of a matrix that it centres in place.
func ofGram(h halt, g *mat.Dense) *kernel {
	n, _ := g.Dims()
	rows := make([]float64, n)
	mean := 0.0
	for i := range n {
		h.check()
		for _, v := range g.RawRowView(i) {
			rows[i] += v
		}
		rows[i] /= float64(n)
		mean += rows[i]
	}
	mean /= float64(n)
	k := &kernel{halt: h, n: n, gram: g, diag: make([]float64, n)}
	for i := range n {
		row := g.RawRowView(i)
		for j := range row {
			row[j] += mean - rows[i] - rows[j]
		}
		k.diag[i] = row[i]
	}
	return k
}

// expand computes the n×n matrix if it is not there.
func (k *kernel) expand() {
	if k.gram == nil {
		k.gram = k.halt.gram(k.x)
	}
}

// units returns the columns of the features.
func (k *kernel) units() int {
	_, p := k.x.Dims()
	return p
}

// share chooses the form in which k and l cost less: once (one product with each other and
// one each with themselves), or for many draws, each of which costs n² entries or the
// products again.
func share(k, l *kernel, draws bool) {
	if k.x == nil || k.gram != nil {
		return // both have their matrices
	}
	n, p, q := k.n, k.units(), l.units()
	if draws && n <= p*q || !draws && n*(p+q) < p*p+q*q+p*q {
		k.expand()
		l.expand()
	}
}

// product returns Σ_ij K_ij L_ij.
func product(k, l *kernel) float64 {
	if k.gram != nil {
		k.check()
		return inner(k.gram, l.gram)
	}
	m := k.cross(k.x, l.x)
	k.check()
	return inner(m, m)
}

// productShuffled returns Σ_ij K_ij L_π(i)π(j).
func productShuffled(k, l *kernel, perm []int) float64 {
	if k.gram == nil {
		m := k.cross(k.x, gather(l.x, perm))
		return inner(m, m)
	}
	total := 0.0
	for i, pi := range perm {
		k.check()
		a, b := k.gram.RawRowView(i), l.gram.RawRowView(pi)
		sum := 0.0
		for j, pj := range perm[:i] {
			sum += a[j] * b[pj]
		}
		total += 2*sum + a[i]*b[pi]
	}
	return total
}

// resample is a set of weights: the samples drawn, and how often each was.
type resample struct {
	index  []int
	weight []float64 // of each index
}

func newResample(w []float64) resample {
	var r resample
	for i, v := range w {
		if v != 0 {
			r.index = append(r.index, i)
			r.weight = append(r.weight, v)
		}
	}
	return r
}

// total returns Σ w^power over the samples.
func (r resample) total(power int) float64 {
	sum := 0.0
	for _, w := range r.weight {
		t := w
		for range power - 1 {
			t *= w
		}
		sum += t
	}
	return sum
}

// sums are Σ_ij w_i^a w_j^b K_ij L_ij for (a, b) = (1, 1), (1, 2), (2, 2), (1, 3).
type sums struct{ s11, s12, s22, s13 float64 }

func productWeighted(k, l *kernel, r resample) sums {
	var s sums
	if k.gram == nil {
		x, y := gather(k.x, r.index), gather(l.x, r.index)
		weigh(x, r.weight)
		p1 := k.cross(x, y)
		weigh(x, r.weight)
		p2 := k.cross(x, y)
		weigh(x, r.weight)
		return sums{inner(p1, p1), inner(p1, p2), inner(p2, p2), inner(p1, k.cross(x, y))}
	}
	for a, i := range r.index {
		k.check()
		kr, lr := k.gram.RawRowView(i), l.gram.RawRowView(i)
		t1, t2, t3 := 0.0, 0.0, 0.0
		for b, j := range r.index {
			w := r.weight[b]
			v := w * kr[j] * lr[j]
			t1 += v
			t2 += w * v
			t3 += w * w * v
		}
		w := r.weight[a]
		s.s11 += w * t1
		s.s12 += w * t2
		s.s22 += w * w * t2
		s.s13 += w * t3
	}
	return s
}

func weigh(x *mat.Dense, w []float64) {
	for i, v := range w {
		row := x.RawRowView(i)
		for j := range row {
			row[j] *= v
		}
	}
}

// productBiased returns Σ_ij w_i w_j K_ij L_ij.
func productBiased(k, l *kernel, r resample) float64 {
	if k.gram == nil {
		x := gather(k.x, r.index)
		weigh(x, r.weight)
		m := k.cross(x, gather(l.x, r.index))
		return inner(m, m)
	}
	total := 0.0
	for a, i := range r.index {
		k.check()
		kr, lr := k.gram.RawRowView(i), l.gram.RawRowView(i)
		sum := 0.0
		for b, j := range r.index[:a] {
			sum += r.weight[b] * kr[j] * lr[j]
		}
		total += r.weight[a] * (2*sum + r.weight[a]*kr[i]*lr[i])
	}
	return total
}

// squared returns the same samples with the squares of their weights.
func (r resample) squared() resample {
	s := resample{index: r.index, weight: make([]float64, len(r.weight))}
	for a, w := range r.weight {
		s.weight[a] = w * w
	}
	return s
}

// times returns (K w)_i for the samples of r.
func (k *kernel) times(r resample) []float64 {
	out := make([]float64, len(r.index))
	if k.gram == nil {
		sum := make([]float64, k.units())
		for a, i := range r.index {
			for j, v := range k.x.RawRowView(i) {
				sum[j] += r.weight[a] * v
			}
		}
		for a, i := range r.index {
			for j, v := range k.x.RawRowView(i) {
				out[a] += v * sum[j]
			}
		}
		return out
	}
	for a, i := range r.index {
		k.check()
		row := k.gram.RawRowView(i)
		for b, j := range r.index {
			out[a] += r.weight[b] * row[j]
		}
	}
	return out
}

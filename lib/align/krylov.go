package align

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// fullEigen is the size up to which all eigenvalues are computed.
const fullEigen = 200

// largest returns the k largest eigenvalues of s, descending, or all of them up to fullEigen,
// and their eigenvectors of length 1 as columns.
func largest(s *mat.SymDense, k int, seed uint64) ([]float64, *mat.Dense) {
	n := s.SymmetricDim()
	// A Krylov space of a large part of all dimensions costs more than all of them.
	if n > fullEigen && 8*k <= n {
		if values, vectors, ok := krylov(s, k, seed); ok {
			return values, vectors
		}
	}
	return allEigen(s)
}

// allEigen returns all eigenvalues, descending, and eigenvectors.
func allEigen(s *mat.SymDense) ([]float64, *mat.Dense) {
	n := s.SymmetricDim()
	var e mat.EigenSym
	if !e.Factorize(s, true) {
		panic(fmt.Sprintf("align: the eigenvalues of a %d×%d matrix did not converge", n, n))
	}
	values := e.Values(nil)
	slices.Reverse(values)
	var ascending mat.Dense
	e.VectorsTo(&ascending)
	vectors := mat.NewDense(n, n, nil)
	for i := range n {
		row := vectors.RawRowView(i)
		copy(row, ascending.RawRowView(i))
		slices.Reverse(row)
	}
	return values, vectors
}

// krylov finds the k largest eigenvalues of s and their eigenvectors by restarted block
// iteration: from a block X of somewhat more than k vectors it spans X, SX, S²X, …, solves
// the eigenproblem within that space (Rayleigh and Ritz), and starts again from the best
// vectors found. A block finds eigenvalues up to its width many times over, which single
// vectors miss and graphs of several parts have. It reports false if it does not converge.
func krylov(s *mat.SymDense, k int, seed uint64) ([]float64, *mat.Dense, bool) {
	const (
		tol      = 1e-7 // |Sx − θx|: eigenvalues are then right to about its square, 1e-14
		restarts = 60
	)
	n := s.SymmetricDim()
	width := k + 4
	depth := max(3, min(10, n/(2*width)))
	full := newSquare(s)
	r := rand.New(rand.NewPCG(seed, streamKrylov))
	block := make([][]float64, width) // vectors as rows
	for a := range block {
		block[a] = make([]float64, n)
		for i := range block[a] {
			block[a][i] = r.NormFloat64()
		}
	}
	for range restarts {
		var basis, images [][]float64
		for level := range depth {
			if level > 0 {
				block = images[len(images)-len(block):]
			}
			fresh := orthogonal(basis, block)
			if len(fresh) == 0 {
				break // the space is closed under s
			}
			basis = append(basis, fresh...)
			images = append(images, full.times(fresh)...)
			block = fresh
		}
		d := len(basis)
		inside := mat.NewSymDense(d, nil)
		for a := range d {
			for b := a; b < d; b++ {
				inside.SetSym(a, b, floats.Dot(basis[a], images[b]))
			}
		}
		values, vectors := allEigen(inside)
		if d < k {
			return nil, nil, false
		}
		keep := min(width, d)
		worst := 0.0
		block = make([][]float64, keep)
		for c := range keep {
			x, y := make([]float64, n), make([]float64, n)
			for a := range d {
				v := vectors.At(a, c)
				floats.AddScaled(x, v, basis[a])
				if c < k {
					floats.AddScaled(y, v, images[a])
				}
			}
			block[c] = x
			if c < k {
				floats.AddScaled(y, -values[c], x)
				worst = max(worst, math.Sqrt(floats.Dot(y, y)))
			}
		}
		if worst <= tol {
			out := mat.NewDense(n, k, nil)
			for c := range k {
				out.SetCol(c, block[c])
			}
			return values[:k], out, true
		}
	}
	return nil, nil, false
}

// orthogonal returns the block made orthonormal to the basis and in itself, without the
// vectors that (nearly) lie in the span of those before.
func orthogonal(basis, block [][]float64) [][]float64 {
	var fresh [][]float64
	for _, v := range block {
		x := slices.Clone(v)
		before := math.Sqrt(floats.Dot(x, x))
		if before == 0 {
			continue
		}
		length := before
		for range 2 { // the second time removes the rounding of the first
			for _, b := range basis {
				floats.AddScaled(x, -floats.Dot(b, x), b)
			}
			for _, b := range fresh {
				floats.AddScaled(x, -floats.Dot(b, x), b)
			}
			length = math.Sqrt(floats.Dot(x, x))
		}
		if length <= 1e-10*before {
			continue
		}
		floats.Scale(1/length, x)
		fresh = append(fresh, x)
	}
	return fresh
}

// square is a symmetric matrix, all of it, row-major.
type square struct {
	n    int
	data []float64
}

func newSquare(s *mat.SymDense) *square {
	n := s.SymmetricDim()
	q := &square{n, make([]float64, n*n)}
	raw := s.RawSymmetric() // upper triangle
	for i := range n {
		for j := i; j < n; j++ {
			v := raw.Data[i*raw.Stride+j]
			q.data[i*n+j], q.data[j*n+i] = v, v
		}
	}
	return q
}

// times returns the products with the vectors; a row of the matrix is fetched once for all.
func (q *square) times(vectors [][]float64) [][]float64 {
	out := make([][]float64, len(vectors))
	for a := range out {
		out[a] = make([]float64, q.n)
	}
	for i := range q.n {
		row := q.data[i*q.n:][:q.n]
		for a, v := range vectors {
			out[a][i] = floats.Dot(row, v)
		}
	}
	return out
}

package align

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"gonverge/lib/internal/simd"

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

// krylov finds the k largest eigenvalues of s and their eigenvectors: with a narrow block, which is
// cheap and finds an eigenvalue as many times over as it is wide; where one is found as often as
// that, or not all converge at once, with a block wider than k. It reports false if that does not
// converge.
func krylov(s *mat.SymDense, k int, seed uint64) ([]float64, *mat.Dense, bool) {
	n := s.SymmetricDim()
	full := newSquare(s)
	if narrow := 4; narrow < k {
		depth := min(12*k, n/2) / narrow
		values, vectors, ok := full.iterate(k, narrow, depth, 1, seed)
		for a := 0; ok && a+narrow <= k; a++ {
			ok = values[a]-values[a+narrow-1] > 1e-6
		}
		if ok {
			return values, vectors, true
		}
	}
	width := k + 4
	return full.iterate(k, width, max(3, min(10, n/(2*width))), 60, seed)
}

// iterate is restarted block iteration: from a block X of some vectors it spans X, SX, S²X, …, to a
// depth, solves the eigenproblem within that space (Rayleigh and Ritz), and starts again from the
// best vectors found.
func (q *square) iterate(k, width, depth, restarts int, seed uint64) ([]float64, *mat.Dense, bool) {
	const tol = 1e-7 // |Sx − θx|: eigenvalues are then right to about its square, 1e-14
	n := q.n
	r := rand.New(rand.NewPCG(seed, streamKrylov))
	// Vectors are rows, side by side: images are their products with s.
	basis, images := make([]float64, depth*width*n), make([]float64, depth*width*n)
	block := make([]float64, width*n)
	for i := range block {
		block[i] = r.NormFloat64()
	}
	residual := make([]float64, n)
	for range restarts {
		d := 0
		for level := range depth {
			last := d
			if level > 0 {
				block = images[(d-len(block)/n)*n : d*n]
			}
			for v := 0; v < len(block); v += n {
				if orthogonal(basis[d*n:][:n], block[v:][:n], basis[:d*n]) {
					d++
				}
			}
			if d == last {
				break // the space is closed under s
			}
			block = basis[last*n : d*n]
			q.times(images[last*n:d*n], block)
		}
		if d < k {
			return nil, nil, false
		}
		inside := mat.NewSymDense(d, nil)
		row := make([]float64, d)
		for a := range d {
			simd.Dots64(row[a:], basis[a*n:][:n], images[a*n:d*n], n)
			for b := a; b < d; b++ {
				inside.SetSym(a, b, row[b])
			}
		}
		values, vectors := allEigen(inside)
		keep := min(max(width, k), d)
		worst := 0.0
		block = make([]float64, keep*n)
		for c := range keep {
			x := block[c*n:][:n]
			clear(residual)
			for a := range d {
				v := vectors.At(a, c)
				simd.Axpy64(v, basis[a*n:][:n], x)
				if c < k {
					simd.Axpy64(v, images[a*n:][:n], residual)
				}
			}
			if c < k {
				simd.Axpy64(-values[c], x, residual)
				worst = max(worst, math.Sqrt(simd.Dot64(residual, residual)))
			}
		}
		if worst <= tol {
			out := mat.NewDense(n, k, nil)
			for c := range k {
				out.SetCol(c, block[c*n:][:n])
			}
			return values[:k], out, true
		}
	}
	return nil, nil, false
}

// orthogonal sets dst to v made orthogonal to the rows of the basis and of length 1; it
// reports whether v does not (nearly) lie in their span.
func orthogonal(dst, v, basis []float64) bool {
	n := len(v)
	before := math.Sqrt(simd.Dot64(v, v))
	if before == 0 {
		return false
	}
	copy(dst, v)
	length := before
	shares := make([]float64, len(basis)/n)
	for range 2 { // the second time removes the rounding of the first
		simd.Dots64(shares, dst, basis, n)
		for b, share := range shares {
			simd.Axpy64(-share, basis[b*n:][:n], dst)
		}
		length = math.Sqrt(simd.Dot64(dst, dst))
	}
	if length <= 1e-10*before {
		return false
	}
	floats.Scale(1/length, dst)
	return true
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

// times sets the rows of dst to the products with the vectors, which are rows; some rows of
// the matrix are fetched once for all.
func (q *square) times(dst, vectors []float64) {
	n := q.n
	const rows = 4
	for i := 0; i < n; i += rows {
		end := min(i+rows, n)
		for v := 0; v < len(vectors); v += n {
			simd.Dots64(dst[v+i:v+end], vectors[v:][:n], q.data[i*n:end*n], n)
		}
	}
}

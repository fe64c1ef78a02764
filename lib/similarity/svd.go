package similarity

import (
	"math"

	"gonum.org/v1/gonum/mat"
)

// rankTolerance is the singular value, relative to the largest, below which a direction of
// the activations is rounding and not data. Float32 activations that are linearly dependent
// in exact arithmetic leave about 1e-7, which counts as data: remove such units first.
const rankTolerance = 1e-10

// factors is a thin singular value decomposition x = U diag(s) Vᵀ, values descending, without
// the directions below rankTolerance; u and v are nil at rank 0.
type factors struct {
	u, v *mat.Dense // n×r, p×r
	s    []float64
}

func (f factors) rank() int { return len(f.s) }

// decompose returns the factors of x.
func decompose(x *mat.Dense) factors {
	var svd mat.SVD
	if !svd.Factorize(x, mat.SVDThin) {
		return decomposeByGram(x)
	}
	s := svd.Values(nil)
	r := rankOf(s, rankTolerance)
	if r == 0 {
		return factors{}
	}
	var u, v mat.Dense
	svd.UTo(&u)
	svd.VTo(&v)
	return factors{u: columns(&u, r), v: columns(&v, r), s: s[:r]}
}

// decomposeByGram is decompose for the case that its iteration does not converge. It goes by
// the eigenvectors of the smaller Gram matrix, which squares the values: directions below
// 1e-7 of the largest are lost.
func decomposeByGram(x *mat.Dense) factors {
	n, p := x.Dims()
	if p > n {
		f := decomposeByGram(mat.DenseCopyOf(x.T()))
		f.u, f.v = f.v, f.u
		return f
	}
	values, vectors := eigen(cross(x, x))
	s := make([]float64, len(values))
	for k, v := range values {
		s[k] = math.Sqrt(max(0, v))
	}
	r := rankOf(s, 1e-7)
	if r == 0 {
		return factors{}
	}
	v := columns(vectors, r)
	var u mat.Dense
	u.Mul(x, v)
	for i := range n {
		row := u.RawRowView(i)
		for k := range row {
			row[k] /= s[k]
		}
	}
	return factors{u: &u, v: v, s: s[:r]}
}

// rankOf counts the leading values above tolerance times the first.
func rankOf(s []float64, tolerance float64) int {
	r := 0
	for r < len(s) && s[r] > 0 && s[r] > tolerance*s[0] {
		r++
	}
	return r
}

// columns returns a copy of the first k columns of m.
func columns(m *mat.Dense, k int) *mat.Dense {
	n, _ := m.Dims()
	return mat.DenseCopyOf(m.Slice(0, n, 0, k))
}

// scaled returns m with column k times s[k].
func scaled(m *mat.Dense, s []float64) *mat.Dense {
	n, _ := m.Dims()
	out := mat.DenseCopyOf(m)
	for i := range n {
		row := out.RawRowView(i)
		for k := range row {
			row[k] *= s[k]
		}
	}
	return out
}

// eigen returns the eigenvalues of the symmetric g, descending, and the vectors as columns.
func eigen(g *mat.Dense) ([]float64, *mat.Dense) {
	n, _ := g.Dims()
	sym := mat.NewSymDense(n, nil)
	for i := range n {
		for j := i; j < n; j++ {
			sym.SetSym(i, j, (g.At(i, j)+g.At(j, i))/2)
		}
	}
	var es mat.EigenSym
	if !es.Factorize(sym, true) {
		// The implicit QR iteration of a finite symmetric matrix has no known failure.
		panic("similarity: eigenvalues did not converge")
	}
	ascending := es.Values(nil)
	var v mat.Dense
	es.VectorsTo(&v)
	values, vectors := make([]float64, n), mat.NewDense(n, n, nil)
	for k := range n {
		values[k] = ascending[n-1-k]
		for i := range n {
			vectors.Set(i, k, v.At(i, n-1-k))
		}
	}
	return values, vectors
}

// singular returns the singular values of m, descending.
func singular(m *mat.Dense) []float64 {
	var svd mat.SVD
	if svd.Factorize(m, mat.SVDNone) {
		return svd.Values(nil)
	}
	return decomposeByGram(m).s
}

// nuclear returns the sum of the singular values of m.
func nuclear(m *mat.Dense) float64 {
	sum := 0.0
	for _, v := range singular(m) {
		sum += v
	}
	return sum
}

package align

import (
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// Permutation returns the partners as a permutation of 0..n−1: unit i of the first net stands
// where unit Permutation()[i] of the second does, so that column Permutation()[i] of the matrix
// moves to place i. It panics unless the matching is one-to-one between nets of n units.
func (m *Matching) Permutation() []int {
	n := len(m.Partner)
	seen := make([]bool, n)
	for i, j := range m.Partner {
		if j < 0 || j >= n || seen[j] {
			panic(fmt.Sprintf("align: Permutation: partner %d of row %d: not a permutation of %d", j, i, n))
		}
		seen[j] = true
	}
	return slices.Clone(m.Partner)
}

// Cycles returns the cycles of [Matching.Permutation], i → partner(i) → …: each from its smallest
// unit on, in the order of those; a unit that is its own partner is a cycle of one. Numbers of units
// mean nothing, so that for nets of their own seeds the cycles are those of a random permutation:
// about ln n of them, one in n of the units its own partner; many cycles of one tell of nets that
// share their start. It panics as Permutation does.
func (m *Matching) Cycles() [][]int {
	p := m.Permutation()
	done := make([]bool, len(p))
	var cycles [][]int
	for i := range p {
		if done[i] {
			continue
		}
		var cycle []int
		for j := i; !done[j]; j = p[j] {
			done[j] = true
			cycle = append(cycle, j)
		}
		cycles = append(cycles, cycle)
	}
	return cycles
}

// Absolute returns the magnitudes of the entries of m: matched by them, a unit can be paired
// with one that is its negative. By chance they are larger than signed ones. It panics if an
// entry is NaN or infinite, naming its position.
func Absolute(m mat.Matrix) *mat.Dense {
	values, rows, columns := entries("Absolute", m)
	if rows == 0 || columns == 0 {
		return &mat.Dense{}
	}
	for k, v := range values {
		values[k] = math.Abs(v)
	}
	return mat.NewDense(rows, columns, values)
}

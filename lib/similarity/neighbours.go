package similarity

import (
	"fmt"
	"slices"

	"gonum.org/v1/gonum/mat"
)

// NearestNeighbours returns the mutual k-nearest-neighbour overlap of a and b (samples ×
// units): of the k samples nearest to each in a, by Euclidean distance and without itself, the
// share that is also among its k nearest in b, averaged over samples (Huh et al., ICML 2024).
//
//	range       [0, 1]
//	direction   1: the same neighbours everywhere
//	invariant   to rotations and reflections, to one factor for a whole matrix, to offsets per
//	            unit; to anything that keeps which samples are near
//	by chance   exactly k/(n−1), for shuffled samples
//
// Ties: where several samples at the same distance (squared distances that agree to 1e-12 of
// the squared lengths) compete for the last places, each has its part of them, as if drawn by
// lot in a and in b independently, and the result is the mean over all lots. So the order of
// the samples does not matter, constant data gives chance, and a matrix with such ties has
// less than 1 with itself. Time grows as n². It panics unless 1 ≤ k ≤ n−1, if the numbers of
// samples differ, or an entry is not finite.
func NearestNeighbours(a, b mat.Matrix, k int) float64 {
	if k < 1 {
		panic(fmt.Sprintf("similarity: NearestNeighbours: %d neighbours (valid: 1 to samples−1)", k))
	}
	return once(NeighbourOverlap, "NearestNeighbours", a, b, Options{Neighbours: k})
}

// neighbours is the comparison of nearest neighbours.
type neighbours struct {
	halt
	n, k int
	a, b []near
	own  []float64 // overlap of each sample
}

// near lists the samples among the k nearest of one, each with its part in [0, 1].
type near struct {
	index []int32
	part  []float64
}

func newNeighbours(h halt, x, y *mat.Dense, k int) *neighbours {
	n, _ := x.Dims()
	s := &neighbours{n: n, k: k, halt: h, a: nearest(h, x, k), b: nearest(h, y, k), own: make([]float64, n)}
	identity := make([]int, n)
	for i := range identity {
		identity[i] = i
	}
	s.overlaps(identity, s.own)
	return s
}

// tieTolerance is the difference of squared distances, relative to the squared lengths, that
// is a tie.
const tieTolerance = 1e-12

// nearest returns the k nearest neighbours of each row of x.
func nearest(h halt, x *mat.Dense, k int) []near {
	centre(x)
	n, _ := x.Dims()
	length := linear(h, x).diag
	longest := slices.Max(length)
	d := squaredDistances(h, x)
	out := make([]near, n)
	sorted := make([]float64, 0, n-1)
	for i := range n {
		h.check()
		row := d.RawRowView(i)
		sorted = append(append(sorted[:0], row[:i]...), row[i+1:]...)
		slices.Sort(sorted)
		slack := tieTolerance * (length[i] + longest)
		low, high := sorted[k-1]-slack, sorted[k-1]+slack
		inside, tied := 0, 0
		for _, v := range sorted {
			if v < low {
				inside++
			} else if v <= high {
				tied++
			}
		}
		part := float64(k-inside) / float64(tied)
		for j, v := range row {
			switch {
			case j == i || v > high:
			case v < low:
				out[i].index = append(out[i].index, int32(j))
				out[i].part = append(out[i].part, 1)
			default:
				out[i].index = append(out[i].index, int32(j))
				out[i].part = append(out[i].part, part)
			}
		}
	}
	return out
}

// overlaps writes to own the overlap of each sample of a with sample perm[i] of b, and returns
// their sum.
func (s *neighbours) overlaps(perm []int, own []float64) float64 {
	back := make([]int32, s.n)
	for i, p := range perm {
		back[p] = int32(i)
	}
	part := make([]float64, s.n)
	total := 0.0
	for i, p := range perm {
		a, b := s.a[i], s.b[p]
		for t, j := range a.index {
			part[j] = a.part[t]
		}
		sum := 0.0
		for t, j := range b.index {
			sum += part[back[j]] * b.part[t]
		}
		for _, j := range a.index {
			part[j] = 0
		}
		own[i] = sum / float64(s.k)
		total += own[i]
	}
	return total
}

func (s *neighbours) value() float64 {
	total := 0.0
	for _, v := range s.own {
		total += v
	}
	return clip(total/float64(s.n), 0, 1)
}

func (s *neighbours) shuffled(perm []int) float64 {
	return clip(s.overlaps(perm, make([]float64, s.n))/float64(s.n), 0, 1)
}

// resampled keeps the neighbours that each sample has among all: a copy of a sample would be
// its nearest neighbour in both.
func (s *neighbours) resampled(w []float64) float64 {
	sum, total := 0.0, 0.0
	for i, v := range w {
		sum += v * s.own[i]
		total += v
	}
	return clip(sum/total, 0, 1)
}

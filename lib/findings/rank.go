package findings

import (
	"fmt"
	"math"
	"math/cmplx"
	"slices"

	"gonverge/lib/nn"
)

// RankCorrelation returns Spearman's rank correlation of two lists, in [−1, 1]: the
// Pearson correlation of their ranks, equal values sharing the mean of theirs. By
// chance it is 0 with deviation 1/√(n−1); it does not change under rising functions
// of either list. A constant list gives 0. It panics if the lengths differ or a value
// is NaN.
func RankCorrelation(a, b []float64) float64 {
	if len(a) != len(b) {
		panic(fmt.Sprintf("findings: RankCorrelation: %d and %d values", len(a), len(b)))
	}
	x, y := ranks(a), ranks(b)
	var xy, xx, yy float64
	middle := float64(len(a)-1) / 2
	for i := range x {
		xy += (x[i] - middle) * (y[i] - middle)
		xx += (x[i] - middle) * (x[i] - middle)
		yy += (y[i] - middle) * (y[i] - middle)
	}
	if xx == 0 || yy == 0 {
		return 0
	}
	return math.Max(-1, math.Min(1, xy/math.Sqrt(xx*yy)))
}

// ranks returns the rank of each value, from 0; equal values share the mean of theirs.
func ranks(v []float64) []float64 {
	order := make([]int, len(v))
	for i := range order {
		if math.IsNaN(v[i]) {
			panic(fmt.Sprintf("findings: RankCorrelation: value %d is NaN", i))
		}
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int {
		switch {
		case v[i] < v[j]:
			return -1
		case v[i] > v[j]:
			return 1
		}
		return 0
	})
	r := make([]float64, len(v))
	for from := 0; from < len(order); {
		to := from
		for to < len(order) && v[order[to]] == v[order[from]] {
			to++
		}
		for _, i := range order[from:to] {
			r[i] = float64(from+to-1) / 2
		}
		from = to
	}
	return r
}

// FilterFrequencies returns the mean spatial frequency of each filter of a
// convolution, in cycles a pixel, from 0 (a flat patch) to about 0.7 (a chequer-board):
//
//	Σ |f| P(f) / Σ P(f)
//
// where P is the power spectrum of the filter, summed over its input channels, at the
// frequencies of its kernel. A filter of zeros has 0. It panics if the net has no such
// convolution, naming the layer.
func FilterFrequencies(net *nn.Net, layer string) []float64 {
	for _, p := range net.Params() {
		if p.Layer == layer && p.Name == "weight" && len(p.Shape) == 4 {
			return filterFrequencies(p.Data, p.Shape[0], p.Shape[2], p.Shape[3])
		}
	}
	panic(fmt.Sprintf("findings: FilterFrequencies: no convolution %q", layer))
}

// filterFrequencies is FilterFrequencies of weights as kernel × kernel × channels × units.
func filterFrequencies(weights []float32, kernel, channels, units int) []float64 {
	power, moment := make([]float64, units), make([]float64, units)
	for fy := range kernel {
		for fx := range kernel {
			// Frequencies beyond half a cycle a pixel are the negative ones.
			y, x := float64(fy)/float64(kernel), float64(fx)/float64(kernel)
			frequency := math.Hypot(math.Min(y, 1-y), math.Min(x, 1-x))
			for u := range units {
				for c := range channels {
					var sum complex128
					for i := range kernel {
						for j := range kernel {
							w := float64(weights[((i*kernel+j)*channels+c)*units+u])
							sum += complex(w, 0) * cmplx.Rect(1, -2*math.Pi*(y*float64(i)+x*float64(j)))
						}
					}
					p := real(sum)*real(sum) + imag(sum)*imag(sum)
					power[u] += p
					moment[u] += frequency * p
				}
			}
		}
	}
	for u := range moment {
		if power[u] > 0 {
			moment[u] /= power[u]
		}
	}
	return moment
}

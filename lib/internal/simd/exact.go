package simd

import "math"

// Digits is how many digits of 32 bits an exact sum keeps.
const Digits = 4

// exactRow is what ExactProducts hands to the assembly.
type exactRow struct {
	n, mean, sum      float64
	means, sums, gram *float64
	top               *int32
	d0, d1, d2, d3    *int64
	count             int
}

// ExactProducts adds to exact sums, for j = 0, 1, …,
//
//	n·mean·means[j] + gram[j] − sum·sums[j]/n
//
// as two float64 numbers: the product n·mean·means[j] rounded, and all else. Sum j is
// Σ_k digits[k][j]·2^(32·(top[j]−k)); a number is cut into such digits towards 0, and what is below the
// last is dropped. It stops before the first four sums of which one number reaches 2^(32·(top[j]+1)), or is
// not finite, or whose top is not within ±31, and returns how many sums it did: a multiple of 4,
// 0 without assembly. It panics if a slice is shorter than top.
func ExactProducts(top []int32, digits *[Digits][]int64, n, mean, sum float64, means, sums, gram []float64) int {
	count := fours(len(top))
	if count == 0 {
		return 0
	}
	for _, d := range digits {
		need("ExactProducts", "digits", len(d), len(top))
	}
	need("ExactProducts", "means", len(means), len(top))
	need("ExactProducts", "sums", len(sums), len(top))
	need("ExactProducts", "gram", len(gram), len(top))
	return exactRowAsm(&exactRow{n, mean, sum, &means[0], &sums[0], &gram[0], &top[0],
		&digits[0][0], &digits[1][0], &digits[2][0], &digits[3][0], count})
}

// NoDigits is the top of an exact sum that has no numbers, whose digits are 0.
const NoDigits = math.MinInt32 / 2

// ExactTops sets the tops of exact sums that have no numbers to what the two numbers reach that
// [ExactProducts] would add to each. It stops before the first four sums of which one has numbers, or both of whose
// numbers are 0 (or below the normal ones), or one is not finite, and returns how many sums it did: a
// multiple of 4, 0 without assembly.
func ExactTops(top []int32, n, mean, sum float64, means, sums, gram []float64) int {
	count := fours(len(top))
	if count == 0 {
		return 0
	}
	need("ExactTops", "means", len(means), len(top))
	need("ExactTops", "sums", len(sums), len(top))
	need("ExactTops", "gram", len(gram), len(top))
	return exactTopsAsm(&exactRow{n: n, mean: mean, sum: sum, means: &means[0], sums: &sums[0], gram: &gram[0], top: &top[0], count: count})
}

// exactTotals is what ExactCovariances hands to the assembly.
type exactTotals struct {
	n, hi, lo      float64
	his, los, cov  *float64
	top            *int32
	d0, d1, d2, d3 *int64
	count          int
}

// ExactCovariances sets cov[j] to (p − s·t/n)/n, where p is the exact sum of top and digits (see [ExactProducts]), s is
// hi + lo and t is his[j] + los[j]: all in pairs of float64, to about 100 bits, then rounded. It stops
// before the first four sums of which one has a digit of 2^51 or more, or a top outside −25..28 (or none), and
// returns how many it did: a multiple of 4, 0 without assembly. It panics if a slice is shorter than top.
func ExactCovariances(cov []float64, top []int32, digits *[Digits][]int64, n, hi, lo float64, his, los []float64) int {
	count := fours(len(top))
	if count == 0 {
		return 0
	}
	for _, d := range digits {
		need("ExactCovariances", "digits", len(d), len(top))
	}
	need("ExactCovariances", "cov", len(cov), len(top))
	need("ExactCovariances", "his", len(his), len(top))
	need("ExactCovariances", "los", len(los), len(top))
	return exactTotalsAsm(&exactTotals{n, hi, lo, &his[0], &los[0], &cov[0], &top[0],
		&digits[0][0], &digits[1][0], &digits[2][0], &digits[3][0], count})
}

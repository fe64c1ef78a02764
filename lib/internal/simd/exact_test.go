package simd

import (
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"
)

// exactCase is a row of exact sums with what is added to it.
type exactCase struct {
	n, mean, sum      float64
	means, sums, gram []float64
	top               []int32
	digits            [Digits][]int64
}

// guardedAs returns n values of T with a page beside them that cannot be touched.
func guardedAs[T float64 | int64 | int32](t *testing.T, n int, atEnd bool) []T {
	var zero T
	words := guarded(t, n*int(unsafe.Sizeof(zero))/4, atEnd)
	return unsafe.Slice((*T)(unsafe.Pointer(&words[0])), n)
}

func newExactCase(t *testing.T, r *rand.Rand, count int, spread float64, atEnd bool) *exactCase {
	draw := func() float64 { return r.NormFloat64() * math.Exp2(spread*(r.Float64()-0.5)) }
	c := &exactCase{n: float64(1 + r.IntN(5000)), mean: draw(), sum: draw(), top: guardedAs[int32](t, count, atEnd)}
	for _, x := range []*[]float64{&c.means, &c.sums, &c.gram} {
		*x = guardedAs[float64](t, count, atEnd)
		for i := range *x {
			(*x)[i] = draw()
		}
	}
	for k := range c.digits {
		c.digits[k] = guardedAs[int64](t, count, atEnd)
	}
	for i := range c.top {
		c.top[i] = NoDigits
	}
	return c
}

// numbers are the two numbers added to sum j.
func (c *exactCase) numbers(j int) (product, rest float64) {
	mm := c.mean * c.means[j]
	product = c.n * mm
	rest = math.FMA(c.n, mm, -product) + float64(c.n*math.FMA(c.mean, c.means[j], -mm))
	return product, float64(c.gram[j]-float64(c.sum*c.sums[j])/c.n) + rest
}

func bin(v float64) int32 { return int32(math.Floor(float64(math.Ilogb(v)) / 32)) }

func TestExactTopsEqualTheirFormula(t *testing.T) {
	needAssembly(t)
	r := newRand()
	for _, spread := range []float64{1, 60, 500} {
		for _, count := range []int{1, 3, 4, 8, 31} {
			for _, atEnd := range []bool{true, false} {
				c := newExactCase(t, r, count, spread, atEnd)
				got := ExactTops(c.top, c.n, c.mean, c.sum, c.means, c.sums, c.gram)
				if got != count&^3 {
					t.Fatalf("%d sums: did %d", count, got)
				}
				for j := range c.top {
					want := int32(NoDigits)
					if j < got {
						product, rest := c.numbers(j)
						want = max(bin(product), bin(rest))
					}
					if c.top[j] != want {
						t.Fatalf("spread %v, sum %d of %d: top %d, want %d", spread, j, count, c.top[j], want)
					}
				}
			}
		}
	}
	// What it leaves alone.
	c := newExactCase(t, r, 12, 1, true)
	c.top[9] = 0
	if got := ExactTops(c.top, c.n, c.mean, c.sum, c.means, c.sums, c.gram); got != 8 {
		t.Errorf("a sum with numbers: did %d, want 8", got)
	}
	c = newExactCase(t, r, 12, 1, true)
	c.means[6], c.sums[6], c.gram[6] = 0, 0, 0
	if got := ExactTops(c.top, c.n, c.mean, c.sum, c.means, c.sums, c.gram); got != 4 {
		t.Errorf("zeros: did %d, want 4", got)
	}
	c = newExactCase(t, r, 12, 1, true)
	c.gram[1] = math.NaN()
	if got := ExactTops(c.top, c.n, c.mean, c.sum, c.means, c.sums, c.gram); got != 0 {
		t.Errorf("a NaN: did %d, want 0", got)
	}
}

// TestExactProductsAndCovariances: what is summed is what comes out, to the last bit or nearly, beside
// sums of 2,000 bits.
func TestExactProductsAndCovariances(t *testing.T) {
	needAssembly(t)
	r := newRand()
	wide := func(v float64) *big.Float { return new(big.Float).SetPrec(2000).SetFloat64(v) }
	for top, spread := range map[int32]float64{1: 1, 2: 40} {
		for _, atEnd := range []bool{true, false} {
			const count = 24
			c := newExactCase(t, r, count, spread, atEnd)
			for i := range c.top {
				c.top[i] = top
			}
			exact := make([]*big.Float, count)
			for i := range exact {
				exact[i] = wide(0)
			}
			for range 9 {
				if got := ExactProducts(c.top, &c.digits, c.n, c.mean, c.sum, c.means, c.sums, c.gram); got != count {
					t.Fatalf("%d products of %d", got, count)
				}
				for j := range exact {
					product, rest := c.numbers(j)
					exact[j].Add(exact[j], wide(product)).Add(exact[j], wide(rest))
				}
				r.Shuffle(count, func(i, j int) { c.means[i], c.means[j] = c.means[j], c.means[i] })
			}
			his, los, cov := guardedAs[float64](t, count, atEnd), guardedAs[float64](t, count, atEnd), guardedAs[float64](t, count, atEnd)
			for j := range his {
				his[j] = r.NormFloat64()
				los[j] = his[j] * 1e-17 * (r.Float64() - 0.5)
			}
			hi, lo, n := r.NormFloat64(), 1e-18*r.NormFloat64(), float64(1+r.IntN(1e6))
			if got := ExactCovariances(cov, c.top, &c.digits, n, hi, lo, his, los); got != count {
				t.Fatalf("%d covariances of %d", got, count)
			}
			for j, got := range cov {
				s := wide(hi)
				s.Add(s, wide(lo))
				u := wide(his[j])
				u.Add(u, wide(los[j]))
				s.Mul(s, u).Quo(s, wide(n))
				want := exact[j].Sub(exact[j], s)
				want.Quo(want, wide(n))
				// A sum drops what is below 2^(32·(top−3)), one unit of it for each number.
				w, _ := want.Float64()
				if d := math.Abs(got - w); !(d <= 2e-16*math.Abs(w)+18*math.Exp2(float64(32*(top-3)))/n) {
					t.Fatalf("spread %v, covariance %d: got %v, want %v", spread, j, got, w)
				}
			}
			// What is not for it.
			for j, change := range []func(){func() { c.top[13] = NoDigits }, func() { c.top[9] = 29 }, func() { c.digits[2][5] = 1 << 51 }, func() { c.digits[3][0] = -1<<51 - 1 }} {
				change()
				if got, want := ExactCovariances(cov, c.top, &c.digits, n, hi, lo, his, los), 12-4*j; got != want {
					t.Errorf("did %d, want %d", got, want)
				}
			}
		}
	}
}

func TestExactKernelsRefuseShortSlices(t *testing.T) {
	needAssembly(t)
	top, x, short := make([]int32, 8), make([]float64, 8), make([]float64, 7)
	digits := [Digits][]int64{make([]int64, 8), make([]int64, 8), make([]int64, 8), make([]int64, 8)}
	mustPanic(t, "means", func() { ExactTops(top, 1, 1, 1, short, x, x) })
	mustPanic(t, "sums", func() { ExactTops(top, 1, 1, 1, x, short, x) })
	mustPanic(t, "gram", func() { ExactTops(top, 1, 1, 1, x, x, short) })
	mustPanic(t, "cov", func() { ExactCovariances(short, top, &digits, 1, 1, 0, x, x) })
	mustPanic(t, "his", func() { ExactCovariances(x, top, &digits, 1, 1, 0, short, x) })
	mustPanic(t, "los", func() { ExactCovariances(x, top, &digits, 1, 1, 0, x, short) })
	digits[1] = digits[1][:7]
	mustPanic(t, "digits", func() { ExactCovariances(x, top, &digits, 1, 1, 0, x, x) })
	mustPanic(t, "digits", func() { ExactProducts(top, &digits, 1, 1, 1, x, x, x) })
	if !slices.Equal(top, make([]int32, 8)) {
		t.Error("changed all the same")
	}
}

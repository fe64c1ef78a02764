package simd

// FMA computes 192·n floating-point operations of which none waits for another or for memory,
// and returns their number, a fused multiply-add counted as two: timed, it tells the most that
// one core can do. In plain Go, which has no such instruction to measure, it does nothing and
// returns 0.
func FMA(n int) int {
	if !useAsm || n < 1 {
		return 0
	}
	fmaAsm(n)
	return n * fmaFlop
}

// fmaFlop is the work of one turn of fmaAsm: 12 sums of eight values, a product and a sum each.
const fmaFlop = 12 * 8 * 2

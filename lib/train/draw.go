package train

import (
	"math/bits"
	"math/rand/v2"
)

// Every random draw of a training is a pure function of the seed, the stream and
// a counter (epoch or step), so that a resumed run draws what the first would
// have drawn without any generator's state being kept. The initial weights are
// drawn by nn from its own stream of the same seed.
const (
	streamOrder   = 0x6f72646572 // "order": the pictures' order, counter: epoch
	streamAugment = 0x6175676d   // "augm": flips and shifts, counter: step
)

// source returns the generator of one stream at one count.
func source(seed, stream, count uint64) *rand.PCG {
	// Mixed, because neighbouring states of a PCG start with related numbers.
	return rand.NewPCG(mix(seed^mix(stream)), mix(mix(stream)+count))
}

// mix is the finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below returns a number in 0..n−1 from one draw. Its bias is under n/2⁶⁴, and
// unlike rand.Rand's methods its stream is fixed by this file alone.
func below(src *rand.PCG, n int) int {
	hi, _ := bits.Mul64(src.Uint64(), uint64(n))
	return int(hi)
}

// order fills dst with a permutation of 0..len(dst)−1, the order of an epoch
// (counted from 0).
func order(dst []int, seed uint64, epoch int) {
	src := source(seed, streamOrder, uint64(epoch))
	for i := range dst {
		dst[i] = i
	}
	for i := len(dst) - 1; i > 0; i-- {
		j := below(src, i+1)
		dst[i], dst[j] = dst[j], dst[i]
	}
}

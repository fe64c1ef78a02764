package nn

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/maphash"
	"math"
	"sync"
	"unsafe"
)

// Fingerprints of nets, which stand for them in the names of what is cached, and how they are kept without
// ever being stale.

// Fingerprint returns a SHA-256 in hexadecimal of the architecture and the parameters'
// bits. Seed, origin and history do not enter.
func (n *Net) Fingerprint() string { return n.fingerprint(n.params) }

// FingerprintTo is [Net.Fingerprint] with the parameters of the steps up to the deepest of the named
// layers alone, those that an [Evaluator] for them has: of a net whose last layers are wide a
// small part. A name that is unknown stands for the last layer.
func (n *Net) FingerprintTo(layers ...string) string {
	deepest := 0
	for _, name := range layers {
		at := n.index(name)
		if at < 0 {
			at = len(n.steps)
		}
		deepest = max(deepest, at)
	}
	params := n.params
	for i, p := range params {
		if n.index(p.Layer) > deepest {
			params = params[:i]
			break
		}
	}
	return n.fingerprint(params)
}

func (n *Net) fingerprint(params []Param) string {
	arch := n.Arch.Fingerprint()
	key := n.known.key(arch, params)
	if f := n.known.get(key); f != "" {
		return f
	}
	h := sha256.New()
	fmt.Fprintln(h, arch)
	var buf [4096]byte
	for _, p := range params {
		for d := p.Data; len(d) > 0; {
			k := min(len(d), len(buf)/4)
			for i, v := range d[:k] {
				binary.LittleEndian.PutUint32(buf[4*i:], math.Float32bits(v))
			}
			h.Write(buf[:4*k])
			d = d[k:]
		}
	}
	f := hex.EncodeToString(h.Sum(nil))
	n.known.put(key, f)
	return f
}

// fingerprints are some that were computed, by another hash of the parameters as they were then: a fifth of
// the work, and of 128 bits with a seed of its own, so that no change goes unseen.
type fingerprints struct {
	mutex sync.Mutex
	seeds [2]maphash.Seed
	sums  map[[2]uint64]string
}

// mostKnown bounds how many fingerprints are kept; those of a net that is being trained are of no use any more.
const mostKnown = 16

func newFingerprints() *fingerprints {
	return &fingerprints{seeds: [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}, sums: map[[2]uint64]string{}}
}

func (f *fingerprints) key(arch string, params []Param) (key [2]uint64) {
	all := make([]byte, 0, len(arch)+16*len(params))
	for k, seed := range f.seeds {
		all = append(all[:0], arch...)
		for _, p := range params {
			all = binary.LittleEndian.AppendUint64(all, uint64(len(p.Data)))
			all = binary.LittleEndian.AppendUint64(all, maphash.Bytes(seed, memory(p.Data)))
		}
		key[k] = maphash.Bytes(seed, all)
	}
	return key
}

func (f *fingerprints) get(key [2]uint64) string {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	return f.sums[key]
}

func (f *fingerprints) put(key [2]uint64, sum string) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	if len(f.sums) >= mostKnown {
		clear(f.sums)
	}
	f.sums[key] = sum
}

// memory returns the bytes of x.
func memory(x []float32) []byte {
	return unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(x))), 4*len(x))
}

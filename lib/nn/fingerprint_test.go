package nn

import (
	"math"
	"sync"
	"testing"
)

// TestFingerprintIsNeverStale: what is kept is not taken for other parameters, of clones and prefixes neither.
func TestFingerprintIsNeverStale(t *testing.T) {
	arch := MiniAlexNet([3]int{32, 32, 3}, 10)
	n := New(arch, 3)
	fresh := func(n *Net) string { // of a net that has computed none
		m := n.Clone()
		m.known = newFingerprints()
		return m.Fingerprint()
	}
	first := n.Fingerprint()
	for i, p := range n.Params() {
		for _, at := range []int{0, len(p.Data) / 2, len(p.Data) - 1} {
			old := p.Data[at]
			p.Data[at] = math.Float32frombits(math.Float32bits(old) ^ 1)
			if got, want := n.Fingerprint(), fresh(n); got != want || got == first {
				t.Fatalf("parameters %d, number %d changed: %s, want %s", i, at, got, want)
			}
			p.Data[at] = old
			if got := n.Fingerprint(); got != first {
				t.Fatalf("parameters %d, number %d as before: %s, want %s", i, at, got, first)
			}
		}
	}
	c := n.Clone()
	c.Params()[0].Data[0]++
	if c.Fingerprint() == first || n.Fingerprint() != first {
		t.Error("a clone and its net have one fingerprint")
	}
	if to := n.FingerprintTo("conv1"); to == first || to == n.FingerprintTo("conv2") || to != New(arch, 3).FingerprintTo("conv1") {
		t.Error("a part has the fingerprint of another")
	}
	c.Arch = MiniAlexNet([3]int{32, 32, 3}, 10)
	c.Arch.Name = "other"
	if before := c.Fingerprint(); before != fresh(c) {
		t.Error("another architecture has the kept fingerprint")
	}
	for range 3 * mostKnown { // and what is kept is bounded
		n.Params()[0].Data[0]++
		if n.Fingerprint() != fresh(n) || len(n.known.sums) > mostKnown {
			t.Fatalf("%d kept", len(n.known.sums))
		}
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() { _ = n.Fingerprint() })
	}
	wait.Wait()
}

package nn

import (
	"bytes"
	"math"
	"os"
	"runtime"
	"testing"

	"gonverge/lib/internal/simd"
)

// What is pinned here was recorded before layers beyond Conv, MaxPool, Dense and Dropout
// existed. Nets are kept in a cache under these fingerprints and must come back bit for bit:
// a change here costs every user all trained nets.

func TestFingerprintsStayWhatTheyWere(t *testing.T) {
	for _, c := range []struct {
		arch *Arch
		want string
	}{
		{MiniAlexNet([3]int{32, 32, 3}, 10), "3fdfb9fa4410e8d126e5133e70208f31b70f2e0d46b8c0348837dc61d72a5e48"},
		{SmallAlexNet([3]int{32, 32, 3}, 10), "3d58a895b10f917b8b1c534738c3e144ec2e3cc254f4ab4f6ca075f18b4edf1b"},
		{tiny(), "179399dea07343aca8b76e09dd3e71b786b6aed58cc9b64babdb6be393b4de25"},
	} {
		if got := c.arch.Fingerprint(); got != c.want {
			t.Errorf("%s: %s, want %s", c.arch.Name, got, c.want)
		}
	}
}

// needRecordedBits skips where plain Go gives other bits than those that were recorded.
func needRecordedBits(t *testing.T) {
	t.Helper()
	if runtime.GOARCH != "amd64" {
		t.Skip("bits are recorded for amd64: here the compiler fuses products and sums")
	}
}

func TestTrainingKeepsItsBits(t *testing.T) {
	needRecordedBits(t)
	a := MiniAlexNet([3]int{32, 32, 3}, 10)
	n := New(a, 1)
	tr := must(n.Trainer(8))(t)
	defer tr.Close()
	x, labels := noise(a, 8, 1)
	rule := Rule{Momentum: 0.9, Clip: 5, LR: make([]float64, 16), Decay: make([]float64, 16)}
	for i := range rule.LR {
		rule.LR[i], rule.Decay[i] = 0.01, 1e-3
	}
	nets := map[string][2]string{
		"avx2+fma": {"6b5fe0444390750e81c98aedd6b845667943746ff910b049e0be5cc959efc8c5", "b5b2e4d28a8cb9bda14aa872bf48fa73a74efff60055b98d55d5e6185e433683"},
		"go":       {"4367fb1401e84d9597862f99fb599bec3cc5e6e6b5c990b06ad249f7aa51a310", "bdf03a252363fad1bfa069f323fc4855cf37ad1f222b534acdc00e9cf4e15123"},
	}[simd.Name()]
	for i, want := range []uint64{0x4001720480000000, 0x3ffd1bfb40000000} {
		loss, _, err := tr.Step(x, labels)
		if err != nil {
			t.Fatal(err)
		}
		if math.Float64bits(loss) != want {
			t.Errorf("loss of step %d is %v, want %v", i, loss, math.Float64frombits(want))
		}
		if _, err := tr.Update(rule); err != nil {
			t.Fatal(err)
		}
		if got := n.Fingerprint(); got != nets[i] {
			t.Errorf("net after step %d is %s, want %s", i, got, nets[i])
		}
	}
}

func TestNetsStoredEarlierStillDecode(t *testing.T) {
	b, err := os.ReadFile("testdata/version1.net") // tiny() of seed 42, recorded by the first version
	if err != nil {
		t.Fatal(err)
	}
	n, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	if n.Seed != 42 || n.Origin != "recipe tiny on noise" || len(n.History) != 2 || n.History[0] != (Epoch{1, 2.25, 0.125}) {
		t.Errorf("came back as %v, history %v", n, n.History)
	}
	if got := n.Fingerprint(); got != "a7bb4cff620b08d6035cd8c2e94071d96d2d7e5af73bfb7e9b653f1f0e9c1412" {
		t.Errorf("fingerprint %s", got)
	}
	if again, err := Encode(n); err != nil || !bytes.Equal(again, b) {
		t.Errorf("encoding again gives other bytes (%v)", err)
	}
}

// The same at batches whose quarters are more than one block of pictures and a rest, for any
// number of goroutines; recorded when each picture was worked on alone, with its border.
func TestTrainingOfLargerBatchesKeepsItsBits(t *testing.T) {
	needRecordedBits(t)
	for _, c := range []struct {
		arch *Arch
		want map[string]string
	}{
		{MiniAlexNet([3]int{32, 32, 3}, 10), map[string]string{
			"avx2+fma": "5956dff26843fecdbdba944d222ced2114486262ea8a7c0d2ce1a28bb5df3b96", "go": "675b04eed44b725435d63983b07d5ce205d33ef0f84d7932f5df3baf38b1f0dd"}},
		{CIFAR10Quick([3]int{32, 32, 3}, 10), map[string]string{
			"avx2+fma": "f99940bae2b066582ff3e34b0ed8e7db23e2c54f2333537371e81e5c505f9cba", "go": "bd88569f0ab6581d046f3636d6c62fc340b1d9e21a1aac17f6640cd5e52f48a5"}},
	} {
		const batch = 45
		x, labels := noise(c.arch, batch, 1)
		rule := Rule{Momentum: 0.9}
		most := 5
		if simd.Name() == "go" {
			most = 1 // slow
		}
		for workers := range most {
			n := New(c.arch, 1)
			for range n.Params() {
				rule.LR, rule.Decay = append(rule.LR, 0.001), append(rule.Decay, 1e-3)
			}
			rule.LR, rule.Decay = rule.LR[:len(n.Params())], rule.Decay[:len(n.Params())]
			tr := must(n.Trainer(batch))(t)
			tr.SetWorkers(workers + 1)
			for range 2 {
				if _, _, err := tr.Step(x, labels); err != nil {
					t.Fatal(err)
				}
				if _, err := tr.Update(rule); err != nil {
					t.Fatal(err)
				}
			}
			_ = tr.Close() // it holds memory only
			if got := n.Fingerprint(); got != c.want[simd.Name()] {
				t.Errorf("%s with %d workers: net after two steps is %s, want %s", c.arch.Name, workers+1, got, c.want[simd.Name()])
			}
		}
	}
}

package simd

import "testing"

func TestFMACountsItsWork(t *testing.T) {
	eachPath(t, func(t *testing.T) {
		want := 0
		if useAsm {
			want = 1000 * fmaFlop
		}
		if got := FMA(1000); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
		if got := FMA(0) + FMA(-1); got != 0 {
			t.Errorf("nothing to do: got %d", got)
		}
	})
}

package corr

import (
	"context"
	"errors"
	"math/rand/v2"
	"testing"

	"gonverge/lib/activation"
	"gonverge/lib/internal/contexttest"

	"gonum.org/v1/gonum/mat"
)

// TestContextsReachEveryPart: a context that ends within a long computation ends it, wherever that is, at its
// next part: nothing is returned but the context's error, and no more than each worker's part is begun.
func TestContextsReachEveryPart(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	array := func(units int) mat.Matrix {
		m := mat.NewDense(1500, units, nil)
		for i := range 1500 {
			for j := range units {
				m.Set(i, j, max(0, r.NormFloat64()))
			}
		}
		return m
	}
	mats := []mat.Matrix{array(40), array(50)}
	src := activation.Arrays("fc", 1, mats...)
	draws, err := Bootstrap(t.Context(), src, BootstrapConfig{Groups: 12})
	if err != nil {
		t.Fatal(err)
	}
	stats, err := Measure(t.Context(), src)
	if err != nil {
		t.Fatal(err)
	}
	layer := stats.Layer("fc")
	works := []struct {
		name  string
		parts int64 // that the work asks before, at least
		do    func(ctx context.Context) (found bool, err error)
	}{
		{"information", 2*90 + 3, func(ctx context.Context) (bool, error) { // percentiles of units; stripes of units
			l := newCounting("fc", []int{40, 50}, InformationConfig{}.filled())
			values := singles(mats)
			if err := l.gather(values, 1500); err != nil {
				t.Fatal(err)
			}
			l.sketch(ctx)
			if err := l.cut(ctx); err != nil {
				return false, err
			}
			if err := l.add(ctx, values, 1500); err != nil {
				return false, err
			}
			info, err := l.layer(ctx)
			return info != nil, err
		}},
		{"scores without leading components", 3, func(ctx context.Context) (bool, error) { // two nets, a pair
			s := CompareConfig{Leading: 2}.scores(ctx, layer)
			if s == nil {
				return false, ctx.Err()
			}
			return true, nil
		}},
		{"scores of draws", 3 * 8, func(ctx context.Context) (bool, error) { // most groups of three draws
			s, err := CompareConfig{Draws: 3}.draw(ctx, draws.Layer("fc"))
			return s != nil, err
		}},
	}
	for _, w := range works {
		polls := int64(0)
		for ; ; polls++ {
			ctx := contexttest.EndAfter(polls)
			found, err := w.do(ctx)
			if after := -ctx.Left(); after > 16 {
				t.Errorf("%s, ended at poll %d: asked %d times more, want at most once or twice a worker and level", w.name, polls, after)
			}
			if err == nil {
				break
			}
			if found || !errors.Is(err, context.Canceled) {
				t.Fatalf("%s, ended at poll %d: found %v, %v", w.name, polls, found, err)
			}
		}
		if polls < w.parts {
			t.Errorf("%s: asked %d times whether it shall go on, want %d or more", w.name, polls, w.parts)
		}
	}
}

// TestAPartThatIsCutShortIsNotKept: sums of many pairs of units end within a cell, and then nothing of the part is kept, since
// some of its sums have the cell and some have not; those of few pairs take the cell whole and are kept, whenever the context ends.
func TestAPartThatIsCutShortIsNotKept(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 3))
	for _, c := range []struct {
		units int
		kept  bool
	}{{12, true}, {710, false}} {
		m := mat.NewDense(64, c.units, nil)
		for i := range 64 {
			for j := range c.units {
				m.Set(i, j, r.NormFloat64())
			}
		}
		src := activation.Arrays("fc", 1, m)
		want, err := Measure(t.Context(), src)
		if err != nil {
			t.Fatal(err)
		}
		keeps := 0
		for polls := int64(1); ; polls += 1 + polls/4 {
			inTempCache(t)
			s, err := Collect(contexttest.EndAfter(polls), src)
			if err == nil {
				if string(Encode(s)) != string(Encode(want)) {
					t.Errorf("%d units: other bits", c.units)
				}
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%d units, ended at poll %d: %v", c.units, polls, err)
			}
			part := cacheOf(t, src).resume(src)
			if part != nil {
				keeps++
				rest, err := Collect(t.Context(), src)
				if err != nil || string(Encode(rest)) != string(Encode(want)) {
					t.Errorf("%d units, resumed after poll %d: %v, or other bits", c.units, polls, err)
				}
			}
		}
		if (keeps > 0) != c.kept {
			t.Errorf("%d units: kept %d times, want %v", c.units, keeps, c.kept)
		}
	}
}

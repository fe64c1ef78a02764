package activation_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/activation"
)

// counting returns a matrix whose entries tell their place.
func counting(rows, columns int) *mat.Dense {
	m := mat.NewDense(rows, columns, nil)
	for i := range rows {
		for j := range columns {
			m.Set(i, j, float64(100*i+j))
		}
	}
	return m
}

func TestArraysComeAsBlocks(t *testing.T) {
	const pictures, positions = 70, 3
	a, b := counting(pictures*positions, 4), counting(pictures*positions, 2)
	view := mat.Transpose{Matrix: mat.DenseCopyOf(b.T())} // no rows to look at
	src := activation.Arrays("conv1", positions, a, view)
	if got := src.String(); got != "2 arrays over 70 pictures × 3 positions; layers conv1" {
		t.Error(got)
	}
	collect := func(src *activation.Source) (values [2][]float32) {
		t.Helper()
		err := src.Each(context.Background(), func(blk *activation.Block) error {
			l := blk.Layers[0]
			if l.Name != "conv1" || l.Rows != blk.Pictures*positions || !slices.Equal(l.Units, []int{4, 2}) {
				return fmt.Errorf("%+v", l)
			}
			for i := range values {
				values[i] = append(values[i], l.Values[i]...)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	got := collect(src)
	for i, m := range []mat.Matrix{a, b} {
		r, c := m.Dims()
		if len(got[i]) != r*c {
			t.Fatalf("matrix %d: %d values, want %d", i, len(got[i]), r*c)
		}
		for k, v := range got[i] {
			if float64(v) != m.At(k/c, k%c) {
				t.Fatalf("matrix %d, row %d: %v", i, k/c, v)
			}
		}
	}
	// Shuffled: pictures of all but the first in another order, positions together.
	mixed := collect(src.Shuffled(1))
	if !slices.Equal(mixed[0], got[0]) || slices.Equal(mixed[1], got[1]) {
		t.Error("shuffled: the first must stay, the second must not")
	}
	seen := map[float32]bool{}
	for p := range pictures {
		first := mixed[1][p*positions*2]
		for k := range positions {
			if v := mixed[1][(p*positions+k)*2]; v != first+float32(100*k) {
				t.Fatalf("picture %d: positions %v and %v are not of one picture", p, first, v)
			}
		}
		seen[first] = true
	}
	if len(seen) != pictures {
		t.Errorf("%d pictures, want %d", len(seen), pictures)
	}
	// Parts are the whole.
	one, two := collect(src.Part(0, 2)), collect(src.Part(1, 2))
	if !slices.Equal(slices.Concat(one[1], two[1]), got[1]) {
		t.Error("two parts are not the whole")
	}
	// Fingerprints follow the values, those without pictures do not.
	other := mat.DenseCopyOf(b)
	other.Set(5, 1, -1)
	changed := activation.Arrays("conv1", positions, a, other)
	if src.Fingerprint() != activation.Arrays("conv1", positions, a, b).Fingerprint() || src.Fingerprint() == changed.Fingerprint() || src.NetsFingerprint() != changed.NetsFingerprint() {
		t.Error("fingerprints do not follow the values")
	}
	if src.Nets() != nil || src.Set() != nil {
		t.Error("nets or pictures of arrays")
	}
	if _, err := activation.Top(context.Background(), src, "conv1", 1); err == nil || !strings.Contains(err.Error(), "no nets and pictures") {
		t.Errorf("Top: %v", err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := src.Each(ctx, func(*activation.Block) error { return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestArraysThatDoNotFitPanic(t *testing.T) {
	for name, c := range map[string]struct {
		make func()
		want string
	}{
		"none":      {func() { activation.Arrays("a", 1) }, "no matrices"},
		"nil":       {func() { activation.Arrays("a", 1, counting(2, 2), nil) }, "matrix 1 of 2 is nil"},
		"rows":      {func() { activation.Arrays("a", 1, counting(2, 2), counting(3, 2)) }, "matrix 1 has 3 rows, matrix 0 has 2"},
		"positions": {func() { activation.Arrays("a", 2, counting(3, 2)) }, "each of 2 positions"},
		"zero":      {func() { activation.Arrays("a", 0, counting(3, 2)) }, "each of 0 positions"},
	} {
		func() {
			defer func() {
				if p := fmt.Sprint(recover()); !strings.Contains(p, c.want) {
					t.Errorf("%s: %v, want %q", name, p, c.want)
				}
			}()
			c.make()
		}()
	}
}

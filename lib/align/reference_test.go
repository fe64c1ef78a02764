package align

import (
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// published reads a final weight matrix of the authors' mapping layers, as predictors ×
// targets; the files are looked for under $GONVERGE_SHARED/reference.
func published(t *testing.T, run string, units, offset int) *mat.Dense {
	t.Helper()
	dir := os.Getenv("GONVERGE_SHARED")
	if dir == "" {
		t.Skip("GONVERGE_SHARED is not set: no published maps")
	}
	b, err := os.ReadFile(filepath.Join(dir, "reference", "runs", run+"__stitching.pkl"))
	if err != nil {
		t.Fatal(err)
	}
	w := mat.NewDense(units, units, nil)
	for target := range units { // rows of the file are targets
		for source := range units {
			bits := binary.LittleEndian.Uint32(b[offset+4*(target*units+source):])
			w.Set(source, target, float64(math.Float32frombits(bits)))
		}
	}
	return w
}

func TestPublishedMapsHaveTheTablesCounts(t *testing.T) {
	for _, c := range []struct {
		run                string
		units, offset      int
		thousandth, tenths int // weights above 1e-3 and above 0.1
	}{
		{"net0_net1_L1_0_conv1", 96, 147, 9104, 1397},
		{"net0_net1_L1_-5_conv1", 96, 147, 9075, 1366},
		{"net0_net1_L1_-3_conv1", 96, 147, 1731, 327},
		{"net0_net1_L1_-2.6_conv1", 96, 147, 433, 180},
		{"net1_net0_L1_-2.6_conv1", 96, 147, 438, 188},
		{"net0_net1_L1_-1_conv1", 96, 147, 0, 0},
		{"net0_net1_L1_0_conv2", 256, 149, 64361, 2527},
		{"net0_net1_L1_-5_conv2", 256, 149, 64023, 2431},
		{"net0_net1_L1_-3_conv2", 256, 149, 2368, 194},
		{"net0_net1_L1_-1_conv2", 256, 149, 0, 0},
	} {
		s := &SparseMap{Weights: published(t, c.run, c.units, c.offset), Method: "paper SGD"}
		count := func(threshold float64) int { return int(math.Round(s.MeanNonZero(threshold) * float64(c.units))) }
		if got := count(1e-3); got != c.thousandth {
			t.Errorf("%s: %d weights above 1e-3, published %d", c.run, got, c.thousandth)
		}
		if got := count(.1); got != c.tenths {
			t.Errorf("%s: %d weights above 0.1, published %d", c.run, got, c.tenths)
		}
	}
}

func TestClustersOfPublishedMapsHoldUnitsOfBothNets(t *testing.T) {
	w12 := published(t, "net0_net1_L1_-2.6_conv1", 96, 147)
	w21 := published(t, "net1_net0_L1_-2.6_conv1", 96, 147)
	similarity := MapSimilarity(w12, w21)
	d := mat.NewSymDense(192, nil)
	for i := range 192 {
		for j := i + 1; j < 192; j++ {
			d.SetSym(i, j, 1-similarity.At(i, j))
		}
	}
	average := Agglomerate(d, AverageLinkage)
	paper := AgglomerateMaps(w12, w21)
	for name, labels := range map[string][]int{"paper": paper.CutWeight(.01), "average linkage": average.CutHeight(.99)} {
		sizes := map[int]*[2]int{}
		for i, l := range labels {
			if sizes[l] == nil {
				sizes[l] = new([2]int)
			}
			sizes[l][i/96]++
		}
		groups, both, four := 0, 0, 0
		for _, s := range sizes {
			if s[0]+s[1] < 2 {
				continue
			}
			groups++
			if s[0] > 0 && s[1] > 0 {
				both++
			}
			if s[0] >= 4 && s[1] >= 4 {
				four++
			}
		}
		t.Logf("%s: %d clusters of two units or more, %d of both nets, %d with four of each", name, groups, both, four)
		// Figure 7 shows two subspaces spanned by four units of each net.
		if groups == 0 || both < groups || four < 2 {
			t.Errorf("%s: %d clusters, %d of both nets, %d with four of each", name, groups, both, four)
		}
	}
}

package similarity

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// oracleCase says how testdata/oracle.py builds its matrices, and what it measured.
type oracleCase struct {
	Name        string
	Seed        uint64
	N, P, Q     int
	Mix, Offset float64
	Relu        bool
	Dead, Twin  bool
	Want        map[string]float64
}

func oracleCases(t *testing.T) []oracleCase {
	t.Helper()
	b, err := os.ReadFile("testdata/measures.json")
	if err != nil {
		t.Fatal(err)
	}
	var oracle struct{ Cases []oracleCase }
	if err := json.Unmarshal(b, &oracle); err != nil {
		t.Fatal(err)
	}
	return oracle.Cases
}

func (c oracleCase) matrices() (a, b *mat.Dense) {
	s := c.Seed
	uniform := func() float64 { // splitmix64, as in oracle.py
		s += 0x9E3779B97F4A7C15
		z := s
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		return float64((z^z>>31)>>11)*0x1p-53 - 0.5
	}
	fill := func(p int) *mat.Dense {
		m := mat.NewDense(c.N, p, nil)
		for i := range c.N {
			for j := range p {
				m.Set(i, j, uniform())
			}
		}
		return m
	}
	a, b = fill(c.P), fill(c.Q)
	for i := range c.N {
		for j := range c.Q {
			b.Set(i, j, b.At(i, j)+c.Mix*a.At(i, j%c.P))
		}
	}
	for _, m := range []*mat.Dense{a, b} {
		_, p := m.Dims()
		for i := range c.N {
			row := m.RawRowView(i)
			for j := range row {
				if c.Relu {
					row[j] = max(0, row[j])
				}
				row[j] += c.Offset
			}
			if c.Dead {
				row[0] = 0.3
			}
			if c.Twin {
				row[1] = row[p-1]
			}
		}
	}
	return a, b
}

func TestMeasuresAgreeWithNumpyAndScipy(t *testing.T) {
	for _, c := range oracleCases(t) {
		a, b := c.matrices()
		got := map[string]float64{
			"CKA":                  CKA(a, b),
			"CKAFeature":           CKA(a, b),
			"CKAAngle":             CKAAngle(a, b),
			"CKAUnbiased":          CKAUnbiased(a, b),
			"CKARBF05":             CKARBF(a, b, 0.5),
			"CKARBF1":              CKARBF(a, b, 1),
			"CCA":                  CCA(a, b),
			"SVCCA99":              SVCCA(a, b, 0.99),
			"SVCCA60":              SVCCA(a, b, 0.6),
			"PWCCA":                PWCCA(a, b),
			"Procrustes":           Procrustes(a, b),
			"ProcrustesNormalized": ProcrustesNormalized(a, b),
			"ProcrustesAngle":      ProcrustesAngle(a, b),
			"RSA":                  RSA(a, b),
			"RSAPearson":           RSAPearson(a, b),
			"NearestNeighbours3":   NearestNeighbours(a, b, 3),
			"NearestNeighbours5":   NearestNeighbours(a, b, 5),
		}
		const tol = 1e-10 // float64 sums in another order, and the arc cosine
		var names []string
		for name := range c.Want {
			names = append(names, name)
		}
		slices.Sort(names)
		if len(names) != len(got) {
			t.Errorf("%s: %d measures, oracle has %d", c.Name, len(got), len(names))
		}
		for _, name := range names {
			if w := c.Want[name]; !(math.Abs(got[name]-w) <= tol) {
				t.Errorf("%s: %s: got %v, want %v (difference %.1e)", c.Name, name, got[name], w, got[name]-w)
			}
		}
	}
}

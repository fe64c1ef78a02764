package similarity

import (
	"bytes"
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"os/exec"
	"testing"

	"gonum.org/v1/gonum/mat"
)

// auditCase is a pair of matrices for testdata/audit.py.
type auditCase struct {
	Name string
	A, B [][]float64
	Ties bool    // samples may be copies of each other
	tol  float64 // of what depends on differences of large numbers
}

func auditCases() []auditCase {
	r := rand.New(rand.NewPCG(9, 9))
	draw := func(n, p int, change func(i, j int, v float64) float64) [][]float64 {
		m := make([][]float64, n)
		for i := range m {
			for j := range p {
				v := r.NormFloat64()
				if change != nil {
					v = change(i, j, v)
				}
				m[i] = append(m[i], v)
			}
		}
		return m
	}
	follow := func(a [][]float64, p int, share float64) [][]float64 {
		return draw(len(a), p, func(i, j int, v float64) float64 { return v*(1-share) + share*a[i][j%len(a[i])] })
	}
	relu := func(i, j int, v float64) float64 { return max(0, v) }
	dead := func(i, j int, v float64) float64 {
		if j%3 == 0 {
			return 0
		}
		return max(0, v)
	}
	large := func(i, j int, v float64) float64 { return 1e6 + v }
	const tol = 1e-9
	var cases []auditCase
	add := func(name string, a, b [][]float64, ties bool, tol float64) {
		cases = append(cases, auditCase{name, a, b, ties, tol})
	}
	a := draw(40, 6, nil)
	add("random", a, draw(40, 6, nil), false, tol)
	add("related", a, follow(a, 6, .7), false, tol)
	add("rectangular", a, follow(a, 11, .5), false, tol)
	add("more units than samples", draw(7, 20, nil), draw(7, 15, nil), false, tol)
	add("rectified", draw(60, 8, relu), draw(60, 5, relu), true, tol)
	add("dead units", draw(30, 7, dead), draw(30, 7, dead), true, tol)
	add("all dead", draw(12, 3, func(int, int, float64) float64 { return 2 }), draw(12, 4, nil), false, tol)
	add("one unit", draw(25, 1, nil), draw(25, 1, nil), false, tol)
	add("one unit and many", draw(25, 1, nil), draw(25, 9, nil), false, tol)
	add("one sample", draw(1, 4, nil), draw(1, 5, nil), false, tol)
	add("two samples", draw(2, 4, nil), draw(2, 5, nil), false, tol)
	add("three samples", draw(3, 4, nil), draw(3, 5, nil), false, tol)
	twins := draw(30, 8, nil)
	for _, row := range twins {
		row[3], row[5] = row[1], 2*row[1]-row[0]
	}
	add("duplicate and dependent units", twins, draw(30, 6, nil), false, tol)
	copies := draw(20, 5, nil)
	copies[7], copies[12] = copies[3], copies[3]
	add("duplicate samples", copies, draw(20, 5, nil), true, tol)
	add("mean a million deviations", draw(40, 6, large), draw(40, 4, large), false, 1e-6)
	add("scales far apart", draw(40, 4, func(i, j int, v float64) float64 { return v * math.Pow(10, float64(3*j-5)) }), draw(40, 3, nil), false, tol)
	return cases
}

// TestMeasuresAgreeWithTheirDefinitions compares every measure with testdata/audit.py, which computes it
// another way: centring matrices for CKA, subspace angles for CCA, eigenvectors of projections for
// PWCCA, the rotation itself for Procrustes.
func TestMeasuresAgreeWithTheirDefinitions(t *testing.T) {
	const python = "/usr/bin/python3" // Debian's, which has the packages
	if out, err := exec.Command(python, "-c", "import numpy, scipy").CombinedOutput(); err != nil {
		if os.Getenv("REQUIRE_JUPYTER") == "1" {
			t.Fatalf("%s: %v %s", python, err, out) // CI installs them
		}
		t.Skipf("no audit: %s cannot import numpy and scipy: %v %s", python, err, out)
	}
	cases := auditCases()
	text, err := json.Marshal(cases)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "testdata/audit.py")
	var faults bytes.Buffer
	cmd.Stdin, cmd.Stderr = bytes.NewReader(text), &faults
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("audit.py: %v\n%s", err, faults.String())
	}
	var want []map[string]float64
	if err := json.Unmarshal(out, &want); err != nil {
		t.Fatal(err)
	}
	worst := map[string]float64{}
	for i, c := range cases {
		a, b := dense(c.A), dense(c.B)
		for name, measure := range map[string]func() float64{
			"CKA":                  func() float64 { return CKA(a, b) },
			"CKAAngle":             func() float64 { return CKAAngle(a, b) },
			"CKAUnbiased":          func() float64 { return CKAUnbiased(a, b) },
			"CKARBF":               func() float64 { return CKARBF(a, b, .5) },
			"CCA":                  func() float64 { return CCA(a, b) },
			"SVCCA":                func() float64 { return SVCCA(a, b, .9) },
			"PWCCA":                func() float64 { return PWCCA(a, b) },
			"Procrustes":           func() float64 { return Procrustes(a, b) },
			"ProcrustesNormalized": func() float64 { return ProcrustesNormalized(a, b) },
			"ProcrustesAngle":      func() float64 { return ProcrustesAngle(a, b) },
			"RSA":                  func() float64 { return RSA(a, b) },
			"RSAPearson":           func() float64 { return RSAPearson(a, b) },
			"NearestNeighbours":    func() float64 { return NearestNeighbours(a, b, 3) },
		} {
			w, ok := want[i][name]
			if !ok {
				continue
			}
			got, tol := measure(), c.tol
			if name == "CKAAngle" || name == "ProcrustesAngle" || name == "ProcrustesNormalized" {
				tol = max(tol, 3e-8) // half of the digits are lost near 0
			}
			worst[name] = max(worst[name], math.Abs(got-w))
			if !(math.Abs(got-w) <= tol*(1+math.Abs(w))) {
				t.Errorf("%s: %s: got %.15g, by definition %.15g", c.Name, name, got, w)
			}
		}
	}
	t.Log("largest differences:", worst)
}

func dense(rows [][]float64) *mat.Dense {
	m := mat.NewDense(len(rows), len(rows[0]), nil)
	for i, row := range rows {
		m.SetRow(i, row)
	}
	return m
}

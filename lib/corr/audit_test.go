package corr

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

// auditScript does in numpy what FromMatrices and its mutual information do, for pairs of matrices.
const auditScript = `
import json, sys
import numpy as np
np.seterr(all="ignore")
def bins(v, K=9):
    pos = v[v > 0]
    if not len(pos):
        return np.zeros(len(v), int)
    e = np.percentile(pos, 100 * np.arange(1, K) / K)
    return np.where(v > 0, 1 + (e[None, :] <= v[:, None]).sum(1), 0)
out = []
for x, y in json.load(sys.stdin):
    x, y = np.array(x, float), np.array(y, float)
    both = np.hstack([x, y])
    still = both.min(0) == both.max(0)
    # In two passes, so that a large mean takes no digits away.
    z = both - both.mean(0)
    z -= z.mean(0)
    cov = z.T @ z / len(z)
    sd = np.sqrt(np.diag(cov))
    cor = cov / np.outer(sd, sd)
    cor[still, :] = 0
    cor[:, still] = 0
    info = []
    for a in x.T:
        row = []
        for b in y.T:
            p = np.histogram2d(bins(a), bins(b), bins=[np.arange(11) - .5] * 2)[0] / len(a)
            e = np.outer(p.sum(1), p.sum(0))
            row.append((p[p > 0] * np.log(p[p > 0] / e[p > 0])).sum())
        info.append(row)
    out.append(dict(Mean=both.mean(0).tolist(), Std=np.where(still, 0, sd).tolist(), Min=both.min(0).tolist(), Max=both.max(0).tolist(),
                    Zero=(both == 0).mean(0).tolist(), Correlation=cor.tolist(), Information=info))
json.dump(out, sys.stdout)
`

func TestAuditAgainstNumpy(t *testing.T) {
	const python = "/usr/bin/python3"
	if out, err := exec.Command(python, "-c", "import numpy").CombinedOutput(); err != nil {
		if os.Getenv("REQUIRE_JUPYTER") == "1" {
			t.Fatalf("%s: %v %s", python, err, out) // CI installs them
		}
		t.Skipf("no audit: %s cannot import numpy: %v %s", python, err, out)
	}
	r := rand.New(rand.NewPCG(8, 2))
	var given [][2][][]float64
	var pairs [][2]*mat.Dense
	for _, c := range []struct {
		name    string
		n, p, q int
	}{{"plain", 500, 4, 3}, {"one sample", 1, 3, 2}, {"one unit", 40, 1, 1}, {"two samples", 2, 2, 5}, {"ties", 300, 3, 3}, {"dead", 100, 3, 2}, {"large mean", 2000, 3, 3}} {
		fill := func(units int) (*mat.Dense, [][]float64) {
			m := mat.NewDense(c.n, units, nil)
			var rows [][]float64
			for i := range c.n {
				for j := range units {
					v := float64(float32(max(0, r.NormFloat64()+.3)))
					switch {
					case c.name == "ties":
						v = math.Floor(3 * v)
					case c.name == "dead" && j == 0:
						v = 0
					case c.name == "dead" && j == 1:
						v = .25
					case c.name == "large mean":
						v = 1e6 + r.NormFloat64()
					}
					m.Set(i, j, v)
				}
				rows = append(rows, m.RawRowView(i))
			}
			return m, rows
		}
		x, xs := fill(c.p)
		y, ys := fill(c.q)
		given = append(given, [2][][]float64{xs, ys})
		pairs = append(pairs, [2]*mat.Dense{x, y})
	}
	text, err := json.Marshal(given)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(python, "-c", auditScript)
	cmd.Stdin = bytes.NewReader(text)
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var found []struct {
		Mean, Std, Min, Max, Zero []float64
		Correlation, Information  [][]float64
	}
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatal(err)
	}
	worst := map[string]float64{}
	compare := func(what string, k int, got, want, tol float64) {
		t.Helper()
		d := math.Abs(got - want)
		worst[what] = max(worst[what], d)
		if !(d <= tol) {
			t.Errorf("%s of case %d: %v, numpy %v", what, k, got, want)
		}
	}
	for k, w := range found {
		l := FromMatrices(pairs[k][0], pairs[k][1])
		p := l.Units(0)
		for net := range 2 {
			for i := range l.Units(net) {
				at := net*p + i
				compare("mean", k, l.Mean(net)[i], w.Mean[at], 1e-8) // 1e6 in the last digits that numpy.mean keeps
				compare("deviation", k, l.Std(net)[i], w.Std[at], 1e-9)
				compare("minimum", k, l.Min(net)[i], w.Min[at], 0)
				compare("maximum", k, l.Max(net)[i], w.Max[at], 0)
				compare("zeros", k, l.ZeroShare(net)[i], w.Zero[at], 1e-15)
				for j := range l.Units(1) {
					compare("correlation", k, l.Between(net, 1).At(i, j), w.Correlation[at][p+j], 1e-9)
				}
			}
		}
		m := l.MutualInformation(0, 1)
		for i, row := range w.Information {
			for j, v := range row {
				if k == 6 {
					continue // float32 does not resolve it
				}
				compare("mutual information", k, m.At(i, j), v, 1e-12)
			}
		}
	}
	for what, d := range worst { // in any order: for the reader only
		t.Logf("%-18s largest difference %.1e", what, d)
	}
}

package align

import (
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// SoftMatching spreads each unit of one net over several of another.
type SoftMatching struct {
	// Plan is p×q, for p rows and q columns: the share of the whole that pairs row i with
	// column j. Entries are at least 0, each row sums to 1/p, each column to 1/q, all to 1.
	Plan *mat.Dense
	mean float64
	used int
}

// SoftMatch finds the soft matching of largest mean entry of the p×q matrix m:
//
//	maximise Σ_ij P_ij m_ij  where  P ≥ 0,  Σ_j P_ij = 1/p,  Σ_i P_ij = 1/q
//
// For units of unit variance ‖x_i − y_j‖² = 2 − 2 m_ij, so this is the plan of the soft
// matching distance of Khosla and Williams (arXiv 2311.09466). For p = q it is [Match], every
// pair with weight 1/p. Unlike Match it leaves no unit of the wider net out, and swapping
// the nets transposes the plan. Of several best plans it returns one, always the same for the
// same matrix; at most p + q − 1 entries need to be above 0.
//
// It is exact up to rounding: shares are whole numbers of 1/lcm(p, q), moved along shortest
// augmenting paths. A path costs up to order pq steps and their number is a few times p + q
// (more if p and q have no common divisor): below a second for 384×256.
// It panics if an entry is NaN or infinite, naming its position, or if the matrix is empty.
func SoftMatch(m mat.Matrix) *SoftMatching {
	values, p, q := entries("SoftMatch", m)
	if p == 0 || q == 0 {
		panic(fmt.Sprintf("align: SoftMatch: matrix of %d×%d", p, q))
	}
	s := &SoftMatching{Plan: mat.NewDense(p, q, nil)}
	if p == q {
		for i, j := range Match(m).Partner {
			s.Plan.Set(i, j, 1/float64(p))
		}
	} else {
		t := newTransport(values, p, q)
		t.solve()
		whole := float64(t.whole)
		for j := range q {
			for i, f := range t.flow[j*p:][:p] {
				if f > 0 {
					s.Plan.Set(i, j, float64(f)/whole)
				}
			}
		}
	}
	for i := range p {
		for j := range q {
			if share := s.Plan.At(i, j); share > 0 {
				s.mean += share * values[i*q+j]
				s.used++
			}
		}
	}
	return s
}

// Mean returns Σ_ij P_ij m_ij, the mean entry (correlation) under the plan: in the range of
// the matrix, more is more alike. For p = q it is the mean of [Match].
func (s *SoftMatching) Mean() float64 { return s.mean }

// String sums the plan up in a line.
func (s *SoftMatching) String() string {
	p, q := s.Plan.Dims()
	return fmt.Sprintf("soft matching of %d and %d units: mean %.3f over %d pairs", p, q, s.mean, s.used)
}

// MIMEBundle shows the plan's summary as text/plain.
func (s *SoftMatching) MIMEBundle() map[string]any {
	return map[string]any{"text/plain": s.String()}
}

// transport is a transportation problem: rows each supply the same whole number of units,
// columns each take the same, at least cost. u and v are prices: cost − u − v ≥ 0
// everywhere and 0 where something flows, which proves the plan best.
type transport struct {
	p, q           int
	cost           []float64 // p×q
	flow           []int     // q×p: a column's flows lie together
	supply, demand []int     // still to be moved
	whole          int       // sum of all flows at the end
	u, v           []float64
	columns        []float64 // distance of each column from the start, in one search
	rows           []float64 // the same of rows
	fromRow        []int     // the row before each column on its path
	fromColumn     []int     // the column before each row
	settled        []bool    // of columns
	reached        []int     // rows, in the order in which they were reached
}

func newTransport(values []float64, p, q int) *transport {
	g := gcd(p, q)
	t := &transport{p: p, q: q, whole: p * (q / g),
		cost: make([]float64, p*q), flow: make([]int, p*q), supply: make([]int, p), demand: make([]int, q),
		u: make([]float64, p), v: make([]float64, q), columns: make([]float64, q), rows: make([]float64, p),
		fromRow: make([]int, q), fromColumn: make([]int, p), settled: make([]bool, q)}
	for k, x := range values {
		t.cost[k] = -x
	}
	for i := range t.supply {
		t.supply[i] = q / g
		t.u[i] = math.Inf(1)
		for _, c := range t.cost[i*q:][:q] {
			t.u[i] = min(t.u[i], c)
		}
	}
	for j := range t.demand {
		t.demand[j] = p / g
	}
	return t
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

func (t *transport) solve() {
	for i := range t.p {
		for t.supply[i] > 0 {
			t.push(i, t.search(i))
		}
	}
}

// search finds the nearest column with demand, by Dijkstra over reduced costs, and raises the
// prices so that the path to it costs nothing.
func (t *transport) search(start int) (end int) {
	for j := range t.columns {
		t.columns[j], t.settled[j] = math.Inf(1), false
	}
	for i := range t.rows {
		t.rows[i] = math.Inf(1)
	}
	t.reached = t.reached[:0]
	t.reach(start, 0)
	for {
		end = -1
		least := math.Inf(1)
		for j, d := range t.columns {
			if !t.settled[j] && (d < least || d == least && end >= 0 && t.demand[j] > 0 && t.demand[end] == 0) {
				end, least = j, d
			}
		}
		t.settled[end] = true
		if t.demand[end] > 0 {
			break
		}
		for i, f := range t.flow[end*t.p:][:t.p] {
			if f > 0 && math.IsInf(t.rows[i], 1) {
				t.fromColumn[i] = end
				t.reach(i, least)
			}
		}
	}
	length := t.columns[end]
	for _, i := range t.reached {
		t.u[i] += length - t.rows[i]
	}
	for j, done := range t.settled {
		if done {
			t.v[j] -= length - t.columns[j]
		}
	}
	return end
}

// reach lowers the distances of the open columns by way of row i, which lies at d.
func (t *transport) reach(i int, d float64) {
	t.rows[i] = d
	t.reached = append(t.reached, i)
	base := d - t.u[i]
	for j, c := range t.cost[i*t.q:][:t.q] {
		if via := base + c - t.v[j]; via < t.columns[j] && !t.settled[j] {
			// Rounding must not make a later column nearer than an earlier one.
			t.columns[j], t.fromRow[j] = max(via, d), i
		}
	}
}

// push moves as much as the path from start to end bears.
func (t *transport) push(start, end int) {
	most := min(t.supply[start], t.demand[end])
	for j := end; ; {
		i := t.fromRow[j]
		if i == start {
			break
		}
		j = t.fromColumn[i]
		most = min(most, t.flow[j*t.p+i])
	}
	t.supply[start] -= most
	t.demand[end] -= most
	for j := end; ; {
		i := t.fromRow[j]
		t.flow[j*t.p+i] += most
		if i == start {
			return
		}
		j = t.fromColumn[i]
		t.flow[j*t.p+i] -= most
	}
}

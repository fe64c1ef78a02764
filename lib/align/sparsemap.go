package align

import (
	"fmt"
	"math"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// SparseMap predicts each unit of one net (a target) as a weighted sum of the units of
// another (the predictors), all of unit variance and mean 0.
type SparseMap struct {
	// Weights is predictors × targets: target j is predicted as Σ_i Weights_ij z_i.
	Weights *mat.Dense
	// LossPer holds for each target half its mean squared error, ½(1 − 2w'c + w'Gw): 0 is
	// perfect, 0.5 is predicting nothing. A constant target, whose correlations are all 0,
	// counts as 0.5.
	LossPer []float64
	// Method says how the weights were found: "lasso", "ridge", "least squares", "paper SGD".
	Method string
	// Penalty is the alpha of a lasso, the lambda of a ridge or of the paper's SGD, else 0.
	Penalty float64
	// Violation is by how much the weights of a lasso miss the conditions of an optimum, at
	// the worst target: |g_j| ≤ α, and g_j = α·sign(w_j) where w_j ≠ 0, for g = c − Gw. It is
	// below 1e-10 unless the iteration stopped at its limit. 0 for other methods.
	Violation float64
}

// Loss returns the mean over targets of half the mean squared error, as the paper's Table 1:
// 0 is perfect, 0.5 is predicting nothing (what an empty map gives).
func (s *SparseMap) Loss() float64 {
	sum := 0.0
	for _, v := range s.LossPer {
		sum += v
	}
	if len(s.LossPer) == 0 {
		return 0
	}
	return sum / float64(len(s.LossPer))
}

// R2 returns the mean share of variance explained, 1 − 2·Loss: 1 is perfect, 0 is predicting
// nothing.
func (s *SparseMap) R2() float64 { return 1 - 2*s.Loss() }

// NonZero returns for each target the number of weights with |w| > threshold. Exact solutions
// hold true zeros, so that 0 counts predictors; of the paper's SGD, which only comes near
// zero, it says how many matter (its counts fit 1e-3).
func (s *SparseMap) NonZero(threshold float64) []int {
	return nonZero(s.Weights, threshold)
}

func nonZero(w *mat.Dense, threshold float64) []int {
	rows, columns := w.Dims()
	n := make([]int, columns)
	for i := range rows {
		for j, v := range w.RawRowView(i) {
			if math.Abs(v) > threshold {
				n[j]++
			}
		}
	}
	return n
}

// MeanNonZero returns the mean over targets of [SparseMap.NonZero].
func (s *SparseMap) MeanNonZero(threshold float64) float64 {
	total := 0
	n := s.NonZero(threshold)
	for _, k := range n {
		total += k
	}
	if len(n) == 0 {
		return 0
	}
	return float64(total) / float64(len(n))
}

// shown is the size above which String and MIMEBundle count a weight.
func (s *SparseMap) shown() float64 {
	if s.Method == "lasso" {
		return 0
	}
	return 1e-3
}

// String sums the map up in a line.
func (s *SparseMap) String() string {
	p, q := s.Weights.Dims()
	return fmt.Sprintf("%s, %d predictors, %d targets: loss %.3f, R² %.3f, %.1f predictors a target",
		s.method(), p, q, s.Loss(), s.R2(), s.MeanNonZero(s.shown()))
}

func (s *SparseMap) method() string {
	if s.Penalty == 0 {
		return s.Method
	}
	return fmt.Sprintf("%s %.3g", s.Method, s.Penalty)
}

// MIMEBundle shows the map as text/plain and as a small table, text/html.
func (s *SparseMap) MIMEBundle() map[string]any {
	p, q := s.Weights.Dims()
	return map[string]any{"text/plain": s.String(), "text/html": table(
		[]string{"map", "predictors", "targets", "loss", "R²", "predictors a target"},
		[][]string{{s.method(), fmt.Sprint(p), fmt.Sprint(q), fmt.Sprintf("%.3f", s.Loss()), fmt.Sprintf("%.3f", s.R2()),
			fmt.Sprintf("%.1f", s.MeanNonZero(s.shown()))}})}
}

// table is an HTML table; its cells are our own numbers and names, free of markup.
func table(head []string, rows [][]string) string {
	var b strings.Builder
	b.WriteString("<table><thead><tr>")
	for _, h := range head {
		b.WriteString(`<th style="text-align:right">` + h + "</th>")
	}
	b.WriteString("</tr></thead><tbody>")
	for _, row := range rows {
		b.WriteString("<tr>")
		for _, v := range row {
			b.WriteString(`<td style="text-align:right">` + v + "</td>")
		}
		b.WriteString("</tr>")
	}
	b.WriteString("</tbody></table>")
	return b.String()
}

// PaperPenalty returns the alpha of [Lasso] that corresponds to the paper's penalty lambda for
// a layer with so many units: alpha = lambda·units. The paper's loss is the mean over targets
// while its penalty is a plain sum, so that each target feels the penalty units times as
// much. For example 10^-2.6 on 96 units is 0.241.
func PaperPenalty(lambda float64, units int) float64 { return lambda * float64(units) }

// problem holds the correlations of predictors and targets for all methods.
type problem struct {
	p, q  int
	g     []float64 // p×p
	c     []float64 // q×p: a target's correlations lie together
	alive []int     // predictors with a variance
}

// newProblem reads the matrices; fn names the caller in panics.
func newProblem(fn string, within mat.Symmetric, between mat.Matrix) *problem {
	g, p, _ := entries(fn, within)
	b, rows, q := view(fn, between)
	if rows != p {
		panic(fmt.Sprintf("align: %s: %d predictors within, %d rows between", fn, p, rows))
	}
	if p == 0 || q == 0 {
		panic(fmt.Sprintf("align: %s: %d predictors, %d targets", fn, p, q))
	}
	r := &problem{p: p, q: q, g: g, c: make([]float64, p*q)}
	for i := range p {
		if g[i*p+i] < 0 {
			panic(fmt.Sprintf("align: %s: predictor %d has variance %v", fn, i, g[i*p+i]))
		}
		if g[i*p+i] > 0 {
			r.alive = append(r.alive, i)
		}
	}
	transpose(r.c, b, p, q)
	return r
}

// transpose sets dst, columns × rows, to the transpose of src.
func transpose(dst, src []float64, rows, columns int) {
	const block = 32 // of which both sides stay in the cache
	for top := 0; top < rows; top += block {
		for left := 0; left < columns; left += block {
			for i := top; i < min(top+block, rows); i++ {
				for j := left; j < min(left+block, columns); j++ {
					dst[j*rows+i] = src[i*columns+j]
				}
			}
		}
	}
}

// finish makes a map of weights, q×p: a target's weights lie together.
func (r *problem) finish(method string, penalty float64, weights []float64) *SparseMap {
	return r.finishWith(method, penalty, weights, nil)
}

// finishWith is finish where 2w'c − w'Gw of each target is known, unless explained is nil.
func (r *problem) finishWith(method string, penalty float64, weights, explained []float64) *SparseMap {
	s := &SparseMap{Weights: mat.NewDense(r.p, r.q, nil), LossPer: make([]float64, r.q), Method: method, Penalty: penalty}
	transpose(s.Weights.RawMatrix().Data, weights, r.q, r.p)
	residual := make([]float64, r.p)
	for j := range r.q {
		known := 0.0
		if explained != nil {
			known = explained[j]
		} else {
			w, c := weights[j*r.p:][:r.p], r.c[j*r.p:][:r.p]
			r.residual(residual, c, w)
			for i, v := range w {
				known += v * (c[i] + residual[i])
			}
		}
		if known-known != 0 {
			panic(fmt.Sprintf("align: %s: target %d has no finite weights and loss: are within and between correlations?", method, j))
		}
		s.LossPer[j] = (1 - known) / 2
	}
	return s
}

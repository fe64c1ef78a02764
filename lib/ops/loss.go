package ops

import (
	"fmt"
	"math"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// CrossEntropy adds the mean softmax cross-entropy of a batch, a scalar in nats:
//
//	L = 1/N Σ_n (log Σ_k e^{z[n][k]} − z[n][label n])
//
// logits z are pictures × classes and labels a vector of class numbers 0, 1, ... as
// float32. Sums are made in float64 after each row's maximum is taken off, so large logits
// do not overflow. The gradient reaches the logits: (softmax(z[n]) − onehot(label n))/N. A
// label that is no class is an error of the run that names the picture. If every label is
// the same chance guess, L is log(classes).
func CrossEntropy(c *Context, logits, labels *gorgonia.Node) (*gorgonia.Node, error) {
	c = or(c)
	n, k, err := scores("CrossEntropy", logits, labels)
	if err != nil {
		return nil, err
	}
	o := newOp(c, "CrossEntropy", tensor.Shape{}, logits, labels)
	o.wrt = []bool{true, false}
	o.run = func(out []float32, in [][]float32) error {
		z, labels := in[0], in[1]
		sum := 0.0
		for i := range n {
			label, err := class("CrossEntropy", labels[i], i, k)
			if err != nil {
				return err
			}
			row := z[i*k : (i+1)*k]
			top, total := exponents(row)
			sum += math.Log(total) + (top - float64(row[label]))
		}
		out[0] = float32(sum / float64(n))
		return nil
	}
	o.diff = func(in gorgonia.Nodes, _, grad *gorgonia.Node) (gorgonia.Nodes, error) {
		d := newOp(c, "CrossEntropyGrad", tensor.Shape{n, k}, in[0], in[1], grad)
		d.run = func(dz []float32, in [][]float32) error {
			z, labels, g := in[0], in[1], float64(in[2][0])/float64(n)
			for i := range n {
				label, err := class("CrossEntropy", labels[i], i, k)
				if err != nil {
					return err
				}
				row := z[i*k : (i+1)*k]
				top, total := exponents(row)
				for j, v := range row {
					p := math.Exp(float64(v)-top) / total
					if j == label {
						p--
					}
					dz[i*k+j] = float32(g * p)
				}
			}
			return nil
		}
		n, err := d.apply(in[0], in[1], grad)
		return gorgonia.Nodes{n, nil}, err
	}
	return o.apply(logits, labels)
}

// Correct adds the number of pictures whose largest logit is their label's, a scalar with
// no gradient. Of equal logits the first counts as the largest; NaN is never it.
func Correct(c *Context, logits, labels *gorgonia.Node) (*gorgonia.Node, error) {
	c = or(c)
	n, k, err := scores("Correct", logits, labels)
	if err != nil {
		return nil, err
	}
	o := newOp(c, "Correct", tensor.Shape{}, logits, labels)
	o.run = func(out []float32, in [][]float32) error {
		count := 0
		for i := range n {
			label, err := class("Correct", in[1][i], i, k)
			if err != nil {
				return err
			}
			if Largest(in[0][i*k:(i+1)*k]) == label {
				count++
			}
		}
		out[0] = float32(count)
		return nil
	}
	return o.apply(logits, labels)
}

// Largest returns the index of the largest value, the first of equals, −1 if all are NaN.
func Largest(row []float32) int {
	best := -1
	for j, v := range row {
		if v == v && (best < 0 || v > row[best]) {
			best = j
		}
	}
	return best
}

// scores checks logits and labels and returns pictures and classes.
func scores(fn string, logits, labels *gorgonia.Node) (n, k int, err error) {
	if err := dims(logits, 2, fn, "logits", "pictures × classes"); err != nil {
		return 0, 0, err
	}
	if err := dims(labels, 1, fn, "labels", "pictures"); err != nil {
		return 0, 0, err
	}
	s := logits.Shape()
	if labels.Shape()[0] != s[0] {
		return 0, 0, fmt.Errorf("ops: %s: labels are %v, logits %v", fn, labels.Shape(), s)
	}
	return s[0], s[1], nil
}

// class turns a label into a class number.
func class(fn string, label float32, picture, classes int) (int, error) {
	if !(label >= 0 && label < float32(classes)) || label != float32(int(label)) {
		return 0, fmt.Errorf("ops: %s: picture %d of the batch has label %v (valid: 0..%d)", fn, picture, label, classes-1)
	}
	return int(label), nil
}

// exponents returns the largest value of a row and Σ e^{z−largest}; a NaN in the row makes
// the sum NaN.
func exponents(row []float32) (top, total float64) {
	top = math.Inf(-1)
	for _, v := range row {
		top = max(top, float64(v)) // NaN if any is
	}
	for _, v := range row {
		total += math.Exp(float64(v) - top)
	}
	return top, total
}

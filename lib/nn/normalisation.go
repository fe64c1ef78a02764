package nn

import "fmt"

// LRN is a local response normalisation (Krizhevsky et al., NIPS 2012; formula as in Caffe):
//
//	y = x / (K + Alpha/n · Σ x²)^Beta
//
// The sum goes over Size channels around the value's own (n = Size), or, if Within, over
// Size × Size positions around it in its own channel (n = Size²); outside is 0.
type LRN struct {
	Name   string  // unique in the architecture; [Sequential] fills in norm1, norm2, ...
	Size   int     // odd; 0 means 5
	Alpha  float64 // 0 means 1e-4, as in AlexNet
	Beta   float64 // 0 means 0.75
	K      float64 // 0 means 1
	Within bool    // within channels, not across
}

// BatchNorm is a batch normalisation of each channel (Ioffe and Szegedy, ICML 2015):
//
//	y = scale · (x − μ)/√(σ² + Epsilon) + bias
//
// In training, μ and σ² are the batch's own, and each [Trainer.Step] moves running ones by
// Momentum of the way towards them; in evaluation they are the running ones. Its parameters
// are scale and bias, which are trained, and the running mean and variance, which are not
// (see [Param]); all have one value for each channel.
type BatchNorm struct {
	Name     string  // unique in the architecture; [Sequential] fills in bn1, bn2, ...
	Momentum float64 // share of a batch's statistics, in (0, 1]; 0 means 0.1
	Epsilon  float64 // 0 means 1e-5
	ReLU     bool    // followed by max(0, y)
}

func (l LRN) name() string       { return l.Name }
func (l BatchNorm) name() string { return l.Name }

func (l LRN) named(s string) Layer       { l.Name = s; return l }
func (l BatchNorm) named(s string) Layer { l.Name = s; return l }

func (l LRN) kind() string       { return "lrn" }
func (l BatchNorm) kind() string { return "batchnorm" }

func (l LRN) size() int              { return orInt(l.Size, 5) }
func (l LRN) alpha() float64         { return orFloat(l.Alpha, 1e-4) }
func (l LRN) beta() float64          { return orFloat(l.Beta, 0.75) }
func (l LRN) k() float64             { return orFloat(l.K, 1) }
func (l BatchNorm) share() float64   { return orFloat(l.Momentum, 0.1) }
func (l BatchNorm) epsilon() float64 { return orFloat(l.Epsilon, 1e-5) }

func orFloat(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

func (l LRN) output(in [3]int) ([3]int, error) {
	if l.size() < 1 || l.size() > maxSide || l.size()%2 == 0 || !(l.alpha() > 0 && l.alpha() < 1e9) || !(l.beta() > 0 && l.beta() < 1e3) || !(l.k() > 0 && l.k() < 1e9) {
		return in, fmt.Errorf("has Size %d, Alpha %v, Beta %v, K %v (valid: Size odd, the others above 0)", l.size(), l.alpha(), l.beta(), l.k())
	}
	return in, nil
}

func (l BatchNorm) output(in [3]int) ([3]int, error) {
	if !(l.share() > 0 && l.share() <= 1) || !(l.epsilon() > 0 && l.epsilon() < 1e9) {
		return in, fmt.Errorf("has Momentum %v, Epsilon %v (valid: Momentum above 0, up to 1, Epsilon above 0)", l.share(), l.epsilon())
	}
	return in, nil
}

func (l LRN) params([3]int) []paramShape { return nil }

func (l BatchNorm) params(in [3]int) []paramShape {
	c := []int{in[2]}
	return []paramShape{{name: "scale", shape: c, start: 1}, {name: "bias", shape: c}, {name: "mean", shape: c, fixed: true}, {name: "variance", shape: c, start: 1, fixed: true}}
}

func (l LRN) definition() string {
	s := fmt.Sprintf("LRN across %d, alpha %g, beta %g", l.size(), l.alpha(), l.beta())
	if l.Within {
		s = fmt.Sprintf("LRN within %d×%d, alpha %g, beta %g", l.size(), l.size(), l.alpha(), l.beta())
	}
	if l.k() != 1 {
		s += fmt.Sprintf(", k %g", l.k())
	}
	return s
}

func (l BatchNorm) definition() string {
	s := "batch norm"
	if l.share() != 0.1 {
		s += fmt.Sprintf(", momentum %g", l.share())
	}
	return s + relu(!l.ReLU)
}

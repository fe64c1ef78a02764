package nn

import (
	"fmt"
	"strings"

	"gonverge/lib/ops"
	"gorgonia.org/gorgonia"
)

// Function is what is done to each value by itself behind a layer with weights.
type Function string

// The functions, each of a value x.
const (
	ReLU      Function = "relu"    // max(0, x)
	LeakyReLU Function = "leaky"   // x if positive, else 0.01·x, or Slope·x in an Activation
	Tanh      Function = "tanh"    // (e^x − e^−x)/(e^x + e^−x), in [−1, 1]
	Sigmoid   Function = "sigmoid" // 1/(1 + e^−x), in [0, 1]
)

var functions = []Function{ReLU, LeakyReLU, Tanh, Sigmoid}

// leakySlope is the usual slope of a leaky ReLU (Maas et al., ICML 2013).
const leakySlope = 0.01

func (f Function) check() error {
	names := make([]string, len(functions))
	for i, k := range functions {
		if f == k {
			return nil
		}
		names[i] = string(k)
	}
	return fmt.Errorf("has the function %q (valid: %s)", string(f), strings.Join(names, ", "))
}

// title is the function's name for people.
func (f Function) title() string {
	switch f {
	case ReLU:
		return "ReLU"
	case LeakyReLU:
		return "leaky ReLU"
	}
	return string(f)
}

// apply adds the function to a graph.
func (f Function) apply(c *ops.Context, x *gorgonia.Node, slope float64) (*gorgonia.Node, error) {
	switch f {
	case LeakyReLU:
		return ops.LeakyReLU(c, x, slope)
	case Tanh:
		return ops.Tanh(c, x)
	case Sigmoid:
		return ops.Sigmoid(c, x)
	}
	return ops.ReLU(c, x)
}

// behind returns the function of a layer with weights, "" for none.
func behind(linear bool, f Function) Function {
	switch {
	case linear:
		return ""
	case f == "":
		return ReLU
	}
	return f
}

// checkBehind says why a layer cannot have these two.
func checkBehind(linear bool, f Function) error {
	if f == "" {
		return nil
	}
	if linear {
		return fmt.Errorf("is Linear, but has Activation %q", string(f))
	}
	return f.check()
}

// described returns the function for a layer's definition.
func described(f Function) string {
	if f == "" {
		return ""
	}
	return ", " + f.title()
}

// Activation applies a function to each value by itself: for nets whose layers with weights
// are Linear because something else comes before it.
type Activation struct {
	Name     string   // unique in the architecture; [Sequential] fills in relu1, tanh2, ...
	Function Function // "" means ReLU
	Slope    float64  // of LeakyReLU, in [0, 1]; 0 means 0.01
}

func (l Activation) name() string                  { return l.Name }
func (l Activation) named(s string) Layer          { l.Name = s; return l }
func (l Activation) kind() string                  { return "activation" }
func (l Activation) params(in [3]int) []paramShape { return nil }
func (l Activation) function() Function            { return behind(false, l.Function) }

func (l Activation) slope() float64 {
	if l.Slope == 0 {
		return leakySlope
	}
	return l.Slope
}

func (l Activation) definition() string {
	if f := l.function(); f != LeakyReLU {
		return f.title()
	}
	return fmt.Sprintf("leaky ReLU, slope %g", l.slope())
}

func (l Activation) output(in [3]int) ([3]int, error) {
	if !(l.Slope >= 0 && l.Slope <= 1) || l.Slope != 0 && l.function() != LeakyReLU {
		return in, fmt.Errorf("has Function %q with Slope %v (valid: 0..1, for %q only)", string(l.Function), l.Slope, string(LeakyReLU))
	}
	return in, l.function().check()
}

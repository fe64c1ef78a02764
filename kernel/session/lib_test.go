package session_test

// This file is a compiled library for cells. Tests compile it twice: as part of this package, for its symbols, and by
// go/types as package example/lib, for its export data.

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Default is an exported variable.
var Default = 1

// Grid is a matrix with methods.
type Grid struct {
	R, C int
	Data []float64
}

// NewGrid makes an r by c grid.
func NewGrid(r, c int) *Grid { return &Grid{r, c, make([]float64, r*c)} }

// At reads one element.
func (g *Grid) At(i, j int) float64 { return g.Data[i*g.C+j] }

// Set writes one element.
func (g *Grid) Set(i, j int, v float64) { g.Data[i*g.C+j] = v }

// Sum adds all elements.
func (g *Grid) Sum() (s float64) {
	for _, v := range g.Data {
		s += v
	}
	return s
}

// Vec has a value method.
type Vec []float64

// Sum adds the elements.
func (v Vec) Sum() (s float64) {
	for _, x := range v {
		s += x
	}
	return s
}

// Load returns a grid of ones, or an error when n is not positive.
func Load(n int) (*Grid, error) {
	if n <= 0 {
		return nil, fmt.Errorf("lib: bad size %d", n)
	}
	g := NewGrid(n, n)
	for i := range g.Data {
		g.Data[i] = 1
	}
	return g, nil
}

// Split returns two values and an error.
func Split(n int) (int, int, error) {
	if n < 0 {
		return 0, 0, errors.New("lib: negative")
	}
	return n / 2, n - n/2, nil
}

// Half halves, or fails on odd numbers.
func Half(x int) (int, error) {
	if x%2 != 0 {
		return 0, fmt.Errorf("lib: %d is odd", x)
	}
	return x / 2, nil
}

// Check returns only an error.
func Check(ok bool) error {
	if !ok {
		return errors.New("lib: check failed")
	}
	return nil
}

// Map calls f on every element.
func Map(f func(float64) float64, xs []float64) []float64 {
	out := make([]float64, len(xs))
	for i, x := range xs {
		out[i] = f(x)
	}
	return out
}

// Seq is a push iterator.
func Seq(n int) func(func(int) bool) {
	return func(yield func(int) bool) {
		for i := 0; i < n; i++ {
			if !yield(i) {
				return
			}
		}
	}
}

// Shape is an interface that cells may implement.
type Shape interface{ Area() float64 }

// Total sums areas.
func Total(ss ...Shape) (t float64) {
	for _, s := range ss {
		t += s.Area()
	}
	return t
}

// Boom panics.
func Boom() { panic("boom from lib") }

// Train works for a long time and polls its context.
func Train(ctx context.Context, epochs int) (float64, error) {
	s := 0.0
	for e := 0; e < epochs; e++ {
		if ctx.Err() != nil {
			return s, ctx.Err()
		}
		for i := 0; i < 100000; i++ {
			s += 1 / float64(i+1)
		}
	}
	return s, nil
}

// Model is implemented by interpreted types too.
type Model interface {
	Fit(x []float64) error
	Predict(x float64) float64
}

// Score fits and sums predictions.
func Score(m Model, xs []float64) (float64, error) {
	if err := m.Fit(xs); err != nil {
		return 0, err
	}
	s := 0.0
	for _, x := range xs {
		s += m.Predict(x)
	}
	return s, nil
}

// Opt is a functional option of New.
type Opt func(*Config)

// Config is what the options fill.
type Config struct {
	Depth int
	Name  string
}

func Depth(n int) Opt   { return func(c *Config) { c.Depth = n } }
func Name(s string) Opt { return func(c *Config) { c.Name = s } }

// NewConfig makes a Config.
func NewConfig(o ...Opt) Config {
	c := Config{}
	for _, f := range o {
		f(&c)
	}
	return c
}

type hidden struct{ N int }

func (h hidden) Double() int { return 2 * h.N }

// Hidden returns a value of an unexported type.
func Hidden(n int) hidden { return hidden{n} }

// Long works until its context ends, and returns how many milliseconds that took, at least 1.
func Long(ctx context.Context) (int, error) {
	for n := 1; ; n++ {
		if ctx.Err() != nil {
			return n, ctx.Err()
		}
		time.Sleep(time.Millisecond)
	}
}

// Panel has methods that are not exported.
type Panel interface{ draw() string }

// Heat is a Panel.
type Heat struct {
	Title  string
	Values []float64
	hidden int
}

func (h Heat) draw() string { return fmt.Sprint(h.Title, len(h.Values), h.hidden) }

// Figure shows itself.
type Figure struct{ Text string }

// Row joins panels.
func Row(panels ...Panel) *Figure {
	f := &Figure{}
	for _, p := range panels {
		f.Text += p.draw() + ";"
	}
	return f
}

// MIMEBundle shows the figure.
func (f *Figure) MIMEBundle() map[string]any {
	return map[string]any{"text/plain": f.Text, "text/html": "<b>" + f.Text + "</b>"}
}

// Save fails.
func (f *Figure) Save(path string) error { return fmt.Errorf("lib: cannot write %s", path) }

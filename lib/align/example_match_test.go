package align_test

import (
	"fmt"

	"gonverge/lib/align"

	"gonum.org/v1/gonum/mat"
)

// Two units of the first net look for the same unit of the second; one of them must give way
// when every unit may be taken once.
func ExampleSemiMatch() {
	between := mat.NewDense(3, 3, []float64{
		.9, .2, .1,
		.8, .5, .3,
		.1, .2, .6})
	semi, match := align.SemiMatch(between), align.Match(between)
	fmt.Println(semi.Partner, semi.Score)
	fmt.Println(match.Partner, match.Score)
	fmt.Printf("same partner: %.2f of the units\n", align.Overlap(semi, match))
	// Output:
	// [0 0 2] [0.9 0.8 0.6]
	// [0 1 2] [0.9 0.5 0.6]
	// same partner: 0.67 of the units
}

// The second net has the units of the first in another order: put in the order of their
// partners, the diagonal is 1.
func ExamplePermute() {
	between := mat.NewDense(3, 3, []float64{
		0, 0, 1,
		1, 0, 0,
		0, 1, 0})
	match := align.Match(between)
	fmt.Println(match.Partner)
	fmt.Println(mat.Formatted(align.Permute(between, match)))
	// Output:
	// [2 0 1]
	// ⎡1  0  0⎤
	// ⎢0  1  0⎥
	// ⎣0  0  1⎦
}

// The best partner of the first unit is its own negative.
func ExampleAbsolute() {
	between := mat.NewDense(2, 2, []float64{
		-.9, .3,
		.2, .6})
	fmt.Println(align.SemiMatch(between).Partner)
	fmt.Println(align.SemiMatch(align.Absolute(between)).Partner)
	// Output:
	// [1 1]
	// [0 1]
}

// Two groups of units in one net, found by its correlations alone.
func ExampleWithinGraph() {
	within := mat.NewSymDense(4, []float64{
		1, .8, .1, 0,
		.8, 1, 0, .1,
		.1, 0, 1, .7,
		0, .1, .7, 1})
	graph := align.WithinGraph(within, .2) // weaker correlations are no edges
	fmt.Println(mat.Formatted(graph))
	fmt.Println(align.SpectralClusters(graph, 2, 1).Labels)
	// Output:
	// ⎡  1  0.8    0    0⎤
	// ⎢0.8    1    0    0⎥
	// ⎢  0    0    1  0.7⎥
	// ⎣  0    0  0.7    1⎦
	// [0 0 1 1]
}

// Without the correlations within the nets only partners come together.
func ExampleBetweenGraph() {
	between := mat.NewDense(2, 2, []float64{
		.1, .9,
		.7, -.2})
	graph := align.BetweenGraph(between, 0)
	fmt.Println(mat.Formatted(graph))
	fmt.Println(align.SpectralClusters(graph, 2, 1).Labels)
	// Output:
	// ⎡  1    0  0.1  0.9⎤
	// ⎢  0    1  0.7    0⎥
	// ⎢0.1  0.7    1    0⎥
	// ⎣0.9    0    0    1⎦
	// [0 1 1 0]
}

// Two sparse maps, there and back, as one similarity of all units.
func ExampleMapSimilarity() {
	there := mat.NewDense(1, 2, []float64{.6, 0})
	back := mat.NewDense(2, 1, []float64{-.4, .2})
	fmt.Println(mat.Formatted(align.MapSimilarity(there, back)))
	// Output:
	// ⎡  0  0.5  0.1⎤
	// ⎢0.5    0    0⎥
	// ⎣0.1    0    0⎦
}

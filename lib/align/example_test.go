package align_test

import (
	"context"
	"fmt"

	"gonverge/lib/align"

	"gonum.org/v1/gonum/mat"
)

// Two units of net A and four of net B; A's second unit is split over two of B's.
var (
	within  = mat.NewSymDense(2, []float64{1, 0, 0, 1})
	within2 = mat.NewSymDense(4, []float64{
		1, 0, 0, .1,
		0, 1, 0, .3,
		0, 0, 1, .3,
		.1, .3, .3, 1})
	between = mat.NewDense(2, 4, []float64{
		.9, 0, 0, .1,
		0, .7, .7, .2})
)

func ExampleGreedy() {
	m := mat.NewDense(2, 2, []float64{
		1, .9,
		.9, 0})
	fmt.Println(align.Greedy(m).Partner, align.Greedy(m).Mean())
	fmt.Println(align.Match(m).Partner, align.Match(m).Mean())
	// Output:
	// [0 1] 0.5
	// [1 0] 0.9
}

func ExampleSoftMatch() {
	soft := align.SoftMatch(between)
	fmt.Println(soft)
	fmt.Println(mat.Formatted(soft.Plan))
	// Output:
	// soft matching of 2 and 4 units: mean 0.600 over 4 pairs
	// ⎡0.25     0     0  0.25⎤
	// ⎣   0  0.25  0.25     0⎦
}

func ExampleLasso() {
	s := align.Lasso(within, between, align.PaperPenalty(.15, 2))
	fmt.Println(s)
	fmt.Printf("%.2f\n", mat.Formatted(s.Weights))
	fmt.Println(s.NonZero(0))
	// Output:
	// lasso 0.3, 2 predictors, 4 targets: loss 0.310, R² 0.380, 0.8 predictors a target
	// ⎡0.60  0.00  0.00  0.00⎤
	// ⎣0.00  0.40  0.40  0.00⎦
	// [1 1 1 0]
}

func ExampleLassoPath() {
	for _, s := range align.LassoPath(within, between, []float64{0, .1, .5}) {
		fmt.Printf("%.1f: loss %.3f, %.2f predictors\n", s.Penalty, s.Loss(), s.MeanNonZero(0))
	}
	// Output:
	// 0.0: loss 0.270, 1.25 predictors
	// 0.1: loss 0.276, 1.00 predictors
	// 0.5: loss 0.370, 0.75 predictors
}

func ExampleLeastSquares() {
	fmt.Println(align.LeastSquares(within, between))
	fmt.Println(align.Ridge(within, between, 0.5))
	// Output:
	// least squares, 2 predictors, 4 targets: loss 0.270, R² 0.460, 1.2 predictors a target
	// ridge 0.5, 2 predictors, 4 targets: loss 0.296, R² 0.409, 1.2 predictors a target
}

func ExamplePaperSGD() {
	s, err := align.PaperSGD(context.Background(), within, between, 0, 1)
	fmt.Printf("%.3f %v\n", s.Loss(), err)
	// Output:
	// 0.270 <nil>
}

func ExampleSpectralClusters() {
	clusters := align.SpectralClusters(align.CombinedGraph(within, between, within2, .15), 2, 1)
	fmt.Println(clusters)
	fmt.Println(clusters.Labels[:2], clusters.Labels[2:])
	fmt.Printf("%.3f\n", clusters.Eigenvalues[:3])
	fmt.Println(align.ClusterQuality(clusters.Labels, within, between, within2, 100, 1).Sizes)
	// Output:
	// 2 clusters of 6 units: sizes 2 to 4
	// [0 1] [0 1 1 1]
	// [0.000 0.000 0.500]
	// [[1 1] [1 3]]
}

func ExampleAgglomerate() {
	distance := mat.NewSymDense(4, []float64{
		0, .1, .8, .7,
		.1, 0, .9, .6,
		.8, .9, 0, .2,
		.7, .6, .2, 0})
	tree := align.Agglomerate(distance, align.AverageLinkage)
	for _, m := range tree.Merges {
		fmt.Printf("%.2f\n", m)
	}
	fmt.Println(tree.Cut(2), tree.Leaves())
	// Output:
	// [0.00 1.00 0.10 2.00]
	// [2.00 3.00 0.20 2.00]
	// [4.00 5.00 0.75 4.00]
	// [0 0 1 1] [0 1 2 3]
}

func ExampleAgglomerateMaps() {
	there := align.Lasso(within, between, .3)
	back := align.Lasso(within2, between.T(), .3)
	tree := align.AgglomerateMaps(there.Weights, back.Weights)
	fmt.Println(tree.CutWeight(0))
	// Output:
	// [0 1 0 1 1 2]
}

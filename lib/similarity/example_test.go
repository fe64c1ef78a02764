package similarity_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonum.org/v1/gonum/mat"

	"gonverge/lib/similarity"
)

// twoNets returns activations of two made-up nets over 300 samples: the second sees in its
// six units mixtures of the first one's four, and noise.
func twoNets() (a, b *mat.Dense) {
	r := rand.New(rand.NewPCG(1, 1))
	draw := func(n, p int) *mat.Dense {
		m := mat.NewDense(n, p, nil)
		m.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, m)
		return m
	}
	a, b = draw(300, 4), draw(300, 6)
	var mixed mat.Dense
	mixed.Mul(a, draw(4, 6))
	b.Add(b, &mixed)
	return a, b
}

func ExampleCKA() {
	a, b := twoNets()
	turned := mat.DenseCopyOf(a)
	for i := range 300 { // by a right angle in the plane of two units
		turned.Set(i, 0, a.At(i, 1))
		turned.Set(i, 1, -a.At(i, 0))
	}
	fmt.Printf("with a turned copy %.3f, with the other net %.3f\n", similarity.CKA(a, turned), similarity.CKA(a, b))
	// Output: with a turned copy 1.000, with the other net 0.788
}

func ExampleCompare() {
	a, b := twoNets()
	ctx := context.Background() // in a notebook ctx is there
	score, err := similarity.Compare(ctx, similarity.LinearCKA, a, b, similarity.Options{Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(score)
	fmt.Printf("above chance %.2f\n", score.AboveChance())
	// Output:
	// linear CKA 0.788 [0.757, 0.822], by chance 0.0121 ± 0.00461, p = 0.000999 (1 is equal; 300 samples, 4 and 6 units, 1,000 shuffles, 1,000 resamples, seed 1)
	// above chance 0.79
}

func ExampleValue() {
	a, b := twoNets()
	for _, m := range similarity.Measures() {
		fmt.Printf("%-31v %6.3f   %s\n", m, similarity.Value(m, a, b, similarity.Options{}), m.Range())
	}
	// Output:
	// linear CKA                       0.788   0 to 1
	// unbiased CKA                     0.786   -1 to 1
	// RBF CKA                          0.789   0 to 1
	// CKA angle                        0.663   0 to π/2
	// mean CCA                         0.915   0 to 1
	// SVCCA                            0.915   0 to 1
	// PWCCA                            0.917   0 to 1
	// Procrustes distance             86.566   0 up
	// normalised Procrustes distance   0.505   0 to √2
	// Procrustes angle                 0.511   0 to π/2
	// RSA (Spearman)                   0.553   -1 to 1
	// RSA (Pearson)                    0.554   -1 to 1
	// nearest neighbours               0.371   0 to 1
}

func ExampleCKAFromMoments() {
	// Second moments of two nets of two units each, kept instead of the activations.
	withinA := mat.NewSymDense(2, []float64{2, 0, 0, 1})
	withinB := mat.NewSymDense(2, []float64{1, 0, 0, 2})
	between := mat.NewDense(2, 2, []float64{0, 2, 1, 0}) // units crossed over
	fmt.Println(similarity.CKAFromMoments(withinA, withinB, between))
	// Output: 1
}

func ExampleSVCCA() {
	a, b := twoNets()
	fmt.Printf("CCA %.3f, SVCCA of 99 %% %.3f, of 60 %% %.3f\n",
		similarity.CCA(a, b), similarity.SVCCA(a, b, 0.99), similarity.SVCCA(a, b, 0.6))
	// Output: CCA 0.915, SVCCA of 99 % 0.915, of 60 % 0.937
}

func ExampleProcrustes() {
	a := mat.NewDense(4, 2, []float64{0, 0, 1, 0, 1, 1, 0, 1}) // the corners of a square
	b := mat.NewDense(4, 2, []float64{5, 5, 5, 7, 3, 7, 3, 5}) // moved, turned, twice as large
	fmt.Printf("distance %.3f, of the shapes %.3f\n", similarity.Procrustes(a, b), similarity.ProcrustesNormalized(a, b))
	// Output: distance 1.414, of the shapes 0.000
}

func ExampleRSA() {
	// Four samples; the dissimilarities of the second net have the order of the first's.
	a := mat.NewDense(4, 3, []float64{1, 2, 3, 1, 2, 4, 3, 2, 1, 0, 5, 0})
	b := mat.NewDense(4, 3, []float64{10, 20, 30, 5, 5, 11, 9, 6, 3, 1, 3, 1})
	fmt.Printf("ranks %.3f, values %.3f\n", similarity.RSA(a, b), similarity.RSAPearson(a, b))
	// Output: ranks 1.000, values 0.981
}

func ExampleNearestNeighbours() {
	a := mat.NewDense(6, 1, []float64{0, 1, 2, 10, 11, 12}) // two groups of three
	b := mat.NewDense(6, 2, []float64{0, 0, 0, 1, 1, 0, 7, 7, 7, 8, 8, 7})
	fmt.Println(similarity.NearestNeighbours(a, b, 2), "by chance", 2./5)
	// Output: 1 by chance 0.4
}

func ExampleNull() {
	r := rand.New(rand.NewPCG(2, 1))
	a, b := mat.NewDense(30, 20, nil), mat.NewDense(30, 20, nil) // nothing in common
	for _, m := range []*mat.Dense{a, b} {
		m.Apply(func(_, _ int, _ float64) float64 { return r.NormFloat64() }, m)
	}
	for _, m := range []similarity.Measure{similarity.LinearCKA, similarity.UnbiasedCKA, similarity.MeanCCA} {
		chance, err := similarity.Null(context.Background(), m, a, b, similarity.Options{Draws: 200})
		if err != nil {
			fmt.Println(err)
		}
		fmt.Printf("%v %.3f, by chance %.3f\n", m, chance.Value, chance.Mean)
	}
	// Output:
	// linear CKA 0.413, by chance 0.407
	// unbiased CKA 0.004, by chance -0.002
	// mean CCA 0.755, by chance 0.769
}

func ExampleMinibatchCKA() {
	a, b := twoNets()
	var m similarity.MinibatchCKA
	for i := 0; i < 300; i += 50 {
		if err := m.Add(a.Slice(i, i+50, 0, 4), b.Slice(i, i+50, 0, 6)); err != nil {
			fmt.Println(err)
		}
	}
	fmt.Println(&m)
	// Output: minibatch CKA 0.782 (300 samples in 6 batches)
}

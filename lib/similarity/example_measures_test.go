package similarity_test

import (
	"context"
	"fmt"
	"math/rand/v2"

	"gonverge/lib/similarity"

	"gonum.org/v1/gonum/mat"
)

// cloud returns samples × units of independent normal numbers.
func cloud(seed uint64, samples, units int) *mat.Dense {
	r := rand.New(rand.NewPCG(seed, 0))
	m := mat.NewDense(samples, units, nil)
	for i := range samples {
		for j := range units {
			m.Set(i, j, r.NormFloat64())
		}
	}
	return m
}

// Nothing is shared, but plain CKA is far above 0 with few samples for the units; the unbiased
// one is not.
func ExampleCKAUnbiased() {
	a, b := cloud(1, 40, 30), cloud(2, 40, 30)
	fmt.Printf("CKA %.2f, unbiased %.2f\n", similarity.CKA(a, b), similarity.CKAUnbiased(a, b))
	fmt.Printf("of equals: %.2f, %.2f\n", similarity.CKA(a, a), similarity.CKAUnbiased(a, a))
	// Output:
	// CKA 0.45, unbiased 0.03
	// of equals: 1.00, 1.00
}

// A narrow kernel makes all matrices alike, so the value by chance belongs beside the score.
func ExampleCKARBF() {
	a := cloud(1, 100, 5)
	b := mat.DenseCopyOf(a)
	noise := cloud(2, 100, 5)
	noise.Scale(0.5, noise)
	b.Add(b, noise)
	for _, sigma := range []float64{0.2, 0.8, 10} {
		fmt.Printf("%.1f: %.2f, of nothing shared %.2f\n", sigma, similarity.CKARBF(a, b, sigma), similarity.CKARBF(a, cloud(3, 100, 5), sigma))
	}
	// Output:
	// 0.2: 0.90, of nothing shared 0.88
	// 0.8: 0.79, of nothing shared 0.13
	// 10.0: 0.80, of nothing shared 0.06
}

// Angles obey the triangle inequality; 1 − CKA does not in general.
func ExampleCKAAngle() {
	a, b, c := cloud(1, 50, 3), cloud(2, 50, 3), cloud(3, 50, 3)
	ab, bc, ac := similarity.CKAAngle(a, b), similarity.CKAAngle(b, c), similarity.CKAAngle(a, c)
	fmt.Printf("%.2f ≤ %.2f + %.2f\n", ac, ab, bc)
	fmt.Printf("of equals: %.2f\n", similarity.CKAAngle(a, a))
	// Output:
	// 1.51 ≤ 1.48 + 1.53
	// of equals: 0.00
}

// The shape does not change when units are rotated, shifted and scaled together.
func ExampleProcrustesAngle() {
	a := cloud(1, 50, 2)
	b := mat.NewDense(50, 2, nil)
	b.Mul(a, mat.NewDense(2, 2, []float64{0, -3, 3, 0}))
	fmt.Printf("%.2f %.2f\n", similarity.ProcrustesAngle(a, b), similarity.ProcrustesAngle(a, cloud(2, 50, 2)))
	// Output:
	// 0.00 1.37
}

// Weights are those of the first matrix: what is large there counts.
func ExamplePWCCA() {
	a, b := cloud(1, 200, 2), cloud(2, 200, 2)
	for i := range 200 {
		a.Set(i, 0, 10*a.At(i, 0))
		b.Set(i, 0, a.At(i, 0)) // the large unit is shared, the small one is not
	}
	fmt.Printf("PWCCA %.2f, mean of CCA %.2f\n", similarity.PWCCA(a, b), similarity.CCA(a, b))
	// Output:
	// PWCCA 0.91, mean of CCA 0.50
}

// The interval of a measure over resampled samples.
func ExampleBootstrap() {
	a := cloud(1, 100, 4)
	b := cloud(2, 100, 4)
	b.Add(b, a)
	i, err := similarity.Bootstrap(context.Background(), similarity.LinearCKA, a, b, similarity.Options{Seed: 1, Draws: 200})
	fmt.Println(i, err)
	// Output:
	// linear CKA 0.487 [0.403, 0.581], standard error 0.0431 (1 is equal; 95 % interval, 200 resamples) <nil>
}

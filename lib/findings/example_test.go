package findings_test

import (
	"fmt"

	"gonverge/lib/findings"
)

// Rank correlation sees any rising relation, however curved.
func ExampleRankCorrelation() {
	activity := []float64{0.1, 0.2, 0.4, 0.8, 1.6}
	frequency := []float64{0.5, 0.4, 0.3, 0.2, 0.1}
	fmt.Printf("%.2f\n", findings.RankCorrelation(activity, frequency))
	// Output: -1.00
}

// The mean of a quantity over pairs of nets, with its range.
func ExampleOver() {
	fmt.Println(findings.Over(0.61, 0.58, 0.66), findings.None(), findings.DoesNotHold)
	// Output: 0.62 [0.58, 0.66] – does not hold
}

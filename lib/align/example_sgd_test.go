package align_test

import (
	"context"
	"fmt"

	"gonverge/lib/align"
)

// The paper's settings with a thousandth and a hundredth of its steps, and with all of them:
// without a penalty the long run reaches least squares.
func ExamplePaperSGDLike() {
	for _, length := range []float64{0.001, 0.01, 1} {
		s, err := align.PaperSGDLike(context.Background(), within, between, 0, 1, align.PaperSGDConfig{Length: length})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%.3f: %.3f\n", length, s.Loss())
	}
	fmt.Printf("least squares: %.3f\n", align.LeastSquares(within, between).Loss())
	// Output:
	// 0.001: 0.474
	// 0.010: 0.422
	// 1.000: 0.270
	// least squares: 0.270
}

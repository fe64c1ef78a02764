package simd_test

import (
	"fmt"

	"gonverge/lib/internal/simd"
)

func ExampleConv() {
	// a 3×3 picture of one channel; two filters of 2×2: the sum, and the upper left value
	x := []float32{
		1, 2, 3,
		4, 5, 6,
		7, 8, 9,
	}
	w := []float32{1, 1, 1, 0, 1, 0, 1, 0} // [row][column][channel][filter]
	v := simd.NewConv(3, 3, 1, 2, 2, 2, 1, 0)
	xp, wp := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen())
	y := make([]float32, v.OutLen())
	v.Pad(xp, x)
	v.PackW(wp, w)
	v.Forward(y, xp, wp, []float32{0, 0.5})
	fmt.Println(v.OH, v.OW, y)
	// Output: 2 2 [12 1.5 16 2.5 24 4.5 28 5.5]
}

func ExampleGemm() {
	a := []float32{1, 2, 3, 4, 5, 6} // 2×3
	c := make([]float32, 4)
	simd.Gemm(false, true, 2, 2, 3, a, 3, a, 3, c, 2, false) // A·Aᵀ
	fmt.Println(c)
	// Output: [14 32 32 77]
}

func ExamplePool_MaxBack() {
	x := []float32{
		1, 5, 5,
		0, 2, 3,
	}
	p := simd.NewPool(2, 3, 1, 2, 2, 0, true) // rounding up: the second window is 2×1
	y, dx := make([]float32, p.OutLen()), make([]float32, p.InLen())
	p.Max(y, x)
	p.MaxBack(dx, x, y, []float32{10, 20})
	fmt.Println(y, dx)
	// Output: [5 5] [0 10 20 0 0 0]
}

func ExampleSGD() {
	w, v := []float32{1, 2}, []float32{0, 1}
	simd.SGD(w, v, []float32{1, 1}, 0.5, 0.5, 0) // learning rate 0.5, momentum 0.5, no decay
	fmt.Println(w, v)
	// Output: [0.5 2] [-0.5 0]
}

func ExampleGramAdd() {
	x := []float32{1, 2, 3, 4, 5, 6} // 3 rows of 2
	acc := make([]float64, 4)
	simd.GramAdd(acc, x, 3, 2, 2)
	fmt.Println(acc) // the lower triangle is left alone
	// Output: [35 44 0 56]
}

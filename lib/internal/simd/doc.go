// Package simd holds the numerical kernels under Gonverge's nets and statistics: matrix
// product, convolution, pooling, element-wise steps of training, and Gram matrices.
//
// Everything is float32 in row-major order; pictures are NHWC (one pixel's channels side by
// side), weights HWIO (kernel row, kernel column, input channel, output channel). Each kernel
// has two forms that agree up to rounding: AVX2+FMA assembly and a twin in plain Go. The
// choice is made once, at start, from the processor; the build tag noasm or the environment
// variable GONVERGE_NOASM=1 forces plain Go. [Name] tells which one runs.
//
//	v := simd.NewConv(32, 32, 3, 16, 5, 5, 1, 2) // 32×32×3 picture, 16 filters of 5×5, pad 2
//	xp, wp := make([]float32, v.PaddedLen()), make([]float32, v.WeightLen())
//	v.Pad(xp, x)                                 // x: 32·32·3 values
//	v.PackW(wp, w)                               // w: 5·5·3·16 values
//	v.Forward(y, xp, wp, bias)                   // y: v.OH·v.OW·16 values
//
// What does not live here: graphs and gradients of whole nets (lib/ops, lib/nn), worker
// goroutines (every function runs on the caller's goroutine and shares nothing with other
// calls), random numbers, files.
//
// Ownership and bounds: no slice is kept after a call, no slice needs slack, and nothing is
// read or written outside the lengths that a function documents. Destinations may be longer
// than needed; the rest is untouched. Destinations must not overlap sources. A slice that is
// too short or a shape that is impossible is a mistake of the program and panics with the
// numbers. A result depends on the arguments and on [Name] alone.
//
// NaN and infinity in the data come out as floating-point arithmetic gives them; only a maximum
// may lose a NaN that has numbers beside it.
package simd

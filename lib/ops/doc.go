// Package ops holds gorgonia operations on fast kernels: what a convolutional net needs,
// forward and gradient, for float32 tensors in NHWC order.
//
//	c := &ops.Context{Training: true}
//	h, err := ops.ConvReLU(c, x, w, b, 1, 2, false)   // x: 32×28×28×3, w: 5×5×3×16, b: 16
//	h, err = ops.MaxPool(c, h, 3, 2, 0, true)         // 32×14×14×16
//	z, err := ops.Dense(c, h, w2, b2, true)           // w2: 3136×10; z: 32×10
//	loss, err := ops.CrossEntropy(c, z, labels)       // labels: 32; loss: scalar
//
// They are ordinary operations: gorgonia.Grad differentiates through them, and a graph may
// mix them with gorgonia's own. A batch is pictures × height × width × channels, weights of
// a convolution are kernel rows × kernel columns × channels × units, of a dense layer
// inputs × units.
//
// An operation works on its batch in a fixed number of parts, on up to Context.Workers
// goroutines, and adds partial sums in a fixed order: results have the same bits for any
// number of workers.
//
// Ownership: an operation keeps the memory of its result and writes there on each run, so a
// value read from a node is valid until the machine runs again, and one graph may be run
// by one machine at a time. Whether dropout acts is the Context's business alone:
// gorgonia's EvalMode does not reach these operations.
//
// Shapes that do not fit are errors that name both; nothing here panics on data, and NaN
// comes out as arithmetic gives it.
//
// What does not live here: layers and nets (lib/nn), kernels (lib/internal/simd), learning
// rate schedules (lib/train).
package ops

// Package nn holds convolutional nets: architectures as lists of named layers, nets with
// their parameters, training steps and read-outs, and the nets' form in a file.
//
//	arch := nn.MiniAlexNet([3]int{32, 32, 3}, 10)    // shows itself as a table
//	net := nn.New(arch, 1)                           // parameters drawn from seed 1
//	read, err := net.Evaluator(64, "conv1", "conv2") // up to 64 pictures at a time
//	err = read.Run(pixels)                           // [][]uint8, each height·width·channels
//	conv1 := read.Activation("conv1")                // len(pixels)·26·26 rows of 32 units
//
// Pictures are height × width × channels (HWC), one pixel's channels side by side; a batch
// is NHWC; filters are kernel row × kernel column × input channel × unit (HWIO); weights of
// dense layers are input × unit, their input flattened in HWC order. Numbers are float32.
//
// A [Trainer] and an [Evaluator] each build a gorgonia graph and a tape machine from the
// operations of lib/ops. Both read the parameters of their [Net] in place: what a Trainer
// changes is what an Evaluator sees on its next run. They are not safe for concurrent use;
// several of them, also on one net, may run at once as long as no Trainer is updating it.
//
// What does not live here: data sets (lib/dataset), schedules, augmentation and caching
// (lib/train), streams of activations and their statistics (lib/activation, lib/corr),
// foreign file formats (lib/weights).
//
// Functions that read an unknown layer name, a wrong shape or a damaged file return errors;
// misuse that only a wrong program can commit panics with "nn: " and the numbers.
package nn

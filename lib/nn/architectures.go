package nn

import (
	"fmt"
	"math"
)

// MiniAlexNet returns the net that this project trains: AlexNet's five convolutions and
// three fully connected layers at the size of 32×32 pictures (186,714 parameters and
// 21.1 MFLOP forward for 32×32×3 and 10 classes). conv1 starts at a tenth of He's
// deviation and conv2 at three times it: no noise is then left in the first filters.
func MiniAlexNet(shape [3]int, classes int) *Arch {
	return alexNet("MiniAlexNet", shape, classes, [5]int{32, 32, 64, 64, 48}, 128)
}

// SmallAlexNet returns a smaller MiniAlexNet for quick trials, with 16, 16, 32, 32, 32
// filters and 64 units in fc6 and fc7.
func SmallAlexNet(shape [3]int, classes int) *Arch {
	return alexNet("SmallAlexNet", shape, classes, [5]int{16, 16, 32, 32, 32}, 64)
}

func alexNet(name string, shape [3]int, classes int, units [5]int, fc int) *Arch {
	return Sequential(name, Input{Shape: shape, Scale: 4, MeanOfImage: true},
		Conv{Units: units[0], Kernel: 7, Scale: 0.1},
		MaxPool{Size: 3, Stride: 2},
		Conv{Units: units[1], Kernel: 5, Pad: 2, Scale: 3},
		MaxPool{Size: 3, Stride: 2},
		Conv{Units: units[2], Kernel: 3, Pad: 1},
		Conv{Units: units[3], Kernel: 3, Pad: 1},
		Conv{Units: units[4], Kernel: 3, Pad: 1},
		MaxPool{Size: 3, Stride: 2},
		Dense{Units: fc},
		Dense{Units: fc},
		// A deviation of .3/√fan-in: small logits at the start.
		Dense{Units: classes, Scale: 0.3 / math.Sqrt2, Linear: true},
	)
}

// LeNet returns Caffe's LeNet for MNIST (lenet_train_test.prototxt), with Caffe's layer names
// and initial deviations: two linear convolutions with pooling and two fully connected layers
// (431,080 parameters for 28×28×1 and 10 classes). Pictures are given as x/256.
func LeNet(shape [3]int, classes int) *Arch {
	const xavier = 1 / math.Sqrt2 // Caffe's filler: deviation √(1/fan-in), half of He's variance
	return Sequential("LeNet", Input{Shape: shape, Scale: 255. / 256},
		Conv{Units: 20, Kernel: 5, Linear: true, Scale: xavier},
		MaxPool{Size: 2},
		Conv{Units: 50, Kernel: 5, Linear: true, Scale: xavier},
		MaxPool{Size: 2},
		Dense{Name: "ip1", Units: 500, Scale: xavier},
		Dense{Name: "ip2", Units: classes, Scale: xavier, Linear: true},
	)
}

// CIFAR10Quick returns Caffe's cifar10_quick, with Caffe's layer names and initial deviations
// (145,578 parameters for 32×32×3 and 10 classes). conv1's ReLU stands before its pooling,
// where Caffe has it behind: the maximum of what is cut off at 0 is the maximum cut off at 0.
// Pictures are given as bytes less their own mean; Caffe takes off that of all pictures.
func CIFAR10Quick(shape [3]int, classes int) *Arch {
	in := shape[2]
	return Sequential("CIFAR10Quick", Input{Shape: shape, Scale: 255, MeanOfImage: true},
		Conv{Units: 32, Kernel: 5, Pad: 2, Scale: deviation(0.0001, 25*in)},
		MaxPool{Size: 3, Stride: 2},
		Conv{Units: 32, Kernel: 5, Pad: 2, Scale: deviation(0.01, 800)},
		AvgPool{Size: 3, Stride: 2},
		Conv{Units: 64, Kernel: 5, Pad: 2, Scale: deviation(0.01, 800)},
		AvgPool{Size: 3, Stride: 2},
		Dense{Name: "ip1", Units: 64, Linear: true, Scale: deviation(0.1, 64*eighth(shape))},
		Dense{Name: "ip2", Units: classes, Linear: true, Scale: deviation(0.1, 64)},
	)
}

// CIFAR10Full returns Caffe's cifar10_full: [CIFAR10Quick] with normalisations within
// channels behind the first two poolings and one fully connected layer (89,578 parameters
// for 32×32×3 and 10 classes).
func CIFAR10Full(shape [3]int, classes int) *Arch {
	in := shape[2]
	return Sequential("CIFAR10Full", Input{Shape: shape, Scale: 255, MeanOfImage: true},
		Conv{Units: 32, Kernel: 5, Pad: 2, Scale: deviation(0.0001, 25*in)},
		MaxPool{Size: 3, Stride: 2},
		LRN{Size: 3, Alpha: 5e-5, Beta: 0.75, Within: true},
		Conv{Units: 32, Kernel: 5, Pad: 2, Scale: deviation(0.01, 800)},
		AvgPool{Size: 3, Stride: 2},
		LRN{Size: 3, Alpha: 5e-5, Beta: 0.75, Within: true},
		Conv{Units: 64, Kernel: 5, Pad: 2, Scale: deviation(0.01, 800)},
		AvgPool{Size: 3, Stride: 2},
		Dense{Name: "ip1", Units: classes, Linear: true, Scale: deviation(0.01, 64*eighth(shape))},
	)
}

// eighth returns the positions that three poolings of 3×3, stride 2, leave.
func eighth(shape [3]int) int {
	h, w := shape[0], shape[1]
	for range 3 {
		h, w = pooled(h, 3, 2, 0, false), pooled(w, 3, 2, 0, false)
	}
	return h * w
}

// deviation returns an initial deviation as a factor on He's √(2/fan-in).
func deviation(sigma float64, fanIn int) float64 { return sigma / math.Sqrt(2/float64(fanIn)) }

// CaffeNet returns the BVLC reference CaffeNet: AlexNet with pooling before normalisation, and
// conv2, conv4 and conv5 in two groups (60,965,224 parameters and 1.45 GFLOP forward for
// 227×227×3 and 1000 classes), with Caffe's layer names and initial values. Pictures are
// given as bytes less their own mean; Caffe takes off that of all pictures and has the
// channels as blue, green, red.
func CaffeNet(shape [3]int, classes int) *Arch { return caffeNet("CaffeNet", shape, classes, 2) }

// CaffeNetUngrouped returns [CaffeNet] with convolutions that see all channels of the layer
// before (62,378,344 parameters), the net of Li et al., ICLR 2016.
func CaffeNetUngrouped(shape [3]int, classes int) *Arch {
	return caffeNet("CaffeNetUngrouped", shape, classes, 1)
}

func caffeNet(name string, shape [3]int, classes, groups int) *Arch {
	in := shape[2]
	grouped := func(c Conv) Conv {
		if groups > 1 {
			c.Groups = groups
		}
		return c
	}
	// positions that are left behind pool5
	side := func(n int) int {
		n = (n-11)/4 + 1
		for range 3 {
			n = pooled(n, 3, 2, 0, false)
		}
		return n
	}
	return Sequential(name, Input{Shape: shape, Scale: 255, MeanOfImage: true},
		Conv{Units: 96, Kernel: 11, Stride: 4, Scale: deviation(0.01, 121*in)},
		MaxPool{Size: 3, Stride: 2},
		LRN{Size: 5, Alpha: 1e-4, Beta: 0.75},
		grouped(Conv{Units: 256, Kernel: 5, Pad: 2, Scale: deviation(0.01, 25*96/groups), Bias: 1}),
		MaxPool{Size: 3, Stride: 2},
		LRN{Size: 5, Alpha: 1e-4, Beta: 0.75},
		Conv{Units: 384, Kernel: 3, Pad: 1, Scale: deviation(0.01, 9*256)},
		grouped(Conv{Units: 384, Kernel: 3, Pad: 1, Scale: deviation(0.01, 9*384/groups), Bias: 1}),
		grouped(Conv{Units: 256, Kernel: 3, Pad: 1, Scale: deviation(0.01, 9*384/groups), Bias: 1}),
		MaxPool{Size: 3, Stride: 2},
		Dense{Units: 4096, Scale: deviation(0.005, 256*side(shape[0])*side(shape[1])), Bias: 1},
		Dropout{Name: "drop6", Rate: 0.5},
		Dense{Units: 4096, Scale: deviation(0.005, 4096), Bias: 1},
		Dropout{Name: "drop7", Rate: 0.5},
		Dense{Units: classes, Linear: true, Scale: deviation(0.01, 4096)},
	)
}

// ResNet20 returns the residual net of 20 layers for CIFAR of He et al., CVPR 2016, section
// 4.2, with shortcuts without parameters, whose new channels are half before and half behind
// the others, as in the usual PyTorch version (269,722 parameters for 32×32×3 and 10 classes).
func ResNet20(shape [3]int, classes int) *Arch { return resNet("ResNet20", shape, classes, 3) }

// ResNet32 returns the residual net of 32 layers for CIFAR; see [ResNet20] (464,154
// parameters for 32×32×3 and 10 classes).
func ResNet32(shape [3]int, classes int) *Arch { return resNet("ResNet32", shape, classes, 5) }

// resNet returns three stages of so many blocks of two convolutions, with 16, 32 and 64
// filters; the second and the third stage begin by halving the picture.
func resNet(name string, shape [3]int, classes, blocks int) *Arch {
	layers := []Layer{Conv{Units: 16, Kernel: 3, Pad: 1, Linear: true, NoBias: true}, BatchNorm{ReLU: true}}
	for stage, units := range []int{16, 32, 64} {
		for b := range blocks {
			r := Residual{Name: fmt.Sprintf("res%d%c", stage+1, 'a'+b)}
			stride := 1
			if stage > 0 && b == 0 {
				stride = 2
				r.Shortcut = []Layer{Subsample{Stride: 2, Units: units, Before: units / 4}}
			}
			r.Layers = []Layer{
				Conv{Units: units, Kernel: 3, Pad: 1, Stride: stride, Linear: true, NoBias: true},
				BatchNorm{ReLU: true},
				Conv{Units: units, Kernel: 3, Pad: 1, Linear: true, NoBias: true},
				BatchNorm{},
			}
			layers = append(layers, r)
		}
	}
	layers = append(layers, GlobalAvgPool{Name: "pool"}, Dense{Name: "fc", Units: classes, Linear: true, Scale: 1 / math.Sqrt2})
	return Sequential(name, Input{Shape: shape, Scale: 4, MeanOfImage: true}, layers...)
}

package nn

// AlexNet returns torchvision's AlexNet (A. Krizhevsky, arXiv 1404.5997, one column): five
// convolutions without groups or normalisation (61,100,840 parameters for 224×224×3 and 1000
// classes). Behind pool5 torchvision averages to 6×6 positions, which changes nothing for
// pictures of 224×224; here the dense layers read pool5 whatever its size is. Weights begin at
// He's deviation.
func AlexNet(shape [3]int, classes int) *Arch {
	pool := MaxPool{Size: 3, Stride: 2, Floor: true}
	return Sequential("AlexNet", torchInput(shape),
		Conv{Units: 64, Kernel: 11, Stride: 4, Pad: 2},
		pool,
		Conv{Units: 192, Kernel: 5, Pad: 2},
		pool,
		Conv{Units: 384, Kernel: 3, Pad: 1},
		Conv{Units: 256, Kernel: 3, Pad: 1},
		Conv{Units: 256, Kernel: 3, Pad: 1},
		pool,
		Dropout{Name: "drop6", Rate: 0.5},
		Dense{Units: 4096},
		Dropout{Name: "drop7", Rate: 0.5},
		Dense{Units: 4096},
		Dense{Units: classes, Linear: true, Scale: deviation(0.01, 4096)},
	)
}

// VGG11 returns the net A of Simonyan and Zisserman, ICLR 2015, as in torchvision: eight
// convolutions of 3×3 and three dense layers (132,863,336 parameters and 15.2 GFLOP for
// 224×224×3 and 1000 classes). Layers are called conv1 to conv8 and fc9 to fc11; what is said
// of positions at [AlexNet] holds here with 7×7.
func VGG11(shape [3]int, classes int) *Arch {
	return vgg("VGG11", shape, classes, [5]int{1, 1, 2, 2, 2})
}

// VGG16 returns the net D of Simonyan and Zisserman, as [VGG11], with thirteen convolutions
// (138,357,544 parameters and 30.9 GFLOP for 224×224×3 and 1000 classes).
func VGG16(shape [3]int, classes int) *Arch {
	return vgg("VGG16", shape, classes, [5]int{2, 2, 3, 3, 3})
}

func vgg(name string, shape [3]int, classes int, convs [5]int) *Arch {
	var layers []Layer
	for stage, units := range []int{64, 128, 256, 512, 512} {
		for range convs[stage] {
			layers = append(layers, Conv{Units: units, Kernel: 3, Pad: 1})
		}
		layers = append(layers, MaxPool{Size: 2, Floor: true})
	}
	layers = append(layers,
		Dense{Units: 4096, Scale: deviation(0.01, 512*7*7)},
		Dropout{Rate: 0.5},
		Dense{Units: 4096, Scale: deviation(0.01, 4096)},
		Dropout{Rate: 0.5},
		Dense{Units: classes, Linear: true, Scale: deviation(0.01, 4096)},
	)
	return Sequential(name, torchInput(shape), layers...)
}

// torchInput is how torchvision's nets take pictures: less the mean of ImageNet's colours,
// divided by their deviation. Other than colour pictures lose their own mean.
func torchInput(shape [3]int) Input {
	if shape[2] != 3 {
		return Input{Shape: shape, Scale: 4, MeanOfImage: true}
	}
	return Input{Shape: shape, Mean: []float32{0.485, 0.456, 0.406}, Deviation: []float32{0.229, 0.224, 0.225}}
}

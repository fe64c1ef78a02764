package nn_test

import (
	"fmt"

	"gonverge/lib/nn"
)

func ExampleMiniAlexNet() {
	fmt.Println(nn.MiniAlexNet([3]int{32, 32, 3}, 10))
	// Output:
	// MiniAlexNet, input 32×32×3
	// layer  definition                              output  parameters  MFLOP
	// conv1  32 of 7×7, ReLU, start 0.1 × He       26×26×32       4,736   6.36
	// pool1  max 3×3, stride 2, ceil               13×13×32
	// conv2  32 of 5×5, pad 2, ReLU, start 3 × He  13×13×32      25,632   8.65
	// pool2  max 3×3, stride 2, ceil                 6×6×32
	// conv3  64 of 3×3, pad 1, ReLU                  6×6×64      18,496   1.33
	// conv4  64 of 3×3, pad 1, ReLU                  6×6×64      36,928   2.65
	// conv5  48 of 3×3, pad 1, ReLU                  6×6×48      27,696   1.99
	// pool5  max 3×3, stride 2, ceil                 3×3×48
	// fc6    128, ReLU                                  128      55,424   0.11
	// fc7    128, ReLU                                  128      16,512   0.03
	// fc8    10, start 0.212 × He                        10       1,290  0.003
	// all                                                       186,714   21.1
}

// A net of one's own, one step of training on four grey pictures, and a look at conv1.
func ExampleSequential() {
	arch := nn.Sequential("mine", nn.Input{Shape: [3]int{8, 8, 1}},
		nn.Conv{Units: 6, Kernel: 3, Pad: 1},
		nn.MaxPool{Size: 2},
		nn.Dense{Units: 2, Linear: true},
	)
	net := nn.New(arch, 1)
	trainer, err := net.Trainer(4)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer trainer.Close()
	pixels := make([]uint8, 64)
	x := make([]float32, 4*64)
	for i := range 4 {
		pixels[i] = 255
		arch.Prepare(x[i*64:(i+1)*64], pixels)
	}
	if _, _, err := trainer.Step(x, []int{0, 1, 0, 1}); err != nil {
		fmt.Println(err)
		return
	}
	if _, err := trainer.Update(nn.Rule{LR: []float64{0.1, 0.1, 0.1, 0.1}, Momentum: 0.9}); err != nil {
		fmt.Println(err)
		return
	}
	read, err := net.Evaluator(16, "conv1")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer read.Close()
	if err := read.Run([][]uint8{pixels}); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(len(read.Activation("conv1"))/6, "positions of 6 units")
	_, err = net.LayerShape("conv7")
	fmt.Println(err)
	// Output:
	// 64 positions of 6 units
	// nn: no layer "conv7"; have conv1, pool1, fc2
}

// A small residual net: the second block halves the picture, with a 1×1 convolution around it.
func ExampleResidual() {
	fmt.Println(nn.Sequential("small ResNet", nn.Input{Shape: [3]int{16, 16, 3}},
		nn.Conv{Units: 8, Kernel: 3, Pad: 1, Linear: true, NoBias: true},
		nn.BatchNorm{ReLU: true},
		nn.Residual{
			Layers:   []nn.Layer{nn.Conv{Units: 16, Kernel: 3, Pad: 1, Stride: 2, Linear: true}, nn.BatchNorm{}},
			Shortcut: []nn.Layer{nn.Conv{Units: 16, Kernel: 1, Stride: 2, Linear: true}},
		},
		nn.GlobalAvgPool{},
		nn.Dense{Units: 10, Linear: true},
	))
	// Output:
	// small ResNet, input 16×16×3
	// layer                definition                    output  parameters  MFLOP
	// conv1                8 of 3×3, pad 1, no bias     16×16×8         216   0.11
	// bn1                  batch norm, ReLU             16×16×8          16
	// res1/conv1           16 of 3×3, stride 2, pad 1    8×8×16       1,168   0.15
	// res1/bn1             batch norm                    8×8×16          32
	// res1/shortcut/conv1  16 of 1×1, stride 2           8×8×16         144   0.02
	// res1                 sum with the shortcut, ReLU   8×8×16
	// pool1                average of all positions      1×1×16
	// fc2                  10                                10         170  0.000
	// all                                                             1,746    0.3
}

// The units of a layer have no order of their own: moved, the net is the same function.
func ExamplePermute() {
	net := nn.New(nn.LeNet([3]int{28, 28, 1}, 10), 1)
	order := make([]int, 20)
	for j := range order {
		order[j] = 19 - j
	}
	turned, err := nn.Permute(net, "conv1", order)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(turned.Params()[0].Data[0] == net.Params()[0].Data[19])
	_, err = nn.Permute(net, "ip2", []int{9, 8, 7, 6, 5, 4, 3, 2, 1, 0})
	fmt.Println(err)
	// Output:
	// true
	// nn: permute "ip2" of LeNet: its units are the classes, whose order has a meaning
}

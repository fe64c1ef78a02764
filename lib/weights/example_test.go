package weights_test

import (
	"fmt"
	"os"
	"path/filepath"

	"gonverge/lib/nn"
	"gonverge/lib/weights"
)

// The format of a file is seen from its content; a file shows itself as a table.
func ExampleRead() {
	f, err := weights.Read(filepath.Join("testdata", "zip.pt"))
	if err != nil {
		fmt.Println(err)
		return
	}
	f.Path = "zip.pt"
	fmt.Println(f)
	fmt.Println(f.Tensor("conv.weight").Data[:3])
	// Output:
	// zip.pt, torch (zip): 8 tensors, 74 values
	// name                         shape  type
	// conv.weight          2 × 3 × 2 × 2  F32
	// transposed                   4 × 6  F32
	// part                         2 × 2  F32
	// expanded                     2 × 3  F32
	// half                             6  F16
	// double                       2 × 2  F64
	// brain                            5  BF16
	// num_batches_tracked         scalar  I64
	// not read: optimizer: beside the parameters under state_dict
	// not read: complex: numbers of torch.ComplexFloatStorage
	// [-2.75 -1 0.75]
}

// A net goes to a file that numpy.load and safetensors.numpy.load_file read.
func ExampleWrite() {
	net := nn.New(nn.SmallAlexNet([3]int{32, 32, 3}, 10), 1)
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "net.safetensors")
	if err := weights.Write(path, weights.FromNet(net)); err != nil {
		fmt.Println(err)
		return
	}
	f, err := weights.Read(path)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(f.Tensor("conv1.weight"))
	// Output:
	// conv1.weight 7 × 7 × 3 × 16 F32
}

// Caffe and torch keep filters as units × inputs × rows × columns.
func ExampleHWIO() {
	w := &weights.Tensor{Name: "conv1", Shape: []int{2, 3, 1, 1}, Data: []float32{1, 2, 3, 4, 5, 6}}
	hwio, err := weights.HWIO(w)
	fmt.Println(hwio, hwio.Data, err)
	// Output:
	// conv1 1 × 1 × 3 × 2 F32 [1 4 2 5 3 6] <nil>
}

// Files that hold weights only become nets of an architecture; shapes and layouts are found
// from the file.
func ExampleLoadAll() {
	dir, err := os.MkdirTemp("", "models")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	for _, who := range []string{"ann", "bob"} {
		net := nn.New(nn.LeNet([3]int{28, 28, 1}, 10), uint64(len(who)))
		if err := weights.Write(filepath.Join(dir, who+".npz"), weights.FromNet(net)); err != nil {
			fmt.Println(err)
			return
		}
	}
	nets, err := weights.LoadAll(filepath.Join(dir, "*"), nn.LeNet)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, n := range nets {
		fmt.Println(n)
	}
	_, err = weights.LoadAll(filepath.Join(dir, "ann.npz"), nn.CIFAR10Quick)
	fmt.Println(err != nil)
	// Output:
	// LeNet, 431,080 parameters, ann.npz
	// LeNet, 431,080 parameters, bob.npz
	// true
}

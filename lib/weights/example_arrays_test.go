package weights_test

import (
	"fmt"
	"os"
	"path/filepath"

	"gonverge/lib/nn"
	"gonverge/lib/weights"

	"gonum.org/v1/gonum/mat"
)

// Activations from a table of another program.
func ExampleReadMatrix() {
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "theirs.csv")
	if err := os.WriteFile(path, []byte("unit1,unit2\n0.5,1\n0,2\n"), 0o644); err != nil {
		fmt.Println(err)
		return
	}
	m, err := weights.ReadMatrix(path)
	fmt.Println(mat.Formatted(m), err)
	// Output:
	// ⎡0.5    1⎤
	// ⎣  0    2⎦ <nil>
}

// A net as safetensors and as npz, for other programs, and back.
func ExampleWriteSafetensors() {
	dir, err := os.MkdirTemp("", "weights")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	arch := nn.MiniAlexNet([3]int{32, 32, 3}, 10)
	net := nn.New(arch, 1)
	for _, name := range []string{"net.npz", "net.safetensors"} {
		path, write := filepath.Join(dir, name), weights.WriteNPZ
		if name == "net.safetensors" {
			write = weights.WriteSafetensors
		}
		if err := write(path, weights.FromNet(net)); err != nil {
			fmt.Println(err)
			return
		}
		file, err := weights.Read(path)
		if err != nil {
			fmt.Println(err)
			return
		}
		again, err := weights.ToNet(file, arch)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(file.Parameters(), "parameters, equal:", mat.Equal(first(again), first(net)))
	}
	// Output:
	// 186714 parameters, equal: true
	// 186714 parameters, equal: true
}

// first returns the filters of conv1 as a matrix.
func first(net *nn.Net) *mat.Dense {
	m, err := weights.Matrix(weights.FromNet(net).Tensor("conv1.weight"))
	if err != nil {
		panic(err)
	}
	return m
}

// A dense layer of torch, two units over a picture of two channels and 1×2 pixels, in the
// layout of this library.
func ExampleRowsHWC() {
	torch := &weights.Tensor{Name: "fc.weight", Shape: []int{2, 4}, Data: []float32{
		1, 2, 3, 4, // channel 0: pixels 1 and 2; channel 1: pixels 1 and 2
		5, 6, 7, 8}}
	inputs, err := weights.Transpose(torch)
	if err != nil {
		fmt.Println(err)
		return
	}
	ours, err := weights.RowsHWC(inputs, 2, 1, 2)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(ours.Shape, ours.Data)
	// Output:
	// [4 2] [1 5 3 7 2 6 4 8]
}

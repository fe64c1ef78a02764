package weights

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonverge/lib/nn"
)

func pbFloatTensor(t *Tensor) []byte {
	var fields [][]byte
	for _, d := range t.Shape {
		fields = append(fields, pbInt(1, int64(d)))
	}
	return pbBytes(5, pb(fields...), pbInt(2, 1), pbFloats(4, t.Data), pbText(8, t.Name))
}

func pbNode(op string, in []string, out string, attributes ...[]byte) []byte {
	var fields [][]byte
	for _, s := range in {
		fields = append(fields, pbText(1, s))
	}
	return pbBytes(1, pb(fields...), pbText(2, out), pbText(3, op+"_"+out), pbText(4, op), pb(attributes...))
}

func pbAttrInts(name string, v ...int64) []byte {
	return pbBytes(5, pbText(1, name), pbInts(8, v...), pbInt(20, 7))
}

func pbAttrInt(name string, v int64) []byte {
	return pbBytes(5, pbText(1, name), pbInt(3, v), pbInt(20, 2))
}

func pbInput(name string, sizes ...int64) []byte {
	var dims [][]byte
	for _, d := range sizes {
		dims = append(dims, pbBytes(1, pbInt(1, d)))
	}
	return pbBytes(11, pbText(1, name), pbBytes(2, pbBytes(1, pbInt(1, 1), pbBytes(2, pb(dims...)))))
}

// TestONNXBecomesTheNet writes a net as PyTorch exports it, nodes in reverse order, and opens it.
func TestONNXBecomesTheNet(t *testing.T) {
	arch := nn.Sequential("net", nn.Input{Shape: [3]int{12, 10, 3}},
		nn.Conv{Units: 4, Kernel: 3, Pad: 1},
		nn.MaxPool{Size: 2, Stride: 2, Floor: true},
		nn.Conv{Units: 6, Kernel: 3, Linear: true, NoBias: true},
		nn.BatchNorm{ReLU: true, Epsilon: 0.5},
		nn.Residual{Layers: []nn.Layer{nn.Conv{Units: 6, Kernel: 3, Pad: 1, Activation: nn.Tanh}, nn.Conv{Units: 6, Kernel: 1, Linear: true}}},
		nn.AvgPool{Size: 2, Stride: 1, Floor: true, Inside: true},
		nn.Dense{Units: 5},
		nn.Dense{Units: 3, Linear: true},
	)
	want := random(arch, 2)
	f := elsewhere(t, want, func(l, r string) string { return l + "." + r })
	var tensors []byte
	for i := range f.Tensors {
		tensors = append(tensors, pbFloatTensor(&f.Tensors[i])...)
	}
	nodes := [][]byte{
		pbNode("Conv", []string{"x", "conv1.weight", "conv1.bias"}, "a", pbAttrInts("pads", 1, 1, 1, 1)),
		pbNode("Relu", []string{"a"}, "b"),
		pbNode("MaxPool", []string{"b"}, "c", pbAttrInts("kernel_shape", 2, 2), pbAttrInts("strides", 2, 2)),
		pbNode("Conv", []string{"c", "conv2.weight"}, "d", pbAttrInts("kernel_shape", 3, 3)),
		pbNode("BatchNormalization", []string{"d", "bn2.scale", "bn2.bias", "bn2.mean", "bn2.variance"}, "e", pbBytes(5, pbText(1, "epsilon"), pbFloat(2, 0.5))),
		pbNode("Relu", []string{"e"}, "f"),
		pbNode("Add", []string{"f", "i"}, "j"),
		pbNode("Conv", []string{"f", "res1/conv1.weight", "res1/conv1.bias"}, "g", pbAttrInts("pads", 1, 1, 1, 1)),
		pbNode("Tanh", []string{"g"}, "h"),
		pbNode("Conv", []string{"h", "res1/conv2.weight", "res1/conv2.bias"}, "i"),
		pbNode("Relu", []string{"j"}, "k"),
		pbNode("AveragePool", []string{"k"}, "l", pbAttrInts("kernel_shape", 2, 2)),
		pbNode("Flatten", []string{"l"}, "m"),
		pbNode("Gemm", []string{"m", "fc3.weight", "fc3.bias"}, "n", pbAttrInt("transB", 1)),
		pbNode("Relu", []string{"n"}, "o"),
		pbNode("Gemm", []string{"o", "fc4.weight", "fc4.bias"}, "p", pbAttrInt("transB", 1)),
		pbNode("Softmax", []string{"p"}, "q"),
	}
	var graph []byte
	for i := range nodes {
		graph = append(graph, nodes[len(nodes)-1-i]...)
	}
	model := func(graph []byte) []byte {
		return pb(pbInt(1, 8), pbText(2, "test"), pbBytes(7, graph, pbText(2, "net"), tensors, pbInput("x", 1, 3, 12, 10)), pbBytes(8, pbInt(2, 13)))
	}
	open := func(graph []byte) (*nn.Net, error) {
		path := filepath.Join(t.TempDir(), "a.onnx")
		if err := os.WriteFile(path, model(graph), 0o666); err != nil {
			t.Fatal(err)
		}
		return Open(path)
	}
	got, err := open(graph)
	if err != nil {
		t.Fatal(err)
	}
	sameParams(t, got, want)
	x := make([]float32, 12*10*3)
	for i := range x {
		x[i] = float32(i%17)/10 - 0.5
	}
	var logits [2][]float32
	for k, n := range []*nn.Net{want, got} {
		e, err := n.Evaluator(1)
		if err != nil {
			t.Fatal(err)
		}
		if err := e.RunPrepared(x); err != nil {
			t.Fatal(err)
		}
		logits[k] = e.Logits()
	}
	if fmt.Sprint(logits[0]) != fmt.Sprint(logits[1]) {
		t.Errorf("%v, want %v", logits[1], logits[0])
	}

	for _, c := range []struct {
		name, want string
		node       []byte
	}{
		{"operator", `node "Concat_b" (Concat): is no operator`, pbNode("Concat", []string{"a"}, "b")},
		{"computed", "is computed", pbNode("Conv", []string{"a", "b2"}, "b")},
		{"border", "pads [1 0 1 0]", pbNode("MaxPool", []string{"a"}, "b", pbAttrInts("kernel_shape", 2, 2), pbAttrInts("pads", 1, 0, 1, 0))},
		{"add", "expected the bias of a MatMul", pbNode("Add", []string{"a", "conv1.bias"}, "b")},
		{"transpose", "between NCHW and NHWC", pbNode("Transpose", []string{"a"}, "b", pbAttrInts("perm", 0, 1, 3, 2))},
		{"circle", "goes in circles", pbNode("Relu", []string{"a"}, "a")},
	} {
		if _, err := open(append(append([]byte(nil), nodes[0]...), c.node...)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	if _, err := Open(filepath.Join("testdata", "zip.pt")); err == nil || !strings.Contains(err.Error(), "holds no architecture") {
		t.Errorf("a state dict: %v", err)
	}
}

// TestRealONNX opens a net that Keras exported, with channels last.
func TestRealONNX(t *testing.T) {
	n, err := Open(filepath.Join(sharedModels(t), "onnx", "wuhanstudio_mnist-sm.onnx"))
	if err != nil {
		t.Fatal(err)
	}
	if n.Arch.Input.Shape != [3]int{28, 28, 1} || n.Arch.Classes() != 10 || n.Arch.Parameters() != 504 {
		t.Errorf("%v", n.Arch)
	}
	for _, p := range n.Params() {
		for _, v := range p.Data {
			if math.IsNaN(float64(v)) {
				t.Fatal(p.Layer)
			}
		}
	}
}

func FuzzONNXNet(f *testing.F) {
	f.Add(pb(pbInt(1, 8), pbBytes(7, pbNode("Flatten", []string{"x"}, "a"), pbNode("Gemm", []string{"a", "w"}, "b"),
		pbFloatTensor(&Tensor{Name: "w", Shape: []int{4, 2}, Data: make([]float32, 8)}), pbInput("x", 1, 1, 2, 2))))
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<14 {
			return
		}
		s := &source{path: "fuzz", format: "ONNX", data: data, budget: newBudget(len(data))}
		if file, err := readONNX(s); err == nil {
			_, _ = onnxNet(file) // refuses or not, but does not panic
		}
	})
}

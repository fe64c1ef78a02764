package weights

import (
	"slices"
	"strings"
	"testing"
)

// onnxModel returns a graph with a convolution, a constant and initialisers of many kinds.
func onnxModel() []byte {
	tensor := func(name string, kind int64, data []byte, sizes ...int64) []byte {
		return pbBytes(5, pbInts(1, sizes...), pbInt(2, kind), pbText(8, name), data)
	}
	size := func(n int64) []byte { return pbBytes(1, pbInt(1, n)) }
	graph := pb(
		pbText(2, "main"),
		pbBytes(1, pbText(1, "x"), pbText(1, "w"), pbText(2, "y"), pbText(3, "conv"), pbText(4, "Conv"),
			pbBytes(5, pbText(1, "strides"), pbInts(8, 2, 2), pbInt(20, 7)),
			pbBytes(5, pbText(1, "alpha"), pbFloat(2, 0.25), pbInt(20, 1)),
			pbBytes(5, pbText(1, "auto_pad"), pbText(4, "SAME_UPPER"), pbInt(20, 3))),
		pbBytes(1, pbText(2, "c"), pbText(4, "Constant"),
			pbBytes(5, pbText(1, "value"), pbBytes(5, pbInt(1, 2), pbInt(2, 7), pbInts(7, -1, 300)))),
		pbBytes(1, pbText(4, "Strange"), pbText(7, "com.example")),
		tensor("w", 1, pbFloats(4, values(6)), 1, 2, 3),
		tensor("raw", 10, pbBytes(9, []byte{0, 0xbe, 0, 0x3e}), 2),
		tensor("bits", 10, pbInts(5, 0xbe00, 0x3e00), 2),
		tensor("brain", 16, pbInts(5, 0xbfc0), 1),
		tensor("double", 11, pbDoubles(10, values(2)), 2),
		tensor("u64", 13, pbInts(11, 7, 8), 2),
		tensor("scalar", 1, pbFloat(4, 3)),
		tensor("none", 1, nil, 0),
		tensor("text", 8, pbText(6, "a"), 1),
		tensor("outside", 1, pb(pbBytes(13, pbText(1, "location")), pbInt(14, 1)), 4),
		pbBytes(11, pbText(1, "x"), pbBytes(2, pbBytes(1, pbInt(1, 1), pbBytes(2, pbBytes(1, pbText(2, "N")), size(3), size(8))))),
		pbBytes(12, pbText(1, "y")),
	)
	return pb(pbInt(1, 7), pbText(2, "hand"), pbText(3, "0.1"), pbBytes(7, graph), pbBytes(8, pbInt(2, 13)), pbBytes(8, pbText(1, "com.example"), pbInt(2, 1)))
}

func TestONNXInitialisersAndGraph(t *testing.T) {
	f, err := Decode("x", onnxModel())
	if err != nil {
		t.Fatal(err)
	}
	wantTensor(t, f, "w", "F32", values(6), 1, 2, 3)
	wantTensor(t, f, "raw", "F16", []float32{-1.5, 1.5}, 2)
	wantTensor(t, f, "bits", "F16", []float32{-1.5, 1.5}, 2)
	wantTensor(t, f, "brain", "BF16", []float32{-1.5}, 1)
	wantTensor(t, f, "double", "F64", values(2), 2)
	wantTensor(t, f, "u64", "U64", []float32{7, 8}, 2)
	wantTensor(t, f, "scalar", "F32", []float32{3})
	wantTensor(t, f, "none", "F32", []float32{}, 0)
	if s := strings.Join(f.Skipped, "; "); s != "text: numbers of ONNX type 8; outside: data in another file" {
		t.Errorf("skipped %q", s)
	}
	g := f.Graph
	if f.Format != "ONNX" || g.Name != "main" || g.Opset != 13 || f.Metadata["producer_name"] != "hand" || len(g.Nodes) != 3 {
		t.Errorf("format %q, graph %+v, metadata %v", f.Format, g, f.Metadata)
	}
	conv := g.Node("conv")
	if conv.Op != "Conv" || !slices.Equal(conv.Inputs, []string{"x", "w"}) || !slices.Equal(conv.Outputs, []string{"y"}) {
		t.Errorf("conv is %+v", conv)
	}
	if a := conv.Attribute("strides"); !slices.Equal(a.Ints, []int64{2, 2}) {
		t.Errorf("strides %+v", a)
	}
	if a := conv.Attribute("alpha"); !slices.Equal(a.Floats, []float32{0.25}) {
		t.Errorf("alpha %+v", a)
	}
	if a := conv.Attribute("auto_pad"); !slices.Equal(a.Texts, []string{"SAME_UPPER"}) {
		t.Errorf("auto_pad %+v", a)
	}
	if v := g.Nodes[1].Attribute("value"); v.Tensor == nil || !slices.Equal(v.Tensor.Data, []float32{-1, 300}) || v.Tensor.Type != "I64" {
		t.Errorf("constant %+v", v)
	}
	if g.Nodes[2].Op != "com.example.Strange" {
		t.Errorf("operator %q of another domain", g.Nodes[2].Op)
	}
	if len(g.Inputs) != 1 || !slices.Equal(g.Inputs[0].Shape, []int{-1, 3, 8}) || len(g.Outputs) != 1 || g.Outputs[0].Name != "y" {
		t.Errorf("inputs %+v, outputs %+v", g.Inputs, g.Outputs)
	}
}

func TestONNXRefusesBadFiles(t *testing.T) {
	model := func(graph ...[]byte) []byte { return pb(pbInt(1, 7), pbBytes(7, graph...)) }
	good := onnxModel()
	for _, c := range []struct {
		name string
		data []byte
		say  string
	}{
		{"cut", good[:len(good)-60], "field 7 of"},
		{"raw bytes", model(pbBytes(5, pbText(8, "w"), pbInts(1, 3), pbInt(2, 1), pbBytes(9, []byte{1, 2}))), `initialiser "w" of shape [3] and type F32 has 2 bytes, want 12`},
		{"values", model(pbBytes(5, pbText(8, "w"), pbInts(1, 3), pbInt(2, 1), pbFloats(4, values(2)))), "has 2 values"},
		{"huge", model(pbBytes(5, pbInts(1, 1<<31-1, 1<<31-1, 8), pbInt(2, 1))), "impossible"},
		{"negative", model(pbBytes(5, pbInts(1, -2), pbInt(2, 1))), "shape [-2]"},
		{"same name", model(pbBytes(5, pbText(8, "w"), pbInt(2, 1), pbFloat(4, 1)), pbBytes(5, pbText(8, "w"), pbInt(2, 1), pbFloat(4, 1))), `second initialiser "w"`},
		{"two graphs", pb(model(), pbBytes(7)), "a second graph"},
		{"node no message", model(pbInt(1, 5)), "wire type 0, want 2"},
	} {
		t.Run(c.name, func(t *testing.T) { wantBad(t, c.data, "ONNX", c.say) })
	}
}

func FuzzONNX(f *testing.F) {
	f.Add(onnxModel())
	f.Fuzz(func(t *testing.T, data []byte) { fuzz(t, data, "ONNX", readONNX) })
}

package weights

import (
	"slices"
	"strings"
	"testing"
)

// caffeNet returns a net with a convolution and a dense layer in today's layout.
func caffeNet() []byte {
	return pb(
		pbText(1, "tiny"),
		pbText(3, "data"), pbBytes(8, pbInts(1, 1, 3, 8, 8)),
		pbBytes(100, pbText(1, "conv1"), pbText(2, "Convolution"), pbText(3, "data"), pbText(4, "conv1"),
			pbBytes(106, pbInt(1, 2), pbInt(4, 2), pbInt(3, 1)),
			pbBytes(7, pbBytes(7, pbInts(1, 2, 3, 2, 2)), pbFloats(5, values(24))),
			pbBytes(7, pbBytes(7, pbInt(1, 2)), pbFloat(5, 1.5), pbFloat(5, -2)),
			pbInt(10, 1)),
		pbBytes(100, pbText(1, "norm"), pbText(2, "LRN"), pbBytes(118, pbFloat(2, 0.5), pbInt(4, 1))),
		pbBytes(100, pbText(1, "ip"), pbText(2, "InnerProduct"), pbText(3, "conv1"), pbText(4, "ip"),
			pbBytes(7, pbBytes(7, pbInts(1, 1, 4)), pbDoubles(8, values(4)))),
	)
}

// caffeNetV1 returns a net in the old layout, whose blobs have four sizes.
func caffeNetV1() []byte {
	sizes := func(n, c, h, w int64) []byte { return pb(pbInt(1, n), pbInt(2, c), pbInt(3, h), pbInt(4, w)) }
	return pb(
		pbText(1, "old"),
		pbText(3, "data"), pbInt(4, 1), pbInt(4, 1), pbInt(4, 4), pbInt(4, 4),
		pbBytes(2, pbText(4, "conv1"), pbInt(5, 4), pbText(2, "data"), pbText(3, "conv1"),
			pbBytes(10, pbInt(1, 1), pbInt(4, 2)),
			pbBytes(6, sizes(1, 1, 2, 3), pbFloats(5, values(6))),
			pbBytes(6, sizes(1, 1, 1, 1), pbFloats(5, values(1)))),
		pbBytes(2, pbText(4, "ip"), pbInt(5, 14),
			pbBytes(6, sizes(1, 1, 2, 4), pbFloats(5, values(8))),
			pbBytes(6, sizes(1, 1, 1, 2), pbFloats(5, values(2)))),
		pbBytes(2, pbText(4, "odd"), pbInt(5, 99)),
	)
}

func TestCaffemodelInTodaysLayout(t *testing.T) {
	f, err := Decode("x", caffeNet())
	if err != nil {
		t.Fatal(err)
	}
	wantTensor(t, f, "conv1/0", "F32", values(24), 2, 3, 2, 2)
	wantTensor(t, f, "conv1/1", "F32", []float32{1.5, -2}, 2)
	wantTensor(t, f, "ip/0", "F64", values(4), 1, 4)
	if f.Format != "Caffe" || f.Graph.Name != "tiny" || len(f.Graph.Nodes) != 3 || len(f.Tensors) != 3 {
		t.Errorf("got %v and %+v", f, f.Graph)
	}
	if in := f.Graph.Inputs; len(in) != 1 || in[0].Name != "data" || !slices.Equal(in[0].Shape, []int{1, 3, 8, 8}) {
		t.Errorf("inputs %+v", in)
	}
	conv := f.Graph.Node("conv1")
	if conv.Op != "Convolution" || conv.Inputs[0] != "data" || conv.Attribute("kernel_size").Ints[0] != 2 ||
		conv.Attribute("pad").Ints[0] != 1 || conv.Attribute("stride") != nil {
		t.Errorf("conv1 is %+v", conv)
	}
	lrn := f.Graph.Node("norm")
	if lrn.Attribute("alpha").Floats[0] != 0.5 || lrn.Attribute("norm_region").Ints[0] != 1 {
		t.Errorf("norm is %+v", lrn)
	}
}

func TestCaffemodelInV1Layout(t *testing.T) {
	f, err := Decode("x", caffeNetV1())
	if err != nil {
		t.Fatal(err)
	}
	wantTensor(t, f, "conv1/0", "F32", values(6), 1, 1, 2, 3) // filters keep their four sizes
	wantTensor(t, f, "conv1/1", "F32", values(1), 1)
	wantTensor(t, f, "ip/0", "F32", values(8), 2, 4)
	wantTensor(t, f, "ip/1", "F32", values(2), 2)
	if n := f.Graph.Node("conv1"); n.Op != "Convolution" || n.Attribute("num_output").Ints[0] != 1 {
		t.Errorf("conv1 is %+v", n)
	}
	if n := f.Graph.Node("odd"); n.Op != "V1 type 99" {
		t.Errorf("odd is %+v", n)
	}
	if in := f.Graph.Inputs; len(in) != 1 || !slices.Equal(in[0].Shape, []int{1, 1, 4, 4}) {
		t.Errorf("inputs %+v", in)
	}
}

func TestBinaryproto(t *testing.T) {
	f, err := Decode("x", pb(pbInt(1, 1), pbInt(2, 3), pbInt(3, 2), pbInt(4, 2), pbFloats(5, values(12))))
	if err != nil {
		t.Fatal(err)
	}
	wantTensor(t, f, "mean", "F32", values(12), 1, 3, 2, 2)
	f, err = Decode("x", pb(pbBytes(7, pbInts(1, 3)), pbDoubles(8, values(3))))
	if err != nil {
		t.Fatal(err)
	}
	wantTensor(t, f, "mean", "F64", values(3), 3)
}

func TestCaffeRefusesBadFiles(t *testing.T) {
	layer := func(fields ...[]byte) []byte { return pbBytes(100, pbText(1, "l"), pb(fields...)) }
	good := caffeNet()
	for _, c := range []struct {
		name string
		data []byte
		say  string
	}{
		{"cut", good[:len(good)-5], "field 100 of"},
		{"values missing", layer(pbBytes(7, pbBytes(7, pbInts(1, 5)), pbFloats(5, values(4)))), `blob 0 of layer "l" of shape [5] has 4 values, want 5`},
		{"values odd", layer(pbBytes(7, pbBytes(7, pbInts(1, 1)), pbBytes(5, []byte{1, 2, 3}))), "want a multiple of 4"},
		{"huge shape", layer(pbBytes(7, pbBytes(7, pbInts(1, 1<<31-1, 1<<31-1, 1<<31-1)))), "impossible"},
		{"large shape", layer(pbBytes(7, pbBytes(7, pbInts(1, 1<<31-1)))), "more values than a file"},
		{"negative size", layer(pbBytes(7, pbBytes(7, pbInts(1, -1)))), "shape [-1]"},
		{"V0", pb(pbText(1, "n"), pbBytes(2, pbBytes(1, pbText(1, "conv")))), "V0 layout"},
		{"name twice", pb(layer(pbBytes(7, pbFloat(5, 1))), layer(pbBytes(7, pbFloat(5, 1)))), `a second layer "l"`},
		{"name no text", pbBytes(100, pbText(1, "\xff")), "not UTF-8"},
		{"group", pb(pbBytes(100), []byte{11<<3 | 3}), "wire type 3"},
	} {
		t.Run(c.name, func(t *testing.T) { wantBad(t, c.data, "Caffe", c.say) })
	}
}

func TestUnknownFilesSayWhatIsKnown(t *testing.T) {
	for _, data := range []string{"", "GIF89a", "{\"cells\": []}", "name: \"LeNet\"\nlayer {\n", strings.Repeat("\x00", 100)} {
		wantBad(t, []byte(data), "byte 0: begins with", "safetensors, npy, npz")
	}
}

func FuzzCaffe(f *testing.F) {
	f.Add(caffeNet())
	f.Add(caffeNetV1())
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzz(t, data, "Caffe", readCaffe)
		fuzz(t, data, "Caffe blob", readBinaryproto)
	})
}

// FuzzDecode looks for what deceives the recognition of formats.
func FuzzDecode(f *testing.F) {
	f.Add(caffeNet())
	f.Add(onnxModel())
	f.Add(pb(pbInt(1, 1), pbInt(2, 3), pbInt(3, 2), pbInt(4, 2), pbFloats(5, values(12))))
	f.Add(safetensorsFile(`{}`))
	f.Add(encodeNPY(&Tensor{Shape: []int{2}, Data: values(2)}))
	seeds(f, "legacy.pth", "zip.pt", "userblock.h5")
	f.Fuzz(func(t *testing.T, data []byte) {
		fuzz(t, data, "", func(s *source) (*File, error) {
			read := recognise(s)
			if read == nil {
				return nil, s.bad(0, "unknown")
			}
			if s.format == "net" {
				return &File{}, nil // the business of lib/nn
			}
			return read(s)
		})
	})
}

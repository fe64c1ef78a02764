package weights

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"gonverge/lib/nn"
)

// plain returns layers without their initial deviations, which a prototxt's are not read of.
func plain(layers []nn.Layer) []nn.Layer {
	var out []nn.Layer
	for _, l := range layers {
		switch l := l.(type) {
		case nn.Conv:
			l.Scale = 0
			out = append(out, l)
		case nn.Dense:
			l.Scale = 0
			out = append(out, l)
		case nn.MaxPool:
			if l.Stride == 0 {
				l.Stride = l.Size
			}
			out = append(out, l)
		default:
			out = append(out, l)
		}
	}
	return out
}

func readLayers(t *testing.T, name string) (*protoNet, []nn.Layer) {
	t.Helper()
	c, err := readPrototxt(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	layers, err := c.layers()
	if err != nil {
		t.Fatal(err)
	}
	return c, layers
}

func TestPrototxtIsTheArchitecture(t *testing.T) {
	c, layers := readLayers(t, "quick.prototxt")
	if want := plain(nn.CIFAR10Quick([3]int{32, 32, 3}, 10).Layers); !reflect.DeepEqual(layers, want) {
		t.Errorf("quick: got\n%#v\nwant\n%#v", layers, want)
	}
	if c.name != "CIFAR10_quick" || c.meanFile != "some/where/test_mean.binaryproto" || c.shape != [3]int{} {
		t.Errorf("quick: %q, mean %q, shape %v", c.name, c.meanFile, c.shape)
	}
	c, layers = readLayers(t, "lenet_v1.prototxt")
	if want := plain(nn.LeNet([3]int{28, 28, 1}, 10).Layers); !reflect.DeepEqual(layers, want) {
		t.Errorf("lenet: got\n%#v\nwant\n%#v", layers, want)
	}
	if c.scale != 1./256 {
		t.Errorf("lenet: scale %v", c.scale)
	}
	a, err := Architecture(filepath.Join("testdata", "block.prototxt"))
	if err != nil {
		t.Fatal(err)
	}
	want := []nn.Layer{
		nn.Conv{Name: "conv0", Units: 4, Kernel: 3, Pad: 1, NoBias: true, Linear: true},
		nn.BatchNorm{Name: "bn0", Epsilon: 0.001, ReLU: true},
		nn.Residual{Name: "sum1", Layers: []nn.Layer{
			nn.Conv{Name: "a1", Units: 5, Kernel: 3, Pad: 1, Stride: 2, Activation: nn.Tanh},
			nn.Conv{Name: "a2", Units: 6, Kernel: 3, Pad: 1, Linear: true},
		}, Shortcut: []nn.Layer{nn.Conv{Name: "around", Units: 6, Kernel: 1, Stride: 2, Linear: true}}},
		nn.Residual{Name: "sum2", Layers: []nn.Layer{nn.Conv{Name: "b1", Units: 6, Kernel: 3, Pad: 1, Linear: true}}, Linear: true},
		nn.LRN{Name: "norm", Size: 3, Alpha: 0.01, Beta: 0.75, K: 1, Within: true},
		nn.GlobalAvgPool{Name: "pool"},
		nn.Dropout{Name: "drop", Rate: 0.5},
		nn.Dense{Name: "fc", Units: 3, Linear: true},
	}
	if !reflect.DeepEqual(a.Layers, want) {
		t.Errorf("blocks: got\n%#v\nwant\n%#v", a.Layers, want)
	}
	if a.Name != "blocks" || a.Input.Shape != [3]int{16, 12, 3} {
		t.Errorf("%v", a)
	}
}

// TestLoadFindsTheParametersOfBlocks also has the layers in another order than lib/nn computes
// them, as Caffe's files do.
func TestLoadFindsTheParametersOfBlocks(t *testing.T) {
	path := filepath.Join("testdata", "block.prototxt")
	a, err := Architecture(path)
	if err != nil {
		t.Fatal(err)
	}
	a.Name = "blocks of CIFAR" // no colours to turn
	want := random(a, 5)
	f := elsewhere(t, want, func(layer, role string) string {
		layer = layer[strings.LastIndexByte(layer, '/')+1:]
		return map[string]string{"weight": layer + "/0", "bias": layer + "/1", "scale": "scale0/0", "mean": layer + "/0", "variance": layer + "/1"}[role]
	})
	f.Path, f.Format = "x.caffemodel", "Caffe"
	var ordered []Tensor
	take := func(names ...string) {
		for _, n := range names {
			if x := f.Tensor(n); x != nil {
				ordered = append(ordered, *x)
			} else {
				t.Fatalf("no %q among %v", n, f.Names())
			}
		}
	}
	take("conv0/0", "bn0/0")
	for i, x := range f.Tensors {
		if want.Params()[i].Name == "variance" {
			ordered = append(ordered, x)
		}
	}
	ordered = append(ordered, Tensor{Name: "bn0/2", Shape: []int{1}, Data: []float32{1}})
	take("scale0/0")
	for i, x := range f.Tensors {
		if p := want.Params()[i]; p.Layer == "bn0" && p.Name == "bias" {
			x.Name = "scale0/1"
			ordered = append(ordered, x)
		}
	}
	take("around/0", "around/1", "a1/0", "a1/1", "a2/0", "a2/1", "b1/0", "b1/1", "fc/0", "fc/1")
	f.Tensors = ordered
	got, err := ToNet(f, a)
	if err != nil {
		t.Fatal(err)
	}
	sameParams(t, got, want)
}

func TestLoadPreparesAsThePrototxtSays(t *testing.T) {
	dir := t.TempDir()
	lenet := nn.New(nn.LeNet([3]int{28, 28, 1}, 10), 1)
	file := filepath.Join(dir, "lenet.safetensors")
	if err := Write(file, &File{Format: "net", Tensors: FromNet(lenet).Tensors}); err != nil {
		t.Fatal(err)
	}
	n, err := Load(filepath.Join("testdata", "lenet_v1.prototxt"), file)
	if err != nil {
		t.Fatal(err)
	}
	sameParams(t, n, lenet)
	if in := n.Arch.Input; in.Shape != [3]int{28, 28, 1} || in.Scale != 255./256 || in.Mean != nil || in.MeanOfImage {
		t.Errorf("%+v", in)
	}

	// cifar10_quick: the mean lies beside the parameters, under the name of the prototxt.
	quick := nn.New(nn.CIFAR10Quick([3]int{32, 32, 3}, 10), 1)
	file = filepath.Join(dir, "quick.safetensors")
	if err := Write(file, &File{Format: "net", Tensors: FromNet(quick).Tensors}); err != nil {
		t.Fatal(err)
	}
	writeMean(t, filepath.Join(dir, "test_mean.binaryproto"), 32)
	if n, err = Load(filepath.Join("testdata", "quick.prototxt"), file); err != nil {
		t.Fatal(err)
	}
	if in := n.Arch.Input; in.Scale != 255 || len(in.Mean) != 32*32*3 || math.Abs(float64(in.Mean[96*8])-11./255) > 1e-7 || !strings.Contains(n.Origin, "test_mean") {
		t.Errorf("%v: scale %v, %d values, %v", n.Origin, in.Scale, len(in.Mean), in.Mean[96*8]*255)
	}

	// mean_value of a file of Caffe is blue, green, red.
	c, err := decodePrototxt("x.prototxt", `layer { type: "Data" top: "data" transform_param { scale: 0.5 mean_value: 10 mean_value: 20 mean_value: 30 crop_size: 8 } }
		layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 } }`)
	if err != nil {
		t.Fatal(err)
	}
	m := &mapping{bgr: true, arch: nn.Sequential("x", nn.Input{Shape: [3]int{8, 8, 3}})}
	in, _, err := c.preparation(&File{}, m)
	if err != nil || in.Scale != 127.5 || fmt.Sprint(in.Mean) != fmt.Sprint(of255([]float32{30, 20, 10})) || c.shape[0] != 8 {
		t.Errorf("%+v, %v", in, err)
	}
}

func TestBadPrototxtsAreRefusedWithTheirPlace(t *testing.T) {
	const end = "\nlayer { name: \"fc\" type: \"InnerProduct\" bottom: \"b\" top: \"fc\" inner_product_param { num_output: 2 } }"
	for _, c := range []struct {
		name, text string
		line, col  int
		want       string
	}{
		{"no colon", "name \"x\"", 1, 6, `found "\"x\"" behind "name", expected a colon`},
		{"open brace", "layer {\n  name: \"a\"\n", 3, 1, `the end of the file, expected a field or "}" for the one opened at line 1`},
		{"open text", "name: \"abc\nlayer {}", 1, 7, "does not end on its line"},
		{"mark", "name: \"x\"\n  = 4", 2, 3, "expected a field"},
		{"list", "a: [1 2]", 1, 7, "expected a comma or ]"},
		{"value", "a: }", 1, 4, `expected the value of "a"`},
		{"no layers", "name: \"x\"", 1, 1, "no layers"},
		{"no type", "layer { name: \"a\" }", 1, 1, "has no type"},
		{"v1 type", "layers { name: \"a\" type: \"Convolution2\" }", 1, 20, "none of the V1 form"},
		{"unknown layer", "input: \"b\"\nlayer { name: \"c\" type: \"Concat\"\n bottom: \"b\" top: \"c\" }" + end, 2, 19, "Concat is no layer"},
		{"unknown setting", "input: \"b\" layer { name: \"b\" type: \"Convolution\" bottom: \"b\" top: \"b\" convolution_param {\n num_output: 2 ring: 3 } }", 2, 16, "ring in convolution_param"},
		{"number", "input: \"b\" layer { name: \"b\" type: \"Convolution\" bottom: \"b\" top: \"b\" convolution_param { num_output: many } }", 1, 103, `"many", expected a number`},
		{"unequal", "input: \"b\" layer { name: \"b\" type: \"Convolution\" bottom: \"b\" top: \"b\" convolution_param { num_output: 2 kernel_h: 3\nkernel_w: 2 } }", 1, 115, "3 and 2"},
		{"pool", "input: \"b\" layer { name: \"b\" type: \"Pooling\" bottom: \"b\" top: \"b\" pooling_param { pool: STOCHASTIC } }", 1, 89, "expected MAX or AVE"},
		{"blob", "input: \"b\"\nlayer { name: \"f\" type: \"ReLU\" bottom: \"x\" top: \"y\" }", 2, 19, `reads "x"`},
		{"three ways", "input: \"b\"" + strings.Repeat("\nlayer { name: \"f\" type: \"TanH\" bottom: \"b\" top: \"y\" }", 3), 4, 19, "third that reads"},
		{"no meeting", "input: \"b\"" + strings.Repeat("\nlayer { name: \"f\" type: \"TanH\" bottom: \"b\" top: \"y\" }", 2), 3, 19, "expected both ways to meet"},
		{"scale", "input: \"b\"\nlayer { name: \"f\" type: \"Scale\" bottom: \"b\" top: \"y\" }", 2, 19, "behind a BatchNorm only"},
		{"phase", "layer { type: \"Data\" include { phase: VALID } }", 1, 39, "expected TRAIN or TEST"},
		{"input", "input: \"b\"\ninput_dim: 1\ninput_dim: 3", 2, 12, "2 sizes, expected 4"},
		{"deep", strings.Repeat("a {", 70), 1, 196, "deeper than 64"},
	} {
		t.Run(c.name, func(t *testing.T) {
			n, err := decodePrototxt("bad.prototxt", c.text)
			if err == nil {
				_, err = n.layers()
			}
			var bad *TextError
			if !errors.As(err, &bad) {
				t.Fatalf("error %v, want one with a place", err)
			}
			if bad.Line != c.line || bad.Column != c.col || !strings.Contains(bad.Problem, c.want) {
				t.Errorf("%v, want %d:%d and %q", err, c.line, c.col, c.want)
			}
		})
	}
	if _, err := Architecture(filepath.Join("testdata", "lenet_v1.prototxt")); err == nil || !strings.Contains(err.Error(), "no size of the pictures") {
		t.Errorf("without a size: %v", err)
	}
}

func FuzzPrototxt(f *testing.F) {
	for _, name := range []string{"quick.prototxt", "lenet_v1.prototxt", "block.prototxt"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 1<<14 {
			return
		}
		n, err := decodePrototxt("fuzz", text)
		var layers []nn.Layer
		if err == nil {
			layers, err = n.layers()
		}
		if err != nil {
			var bad *TextError
			if !errors.As(err, &bad) || bad.Line < 1 || bad.Column < 1 || bad.Problem == "" {
				t.Fatalf("error without place or problem: %#v", err)
			}
			return
		}
		_ = nn.Sequential(n.name, n.trained(), layers...).Check() // must not panic
	})
}

package weights

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gonverge/lib/nn"
)

// small is an architecture with every kind of parameters, for pictures of any size.
func small(shape [3]int, classes int) *nn.Arch {
	return nn.Sequential("small", nn.Input{Shape: shape, Scale: 255, MeanOfImage: true},
		nn.Conv{Units: 4, Kernel: 3, Pad: 1},
		nn.MaxPool{Size: 2},
		nn.Conv{Units: 6, Kernel: 3, Linear: true, NoBias: true},
		nn.BatchNorm{ReLU: true},
		nn.MaxPool{Size: 2},
		nn.Dense{Units: 5},
		nn.Dense{Units: classes, Linear: true},
	)
}

// random returns a net all of whose parameters differ.
func random(arch *nn.Arch, seed uint64) *nn.Net {
	n := nn.New(arch, seed)
	for k, p := range n.Params() {
		for i := range p.Data {
			if p.Name != "weight" {
				p.Data[i] = 0.5 + float32((i*7+k)%11)/10
			}
		}
	}
	return n
}

// elsewhere returns a net's parameters as Caffe and torch keep them, layer by layer.
func elsewhere(t *testing.T, n *nn.Net, rename func(layer, role string) string) *File {
	t.Helper()
	f := FromNet(n)
	f.Metadata = nil
	for i, p := range n.Params() {
		x := &f.Tensors[i]
		var err error
		if p.Name == "weight" && len(p.Shape) == 4 {
			x, err = OIHW(x)
		} else if p.Name == "weight" {
			var in [3]int
			if in, err = n.Arch.LayerInput(p.Layer); err == nil && in[0]*in[1] > 1 {
				x, err = RowsCHW(x, in[2], in[0], in[1])
			}
			if err == nil {
				x, err = Transpose(x)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		x.Name = rename(p.Layer, p.Name)
		f.Tensors[i] = *x
	}
	return f
}

// torchNames are as those of a torch module: numbers for layers.
func torchNames(layer, role string) string {
	return map[string]string{"conv1": "features.0", "conv2": "features.3", "bn2": "features.10", "fc3": "classifier.0", "fc4": "classifier.2"}[layer] +
		map[string]string{"weight": ".weight", "bias": ".bias", "scale": ".weight", "mean": ".running_mean", "variance": ".running_var"}[role]
}

func sameParams(t *testing.T, got, want *nn.Net) {
	t.Helper()
	for i, p := range want.Params() {
		if q := got.Params()[i]; q.Layer != p.Layer || q.Name != p.Name || !slices.Equal(q.Data, p.Data) {
			t.Fatalf("%s.%s: %v, want %v", p.Layer, p.Name, q.Data[:min(len(q.Data), 8)], p.Data[:min(len(p.Data), 8)])
		}
	}
}

func TestFilesBecomeTheNetTheyAreOf(t *testing.T) {
	want := random(small([3]int{28, 28, 3}, 3), 1)
	for _, form := range []string{"safetensors", "npz"} {
		for _, names := range []string{"ours", "torch", "mixed"} {
			t.Run(form+" "+names, func(t *testing.T) {
				f := FromNet(want)
				switch names {
				case "torch": // sorted by name, as torch's writer of safetensors does
					f = elsewhere(t, want, torchNames)
					slices.SortFunc(f.Tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
				case "mixed": // our names, the others' layout, nothing said
					f = elsewhere(t, want, func(l, r string) string { return l + "." + r })
				}
				path := filepath.Join(t.TempDir(), "a."+form)
				if err := Write(path, f); err != nil {
					t.Fatal(err)
				}
				nets, err := LoadAll(path, small)
				if err != nil {
					t.Fatal(err)
				}
				sameParams(t, nets[0], want)
				if got := nets[0].Arch.Input.Shape; got != want.Arch.Input.Shape {
					t.Errorf("pictures of %v, want %v", got, want.Arch.Input.Shape)
				}
				if nets[0].Origin != "a."+form {
					t.Errorf("origin %q", nets[0].Origin)
				}
				if strings.Contains(nets[0].String(), "untrained") {
					t.Errorf("%v", nets[0])
				}
			})
		}
	}
}

// TestKerasNames has the paths that Keras writes into .h5, sorted, and its optimiser's state.
func TestKerasNames(t *testing.T) {
	want := random(small([3]int{28, 28, 3}, 3), 4)
	layers := map[string]string{"conv1": "conv2d", "conv2": "conv2d_1", "bn2": "batch_normalization", "fc3": "dense", "fc4": "dense_1"}
	roles := map[string]string{"weight": "kernel:0", "bias": "bias:0", "scale": "gamma:0", "mean": "moving_mean:0", "variance": "moving_variance:0"}
	f := FromNet(want)
	f.Format, f.Metadata, f.Path = "HDF5", nil, "keras.h5"
	for i, p := range want.Params() {
		role := roles[p.Name]
		if p.Layer == "bn2" && p.Name == "bias" {
			role = "beta:0"
		}
		f.Tensors[i].Name = "model_weights/" + layers[p.Layer] + "/" + layers[p.Layer] + "/" + role
	}
	f.Tensors = append(f.Tensors, Tensor{Name: "optimizer_weights/iter:0", Shape: []int{}, Data: []float32{7}})
	slices.SortFunc(f.Tensors, func(a, b Tensor) int { return strings.Compare(a.Name, b.Name) })
	got, err := load(f, small)
	if err != nil {
		t.Fatal(err)
	}
	sameParams(t, got, want)
}

// caffeNames are the blobs of Caffe's layers; a normalisation is a BatchNorm and a Scale.
func caffeNames(layer, role string) string {
	return map[string]string{"weight": layer + "/0", "bias": layer + "/1", "scale": "scale2/0", "mean": layer + "/0", "variance": layer + "/1"}[role]
}

func TestCaffeLayoutColoursAndNormalisation(t *testing.T) {
	want := random(small([3]int{32, 32, 3}, 4), 3)
	f := elsewhere(t, want, caffeNames)
	f.Path, f.Format = filepath.Join(t.TempDir(), "x.caffemodel"), "Caffe"
	// conv2 has no bias; BatchNorm keeps sums and their number, Scale follows it.
	var norm []Tensor
	for i := range f.Tensors {
		x := &f.Tensors[i]
		switch want.Params()[i].Name {
		case "mean", "variance":
			norm = append(norm, *scaledBy(x, 4))
		}
	}
	at := slices.IndexFunc(f.Tensors, func(x Tensor) bool { return x.Name == "scale2/0" })
	scale := f.Tensors[at : at+2 : at+2]
	scale[1].Name = "scale2/1"
	norm = append(norm, Tensor{Name: "bn2/2", Shape: []int{1}, Data: []float32{4}}, scale[0], scale[1])
	f.Tensors = slices.Concat(f.Tensors[:at:at], norm, f.Tensors[at+4:])

	got, err := ToNet(f, want.Arch)
	if err != nil {
		t.Fatal(err)
	}
	// The file's first filters want blue, green, red.
	turned := want.Clone()
	w := turned.Params()[0]
	for i := range w.Data {
		u, c, cell := i%4, i/4%3, i/12
		w.Data[i] = want.Params()[0].Data[(cell*3+2-c)*4+u]
	}
	sameParams(t, got, turned)

	// Those of a net for CIFAR do not.
	cifar := *want.Arch
	cifar.Name = "my CIFAR10 net"
	if got, err = ToNet(f, &cifar); err != nil {
		t.Fatal(err)
	}
	sameParams(t, got, want)
}

func TestFilesThatDoNotFitAreRefused(t *testing.T) {
	arch := small([3]int{28, 28, 3}, 3)
	find := func(f *File, name string) *Tensor { return f.Tensor(name) }
	for _, c := range []struct {
		name   string
		change func(*File)
		want   []string
	}{
		{"no bias", func(f *File) { f.Tensors = slices.Delete(f.Tensors, 1, 2) }, []string{`"conv1"`, "found no bias", "expected 4"}},
		{"a bias too many", func(f *File) {
			f.Tensors = append(f.Tensors, Tensor{Name: "conv2.bias", Shape: []int{6}, Data: make([]float32, 6)})
		}, []string{`"conv2"`, "found a bias of 6", "expected none"}},
		{"shape", func(f *File) {
			*find(f, "conv1.weight") = Tensor{Name: "conv1.weight", Shape: []int{4, 3, 5, 5}, Data: make([]float32, 300)}
		},
			[]string{`"conv1"`, "found weight of 4 × 3 × 5 × 5", "expected 3 × 3 × 3 × 4"}},
		{"inputs of the dense layer", func(f *File) {
			*find(f, "fc3.weight") = Tensor{Name: "fc3.weight", Shape: []int{7, 5}, Data: make([]float32, 35)}
		},
			[]string{`"fc3"`, "7 × 5", "expected 216 × 5"}},
		{"layer", func(f *File) { f.Tensors = slices.Delete(f.Tensors, 2, 3) }, []string{`"conv2"`, "conv1, bn2, fc3, fc4"}},
		{"layer too many", func(f *File) {
			f.Tensors = append(f.Tensors, Tensor{Name: "fc9.weight", Shape: []int{1, 1}, Data: []float32{1}})
		}, []string{`"fc9"`, "small has no such layer"}},
		{"no number", func(f *File) { find(f, "fc4.bias").Data[1] = float32(math.NaN()) }, []string{`"fc4"`, "NaN", "value 1"}},
		{"unknown role", func(f *File) { f.Tensors[0].Name = "conv1.phase" }, []string{"conv1.phase", "weight, bias"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := FromNet(random(arch, 1))
			f.Path = "bad.safetensors"
			c.change(f)
			_, err := ToNet(f, arch)
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range append(c.want, "weights: bad.safetensors") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("error %q does not say %q", err, w)
				}
			}
		})
	}
	if _, err := LoadAll(filepath.Join(t.TempDir(), "*"), small); err == nil || !strings.Contains(err.Error(), "no files of parameters") {
		t.Errorf("an empty folder: %v", err)
	}
}

// writeMean writes a mean picture whose channels hold 10, 20, 30 plus row/8.
func writeMean(t *testing.T, path string, side int) {
	t.Helper()
	var v []float32
	for c := range 3 {
		for y := range side {
			for range side {
				v = append(v, float32(10*(c+1))+float32(y)/8)
			}
		}
	}
	if err := os.WriteFile(path, pb(pbInt(1, 1), pbInt(2, 3), pbInt(3, int64(side)), pbInt(4, int64(side)), pbFloats(5, v)), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestMeanPictures(t *testing.T) {
	arch := *small([3]int{32, 32, 3}, 3)
	for _, c := range []struct {
		name, arch string
		means      map[string]int // file and side
		want       func(y, c int) float32
		note       string
	}{
		{"beside", "CIFAR", map[string]int{"a/mean.binaryproto": 32}, func(y, c int) float32 { return float32(10*(c+1)) + float32(y)/8 }, "mean mean.binaryproto"},
		{"above, blue first", "photographs", map[string]int{"my_Mean.binaryproto": 32}, func(y, c int) float32 { return float32(10*(3-c)) + float32(y)/8 }, "mean my_Mean.binaryproto"},
		{"cut", "CIFAR", map[string]int{"a/mean.binaryproto": 40, "mean.binaryproto": 32}, func(y, c int) float32 { return float32(10*(c+1)) + float32(y+4)/8 }, "mean mean.binaryproto"},
		{"exact before cut", "CIFAR", map[string]int{"a/mean.binaryproto": 32, "a/mean36.binaryproto": 36}, func(y, c int) float32 { return float32(10*(c+1)) + float32(y)/8 }, "mean mean.binaryproto"},
		{"none that fits", "CIFAR", map[string]int{"a/mean.binaryproto": 256}, func(y, c int) float32 { return cifarMean[c] }, "mean of CIFAR-10's colours"},
		{"none", "photographs", nil, func(y, c int) float32 { return caffeMean[c] }, "mean of ILSVRC-2012's colours"},
		{"two", "CIFAR", map[string]int{"a/mean1.binaryproto": 32, "a/mean2.binaryproto": 32}, nil, "found mean1.binaryproto and mean2.binaryproto"},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "a"), 0o777); err != nil {
				t.Fatal(err)
			}
			for name, side := range c.means {
				writeMean(t, filepath.Join(dir, name), side)
			}
			arch.Name = c.arch
			in, note, err := preparation(&File{Path: filepath.Join(dir, "a", "x.caffemodel"), Format: "Caffe"}, &arch)
			if c.want == nil {
				if err == nil || !strings.Contains(err.Error(), c.note) {
					t.Errorf("error %v, want %q", err, c.note)
				}
				return
			}
			if err != nil || note != c.note {
				t.Fatalf("%q, %v; want %q", note, err, c.note)
			}
			a := arch
			a.Input = in
			if err := a.Check(); err != nil {
				t.Fatal(err)
			}
			pixels := make([]uint8, 32*32*3)
			for i := range pixels {
				pixels[i] = uint8(i * 7)
			}
			got := make([]float32, len(pixels))
			a.Prepare(got, pixels)
			for i, v := range got {
				want := float32(pixels[i]) - c.want(i/96, i%3)
				if math.Abs(float64(v-want)) > 1e-4 { // of 255, in float32
					t.Fatalf("value %d is %v, want %v", i, v, want)
				}
			}
		})
	}
}

// TestScalesPairWithTheirNormsByName has what Caffe writes into .caffemodel.h5, sorted by name.
func TestScalesPairWithTheirNormsByName(t *testing.T) {
	one := func(name string, v ...float32) Tensor { return Tensor{Name: name, Shape: []int{len(v)}, Data: v} }
	norm := func(name string, mean float32) []Tensor {
		return []Tensor{one(name+"/0", mean, 2*mean), one(name+"/1", 4*mean, 6*mean), one(name+"/2", 2)}
	}
	file := func(parts ...[]Tensor) *File {
		return &File{Path: "x.caffemodel.h5", Format: "Caffe HDF5", Tensors: slices.Concat(parts...)}
	}
	for _, c := range []struct {
		name string
		file *File
		want string // scales, or the error
	}{
		{"prefixes", file(norm("bn_a", 1), norm("bn_b", 2), []Tensor{one("scale_a/0", 5, 6), one("scale_a/1", 7, 8), one("scale_b/0", 9, 9)}), "bn_a [0.5 1] [2 3] [5 6] [7 8]; bn_b [1 2] [4 6] [9 9]"},
		{"folders", file(norm("a/bn", 1), []Tensor{one("a/scale/0", 5, 6)}, norm("b/bn", 2)), "a/bn [0.5 1] [2 3] [5 6]; b/bn [1 2] [4 6]"},
		{"joined words", file(norm("bn2a_branch1", 1), norm("bn2b_branch1", 2), []Tensor{one("scale2b_branch1/0", 5, 6), one("scale2a_branch1/0", 3, 4)}), "bn2a_branch1 [0.5 1] [2 3] [3 4]; bn2b_branch1 [1 2] [4 6] [5 6]"},
		{"only one", file(norm("n", 1), []Tensor{one("other/0", 5, 6)}), "n [0.5 1] [2 3] [5 6]"},
		{"no pair", file(norm("bn_a", 1), norm("bn_b", 2), []Tensor{one("scale_c/0", 5, 6)}), `x.caffemodel.h5: layer "scale_c": found a Scale, expected a name that pairs with one of the BatchNorms bn_a, bn_b`},
		{"two scales", file(norm("bn_a", 1), []Tensor{one("scale_a/0", 5, 6), one("a-scale/0", 5, 6)}), `layer "a-scale": found a second Scale for the BatchNorm "bn_a"`},
		{"two norms", file(norm("bn_a", 1), norm("norm_a", 1)), `layers "bn_a" and "norm_a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			list, err := groups(c.file)
			if err != nil {
				if !strings.Contains(err.Error(), c.want) {
					t.Errorf("%v, want %s", err, c.want)
				}
				return
			}
			var got []string
			for _, g := range list {
				s := g.name
				for _, x := range []*Tensor{g.mean, g.variance, g.scale, g.bias} {
					if x != nil {
						s += fmt.Sprint(" ", x.Data)
					}
				}
				got = append(got, s)
			}
			if s := strings.Join(got, "; "); s != c.want {
				t.Errorf("%s, want %s", s, c.want)
			}
		})
	}
}

// TestADenseLayerWithoutBiasHasNone is for torch's Linear(bias=False), and Caffe's bias_term: false.
func TestADenseLayerWithoutBiasHasNone(t *testing.T) {
	arch := small([3]int{28, 28, 3}, 3)
	arch.Layers[5] = nn.Dense{Name: arch.Layers[5].(nn.Dense).Name, Units: 5, Bias: 1}
	f := FromNet(random(arch, 1))
	f.Metadata = nil
	f.Tensors = slices.DeleteFunc(f.Tensors, func(x Tensor) bool { return x.Name == "fc3.bias" })
	n, err := ToNet(f, arch)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for _, p := range n.Params() {
		if p.Layer == "fc3" && p.Name == "bias" {
			found = true
			if !slices.Equal(p.Data, make([]float32, 5)) {
				t.Errorf("bias %v, want zeros", p.Data)
			}
		}
	}
	if !found {
		t.Error("the net has no fc3.bias")
	}

	c, err := decodePrototxt("x.prototxt", `layer { type: "Data" top: "data" transform_param { crop_size: 8 } }
		layer { name: "fc" type: "InnerProduct" bottom: "data" top: "fc" inner_product_param { num_output: 2 bias_term: false } }`)
	if err != nil {
		t.Fatal(err)
	}
	if layers, err := c.layers(); err != nil || len(layers) != 1 {
		t.Errorf("%v, %v", layers, err)
	}
}

func TestPublishedSizesAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		arch func([3]int, int) *nn.Arch
		want [3]int
		k    int
	}{
		"lenet": {nn.LeNet, [3]int{28, 28, 1}, 10},
		"quick": {nn.CIFAR10Quick, [3]int{32, 32, 3}, 7},
		"res":   {nn.ResNet20, [3]int{32, 32, 3}, 10},
	} {
		n := nn.New(c.arch(c.want, c.k), 1)
		f := FromNet(n)
		f.Metadata, f.Path = nil, name
		got, err := load(f, c.arch)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		sameParams(t, got, n)
		if got.Arch.Input.Shape != c.want || got.Arch.Classes() != c.k {
			t.Errorf("%s: %v, %d classes, want %v, %d", name, got.Arch.Input.Shape, got.Arch.Classes(), c.want, c.k)
		}
	}
}

func TestNamesSortByTheirNumbers(t *testing.T) {
	names := []string{"classifier.0", "features.10", "features.2", "layer1.0.conv1", "conv1", "fc"}
	slices.SortStableFunc(names, naturalCompare)
	if got := fmt.Sprint(names); got != "[conv1 fc features.2 features.10 layer1.0.conv1 classifier.0]" {
		t.Error(got)
	}
}

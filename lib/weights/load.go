package weights

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"gonverge/lib/nn"
)

// LoadAll opens a family: the nets of all files that a pattern of filepath.Glob names, or of
// all files of a folder, in the order of their names.
//
//	nets, err := weights.LoadAll("models/caffe-cifar10-quick/*", nn.CIFAR10Quick)
//
// arch is a function of lib/nn, or your own, that returns the architecture for pictures of
// height × width × channels and a number of classes; both are found from the file's shapes: the
// size is the published one (28 for LeNet, 32 for CIFAR nets, 227 for CaffeNet, 224 for
// torchvision's), or of the usual sizes the first that fits. Folders are passed over, as are
// files that hold no parameters by their name (.md, .txt, .prototxt, .binaryproto, ...).
//
// Pictures are prepared as when the net was trained, not as lib/nn's training prepares them: an
// architecture with Input.MeanOfImage gets, for a file of Caffe, the mean picture that lies
// beside the file or one folder above (*mean*.binaryproto or *mean*.npy, cut to the middle if it is
// up to a quarter larger than the net's pictures), or the published means of the colours; for
// a file of torch ImageNet's mean and deviation. Files that this library wrote say it themselves.
// An Input that is set otherwise stays. Net.Origin tells file and mean. See [ToNet] for how
// layers are found and what is refused.
func LoadAll(pattern string, arch func(shape [3]int, classes int) *nn.Arch) ([]*nn.Net, error) {
	if arch == nil {
		return nil, errors.New("weights: LoadAll: no architecture (nil)")
	}
	paths, err := modelFiles(pattern)
	if err != nil {
		return nil, err
	}
	nets := make([]*nn.Net, 0, len(paths))
	for _, path := range paths {
		f, err := Read(path)
		if err != nil {
			return nil, err
		}
		n, err := load(f, arch)
		if err != nil {
			return nil, err
		}
		nets = append(nets, n)
	}
	return nets, nil
}

// notModels are the ends of names of files that lie beside parameters.
var notModels = []string{".md", ".txt", ".tsv", ".csv", ".json", ".prototxt", ".binaryproto", ".solverstate", ".solverstate.h5",
	".sha256", ".log", ".yaml", ".yml", ".py", ".go", ".ipynb", ".png", ".jpg", ".html"}

// modelFiles returns the files that a pattern or a folder names.
func modelFiles(pattern string) ([]string, error) {
	if info, err := os.Stat(pattern); err == nil && info.IsDir() {
		pattern = filepath.Join(pattern, "*")
	}
	all, err := filepath.Glob(pattern)
	if err != nil {
		return nil, fmt.Errorf("weights: pattern %q: %w", pattern, err)
	}
	var paths []string
next:
	for _, path := range all {
		if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() || strings.HasPrefix(filepath.Base(path), ".") {
			continue
		}
		for _, end := range notModels {
			if strings.HasSuffix(strings.ToLower(path), end) {
				continue next
			}
		}
		paths = append(paths, path)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("weights: no files of parameters match %q (%d names in all)", pattern, len(all))
	}
	return paths, nil
}

// originOf names a file without its folder.
func originOf(f *File) string {
	if o := f.Metadata["origin"]; o != "" {
		return o
	}
	return filepath.Base(f.Path)
}

// load makes a net of a file whose architecture is known up to the pictures and the classes.
func load(f *File, arch func([3]int, int) *nn.Arch) (*nn.Net, error) {
	m, err := fit(f, arch)
	if err != nil {
		return nil, err
	}
	return finish(m, func() (nn.Input, string, error) { return preparation(f, m.arch) })
}

// finish makes the net with the preparation of its pictures.
func finish(m *mapping, prepare func() (nn.Input, string, error)) (*nn.Net, error) {
	input, note, err := prepare()
	if err != nil {
		return nil, err
	}
	a := *m.arch // the caller's own stays as it is
	a.Input = input
	m.arch = &a
	n, err := m.net()
	if err != nil {
		return nil, err
	}
	if note != "" {
		n.Origin += ", " + note
	}
	if m.bgr {
		n.Origin += ", filters turned from BGR"
	}
	return n, nil
}

// sides are the sizes of pictures that are tried, the usual ones first.
var sides = []int{32, 28, 224, 227, 64, 96, 48, 128, 256, 299, 384, 512, 16, 8}

// published are the sizes that the architectures were published for.
var published = map[string]int{
	"LeNet": 28, "CIFAR10Quick": 32, "CIFAR10Full": 32, "CaffeNet": 227, "CaffeNetUngrouped": 227,
	"AlexNet": 224, "VGG11": 224, "VGG16": 224, "ResNet20": 32, "ResNet32": 32,
}

// fit finds pictures and classes with which the architecture has the file's shapes. Its error
// is that of the published, or else the most usual, size.
func fit(f *File, arch func([3]int, int) *nn.Arch) (*mapping, error) {
	list, err := groups(f)
	if err != nil {
		return nil, err
	}
	channels, classes := ends(list, layoutOf(f))
	if len(classes) == 0 {
		return nil, fmt.Errorf("weights: %s: found no dense layer (weights of two axes), expected the last one to tell the classes", f.Path)
	}
	// A net that this library wrote tells the shape of its pictures.
	tries := sides
	if in, ok := ownInput(f); ok {
		return newMapping(f, arch(in.Shape, classes[0]))
	}
	var first error
	for _, k := range classes {
		for _, c := range channels {
			for i, side := range tries {
				if i == 0 {
					if s := published[arch([3]int{32, 32, c}, k).Name]; s != 0 {
						side = s
					}
				}
				a := arch([3]int{side, side, c}, k)
				m, err := newMapping(f, a)
				if err == nil {
					return m, nil
				}
				if first == nil {
					first = err
				}
				if a.Input.Shape != [3]int{side, side, c} {
					break // the architecture has a size of its own
				}
			}
		}
	}
	return nil, first
}

// ends returns the numbers of channels and classes that a file may have: one of each unless its
// layout is open.
func ends(list []*group, l layout) (channels, classes []int) {
	var last *Tensor
	for _, g := range list {
		switch g.rank() {
		case 4:
			if channels == nil {
				s := g.weight.Shape
				channels = pick(l, s[1], s[2])
			}
		case 2:
			last = g.weight
		}
	}
	if channels == nil {
		channels = []int{1, 3}
	}
	if last != nil {
		classes = pick(l, last.Shape[0], last.Shape[1])
	}
	return channels, classes
}

func pick(l layout, first, last int) []int {
	switch {
	case l == unitsFirst:
		return []int{first}
	case l == unitsLast:
		return []int{last}
	case first == last:
		return []int{first}
	}
	return []int{first, last}
}

// ownInput returns the preparation that a file of this library says.
func ownInput(f *File) (nn.Input, bool) {
	var in nn.Input
	if f.Metadata["format"] != "gonverge" || json.Unmarshal([]byte(f.Metadata["input"]), &in) != nil {
		return in, false
	}
	return in, true
}

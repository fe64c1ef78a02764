package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"gonverge/lib/progress"
)

// MNISTConfig says where the files of MNIST or Fashion-MNIST lie and how many pictures to
// take. The zero value takes all of them from a folder of the default store.
type MNISTConfig struct {
	Dir        string // folder with the files; "" = folder "downloads/mnist" or "downloads/fashion-mnist" of store.Default
	Train      int    // the first so many training pictures; 0 = all
	Validation int    // the first so many test pictures; 0 = all. Without test files: how many to cut from the end of training
	TestOnly   bool   // read the test files alone; Data.Train is then an empty set
	Download   bool   // fetch the files that are missing into Dir
	URL        string // of a folder that holds the four .gz files, the same bytes; "" = a public one
}

// idxSet says how one of the sets in IDX files is stored.
type idxSet struct {
	name, data, function string // "MNIST", "mnist", "MNIST"
	folder               string // in downloads, and beside others in a folder of data
	url                  string
	sha256               [2][2]string // of the .gz files: [training, test][pictures, labels]
	megabytes            int
	classes              []string
}

const mnistSide = 28

// idxNames are the official names of the files, [training, test][pictures, labels].
func idxNames() [2][2]string {
	return [2][2]string{
		{"train-images-idx3-ubyte", "train-labels-idx1-ubyte"},
		{"t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte"},
	}
}

func mnist() *idxSet {
	return &idxSet{
		name: "MNIST", data: "mnist", function: "MNIST", folder: "mnist", megabytes: 12,
		// The mirror that TensorFlow Datasets reads; the original site no longer serves the files.
		url: "https://storage.googleapis.com/cvdf-datasets/mnist/",
		sha256: [2][2]string{
			{"440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609", "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c"},
			{"8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6", "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6"},
		},
		classes: []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"},
	}
}

func fashionMNIST() *idxSet {
	return &idxSet{
		name: "Fashion-MNIST", data: "fashion-mnist", function: "FashionMNIST", folder: "fashion-mnist", megabytes: 31,
		url: "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
		sha256: [2][2]string{
			{"3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845"},
			{"346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"},
		},
		classes: []string{"T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"},
	}
}

// MNIST reads the handwritten digits of Y. LeCun, C. Cortes and C. Burges (1998): grey
// pictures of 28×28 pixels, white on black, 60,000 to train on and 10,000 to test with;
// the label is the digit. It reads the IDX files train-images-idx3-ubyte,
// train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte (also spelled
// with a dot, train-images.idx3-ubyte), plain or as .gz, in Dir or in Dir/mnist, with any
// number of pictures. Pictures keep the order of the files.
//
// Both parts must be there, unless TestOnly or a cut from the end of training is asked
// for. Header, counts, sizes and every label are checked; the error names the file, the
// place (in the unpacked data), what was found and what was expected. If files are
// missing it says how to get them and wraps fs.ErrNotExist. If ctx ends, it is ctx.Err();
// a download goes on where it stopped when MNIST is called again. MNIST panics for
// negative counts, and if both TestOnly and a number of training pictures are asked for.
func MNIST(ctx context.Context, c MNISTConfig) (*Data, error) { return mnist().load(ctx, c) }

// FashionMNIST reads the articles of clothing of Zalando (H. Xiao, K. Rasul, R. Vollgraf,
// 2017): 60,000 and 10,000 grey pictures of 28×28 pixels in ten classes, in the files that
// [MNIST] describes, in Dir or in Dir/fashion-mnist. All else is as in [MNIST].
func FashionMNIST(ctx context.Context, c MNISTConfig) (*Data, error) {
	return fashionMNIST().load(ctx, c)
}

// load reads the set; see MNIST.
func (k *idxSet) load(ctx context.Context, c MNISTConfig) (*Data, error) {
	if c.Train < 0 || c.Validation < 0 {
		panic(fmt.Sprintf("dataset: %s: %d training and %d validation pictures", k.function, c.Train, c.Validation))
	}
	if c.TestOnly && c.Train > 0 {
		panic(fmt.Sprintf("dataset: %s: %d training pictures with TestOnly", k.function, c.Train))
	}
	if c.Dir == "" {
		dir, err := downloads()
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", k.name, err)
		}
		c.Dir = filepath.Join(dir, k.folder)
	}
	files := k.find(c.Dir)
	if c.Download {
		if err := k.download(ctx, c, &files); err != nil {
			return nil, err
		}
	}
	parts, err := k.wanted(c, files)
	if err != nil {
		return nil, err
	}
	bar := progress.Start(ctx, "read "+k.name, 100)
	sets, err := k.read(ctx, &meter{bar: bar, sources: 2 * len(parts)}, files, parts)
	if err != nil {
		bar.Finish("stopped")
		return nil, err
	}
	bar.Set(100, "")
	bar.Finish(count(length(sets[trainPart])+length(sets[testPart])) + " pictures")
	return k.pack(c, sets[trainPart], sets[testPart])
}

// find returns the paths of the files, "" for one that is missing: those of dir, or if it
// has none of them those of its folder.
func (k *idxSet) find(dir string) (files [2][2]string) {
	for _, d := range []string{dir, filepath.Join(dir, k.folder)} {
		for part, names := range idxNames() {
			for i, name := range names {
				dotted := strings.Replace(name, "-idx", ".idx", 1)
				for _, file := range []string{name, dotted, name + ".gz", dotted + ".gz"} {
					if path := filepath.Join(d, file); files[part][i] == "" && isFile(path) {
						files[part][i] = path
					}
				}
			}
		}
		if files != [2][2]string{} {
			break
		}
	}
	return files
}

// wanted says which parts to read; the error names the files that are missing.
func (k *idxSet) wanted(c MNISTConfig, files [2][2]string) ([]int, error) {
	parts := []int{trainPart, testPart}
	if c.TestOnly {
		parts = parts[1:]
	} else if c.Validation > 0 && files[testPart] == [2]string{} {
		parts = parts[:1]
	}
	var missing []string
	for _, part := range parts {
		for i, path := range files[part] {
			if path == "" {
				missing = append(missing, idxNames()[part][i])
			}
		}
	}
	if missing == nil {
		return parts, nil
	}
	return nil, &missingIDXError{k, c.Dir, missing, files}
}

// missingIDXError says which files a folder lacks and what to do.
type missingIDXError struct {
	kind    *idxSet
	dir     string
	missing []string
	files   [2][2]string
}

func (e *missingIDXError) Error() string {
	k, all := e.kind, e.files == [2][2]string{}
	var b strings.Builder
	if all {
		fmt.Fprintf(&b, "dataset: no %s in %s (nor in its folder %s). ", k.name, e.dir, k.folder)
	} else {
		fmt.Fprintf(&b, "dataset: %s in %s is not complete. ", k.name, e.dir)
	}
	fmt.Fprintf(&b, "Looked for %s (or .gz). ", strings.Join(e.missing, ", "))
	if !all && e.files[trainPart] == [2]string{} {
		fmt.Fprintf(&b, "To read the test pictures alone, set MNISTConfig.TestOnly. ")
	}
	if !all && e.files[testPart] == [2]string{} {
		fmt.Fprintf(&b, "To cut 5000 pictures from the end of training instead, set MNISTConfig.Validation to 5000. ")
	}
	fmt.Fprintf(&b, "To download what is missing (all: %d MB), run dataset.%s(ctx, dataset.MNISTConfig{Dir: %q, Download: true}); or put the files of %s into that folder",
		k.megabytes, k.function, e.dir, k.url)
	return b.String()
}

func (e *missingIDXError) Unwrap() error { return fs.ErrNotExist }

// download fetches the files that are missing into c.Dir and enters them.
func (k *idxSet) download(ctx context.Context, c MNISTConfig, files *[2][2]string) error {
	url := c.URL
	if url == "" {
		url = k.url
	}
	for part, names := range idxNames() {
		if part == trainPart && c.TestOnly {
			continue
		}
		for i, name := range names {
			if files[part][i] != "" {
				continue
			}
			path := filepath.Join(c.Dir, name+".gz")
			if err := fetch(ctx, k.name, strings.TrimSuffix(url, "/")+"/"+name+".gz", k.sha256[part][i], path); err != nil {
				return err
			}
			files[part][i] = path
		}
	}
	return nil
}

// read returns the parts, nil for one that is not among those asked for.
func (k *idxSet) read(ctx context.Context, m *meter, files [2][2]string, parts []int) ([2]*Set, error) {
	var sets [2]*Set
	err := parallel(ctx, len(parts), func(ctx context.Context, i int) error {
		part := parts[i]
		images, labels, err := k.readPart(ctx, m, files[part][0], files[part][1])
		if err != nil {
			return err
		}
		if len(labels) == 0 {
			return fmt.Errorf("dataset: %s: 0 pictures", files[part][0])
		}
		sets[part] = images.set(k.name + ", " + []string{"training", "test"}[part])
		return nil
	})
	return sets, err
}

func (k *idxSet) readPart(ctx context.Context, m *meter, imageFile, labelFile string) (*records, []int, error) {
	l, err := open(ctx, m, labelFile)
	if err != nil {
		return nil, nil, err
	}
	defer l.close()
	labels, err := readIDXLabels(l, labelFile, len(k.classes))
	if err != nil {
		return nil, nil, err
	}
	r, err := open(ctx, m, imageFile)
	if err != nil {
		return nil, nil, err
	}
	defer r.close()
	images, err := readIDXImages(r, imageFile, mnistSide, mnistSide, labels, labelFile)
	return images, labels, err
}

// pack takes the pictures that were asked for. train is nil with TestOnly, test if
// validation is to be cut from training.
func (k *idxSet) pack(c MNISTConfig, train, test *Set) (*Data, error) {
	d := &Data{Name: k.data, Origin: "IDX files", Shape: [3]int{mnistSide, mnistSide, 1}, Classes: len(k.classes), ClassNames: k.classes}
	where := k.name + " in " + c.Dir
	if train == nil {
		v, err := firstOf(test, test.Len(), c.Validation, where)
		if err != nil {
			return nil, err
		}
		d.Train, d.Validation = newSet(k.name+", training left out", d.Shape, nil, nil), v
		return d, nil
	}
	train, validation, err := firstParts(train, test, c.Train, c.Validation, k.name, where)
	if err != nil {
		return nil, err
	}
	d.Train, d.Validation = train, validation
	return d, nil
}

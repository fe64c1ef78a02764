package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"gonverge/lib/progress"
)

// FolderConfig says which pictures of a folder to read and to what size to bring them.
type FolderConfig struct {
	Dir string // folder of pictures, or of class folders; needed

	Size    int  // height and width that pictures are cut to, in pixels; 0 = 227, the input of CaffeNet
	Resize  int  // length that the shorter side is brought to before; 0 = Size. 256 with Size 227 is usual
	Stretch bool // bring both sides to Resize, as Caffe's convert_imageset does, which distorts

	Labels     string   // file of labels, in place of class folders; see Folder
	ClassNames []string // name of each label, 0 first; nil = those of the class folders or of Labels

	Pictures        int     // the first so many pictures; 0 = all
	Validation      int     // how many of them, drawn at random, to validate with
	ValidationShare float64 // or the share of them, in [0, 1), rounded to whole pictures
	Seed            uint64  // of that draw; 0 = 1

	OnDemand bool // decode each picture when it is asked for, in bounded memory; see Folder
}

// Bounds on one picture, so that memory stays bounded for any input.
const (
	largestFile   = 256 << 20 // bytes
	largestPixels = 1 << 27   // width × height: the largest photographs have 100 million
	longestSide   = 1<<16 - 1 // as in JPEG
	largestSize   = 1 << 14   // of Size and Resize
	largestLabel  = 1<<16 - 1
)

// splitStream is the second word of the random stream that draws validation pictures.
const splitStream = 0x73706c6974 // "split"

// Folder reads a folder of photographs: JPEG (colour, grey, CMYK) and PNG (colour, grey,
// palette, 16 bits), told apart by their first bytes, with names that end in .jpg, .jpeg
// or .png in any case. Other and hidden files are passed over. Each picture is scaled
// (Catmull-Rom, which averages when it makes smaller) so that its shorter side has Resize
// pixels, and its middle Size×Size pixels are taken, three channels. Grey pictures get
// three equal channels; transparent parts lie over white; an EXIF orientation is ignored.
//
// The label comes, in this order, from
//
//   - the file Labels. Either one number a line, the label of each picture in order of the
//     names, counted from 1 (ILSVRC2012_validation_ground_truth.txt of the ILSVRC
//     development kit, whose numbers are not in Caffe's order of classes). Or a name
//     (below Dir, with slashes) and a label a line, the label a number from 0 (Caffe's
//     val.txt) or the name of a class; then those pictures are taken, in that order.
//   - the class folders in Dir: every picture in or below Dir/<class>. Labels follow
//     ClassNames, or the order of the names.
//   - otherwise pictures lie in Dir itself, and all are of class 0.
//
// Names are in order with their numbers by size (img2 before img10). Pictures of class
// folders are taken in turns, one of each class, so that the first n are balanced.
//
// With Validation or ValidationShare, pictures are drawn by the seed for validation; both
// parts keep the order. Otherwise Data.Validation is an empty set.
//
// Pictures are decoded on all cores and kept as Size×Size×3 bytes each (154,587 at 227:
// the 50,000 of ILSVRC take 7.7 GB, 5,000 by Pictures 0.8 GB); beside that only the picture
// that each core decodes is in memory. The bytes do not depend on the number of cores.
//
// OnDemand is for more pictures than fit into memory: only the first bytes of each file are
// read at first. A picture is decoded whenever [Set.Picture] asks for it, and, where pictures
// are asked for in order, the next ones with it on other cores; 256 decoded pictures are kept
// (40 MB at 227). A file that turns out to be damaged then makes Picture panic with an error
// that names it, which streams of activations, training and nn.Accuracy return as their own, and
// [Set.Read] as an error.
//
// A file that is no picture, a folder without pictures, a label out of range or of a
// missing picture is an error that names it; a missing folder wraps fs.ErrNotExist. If ctx
// ends, the error is ctx.Err(), within a row of a picture. Folder panics for an empty Dir, negative numbers, a Size
// that is larger than Resize or than 16,384, and for a share outside [0, 1) or beside
// Validation.
func Folder(ctx context.Context, c FolderConfig) (*Data, error) {
	c = c.checked()
	if _, err := os.ReadDir(c.Dir); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	list, err := c.list(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return nil, err
	}
	if c.Pictures > len(list.files) {
		return nil, fmt.Errorf("dataset: %s: %s pictures found, %s asked for", c.Dir, count(len(list.files)), count(c.Pictures))
	}
	if c.Pictures > 0 {
		list.files, list.labels = list.files[:c.Pictures], list.labels[:c.Pictures]
	}
	train, validation, err := c.split(len(list.files))
	if err != nil {
		return nil, err
	}
	name := c.name()
	bar := progress.Start(ctx, "read "+name, len(list.files))
	parts := [2]*Set{}
	for i, numbers := range [][]int{train, validation} {
		set, err := c.read(ctx, bar, name+[]string{", training", ", validation"}[i], list, numbers)
		if err != nil {
			bar.Finish("stopped")
			return nil, err
		}
		parts[i] = set
	}
	bar.Finish("")
	return &Data{
		Name: name, Origin: list.origin, Shape: c.shape(), Classes: len(list.classes), ClassNames: list.classes,
		Train: parts[0], Validation: parts[1],
	}, nil
}

// checked returns the configuration with its defaults; it panics for misuse.
func (c FolderConfig) checked() FolderConfig {
	if c.Size == 0 {
		c.Size = 227
	}
	if c.Resize == 0 {
		c.Resize = c.Size
	}
	if c.Seed == 0 {
		c.Seed = 1
	}
	switch {
	case c.Dir == "":
		panic("dataset: Folder: no Dir")
	case c.Size < 0 || c.Resize < c.Size || c.Resize > largestSize:
		panic(fmt.Sprintf("dataset: Folder: Size %d and Resize %d (valid: 1 to Resize, Resize to %d)", c.Size, c.Resize, largestSize))
	case c.Pictures < 0 || c.Validation < 0:
		panic(fmt.Sprintf("dataset: Folder: %d pictures, %d for validation", c.Pictures, c.Validation))
	case !(c.ValidationShare >= 0 && c.ValidationShare < 1): // NaN too
		panic(fmt.Sprintf("dataset: Folder: ValidationShare %g (valid: 0 to less than 1)", c.ValidationShare))
	case c.ValidationShare > 0 && c.Validation > 0:
		panic(fmt.Sprintf("dataset: Folder: both Validation %d and ValidationShare %g", c.Validation, c.ValidationShare))
	}
	return c
}

// name is that of the folder.
func (c FolderConfig) name() string {
	if whole, err := filepath.Abs(c.Dir); err == nil {
		return filepath.Base(whole)
	}
	return filepath.Base(c.Dir)
}

func (c FolderConfig) shape() [3]int { return [3]int{c.Size, c.Size, 3} }

// split draws the numbers of the pictures to validate with out of n; both parts are sorted.
func (c FolderConfig) split(n int) (train, validation []int, err error) {
	v := c.Validation
	if c.ValidationShare > 0 {
		v = int(math.Round(c.ValidationShare * float64(n)))
	}
	if v >= n {
		return nil, nil, fmt.Errorf("dataset: %s: %s pictures, none left with %s of them for validation", c.Dir, count(n), count(v))
	}
	order := rand.New(rand.NewPCG(c.Seed, splitStream)).Perm(n)
	validation, train = order[:v:v], order[v:]
	slices.Sort(validation)
	slices.Sort(train)
	return train, validation, nil
}

// listing is the pictures to read.
type listing struct {
	files   []string // paths
	labels  []int
	classes []string
	origin  string
}

// list finds the pictures and their labels.
func (c FolderConfig) list(ctx context.Context) (*listing, error) {
	if c.Labels != "" {
		return c.listed()
	}
	names, err := namesIn(c.Dir)
	if err != nil {
		return nil, err
	}
	var files, folders []string
	for _, name := range names {
		switch path := filepath.Join(c.Dir, name); {
		case strings.HasPrefix(name, "."):
		case isDir(path):
			folders = append(folders, name)
		case isPicture(name):
			files = append(files, path)
		}
	}
	switch {
	case files != nil && folders != nil:
		return nil, fmt.Errorf("dataset: %s: both pictures (%s) and folders (%s), expected pictures or class folders", c.Dir, filepath.Base(files[0]), folders[0])
	case files == nil && folders == nil:
		return nil, fmt.Errorf("dataset: %s: no pictures (.jpg, .jpeg or .png) and no class folders", c.Dir)
	case folders != nil:
		return c.classFolders(ctx, folders)
	}
	classes := c.ClassNames
	if len(classes) == 0 {
		classes = []string{c.name()}
	}
	return &listing{files, make([]int, len(files)), classes, "pictures in a folder"}, nil
}

// classFolders lists the pictures of class folders in turns.
func (c FolderConfig) classFolders(ctx context.Context, folders []string) (*listing, error) {
	classes := c.ClassNames
	if len(classes) == 0 {
		classes = folders
	}
	found := make([][]string, len(classes))
	for _, folder := range folders {
		label := slices.Index(classes, folder)
		if label < 0 {
			return nil, fmt.Errorf("dataset: %s: folder %q is none of the %d ClassNames", c.Dir, folder, len(classes))
		}
		files, err := picturesBelow(ctx, filepath.Join(c.Dir, folder))
		if err != nil {
			return nil, err
		}
		found[label] = files
	}
	l := &listing{classes: slices.Clone(classes), origin: "pictures in class folders"}
	for i, left := 0, true; left; i++ {
		left = false
		for label, files := range found {
			if i < len(files) {
				l.files, l.labels, left = append(l.files, files[i]), append(l.labels, label), true
			}
		}
	}
	return l, nil
}

// picturesBelow returns the paths of all pictures in a folder and its folders, in order.
func picturesBelow(ctx context.Context, dir string) ([]string, error) {
	root, err := filepath.EvalSymlinks(dir) // the walk would not follow a link
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	var names []string
	err = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			return fmt.Errorf("dataset: %w", err)
		case path != root && strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return filepath.SkipDir
			}
		case !d.IsDir() && isPicture(d.Name()):
			rel, err := filepath.Rel(root, path)
			if err != nil {
				return fmt.Errorf("dataset: %w", err)
			}
			names = append(names, filepath.ToSlash(rel))
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if names == nil {
		return nil, fmt.Errorf("dataset: %s: no pictures (.jpg, .jpeg or .png) in this class folder", dir)
	}
	sort.Slice(names, func(i, j int) bool { return before(names[i], names[j]) })
	for i, name := range names {
		names[i] = filepath.Join(dir, filepath.FromSlash(name))
	}
	return names, nil
}

// read decodes the pictures with the given numbers on all cores.
func (c FolderConfig) read(ctx context.Context, bar *progress.Bar, name string, list *listing, numbers []int) (*Set, error) {
	size := c.Size * c.Size * 3
	if c.OnDemand {
		files, labels := make([]string, len(numbers)), make([]int, len(numbers))
		for i, n := range numbers {
			files[i], labels[i] = list.files[n], list.labels[n]
		}
		if err := c.headers(ctx, files); err != nil {
			return nil, err
		}
		bar.Add(len(files))
		return newSetOnDemand(name, c.shape(), newOnDemand(c, files), labels), nil
	}
	if len(numbers) > math.MaxInt/size {
		return nil, fmt.Errorf("dataset: %s: %s pictures of %s do not fit into memory", c.Dir, count(len(numbers)), shapeText(c.shape()))
	}
	pixels, err := bytesFor(ctx, len(numbers)*size)
	if err != nil {
		return nil, err
	}
	labels := make([]int, len(numbers))
	err = parallel(ctx, len(numbers), func(ctx context.Context, i int) error {
		n := numbers[i]
		labels[i] = list.labels[n]
		if err := c.picture(ctx, pixels[i*size:(i+1)*size], list.files[n]); err != nil {
			return err
		}
		bar.Add(1)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return newSet(name, c.shape(), pixels, labels), nil
}

// picture decodes a file, scales it and writes its middle to dst.
func (c FolderConfig) picture(ctx context.Context, dst []uint8, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	m, err := decodeImage(ctx, f, file, largestFile, photograph)
	if err != nil {
		return err
	}
	return c.crop(ctx, dst, m)
}

// photograph is what is expected of a photograph's size; see decodeImage.
func photograph(width, height int) string {
	if width < 1 || height < 1 || max(width, height) > longestSide || width > largestPixels/height {
		return fmt.Sprintf("sides of 1 to %d and at most %d pixels in all", longestSide, largestPixels)
	}
	return ""
}

package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strings"

	"gonverge/lib/progress"
	"gonverge/lib/store"
)

// CIFAR10Config says where the pictures of CIFAR-10 lie and how many to take. The zero
// value takes all of them from the folder "downloads" of the default store.
type CIFAR10Config struct {
	Dir        string // folder with the files; "" = folder "downloads" of store.Default
	Train      int    // the first so many training pictures; 0 = all
	Validation int    // the first so many test pictures; 0 = all. Without test files: how many to cut from the end of training
	Download   bool   // fetch the official archive into Dir if Dir holds none of the files
	URL        string // of the archive; "" = that of the University of Toronto
	SHA256     string // of the archive, hexadecimal; "" = that of the official one
}

// The official archive, https://www.cs.toronto.edu/~kriz/cifar.html.
const (
	cifarURL     = "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz"
	cifarSHA256  = "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd"
	cifarArchive = "cifar-10-binary.tar.gz"
	cifarBytes   = 32 * 32 * 3
)

func cifarShape() [3]int { return [3]int{32, 32, 3} }

// cifarClasses names the classes in the official order.
func cifarClasses() []string {
	return []string{"airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"}
}

// CIFAR10 reads CIFAR-10 (A. Krizhevsky, 2009): photographs of 32×32 RGB pixels in ten
// classes, 50,000 to train on and 10,000 to test with. It takes what the folder has, in
// this order:
//
//   - the official binary files data_batch_*.bin and test_batch.bin, plain or as .bin.gz,
//     in Dir or in Dir/cifar-10-batches-bin, with any number of records
//   - the official archive cifar-10-binary.tar.gz
//   - pictures in class folders, train/<class>/*.jpg (or .jpeg, .png) and test/<class>/*,
//     or, for a class without a folder, in archives train-<class>.tar.gz, test-<class>.tar.gz
//
// The order of the pictures is that of the files, sorted by name with numbers in order of
// size. Pictures of class folders are taken in turns, one of each class, so that the
// first n are balanced. Labels follow the official order, airplane to truck.
//
// The error names what is missing, truncated or of another size; if nothing is there, how
// to get it, and then it wraps fs.ErrNotExist. If ctx ends, it is ctx.Err(); a download
// goes on where it stopped when CIFAR10 is called again. CIFAR10 panics for negative counts.
func CIFAR10(ctx context.Context, c CIFAR10Config) (*Data, error) {
	if c.Train < 0 || c.Validation < 0 {
		panic(fmt.Sprintf("dataset: CIFAR10: %d training and %d validation pictures", c.Train, c.Validation))
	}
	if c.Dir == "" {
		cache, err := store.Default()
		if err != nil {
			return nil, fmt.Errorf("dataset: CIFAR-10: %w", err)
		}
		c.Dir = filepath.Join(cache.Dir(), "downloads")
	}
	files, err := findCIFAR10(c.Dir)
	if err != nil {
		return nil, err
	}
	if files == nil {
		if !c.Download {
			return nil, missingCIFAR10(c.Dir)
		}
		if err := c.download(ctx); err != nil {
			return nil, err
		}
		if files, err = findCIFAR10(c.Dir); err != nil {
			return nil, err
		}
	}
	if err := files.complete(c); err != nil {
		return nil, err // before the work of reading
	}
	bar := progress.Start(ctx, "read CIFAR-10", 100)
	m := &meter{bar: bar, sources: files.sources()}
	train, test, err := files.read(ctx, m)
	if err != nil {
		bar.Finish("stopped")
		return nil, err
	}
	bar.Set(100, "")
	bar.Finish(count(train.Len()+length(test)) + " pictures")
	return c.data(files, train, test)
}

// data takes the pictures that were asked for; test is nil if there are no test files.
func (c CIFAR10Config) data(files *cifarFiles, train, test *Set) (*Data, error) {
	d := &Data{Name: "cifar10", Origin: files.origin, Shape: cifarShape(), Classes: 10, ClassNames: cifarClasses()}
	n := train.Len()
	if test == nil && c.Validation == 0 {
		return nil, noTestPictures(c.Dir)
	}
	if test == nil {
		n -= c.Validation
		if n < 1 {
			return nil, fmt.Errorf("dataset: CIFAR-10 in %s: %s training pictures, none left with %s of them for validation",
				c.Dir, count(train.Len()), count(c.Validation))
		}
		d.Validation = train.part(fmt.Sprintf("CIFAR-10, last %s of training", count(c.Validation)), n, train.Len())
	} else {
		v, err := c.first(test, test.Len(), c.Validation)
		if err != nil {
			return nil, err
		}
		d.Validation = v
	}
	t, err := c.first(train, n, c.Train)
	if err != nil {
		return nil, err
	}
	d.Train = t
	return d, nil
}

// first returns the first wanted (0 = all) of the have pictures that may be taken from s.
func (c CIFAR10Config) first(s *Set, have, wanted int) (*Set, error) {
	if wanted == 0 {
		wanted = have
	}
	if wanted > have {
		return nil, fmt.Errorf("dataset: CIFAR-10 in %s: %s pictures found for %s, %s asked for", c.Dir, count(have), s.name, count(wanted))
	}
	if wanted == s.Len() {
		return s, nil
	}
	return s.part(fmt.Sprintf("%s, first %s", s.name, count(wanted)), 0, wanted), nil
}

// missingError says that a folder holds no CIFAR-10 and how to get it.
type missingError struct{ dir string }

func missingCIFAR10(dir string) error { return &missingError{dir} }

func (e *missingError) Error() string {
	return fmt.Sprintf("dataset: no CIFAR-10 in %s. Looked for data_batch_*.bin and test_batch.bin (or .bin.gz; also in cifar-10-batches-bin), %s, "+
		"train/<class>/*.jpg or .png and test/<class>/*, train-<class>.tar.gz and test-<class>.tar.gz. "+
		"To download it (170 MB), run dataset.CIFAR10(ctx, dataset.CIFAR10Config{Dir: %q, Download: true}); "+
		"or put %s into that folder", e.dir, cifarArchive, e.dir, cifarURL)
}

func (e *missingError) Unwrap() error { return fs.ErrNotExist }

// cifarFiles is what was found in a folder; one of the three forms.
type cifarFiles struct {
	dir    string
	origin string // what kind of files, for people
	// Official binary files, sorted.
	trainBin, testBin []string
	// The official archive.
	archive string
	// A folder or an archive for each class: [training, test][class].
	classes [2][]classSource
}

// findCIFAR10 looks for files; nil if there are none. The error is one of the folder.
func findCIFAR10(dir string) (*cifarFiles, error) {
	for _, d := range []string{dir, filepath.Join(dir, "cifar-10-batches-bin")} {
		names, err := namesIn(d)
		if err != nil {
			return nil, err
		}
		f := &cifarFiles{dir: d, origin: "binary files"}
		for _, name := range names {
			if strings.HasSuffix(name, ".gz") && slices.Contains(names, strings.TrimSuffix(name, ".gz")) {
				continue // the same file twice
			}
			switch split, _ := batchName(name); split {
			case trainPart:
				f.trainBin = append(f.trainBin, filepath.Join(d, name))
			case testPart:
				f.testBin = append(f.testBin, filepath.Join(d, name))
			}
		}
		if f.trainBin != nil || f.testBin != nil {
			return f, nil
		}
	}
	if path := filepath.Join(dir, cifarArchive); isFile(path) {
		return &cifarFiles{dir: dir, origin: cifarArchive, archive: path}, nil
	}
	f := &cifarFiles{dir: dir, origin: "pictures by class"}
	for split, name := range []string{trainPart: "train", testPart: "test"} {
		for label, class := range cifarClasses() {
			folder, archive := filepath.Join(dir, name, class), filepath.Join(dir, name+"-"+class+".tar.gz")
			switch {
			case isDir(folder):
				f.classes[split] = append(f.classes[split], classSource{label: label, path: folder})
			case isFile(archive):
				f.classes[split] = append(f.classes[split], classSource{label: label, path: archive, archive: true})
			}
		}
	}
	if f.classes[trainPart] == nil && f.classes[testPart] == nil {
		return nil, nil
	}
	return f, nil
}

// The two parts of the data set.
const (
	trainPart = 0
	testPart  = 1
)

// batchName tells the part that a binary file belongs to, by its name; ok is false for
// other files, and then the part is -1.
func batchName(name string) (split int, ok bool) {
	name = strings.TrimSuffix(name, ".gz")
	switch {
	case name == "test_batch.bin":
		return testPart, true
	case strings.HasPrefix(name, "data_batch_") && strings.HasSuffix(name, ".bin"):
		return trainPart, true
	}
	return -1, false
}

// complete says whether there is something to train on and to validate with. Of an
// archive that is known only after reading.
func (f *cifarFiles) complete(c CIFAR10Config) error {
	if f.archive != "" {
		return nil
	}
	for split, name := range []string{trainPart: "train", testPart: "test"} {
		missing := cifarClasses()
		for _, s := range f.classes[split] {
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == cifarClasses()[s.label] })
		}
		if n := len(missing); n > 0 && n < 10 {
			return fmt.Errorf("dataset: CIFAR-10 in %s: no pictures of class %s: looked for folder %s and archive %s-%s.tar.gz",
				c.Dir, strings.Join(missing, ", "), filepath.Join(name, missing[0]), name, missing[0])
		}
	}
	if f.trainBin == nil && f.classes[trainPart] == nil {
		return noTrainingPictures(c.Dir)
	}
	if f.testBin == nil && f.classes[testPart] == nil && c.Validation == 0 {
		return noTestPictures(c.Dir)
	}
	return nil
}

func noTrainingPictures(dir string) error {
	return fmt.Errorf("dataset: CIFAR-10 in %s: no pictures to train on: looked for data_batch_*.bin (or .bin.gz), train/<class>/*.jpg or .png, train-<class>.tar.gz", dir)
}

func noTestPictures(dir string) error {
	return fmt.Errorf("dataset: CIFAR-10 in %s: training pictures but none to test with: looked for test_batch.bin (or .bin.gz), test/<class>/*.jpg or .png, test-<class>.tar.gz. "+
		"To cut 500 pictures from the end of training instead, set CIFAR10Config.Validation to 500", dir)
}

// sources is the number of files and folders that read goes through.
func (f *cifarFiles) sources() int {
	if f.archive != "" {
		return 1
	}
	return len(f.trainBin) + len(f.testBin) + len(f.classes[trainPart]) + len(f.classes[testPart])
}

// read returns the two parts; test is nil if there are no test files.
func (f *cifarFiles) read(ctx context.Context, m *meter) (train, test *Set, err error) {
	var parts [2]*records
	switch {
	case f.archive != "":
		parts, err = readArchive(ctx, m, f.archive)
	case f.trainBin != nil || f.testBin != nil:
		parts, err = readBatches(ctx, m, f.trainBin, f.testBin)
	default:
		parts, err = readClasses(ctx, m, f.classes)
	}
	if err != nil {
		return nil, nil, err
	}
	if parts[trainPart] == nil {
		return nil, nil, noTrainingPictures(f.dir)
	}
	train = parts[trainPart].set("CIFAR-10, training")
	if parts[testPart] != nil {
		test = parts[testPart].set("CIFAR-10, test")
	}
	return train, test, nil
}

// namesIn returns the names in a folder, numbers in order of size; none if it does not exist.
func namesIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = e.Name()
	}
	sort.Slice(names, func(i, j int) bool { return before(names[i], names[j]) })
	return names, nil
}

// before orders names so that numbers in them count by size: batch_2 before batch_10.
func before(a, b string) bool {
	for a != "" && b != "" {
		m, n := digits(a), digits(b)
		if m > 0 && n > 0 {
			x, y := strings.TrimLeft(a[:m], "0"), strings.TrimLeft(b[:n], "0")
			if len(x) != len(y) {
				return len(x) < len(y)
			}
			if x != y {
				return x < y
			}
			if m != n { // 01 after 1
				return m < n
			}
			a, b = a[m:], b[n:]
			continue
		}
		if a[0] != b[0] {
			return a[0] < b[0]
		}
		a, b = a[1:], b[1:]
	}
	return len(a) < len(b)
}

// digits counts the digits at the start of s.
func digits(s string) int {
	n := 0
	for n < len(s) && '0' <= s[n] && s[n] <= '9' {
		n++
	}
	return n
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

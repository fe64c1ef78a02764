package dataset

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"gonverge/lib/progress"
)

// cifar says how one of the two sets of A. Krizhevsky is stored: CIFAR-10 or CIFAR-100.
type cifar struct {
	name, data, function string // "CIFAR-10", "cifar10", "CIFAR10"
	url, sha256, archive string // the official archive and its file name
	megabytes            int    // of the archive
	folder               string // of the binary files in the archive
	train, test          string // names of the binary files; * stands for anything
	// A record begins with a byte for each label; the last one is the class.
	labelNames []string
	labelEnds  []int // labels are 0..end-1
	classes    []string
}

const cifarBytes = 32 * 32 * 3

func cifarShape() [3]int { return [3]int{32, 32, 3} }

// load reads the set; see CIFAR10.
func (k *cifar) load(ctx context.Context, c CIFAR10Config) (*Data, error) {
	if c.Train < 0 || c.Validation < 0 {
		panic(fmt.Sprintf("dataset: %s: %d training and %d validation pictures", k.function, c.Train, c.Validation))
	}
	if c.Dir == "" {
		dir, err := downloads()
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", k.name, err)
		}
		c.Dir = dir
	}
	files, err := k.find(c.Dir)
	if err != nil {
		return nil, err
	}
	if files == nil {
		if !c.Download {
			return nil, &missingError{k, c.Dir}
		}
		if err := k.download(ctx, c); err != nil {
			return nil, err
		}
		if files, err = k.find(c.Dir); err != nil {
			return nil, err
		}
	}
	if err := files.complete(c); err != nil {
		return nil, err // before the work of reading
	}
	bar := progress.Start(ctx, "read "+k.name, 100)
	m := &meter{bar: bar, sources: files.sources()}
	train, test, err := files.read(ctx, m)
	if err != nil {
		bar.Finish("stopped")
		return nil, err
	}
	bar.Set(100, "")
	bar.Finish(count(train.Len()+length(test)) + " pictures")
	return k.pack(c, files, train, test)
}

// pack takes the pictures that were asked for; test is nil if there are no test files.
func (k *cifar) pack(c CIFAR10Config, files *cifarFiles, train, test *Set) (*Data, error) {
	if test == nil && c.Validation == 0 {
		return nil, k.noTestPictures(c.Dir)
	}
	train, validation, err := firstParts(train, test, c.Train, c.Validation, k.name, k.name+" in "+c.Dir)
	if err != nil {
		return nil, err
	}
	return &Data{
		Name: k.data, Origin: files.origin, Shape: cifarShape(), Classes: len(k.classes), ClassNames: k.classes,
		Train: train, Validation: validation,
	}, nil
}

// firstParts returns the first wantTrain training and wantTest test pictures (0 = all). If
// test is nil, it cuts wantTest pictures from the end of training instead. where is for
// errors.
func firstParts(train, test *Set, wantTrain, wantTest int, name, where string) (*Set, *Set, error) {
	n := train.Len()
	if test == nil {
		n -= wantTest
		if n < 1 {
			return nil, nil, fmt.Errorf("dataset: %s: %s training pictures, none left with %s of them for validation",
				where, count(train.Len()), count(wantTest))
		}
		test = train.part(fmt.Sprintf("%s, last %s of training", name, count(wantTest)), n, train.Len())
	}
	validation, err := firstOf(test, test.Len(), wantTest, where)
	if err != nil {
		return nil, nil, err
	}
	train, err = firstOf(train, n, wantTrain, where)
	return train, validation, err
}

// firstOf returns the first wanted (0 = all) of the have pictures that may be taken from s;
// where is for the error.
func firstOf(s *Set, have, wanted int, where string) (*Set, error) {
	if wanted == 0 {
		wanted = have
	}
	if wanted > have {
		return nil, fmt.Errorf("dataset: %s: %s pictures found for %s, %s asked for", where, count(have), s.name, count(wanted))
	}
	if wanted == s.Len() {
		return s, nil
	}
	return s.part(fmt.Sprintf("%s, first %s", s.name, count(wanted)), 0, wanted), nil
}

// missingError says that a folder holds none of the files and how to get them.
type missingError struct {
	kind *cifar
	dir  string
}

func (e *missingError) Error() string {
	k := e.kind
	return fmt.Sprintf("dataset: no %s in %s. Looked for %s and %s (or .bin.gz; also in %s), %s, "+
		"train/<class>/*.jpg or .png and test/<class>/*, train-<class>.tar.gz and test-<class>.tar.gz. "+
		"To download it (%d MB), run dataset.%s(ctx, dataset.%sConfig{Dir: %q, Download: true}); "+
		"or put %s into that folder", k.name, e.dir, k.train, k.test, k.folder, k.archive, k.megabytes, k.function, k.function, e.dir, k.url)
}

func (e *missingError) Unwrap() error { return fs.ErrNotExist }

// cifarFiles is what was found in a folder; one of the three forms.
type cifarFiles struct {
	kind   *cifar
	dir    string
	origin string // what kind of files, for people
	// Official binary files, sorted.
	trainBin, testBin []string
	// The official archive.
	archive string
	// A folder or an archive for each class: [training, test][class].
	classes [2][]classSource
}

// find looks for files; nil if there are none. The error is one of the folder.
func (k *cifar) find(dir string) (*cifarFiles, error) {
	for _, d := range []string{dir, filepath.Join(dir, k.folder)} {
		names, err := namesIn(d)
		if err != nil {
			return nil, err
		}
		f := &cifarFiles{kind: k, dir: d, origin: "binary files"}
		for _, name := range names {
			if strings.HasSuffix(name, ".gz") && slices.Contains(names, strings.TrimSuffix(name, ".gz")) {
				continue // the same file twice
			}
			switch split, _ := k.batchName(name); split {
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
	if path := filepath.Join(dir, k.archive); isFile(path) {
		return &cifarFiles{kind: k, dir: dir, origin: k.archive, archive: path}, nil
	}
	f := &cifarFiles{kind: k, dir: dir, origin: "pictures by class"}
	for split, name := range []string{trainPart: "train", testPart: "test"} {
		for label, class := range k.classes {
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
func (k *cifar) batchName(name string) (split int, ok bool) {
	name = strings.TrimSuffix(name, ".gz")
	if name == k.test {
		return testPart, true
	}
	if before, after, many := strings.Cut(k.train, "*"); name == k.train ||
		many && len(name) >= len(before)+len(after) && strings.HasPrefix(name, before) && strings.HasSuffix(name, after) {
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
		missing := slices.Clone(f.kind.classes)
		for _, s := range f.classes[split] {
			missing = slices.DeleteFunc(missing, func(name string) bool { return name == f.kind.classes[s.label] })
		}
		if n := len(missing); n > 0 && n < len(f.kind.classes) {
			return fmt.Errorf("dataset: %s in %s: no pictures of class %s: looked for folder %s and archive %s-%s.tar.gz",
				f.kind.name, c.Dir, strings.Join(missing, ", "), filepath.Join(name, missing[0]), name, missing[0])
		}
	}
	if f.trainBin == nil && f.classes[trainPart] == nil {
		return f.kind.noTrainingPictures(c.Dir)
	}
	if f.testBin == nil && f.classes[testPart] == nil && c.Validation == 0 {
		return f.kind.noTestPictures(c.Dir)
	}
	return nil
}

func (k *cifar) noTrainingPictures(dir string) error {
	return fmt.Errorf("dataset: %s in %s: no pictures to train on: looked for %s (or .bin.gz), train/<class>/*.jpg or .png, train-<class>.tar.gz", k.name, dir, k.train)
}

func (k *cifar) noTestPictures(dir string) error {
	return fmt.Errorf("dataset: %s in %s: training pictures but none to test with: looked for %s (or .bin.gz), test/<class>/*.jpg or .png, test-<class>.tar.gz. "+
		"To cut 500 pictures from the end of training instead, set %sConfig.Validation to 500", k.name, dir, k.test, k.function)
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
		parts, err = f.kind.readArchive(ctx, m, f.archive)
	case f.trainBin != nil || f.testBin != nil:
		parts, err = f.kind.readBatches(ctx, m, f.trainBin, f.testBin)
	default:
		parts, err = readClasses(ctx, m, f.classes)
	}
	if err != nil {
		return nil, nil, err
	}
	if parts[trainPart] == nil {
		return nil, nil, f.kind.noTrainingPictures(f.dir)
	}
	train = parts[trainPart].set(f.kind.name + ", training")
	if parts[testPart] != nil {
		test = parts[testPart].set(f.kind.name + ", test")
	}
	return train, test, nil
}

package dataset

import "context"

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
)

// cifar10 says how CIFAR-10 is stored.
func cifar10() *cifar {
	return &cifar{
		name: "CIFAR-10", data: "cifar10", function: "CIFAR10",
		url: cifarURL, sha256: cifarSHA256, archive: cifarArchive, megabytes: 170,
		folder: "cifar-10-batches-bin", train: "data_batch_*.bin", test: "test_batch.bin",
		labelNames: []string{"label"}, labelEnds: []int{10}, classes: cifarClasses(),
	}
}

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
	return cifar10().load(ctx, c)
}

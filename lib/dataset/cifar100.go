package dataset

import "context"

// CIFAR100Config says where the pictures of CIFAR-100 lie and how many to take. The zero
// value takes all of them from the folder "downloads" of the default store.
type CIFAR100Config struct {
	Dir        string // folder with the files; "" = folder "downloads" of store.Default
	Train      int    // the first so many training pictures; 0 = all
	Validation int    // the first so many test pictures; 0 = all. Without test files: how many to cut from the end of training
	Download   bool   // fetch the official archive into Dir if Dir holds none of the files
	URL        string // of the archive; "" = that of the University of Toronto
	SHA256     string // of the archive, hexadecimal; "" = that of the official one
}

// cifar100 says how CIFAR-100 is stored; https://www.cs.toronto.edu/~kriz/cifar.html.
func cifar100() *cifar {
	return &cifar{
		name: "CIFAR-100", data: "cifar100", function: "CIFAR100",
		url:     "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
		sha256:  "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
		archive: "cifar-100-binary.tar.gz", megabytes: 161,
		folder: "cifar-100-binary", train: "train.bin", test: "test.bin",
		labelNames: []string{"coarse label", "fine label"}, labelEnds: []int{20, 100}, classes: cifar100Classes(),
	}
}

// cifar100Classes names the fine classes in the official order, which is that of the alphabet.
func cifar100Classes() []string {
	return []string{
		"apple", "aquarium_fish", "baby", "bear", "beaver", "bed", "bee", "beetle", "bicycle", "bottle",
		"bowl", "boy", "bridge", "bus", "butterfly", "camel", "can", "castle", "caterpillar", "cattle",
		"chair", "chimpanzee", "clock", "cloud", "cockroach", "couch", "crab", "crocodile", "cup", "dinosaur",
		"dolphin", "elephant", "flatfish", "forest", "fox", "girl", "hamster", "house", "kangaroo", "keyboard",
		"lamp", "lawn_mower", "leopard", "lion", "lizard", "lobster", "man", "maple_tree", "motorcycle", "mountain",
		"mouse", "mushroom", "oak_tree", "orange", "orchid", "otter", "palm_tree", "pear", "pickup_truck", "pine_tree",
		"plain", "plate", "poppy", "porcupine", "possum", "rabbit", "raccoon", "ray", "road", "rocket",
		"rose", "sea", "seal", "shark", "shrew", "skunk", "skyscraper", "snail", "snake", "spider",
		"squirrel", "streetcar", "sunflower", "sweet_pepper", "table", "tank", "telephone", "television", "tiger", "tractor",
		"train", "trout", "tulip", "turtle", "wardrobe", "whale", "willow_tree", "wolf", "woman", "worm",
	}
}

// CIFAR100 reads CIFAR-100 (A. Krizhevsky, 2009): photographs of 32×32 RGB pixels in a
// hundred classes, 50,000 to train on and 10,000 to test with. Labels are the fine ones,
// apple to worm; the twenty coarse ones are checked and left out. It takes what the folder
// has, in this order:
//
//   - the official binary files train.bin and test.bin, plain or as .bin.gz, in Dir or in
//     Dir/cifar-100-binary, with any number of records
//   - the official archive cifar-100-binary.tar.gz
//   - pictures in class folders or archives by class, as [CIFAR10] describes
//
// Order, errors, cancellation and downloads are those of [CIFAR10]. CIFAR100 panics for
// negative counts.
func CIFAR100(ctx context.Context, c CIFAR100Config) (*Data, error) {
	return cifar100().load(ctx, CIFAR10Config(c))
}

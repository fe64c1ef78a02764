// Package dataset holds labelled pictures: the generated set [Leaves], which needs no
// download; the known sets [CIFAR10], [CIFAR100], [MNIST] and [FashionMNIST], which are
// downloaded when that is asked for; any [Folder] of photographs, among them the
// validation pictures of ILSVRC; and sets made of slices that the caller has.
//
//	data, err := dataset.Leaves(ctx, dataset.LeavesConfig{Train: 12000, Validation: 2000, Seed: 1})
//	data.Train.Len(), data.Shape, data.ClassNames[3]      // 12000, [32 32 3], "horizontally striped angular"
//	data.Validation.Picture(0), data.Validation.Label(0)  // 3072 bytes, 0
//	small := data.Validation.Head(500)                    // the first 500, no copy
//	mean, sd := data.Train.Mean(), data.Train.Deviation() // of each channel, for nn.Input
//	photos, err := dataset.Folder(ctx, dataset.FolderConfig{Dir: "photos", Size: 227, Resize: 256, ValidationShare: 0.2})
//	mine, err := dataset.NewSet("mine", [3]int{28, 28, 1}, pixels, labels)
//
// A [Set] lies in memory as bytes, NHWC: picture after picture, row after row, pixel
// after pixel, a pixel's channels (red, green, blue) side by side. A shape is height,
// width, channels. Labels count from 0. [Data] is a set to train on and one to validate
// with.
//
// What does not live here: the subtraction of a mean and the scaling of pixels to numbers (nn.Arch.Prepare), the order
// of training, mirroring and shifting (train), and the cache (store).
//
// Sets do not change after they are made and may be shared by goroutines. Picture returns
// a view that must not be written to; NewSet keeps the caller's slices. A picture or a
// count that does not exist panics; missing, truncated and unfitting files are errors that
// name the file, what was found and what was expected. The same configuration and files
// give the same bytes with any number of cores and on every machine; scaled photographs
// may differ in the last bit between kinds of processors.
package dataset

// Package train trains nets by recipes: one net, or several that differ only in
// their seed.
//
//	data, err := dataset.Leaves(ctx, dataset.LeavesConfig{})
//	arch := nn.MiniAlexNet(data.Shape, data.Classes)
//	nets, err := train.Leaves().Ensemble(ctx, arch, data.Train, 1, 2, 3, 4)
//	before := train.Leaves().Untrained(arch, 1, 2, 3, 4)
//	fmt.Println(nets[0].History) // loss and training accuracy of each epoch
//
// A [Recipe] is everything that decides how a net comes out of an architecture, a
// set of pictures and a seed: solver, schedule, augmentation, initial scales. Its
// zero value is usable, it prints itself, and the recipes of this project's
// figures are [Leaves], [CIFAR10] and [Smoke].
//
// The same recipe, architecture, pictures and seed give the same net, bit for bit,
// whatever the number of cores and however often the training was interrupted.
// Trained nets and checkpoints are kept in the cache (package store). Progress goes
// to the context (package progress), one bar a net.
//
// Shapes: pictures are height × width × channels; a batch is Batch of them. Memory
// of a training is that of a batch's activations plus three times the parameters,
// for each core.
//
// What does not live here: layers, their gradients and the initial weights (nn),
// pictures and labels (dataset), and anything measured on validation pictures
// (nn.Accuracy).
//
// A recipe that cannot be trained with, pictures that do not fit and divergence are
// errors. Methods without an error result panic on misuse, as they say.
package train

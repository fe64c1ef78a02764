// Package experiment holds the settings that the notebooks of this project share:
// which pictures, which net, which recipe, which seeds. They come from the
// environment, so that one command runs all notebooks on other data without
// editing a cell.
//
//	setup := experiment.FromEnv()                       // the error stops the cell
//	data  := setup.Data(ctx)
//	nets  := setup.Recipe().Ensemble(ctx, setup.Arch(data), data.Train, setup.Seeds...)
//	start := setup.Untrained(data)                      // the same nets before training
//	setup                                               // shows what was chosen
//
// GONVERGE_DATASET names the pictures (leaves, the default, or cifar10),
// GONVERGE_DATA their folder, GONVERGE_RECIPE the recipe (default, full or smoke).
// A [Setup] can also be written down: experiment.Setup{DataName: "cifar10"}.
//
// What does not live here: data sets (dataset), architectures (nn) and recipes
// (train) themselves; measures; anything that a single notebook chooses.
//
// Settings that name nothing known are errors that list what is known; Recipe, Arch
// and Untrained panic on them, which FromEnv and Check tell beforehand.
package experiment

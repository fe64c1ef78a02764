// Package feature shows what units see: filters as pictures, the patches that excite a unit
// most, what comes back from a unit to the picture, pictures made to excite it, and the figures
// that put units of several nets side by side.
//
//	acts := activation.Stream(nets, data.Validation, "conv1", "conv2")
//	seen := feature.Collect(ctx, acts, 9)             // one pass for all units; kept in the cache
//	semi := align.SemiMatch(stats.Layer("conv2").Between(0, 1))
//	seen.Pairs(ctx, "conv2", 0, 1, semi, feature.View{Deconv: true})   // Figure 2
//
// Everything shows itself in the last line of a cell. Of one unit:
//
//	feature.Filters(nets[0], "conv1")                 // each on its own scale; .CommonScale()
//	feature.TopPatches(ctx, acts, "conv2", unit, 9)   // of the first net, without a Collect
//	seen.Patches("conv2", net, unit)                  // .Images, .Peaks, .Montage(9)
//	seen.Deconv(ctx, "conv2", net, unit)              // also Guided, Gradient
//	feature.Maximise(ctx, nets[0], "conv2", unit, feature.Ascent{Seed: 1})
//	seen.Page(ctx, stats.Layer("conv2"), net, unit)   // all of these, and its partners
//
// Of many:
//
//	seen.Pairs(ctx, "conv2", 0, 1, semi, feature.View{})                              // Figure 2
//	seen.Predictors(ctx, "conv1", 0, 1, lasso.Weights, []int{3, 17}, feature.View{Deconv: true}) // Figure 6, right
//	seen.MostActive(ctx, stats.Layer("conv1"), feature.View{Patches: 1})              // Figures S11, S12
//	seen.LeastActive(ctx, stats.Layer("conv1"), feature.View{Patches: 1})
//	seen.Clusters(ctx, "conv1", 0, 1, [][]int{clusters.Members(0)}, feature.View{})  // Figure 7, right
//
// # What is shown
//
// Of each picture the place counts where it excites the unit most, so a unit has at most one
// patch a picture. A patch is the receptive field of that place (nn.ReceptiveField: size × size
// pixels), grey where it leaves the picture; fully connected units show the whole picture. An
// activation of 0 excites nothing: units that fire in fewer pictures have fewer patches, dead
// ones none. Equal activations come by the number of the picture, so nothing depends on the
// number of workers.
//
// Projections (deconvolution, guided backpropagation, gradient: nn.BackRule) start from the
// unit at the patch's place and are cut to the same field. Grey is 0; every picture has its own
// scale.
//
// Nets are numbered from 0 in code and called Net1, Net2, ... in pictures, as in the paper.
//
// # Ownership, errors, panics
//
// Results belong to the caller, but pictures are shared with later results and must not be
// drawn on. Nets must not be trained while they are used here. A Units may be used by several
// goroutines; projections are computed once and kept with it.
//
// What lasts takes a context and returns its error when it ends. Unknown layers are errors of
// Filters, TopPatches and Maximise, which name a layer to a net; layers, nets and units that a
// Units does not have, and matrices and matchings of another size, are misuse and panic.
//
// What does not live here: which units belong together (lib/corr, lib/align), the streams of
// activations (lib/activation), receptive fields and the way back through the layers (lib/nn),
// drawing (lib/figure). The package is long because each figure and each kind of picture has its
// file; all of them share one Units.
package feature

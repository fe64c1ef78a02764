// Package corr measures how the units of nets vary together: means, deviations and
// correlations of all units of all nets, layer by layer, in one pass over a stream of
// activations that keeps none of them.
//
//	acts := activation.Stream(nets, data.Validation, "conv1", "conv2")
//	stats, err := corr.Collect(ctx, acts)
//	conv1 := stats.Layer("conv1")
//	conv1.Within(0)                        // units × units of net 0, symmetric
//	conv1.Between(0, 1)                    // rows: units of net 0, columns: units of net 1
//
// The correlation is Pearson's, over all pictures and positions, with population moments:
//
//	c_ij = E[(x_i−μ_i)(y_j−μ_j)] / (σ_i σ_j)      Li et al., ICLR 2016, section 2
//
// in [−1, 1], where 1 means equal up to a positive factor and an offset. It does not change
// when a unit is scaled by a positive factor or shifted. A unit that is constant over all
// samples has no correlation; here it is 0 with every unit, itself included, and
// [Layer.Constant] lists it. By chance a correlation over N independent samples scatters
// around 0 with deviation 1/√N, but positions of one picture are far from independent:
// activation.Source.Shuffled gives the level by chance for the pictures at hand.
//
// Precision: activations are centred by the mean of the first samples of some pictures, multiplied and summed in float32 over 256
// samples, in float64 over up to 32 pictures, and exactly (as integers)
// beyond. Correlations then agree with float64 arithmetic to about six digits even where the mean is a million times the
// deviation, as far as the float32 activations themselves resolve it. [FromMatrices] is
// float64 throughout.
//
// Beside them are
//
//   - [Merge], which joins the statistics of ranges of pictures, from several runs or machines,
//     to the same bits wherever they are cut: Collect over activation.Source.Part and Range;
//     [Stats.Save] writes them, as .npz for numpy too;
//   - [CollectInformation]: mutual information of pairs of units, in two passes;
//   - [Compare]: how well the units of all pairs of nets pair, with intervals over pictures, beside
//     chance and untrained nets, as a table and a picture;
//   - [Bootstrap]: the same statistics for pictures drawn again, and [Interval];
//   - [Layer.WithoutLeading] and [Layer.WithoutMean]: correlations less what all units of a net do
//     together.
//
// What does not live here: how units are paired (lib/align, which Compare calls), measures of whole layers
// (lib/similarity), drawing (lib/figure, which [Comparison.Figure] calls). The products of blocks are computed by
// lib/internal/simd, which is why this package imports it.
//
// Results do not depend on the number of workers. They are cached on disk (lib/store) under
// all that they depend on, and save and load as files. Stats and Layers do not change; slices
// and matrices they return are the caller's. Methods panic on a net that does not exist and on
// an unknown layer, naming the valid ones.
package corr

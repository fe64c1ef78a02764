// Package feature shows what units see: filters, the patches that excite a unit most, what
// comes back from a unit to the picture, pictures that excite it more than any other, and
// figures that put these side by side for the units of several nets.
//
//	acts := activation.Stream(nets, data.Validation, "conv1", "conv2")
//	seen := feature.Collect(ctx, acts, 9)            // one pass, kept in the cache
//	seen.Patches("conv2", 0, 5)                      // unit 5 of net 0: shows itself
//	seen.Pairs(ctx, "conv2", 0, 1, semi, feature.View{Deconv: true})   // Figure 2
package feature

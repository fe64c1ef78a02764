// Package align pairs the units of one net with those of another, given a matrix that says
// how alike they are: rows are units of the first net, columns units of the second, entries
// correlations (or any finite score of which more is better).
//
//	between := stats.Layer("conv1").Between(0, 1)
//	semi := align.SemiMatch(between)           // each row its best column
//	match := align.Match(between)              // one-to-one, largest sum
//	semi.Mean(); match.Mean(); align.Overlap(semi, match)
//	align.Permute(between, match)              // matched pairs on the diagonal
//
// Both are the paper's (Li et al., ICLR 2016, section 3.1). [SemiMatch] gives every row the
// column of its largest entry, so that a column can serve many rows; [Match] gives a column
// to at most one row and maximises the sum of the entries, so its mean is never above that
// of SemiMatch over the same rows. Entries are taken with their sign: a unit is not matched
// to its negative. By chance both find partners whose correlation is above zero, the more
// so the more columns there are: compare with a matrix of shuffled pictures.
//
// [Matching.Permutation] and [Matching.Cycles] read a one-to-one matching as a permutation; match
// [Absolute] correlations, or mutual information, to let a unit pair with its negative.
//
// Other ways to pair, map and group units, each from the same correlations:
//
//	[Greedy]             one-to-one, the largest entry first
//	[SoftMatch]          shares instead of pairs, for nets of unequal width
//	[Lasso], [LassoPath] few-to-one: the exact sparse map, Figure 6 and Table 1
//	[LeastSquares], [Ridge], [PaperSGD]   the same map without, and with another, penalty
//	[SpectralClusters]   many-to-many: groups in a graph of units ([CombinedGraph])
//	[Agglomerate], [AgglomerateMaps]      trees of units, Figure 7
//	[ClusterQuality]     groups of two nets beside random groups of the same sizes
//
// What does not live here: where the matrix comes from (lib/corr) and how it is drawn
// (lib/figure).
//
// A matrix may be rectangular, where it is not said to be symmetric. The functions do not keep
// or change it. An entry that is NaN or infinite has no place in an order: it panics with its
// position, as do matrices or matchings whose sizes do not fit, entries beyond 1e150 where sums of
// them would not be finite, and a map whose weights or loss would not be. Everything here is a pure function
// of its arguments, seeds among them, whatever the number of cores; only [PaperSGD] can take
// minutes, and so takes a context.
package align

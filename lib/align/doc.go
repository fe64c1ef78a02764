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
// What does not live here: where the matrix comes from (lib/corr) and how it is drawn
// (lib/figure).
//
// A matrix may be rectangular. The functions do not keep or change it. An entry that is NaN
// or infinite has no place in an order: it panics with its position, as do two matchings of
// different length. Everything here is a pure function of its arguments.
package align

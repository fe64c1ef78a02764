// Package findings tests the fourteen claims of the paper (Li et al., ICLR 2016) on
// nets at hand: the quantity that decides each claim, its value with an interval, the
// same quantity for untrained nets and by chance, the paper's value, and a verdict
// that follows from the numbers.
//
//	table := findings.Test(ctx, nets, setup.Untrained(data), data.Validation)
//	table                         // shows itself; the errors stop the cell
//	table.Claims[8].Verdict       // of claim 9: findings.DoesNotHold
//
// The verdict is a comparison of an interval with a limit that stands beside the
// claim: [Holds] if the whole interval is on the claim's side of the limit,
// [DoesNotHold] if the whole of it is on the other side, [Undecided] in between. A
// claim that also holds for untrained nets says so in its note: then it is true, but
// not of what was learned.
//
// Intervals are from the lowest to the highest value over all pairs of nets (six for
// four nets), over the nets where a quantity belongs to one net, and for the
// accuracies the 95 % percentile interval of a bootstrap over pictures, paired between
// the nets. Pairs that share a net are not independent; their interval is a range, not a
// confidence of its own.
//
// What does not live here: the statistics (lib/corr) and the pairing of units
// (lib/align), which it calls; figures. Nets must have layers conv1 to conv5 of equal
// widths in all nets; at least two nets are needed. Misfits are errors.
package findings

// Package similarity compares whole representations: how alike are the activations of two
// layers, taken over the same samples, as one number with its chance level and its confidence
// interval.
//
//	a, b := …                                          // samples × units, the same samples
//	similarity.CKA(a, b)                               // 1 is equal
//	similarity.SVCCA(a, b, 0.99)                       // of 99 % of the variance
//	score, err := similarity.Compare(ctx, similarity.LinearCKA, a, b, similarity.Options{})
//	fmt.Println(score)                                 // linear CKA 0.731 [0.702, 0.758], by chance 0.121 ± 0.004, …
//
// Measures of the same name differ between authors, so each function here says its formula and
// four things: range, which way is alike, what it is invariant to, and its value by chance.
//
//	measure                              range       equal   invariant to, besides offsets per unit
//	CKA, CKARBF                          0 to 1      1       rotation, one scale
//	CKAUnbiased                          −1 to 1     1       rotation, one scale
//	CKAAngle                             0 to π/2    0       rotation, one scale
//	CCA                                  0 to 1      1       any invertible map of either
//	SVCCA                                0 to 1      1       rotation, one scale
//	PWCCA                                0 to 1      1       any invertible map of the second
//	Procrustes                           0 up        0       rotation
//	ProcrustesNormalized                 0 to √2     0       rotation, one scale
//	ProcrustesAngle                      0 to π/2    0       rotation, one scale
//	RSA, RSAPearson                      −1 to 1     1       order of units; scale and offset of a sample (not offsets per unit)
//	NearestNeighbours                    0 to 1      1       rotation, one scale
//
// A number alone says little: with many units and few samples most measures are high whatever
// the data. [Compare] shuffles the samples of one side for the chance level and resamples both
// for the interval; [Score.AboveChance] puts measures on one scale. Where rows are positions
// of pictures, Options.Rows keeps a picture together, since its positions are no independent
// samples.
//
// What does not live here: pairs of single units (lib/corr, lib/align), and drawing
// (lib/figure). Statistics of more samples than memory holds come from lib/corr to
// [CKAFromMoments], or go batch by batch to a [MinibatchCKA].
//
// Matrices are samples × units, are copied and not changed; the units of the two may differ in
// number, the samples must not. All arithmetic is float64, after centring and scaling by a
// power of two. A unit that is constant (range within 1e-14 of its magnitude) counts as a
// column of zeros, and what fully constant data gives is said at each function: never NaN.
// Functions without an error panic, with the position, at an entry that is not finite;
// functions with one return it. Different numbers of samples always panic, with both numbers.
// Everything is a pure function of its arguments, seeds included, for any number of workers.
package similarity

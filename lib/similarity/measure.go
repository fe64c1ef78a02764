package similarity

import (
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// Measure names a measure of this package, for functions that take one of them.
type Measure int

// The measures; each is explained at its function.
const (
	LinearCKA                    Measure = iota // [CKA]
	UnbiasedCKA                                 // [CKAUnbiased]
	RBFCKA                                      // [CKARBF], with Options.Sigma
	AngleCKA                                    // [CKAAngle]
	MeanCCA                                     // [CCA]
	SingularVectorCCA                           // [SVCCA], with Options.Share
	ProjectionWeightedCCA                       // [PWCCA]
	ProcrustesDistance                          // [Procrustes]
	ProcrustesNormalizedDistance                // [ProcrustesNormalized]
	ProcrustesAngularDistance                   // [ProcrustesAngle]
	SpearmanRSA                                 // [RSA]
	PearsonRSA                                  // [RSAPearson]
	NeighbourOverlap                            // [NearestNeighbours], with Options.Neighbours
)

// known describes the measures, in the order of the constants.
var known = [...]struct {
	name, span, invariant string
	distance              bool
}{
	{"linear CKA", "0 to 1", "rotation, one scale, offsets", false},
	{"unbiased CKA", "-1 to 1", "rotation, one scale, offsets", false},
	{"RBF CKA", "0 to 1", "rotation, one scale, offsets", false},
	{"CKA angle", "0 to π/2", "rotation, one scale, offsets", true},
	{"mean CCA", "0 to 1", "any invertible map of either, offsets", false},
	{"SVCCA", "0 to 1", "rotation, one scale, offsets", false},
	{"PWCCA", "0 to 1", "any invertible map of the second, offsets", false},
	{"Procrustes distance", "0 up", "rotation, offsets", true},
	{"normalised Procrustes distance", "0 to √2", "rotation, one scale, offsets", true},
	{"Procrustes angle", "0 to π/2", "rotation, one scale, offsets", true},
	{"RSA (Spearman)", "-1 to 1", "order of units, scale and offset of a sample", false},
	{"RSA (Pearson)", "-1 to 1", "order of units, scale and offset of a sample", false},
	{"nearest neighbours", "0 to 1", "rotation, one scale, offsets", false},
}

// Measures returns every measure, in the order of the constants.
func Measures() []Measure {
	all := make([]Measure, len(known))
	for i := range all {
		all[i] = Measure(i)
	}
	return all
}

// String returns the measure's name, such as "linear CKA".
func (m Measure) String() string {
	if m < 0 || int(m) >= len(known) {
		return fmt.Sprintf("Measure(%d)", int(m))
	}
	return known[m].name
}

// Distance says the direction: true if 0 is equal and more is less alike, false if 1 is equal.
func (m Measure) Distance() bool {
	m.check("Distance")
	return known[m].distance
}

// Range returns the values that the measure can have, in words.
func (m Measure) Range() string {
	m.check("Range")
	return known[m].span
}

// Invariance returns what the measure does not see, in words.
func (m Measure) Invariance() string {
	m.check("Invariance")
	return known[m].invariant
}

func (m Measure) check(fn string) {
	if m < 0 || int(m) >= len(known) {
		panic(fmt.Sprintf("similarity: %s: measure %d of %d (valid: 0..%d)", fn, int(m), len(known), len(known)-1))
	}
}

// Value returns the measure of a and b (samples × units) with the options Share, Sigma and
// Neighbours: what the function of its name returns. It panics as that does.
func Value(m Measure, a, b mat.Matrix, o Options) float64 {
	m.check("Value")
	return once(m, "Value", a, b, o.complete("Value"))
}

// comparison is a measure prepared for two matrices. Its methods may be called from several
// goroutines.
type comparison interface {
	value() float64
	// shuffled pairs sample i of the first matrix with sample perm[i] of the second.
	shuffled(perm []int) float64
	// resampled counts sample i w[i] times.
	resampled(w []float64) float64
}

// prepare returns the comparison of x and y, which it may change; draws says that more than
// its value is wanted.
func prepare(fn string, m Measure, x, y *mat.Dense, o Options, draws bool) comparison {
	return halt{}.prepare(fn, m, x, y, o, draws)
}

// prepare is prepare for a comparison that may end early, in its methods too.
func (h halt) prepare(fn string, m Measure, x, y *mat.Dense, o Options, draws bool) comparison {
	switch m {
	case LinearCKA, UnbiasedCKA, RBFCKA, AngleCKA:
		return newCKA(h, m, x, y, o, draws)
	case MeanCCA, SingularVectorCCA, ProjectionWeightedCCA:
		return newCCA(h, m, x, y, o)
	case ProcrustesDistance, ProcrustesNormalizedDistance, ProcrustesAngularDistance:
		return newProcrustes(h, m, x, y)
	case SpearmanRSA, PearsonRSA:
		return newRSA(h, fn, m, x, y, draws)
	case NeighbourOverlap:
		return newNeighbours(h, x, y, o.Neighbours)
	}
	panic("similarity: no such measure") // check comes first
}

// once returns the value of a measure alone; it panics where matrices returns an error.
func once(m Measure, fn string, a, b mat.Matrix, o Options) float64 {
	x, y, err := matrices(fn, a, b)
	if err != nil {
		panic(err.Error())
	}
	if n, _ := x.Dims(); m == NeighbourOverlap && o.Neighbours > n-1 {
		panic(fmt.Sprintf("similarity: %s: %d neighbours among %d samples (valid: 1..%d)", fn, o.Neighbours, n, n-1))
	}
	return prepare(fn, m, x, y, o, false).value()
}

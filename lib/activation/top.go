package activation

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"sync"
)

// Peak is one unit's largest activation over the positions of one picture.
type Peak struct {
	Value       float32
	Picture     int // number in the set, also where the source is shuffled
	Row, Column int // position in the layer; the first one of that value, row by row
}

// Histogram counts one unit's activations in bins of equal width. Bin i holds the values v
// with Low + i·Width ≤ v < Low + (i+1)·Width; Width is a power of two, the smallest for which
// [Bins] bins on either side of 0 hold all values, and Low a multiple of it.
type Histogram struct {
	Low, Width float64
	Counts     []int // from the lowest to the highest bin that is not empty
	Zeros      int   // activations that are exactly 0; the bin from 0 up counts them as well
}

// Bins is how many bins a [Histogram] has at most on one side of 0; at least half as many
// are in the range of the values.
const Bins = 64

// Extremes has for every unit of a layer the pictures that excite it most, and a histogram of
// its activations. [Top] returns it.
type Extremes struct {
	layer  string
	shape  [][3]int // of each net: height, width, units
	k      int
	top    [][][]Peak
	counts [][]rangeCounts
}

// Top runs the source once and returns for each unit of each net the k pictures of largest
// activation with their positions, one position a picture, and the histogram of all
// activations. Pictures come in order of falling value, equal ones by their number. Memory
// grows with units × k, not with the pictures. It panics if k is negative; what does not fit,
// an activation that is NaN or infinite, and the end of ctx are errors.
func Top(ctx context.Context, src *Source, layer string, k int) (*Extremes, error) {
	if k < 0 {
		panic(fmt.Sprintf("activation: Top: %d pictures", k))
	}
	if src.arrays != nil {
		return nil, errArrays
	}
	t := *src
	t.layers = []string{layer}
	x := &Extremes{layer: layer, k: k}
	orders := make([][]int, len(t.nets))
	for i, n := range t.nets {
		shape, err := n.LayerShape(layer)
		if err != nil {
			return nil, fmt.Errorf("activation: net %d: %w", i, err)
		}
		x.shape = append(x.shape, shape)
		x.top = append(x.top, make([][]Peak, shape[2]))
		x.counts = append(x.counts, make([]rangeCounts, shape[2]))
		orders[i] = t.order(i)
	}
	err := t.Each(ctx, func(b *Block) error {
		l := b.Layers[0]
		errs := make([]error, len(x.shape))
		var wait sync.WaitGroup
		slots := make(chan struct{}, runtime.GOMAXPROCS(0))
		for net := range x.shape {
			wait.Add(1)
			slots <- struct{}{}
			go func() {
				defer func() { <-slots; wait.Done() }()
				errs[net] = x.add(net, l.Values[net], b.First, b.Pictures, orders[net])
			}()
		}
		wait.Wait()
		for _, err := range errs {
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return x, nil
}

// add takes a net's activations of n pictures from first.
func (x *Extremes) add(net int, values []float32, first, n int, order []int) error {
	h, w, units := x.shape[net][0], x.shape[net][1], x.shape[net][2]
	best, at := make([]float32, units), make([]int, units)
	for p := range n {
		rows := values[p*h*w*units:][:h*w*units]
		copy(best, rows)
		clear(at)
		for pos := range h * w {
			for u, v := range rows[pos*units:][:units] {
				if v > best[u] {
					best[u], at[u] = v, pos
				}
				if v-v != 0 { // NaN or infinite
					return fmt.Errorf("activation: layer %q: unit %d of net %d is %v at picture %d", x.layer, u, net, v, first+p)
				}
				x.counts[net][u].add(v)
			}
		}
		picture := first + p
		if order != nil {
			picture = order[picture]
		}
		for u := range units {
			x.offer(net, u, Peak{best[u], picture, at[u] / w, at[u] % w})
		}
	}
	return nil
}

// offer puts a peak where it belongs among the k first of its unit.
func (x *Extremes) offer(net, unit int, p Peak) {
	top := x.top[net][unit]
	if len(top) == x.k && (x.k == 0 || !before(p, top[x.k-1])) {
		return
	}
	i, _ := slices.BinarySearchFunc(top, p, func(a, b Peak) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	if len(top) == x.k {
		top = top[:x.k-1]
	}
	x.top[net][unit] = slices.Insert(top, i, p)
}

func before(a, b Peak) bool {
	return a.Value > b.Value || a.Value == b.Value && a.Picture < b.Picture
}

// Layer returns the layer's name.
func (x *Extremes) Layer() string { return x.layer }

// Nets returns the number of nets.
func (x *Extremes) Nets() int { return len(x.shape) }

// Shape returns height, width and units of the layer in a net.
func (x *Extremes) Shape(net int) [3]int {
	x.check(net, 0)
	return x.shape[net]
}

// Top returns the pictures of largest activation of a unit of a net, the largest first: k of
// them, or all if the source has fewer. It panics on a net or unit that does not exist.
func (x *Extremes) Top(net, unit int) []Peak {
	x.check(net, unit)
	return slices.Clone(x.top[net][unit])
}

// Histogram returns the counts of all activations of a unit of a net, every picture and
// position. It panics on a net or unit that does not exist.
func (x *Extremes) Histogram(net, unit int) Histogram {
	x.check(net, unit)
	return x.counts[net][unit].histogram()
}

// String says what it holds, in a line.
func (x *Extremes) String() string {
	text := fmt.Sprintf("%s: the %d pictures of largest activation and a histogram of each unit;", x.layer, x.k)
	for net, s := range x.shape {
		text += fmt.Sprintf(" net %d: %d units;", net, s[2])
	}
	return text[:len(text)-1]
}

func (x *Extremes) check(net, unit int) {
	if net < 0 || net >= len(x.shape) {
		panic(fmt.Sprintf("activation: net %d of %d nets (valid: 0..%d)", net, len(x.shape), len(x.shape)-1))
	}
	if units := x.shape[net][2]; unit < 0 || unit >= units && unit > 0 {
		panic(fmt.Sprintf("activation: unit %d of %d units (valid: 0..%d)", unit, units, units-1))
	}
}

// rangeCounts is a histogram that widens its bins as values ask for it. Bins lie on multiples
// of 2^exp, and neighbours join to bins of the next exponent, so the outcome depends on the
// values alone and not on their order.
type rangeCounts struct {
	counts *[2 * Bins]int // nil as long as all values are 0; bin Bins begins at 0
	exp    int            // of the width
	scale  float64        // 2^−exp
	limit  float32        // values below it in magnitude have a bin
	zeros  int
}

func (c *rangeCounts) add(v float32) {
	if v == 0 {
		c.zeros++
		return
	}
	a := v
	if a < 0 {
		a = -a
	}
	if a >= c.limit || c.counts == nil {
		c.widen(a)
	}
	c.counts[Bins+int(math.Floor(float64(v)*c.scale))]++
}

// widen makes room for a value of magnitude a.
func (c *rangeCounts) widen(a float32) {
	_, e := math.Frexp(float64(a)) // a < 2^e
	exp := e - 6                   // Bins = 2^6
	if c.counts == nil {
		c.counts, c.exp = new([2 * Bins]int), exp
	}
	for ; c.exp < exp; c.exp++ {
		var wide [2 * Bins]int
		for i, n := range c.counts {
			// The bin from j·w is in the one from floor(j/2)·2w.
			wide[Bins+(i-Bins)>>1] += n
		}
		*c.counts = wide
	}
	c.scale = math.Ldexp(1, -c.exp)
	if limit := math.Ldexp(Bins, c.exp); limit > math.MaxFloat32 {
		c.limit = float32(math.Inf(1))
	} else {
		c.limit = float32(limit)
	}
}

func (c *rangeCounts) histogram() Histogram {
	if c.counts == nil {
		if c.zeros == 0 {
			return Histogram{}
		}
		return Histogram{Width: 1, Counts: []int{c.zeros}, Zeros: c.zeros}
	}
	all := *c.counts
	all[Bins] += c.zeros
	lo, hi := 0, len(all)-1
	for all[lo] == 0 {
		lo++
	}
	for all[hi] == 0 {
		hi--
	}
	w := math.Ldexp(1, c.exp)
	return Histogram{Low: float64(lo-Bins) * w, Width: w, Counts: slices.Clone(all[lo : hi+1]), Zeros: c.zeros}
}

package activation

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
)

// Peaks has for every unit of several layers and nets the pictures that excite it most.
// [TopPeaks] returns it.
type Peaks struct {
	K      int          // most pictures of a unit
	Layers []LayerPeaks // in the order of the source
}

// LayerPeaks is one layer of [Peaks].
type LayerPeaks struct {
	Name   string
	Shapes [][3]int   // of each net: height, width, units
	Top    [][][]Peak // net → unit → at most K peaks, the largest first
}

// Layer returns the peaks of a layer. It panics on an unknown name, listing the known ones.
func (p *Peaks) Layer(name string) *LayerPeaks {
	var known []string
	for i := range p.Layers {
		if p.Layers[i].Name == name {
			return &p.Layers[i]
		}
		known = append(known, p.Layers[i].Name)
	}
	panic(fmt.Sprintf("activation: no layer %q; have %s", name, strings.Join(known, ", ")))
}

// String says what it holds, in a line.
func (p *Peaks) String() string {
	var names []string
	units := 0
	for _, l := range p.Layers {
		names = append(names, l.Name)
		for _, s := range l.Shapes {
			units += s[2]
		}
	}
	return fmt.Sprintf("the %d pictures of largest activation of each of %d units; layers %s", p.K, units, strings.Join(names, ", "))
}

// TopPeaks runs the source once and returns for each unit of each layer and net the k
// pictures of largest activation, one position a picture: the first of that value, row by row.
// Pictures come in order of falling value, equal ones by their number, whatever the number of
// workers. It is [Top] for all layers at a time and without histograms. Memory grows with
// units × k, not with the pictures. It panics if k is negative; what does not fit, a largest
// activation that is NaN or infinite, and the end of ctx are errors.
func TopPeaks(ctx context.Context, src *Source, k int) (*Peaks, error) {
	if k < 0 {
		panic(fmt.Sprintf("activation: TopPeaks: %d pictures", k))
	}
	if src.arrays != nil {
		return nil, errArrays
	}
	peaks := &Peaks{K: k}
	orders := make([][]int, len(src.nets))
	for i := range src.nets {
		orders[i] = src.order(i)
	}
	for _, name := range src.Layers() {
		l := LayerPeaks{Name: name}
		for i, n := range src.nets {
			shape, err := n.LayerShape(name)
			if err != nil {
				return nil, fmt.Errorf("activation: net %d: %w", i, err)
			}
			l.Shapes = append(l.Shapes, shape)
			l.Top = append(l.Top, make([][]Peak, shape[2]))
		}
		peaks.Layers = append(peaks.Layers, l)
	}
	nets := len(src.nets)
	seekers := make([]seeker, nets*len(peaks.Layers))
	err := src.Each(ctx, func(b *Block) error {
		return concurrently(len(seekers), func(i int) error {
			l, net := i/nets, i%nets
			return seekers[i].add(&peaks.Layers[l], k, net, b.Layers[l].Values[net], b.First, b.Pictures, orders[net])
		})
	})
	if err != nil {
		return nil, err
	}
	return peaks, nil
}

// MergePeaks returns the peaks of all pictures together from those of parts of them, such as
// ranges of one source (see [Source.Part]) on several machines: whatever the parts and their
// order, the same as from one run. Each picture must be in one part only. Parts of other k,
// layers or shapes are an error; without parts there is none to return, and it panics.
func MergePeaks(parts ...*Peaks) (*Peaks, error) {
	if len(parts) == 0 {
		panic("activation: MergePeaks: no parts")
	}
	first := parts[0]
	m := &Peaks{K: first.K}
	for i, l := range first.Layers {
		layer := LayerPeaks{Name: l.Name, Shapes: slices.Clone(l.Shapes)}
		for _, s := range l.Shapes {
			layer.Top = append(layer.Top, make([][]Peak, s[2]))
		}
		for n, p := range parts {
			if p.K != m.K || len(p.Layers) != len(first.Layers) || p.Layers[i].Name != l.Name || !slices.Equal(p.Layers[i].Shapes, l.Shapes) {
				return nil, fmt.Errorf("activation: merge: part %d is %v, part 0 %v", n, p, first)
			}
			for net, units := range p.Layers[i].Top {
				for u, top := range units {
					for _, q := range top {
						if slices.ContainsFunc(layer.Top[net][u], func(r Peak) bool { return r.Picture == q.Picture }) {
							return nil, fmt.Errorf("activation: merge: picture %d is in part %d and in one before", q.Picture, n)
						}
						offer(&layer.Top[net][u], m.K, q)
					}
				}
			}
		}
		m.Layers = append(m.Layers, layer)
	}
	return m, nil
}

// seeker is the memory in which a layer of a net looks for a picture's peaks.
type seeker struct {
	best []float32
	at   []int32
}

// add takes a net's activations of n pictures from first.
func (s *seeker) add(l *LayerPeaks, k, net int, values []float32, first, n int, order []int) error {
	h, w, units := l.Shapes[net][0], l.Shapes[net][1], l.Shapes[net][2]
	if s.best == nil {
		s.best, s.at = make([]float32, units), make([]int32, units)
	}
	best, at := s.best, s.at
	for p := range n {
		rows := values[p*h*w*units:][:h*w*units]
		copy(best, rows)
		clear(at)
		for pos := 1; pos < h*w; pos++ {
			row := rows[pos*units:][:len(best)]
			for u, v := range row {
				if !(v <= best[u]) { // larger, or one of them is NaN
					if best[u] == best[u] {
						best[u], at[u] = v, int32(pos)
					}
				}
			}
		}
		picture := first + p
		if order != nil {
			picture = order[picture]
		}
		for u, v := range best {
			if v != v || math.IsInf(float64(v), 0) {
				return fmt.Errorf("activation: layer %q: unit %d of net %d is %v at picture %d", l.Name, u, net, v, picture)
			}
			offer(&l.Top[net][u], k, Peak{v, picture, int(at[u]) / w, int(at[u]) % w})
		}
	}
	return nil
}

// offer puts a peak where it belongs among the k first.
func offer(list *[]Peak, k int, p Peak) {
	top := *list
	if len(top) == k && (k == 0 || !before(p, top[k-1])) {
		return
	}
	i, _ := slices.BinarySearchFunc(top, p, func(a, b Peak) int {
		if before(a, b) {
			return -1
		}
		return 1
	})
	if len(top) == k {
		top = top[:k-1]
	}
	*list = slices.Insert(top, i, p)
}

// concurrently calls do(0..n−1) on up to GOMAXPROCS goroutines, joins them, and returns the
// first error in the order of numbers; a panic is one.
func concurrently(n int, do func(i int) error) error {
	errs := make([]error, n)
	var wait sync.WaitGroup
	slots := make(chan struct{}, runtime.GOMAXPROCS(0))
	for i := range n {
		wait.Add(1)
		slots <- struct{}{}
		go func() {
			defer func() {
				if p := recover(); p != nil {
					errs[i] = fmt.Errorf("activation: panic: %v\n%s", p, debug.Stack())
				}
				<-slots
				wait.Done()
			}()
			errs[i] = do(i)
		}()
	}
	wait.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

package feature

import (
	"context"
	"fmt"
	"image"
	"strings"
	"sync"

	"gonverge/lib/activation"
	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

// Units knows for every unit of a stream's layers and nets the pictures that excite it most.
// [Collect] returns it; its methods cut patches, project them back through the nets and put
// pages and figures together. It never changes and may be used by several goroutines.
type Units struct {
	nets   []*nn.Net
	set    *dataset.Set
	peaks  *activation.Peaks
	origin string
	note   string

	mutex     sync.Mutex
	projected map[projectionKey][]image.Image // what has been computed already
}

// Collect runs the stream once and finds for each unit of each of its layers and nets the k
// pictures that excite it most, one place a picture. Equal activations come in the order of
// the pictures, so the outcome does not depend on the number of workers. What it found is kept
// in the cache under the source's fingerprint and taken from there the next time; a cache that
// cannot be used is no error, but the result's Note says so. When ctx ends it returns nothing
// but the context's error. It panics if k is not positive.
func Collect(ctx context.Context, src *activation.Source, k int) (*Units, error) {
	if k < 1 {
		panic(fmt.Sprintf("feature: Collect: %d pictures a unit", k))
	}
	u := &Units{nets: src.Nets(), set: src.Set(), origin: src.String(), projected: map[projectionKey][]image.Image{}}
	c, err := openCache(ctx, src, k)
	if err != nil {
		return nil, fmt.Errorf("feature: %w", err)
	}
	if u.peaks = c.get(src, k); u.peaks == nil {
		peaks, err := activation.TopPeaks(ctx, src, k)
		if err != nil {
			return nil, fmt.Errorf("feature: %w", err)
		}
		u.peaks = peaks
		c.put(peaks)
	}
	u.note = c.note
	return u, nil
}

// TopPatches returns the k patches that excite a unit of a layer most, in the first net of the
// source, whichever layers the source names. The stream runs once for all units of the layer:
// asking for another unit afterwards takes what is in the cache. For several nets and layers
// [Collect] is the faster way. It panics if k is not positive or there is no such unit; an
// unknown layer is an error.
func TopPatches(ctx context.Context, src *activation.Source, layer string, unit, k int) (*Patches, error) {
	nets := src.Nets()
	if len(nets) == 0 {
		return nil, fmt.Errorf("feature: no nets")
	}
	one := activation.Stream(nets[:1], src.Set(), layer)
	if src.Ranged() {
		one = one.Range(src.First(), src.First()+src.Pictures())
	}
	u, err := Collect(ctx, one, k)
	if err != nil {
		return nil, err
	}
	return u.Patches(layer, 0, unit), nil
}

// K returns how many pictures a unit has at most.
func (u *Units) K() int { return u.peaks.K }

// Nets returns the nets.
func (u *Units) Nets() []*nn.Net { return append([]*nn.Net(nil), u.nets...) }

// Set returns the pictures.
func (u *Units) Set() *dataset.Set { return u.set }

// Layers returns the names of the layers, in the order of the stream.
func (u *Units) Layers() []string {
	var names []string
	for _, l := range u.peaks.Layers {
		names = append(names, l.Name)
	}
	return names
}

// Units returns the number of units of a layer of a net. It panics on an unknown layer or net.
func (u *Units) Units(layer string, net int) int { return u.layer(layer, net).Shapes[net][2] }

// Peaks returns the pictures and positions that excite a unit most, the strongest first; a
// unit that fires in fewer than K pictures has fewer, a dead one none. It panics on an unknown
// layer, net or unit.
func (u *Units) Peaks(layer string, net, unit int) []activation.Peak {
	l := u.layer(layer, net)
	if n := len(l.Top[net]); unit < 0 || unit >= n {
		panic(fmt.Sprintf("feature: unit %d of %d units of %s in net %d (valid: 0..%d)", unit, n, layer, net, n-1))
	}
	var peaks []activation.Peak
	for _, p := range l.Top[net][unit] {
		if p.Value != 0 { // after a ReLU: it does not fire
			peaks = append(peaks, p)
		}
	}
	return peaks
}

// layer returns a layer's peaks; it panics on unknown names and nets.
func (u *Units) layer(name string, net int) *activation.LayerPeaks {
	if net < 0 || net >= len(u.nets) {
		panic(fmt.Sprintf("feature: net %d of %d nets (valid: 0..%d)", net, len(u.nets), len(u.nets)-1))
	}
	for i := range u.peaks.Layers {
		if u.peaks.Layers[i].Name == name {
			return &u.peaks.Layers[i]
		}
	}
	panic(fmt.Sprintf("feature: no layer %q; have %s", name, strings.Join(u.Layers(), ", ")))
}

// Note says what went wrong with the cache, if anything did: the result is right all the same.
func (u *Units) Note() string { return u.note }

// Origin says what was measured, in a line: nets with their seeds, pictures, layers.
func (u *Units) Origin() string { return u.origin }

// String says what was measured, and lists layers with their units and receptive fields.
func (u *Units) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the %d pictures that excite each unit most: %s", u.peaks.K, u.origin)
	for _, l := range u.peaks.Layers {
		var units []string
		silent := 0
		for net := range u.nets {
			units = append(units, fmt.Sprint(l.Shapes[net][2]))
			for unit := range l.Top[net] {
				if len(u.Peaks(l.Name, net, unit)) == 0 {
					silent++
				}
			}
		}
		f := u.field(l.Name, 0)
		sees := fmt.Sprintf("%d×%d pixels", f.Size[0], f.Size[1])
		if f.Whole {
			sees = "the whole picture"
		}
		fmt.Fprintf(&b, "\n%-8s %s units, %d of them never fire; a unit sees %s", l.Name, strings.Join(units, ", "), silent, sees)
	}
	if u.note != "" {
		b.WriteString("\n(" + u.note + ")")
	}
	return b.String()
}

// field returns the receptive field of a layer of a net that is known to exist.
func (u *Units) field(layer string, net int) *nn.ReceptiveField {
	f, err := u.nets[net].ReceptiveField(layer)
	if err != nil {
		panic(err.Error()) // the stream has read the layer
	}
	return f
}

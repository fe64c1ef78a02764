package corr

import (
	"fmt"
	"strings"
)

// Stats has the statistics of all layers of a stream of activations, and says what they are
// of. [Collect] and [Load] return it.
type Stats struct {
	origin   string
	pictures int
	layers   []*Layer
	note     string
	part     *part // nil unless the pictures were a range
}

// Origin says what was measured, in a line: nets with their seeds, pictures, layers, shuffle.
func (s *Stats) Origin() string { return s.origin }

// Pictures returns the number of pictures.
func (s *Stats) Pictures() int { return s.pictures }

// Note says what went wrong with the cache, if anything did: the statistics are right all
// the same.
func (s *Stats) Note() string { return s.note }

// Nets returns the number of nets.
func (s *Stats) Nets() int {
	if len(s.layers) == 0 {
		return 0
	}
	return s.layers[0].Nets()
}

// Layers returns the names of the layers, in the order of the stream.
func (s *Stats) Layers() []string {
	names := make([]string, len(s.layers))
	for i, l := range s.layers {
		names[i] = l.name
	}
	return names
}

// Layer returns the statistics of a layer. It panics on an unknown name, listing the known
// ones.
func (s *Stats) Layer(name string) *Layer {
	for _, l := range s.layers {
		if l.name == name {
			return l
		}
	}
	panic(fmt.Sprintf("corr: no layer %q; have %s", name, strings.Join(s.Layers(), ", ")))
}

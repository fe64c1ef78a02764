package activation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"gonverge/lib/dataset"
	"gonverge/lib/nn"
)

const (
	// version enters the fingerprint: it changes when the same source would give other values.
	version = 1
	// streamShuffle is the stream of a shuffle's seed from which net 0 would draw; net i has
	// the i-th after it.
	streamShuffle = 0x73687566 // "shuf"

	// A block has at most blockPictures pictures, and fewer where the layers of all nets
	// together would have more than blockValues activations (20 MB).
	blockPictures = 32
	blockValues   = 5 << 20

	// Blocks end at the multiples of shardPictures.
	shardPictures = 32
)

// Source is a stream of activations that has not run yet: nets, pictures and layers.
// [Stream] and [Arrays] make it.
type Source struct {
	nets     []*nn.Net
	set      *dataset.Set
	layers   []string // as asked for; none: all readable ones
	shuffled bool
	seed     uint64
	ranged   bool // only the pictures from..to−1
	from, to int
	arrays   *arrays // instead of nets and set; see [Arrays]
}

// Stream returns the source of the named layers' activations of all nets over the set.
// Without names it has the convolutions and dense layers that all nets have. It runs nothing;
// whether everything fits is told by [Source.Each]. It panics if a net or the set is nil.
func Stream(nets []*nn.Net, set *dataset.Set, layers ...string) *Source {
	if set == nil {
		panic("activation: Stream: no set (nil)")
	}
	for i, n := range nets {
		if n == nil {
			panic(fmt.Sprintf("activation: Stream: net %d of %d is nil", i, len(nets)))
		}
	}
	s := &Source{nets: slices.Clone(nets), set: set}
	for _, name := range layers {
		if !slices.Contains(s.layers, name) {
			s.layers = append(s.layers, name)
		}
	}
	return s
}

// Shuffled returns a source of the same activations in which every net but the first sees
// the pictures in an order of its own, drawn from seed (rand.PCG, one stream a net).
// Positions within a picture stay together. Mean, deviation and all else within a net stay
// what they were; correlations between nets become their chance level.
func (s *Source) Shuffled(seed uint64) *Source {
	t := *s
	t.shuffled, t.seed = true, seed
	return &t
}

// Untrained returns a source of the same layers and pictures for the nets before training: each
// net's architecture with the parameters that its seed draws, from which nets of lib/train
// started. A net from elsewhere, whose seed is not known, gets that of its place, 1 for the first.
// It is nil of [Arrays], which have no nets.
func (s *Source) Untrained() *Source {
	if s.arrays != nil {
		return nil
	}
	t := *s
	t.nets = make([]*nn.Net, len(s.nets))
	for i, n := range s.nets {
		seed := n.Seed
		if len(n.History) == 0 && n.Origin != "" {
			seed = uint64(i + 1)
		}
		t.nets[i] = nn.New(n.Arch, seed)
	}
	return &t
}

// Nets returns the nets, in the order in which blocks have them; none of [Arrays].
func (s *Source) Nets() []*nn.Net { return slices.Clone(s.nets) }

// Set returns the pictures; nil of [Arrays].
func (s *Source) Set() *dataset.Set { return s.set }

// Layers returns the names of the layers, in the order in which blocks have them.
func (s *Source) Layers() []string {
	if s.arrays != nil {
		return []string{s.arrays.layer}
	}
	if len(s.layers) > 0 || len(s.nets) == 0 {
		return slices.Clone(s.layers)
	}
	return slices.DeleteFunc(s.nets[0].Layers(), func(name string) bool {
		return slices.ContainsFunc(s.nets[1:], func(n *nn.Net) bool { return !slices.Contains(n.Layers(), name) })
	})
}

// Fingerprint returns 64 hexadecimal digits that stand for everything the activations depend
// on: the nets' parameters, the pictures, the layers and the shuffle.
func (s *Source) Fingerprint() string {
	f, err := s.FingerprintContext(context.Background())
	if err != nil {
		panic(err) // a file of a set on demand
	}
	return f
}

// FingerprintContext is [Source.Fingerprint] with a context that ends it: it takes as long as to read
// all the pictures. A file that cannot be read is an error.
func (s *Source) FingerprintContext(ctx context.Context) (string, error) {
	h := sha256.New()
	fmt.Fprintf(h, "activation %d\n", version) // a hash never fails
	for _, n := range s.nets {
		fmt.Fprintf(h, "net %s\n", n.Fingerprint())
	}
	if err := s.describe(ctx, h); err != nil {
		return "", err
	}
	for _, name := range s.Layers() {
		fmt.Fprintf(h, "layer %q\n", name)
	}
	if s.shuffled {
		fmt.Fprintf(h, "shuffled %d\n", s.seed)
	}
	if s.ranged {
		fmt.Fprintf(h, "range %d %d\n", s.from, s.to)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// describe writes what stands for the pictures, or for the arrays.
func (s *Source) describe(ctx context.Context, h io.Writer) error {
	if s.arrays != nil {
		f, err := s.arrays.fingerprint(ctx)
		fmt.Fprintf(h, "arrays %d %s\n", s.arrays.positions, f) // a hash never fails
		return err
	}
	f, err := s.set.FingerprintContext(ctx)
	fmt.Fprintf(h, "set %s\n", f)
	return err
}

// String says what the activations are of, in a line: nets, set, layers, shuffle.
func (s *Source) String() string {
	layers := strings.Join(s.Layers(), ", ")
	var text string
	if s.arrays != nil {
		text = s.arrays.String()
	} else {
		text = fmt.Sprintf("%s over %s; layers %s", s.netsText(), s.set, layers)
	}
	if s.shuffled {
		text += fmt.Sprintf("; pictures shuffled with seed %d", s.seed)
	}
	if s.ranged {
		text += fmt.Sprintf("; pictures %d to %d", s.from, s.to-1)
	}
	return text
}

// netsText names the nets, those of one architecture together.
func (s *Source) netsText() string {
	if len(s.nets) == 0 {
		return "no nets"
	}
	var parts []string
	for i := 0; i < len(s.nets); {
		n := s.nets[i]
		var seeds []string
		j := i
		for ; j < len(s.nets) && alike(n, s.nets[j]); j++ {
			seeds = append(seeds, fmt.Sprint(s.nets[j].Seed))
		}
		text := n.Arch.Name
		if j-i > 1 {
			text = fmt.Sprintf("%d nets %s, seeds %s", j-i, text, strings.Join(seeds, ", "))
		} else {
			if len(n.History) > 0 || n.Origin == "" {
				text += ", seed " + seeds[0] // a net from elsewhere has none
			}
		}
		if n.Origin != "" {
			text += " (" + n.Origin + ")"
		}
		if len(n.History) == 0 && n.Origin == "" {
			text += ", untrained"
		}
		parts = append(parts, text)
		i = j
	}
	return strings.Join(parts, "; ")
}

// alike reports whether two nets differ by their seed only, as far as their names say.
func alike(a, b *nn.Net) bool {
	return a.Arch.Name == b.Arch.Name && a.Origin == b.Origin && len(a.History) == len(b.History)
}

// order returns the pictures of a net in the order in which it sees them; nil is the set's.
func (s *Source) order(net int) []int {
	if !s.shuffled || net == 0 {
		return nil
	}
	return rand.New(rand.NewPCG(s.seed, streamShuffle+uint64(net))).Perm(s.size())
}

// plan is a source whose parts fit together.
type plan struct {
	layers    []string
	positions []int   // of each layer: height × width
	units     [][]int // of each layer and net
	pictures  int     // in a block
}

// plan checks that everything fits and settles the size of blocks.
func (s *Source) plan() (*plan, error) {
	if s.arrays != nil {
		return s.arrays.plan(s.Pictures())
	}
	if len(s.nets) == 0 {
		return nil, errors.New("activation: no nets")
	}
	if s.set.Len() == 0 {
		return nil, fmt.Errorf("activation: no pictures in %s", s.set.Name())
	}
	if s.Pictures() == 0 {
		return nil, fmt.Errorf("activation: no pictures in the range %d to %d of %s", s.from, s.to, s.set.Name())
	}
	p := &plan{layers: s.Layers()}
	if len(p.layers) == 0 {
		return nil, errors.New("activation: the nets have no layer in common")
	}
	values := 0
	for i, n := range s.nets {
		if want, got := n.Arch.Input.Shape, s.set.Shape(); got != want {
			return nil, fmt.Errorf("activation: net %d (%s) takes pictures of %s, %s has %s",
				i, n.Arch.Name, shape(want), s.set.Name(), shape(got))
		}
		for _, name := range union(n.Layers(), p.layers) {
			sh, err := n.LayerShape(name)
			if err != nil {
				return nil, fmt.Errorf("activation: net %d: %w", i, err)
			}
			values += sh[0] * sh[1] * sh[2]
		}
	}
	for _, name := range p.layers {
		units := make([]int, len(s.nets))
		var first [3]int
		for i, n := range s.nets {
			sh, err := n.LayerShape(name)
			if err != nil {
				return nil, fmt.Errorf("activation: net %d: %w", i, err)
			}
			if i == 0 {
				first = sh
			} else if sh[0] != first[0] || sh[1] != first[1] {
				return nil, fmt.Errorf("activation: layer %q has %d×%d positions in net 0 and %d×%d in net %d",
					name, first[0], first[1], sh[0], sh[1], i)
			}
			units[i] = sh[2]
		}
		p.positions = append(p.positions, first[0]*first[1])
		p.units = append(p.units, units)
	}
	p.pictures = min(max(blockValues/values, 1), blockPictures)
	return p, nil
}

func shape(s [3]int) string { return fmt.Sprintf("%d×%d×%d", s[0], s[1], s[2]) }

// union returns a with what b has beyond it.
func union(a, b []string) []string {
	u := slices.Clone(a)
	for _, name := range b {
		if !slices.Contains(a, name) {
			u = append(u, name)
		}
	}
	return u
}

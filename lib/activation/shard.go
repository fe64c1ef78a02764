package activation

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Range returns a source of the pictures from..to−1 alone, in the order of net 0: one shard
// of the work, for this machine or another. Blocks keep their numbers in the whole set and
// end where those of the whole stream do, but for the first and the last, of which the range
// may hold a part (Block.From and To): statistics of ranges merge to the same bits wherever they
// meet (see corr.Merge). In a shuffled source net i sees the pictures that it would see there in the
// whole stream. A second Range counts in the whole set, too. It panics if the range is not
// within the set.
func (s *Source) Range(from, to int) *Source {
	if from < 0 || to < from || to > s.size() {
		panic(fmt.Sprintf("activation: range %d to %d of %d pictures", from, to, s.size()))
	}
	t := *s
	t.ranged, t.from, t.to = true, from, to
	return &t
}

// Part returns the i-th of n ranges that cover the source, i from 0: about equally many
// pictures, cut at multiples of 32, where blocks end. Parts can be empty where there are more of
// them than blocks; [Source.Pictures] tells, and running an empty one is an error. It panics unless 0 ≤ i < n.
func (s *Source) Part(i, n int) *Source {
	if i < 0 || i >= n {
		panic(fmt.Sprintf("activation: part %d of %d (valid: 0..%d)", i, n, n-1))
	}
	from, to := s.bounds()
	cut := func(k int) int {
		switch k {
		case 0:
			return from
		case n:
			return to
		}
		at := from + (to-from)*k/n
		at = (at + shardPictures/2) / shardPictures * shardPictures
		return max(from, min(at, to))
	}
	return s.Range(cut(i), cut(i+1))
}

// Pictures returns the number of pictures that the source runs over: those of the set, or of
// its range.
func (s *Source) Pictures() int {
	from, to := s.bounds()
	return to - from
}

// bounds are the first picture and the one after the last.
func (s *Source) bounds() (from, to int) {
	if s.ranged {
		return s.from, s.to
	}
	return 0, s.size()
}

// Ranged reports whether the source was made by [Source.Range] or [Source.Part].
func (s *Source) Ranged() bool { return s.ranged }

// First returns the number of the first picture in the set: 0 unless the source is a range.
func (s *Source) First() int {
	from, _ := s.bounds()
	return from
}

// Whole returns the source without its range.
func (s *Source) Whole() *Source {
	t := *s
	t.ranged, t.from, t.to = false, 0, 0
	return &t
}

// PicturesFingerprint returns 64 hexadecimal digits that stand for the pictures and the shuffle, but
// not for the nets, the layers or the range.
func (s *Source) PicturesFingerprint() string {
	f, err := s.PicturesFingerprintContext(context.Background())
	if err != nil {
		panic(err) // a file of a set on demand
	}
	return f
}

// PicturesFingerprintContext is [Source.PicturesFingerprint] with a context that ends it: it takes as
// long as to read all the pictures. A file that cannot be read is an error.
func (s *Source) PicturesFingerprintContext(ctx context.Context) (string, error) {
	h := sha256.New()
	if err := s.describe(ctx, h); err != nil {
		return "", err
	}
	if s.shuffled {
		fmt.Fprintf(h, "shuffled %d\n", s.seed)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// NetsFingerprint returns 64 hexadecimal digits that stand for the nets' parameters up to the deepest
// layer, the layers and whether pictures are shuffled, but not for the pictures: what must be equal for
// statistics over different pictures to be of the same thing.
func (s *Source) NetsFingerprint() string {
	h := sha256.New()
	fmt.Fprintf(h, "activation nets to the deepest layer %d\n", version)
	layers := s.Layers()
	for _, n := range s.nets {
		fmt.Fprintf(h, "net %s\n", n.FingerprintTo(layers...))
	}
	if s.arrays != nil {
		for _, m := range s.arrays.mats {
			_, units := m.Dims()
			fmt.Fprintf(h, "array of %d units at %d positions\n", units, s.arrays.positions)
		}
	}
	for _, name := range layers {
		fmt.Fprintf(h, "layer %q\n", name)
	}
	fmt.Fprintf(h, "shuffled %v\n", s.shuffled)
	return hex.EncodeToString(h.Sum(nil))
}

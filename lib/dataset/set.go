package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"image"
	"math"
	"sync"
)

// Set is a sequence of labelled pictures of one size. [NewSet] makes it of slices; the
// functions that return [Data] make it of files.
type Set struct {
	name   string
	shape  [3]int    // height, width, channels
	size   int       // bytes in a picture: the product of shape
	pixels []uint8   // nil if pictures are decoded on demand
	demand *onDemand // which does it; nil otherwise
	labels []int

	mutex       sync.Mutex
	fingerprint string // "" before it was asked for
}

// NewSet makes a set of the caller's slices, which it keeps: they must not be changed
// afterwards. The shape is height, width and channels (1 grey or 3 RGB); pixels holds
// len(labels) pictures in NHWC order; labels are 0 or more. The error says what does
// not fit.
func NewSet(name string, shape [3]int, pixels []uint8, labels []int) (*Set, error) {
	h, w, c := shape[0], shape[1], shape[2]
	if h < 1 || w < 1 || h > math.MaxInt32/w/4 {
		return nil, fmt.Errorf("dataset: set %q: pictures of %d×%d", name, h, w)
	}
	if c != 1 && c != 3 {
		return nil, fmt.Errorf("dataset: set %q: %d channels (expected 1 or 3)", name, c)
	}
	size := h * w * c
	if len(pixels)%size != 0 || len(pixels)/size != len(labels) {
		return nil, fmt.Errorf("dataset: set %q: %d bytes of pixels, expected %d labels × %s = %d bytes",
			name, len(pixels), len(labels), shapeText(shape), len(labels)*size)
	}
	for i, l := range labels {
		if l < 0 {
			return nil, fmt.Errorf("dataset: set %q: label %d of picture %d (expected 0 or more)", name, l, i)
		}
	}
	return newSet(name, shape, pixels, labels), nil
}

// newSet makes a set of slices that are known to fit.
func newSet(name string, shape [3]int, pixels []uint8, labels []int) *Set {
	return &Set{name: name, shape: shape, size: shape[0] * shape[1] * shape[2], pixels: pixels, labels: labels}
}

// newSetOnDemand makes a set of pictures that are decoded when they are asked for.
func newSetOnDemand(name string, shape [3]int, o *onDemand, labels []int) *Set {
	s := newSet(name, shape, nil, labels)
	s.demand = o
	return s
}

// Name says what the pictures are.
func (s *Set) Name() string { return s.name }

// Len returns the number of pictures.
func (s *Set) Len() int { return len(s.labels) }

// Shape returns height, width and channels of each picture.
func (s *Set) Shape() [3]int { return s.shape }

// Picture returns the bytes of picture i, height × width × channels. It is a view, not
// to be changed. It panics if there is no picture i, and, in a set that decodes on demand (see
// FolderConfig.OnDemand), with an error if its file is damaged; see [Set.Read].
func (s *Set) Picture(i int) []uint8 {
	pixels, err := s.Read(i)
	if err != nil {
		panic(err)
	}
	return pixels
}

// Read is [Set.Picture] with an error that names the file in place of a panic if a picture that
// is decoded on demand is damaged. It panics if there is no picture i.
func (s *Set) Read(i int) ([]uint8, error) {
	s.check(i)
	if s.demand != nil {
		return s.demand.picture(i)
	}
	return s.pixels[i*s.size : (i+1)*s.size : (i+1)*s.size], nil
}

// Settle waits until the pictures are decoded that a set which decodes on demand reads ahead, a
// moment for one on each core; with any other set it does nothing. Streams of activations,
// training and nn.Accuracy call it at their end: no goroutine outlives them.
func (s *Set) Settle() {
	if s.demand != nil {
		s.demand.settle()
	}
}

// Label returns the class of picture i, from 0. It panics if there is no picture i.
func (s *Set) Label(i int) int {
	s.check(i)
	return s.labels[i]
}

func (s *Set) check(i int) {
	if i < 0 || i >= len(s.labels) {
		panic(fmt.Sprintf("dataset: picture %d of %d in %s (valid: 0..%d)", i, len(s.labels), s.name, len(s.labels)-1))
	}
}

// Head returns the set of the first n pictures, without copying them. It panics if there
// are fewer.
func (s *Set) Head(n int) *Set {
	if n < 0 || n > len(s.labels) {
		panic(fmt.Sprintf("dataset: Head(%d) of %d pictures in %s", n, len(s.labels), s.name))
	}
	if n == len(s.labels) {
		return s
	}
	name := fmt.Sprintf("%s, first %s", s.name, count(n))
	if s.demand != nil {
		return newSetOnDemand(name, s.shape, newOnDemand(s.demand.config, s.demand.files[:n:n]), s.labels[:n:n])
	}
	return newSet(name, s.shape, s.pixels[:n*s.size:n*s.size], s.labels[:n:n])
}

// Fingerprint returns the SHA-256, as hexadecimal digits, of shape, pixels and labels.
// Equal sets have equal fingerprints whatever their names. It is computed once. A set that
// decodes on demand has that of its files' bytes in place of the pixels.
func (s *Set) Fingerprint() string {
	f, err := s.FingerprintContext(context.Background())
	if err != nil {
		panic(err) // a file of a set on demand
	}
	return f
}

// FingerprintContext is [Set.Fingerprint] with a context that ends it, for large sets: a gigabyte takes
// about a second. A file that cannot be read is an error.
func (s *Set) FingerprintContext(ctx context.Context) (string, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.fingerprint != "" {
		return s.fingerprint, nil
	}
	hash := s.hash
	if s.demand != nil {
		hash = func(ctx context.Context) (string, error) { return s.demand.hash(ctx, s.labels) }
	}
	f, err := hash(ctx)
	if err == nil {
		s.fingerprint = f
	}
	return f, err
}

func (s *Set) hash(ctx context.Context) (string, error) {
	h := sha256.New()
	head := make([]byte, 0, 4*8)
	for _, v := range append(s.shape[:], len(s.labels)) {
		head = binary.LittleEndian.AppendUint64(head, uint64(v))
	}
	h.Write(head)         // a hash never fails
	const piece = 1 << 20 // a millisecond or two; what is smaller needs no context
	for from := 0; from < len(s.pixels); from += piece {
		if from > 0 && ctx.Err() != nil {
			return "", ctx.Err()
		}
		h.Write(s.pixels[from:min(from+piece, len(s.pixels))])
	}
	labels := make([]byte, 0, 8*len(s.labels))
	for _, l := range s.labels {
		labels = binary.LittleEndian.AppendUint64(labels, uint64(l))
	}
	h.Write(labels)
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Image returns a copy of picture i for drawing. It panics if there is no picture i.
func (s *Set) Image(i int) image.Image {
	p := s.Picture(i)
	r := image.Rect(0, 0, s.shape[1], s.shape[0])
	if s.shape[2] == 1 {
		m := image.NewGray(r)
		copy(m.Pix, p)
		return m
	}
	m := image.NewNRGBA(r)
	for j := 0; j < len(p)/3; j++ {
		m.Pix[4*j], m.Pix[4*j+1], m.Pix[4*j+2], m.Pix[4*j+3] = p[3*j], p[3*j+1], p[3*j+2], 255
	}
	return m
}

// renamed returns the same pictures under another name.
func (s *Set) renamed(name string) *Set {
	return newSet(name, s.shape, s.pixels, s.labels)
}

// part returns a copy of pictures first..end-1, so that the rest can be freed.
func (s *Set) part(name string, first, end int) *Set {
	pixels := append([]uint8(nil), s.pixels[first*s.size:end*s.size]...)
	return newSet(name, s.shape, pixels, append([]int(nil), s.labels[first:end]...))
}

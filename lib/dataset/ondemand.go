package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"os"
	"runtime"
	"slices"
	"sync"
)

// onDemand decodes the pictures of a folder when they are asked for, and those behind one that
// are likely to come next, on other cores. It keeps so many pictures as keepOnDemand, whatever
// the size of the folder.
type onDemand struct {
	config FolderConfig
	files  []string // of the set's pictures
	ahead  chan struct{}

	mu      sync.Mutex
	kept    map[int]*decoded
	age     []int                      // numbers in kept, oldest first
	reading map[chan struct{}]struct{} // of each goroutine that reads ahead: closed at its end
}

// decoded is a picture, when ready is closed.
type decoded struct {
	ready  chan struct{}
	pixels []uint8
	err    error
}

// keepOnDemand is how many decoded pictures are kept: more than the workers of a stream have
// under way, 32 for each core. At 227×227 they take 40 MB.
const keepOnDemand = 256

func newOnDemand(c FolderConfig, files []string) *onDemand {
	return &onDemand{config: c, files: files, ahead: make(chan struct{}, runtime.GOMAXPROCS(0)), kept: map[int]*decoded{}, reading: map[chan struct{}]struct{}{}}
}

// picture returns the bytes of picture i, or an error that names the file if that cannot be
// decoded.
func (o *onDemand) picture(i int) ([]uint8, error) {
	d, mine, follows := o.entry(i)
	if follows {
		o.readAhead(i + 1)
	}
	if mine {
		o.decode(d, i)
	}
	<-d.ready
	return d.pixels, d.err
}

// entry returns the place of picture i, whether the caller has to decode it, and whether the
// picture before it has been asked for, so that those behind are likely to be.
func (o *onDemand) entry(i int) (d *decoded, mine, follows bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, follows = o.kept[i-1]
	if d, ok := o.kept[i]; ok {
		return d, false, follows
	}
	d = &decoded{ready: make(chan struct{})}
	o.kept[i] = d
	o.age = append(o.age, i)
	if len(o.age) > keepOnDemand {
		delete(o.kept, o.age[0]) // who waits for it holds it
		o.age = o.age[1:]
	}
	return d, true, follows
}

// readAhead decodes pictures from i on, one for each core that does not do so already.
func (o *onDemand) readAhead(i int) {
	for n := 0; n < cap(o.ahead) && i+n < len(o.files); n++ {
		select {
		case o.ahead <- struct{}{}:
		default:
			return
		}
		d, mine, _ := o.entry(i + n)
		if !mine {
			<-o.ahead
			continue
		}
		end := make(chan struct{})
		o.mu.Lock()
		o.reading[end] = struct{}{}
		o.mu.Unlock()
		go func() {
			defer close(end)
			o.decode(d, i+n)
			o.mu.Lock()
			delete(o.reading, end)
			o.mu.Unlock()
			<-o.ahead
		}()
	}
}

// settle waits for the goroutines that read ahead now.
func (o *onDemand) settle() {
	o.mu.Lock()
	ends := slices.Collect(maps.Keys(o.reading))
	o.mu.Unlock()
	for _, end := range ends {
		<-end
	}
}

// decode fills a place.
func (o *onDemand) decode(d *decoded, i int) {
	defer close(d.ready)
	defer func() {
		if r := recover(); r != nil {
			d.err = fmt.Errorf("dataset: %s: panic: %v", o.files[i], r)
		}
	}()
	pixels := make([]uint8, o.config.Size*o.config.Size*3)
	if d.err = o.config.picture(context.Background(), pixels, o.files[i]); d.err == nil {
		d.pixels = pixels
	}
}

// hash returns a SHA-256 of the files' bytes, the size that they are brought to and the labels.
func (o *onDemand) hash(ctx context.Context, labels []int) (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, "on demand", o.config.Size, o.config.Resize, o.config.Stretch, labels) // a hash never fails
	for _, file := range o.files {
		f, err := os.Open(file)
		if err == nil {
			_, err = io.Copy(h, &watched{ctx: ctx, r: f})
			_ = f.Close() // only read
		}
		if ctx.Err() != nil {
			return "", ctx.Err()
		}
		if err != nil {
			return "", fmt.Errorf("dataset: %w", err)
		}
		fmt.Fprintln(h)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// headers checks that each file is a picture, by its first bytes.
func (c FolderConfig) headers(ctx context.Context, files []string) error {
	return parallel(ctx, len(files), func(_ context.Context, i int) error {
		f, err := os.Open(files[i])
		if err != nil {
			return fmt.Errorf("dataset: %w", err)
		}
		defer func() { _ = f.Close() }() // only read
		return checkHeader(f, files[i], photograph)
	})
}

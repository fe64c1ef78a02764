package dataset

import (
	"archive/tar"
	"bufio"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"sort"
	"strings"
	"sync"

	"gonverge/lib/progress"
)

// meter turns the parts of several sources that are read into one bar of 100 %.
type meter struct {
	bar     *progress.Bar
	sources int

	mu   sync.Mutex
	done float64 // sources read
}

// add says that a share of one source, in [0, 1], was read.
func (m *meter) add(share float64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += share
	m.bar.Set(int(100*m.done/float64(m.sources)), "")
}

// watched is a file that is read: it fills the bar and ends with the context.
type watched struct {
	ctx  context.Context
	m    *meter
	r    io.Reader
	size int64
}

func (w *watched) Read(b []byte) (int, error) {
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.r.Read(b)
	if w.size > 0 {
		w.m.add(float64(n) / float64(w.size))
	}
	return n, err
}

// source is an open file of pictures, unpacked if it ends in .gz.
type source struct {
	io.Reader
	file *os.File
}

func open(ctx context.Context, m *meter, name string) (*source, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		_ = f.Close() // the error that matters is the first one
		return nil, fmt.Errorf("dataset: %w", err)
	}
	// 64 KiB: some twenty pictures between two looks at the context.
	r := bufio.NewReaderSize(&watched{ctx: ctx, m: m, r: f, size: info.Size()}, 1<<16)
	if !strings.HasSuffix(name, ".gz") {
		return &source{r, f}, nil
	}
	z, err := gzip.NewReader(r)
	if err != nil {
		_ = f.Close() // see above
		return nil, damaged(name, err)
	}
	return &source{z, f}, nil
}

// drain reads what is left, which verifies the checksum of compressed data: an archive
// ends before its file does.
func (s *source) drain(name string) error {
	if _, err := io.Copy(io.Discard, s); err != nil {
		return damaged(name, err)
	}
	return nil
}

// close closes a file that was only read, where errors have no meaning.
func (s *source) close() { _ = s.file.Close() }

// damaged words an error of reading or unpacking a file.
func damaged(name string, err error) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return fmt.Errorf("dataset: %s is truncated: it ends within its compressed data (%w)", name, err)
	}
	return fmt.Errorf("dataset: %s is damaged: %w", name, err)
}

// records is pictures as they are read, in blocks: a slice that grows would need three
// times the memory for a moment.
type records struct {
	shape  [3]int
	blocks [][]uint8
	labels []int
}

const recordBlock = 1000 // pictures in a block

// size is the bytes in a picture.
func (r *records) size() int { return r.shape[0] * r.shape[1] * r.shape[2] }

// next returns the memory for one more picture.
func (r *records) next(label int) []uint8 {
	i, size := len(r.labels), r.size()
	if i%recordBlock == 0 {
		r.blocks = append(r.blocks, make([]uint8, 0, recordBlock*size))
	}
	r.labels = append(r.labels, label)
	b := &r.blocks[len(r.blocks)-1]
	*b = (*b)[:len(*b)+size]
	return (*b)[len(*b)-size:]
}

func (r *records) picture(i int) []uint8 {
	return r.blocks[i/recordBlock][i%recordBlock*r.size():][:r.size()]
}

// set joins the blocks.
func (r *records) set(name string) *Set {
	pixels := make([]uint8, 0, len(r.labels)*r.size())
	for i, b := range r.blocks {
		pixels = append(pixels, b...)
		r.blocks[i] = nil
	}
	return newSet(name, r.shape, pixels, r.labels)
}

// join puts records behind each other; nil if there are none.
func join(parts []*records) *records {
	if len(parts) < 2 {
		if len(parts) == 1 {
			return parts[0]
		}
		return nil
	}
	all := &records{shape: parts[0].shape}
	for i, p := range parts {
		for j, label := range p.labels {
			copy(all.next(label), p.picture(j))
		}
		parts[i] = nil
	}
	return all
}

// readRecords reads the official binary form to its end: a byte for each label, then
// 1,024 bytes each of red, green and blue, row after row. name is for errors.
func (k *cifar) readRecords(r io.Reader, name string) (*records, error) {
	var (
		head   = len(k.labelEnds)
		size   = head + cifarBytes
		got    = &records{shape: cifarShape()}
		record = make([]byte, size)
	)
	for {
		n, err := io.ReadFull(r, record)
		if err == io.EOF {
			break
		}
		if isShort(r, err) {
			return nil, fmt.Errorf("dataset: %s: %d bytes found, expected a multiple of %d (%d whole pictures and %d bytes more)",
				name, len(got.labels)*size+n, size, len(got.labels), n)
		}
		if err != nil {
			return nil, damaged(name, err)
		}
		for i, end := range k.labelEnds {
			if label := int(record[i]); label >= end {
				return nil, fmt.Errorf("dataset: %s: picture %d has %s %d, expected 0 to %d", name, len(got.labels), k.labelNames[i], label, end-1)
			}
		}
		p := got.next(int(record[head-1]))
		red, green, blue := record[head:head+1024], record[head+1024:head+2048], record[head+2048:]
		for i := range red {
			p[3*i], p[3*i+1], p[3*i+2] = red[i], green[i], blue[i]
		}
	}
	if len(got.labels) == 0 {
		return nil, fmt.Errorf("dataset: %s: 0 bytes found, expected a multiple of %d", name, size)
	}
	return got, nil
}

// isShort says whether an error of io.ReadFull means a file that is too short, and not
// compressed data that breaks off; see open.
func isShort(r io.Reader, err error) bool {
	if err != io.ErrUnexpectedEOF {
		return err == io.EOF
	}
	_, again := r.Read(make([]byte, 1))
	return again == io.EOF
}

// readBatches reads binary files on all cores.
func (k *cifar) readBatches(ctx context.Context, m *meter, train, test []string) ([2]*records, error) {
	names := append(append([]string(nil), train...), test...)
	parts := make([]*records, len(names))
	err := parallel(ctx, len(names), func(ctx context.Context, i int) error {
		s, err := open(ctx, m, names[i])
		if err != nil {
			return err
		}
		defer s.close()
		parts[i], err = k.readRecords(s, names[i])
		return err
	})
	if err != nil {
		return [2]*records{}, err
	}
	return [2]*records{join(parts[:len(train)]), join(parts[len(train):])}, nil
}

// readArchive reads the binary files in a tar.gz, whatever their folder and order.
func (k *cifar) readArchive(ctx context.Context, m *meter, name string) ([2]*records, error) {
	found, err := k.readEntries(ctx, m, name)
	if err != nil {
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return [2]*records{}, err
	}
	sort.SliceStable(found, func(i, j int) bool { return before(found[i].name, found[j].name) })
	var parts [2][]*records
	for _, f := range found {
		split, _ := k.batchName(f.name)
		parts[split] = append(parts[split], f.records)
	}
	return [2]*records{join(parts[trainPart]), join(parts[testPart])}, nil
}

// entry is a binary file in an archive.
type entry struct {
	name    string
	records *records
}

func (k *cifar) readEntries(ctx context.Context, m *meter, name string) ([]entry, error) {
	s, err := open(ctx, m, name)
	if err != nil {
		return nil, err
	}
	defer s.close()
	var found []entry
	for t := tar.NewReader(s); ; {
		head, err := t.Next()
		if err == io.EOF {
			return found, s.drain(name)
		}
		if err != nil {
			return nil, damaged(name, err)
		}
		base := path.Base(head.Name)
		if _, ok := k.batchName(base); !ok || head.Typeflag != tar.TypeReg {
			continue
		}
		var r io.Reader = t
		if strings.HasSuffix(base, ".gz") {
			if r, err = gzip.NewReader(t); err != nil {
				return nil, damaged(name+": "+head.Name, err)
			}
		}
		records, err := k.readRecords(r, name+": "+head.Name)
		if err != nil {
			return nil, err
		}
		found = append(found, entry{base, records})
	}
}

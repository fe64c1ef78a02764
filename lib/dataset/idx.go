package dataset

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// The IDX form of MNIST, http://yann.lecun.com/exdb/mnist: two zero bytes, the type of the
// values (8 = unsigned byte), the number of dimensions; then each dimension as a big-endian
// uint32; then the values.
const (
	idxLabels = 0x00000801 // one dimension: labels
	idxImages = 0x00000803 // three dimensions: pictures, rows, columns
)

// readIDXHead reads the first 4 bytes, which must be magic, and the dimensions. what says
// what the file should hold.
func readIDXHead(r io.Reader, name string, magic uint32, what string) ([]int, error) {
	dims := make([]int, magic&0xff)
	head := make([]byte, 4+4*len(dims))
	n, err := io.ReadFull(r, head)
	if n < 4 && isShort(r, err) {
		return nil, fmt.Errorf("dataset: %s: %d bytes found, expected an IDX file of %s, which begins with %d bytes of header", name, n, what, len(head))
	}
	if n >= 4 {
		if found := binary.BigEndian.Uint32(head); found != magic {
			hint := ""
			switch found {
			case idxLabels:
				hint = ", a file of labels"
			case idxImages:
				hint = ", a file of pictures"
			}
			return nil, fmt.Errorf("dataset: %s: offset 0: magic number %d (0x%08x%s), expected %d (0x%08x) of %s", name, found, found, hint, magic, magic, what)
		}
	}
	if isShort(r, err) {
		return nil, fmt.Errorf("dataset: %s: %d bytes found, expected a header of %d bytes", name, n, len(head))
	}
	if err != nil {
		return nil, damaged(name, err)
	}
	for i := range dims {
		v := binary.BigEndian.Uint32(head[4+4*i:])
		if v > math.MaxInt32 {
			return nil, fmt.Errorf("dataset: %s: offset %d: size %d of dimension %d, expected less than 2147483648", name, 4+4*i, v, i)
		}
		dims[i] = int(v)
	}
	return dims, nil
}

// readIDXLabels reads a file of labels, each below classes, to its end.
func readIDXLabels(r io.Reader, name string, classes int) ([]int, error) {
	const head = 8
	dims, err := readIDXHead(r, name, idxLabels, "labels")
	if err != nil {
		return nil, err
	}
	var (
		labels []int // grows as they come: the header may promise more than there is
		block  [4096]byte
	)
	for len(labels) < dims[0] {
		want := block[:min(len(block), dims[0]-len(labels))]
		n, err := io.ReadFull(r, want)
		if err != nil && isShort(r, err) {
			return nil, fmt.Errorf("dataset: %s: %d bytes found, expected %d (header of %d bytes and %s labels)",
				name, head+len(labels)+n, head+dims[0], head, count(dims[0]))
		}
		if err != nil {
			return nil, damaged(name, err)
		}
		for _, label := range want {
			if int(label) >= classes {
				return nil, fmt.Errorf("dataset: %s: offset %d: label %d of picture %d, expected 0 to %d", name, head+len(labels), label, len(labels), classes-1)
			}
			labels = append(labels, int(label))
		}
	}
	return labels, atEnd(r, name, head+dims[0])
}

// readIDXImages reads a file of grey pictures of height × width that belong to the labels,
// to its end. labelFile is for errors.
func readIDXImages(r io.Reader, name string, height, width int, labels []int, labelFile string) (*records, error) {
	const head = 16
	dims, err := readIDXHead(r, name, idxImages, "pictures")
	if err != nil {
		return nil, err
	}
	for i, want := range []int{height, width} {
		if got := dims[1+i]; got != want {
			return nil, fmt.Errorf("dataset: %s: offset %d: %d %s, expected %d", name, 8+4*i, got, []string{"rows", "columns"}[i], want)
		}
	}
	if dims[0] != len(labels) {
		return nil, fmt.Errorf("dataset: %s: offset 4: %s pictures, expected %s, the number of labels in %s", name, count(dims[0]), count(len(labels)), labelFile)
	}
	got := &records{shape: [3]int{height, width, 1}}
	size := got.size()
	for i, label := range labels {
		n, err := io.ReadFull(r, got.next(label))
		if err != nil && isShort(r, err) {
			return nil, fmt.Errorf("dataset: %s: %d bytes found, expected %d (header of %d bytes and %s pictures of %d; it ends in picture %d)",
				name, head+i*size+n, head+len(labels)*size, head, count(len(labels)), size, i)
		}
		if err != nil {
			return nil, damaged(name, err)
		}
	}
	return got, atEnd(r, name, head+len(labels)*size)
}

// atEnd is an error if r goes on after the given number of bytes. Reading on also verifies
// the checksum of compressed data.
func atEnd(r io.Reader, name string, size int) error {
	n, err := io.CopyN(io.Discard, r, 1)
	switch {
	case n > 0:
		return fmt.Errorf("dataset: %s: offset %d: more bytes, expected the end of the file", name, size)
	case err != io.EOF:
		return damaged(name, err)
	}
	return nil
}

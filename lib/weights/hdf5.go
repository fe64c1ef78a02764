package weights

import (
	"bytes"
	"math"
	"sort"
	"strings"
)

// HDF5 after its file format specification, versions 1.0 to 3.0: a superblock, object headers
// that are lists of messages, groups that name further headers, data sets. Addresses count
// from the superblock and have as many bytes as it says, little-endian like everything else.

const (
	hdf5Magic = "\x89HDF\r\n\x1a\n"
	undefined = math.MaxUint64 // an address that leads nowhere

	maxHDF5Objects  = 1 << 16 // headers that are read
	maxHDF5Links    = 1 << 18 // names in all groups
	maxHDF5Messages = 1 << 20 // messages of all headers
	maxHDF5Depth    = 32      // groups within groups, and levels of a B-tree
)

// Types of header messages.
const (
	messageDataspace = 0x01
	messageLinkInfo  = 0x02
	messageDatatype  = 0x03
	messageLink      = 0x06
	messageLayout    = 0x08
	messageFilters   = 0x0b
	messageContinue  = 0x10
	messageSymbols   = 0x11
)

// hdf5Start returns where the superblock is, −1 if there is none: at 0, or at 512 and its
// doubles if a program put something of its own before it.
func hdf5Start(data []byte) int {
	if bytes.HasPrefix(data, []byte(hdf5Magic)) {
		return 0
	}
	for at := 512; at < len(data) && at <= 1<<20; at *= 2 {
		if bytes.HasPrefix(data[at:], []byte(hdf5Magic)) {
			return at
		}
	}
	return -1
}

// hdf5 is a file that is being walked.
type hdf5 struct {
	*source
	base      int64
	addresses int64 // bytes of an address
	lengths   int64 // bytes of a length
	objects   int   // headers that may still be read
	links     int   // names, likewise
	messages  int   // messages, likewise
	f         *File
}

// cursor reads numbers one after the other and keeps the first error.
type cursor struct {
	h    *hdf5
	at   int64 // from the beginning of the file
	what string
	err  error
}

func (c *cursor) bytes(n int64) []byte {
	if c.err != nil {
		return nil
	}
	b, err := c.h.bytes(c.at, n, c.what)
	c.err = err
	c.at += int64(len(b))
	return b
}

// uint reads a little-endian number of n bytes.
func (c *cursor) uint(n int64) uint64 {
	var v uint64
	b := c.bytes(n)
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	return v
}

func (c *cursor) skip(n int64) { c.bytes(n) }

// length reads a length; what does not fit in memory is an error anyway when it is used.
func (c *cursor) length() int64 {
	v := c.uint(c.h.lengths)
	if v > math.MaxInt64 {
		v = math.MaxInt64
	}
	return int64(v)
}

// address reads an address and returns the place in the file, −1 if it is undefined.
func (c *cursor) address() int64 {
	v := c.uint(c.h.addresses)
	if c.err != nil || v == undefined>>(64-8*c.h.addresses) {
		return -1
	}
	if v > uint64(len(c.h.data)) {
		return int64(len(c.h.data)) + 1 // beyond the end: the next reading says so
	}
	return c.h.base + int64(v)
}

// expect reads bytes that must be these.
func (c *cursor) expect(want string) {
	at := c.at
	if b := c.bytes(int64(len(want))); c.err == nil && string(b) != want {
		c.err = c.h.bad(at, "%s: found %q, want %q", c.what, b, want)
	}
}

// version reads a byte that must be one of those.
func (c *cursor) version(want ...uint64) uint64 {
	at := c.at
	v := c.uint(1)
	for _, w := range want {
		if v == w {
			return v
		}
	}
	if c.err == nil {
		c.err = c.h.bad(at, "%s: version %d, want %v", c.what, v, want)
	}
	return v
}

func (h *hdf5) cursor(at int64, what string) *cursor { return &cursor{h: h, at: at, what: what} }

func readHDF5(s *source) (*File, error) {
	h := &hdf5{source: s, base: int64(hdf5Start(s.data)), addresses: 8, lengths: 8, objects: maxHDF5Objects, links: maxHDF5Links, messages: maxHDF5Messages, f: &File{}}
	root, err := h.superblock()
	if err != nil {
		return nil, err
	}
	if err := h.object("", root, nil); err != nil {
		return nil, err
	}
	h.caffe()
	return h.f, nil
}

// caffe leaves out the group "data" of what Caffe wrote, so that names are those of a
// .caffemodel; what Caffe writes is data/LAYER/NUMBER and nothing else.
func (h *hdf5) caffe() {
	names := h.f.Names()
	for _, name := range names {
		parts := strings.Split(name, "/")
		last := parts[len(parts)-1]
		if len(parts) < 3 || parts[0] != "data" || last == "" || strings.Trim(last, "0123456789") != "" {
			return
		}
	}
	if len(names) == 0 || len(h.f.Skipped) > 0 {
		return
	}
	for i := range h.f.Tensors {
		h.f.Tensors[i].Name = strings.TrimPrefix(names[i], "data/")
	}
	h.format = "Caffe HDF5"
}

// superblock returns where the root group's header is.
func (h *hdf5) superblock() (int64, error) {
	c := h.cursor(h.base, "superblock")
	c.expect(hdf5Magic)
	version := c.version(0, 1, 2)
	if version < 2 {
		c.skip(4)
	}
	at := c.at
	h.addresses, h.lengths = int64(c.uint(1)), int64(c.uint(1))
	if c.err == nil && (!wordSize(h.addresses) || !wordSize(h.lengths)) {
		return 0, h.bad(at, "superblock: addresses of %d and lengths of %d bytes, want 2, 4 or 8", h.addresses, h.lengths)
	}
	if c.err != nil {
		return 0, c.err
	}
	var root int64
	if version < 2 {
		c.skip(1 + 4 + 4) // reserved, sizes of B-trees, flags
		if version == 1 {
			c.skip(4)
		}
		h.baseAddress(c)
		c.skip(3 * h.addresses) // free space, end of file, driver
		c.skip(h.addresses)     // name of the root group
		root = c.address()
	} else {
		c.skip(1) // flags
		h.baseAddress(c)
		c.skip(2 * h.addresses) // extension, end of file
		root = c.address()
	}
	if c.err == nil && root < 0 {
		return 0, h.bad(c.at-h.addresses, "superblock: no root group")
	}
	return root, c.err
}

// baseAddress reads the address that others count from. It is 0 or, if something stands before
// the superblock, may be where that is.
func (h *hdf5) baseAddress(c *cursor) {
	at := c.at
	v := c.uint(h.addresses)
	if c.err == nil && v != 0 && v != uint64(h.base) {
		c.err = h.bad(at, "superblock: base address %d, want 0 or %d", v, h.base)
	}
}

func wordSize(n int64) bool { return n == 2 || n == 4 || n == 8 }

// headerMessage is a message of an object header.
type headerMessage struct {
	kind     int
	at, size int64
	shared   bool
}

// header reads the messages of an object header, version 1 or 2.
func (h *hdf5) header(at int64) ([]headerMessage, error) {
	if b, err := h.bytes(at, 4, "object header"); err == nil && string(b) == "OHDR" {
		return h.header2(at)
	}
	c := h.cursor(at, "object header")
	c.version(1)
	c.skip(1 + 2 + 4) // reserved, number of messages, references
	size := int64(c.uint(4))
	c.skip(4)
	if c.err != nil {
		return nil, c.err
	}
	var ms []headerMessage
	blocks := [][2]int64{{c.at, size}}
	for b := 0; b < len(blocks); b++ {
		start, size := blocks[b][0], blocks[b][1]
		if _, err := h.bytes(start, size, "object header"); err != nil {
			return nil, err
		}
		c.at = start
		for c.err == nil && start+size-c.at >= 8 {
			m := headerMessage{kind: int(c.uint(2)), size: int64(c.uint(2))}
			m.shared = c.uint(1)&2 != 0
			c.skip(3)
			m.at = c.at
			if m.size > start+size-c.at {
				return nil, h.bad(m.at-8, "message of %d bytes in an object header that ends after %d", m.size, start+size-c.at)
			}
			c.skip(m.size)
			var err error
			if ms, blocks, err = h.addMessage(ms, blocks, m); err != nil {
				return nil, err
			}
		}
	}
	return ms, c.err
}

// header2 reads an object header of version 2. at is where "OHDR" stands.
func (h *hdf5) header2(at int64) ([]headerMessage, error) {
	c := h.cursor(at, "object header")
	c.expect("OHDR")
	c.version(2)
	flags := c.uint(1)
	if flags&0x20 != 0 {
		c.skip(16) // times
	}
	if flags&0x10 != 0 {
		c.skip(4) // limits of attributes
	}
	size := c.uint(1 << (flags & 3))
	if c.err == nil && size > uint64(len(h.data)) {
		c.err = h.bad(c.at, "object header of %d bytes, the file has %d", size, len(h.data))
	}
	if c.err != nil {
		return nil, c.err
	}
	lead := int64(4) // bytes before a message's body
	if flags&4 != 0 {
		lead = 6
	}
	var ms []headerMessage
	blocks := [][2]int64{{c.at, int64(size)}}
	for b := 0; b < len(blocks); b++ {
		start, size := blocks[b][0], blocks[b][1]
		if _, err := h.bytes(start, size, "object header"); err != nil {
			return nil, err
		}
		c.at = start
		if b > 0 { // continuations have a signature before and a checksum after
			if size < 8 {
				return nil, h.bad(start, "continuation of an object header of %d bytes, want 8 or more", size)
			}
			c.expect("OCHK")
			size -= 4
		}
		for c.err == nil && start+size-c.at >= lead {
			m := headerMessage{kind: int(c.uint(1)), size: int64(c.uint(2))}
			m.shared = c.uint(1)&2 != 0
			c.skip(lead - 4)
			m.at = c.at
			if m.size > start+size-c.at {
				return nil, h.bad(m.at-lead, "message of %d bytes in an object header that ends after %d", m.size, start+size-c.at)
			}
			c.skip(m.size)
			var err error
			if ms, blocks, err = h.addMessage(ms, blocks, m); err != nil {
				return nil, err
			}
		}
	}
	return ms, c.err
}

// addMessage keeps a message, or the block that it says the header goes on in.
func (h *hdf5) addMessage(ms []headerMessage, blocks [][2]int64, m headerMessage) ([]headerMessage, [][2]int64, error) {
	if h.messages--; h.messages < 0 {
		return nil, nil, h.bad(m.at, "more than %d messages in object headers", maxHDF5Messages)
	}
	if m.kind != messageContinue {
		return append(ms, m), blocks, nil
	}
	c := h.cursor(m.at, "continuation of an object header")
	next := [2]int64{c.address(), c.length()}
	return ms, append(blocks, next), c.err
}

// object reads a group or a data set. path is its name, above the headers of the groups that
// it is in.
func (h *hdf5) object(path string, at int64, above []int64) error {
	if h.objects--; h.objects < 0 {
		return h.bad(at, "more than %d objects", maxHDF5Objects)
	}
	for _, a := range above {
		if a == at {
			return h.bad(at, "group %q contains itself", path)
		}
	}
	if len(above) > maxHDF5Depth {
		return h.bad(at, "group %q is nested more than %d deep", path, maxHDF5Depth)
	}
	ms, err := h.header(at)
	if err != nil {
		return err
	}
	var set dataset
	var links []hdf5Link
	for _, m := range ms {
		switch m.kind {
		case messageSymbols:
			links, err = h.symbols(links, m)
		case messageLink:
			links, err = h.link(links, m)
		case messageLinkInfo:
			err = h.linkInfo(path, m)
		case messageDataspace, messageDatatype, messageLayout, messageFilters:
			set.add(m)
		}
		if err != nil {
			return err
		}
	}
	if set.layout != nil {
		return h.dataset(path, at, &set)
	}
	above = append(append([]int64(nil), above...), at)
	sort.SliceStable(links, func(i, j int) bool { return natural(links[i].name, links[j].name) })
	for _, l := range links {
		name := l.name
		if path != "" {
			name = path + "/" + l.name
		}
		if l.at < 0 {
			h.f.Skipped = append(h.f.Skipped, name+": a soft or external link")
			continue
		}
		if err := h.object(name, l.at, above); err != nil {
			return err
		}
	}
	return nil
}

// natural orders names with numbers by value, so that blob 10 follows blob 9.
func natural(a, b string) bool {
	digits := func(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }
	if digits(a) && digits(b) && len(a) != len(b) {
		return len(a) < len(b)
	}
	return a < b
}

// hdf5Link is a name in a group; at is −1 for links that are no hard ones.
type hdf5Link struct {
	name string
	at   int64
}

// symbols reads a symbol table message: a B-tree of symbol nodes and a heap of names.
func (h *hdf5) symbols(links []hdf5Link, m headerMessage) ([]hdf5Link, error) {
	c := h.cursor(m.at, "symbol table message")
	tree, heapAt := c.address(), c.address()
	if c.err != nil {
		return nil, c.err
	}
	c = h.cursor(heapAt, "local heap")
	c.expect("HEAP")
	c.version(0)
	c.skip(3)
	size := c.length()
	c.length() // free list
	data := c.address()
	if c.err != nil {
		return nil, c.err
	}
	heap, err := h.bytes(data, size, "names of the local heap")
	if err != nil {
		return nil, err
	}
	err = h.tree(tree, 0, h.lengths, func(node, _ int64) error {
		c := h.cursor(node, "symbol node")
		c.expect("SNOD")
		c.version(1)
		c.skip(1)
		n := c.uint(2)
		for i := uint64(0); i < n && c.err == nil; i++ {
			at := c.at
			nameAt := c.uint(h.addresses)
			l := hdf5Link{at: c.address()}
			kind := c.uint(4)
			c.skip(4 + 16)
			if c.err != nil {
				break
			}
			if nameAt >= uint64(len(heap)) {
				return h.bad(at, "name at %d of a heap of %d bytes", nameAt, len(heap))
			}
			end := bytes.IndexByte(heap[nameAt:], 0)
			if end < 0 {
				return h.bad(data+int64(nameAt), "a name without its end")
			}
			l.name = string(heap[nameAt:][:end])
			if kind == 2 {
				l.at = -1
			}
			if h.links--; h.links < 0 {
				return h.bad(at, "more than %d names in groups", maxHDF5Links)
			}
			links = append(links, l)
		}
		return c.err
	})
	return links, err
}

// tree visits the children of the leaves of a B-tree of version 1 and kind 0 (groups) or 1
// (chunks). Each child comes after its key; at is the child, key where its key begins.
func (h *hdf5) tree(root int64, kind uint64, keySize int64, leaf func(at, key int64) error) error {
	seen := map[int64]bool{}
	var visit func(at int64, depth int) error
	visit = func(at int64, depth int) error {
		if seen[at] || depth > maxHDF5Depth {
			return h.bad(at, "B-tree: a node that is its own descendant, or deeper than %d", maxHDF5Depth)
		}
		seen[at] = true
		c := h.cursor(at, "B-tree")
		c.expect("TREE")
		c.version(kind)
		level, n := c.uint(1), c.uint(2)
		c.skip(2 * h.addresses) // siblings
		for i := uint64(0); i < n && c.err == nil; i++ {
			key := c.at
			c.skip(keySize)
			child := c.address()
			if c.err != nil {
				break
			}
			if child < 0 {
				return h.bad(c.at-h.addresses, "B-tree: a child without an address")
			}
			var err error
			if level > 0 {
				err = visit(child, depth+1)
			} else {
				err = leaf(child, key)
			}
			if err != nil {
				return err
			}
		}
		return c.err
	}
	return visit(root, 0)
}

// linkInfo refuses groups whose links are in a fractal heap.
func (h *hdf5) linkInfo(path string, m headerMessage) error {
	c := h.cursor(m.at, "link info message")
	c.version(0)
	if c.uint(1)&1 != 0 {
		c.skip(8)
	}
	at := c.at
	if heap := c.address(); c.err == nil && heap >= 0 {
		return h.bad(at, "group %q keeps its links in a fractal heap, want a symbol table or link messages; h5repack --low=0 --high=0 converts the file", path)
	}
	return c.err
}

// link reads a link message.
func (h *hdf5) link(links []hdf5Link, m headerMessage) ([]hdf5Link, error) {
	c := h.cursor(m.at, "link message")
	c.version(1)
	flags := c.uint(1)
	kind := uint64(0)
	if flags&8 != 0 {
		kind = c.uint(1)
	}
	if flags&4 != 0 {
		c.skip(8) // order of creation
	}
	if flags&16 != 0 {
		c.skip(1) // character set
	}
	size := c.uint(1 << (flags & 3))
	if c.err == nil && size > uint64(m.size) {
		c.err = h.bad(c.at, "link message of %d bytes with a name of %d", m.size, size)
	}
	l := hdf5Link{name: string(c.bytes(int64(size))), at: -1}
	if kind == 0 {
		at := c.at
		if l.at = c.address(); c.err == nil && l.at < 0 {
			return nil, h.bad(at, "link %q without an address", l.name)
		}
	}
	if c.err != nil {
		return nil, c.err
	}
	return append(links, l), nil
}

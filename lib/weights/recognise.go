package weights

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"sort"
	"strings"

	"gonverge/lib/nn"
)

const knownFormats = "safetensors, npy, npz, torch (zip and legacy), Caffe, binaryproto, HDF5, ONNX, nets of this library"

// netMagic begins what nn.Encode writes.
const netMagic = "gonvnet\x00"

// Decode is [Read] for bytes that are in memory already. name stands for the path in errors.
// The result shares nothing with data.
func Decode(name string, data []byte) (*File, error) {
	s := &source{path: name, data: data, budget: newBudget(len(data))}
	read := recognise(s)
	if read == nil {
		return nil, s.bad(0, "begins with %q, which is none of %s", data[:min(len(data), 16)], knownFormats)
	}
	f, err := read(s)
	if err != nil {
		return nil, err
	}
	f.Path, f.Format = name, s.format
	return f, nil
}

// recognise returns the reader of a file's format and sets the format's name, nil if it is
// none that is known.
func recognise(s *source) func(*source) (*File, error) {
	begins := func(magic string) bool { return bytes.HasPrefix(s.data, []byte(magic)) }
	switch {
	case begins(netMagic):
		s.format = "net"
		return readNet
	case begins(npyMagic):
		s.format = "npy"
		return readNPY
	case begins("PK\x03\x04"), begins("PK\x05\x06"):
		s.format = "zip"
		return readZip
	case hdf5Start(s.data) >= 0:
		s.format = "HDF5"
		return readHDF5
	case isLegacyTorch(s.data):
		s.format = "torch (legacy)"
		return readTorchLegacy
	case isSafetensors(s.data):
		s.format = "safetensors"
		return readSafetensors
	}
	return recogniseProtobuf(s)
}

// isSafetensors tells whether the data begin as a header's length and the header's brace. A
// length that the file does not fill is left for the reader to complain about, if the header
// looks like one.
func isSafetensors(data []byte) bool {
	if len(data) < 10 || data[8] != '{' {
		return false
	}
	n := binary.LittleEndian.Uint64(data)
	next := bytes.TrimLeft(data[9:min(len(data), 64)], " \t\r\n")
	return n <= maxSafetensorsHeader && len(next) > 0 && (next[0] == '"' || next[0] == '}')
}

// readNet reads what nn.Encode wrote.
func readNet(s *source) (*File, error) {
	n, err := nn.Decode(s.data)
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", s.path, err)
	}
	return FromNet(n), nil
}

// FromNet returns a net's parameters as tensors named layer.weight and layer.bias, in their
// order, with the layout of lib/nn: convolutions kernel row × kernel column × input × unit,
// dense layers input × unit. Data are copies.
func FromNet(n *nn.Net) *File {
	f := &File{Format: "net", Metadata: map[string]string{
		"format":       "gonverge",
		"layout":       "convolution HWIO, dense input x unit, input in the order height, width, channel",
		"architecture": n.Arch.Name,
	}}
	if in, err := json.Marshal(n.Arch.Input); err == nil { // else no reader could use it
		f.Metadata["input"] = string(in)
	}
	if n.Origin != "" {
		f.Metadata["origin"] = n.Origin
	}
	for _, p := range n.Params() {
		f.Tensors = append(f.Tensors, Tensor{
			Name:  p.Layer + "." + p.Name,
			Shape: append([]int(nil), p.Shape...),
			Data:  append([]float32(nil), p.Data...),
			Type:  f32.name,
		})
	}
	return f
}

// archive is a zip file whose entries are read whole, within the bounds.
type archive struct {
	*source
	files []*zip.File
	left  int64 // bytes that entries may still have together
}

// open reads the directory of a zip file. Names used twice are an error.
func openArchive(s *source) (*archive, error) {
	z, err := zip.NewReader(bytes.NewReader(s.data), int64(len(s.data)))
	if err != nil {
		return nil, s.bad(0, "directory of the zip archive: %v", err)
	}
	seen := map[string]bool{}
	for _, e := range z.File {
		if seen[e.Name] {
			return nil, s.bad(0, "two entries named %q", e.Name)
		}
		seen[e.Name] = true
	}
	return &archive{s, z.File, maxInflate*int64(len(s.data)) + 64}, nil
}

// find returns an entry by name, nil if there is none.
func (a *archive) find(name string) *zip.File {
	for _, e := range a.files {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// entry reads an entry as a source whose offsets count in the entry.
func (a *archive) read(e *zip.File) (*source, error) {
	s := *a.source
	s.entry = e.Name
	at, err := e.DataOffset()
	if err != nil {
		return nil, s.bad(0, "%v", err)
	}
	if e.Method != zip.Store && e.Method != zip.Deflate {
		return nil, s.bad(0, "compression method %d, want 0 (stored) or 8 (deflate)", e.Method)
	}
	size := e.UncompressedSize64
	if size > uint64(a.left) || size > maxInflate*e.CompressedSize64+64 || e.CompressedSize64 > uint64(len(a.data)) {
		return nil, s.bad(0, "says that it has %d bytes, more than the %d at byte %d of the file can hold", size, e.CompressedSize64, at)
	}
	a.left -= int64(size)
	r, err := e.Open()
	if err != nil {
		return nil, s.bad(0, "%v", err)
	}
	s.data = make([]byte, size)
	if n, err := io.ReadFull(r, s.data); err != nil {
		return nil, s.bad(int64(n), "want %d bytes (data at byte %d of the file): %v", size, at, err)
	}
	// The checksum is compared when the end is met.
	if _, err := r.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		return nil, s.bad(int64(size), "want the end of the entry with its checksum: %v", err)
	}
	return &s, r.Close()
}

// readZip reads what is in a zip archive: a torch file, or arrays.
func readZip(s *source) (*File, error) {
	a, err := openArchive(s)
	if err != nil {
		return nil, err
	}
	arrays := false
	for _, e := range a.files {
		if path.Base(e.Name) == "data.pkl" {
			s.format = "torch (zip)"
			a.source.format = s.format
			return readTorchZip(a, e)
		}
		arrays = arrays || strings.HasSuffix(e.Name, ".npy")
	}
	if !arrays && len(a.files) > 0 {
		names := make([]string, len(a.files))
		for i, e := range a.files {
			names[i] = e.Name
		}
		sort.Strings(names)
		return nil, s.bad(0, "want data.pkl (torch) or .npy entries (npz), found %s", list(names, 10))
	}
	s.format = "npz"
	return readNPZ(a)
}

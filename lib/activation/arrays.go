package activation

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// arrays are activations of one layer that were computed elsewhere.
type arrays struct {
	layer     string
	positions int // rows of a picture
	pictures  int
	mats      []mat.Matrix
}

// Arrays returns the source of activations that were computed elsewhere, so that nets which
// cannot be opened can be compared all the same: for each net a matrix of the same layer over
// the same pictures, with a row for each picture and position (all positions of a picture, row
// by row of the layer, then the next picture) and a column for each unit. positions is 1 for a
// fully connected layer, height × width for a convolution.
//
//	a, err := weights.ReadMatrix("theirs-conv1.npy") // pictures × height × width × channels
//	b, err := weights.ReadMatrix("ours-conv1.npy")
//	acts := activation.Arrays("conv1", 26*26, a, b)
//	stats, err := corr.Collect(ctx, acts)
//	chance, err := corr.Collect(ctx, acts.Shuffled(1))
//
// Everything that needs activations alone takes the source; what needs pictures or nets, such as
// [Top], refuses it. Values become float32. The matrices are kept and must not be changed
// afterwards. It panics without matrices, if one is nil or has no columns, if they differ in rows
// or have none, and if positions is below 1 or does not divide the rows.
func Arrays(layer string, positions int, mats ...mat.Matrix) *Source {
	if len(mats) == 0 {
		panic("activation: Arrays: no matrices")
	}
	a := &arrays{layer: layer, positions: positions}
	for i, m := range mats {
		if m == nil {
			panic(fmt.Sprintf("activation: Arrays: matrix %d of %d is nil", i, len(mats)))
		}
		r, c := m.Dims()
		if r == 0 || c == 0 || positions < 1 || r%positions != 0 {
			panic(fmt.Sprintf("activation: Arrays: matrix %d is %d×%d (want a row for each picture and each of %d positions)", i, r, c, positions))
		}
		if i == 0 {
			a.pictures = r / positions
		} else if r != a.pictures*positions {
			panic(fmt.Sprintf("activation: Arrays: matrix %d has %d rows, matrix 0 has %d", i, r, a.pictures*positions))
		}
		a.mats = append(a.mats, m)
	}
	return &Source{arrays: a}
}

// errArrays is why a source of arrays has no pictures to show.
var errArrays = errors.New("activation: a source of Arrays has no nets and pictures, only activations")

// count returns the number of nets, or of matrices.
func (s *Source) count() int {
	if s.arrays != nil {
		return len(s.arrays.mats)
	}
	return len(s.nets)
}

// size returns the number of pictures of the whole source.
func (s *Source) size() int {
	if s.arrays != nil {
		return s.arrays.pictures
	}
	return s.set.Len()
}

// String names the matrices in a line.
func (a *arrays) String() string {
	text := fmt.Sprintf("%d arrays", len(a.mats))
	if len(a.mats) == 1 {
		text = "1 array"
	}
	return fmt.Sprintf("%s over %d pictures × %d positions; layers %s", text, a.pictures, a.positions, a.layer)
}

// fingerprint stands for all values.
func (a *arrays) fingerprint(ctx context.Context) (string, error) {
	h := sha256.New()
	var row []byte
	for _, m := range a.mats {
		r, c := m.Dims()
		fmt.Fprintf(h, "%d×%d\n", r, c) // a hash never fails
		for i := range r {
			if i*c > 1<<16 && ctx.Err() != nil { // what is smaller takes a millisecond
				return "", ctx.Err()
			}
			row = row[:0]
			for j := range c {
				row = binary.LittleEndian.AppendUint32(row, math.Float32bits(float32(m.At(i, j))))
			}
			h.Write(row)
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// plan is what a source of arrays runs.
func (a *arrays) plan(pictures int) (*plan, error) {
	if pictures == 0 {
		return nil, errors.New("activation: no pictures in the range")
	}
	p := &plan{layers: []string{a.layer}, positions: []int{a.positions}, units: [][]int{nil}}
	values := 0
	for _, m := range a.mats {
		_, c := m.Dims()
		p.units[0] = append(p.units[0], c)
		values += c * a.positions
	}
	p.pictures = min(max(blockValues/values, 1), blockPictures)
	return p, nil
}

// copyTo writes the rows of a block's pictures.
func (a *arrays) copyTo(b *Block, net int, order []int) {
	dst, units := b.Layers[0].Values[net], b.Layers[0].Units[net]
	m := a.mats[net]
	view, _ := m.(mat.RawRowViewer)
	for k := range b.Pictures {
		picture := b.First + k
		if order != nil {
			picture = order[picture]
		}
		for p := range a.positions {
			row, to := picture*a.positions+p, dst[(k*a.positions+p)*units:][:units]
			if view != nil {
				for j, v := range view.RawRowView(row) {
					to[j] = float32(v)
				}
				continue
			}
			for j := range to {
				to[j] = float32(m.At(row, j))
			}
		}
	}
}

// Units returns the number of units of a layer in each net or matrix; nil if one of them has
// no such layer.
func (s *Source) Units(layer string) []int {
	var units []int
	if s.arrays != nil {
		if layer != s.arrays.layer {
			return nil
		}
		for _, m := range s.arrays.mats {
			_, c := m.Dims()
			units = append(units, c)
		}
		return units
	}
	for _, n := range s.nets {
		shape, err := n.LayerShape(layer)
		if err != nil {
			return nil
		}
		units = append(units, shape[2])
	}
	return units
}

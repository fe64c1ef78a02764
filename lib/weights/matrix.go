package weights

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"gonum.org/v1/gonum/mat"
)

// ReadMatrix reads activations that another program computed: a matrix with a row for each
// sample and a column for each unit, for corr.FromMatrices and package similarity.
//
//	a, err := weights.ReadMatrix("theirs.npy")
//	b, err := weights.ReadMatrix("ours.csv")
//	layer := corr.FromMatrices(a, b)
//
// It opens CSV (.csv or .tsv; commas, semicolons or tabs; the first line may name the columns), and all
// that [Read] opens if the file holds one array: npy, npz, safetensors, torch, HDF5; of several, take
// one by [Read], [File.Lookup] and [Matrix]. An array of images × height × width × channels has
// a row for each image and position, as the activations of a convolution do. Damaged files,
// ragged lines and values that are no numbers are errors with their place.
func ReadMatrix(path string) (*mat.Dense, error) {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".csv", ".tsv":
		return readCSV(path)
	}
	f, err := Read(path)
	if err != nil {
		return nil, err
	}
	if len(f.Tensors) != 1 {
		return nil, fmt.Errorf("weights: %s: found %d arrays (%s), expected one; take one of them by Read, Lookup and Matrix", path, len(f.Tensors), list(f.Names(), 20))
	}
	m, err := Matrix(&f.Tensors[0])
	if err != nil {
		return nil, fmt.Errorf("weights: %s: %w", path, err)
	}
	return m, nil
}

// Matrix returns a tensor as a matrix: its last axis is the columns (units), all others are
// the rows (samples), row-major. A tensor of one axis is one column. A tensor without values and a
// value that is no number are errors.
func Matrix(t *Tensor) (*mat.Dense, error) {
	if t == nil {
		return nil, errors.New("no tensor (nil)")
	}
	columns := 1
	if n := len(t.Shape); n > 1 {
		columns = t.Shape[n-1]
	}
	if len(t.Data) == 0 || columns == 0 || t.Len() != len(t.Data) {
		return nil, fmt.Errorf("tensor %q of shape %v has %d values, expected samples × units", t.Name, t.Shape, len(t.Data))
	}
	data := make([]float64, len(t.Data))
	for i, v := range t.Data {
		data[i] = float64(v)
		if math.IsNaN(data[i]) || math.IsInf(data[i], 0) {
			return nil, fmt.Errorf("tensor %q: found %v in row %d, column %d, expected a number", t.Name, v, i/columns, i%columns)
		}
	}
	return mat.NewDense(len(data)/columns, columns, data), nil
}

// readCSV reads a matrix from a text file.
func readCSV(path string) (*mat.Dense, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return nil, fmt.Errorf("weights: %s: %d bytes, expected a text file of up to %d", path, info.Size(), int64(maxFile))
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("weights: %w", err)
	}
	return decodeCSV(path, data)
}

// decodeCSV reads a matrix from a text. The separator is the first of tab, semicolon and comma that
// its first line has.
func decodeCSV(path string, data []byte) (*mat.Dense, error) {
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	r := csv.NewReader(bytes.NewReader(data))
	line, _, _ := bytes.Cut(data, []byte("\n"))
	for _, mark := range "\t;," {
		if bytes.ContainsRune(line, mark) {
			r.Comma = mark
			break
		}
	}
	r.FieldsPerRecord = -1 // counted below
	r.ReuseRecord, r.TrimLeadingSpace, r.Comment = true, r.Comma != '\t', '#'
	var values []float64
	columns, rows := 0, 0
	for first := true; ; first = false {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			var bad *csv.ParseError
			if errors.As(err, &bad) {
				return nil, &TextError{path, bad.Line, max(bad.Column, 1), bad.Err.Error()}
			}
			return nil, fmt.Errorf("weights: %s: %w", path, err)
		}
		at, _ := r.FieldPos(0)
		if first {
			columns = len(record)
			if isHeader(record) {
				continue
			}
		}
		if len(record) != columns {
			return nil, &TextError{path, at, 1, fmt.Sprintf("found %d values, expected %d as in the first line", len(record), columns)}
		}
		for i, field := range record {
			v, err := strconv.ParseFloat(strings.TrimSpace(field), 64)
			if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
				l, c := r.FieldPos(i)
				return nil, &TextError{path, l, c, fmt.Sprintf("found %q, expected a number", field)}
			}
			values = append(values, v)
		}
		rows++
	}
	if rows == 0 {
		return nil, &TextError{path, 1, 1, "found no rows of numbers"}
	}
	return mat.NewDense(rows, columns, values), nil
}

// isHeader reports whether a first line names its columns: nothing in it is a number.
func isHeader(record []string) bool {
	for _, field := range record {
		if _, err := strconv.ParseFloat(strings.TrimSpace(field), 64); err == nil {
			return false
		}
	}
	return true
}

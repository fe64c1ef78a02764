package weights

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHDF5AsH5pyWritesIt(t *testing.T) {
	for _, c := range []struct {
		file string
		many int
	}{{"superblock0.h5", 40}, {"superblock2.h5", 5}} {
		t.Run(c.file, func(t *testing.T) {
			f := readTestdata(t, c.file)
			if f.Format != "HDF5" {
				t.Errorf("format %q", f.Format)
			}
			wantTensor(t, f, "conv1/conv1/kernel:0", "F32", values(72), 3, 3, 2, 4)
			wantTensor(t, f, "conv1/conv1/bias:0", "F32", values(4), 4)
			wantTensor(t, f, "big", "F64", values(6), 2, 3)
			wantTensor(t, f, "half", "F16", values(5), 5)
			wantTensor(t, f, "whole", "I64", wholeValues(6), 6)
			wantTensor(t, f, "scalar", "F32", []float32{-2.75})
			wantTensor(t, f, "pieces/plain", "F32", values(35), 5, 7)
			wantTensor(t, f, "pieces/deflate", "F32", values(35), 5, 7)
			wantTensor(t, f, "pieces/shuffle", "F32", values(105), 5, 7, 3)
			wantTensor(t, f, "pieces/one", "F32", values(3), 3)
			for i := range c.many {
				wantTensor(t, f, fmt.Sprintf("many/%03d", i), "F32", []float32{float32(i)})
			}
			if len(f.Tensors) != 10+c.many {
				t.Errorf("tensors %q, want %d", f.Names(), 10+c.many)
			}
			skipped := strings.Join(f.Skipped, "\n")
			for _, want := range []string{"skipped/soft: a soft", "skipped/text: lists", "skipped/never: its values were never written"} {
				if !strings.Contains(skipped, want) {
					t.Errorf("skipped %q, want %q", f.Skipped, want)
				}
			}
		})
	}
}

func TestHDF5OfCaffeHasCaffesNames(t *testing.T) {
	f := readTestdata(t, "userblock.h5") // which also has 512 bytes before the superblock
	if f.Format != "Caffe HDF5" || len(f.Tensors) != 2 {
		t.Errorf("got %v", f)
	}
	wantTensor(t, f, "ip1/0", "F32", values(6), 2, 3)
	wantTensor(t, f, "ip1/1", "F32", values(2), 2)
}

func TestHDF5SaysWhatItDoesNotRead(t *testing.T) {
	_, err := Read(filepath.Join("testdata", "fractalheap.h5"))
	if err == nil || !strings.Contains(err.Error(), "fractal heap") {
		t.Errorf("got %v, want an error about the fractal heap", err)
	}
	f := readTestdata(t, "fletcher.h5")
	if len(f.Tensors) != 0 || len(f.Skipped) != 1 || !strings.Contains(f.Skipped[0], "x: filter 3") {
		t.Errorf("got %v, want x skipped for its filter", f)
	}
}

func TestHDF5RefusesBadFiles(t *testing.T) {
	good, err := os.ReadFile("testdata/superblock0.h5")
	if err != nil {
		t.Fatal(err)
	}
	wantBad(t, good[:4000], "HDF5", "the file has 4000 in all")
	version := append([]byte(nil), good...)
	version[8] = 3
	wantBad(t, version, "byte 8: superblock: version 3, want [0 1 2]")
	sizes := append([]byte(nil), good...)
	sizes[13] = 5
	wantBad(t, sizes, "addresses of 5")
	// Any byte may be damaged: an error or other values, but an end without panic.
	small, err := os.ReadFile("testdata/userblock.h5")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		data []byte
		step int
	}{{small, 1}, {good, 61}} {
		for i := 0; i < len(c.data); i += c.step {
			bad := append([]byte(nil), c.data...)
			bad[i] ^= 0xff
			if f, err := Decode("x", bad); err == nil && f == nil {
				t.Fatal("neither file nor error")
			}
		}
	}
}

func FuzzHDF5(f *testing.F) {
	seeds(f, "userblock.h5", "superblock0.h5", "superblock2.h5", "fractalheap.h5", "fletcher.h5")
	f.Fuzz(func(t *testing.T, data []byte) {
		if hdf5Start(data) < 0 {
			return
		}
		fuzz(t, data, "HDF5", readHDF5)
	})
}

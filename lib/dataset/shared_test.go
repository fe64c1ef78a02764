package dataset

import (
	"context"
	"errors"
	"hash/crc32"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// sharedData returns a folder of real data, or skips the test. The folder holds
// data/cifar10-jpeg (archives by class), data/cifar10-binary-4000, data/mnist (the test
// files), data/fashion-mnist and data/imagenet-sample (322 photographs).
func sharedData(t *testing.T, name string) string {
	dir := os.Getenv("GONVERGE_SHARED")
	if dir == "" {
		t.Skip("GONVERGE_SHARED names no folder with real data")
	}
	return filepath.Join(dir, "data", name)
}

func TestRealCIFAR10IsReadFromClassArchives(t *testing.T) {
	data, err := CIFAR10(context.Background(), CIFAR10Config{Dir: sharedData(t, "cifar10-jpeg")})
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.Len() != 50000 || data.Validation.Len() != 10000 {
		t.Fatalf("%d and %d pictures, want 50000 and 10000", data.Train.Len(), data.Validation.Len())
	}
	var counts [10]int
	head := data.Validation.Head(500)
	for i := range head.Len() {
		counts[head.Label(i)]++
	}
	for class, n := range counts {
		if n != 50 {
			t.Errorf("%d of the first 500 test pictures are of class %d, want 50", n, class)
		}
	}
	t.Logf("CRC-32 of training %08x, of test %08x", crc32.ChecksumIEEE(data.Train.pixels), crc32.ChecksumIEEE(data.Validation.pixels))
}

func TestRealCIFAR10BinaryPicturesAreThoseOfTheJPEGs(t *testing.T) {
	binary, err := CIFAR10(context.Background(), CIFAR10Config{Dir: sharedData(t, "cifar10-binary-4000"), Validation: 500})
	if err != nil {
		t.Fatal(err)
	}
	if binary.Train.Len() != 3500 || binary.Validation.Len() != 500 {
		t.Fatalf("%d and %d pictures, want 3500 and 500", binary.Train.Len(), binary.Validation.Len())
	}
	jpegs, err := CIFAR10(context.Background(), CIFAR10Config{Dir: sharedData(t, "cifar10-jpeg")})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		best, at := 1e9, 0
		p := binary.Train.Picture(i)
		for j := range jpegs.Train.Len() {
			if d := squaredDifference(p, jpegs.Train.Picture(j), best); d < best {
				best, at = d, j
			}
		}
		// JPEG with halved chroma costs 45 to 80 in the median; other pictures are 1,000 away.
		if best > 300 || jpegs.Train.Label(at) != binary.Train.Label(i) {
			t.Errorf("picture %d, label %d: nearest JPEG at mean squared difference %.1f, label %d",
				i, binary.Train.Label(i), best, jpegs.Train.Label(at))
		}
	}
}

// squaredDifference is the mean over all values; it gives up beyond limit.
func squaredDifference(a, b []uint8, limit float64) float64 {
	sum, most := 0, int(limit*float64(len(a)))
	for i := range a {
		d := int(a[i]) - int(b[i])
		if sum += d * d; sum > most {
			break
		}
	}
	return float64(sum) / float64(len(a))
}

func TestRealMNISTIsRead(t *testing.T) {
	dir := sharedData(t, "mnist")
	data, err := MNIST(context.Background(), MNISTConfig{Dir: dir, TestOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	v := data.Validation
	if v.Len() != 10000 || data.Train.Len() != 0 {
		t.Fatalf("%d and %d pictures, want 0 and 10000", data.Train.Len(), v.Len())
	}
	// The counts of the digits, which are published.
	if got, want := labelCounts(v, 10), []int{980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009}; !slices.Equal(got, want) {
		t.Errorf("pictures of each digit %v, want %v", got, want)
	}
	if v.Label(0) != 7 || v.Label(1) != 2 || v.Label(2) != 1 {
		t.Errorf("first labels %d, %d, %d, want 7, 2, 1", v.Label(0), v.Label(1), v.Label(2))
	}
	if _, err := MNIST(context.Background(), MNISTConfig{Dir: dir}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("without the training files: %v", err)
	}
}

func TestRealFashionMNISTIsRead(t *testing.T) {
	data, err := FashionMNIST(context.Background(), MNISTConfig{Dir: sharedData(t, "fashion-mnist")})
	if err != nil {
		t.Fatal(err)
	}
	for set, n := range map[*Set]int{data.Train: 6000, data.Validation: 1000} {
		if got := labelCounts(set, 10); got[0] != n || slices.Min(got) != n || slices.Max(got) != n {
			t.Errorf("%s: pictures of each class %v, want %d", set.Name(), got, n)
		}
	}
	// The mean of the training pixels over 255, which is published.
	sum := 0
	for _, v := range data.Train.pixels {
		sum += int(v)
	}
	if got := float64(sum) / 255 / float64(len(data.Train.pixels)); math.Abs(got-0.286041) > 1e-6 {
		t.Errorf("mean %.6f, want 0.286041", got)
	}
}

func labelCounts(s *Set, classes int) []int {
	counts := make([]int, classes)
	for i := range s.Len() {
		counts[s.Label(i)]++
	}
	return counts
}

func TestRealPhotographsAreReadAndCut(t *testing.T) {
	dir := sharedData(t, "imagenet-sample")
	data, err := Folder(context.Background(), FolderConfig{Dir: dir, Size: 227, Resize: 256, ValidationShare: 0.1})
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.Len() != 290 || data.Validation.Len() != 32 || data.Shape != [3]int{227, 227, 3} {
		t.Errorf("%v, want 290 and 32 of 227×227×3", data)
	}
	grey, mean := 0, 0.0
	for i := range data.Train.Len() {
		p, same := data.Train.Picture(i), true
		for j := 0; j < len(p); j += 3 {
			same = same && p[j] == p[j+1] && p[j] == p[j+2]
			mean += float64(p[j]) / float64(len(p)/3) / float64(data.Train.Len())
		}
		if same {
			grey++
		}
	}
	// The mean red of ImageNet is 123.7 (Caffe's ilsvrc_2012_mean).
	if grey < 5 || grey > 20 || mean < 105 || mean > 140 {
		t.Errorf("%d grey pictures, mean red %.1f", grey, mean)
	}
}

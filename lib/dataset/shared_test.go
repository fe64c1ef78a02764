package dataset

import (
	"context"
	"hash/crc32"
	"os"
	"path/filepath"
	"testing"
)

// sharedData returns a folder of real data, or skips the test. The folder holds
// data/cifar10-jpeg (archives by class) and data/cifar10-binary-4000.
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

package dataset

import (
	"context"
	"errors"
	"fmt"
	"hash/crc32"
	"math"
	"runtime"
	"testing"

	"gonverge/lib/progress"
)

// The golden values come from the generator's specification, written in numpy.

func TestDrawingGivesTheSpecifiedNumbers(t *testing.T) {
	tests := []struct {
		picture uint64
		bits    uint64
		uniform float64
		normal  float64
	}{
		{0, 0x6ec85f1f8547bc0c, 0.24887668, 0.21129984},
		{1, 0xb18a02f46d8d86c3, 0.10232396, 0.16552481},
	}
	const tol = 5e-9 // eight digits are given
	for _, test := range tests {
		d := newDrawing(1, test.picture)
		if got := d.bits(0); got != test.bits {
			t.Errorf("picture %d: bits(0) = %x, want %x", test.picture, got, test.bits)
		}
		if got := d.uniform(512, 0, 1); math.Abs(got-test.uniform) > tol {
			t.Errorf("picture %d: uniform(512) = %.8f, want %.8f", test.picture, got, test.uniform)
		}
		if got := d.normal(3); math.Abs(got-test.normal) > tol {
			t.Errorf("picture %d: normal(3) = %.8f, want %.8f", test.picture, got, test.normal)
		}
	}
}

func TestLeavesAreTheSpecifiedBytes(t *testing.T) {
	data, err := Leaves(context.Background(), LeavesConfig{})
	if err != nil {
		t.Fatal(err)
	}
	if data.Train.Len() != 12000 || data.Validation.Len() != 2000 {
		t.Fatalf("%d and %d pictures, want 12000 and 2000", data.Train.Len(), data.Validation.Len())
	}
	for _, test := range []struct {
		name string
		set  *Set
		want uint32
	}{
		{"first 100 of seed 1", data.Train.Head(100), 0xbb66c9b0},
		{"all of seed 1", data.Train, 0x8adfa659},
		{"first 100 of seed 2", data.Validation.Head(100), 0xe4e97041},
		{"all of seed 2", data.Validation, 0xcf66697c},
	} {
		if got := crc32.ChecksumIEEE(test.set.pixels); got != test.want {
			t.Errorf("%s: CRC-32 %08x, want %08x", test.name, got, test.want)
		}
	}
	for _, test := range []struct {
		picture, row, column int
		want                 [3]uint8
	}{
		{0, 0, 0, [3]uint8{138, 143, 129}},
		{0, 16, 16, [3]uint8{145, 138, 117}},
		{7, 16, 16, [3]uint8{211, 206, 164}},
		{99, 31, 31, [3]uint8{124, 133, 120}},
	} {
		p := data.Train.Picture(test.picture)[(test.row*32+test.column)*3:]
		if got := [3]uint8(p[:3]); got != test.want {
			t.Errorf("picture %d, row %d, column %d: %v, want %v", test.picture, test.row, test.column, got, test.want)
		}
	}
	for i := range 200 {
		if got := data.Train.Label(i); got != i%10 {
			t.Fatalf("label of picture %d is %d, want %d", i, got, i%10)
		}
	}
	if got, want := data.ClassNames[3], "horizontally striped angular"; got != want || len(data.ClassNames) != data.Classes {
		t.Errorf("class 3 of %d is %q, want %q of 10", len(data.ClassNames), got, want)
	}
}

func TestLeavesDoNotDependOnTheNumberOfCores(t *testing.T) {
	var want string
	for _, cores := range []int{1, 2, 7} {
		before := runtime.GOMAXPROCS(cores)
		data, err := Leaves(context.Background(), LeavesConfig{Train: 333, Validation: 10, Seed: 9})
		runtime.GOMAXPROCS(before)
		if err != nil {
			t.Fatal(err)
		}
		got := data.Train.Fingerprint() + data.Validation.Fingerprint()
		if want == "" {
			want = got
		}
		if got != want {
			t.Errorf("other pictures with %d cores", cores)
		}
	}
}

func TestValidationLeavesAreTheNextSeed(t *testing.T) {
	a, err := Leaves(context.Background(), LeavesConfig{Train: 20, Validation: 30, Seed: 4})
	if err != nil {
		t.Fatal(err)
	}
	b, err := Leaves(context.Background(), LeavesConfig{Train: 30, Validation: 1, Seed: 5})
	if err != nil {
		t.Fatal(err)
	}
	if a.Validation.Fingerprint() != b.Train.Fingerprint() {
		t.Error("validation pictures of seed 4 are not the training pictures of seed 5")
	}
}

func TestLeavesStopWithTheContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	data, err := Leaves(ctx, LeavesConfig{})
	if data != nil || !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, %v, want nil and context.Canceled", data, err)
	}
}

// events keeps what a bar reports.
type events []progress.Event

func (e *events) Report(event progress.Event) { *e = append(*e, event) }

func TestLeavesReportTheirProgress(t *testing.T) {
	var got events
	ctx := progress.With(context.Background(), &got)
	if _, err := Leaves(ctx, LeavesConfig{Train: 120, Validation: 30}); err != nil {
		t.Fatal(err)
	}
	last := got[len(got)-1]
	if !last.Finished || last.Done != 150 || last.Total != 150 {
		t.Errorf("last event %+v, want 150 of 150, finished", last)
	}
}

func BenchmarkLeaves(b *testing.B) {
	var canvas leavesCanvas
	out := make([]uint8, leavesBytes)
	i := 0
	for b.Loop() {
		canvas.draw(out, 1, i)
		i++
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "pictures/s")
}

func ExampleLeaves() {
	data, err := Leaves(context.Background(), LeavesConfig{Train: 100, Validation: 20, Seed: 1})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data)
	fmt.Println(data.Train.Label(7), data.Train.Picture(7)[:6])
	// Output:
	// leaves (generated, seeds 1 and 2)
	// 100 training and 20 validation pictures of 32×32×3
	// 10 classes: plain round, plain angular, horizontally striped round, horizontally striped angular, vertically striped round, vertically striped angular, blue-yellow striped round, blue-yellow striped angular, red-green striped round, red-green striped angular
	// 7 [135 108 108 139 110 105]
}
